//! What the desk asks, carried out.
//!
//! Not here: HTTP (`io::control`), and whether a meeting can be held as asked (`plan`).

use control::{CutDone, Floor, Health, Meeting, MeetingNow, Record, Refusal, SipCounters, What};
use sip::Transport;
use spool::id::{MeetingId, SeatNo};
use spool::line::MediaEvent;
use tokio::sync::oneshot;

use super::super::control::{Ask, Done, OfMeeting, Reply, refusal};
use super::super::listener::Listener;
use super::super::media::ToWorker;
use super::super::recorder::{RecorderError, ToRecorder};
use super::Switchboard;
use super::later::{self, After};
use crate::call::{Input, News, Refused};
use crate::consent::Wording;
use crate::gathering::Gathering;
use crate::plan::{Plan, PlanError};

impl Switchboard {
    pub(super) fn asked(&mut self, ask: Ask) {
        // Whoever asked may have gone away; what was asked is done all the same.
        match ask {
            Ask::Health(reply) => drop(reply.send(self.health())),
            Ask::Drain(reply) => {
                self.drain(1);
                drop(reply.send(Ok(())));
            }
            Ask::Put(meeting, reply) => self.put(*meeting, reply),
            Ask::Remove(meeting, reply) => self.remove(meeting, reply),
            Ask::List(reply) => drop(reply.send(self.list())),
            Ask::Record(meeting, guest, reply) => drop(reply.send(self.record_asked(meeting, guest))),
            Ask::Agenda(meeting, item, reply) => self.set_agenda(meeting, item, reply),
            Ask::Of(meeting, what, reply) => drop(reply.send(self.asked_of(meeting, what))),
            Ask::Hands(meeting, reply) => drop(reply.send(self.hands(meeting))),
            Ask::NextHand(meeting, reply) => {
                let called = self.present(meeting).map(|()| Floor { seat: self.next_speaker(meeting) });
                drop(reply.send(called));
            }
            Ask::Cut(meeting, reply) => self.cut(meeting, reply),
            Ask::Events { after, boot, reply } => drop(reply.send(self.told.follow(after, boot))),
            Ask::Waiting(reply) => self.waiting(reply),
            Ask::AcknowledgeChunk(chunk, reply) => {
                self.acknowledge(reply, "no-such-chunk", |done| ToRecorder::AcknowledgeChunk { chunk, reply: done });
            }
            Ask::AcknowledgeOrder(order, reply) => {
                self.acknowledge(reply, "no-such-order", |done| ToRecorder::AcknowledgeOrder { order, reply: done });
            }
        }
    }

    /// What is done to a meeting at once.
    fn asked_of(&mut self, meeting: MeetingId, what: OfMeeting) -> Done {
        self.present(meeting)?;
        match what {
            OfMeeting::End => {
                self.end_meeting(meeting);
                Ok(())
            }
            OfMeeting::Start => self.start_record(meeting, None).map_err(refused),
            OfMeeting::Pause(by) => self.pause_record(meeting, by).map_err(refused),
            OfMeeting::CloseSection => self.close_section(meeting).map_err(refused),
            OfMeeting::Marker(text_id) => self.mark(meeting, text_id),
            OfMeeting::Lock(on) => {
                self.lock(meeting, on);
                Ok(())
            }
            OfMeeting::MuteAll => {
                self.mute_others(meeting);
                Ok(())
            }
            OfMeeting::Mute(seat) => self.mute(meeting, seat),
            OfMeeting::HelpAnswered(seat) => self.help_answered(meeting, seat),
            OfMeeting::Shared(seat, on) => self.share(meeting, seat, on),
            OfMeeting::Dismiss(seat) => {
                let call = self.gatherings.get(&meeting).and_then(|there| there.call_at(seat)).ok_or_else(no_seat)?;
                self.feed(call, Input::Removed);
                Ok(())
            }
        }
    }

    /// Is anybody there to whom it could be done?
    fn present(&self, meeting: MeetingId) -> Done {
        match self.gatherings.contains_key(&meeting) {
            true => Ok(()),
            false => Err(refusal("no-such-meeting", "nobody is in this meeting")),
        }
    }

    fn hands(&self, meeting: MeetingId) -> Result<Vec<SeatNo>, Refusal> {
        self.present(meeting)?;
        Ok(self.gatherings.get(&meeting).map(|there| there.hands().to_vec()).unwrap_or_default())
    }

    fn mute(&mut self, meeting: MeetingId, seat: SeatNo) -> Done {
        let there = self.gatherings.get_mut(&meeting).ok_or_else(no_seat)?;
        let call = there.call_at(seat).ok_or_else(no_seat)?;
        there.mute(seat, true);
        self.tell_worker(ToWorker::Mute { call, on: true });
        self.feed(call, Input::Room(News::Muted));
        Ok(())
    }

    /// Asked twice, by two clerks perhaps, it is done as well.
    fn help_answered(&mut self, meeting: MeetingId, seat: SeatNo) -> Done {
        let there = self.gatherings.get_mut(&meeting).ok_or_else(no_seat)?;
        there.call_at(seat).ok_or_else(no_seat)?;
        if there.help_answered(seat) {
            self.tell(What::HelpAnswered { meeting, seat });
        }
        Ok(())
    }

    /// The call ends its own permit, in its own order, and says so; from now on nothing more is permitted.
    fn share(&mut self, meeting: MeetingId, seat: SeatNo, on: bool) -> Done {
        let call = self.gatherings.get(&meeting).and_then(|there| there.call_at(seat)).ok_or_else(no_seat)?;
        let at = self.parts.clock.slot();
        self.feed(call, Input::Shared { on, at });
        Ok(())
    }

    fn mark(&mut self, meeting: MeetingId, text_id: String) -> Done {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if text_id.is_empty() || text_id.len() > LONGEST_TEXT_ID || !text_id.chars().all(plain) {
            return Err(refusal("marker", "a marker names a text: letters, digits and -, at most 64"));
        }
        let recording = self.gatherings.get(&meeting).map(|there| there.recording);
        if let Some(recording) = recording {
            self.note(recording, MediaEvent::Marker { text_id });
        }
        Ok(())
    }

    /// Remembered over restarts, and marked in the recording that is running.
    fn set_agenda(&mut self, meeting: MeetingId, item: Option<u32>, reply: Reply<Done>) {
        if self.parts.plan.meeting(meeting).is_none() {
            let _gone = reply.send(Err(refusal("no-such-meeting", "this gateway holds no such meeting")));
            return;
        }
        if !self.parts.plan.set_agenda(meeting, item) {
            let _gone = reply.send(Err(refusal("agenda", "an agenda item is a number from 1 to 999")));
            return;
        }
        // In the recording once: a guest's journal is of the same one.
        let marks = self.gatherings.get(&meeting).is_some_and(|there| !there.guest);
        if let (Some(item), true) = (item, marks) {
            let _marked = self.mark(meeting, format!("agenda-{item}"));
        }
        self.tell(What::AgendaChanged { meeting, item });
        self.save_plan(reply);
    }

    fn waiting(&mut self, reply: Reply<Result<control::Waiting, Refusal>>) {
        let (done, answer) = oneshot::channel();
        if self.parts.recorder.tell(ToRecorder::Waiting { reply: done }).is_err() {
            let _gone = reply.send(Err(refusal("recorder", "the recorder does not answer")));
            return;
        }
        self.later.push(Box::pin(async move {
            let waiting = later::answered(answer).await;
            let waiting = waiting.map(|waiting| control::Waiting { chunks: waiting.chunks, orders: waiting.orders });
            After::Waiting { reply, waiting }
        }));
    }

    fn health(&self) -> Health {
        Health {
            gateway: self.parts.gateway,
            signing_key: self.parts.signing_key.clone(),
            boot: self.parts.boot,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            calls: u32::try_from(self.lines.len()).unwrap_or(u32::MAX),
            spool: self.parts.config.spool().display().to_string(),
            sip: self.parts.listeners.iter().map(sip_address).collect(),
            sip_counters: self.sip_counters(),
        }
    }

    fn sip_counters(&self) -> SipCounters {
        let counted = self.parts.endpoint.counters();
        SipCounters {
            received: counted.received,
            sent: counted.sent,
            retransmissions: counted.retransmissions,
            dropped: counted.malformed_dropped,
            strays: counted.strays,
            calls_in: counted.calls_in,
            calls_out: counted.calls_out,
            no_ack: counted.no_ack,
            answered: [
                (400, counted.answered_400),
                (405, counted.answered_405),
                (415, counted.answered_415),
                (416, counted.answered_416),
                (420, counted.answered_420),
                (481, counted.answered_481),
                (482, counted.answered_482),
                (488, counted.answered_488),
                (491, counted.answered_491),
                (503, counted.answered_503),
            ]
            .into(),
            strangers: self.parts.listeners.iter().map(Listener::strangers).sum(),
            connections: u64::try_from(self.connections.standing()).unwrap_or(u64::MAX),
            connections_lost: counted.connections_lost,
            connections_turned_away: self.connections.turned_away(),
        }
    }

    fn put(&mut self, meeting: Meeting, reply: Reply<Done>) {
        let id = meeting.id;
        if self.gatherings.get(&id).is_some_and(|there| !there.is_under(&meeting.rule)) {
            let why = "a gathering is recorded under one rule, the one that was told: another counts when it is over";
            let _gone = reply.send(Err(refusal("rule-in-use", why)));
            return;
        }
        let told = |plan: &Plan| plan.meeting(id).map(|meeting| (meeting.number.clone(), meeting.rule.notice.clone()));
        let before = told(&self.parts.plan);
        let own = self.parts.gateway;
        let ours = meeting.gateways.is_empty() || meeting.gateways.iter().any(|door| door.gateway == own);
        let put = if ours { self.parts.plan.put(meeting, Wording::knows) } else { Err(PlanError::Gateways) };
        if let Err(why) = put {
            let _gone = reply.send(Err(refusal(why.code(), &why.to_string())));
            return;
        }
        self.see_to_leases();
        self.resume(id);
        if before != told(&self.parts.plan) {
            self.notice_changed(id);
        }
        tracing::info!(meeting = %id, keys = self.parts.plan.keys_left(id), "meeting put");
        self.save_plan(reply);
    }

    /// Who is being asked hears the notice anew: a yes is to what was heard.
    fn notice_changed(&mut self, meeting: MeetingId) {
        let Some(plan) = self.parts.plan.meeting(meeting) else { return };
        let (number, rule) = (plan.number.clone(), plan.rule.clone());
        let calls = self.gatherings.get(&meeting).map(|there| there.calls().collect::<Vec<_>>());
        for call in calls.unwrap_or_default() {
            let (meeting_number, text) = (number.clone(), rule.notice.clone());
            self.feed(call, Input::NoticeChanged { meeting_number, text, cap_months: rule.cap_months });
        }
    }

    /// After an end without goodbye the record is paused until the plan says on; a meeting that is put says so, and the plan
    /// is saved for it. Behind a closed section what is put are the next one's keys, which is nobody's word (`Plan::unpause`).
    fn resume(&mut self, meeting: MeetingId) {
        if self.parts.plan.unpause(meeting) && self.parts.plan.record(meeting) == Record::On {
            // Refused when nobody is there, or it is on already: the next gathering begins as the plan says.
            let _refused = self.start_record(meeting, None);
        }
    }

    fn remove(&mut self, meeting: MeetingId, reply: Reply<Done>) {
        if !self.parts.plan.remove(meeting, self.parts.clock.wall().utc_ms) {
            let _gone = reply.send(Err(refusal("no-such-meeting", "this gateway holds no such meeting")));
            return;
        }
        self.see_to_leases();
        self.end_meeting(meeting);
        self.save_plan(reply);
    }

    fn save_plan(&mut self, reply: Reply<Done>) {
        let (file, text) = (self.parts.plan_file.clone(), self.parts.plan.to_json());
        self.later.push(Box::pin(async move {
            let done =
                if file.write(text).await { Ok(()) } else { Err(refusal("plan", "plan.json cannot be written")) };
            After::Done { reply, done }
        }));
    }

    fn list(&self) -> Vec<MeetingNow> {
        let now = |meeting: &Meeting| {
            let there = self.gatherings.get(&meeting.id);
            MeetingNow {
                id: meeting.id,
                number: meeting.number.clone(),
                recording: there.map(|there| there.recording),
                recording_on: there.is_some_and(Gathering::on) && self.trouble.is_none(),
                record: there.map_or_else(|| self.parts.plan.record(meeting.id), |there| there.record),
                paused_by: there.and_then(|there| there.paused_by),
                locked: there.is_some_and(|there| there.locked),
                agenda: self.parts.plan.agenda(meeting.id),
                seats: there.map(Gathering::now).unwrap_or_default(),
                keys_left: self.parts.plan.keys_left(meeting.id),
            }
        };
        self.parts.plan.meetings().map(now).collect()
    }

    fn cut(&mut self, meeting: MeetingId, reply: Reply<Result<CutDone, control::Refusal>>) {
        let Some(recording) = self.gatherings.get(&meeting).map(|there| there.recording) else {
            let _gone = reply.send(Ok(CutDone { chunk: None, recording: None }));
            return;
        };
        let (done, answer) = oneshot::channel();
        if self.parts.recorder.tell(ToRecorder::Cut { recording, reply: done }).is_err() {
            let _gone = reply.send(Err(refusal("recorder", "the recorder does not answer")));
            return;
        }
        self.later.push(Box::pin(async move { After::Cut { reply, recording, cut: later::answered(answer).await } }));
    }

    fn acknowledge(
        &mut self,
        reply: Reply<Done>,
        missing: &'static str,
        ask: impl FnOnce(oneshot::Sender<Result<bool, RecorderError>>) -> ToRecorder,
    ) {
        let (done, answer) = oneshot::channel();
        if self.parts.recorder.tell(ask(done)).is_err() {
            let _gone = reply.send(Err(refusal("recorder", "the recorder does not answer")));
            return;
        }
        self.later.push(Box::pin(async move {
            let done = match later::answered(answer).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(refusal(missing, "there is none of that name")),
                Err(why) => Err(why),
            };
            After::Done { reply, done }
        }));
    }

    /// Something that took time has ended.
    pub(super) fn after(&mut self, after: After) {
        match after {
            After::Track(opened) => self.track_opened(opened),
            After::Order { call, tracks, written } => self.ordered(call, &tracks, written),
            After::Cut { reply, recording, cut } => {
                drop(reply.send(cut.map(|chunk| CutDone { chunk, recording: Some(recording) })));
            }
            After::Done { reply, done } => drop(reply.send(done)),
            After::Began { meeting, recording, began } => self.began(meeting, recording, began),
            After::SectionClosed { meeting, recording } => {
                if let Some(there) = self.gatherings.get_mut(&meeting).filter(|there| there.recording == recording) {
                    there.section_closed();
                }
            }
            After::SectionOpened { meeting, recording, by, opened } => {
                if self.gatherings.get(&meeting).is_some_and(|there| there.recording == recording) {
                    self.section_opened(meeting, by, opened);
                }
            }
            After::HomeDid { meeting, call, done } => self.home_did(meeting, call, done),
            After::Home { meeting, home, word } => self.home_answered(meeting, home, word),
            After::Waiting { reply, waiting } => drop(reply.send(waiting)),
            After::Nothing => {}
        }
    }

    fn began(&mut self, meeting: MeetingId, recording: spool::id::RecordingId, began: bool) {
        if began {
            return;
        }
        tracing::error!(%meeting, %recording, "the recording could not begin");
        let reason = "the recording could not begin".to_owned();
        self.tell(What::RecordingTrouble { meeting, reason });
    }
}

fn refused(why: Refused) -> Refusal {
    match why {
        Refused::AlreadyOn => refusal("already-on", "the record is on"),
        Refused::NotOn => refusal("not-on", "the record is not on, or no section is open"),
        Refused::CannotRecord => {
            refusal("cannot-record", "nothing can be recorded now: disk, clock, or a section closing")
        }
        Refused::NoKeys => refusal(
            "no-keys",
            "the next section needs track keys of its own: put the meeting with them, or wait for the archive, which does",
        ),
    }
}

fn no_seat() -> Refusal {
    refusal("no-such-seat", "nobody sits there")
}

fn sip_address(listener: &Listener) -> String {
    match listener.transport() {
        Transport::Udp => listener.local.to_string(),
        Transport::Tcp => format!("{};transport=tcp", listener.local),
    }
}

const LONGEST_TEXT_ID: usize = 64;
