//! The bleed guard: no recorded slot while an off-record seat of the room talks, nor while it may still come back.
//!
//! One [`Bleed`] a room. Each slot, after everybody was heard and before any tap is fed, tell it whether some seat talks
//! that is not under a permit in this slot; then ask it for each recorded seat, with that seat's own [`Hangover`].
//!
//! *Talks* is what the room's mix calls so, at −65 dBov and not at a voice's usual level, and that is the point: what is
//! under that bound is not in anybody's loudspeaker, so it cannot come back by one, however sensitive the microphone.
//! The price is that a noisy line off record is a gap for everybody as long as it is noisy.
//! The hangover is the way there and back: our packet, two networks, the telephone's buffer, and ours. It becomes longer for
//! a line whose echo was measured to come back later, and never shorter.
//!
//! No seat is exempt, however little of an echo was measured. Under somebody's own voice an echo of −40 dB can be ruled out
//! only from the moments between sounds of that voice, and those take seconds, while a slot waits for 100 ms until it leaves;
//! and a telephone that was quiet until now is switched to its loudspeaker without a word to us. The README has the figures.
//!
//! Not here: how an echo is measured (`echo`).

use super::echo::Echo;

/// The guard of one room, or of one seat's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bleed {
    /// Slots since somebody talked whose voice must not come back.
    since: u8,
}

impl Bleed {
    #[must_use]
    pub const fn new() -> Self {
        Self { since: u8::MAX }
    }

    /// Every slot.
    pub fn slot(&mut self, talks: bool) {
        self.since = if talks { 0 } else { self.since.saturating_add(1) };
    }

    /// Must this slot not be kept of a seat with this hangover?
    #[must_use]
    pub const fn holds(self, hangover: Hangover) -> bool {
        self.since <= hangover.0
    }
}

impl Default for Bleed {
    fn default() -> Self {
        Self::new()
    }
}

/// The guards of several seats, of which each minds all but its own.
#[derive(Clone, Copy, Debug)]
pub struct Several {
    /// The two under which somebody talked last.
    last: [Bleed; 2],
}

impl Several {
    #[must_use]
    pub const fn new() -> Self {
        Self { last: [Bleed::new(); 2] }
    }

    pub fn add(&mut self, one: Bleed) {
        let [last, before] = self.last;
        if one.since < last.since {
            self.last = [one, last];
        } else if one.since < before.since {
            self.last = [last, one];
        }
    }

    /// Must this slot not be kept of the seat whose own guard is `own`?
    #[must_use]
    pub fn hold(self, own: Bleed, hangover: Hangover) -> bool {
        let [last, before] = self.last;
        let other = if own == last { before } else { last };
        other.holds(hangover)
    }
}

impl Default for Several {
    fn default() -> Self {
        Self::new()
    }
}

/// For how many slots after a word it may still come back over one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hangover(u8);

impl Hangover {
    /// By what was measured of the line.
    #[must_use]
    pub fn of(echo: Option<Echo>) -> Self {
        let late = echo.map_or(0, |echo| echo.until_slots.saturating_add(LATER_SLOTS));
        Self(late.max(LEAST_SLOTS))
    }
}

/// 600 ms. 300 ms let the tail of an echo through that came back over a busy machine, with 40 ms of jitter buffer at each
/// end, a late thread, and the queue before it; on a bad network ours holds 140 ms. Longer costs a recorded voice its first
/// syllables after an off-record one.
const LEAST_SLOTS: u8 = 30;
/// 400 ms: so much later than it was measured an echo may come, for the same reasons.
const LATER_SLOTS: u8 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn held_for(echo: Option<Echo>) -> usize {
        let hangover = Hangover::of(echo);
        let mut bleed = Bleed::new();
        bleed.slot(false);
        assert!(!bleed.holds(hangover));
        bleed.slot(true);
        assert!(bleed.holds(hangover));
        let held = |bleed: &mut Bleed| {
            bleed.slot(false);
            bleed.holds(hangover)
        };
        let slots = (0..300).take_while(|_| held(&mut bleed)).count();
        assert!((0..600).all(|_| !held(&mut bleed)));
        slots
    }

    fn echo(until_slots: u8) -> Option<Echo> {
        Some(Echo { db: -6.0, delay_slots: until_slots, until_slots })
    }

    #[test]
    fn the_guard_holds_for_600_ms_after_the_last_word() {
        assert_eq!(held_for(None), 30);
    }

    #[test]
    fn it_holds_longer_for_a_line_whose_echo_comes_later_and_never_shorter() {
        assert_eq!(held_for(echo(3)), 30);
        assert_eq!(held_for(echo(45)), 65);
        assert_eq!(held_for(echo(75)), 95);
    }

    #[test]
    fn a_pause_between_two_words_does_not_open_it() {
        let mut bleed = Bleed::new();
        for n in 0..200 {
            bleed.slot(n % 31 == 0);
            assert!(bleed.holds(Hangover::of(None)));
        }
    }

    #[test]
    fn of_several_each_minds_the_others_and_not_its_own() {
        let after = |slots: usize| {
            let mut one = Bleed::new();
            one.slot(true);
            (0..slots).for_each(|_| one.slot(false));
            one
        };
        let minds = |seats: &[Bleed]| -> Vec<bool> {
            let mut several = Several::new();
            seats.iter().for_each(|seat| several.add(*seat));
            seats.iter().map(|seat| several.hold(*seat, Hangover::of(None))).collect()
        };
        assert_eq!(minds(&[after(5), Bleed::new(), after(99)]), [false, true, true]);
        assert_eq!(minds(&[after(99), after(5), after(7)]), [true; 3]);
        assert_eq!(minds(&[after(5), after(5)]), [true; 2]);
        assert_eq!(minds(&[Bleed::new(), after(99)]), [false; 2]);
    }
}
