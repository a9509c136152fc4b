//! Page of one recording: how it stands, listening (purpose first), the minutes, what was not recorded, facts, consent.
//!
//! Nothing here says who spoke off record, or when exactly: [`Stretch::OffRecord`] holds a span of the room and no seat.
//!
//! Not here: the sound (`api::sound`), and what the player does by script (`assets/own`).

use jiff::civil::Date;
use maud::{Markup, html};
use spool::id::{RecordingId, SeatNo};

use super::frame::{Viewer, button_link, form_token, notice, page, submit};
use super::meetings::Standing;
use crate::texts::{Texts, length};

/// Everything of the page.
#[derive(Clone, Debug)]
pub struct Recording {
    pub id: RecordingId,
    pub meeting_number: String,
    pub title: String,
    pub started_ms: i64,
    pub ended_ms: Option<i64>,
    pub length_ms: u64,
    pub standing: Standing,
    /// The day on which it is destroyed, by today's knowledge; on which it was, once it is.
    pub destroy: Date,
    pub approved: Option<Date>,
    /// The day of destruction if the minutes were approved today.
    pub if_approved: Date,
    pub rule: String,
    /// Recorded voices that can still be heard.
    pub voices: Vec<SeatNo>,
    pub stretches: Vec<Stretch>,
    /// How far the times of two epochs may lie off against each other; 0 for one epoch.
    pub error_ms: u32,
    pub consent: Consent,
    pub exports: u64,
    pub listening: Listening,
}

/// A part of the timeline in which not everything is there. Times in milliseconds from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub from_ms: u64,
    pub until_ms: u64,
    pub why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Some seat in the room had no permit. Never who.
    OffRecord,
    /// A voice was here and was erased. Never who.
    Erased,
    Paused,
    RingFull,
    Hold,
    Disk,
    NoKeys,
    StateUnknown,
    Interrupted,
}

/// Decisions counted, not people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    pub given: u64,
    pub refused: u64,
    pub timed_out: u64,
    pub withdrawn: u64,
}

/// Whether, and how, this viewer may listen now.
#[derive(Clone, Debug)]
pub enum Listening {
    /// There is nothing to hear: never was, or no longer.
    Nothing,
    /// The archive key is locked.
    Locked,
    /// A purpose must be named first; `missing` after a try without one.
    Ask { missing: bool },
    /// With a purpose, until an end.
    Open(Open),
}

#[derive(Clone, Debug)]
pub struct Open {
    pub purpose: String,
    pub until_ms: i64,
    /// Address of the sound without the voice's name: `…/ton/3`.
    pub sound: String,
    pub voice: Option<SeatNo>,
}

/// The purposes that can be chosen: the form's word and the text's key. The text goes into the audit.
pub const PURPOSES: [(&str, &str); 4] = [
    ("protokoll", "purpose-minutes"),
    ("einwand", "purpose-objection"),
    ("auskunft", "purpose-request"),
    ("technik", "purpose-check"),
];

pub fn recording(viewer: &Viewer, view: &Recording) -> Markup {
    let t = viewer.texts();
    let title = t.tell("recording-title", [("when", (&t.moment(view.started_ms)).into())]);
    let body = html! {
        p.back { a href="/sitzungen" { (t.say("recording-back")) } }
        h1 { (title) }
        p.lead {
            (t.tell("recording-of", [("number", (&view.meeting_number).into())]))
            @if !view.title.is_empty() { ": " (view.title) }
        }
        (standing(&t, view))
        @if view.standing != Standing::Destroyed { (listen(viewer, view)) (stretches(&t, view)) (minutes(viewer, view)) }
        (facts(&t, view))
        (consent(&t, &view.consent))
    };
    page(viewer, &title, &body)
}

/// The file name of a voice's virtual WAV.
pub fn voice_file(voice: Option<SeatNo>) -> String {
    voice.map_or_else(|| "alle.wav".to_owned(), |seat| format!("telefon-{}.wav", seat.0))
}

fn standing(t: &Texts, view: &Recording) -> Markup {
    let day = t.day(view.destroy);
    let (kind, text) = match view.standing {
        Standing::Running => ("info", t.say("recording-state-running")),
        Standing::Kept => ("info", t.tell("recording-state-kept", [("day", (&day).into())])),
        Standing::Approved => {
            let approved = view.approved.map(|day| t.day(day)).unwrap_or_default();
            let args = [("approved", (&approved).into()), ("day", (&day).into())];
            ("warning", t.tell("recording-state-approved", args))
        }
        Standing::Destroying => ("warning", t.say("recording-state-destroying")),
        Standing::Destroyed => ("success", t.tell("recording-state-destroyed", [("day", (&day).into())])),
    };
    html! {
        (notice(kind, &text))
        @if view.standing == Standing::Destroyed {
            p.actions { (button_link("primary", &format!("/aufnahmen/{}/nachweis", view.id), &t.say("proof-link"))) }
        }
    }
}

fn listen(viewer: &Viewer, view: &Recording) -> Markup {
    let t = viewer.texts();
    html! {
        section.part aria-labelledby="anhoeren" {
            h2 #anhoeren { (t.say("listen-title")) }
            @match &view.listening {
                Listening::Nothing => p { (t.say("listen-nothing")) },
                Listening::Locked => (notice("warning", &t.say("listen-locked"))),
                Listening::Ask { missing } => (ask(viewer, view.id, *missing)),
                Listening::Open(open) => (player(&t, view, open)),
            }
        }
    }
}

fn ask(viewer: &Viewer, id: RecordingId, missing: bool) -> Markup {
    let t = viewer.texts();
    html! {
        form method="post" action={ "/aufnahmen/" (id) "/zweck" } {
            (form_token(viewer))
            fieldset.kern-fieldset.kern-fieldset--error[missing] aria-describedby="zweck-hinweis" {
                legend.kern-label { (t.say("listen-why")) }
                p #zweck-hinweis .kern-hint { (t.say("listen-why-hint")) }
                @if missing { p.kern-error role="alert" { span.kern-body { (t.say("listen-missing")) } } }
                div.kern-fieldset__body {
                    @for (word, key) in PURPOSES {
                        div.kern-form-check {
                            input.kern-form-check__radio type="radio" name="zweck" id={ "zweck-" (word) } value=(word) required;
                            label.kern-label for={ "zweck-" (word) } { (t.say(key)) }
                        }
                    }
                }
            }
            p.actions { (submit("primary", &t.say("listen-start"))) }
        }
    }
}

fn player(t: &Texts, view: &Recording, open: &Open) -> Markup {
    let name = |voice: Option<SeatNo>| match voice {
        None => t.say("listen-all"),
        Some(seat) => t.tell("seat", [("seat", seat.0.into())]),
    };
    let voices = std::iter::once(None).chain(view.voices.iter().copied().map(Some));
    html! {
        p {
            (t.tell("listen-purpose", [("purpose", (&open.purpose).into())])) ". "
            (t.tell("listen-until", [("when", (&t.time(open.until_ms)).into())]))
        }
        h3 #wen { (t.say("listen-voices")) }
        ul.voices aria-labelledby="wen" {
            @for voice in voices {
                li {
                    a class={ "kern-btn kern-btn--" (if voice == open.voice { "primary" } else { "secondary" }) }
                        href=(voice.map_or_else(|| "?stimme=alle#anhoeren".to_owned(), |seat| format!("?stimme={}#anhoeren", seat.0)))
                        aria-current=[(voice == open.voice).then_some("true")]
                        data-voice={ (open.sound) "/" (voice_file(voice)) } { span.kern-label { (name(voice)) } }
                }
            }
        }
        div #spieler {
            audio #ton controls preload="metadata" src={ (open.sound) "/" (voice_file(open.voice)) }
                aria-label=(t.tell("listen-player", [("voice", (&name(open.voice)).into())])) {}
            p #stoerung role="alert" hidden { (t.say("listen-trouble")) }
            div #griffe .actions hidden {
                button.kern-btn.kern-btn--secondary type="button" data-jump="-10" { span.kern-label { (t.say("listen-back")) } }
                button.kern-btn.kern-btn--secondary type="button" data-jump="10" { span.kern-label { (t.say("listen-forward")) } }
                label.speed { (t.say("listen-speed")) " "
                    select #tempo {
                        option value="0.75" { (t.say("listen-speed-slow")) }
                        option value="1" selected { (t.say("listen-speed-normal")) }
                        option value="1.5" { (t.say("listen-speed-fast")) }
                    }
                }
            }
        }
        (bar(view))
        p { (t.tell("listen-length", [("length", (&length(view.length_ms)).into())])) }
        p.hint { (t.say("listen-keys")) }
    }
}

/// A picture of the timeline for those who see it; the list says the same in words.
fn bar(view: &Recording) -> Markup {
    let place = |ms: u64| ms.min(view.length_ms) * 1000 / view.length_ms.max(1);
    html! {
        svg.bar viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.whole x="0" y="0" width="1000" height="24" {}
            @for stretch in &view.stretches {
                rect.missing x=(place(stretch.from_ms)) y="0" height="24"
                    width=(place(stretch.until_ms).saturating_sub(place(stretch.from_ms)).max(2)) {}
            }
        }
    }
}

fn stretches(t: &Texts, view: &Recording) -> Markup {
    html! {
        section.part aria-labelledby="luecken" {
            h2 #luecken { (t.say("stretch-title")) }
            @if view.stretches.is_empty() { p { (t.say("stretch-none")) } }
            @else {
                p { (t.say("stretch-hint")) }
                ol.stretches {
                    @for stretch in &view.stretches {
                        li {
                            span.when data-at={ (stretch.from_ms / 1000) } {
                                (t.tell("stretch-from-until", [
                                    ("from", (&length(stretch.from_ms)).into()), ("until", (&length(stretch.until_ms)).into())]))
                            }
                            " " (why(t, stretch.why))
                        }
                    }
                }
            }
            @if view.error_ms > 0 { p.hint { (t.tell("stretch-error", [("ms", view.error_ms.into())])) } }
        }
    }
}

fn why(t: &Texts, why: Why) -> String {
    let gap = |key: &str| t.tell("stretch-gap", [("reason", (&t.say(key)).into())]);
    match why {
        Why::OffRecord => t.say("stretch-off-record"),
        Why::Erased => t.say("stretch-erased"),
        Why::Paused => t.say("stretch-paused"),
        Why::RingFull => gap("gap-ring-full"),
        Why::Hold => gap("gap-hold"),
        Why::Disk => gap("gap-disk"),
        Why::NoKeys => gap("gap-no-keys"),
        Why::StateUnknown => gap("gap-state-unknown"),
        Why::Interrupted => gap("gap-interrupted"),
    }
}

fn minutes(viewer: &Viewer, view: &Recording) -> Markup {
    let t = viewer.texts();
    let inner = match view.standing {
        Standing::Running => html! { p { (t.say("approve-running")) } },
        Standing::Kept => html! {
            p { (t.tell("approve-what", [("day", (&t.day(view.if_approved)).into())])) " " (t.say("approve-revocable")) }
            form method="post" action={ "/aufnahmen/" (view.id) "/genehmigt" } {
                (form_token(viewer))
                p.actions { (submit("primary", &t.say("approve-do"))) }
            }
        },
        Standing::Approved => html! {
            p { (t.say("approve-revocable")) }
            form method="post" action={ "/aufnahmen/" (view.id) "/doch-nicht" } {
                (form_token(viewer))
                p.actions { (submit("secondary", &t.say("approve-undo"))) }
            }
        },
        Standing::Destroying | Standing::Destroyed => return html! {},
    };
    html! { section.part aria-labelledby="protokoll" { h2 #protokoll { (t.say("approve-title")) } (inner) } }
}

fn facts(t: &Texts, view: &Recording) -> Markup {
    let day = t.day(view.destroy);
    let end = match view.standing {
        Standing::Running | Standing::Kept => t.tell("facts-destroy-latest", [("day", (&day).into())]),
        Standing::Approved | Standing::Destroying => t.tell("facts-destroy-on", [("day", (&day).into())]),
        Standing::Destroyed => t.tell("facts-destroy-done", [("day", (&day).into())]),
    };
    let rule = match view.rule.as_str() {
        "until-approval" => t.say("rule-until-approval"),
        other => t.tell("rule-other", [("rule", other.into())]),
    };
    let mut rows =
        vec![(t.say("facts-number"), view.meeting_number.clone()), (t.say("facts-began"), t.moment(view.started_ms))];
    rows.extend(view.ended_ms.map(|ms| (t.say("facts-ended"), t.moment(ms))));
    if view.standing != Standing::Destroyed {
        rows.push((t.say("facts-length"), length(view.length_ms)));
        rows.push((t.say("facts-voices"), view.voices.len().to_string()));
    }
    rows.push((t.say("facts-rule"), rule));
    rows.push((t.say("facts-destroy"), end));
    rows.push((t.say("facts-exports"), view.exports.to_string()));
    rows.push((t.say("facts-id"), view.id.to_string()));
    html! {
        section.part aria-labelledby="angaben" {
            div.title { h2 #angaben { (t.say("facts-title")) } (view.standing.badge(t)) }
            (list(&rows))
        }
    }
}

/// Names and values, one below the other.
pub(super) fn list(rows: &[(String, String)]) -> Markup {
    html! { dl.facts { @for (name, value) in rows { div { dt { (name) } dd { (value) } } } } }
}

fn consent(t: &Texts, consent: &Consent) -> Markup {
    let rows = [
        ("consent-given", consent.given),
        ("consent-refused", consent.refused),
        ("consent-timed-out", consent.timed_out),
        ("consent-withdrawn", consent.withdrawn),
    ];
    html! {
        section.part aria-labelledby="einwilligung" {
            h2 #einwilligung { (t.say("consent-title")) }
            p { (t.say("consent-hint")) }
            table.kern-table.narrow {
                thead { tr {
                    th.kern-table__header scope="col" { (t.say("consent-kind-head")) }
                    th.kern-table__header scope="col" { (t.say("consent-count-head")) }
                } }
                tbody {
                    @for (key, count) in rows {
                        tr { th.kern-table__header scope="row" { (t.say(key)) } td.kern-table__cell { (count) } }
                    }
                }
            }
        }
    }
}
