//! What came of a yes, and of an order.
//!
//! Not here: asking for either.

use super::super::NoPermit;
use super::*;

/// The track is open: the receipt is read out. If she pressed `2` while it was being opened, that counts from that key on.
pub(super) fn permitted(mut seat: Seat, talk: Talk, held: Held, turn: &mut Turn<'_>) -> State {
    match talk {
        Talk::Granting { withdrawn: Some(at) } => {
            seat.permit = Some(held);
            let at = seat.shared.map_or(at, |shared| shared.min(at));
            seat.withdraw(at, turn)
        }
        Talk::Granting { withdrawn: None } if seat.shared.is_some() => {
            seat.permit = Some(held);
            shared::end_permit(&mut seat, turn);
            let told = shared::told_if(&seat).unwrap_or_default();
            seat.settle(told, turn)
        }
        Talk::Granting { withdrawn: None } => {
            turn.say(script::receipt(&seat.meeting_number, &held.receipt));
            turn.wake_in(AT_MOST);
            seat.permit = Some(held);
            seat.with(Talk::Receipt)
        }
        // Too late: she was told that she is not recorded.
        Talk::Asked(_)
        | Talk::Receipt
        | Talk::Free
        | Talk::Menu
        | Talk::Chair
        | Talk::Confirming(_)
        | Talk::HandUp
        | Talk::Status { .. }
        | Talk::Waiting(_)
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => {
            seat.unanswered = false;
            turn.out.push(Output::EndPermit { at: Slot(0), why: Ending::Withdrawn });
            seat.with(talk)
        }
    }
}

pub(super) fn no_permit(mut seat: Seat, talk: Talk, why: NoPermit, turn: &mut Turn<'_>) -> State {
    seat.unanswered = false;
    match talk {
        Talk::Granting { .. } => {
            // She wanted to be recorded: the next beginning of the record asks her again.
            seat.asked = false;
            let reason = match why {
                NoPermit::NoKeys => lines::PERMIT_NO_KEYS,
                NoPermit::RecorderAway => lines::PERMIT_RECORDER_AWAY,
                NoPermit::DiskFull => lines::PERMIT_DISK_FULL,
            };
            let told = shared::told_if(&seat).unwrap_or_else(|| vec![reason, lines::PERMIT_NONE]);
            seat.settle(told, turn)
        }
        Talk::Asked(_)
        | Talk::Receipt
        | Talk::Free
        | Talk::Menu
        | Talk::Chair
        | Talk::Confirming(_)
        | Talk::HandUp
        | Talk::Status { .. }
        | Talk::Waiting(_)
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => seat.with(talk),
    }
}

/// The order is on the disk, or could not be put there. Only the first is a confirmation.
pub(super) fn order_answered(mut seat: Seat, talk: Talk, written: bool, turn: &mut Turn<'_>) -> State {
    match talk {
        Talk::Ordering { decision } if written => seat.settle(vec![confirmation(decision)], turn),
        Talk::Ordering { decision } => {
            seat.owed = Some(decision);
            seat.settle(vec![lines::ORDER_FAILED], turn)
        }
        Talk::Free => match seat.owed.take() {
            Some(decision) if written => seat.settle(vec![confirmation(decision)], turn),
            owed => {
                seat.owed = owed;
                seat.with(Talk::Free)
            }
        },
        // Something else is being talked about. The order stays owed: it is given again when the room is quiet, which a
        // written order answers at once, and so the promised sentence is heard.
        Talk::Asked(_)
        | Talk::Granting { .. }
        | Talk::Receipt
        | Talk::Menu
        | Talk::Chair
        | Talk::Confirming(_)
        | Talk::HandUp
        | Talk::Status { .. }
        | Talk::Waiting(_)
        | Talk::Earlier(_) => seat.with(talk),
    }
}

fn confirmation(decision: Decision) -> PromptId {
    match decision {
        Decision::Erase => lines::ORDER_ERASED,
        Decision::Keep => lines::ORDER_KEPT,
    }
}
