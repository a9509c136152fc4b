//! What is being said of a question and how far it was heard: whole parts, and the one that an answer breaks off.
//!
//! Not here: what must have been heard before a key counts (`question`).

use std::time::{Duration, Instant};

use crate::ids::PromptId;

/// A caller's ear in a question.
#[derive(Debug)]
pub(super) struct Hearing {
    saying: Vec<PromptId>,
    /// Which part of it is being said, and since when.
    at: usize,
    since: Instant,
    /// In the order of the hearing, each once.
    heard: Vec<PromptId>,
}

impl Hearing {
    /// `saying` begins at `now`.
    pub(super) fn begin(saying: Vec<PromptId>, now: Instant) -> Self {
        Self { saying, at: 0, since: now, heard: Vec::new() }
    }

    /// Says this instead; what was heard stays heard.
    pub(super) fn say(&mut self, parts: Vec<PromptId>, now: Instant) {
        (self.saying, self.at, self.since) = (parts, 0, now);
    }

    /// Part number `part` of what is being said now was played to its end. True when that was the last.
    pub(super) fn said(&mut self, part: usize, now: Instant) -> bool {
        if let Some(prompt) = self.saying.get(part).copied()
            && !self.heard.contains(&prompt)
        {
            self.heard.push(prompt);
        }
        (self.at, self.since) = (part + 1, now);
        self.at >= self.saying.len()
    }

    pub(super) fn heard(&self) -> &[PromptId] {
        &self.heard
    }

    /// The part that is being said at `now`, and for how long.
    pub(super) fn broken_off(&self, now: Instant) -> Option<(PromptId, Duration)> {
        let part = self.saying.get(self.at)?;
        Some((*part, now.saturating_duration_since(self.since)))
    }
}
