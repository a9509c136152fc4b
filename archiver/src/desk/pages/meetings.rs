//! Page "Sitzungen": every meeting with how many are there, who asks for help, and the recordings so far; and the question
//! before a meeting is ended.
//!
//! The changing part is a [`fragment`] of its own, which the desk's script fetches every two seconds. Without script the
//! page is complete and stays as it was until it is loaded again.
//!
//! Not here: a meeting while it is being held (`meeting`), and making one: the demo makes its own (`io::demo`).

use control::{PausedBy, Record, Role};
use maud::{Markup, html};
use spool::id::{MeetingId, RecordingId, SeatNo};

use super::answers::done;
use super::frame::{Viewer, badge, button_link, form_token, notice, page, stale, submit};
use super::meeting::alerts;
use crate::texts::Texts;

/// Everything of the page.
#[derive(Clone, Debug)]
pub struct Meetings {
    pub meetings: Vec<Meeting>,
    /// The gateway did not answer: seats are not known.
    pub gateway_away: bool,
    /// The number of the meeting that was just ended.
    pub ended: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Meeting {
    pub id: MeetingId,
    pub number: String,
    /// Typed by the clerk; may be empty.
    pub title: String,
    pub seats: Vec<Seat>,
    pub record: Record,
    /// On whose word it is paused, if on anybody's.
    pub paused_by: Option<PausedBy>,
    /// Is whoever agreed being recorded? Not, although the record is on: the gateway's disk is in trouble.
    pub recording_on: bool,
    pub locked: bool,
    pub agenda: Option<u32>,
    /// Unused keys, when they are few.
    pub keys_low: Option<u32>,
    /// Newest first.
    pub recordings: Vec<Line>,
}

/// One line of "who is there".
#[derive(Clone, Debug)]
pub struct Seat {
    pub seat: SeatNo,
    pub role: Role,
    pub in_room: bool,
    pub recorded: bool,
    pub muted: bool,
    /// Several people speak through it: off record.
    pub shared: bool,
    /// The place in the queue of raised hands, from 1.
    pub hand: Option<u32>,
    pub wants_help: bool,
}

/// One line of the list of recordings.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: RecordingId,
    pub started_ms: i64,
    pub voices: u32,
    pub standing: Standing,
}

/// How far a recording has come, in the words of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Running,
    Kept,
    Approved,
    Destroying,
    Destroyed,
}

impl Meeting {
    /// Is the record on and yet nothing kept?
    pub fn is_failing(&self) -> bool {
        self.record == Record::On && !self.recording_on && !self.seats.is_empty()
    }
}

impl Standing {
    /// As a badge.
    pub fn badge(self, t: &Texts) -> Markup {
        match self {
            Self::Running => badge("info", &t.say("state-running")),
            Self::Kept => badge("success", &t.say("state-kept")),
            Self::Approved => badge("warning", &t.say("state-approved")),
            Self::Destroying => badge("warning", &t.say("state-destroying")),
            Self::Destroyed => badge("info", &t.say("state-destroyed")),
        }
    }
}

pub fn meetings(viewer: &Viewer, view: &Meetings) -> Markup {
    let t = viewer.texts();
    let body = html! {
        h1 { (t.say("meetings-title")) }
        @if let Some(number) = &view.ended { (done(&t.tell("end-done", [("number", number.into())]))) }
        (stale(&t))
        div #jetzt data-fetch="/sitzungen/jetzt" { (fragment(viewer, view)) }
    };
    page(viewer, &t.say("meetings-title"), &body)
}

/// What changes while the page is open.
pub fn fragment(viewer: &Viewer, view: &Meetings) -> Markup {
    let t = viewer.texts();
    html! {
        @if view.gateway_away { (notice("warning", &t.say("meetings-gateway-away"))) }
        @if view.meetings.is_empty() { p.lead { (t.say("meetings-none")) } }
        @for meeting in &view.meetings { (one(viewer, meeting, view.gateway_away)) }
    }
}

/// The question before everybody is sent away.
pub fn end(viewer: &Viewer, meeting: MeetingId, number: &str, seats: u32) -> Markup {
    let t = viewer.texts();
    let title = t.tell("end-title", [("number", number.into())]);
    let body = html! {
        h1 { (title) }
        p.lead { (t.say("end-what")) }
        p { (t.tell("end-who", [("count", seats.into())])) }
        form method="post" action={ "/sitzungen/" (meeting) "/beenden" } {
            (form_token(viewer))
            p.actions {
                (submit("primary", &t.say("end-yes")))
                (button_link("secondary", &format!("/sitzungen/{meeting}"), &t.say("end-no")))
            }
        }
    };
    page(viewer, &title, &body)
}

fn one(viewer: &Viewer, meeting: &Meeting, away: bool) -> Markup {
    let t = &viewer.texts();
    let heading = format!("sitzung-{}", meeting.number);
    html! {
        section.meeting aria-labelledby=(heading) {
            div.title {
                h2 #(heading) { (t.tell("meeting-name", [("number", (&meeting.number).into())])) }
                @if !away && meeting.seats.is_empty() { (badge("info", &t.say("meeting-idle"))) }
                @if !meeting.seats.is_empty() { (badge("success", &t.say("meeting-running"))) }
            }
            @if !meeting.title.is_empty() { p.lead { (meeting.title) } }
            @if !away { (alerts(viewer, meeting, false)) (present(t, meeting)) }
            p.actions {
                @let rank = if meeting.seats.is_empty() { "secondary" } else { "primary" };
                a #{ "zur-" (meeting.number) } class={ "kern-btn kern-btn--" (rank) }
                    href={ "/sitzungen/" (meeting.id) }
                    aria-label=(t.tell("meeting-open-label", [("number", (&meeting.number).into())])) {
                    span.kern-label { (t.say("meeting-open")) }
                }
            }
            h3 { (t.say("recordings-title")) }
            (recordings(t, meeting))
        }
    }
}

/// How many are there, and how many of them are recorded.
pub(super) fn present(t: &Texts, meeting: &Meeting) -> Markup {
    let recorded = meeting.seats.iter().filter(|seat| seat.recorded).count() as u64;
    html! {
        @if meeting.seats.is_empty() { p role="status" { (t.say("seats-nobody")) } }
        @else {
            p role="status" {
                (t.tell("seats-now", [("count", (meeting.seats.len() as u64).into())])) " "
                (t.tell("seats-recorded", [("count", recorded.into())]))
            }
        }
    }
}

/// The recordings so far, newest first.
pub(super) fn recordings(t: &Texts, meeting: &Meeting) -> Markup {
    html! {
        @if meeting.recordings.is_empty() { p { (t.say("recordings-none")) } }
        @else {
            ul.recordings {
                @for line in &meeting.recordings { (recording(t, line)) }
            }
        }
    }
}

fn recording(t: &Texts, line: &Line) -> Markup {
    let when = t.moment(line.started_ms);
    html! {
        li {
            a #(line.id) href={ "/aufnahmen/" (line.id) } { (t.tell("recording-name", [("when", (&when).into())])) }
            span { (t.tell("recording-count", [("count", line.voices.into())])) }
            (line.standing.badge(t))
        }
    }
}
