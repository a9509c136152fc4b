//! The door to Opus: packets of 20 ms in, 320 samples at 16 kHz out.
//!
//! A [`Decoder`] is told the slot of each packet and starts again at every gap, so that what follows a gap never depends
//! on what came before it.
//!
//! Not here: which packets, and where their sound goes (`sound`).

use opus::Channels;
use spool::id::Slot;

use super::{SAMPLE_RATE, SLOT_SAMPLES};

/// One Opus decoder, 16 kHz mono.
pub struct Decoder {
    opus: opus::Decoder,
    pcm: [i16; SLOT_SAMPLES],
    /// The slot that would go on without a gap.
    next: Option<Slot>,
}

impl Decoder {
    /// `None` when there is no memory for one.
    pub fn new() -> Option<Self> {
        let opus = opus::Decoder::new(SAMPLE_RATE, Channels::Mono).ok()?;
        Some(Self { opus, pcm: [0; SLOT_SAMPLES], next: None })
    }

    /// Forgets everything heard so far.
    pub fn restart(&mut self) {
        self.next = None;
    }

    /// The sound of one slot; `None` when the packet is damaged or not 20 ms long: then it is a gap.
    pub fn slot(&mut self, slot: Slot, packet: &[u8]) -> Option<&[i16; SLOT_SAMPLES]> {
        if self.next != Some(slot) {
            self.opus.reset_state().ok()?;
        }
        self.next = None;
        // An empty packet would ask Opus to conceal, that is to invent sound.
        if packet.is_empty() || opus::packet::get_nb_samples(packet, SAMPLE_RATE).ok()? != SLOT_SAMPLES {
            return None;
        }
        let samples = self.opus.decode(packet, &mut self.pcm, false).ok()?;
        if samples != SLOT_SAMPLES {
            return None;
        }
        self.next = Some(Slot(slot.0 + 1));
        Some(&self.pcm)
    }
}
