//! The consent question: what was heard, which key counts when, and the only place where a yes is made.
//!
//! [`Question::ask`] gives the first parts to say. Feed it [`Question::said`] for each part played to its end,
//! [`Question::silence`] when nothing was keyed for [`Question::WAIT`] after the last, and every key; act on the [`Answer`].
//!
//! `2`, `3`, `4`, `9` count at once. `1` counts only when all of the mandatory part was heard to its end: a person who has not
//! been told who records, why, and how to take it back cannot agree to it (GDPR Art. 4(11), 7(3), 13).
//!
//! Not here: permits (the module above), and what is said after an answer (`call`).

use std::time::{Duration, Instant};

use super::hearing::Hearing;
use super::{Act, ActKind, Channel, KeyPress, Pressed, Wording};
use crate::ids::{PromptId, SeatNo, Slot};
use crate::ivr::{DEAF, Language};

/// A question that is open.
#[derive(Debug)]
pub struct Question {
    seat: SeatNo,
    language: Language,
    wording: Wording,
    asked: Instant,
    hearing: Hearing,
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
    /// Off record, and marked: several people speak through this telephone.
    Shared(Act),
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
        let hearing = Hearing::begin(saying.clone(), now);
        let question = Self { seat, language, wording, asked: now, hearing, silences: 0 };
        let act = Act { broken_off: None, ..question.act(ActKind::Offered, None, now) };
        (question, act, saying)
    }

    /// Part number `part` of what is being said now was played to its end. True when that was the last.
    pub fn said(&mut self, part: usize, now: Instant) -> bool {
        self.hearing.said(part, now)
    }

    pub fn key(&mut self, pressed: Pressed, now: Instant) -> Answer {
        if !self.hears(pressed.down) {
            return Answer::Dropped;
        }
        let (informed, key) = (self.informed(), Some(pressed.evidence()));
        match pressed.key {
            '1' if informed => {
                let act = self.act(ActKind::Given, key, now);
                Answer::Yes(Given { seat: self.seat, yes_ended: pressed.until, act })
            }
            '1' => Answer::Dropped,
            '2' => Answer::No(self.act(ActKind::Refused, key, now)),
            '3' => self.say([self.wording.long(), &self.unheard(), self.wording.choices()].concat(), now),
            '4' => Answer::Shared(self.act(ActKind::Shared, key, now)),
            '9' => self.say(self.wording.parts(), now),
            // Exchanges use these for themselves.
            '*' | '#' => Answer::Dropped,
            _ if informed => self.say(self.wording.choices().to_vec(), now),
            // Too early to be an answer: the notice goes on.
            _ => Answer::Dropped,
        }
    }

    /// Does a key that went down at `began` count? One on its way when the question began was meant for something else.
    pub fn hears(&self, began: Instant) -> bool {
        began >= self.asked + DEAF
    }

    /// No key came for [`Self::WAIT`] after the last word.
    pub fn silence(&mut self, now: Instant) -> Answer {
        self.silences += 1;
        if self.silences < ASKINGS {
            return self.say([&self.unheard()[..], self.wording.choices()].concat(), now);
        }
        Answer::No(self.act(ActKind::TimedOut, None, now))
    }

    /// The line went down, or the meeting ended, while the question was open.
    pub fn broken_off(self, now: Instant) -> Act {
        self.act(ActKind::HungUp, None, now)
    }

    /// What it asks about has changed: no answer to it counts any more.
    pub fn superseded(self, now: Instant) -> Act {
        self.act(ActKind::Superseded, None, now)
    }

    /// The desk marked the seat as shared: there is nobody left who could answer for all.
    pub fn shared_by_desk(self, now: Instant) -> Act {
        Act { channel: Channel::Desk, ..self.act(ActKind::Shared, None, now) }
    }

    fn informed(&self) -> bool {
        self.wording.must().iter().all(|part| self.hearing.heard().contains(part))
    }

    fn unheard(&self) -> Vec<PromptId> {
        self.wording.must().iter().filter(|part| !self.hearing.heard().contains(part)).copied().collect()
    }

    fn say(&mut self, parts: Vec<PromptId>, now: Instant) -> Answer {
        self.hearing.say(parts.clone(), now);
        Answer::Say(parts)
    }

    fn act(&self, kind: ActKind, key: Option<KeyPress>, now: Instant) -> Act {
        let parts = self.wording.parts();
        // What else is said with a question, a greeting or how the record stands, is no part of it.
        let belongs = |part: &PromptId| parts.contains(part) || self.wording.long().contains(part);
        Act {
            seat: self.seat,
            kind,
            channel: Channel::Telephone,
            purpose: self.wording.purpose(),
            text: self.wording.id(),
            heard: self.hearing.heard().iter().filter(|part| belongs(part)).copied().collect(),
            broken_off: self.hearing.broken_off(now).filter(|(part, _)| belongs(part)),
            language: self.language,
            key,
            track: None,
            parts,
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
