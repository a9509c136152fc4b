//! The question after a withdrawal: is the part recorded before to be deleted too?
//!
//! Only `9` keeps it. `2`, silence after the second asking, and putting the telephone down delete; any other key repeats the
//! question, three times at most and for a minute in all: while it is open no chunk is handed over. Whoever takes a consent
//! back must not have to do anything to see the record go (GDPR Art. 7(3), 17(1)(b)).
//!
//! Not here: the end of the permit, which came before this question was asked.

use std::time::{Duration, Instant};

use super::{Act, ActKind, Decision};
use crate::ids::{PromptId, SeatNo, TrackId};
use crate::ivr::{DEAF, Language, lines};

/// The open question.
#[derive(Debug)]
pub struct Earlier {
    seat: SeatNo,
    track: TrackId,
    language: Language,
    asked: Instant,
    saying: Vec<PromptId>,
    heard: Vec<PromptId>,
    silences: u8,
    repeats: u8,
}

/// What came of a key or of a silence.
#[derive(Debug)]
pub enum Ruling {
    Decided(Decision, Act),
    /// Say this next; the question stays open.
    Say(Vec<PromptId>),
    /// The key does not count.
    Dropped,
}

impl Earlier {
    /// How long after the last word a key is waited for; asked twice.
    pub const WAIT: Duration = Duration::from_secs(15);

    /// Takes the consent for `track` back at `now` and asks: the question, the act of the withdrawal, and what to say.
    pub fn withdraw(seat: SeatNo, track: TrackId, language: Language, now: Instant) -> (Self, Act, Vec<PromptId>) {
        let saying = vec![lines::WITHDRAWN, lines::EARLIER_ASK];
        let (heard, saying_now) = (Vec::new(), saying.clone());
        let question = Self { seat, track, language, asked: now, saying: saying_now, heard, silences: 0, repeats: 0 };
        let act = question.act(ActKind::Withdrawn, Some('2'));
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

    /// A key that went down at `began`.
    pub fn key(&mut self, key: char, began: Instant) -> Ruling {
        if began < self.asked + DEAF {
            return Ruling::Dropped;
        }
        match key {
            '9' => Ruling::Decided(Decision::Keep, self.act(ActKind::KeptEarlier, Some(key))),
            '2' => Ruling::Decided(Decision::Erase, self.act(ActKind::ErasedEarlier, Some(key))),
            _ => {
                self.repeats += 1;
                if self.repeats > MOST_REPEATS || began >= self.asked + IN_ALL {
                    self.unanswered()
                } else {
                    self.again()
                }
            }
        }
    }

    /// The time of [`Self::patience`] has passed without an answer.
    pub fn silence(&mut self, now: Instant) -> Ruling {
        self.silences += 1;
        if self.silences < ASKINGS && now < self.asked + IN_ALL {
            return self.again();
        }
        self.unanswered()
    }

    /// How long from now an answer is waited for, at most `longest`: never beyond a minute after the question was asked.
    pub fn patience(&self, now: Instant, longest: Duration) -> Duration {
        (self.asked + IN_ALL).saturating_duration_since(now).min(longest)
    }

    /// The line went down, or the meeting ended, while the question was open: it is erased.
    pub fn broken_off(self) -> (Decision, Act) {
        (Decision::Erase, self.act(ActKind::HungUp, None))
    }

    fn unanswered(&self) -> Ruling {
        Ruling::Decided(Decision::Erase, self.act(ActKind::ErasedEarlier, None))
    }

    fn again(&mut self) -> Ruling {
        self.saying = vec![lines::EARLIER_ASK];
        Ruling::Say(self.saying.clone())
    }

    fn act(&self, kind: ActKind, key: Option<char>) -> Act {
        Act {
            seat: self.seat,
            kind,
            text: "withdrawal",
            parts: vec![lines::WITHDRAWN, lines::EARLIER_ASK],
            language: self.language,
            heard: self.heard.clone(),
            key,
            track: Some(self.track),
        }
    }
}

/// The question is asked this often before silence is taken for a yes to deleting.
const ASKINGS: u8 = 2;

/// Another key repeats the question this often; then it counts as silence.
const MOST_REPEATS: u8 = 3;

/// However the keys and silences fall, the question is open no longer.
const IN_ALL: Duration = Duration::from_secs(60);
