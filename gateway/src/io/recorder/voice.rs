//! One open permit as the recorder keeps it: its encoder, how far it came, and what the disk did not take.
//!
//! Not here: the voice's file (`spool`), and which of its slots are laid down (`running`).

use spool::id::Slot;
use spool::keys::PublicKey;
use spool::line::{GapReason, MediaEvent, TrackFact, Whose};

use super::encoder::Encoder;

/// One open permit.
pub(super) struct Voice {
    pub(super) fact: TrackFact,
    pub(super) public: PublicKey,
    pub(super) encoder: Encoder,
    pub(super) last: Option<Slot>,
    /// Set as soon as the end is known, even if messages before it are still unread.
    pub(super) until: Option<Slot>,
    /// Slots the disk did not take.
    missed: Option<(Slot, Slot)>,
}

impl Voice {
    pub(super) fn new(fact: TrackFact, public: PublicKey, encoder: Encoder) -> Self {
        Self { fact, public, encoder, last: None, until: None, missed: None }
    }

    /// The disk did not take this slot.
    pub(super) fn miss(&mut self, slot: Slot) {
        let from = self.missed.map_or(slot, |(from, _)| from);
        self.missed = Some((from, Slot(slot.0 + 1)));
    }

    /// What the disk did not take since this was last asked.
    pub(super) fn gap(&mut self) -> Option<MediaEvent> {
        let (from, until) = self.missed.take()?;
        Some(MediaEvent::Gap { whose: Whose::Track(self.fact.track), from, until, reason: GapReason::Disk })
    }
}
