//! What one caller is told just now: prompts end to end, cut into slots.
//!
//! [`Saying::slot`] is asked once a slot until it is over; the end of every part is told, because how far somebody heard a
//! notice is evidence.
//!
//! Not here: what is said when (`call`), and how it is laid over the room (`media::mix`).

use std::sync::Arc;

use media::Sound;

use crate::prompts::Prompt;

/// Parts with no pause between them but what the prompts themselves hold.
pub(super) struct Saying {
    pub(super) token: u32,
    parts: Vec<Arc<Prompt>>,
    /// The part being played, and its next sample at 8 kHz: a line may change its rate in the middle.
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
    pub(super) fn slot(&mut self, into: &mut Sound, mut ended: impl FnMut(usize)) {
        into.samples_mut().fill(0);
        let times = if into.is_wide() { 2 } else { 1 };
        let mut free = into.samples_mut();
        while let Some(part) = self.parts.get(self.part) {
            let whole = if times == 2 { &part.pcm16k } else { &part.pcm8k };
            let rest = whole.get(self.at * times..).unwrap_or_default();
            let fits = rest.len().min(free.len());
            let (now, later) = free.split_at_mut(fits);
            now.copy_from_slice(rest.get(..fits).unwrap_or_default());
            free = later;
            self.at += fits / times;
            if fits < rest.len() {
                return;
            }
            ended(self.part);
            (self.part, self.at) = (self.part + 1, 0);
        }
    }
}
