//! Which slots of which tracks make a stretch of sound, and the bytes of it: Opus packets in, WAV out.
//!
//! A [`Sound`] is one virtual WAV, 16 kHz mono s16, whose length is fixed when it is made. Ask it what a range of bytes
//! [`needs`](Sound::needs), fetch those packets, and [`render`](Sound::render) the range: no mixdown is ever stored.
//! Any cut into ranges gives the bytes of the whole, because a sample depends on the packets of its own second and of
//! the half second before, never on where somebody began to listen.
//!
//! Not here: fetching and opening packets (`vault`, `spool::voice`), who may listen (`access`), files (`export`).

pub mod decode;
pub mod timeline;
pub mod wav;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use spool::id::{EpochId, SeatNo, Slot, TrackId};

use decode::Decoder;
use timeline::Timeline;

/// Samples a second of everything that is rendered.
pub const SAMPLE_RATE: u32 = 16_000;
/// Samples of one slot of 20 ms.
pub const SLOT_SAMPLES: usize = 320;
/// Bytes of one slot: s16, one channel.
pub const SLOT_BYTES: u64 = SLOT_SAMPLES as u64 * 2;

/// What is kept of one track within one epoch: `from` to `until`, exclusive. Slots in between may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub track: TrackId,
    pub seat: SeatNo,
    pub epoch: EpochId,
    pub from: Slot,
    pub until: Slot,
}

/// Whose voice is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    All,
    One(SeatNo),
}

/// Packets that a range needs: those of `track` in `slots`, as many as there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub track: TrackId,
    pub slots: Range<u64>,
}

/// Opened Opus packets, 20 ms each, by track and slot. More than needed does no harm; a missing one is silence.
#[derive(Default)]
pub struct Packets(HashMap<TrackId, BTreeMap<Slot, Vec<u8>>>);

impl Packets {
    pub fn put(&mut self, track: TrackId, slot: Slot, opus: Vec<u8>) {
        self.0.entry(track).or_default().insert(slot, opus);
    }
}

/// Why there is no sound to make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    #[error("the recording is longer than one WAV can be: {hours} hours")]
    TooLong { hours: u64 },
    #[error("track {0} lies in an epoch without any clock reading")]
    NoClock(TrackId),
}

/// One virtual WAV of a recording.
#[derive(Clone, Debug)]
pub struct Sound {
    parts: Vec<Placed>,
    slots: u64,
}

/// A piece of a part, or the whole of it.
#[derive(Clone, Copy, Debug)]
struct Placed {
    part: Part,
    /// The voice's own first slot: a decoder may hear from there on before the piece begins.
    begins: Slot,
    /// Where the piece's first slot lies on the recording's timeline.
    at: u64,
}

impl Sound {
    /// Every voice, or one, on the timeline of the whole recording: one voice lasts as long as all of them, so that a
    /// moment has the same time in both.
    pub fn new(timeline: &Timeline, parts: &[Part], whose: Whose) -> Result<Self, SoundError> {
        let slots = timeline.slots();
        if slots.saturating_mul(SLOT_BYTES) > wav::MOST_DATA_BYTES {
            return Err(SoundError::TooLong { hours: slots / (50 * 3600) });
        }
        let wanted = parts.iter().filter(|part| match whose {
            Whose::All => true,
            Whose::One(seat) => part.seat == seat,
        });
        // A track handed over in several chunks is one voice that went on: a decoder must not start again between them.
        let mut joined: BTreeMap<(TrackId, EpochId), Part> = BTreeMap::new();
        for part in wanted.filter(|part| part.from < part.until) {
            let known = joined.entry((part.track, part.epoch)).or_insert(*part);
            known.from = known.from.min(part.from);
            known.until = known.until.max(part.until);
        }
        let mut parts = Vec::new();
        for part in joined.into_values() {
            let pieces = timeline.pieces(part.epoch, part.from..part.until).ok_or(SoundError::NoClock(part.track))?;
            parts.extend(pieces.into_iter().map(|(piece, at)| {
                let begins = part.from;
                Placed { part: Part { from: piece.start, until: piece.end, ..part }, begins, at }
            }));
        }
        Ok(Self { parts, slots })
    }

    /// Length of the whole file, header included.
    pub fn bytes(&self) -> u64 {
        wav::HEADER_BYTES + self.slots * SLOT_BYTES
    }

    /// Length in milliseconds.
    pub fn ms(&self) -> u64 {
        self.slots * Slot::MS
    }

    /// The packets that `bytes` is made of.
    pub fn needs(&self, bytes: Range<u64>) -> Vec<Need> {
        let wanted = self.slots_of(&bytes);
        self.parts
            .iter()
            .filter_map(|placed| {
                let own = placed.own_slots(&wanted);
                (!own.is_empty()).then(|| Need { track: placed.part.track, slots: placed.with_run_up(&own) })
            })
            .collect()
    }

    /// The bytes of `bytes`, cut to the file's end. Packets that are not there are silence.
    pub fn render(&self, bytes: Range<u64>, packets: &Packets) -> Vec<u8> {
        let bytes = bytes.start..bytes.end.min(self.bytes());
        if bytes.is_empty() {
            return Vec::new();
        }
        let wanted = self.slots_of(&bytes);
        let mut sum = vec![0_i32; count(&wanted) * SLOT_SAMPLES];
        for placed in &self.parts {
            if let Some(kept) = packets.0.get(&placed.part.track) {
                placed.add_to(&mut sum, &wanted, kept);
            }
        }

        let header = wav::header(self.slots * SLOT_BYTES);
        let mut out = Vec::with_capacity(count(&bytes));
        if let Some(head) = header.get(clamped(&bytes, 0, wav::HEADER_BYTES)) {
            out.extend_from_slice(head);
        }
        let pcm: Vec<u8> = sum.into_iter().flat_map(|sample| limit(sample).to_le_bytes()).collect();
        let first = wav::HEADER_BYTES + wanted.start * SLOT_BYTES;
        if let Some(body) = pcm.get(clamped(&bytes, first, pcm.len() as u64)) {
            out.extend_from_slice(body);
        }
        out
    }

    /// The slots of the timeline that `bytes` touches.
    fn slots_of(&self, bytes: &Range<u64>) -> Range<u64> {
        let from = bytes.start.saturating_sub(wav::HEADER_BYTES) / SLOT_BYTES;
        let until = bytes.end.saturating_sub(wav::HEADER_BYTES).div_ceil(SLOT_BYTES);
        from.min(self.slots)..until.min(self.slots)
    }
}

impl Placed {
    /// The part's own slots (of its epoch) within `wanted` slots of the timeline.
    fn own_slots(&self, wanted: &Range<u64>) -> Range<u64> {
        let (from, until) = (self.part.from.0, self.part.until.0);
        let own = |t: u64| from.saturating_add(t.saturating_sub(self.at)).min(until);
        own(wanted.start)..own(wanted.end)
    }

    /// `own` from the start of its block, and what a decoder must hear first.
    fn with_run_up(&self, own: &Range<u64>) -> Range<u64> {
        (own.start - own.start % BLOCK_SLOTS).saturating_sub(RUN_UP_SLOTS).max(self.begins.0)..own.end
    }

    /// Adds this part's sound to `sum`, which begins at `wanted.start`.
    fn add_to(&self, sum: &mut [i32], wanted: &Range<u64>, kept: &BTreeMap<Slot, Vec<u8>>) {
        let own = self.own_slots(wanted);
        let Some(mut decoder) = Decoder::new() else { return };
        let mut block = own.start - own.start % BLOCK_SLOTS;
        while block < own.end {
            let run_up = block.saturating_sub(RUN_UP_SLOTS).max(self.begins.0);
            let end = (block + BLOCK_SLOTS).min(own.end);
            decoder.restart();
            for (slot, packet) in kept.range(Slot(run_up)..Slot(end)) {
                let Some(pcm) = decoder.slot(*slot, packet) else { continue };
                // A block is decoded from its own run-up whatever came before it: what was heard earlier must not
                // change a sample, or two cuts of the same file would differ.
                if slot.0 < block.max(own.start) {
                    continue;
                }
                let place = (self.at + (slot.0 - self.part.from.0) - wanted.start) as usize * SLOT_SAMPLES;
                let Some(room) = sum.get_mut(place..place + SLOT_SAMPLES) else { continue };
                room.iter_mut().zip(pcm).for_each(|(sum, sample)| *sum += i32::from(*sample));
            }
            block += BLOCK_SLOTS;
        }
    }
}

/// The sum of all voices as one sample: unchanged up to three quarters of full scale, bent above, never wrapped.
///
/// It has no memory, so a sample does not depend on where rendering began.
fn limit(sum: i32) -> i16 {
    let loud = i64::from(sum.unsigned_abs());
    let level = if loud <= KNEE {
        loud
    } else {
        let over = loud - KNEE;
        let room = i64::from(i16::MAX) - KNEE;
        KNEE + over * room / (over + room)
    };
    let level = i16::try_from(level).unwrap_or(i16::MAX);
    if sum < 0 { -level } else { level }
}

/// `bytes` as places within a piece of `len` bytes that begins at `first`.
fn clamped(bytes: &Range<u64>, first: u64, len: u64) -> Range<usize> {
    let place = |byte: u64| usize::try_from(byte.saturating_sub(first).min(len)).unwrap_or(usize::MAX);
    place(bytes.start)..place(bytes.end)
}

fn count(range: &Range<u64>) -> usize {
    usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)
}

/// Decoders begin anew at every block of this many slots of the epoch (one second) …
const BLOCK_SLOTS: u64 = 50;
/// … after having heard this many slots before it: one record of at most 500 ms.
const RUN_UP_SLOTS: u64 = 25;
/// Three quarters of full scale.
const KNEE: i64 = 24_576;

#[cfg(test)]
mod tests;
