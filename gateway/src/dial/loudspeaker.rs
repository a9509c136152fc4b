//! The loudspeaker of a caller of ours: what is heard, sent back softer and later.
//!
//! One [`Loudspeaker`] a call, given every slot that is heard; says what of it reaches the microphone in this slot.
//!
//! Not here: what the caller says over it (`dial::talk`).

use std::collections::VecDeque;

use media::{Frame, SILENCE};

#[derive(Debug)]
pub(super) struct Loudspeaker {
    /// By how much what is heard comes back, if it does.
    gain: Option<f32>,
    /// What is on its way, oldest first: as long as the way is.
    way: VecDeque<Frame>,
}

impl Loudspeaker {
    /// Comes back `db` louder, `late_slots` later; not at all without.
    pub(super) fn new(db: Option<i8>, late_slots: usize) -> Self {
        Self { gain: db.map(gain), way: VecDeque::from(vec![SILENCE; late_slots]) }
    }

    /// From now on, as after a hand on the telephone.
    pub(super) fn turn(&mut self, db: i8) {
        self.gain = Some(gain(db));
    }

    pub(super) fn slot(&mut self, heard: &Frame) -> Frame {
        self.way.push_back(*heard);
        let back = self.way.pop_front().unwrap_or(SILENCE);
        let gain = self.gain.unwrap_or(0.0);
        back.map(|sample| (f32::from(sample) * gain).round() as i16)
    }
}

fn gain(db: i8) -> f32 {
    10_f32.powf(f32::from(db) / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARD: Frame = [1_000; media::SLOT_SAMPLES];

    #[test]
    fn what_is_heard_comes_back_as_soft_and_as_late_as_asked() {
        let mut loudspeaker = Loudspeaker::new(Some(-20), 2);
        let back: Vec<i16> = (0..4).map(|_| loudspeaker.slot(&HEARD)[0]).collect();
        assert_eq!(back, [0, 0, 100, 100]);
        assert_eq!(Loudspeaker::new(Some(0), 0).slot(&HEARD), HEARD);
    }

    #[test]
    fn a_telephone_without_one_sends_nothing_back_until_it_is_turned_on() {
        let mut loudspeaker = Loudspeaker::new(None, 0);
        assert_eq!(loudspeaker.slot(&HEARD), SILENCE);
        loudspeaker.turn(-20);
        assert_eq!(loudspeaker.slot(&HEARD)[0], 100);
    }
}
