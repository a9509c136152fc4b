//! What the room tells a seat: the record began or stopped, somebody was called, muted, answered.
//!
//! A menu is closed by news of the record, because nobody may be recorded for half a minute without having been told; a
//! question is not, it is answered first.
//!
//! Not here: the words (`call::room`), and the order in which things are told (`Seat::settle`).

use super::asking::{Final, confirm};
use super::*;

pub(super) fn record_changed(mut seat: Seat, talk: Talk, state: RecordState, turn: &mut Turn<'_>) -> State {
    seat.record.now = state;
    if state == RecordState::SectionClosed {
        // A permit is one seat in one section: whoever wants to be recorded in the next is asked again.
        seat.closed = seat.permit.take().map(|held| held.track).or(seat.closed);
        seat.asked = false;
    }
    match talk {
        // What she hears is of a section that is over: a yes to it must not count in the next.
        Talk::Asked(question) if state == RecordState::SectionClosed => {
            turn.act(question.superseded(turn.now));
            seat.settle(Vec::new(), turn)
        }
        Talk::Free | Talk::Waiting(_) => seat.settle(Vec::new(), turn),
        Talk::Menu | Talk::Chair | Talk::HandUp | Talk::Status { .. } => {
            seat.deaf_until = Some(turn.now + DEAF);
            seat.settle(Vec::new(), turn)
        }
        Talk::Asked(_)
        | Talk::Granting { .. }
        | Talk::Receipt
        | Talk::Confirming(_)
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => seat.with(talk),
    }
}

/// Her yes is to what she heard, so an open question is put anew, from its first word. A yes that was given already is to
/// the notice that she heard, under the same rule; it stays.
pub(super) fn notice_changed(
    mut seat: Seat,
    talk: Talk,
    meeting_number: String,
    wording: Option<Wording>,
    turn: &mut Turn<'_>,
) -> State {
    seat.meeting_number = meeting_number;
    if seat.wording.is_some() {
        seat.wording = wording;
    }
    match talk {
        Talk::Asked(question) => {
            turn.act(question.superseded(turn.now));
            match seat.wording.clone() {
                Some(wording) => seat.ask(wording, vec![lines::NOTICE_CHANGED], turn),
                None => seat.settle(vec![lines::STATUS_OFF], turn),
            }
        }
        Talk::Granting { .. }
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

pub(super) fn news(mut seat: Seat, talk: Talk, news: News, turn: &mut Turn<'_>) -> State {
    if news.answers() {
        return answer(seat, talk, news, turn);
    }
    match news {
        News::EverybodyMuted | News::Muted => seat.muted = true,
        News::YourTurn
        | News::Agenda(_)
        | News::HandUp { .. }
        | News::HandDown
        | News::HelpCalled
        | News::Floor(_)
        | News::OthersMuted
        | News::WhetherLocked(_)
        | News::Locked(_)
        | News::Refused(_) => {}
    }
    match talk {
        Talk::Free => seat.settle(news.told(), turn),
        Talk::Asked(_)
        | Talk::Granting { .. }
        | Talk::Receipt
        | Talk::Menu
        | Talk::Chair
        | Talk::Confirming(_)
        | Talk::HandUp
        | Talk::Status { .. }
        | Talk::Waiting(_)
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => {
            seat.later.extend(news.told());
            seat.with(talk)
        }
    }
}

pub(super) fn heads(seat: Seat, talk: Talk, here: u32, recorded: u32, turn: &mut Turn<'_>) -> State {
    match talk {
        Talk::Waiting(_) => {
            let running = if seat.record.now.is_on() { lines::RECORD_RUNNING } else { lines::RECORD_NOT_RUNNING };
            let parts = [script::who(here, recorded), vec![running]].concat();
            seat.settle(parts, turn)
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
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => seat.with(talk),
    }
}

/// An answer that nobody waits for any more is not said.
fn answer(seat: Seat, talk: Talk, news: News, turn: &mut Turn<'_>) -> State {
    match talk {
        Talk::Waiting(asked) => match news {
            News::HandUp { already: true, .. } => {
                turn.say([news.told(), vec![lines::HAND_LOWER]].concat());
                turn.wake_in(AT_MOST);
                seat.with(Talk::HandUp)
            }
            // Only to the chair who just asked it: nothing else leads to locking.
            News::WhetherLocked(_) if asked != Some(Wish::WhetherLocked) => seat.with(talk),
            News::WhetherLocked(false) => confirm(seat, Final::Lock, turn),
            News::WhetherLocked(true) => seat.wish(Wish::Lock(false), turn),
            News::Agenda(_)
            | News::HandUp { .. }
            | News::HandDown
            | News::HelpCalled
            | News::Floor(_)
            | News::OthersMuted
            | News::Locked(_)
            | News::Refused(_)
            | News::YourTurn
            | News::EverybodyMuted
            | News::Muted => seat.settle(news.told(), turn),
        },
        Talk::Asked(_)
        | Talk::Granting { .. }
        | Talk::Receipt
        | Talk::Free
        | Talk::Menu
        | Talk::Chair
        | Talk::Confirming(_)
        | Talk::HandUp
        | Talk::Status { .. }
        | Talk::Earlier(_)
        | Talk::Ordering { .. } => seat.with(talk),
    }
}
