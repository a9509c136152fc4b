//! Several people speak through one seat: marked by the caller's `4` or by the desk, and taken back by either.
//!
//! The permit ends with the mark, and what was said before it stays: that yes was for everybody at this telephone. When the
//! mark is taken back the one person is asked anew.
//!
//! Not here: the acts (`consent::shared`).

use super::*;
use crate::consent::{Act, KeyPress, Marker, marked};

/// A `4` in the question.
pub(super) fn answered(mut seat: Seat, act: Act, turn: &mut Turn<'_>) -> State {
    seat.asked = true;
    seat.shared = Some(act.key.map_or(Slot(0), |key| key.from));
    turn.act(act);
    turn.out.push(Output::Shared(true));
    let told = told(&seat);
    seat.settle(told, turn)
}

/// A `4` while the status is told. Nothing changes when the desk was faster: then she hears how it stands.
pub(super) fn by_caller(mut seat: Seat, on: bool, key: KeyPress, turn: &mut Turn<'_>) -> State {
    let told = match (on, seat.shared.is_some()) {
        (true, false) => {
            share(&mut seat, key.from, Marker::Caller(key), turn);
            told(&seat)
        }
        (false, true) => lift(&mut seat, Marker::Caller(key), turn),
        (true, true) => told(&seat),
        (false, false) => vec![lines::STATUS_OFF],
    };
    seat.settle(told, turn)
}

/// The desk marks the seat, or takes the mark back.
pub(super) fn by_desk(mut seat: Seat, talk: Talk, on: bool, at: Slot, turn: &mut Turn<'_>) -> State {
    if on == seat.shared.is_some() {
        return seat.with(talk);
    }
    match talk {
        // Nobody can answer for all of them any more.
        Talk::Asked(question) if on => {
            (seat.asked, seat.shared) = (true, Some(at));
            turn.act(question.shared_by_desk(turn.now));
            turn.out.push(Output::Shared(true));
            let told = told_by_desk(&seat);
            seat.settle(told, turn)
        }
        Talk::Free => {
            let told = set_by_desk(&mut seat, on, at, turn);
            seat.settle(told, turn)
        }
        // Told with what comes of the yes.
        Talk::Granting { .. } => {
            let _told = set_by_desk(&mut seat, on, at, turn);
            seat.with(talk)
        }
        Talk::Asked(_)
        | Talk::Receipt
        | Talk::Menu
        | Talk::Chair
        | Talk::Confirming(_)
        | Talk::HandUp
        | Talk::Status { .. }
        | Talk::Waiting(_)
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => {
            let told = set_by_desk(&mut seat, on, at, turn);
            seat.later.extend(told);
            seat.with(talk)
        }
    }
}

/// Ends the permit of a shared seat, if there is one.
pub(super) fn end_permit(seat: &mut Seat, turn: &mut Turn<'_>) {
    let Some(at) = seat.shared else { return };
    if let Some(held) = seat.permit.take() {
        turn.out.push(Output::EndPermit { at, why: Ending::Shared });
        seat.closed = Some(held.track);
    }
}

/// What a shared seat is told instead of being asked or recorded.
pub(super) fn told_if(seat: &Seat) -> Option<Vec<PromptId>> {
    seat.shared.map(|_| told(seat))
}

fn set_by_desk(seat: &mut Seat, on: bool, at: Slot, turn: &mut Turn<'_>) -> Vec<PromptId> {
    if !on {
        return lift(seat, Marker::Desk, turn);
    }
    share(seat, at, Marker::Desk, turn);
    told_by_desk(seat)
}

fn share(seat: &mut Seat, at: Slot, by: Marker, turn: &mut Turn<'_>) {
    seat.shared = Some(at);
    end_permit(seat, turn);
    turn.act(marked(seat.number, true, by, turn.language()));
    turn.out.push(Output::Shared(true));
}

fn lift(seat: &mut Seat, by: Marker, turn: &mut Turn<'_>) -> Vec<PromptId> {
    seat.shared = None;
    // Of a yes of which nothing was heard yet, something is to be heard first.
    (seat.asked, seat.due) = (seat.unanswered, true);
    turn.act(marked(seat.number, false, by, turn.language()));
    turn.out.push(Output::Shared(false));
    match (&seat.wording, seat.record.now.is_on()) {
        (Some(_), true) => vec![lines::SHARED_LIFTED],
        (Some(_), false) => vec![lines::SHARED_LIFTED, lines::NOT_YET_ON],
        (None, _) => vec![lines::SHARED_LIFTED, lines::NOT_RECORDED_MEETING],
    }
}

fn told_by_desk(seat: &Seat) -> Vec<PromptId> {
    let mut told = told(seat);
    told.insert(1, lines::SHARED_DESK);
    told
}

/// How it stands, what becomes of what was recorded before, and the way back.
fn told(seat: &Seat) -> Vec<PromptId> {
    let earlier: &[PromptId] = if seat.closed.is_some() { &[lines::SHARED_EARLIER] } else { &[] };
    [&[lines::SHARED_OFF][..], earlier, &[lines::SHARED_BACK]].concat()
}
