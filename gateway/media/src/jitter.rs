//! Holds a caller's sound back a little, so that packets which come unevenly play evenly.
//!
//! Put packets in as they come, take one slot out every 20 ms.
//! Sound lies where its RTP timestamp says, so that packets of 10 to 60 ms, reordered, doubled or cut by another grid come
//! out alike; never more than 200 ms of it.
//! A fixed depth: the first packet plays `depth` slots after it came.
//! When the sender's clock is the faster one, a slot is left out each time the buffer has held one too many for two seconds;
//! when it is the slower one, the buffer starts anew once everything has come late for three slots.
//!
//! Indices into the ring are places modulo its length: no packet can make one that is not there.
//!
//! Not here: decoding, fading what is repeated (`leg`), and sequence numbers, which sound does not need.

use std::ops::Range;

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
    /// Slots left out because the sender is faster than we.
    pub left_out: u64,
    /// The sender's time jumped, or everything came late.
    pub began_anew: u64,
}

/// One stream's buffer. 2.5 kB, no allocation.
#[derive(Clone, Debug)]
pub struct Jitter {
    depth: u32,
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
    /// Slots in a row in which packets came and all were late.
    late_slots: u8,
    came_late: bool,
    /// Fewest samples left after a slot was taken, in the last [`WATCH_SLOTS`].
    fewest: u32,
    watched: u8,
    counters: Counters,
}

impl Jitter {
    /// `depth_slots`: 0 to 7; everybody hears this caller that much later. `idle`: the octet that stands for no sound.
    #[must_use]
    pub fn new(depth_slots: u8, idle: u8) -> Self {
        Self {
            depth: u32::from(depth_slots.min(DEEPEST_SLOTS)) * SLOT,
            idle,
            sound: [idle; RING as usize],
            there: [0; WORDS],
            cursor: None,
            end: 0,
            last: [idle; SLOT_SAMPLES],
            missing: CONCEALED_SLOTS,
            late_slots: 0,
            came_late: false,
            fewest: u32::MAX,
            watched: 0,
            counters: Counters::default(),
        }
    }

    /// `payload`: of a codec with an octet a tick (G.711, G.722).
    pub fn put(&mut self, timestamp: u32, payload: &[u8]) -> Put {
        let put = self.lay(timestamp, payload);
        match put {
            Put::Kept => self.counters.kept += 1,
            Put::Late => self.counters.late += 1,
            Put::Duplicate => self.counters.duplicate += 1,
            Put::Length => self.counters.wrong_length += 1,
        }
        put
    }

    /// Once a slot. On `Nothing`, `into` is left as it was.
    pub fn take(&mut self, into: &mut Coded) -> Taken {
        let Some(cursor) = self.cursor else { return Taken::Nothing };
        self.count_late_slots();
        let came = self.gather(cursor);
        self.missing = if came == 0 { self.missing.saturating_add(1) } else { 0 };
        if self.missing <= CONCEALED_SLOTS {
            *into = self.last;
        } else {
            self.last = [self.idle; SLOT_SAMPLES];
        }
        self.pass(SLOT);
        self.watch();
        if came == SLOT_SAMPLES {
            Taken::Voice
        } else if self.missing <= CONCEALED_SLOTS {
            self.counters.concealed += 1;
            Taken::Concealed
        } else {
            Taken::Nothing
        }
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
        self.late_slots = 0;
        self.came_late = false;
        self.fewest = u32::MAX;
        self.watched = 0;
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
        let mut ahead = match self.cursor {
            None => self.begin(timestamp),
            Some(cursor) => timestamp.wrapping_sub(cursor).cast_signed(),
        };
        let whole = length.cast_signed();
        let jumped = ahead > MOST - whole || ahead < -JUMP;
        let all_late = ahead <= -whole && self.late_slots >= LATE_SLOTS;
        if jumped || all_late {
            self.counters.began_anew += 1;
            ahead = self.begin(timestamp);
        }
        if ahead <= -whole {
            self.came_late = true;
            return Put::Late;
        }
        self.came_late = false;
        self.late_slots = 0;
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
        if new { Put::Kept } else { Put::Duplicate }
    }

    /// Makes `timestamp` play after the depth; says how far ahead that is.
    fn begin(&mut self, timestamp: u32) -> i32 {
        self.forget();
        self.cursor = Some(timestamp.wrapping_sub(self.depth));
        self.end = timestamp;
        self.depth.cast_signed()
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

    fn count_late_slots(&mut self) {
        if std::mem::take(&mut self.came_late) {
            self.late_slots = self.late_slots.saturating_add(1);
        }
    }

    fn watch(&mut self) {
        let left = self.samples_until(self.end).unwrap_or(0).max(0).unsigned_abs();
        self.fewest = self.fewest.min(left);
        self.watched += 1;
        if self.watched < WATCH_SLOTS {
            return;
        }
        if self.fewest >= self.depth + SLOT {
            self.pass(SLOT);
            self.counters.left_out += 1;
        }
        (self.watched, self.fewest) = (0, u32::MAX);
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
/// 200 ms: the longest that sound without a permit may exist (README, invariant 1).
const MOST: i32 = 1_600;
/// Two slots: more than an even network needs, less than anybody hears.
pub const DEPTH_SLOTS: u8 = 2;
const DEEPEST_SLOTS: u8 = 7;
/// One second: no packet is that late, the sender's clock was set.
const JUMP: i32 = 8_000;
const LATE_SLOTS: u8 = 3;
const CONCEALED_SLOTS: u8 = 3;
/// Two seconds.
const WATCH_SLOTS: u8 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    /// Lets the depth pass.
    fn lead(jitter: &mut Jitter) {
        for _ in 0..2 {
            assert_eq!(take(jitter).0, Taken::Nothing);
        }
    }

    #[test]
    fn the_first_packet_plays_after_the_depth_and_then_every_slot_one() {
        let mut jitter = Jitter::new(2, IDLE);
        assert_eq!(take(&mut jitter).0, Taken::Nothing);
        for n in 0..50 {
            assert_eq!(jitter.put(n * 160, &packet(n * 160, 160)), Put::Kept);
            let (taken, sound) = take(&mut jitter);
            if n < 2 {
                assert_eq!(taken, Taken::Nothing);
            } else {
                assert_eq!((taken, sound), (Taken::Voice, slot((n - 2) * 160)));
            }
        }
    }

    proptest! {
        #[test]
        fn every_length_of_packet_gives_the_same_slots(
            length in prop_oneof![Just(80_u32), Just(160), Just(240), Just(320), Just(480), Just(37)], start: u32,
        ) {
            let mut jitter = Jitter::new(2, IDLE);
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
        fn the_order_within_the_depth_does_not_matter(swap in proptest::collection::vec(any::<bool>(), 30)) {
            let mut jitter = Jitter::new(2, IDLE);
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
        ) {
            let mut jitter = Jitter::new(3, IDLE);
            let mut base = 0_u32;
            for (jump, near, length, takes) in packets {
                if near % 17 == 0 {
                    base = jump;
                }
                jitter.put(base.wrapping_add_signed(near), &vec![1; length]);
                for _ in 0..takes {
                    take(&mut jitter);
                }
                let held: u32 = jitter.there.iter().map(|word| word.count_ones()).sum();
                prop_assert!(held <= 1_600);
            }
        }
    }

    #[test]
    fn a_lost_packet_is_concealed_and_the_next_plays_in_its_time() {
        let mut jitter = Jitter::new(2, IDLE);
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
        let mut jitter = Jitter::new(2, IDLE);
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
        let mut jitter = Jitter::new(2, IDLE);
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
        let mut jitter = Jitter::new(2, IDLE);
        jitter.put(0, &packet(0, 160));
        lead(&mut jitter);
        take(&mut jitter);
        assert_eq!(jitter.put(0, &packet(0, 160)), Put::Late);
        jitter.put(160, &packet(160, 160));
        assert_eq!(take(&mut jitter), (Taken::Voice, slot(160)));
    }

    #[test]
    fn a_late_packet_now_and_then_does_not_begin_anew() {
        let mut jitter = Jitter::new(2, IDLE);
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
        let mut jitter = Jitter::new(2, IDLE);
        jitter.put(0, &packet(0, 160));
        jitter.put(320, &packet(320, 160));
        jitter.put(160, &packet(160, 160));
        assert_eq!(jitter.end, 480);
    }

    #[test]
    fn a_duplicate_is_counted_and_plays_once() {
        let mut jitter = Jitter::new(2, IDLE);
        assert_eq!(jitter.put(0, &packet(0, 160)), Put::Kept);
        assert_eq!(jitter.put(0, &packet(0, 160)), Put::Duplicate);
        assert_eq!(jitter.put(0, &[]), Put::Length);
        assert_eq!(jitter.put(0, &[1; 481]), Put::Length);
        let counters = jitter.counters();
        assert_eq!((counters.kept, counters.duplicate, counters.wrong_length), (1, 1, 2));
    }

    #[test]
    fn after_a_stall_the_burst_does_not_make_the_caller_later() {
        let mut jitter = Jitter::new(2, IDLE);
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
            assert_eq!(take(&mut jitter), (Taken::Voice, slot((n - 2) * 160)));
        }
        assert_eq!(jitter.counters().began_anew, 0);
    }

    #[test]
    fn a_sender_whose_time_jumps_is_followed() {
        let mut jitter = Jitter::new(2, IDLE);
        for start in [0, 1_000_000, 5_000, u32::MAX - 10_000] {
            for n in 0..10 {
                jitter.put(u32::wrapping_add(start, n * 160), &packet(n * 160, 160));
                let (taken, sound) = take(&mut jitter);
                if n < 2 {
                    assert_eq!(taken, Taken::Nothing);
                } else {
                    assert_eq!((taken, sound), (Taken::Voice, slot((n - 2) * 160)));
                }
            }
        }
    }

    #[test]
    fn when_everything_is_late_the_buffer_begins_anew() {
        let mut jitter = Jitter::new(2, IDLE);
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
    fn a_faster_sender_does_not_make_the_caller_ever_later() {
        let mut jitter = Jitter::new(2, IDLE);
        let mut sent = 0;
        for n in 0..20_000 {
            // One packet more every 200: a clock 0.5 % too fast.
            for _ in 0..1 + u32::from(n % 200 == 0) {
                jitter.put(sent * 160, &packet(sent * 160, 160));
                sent += 1;
            }
            take(&mut jitter);
        }
        let behind = jitter.samples_until(sent * 160).unwrap();
        assert!(behind <= 5 * 160, "{behind} samples behind");
        assert!(jitter.counters().left_out >= 95);
        assert_eq!(jitter.counters().began_anew, 0);
    }
}
