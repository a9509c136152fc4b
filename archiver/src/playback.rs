//! A recording opened for listening: its timeline, its voices, the stretches without sound, and the packets of a range.
//!
//! [`Playback::open`] reads what the database knows at that moment and does not change afterwards, so that a sound opened
//! from it keeps its length. [`Playback::packets`] asks anew each time which voices may still be heard: an erased voice
//! falls silent at once, also for somebody who is listening just then.
//!
//! Not here: whether somebody may listen (`access`, `desk`), making sound of packets (`sound`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use spool::id::{EpochId, RecordingId, SeatNo, Slot, TrackId};
use spool::read::{ClockMap, Utc};
use spool::voice::{HEADER_BYTES, Opener};

use crate::io::house::{House, HouseError};
use crate::recording::TrackState;
use crate::sound::timeline::{EpochClock, Timeline};
use crate::sound::{Need, Packets, Part, Sound, SoundError, Whose};
use crate::store::chunks::Chunk;
use crate::store::clocks::Clock;
use crate::store::gaps::Gap;
use crate::store::moments::Moment;
use crate::store::objects::Object;
use crate::store::tracks::Track;
use crate::vault::VaultError;

/// A recording as it could be heard when this was opened.
pub struct Playback {
    pub recording: RecordingId,
    pub timeline: Timeline,
    /// One for each epoch, in their order.
    pub epochs: Vec<EpochClock>,
    pub tracks: Vec<Track>,
    pub gaps: Vec<Gap>,
    pub moments: Vec<Moment>,
    objects: Vec<Object>,
    // A lock and not a message: openers are made on first use by whichever request comes first, and held for a look only.
    openers: Mutex<HashMap<String, Arc<Opener>>>,
}

/// Why a stretch cannot be given. Ours, except for what was erased meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum PlaybackError {
    #[error(transparent)]
    House(#[from] HouseError),
    #[error(transparent)]
    Sound(#[from] SoundError),
    #[error("a voice file in the store does not open: {object}")]
    Voice { object: String, source: spool::voice::VoiceError },
}

impl Playback {
    /// What is known of `recording` now.
    pub async fn open(house: &House, recording: RecordingId) -> Result<Self, PlaybackError> {
        let store = house.store();
        let load = async {
            let chunks = store.chunks(recording).await?;
            let clocks = store.clocks(recording).await?;
            let objects = store.objects(recording).await?;
            let epochs = epochs(&chunks, &clocks, &objects);
            Ok::<_, HouseError>(Self {
                recording,
                timeline: Timeline::of(&epochs),
                epochs,
                tracks: store.tracks(recording).await?,
                gaps: store.gaps(recording).await?,
                moments: store.moments(recording).await?,
                objects,
                openers: Mutex::default(),
            })
        };
        Ok(load.await?)
    }

    /// Voices with sound that can be heard, in the order of their seats.
    pub fn voices(&self) -> Vec<SeatNo> {
        let heard: BTreeSet<TrackId> = self.objects.iter().filter(|o| o.first < o.until).map(|o| o.track).collect();
        let seats: BTreeSet<SeatNo> = self.living().filter(|t| heard.contains(&t.track)).map(|t| t.seat).collect();
        seats.into_iter().collect()
    }

    /// The virtual WAV of all voices or of one.
    pub fn sound(&self, whose: Whose) -> Result<Sound, SoundError> {
        let seats: HashMap<TrackId, SeatNo> = self.living().map(|track| (track.track, track.seat)).collect();
        let part = |object: &Object| {
            let seat = *seats.get(&object.track)?;
            Some(Part { track: object.track, seat, epoch: object.epoch, from: object.first, until: object.until })
        };
        let parts: Vec<Part> = self.objects.iter().filter_map(part).collect();
        Sound::new(&self.timeline, &parts, whose)
    }

    /// Opens the packets that `needs` names. What was erased or destroyed since is left out.
    pub async fn packets(&self, house: &House, needs: &[Need]) -> Result<Packets, PlaybackError> {
        let mut packets = Packets::default();
        if needs.is_empty() {
            return Ok(packets);
        }
        let now = house.store().tracks(self.recording).await.map_err(HouseError::from)?;
        let living: BTreeSet<TrackId> =
            now.iter().filter(|track| track.state == TrackState::Living).map(|track| track.track).collect();
        for need in needs.iter().filter(|need| living.contains(&need.track)) {
            for object in self.objects.iter().filter(|object| object.track == need.track) {
                match self.read(house, object, &need.slots).await {
                    Ok(opened) => opened.into_iter().for_each(|(slot, opus)| packets.put(object.track, slot, opus)),
                    // Erased between our look and the store's answer: from now on a gap.
                    Err(PlaybackError::House(HouseError::Gone | HouseError::Vault(VaultError::Missing(_)))) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(packets)
    }

    /// The bytes of a range, as [`Sound::render`] gives them, with everything fetched that it needs.
    pub async fn render(&self, house: &House, sound: &Sound, bytes: Range<u64>) -> Result<Vec<u8>, PlaybackError> {
        let packets = self.packets(house, &sound.needs(bytes.clone())).await?;
        let sound = sound.clone();
        // Decoding is work, not waiting: off the threads that answer everybody else.
        let done = tokio::task::spawn_blocking(move || sound.render(bytes, &packets)).await;
        Ok(done.unwrap_or_default())
    }

    /// Drops the derived keys; those still allowed are made again when they are needed.
    pub fn forget_keys(&self) {
        self.openers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    }

    #[cfg(test)]
    pub(crate) fn keys_held(&self) -> usize {
        self.openers.lock().unwrap().len()
    }

    fn living(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.state == TrackState::Living)
    }

    /// The packets of `slots` in one voice file: one read of the store from the first record to the last.
    async fn read(
        &self,
        house: &House,
        object: &Object,
        slots: &Range<u64>,
    ) -> Result<Vec<(Slot, Vec<u8>)>, PlaybackError> {
        let within = |record: &&crate::store::objects::Record| {
            let last = record.map.checked_ilog2().map_or(0, u64::from);
            !record.end && record.map != 0 && record.first.0 < slots.end && record.first.0 + last >= slots.start
        };
        let records: Vec<_> = object.records.iter().filter(within).collect();
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(Vec::new()) };
        let (start, end) = (first.offset, last.offset + u64::from(last.len));
        let opener = self.opener(house, object).await?;
        let bytes = house.vault().get_range(&object.name, start, end - start).await.map_err(HouseError::from)?;
        let mut packets = Vec::new();
        for record in records {
            let from = usize::try_from(record.offset - start).unwrap_or(usize::MAX);
            let until = from.saturating_add(record.len as usize);
            let sealed = bytes.get(from..until).unwrap_or_default();
            let opened =
                opener.open(sealed).map_err(|source| PlaybackError::Voice { object: object.name.clone(), source })?;
            packets.extend(opened.into_iter().filter(|(slot, _)| slots.contains(&slot.0)));
        }
        Ok(packets)
    }

    async fn opener(&self, house: &House, object: &Object) -> Result<Arc<Opener>, PlaybackError> {
        if let Some(known) = self.known(&object.name) {
            return Ok(known);
        }
        let header = house.vault().get_range(&object.name, 0, HEADER_BYTES as u64).await.map_err(HouseError::from)?;
        let key = house.file_key(object.track, &object.chunk).await?;
        let opener = Opener::new(&header, &key);
        let opener = opener.map_err(|source| PlaybackError::Voice { object: object.name.clone(), source })?;
        let opener = Arc::new(opener);
        let mut openers = self.openers.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(openers.entry(object.name.clone()).or_insert(opener).clone())
    }

    fn known(&self, object: &str) -> Option<Arc<Opener>> {
        self.openers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(object).cloned()
    }
}

/// One for each epoch, in their order.
fn epochs(chunks: &[Chunk], clocks: &[Clock], objects: &[Object]) -> Vec<EpochClock> {
    let mut spans: BTreeMap<EpochId, (Slot, Slot, i64)> = BTreeMap::new();
    for chunk in chunks {
        let span = spans.entry(chunk.epoch).or_insert((chunk.first, chunk.until, chunk.taken_ms));
        *span = (span.0.min(chunk.first), span.1.max(chunk.until), span.2.min(chunk.taken_ms));
    }
    // A voice may begin with a slot before the first line that was written after it.
    for object in objects.iter().filter(|object| object.first < object.until) {
        if let Some(span) = spans.get_mut(&object.epoch) {
            *span = (span.0.min(object.first), span.1.max(object.until), span.2);
        }
    }
    let mut epochs: Vec<EpochClock> = spans.into_iter().map(|(epoch, span)| of_span(epoch, span, clocks)).collect();
    epochs.sort_by_key(|epoch| (epoch.from_utc_ms, epoch.epoch));
    epochs
}

fn of_span(epoch: EpochId, (from, until, taken_ms): (Slot, Slot, i64), clocks: &[Clock]) -> EpochClock {
    let own = clocks.iter().filter(|clock| clock.epoch == epoch);
    let utc = |clock: &Clock| Utc { utc_ms: clock.utc_ms, error_ms: us_to_ms(clock.error_us), ntp: clock.ntp };
    let readings = ClockMap::of_readings(own.map(|clock| (clock.slot, utc(clock)))).settled();
    let (from_utc_ms, error_ms) = match readings.at(from) {
        Some(utc) => (utc.utc_ms, u32::try_from(utc.error_ms).unwrap_or(u32::MAX)),
        // Without a reading it lies where it was taken in: its order is right, its distance a guess.
        None => (taken_ms.saturating_sub(slots_ms(until.0.saturating_sub(from.0))), GUESS_ERROR_MS),
    };
    EpochClock { epoch, from, until, from_utc_ms, error_ms, readings }
}

fn slots_ms(slots: u64) -> i64 {
    i64::try_from(slots.saturating_mul(Slot::MS)).unwrap_or(i64::MAX)
}

fn us_to_ms(us: i64) -> i64 {
    i64::try_from(us.unsigned_abs().div_ceil(1000)).unwrap_or(i64::MAX)
}

const GUESS_ERROR_MS: u32 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_line_that_says_anything_breaks_nothing() {
        let most = u64::MAX;
        let clock = |slot, utc_ms, error_us| {
            let epoch = EpochId([1; 8]);
            Clock { epoch, slot: Slot(slot), utc_ms, ntp: true, offset_us: 0, error_us }
        };
        for lines in [
            vec![clock(most, i64::MIN, i64::MIN)],
            vec![clock(0, i64::MAX, i64::MAX), clock(most, i64::MIN, 0)],
            vec![clock(0, 0, 0), clock(1, i64::MAX, 0), clock(most, i64::MAX, -1)],
            Vec::new(),
        ] {
            let one = of_span(EpochId([1; 8]), (Slot(0), Slot(most), i64::MIN), &lines);
            let two = of_span(EpochId([2; 8]), (Slot(7), Slot(most), i64::MAX), &[]);
            let line = Timeline::of(&[one, two]);
            assert!(line.ms(EpochId([1; 8]), Slot(most)).is_some() && line.ms(EpochId([2; 8]), Slot(0)).is_some());
        }
    }
}
