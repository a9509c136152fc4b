//! What the desk asks, carried out.
//!
//! Not here: HTTP (`io::control`), and whether a meeting can be held as asked (`plan`).

use control::{CutDone, Health, Meeting, MeetingNow, What};
use spool::id::MeetingId;
use spool::line::MediaEvent;
use tokio::sync::oneshot;

use super::super::control::{Ask, Done, Reply, refusal};
use super::super::media::ToWorker;
use super::super::recorder::{RecorderError, ToRecorder};
use super::Switchboard;
use super::carry::room_of;
use super::later::{self, After};
use crate::call::Input;
use crate::consent::Wording;

impl Switchboard {
    pub(super) fn asked(&mut self, ask: Ask) {
        // Whoever asked may have gone away; what was asked is done all the same.
        match ask {
            Ask::Health(reply) => drop(reply.send(self.health())),
            Ask::Put(meeting, reply) => self.put(*meeting, reply),
            Ask::Remove(meeting, reply) => self.remove(meeting, reply),
            Ask::List(reply) => drop(reply.send(self.list())),
            Ask::End(meeting, reply) => drop(reply.send(self.end_meeting(meeting))),
            Ask::Cut(meeting, reply) => self.cut(meeting, reply),
            Ask::Events { after, boot, reply } => drop(reply.send(self.told.follow(after, boot))),
            Ask::AcknowledgeChunk(chunk, reply) => {
                self.acknowledge(reply, "no-such-chunk", |done| ToRecorder::AcknowledgeChunk { chunk, reply: done });
            }
            Ask::AcknowledgeOrder(order, reply) => {
                self.acknowledge(reply, "no-such-order", |done| ToRecorder::AcknowledgeOrder { order, reply: done });
            }
        }
    }

    fn health(&self) -> Health {
        Health {
            gateway: self.parts.gateway,
            signing_key: self.parts.signing_key.clone(),
            boot: self.parts.boot,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            calls: u32::try_from(self.lines.len()).unwrap_or(u32::MAX),
            spool: self.parts.config.spool().display().to_string(),
            sip: self.parts.listeners.iter().map(|listener| listener.local.to_string()).collect(),
        }
    }

    fn put(&mut self, meeting: Meeting, reply: Reply<Done>) {
        let id = meeting.id;
        if let Err(why) = self.parts.plan.put(meeting, Wording::knows) {
            let _gone = reply.send(Err(refusal(why.code(), &why.to_string())));
            return;
        }
        self.resume(id);
        tracing::info!(meeting = %id, keys = self.parts.plan.keys_left(id), "meeting put");
        self.save_plan(reply);
    }

    /// After an unclean end the record is paused until the plan says on; a meeting that is put says so.
    fn resume(&mut self, meeting: MeetingId) {
        let wanted = self.parts.plan.meeting(meeting).is_some_and(|plan| plan.record);
        if !self.paused.remove(&meeting) || !wanted {
            return;
        }
        if let Some(there) = self.gatherings.get_mut(&meeting)
            && there.resume()
        {
            let recording = there.recording;
            self.note(recording, MediaEvent::Resumed);
            self.tell_worker(ToWorker::Record { room: room_of(recording), on: true });
            self.say_recording(meeting, true);
        }
    }

    fn remove(&mut self, meeting: MeetingId, reply: Reply<Done>) {
        if !self.parts.plan.remove(meeting, self.parts.clock.wall().utc_ms) {
            let _gone = reply.send(Err(refusal("no-such-meeting", "this gateway holds no such meeting")));
            return;
        }
        let _there = self.end_meeting(meeting);
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
                recording_on: there.map_or(meeting.record, |there| there.on) && self.trouble.is_none(),
                seats: there.map(crate::gathering::Gathering::now).unwrap_or_default(),
                keys_left: self.parts.plan.keys_left(meeting.id),
            }
        };
        self.parts.plan.meetings().map(now).collect()
    }

    fn end_meeting(&mut self, meeting: MeetingId) -> Done {
        let Some(there) = self.gatherings.get(&meeting) else {
            return Err(refusal("no-such-meeting", "nobody is in this meeting"));
        };
        for call in there.calls().collect::<Vec<_>>() {
            self.feed(call, Input::MeetingEnded);
        }
        Ok(())
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
        self.later.push(Box::pin(async move {
            After::Cut { reply, recording: Some(recording), cut: later::answered(answer).await }
        }));
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
            After::Track { call, seat, meeting, permit, open } => self.track_opened(call, seat, meeting, permit, open),
            After::Order { call, tracks, written } => self.ordered(call, &tracks, written),
            After::Cut { reply, recording, cut } => {
                drop(reply.send(cut.map(|chunk| CutDone { chunk, recording })));
            }
            After::Done { reply, done } => drop(reply.send(done)),
            After::Began { meeting, recording, began } => self.began(meeting, recording, began),
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
