//! The consent question: what was heard, which key counts when, and the only place where a yes is made.
//!
//! [`Question::ask`] gives the first parts to say. Feed it [`Question::said`] for each part played to its end,
//! [`Question::silence`] when nothing was keyed for [`Question::WAIT`] after the last, and every key; act on the [`Answer`].
//!
//! `2`, `3`, `9` count at once. `1` counts only when all of the mandatory part was heard to its end: a person who has not
//! been told who records, why, and how to take it back cannot agree to it (GDPR Art. 4(11), 7(3), 13).
//!
//! Not here: permits (the module above), and what is said after an answer (`call`).

use std::time::{Duration, Instant};

use super::{Act, ActKind, Wording};
use crate::ids::{PromptId, SeatNo, Slot};
use crate::ivr::{DEAF, Language};

/// A question that is open.
#[derive(Debug)]
pub struct Question {
    seat: SeatNo,
    language: Language,
    wording: Wording,
    asked: Instant,
    saying: Vec<PromptId>,
    heard: Vec<PromptId>,
    silences: u8,
}

/// A yes, heard in time. Made here only, used up by `consent::permit`.
pub struct Given {
    seat: SeatNo,
    yes_ended: Slot,
    act: Act,
}

/// What came of a key or of a silence. The acts are evidence and go to the journal first.
#[derive(Debug)]
pub enum Answer {
    Yes(Given),
    /// Off record: by a `2`, or because no key came.
    No(Act),
    /// Say this next; the question stays open.
    Say(Vec<PromptId>),
    /// The key does not count.
    Dropped,
}

impl Question {
    /// How long after the last word a key is waited for; asked twice.
    pub const WAIT: Duration = Duration::from_secs(15);

    /// Asks at `now`, after saying `first`: the question, the act of the offer, and what to say.
    pub fn ask(
        seat: SeatNo,
        language: Language,
        wording: Wording,
        first: Vec<PromptId>,
        now: Instant,
    ) -> (Self, Act, Vec<PromptId>) {
        let saying = [first, wording.parts()].concat();
        let question =
            Self { seat, language, wording, asked: now, saying: saying.clone(), heard: Vec::new(), silences: 0 };
        let act = question.act(ActKind::Offered, None);
        (question, act, saying)
    }

    /// Part number `part` of what is being said now was played to its end. True when that was the last.
    pub fn said(&mut self, part: usize) -> bool {
        if let Some(prompt) = self.saying.get(part).copied()
            && !self.heard.contains(&prompt)
        {
            self.heard.push(prompt);
        }
        part + 1 >= self.saying.len()
    }

    /// A key that went down at `began` and was let go in slot `ended`.
    pub fn key(&mut self, key: char, began: Instant, ended: Slot) -> Answer {
        if !self.hears(began) {
            return Answer::Dropped;
        }
        let informed = self.informed();
        match key {
            '1' if informed => {
                let act = self.act(ActKind::Given, Some('1'));
                Answer::Yes(Given { seat: self.seat, yes_ended: ended, act })
            }
            '1' => Answer::Dropped,
            '2' => Answer::No(self.act(ActKind::Refused, Some('2'))),
            '3' => self.say([self.wording.long(), &self.unheard(), self.wording.choices()].concat()),
            '9' => self.say(self.wording.parts()),
            // Exchanges use these for themselves.
            '*' | '#' => Answer::Dropped,
            _ if informed => self.say(self.wording.choices().to_vec()),
            // Too early to be an answer: the notice goes on.
            _ => Answer::Dropped,
        }
    }

    /// Does a key that went down at `began` count? One on its way when the question began was meant for something else.
    pub fn hears(&self, began: Instant) -> bool {
        began >= self.asked + DEAF
    }

    /// No key came for [`Self::WAIT`] after the last word.
    pub fn silence(&mut self) -> Answer {
        self.silences += 1;
        if self.silences < ASKINGS {
            return self.say([&self.unheard()[..], self.wording.choices()].concat());
        }
        Answer::No(self.act(ActKind::TimedOut, None))
    }

    /// The line went down, or the meeting ended, while the question was open.
    pub fn broken_off(self) -> Act {
        self.act(ActKind::HungUp, None)
    }

    fn informed(&self) -> bool {
        self.wording.must().iter().all(|part| self.heard.contains(part))
    }

    fn unheard(&self) -> Vec<PromptId> {
        self.wording.must().iter().filter(|part| !self.heard.contains(part)).copied().collect()
    }

    fn say(&mut self, parts: Vec<PromptId>) -> Answer {
        self.saying.clone_from(&parts);
        Answer::Say(parts)
    }

    fn act(&self, kind: ActKind, key: Option<char>) -> Act {
        let parts = self.wording.parts();
        let heard = self.heard.iter().filter(|part| parts.contains(part) || self.wording.long().contains(part));
        Act {
            seat: self.seat,
            kind,
            text: self.wording.id(),
            heard: heard.copied().collect(),
            parts,
            language: self.language,
            key,
            track: None,
        }
    }
}

impl Given {
    pub fn seat(&self) -> SeatNo {
        self.seat
    }

    /// The slot in which the yes key was let go.
    pub fn yes_ended(&self) -> Slot {
        self.yes_ended
    }

    pub(super) fn act(self, track: Option<crate::ids::TrackId>) -> Act {
        Act { track, ..self.act }
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Given({} at {})", self.seat, self.yes_ended.0)
    }
}

/// The question is asked this often before silence is taken for a no.
const ASKINGS: u8 = 2;
