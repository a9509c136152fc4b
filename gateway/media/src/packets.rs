//! Holds a caller's Opus packets back a little, and turns them into even slots.
//!
//! What [`crate::jitter`] is for codecs of an octet a tick: the same depth, the same limit of 200 ms, the same answers.
//! Packets lie by their RTP time until their turn; of 2.5 to 60 ms each, they fill a stretch from which slots are cut.
//! A lost one is made up by the decoder, for three slots; a stream that pauses (DTX) costs no decoding after that.
//! Whether there are slots to be left out or put in, `depth` decides.
//!
//! Not here: the codec (`opus_sound`), and forward error correction: it is not used yet.

use crate::depth::{Aim, Depth};
use crate::jitter::{CONCEALED_SLOTS, Counters, Put, Taken};
use crate::opus_sound::{Decoder, LONGEST_SAMPLES, samples_in};
use crate::{WIDE_SLOT_SAMPLES, WideFrame};

/// One stream's buffer.
#[derive(Debug)]
pub(crate) struct Packets {
    decoder: Decoder,
    depth: Depth,
    waiting: [Waiting; MOST_PACKETS],
    /// RTP time of the sample that is decoded next.
    cursor: Option<u32>,
    /// After the newest sample that came.
    end: u32,
    /// Decoded and not played yet: the first `left` samples.
    decoded: [i16; STRETCH],
    left: usize,
    /// Slots in a row of which nothing was there.
    missing: u8,
    counters: Counters,
}

/// A packet's place; its memory is kept for the next.
#[derive(Debug, Default)]
struct Waiting {
    /// RTP time and how long, in ticks; nothing in a free place.
    at: Option<(u32, u32)>,
    octets: Vec<u8>,
}

impl Packets {
    pub(crate) fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            depth: Depth::new(SLOT.cast_signed()),
            waiting: std::array::from_fn(|_| Waiting::default()),
            cursor: None,
            end: 0,
            decoded: [0; STRETCH],
            left: 0,
            missing: CONCEALED_SLOTS,
            counters: Counters::default(),
        }
    }

    pub(crate) fn put(&mut self, timestamp: u32, payload: &[u8]) -> Put {
        let put = self.lay(timestamp, payload);
        self.counters.count(put);
        put
    }

    /// Once a slot. On `Nothing`, `into` is silent, or left as it was when no stream began.
    pub(crate) fn take(&mut self, into: &mut WideFrame) -> Taken {
        let Some(cursor) = self.cursor else {
            self.depth.passed(true);
            return Taken::Nothing;
        };
        if self.depth.goes_deeper_for_keys(self.waits()) {
            self.cursor = Some(cursor.wrapping_sub(SLOT));
            self.counters.put_in += 1;
        }
        // What is left of the slot before was a voice's.
        let (mut voice, mut made_up) = (self.left > 0, false);
        while self.left < WIDE_SLOT_SAMPLES {
            match self.decode_next() {
                Taken::Voice => voice = true,
                Taken::Concealed => (voice, made_up) = (true, true),
                Taken::Nothing => made_up = true,
            }
        }
        for (out, sample) in into.iter_mut().zip(&self.decoded) {
            *out = *sample;
        }
        self.pass();
        self.depth.passed(!made_up);
        match (voice, made_up) {
            (false, _) => Taken::Nothing,
            (true, false) => Taken::Voice,
            (true, true) => {
                self.counters.concealed += 1;
                Taken::Concealed
            }
        }
    }

    /// Once after [`Self::take`]: when the buffer is deeper than it has to be, the next slot too, to be laid over the one just
    /// taken. `quiet`: whether that one was, so that nobody hears it. In a pause a slot is left out and not given.
    pub(crate) fn spare(&mut self, quiet: impl FnOnce() -> bool, into: &mut WideFrame) -> bool {
        let Some(cursor) = self.cursor else { return false };
        let pause = self.missing > CONCEALED_SLOTS && self.left == 0;
        if !self.depth.goes_shallower(|| pause || quiet()) {
            return false;
        }
        while self.left < WIDE_SLOT_SAMPLES {
            match self.nearest(self.cursor.unwrap_or(cursor)) {
                Some((place, 0)) => _ = self.decode(place),
                None | Some((_, SLOT..)) if pause && self.left == 0 => {
                    self.append_silence(WIDE_SLOT_SAMPLES);
                    self.cursor = Some(cursor.wrapping_add(SLOT));
                }
                None | Some(_) => return false,
            }
        }
        for (out, sample) in into.iter_mut().zip(&self.decoded) {
            *out = *sample;
        }
        self.pass();
        self.depth.went_shallower();
        self.counters.left_out += 1;
        self.missing == 0
    }

    pub(crate) const fn depth(&mut self) -> &mut Depth {
        &mut self.depth
    }

    /// Ticks of 48 kHz from the beginning of the next slot to this RTP time; negative when it was played.
    pub(crate) fn ticks_until(&self, timestamp: u32) -> Option<i32> {
        self.cursor.map(|cursor| timestamp.wrapping_sub(cursor).cast_signed().saturating_add(self.decoded_ticks()))
    }

    const fn decoded_ticks(&self) -> i32 {
        (self.left * TICKS_A_SAMPLE) as i32
    }

    /// The RTP time after the newest sample that came, or of the next slot if that is later.
    pub(crate) fn newest(&self) -> Option<u32> {
        self.cursor.map(|cursor| if self.end.wrapping_sub(cursor).cast_signed() > 0 { self.end } else { cursor })
    }

    /// What was taken last is nothing to make up from what is missing next.
    pub(crate) fn forget_last(&mut self) {
        self.decoder.restart();
    }

    /// The next packet begins a stream; nothing of the one before stays in memory.
    pub(crate) fn forget(&mut self) {
        for waiting in &mut self.waiting {
            waiting.at = None;
            waiting.octets.fill(0);
        }
        self.decoder.restart();
        self.decoded = [0; STRETCH];
        self.left = 0;
        self.cursor = None;
        self.missing = CONCEALED_SLOTS;
        self.depth.begin();
    }

    pub(crate) const fn counters(&self) -> Counters {
        self.counters
    }

    fn lay(&mut self, timestamp: u32, payload: &[u8]) -> Put {
        let Some(samples) = samples_in(payload).filter(|_| payload.len() <= LONGEST_BYTES) else { return Put::Length };
        let ticks = (samples * TICKS_A_SAMPLE) as u32;
        let ahead = self.aim(timestamp, ticks.cast_signed());
        let Some(ahead) = ahead.filter(|ahead| *ahead >= self.decoded_ticks()) else {
            self.depth.late();
            return Put::Late;
        };
        self.depth.in_time();
        if self.waiting.iter().any(|waiting| waiting.at.is_some_and(|(at, _)| at == timestamp)) {
            return Put::Duplicate;
        }
        // More of them than 200 ms hold are packets of 2.5 ms, or somebody's trick.
        let Some(free) = self.waiting.iter_mut().find(|waiting| waiting.at.is_none()) else { return Put::Late };
        free.octets.clear();
        free.octets.extend_from_slice(payload);
        free.at = Some((timestamp, ticks));
        let end = timestamp.wrapping_add(ticks);
        if end.wrapping_sub(self.end).cast_signed() > 0 {
            self.end = end;
        }
        self.depth.came(ahead);
        Put::Kept
    }

    /// How far ahead a packet of so many ticks lies, with the buffer as deep as it makes it.
    fn aim(&mut self, timestamp: u32, whole: i32) -> Option<i32> {
        let Some(ahead) = self.ticks_until(timestamp) else { return self.begin(timestamp) };
        // What is decoded is past, though not yet played.
        match self.depth.aim(ahead, whole, self.decoded_ticks(), self.waits()) {
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

    fn begin(&mut self, timestamp: u32) -> Option<i32> {
        let lead = self.depth.lead()?;
        self.forget();
        self.cursor = Some(timestamp.wrapping_sub(lead.unsigned_abs()));
        self.end = timestamp;
        Some(lead)
    }

    /// From the slot that is taken next to the end of the newest sound.
    fn waits(&self) -> i32 {
        self.ticks_until(self.end).unwrap_or(0)
    }

    /// Makes the stretch longer by the packet whose turn it is, or by what stands in for it.
    fn decode_next(&mut self) -> Taken {
        let cursor = self.cursor.unwrap_or_default();
        let next = self.nearest(cursor);
        if let Some((place, 0)) = next {
            return self.decode(place);
        }
        // Before a packet that begins within the slot only the time up to it is missing.
        let gap = next.map_or(SLOT, |(_, ahead)| ahead.min(SLOT));
        let samples = (gap as usize / TICKS_A_SAMPLE).max(1);
        self.cursor = Some(cursor.wrapping_add(gap));
        self.missing = self.missing.saturating_add(1);
        if self.missing > CONCEALED_SLOTS {
            // Time goes on in silence, so that what comes after it keeps its place.
            self.append_silence(samples);
            return Taken::Nothing;
        }
        let mut made = [0; WIDE_SLOT_SAMPLES];
        let got = self.decoder.conceal(&mut made).min(samples);
        self.append(made.get(..got).unwrap_or_default());
        self.append_silence(samples - got);
        Taken::Concealed
    }

    fn decode(&mut self, place: usize) -> Taken {
        let Some(waiting) = self.waiting.get_mut(place) else { return Taken::Nothing };
        let (at, ticks) = waiting.at.take().unwrap_or_default();
        let mut made = [0; LONGEST_SAMPLES];
        let expected = ticks as usize / TICKS_A_SAMPLE;
        let got = self.decoder.decode(&waiting.octets, &mut made).min(expected);
        waiting.octets.fill(0);
        self.append(made.get(..got).unwrap_or_default());
        self.append_silence(expected - got);
        self.cursor = Some(at.wrapping_add(ticks));
        self.missing = 0;
        Taken::Voice
    }

    /// The waiting packet that is next, and how many ticks ahead it begins; what lies behind is thrown away.
    fn nearest(&mut self, cursor: u32) -> Option<(usize, u32)> {
        let mut nearest: Option<(usize, u32)> = None;
        for (place, waiting) in self.waiting.iter_mut().enumerate() {
            let Some((at, _)) = waiting.at else { continue };
            let ahead = at.wrapping_sub(cursor).cast_signed();
            if ahead < 0 {
                waiting.at = None;
                self.counters.late += 1;
            } else if nearest.is_none_or(|(_, least)| ahead.unsigned_abs() < least) {
                nearest = Some((place, ahead.unsigned_abs()));
            }
        }
        nearest
    }

    fn append(&mut self, samples: &[i16]) {
        for (place, sample) in self.decoded.iter_mut().skip(self.left).zip(samples) {
            *place = *sample;
        }
        self.left = (self.left + samples.len()).min(STRETCH);
    }

    fn append_silence(&mut self, samples: usize) {
        self.decoded.iter_mut().skip(self.left).take(samples).for_each(|sample| *sample = 0);
        self.left = (self.left + samples).min(STRETCH);
    }

    /// A slot was played.
    fn pass(&mut self) {
        let played = self.left.min(WIDE_SLOT_SAMPLES);
        self.decoded.copy_within(played..self.left, 0);
        self.left -= played;
    }
}

impl Drop for Packets {
    /// What was waiting is nobody's any more.
    fn drop(&mut self) {
        self.forget();
        std::hint::black_box(&self.decoded);
    }
}

/// 48 kHz to 16.
const TICKS_A_SAMPLE: usize = 3;
const SLOT: u32 = (WIDE_SLOT_SAMPLES * TICKS_A_SAMPLE) as u32;
/// What is left of a slot, and the longest packet behind it.
const STRETCH: usize = WIDE_SLOT_SAMPLES + LONGEST_SAMPLES;
/// 200 ms in packets of 10 ms.
const MOST_PACKETS: usize = 20;
/// RFC 6716 section 3.2.1: the longest frame; a packet of several frames at a telephone's rate is shorter.
const LONGEST_BYTES: usize = 1_275;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Codec, Encoder};
    use crate::tone;
    use proptest::prelude::*;

    /// As [`crate::stream::Stream`] asks.
    fn promise(buffer: &mut Packets, timestamp: u32) -> Option<i32> {
        let ahead = buffer.ticks_until(timestamp)?;
        buffer.depth.promise(ahead);
        Some(ahead)
    }

    fn key_began(buffer: &mut Packets, timestamp: u32) {
        if let Some(ahead) = buffer.ticks_until(timestamp) {
            buffer.depth.key_began(ahead);
        }
    }

    const START: u32 = u32::MAX - 10_000;

    fn packets(count: u64) -> Vec<(u32, Vec<u8>)> {
        let mut encoder = Encoder::new(Codec::Opus);
        (0..count)
            .map(|slot| {
                let (mut frame, mut coded) = ([0; 320], [0; 160]);
                tone::sine_at(1_000.0, -20.0, 16_000, slot * 320, &mut frame);
                let length = encoder.encode(&frame, &mut coded);
                (START.wrapping_add(slot as u32 * 960), coded[..length].to_vec())
            })
            .collect()
    }

    fn take(packets: &mut Packets) -> (Taken, WideFrame) {
        let mut frame = [0; 320];
        (packets.take(&mut frame), frame)
    }

    #[test]
    fn what_comes_in_any_order_within_the_depth_is_played_as_it_was_said() {
        let sent = packets(60);
        let (mut even, mut swapped) = (Packets::new(), Packets::new());
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for pair in sent.chunks(2) {
            for n in 0..2 {
                even.put(pair[n].0, &pair[n].1);
                a.extend(take(&mut even).1);
                if n == 1 {
                    assert_eq!(swapped.put(pair[1].0, &pair[1].1), Put::Kept);
                    assert_eq!(swapped.put(pair[0].0, &pair[0].1), Put::Kept);
                    assert_eq!(swapped.put(pair[0].0, &pair[0].1), Put::Duplicate);
                }
                if n == 1 || pair[0].0 != START {
                    b.extend(take(&mut swapped).1);
                }
            }
        }
        let level = tone::dbov_at(1_000.0, 16_000, &a[8_000..]);
        assert!((level + 20.0).abs() < 1.5, "{level}");
        let level = tone::dbov_at(1_000.0, 16_000, &b[8_000..]);
        assert!((level + 20.0).abs() < 2.5, "{level}");
        assert_eq!(even.counters().concealed, 0);
    }

    #[test]
    fn a_lost_packet_is_made_up_and_a_pause_is_nothing() {
        let sent = packets(20);
        let mut buffer = Packets::new();
        let mut seen = Vec::new();
        for (n, (at, octets)) in sent.iter().enumerate() {
            if n != 10 {
                buffer.put(*at, octets);
            }
            seen.push(take(&mut buffer).0);
        }
        assert_eq!(seen[11], Taken::Concealed);
        assert!(seen[2..11].iter().chain(&seen[12..]).all(|taken| *taken == Taken::Voice), "{seen:?}");
        let after: Vec<_> = (0..8).map(|_| take(&mut buffer).0).collect();
        assert_eq!(after[0], Taken::Voice);
        assert_eq!(after[1..4], [Taken::Concealed; 3]);
        assert_eq!(after[4..], [Taken::Nothing; 4]);
    }

    #[test]
    fn after_a_pause_a_voice_goes_on_at_its_time() {
        let sent = packets(60);
        let mut buffer = Packets::new();
        for (n, (at, octets)) in sent.iter().enumerate() {
            if !(20..40).contains(&n) {
                assert_eq!(buffer.put(*at, octets), Put::Kept, "{n}");
            }
            let (taken, _) = take(&mut buffer);
            if (28..41).contains(&n) {
                assert_eq!(taken, Taken::Nothing, "{n}");
            }
            if n >= 43 {
                assert_eq!(taken, Taken::Voice, "{n}");
            }
        }
        assert_eq!(buffer.counters().began_anew, 0);
    }

    #[test]
    fn what_is_no_opus_or_too_long_is_refused() {
        let mut buffer = Packets::new();
        assert_eq!(buffer.put(0, &[]), Put::Length);
        // 6 frames of 20 ms.
        assert_eq!(buffer.put(0, &[0x4B, 6, 0, 0, 0, 0, 0, 0]), Put::Length);
        assert_eq!(take(&mut buffer).0, Taken::Nothing);
    }

    proptest! {
        #[test]
        fn no_packet_makes_it_panic_or_hold_more_than_200_ms(
            came in proptest::collection::vec((any::<u16>(), proptest::collection::vec(any::<u8>(), 0..60)), 0..200),
        ) {
            let mut buffer = Packets::new();
            for (n, (jitter, octets)) in came.iter().enumerate() {
                buffer.put((n as u32 * 960).wrapping_add(u32::from(*jitter)), octets);
                match jitter % 7 {
                    0 => _ = promise(&mut buffer, (n as u32 * 960).wrapping_add(u32::from(*jitter))),
                    1 => key_began(&mut buffer, (n as u32 * 960).wrapping_sub(u32::from(*jitter))),
                    _ => {}
                }
                if n % 2 == 0 {
                    take(&mut buffer);
                    buffer.spare(|| true, &mut [0; 320]);
                }
                prop_assert!(buffer.ticks_until(buffer.end).unwrap_or(0) <= 9_600);
            }
        }
    }
}
