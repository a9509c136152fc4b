//! What a state has in its hands while it answers one input: the time, the caller's ear, and where outputs go.
//!
//! Not here: any judgement.

use std::time::{Duration, Instant};

use super::Output;
use crate::consent::Act;
use crate::ids::PromptId;
use crate::ivr::Language;

/// What this caller hears from us, and the wake-up that was asked for. Lives as long as the call.
#[derive(Debug)]
pub(super) struct Voice {
    language: Language,
    /// The one a star changes to.
    other: Option<Language>,
    token: u32,
    parts: usize,
    alarm: Option<Instant>,
}

/// One input being answered.
pub(super) struct Turn<'a> {
    pub(super) now: Instant,
    /// When the key of this input went down; now, for an input that is no key.
    pub(super) down: Instant,
    pub(super) voice: &'a mut Voice,
    pub(super) out: &'a mut Vec<Output>,
}

impl Voice {
    pub(super) fn new(language: Language, other: Option<Language>) -> Self {
        Self { language, other, token: 0, parts: 0, alarm: None }
    }

    /// Is it time for what was waited for? A wake-up too early, or one that was replaced, is none.
    pub(super) fn alarm_is_due(&mut self, now: Instant) -> bool {
        let due = self.alarm.is_some_and(|alarm| now >= alarm);
        if due {
            self.alarm = None;
        }
        due
    }
}

impl Turn<'_> {
    pub(super) fn language(&self) -> Language {
        self.voice.language
    }

    /// From now on in the other language, where there is one. False: there is none.
    pub(super) fn change_language(&mut self) -> bool {
        let Some(other) = self.voice.other else { return false };
        self.voice.other = Some(std::mem::replace(&mut self.voice.language, other));
        true
    }

    /// Is there another language to be spoken to in?
    pub(super) fn has_other_language(&self) -> bool {
        self.voice.other.is_some()
    }

    /// Says this instead of what is being said.
    pub(super) fn say(&mut self, prompts: Vec<PromptId>) {
        self.voice.token += 1;
        self.voice.parts = prompts.len();
        self.out.push(Output::Say { token: self.voice.token, language: self.voice.language, prompts });
    }

    pub(super) fn hush(&mut self) {
        self.voice.token += 1;
        self.out.push(Output::Hush);
    }

    /// Which part of what is being said *now* was heard to its end; `None` for what was replaced since.
    pub(super) fn heard(&self, token: u32, part: usize) -> Option<usize> {
        (token == self.voice.token && part < self.voice.parts).then_some(part)
    }

    /// Was this the last word of what is being said now?
    pub(super) fn finished(&self, token: u32, part: usize) -> bool {
        self.heard(token, part).is_some_and(|part| part + 1 == self.voice.parts)
    }

    pub(super) fn act(&mut self, act: Act) {
        self.out.push(Output::Act(act));
    }

    pub(super) fn wake_in(&mut self, delay: Duration) {
        self.wake_at(self.now + delay);
    }

    pub(super) fn wake_at(&mut self, at: Instant) {
        self.voice.alarm = Some(at);
        self.out.push(Output::WakeAt(at));
    }

    /// Nothing is waited for.
    pub(super) fn rest(&mut self) {
        self.voice.alarm = None;
    }
}
