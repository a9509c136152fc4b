//! The last sentence of a call, and putting the telephone down after it. Until then a `2` still takes a consent back: there
//! is no time to ask about the earlier part, so it is erased.
//!
//! Not here: when a caller is sent away (the states that do it).

use std::time::Duration;

use super::turn::Turn;
use super::{Farewell, Input, Output, State};
use crate::consent::{Earlier, Ending, Marker, marked};
use crate::ids::{PromptId, SeatNo, Slot, TrackId};
use crate::ivr::lines;

/// A goodbye is being said.
#[derive(Debug)]
pub(super) struct Leaving {
    why: Farewell,
    /// The consent that the caller still has given.
    given: Option<(SeatNo, TrackId)>,
}

/// Says goodbye and leaves; a farewell without a sentence puts the telephone down at once.
pub(super) fn leave(why: Farewell, turn: &mut Turn<'_>) -> State {
    leave_seat(why, None, turn)
}

/// The same for somebody with a seat. `given`: whose consent to which track could still be taken back.
pub(super) fn leave_seat(why: Farewell, given: Option<(SeatNo, TrackId)>, turn: &mut Turn<'_>) -> State {
    match sentence(why) {
        Some(prompt) => {
            turn.say(vec![prompt]);
            turn.wake_in(AT_MOST);
            State::Leaving(Leaving { why, given })
        }
        None => hang_up(why, turn),
    }
}

pub(super) fn hang_up(why: Farewell, turn: &mut Turn<'_>) -> State {
    turn.rest();
    turn.out.push(Output::HangUp(why));
    State::Ended
}

impl Leaving {
    pub(super) fn handle(mut self, input: Input, turn: &mut Turn<'_>) -> State {
        match input {
            Input::DigitBegan { digit: '2', slot } => {
                if let Some((seat, track)) = self.given.take() {
                    turn.out.push(Output::EndPermit { at: slot, why: Ending::Withdrawn });
                    let (question, withdrawn, _unasked) =
                        Earlier::withdraw(seat, track, turn.language(), slot, turn.now);
                    turn.act(withdrawn);
                    let (decision, act) = question.unasked();
                    turn.act(act);
                    turn.out.push(Output::Order { decision });
                }
                State::Leaving(self)
            }
            Input::Said { token, part } if turn.finished(token, part) => hang_up(self.why, turn),
            Input::TimePassed => hang_up(self.why, turn),
            Input::MediaLost => hang_up(Farewell::Lost, turn),
            Input::CallerLeft => State::Ended,
            // A yes that was on its way when the meeting ended: nothing of it may be kept.
            Input::Permitted { .. } => {
                turn.out.push(Output::EndPermit { at: Slot(0), why: Ending::Withdrawn });
                State::Leaving(self)
            }
            // What was recorded can still be taken back; nothing more is.
            Input::Shared { on: true, at } => {
                if let Some((seat, _)) = self.given {
                    turn.out.push(Output::EndPermit { at, why: Ending::Shared });
                    turn.act(marked(seat, true, Marker::Desk, turn.language()));
                    turn.out.push(Output::Shared(true));
                }
                State::Leaving(self)
            }
            Input::Said { .. }
            | Input::Confirmed { .. }
            | Input::DigitBegan { .. }
            | Input::Digit { .. }
            | Input::PinRight(_)
            | Input::PinWrong { .. }
            | Input::NotOpen
            | Input::Locked
            | Input::NoPermit { .. }
            | Input::OrderWritten
            | Input::OrderFailed
            | Input::RecordChanged(_)
            | Input::Room(_)
            | Input::Heads { .. }
            | Input::Shared { on: false, .. }
            | Input::NoticeChanged { .. }
            | Input::MeetingEnded
            | Input::Removed
            | Input::Draining => State::Leaving(self),
        }
    }
}

fn sentence(why: Farewell) -> Option<PromptId> {
    match why {
        Farewell::NoPin => Some(lines::BYE_NO_PIN),
        Farewell::WrongPins => Some(lines::BYE_WRONG_PINS),
        Farewell::MeetingEnded => Some(lines::BYE_ENDED),
        Farewell::NotOpen => Some(lines::BYE_NOT_OPEN),
        Farewell::Locked => Some(lines::BYE_LOCKED),
        Farewell::Removed => Some(lines::BYE_REMOVED),
        Farewell::Draining => Some(lines::BYE_DRAINING),
        Farewell::Lost
        | Farewell::CallerLeft
        | Farewell::NoCommonCodec
        | Farewell::Busy
        | Farewell::NotAcknowledged => None,
    }
}

/// The telephone is put down after this long even if nobody tells that the sentence was heard.
const AT_MOST: Duration = Duration::from_secs(15);
