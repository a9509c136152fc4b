//! Why something verified is none of ours: a signature says who sent it, not that what it says can be true.
//!
//! A gateway with a wrong clock would otherwise end a recording at once, or never.
//!
//! Not here: signatures, hashes, permits (`spool::read`).

use jiff::Span;
use spool::id::{GatewayId, MeetingId, RecordingId, TrackId};
use spool::line::Head;
use spool::read::Chunk;

use super::{Intake, IntakeError, commit};
use crate::retention::{Rule, berlin_day, day_start_ms};
use crate::store::recordings::Recording;

impl Intake {
    /// Why a verified chunk is none of ours, if so.
    pub(super) async fn foreign(&self, chunk: &Chunk, now_ms: i64) -> Result<Option<String>, IntakeError> {
        let head = &chunk.head;
        let meeting = head.meeting;
        if self.store.meeting(meeting).await?.is_none() {
            return Ok(Some(format!("the meeting {meeting} is not known here")));
        }
        let rule = match Rule::named(&head.rule) {
            Ok(rule) => rule,
            Err(unknown) => return Ok(Some(unknown.to_string())),
        };
        match self.store.recording(head.recording).await? {
            Some(known) if !continues(head, &known) || !self.may_record(head.gateway, &known).await? => {
                return Ok(Some(format!("it is no part of the recording {} as it is known here", head.recording)));
            }
            // Later chunks of it may come as late as they like: it decides.
            Some(_) => {}
            None => {
                if let Some(why) = no_beginning(head, &rule, now_ms) {
                    return Ok(Some(why));
                }
            }
        }
        if head.destroy_by_ms > latest_end_ms(head.started_ms, &rule) {
            return Ok(Some(format!("its end {} lies beyond the cap of its rule", head.destroy_by_ms)));
        }
        for track in commit::tracks_of(chunk) {
            if let Some(why) = self.foreign_voice(track, meeting, head.recording, head.gateway).await? {
                return Ok(Some(why));
            }
        }
        for seat in commit::seats_of(chunk).into_keys() {
            let at = self.store.gateway_of_seat(head.recording, seat).await?;
            if at.is_some_and(|at| at != head.gateway) {
                return Ok(Some(format!("{seat} is at another gateway")));
            }
        }
        Ok(None)
    }

    /// May this gateway say something of the recording: the one that began it, or another that the meeting was put to?
    pub(super) async fn may_record(&self, gateway: GatewayId, of: &Recording) -> Result<bool, IntakeError> {
        Ok(gateway == of.gateway || self.store.gateways_of(of.meeting).await?.contains(&gateway))
    }

    /// Why a voice is none of this recording, if so.
    pub(super) async fn foreign_voice(
        &self,
        track: TrackId,
        meeting: MeetingId,
        recording: RecordingId,
        gateway: GatewayId,
    ) -> Result<Option<String>, IntakeError> {
        if self.store.meeting_of_key(track).await? != Some(meeting) {
            return Ok(Some(format!("the voice {track} is sealed to a key that was not minted here for this meeting")));
        }
        let minted_for = self.store.track_key(track).await?.and_then(|key| key.gateway);
        if minted_for.is_some_and(|other| other != gateway) {
            return Ok(Some(format!("the voice {track} is sealed to the key of another gateway")));
        }
        let elsewhere = self.store.track(track).await?.is_some_and(|known| known.recording != recording);
        Ok(elsewhere.then(|| format!("the voice {track} is one of another recording")))
    }
}

/// Every gateway of a recording says the same of it in every chunk.
fn continues(head: &Head, known: &Recording) -> bool {
    (head.meeting, head.started_ms) == (known.meeting, known.started_ms)
        && (&head.rule, &head.rule_hash) == (&known.rule, &known.rule_hash)
}

/// Why no recording of ours can begin so, if so.
fn no_beginning(head: &Head, rule: &Rule, now_ms: i64) -> Option<String> {
    let started = head.started_ms;
    let back = Span::new().months(i64::from(rule.cap_months)).days(LATE_DAYS);
    let earliest = day_start_ms(berlin_day(now_ms).saturating_sub(back));
    if started < earliest || started > now_ms.saturating_add(DAY_MS) {
        return Some(format!("its start {started} cannot be true: by our clock it is {now_ms} now"));
    }
    (head.rule_hash != rule.hash()).then(|| format!("its rule {} is not the one of that name here", head.rule))
}

/// The end of the last day under the cap, and one day for clocks and zones.
fn latest_end_ms(started_ms: i64, rule: &Rule) -> i64 {
    let over = Span::new().months(i64::from(rule.cap_months)).days(2);
    day_start_ms(berlin_day(started_ms).saturating_add(over))
}

/// So long a chunk may have waited in its spool beyond the cap and still be told from a wrong clock.
const LATE_DAYS: i64 = 7;
const DAY_MS: i64 = 24 * 3_600_000;
