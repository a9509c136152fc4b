//! The stretches of a recording in which not everything is there, as the player's page tells them.
//!
//! Pure. *Off record* is a span in which some seat in the room had no permit. Gaps that follow from who spoke then
//! (bleed) or who pressed a key are not told: they would say when a person without permit spoke.
//!
//! Not here: how they look (`pages::recording`), and which gaps there are (`store::gaps`).

use spool::id::{EpochId, Slot};

use super::pages::recording::{Stretch, Why};
use crate::recording::TrackState;
use crate::sound::timeline::{EpochClock, Timeline};
use crate::store::gaps::Gap;
use crate::store::moments::Moment;
use crate::store::tracks::Track;

/// Everything that is missing, by time; what is one stretch is told once.
pub(super) fn stretches(
    timeline: &Timeline,
    epochs: &[EpochClock],
    tracks: &[Track],
    gaps: &[Gap],
    moments: &[Moment],
) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut add = |epoch: EpochId, from: Slot, until: Slot, why: Why| {
        if let (Some(from_ms), Some(until_ms)) = (timeline.ms(epoch, from), timeline.ms(epoch, until)) {
            found.push(Stretch { from_ms, until_ms, why });
        }
    };
    for epoch in epochs {
        for (from, until, why) in spans(epoch, moments) {
            add(epoch.epoch, from, until, why);
        }
        let erased = tracks.iter().filter(|track| track.epoch == epoch.epoch && track.state == TrackState::Erased);
        for track in erased {
            add(epoch.epoch, track.from, track.until.unwrap_or(epoch.until).min(epoch.until), Why::Erased);
        }
    }
    for gap in gaps {
        if let Some(why) = reason(&gap.reason) {
            add(gap.epoch, gap.from, gap.until, why);
        }
    }
    between(timeline, epochs, &mut found);
    merged(found)
}

/// Off record and paused within one epoch; what nobody ended lasts to the epoch's end.
fn spans(epoch: &EpochClock, moments: &[Moment]) -> Vec<(Slot, Slot, Why)> {
    let mut spans = Vec::new();
    let (mut off, mut paused): (Option<Slot>, Option<Slot>) = (None, None);
    for moment in moments.iter().filter(|moment| moment.epoch == epoch.epoch) {
        match moment.kind.as_str() {
            "off_record_on" => off = off.or(Some(moment.slot)),
            "off_record_off" => spans.extend(off.take().map(|from| (from, moment.slot, Why::OffRecord))),
            "paused" | "stopped" => paused = paused.or(Some(moment.slot)),
            "started" | "resumed" => spans.extend(paused.take().map(|from| (from, moment.slot, Why::Paused))),
            _ => {}
        }
    }
    spans.extend(off.map(|from| (from, epoch.until, Why::OffRecord)));
    spans.extend(paused.map(|from| (from, epoch.until, Why::Paused)));
    spans
}

/// Between two epochs no recorder was running. Those of two gateways lie over each other.
fn between(timeline: &Timeline, epochs: &[EpochClock], found: &mut Vec<Stretch>) {
    let mut ran_until: Option<u64> = None;
    for epoch in epochs {
        let (Some(begins_ms), Some(ends_ms)) =
            (timeline.ms(epoch.epoch, epoch.from), timeline.ms(epoch.epoch, epoch.until))
        else {
            continue;
        };
        if let Some(from_ms) = ran_until.filter(|until| *until < begins_ms) {
            found.push(Stretch { from_ms, until_ms: begins_ms, why: Why::Interrupted });
        }
        ran_until = ran_until.max(Some(ends_ms));
    }
}

/// A gap's reason as it is told; `None` for what is not told.
fn reason(word: &str) -> Option<Why> {
    match word {
        "ring_full" => Some(Why::RingFull),
        "hold" => Some(Why::Hold),
        "disk" => Some(Why::Disk),
        "no_keys" => Some(Why::NoKeys),
        "state_unknown" => Some(Why::StateUnknown),
        "interrupted" => Some(Why::Interrupted),
        // `bleed` and `digits`, and whatever a later gateway writes.
        _ => None,
    }
}

fn merged(mut found: Vec<Stretch>) -> Vec<Stretch> {
    found.retain(|stretch| stretch.from_ms < stretch.until_ms);
    found.sort_by_key(|stretch| (stretch.why, stretch.from_ms));
    let mut whole: Vec<Stretch> = Vec::new();
    for stretch in found {
        match whole.last_mut().filter(|last| last.why == stretch.why && stretch.from_ms <= last.until_ms + NEAR_MS) {
            Some(last) => last.until_ms = last.until_ms.max(stretch.until_ms),
            None => whole.push(stretch),
        }
    }
    whole.sort_by_key(|stretch| (stretch.from_ms, stretch.why));
    whole
}

/// Two stretches of one kind less than a second apart are one to whoever listens.
const NEAR_MS: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use spool::id::{RecordingId, SeatNo, TrackId};
    use spool::read::ClockMap;

    const ONE: EpochId = EpochId([1; 8]);
    const TWO: EpochId = EpochId([2; 8]);

    fn epoch(epoch: EpochId, until: u64, from_utc_ms: i64) -> EpochClock {
        let readings = ClockMap::default();
        EpochClock { epoch, from: Slot(0), until: Slot(until), from_utc_ms, error_ms: 1, readings }
    }

    fn moment(slot: u64, kind: &str) -> Moment {
        Moment { epoch: ONE, slot: Slot(slot), kind: kind.into(), detail: None }
    }

    fn gap(from: u64, until: u64, reason: &str) -> Gap {
        Gap { track: Some(TrackId([1; 16])), epoch: ONE, from: Slot(from), until: Slot(until), reason: reason.into() }
    }

    fn told(tracks: &[Track], gaps: &[Gap], moments: &[Moment]) -> Vec<(u64, u64, Why)> {
        let epochs = [epoch(ONE, 1_000, 0)];
        let told = stretches(&Timeline::of(&epochs), &epochs, tracks, gaps, moments);
        told.into_iter().map(|s| (s.from_ms, s.until_ms, s.why)).collect()
    }

    #[test]
    fn off_record_lasts_from_on_to_off_or_to_the_end() {
        let moments = [moment(50, "off_record_on"), moment(100, "off_record_off"), moment(500, "off_record_on")];
        assert_eq!(told(&[], &[], &moments), [(1_000, 2_000, Why::OffRecord), (10_000, 20_000, Why::OffRecord)]);
    }

    #[test]
    fn when_a_person_without_permit_spoke_is_not_told() {
        assert_eq!(told(&[], &[gap(100, 300, "bleed"), gap(400, 410, "digits")], &[]), []);
    }

    #[test]
    fn gaps_near_each_other_are_one() {
        let gaps = [gap(100, 110, "disk"), gap(115, 130, "disk"), gap(300, 310, "disk")];
        assert_eq!(told(&[], &gaps, &[]), [(2_000, 2_600, Why::Disk), (6_000, 6_200, Why::Disk)]);
    }

    #[test]
    fn an_erased_voice_is_a_neutral_gap_without_a_seat() {
        let track = Track {
            track: TrackId([1; 16]),
            recording: RecordingId([1; 16]),
            seat: SeatNo(2),
            epoch: ONE,
            from: Slot(100),
            until: None,
            state: TrackState::Erased,
            erased_ms: Some(1),
        };
        assert_eq!(told(&[track], &[], &[]), [(2_000, 20_000, Why::Erased)]);
    }

    #[test]
    fn between_two_epochs_the_recorder_did_not_run() {
        let epochs = [epoch(ONE, 100, 0), epoch(TWO, 100, 5_000)];
        let told = stretches(&Timeline::of(&epochs), &epochs, &[], &[], &[]);
        assert_eq!(told, [Stretch { from_ms: 2_000, until_ms: 5_000, why: Why::Interrupted }]);
    }

    #[test]
    fn as_long_as_one_of_two_gateways_ran_nothing_was_interrupted() {
        // The first ran all the while, the second for two seconds in it; then nobody; then the second again.
        let three = EpochId([3; 8]);
        let epochs = [epoch(ONE, 500, 0), epoch(TWO, 100, 1_000), epoch(three, 100, 12_000)];
        let told = stretches(&Timeline::of(&epochs), &epochs, &[], &[], &[]);
        assert_eq!(told, [Stretch { from_ms: 10_000, until_ms: 12_000, why: Why::Interrupted }]);
    }
}
