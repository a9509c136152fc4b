//! Kind answers: pages that say why there is nothing else to see, and what to do now.
//!
//! Never a number, never "invalid": what happened, whose fault it was, the next step.
//!
//! Not here: the status that goes with each (`desk::session`).

use maud::{Markup, html};

use super::frame::{Viewer, button_link, notice, page, page_then};

/// Why somebody gets an answer instead of the page they asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not signed in, or no longer.
    SignIn,
    /// A one-time link that was used or is unknown.
    LinkUsed,
    SignedOut,
    Missing,
    /// A form without our token, or from another site.
    Stale,
    /// The recording's state does not allow it any more.
    TooLate,
    MeetingRunning,
    GatewayAway,
    /// The record stands as it was to stand, or there is none to pause or to close.
    RecordMoved,
    /// The next section's keys are being minted.
    KeysComing,
    CannotRecord,
    NobodyThere,
    SeatLeft,
    Locked,
    /// Their role or their purpose does not reach that far.
    NotYours,
    /// Ours.
    Trouble,
}

pub fn answer(viewer: &Viewer, answer: Answer) -> Markup {
    let t = viewer.texts();
    let (title, what, how) = match answer {
        Answer::SignIn => ("door-title", "door-what", Some("door-how")),
        Answer::LinkUsed => ("used-title", "used-what", Some("used-how")),
        Answer::SignedOut => ("left-title", "left-what", None),
        Answer::Missing => ("missing-title", "missing-what", None),
        Answer::Stale => ("stale-title", "stale-what", None),
        Answer::TooLate => ("refused-title", "refused-not-open", None),
        Answer::MeetingRunning => ("refused-title", "approve-running", None),
        Answer::GatewayAway => ("refused-title", "refused-gateway-away", None),
        Answer::RecordMoved => ("refused-title", "refused-record-moved", None),
        Answer::KeysComing => ("refused-title", "refused-keys-coming", None),
        Answer::CannotRecord => ("refused-title", "refused-cannot-record", None),
        Answer::NobodyThere => ("refused-title", "refused-nobody", None),
        Answer::SeatLeft => ("refused-title", "refused-seat-left", None),
        Answer::Locked => ("refused-title", "listen-locked", None),
        Answer::NotYours => ("refused-title", "refused-not-yours", None),
        Answer::Trouble => ("trouble-title", "trouble-what", None),
    };
    let onward = match answer {
        Answer::SignIn | Answer::SignedOut => None,
        Answer::LinkUsed => Some("used-on"),
        Answer::Missing | Answer::Stale | Answer::TooLate | Answer::MeetingRunning => Some("back-to-meetings"),
        Answer::GatewayAway | Answer::Locked | Answer::NotYours | Answer::Trouble => Some("back-to-meetings"),
        Answer::RecordMoved | Answer::KeysComing | Answer::CannotRecord => Some("back-to-meetings"),
        Answer::NobodyThere | Answer::SeatLeft => Some("back-to-meetings"),
    };
    let title = t.say(title);
    let body = html! {
        h1 { (title) }
        p.lead { (t.say(what)) }
        @if let Some(how) = how { p { (t.say(how)) } }
        @if let Some(onward) = onward { p.actions { (button_link("secondary", "/sitzungen", &t.say(onward))) } }
    };
    page(viewer, &title, &body)
}

/// Signed in by a link on somebody else's page: a browser sends our strict cookie only with a step that begins here.
pub fn entered(viewer: &Viewer) -> Markup {
    let t = viewer.texts();
    let body = html! {
        h1 { (t.say("enter-title")) }
        p.actions { (button_link("primary", "/sitzungen", &t.say("enter-do"))) }
    };
    page_then(viewer, &t.say("enter-title"), &body, Some("/sitzungen"))
}

/// Licences of what the desk carries.
pub fn licences(viewer: &Viewer, texts: &[(String, String)]) -> Markup {
    let t = viewer.texts();
    let title = t.say("desk-licences");
    let body = html! {
        h1 { (title) }
        @for (name, text) in texts {
            details.raw { summary { (name) } pre tabindex="0" { (text) } }
        }
    };
    page(viewer, &title, &body)
}

/// A line above a page: what was just done.
pub fn done(text: &str) -> Markup {
    html! { div role="status" { (notice("success", text)) } }
}
