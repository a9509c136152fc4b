//! The record of a gathering: it begins, pauses, goes on; its section closes and the next one opens.
//!
//! Wished by the chair's keys, by the desk, and (the pause) by a member; everybody in the room is told, whoever wished it.
//!
//! Not here: whether it may (`gathering`), and the words (`call`).

use control::{PausedBy, Record, What};
use spool::id::{MeetingId, RecordingId, SeatNo, SectionId, TrackId};
use spool::line::{EndWhy, MediaEvent};
use tokio::sync::oneshot;

use super::super::media::ToWorker;
use super::super::recorder::ToRecorder;
use super::Switchboard;
use super::carry::room_of;
use super::later::{self, After};
use crate::call::{Input, News, RecordState, Refused};
use crate::gathering::{Beginning, CannotRecord};
use crate::ids::CallId;

impl Switchboard {
    /// The record begins or goes on, by the chair's or the desk's word. How it stands at a guest is its home's to say.
    pub(super) fn start_record(&mut self, meeting: MeetingId, by: Option<CallId>) -> Result<(), Refused> {
        if self.is_guest(meeting) { Err(Refused::CannotRecord) } else { self.begin_record(meeting, by) }
    }

    /// `by`: the chair who hears it if that takes time and fails.
    pub(super) fn begin_record(&mut self, meeting: MeetingId, by: Option<CallId>) -> Result<(), Refused> {
        let section = self.parts.plan.meeting(meeting).map(|plan| plan.section);
        let planned = section.filter(|_| self.parts.plan.keys_left(meeting) > 0);
        if self.trouble.is_some() {
            return Err(Refused::CannotRecord);
        }
        let there = self.gatherings.get_mut(&meeting).ok_or(Refused::CannotRecord)?;
        match there.begin_record(planned) {
            Ok(Beginning::Started) => self.record_changed(meeting, MediaEvent::Started, RecordState::On),
            Ok(Beginning::Resumed) => self.record_changed(meeting, MediaEvent::Resumed, RecordState::On),
            Ok(Beginning::Next(section)) => {
                // A section that cannot be opened has not begun: the word counts once it is.
                self.open_section(meeting, section, by);
                return Ok(());
            }
            Err(CannotRecord::AlreadyOn) => return Err(Refused::AlreadyOn),
            Err(CannotRecord::NoKeys) => return Err(Refused::NoKeys),
            Err(CannotRecord::Undated | CannotRecord::BetweenSections) => return Err(Refused::CannotRecord),
        }
        self.word_given(meeting);
        Ok(())
    }

    /// Somebody has said how the record goes on, or that the meeting is over. A plan that cannot be written leaves it paused
    /// at the next start: that records too little, never too much.
    pub(super) fn word_given(&mut self, meeting: MeetingId) {
        if self.parts.plan.word_given(meeting) {
            self.keep_plan();
        }
    }

    fn keep_plan(&mut self) {
        let (file, text) = (self.parts.plan_file.clone(), self.parts.plan.to_json());
        self.later.push(Box::pin(async move {
            let _written = file.write(text).await;
            After::Nothing
        }));
    }

    pub(super) fn pause_record(&mut self, meeting: MeetingId, by: PausedBy) -> Result<(), Refused> {
        if self.is_guest(meeting) {
            return Err(Refused::CannotRecord);
        }
        if !self.gatherings.get_mut(&meeting).is_some_and(|there| there.pause_record(by)) {
            return Err(Refused::NotOn);
        }
        self.record_changed(meeting, MediaEvent::Paused, paused_by(Some(by)));
        Ok(())
    }

    /// By the chair's or the desk's word.
    pub(super) fn close_section(&mut self, meeting: MeetingId) -> Result<(), Refused> {
        if self.is_guest(meeting) { Err(Refused::CannotRecord) } else { self.close_section_here(meeting) }
    }

    /// Every permit ends with its section, and the chunk with them.
    pub(super) fn close_section_here(&mut self, meeting: MeetingId) -> Result<(), Refused> {
        let there = self.gatherings.get_mut(&meeting).ok_or(Refused::NotOn)?;
        let (recording, crate::gathering::Section::Open(section)) = (there.recording, there.section) else {
            return Err(Refused::NotOn);
        };
        let permits = there.close_section().ok_or(Refused::NotOn)?;
        self.parts.plan.close(meeting, section);
        self.keep_plan();
        self.end_permits(meeting, recording, permits, EndWhy::Section);
        self.off_record_changed(meeting);
        self.record_changed(meeting, MediaEvent::Stopped, RecordState::SectionClosed);
        self.tell(What::SectionClosed { meeting, recording, section });
        let (reply, answer) = oneshot::channel();
        let told = self.parts.recorder.tell(ToRecorder::Cut { recording, reply });
        self.later.push(Box::pin(async move {
            // A disk that does not take the cut takes it with the next section, or at the end.
            let _closed = if told.is_ok() { later::answered(answer).await.is_ok() } else { false };
            After::SectionClosed { meeting, recording }
        }));
        Ok(())
    }

    pub(super) fn end_permits(
        &mut self,
        meeting: MeetingId,
        recording: RecordingId,
        permits: Vec<(CallId, SeatNo, TrackId)>,
        why: EndWhy,
    ) {
        let at = self.parts.clock.slot();
        for (call, seat, track) in permits {
            self.tell_worker(ToWorker::EndPermit { call, at });
            let end = ToRecorder::EndTrack { recording, track, until: at, why };
            if self.parts.recorder.tell(end).is_err() {
                tracing::error!(%track, "the recorder does not answer to the end of a permit");
            }
            self.tell(What::PermitEnded { meeting, recording, seat, track });
        }
    }

    fn open_section(&mut self, meeting: MeetingId, section: SectionId, by: Option<CallId>) {
        let Some(recording) = self.gatherings.get(&meeting).map(|there| there.recording) else { return };
        let (reply, answer) = oneshot::channel();
        let told = self.parts.recorder.tell(ToRecorder::Section { recording, section, reply });
        self.later.push(Box::pin(async move {
            let opened = told.is_ok() && later::answered(answer).await.is_ok();
            After::SectionOpened { meeting, recording, by, opened }
        }));
    }

    pub(super) fn section_opened(&mut self, meeting: MeetingId, by: Option<CallId>, opened: bool) {
        let Some(there) = self.gatherings.get_mut(&meeting) else { return };
        if there.section_opened(opened) {
            self.word_given(meeting);
            self.record_changed(meeting, MediaEvent::Started, RecordState::On);
        } else if let Some(call) = by {
            self.feed(call, Input::Room(News::Refused(Refused::CannotRecord)));
        }
    }

    /// Journal, room, callers and desk learn how the record stands now.
    pub(super) fn record_changed(&mut self, meeting: MeetingId, line: MediaEvent, told: RecordState) {
        let Some(there) = self.gatherings.get(&meeting) else { return };
        let (recording, founded, record) = (there.recording, there.founded, there.record);
        self.note(recording, line);
        self.tell_worker(ToWorker::Record { room: room_of(founded), on: record == Record::On });
        self.tell(What::RecordChanged { meeting, recording, record });
        self.tell_everybody(meeting, told);
    }

    pub(super) fn tell_everybody(&mut self, meeting: MeetingId, told: RecordState) {
        let calls = self.gatherings.get(&meeting).map(|there| there.calls().collect::<Vec<_>>());
        for call in calls.unwrap_or_default() {
            self.feed(call, Input::RecordChanged(told));
        }
    }
}

/// How callers are told of a pause.
pub(super) fn paused_by(by: Option<PausedBy>) -> RecordState {
    match by {
        Some(PausedBy::Chair | PausedBy::Desk) | None => RecordState::Paused,
        Some(PausedBy::Member) => RecordState::Demanded,
    }
}
