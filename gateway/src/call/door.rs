//! Before the PIN: ringing, asking for it, checking it, holding back after a wrong one.
//!
//! A PIN ends with `#` or after four seconds; three wrong ones, or three questions without any, end in a friendly goodbye.
//! Digits that went down before the question began are dropped.
//!
//! Not here: which PIN is right, and how long to hold back (`plan`).

use std::time::{Duration, Instant};

use super::goodbye::{hang_up, leave};
use super::seated::Seated;
use super::turn::Turn;
use super::{Farewell, Input, Output, State};
use crate::ids::PromptId;
use crate::ivr::lines;
use crate::ivr::number::Number;

/// How the asking went so far.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    wrong: u8,
    silent: u8,
}

/// The question is open.
#[derive(Debug)]
pub(super) struct Asking {
    tries: Tries,
    asked: Instant,
    number: Number,
}

/// The plan is being asked.
#[derive(Debug)]
pub(super) struct Checking {
    tries: Tries,
}

/// Something was said; the question comes when the delay has passed and that was heard.
#[derive(Debug)]
pub(super) struct HoldingBack {
    tries: Tries,
    until: Instant,
    told: bool,
    /// Before the question.
    first: &'static [PromptId],
}

pub(super) fn ringing(input: Input, turn: &mut Turn<'_>) -> State {
    match input {
        Input::Confirmed { wait } => welcome(wait, turn),
        Input::CallerLeft => State::Ended,
        Input::MediaLost => hang_up(Farewell::Lost, turn),
        Input::Draining => hang_up(Farewell::Draining, turn),
        Input::DigitBegan { .. }
        | Input::Digit { .. }
        | Input::Said { .. }
        | Input::TimePassed
        | Input::PinRight(_)
        | Input::PinWrong { .. }
        | Input::NotOpen
        | Input::Locked
        | Input::Permitted { .. }
        | Input::NoPermit { .. }
        | Input::OrderWritten
        | Input::OrderFailed
        | Input::RecordChanged(_)
        | Input::Room(_)
        | Input::Heads { .. }
        | Input::Shared { .. }
        | Input::NoticeChanged { .. }
        | Input::Removed
        | Input::MeetingEnded => State::Ringing,
    }
}

impl Asking {
    pub(super) fn handle(mut self, input: Input, turn: &mut Turn<'_>) -> State {
        match input {
            Input::DigitBegan { digit, .. } if digit.is_ascii_digit() => {
                if self.number.is_empty() {
                    turn.hush();
                }
                // A long press must not let the number end under the finger.
                turn.wake_in(Number::ENDS_AFTER);
                State::AskingPin(self)
            }
            Input::Digit { .. } if turn.down < self.asked => State::AskingPin(self),
            Input::Digit { digit: '#', .. } => self.end(turn),
            // Only before a number: in the middle of one it is a slip.
            Input::Digit { digit: '*', .. } if self.number.is_empty() && turn.change_language() => {
                ask(self.tries, &[lines::WELCOME], turn)
            }
            Input::Digit { digit, .. } => {
                if self.number.press(digit) {
                    turn.wake_in(Number::ENDS_AFTER);
                }
                State::AskingPin(self)
            }
            Input::Said { token, part } if turn.finished(token, part) => {
                turn.wake_in(SILENCE);
                State::AskingPin(self)
            }
            Input::TimePassed => self.end(turn),
            Input::CallerLeft => State::Ended,
            Input::MediaLost => hang_up(Farewell::Lost, turn),
            Input::Draining => leave(Farewell::Draining, turn),
            Input::DigitBegan { .. }
            | Input::Said { .. }
            | Input::Confirmed { .. }
            | Input::PinRight(_)
            | Input::PinWrong { .. }
            | Input::NotOpen
            | Input::Locked
            | Input::Permitted { .. }
            | Input::NoPermit { .. }
            | Input::OrderWritten
            | Input::OrderFailed
            | Input::RecordChanged(_)
            | Input::Room(_)
            | Input::Heads { .. }
            | Input::Shared { .. }
            | Input::NoticeChanged { .. }
            | Input::Removed
            | Input::MeetingEnded => State::AskingPin(self),
        }
    }

    fn end(self, turn: &mut Turn<'_>) -> State {
        if !self.number.is_empty() {
            turn.rest();
            turn.out.push(Output::TryPin { digits: self.number.take() });
            return State::CheckingPin(Checking { tries: self.tries });
        }
        let tries = Tries { silent: self.tries.silent + 1, ..self.tries };
        if tries.silent >= TRIES {
            return leave(Farewell::NoPin, turn);
        }
        ask(tries, &[lines::PIN_AGAIN], turn)
    }
}

impl Checking {
    pub(super) fn handle(self, input: Input, turn: &mut Turn<'_>) -> State {
        match input {
            Input::PinRight(invitation) => Seated::begin(invitation, turn),
            Input::NotOpen => leave(Farewell::NotOpen, turn),
            Input::Locked => leave(Farewell::Locked, turn),
            Input::PinWrong { delay } => self.wrong(delay, turn),
            Input::CallerLeft => State::Ended,
            Input::MediaLost => hang_up(Farewell::Lost, turn),
            Input::Draining => leave(Farewell::Draining, turn),
            Input::Confirmed { .. }
            | Input::DigitBegan { .. }
            | Input::Digit { .. }
            | Input::Said { .. }
            | Input::TimePassed
            | Input::Permitted { .. }
            | Input::NoPermit { .. }
            | Input::OrderWritten
            | Input::OrderFailed
            | Input::RecordChanged(_)
            | Input::Room(_)
            | Input::Heads { .. }
            | Input::Shared { .. }
            | Input::NoticeChanged { .. }
            | Input::Removed
            | Input::MeetingEnded => State::CheckingPin(self),
        }
    }

    fn wrong(self, delay: Duration, turn: &mut Turn<'_>) -> State {
        let tries = Tries { wrong: self.tries.wrong + 1, ..self.tries };
        if tries.wrong >= TRIES {
            return leave(Farewell::WrongPins, turn);
        }
        if delay.is_zero() {
            return ask(tries, &[lines::PIN_WRONG], turn);
        }
        hold_back(tries, lines::PIN_WRONG, &[], delay, turn)
    }
}

impl HoldingBack {
    pub(super) fn handle(mut self, input: Input, turn: &mut Turn<'_>) -> State {
        match input {
            Input::TimePassed if !self.told && turn.now < self.until + SILENCE => {
                turn.wake_at(self.until + SILENCE);
                State::HoldingBack(self)
            }
            Input::TimePassed => ask(self.tries, self.first, turn),
            Input::Said { token, part } if turn.finished(token, part) => {
                self.told = true;
                if turn.now >= self.until { ask(self.tries, self.first, turn) } else { State::HoldingBack(self) }
            }
            Input::CallerLeft => State::Ended,
            Input::MediaLost => hang_up(Farewell::Lost, turn),
            Input::Draining => leave(Farewell::Draining, turn),
            Input::Said { .. }
            | Input::Confirmed { .. }
            | Input::DigitBegan { .. }
            | Input::Digit { .. }
            | Input::PinRight(_)
            | Input::PinWrong { .. }
            | Input::NotOpen
            | Input::Locked
            | Input::Permitted { .. }
            | Input::NoPermit { .. }
            | Input::OrderWritten
            | Input::OrderFailed
            | Input::RecordChanged(_)
            | Input::Room(_)
            | Input::Heads { .. }
            | Input::Shared { .. }
            | Input::NoticeChanged { .. }
            | Input::Removed
            | Input::MeetingEnded => State::HoldingBack(self),
        }
    }
}

/// Whoever is held back is greeted at once, and waits for the question only.
fn welcome(wait: Duration, turn: &mut Turn<'_>) -> State {
    let hint: &'static [PromptId] = if turn.has_other_language() { &[lines::ENGLISH_HINT] } else { &[] };
    if wait.is_zero() {
        return ask(Tries::default(), &[&[lines::WELCOME], hint].concat(), turn);
    }
    hold_back(Tries::default(), lines::WELCOME, hint, wait, turn)
}

fn hold_back(tries: Tries, said: PromptId, first: &'static [PromptId], delay: Duration, turn: &mut Turn<'_>) -> State {
    turn.say(vec![said]);
    turn.wake_in(delay);
    State::HoldingBack(HoldingBack { tries, until: turn.now + delay, told: false, first })
}

fn ask(tries: Tries, first: &[PromptId], turn: &mut Turn<'_>) -> State {
    turn.say([first, &[lines::PIN_ASK]].concat());
    turn.wake_in(AT_MOST);
    State::AskingPin(Asking { tries, asked: turn.now, number: Number::default() })
}

/// Three wrong PINs, or three questions without a key.
const TRIES: u8 = 3;

/// How long after the question a first digit is waited for.
const SILENCE: Duration = Duration::from_secs(10);

/// The question is taken for asked after this long even if nobody tells that it was heard.
const AT_MOST: Duration = Duration::from_secs(60);
