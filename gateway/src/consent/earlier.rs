//! The question after a withdrawal: is the part recorded before to be deleted too?
//!
//! Only `9` keeps it. `2`, silence after the second asking, and putting the telephone down delete; any other key repeats the
//! question, three times at most and for a minute in all: while it is open no chunk is handed over. Whoever takes a consent
//! back must not have to do anything to see the record go (GDPR Art. 7(3), 17(1)(b)).
//!
//! Not here: the end of the permit, which came before this question was asked.

use std::time::{Duration, Instant};

use super::hearing::Hearing;
use super::wording::MINUTES;
use super::{Act, ActKind, Channel, Decision, KeyPress, Pressed};
use crate::ids::{PromptId, SeatNo, Slot, TrackId};
use crate::ivr::{DEAF, Language, lines};

/// The open question.
#[derive(Debug)]
pub struct Earlier {
    seat: SeatNo,
    track: TrackId,
    language: Language,
    asked: Instant,
    hearing: Hearing,
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

    /// Takes the consent for `track` back at `now`, by a `2` whose first packet was of slot `from`, and asks: the question,
    /// the act of the withdrawal, and what to say.
    pub fn withdraw(
        seat: SeatNo,
        track: TrackId,
        language: Language,
        from: Slot,
        now: Instant,
    ) -> (Self, Act, Vec<PromptId>) {
        let saying = vec![lines::WITHDRAWN, lines::EARLIER_ASK];
        let hearing = Hearing::begin(saying.clone(), now);
        let question = Self { seat, track, language, asked: now, hearing, silences: 0, repeats: 0 };
        let act = Act {
            broken_off: None,
            ..question.act(ActKind::Withdrawn, Some(KeyPress { key: '2', from, until: None }), now)
        };
        (question, act, saying)
    }

    /// Part number `part` of what is being said now was played to its end. True when that was the last.
    pub fn said(&mut self, part: usize, now: Instant) -> bool {
        self.hearing.said(part, now)
    }

    pub fn key(&mut self, pressed: Pressed, now: Instant) -> Ruling {
        if pressed.down < self.asked + DEAF {
            return Ruling::Dropped;
        }
        let key = Some(pressed.evidence());
        match pressed.key {
            '9' => Ruling::Decided(Decision::Keep, self.act(ActKind::KeptEarlier, key, now)),
            '2' => Ruling::Decided(Decision::Erase, self.act(ActKind::ErasedEarlier, key, now)),
            _ => {
                self.repeats += 1;
                if self.repeats > MOST_REPEATS || pressed.down >= self.asked + IN_ALL {
                    self.unanswered(now)
                } else {
                    self.again(now)
                }
            }
        }
    }

    /// The time of [`Self::patience`] has passed without an answer.
    pub fn silence(&mut self, now: Instant) -> Ruling {
        self.silences += 1;
        if self.silences < ASKINGS && now < self.asked + IN_ALL {
            return self.again(now);
        }
        self.unanswered(now)
    }

    /// How long from now an answer is waited for, at most `longest`: never beyond a minute after the question was asked.
    pub fn patience(&self, now: Instant, longest: Duration) -> Duration {
        (self.asked + IN_ALL).saturating_duration_since(now).min(longest)
    }

    /// The line went down, or the meeting ended, while the question was open: it is erased.
    pub fn broken_off(self, now: Instant) -> (Decision, Act) {
        (Decision::Erase, self.act(ActKind::HungUp, None, now))
    }

    /// There was no time to ask: it is erased.
    pub fn unasked(self) -> (Decision, Act) {
        let asked = self.asked;
        let (decision, act) = self.broken_off(asked);
        (decision, Act { broken_off: None, ..act })
    }

    fn unanswered(&self, now: Instant) -> Ruling {
        Ruling::Decided(Decision::Erase, self.act(ActKind::ErasedEarlier, None, now))
    }

    fn again(&mut self, now: Instant) -> Ruling {
        let saying = vec![lines::EARLIER_ASK];
        self.hearing.say(saying.clone(), now);
        Ruling::Say(saying)
    }

    fn act(&self, kind: ActKind, key: Option<KeyPress>, now: Instant) -> Act {
        Act {
            seat: self.seat,
            kind,
            channel: Channel::Telephone,
            purpose: MINUTES,
            text: "withdrawal",
            parts: vec![lines::WITHDRAWN, lines::EARLIER_ASK],
            language: self.language,
            heard: self.hearing.heard().to_vec(),
            broken_off: self.hearing.broken_off(now),
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
