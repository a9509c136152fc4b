//! One act of consent, as the core knows it: everything but the wall clock, the texts' hashes and how long a prompt lasts.
//!
//! The shell completes it with [`Act::written`] and has it journaled before anything follows from it.
//!
//! Not here: its place on disk (`spool`).

use std::time::{Duration, Instant};

use spool::line::{BrokenOff, Heard};

pub use spool::line::{ActKind, Channel, KeyPress};
pub use spool::order::Decision;

use crate::ids::{PromptId, SeatNo, Slot, TrackId};
use crate::ivr::Language;

/// What was offered, given, refused, let pass, taken back or marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub seat: SeatNo,
    pub kind: ActKind,
    pub channel: Channel,
    /// What the recording is for.
    pub purpose: &'static str,
    /// The text that was asked, for example `until-approval`.
    pub text: &'static str,
    /// The prompts of which that text consists, in order: their words are what is hashed.
    pub parts: Vec<PromptId>,
    pub language: Language,
    /// Which prompts of it the caller heard to their end, in the order of the hearing.
    pub heard: Vec<PromptId>,
    /// The part that was being spoken when the act came, and for how long.
    pub broken_off: Option<(PromptId, Duration)>,
    /// The key, where one was pressed.
    pub key: Option<KeyPress>,
    pub track: Option<TrackId>,
}

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pressed {
    pub key: char,
    /// The slot of its first packet.
    pub from: Slot,
    /// The slot in which it was let go.
    pub until: Slot,
    /// When it went down.
    pub down: Instant,
}

impl Pressed {
    pub(super) fn evidence(self) -> KeyPress {
        KeyPress { key: self.key, from: self.from, until: Some(self.until) }
    }
}

/// The words that a text id stood for when it was spoken (`prompts::Prompts::words`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub version: u32,
    /// Hexadecimal, over the texts of all parts.
    pub sha256: String,
}

impl Act {
    /// The act as it is journaled: `words` are those of [`parts`](Self::parts), `lasts` says how long a prompt is, `ntp`
    /// whether the clock was disciplined.
    pub fn written(
        &self,
        words: Words,
        lasts: impl Fn(PromptId) -> Duration,
        utc_ms: i64,
        ntp: bool,
    ) -> spool::line::Act {
        let broken_off = self.broken_off.map(|(part, sent)| BrokenOff {
            part: part.to_string(),
            ms: u32::try_from(sent.min(lasts(part)).as_millis()).unwrap_or(u32::MAX),
        });
        spool::line::Act {
            seat: self.seat,
            kind: self.kind,
            channel: self.channel,
            purpose: self.purpose.to_owned(),
            text: self.text.to_owned(),
            text_version: words.version,
            language: self.language.tag().to_owned(),
            text_sha256: words.sha256,
            parts: self.parts.iter().map(ToString::to_string).collect(),
            heard: Heard(self.heard.iter().map(ToString::to_string).collect()),
            broken_off,
            key: self.key,
            track: self.track,
            utc_ms,
            ntp,
        }
    }
}
