//! What was heard to its end, and what silence means.
//!
//! Not here: keys.

use super::*;

/// Part `part` of announcement `token` was played to its end.
pub(super) fn said(seat: Seat, talk: Talk, token: u32, part: usize, turn: &mut Turn<'_>) -> State {
    let Some(part) = turn.heard(token, part) else {
        return seat.with(talk);
    };
    let last = turn.finished(token, part);
    match talk {
        Talk::Asked(mut question) => {
            if question.said(part, turn.now) {
                turn.wake_in(Question::WAIT);
            }
            seat.with(Talk::Asked(question))
        }
        Talk::Earlier(mut question) => {
            if question.said(part, turn.now) {
                turn.wake_in(question.patience(turn.now, Earlier::WAIT));
            }
            seat.with(Talk::Earlier(question))
        }
        Talk::Receipt if last => seat.settle(Vec::new(), turn),
        Talk::Menu | Talk::Chair | Talk::Confirming(_) | Talk::HandUp | Talk::Status { .. } => {
            if last {
                turn.wake_in(MENU_HOLDS);
            }
            seat.with(talk)
        }
        Talk::Receipt | Talk::Granting { .. } | Talk::Free | Talk::Waiting(_) | Talk::Ordering { .. } => {
            seat.with(talk)
        }
    }
}

/// The time that was waited for has come.
pub(super) fn time_passed(mut seat: Seat, talk: Talk, turn: &mut Turn<'_>) -> State {
    match talk {
        Talk::Asked(mut question) => {
            let answer = question.silence(turn.now);
            seat.answered(question, answer, turn)
        }
        Talk::Earlier(mut question) => {
            let ruling = question.silence(turn.now);
            seat.ruled(question, ruling, turn)
        }
        // Nothing was heard of the yes: she is told the truth now, and whatever comes of it later is not kept.
        Talk::Granting { .. } => {
            seat.unanswered = true;
            let told = shared::told_if(&seat);
            seat.settle(told.unwrap_or_else(|| vec![lines::PERMIT_RECORDER_AWAY, lines::PERMIT_NONE]), turn)
        }
        Talk::Receipt | Talk::Menu | Talk::Chair | Talk::HandUp | Talk::Status { .. } | Talk::Waiting(_) => {
            seat.settle(Vec::new(), turn)
        }
        Talk::Confirming(_) => seat.settle(vec![lines::CONFIRM_NO], turn),
        Talk::Free => {
            if let Some(decision) = seat.owed {
                turn.out.push(Output::Order { decision });
                turn.wake_in(OWED_AGAIN);
            }
            seat.with(Talk::Free)
        }
        // Not confirmed, so not said to be done: it is tried again, and told when it is.
        Talk::Ordering { decision } => {
            seat.owed = Some(decision);
            seat.settle(vec![lines::ORDER_FAILED], turn)
        }
    }
}

/// How long a menu, or a question of it, waits for a key after its last word.
const MENU_HOLDS: Duration = Duration::from_secs(5);
