//! Page of a proof of destruction: what was emptied, what the proof cannot say, and how anybody checks it.
//!
//! Not here: the proof itself, which is the file (`api::proof`).

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
    /// Address and bucket of the store that was listed empty.
    pub store: String,
    /// Gateways whose spools showed nothing of it any more, and those that could not be asked.
    pub spools_seen: u64,
    pub spools_not_seen: u64,
    pub exports: u64,
    /// Public half of the key that signed, hexadecimal.
    pub key: String,
    pub text: String,
}

pub fn proof(viewer: &Viewer, view: &Proof) -> Markup {
    let t = viewer.texts();
    let spools =
        t.tell("proof-spools-are", [("seen", view.spools_seen.into()), ("other", view.spools_not_seen.into())]);
    let rows = [
        (t.say("proof-when"), t.moment(view.destroyed_ms)),
        (t.say("proof-keys"), view.keys.to_string()),
        (t.say("proof-objects"), view.objects.to_string()),
        (t.say("proof-stores"), view.store.clone()),
        (t.say("proof-spools"), spools),
        (t.say("proof-exports"), view.exports.to_string()),
        (t.say("proof-backups"), t.say("proof-backups-none")),
        (t.say("proof-key"), view.key.clone()),
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
            pre.command { code { "archiver verify " (file) " --key " (view.key) } }
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
