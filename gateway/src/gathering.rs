//! One gathering of a meeting: from the first seat in to the last seat out, with who sits where and who is recorded.
//!
//! A gathering is a recording of its own. It hands out seat numbers, knows each seat's permit and which tracks are that
//! seat's, how the record stands, whose hand is up and whether the door is locked, and answers what the desk may see.
//!
//! Not here: who may come in (`plan`), the dialogue with a caller (`call`), sound (`room`), and files (`io::recorder`).

mod guest;

use std::collections::BTreeMap;
use std::time::Instant;

use control::{PausedBy, Record, RuleNotice, SeatNow, SeatState};
use spool::id::{GatewayId, MeetingId, RecordingId, SeatNo, SectionId, TrackId};

use crate::calendar;
use crate::ids::{CallId, Role};

pub use guest::Step;

/// Who is there and on which terms.
#[derive(Debug)]
pub struct Gathering {
    pub meeting: MeetingId,
    pub recording: RecordingId,
    /// The recording it began with: what its sound is called after.
    pub founded: RecordingId,
    /// When that began, UTC.
    pub started_ms: i64,
    pub record: Record,
    /// On whose word it is paused, if on anybody's.
    pub paused_by: Option<PausedBy>,
    pub section: Section,
    /// Nobody more is let in.
    pub locked: bool,
    /// Its beginning is known. Else nothing of it is ever recorded: its end, counted from there, would be wrong.
    pub dated: bool,
    /// What the journal says of `somebody_off_record` now.
    pub off_record_noted: bool,
    /// What everybody was told, and every chunk says.
    rule: RuleNotice,
    /// How the record stands is the word of another gateway, the home.
    pub guest: bool,
    /// At the home: which guests have somebody with them, each until when it counts.
    guests: BTreeMap<GatewayId, Instant>,
    /// Which seat numbers are ours to give, and how many were given.
    share: u32,
    last: u32,
    seats: BTreeMap<SeatNo, Sitting>,
    /// Raised hands, first come first.
    hands: Vec<SeatNo>,
}

/// The stretch with keys of its own that the gathering is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Open(SectionId),
    /// Its last chunk is being closed.
    Closing(SectionId),
    /// Closed. The next one begins with keys of another section, on the chair's word.
    Closed(SectionId),
    /// The first chunk of the next is being opened.
    Opening {
        last: SectionId,
        next: SectionId,
    },
}

/// Why the record cannot begin or go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotRecord {
    AlreadyOn,
    /// The clock was not set when this gathering began.
    Undated,
    /// The last section is still being closed, or the next being opened.
    BetweenSections,
    /// The desk has put no keys of another section.
    NoKeys,
}

/// How the record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    Started,
    Resumed,
    /// In a section of its own, as soon as that is [opened](Gathering::section_opened).
    Next(SectionId),
}

#[derive(Debug)]
struct Sitting {
    call: CallId,
    role: Role,
    state: SeatState,
    permit: Option<TrackId>,
    /// Tracks whose permit has ended, by the caller's will or with its section, and of which nobody has said, on the disk,
    /// what becomes of them: a withdrawal asks about all that was recorded earlier.
    undecided: Vec<TrackId>,
    muted: bool,
    /// Several people speak through it.
    shared: bool,
    wants_help: bool,
}

impl Gathering {
    /// `record`: how the record is to stand from the beginning.
    pub fn new(
        meeting: MeetingId,
        recording: RecordingId,
        section: SectionId,
        record: Record,
        started_ms: i64,
        rule: RuleNotice,
    ) -> Self {
        let dated = calendar::is_set(started_ms);
        Self {
            meeting,
            recording,
            founded: recording,
            started_ms,
            record: if dated { record } else { Record::Off },
            paused_by: None,
            section: Section::Open(section),
            locked: false,
            dated,
            off_record_noted: false,
            rule,
            guest: false,
            guests: BTreeMap::new(),
            share: 0,
            last: 0,
            seats: BTreeMap::new(),
            hands: Vec::new(),
        }
    }

    /// The section whose keys are at hand was closed in an earlier gathering.
    #[must_use]
    pub fn behind_a_closed_section(mut self) -> Self {
        if let Section::Open(last) = self.section {
            (self.section, self.record) = (Section::Closed(last), Record::Off);
        }
        self
    }

    /// Is this the rule under which it gathered? A recording is made under one: that is what was agreed to. The words in
    /// which a rule is told may change.
    pub fn is_under(&self, rule: &RuleNotice) -> bool {
        RuleNotice { notice: self.rule.notice.clone(), ..rule.clone() } == self.rule
    }

    /// Is whoever agreed being recorded?
    pub fn on(&self) -> bool {
        self.record == Record::On
    }

    /// The record is to begin or go on; `planned` is the section of which the desk put keys that are unused.
    pub fn begin_record(&mut self, planned: Option<SectionId>) -> Result<Beginning, CannotRecord> {
        let beginning = match (self.section, self.record) {
            _ if !self.dated => return Err(CannotRecord::Undated),
            (Section::Closing(_) | Section::Opening { .. }, _) => return Err(CannotRecord::BetweenSections),
            (Section::Closed(last), _) => {
                let next = planned.filter(|next| *next != last).ok_or(CannotRecord::NoKeys)?;
                self.section = Section::Opening { last, next };
                return Ok(Beginning::Next(next));
            }
            (Section::Open(_), Record::On) => return Err(CannotRecord::AlreadyOn),
            (Section::Open(_), Record::Paused) => Beginning::Resumed,
            (Section::Open(_), Record::Off) => Beginning::Started,
        };
        (self.record, self.paused_by) = (Record::On, None);
        Ok(beginning)
    }

    /// The chunk of the next section lies open, or could not be opened. True: the record is on.
    pub fn section_opened(&mut self, opened: bool) -> bool {
        let Section::Opening { last, next } = self.section else { return false };
        self.section = if opened { Section::Open(next) } else { Section::Closed(last) };
        if opened {
            self.record = Record::On;
        }
        opened
    }

    /// False: it was not on.
    pub fn pause_record(&mut self, by: PausedBy) -> bool {
        let was_on = self.on();
        if was_on {
            (self.record, self.paused_by) = (Record::Paused, Some(by));
        }
        was_on
    }

    /// Closes the section: the permits that end with it. `None`: there is no open one.
    pub fn close_section(&mut self) -> Option<Vec<(CallId, SeatNo, TrackId)>> {
        let Section::Open(section) = self.section else { return None };
        self.section = Section::Closing(section);
        (self.record, self.paused_by) = (Record::Off, None);
        let permit = |(seat, sitting): (&SeatNo, &mut Sitting)| {
            let track = sitting.permit.take()?;
            sitting.undecided.push(track);
            Some((sitting.call, *seat, track))
        };
        Some(self.seats.iter_mut().filter_map(permit).collect())
    }

    /// The last chunk of the section is closed, so the next may begin.
    pub fn section_closed(&mut self) {
        if let Section::Closing(section) = self.section {
            self.section = Section::Closed(section);
        }
    }

    /// May a track of this section be opened?
    pub fn is_in(&self, section: SectionId) -> bool {
        self.section == Section::Open(section)
    }

    /// May somebody more come in? A chair may always: one whose line broke must come back, for nobody else could unlock.
    pub fn admits(&self, role: Role) -> bool {
        match role {
            Role::Guest | Role::Member => !self.locked,
            Role::Chair => true,
        }
    }

    /// A new seat, never one that somebody had before: a lost connection comes back as another.
    pub fn arrive(&mut self, call: CallId, role: Role) -> SeatNo {
        self.last += 1;
        let seat = guest::seat_no(self.last, self.share);
        let state = SeatState::Arriving;
        let (permit, undecided) = (None, Vec::new());
        let (muted, shared, wants_help) = (false, false, false);
        let sitting = Sitting { call, role, state, permit, undecided, muted, shared, wants_help };
        self.seats.insert(seat, sitting);
        seat
    }

    pub fn enter(&mut self, seat: SeatNo) {
        self.change(seat, |sitting| sitting.state = SeatState::InRoom);
    }

    pub fn mute(&mut self, seat: SeatNo, on: bool) {
        self.change(seat, |sitting| sitting.muted = on);
    }

    /// Several people speak through this seat, or one again. False: that was known.
    pub fn share(&mut self, seat: SeatNo, on: bool) -> bool {
        let mut new = false;
        self.change(seat, |sitting| new = std::mem::replace(&mut sitting.shared, on) != on);
        new
    }

    /// Mutes everybody but the chairs: the calls that were not muted before.
    pub fn mute_others(&mut self) -> Vec<CallId> {
        let loud = self.seats.values_mut().filter(|sitting| sitting.role != Role::Chair && !sitting.muted);
        loud.map(|sitting| {
            sitting.muted = true;
            sitting.call
        })
        .collect()
    }

    /// Puts a hand at the end of the queue if it is not in it. Its place, from 1, and whether it was up already.
    pub fn raise_hand(&mut self, seat: SeatNo) -> (u32, bool) {
        let at = self.hands.iter().position(|hand| *hand == seat);
        let place = at.unwrap_or_else(|| {
            self.hands.push(seat);
            self.hands.len() - 1
        });
        (u32::try_from(place + 1).unwrap_or(u32::MAX), at.is_some())
    }

    /// True: it was up.
    pub fn lower_hand(&mut self, seat: SeatNo) -> bool {
        let before = self.hands.len();
        self.hands.retain(|hand| *hand != seat);
        self.hands.len() != before
    }

    /// Whose turn it is, in order.
    pub fn hands(&self) -> &[SeatNo] {
        &self.hands
    }

    /// Takes the first hand out of the queue.
    pub fn next_hand(&mut self) -> Option<SeatNo> {
        (!self.hands.is_empty()).then(|| self.hands.remove(0))
    }

    /// Marks the seat for the desk, until somebody there [has seen to it](Self::help_answered) or the caller leaves. Calling
    /// twice takes nothing back: who waits for a person presses again. False: it was marked.
    pub fn call_for_help(&mut self, seat: SeatNo) -> bool {
        let mut new = false;
        self.change(seat, |sitting| new = !std::mem::replace(&mut sitting.wants_help, true));
        new
    }

    /// Somebody sees to the caller. False: nobody there called.
    pub fn help_answered(&mut self, seat: SeatNo) -> bool {
        let mut called = false;
        self.change(seat, |sitting| called = std::mem::take(&mut sitting.wants_help));
        called
    }

    pub fn permitted(&mut self, seat: SeatNo, track: TrackId) {
        self.change(seat, |sitting| sitting.permit = Some(track));
    }

    /// Ends the seat's permit and says which it was. What becomes of its track is undecided from here on.
    pub fn permit_ended(&mut self, seat: SeatNo) -> Option<TrackId> {
        let sitting = self.seats.get_mut(&seat)?;
        let track = sitting.permit.take()?;
        sitting.undecided.push(track);
        Some(track)
    }

    /// The tracks that a decision of this seat is about.
    pub fn undecided(&self, seat: SeatNo) -> &[TrackId] {
        self.seats.get(&seat).map_or(&[], |sitting| &sitting.undecided)
    }

    /// The decision is on the disk; until then it may be asked for again.
    pub fn decided(&mut self, seat: SeatNo, tracks: &[TrackId]) {
        self.change(seat, |sitting| sitting.undecided.retain(|track| !tracks.contains(track)));
    }

    /// Frees the seat. True: nobody is left, the gathering is over.
    pub fn leave(&mut self, seat: SeatNo) -> bool {
        self.lower_hand(seat);
        self.seats.remove(&seat);
        self.seats.is_empty()
    }

    /// Does somebody in the room speak off record? Never who.
    pub fn somebody_off_record(&self) -> bool {
        self.seats.values().any(|sitting| sitting.state == SeatState::InRoom && sitting.permit.is_none())
    }

    /// How many seats are in the room, and how many of them are recorded.
    pub fn heads(&self) -> (u32, u32) {
        let room = || self.seats.values().filter(|sitting| sitting.state == SeatState::InRoom);
        let recorded = room().filter(|sitting| self.on() && sitting.permit.is_some()).count();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (count(room().count()), count(recorded))
    }

    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        self.seats.values().map(|sitting| sitting.call)
    }

    pub fn call_at(&self, seat: SeatNo) -> Option<CallId> {
        self.seats.get(&seat).map(|sitting| sitting.call)
    }

    pub fn role(&self, seat: SeatNo) -> Option<Role> {
        self.seats.get(&seat).map(|sitting| sitting.role)
    }

    /// The seats as the desk may see them.
    pub fn now(&self) -> Vec<SeatNow> {
        let seen = |(seat, sitting): (&SeatNo, &Sitting)| SeatNow {
            seat: *seat,
            role: sitting.role,
            state: sitting.state,
            recorded: self.on() && sitting.state == SeatState::InRoom && sitting.permit.is_some(),
            muted: sitting.muted,
            shared: sitting.shared,
            hand: self.hands.iter().position(|hand| hand == seat).and_then(|at| u32::try_from(at + 1).ok()),
            wants_help: sitting.wants_help,
        };
        self.seats.iter().map(seen).collect()
    }

    fn change(&mut self, seat: SeatNo, what: impl FnOnce(&mut Sitting)) {
        if let Some(sitting) = self.seats.get_mut(&seat) {
            what(sitting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathering() -> Gathering {
        started(Record::On, NOW_MS)
    }

    fn started(record: Record, at_ms: i64) -> Gathering {
        Gathering::new(MeetingId([1; 16]), RecordingId([2; 16]), FIRST, record, at_ms, rule())
    }

    pub(super) fn rule() -> RuleNotice {
        RuleNotice {
            id: "until-approval".into(),
            hash: "0".repeat(64),
            basis: "consent".into(),
            persons: "everybody".into(),
            on_withdrawal: "shred_track".into(),
            cap_months: 6,
            notice: "until-approval".into(),
        }
    }

    const FIRST: SectionId = SectionId([3; 16]);
    const SECOND: SectionId = SectionId([4; 16]);
    const NOW_MS: i64 = 1_800_000_000_000;

    #[test]
    fn a_locked_door_lets_a_chair_back_in_and_nobody_else() {
        let mut there = gathering();
        let admitted = |there: &Gathering| [Role::Guest, Role::Member, Role::Chair].map(|role| there.admits(role));
        assert_eq!(admitted(&there), [true; 3]);
        there.locked = true;
        assert_eq!(admitted(&there), [false, false, true]);
    }

    #[test]
    fn a_gathering_that_began_under_a_clock_that_was_not_set_is_never_recorded() {
        let mut there = started(Record::On, 1_000);
        assert!(!there.on());
        assert_eq!(there.begin_record(Some(FIRST)), Err(CannotRecord::Undated));
        assert!(!there.on());
        let mut there = started(Record::Off, NOW_MS);
        assert_eq!(there.begin_record(Some(FIRST)), Ok(Beginning::Started));
        assert!(there.on());
    }

    #[test]
    fn a_gathering_is_under_one_rule_whatever_the_words_in_which_it_is_told() {
        let there = gathering();
        assert!(there.is_under(&rule()) && there.is_under(&RuleNotice { notice: "plainer".into(), ..rule() }));
        let others = [
            RuleNotice { id: "another".into(), ..rule() },
            RuleNotice { hash: "1".repeat(64), ..rule() },
            RuleNotice { basis: "public_task".into(), ..rule() },
            RuleNotice { persons: "members".into(), ..rule() },
            RuleNotice { on_withdrawal: "from_now_on".into(), ..rule() },
            RuleNotice { cap_months: 5, ..rule() },
        ];
        for other in others {
            assert!(!there.is_under(&other), "{other:?}");
        }
    }

    #[test]
    fn who_shares_a_seat_is_marked_once() {
        let mut there = gathering();
        let seat = there.arrive(CallId(1), Role::Guest);
        assert!(there.share(seat, true) && !there.share(seat, true) && there.now()[0].shared);
        assert!(there.share(seat, false) && !there.now()[0].shared);
    }

    #[test]
    fn a_paused_record_goes_on_and_a_running_one_does_not_begin_twice() {
        let mut there = gathering();
        assert_eq!(there.begin_record(Some(FIRST)), Err(CannotRecord::AlreadyOn));
        assert!(there.pause_record(PausedBy::Member) && !there.pause_record(PausedBy::Chair));
        assert_eq!(there.paused_by, Some(PausedBy::Member), "the word that paused it");
        assert_eq!(there.begin_record(Some(FIRST)), Ok(Beginning::Resumed));
    }

    #[test]
    fn who_gathers_behind_a_closed_section_is_not_recorded_in_it() {
        let mut there = gathering().behind_a_closed_section();
        assert!(!there.on() && !there.is_in(FIRST));
        assert_eq!(there.begin_record(Some(FIRST)), Err(CannotRecord::NoKeys));
        assert_eq!(there.begin_record(Some(SECOND)), Ok(Beginning::Next(SECOND)));
    }

    #[test]
    fn a_closed_section_ends_every_permit_and_the_next_needs_keys_of_its_own() {
        let mut there = gathering();
        let seat = there.arrive(CallId(1), Role::Guest);
        there.enter(seat);
        there.permitted(seat, TrackId([9; 16]));
        assert_eq!(there.close_section(), Some(vec![(CallId(1), seat, TrackId([9; 16]))]));
        assert_eq!((there.on(), there.close_section()), (false, None));
        assert_eq!(there.undecided(seat), [TrackId([9; 16])], "a withdrawal in the next section is about this one too");
        assert_eq!(there.begin_record(Some(SECOND)), Err(CannotRecord::BetweenSections));
        there.section_closed();
        assert_eq!(there.begin_record(Some(FIRST)), Err(CannotRecord::NoKeys));
        assert_eq!(there.begin_record(None), Err(CannotRecord::NoKeys));
        assert_eq!(there.begin_record(Some(SECOND)), Ok(Beginning::Next(SECOND)));
        assert!(!there.section_opened(false) && !there.on(), "a section whose chunk does not open is not begun");
        assert_eq!(there.begin_record(Some(SECOND)), Ok(Beginning::Next(SECOND)));
        assert!(!there.on());
        assert!(there.section_opened(true) && there.on() && !there.now()[0].recorded);
    }

    #[test]
    fn a_call_for_help_stands_until_somebody_sees_to_it_and_can_be_made_again() {
        let mut there = gathering();
        let [a, b] = [1, 2].map(|n| there.arrive(CallId(n), Role::Guest));
        let wanted = |there: &Gathering| there.now().iter().map(|seat| seat.wants_help).collect::<Vec<_>>();
        assert!(there.call_for_help(a) && !there.call_for_help(a) && !there.help_answered(b));
        assert_eq!(wanted(&there), [true, false]);
        assert!(there.help_answered(a) && !there.help_answered(a));
        assert_eq!(wanted(&there), [false, false]);
        assert!(there.call_for_help(a));
        there.leave(a);
        assert!(!there.help_answered(a));
        assert_eq!(wanted(&there), [false]);
    }

    #[test]
    fn hands_are_called_in_the_order_in_which_they_went_up() {
        let mut there = gathering();
        let [a, b, c] = [1, 2, 3].map(|n| there.arrive(CallId(n), Role::Guest));
        assert_eq!(
            (there.raise_hand(b), there.raise_hand(a), there.raise_hand(c)),
            ((1, false), (2, false), (3, false))
        );
        assert_eq!(there.raise_hand(a), (2, true));
        assert!(there.lower_hand(b) && !there.lower_hand(b));
        assert_eq!(there.raise_hand(a), (1, true));
        there.leave(a);
        assert_eq!((there.next_hand(), there.next_hand()), (Some(c), None));
    }

    #[test]
    fn the_chair_silences_the_others_and_stays_heard() {
        let mut there = gathering();
        let guest = there.arrive(CallId(1), Role::Guest);
        there.arrive(CallId(2), Role::Chair);
        there.arrive(CallId(3), Role::Member);
        assert_eq!(there.mute_others(), [CallId(1), CallId(3)]);
        there.mute(guest, false);
        assert_eq!(there.mute_others(), [CallId(1)], "who was muted already is not told again");
    }

    #[test]
    fn who_comes_back_gets_another_seat() {
        let mut there = gathering();
        let first = there.arrive(CallId(1), Role::Guest);
        let other = there.arrive(CallId(2), Role::Guest);
        there.leave(first);
        assert!(there.arrive(CallId(3), Role::Guest) > other);
    }

    #[test]
    fn a_seat_is_recorded_only_in_the_room_with_a_permit_while_the_record_is_on() {
        let mut there = gathering();
        let seat = there.arrive(CallId(1), Role::Guest);
        let recorded = |there: &Gathering| there.now()[0].recorded;
        there.permitted(seat, TrackId([9; 16]));
        assert!(!recorded(&there));
        there.enter(seat);
        assert!(recorded(&there));
        there.pause_record(PausedBy::Desk);
        assert!(!recorded(&there));
        there.begin_record(Some(FIRST)).unwrap();
        assert_eq!(there.permit_ended(seat), Some(TrackId([9; 16])));
        assert!(!recorded(&there));
    }

    #[test]
    fn a_decision_is_about_what_was_taken_back_and_counts_when_it_is_written() {
        let mut there = gathering();
        let seat = there.arrive(CallId(1), Role::Guest);
        let (first, second) = (TrackId([1; 16]), TrackId([2; 16]));
        there.permitted(seat, first);
        assert!(there.undecided(seat).is_empty());
        there.permit_ended(seat);
        assert_eq!(there.undecided(seat), [first]);
        there.decided(seat, &[first]);
        there.permitted(seat, second);
        there.permit_ended(seat);
        assert_eq!(there.undecided(seat), [second], "what was decided before stays decided");
    }

    #[test]
    fn somebody_still_in_the_dialogue_is_not_off_record_in_the_room() {
        let mut there = gathering();
        let seat = there.arrive(CallId(1), Role::Guest);
        assert!(!there.somebody_off_record());
        there.enter(seat);
        assert!(there.somebody_off_record());
        there.permitted(seat, TrackId([1; 16]));
        assert!(!there.somebody_off_record());
    }

    #[test]
    fn the_last_one_out_ends_the_gathering() {
        let mut there = gathering();
        let (a, b) = (there.arrive(CallId(1), Role::Guest), there.arrive(CallId(2), Role::Guest));
        assert!(!there.leave(a));
        assert!(there.leave(b));
    }
}
