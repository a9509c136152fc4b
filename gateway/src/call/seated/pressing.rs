//! Keys of a seated caller: a `2` that withdraws acts when it goes down, everything else when it is let go.
//!
//! Not here: what happens without a key.

use super::super::room::Wish;
use super::asking::{Final, confirm};
use super::*;
use crate::consent::{KeyPress, Pressed};
use crate::ivr::keys::{ChairCommand, Command, in_chairs_menu, in_menu};
use crate::ivr::script::MenuOf;

/// A key went down in `slot`.
pub(super) fn began(seat: Seat, talk: Talk, digit: char, slot: Slot, turn: &mut Turn<'_>) -> State {
    if seat.permit.is_some() && withdraws(&seat, &talk, digit, turn) {
        return seat.withdraw(slot, turn);
    }
    match talk {
        Talk::Granting { withdrawn: None } if seat.keys.meaning(digit, turn.now) == Command::Withdraw => {
            seat.with(Talk::Granting { withdrawn: Some(slot) })
        }
        Talk::Asked(_)
        | Talk::Granting { .. }
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

/// Does this key take a permit back? In the chair's menu and in questions it means something else, and says so there.
fn withdraws(seat: &Seat, talk: &Talk, digit: char, turn: &Turn<'_>) -> bool {
    match talk {
        Talk::Free => seat.hears(turn) && seat.keys.meaning(digit, turn.now) == Command::Withdraw,
        Talk::Receipt | Talk::HandUp | Talk::Status { .. } | Talk::Waiting(_) => {
            seat.keys.meaning(digit, turn.now) == Command::Withdraw
        }
        Talk::Menu => in_menu(digit) == Command::DoNotRecord,
        Talk::Chair
        | Talk::Confirming(_)
        | Talk::Asked(_)
        | Talk::Granting { .. }
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => false,
    }
}

/// A key was let go.
pub(super) fn ended(mut seat: Seat, talk: Talk, digit: char, began: Slot, ended: Slot, turn: &mut Turn<'_>) -> State {
    match talk {
        // Asked anew in the other language: a yes is to what was heard, so all of it is heard again.
        Talk::Asked(question)
            if digit == '*' && seat.changes < MOST_CHANGES && question.hears(turn.down) && turn.change_language() =>
        {
            seat.changes += 1;
            match seat.wording.clone() {
                Some(wording) => seat.ask(wording, Vec::new(), turn),
                None => seat.with(Talk::Asked(question)),
            }
        }
        Talk::Asked(mut question) => {
            let pressed = Pressed { key: digit, from: began, until: ended, down: turn.down };
            let answer = question.key(pressed, turn.now);
            seat.answered(question, answer, turn)
        }
        Talk::Earlier(mut question) => {
            let pressed = Pressed { key: digit, from: began, until: ended, down: turn.down };
            let ruling = question.key(pressed, turn.now);
            seat.ruled(question, ruling, turn)
        }
        Talk::Receipt if digit == '#' => seat.settle(Vec::new(), turn),
        Talk::Granting { .. } | Talk::Receipt | Talk::Waiting(_) => {
            seat.keys.press(digit, turn.down);
            seat.with(talk)
        }
        Talk::Menu => carry_out(seat, in_menu(digit), began, turn),
        Talk::Chair => chaired(seat, in_chairs_menu(digit), turn),
        Talk::Confirming(confirm) => confirm.key(seat, digit, turn),
        Talk::HandUp if digit == '5' => seat.wish(Wish::LowerHand, turn),
        Talk::Status { shared } if digit == '4' && seat.keys.meaning(digit, turn.down) == Command::Nothing => {
            shared::by_caller(seat, !shared, KeyPress { key: digit, from: began, until: Some(ended) }, turn)
        }
        Talk::Free if !seat.hears(turn) => seat.with(Talk::Free),
        Talk::HandUp | Talk::Status { .. } | Talk::Free => match seat.keys.press(digit, turn.down) {
            Command::Nothing => seat.with(talk),
            command => carry_out(seat, command, began, turn),
        },
        Talk::Ordering { .. } => seat.with(talk),
    }
}

fn carry_out(mut seat: Seat, command: Command, began: Slot, turn: &mut Turn<'_>) -> State {
    match command {
        Command::Withdraw | Command::DoNotRecord => seat.withdraw(began, turn),
        Command::Menu => {
            let (recordable, recorded) = (seat.wording.is_some(), seat.permit.is_some());
            turn.say(script::menu(MenuOf { role: seat.role, recordable, recorded }));
            turn.wake_in(AT_MOST);
            seat.with(Talk::Menu)
        }
        Command::Agree => agree(seat, turn),
        Command::Status => {
            let parts = status(&seat);
            if seat.wording.is_none() {
                return seat.settle(parts, turn);
            }
            turn.say(parts);
            turn.wake_in(AT_MOST);
            let shared = seat.shared.is_some();
            seat.with(Talk::Status { shared })
        }
        Command::Agenda => seat.wish(Wish::Agenda, turn),
        Command::Hand => seat.wish(Wish::Hand, turn),
        Command::Mute => {
            seat.muted = !seat.muted;
            turn.out.push(Output::Mute(seat.muted));
            let told = if seat.muted { lines::MUTED } else { lines::UNMUTED };
            seat.settle(vec![told], turn)
        }
        Command::Demand => match seat.role {
            Role::Member => seat.wish(Wish::DemandPause, turn),
            Role::Guest | Role::Chair => seat.settle(vec![lines::NOT_HERE], turn),
        },
        Command::Louder => {
            seat.gain = seat.gain.next();
            turn.out.push(Output::Gain { db: seat.gain.db() });
            let told = seat.gain.told();
            seat.settle(vec![told], turn)
        }
        Command::Who => {
            turn.out.push(Output::CountHeads);
            turn.wake_in(ANSWERED_WITHIN);
            seat.with(Talk::Waiting(None))
        }
        Command::Deeper => match seat.role {
            Role::Chair => {
                turn.say(script::chairs_menu());
                turn.wake_in(AT_MOST);
                seat.with(Talk::Chair)
            }
            Role::Guest | Role::Member => seat.wish(Wish::Help, turn),
        },
        Command::Nothing => {
            turn.hush();
            seat.settle(Vec::new(), turn)
        }
    }
}

/// A key in the chair's menu; nobody else is ever there.
fn chaired(seat: Seat, command: ChairCommand, turn: &mut Turn<'_>) -> State {
    match command {
        ChairCommand::Record => seat.wish(Wish::Record, turn),
        ChairCommand::Pause => seat.wish(Wish::Pause, turn),
        ChairCommand::Close => confirm(seat, Final::Close, turn),
        ChairCommand::Next => seat.wish(Wish::NextSpeaker, turn),
        ChairCommand::MuteAll => seat.wish(Wish::MuteAll, turn),
        ChairCommand::Lock => seat.wish(Wish::WhetherLocked, turn),
        ChairCommand::End => confirm(seat, Final::End, turn),
        ChairCommand::Nothing => {
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
    if let Some(told) = shared::told_if(&seat) {
        return seat.settle(told, turn);
    }
    if seat.owed.is_some() {
        return seat.settle(vec![lines::ORDER_OWED], turn);
    }
    if seat.unanswered {
        return seat.settle(vec![lines::PERMIT_RECORDER_AWAY, lines::PERMIT_NONE], turn);
    }
    match seat.wording.clone() {
        Some(wording) if seat.record.now.is_on() => seat.ask(wording, Vec::new(), turn),
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
            let now = if seat.record.now.is_on() { lines::STATUS_RECORDED } else { lines::STATUS_READY };
            let receipt = [script::meeting(&seat.meeting_number), script::receipt_once(&held.receipt)].concat();
            [&[now][..], &receipt, &[lines::SHARED_KEY]].concat()
        }
        None if seat.wording.is_none() => vec![lines::NOT_RECORDED_MEETING],
        None if seat.shared.is_some() => vec![lines::SHARED_OFF, lines::SHARED_LIFT],
        None => vec![lines::STATUS_OFF, lines::SHARED_KEY],
    }
}
