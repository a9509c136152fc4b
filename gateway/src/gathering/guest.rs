//! A gathering at several gateways: on the home's word, and with seat numbers that no other gateway gives.
//!
//! At a guest, [`Gathering::follow`] says what the home's [`RecordState`] asks of it, one step at a time: the same word is
//! heard four times a second, so what cannot be done now is asked for again. At the home, a guest that says somebody is with
//! it [holds](Gathering::held_by) the gathering for a few seconds, so that it does not end with the last seat here.
//!
//! Not here: how long a word holds (`lease`), and carrying the steps out (`io::switchboard`).

use std::time::{Duration, Instant};

use control::{PausedBy, Record, RecordState};
use spool::id::{GatewayId, RecordingId, SeatNo, SectionId, TrackId};
use spool::line::{SeatFact, SeatKind};

use super::{Gathering, Section};
use crate::calendar;
use crate::ids::{CallId, MOST_GATEWAYS};

/// What the home's word asks of a guest's gathering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All is as it should be, or the home does not know of us yet.
    Nothing,
    /// The record begins or goes on, in the section that is open here or in this next one.
    Begin(SectionId),
    /// On whose word, if on anybody's.
    Pause(Option<PausedBy>),
    Stop,
    CloseSection,
    /// The home has another recording: the gathering goes on in that one, and everybody is asked anew.
    Move,
    /// It was ended for all.
    End,
}

impl Gathering {
    /// It hands out the seat numbers of this share, after the `seated` that it handed out before.
    #[must_use]
    pub fn with_share(mut self, share: u32, seated: u32) -> Self {
        (self.share, self.last) = (share, seated);
        self
    }

    /// How the record stands is another gateway's word.
    #[must_use]
    pub fn on_anothers_word(mut self) -> Self {
        self.guest = true;
        self
    }

    /// How many seats were handed out.
    pub fn seated(&self) -> u32 {
        self.last
    }

    /// What a guest does next on the home's word.
    pub fn follow(&self, word: &RecordState) -> Step {
        if word.ended {
            return Step::End;
        }
        match word.recording {
            // It was asked before we gathered.
            None => return Step::Nothing,
            Some(recording) if recording != self.recording => return Step::Move,
            Some(_) => {}
        }
        match self.section {
            Section::Closing(_) | Section::Opening { .. } => Step::Nothing,
            Section::Open(ours) if !word.open || word.section != ours => Step::CloseSection,
            Section::Closed(last) if !word.open || word.section == last => Step::Nothing,
            Section::Open(_) => self.follow_record(word),
            Section::Closed(_) => match word.record {
                Record::On => Step::Begin(word.section),
                Record::Paused | Record::Off => Step::Nothing,
            },
        }
    }

    fn follow_record(&self, word: &RecordState) -> Step {
        match (self.record, word.record) {
            (Record::On, Record::On) | (Record::Paused, Record::Paused) | (Record::Off, Record::Off) => Step::Nothing,
            (Record::Paused | Record::Off, Record::On) => Step::Begin(word.section),
            (Record::On | Record::Off, Record::Paused) => Step::Pause(word.paused_by),
            (Record::On | Record::Paused, Record::Off) => Step::Stop,
        }
    }

    /// The home paused the record, or nobody knows how it stands. True: it was on.
    pub fn pause_on_anothers_word(&mut self, by: Option<PausedBy>) -> bool {
        let was_on = self.on();
        (self.record, self.paused_by) = (Record::Paused, by);
        was_on
    }

    /// The home's record is off. True: it was on.
    pub fn stop_on_anothers_word(&mut self) -> bool {
        let was_on = self.on();
        (self.record, self.paused_by) = (Record::Off, None);
        was_on
    }

    /// The gathering goes on in another recording, which the home names: the permits that end with the old one. Its sound
    /// stays where it is.
    pub fn move_to(&mut self, recording: RecordingId, word: &RecordState) -> Vec<(CallId, SeatNo, TrackId)> {
        let ended = self.close_section().unwrap_or_default();
        self.recording = recording;
        self.section = if word.open { Section::Open(word.section) } else { Section::Closed(word.section) };
        (self.started_ms, self.dated) = (word.started_ms, calendar::is_set(word.started_ms));
        self.off_record_noted = false;
        ended
    }

    /// A guest says that somebody is with it.
    pub fn held_by(&mut self, guest: GatewayId, now: Instant) {
        self.guests.insert(guest, now + HELD_FOR);
    }

    /// Until when some guest holds the gathering, if any does.
    pub fn held_until(&self, now: Instant) -> Option<Instant> {
        self.guests.values().copied().max().filter(|until| now < *until)
    }

    /// Who sits here, for a journal that begins anew.
    pub fn seat_facts(&self) -> Vec<SeatFact> {
        let kind = |shared| if shared { SeatKind::Shared } else { SeatKind::Telephone };
        self.seats.iter().map(|(seat, sitting)| SeatFact { seat: *seat, kind: kind(sitting.shared) }).collect()
    }

    /// Nobody sits here.
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }
}

/// The number of the `nth` seat, from 1, that the gateway with this share hands out: no two shares meet.
pub(super) fn seat_no(nth: u32, share: u32) -> SeatNo {
    let whole = (nth / SHARE).saturating_mul(SHARE * MOST_GATEWAYS);
    SeatNo(whole.saturating_add(share * SHARE).saturating_add(nth % SHARE))
}

/// So that the second gateway's first seat is 1001, the third's 2001.
const SHARE: u32 = 1000;

/// A guest asks four times a second; one that was not heard for so long has nobody any more, or cannot say so.
const HELD_FOR: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use spool::id::{EpochId, MeetingId};

    const RECORDING: RecordingId = RecordingId([2; 16]);
    const FIRST: SectionId = SectionId([3; 16]);
    const NEXT: SectionId = SectionId([4; 16]);
    const NOW_MS: i64 = 1_800_000_000_000;

    fn gathering(record: Record) -> Gathering {
        Gathering::new(MeetingId([1; 16]), RECORDING, FIRST, record, NOW_MS, super::super::tests::rule())
            .on_anothers_word()
    }

    fn word(record: Record) -> RecordState {
        RecordState {
            home: GatewayId([1; 8]),
            epoch: EpochId([2; 8]),
            recording: Some(RECORDING),
            started_ms: NOW_MS,
            section: FIRST,
            open: true,
            record,
            paused_by: None,
            ended: false,
        }
    }

    #[test]
    fn the_record_follows_the_homes_in_every_pair() {
        let (off, on, paused) = (Record::Off, Record::On, Record::Paused);
        let member = Some(PausedBy::Member);
        for (ours, theirs, step) in [
            (off, off, Step::Nothing),
            (off, on, Step::Begin(FIRST)),
            (off, paused, Step::Pause(member)),
            (on, off, Step::Stop),
            (on, on, Step::Nothing),
            (on, paused, Step::Pause(member)),
            (paused, off, Step::Stop),
            (paused, on, Step::Begin(FIRST)),
            (paused, paused, Step::Nothing),
        ] {
            let word = RecordState { paused_by: member, ..word(theirs) };
            assert_eq!(gathering(ours).follow(&word), step, "{ours:?} here, {theirs:?} at home");
        }
    }

    #[test]
    fn nothing_begins_before_the_home_has_named_our_recording() {
        let word = RecordState { recording: None, ..word(Record::On) };
        assert_eq!(gathering(Record::Off).follow(&word), Step::Nothing);
    }

    #[test]
    fn a_section_that_is_closed_at_home_is_closed_here_and_the_next_begins_with_the_record_only() {
        let mut there = gathering(Record::On);
        let closed = RecordState { open: false, ..word(Record::Off) };
        assert_eq!(there.follow(&closed), Step::CloseSection);
        there.close_section();
        assert_eq!(there.follow(&closed), Step::Nothing, "it is being closed");
        there.section_closed();
        assert_eq!(there.follow(&closed), Step::Nothing);
        for (record, step) in [(Record::Off, Step::Nothing), (Record::On, Step::Begin(NEXT))] {
            assert_eq!(there.follow(&RecordState { section: NEXT, ..word(record) }), step);
        }
        // One that missed the close altogether closes first.
        let next = RecordState { section: NEXT, ..word(Record::On) };
        assert_eq!(gathering(Record::On).follow(&next), Step::CloseSection);
    }

    #[test]
    fn what_was_ended_for_all_is_ended_whatever_else_is_said() {
        let word = RecordState { ended: true, recording: None, ..word(Record::On) };
        assert_eq!(gathering(Record::On).follow(&word), Step::End);
    }

    #[test]
    fn another_recording_at_home_ends_every_permit_here() {
        let mut there = gathering(Record::On);
        let seat = there.arrive(CallId(1), crate::ids::Role::Guest);
        there.permitted(seat, TrackId([9; 16]));
        let other = RecordingId([7; 16]);
        let word = RecordState { recording: Some(other), ..word(Record::On) };
        assert_eq!(there.follow(&word), Step::Move);
        let founded = there.founded;
        assert_eq!(there.move_to(other, &word), [(CallId(1), seat, TrackId([9; 16]))]);
        assert_eq!((there.recording, there.founded, there.on()), (other, founded, false));
        assert_eq!(there.follow(&word), Step::Begin(FIRST));
    }

    #[test]
    fn no_two_gateways_give_one_seat_number() {
        let mut seen = BTreeSet::new();
        for share in 0..MOST_GATEWAYS {
            for nth in 1..3_000 {
                assert!(seen.insert(seat_no(nth, share)), "seat {nth} of share {share}");
            }
        }
        assert_eq!((seat_no(3, 0), seat_no(1, 1), seat_no(999, 0)), (SeatNo(3), SeatNo(1001), SeatNo(999)));
    }

    #[test]
    fn a_seat_number_is_not_given_again_after_a_restart() {
        let mut there = gathering(Record::On).with_share(1, 5);
        assert_eq!(there.arrive(CallId(1), crate::ids::Role::Guest), SeatNo(1006));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "some instant is needed to start from")]
    fn a_guest_that_is_no_longer_heard_holds_nothing() {
        let mut there = gathering(Record::On);
        let now = Instant::now();
        assert_eq!(there.held_until(now), None);
        there.held_by(GatewayId([5; 8]), now);
        assert!(there.held_until(now + Duration::from_millis(2_999)).is_some());
        assert_eq!(there.held_until(now + HELD_FOR), None);
    }
}
