//! Everything a chunk says, in one transaction; orders are looked at once more within it.
//!
//! Not here: the sound itself (`upload`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use spool::id::{EpochId, MeetingId, RecordingId, SeatNo, SectionId, Slot, TrackId};
use spool::line::{Act, CloseWhy, Head, MediaEvent, SeatFact, TrackFact};
use spool::read::{Chunk, Voice};

use super::upload::Uploaded;
use super::{Intake, IntakeError, Taken};
use crate::evidence::Deed;
use crate::recording::{Event, Mover, Refused, TrackState};
use crate::store::clocks::Clock;
use crate::store::gaps::Gap;
use crate::store::moments::Moment;
use crate::store::objects::{Object, Record};
use crate::store::tracks::Track;
use crate::store::{StoreError, Tx};

impl Intake {
    pub(super) async fn commit(&self, chunk: &Chunk, uploaded: &[Uploaded], now_ms: i64) -> Result<Taken, IntakeError> {
        let recording = chunk.head.recording;
        // Where several gateways hold the meeting, the last word of one is not the end: `io::link` asks them all.
        let alone = self.store.gateways_of(chunk.head.meeting).await?.len() <= 1;
        let mut tx = self.store.begin().await?;
        match tx.move_recording(recording, Event::ChunkTaken, Mover::Gateway).await {
            Ok(_) => {}
            Err(StoreError::Refused(Refused::TooLate)) => return Ok(Taken::TooLate),
            Err(error) => return Err(error.into()),
        }
        if !tx.add_chunk(&chunk_row(chunk, now_ms)).await? {
            return Ok(Taken::Before);
        }
        for fact in seats_of(chunk).into_values() {
            tx.add_seat(recording, fact.seat, &word(&fact.kind), chunk.head.gateway).await?;
        }
        let erased = self.add_voices(&mut tx, chunk, uploaded, now_ms).await?;
        add_events(&mut tx, chunk, &erased).await?;
        add_acts(&mut tx, chunk).await?;
        if let Some(ended) = spool::read::clock(chunk).at(chunk.until) {
            tx.heard_until(recording, ended.utc_ms).await?;
        }
        if alone && is_last(chunk) {
            tx.move_recording(recording, Event::GatheringEnded, Mover::Gateway).await?;
        }
        let object = recording.to_string();
        let deed = Deed { kind: "chunk_taken", detail: Some(&chunk.name), ..archive(&object) };
        tx.audit(&deed, Some(recording), now_ms).await?;
        tx.commit().await?;
        Ok(Taken::New)
    }

    /// Adds every voice the chunk speaks of; the answer is those that are erased.
    async fn add_voices(
        &self,
        tx: &mut Tx,
        chunk: &Chunk,
        uploaded: &[Uploaded],
        now_ms: i64,
    ) -> Result<BTreeSet<TrackId>, IntakeError> {
        let mut erased: BTreeSet<TrackId> = tx.erased_by_order(chunk.head.recording).await?.into_iter().collect();
        erased.extend(&chunk.erased);
        let ends = ends_of(chunk);
        for fact in facts_of(chunk).into_values() {
            let voice = chunk.voices.iter().find(|voice| voice.fact.track == fact.track);
            // A key that was destroyed says "erased" whoever ordered it.
            let lives = !erased.contains(&fact.track) && tx.use_key(fact.track, now_ms).await?;
            let state = match voice.map(|voice| &voice.uncovered) {
                Some(_) | None if !lives => TrackState::Erased,
                Some(Some(_)) => TrackState::Quarantined,
                Some(None) | None => TrackState::Living,
            };
            let until = ends.get(&fact.track).copied().or(voice.and_then(|voice| voice.until));
            tx.note_track(&Track {
                track: fact.track,
                recording: chunk.head.recording,
                seat: fact.seat,
                epoch: chunk.head.epoch,
                from: fact.from,
                until,
                state,
                erased_ms: (!lives).then_some(now_ms),
            })
            .await?;
            if let (Some(voice), Some(uploaded)) = (voice, uploaded.iter().find(|up| up.track == fact.track)) {
                tx.add_object(&object(chunk, voice, uploaded, !lives)).await?;
                if lives {
                    let envelope = serde_json::to_vec(&voice.envelope).unwrap_or_default();
                    tx.add_envelope(&chunk.name, fact.track, &envelope).await?;
                }
            }
            if !lives {
                erased.insert(fact.track);
                tx.forget_voice(fact.track, now_ms).await?;
            }
        }
        Ok(erased)
    }
}

impl Tx {
    /// Everything of a voice goes that can go at once: the private half first. The store is emptied after the commit.
    pub(super) async fn forget_voice(&mut self, track: TrackId, now_ms: i64) -> Result<(), StoreError> {
        self.destroy_key(track, now_ms).await?;
        self.erase_track(track, now_ms).await?;
        self.drop_envelopes(track).await?;
        self.drop_gaps(track).await?;
        self.doom_objects(track).await
    }
}

/// Every track a chunk speaks of.
pub(super) fn tracks_of(chunk: &Chunk) -> BTreeSet<TrackId> {
    facts_of(chunk).into_keys().chain(chunk.erased.iter().copied()).collect()
}

/// What the archive itself does to `object`, an id.
pub(super) fn archive(object: &str) -> Deed<'_> {
    Deed { kind: "", by: "archive", role: "archive", object, purpose: None, detail: None }
}

fn facts_of(chunk: &Chunk) -> BTreeMap<TrackId, TrackFact> {
    let later = chunk.media.iter().filter_map(|(_, event)| event.begun().copied());
    let voices = chunk.voices.iter().map(|voice| voice.fact);
    chunk.head.tracks.iter().copied().chain(later).chain(voices).map(|fact| (fact.track, fact)).collect()
}

fn ends_of(chunk: &Chunk) -> BTreeMap<TrackId, Slot> {
    chunk.media.iter().filter_map(|(_, event)| event.ended()).collect()
}

pub(super) fn seats_of(chunk: &Chunk) -> BTreeMap<SeatNo, SeatFact> {
    let mut seats: BTreeMap<SeatNo, SeatFact> = chunk.head.seats.iter().map(|fact| (fact.seat, *fact)).collect();
    for (_, event) in &chunk.media {
        if let MediaEvent::Seat(fact) = event {
            seats.insert(fact.seat, *fact);
        }
    }
    seats
}

async fn add_events(tx: &mut Tx, chunk: &Chunk, erased: &BTreeSet<TrackId>) -> Result<(), StoreError> {
    let (recording, epoch) = (chunk.head.recording, chunk.head.epoch);
    tx.add_clock(recording, &clock(epoch, chunk.begun, &chunk.head.clock)).await?;
    for (slot, event) in &chunk.media {
        let moment = |kind: &str, detail: Option<String>| Moment { epoch, slot: *slot, kind: kind.to_owned(), detail };
        match event {
            MediaEvent::Gap { whose, from, until, reason } => {
                let track = whose.track();
                if track.is_none_or(|track| !erased.contains(&track)) {
                    let gap = Gap { track, epoch, from: *from, until: *until, reason: word(reason) };
                    tx.add_gap(recording, &gap).await?;
                }
            }
            MediaEvent::Clock(said) => tx.add_clock(recording, &clock(epoch, *slot, said)).await?,
            MediaEvent::Started => tx.add_moment(recording, &moment("started", None)).await?,
            MediaEvent::Paused => tx.add_moment(recording, &moment("paused", None)).await?,
            MediaEvent::Resumed => tx.add_moment(recording, &moment("resumed", None)).await?,
            MediaEvent::Stopped => tx.add_moment(recording, &moment("stopped", None)).await?,
            MediaEvent::Marker { text_id } => {
                tx.add_moment(recording, &moment("marker", Some(text_id.clone()))).await?;
            }
            MediaEvent::OffRecord { on: true } => tx.add_moment(recording, &moment("off_record_on", None)).await?,
            MediaEvent::OffRecord { on: false } => tx.add_moment(recording, &moment("off_record_off", None)).await?,
            MediaEvent::Interrupted => tx.add_moment(recording, &moment("interrupted", None)).await?,
            // Told by the rows of seats, tracks and the chunk itself.
            MediaEvent::Seat(_) | MediaEvent::Left { .. } | MediaEvent::Track(_) | MediaEvent::TrackEnded { .. } => {}
            // What was lost meanwhile is a gap of each voice.
            MediaEvent::State { .. } => {}
            MediaEvent::Erased { .. } | MediaEvent::Close { .. } => {}
        }
    }
    Ok(())
}

fn clock(epoch: EpochId, slot: Slot, said: &spool::line::Clock) -> Clock {
    let spool::line::Clock { utc_ms, ntp, offset_us, error_us } = *said;
    Clock { epoch, slot, utc_ms, ntp, offset_us, error_us }
}

/// An act with its name and all that its line leaves to the chunk's head; ids only.
#[derive(Serialize)]
struct Said<'a> {
    /// The chunk's name and the number of the act's line: no other act has it.
    event: String,
    meeting: MeetingId,
    recording: RecordingId,
    section: SectionId,
    epoch: EpochId,
    slot: Slot,
    #[serde(flatten)]
    act: &'a Act,
}

async fn add_acts(tx: &mut Tx, chunk: &Chunk) -> Result<(), StoreError> {
    let Head { meeting, recording, section, epoch, started_ms, .. } = chunk.head;
    let ends_ms = started_ms.saturating_add(EVIDENCE_KEPT_MS);
    for (n, (slot, act)) in chunk.acts.iter().enumerate() {
        let event = format!("{}/{n}", chunk.name);
        let said = Said { event, meeting, recording, section, epoch, slot: *slot, act };
        let said = serde_json::to_string(&said).unwrap_or_default();
        tx.consent(&word(&act.kind), said, recording, act.utc_ms, ends_ms).await?;
    }
    Ok(())
}

fn chunk_row(chunk: &Chunk, now_ms: i64) -> crate::store::chunks::Chunk {
    crate::store::chunks::Chunk {
        name: chunk.name.clone(),
        hash: chunk.hash.clone(),
        recording: chunk.head.recording,
        section: chunk.head.section,
        epoch: chunk.head.epoch,
        number: chunk.head.chunk,
        first: chunk.begun,
        until: chunk.until,
        interrupted: chunk.interrupted,
        taken_ms: now_ms,
    }
}

fn object(chunk: &Chunk, voice: &Voice, uploaded: &Uploaded, doomed: bool) -> Object {
    let record = |r: &spool::voice::Record| Record {
        offset: r.offset,
        len: r.len,
        counter: r.counter,
        first: r.first,
        map: r.map,
        end: r.end,
    };
    let sound = || voice.records.iter().filter(|record| !record.end);
    let first = sound().map(|record| record.first).next().unwrap_or(voice.fact.from);
    Object {
        name: uploaded.name.clone(),
        recording: chunk.head.recording,
        chunk: chunk.name.clone(),
        track: voice.fact.track,
        epoch: chunk.head.epoch,
        first,
        until: sound().filter_map(|record| record.until()).next_back().unwrap_or(first),
        bytes: uploaded.bytes,
        sha256: uploaded.sha256.clone(),
        records: voice.records.iter().map(record).collect(),
        doomed,
    }
}

fn is_last(chunk: &Chunk) -> bool {
    chunk.media.iter().any(|(_, event)| match event {
        MediaEvent::Close { why, .. } => match why {
            CloseWhy::LastSeatLeft | CloseWhy::End => true,
            // After an interruption the gathering may go on in a new epoch; `io::link` asks the gateway.
            CloseWhy::Time | CloseWhy::Section | CloseWhy::Withdrawal | CloseWhy::Cut | CloseWhy::Interrupted => false,
        },
        MediaEvent::Seat(_) | MediaEvent::Left { .. } | MediaEvent::Track(_) | MediaEvent::TrackEnded { .. } => false,
        MediaEvent::Gap { .. } | MediaEvent::Clock(_) | MediaEvent::State { .. } | MediaEvent::Marker { .. } => false,
        MediaEvent::Started | MediaEvent::Paused | MediaEvent::Resumed | MediaEvent::Stopped => false,
        MediaEvent::OffRecord { .. } | MediaEvent::Erased { .. } | MediaEvent::Interrupted => false,
    })
}

/// The word under which a value without fields stands in the journals.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Four years from the meeting's start (consent evidence): the end of its payload, not of its hash.
const EVIDENCE_KEPT_MS: i64 = 4 * 365 * 24 * 3_600_000;
