//! Who hears whom in one slot.
//!
//! A worker ticks a room in two passes over its seats, every 20 ms: [`Room::begin`], then [`Room::hear`] for each seat with
//! what it says, [`Room::cross`], then [`Room::coded`] (or [`Room::sound`], when something is laid over it) for each seat
//! with what it is to hear. What a room remembers of a seat between slots is its [`Voice`], which lies with the seat.
//! All who hear the same get the same octets, encoded once for each codec and style of Opus; only who talks has a mix of
//! their own.
//!
//! Narrow seats (8 kHz) and wide ones (16 kHz) have a sum each, and resampling is linear: so the two sums are resampled, once
//! a room, and no seat is. A voice is taken out of the sum it was added to, before anything is limited, so it is gone to the
//! last bit whatever the resampler's delay. A room without a wide seat has nothing of this.
//!
//! Not here: what is kept (`tap` is fed before and apart from this gate), sockets and prompts (`io`).

use media::codec::{Codec, Encoder, OpusStyle};
use media::g711::{self, Law};
use media::mix::Mixer;
use media::resample::Resampler;
use media::{Coded, Frame, RATE_HZ, SILENCE, SLOT_SAMPLES, Sound, WIDE_RATE_HZ, WIDE_SLOT_SAMPLES, WideFrame};

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
    /// Of narrow seats; after [`Room::cross`], of all.
    mixer: Mixer,
    /// What all who do not talk hear, by law; nothing before the first asked in this slot.
    shared: [(bool, Coded); 2],
    own: Coded,
    quiet_slots: u8,
    /// There while a wide seat is.
    wide: Option<Box<Wide>>,
}

/// The wide half of a room.
#[derive(Debug)]
struct Wide {
    mixer: Mixer<WIDE_SLOT_SAMPLES>,
    down: Resampler,
    up: Resampler,
    g722: Shared,
    /// By what their listeners wish for.
    opus: Vec<(OpusStyle, Shared)>,
    quiet_slots: u8,
    /// A wide seat had its turn in this slot.
    present: bool,
}

/// A stream that all have who do not talk.
#[derive(Debug)]
struct Shared {
    encoder: Encoder,
    made: bool,
    coded: Coded,
    length: usize,
    unused_slots: u16,
}

impl Room {
    #[must_use]
    pub const fn new() -> Self {
        let silent = (false, [0; SLOT_SAMPLES]);
        Self { mixer: Mixer::new(), shared: [silent; 2], own: [0; SLOT_SAMPLES], quiet_slots: PASSED_SLOTS, wide: None }
    }

    /// A slot begins; nothing of the one before is left.
    pub fn begin(&mut self) {
        self.mixer.begin();
        for (made, _) in &mut self.shared {
            *made = false;
        }
        self.quiet_slots = self.quiet_slots.saturating_add(1);
        if let Some(wide) = &mut self.wide {
            wide.begin();
        }
    }

    /// First pass, each seat once: adds its sound, unless it is muted, held or silent.
    pub fn hear(&mut self, voice: &mut Voice, sound: &Sound, brings: Brings) {
        if sound.is_wide() {
            self.have_wide();
        }
        if brings.muted || brings.held {
            *voice = Voice::new();
            return;
        }
        voice.quiet_slots = match brings.energy {
            LOUD_ENOUGH.. => 0,
            _ => voice.quiet_slots.saturating_add(1),
        };
        voice.mixed = voice.quiet_slots < FADE_SLOTS;
        if !voice.mixed {
            return;
        }
        match (sound, &mut self.wide) {
            (Sound::Narrow(frame), _) => {
                self.mixer.add(frame);
                self.quiet_slots = 0;
            }
            (Sound::Wide(frame), Some(wide)) => {
                wide.mixer.add(frame);
                wide.quiet_slots = 0;
            }
            // Without resamplers there is no wide half: then nobody must take out what was not added.
            (Sound::Wide(_), None) => *voice = Voice::new(),
        }
    }

    /// Between the passes: what was said at one rate comes to those who hear at the other.
    pub fn cross(&mut self) {
        match &mut self.wide {
            Some(wide) if wide.present => wide.cross(&mut self.mixer, self.quiet_slots),
            Some(_) => self.wide = None,
            None => {}
        }
    }

    /// Second pass: what this seat hears, as it travels. `own` is what it was heard with; `encoder` is the seat's own stream,
    /// which rests while it hears what all hear. Empty when nothing can be sent.
    pub fn coded(&mut self, voice: &Voice, own: &Sound, encoder: &mut Encoder) -> &[u8] {
        if voice.mixed {
            let length = match own {
                Sound::Narrow(_) => {
                    let mut mix = SILENCE;
                    self.narrow(voice, own, &mut mix);
                    encoder.encode(&mix, &mut self.own)
                }
                Sound::Wide(_) => {
                    let mut mix = [0; WIDE_SLOT_SAMPLES];
                    self.wide(voice, own, &mut mix);
                    encoder.encode(&mix, &mut self.own)
                }
            };
            return self.own.get(..length).unwrap_or_default();
        }
        match encoder.codec() {
            Codec::Law(law) => self.shared_narrow(law),
            Codec::G722 => {
                encoder.rest();
                self.wide.as_mut().map(|wide| wide.g722.of(&wide.mixer)).unwrap_or_default()
            }
            Codec::Opus => {
                let Some(wide) = &mut self.wide else { return &[] };
                if let Some(at) = wide.opus_at(encoder.style()) {
                    encoder.rest();
                    return wide.opus.get_mut(at).map(|(_, shared)| shared.of(&wide.mixer)).unwrap_or_default();
                }
                // One wish too many to be shared: the same mix, in a stream of their own.
                let mut mix = [0; WIDE_SLOT_SAMPLES];
                wide.mixer.all(&mut mix);
                let length = encoder.encode(&mix, &mut self.own);
                self.own.get(..length).unwrap_or_default()
            }
        }
    }

    /// Second pass, for a seat that something else is laid over: what it hears of the room, linear, at the rate of `own`.
    pub fn sound(&self, voice: &Voice, own: &Sound, into: &mut Sound) {
        match into {
            Sound::Narrow(frame) => self.narrow(voice, own, frame),
            Sound::Wide(frame) => self.wide(voice, own, frame),
        }
    }

    fn narrow(&self, voice: &Voice, own: &Sound, into: &mut Frame) {
        match own {
            Sound::Narrow(own) if voice.mixed => self.mixer.without(own, into),
            Sound::Narrow(_) | Sound::Wide(_) => self.mixer.all(into),
        }
    }

    fn wide(&self, voice: &Voice, own: &Sound, into: &mut WideFrame) {
        let Some(wide) = &self.wide else { return into.fill(0) };
        match own {
            Sound::Wide(own) if voice.mixed => wide.mixer.without(own, into),
            Sound::Wide(_) | Sound::Narrow(_) => wide.mixer.all(into),
        }
    }

    fn shared_narrow(&mut self, law: Law) -> &[u8] {
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

    fn have_wide(&mut self) {
        if self.wide.is_none() {
            self.wide = Wide::new().map(Box::new);
        }
        if let Some(wide) = &mut self.wide {
            wide.present = true;
        }
    }
}

impl Wide {
    /// Nothing only if two rates that go together did not.
    fn new() -> Option<Self> {
        Some(Self {
            mixer: Mixer::new(),
            down: Resampler::new(WIDE_RATE_HZ, RATE_HZ).ok()?,
            up: Resampler::new(RATE_HZ, WIDE_RATE_HZ).ok()?,
            g722: Shared::new(Codec::G722, OpusStyle::default()),
            opus: Vec::new(),
            quiet_slots: PASSED_SLOTS,
            present: false,
        })
    }

    fn begin(&mut self) {
        self.mixer.begin();
        self.g722.begin();
        self.opus.iter_mut().for_each(|(_, shared)| shared.begin());
        self.opus.retain(|(_, shared)| shared.unused_slots < FORGOTTEN_SLOTS);
        self.quiet_slots = self.quiet_slots.saturating_add(1);
        self.present = false;
    }

    /// Where the stream of this style is; it begins with the first who wishes for it.
    fn opus_at(&mut self, style: OpusStyle) -> Option<usize> {
        let known = self.opus.iter().position(|(known, _)| *known == style);
        if known.is_none() && self.opus.len() < MOST_STYLES {
            self.opus.push((style, Shared::new(Codec::Opus, style)));
            return Some(self.opus.len() - 1);
        }
        known
    }

    fn cross(&mut self, narrow: &mut Mixer, narrow_quiet_slots: u8) {
        let (mut down, mut up) = ([0; SLOT_SAMPLES], [0; WIDE_SLOT_SAMPLES]);
        // Both from what was said, before either has what the other said.
        if self.quiet_slots < PASSED_SLOTS {
            self.down.sums(self.mixer.sums(), &mut down);
        }
        if narrow_quiet_slots < PASSED_SLOTS {
            self.up.sums(narrow.sums(), &mut up);
        }
        narrow.add_sums(&down);
        self.mixer.add_sums(&up);
    }
}

impl Shared {
    fn new(codec: Codec, style: OpusStyle) -> Self {
        let encoder = Encoder::styled(codec, style);
        Self { encoder, made: false, coded: [0; SLOT_SAMPLES], length: 0, unused_slots: 0 }
    }

    /// A stream that nobody had in the last slot begins anew.
    fn begin(&mut self) {
        if std::mem::take(&mut self.made) {
            self.unused_slots = 0;
        } else {
            self.encoder.rest();
            self.unused_slots = self.unused_slots.saturating_add(1);
        }
    }

    fn of(&mut self, mixer: &Mixer<WIDE_SLOT_SAMPLES>) -> &[u8] {
        if !self.made {
            let mut mix = [0; WIDE_SLOT_SAMPLES];
            mixer.all(&mut mix);
            self.length = self.encoder.encode(&mix, &mut self.coded);
            self.made = true;
        }
        self.coded.get(..self.length).unwrap_or_default()
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
/// After so many slots of silence a resampler has nothing left to say.
const PASSED_SLOTS: u8 = 4;
/// Telephones of a few makers are in one room; whoever is beyond costs an encoder of their own.
const MOST_STYLES: usize = 8;
/// Ten seconds in which nobody had a stream.
const FORGOTTEN_SLOTS: u16 = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use media::{level, tone};
    use proptest::prelude::*;

    struct Seat {
        voice: Voice,
        codec: Codec,
        encoder: Encoder,
        frame: Sound,
        muted: bool,
        held: bool,
    }

    fn seat(law: Law, frame: Frame) -> Seat {
        of(Codec::Law(law), Sound::Narrow(frame))
    }

    fn of(codec: Codec, frame: Sound) -> Seat {
        let (voice, encoder) = (Voice::new(), Encoder::new(codec));
        Seat { voice, codec, encoder, frame, muted: false, held: false }
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
        hear(room, seats);
        seats
            .iter_mut()
            .map(|seat| room.coded(&seat.voice, &seat.frame, &mut seat.encoder).try_into().unwrap())
            .collect()
    }

    fn hear(room: &mut Room, seats: &mut [Seat]) {
        room.begin();
        for seat in seats.iter_mut() {
            let brings = Brings { energy: level::energy(seat.frame.samples()), muted: seat.muted, held: seat.held };
            room.hear(&mut seat.voice, &seat.frame, brings);
        }
        room.cross();
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
            g711::encode(law, seats[0].frame.samples(), &mut alone);
            assert_eq!(coded, alone);
        }
    }

    #[test]
    fn nothing_of_a_slot_is_left_in_the_next() {
        let mut room = Room::new();
        let mut seats = [says(400.0), listens()];
        tick(&mut room, &mut seats);
        seats[0].frame = Sound::Narrow(SILENCE);
        let out = tick(&mut room, &mut seats);
        assert!(heard(&out[1], 400.0) < -55.0);
    }

    #[test]
    fn a_quiet_voice_is_mixed_and_a_line_at_rest_is_not() {
        let mut quiet = says(400.0);
        tone::sine(400.0, -60.0, 0, quiet.frame.samples_mut());
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
        seats[0].frame = Sound::Narrow([10; SLOT_SAMPLES]);
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
            let (mut sound, mut again) = (Sound::silence(false), [0; SLOT_SAMPLES]);
            room.sound(&seat.voice, &seat.frame, &mut sound);
            assert_eq!(seat.codec, Codec::Law(Law::A));
            g711::encode(Law::A, sound.samples(), &mut again);
            assert_eq!(&again, coded);
        }
    }

    #[test]
    fn who_wishes_alike_for_opus_has_the_same_packets_and_nobody_has_what_others_wish_for() {
        let low = |ask: u32| OpusStyle::new(Some(ask), 48_000);
        let styles = [OpusStyle::default(), OpusStyle::default(), low(8_000), low(9_000)];
        let mut room = Room::new();
        let mut talker = of(Codec::G722, Sound::silence(true));
        let listener =
            |style| Seat { encoder: Encoder::styled(Codec::Opus, style), ..of(Codec::Opus, Sound::silence(true)) };
        let mut listeners = styles.map(listener);
        let mut octets = [0_usize; 4];
        for slot in 0..100 {
            talker.frame = wide_says(900.0, slot);
            room.begin();
            let energy = level::energy(talker.frame.samples());
            room.hear(&mut talker.voice, &talker.frame, Brings { energy, ..Brings::default() });
            for seat in &mut listeners {
                room.hear(&mut seat.voice, &seat.frame, Brings::default());
            }
            room.cross();
            let heard: Vec<Vec<u8>> = listeners
                .iter_mut()
                .map(|seat| room.coded(&seat.voice, &seat.frame, &mut seat.encoder).to_vec())
                .collect();
            assert!(heard[0] == heard[1] && heard[2] == heard[3] && heard[0] != heard[2], "{slot}");
            octets.iter_mut().zip(&heard).for_each(|(sum, packet)| *sum += packet.len());
        }
        assert!(octets[2] * 2 < octets[0], "{octets:?}");
    }

    #[test]
    fn one_wish_too_many_is_kept_all_the_same() {
        let mut room = Room::new();
        let styles: Vec<_> = (0..12)
            .map(|n| OpusStyle::new(Some([6_000, 8_000, 12_000][n % 3]), 48_000))
            .zip([false, true, false, true].into_iter().cycle())
            .zip((0..12).map(|n| n >= 6))
            .map(|((style, dtx), constant)| style.with_dtx(dtx).with_constant_rate(constant))
            .collect();
        let mut seats: Vec<_> = styles
            .iter()
            .map(|style| Seat {
                encoder: Encoder::styled(Codec::Opus, *style),
                ..of(Codec::Opus, Sound::silence(true))
            })
            .collect();
        for slot in 0..20 {
            room.begin();
            let said = wide_says(900.0, slot);
            let mut voice = Voice::new();
            room.hear(&mut voice, &said, Brings { energy: level::energy(said.samples()), ..Brings::default() });
            seats.iter_mut().for_each(|seat| room.hear(&mut seat.voice, &seat.frame, Brings::default()));
            room.cross();
            for seat in &mut seats {
                assert!(!room.coded(&seat.voice, &seat.frame, &mut seat.encoder).is_empty(), "{slot}");
            }
        }
        assert_eq!(room.wide.as_ref().unwrap().opus.len(), MOST_STYLES);
        // Nobody wishes for anything any more: nothing of it is kept.
        for _ in 0..=FORGOTTEN_SLOTS {
            room.begin();
            room.hear(&mut Voice::new(), &Sound::silence(true), Brings::default());
            room.cross();
        }
        assert!(room.wide.as_ref().unwrap().opus.is_empty());
    }

    fn wide_says(hz: f32, slot: u64) -> Sound {
        let mut frame = [0; WIDE_SLOT_SAMPLES];
        tone::sine_at(hz, -20.0, 16_000, slot * WIDE_SLOT_SAMPLES as u64, &mut frame);
        Sound::Wide(frame)
    }

    /// What each of these tone-givers hears over half a second, after the first fifth: linear, at their own rate.
    fn heard_by(seats: &mut [(Codec, Option<f32>)], slots: u64) -> Vec<Vec<i16>> {
        let mut room = Room::new();
        let mut seated: Vec<_> = seats.iter().map(|(codec, _)| of(*codec, Sound::silence(codec.is_wide()))).collect();
        let mut heard = vec![Vec::new(); seats.len()];
        for slot in 0..slots {
            for (seat, (codec, hz)) in seated.iter_mut().zip(seats.iter()) {
                seat.frame = Sound::silence(codec.is_wide());
                if let Some(hz) = hz {
                    let (rate, samples) = (seat.frame.rate_hz(), seat.frame.samples().len() as u64);
                    tone::sine_at(*hz, -20.0, rate, slot * samples, seat.frame.samples_mut());
                }
            }
            hear(&mut room, &mut seated);
            for (seat, heard) in seated.iter().zip(&mut heard) {
                let mut sound = Sound::silence(seat.codec.is_wide());
                room.sound(&seat.voice, &seat.frame, &mut sound);
                if slot >= 10 {
                    heard.extend_from_slice(sound.samples());
                }
            }
        }
        heard
    }

    #[test]
    fn at_both_rates_each_hears_the_others_and_nobody_hears_themselves() {
        let mut seats = [
            (Codec::Law(Law::A), Some(400.0)),
            (Codec::Law(Law::Mu), Some(700.0)),
            (Codec::G722, Some(1_100.0)),
            (Codec::Opus, Some(1_600.0)),
            (Codec::Opus, None),
        ];
        let heard = heard_by(&mut seats, 60);
        for (listener, sound) in heard.iter().enumerate() {
            let rate = if seats[listener].0.is_wide() { 16_000 } else { 8_000 };
            for (speaker, hz) in seats.iter().enumerate().filter_map(|(n, (_, hz))| hz.map(|hz| (n, hz))) {
                let level = tone::dbov_at(hz, rate, sound);
                let right = if listener == speaker { level < -60.0 } else { (level + 20.0).abs() < 0.5 };
                assert!(right, "{listener} hears {speaker} at {level}");
            }
        }
    }

    #[test]
    fn wide_seats_hear_each_other_wide_and_narrow_ones_hear_no_mirror_of_it() {
        let mut seats = [(Codec::G722, Some(6_000.0)), (Codec::Opus, None), (Codec::Law(Law::A), None)];
        let heard = heard_by(&mut seats, 60);
        assert!(tone::dbov_at(6_000.0, 16_000, &heard[1]) > -20.5);
        assert!(level::dbov(&heard[2]) < -80.0);
    }

    #[test]
    fn a_room_without_a_wide_seat_has_no_wide_half() {
        let mut room = Room::new();
        let mut seats = [says(400.0), listens()];
        tick(&mut room, &mut seats);
        assert!(room.wide.is_none());
        hear(&mut room, &mut [of(Codec::Opus, Sound::silence(true))]);
        assert!(room.wide.is_some());
        tick(&mut room, &mut seats);
        assert!(room.wide.is_none(), "and none any more once the last one left");
    }

    #[test]
    fn who_only_listens_wide_shares_one_encoding_and_who_talks_has_their_own() {
        for codec in [Codec::G722, Codec::Opus] {
            let mut room = Room::new();
            let mut seats: Vec<_> = (0..4).map(|_| of(codec, Sound::silence(true))).collect();
            for slot in 0..10 {
                seats[0].frame = wide_says(400.0, slot);
                hear(&mut room, &mut seats);
                let out: Vec<Vec<u8>> = seats
                    .iter_mut()
                    .map(|seat| room.coded(&seat.voice, &seat.frame, &mut seat.encoder).to_vec())
                    .collect();
                assert!(!out[1].is_empty());
                assert_eq!((&out[1], &out[1]), (&out[2], &out[3]));
                assert_ne!(out[0], out[1]);
            }
        }
    }

    fn loud() -> impl Strategy<Value = Vec<(bool, Vec<i16>)>> {
        proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<i16>(), WIDE_SLOT_SAMPLES)), 1..6)
    }

    fn seated(voice: &(bool, Vec<i16>)) -> Seat {
        if voice.0 {
            of(Codec::G722, Sound::Wide(voice.1[..].try_into().unwrap()))
        } else {
            seat(Law::A, voice.1[..SLOT_SAMPLES].try_into().unwrap())
        }
    }

    /// What each seat hears, linear, in the third slot of the same sound: the resamplers have something to say then.
    fn linear(mut seats: Vec<Seat>) -> Vec<Sound> {
        let mut room = Room::new();
        (0..3).for_each(|_| hear(&mut room, &mut seats));
        let heard = |seat: &Seat| {
            let mut sound = Sound::silence(seat.codec.is_wide());
            room.sound(&seat.voice, &seat.frame, &mut sound);
            sound
        };
        seats.iter().map(heard).collect()
    }

    fn two_listeners() -> [Seat; 2] {
        [listens(), of(Codec::Opus, Sound::silence(true))]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn at_both_rates_the_mix_does_not_depend_on_seating(voices in loud(), turn in 0_usize..6) {
            let there: Vec<_> = two_listeners().into_iter().chain(voices.iter().map(seated)).collect();
            let mut turned = voices.clone();
            turned.rotate_left(turn % voices.len());
            let elsewhere: Vec<_> = turned.iter().map(seated).chain(two_listeners()).collect();
            let (there, elsewhere) = (linear(there), linear(elsewhere));
            prop_assert_eq!(&there[..2], &elsewhere[voices.len()..]);
        }

        #[test]
        fn at_both_rates_own_voice_is_gone_to_the_last_bit(voices in loud()) {
            // Everybody's voice in both halves; who speaks hears the same as a listener of the room without them.
            for leaver in 0..voices.len() {
                let whole = linear(voices.iter().map(seated).collect());
                let mut rest = voices.clone();
                let left = rest.remove(leaver);
                let listener = of(if left.0 { Codec::G722 } else { Codec::Law(Law::A) }, Sound::silence(left.0));
                let without = linear(rest.iter().map(seated).chain([listener]).collect());
                prop_assert_eq!(&whole[leaver], without.last().unwrap());
            }
        }

        #[test]
        fn at_both_rates_silent_seats_change_nothing(voices in loud(), narrow in 0_usize..9, wide in 1_usize..9) {
            let before = linear(two_listeners().into_iter().chain(voices.iter().map(seated)).collect());
            let silent = (0..narrow).map(|_| listens());
            let silent = silent.chain((0..wide).map(|_| of(Codec::G722, Sound::silence(true))));
            let after = linear(two_listeners().into_iter().chain(voices.iter().map(seated)).chain(silent).collect());
            prop_assert_eq!(&before[..], &after[..before.len()]);
        }

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
