//! Keys of a seated caller: a `2` that withdraws acts when it goes down, everything else when it is let go.
//!
//! Not here: what happens without a key.

use super::*;
use crate::ivr::keys::{Command, in_menu};

/// A key went down in `slot`.
pub(super) fn began(seat: Seat, talk: Talk, digit: char, slot: Slot, turn: &mut Turn<'_>) -> State {
    match talk {
        Talk::Receipt | Talk::Free | Talk::Counting => {
            if seat.permit.is_some() && seat.keys.meaning(digit, turn.now) == Command::Withdraw {
                seat.withdraw(slot, turn)
            } else {
                seat.with(talk)
            }
        }
        Talk::Menu if seat.permit.is_some() && in_menu(digit) == Command::DoNotRecord => seat.withdraw(slot, turn),
        Talk::Granting { withdrawn: None } if seat.keys.meaning(digit, turn.now) == Command::Withdraw => {
            seat.with(Talk::Granting { withdrawn: Some(slot) })
        }
        Talk::Menu | Talk::Granting { .. } | Talk::Asked(_) | Talk::Earlier(_) | Talk::Ordering { .. } => {
            seat.with(talk)
        }
    }
}

/// A key was let go.
pub(super) fn ended(mut seat: Seat, talk: Talk, digit: char, began: Slot, ended: Slot, turn: &mut Turn<'_>) -> State {
    match talk {
        Talk::Asked(mut question) => {
            let answer = question.key(digit, turn.down, ended);
            seat.answered(question, answer, turn)
        }
        Talk::Earlier(mut question) => {
            let ruling = question.key(digit, turn.down);
            seat.ruled(question, ruling, turn)
        }
        Talk::Receipt if digit == '#' => seat.settle(Vec::new(), turn),
        Talk::Granting { .. } | Talk::Receipt | Talk::Counting => {
            seat.keys.press(digit, turn.down);
            seat.with(talk)
        }
        Talk::Menu => {
            let command = in_menu(digit);
            carry_out(seat, command, began, turn)
        }
        Talk::Free => match seat.keys.press(digit, turn.down) {
            Command::Nothing => seat.with(Talk::Free),
            command => carry_out(seat, command, began, turn),
        },
        Talk::Ordering { .. } => seat.with(talk),
    }
}

fn carry_out(mut seat: Seat, command: Command, began: Slot, turn: &mut Turn<'_>) -> State {
    match command {
        Command::Withdraw | Command::DoNotRecord => seat.withdraw(began, turn),
        Command::Menu => {
            turn.say(vec![lines::MENU]);
            turn.wake_in(AT_MOST);
            seat.with(Talk::Menu)
        }
        Command::Agree => agree(seat, turn),
        Command::Status => {
            let parts = status(&seat);
            seat.settle(parts, turn)
        }
        Command::Mute => {
            seat.muted = !seat.muted;
            turn.out.push(Output::Mute(seat.muted));
            let told = if seat.muted { lines::MUTED } else { lines::UNMUTED };
            seat.settle(vec![told], turn)
        }
        Command::Who => {
            turn.out.push(Output::CountHeads);
            turn.wake_in(COUNTED_WITHIN);
            seat.with(Talk::Counting)
        }
        Command::NotHere => seat.settle(vec![lines::NOT_HERE], turn),
        Command::Nothing => {
            turn.hush();
            seat.settle(Vec::new(), turn)
        }
    }
}

/// `0 1`: agree after all, which is the whole question again.
fn agree(mut seat: Seat, turn: &mut Turn<'_>) -> State {
    if seat.permit.is_some() {
        return seat.settle(vec![lines::ALREADY_RECORDED], turn);
    }
    if seat.owed.is_some() {
        return seat.settle(vec![lines::ORDER_OWED], turn);
    }
    if seat.unanswered {
        return seat.settle(vec![lines::PERMIT_RECORDER_AWAY, lines::PERMIT_NONE], turn);
    }
    match seat.wording.clone() {
        Some(wording) if seat.record.on => seat.ask(wording, Vec::new(), turn),
        Some(_) => {
            // The sentence promises that she will be asked.
            seat.asked = false;
            seat.settle(vec![lines::NOT_YET_ON], turn)
        }
        None => seat.settle(vec![lines::NOT_RECORDED_MEETING], turn),
    }
}

fn status(seat: &Seat) -> Vec<PromptId> {
    match &seat.permit {
        Some(held) => {
            let now = if seat.record.on { lines::STATUS_RECORDED } else { lines::STATUS_READY };
            [&[now][..], &script::meeting(&seat.meeting_number), &script::receipt_once(&held.receipt)].concat()
        }
        None if seat.wording.is_none() => vec![lines::NOT_RECORDED_MEETING],
        None => vec![lines::STATUS_OFF],
    }
}

/// The shell counts at once; this is for the day it does not.
const COUNTED_WITHIN: Duration = Duration::from_secs(3);
