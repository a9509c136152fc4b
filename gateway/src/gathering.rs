//! One gathering of a meeting: from the first seat in to the last seat out, with who sits where and who is recorded.
//!
//! A gathering is a recording of its own. It hands out seat numbers, knows each seat's permit and which tracks are that
//! seat's, and answers what the desk may see.
//!
//! Not here: who may come in (`plan`), the dialogue with a caller (`call`), sound (`room`), and files (`io::recorder`).

use std::collections::BTreeMap;

use control::{SeatNow, SeatState};
use spool::id::{MeetingId, RecordingId, SeatNo, TrackId};

use crate::calendar;
use crate::ids::CallId;

/// Who is there and on which terms.
#[derive(Debug)]
pub struct Gathering {
    pub meeting: MeetingId,
    pub recording: RecordingId,
    /// Is the record on, for whoever agreed?
    pub on: bool,
    /// Its beginning is known. Else nothing of it is ever recorded: its end, counted from there, would be wrong.
    pub dated: bool,
    /// What the journal says of `somebody_off_record` now.
    pub off_record_noted: bool,
    last: u32,
    seats: BTreeMap<SeatNo, Sitting>,
}

#[derive(Debug)]
struct Sitting {
    call: CallId,
    state: SeatState,
    permit: Option<TrackId>,
    /// Tracks whose permit was taken back and of which nobody has said yet, on the disk, what becomes of them.
    undecided: Vec<TrackId>,
    muted: bool,
}

impl Gathering {
    /// `on`: is the record wanted from the beginning?
    pub fn new(meeting: MeetingId, recording: RecordingId, on: bool, started_ms: i64) -> Self {
        let dated = calendar::is_set(started_ms);
        Self { meeting, recording, on: on && dated, dated, off_record_noted: false, last: 0, seats: BTreeMap::new() }
    }

    /// The record is wanted from now on; false when it cannot be.
    pub fn resume(&mut self) -> bool {
        self.on = self.dated;
        self.on
    }

    /// A new seat, never one that somebody had before: a lost connection comes back as another.
    pub fn arrive(&mut self, call: CallId) -> SeatNo {
        self.last += 1;
        let seat = SeatNo(self.last);
        let sitting = Sitting { call, state: SeatState::Arriving, permit: None, undecided: Vec::new(), muted: false };
        self.seats.insert(seat, sitting);
        seat
    }

    pub fn enter(&mut self, seat: SeatNo) {
        self.change(seat, |sitting| sitting.state = SeatState::InRoom);
    }

    pub fn mute(&mut self, seat: SeatNo, on: bool) {
        self.change(seat, |sitting| sitting.muted = on);
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
        let recorded = room().filter(|sitting| self.on && sitting.permit.is_some()).count();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (count(room().count()), count(recorded))
    }

    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        self.seats.values().map(|sitting| sitting.call)
    }

    /// The seats as the desk may see them.
    pub fn now(&self) -> Vec<SeatNow> {
        let seen = |(seat, sitting): (&SeatNo, &Sitting)| SeatNow {
            seat: *seat,
            state: sitting.state,
            recorded: self.on && sitting.state == SeatState::InRoom && sitting.permit.is_some(),
            muted: sitting.muted,
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
        Gathering::new(MeetingId([1; 16]), RecordingId([2; 16]), true, NOW_MS)
    }

    const NOW_MS: i64 = 1_800_000_000_000;

    #[test]
    fn a_gathering_that_began_under_a_clock_that_was_not_set_is_never_recorded() {
        let mut there = Gathering::new(MeetingId([1; 16]), RecordingId([2; 16]), true, 1_000);
        assert!(!there.on);
        assert!(!there.resume());
        assert!(!there.on);
        let mut there = Gathering::new(MeetingId([1; 16]), RecordingId([2; 16]), false, NOW_MS);
        assert!(there.resume() && there.on);
    }

    #[test]
    fn who_comes_back_gets_another_seat() {
        let mut there = gathering();
        let first = there.arrive(CallId(1));
        let other = there.arrive(CallId(2));
        there.leave(first);
        assert!(there.arrive(CallId(3)) > other);
    }

    #[test]
    fn a_seat_is_recorded_only_in_the_room_with_a_permit_while_the_record_is_on() {
        let mut there = gathering();
        let seat = there.arrive(CallId(1));
        let recorded = |there: &Gathering| there.now()[0].recorded;
        there.permitted(seat, TrackId([9; 16]));
        assert!(!recorded(&there));
        there.enter(seat);
        assert!(recorded(&there));
        there.on = false;
        assert!(!recorded(&there));
        there.on = true;
        assert_eq!(there.permit_ended(seat), Some(TrackId([9; 16])));
        assert!(!recorded(&there));
    }

    #[test]
    fn a_decision_is_about_what_was_taken_back_and_counts_when_it_is_written() {
        let mut there = gathering();
        let seat = there.arrive(CallId(1));
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
        let seat = there.arrive(CallId(1));
        assert!(!there.somebody_off_record());
        there.enter(seat);
        assert!(there.somebody_off_record());
        there.permitted(seat, TrackId([1; 16]));
        assert!(!there.somebody_off_record());
    }

    #[test]
    fn the_last_one_out_ends_the_gathering() {
        let mut there = gathering();
        let (a, b) = (there.arrive(CallId(1)), there.arrive(CallId(2)));
        assert!(!there.leave(a));
        assert!(there.leave(b));
    }
}
