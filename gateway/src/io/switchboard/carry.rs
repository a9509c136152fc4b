//! What calls want, carried out; and what follows from it for their gathering.
//!
//! The order is the law's: an act of consent is in the journal before anything follows from it, a permit reaches the
//! room only when its track is open on the disk, and its end reaches the room before anything else.
//!
//! Not here: when which of these is wanted (`call`, `consent`).

use std::time::{Duration, Instant};

use control::{Record, What, receipt};
use spool::id::{MeetingId, RecordingId, SeatNo, SectionId, Slot, TrackId};
use spool::line::{CloseWhy, EndWhy, MediaEvent, SeatFact, SeatKind, TrackFact};
use tokio::sync::oneshot;

use super::super::media::{RoomId, ToWorker};
use super::super::recorder::{About, ToRecorder, Trouble};
use super::Switchboard;
use super::later::{self, After, Opened};
use crate::call::{Input, Invitation, NoPermit, Notice, Output};
use crate::consent::{self, Act, Decision, Ending, Given};
use crate::gathering::Gathering;
use crate::ids::{CallId, Role};
use crate::plan::Entry;

impl Switchboard {
    /// One thing that happened to one call, and everything that call wants because of it.
    ///
    /// What a call wants is carried out whole before the next thing is fed to any: an answer that comes at once would
    /// else overtake the rest.
    pub(super) fn feed(&mut self, id: CallId, input: Input) {
        self.inbox.push_back((id, input));
        if std::mem::replace(&mut self.feeding, true) {
            return;
        }
        while let Some((id, input)) = self.inbox.pop_front() {
            let Some(call) = self.lines.get_mut(&id).and_then(|line| line.call.take()) else { continue };
            let mut out = Vec::new();
            let call = call.handle(input, Instant::now(), &mut out);
            if let Some(line) = self.lines.get_mut(&id) {
                line.call = Some(call);
            }
            for output in out {
                self.carry(id, output);
            }
        }
        self.feeding = false;
        for call in std::mem::take(&mut self.departed) {
            self.gone(call);
        }
    }

    fn carry(&mut self, call: CallId, output: Output) {
        match output {
            Output::Say { token, language, prompts } => {
                let parts = self.parts.prompts.parts(language, &prompts);
                self.tell_worker(ToWorker::Say { call, token, parts });
            }
            Output::Hush => self.tell_worker(ToWorker::Hush { call }),
            Output::TryPin { digits } => self.try_pin(call, digits.expose()),
            Output::Act(act) => self.write_down(call, &act),
            Output::Grant { evidence } => self.grant(call, evidence),
            Output::EndPermit { at, why: Ending::Withdrawn } => self.end_permit(call, at, EndWhy::Withdrawn),
            Output::EndPermit { at, why: Ending::Shared } => self.end_permit(call, at, EndWhy::Shared),
            Output::Shared(on) => self.shared(call, on),
            Output::Order { decision } => self.order(call, decision),
            Output::DigitSettled => self.tell_worker(ToWorker::DigitSettled { call }),
            Output::Enter => self.enter(call),
            Output::Mute(on) => {
                self.tell_worker(ToWorker::Mute { call, on });
                self.at_seat(call, |there, seat| there.mute(seat, on));
            }
            Output::Gain { db } => self.tell_worker(ToWorker::Gain { call, db }),
            Output::Wish(wish) => self.wish(call, wish),
            Output::CountHeads => {
                let seats =
                    self.place(call).and_then(|(meeting, _)| self.gatherings.get(&meeting)).map(Gathering::heads);
                let (here, recorded) = seats.unwrap_or_default();
                self.feed(call, Input::Heads { here, recorded });
            }
            Output::WakeAt(at) => {
                if let Some(line) = self.lines.get_mut(&call) {
                    line.wake = Some(at);
                }
            }
            Output::HangUp(why) => self.hang_up(call, why),
        }
    }

    pub(super) fn tell_worker(&mut self, message: ToWorker) {
        if self.parts.workers.tell(message).is_err() {
            tracing::error!("a media worker does not answer; a message to it is lost");
        }
    }

    fn try_pin(&mut self, call: CallId, digits: &str) {
        let Some(line) = self.lines.get(&call) else { return };
        let wall_ms = self.parts.clock.wall().utc_ms;
        match self.parts.plan.enter(digits, &line.origin, Instant::now(), wall_ms) {
            Entry::Right { meeting, role } => self.arrive(call, meeting, role),
            Entry::NotOpen { meeting: _ } => self.feed(call, Input::NotOpen),
            Entry::Wrong { delay } => self.feed(call, Input::PinWrong { delay }),
        }
    }

    /// The right PIN: a seat, and a gathering if this is its first.
    fn arrive(&mut self, call: CallId, meeting: MeetingId, role: Role) {
        let Some(plan) = self.parts.plan.meeting(meeting) else { return };
        let (number, rule) = (plan.number.clone(), plan.rule.clone());
        if !self.gatherings.contains_key(&meeting) {
            self.gather(meeting);
        }
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        if !there.admits(role) {
            return self.feed(call, Input::Locked);
        }
        let (seat, recording, on, dated) = (there.arrive(call, role), there.recording, there.on(), there.dated);
        self.parts.plan.set_seated(meeting, recording, there.seated());
        // The home's word is known before it has named the recording: what it will be is told at once.
        let on = on || self.is_to_be_on(meeting);
        if let Some(line) = self.lines.get_mut(&call) {
            line.place = Some((meeting, seat));
        }
        self.note(recording, MediaEvent::Seat(SeatFact { seat, kind: SeatKind::Telephone }));
        self.tell(What::SeatArrived { meeting, seat });
        let notice = if dated {
            Notice::Ask { text: rule.notice, cap_months: rule.cap_months, on_now: on && self.trouble.is_none() }
        } else {
            Notice::NotRecorded
        };
        self.feed(call, Input::PinRight(Invitation { meeting_number: number, seat, role, notice }));
    }

    /// Somebody comes first: a recording of its own, unless another gateway of the meeting has one already.
    fn gather(&mut self, meeting: MeetingId) {
        if let Some(began) = self.beginning(meeting) {
            self.gather_in(meeting, began);
            self.ask_home_soon(meeting);
        }
    }

    /// The gathering begins; see [`Beginning`].
    pub(super) fn gather_in(&mut self, meeting: MeetingId, began: Beginning) {
        let Beginning { recording, started_ms, section, open, record, guest } = began;
        let Some(about) = self.about(meeting, recording, started_ms, section) else { return };
        let Some(rule) = self.parts.plan.meeting(meeting).map(|plan| plan.rule.clone()) else { return };
        let share = self.parts.plan.share(meeting, self.parts.gateway);
        let seated = self.parts.plan.seated(meeting, recording);
        let mut there = Gathering::new(meeting, recording, section, record, started_ms, rule).with_share(share, seated);
        if guest {
            there = there.on_anothers_word();
        }
        if !open {
            there = there.behind_a_closed_section();
        }
        let (record, dated) = (there.record, there.dated);
        self.gatherings.insert(meeting, there);
        self.tell(What::GatheringBegan { meeting, recording });
        if !dated {
            tracing::error!(%meeting, "the clock is not set: this gathering is not recorded");
            self.tell(What::RecordingTrouble { meeting, reason: "the clock is not set".to_owned() });
        }
        self.begin_journal(meeting, about);
        self.note_known(meeting, recording);
        match record {
            Record::On => self.note(recording, MediaEvent::Started),
            Record::Paused => self.note(recording, MediaEvent::Paused),
            Record::Off => {}
        }
    }

    pub(super) fn begin_journal(&mut self, meeting: MeetingId, about: About) {
        let recording = about.recording;
        let (reply, answer) = oneshot::channel();
        if self.parts.recorder.tell(ToRecorder::Begin { about: Box::new(about), reply }).is_ok() {
            self.later.push(Box::pin(async move {
                After::Began { meeting, recording, began: later::answered(answer).await.is_ok() }
            }));
        }
    }

    pub(super) fn about(
        &self,
        meeting: MeetingId,
        recording: RecordingId,
        started_ms: i64,
        section: SectionId,
    ) -> Option<About> {
        let plan = self.parts.plan.meeting(meeting)?;
        let running_ms = self.parts.clock.wall().utc_ms.saturating_sub(started_ms);
        Some(About {
            recording,
            meeting,
            section,
            rule: plan.rule.id.clone(),
            rule_hash: plan.rule.hash.clone(),
            started_ms,
            destroy_by_ms: crate::calendar::months_after(started_ms, plan.rule.cap_months),
            rooms: vec!["plenum".to_owned()],
            seats: Vec::new(),
            // Of a recording that goes on, this gateway may have written chunks before, in an earlier run even: so many in
            // so short a time it cannot have been.
            first_chunk: u32::try_from(running_ms / CHUNK_NUMBER_MS).unwrap_or(0),
        })
    }

    /// A line in the journal; what a recorder that is away does not take is missing there, and was said aloud.
    pub(super) fn note(&self, recording: RecordingId, event: MediaEvent) {
        let slot = self.parts.clock.slot();
        let _away = self.parts.recorder.tell(ToRecorder::Note { recording, slot, event });
    }

    fn write_down(&mut self, call: CallId, act: &Act) {
        let Some((meeting, _)) = self.place(call) else { return };
        let Some(recording) = self.gatherings.get(&meeting).map(|there| there.recording) else { return };
        let slot = self.parts.clock.slot();
        let act = Box::new(self.evidence(act));
        if self.parts.recorder.tell(ToRecorder::Act { recording, slot, act, reply: None }).is_err() {
            tracing::error!(%recording, "the recorder does not answer: an act of consent is missing in the journal");
            self.tell(What::RecordingTrouble { meeting, reason: "an act of consent could not be written".to_owned() });
        }
    }

    /// The act with what only the shell knows: the wall clock, and what exactly was said.
    fn evidence(&self, act: &Act) -> spool::line::Act {
        let wall = self.parts.clock.wall();
        let words = self.parts.prompts.words(act.language, &act.parts);
        let lasts = |part| self.parts.prompts.get(act.language, part).map_or(Duration::ZERO, |prompt| prompt.lasts());
        act.written(words, lasts, wall.utc_ms, wall.ntp)
    }

    /// A yes: a key that is marked as used on the disk, the act, the track; only then the permit.
    fn grant(&mut self, call: CallId, given: Given) {
        let Some((meeting, seat)) = self.place(call) else { return };
        let Some(recording) = self.gatherings.get(&meeting).map(|there| there.recording) else { return };
        let Some(section) = self.parts.plan.meeting(meeting).map(|plan| plan.section) else { return };
        // The keys at hand may already be those of the next section.
        let open = self.gatherings.get(&meeting).is_some_and(|there| there.is_in(section));
        let key = if self.trouble.is_some() || !open { None } else { self.parts.plan.take_key(meeting) };
        let Some(key) = key else {
            let why = self.no_permit(NoPermit::NoKeys);
            let from = given.yes_ended();
            self.write_down(call, &consent::unfulfilled(given));
            if open && why == NoPermit::NoKeys {
                let _away = self.parts.recorder.tell(ToRecorder::NoKey { recording, seat, from });
            }
            return self.feed(call, Input::NoPermit { why });
        };
        let left = self.parts.plan.keys_left(meeting);
        if left < KEYS_LOW {
            self.tell(What::KeysLow { meeting, left });
        }
        let (permit, act) = consent::permit(given, key);
        let act = Box::new(self.evidence(&act));
        let (file, text, recorder) =
            (self.parts.plan_file.clone(), self.parts.plan.to_json(), self.parts.recorder.clone());
        let (slot, public) = (self.parts.clock.slot(), permit.public().clone());
        let fact = TrackFact { track: permit.track(), seat, from: permit.from() };
        self.later.push(Box::pin(async move {
            let open = file.write(text).await && {
                let (acted, act_written) = oneshot::channel();
                let (reply, opened) = oneshot::channel();
                recorder.tell(ToRecorder::Act { recording, slot, act, reply: Some(acted) }).is_ok()
                    && later::answered(act_written).await.is_ok()
                    && recorder.tell(ToRecorder::Track { recording, fact, public, reply }).is_ok()
                    && later::answered(opened).await.is_ok()
            };
            After::Track(Opened { call, seat, meeting, section, permit, open })
        }));
    }

    /// Why nothing can be recorded now: the disk's trouble where there is some, else as given.
    fn no_permit(&self, otherwise: NoPermit) -> NoPermit {
        match self.trouble {
            Some(Trouble::DiskFull) => NoPermit::DiskFull,
            Some(Trouble::DiskFails) => NoPermit::RecorderAway,
            None => otherwise,
        }
    }

    pub(super) fn track_opened(&mut self, opened: Opened) {
        let Opened { call, seat, meeting, section, permit, open } = opened;
        let track = permit.track();
        if !open {
            let why = self.no_permit(NoPermit::RecorderAway);
            return self.feed(call, Input::NoPermit { why });
        }
        let here = self.lines.contains_key(&call);
        let Some(there) = self.gatherings.get_mut(&meeting).filter(|there| here && there.is_in(section)) else {
            // The caller left, or the section was closed, while the track was being opened: it ends before it holds
            // anything.
            if let Some(recording) = self.gatherings.get(&meeting).map(|there| there.recording) {
                let (until, why) = (permit.from(), if here { EndWhy::Section } else { EndWhy::Left });
                let end = ToRecorder::EndTrack { recording, track, until, why };
                let _away = self.parts.recorder.tell(end);
            }
            return self.feed(call, Input::NoPermit { why: NoPermit::NoKeys });
        };
        there.permitted(seat, track);
        let recording = there.recording;
        let plan = self.parts.plan.meeting(meeting);
        let receipt = plan.map(|plan| receipt::code(&plan.receipt_key, track)).unwrap_or_default();
        self.tell_worker(ToWorker::Permit { call, permit });
        self.tell(What::PermitBegan { meeting, recording, seat, track });
        self.off_record_changed(meeting);
        self.feed(call, Input::Permitted { track, receipt });
    }

    fn end_permit(&mut self, call: CallId, at: Slot, why: EndWhy) {
        self.tell_worker(ToWorker::EndPermit { call, at });
        let Some((meeting, seat)) = self.place(call) else { return };
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        let recording = there.recording;
        let Some(track) = there.permit_ended(seat) else { return };
        let end = ToRecorder::EndTrack { recording, track, until: at, why };
        if self.parts.recorder.tell(end).is_err() {
            tracing::error!(%track, "the recorder does not answer to the end of a permit; the room gives it nothing more");
        }
        self.tell(What::PermitEnded { meeting, recording, seat, track });
        self.off_record_changed(meeting);
    }

    /// The journal, the sound and the desk learn that several people speak through a seat, or one again.
    fn shared(&mut self, call: CallId, on: bool) {
        self.tell_worker(ToWorker::Shared { call, on });
        let Some((meeting, seat)) = self.place(call) else { return };
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        let recording = there.recording;
        if there.share(seat, on) {
            let kind = if on { SeatKind::Shared } else { SeatKind::Telephone };
            self.note(recording, MediaEvent::Seat(SeatFact { seat, kind }));
            self.tell(What::SeatShared { meeting, seat, on });
        }
    }

    /// What becomes of what was recorded under the permit that was taken back.
    fn order(&mut self, call: CallId, decision: Decision) {
        let Some((meeting, seat)) = self.place(call) else { return };
        let Some(there) = self.gatherings.get(&meeting) else { return };
        let (recording, tracks) = (there.recording, there.undecided(seat).to_vec());
        if tracks.is_empty() {
            return self.feed(call, Input::OrderWritten);
        }
        let (reply, answer) = oneshot::channel();
        let order = ToRecorder::Order { recording, decision, tracks: tracks.clone(), reply };
        if self.parts.recorder.tell(order).is_err() {
            return self.feed(call, Input::OrderFailed);
        }
        self.later.push(Box::pin(async move {
            After::Order { call, tracks, written: later::answered(answer).await.is_ok() }
        }));
    }

    pub(super) fn ordered(&mut self, call: CallId, tracks: &[TrackId], written: bool) {
        if written {
            self.at_seat(call, |there, seat| there.decided(seat, tracks));
        }
        self.feed(call, if written { Input::OrderWritten } else { Input::OrderFailed });
    }

    fn enter(&mut self, call: CallId) {
        let Some((meeting, seat)) = self.place(call) else { return };
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        there.enter(seat);
        let (room, on) = (room_of(there.founded), there.on());
        self.tell_worker(ToWorker::Enter { call, room, seat, on });
        self.tell(What::SeatEntered { meeting, seat });
        self.off_record_changed(meeting);
    }

    /// Notes that some seat in the room speaks off record, or none does: never who.
    pub(super) fn off_record_changed(&mut self, meeting: MeetingId) {
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        let on = there.somebody_off_record();
        if std::mem::replace(&mut there.off_record_noted, on) != on {
            let recording = there.recording;
            self.note(recording, MediaEvent::OffRecord { on });
        }
    }

    /// A call is over: its last words are heard, its permit ends, its seat is free.
    pub(super) fn gone(&mut self, call: CallId) {
        if self.feeding {
            self.departed.push(call);
            return;
        }
        self.feed(call, Input::CallerLeft);
        let at = self.parts.clock.slot();
        self.end_permit(call, at, EndWhy::Left);
        self.tell_worker(ToWorker::Close { call });
        let Some(line) = self.lines.remove(&call) else { return };
        self.legs.remove(&line.leg);
        let Some((meeting, seat)) = line.place else { return };
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        let (last, recording) = (there.leave(seat), there.recording);
        self.note(recording, MediaEvent::Left { seat });
        self.tell(What::SeatLeft { meeting, seat });
        if last && !self.is_held(meeting) {
            self.disperse(meeting, recording);
        } else {
            self.off_record_changed(meeting);
        }
    }

    /// The last one is out: the recording is closed and handed over.
    pub(super) fn disperse(&mut self, meeting: MeetingId, recording: RecordingId) {
        self.gatherings.remove(&meeting);
        let (reply, answer) = oneshot::channel();
        let finish = ToRecorder::Finish { recording, why: CloseWhy::LastSeatLeft, reply: Some(reply) };
        if self.parts.recorder.tell(finish).is_ok() {
            self.later.push(Box::pin(async move {
                let _closed = later::answered(answer).await;
                After::Nothing
            }));
        }
        self.tell(What::GatheringEnded { meeting, recording });
    }

    pub(super) fn place(&self, call: CallId) -> Option<(MeetingId, SeatNo)> {
        self.lines.get(&call)?.place
    }

    fn at_seat(&mut self, call: CallId, change: impl FnOnce(&mut Gathering, SeatNo)) {
        let Some((meeting, seat)) = self.place(call) else { return };
        if let Some(there) = self.gatherings.get_mut(&meeting) {
            change(there, seat);
        }
    }
}

/// The sound's name for a gathering's room: as unique as the recording's random id.
pub(super) fn room_of(recording: RecordingId) -> RoomId {
    let [a, b, c, d, e, f, g, h, ..] = recording.0;
    RoomId(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}

/// How a gathering begins.
pub(super) struct Beginning {
    pub(super) recording: RecordingId,
    pub(super) started_ms: i64,
    pub(super) section: SectionId,
    /// False: that section is closed.
    pub(super) open: bool,
    pub(super) record: Record,
    /// How the record stands is another gateway's word.
    pub(super) guest: bool,
}

const KEYS_LOW: u32 = 50;

/// No gateway closes chunks of one recording faster than this.
const CHUNK_NUMBER_MS: i64 = 100;
