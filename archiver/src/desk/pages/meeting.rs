//! Page of one meeting while it is being held: who asks for help, how the record stands, the agenda, raised hands, who is
//! there; and the questions before what cannot be taken back.
//!
//! The changing part is a [`fragment`] of its own, as on the page of all meetings.
//!
//! Not here: who may do any of it, and doing it (`desk::conduct`).

use control::{PausedBy, Record, Role};
use maud::{Markup, html};
use spool::id::SeatNo;

use super::answers::done;
use super::frame::{Viewer, badge, button_link, form_token, notice, page, stale, submit};
use super::meetings::{Meeting, Seat, present, recordings};
use crate::texts::Texts;

/// Everything of the page.
#[derive(Clone, Debug)]
pub struct Page {
    pub meeting: Meeting,
    /// The gateway did not answer: nothing is known of now.
    pub gateway_away: bool,
}

/// What was just done, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Started,
    Paused,
    SectionClosed,
    Locked,
    Unlocked,
    Agenda(Option<u32>),
    /// What was typed was no number of an item.
    NoItem,
    Floor(SeatNo),
    NoHand,
    Helped(SeatNo),
    Muted(SeatNo),
    AllMuted,
    /// Several people speak through it, or one again.
    Shared(SeatNo, bool),
    Dismissed(SeatNo),
}

/// What is asked once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A member demanded the pause.
    Start,
    CloseSection,
    Lock,
    MuteAll,
    Dismiss(SeatNo),
}

/// `said`: what was done just now, and when.
pub fn meeting(viewer: &Viewer, view: &Page, said: Option<(Done, Option<i64>)>) -> Markup {
    let t = viewer.texts();
    let meeting = &view.meeting;
    let title = t.tell("meeting-name", [("number", (&meeting.number).into())]);
    let body = html! {
        p.back { a href="/sitzungen" { (t.say("recording-back")) } }
        h1 { (title) }
        @if !meeting.title.is_empty() { p.lead { (meeting.title) } }
        @if let Some((what, at_ms)) = said { (was_done(&t, what, at_ms)) }
        (stale(&t))
        div #jetzt data-fetch={ "/sitzungen/" (meeting.id) "/jetzt" } { (fragment(viewer, view)) }
        noscript { p { a href={ "/sitzungen/" (meeting.id) } { (t.say("live-reload")) } } }
    };
    page(viewer, &title, &body)
}

/// What changes while the page is open.
pub fn fragment(viewer: &Viewer, view: &Page) -> Markup {
    let t = viewer.texts();
    let meeting = &view.meeting;
    html! {
        @if view.gateway_away { (notice("warning", &t.say("meetings-gateway-away"))) }
        @else {
            // One part, whether there is something in it or not: the script compares part by part.
            div { (alerts(viewer, meeting, true)) }
            @if !meeting.seats.is_empty() { (record(viewer, meeting)) }
            (agenda(viewer, meeting))
            @if !meeting.seats.is_empty() { (hands(viewer, meeting)) }
            (who(viewer, meeting))
        }
        section.part aria-labelledby="aufnahmen" {
            h2 #aufnahmen { (t.say("recordings-title")) }
            (recordings(&t, meeting))
        }
    }
}

/// The question before it is done; the way back is beside it.
pub fn question(viewer: &Viewer, view: &Page, question: Question) -> Markup {
    let t = viewer.texts();
    let meeting = &view.meeting;
    let seat = |seat: SeatNo| t.tell("seat", [("seat", seat.0.into())]);
    let (title, what, yes, word, of) = match question {
        Question::Start => ("ask-start-title", "ask-start-what", "ask-start-yes", "aufnehmen", None),
        Question::CloseSection => ("ask-close-title", "ask-close-what", "ask-close-yes", "schluss", None),
        Question::Lock => ("ask-lock-title", "ask-lock-what", "ask-lock-yes", "sperren", None),
        Question::MuteAll => ("ask-mute-all-title", "ask-mute-all-what", "ask-mute-all-yes", "alle-stumm", None),
        Question::Dismiss(of) => {
            ("ask-dismiss-title", "ask-dismiss-what", "ask-dismiss-yes", "verabschieden", Some(of))
        }
    };
    let title = t.tell(title, [("who", (&of.map(seat).unwrap_or_default()).into())]);
    let here = format!("/sitzungen/{}", meeting.id);
    let body = html! {
        p.back { a href=(here) { (t.tell("meeting-name", [("number", (&meeting.number).into())])) } }
        h1 { (title) }
        p.lead { (t.say(what)) }
        form method="post" action={ (here) "/tun/" (word) } {
            (form_token(viewer))
            @if let Some(of) = of { input type="hidden" name="platz" value=(of.0); }
            p.actions {
                (submit("primary", &t.say(yes)))
                (button_link("secondary", &here, &t.say("end-no")))
            }
        }
    };
    page(viewer, &title, &body)
}

fn was_done(t: &Texts, what: Done, at_ms: Option<i64>) -> Markup {
    let seat = |seat: SeatNo| t.tell("seat", [("seat", seat.0.into())]);
    let of = |key: &str, of: SeatNo| t.tell(key, [("who", (&seat(of)).into())]);
    let text = match what {
        Done::Started => t.say("done-started"),
        Done::Paused => t.say("done-paused"),
        Done::SectionClosed => t.say("done-closed"),
        Done::Locked => t.say("done-locked"),
        Done::Unlocked => t.say("done-unlocked"),
        Done::Agenda(Some(item)) => t.tell("done-agenda", [("item", item.into())]),
        Done::Agenda(None) => t.say("done-no-agenda"),
        Done::NoItem => return html! { div role="alert" { (notice("danger", &t.say("agenda-missing"))) } },
        Done::Floor(seat) => of("done-floor", seat),
        Done::NoHand => t.say("done-no-hand"),
        Done::Helped(seat) => of("done-helped", seat),
        Done::Muted(seat) => of("done-muted", seat),
        Done::AllMuted => t.say("done-all-muted"),
        Done::Shared(seat, true) => of("done-shared", seat),
        Done::Shared(seat, false) => of("done-alone", seat),
        Done::Dismissed(seat) => of("done-dismissed", seat),
    };
    match at_ms {
        Some(at_ms) => done(&t.tell("done-at", [("time", (&t.time(at_ms)).into()), ("what", (&text).into())])),
        None => done(&text),
    }
}

/// What must be seen before anything else. `answer`: whoever sees to a call for help says so here.
pub(super) fn alerts(viewer: &Viewer, meeting: &Meeting, answer: bool) -> Markup {
    let t = viewer.texts();
    html! {
        @for seat in meeting.seats.iter().filter(|seat| seat.wants_help) {
            @let called = name(&t, seat);
            @let about = [("who", (&called).into())];
            div.call {
                div role="alert" { (notice("danger", &t.tell("help-wanted", about.clone()))) }
                @if answer {
                    form.inline method="post" action={ "/sitzungen/" (meeting.id) "/tun/geholfen" } {
                        (form_token(viewer))
                        input type="hidden" name="platz" value=(seat.seat.0);
                        button #{ "hilfe-" (seat.seat.0) } .kern-btn.kern-btn--primary type="submit"
                            aria-label=(t.tell("help-done-label", about)) { span.kern-label { (t.say("help-done")) } }
                    }
                }
            }
        }
        @if meeting.is_failing() { div role="alert" { (notice("danger", &t.say("record-failing"))) } }
        @if let Some(left) = meeting.keys_low {
            (notice("warning", &t.tell("meeting-keys-low", [("count", left.into())])))
        }
    }
}

fn record(viewer: &Viewer, meeting: &Meeting) -> Markup {
    let t = viewer.texts();
    let (kind, state, what) = match (meeting.record, meeting.paused_by) {
        (Record::On, _) if meeting.is_failing() => ("danger", "record-trouble", "record-trouble-what"),
        (Record::On, _) => ("danger", "record-on", "record-on-what"),
        (Record::Paused, Some(PausedBy::Chair)) => ("warning", "record-paused", "record-paused-chair"),
        (Record::Paused, Some(PausedBy::Member)) => ("warning", "record-paused", "record-paused-member"),
        (Record::Paused, Some(PausedBy::Desk)) => ("warning", "record-paused", "record-paused-desk"),
        (Record::Paused, None) => ("warning", "record-paused", "record-paused-restart"),
        (Record::Off, _) => ("info", "record-off", "record-off-what"),
    };
    let demanded = meeting.paused_by == Some(PausedBy::Member);
    let close = html! { (ask_link(meeting, "schluss", &t.say("record-close"))) };
    html! {
        section.part aria-labelledby="aufnahme" {
            div.title { h2 #aufnahme { (t.say("record-title")) } (badge(kind, &t.say(state))) }
            p { (t.say(what)) }
            div.actions {
                @match meeting.record {
                    Record::On => {
                        (act(viewer, meeting, "unterbrechen", "secondary", &t.say("record-pause")))
                        (close)
                    }
                    Record::Paused if demanded => { (ask_link(meeting, "aufnehmen", &t.say("record-resume"))) (close) }
                    Record::Paused => {
                        (act(viewer, meeting, "aufnehmen", "primary", &t.say("record-resume")))
                        (close)
                    }
                    Record::Off => (act(viewer, meeting, "aufnehmen", "primary", &t.say("record-start"))),
                }
            }
            @if meeting.record != Record::Off { p.hint { (t.say("record-close-hint")) } }
            @if meeting.record != Record::On { p.hint { (t.say("record-word")) } }
        }
    }
}

fn agenda(viewer: &Viewer, meeting: &Meeting) -> Markup {
    let t = viewer.texts();
    let next = meeting.agenda.map_or(1, |item| item + 1);
    html! {
        section.part aria-labelledby="top" {
            h2 #top { (t.say("agenda-title")) }
            @match meeting.agenda {
                Some(item) => p.lead { (t.tell("agenda-now", [("item", item.into())])) },
                None => p { (t.say("agenda-none")) },
            }
            @if next <= LAST_ITEM {
                form.inline method="post" action={ "/sitzungen/" (meeting.id) "/tun/top" } {
                    (form_token(viewer))
                    input type="hidden" name="top" value=(next);
                    (button("weiter", "secondary", &t.tell("agenda-next", [("item", next.into())])))
                }
            }
            (agenda_form(viewer, meeting))
        }
    }
}

/// Its ids let the script keep it open, and what is being typed in it, through a refresh.
fn agenda_form(viewer: &Viewer, meeting: &Meeting) -> Markup {
    let t = viewer.texts();
    html! {
        details.other #tagesordnung {
            summary { (t.say("agenda-other")) }
            form method="post" action={ "/sitzungen/" (meeting.id) "/tun/top" } {
                (form_token(viewer))
                div.kern-form-input {
                    label.kern-label for="nummer" { (t.say("agenda-number")) }
                    input #nummer .kern-form-input__input.short type="text" inputmode="numeric" name="top"
                        maxlength="3" pattern="[0-9]{1,3}" autocomplete="off" required;
                }
                p.actions { (submit("secondary", &t.say("agenda-set"))) }
            }
            form method="post" action={ "/sitzungen/" (meeting.id) "/tun/kein-top" } {
                (form_token(viewer))
                p.actions { (submit("tertiary", &t.say("agenda-unset"))) }
            }
        }
    }
}

fn hands(viewer: &Viewer, meeting: &Meeting) -> Markup {
    let t = viewer.texts();
    let mut queue: Vec<&Seat> = meeting.seats.iter().filter(|seat| seat.hand.is_some()).collect();
    queue.sort_by_key(|seat| seat.hand);
    html! {
        section.part aria-labelledby="meldungen" {
            h2 #meldungen { (t.say("hands-title")) }
            @if let Some(first) = queue.first() {
                ol.hands { @for seat in &queue { li { (name(&t, seat)) } } }
                div.actions {
                    (act(viewer, meeting, "aufrufen", "primary", &t.tell("hands-call", [("who", (&name(&t, first)).into())])))
                }
            } @else { p { (t.say("hands-none")) } }
        }
    }
}

fn who(viewer: &Viewer, meeting: &Meeting) -> Markup {
    let t = viewer.texts();
    html! {
        section.part aria-labelledby="wer" {
            div.title {
                h2 #wer { (t.say("who-title")) }
                @if meeting.locked { (badge("warning", &t.say("locked"))) }
            }
            (present(&t, meeting))
            @if !meeting.seats.is_empty() {
                table.kern-table.seats {
                    caption.kern-sr-only { (t.tell("meeting-seats-table", [("number", (&meeting.number).into())])) }
                    thead { tr {
                        th.kern-table__header scope="col" { (t.say("seat-head")) }
                        th.kern-table__header scope="col" { (t.say("seat-where")) }
                        th.kern-table__header scope="col" { (t.say("seat-record")) }
                        th.kern-table__header scope="col" { (t.say("seat-do")) }
                    } }
                    tbody { @for seat in &meeting.seats { (seat_row(viewer, meeting, seat)) } }
                }
                p.hint { (t.say("seat-mute-hint")) }
                p.hint { (t.say("seat-share-hint")) }
                div.actions {
                    (ask_link(meeting, "alle-stumm", &t.say("mute-all")))
                    @if meeting.locked { (act(viewer, meeting, "oeffnen", "secondary", &t.say("unlock"))) }
                    @else { (ask_link(meeting, "sperren", &t.say("lock"))) }
                    a #ende .kern-btn.kern-btn--secondary href={ "/sitzungen/" (meeting.id) "/beenden" } {
                        span.kern-label { (t.say("meeting-end")) }
                    }
                }
            }
        }
    }
}

fn seat_row(viewer: &Viewer, meeting: &Meeting, seat: &Seat) -> Markup {
    let t = viewer.texts();
    let called = name(&t, seat);
    let about = [("who", (&called).into())];
    html! {
        tr {
            th.kern-table__header scope="row" { (called) }
            td.kern-table__cell {
                @if seat.in_room { (t.say("seat-in-room")) } @else { (t.say("seat-arriving")) }
                @if seat.muted { ", " (t.say("seat-muted")) }
                @if seat.shared { ", " (t.say("seat-shared")) }
                @if let Some(place) = seat.hand { ", " (t.tell("seat-hand", [("place", place.into())])) }
                @if seat.wants_help { ", " strong { (t.say("seat-help")) } }
            }
            td.kern-table__cell {
                @if seat.recorded { span.on { (t.say("seat-recorded")) } } @else { (t.say("seat-not-recorded")) }
            }
            td.kern-table__cell.deeds {
                @if seat.in_room && !seat.muted {
                    form.inline method="post" action={ "/sitzungen/" (meeting.id) "/tun/stumm" } {
                        (form_token(viewer))
                        input type="hidden" name="platz" value=(seat.seat.0);
                        button #{ "stumm-" (seat.seat.0) } .plain type="submit"
                            aria-label=(t.tell("seat-mute-label", about.clone())) { (t.say("seat-mute")) }
                    }
                }
                (share(viewer, meeting, seat, &called))
                a #{ "weg-" (seat.seat.0) } .plain
                    href={ "/sitzungen/" (meeting.id) "/fragen/verabschieden?platz=" (seat.seat.0) }
                    aria-label=(t.tell("seat-dismiss-label", about)) { (t.say("seat-dismiss")) }
            }
        }
    }
}

/// One button that says what is not so: several speak, or one does.
fn share(viewer: &Viewer, meeting: &Meeting, seat: &Seat, called: &str) -> Markup {
    let t = viewer.texts();
    let (word, text, label) = match seat.shared {
        false => ("mehrere", "seat-share", "seat-share-label"),
        true => ("eine-person", "seat-alone", "seat-alone-label"),
    };
    html! {
        form.inline method="post" action={ "/sitzungen/" (meeting.id) "/tun/" (word) } {
            (form_token(viewer))
            input type="hidden" name="platz" value=(seat.seat.0);
            button #{ (word) "-" (seat.seat.0) } .plain type="submit" aria-label=(t.tell(label, [("who", called.into())])) {
                (t.say(text))
            }
        }
    }
}

/// "Telefon 3", with the office they came in with.
fn name(t: &Texts, seat: &Seat) -> String {
    let plain = t.tell("seat", [("seat", seat.seat.0.into())]);
    match seat.role {
        Role::Guest => plain,
        Role::Member => t.tell("seat-member", [("who", (&plain).into())]),
        Role::Chair => t.tell("seat-chair", [("who", (&plain).into())]),
    }
}

/// One deed, one button. Its id lets the script give the focus back after a refresh.
fn act(viewer: &Viewer, meeting: &Meeting, word: &str, rank: &str, text: &str) -> Markup {
    html! {
        form.inline method="post" action={ "/sitzungen/" (meeting.id) "/tun/" (word) } {
            (form_token(viewer))
            (button(word, rank, text))
        }
    }
}

fn button(id: &str, rank: &str, text: &str) -> Markup {
    html! { button #{ "tun-" (id) } type="submit" class={ "kern-btn kern-btn--" (rank) } { span.kern-label { (text) } } }
}

/// Leads to the question first.
fn ask_link(meeting: &Meeting, word: &str, text: &str) -> Markup {
    html! {
        a #{ "tun-" (word) } .kern-btn.kern-btn--secondary href={ "/sitzungen/" (meeting.id) "/fragen/" (word) } {
            span.kern-label { (text) }
        }
    }
}

/// The last agenda item that the telephone can say.
pub const LAST_ITEM: u32 = 999;
