//! Holds a caller's sound back a little, so that packets which come unevenly play evenly.
//!
//! Put packets in as they come, take one slot out every 20 ms, and ask for a spare one ([`Jitter::spare`]).
//! Sound lies where its RTP timestamp says, so that packets of 10 to 60 ms, reordered, doubled or cut by another grid come
//! out alike; never more than 200 ms of it.
//! How far ahead it lies, `depth` decides: on an even network in the slot that is taken next.
//! When the sender's clock is the faster one, a slot is left out now and then, when it is the slower one, put in; when it was
//! set, or everything comes far too late, the buffer begins anew.
//!
//! Indices into the ring are places modulo its length: no packet can make one that is not there.
//!
//! Not here: decoding, fading what is repeated (`stream`), and sequence numbers, which sound does not need.

use std::ops::Range;

use crate::depth::{Aim, Depth};
use crate::{Coded, SLOT_SAMPLES};

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Kept,
    /// Its time was over.
    Late,
    /// All of it was there.
    Duplicate,
    /// Nothing in it, or more than 60 ms.
    Length,
}

/// What a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// What was sent.
    Voice,
    /// Some of it, or all, is missing; the last slot's sound stands in for it.
    Concealed,
    /// Nothing came for a while, or never.
    Nothing,
}

/// Counted since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub kept: u64,
    pub late: u64,
    pub duplicate: u64,
    pub wrong_length: u64,
    /// Slots in which something stood in.
    pub concealed: u64,
    /// Slots left out because packets came earlier than they had to.
    pub left_out: u64,
    /// Slots put in because packets came late.
    pub put_in: u64,
    /// The sender's time jumped, or everything came late.
    pub began_anew: u64,
}

impl Counters {
    pub(crate) const fn count(&mut self, put: Put) {
        match put {
            Put::Kept => self.kept += 1,
            Put::Late => self.late += 1,
            Put::Duplicate => self.duplicate += 1,
            Put::Length => self.wrong_length += 1,
        }
    }
}

/// One stream's buffer. 2.5 kB, no allocation.
#[derive(Clone, Debug)]
pub struct Jitter {
    depth: Depth,
    /// The octet that stands for no sound.
    idle: u8,
    /// By timestamp modulo [`RING`], which divides the range of timestamps.
    sound: [u8; RING as usize],
    /// A bit for each octet of `sound` that came and has not been taken.
    there: [u64; WORDS],
    /// The timestamp that the next slot begins with.
    cursor: Option<u32>,
    /// After the newest sample that came.
    end: u32,
    last: Coded,
    /// Slots in a row of which nothing was there.
    missing: u8,
    counters: Counters,
}

impl Jitter {
    /// `idle`: the octet that stands for no sound.
    #[must_use]
    pub fn new(idle: u8) -> Self {
        Self {
            depth: Depth::new(SLOT.cast_signed()),
            idle,
            sound: [idle; RING as usize],
            there: [0; WORDS],
            cursor: None,
            end: 0,
            last: [idle; SLOT_SAMPLES],
            missing: CONCEALED_SLOTS,
            counters: Counters::default(),
        }
    }

    /// `payload`: of a codec with an octet a tick (G.711, G.722).
    pub fn put(&mut self, timestamp: u32, payload: &[u8]) -> Put {
        let put = self.lay(timestamp, payload);
        self.counters.count(put);
        put
    }

    /// Once a slot. On `Nothing`, `into` is left as it was.
    pub fn take(&mut self, into: &mut Coded) -> Taken {
        let waits = self.waits();
        let Some(mut cursor) = self.cursor else {
            self.depth.passed(true);
            return Taken::Nothing;
        };
        if self.depth.goes_deeper_for_keys(waits) {
            cursor = cursor.wrapping_sub(SLOT);
            self.cursor = Some(cursor);
            self.counters.put_in += 1;
        }
        let came = self.gather(cursor);
        self.missing = if came == 0 { self.missing.saturating_add(1) } else { 0 };
        if self.missing <= CONCEALED_SLOTS {
            *into = self.last;
        } else {
            self.last = [self.idle; SLOT_SAMPLES];
        }
        self.pass(SLOT);
        self.depth.passed(came == SLOT_SAMPLES);
        if came == SLOT_SAMPLES {
            Taken::Voice
        } else if self.missing <= CONCEALED_SLOTS {
            self.counters.concealed += 1;
            Taken::Concealed
        } else {
            Taken::Nothing
        }
    }

    /// Once after [`Self::take`]: when the buffer is deeper than it has to be, the next slot too, to be laid over the one just
    /// taken. `quiet`: whether that one was, so that nobody hears it. In a pause a slot is left out and not given.
    pub fn spare(&mut self, quiet: impl FnOnce() -> bool, into: &mut Coded) -> bool {
        let Some(cursor) = self.cursor else { return false };
        let pause = self.missing > CONCEALED_SLOTS;
        if !self.depth.goes_shallower(|| pause || quiet()) {
            return false;
        }
        let came: u32 = flags(cursor, SLOT).map(|(word, bits)| (self.there[word] & bits).count_ones()).sum();
        let whole = came == SLOT;
        let nothing = pause && came == 0;
        if !whole && !nothing {
            return false;
        }
        if whole {
            self.gather(cursor);
            *into = self.last;
            self.missing = 0;
        }
        self.pass(SLOT);
        self.depth.went_shallower();
        self.counters.left_out += 1;
        whole
    }

    pub(crate) const fn depth(&mut self) -> &mut Depth {
        &mut self.depth
    }

    /// How many slots in a row have been all made up or empty: 0 when some of the last one was there.
    #[must_use]
    pub const fn missing(&self) -> u8 {
        self.missing
    }

    /// Samples from the beginning of the next slot to this RTP time; negative when it was taken. Nothing before a stream began.
    #[must_use]
    pub fn samples_until(&self, timestamp: u32) -> Option<i32> {
        self.cursor.map(|cursor| timestamp.wrapping_sub(cursor).cast_signed())
    }

    /// The RTP time after the newest sample that came, or of the next slot if that is later.
    pub(crate) fn newest(&self) -> Option<u32> {
        self.cursor.map(|cursor| if self.end.wrapping_sub(cursor).cast_signed() > 0 { self.end } else { cursor })
    }

    /// What was taken last is nothing to stand in for what is missing next.
    pub(crate) const fn forget_last(&mut self) {
        self.last = [self.idle; SLOT_SAMPLES];
    }

    /// The next packet begins a stream; nothing of the one before stays in memory.
    pub fn forget(&mut self) {
        self.sound = [self.idle; RING as usize];
        self.there = [0; WORDS];
        self.last = [self.idle; SLOT_SAMPLES];
        self.cursor = None;
        // Before the first packet nothing was lost.
        self.missing = CONCEALED_SLOTS;
        self.depth.begin();
    }

    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// Lays what came of the slot over the one before; says how many samples.
    fn gather(&mut self, cursor: u32) -> usize {
        let came: u32 = flags(cursor, SLOT).map(|(word, bits)| (self.there[word] & bits).count_ones()).sum();
        match came {
            0 => {}
            SLOT => {
                let (first, second) = stretches(cursor, SLOT);
                let (head, tail) = self.last.split_at_mut(first.len());
                head.copy_from_slice(&self.sound[first]);
                tail.copy_from_slice(&self.sound[second]);
            }
            _ => {
                for (n, octet) in (0..SLOT).zip(&mut self.last) {
                    let at = cursor.wrapping_add(n);
                    if flags(at, 1).any(|(word, bit)| self.there[word] & bit != 0) {
                        *octet = self.sound[place(at)];
                    }
                }
            }
        }
        came as usize
    }

    fn lay(&mut self, timestamp: u32, payload: &[u8]) -> Put {
        let length = match u32::try_from(payload.len()) {
            Ok(length @ 1..=LONGEST) => length,
            Ok(_) | Err(_) => return Put::Length,
        };
        let whole = length.cast_signed();
        let Some(ahead) = self.aim(timestamp, whole).filter(|ahead| *ahead > -whole) else {
            self.depth.late();
            return Put::Late;
        };
        self.depth.in_time();
        // Of a packet whose slot is being played, the rest is still worth having.
        let skip = ahead.min(0).unsigned_abs();
        let (from, samples) = (timestamp.wrapping_add(skip), length - skip);
        let mut new = false;
        for (word, bits) in flags(from, samples) {
            new |= self.there[word] & bits != bits;
            self.there[word] |= bits;
        }
        let (first, second) = stretches(from, samples);
        let (head, tail) = payload.split_at(skip as usize).1.split_at(first.len());
        self.sound[first].copy_from_slice(head);
        self.sound[second].copy_from_slice(tail);
        let end = timestamp.wrapping_add(length);
        if end.wrapping_sub(self.end).cast_signed() > 0 {
            self.end = end;
        }
        if !new {
            return Put::Duplicate;
        }
        self.depth.came(ahead);
        Put::Kept
    }

    /// How far ahead a packet lies of which `whole` samples came, with the buffer as deep as it makes it.
    fn aim(&mut self, timestamp: u32, whole: i32) -> Option<i32> {
        let Some(ahead) = self.samples_until(timestamp) else { return self.begin(timestamp) };
        match self.depth.aim(ahead, whole, 1 - whole, self.waits()) {
            Aim::At(ahead) => Some(ahead),
            Aim::SlotBack(ahead) => {
                self.cursor = self.cursor.map(|cursor| cursor.wrapping_sub(SLOT));
                self.counters.put_in += 1;
                Some(ahead)
            }
            Aim::Anew => {
                self.counters.began_anew += 1;
                self.begin(timestamp)
            }
        }
    }

    /// Makes `timestamp` play a slot after it came, or when a promise is over; says how far ahead that is.
    fn begin(&mut self, timestamp: u32) -> Option<i32> {
        let lead = self.depth.lead()?;
        self.forget();
        self.cursor = Some(timestamp.wrapping_sub(lead.unsigned_abs()));
        self.end = timestamp;
        Some(lead)
    }

    /// From the cursor to the end of the newest sound.
    fn waits(&self) -> i32 {
        self.samples_until(self.end).unwrap_or(0)
    }

    /// Moves the cursor and wipes what it leaves behind.
    fn pass(&mut self, samples: u32) {
        let Some(cursor) = self.cursor else { return };
        for (word, bits) in flags(cursor, samples) {
            self.there[word] &= !bits;
        }
        let (first, second) = stretches(cursor, samples);
        self.sound[first].fill(self.idle);
        self.sound[second].fill(self.idle);
        self.cursor = Some(cursor.wrapping_add(samples));
    }
}

const fn place(at: u32) -> usize {
    (at % RING) as usize
}

/// Where these samples lie in the ring: up to its end, and on from its beginning.
fn stretches(at: u32, samples: u32) -> (Range<usize>, Range<usize>) {
    let (from, until) = (place(at), place(at) + samples as usize);
    (from..until.min(RING as usize), 0..until.saturating_sub(RING as usize))
}

/// The words and bits that stand for these samples.
fn flags(at: u32, samples: u32) -> impl Iterator<Item = (usize, u64)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let from = at.wrapping_add(done);
        let run = (64 - from % 64).min(samples - done);
        done += run;
        (run > 0).then(|| (place(from) / 64, u64::MAX >> (64 - run) << (from % 64)))
    })
}

const SLOT: u32 = SLOT_SAMPLES as u32;
const RING: u32 = 2_048;
const WORDS: usize = RING as usize / 64;
/// 60 ms.
const LONGEST: u32 = 480;
pub(crate) const CONCEALED_SLOTS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As [`crate::stream::Stream`] asks.
    fn promise(buffer: &mut Jitter, timestamp: u32) -> Option<i32> {
        let ahead = buffer.samples_until(timestamp)?;
        buffer.depth.promise(ahead);
        Some(ahead)
    }

    fn key_began(buffer: &mut Jitter, timestamp: u32) {
        if let Some(ahead) = buffer.samples_until(timestamp) {
            buffer.depth.key_began(ahead);
        }
    }

    const IDLE: u8 = 0;

    /// Octet number `n` of a stream; never the idle one.
    fn octet(n: u32) -> u8 {
        (n % 251) as u8 + 1
    }

    fn packet(from: u32, length: u32) -> Vec<u8> {
        (from..from + length).map(octet).collect()
    }

    fn slot(from: u32) -> Coded {
        packet(from, 160).try_into().unwrap()
    }

    fn take(jitter: &mut Jitter) -> (Taken, Coded) {
        let mut into = [0; 160];
        let taken = jitter.take(&mut into);
        (taken, into)
    }

    /// Lets the slot pass by which the first packet is held back.
    fn lead(jitter: &mut Jitter) {
        assert_eq!(take(jitter).0, Taken::Nothing);
    }

    /// A slot of somebody who is loud all the time: whether one was left out too.
    fn take_loud(jitter: &mut Jitter) -> (Taken, bool) {
        let taken = take(jitter).0;
        (taken, jitter.spare(|| false, &mut [0; 160]))
    }

    /// A sender whose packet number `n` comes `late(n)` slots after it could: what became of each slot.
    fn heard(jitter: &mut Jitter, slots: Range<u32>, late: impl Fn(u32) -> u32) -> Vec<(Taken, bool)> {
        let first = slots.start.saturating_sub(8);
        slots
            .clone()
            .map(|now| {
                for n in (first..=now).filter(|n| n + late(*n) == now) {
                    jitter.put(n * 160, &packet(n * 160, 160));
                }
                take_loud(jitter)
            })
            .collect()
    }

    fn not_voice(heard: &[(Taken, bool)]) -> usize {
        heard.iter().filter(|(taken, _)| *taken != Taken::Voice).count()
    }

    #[test]
    fn the_first_packet_plays_a_slot_later_and_then_every_slot_one() {
        let mut jitter = Jitter::new(IDLE);
        assert_eq!(take(&mut jitter).0, Taken::Nothing);
        for n in 0..50 {
            assert_eq!(jitter.put(n * 160, &packet(n * 160, 160)), Put::Kept);
            let (taken, sound) = take(&mut jitter);
            if n < 1 {
                assert_eq!(taken, Taken::Nothing);
            } else {
                assert_eq!((taken, sound), (Taken::Voice, slot((n - 1) * 160)));
            }
        }
    }

    #[test]
    fn on_an_even_network_a_packet_is_soon_played_in_the_slot_before_which_it_came() {
        for length in [80, 160, 480] {
            let mut jitter = Jitter::new(IDLE);
            let (mut sent, mut voices) = (0, 0);
            for n in 1..=1_000 {
                while sent + length <= n * 160 {
                    jitter.put(sent, &packet(sent, length));
                    sent += length;
                }
                voices += u32::from(take_loud(&mut jitter).0 == Taken::Voice);
            }
            // What a packet holds cannot come before it is full.
            let packing = length.saturating_sub(160);
            assert_eq!(jitter.samples_until(1_000 * 160), Some(packing.cast_signed()), "packets of {length}");
            assert_eq!((voices, jitter.counters().left_out), (999 - packing / 160, 1), "packets of {length}");
        }
    }

    #[test]
    fn a_way_that_becomes_uneven_costs_a_slot_for_each_by_which_it_does_and_is_whole_after_that() {
        let mut jitter = Jitter::new(IDLE);
        heard(&mut jitter, 0..500, |_| 0);
        assert_eq!(jitter.samples_until(500 * 160), Some(0));
        // Now and then a packet comes up to three slots later than the others, after some that were sent after it.
        let late = |n: u32| if n < 500 { 0 } else { [0, 0, 1, 0, 0, 3, 0, 2][n as usize % 8] };
        let before = not_voice(&heard(&mut jitter, 500..560, late));
        assert!((3..=6).contains(&before), "{before}");
        let after = heard(&mut jitter, 560..2_000, late);
        assert_eq!((not_voice(&after), jitter.counters().put_in), (0, 3));
    }

    #[test]
    fn a_slot_that_had_to_be_put_back_is_left_out_again_later_each_time_until_it_stays() {
        let mut jitter = Jitter::new(IDLE);
        // Each tenth second a packet is a slot late: what was saved in between is lost again.
        let all = heard(&mut jitter, 0..10_000, |n| u32::from(n % 500 == 499));
        let saved: Vec<_> = all.iter().enumerate().filter(|(_, (_, left_out))| *left_out).map(|(n, _)| n).collect();
        assert!(saved.len() == 3 && saved[0] == 149 && saved[2] < 4_000, "{saved:?}");
    }

    #[test]
    fn a_packet_that_is_said_twice_makes_nobody_later() {
        let mut jitter = Jitter::new(IDLE);
        for n in 0..1_000_u32 {
            jitter.put(n * 160, &packet(n * 160, 160));
            if n > 3 {
                jitter.put((n - 3) * 160, &packet((n - 3) * 160, 160));
            }
            take_loud(&mut jitter);
        }
        assert_eq!(jitter.counters().put_in, 0);
        // One that came late, twice, is one slot and not two.
        take_loud(&mut jitter);
        for _ in 0..2 {
            jitter.put(1_000 * 160, &packet(1_000 * 160, 160));
        }
        assert_eq!(jitter.counters().put_in, 1);
    }

    #[test]
    fn in_a_pause_or_a_moment_of_quiet_a_slot_is_left_out_sooner_than_in_a_word() {
        let left_out_at = |quiet: bool, pauses: bool| {
            let mut jitter = Jitter::new(IDLE);
            (0..400).find(|n| {
                if !pauses || n % 50 < 40 {
                    jitter.put(n * 160, &packet(n * 160, 160));
                }
                take(&mut jitter);
                let before = jitter.counters().left_out;
                jitter.spare(|| quiet, &mut [0; 160]);
                jitter.counters().left_out > before
            })
        };
        assert_eq!(left_out_at(true, false), Some(99));
        assert_eq!(left_out_at(false, false), Some(149));
        assert_eq!(left_out_at(false, true), Some(144), "the fourth slot of nothing");
    }

    /// An even network for two seconds: what comes is played in the slot before which it came.
    fn shallow(last_missing: bool) -> Jitter {
        let mut jitter = Jitter::new(IDLE);
        heard(&mut jitter, 0..500, |n| if n == 499 && last_missing { 9 } else { 0 });
        assert_eq!(jitter.samples_until(500 * 160), Some(0));
        jitter
    }

    #[test]
    fn a_slot_told_for_the_end_of_a_yes_holds_nothing_from_before_it_though_that_comes_late() {
        for told in [false, true] {
            let mut jitter = shallow(true);
            let yes = 500 * 160;
            if told {
                assert_eq!(promise(&mut jitter, yes), Some(0));
            }
            jitter.put(yes - 160, &packet(yes - 160, 160));
            jitter.put(yes, &packet(yes, 160));
            let first = if told { yes } else { yes - 160 };
            assert_eq!(take(&mut jitter), (Taken::Voice, slot(first)));
            // Later it may become deeper, and still nothing from before the yes is played.
            take(&mut jitter);
            jitter.put(yes + 160, &packet(yes + 160, 160));
            assert!(jitter.counters().put_in > 0);
            jitter.put(yes - 160, &packet(yes - 160, 160));
            assert!(jitter.samples_until(yes) <= Some(0));
        }
    }

    #[test]
    fn a_slot_told_for_the_beginning_of_a_key_is_not_reached_earlier() {
        for told in [false, true] {
            let mut jitter = Jitter::new(IDLE);
            heard(&mut jitter, 0..98, |_| 0);
            for n in 98..100 {
                jitter.put(n * 160, &packet(n * 160, 160));
                if n == 99 && told {
                    assert_eq!(promise(&mut jitter, 99 * 160), Some(160));
                }
                take(&mut jitter);
                let left_out = jitter.spare(|| true, &mut [0; 160]);
                assert_eq!(left_out, n == 99 && !told);
            }
        }
    }

    #[test]
    fn when_the_senders_time_jumps_what_is_new_waits_for_the_slot_that_was_told() {
        let mut jitter = Jitter::new(IDLE);
        for n in 0..5 {
            jitter.put(n * 160, &packet(n * 160, 160));
        }
        assert_eq!(promise(&mut jitter, 4 * 160), Some(5 * 160));
        take(&mut jitter);
        assert_eq!(jitter.put(1_000_000, &packet(0, 160)), Put::Kept);
        let nothing = (0..10).take_while(|_| take(&mut jitter).0 == Taken::Nothing).count();
        assert_eq!(nothing, 4);
        // Further than a buffer reaches: it waits outside.
        promise(&mut jitter, 1_000_000 + 20 * 160);
        assert_eq!(jitter.put(2_000_000, &packet(0, 160)), Put::Late);
        for _ in 0..7 {
            take(&mut jitter);
        }
        assert_eq!(jitter.put(2_000_000, &packet(0, 160)), Put::Kept);
    }

    #[test]
    fn when_everything_is_late_nothing_from_before_a_told_time_is_played_after_it() {
        let mut jitter = shallow(false);
        for _ in 0..30 {
            take(&mut jitter);
        }
        let yes = 520 * 160;
        assert_eq!(promise(&mut jitter, yes), Some(-10 * 160));
        let mut heard = Vec::new();
        for n in 500..560 {
            jitter.put(n * 160, &packet(n * 160, 160));
            let (taken, sound) = take(&mut jitter);
            heard.extend((taken == Taken::Voice).then_some(sound));
        }
        assert!(heard.len() > 30, "{}", heard.len());
        assert_eq!(heard[0], slot(521 * 160), "the first with a slot of depth that does not reach back");
    }

    #[test]
    fn who_makes_a_key_known_after_its_sound_was_played_is_heard_that_much_later_from_then_on() {
        let mut jitter = shallow(false);
        let late_key = |jitter: &mut Jitter, from: u32| {
            // Two slots of the tone, then the first of its events, then sound again.
            for n in from..from + 150 {
                jitter.put(n * 160, &packet(n * 160, 160));
                if n == from + 2 {
                    key_began(jitter, from * 160);
                    promise(jitter, from * 160);
                }
                take_loud(jitter);
            }
        };
        late_key(&mut jitter, 500);
        assert_eq!(jitter.samples_until(650 * 160), Some(320));
        late_key(&mut jitter, 650);
        heard(&mut jitter, 800..1_500, |_| 0);
        assert_eq!(jitter.samples_until(1_500 * 160), Some(320), "known in time, so no later than that; and it stays");
        // A telephone that begins anew, or goes over to another codec, is no quicker.
        let mut other = Jitter::new(IDLE);
        other.depth().follow(jitter.depth());
        for (jitter, from) in [(&mut jitter, 10_000), (&mut other, 0)] {
            late_key(jitter, from);
            let (then, put_in) = ((from + 150) * 160, jitter.counters().put_in);
            assert_eq!(jitter.samples_until(then), Some(480), "as every stream begins, and the two slots");
            late_key(jitter, from + 150);
            assert_eq!(jitter.counters().put_in, put_in);
        }
        // Where nothing was heard from the key's beginning on, it was only late on its way.
        let mut jitter = shallow(true);
        key_began(&mut jitter, 499 * 160);
        take(&mut jitter);
        take(&mut jitter);
        assert_eq!(jitter.counters().put_in, 0);
    }

    proptest! {
        #[test]
        fn every_length_of_packet_gives_the_same_slots(
            length in prop_oneof![Just(80_u32), Just(160), Just(240), Just(320), Just(480), Just(37)], start: u32,
        ) {
            let mut jitter = Jitter::new(IDLE);
            let (mut sent, mut voice) = (0, 0);
            for n in 0..100 {
                while sent <= n * 160 {
                    jitter.put(start.wrapping_add(sent), &packet(sent, length));
                    sent += length;
                }
                let (taken, sound) = take(&mut jitter);
                if taken == Taken::Voice {
                    prop_assert_eq!(sound, slot(voice * 160));
                    voice += 1;
                }
            }
            prop_assert!(voice >= 95, "{} slots", voice);
        }

        #[test]
        fn a_way_that_is_never_even_is_whole_once_it_is_known(lates in proptest::collection::vec(0_u32..4, 2_048)) {
            let mut jitter = Jitter::new(IDLE);
            let late = |n: u32| lates[n as usize];
            heard(&mut jitter, 0..200, late);
            let gaps = not_voice(&heard(&mut jitter, 200..2_048, late));
            let counters = jitter.counters();
            prop_assert!(gaps == 0 && counters.put_in <= 3, "{} {:?}", gaps, counters);
        }

        #[test]
        fn the_order_within_the_depth_does_not_matter(swap in proptest::collection::vec(any::<bool>(), 30)) {
            let mut jitter = Jitter::new(IDLE);
            jitter.put(0, &packet(0, 160));
            lead(&mut jitter);
            for (n, swap) in (0..).zip(swap) {
                let (a, b) = (n * 320 + 160, n * 320 + 320);
                let (a, b) = if swap { (b, a) } else { (a, b) };
                jitter.put(a, &packet(a, 160));
                jitter.put(b, &packet(b, 160));
                prop_assert_eq!(take(&mut jitter), (Taken::Voice, slot(n * 320)));
                prop_assert_eq!(take(&mut jitter), (Taken::Voice, slot(n * 320 + 160)));
            }
        }

        #[test]
        fn no_stream_of_packets_makes_it_panic_or_hold_more_than_200_ms(
            packets in proptest::collection::vec((any::<u32>(), -2_000_i32..2_000, 0_usize..700, 0..3), 0..300),
            quiet: bool,
        ) {
            let mut jitter = Jitter::new(IDLE);
            let mut base = 0_u32;
            for (jump, near, length, takes) in packets {
                if near % 17 == 0 {
                    base = jump;
                }
                jitter.put(base.wrapping_add_signed(near), &vec![1; length]);
                match near % 7 {
                    0 => _ = promise(&mut jitter, base.wrapping_add_signed(near)),
                    1 => key_began(&mut jitter, base.wrapping_add_signed(near)),
                    _ => {}
                }
                for _ in 0..takes {
                    take(&mut jitter);
                    jitter.spare(|| quiet, &mut [0; 160]);
                }
                prop_assert!(jitter.waits() <= 1_600);
                let held: u32 = jitter.there.iter().map(|word| word.count_ones()).sum();
                prop_assert!(held <= 1_600);
            }
        }
    }

    #[test]
    fn a_lost_packet_is_concealed_and_the_next_plays_in_its_time() {
        let mut jitter = Jitter::new(IDLE);
        for n in [0, 1, 3] {
            jitter.put(n * 160, &packet(n * 160, 160));
        }
        lead(&mut jitter);
        assert_eq!(take(&mut jitter), (Taken::Voice, slot(0)));
        assert_eq!(take(&mut jitter), (Taken::Voice, slot(160)));
        assert_eq!(take(&mut jitter), (Taken::Concealed, slot(160)));
        assert_eq!(take(&mut jitter), (Taken::Voice, slot(480)));
        assert_eq!(jitter.counters().concealed, 1, "what came before the first was not lost");
    }

    #[test]
    fn half_a_slot_is_half_made_up() {
        let mut jitter = Jitter::new(IDLE);
        jitter.put(0, &packet(0, 160));
        jitter.put(160, &packet(160, 80));
        lead(&mut jitter);
        take(&mut jitter);
        let (taken, sound) = take(&mut jitter);
        assert_eq!(taken, Taken::Concealed);
        assert_eq!(sound[..80], packet(160, 80));
        assert_eq!(sound[80..], packet(80, 80));
        assert_eq!(jitter.missing(), 0);
    }

    #[test]
    fn a_stream_that_stops_becomes_nothing_and_leaves_nothing_in_memory() {
        let mut jitter = Jitter::new(IDLE);
        // Over the end of the ring.
        jitter.put(RING - 80, &packet(0, 160));
        lead(&mut jitter);
        take(&mut jitter);
        for _ in 0..3 {
            assert_eq!(take(&mut jitter).0, Taken::Concealed);
        }
        assert_eq!(take(&mut jitter).0, Taken::Nothing);
        assert!(jitter.sound.iter().chain(&jitter.last).all(|&octet| octet == IDLE));
    }

    #[test]
    fn a_late_packet_is_dropped_not_played() {
        let mut jitter = Jitter::new(IDLE);
        jitter.put(0, &packet(0, 160));
        lead(&mut jitter);
        take(&mut jitter);
        assert_eq!(jitter.put(0, &packet(0, 160)), Put::Late);
        jitter.put(160, &packet(160, 160));
        assert_eq!(take(&mut jitter), (Taken::Voice, slot(160)));
    }

    #[test]
    fn a_late_packet_now_and_then_does_not_begin_anew() {
        let mut jitter = Jitter::new(IDLE);
        for n in 0..60 {
            jitter.put(n * 160, &packet(n * 160, 160));
            if n > 10 && n % 2 == 0 {
                assert_eq!(jitter.put((n - 8) * 160, &packet(0, 160)), Put::Late);
            }
            take(&mut jitter);
        }
        assert_eq!(jitter.counters().began_anew, 0);
    }

    #[test]
    fn a_packet_that_was_overtaken_does_not_shorten_what_is_there() {
        let mut jitter = Jitter::new(IDLE);
        jitter.put(0, &packet(0, 160));
        jitter.put(320, &packet(320, 160));
        jitter.put(160, &packet(160, 160));
        assert_eq!(jitter.end, 480);
    }

    #[test]
    fn a_duplicate_is_counted_and_plays_once() {
        let mut jitter = Jitter::new(IDLE);
        assert_eq!(jitter.put(0, &packet(0, 160)), Put::Kept);
        assert_eq!(jitter.put(0, &packet(0, 160)), Put::Duplicate);
        assert_eq!(jitter.put(0, &[]), Put::Length);
        assert_eq!(jitter.put(0, &[1; 481]), Put::Length);
        let counters = jitter.counters();
        assert_eq!((counters.kept, counters.duplicate, counters.wrong_length), (1, 1, 2));
    }

    #[test]
    fn after_a_stall_the_burst_does_not_make_the_caller_later() {
        let mut jitter = Jitter::new(IDLE);
        let mut sent = 0;
        let mut next = |jitter: &mut Jitter| {
            jitter.put(sent * 160, &packet(sent * 160, 160));
            sent += 1;
        };
        for _ in 0..10 {
            next(&mut jitter);
            take(&mut jitter);
        }
        for _ in 0..15 {
            take(&mut jitter);
        }
        for _ in 0..15 {
            next(&mut jitter);
        }
        for n in 25..40 {
            next(&mut jitter);
            let (taken, sound) = take(&mut jitter);
            if n > 25 {
                assert_eq!((taken, sound), (Taken::Voice, slot((n - 2) * 160)), "{n}");
            }
        }
        assert_eq!((jitter.counters().began_anew, jitter.counters().put_in), (0, 1));
    }

    #[test]
    fn a_sender_whose_time_jumps_is_followed() {
        let mut jitter = Jitter::new(IDLE);
        for start in [0, 1_000_000, 5_000, u32::MAX - 10_000] {
            for n in 0..10 {
                jitter.put(u32::wrapping_add(start, n * 160), &packet(n * 160, 160));
                let (taken, sound) = take(&mut jitter);
                if n < 1 {
                    assert_eq!(taken, Taken::Nothing);
                } else {
                    assert_eq!((taken, sound), (Taken::Voice, slot((n - 1) * 160)));
                }
            }
        }
    }

    #[test]
    fn when_everything_is_late_the_buffer_begins_anew() {
        let mut jitter = Jitter::new(IDLE);
        jitter.put(0, &packet(0, 160));
        for _ in 0..10 {
            take(&mut jitter);
        }
        let voices = (1..20)
            .filter(|n| {
                jitter.put(n * 160, &packet(n * 160, 160));
                take(&mut jitter).0 == Taken::Voice
            })
            .count();
        assert!(voices >= 13, "{voices}");
    }

    #[test]
    fn a_slower_sender_costs_a_slot_now_and_then_and_nothing_that_was_said() {
        let mut jitter = Jitter::new(IDLE);
        let (mut sent, mut voices) = (0, 0);
        for n in 0..20_000 {
            // One packet less every 200: a clock 0.5 % too slow.
            if n % 200 != 199 {
                jitter.put(sent * 160, &packet(sent * 160, 160));
                sent += 1;
            }
            voices += u32::from(take_loud(&mut jitter).0 == Taken::Voice);
        }
        let counters = jitter.counters();
        assert!(voices >= sent - 5, "{voices} of {sent}");
        assert!((95..=105).contains(&counters.put_in) && counters.left_out <= 1, "{counters:?}");
        assert_eq!(counters.began_anew, 0);
    }

    #[test]
    fn a_faster_sender_does_not_make_the_caller_ever_later() {
        let mut jitter = Jitter::new(IDLE);
        let mut sent = 0;
        for n in 0..20_000 {
            // One packet more every 200: a clock 0.5 % too fast.
            for _ in 0..1 + u32::from(n % 200 == 0) {
                jitter.put(sent * 160, &packet(sent * 160, 160));
                sent += 1;
            }
            take_loud(&mut jitter);
        }
        let behind = jitter.samples_until(sent * 160).unwrap();
        assert!(behind <= 2 * 160, "{behind} samples behind");
        assert!(jitter.counters().left_out >= 95);
        assert_eq!(jitter.counters().began_anew, 0);
    }
}
