//! What the pages show, gathered from database and gateways.
//!
//! Not here: how it looks (`pages`), and whether somebody may see it (asked before).

use jiff::Span;
use spool::id::{RecordingId, SeatNo};

use super::Desk;
use super::listening::Opening;
use super::pages::answers::Answer;
use super::pages::meetings::{Line, Meeting, Meetings, Seat, Standing};
use super::pages::proof::Proof;
use super::pages::recording::{Consent, Listening, Open, Recording};
use super::session::{Signed, Sorry};
use super::stretches::stretches;
use crate::evidence::Chain;
use crate::io::house::{House, HouseError};
use crate::playback::Playback;
use crate::recording::State;
use crate::retention::{self, Facts, Rule, Verdict, berlin_day};
use crate::store::{self, StoreError};

pub(super) async fn meetings(house: &House) -> Result<Meetings, HouseError> {
    let asked = house.gateways().now().await;
    // One gateway that does not answer is said, the others are shown.
    let gateway_away = asked.is_empty() || asked.iter().any(|now| now.meetings.is_err());
    let now: Vec<_> = asked.into_iter().filter_map(|now| now.meetings.ok()).flatten().collect();
    let mut meetings = Vec::new();
    for meeting in house.store().meetings().await? {
        let mut recordings = Vec::new();
        for recording in house.store().recordings(Some(meeting.id)).await? {
            let tracks = house.store().tracks(recording.id).await?;
            let mut seats: Vec<SeatNo> = tracks.iter().map(|track| track.seat).collect();
            seats.sort_unstable();
            seats.dedup();
            recordings.push(Line {
                id: recording.id,
                started_ms: recording.started_ms,
                voices: u32::try_from(seats.len()).unwrap_or(u32::MAX),
                standing: standing(recording.state),
            });
        }
        let here = now.iter().filter(|now| now.id == meeting.id);
        // The home gateway comes first and says how the meeting stands; where nobody is, another may know more.
        let home = here.clone().find(|now| now.recording.is_some()).or(here.clone().next());
        meetings.push(Meeting {
            id: meeting.id,
            number: meeting.number,
            title: meeting.title,
            seats: here.clone().flat_map(|now| &now.seats).map(seat).collect(),
            record: home.map_or(control::Record::Off, |now| now.record),
            paused_by: home.and_then(|now| now.paused_by),
            recording_on: home.is_some_and(|now| now.recording_on),
            locked: home.is_some_and(|now| now.locked),
            agenda: home.and_then(|now| now.agenda),
            keys_low: here.map(|now| now.keys_left).min().filter(|left| *left < FEW_KEYS),
            recordings,
        });
    }
    Ok(Meetings { meetings, gateway_away, ended: None })
}

fn seat(seat: &control::SeatNow) -> Seat {
    Seat {
        seat: seat.seat,
        role: seat.role,
        in_room: match seat.state {
            control::SeatState::InRoom => true,
            control::SeatState::Arriving => false,
        },
        recorded: seat.recorded,
        muted: seat.muted,
        shared: seat.shared,
        hand: seat.hand,
        wants_help: seat.wants_help,
    }
}

pub(super) async fn recording(
    desk: &Desk,
    who: &Signed,
    id: RecordingId,
    voice: Option<SeatNo>,
    missing: bool,
) -> Result<Recording, Sorry> {
    let house = &desk.house;
    let gathered = async {
        let Some(row) = house.store().recording(id).await? else { return Ok(None) };
        let meeting = house.store().meeting(row.meeting).await?;
        let stone = house.store().tombstone(id).await?;
        // The rows of exports go with the recording; the proof then knows them.
        let exports = match house.store().proof(id).await? {
            Some(proof) => super::api::proof::told(&proof, row.started_ms).map_or(0, |told| told.exports),
            None => house.store().exports(id).await?.len() as u64,
        };
        let consent = consent(house, id).await?;
        Ok::<_, HouseError>(Some((row, meeting, stone, exports, consent)))
    };
    let Some((row, meeting, stone, exports, consent)) = gathered.await.map_err(|error| who.trouble(&error))? else {
        return Err(who.sorry(Answer::Missing));
    };
    let playback = Playback::open(house, id).await.map_err(|error| who.trouble(&error))?;
    let stretches =
        stretches(&playback.timeline, &playback.epochs, &playback.tracks, &playback.gaps, &playback.moments);
    let (length_ms, voices) = (playback.timeline.slots() * spool::id::Slot::MS, playback.voices());
    let error_ms = playback.timeline.error_ms();
    let listening = listening(desk, who, &row, playback, voice, missing)?;
    let approved = match row.state {
        State::Approved { day } => Some(day),
        State::Receiving | State::Kept | State::Due | State::Destroying | State::Destroyed => None,
    };
    let today = house.clock().today();
    let destroy = stone.map_or_else(|| end(&row, approved, today), |stone| berlin_day(stone.destroyed_ms));
    Ok(Recording {
        id,
        meeting_number: meeting.map(|meeting| meeting.number).unwrap_or_default(),
        destroy,
        if_approved: end(&row, Some(today), today),
        approved,
        title: row.title.unwrap_or_default(),
        started_ms: row.started_ms,
        ended_ms: row.ended_ms.filter(|_| row.state != State::Receiving),
        length_ms,
        standing: standing(row.state),
        rule: row.rule,
        voices,
        stretches,
        error_ms,
        consent,
        exports,
        listening,
    })
}

pub(super) async fn proof(house: &House, id: RecordingId) -> Result<Option<Proof>, HouseError> {
    let Some(row) = house.store().recording(id).await? else { return Ok(None) };
    let Some(proof) = house.store().proof(id).await? else { return Ok(None) };
    let told = super::api::proof::told(&proof, row.started_ms);
    Ok(Some(told.ok_or(StoreError::Row { table: "proofs", column: "text" })?))
}

fn listening(
    desk: &Desk,
    who: &Signed,
    row: &store::recordings::Recording,
    playback: Playback,
    voice: Option<SeatNo>,
    missing: bool,
) -> Result<Listening, Sorry> {
    let now_ms = desk.house.clock().now_ms();
    let voices = playback.voices();
    if !row.state.is_living() || voices.is_empty() {
        return Ok(Listening::Nothing);
    }
    if desk.house.archive().is_err() {
        return Ok(Listening::Locked);
    }
    if !desk.listenings.is_granted(&who.session, row.id, now_ms) {
        return Ok(Listening::Ask { missing });
    }
    let opening = Opening::of(playback).map_err(|error| who.trouble(&error))?;
    let Some(granted) = desk.listenings.open(&who.session, row.id, opening, now_ms) else {
        return Ok(Listening::Ask { missing });
    };
    Ok(Listening::Open(Open {
        purpose: who.viewer.texts().say(granted.key),
        until_ms: granted.until_ms,
        sound: format!("/aufnahmen/{}/ton/{}", row.id, granted.opening),
        voice: voice.filter(|voice| voices.contains(voice)),
    }))
}

/// The day of destruction: the one after the term's last (BGB 188).
fn end(
    row: &store::recordings::Recording,
    approved: Option<jiff::civil::Date>,
    today: jiff::civil::Date,
) -> jiff::civil::Date {
    let by_gateway = berlin_day(row.destroy_by_ms);
    let Ok(rule) = Rule::named(&row.rule) else { return by_gateway };
    let facts = Facts { started: berlin_day(row.started_ms), approved };
    let last = match retention::decide(&rule, &facts, today) {
        Verdict::Keep { last, anchor: _ } | Verdict::Destroy { last, anchor: _ } => last,
    };
    last.saturating_add(Span::new().days(1))
}

fn standing(state: State) -> Standing {
    match state {
        State::Receiving => Standing::Running,
        State::Kept => Standing::Kept,
        State::Approved { .. } => Standing::Approved,
        State::Due | State::Destroying => Standing::Destroying,
        State::Destroyed => Standing::Destroyed,
    }
}

async fn consent(house: &House, id: RecordingId) -> Result<Consent, HouseError> {
    let mut consent = Consent::default();
    for (kind, count) in house.store().count_links(Chain::Consent, id).await? {
        match kind.as_str() {
            "given" => consent.given += count,
            "refused" => consent.refused += count,
            "timed_out" => consent.timed_out += count,
            "withdrawn" => consent.withdrawn += count,
            // Offered, kept, erased, hung up: steps on the way, no decision of their own.
            _ => {}
        }
    }
    Ok(consent)
}

/// A quarter of the pool of 200.
const FEW_KEYS: u32 = 50;
