//! Page of a proof of destruction: what was emptied, what the proof cannot say, and how anybody checks it.

use maud::{Markup, html};
use spool::id::RecordingId;

use super::frame::{Viewer, button_link, notice, page};
use super::recording::list;

/// What of the proof is told in words; `text` is the signed document itself.
#[derive(Clone, Debug)]
pub struct Proof {
    pub recording: RecordingId,
    pub started_ms: i64,
    pub destroyed_ms: i64,
    pub keys: u64,
    pub objects: u64,
    pub stores: Vec<String>,
    pub exports: u64,
    /// What the proof says about backups; empty when there are none.
    pub backups: String,
    pub text: String,
}

pub fn proof(viewer: &Viewer, view: &Proof) -> Markup {
    let t = viewer.texts();
    let backups = if view.backups.is_empty() { t.say("proof-backups-none") } else { view.backups.clone() };
    let rows = [
        (t.say("proof-when"), t.moment(view.destroyed_ms)),
        (t.say("proof-keys"), view.keys.to_string()),
        (t.say("proof-objects"), view.objects.to_string()),
        (t.say("proof-stores"), view.stores.join(", ")),
        (t.say("proof-exports"), view.exports.to_string()),
        (t.say("proof-backups"), backups),
        (t.say("facts-id"), view.recording.to_string()),
    ];
    let file = file_name(view.recording);
    let body = html! {
        p.back { a href={ "/aufnahmen/" (view.recording) } { (t.tell("recording-name", [("when", (&t.moment(view.started_ms)).into())])) } }
        h1 { (t.say("proof-title")) }
        p.lead { (t.tell("proof-of", [("when", (&t.moment(view.started_ms)).into())])) }
        (notice("success", &t.say("proof-what")))
        section.part aria-labelledby="sagt" { h2 #sagt { (t.say("proof-facts")) } (list(&rows)) p { (t.say("proof-limit")) } }
        section.part aria-labelledby="pruefen" {
            h2 #pruefen { (t.say("proof-check")) }
            p.actions { (button_link("primary", &format!("/aufnahmen/{}/nachweis.json", view.recording), &t.say("proof-download"))) }
            p { (t.say("proof-check-how")) }
            pre.command { code { "archiver verify " (file) } }
            details.raw { summary { (t.say("proof-raw")) } pre tabindex="0" { (view.text) } }
        }
    };
    page(viewer, &t.say("proof-title"), &body)
}

/// There is none yet.
pub fn none(viewer: &Viewer, recording: RecordingId) -> Markup {
    let t = viewer.texts();
    let title = t.say("proof-none-title");
    let body = html! {
        h1 { (title) }
        p.lead { (t.say("proof-none")) }
        p.actions { (button_link("secondary", &format!("/aufnahmen/{recording}"), &t.say("proof-back"))) }
    };
    page(viewer, &title, &body)
}

/// The name under which a proof is saved.
pub fn file_name(recording: RecordingId) -> String {
    format!("loeschnachweis-{recording}.json")
}
