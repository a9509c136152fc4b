//! Who hears whom in one slot.
//!
//! A worker ticks a room in two passes over its seats, every 20 ms: [`Room::begin`], then [`Room::hear`] for each seat with
//! what it says, then [`Room::coded`] (or [`Room::sound`], when something is laid over it) for each seat with what it is to
//! hear. What a room remembers of a seat between slots is its [`Voice`], which lies with the seat.
//! All who hear the same get the same octets, encoded once for each law; only who talks has a mix of their own.
//!
//! Not here: what is kept (`tap` is fed before and apart from this gate), sockets and prompts (`io`).

use media::g711::{self, Law};
use media::mix::Mixer;
use media::{Coded, Frame, SILENCE, SLOT_SAMPLES};

/// What a seat brings into a slot beside its sound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brings {
    /// Of its frame, by [`media::level::energy`].
    pub energy: u32,
    pub muted: bool,
    /// On hold: what comes is an exchange's music.
    pub held: bool,
}

/// What a room knows of one seat's voice from slot to slot.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Slots since it was loud enough.
    quiet_slots: u8,
    mixed: bool,
}

impl Voice {
    /// Of a seat that has said nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { quiet_slots: FADE_SLOTS, mixed: false }
    }

    /// Does it talk in this slot? What does not was not mixed, or under −65 dBov at the end of a word.
    #[must_use]
    pub const fn talks(&self) -> bool {
        self.mixed && self.quiet_slots == 0
    }
}

impl Default for Voice {
    fn default() -> Self {
        Self::new()
    }
}

/// One room's arithmetic. The seats are the caller's.
#[derive(Debug)]
pub struct Room {
    mixer: Mixer,
    /// What all who do not talk hear, by law; nothing before the first asked in this slot.
    shared: [(bool, Coded); 2],
    own: Coded,
}

impl Room {
    #[must_use]
    pub const fn new() -> Self {
        let silent = (false, [0; SLOT_SAMPLES]);
        Self { mixer: Mixer::new(), shared: [silent; 2], own: [0; SLOT_SAMPLES] }
    }

    /// A slot begins; nothing of the one before is left.
    pub fn begin(&mut self) {
        self.mixer.begin();
        for (made, _) in &mut self.shared {
            *made = false;
        }
    }

    /// First pass, each seat once: adds its sound, unless it is muted, held or silent.
    pub fn hear(&mut self, voice: &mut Voice, frame: &Frame, brings: Brings) {
        if brings.muted || brings.held {
            *voice = Voice::new();
            return;
        }
        voice.quiet_slots = match brings.energy {
            LOUD_ENOUGH.. => 0,
            _ => voice.quiet_slots.saturating_add(1),
        };
        voice.mixed = voice.quiet_slots < FADE_SLOTS;
        if voice.mixed {
            self.mixer.add(frame);
        }
    }

    /// Second pass: what this seat hears, as it travels. `own` is the frame that it was heard with.
    pub fn coded(&mut self, law: Law, voice: &Voice, own: &Frame) -> &Coded {
        if voice.mixed {
            let mut mix = SILENCE;
            self.mixer.without(own, &mut mix);
            g711::encode(law, &mix, &mut self.own);
            return &self.own;
        }
        let [a, mu] = &mut self.shared;
        let (made, coded) = match law {
            Law::A => a,
            Law::Mu => mu,
        };
        if !*made {
            let mut mix = SILENCE;
            self.mixer.all(&mut mix);
            g711::encode(law, &mix, coded);
            *made = true;
        }
        coded
    }

    /// Second pass, for a seat that something else is laid over: what it hears of the room, linear.
    pub fn sound(&self, voice: &Voice, own: &Frame, into: &mut Frame) {
        if voice.mixed {
            self.mixer.without(own, into);
        } else {
            self.mixer.all(into);
        }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

/// The energy of −65 dBov. A quiet voice on a bad line is twenty times louder; the idle octet of A-law is not.
const LOUD_ENOUGH: u32 = 340;
/// 200 ms, so that a word's end is not cut off. Shorter than the bleed guard's 600 ms, which must outlast it.
const FADE_SLOTS: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use media::{level, tone};
    use proptest::prelude::*;

    struct Seat {
        voice: Voice,
        law: Law,
        frame: Frame,
        muted: bool,
        held: bool,
    }

    fn seat(law: Law, frame: Frame) -> Seat {
        Seat { voice: Voice::new(), law, frame, muted: false, held: false }
    }

    fn says(hz: f32) -> Seat {
        let mut frame = SILENCE;
        tone::sine(hz, -20.0, 0, &mut frame);
        seat(Law::A, frame)
    }

    fn listens() -> Seat {
        seat(Law::A, SILENCE)
    }

    fn tick(room: &mut Room, seats: &mut [Seat]) -> Vec<Coded> {
        room.begin();
        for seat in seats.iter_mut() {
            let brings = Brings { energy: level::energy(&seat.frame), muted: seat.muted, held: seat.held };
            room.hear(&mut seat.voice, &seat.frame, brings);
        }
        seats.iter().map(|seat| *room.coded(seat.law, &seat.voice, &seat.frame)).collect()
    }

    fn decoded(law: Law, coded: &Coded) -> Frame {
        let mut frame = SILENCE;
        g711::decode(law, coded, &mut frame);
        frame
    }

    /// How loud a tone is in what somebody hears.
    fn heard(coded: &Coded, hz: f32) -> f32 {
        tone::dbov_at(hz, 8_000, &decoded(Law::A, coded))
    }

    #[test]
    fn each_hears_the_others_and_nobody_hears_themselves() {
        let tones = [400.0, 800.0, 1_200.0];
        let mut seats: Vec<_> = tones.map(says).into();
        let out = tick(&mut Room::new(), &mut seats);
        for (n, coded) in out.iter().enumerate() {
            for (m, hz) in tones.iter().enumerate() {
                let level = heard(coded, *hz);
                assert!(if n == m { level < -55.0 } else { (level + 20.0).abs() < 0.5 }, "{n} hears {m} at {level}");
            }
        }
    }

    #[test]
    fn a_listener_hears_everybody() {
        let mut seats = [says(400.0), listens(), says(800.0)];
        let out = tick(&mut Room::new(), &mut seats);
        assert!(heard(&out[1], 400.0) > -21.0 && heard(&out[1], 800.0) > -21.0);
    }

    #[test]
    fn a_muted_seat_hears_and_is_not_heard() {
        let mut seats = [says(400.0), says(800.0)];
        seats[0].muted = true;
        let out = tick(&mut Room::new(), &mut seats);
        assert!(heard(&out[1], 400.0) < -55.0);
        assert!(heard(&out[0], 800.0) > -21.0);
        assert!(!seats[0].voice.talks());
    }

    #[test]
    fn hold_music_reaches_nobody() {
        let mut seats = [says(400.0), listens()];
        seats[0].held = true;
        let out = tick(&mut Room::new(), &mut seats);
        assert!(heard(&out[1], 400.0) < -55.0);
    }

    #[test]
    fn who_is_muted_in_the_middle_of_a_word_is_silent_at_once() {
        let mut room = Room::new();
        let mut seats = [says(400.0), listens()];
        tick(&mut room, &mut seats);
        seats[0].muted = true;
        let out = tick(&mut room, &mut seats);
        assert!(heard(&out[1], 400.0) < -55.0);
        assert!(heard(&out[0], 400.0) < -55.0, "nor do they hear what was taken out of nothing");
    }

    #[test]
    fn all_who_hear_the_same_get_the_same_octets_in_their_law() {
        let mut seats = [says(400.0), listens(), listens(), seat(Law::Mu, SILENCE), seat(Law::Mu, SILENCE)];
        let out = tick(&mut Room::new(), &mut seats);
        assert_eq!(out[1], out[2]);
        assert_eq!(out[3], out[4]);
        for (law, coded) in [(Law::A, out[1]), (Law::Mu, out[3])] {
            let mut alone = [0; SLOT_SAMPLES];
            g711::encode(law, &seats[0].frame, &mut alone);
            assert_eq!(coded, alone);
        }
    }

    #[test]
    fn nothing_of_a_slot_is_left_in_the_next() {
        let mut room = Room::new();
        let mut seats = [says(400.0), listens()];
        tick(&mut room, &mut seats);
        seats[0].frame = SILENCE;
        let out = tick(&mut room, &mut seats);
        assert!(heard(&out[1], 400.0) < -55.0);
    }

    #[test]
    fn a_quiet_voice_is_mixed_and_a_line_at_rest_is_not() {
        let mut quiet = says(400.0);
        tone::sine(400.0, -60.0, 0, &mut quiet.frame);
        let mut seats = [quiet, seat(Law::A, [8; SLOT_SAMPLES])];
        tick(&mut Room::new(), &mut seats);
        assert!(seats[0].voice.talks());
        assert!(!seats[1].voice.mixed);
        assert_eq!(LOUD_ENOUGH, level::energy_at(-65.0));
    }

    #[test]
    fn the_end_of_a_word_is_mixed_but_does_not_count_as_talking() {
        let mut room = Room::new();
        let mut seats = [says(400.0)];
        tick(&mut room, &mut seats);
        assert!(seats[0].voice.talks());
        seats[0].frame = [10; SLOT_SAMPLES];
        let mixed = (0..50)
            .filter(|_| {
                tick(&mut room, &mut seats);
                assert!(!seats[0].voice.talks());
                seats[0].voice.mixed
            })
            .count();
        assert_eq!(mixed, 9, "200 ms with the last loud slot");
    }

    #[test]
    fn what_is_laid_over_begins_from_the_same_sound() {
        let mut room = Room::new();
        let mut seats = [says(400.0), says(800.0), listens()];
        let out = tick(&mut room, &mut seats);
        for (seat, coded) in seats.iter().zip(&out) {
            let (mut sound, mut again) = (SILENCE, [0; SLOT_SAMPLES]);
            room.sound(&seat.voice, &seat.frame, &mut sound);
            g711::encode(seat.law, &sound, &mut again);
            assert_eq!(&again, coded);
        }
    }

    proptest! {
        #[test]
        fn silent_muted_and_held_seats_change_nothing_for_the_others(
            voices in proptest::collection::vec(proptest::collection::vec(any::<i16>(), SLOT_SAMPLES), 1..4),
            silent in 0_usize..20, muted in 0_usize..3, held in 0_usize..3,
        ) {
            let talking = || voices.iter().map(|v| seat(Law::A, v.clone().try_into().unwrap()));
            let alone = tick(&mut Room::new(), &mut talking().collect::<Vec<_>>());
            let mut seats: Vec<_> = talking().collect();
            seats.extend((0..silent).map(|_| listens()));
            seats.extend((0..muted).map(|_| Seat { muted: true, ..says(500.0) }));
            seats.extend((0..held).map(|_| Seat { held: true, ..says(700.0) }));
            let together = tick(&mut Room::new(), &mut seats);
            prop_assert_eq!(&alone[..], &together[..voices.len()]);
        }
    }
}
