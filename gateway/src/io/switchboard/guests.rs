//! Several gateways of one meeting: asking the home for its word, following it, and answering guests.
//!
//! A guest asks four times a second, for as long as the meeting is in its plan, and holds each answer as a `lease`. While it
//! holds, the gathering here follows it; when it is lost, nothing is kept until the home is heard again. The home begins a
//! gathering for a guest that has somebody with it, and keeps it while one has.
//!
//! Not here: what the word asks of a gathering (`gathering`), how long it holds (`lease`), the question itself (`io::home`).

use std::path::PathBuf;
use std::time::Instant;

use control::{Record, RecordState as Word, Refusal, What};
use spool::id::{GatewayId, MeetingId, RecordingId, SectionId, Slot};
use spool::line::{CloseWhy, EndWhy, MediaEvent};

use super::super::control::refusal;
use super::super::home::{self, Guest, HomeError};
use super::super::media::ToWorker;
use super::super::recorder::ToRecorder;
use super::Switchboard;
use super::carry::{Beginning, room_of};
use super::later::After;
use super::record::paused_by;
use crate::call::{News, RecordState, Refused};
use crate::gathering::{Section, Step};
use crate::ids::CallId;
use crate::lease::{Input, Lease, Output};

/// At a guest.
impl Switchboard {
    /// A lease for each meeting whose home is elsewhere, and for no other.
    pub(super) fn see_to_leases(&mut self) {
        let (plan, own, now) = (&self.parts.plan, self.parts.gateway, Instant::now());
        let home = |meeting: &MeetingId| plan.home(*meeting, own).map(|door| door.gateway);
        let given_up: Vec<_> = self.leases.extract_if(|meeting, lease| home(meeting) != Some(lease.home())).collect();
        let homes: Vec<_> = plan.meetings().filter_map(|plan| Some((plan.id, home(&plan.id)?))).collect();
        for (meeting, home) in homes {
            self.leases.entry(meeting).or_insert_with(|| Lease::new(home, now));
        }
        // What was gathered on the word of a home that is none any more has nobody's.
        for (meeting, lease) in given_up {
            if let Some(last) = lease.give_up() {
                self.home_lost(meeting, &last, now, now);
            }
        }
    }

    /// Is somebody here, on another gateway's word? What was gathered as a home stays one until all have left.
    pub(super) fn is_guest(&self, meeting: MeetingId) -> bool {
        self.gatherings.get(&meeting).is_some_and(|there| there.guest)
    }

    /// How a gathering begins whose first seat is taken here.
    pub(super) fn beginning(&self, meeting: MeetingId) -> Option<Beginning> {
        let mut id = [0; 16];
        super::super::chance(&mut id);
        let (fresh, now_ms) = (RecordingId(id), self.parts.clock.wall().utc_ms);
        let plan = &self.parts.plan;
        let section = plan.meeting(meeting)?.section;
        if plan.home(meeting, self.parts.gateway).is_none() {
            let (open, record) = (!plan.is_closed(meeting), plan.record(meeting));
            return Some(Beginning { recording: fresh, started_ms: now_ms, section, open, record, guest: false });
        }
        let word = self.leases.get(&meeting).and_then(|lease| lease.word(Instant::now()));
        Some(match word.and_then(|word| Some((word, word.recording?))).filter(|(word, _)| !word.ended) {
            Some((word, recording)) => Beginning {
                recording,
                started_ms: word.started_ms,
                section: word.section,
                open: word.open,
                record: word.record,
                guest: true,
            },
            // The home knows of nobody, or is not heard: ours is the recording if it will have it.
            None => Beginning {
                recording: fresh,
                started_ms: now_ms,
                section: word.map_or(section, |word| word.section),
                open: word.is_none_or(|word| word.open),
                record: Record::Off,
                guest: true,
            },
        })
    }

    /// Will the home's record be on as soon as it knows of the gathering here?
    pub(super) fn is_to_be_on(&self, meeting: MeetingId) -> bool {
        let word = self.leases.get(&meeting).and_then(|lease| lease.word(Instant::now()));
        self.is_guest(meeting) && word.is_some_and(|word| word.open && word.record == Record::On)
    }

    /// Nobody waits for a home that is asked, nor for a guest's end, longer than this.
    pub(super) fn next_of_guests(&self) -> Option<Instant> {
        let now = Instant::now();
        let held = self.gatherings.values().filter(|there| there.is_empty());
        let held = held.map(|there| there.held_until(now).unwrap_or(now));
        self.leases.values().filter_map(Lease::deadline).chain(held).min()
    }

    pub(super) fn guests_time_passed(&mut self, now: Instant) {
        for meeting in self.leases.keys().copied().collect::<Vec<_>>() {
            if self.leases.get(&meeting).and_then(Lease::deadline).is_some_and(|deadline| deadline <= now) {
                self.lease(meeting, Input::TimePassed, now);
            }
        }
        let over: Vec<_> = (self.gatherings.iter())
            .filter(|(_, there)| there.is_empty() && there.held_until(now).is_none())
            .map(|(meeting, there)| (*meeting, there.recording))
            .collect();
        for (meeting, recording) in over {
            self.disperse(meeting, recording);
        }
    }

    pub(super) fn home_answered(&mut self, meeting: MeetingId, home: GatewayId, word: Option<Word>) {
        // The answer to a question of a lease that is gone is nothing to the next.
        if self.leases.get(&meeting).is_some_and(|lease| lease.home() == home) {
            self.lease(meeting, Input::Answered(word), Instant::now());
        }
    }

    fn lease(&mut self, meeting: MeetingId, input: Input, now: Instant) {
        let Some(lease) = self.leases.get_mut(&meeting) else { return };
        let mut out = Vec::new();
        lease.handle(input, now, &mut out);
        for output in out {
            match output {
                Output::Ask => self.ask_home(meeting),
                Output::Heard { word, anew } => self.heard_of_home(meeting, &word, anew),
                Output::Lost { last, at } => self.home_lost(meeting, &last, at, now),
            }
        }
    }

    /// A journal that begins while the home's word holds says so.
    pub(super) fn note_known(&self, meeting: MeetingId, recording: RecordingId) {
        let word = self.leases.get(&meeting).and_then(|lease| lease.word(Instant::now()));
        if let Some(word) = word.filter(|_| self.is_guest(meeting)) {
            self.note(recording, MediaEvent::State { home: word.home, epoch: word.epoch, known: true });
        }
    }

    /// The home is to know at once that somebody is here.
    pub(super) fn ask_home_soon(&mut self, meeting: MeetingId) {
        if let Some(lease) = self.leases.get_mut(&meeting) {
            lease.ask_soon(Instant::now());
        }
    }

    fn ask_home(&mut self, meeting: MeetingId) {
        let own = self.parts.gateway;
        let Some(door) = self.parts.plan.home(meeting, own) else { return };
        let (home, socket) = (door.gateway, PathBuf::from(&door.socket));
        let guest = self.gatherings.get(&meeting).filter(|there| there.guest).map(|there| Guest {
            gateway: own,
            recording: there.recording,
            started_ms: there.started_ms,
        });
        self.later.push(Box::pin(async move {
            let asked = home::ask(&socket, meeting, guest).await;
            let word = asked.inspect_err(|why| tracing::debug!(%meeting, %why, "the home gave no word")).ok();
            After::Home { meeting, home, word }
        }));
    }

    /// What a caller here wishes of the record is the home's to do; everybody hears of it by its word.
    pub(super) fn wish_of_home(&mut self, meeting: MeetingId, call: CallId, what: &'static str) {
        let Some(door) = self.parts.plan.home(meeting, self.parts.gateway) else { return };
        let socket = PathBuf::from(&door.socket);
        self.later.push(Box::pin(async move {
            let done = home::tell(&socket, meeting, what).await;
            let done = done.inspect_err(|why| tracing::info!(%meeting, %why, what, "the home did not do it"));
            After::HomeDid { meeting, call, done: done.map_err(|why| refused(&why)) }
        }));
    }

    pub(super) fn home_did(&mut self, meeting: MeetingId, call: CallId, done: Result<(), Refused>) {
        match done {
            Ok(()) => self.ask_home_soon(meeting),
            Err(why) => self.feed(call, crate::call::Input::Room(News::Refused(why))),
        }
    }

    /// The home's word holds: one step towards it.
    fn heard_of_home(&mut self, meeting: MeetingId, word: &Word, anew: bool) {
        let Some(there) = self.gatherings.get(&meeting).filter(|there| there.guest) else { return };
        let (recording, step) = (there.recording, there.follow(word));
        if anew {
            tracing::info!(%meeting, home = %word.home, "the home gateway says how the record stands");
            let known = MediaEvent::State { home: word.home, epoch: word.epoch, known: true };
            self.note(recording, known);
        }
        match step {
            Step::Nothing => {}
            Step::Begin(section) => {
                let next = self.parts.plan.meeting(meeting).map(|plan| plan.section);
                let open = self.gatherings.get(&meeting).is_some_and(|there| there.is_in(section));
                // The next section's keys may come to us after they came to the home; then it begins here a little later.
                if open || next == Some(section) {
                    let _asked_again = self.begin_record(meeting, None);
                }
            }
            Step::Pause(by) => {
                let was_on = self.gatherings.get_mut(&meeting).is_some_and(|there| there.pause_on_anothers_word(by));
                self.followed(meeting, MediaEvent::Paused, was_on.then(|| paused_by(by)));
            }
            Step::Stop => {
                let was_on = self.gatherings.get_mut(&meeting).is_some_and(|there| there.stop_on_anothers_word());
                self.followed(meeting, MediaEvent::Stopped, was_on.then_some(RecordState::Off));
            }
            Step::CloseSection => {
                let _closed_already = self.close_section_here(meeting);
            }
            Step::Move => self.move_recording(meeting, word),
            Step::End => {
                self.end_meeting(meeting);
            }
        }
    }

    /// Nobody knows how the record stands: from the end of the lease on nothing is kept.
    fn home_lost(&mut self, meeting: MeetingId, last: &Word, at: Instant, now: Instant) {
        tracing::warn!(%meeting, home = %last.home, "the home gateway is not heard: nothing is recorded until it is");
        let Some(there) = self.gatherings.get_mut(&meeting).filter(|there| there.guest) else { return };
        let (recording, was_on) = (there.recording, there.pause_on_anothers_word(None));
        let late = u64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(u64::MAX) / Slot::MS;
        let slot = Slot(self.parts.clock.slot().0.saturating_sub(late));
        let event = MediaEvent::State { home: last.home, epoch: last.epoch, known: false };
        let _away = self.parts.recorder.tell(ToRecorder::Note { recording, slot, event });
        self.record_is(meeting, was_on.then_some(RecordState::Paused));
    }

    fn followed(&mut self, meeting: MeetingId, line: MediaEvent, told: Option<RecordState>) {
        if let Some(recording) = self.gatherings.get(&meeting).map(|there| there.recording) {
            self.note(recording, line);
        }
        self.record_is(meeting, told);
    }

    /// Room, desk and, where it changes something for them, callers learn how the record stands now.
    fn record_is(&mut self, meeting: MeetingId, told: Option<RecordState>) {
        let Some(there) = self.gatherings.get(&meeting) else { return };
        let (recording, founded, record) = (there.recording, there.founded, there.record);
        self.tell_worker(ToWorker::Record { room: room_of(founded), on: record == Record::On });
        self.tell(What::RecordChanged { meeting, recording, record });
        if let Some(told) = told {
            self.tell_everybody(meeting, told);
        }
    }

    /// The home has another recording than we: nothing of ours goes on, and everybody is asked anew.
    fn move_recording(&mut self, meeting: MeetingId, word: &Word) {
        let Some(recording) = word.recording else { return };
        let Some(about) = self.about(meeting, recording, word.started_ms, word.section) else { return };
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        let before = there.recording;
        tracing::warn!(%meeting, from = %before, to = %recording, "the home gateway has another recording");
        let permits = there.move_to(recording, word);
        let seats = there.seat_facts();
        self.parts.plan.set_seated(meeting, recording, there.seated());
        self.end_permits(meeting, before, permits, EndWhy::End);
        let finish = ToRecorder::Finish { recording: before, why: CloseWhy::LastSeatLeft, reply: None };
        let _away = self.parts.recorder.tell(finish);
        self.begin_journal(meeting, about);
        self.note(recording, MediaEvent::State { home: word.home, epoch: word.epoch, known: true });
        for seat in seats {
            self.note(recording, MediaEvent::Seat(seat));
        }
        self.record_is(meeting, Some(RecordState::SectionClosed));
        self.off_record_changed(meeting);
    }
}

/// At the home.
impl Switchboard {
    /// How the record stands. Somebody at a guest is somebody in the meeting: the gathering begins with them, and lasts.
    pub(super) fn record_asked(&mut self, meeting: MeetingId, guest: Option<Guest>) -> Result<Word, Refusal> {
        let own = self.parts.gateway;
        if self.parts.plan.home(meeting, own).is_some() || self.is_guest(meeting) {
            return Err(refusal("not-home", "another gateway is the home of this meeting"));
        }
        let section = self.parts.plan.meeting(meeting).map(|plan| plan.section);
        let section = section.ok_or_else(|| refusal("no-such-meeting", "this gateway holds no such meeting"))?;
        let ended = guest.is_some_and(|guest| self.ended.contains(&guest.recording));
        if let Some(guest) = guest.filter(|_| !ended && !self.draining) {
            if !self.gatherings.contains_key(&meeting) {
                self.gather_for(meeting, guest);
            }
            if let Some(there) = self.gatherings.get_mut(&meeting) {
                there.held_by(guest.gateway, Instant::now());
            }
        }
        Ok(self.word(meeting, section, ended))
    }

    /// A guest's recording becomes the meeting's, if its beginning can be true.
    fn gather_for(&mut self, meeting: MeetingId, guest: Guest) {
        let now_ms = self.parts.clock.wall().utc_ms;
        let known = (now_ms - A_DAY_MS..=now_ms + A_MINUTE_MS).contains(&guest.started_ms);
        let Some(began) = self.beginning(meeting) else { return };
        let began = match known {
            true => Beginning { recording: guest.recording, started_ms: guest.started_ms, ..began },
            false => began,
        };
        tracing::info!(%meeting, guest = %guest.gateway, recording = %began.recording, "a gathering began at a guest");
        self.gather_in(meeting, began);
    }

    /// `planned`: the section whose keys are at hand.
    fn word(&self, meeting: MeetingId, planned: SectionId, ended: bool) -> Word {
        let plan = &self.parts.plan;
        let there = self.gatherings.get(&meeting).filter(|_| !ended);
        let (section, open) = match there.map(|there| there.section) {
            Some(Section::Open(section)) => (section, true),
            Some(Section::Closing(section) | Section::Closed(section)) => (section, false),
            Some(Section::Opening { last, next: _ }) => (last, false),
            None => (planned, !plan.is_closed(meeting)),
        };
        Word {
            home: self.parts.gateway,
            epoch: self.parts.boot,
            recording: there.map(|there| there.recording),
            started_ms: there.map_or(0, |there| there.started_ms),
            section,
            open,
            record: there.map_or_else(|| plan.record(meeting), |there| there.record),
            paused_by: there.and_then(|there| there.paused_by),
            ended,
        }
    }

    /// Is somebody in the gathering at another gateway, so that it goes on when the last has left here?
    pub(super) fn is_held(&self, meeting: MeetingId) -> bool {
        self.gatherings
            .get(&meeting)
            .is_some_and(|there| !self.ended.contains(&there.recording) && there.held_until(Instant::now()).is_some())
    }

    /// Guests that still have somebody in it are told that it was ended for all.
    pub(super) fn remember_end(&mut self, recording: RecordingId) {
        if !self.ended.contains(&recording) {
            self.ended.push_back(recording);
        }
        if self.ended.len() > MOST_ENDED {
            self.ended.pop_front();
        }
    }
}

/// As the home's own callers would be told.
fn refused(why: &HomeError) -> Refused {
    match why {
        HomeError::Refused(refusal) => match refusal.code.as_str() {
            "already-on" => Refused::AlreadyOn,
            "not-on" => Refused::NotOn,
            "no-keys" => Refused::NoKeys,
            _ => Refused::CannotRecord,
        },
        HomeError::Away(_) | HomeError::Slow | HomeError::Malformed => Refused::CannotRecord,
    }
}

const A_DAY_MS: i64 = 24 * 3_600_000;
const A_MINUTE_MS: i64 = 60_000;

/// Ends that a guest may still have to be told: it asks four times a second, so a few would do.
const MOST_ENDED: usize = 1024;
