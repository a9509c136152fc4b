//! What one caller is told just now: prompts end to end, cut into slots.
//!
//! [`Saying::slot`] is asked once a slot until it is over; the end of every part is told, because how far somebody heard a
//! notice is evidence.
//!
//! Not here: what is said when (`call`), and how it is laid over the room (`media::mix`).

use std::sync::Arc;

use media::{Frame, SILENCE};

use crate::prompts::Prompt;

/// Parts with no pause between them but what the prompts themselves hold.
pub(super) struct Saying {
    pub(super) token: u32,
    parts: Vec<Arc<Prompt>>,
    /// The part being played, and its next sample.
    part: usize,
    at: usize,
}

impl Saying {
    pub(super) fn new(token: u32, parts: Vec<Arc<Prompt>>) -> Self {
        Self { token, parts, part: 0, at: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.part >= self.parts.len()
    }

    /// The next slot of it, silence after its end; `ended` is told each part whose last sample is in this slot.
    pub(super) fn slot(&mut self, into: &mut Frame, mut ended: impl FnMut(usize)) {
        *into = SILENCE;
        let mut free = into.as_mut_slice();
        while let Some(part) = self.parts.get(self.part) {
            let rest = part.pcm8k.get(self.at..).unwrap_or_default();
            let fits = rest.len().min(free.len());
            let (now, later) = free.split_at_mut(fits);
            now.copy_from_slice(rest.get(..fits).unwrap_or_default());
            free = later;
            self.at += fits;
            if fits < rest.len() {
                return;
            }
            ended(self.part);
            (self.part, self.at) = (self.part + 1, 0);
        }
    }
}
