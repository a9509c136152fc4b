//! The bleed guard, in its crude form: no recorded slot while an off-record seat of the room talks.
//!
//! One [`Bleed`] a room. Each slot, after everybody was heard and before any tap is fed, tell it whether some seat talks
//! that is not under a permit in this slot.
//!
//! *Talks* is what the room's mix calls so, at −65 dBov and not at a voice's usual level, and that is the point: what is
//! under that bound is not in anybody's loudspeaker, so it cannot come back by one, however sensitive the microphone.
//! The price is that a noisy line off record is a gap for everybody as long as it is noisy.
//! The hangover is the way there and back: our packet, two networks, the telephone's buffer, and ours.
//!
//! Not here: how much a seat really returns (that is measured later, and then exempts it).

/// The guard of one room.
#[derive(Debug)]
pub struct Bleed {
    /// Slots since an off-record seat talked.
    since: u8,
}

impl Bleed {
    #[must_use]
    pub const fn new() -> Self {
        Self { since: HANGOVER_SLOTS }
    }

    /// Every slot. Says whether this one must not be kept of anybody.
    pub fn slot(&mut self, off_record_talks: bool) -> bool {
        let guarded = off_record_talks || self.since < HANGOVER_SLOTS;
        self.since = if off_record_talks { 0 } else { self.since.saturating_add(1) };
        guarded
    }
}

impl Default for Bleed {
    fn default() -> Self {
        Self::new()
    }
}

/// 600 ms. 300 ms let the tail of an echo through that came back over a busy machine, with 40 ms of jitter buffer at each
/// end, a late thread, and the queue before it; on a bad network ours holds 140 ms. Longer costs a recorded voice its first
/// syllables after an off-record one.
const HANGOVER_SLOTS: u8 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_holds_for_600_ms_after_the_last_word() {
        let mut bleed = Bleed::new();
        assert!(!bleed.slot(false));
        assert!(bleed.slot(true));
        assert_eq!((0..100).take_while(|_| bleed.slot(false)).count(), 30);
        assert!(!bleed.slot(false));
    }

    #[test]
    fn a_pause_between_two_words_does_not_open_it() {
        let mut bleed = Bleed::new();
        for n in 0..200 {
            assert!(bleed.slot(n % 31 == 0));
        }
    }
}
