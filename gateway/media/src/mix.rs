//! The room's arithmetic: one sum, everybody's own voice taken out of it, limited once.
//!
//! Sum first, limit once.
//! Limiting after every addend makes the result depend on the order in which people sat down, and a third voice can then
//! un-distort the first two.
//! 65,536 voices fit into the sum.
//!
//! Not here: who is mixed (`room`).

use crate::SLOT_SAMPLES;

/// One slot's sum, of `N` samples.
#[derive(Clone, Debug)]
pub struct Mixer<const N: usize = SLOT_SAMPLES> {
    sum: [i32; N],
}

impl<const N: usize> Mixer<N> {
    #[must_use]
    pub const fn new() -> Self {
        Self { sum: [0; N] }
    }

    /// Forgets the slot before.
    pub fn begin(&mut self) {
        self.sum = [0; N];
    }

    pub fn add(&mut self, frame: &[i16; N]) {
        for (sum, sample) in self.sum.iter_mut().zip(frame) {
            *sum += i32::from(*sample);
        }
    }

    /// What was said at the room's other rate, as it sounds at this one: it comes on top before anything is limited.
    pub fn add_sums(&mut self, sums: &[i32; N]) {
        for (sum, more) in self.sum.iter_mut().zip(sums) {
            *sum += more;
        }
    }

    /// The sum as it is, not limited.
    #[must_use]
    pub const fn sums(&self) -> &[i32; N] {
        &self.sum
    }

    /// What somebody hears who added nothing.
    pub fn all(&self, into: &mut [i16; N]) {
        for (out, sum) in into.iter_mut().zip(&self.sum) {
            *out = limited(*sum);
        }
    }

    /// What somebody hears who added `own`.
    pub fn without(&self, own: &[i16; N], into: &mut [i16; N]) {
        for ((out, sum), own) in into.iter_mut().zip(&self.sum).zip(own) {
            *out = limited(*sum - i32::from(*own));
        }
    }
}

impl<const N: usize> Default for Mixer<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Lays what one listener alone is told over what the room says, which steps back meanwhile.
#[derive(Clone, Debug)]
pub struct Duck {
    /// In units of [`WHOLE`].
    gain: i32,
}

impl Duck {
    #[must_use]
    pub const fn new() -> Self {
        Self { gain: WHOLE }
    }

    /// Once a slot, also without a prompt: the room steps back and returns within one slot each, without a click.
    ///
    /// Both of one rate.
    pub fn lay(&mut self, prompt: Option<&[i16]>, room: &mut [i16]) {
        let aim = if prompt.is_some() { BACK } else { WHOLE };
        if self.gain == WHOLE && aim == WHOLE {
            return;
        }
        let (from, way, samples) = (self.gain, aim - self.gain, room.len() as i32);
        let mut told = prompt.unwrap_or_default().iter();
        for (n, out) in (0..).zip(room.iter_mut()) {
            let gain = from + way * n / samples;
            let told = told.next().copied().unwrap_or(0);
            *out = limited(i32::from(*out) * gain / WHOLE + i32::from(told));
        }
        self.gain = aim;
    }

    /// Whether this listener hears exactly what the room says.
    #[must_use]
    pub const fn idle(&self) -> bool {
        self.gain == WHOLE
    }
}

impl Default for Duck {
    fn default() -> Self {
        Self::new()
    }
}

fn limited(sum: i32) -> i16 {
    sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

const WHOLE: i32 = 256;
/// −12 dB: the room stays there, the words are understood.
const BACK: i32 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frame, SILENCE};
    use proptest::prelude::*;

    fn frames(most: usize) -> impl Strategy<Value = Vec<Frame>> {
        let frame = proptest::collection::vec(any::<i16>(), SLOT_SAMPLES).prop_map(|v| v.try_into().unwrap());
        proptest::collection::vec(frame, 1..most)
    }

    fn mixed(frames: &[Frame]) -> Mixer {
        let mut mixer = Mixer::new();
        mixer.begin();
        frames.iter().for_each(|frame| mixer.add(frame));
        mixer
    }

    fn all(mixer: &Mixer) -> Frame {
        let mut out = SILENCE;
        mixer.all(&mut out);
        out
    }

    fn without(mixer: &Mixer, own: &Frame) -> Frame {
        let mut out = SILENCE;
        mixer.without(own, &mut out);
        out
    }

    proptest! {
        #[test]
        fn the_mix_does_not_depend_on_seating(seats in frames(8), turn in 0_usize..8) {
            let mut others = seats.clone();
            others.rotate_left(turn % seats.len());
            prop_assert_eq!(all(&mixed(&seats)), all(&mixed(&others)));
            others.reverse();
            prop_assert_eq!(all(&mixed(&seats)), all(&mixed(&others)));
        }

        #[test]
        fn nobody_hears_themselves(seats in frames(8)) {
            let mixer = mixed(&seats);
            for (n, own) in seats.iter().enumerate() {
                let mut others = seats.clone();
                others.remove(n);
                prop_assert_eq!(without(&mixer, own), all(&mixed(&others)));
            }
        }

        #[test]
        fn silent_seats_change_nothing(seats in frames(5), silent in 1_usize..50) {
            let mut more = seats.clone();
            more.extend(std::iter::repeat_n(SILENCE, silent));
            prop_assert_eq!(all(&mixed(&seats)), all(&mixed(&more)));
        }

        #[test]
        fn a_lone_voice_passes_unchanged(seats in frames(2)) {
            prop_assert_eq!(all(&mixed(&seats[..1])), seats[0]);
        }
    }

    #[test]
    fn a_loud_room_is_limited_and_does_not_wrap() {
        let mixer = mixed(&[[30_000; SLOT_SAMPLES]; 500]);
        assert_eq!(all(&mixer), [i16::MAX; SLOT_SAMPLES]);
        let mixer = mixed(&[[-30_000; SLOT_SAMPLES]; 500]);
        assert_eq!(without(&mixer, &[-30_000; SLOT_SAMPLES]), [i16::MIN; SLOT_SAMPLES]);
    }

    #[test]
    fn a_slot_begins_without_the_one_before() {
        let mut mixer = mixed(&[[1_000; SLOT_SAMPLES]]);
        mixer.begin();
        assert_eq!(all(&mixer), SILENCE);
    }

    #[test]
    fn the_room_steps_back_behind_a_prompt_and_returns() {
        let mut duck = Duck::new();
        let mut room = [8_000; SLOT_SAMPLES];
        duck.lay(None, &mut room);
        assert_eq!(room, [8_000; SLOT_SAMPLES]);
        duck.lay(Some(&[100; SLOT_SAMPLES]), &mut room);
        assert_eq!(room[0], 8_100);
        assert!(room.windows(2).all(|w| w[1] <= w[0] && w[0] - w[1] < 100), "no click");
        room = [8_000; SLOT_SAMPLES];
        duck.lay(Some(&[100; SLOT_SAMPLES]), &mut room);
        assert_eq!(room, [2_100; SLOT_SAMPLES]);
        room = [8_000; SLOT_SAMPLES];
        assert!(!duck.idle());
        duck.lay(None, &mut room);
        assert_eq!(room[0], 2_000);
        assert!(room[SLOT_SAMPLES - 1] > 7_900);
        assert!(duck.idle());
    }
}
