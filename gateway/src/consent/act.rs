//! One act of consent, as the core knows it: everything but the wall clock and the texts' hashes.
//!
//! The shell completes it with [`Act::written`] and has it journaled before anything follows from it.
//!
//! Not here: its place on disk (`spool`).

use spool::line::Heard;

pub use spool::line::ActKind;
pub use spool::order::Decision;

use crate::ids::{PromptId, SeatNo, TrackId};
use crate::ivr::Language;

/// What was offered, given, refused, let pass or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub seat: SeatNo,
    pub kind: ActKind,
    /// The text that was asked, for example `until-approval`.
    pub text: &'static str,
    /// The prompts of which that text consists, in order: their words are what is hashed.
    pub parts: Vec<PromptId>,
    pub language: Language,
    /// Which prompts of it the caller heard to their end, in the order of the hearing.
    pub heard: Vec<PromptId>,
    /// The key, where one was pressed.
    pub key: Option<char>,
    pub track: Option<TrackId>,
}

/// The words that a text id stood for when it was spoken (`prompts::Prompts::words`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub version: u32,
    /// Hexadecimal, over the texts of all parts.
    pub sha256: String,
}

impl Act {
    /// The act as it is journaled: `words` are those of [`parts`](Self::parts), `ntp` says whether the clock was disciplined.
    pub fn written(&self, words: Words, utc_ms: i64, ntp: bool) -> spool::line::Act {
        spool::line::Act {
            seat: self.seat,
            kind: self.kind,
            text: self.text.to_owned(),
            text_version: words.version,
            language: self.language.tag().to_owned(),
            text_sha256: words.sha256,
            heard: Heard(self.heard.iter().map(ToString::to_string).collect()),
            key: self.key,
            track: self.track,
            utc_ms,
            ntp,
        }
    }
}
