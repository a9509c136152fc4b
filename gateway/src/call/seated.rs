//! Behind the PIN: the notice and its question, the receipt, the room, the menu, the withdrawal.
//!
//! [`Seat`] is what stays true of the caller whatever is being talked about; [`Talk`] is what is being talked about. One
//! question is open at a time: what happens meanwhile (the record begins or stops) is said when it is answered.
//!
//! From the yes on a `2` withdraws, on the first packet of the key. The end of the permit is the first output, then the
//! evidence, then the question; what becomes of the earlier part is confirmed only when the order is on the disk.
//!
//! Not here: which keys a question takes (`consent`), which a room takes (`ivr::keys`).

mod asking;
mod listening;
mod pressing;
mod recording;
mod shared;
mod told;

use std::time::{Duration, Instant};

use super::goodbye::{hang_up, leave_seat};
use super::turn::Turn;
use super::{Farewell, Input, Invitation, News, Notice, Output, RecordState, State, Wish};
use crate::consent::{Answer, Decision, Earlier, Ending, Question, Ruling, Wording};
use crate::ids::{PromptId, Role, SeatNo, Slot, TrackId};
use crate::ivr::keys::Keys;
use crate::ivr::{DEAF, lines, script};
use asking::{Confirm, Gain};

/// A caller with a seat.
#[derive(Debug)]
pub(super) struct Seated {
    seat: Seat,
    talk: Talk,
}

#[derive(Debug)]
struct Seat {
    number: SeatNo,
    role: Role,
    meeting_number: String,
    /// What to ask where recording is possible at all.
    wording: Option<Wording>,
    record: Record,
    permit: Option<Held>,
    /// The track of a permit that ended without her will, with its section or because the seat is shared: what she agreed to
    /// then can still be taken back.
    closed: Option<TrackId>,
    /// Since which slot several people speak through this seat: nobody is asked, and nothing recorded.
    shared: Option<Slot>,
    /// The question was answered once, or let pass: the record's beginning does not ask again in this section.
    asked: bool,
    /// She is to be asked as soon as nothing else is open, if the record is on.
    due: bool,
    /// A yes that nothing was heard of in time: no other one until it is.
    unanswered: bool,
    /// An order that could not be written and is tried again.
    owed: Option<Decision>,
    inside: bool,
    muted: bool,
    gain: Gain,
    /// How often she changed the language while she was asked: each time is a question of its own in the evidence.
    changes: u8,
    keys: Keys,
    /// What the room told while something else was being talked about.
    later: Vec<PromptId>,
    /// Keys that went down before this were meant for a menu that an announcement closed.
    deaf_until: Option<Instant>,
}

/// How does the record stand, and what was this caller told last?
#[derive(Clone, Copy, Debug)]
struct Record {
    now: RecordState,
    told: RecordState,
}

/// The permit this seat holds. The receipt tells who somebody is, so it prints nothing.
struct Held {
    track: TrackId,
    receipt: String,
}

#[derive(Debug)]
enum Talk {
    /// The consent question is open.
    Asked(Question),
    /// She said yes; the shell takes a key and opens the track. `withdrawn` is a `2` pressed meanwhile.
    Granting { withdrawn: Option<Slot> },
    /// The receipt is being read out.
    Receipt,
    /// Nothing is open: she is in the room.
    Free,
    /// The menu of `0` is open.
    Menu,
    /// The chair's menu of `0 0` is open.
    Chair,
    /// Ending, closing and locking ask once more.
    Confirming(Confirm),
    /// Her hand is up and she asked for its place: `5` lowers it.
    HandUp,
    /// She hears how she is recorded: `4` changes whether the seat is shared from what it was then.
    Status { shared: bool },
    /// The room was asked something; `None`: to count heads.
    Waiting(Option<Wish>),
    /// What becomes of the earlier part?
    Earlier(Earlier),
    /// The order is being written.
    Ordering { decision: Decision },
}

impl Seated {
    /// The right PIN: tells the truth about the recording, and asks where there is something to ask.
    pub(super) fn begin(invitation: Invitation, turn: &mut Turn<'_>) -> State {
        let (wording, on) = match &invitation.notice {
            Notice::NotRecorded => (None, false),
            Notice::Ask { text, cap_months, on_now } => {
                (Wording::of(text, &invitation.meeting_number, *cap_months), *on_now)
            }
        };
        let now = if on { RecordState::On } else { RecordState::Off };
        let seat = Seat {
            number: invitation.seat,
            role: invitation.role,
            meeting_number: invitation.meeting_number,
            wording,
            record: Record { now, told: now },
            permit: None,
            closed: None,
            shared: None,
            asked: false,
            due: false,
            unanswered: false,
            owed: None,
            inside: false,
            muted: false,
            gain: Gain::default(),
            changes: 0,
            keys: Keys::default(),
            later: Vec::new(),
            deaf_until: None,
        };
        let meeting = script::meeting(&seat.meeting_number);
        match seat.wording.clone() {
            Some(wording) if on => seat.ask(wording, Vec::new(), turn),
            Some(_) => seat.settle([&meeting[..], &[lines::NOT_YET_ON]].concat(), turn),
            None => seat.settle([&meeting[..], &[lines::NOT_RECORDED_MEETING]].concat(), turn),
        }
    }

    pub(super) fn handle(self: Box<Self>, input: Input, turn: &mut Turn<'_>) -> State {
        let Self { seat, talk } = *self;
        match input {
            Input::DigitBegan { digit, slot } => pressing::began(seat, talk, digit, slot, turn),
            Input::Digit { digit, began, ended } => pressing::ended(seat, talk, digit, began, ended, turn),
            Input::Said { token, part } => listening::said(seat, talk, token, part, turn),
            Input::TimePassed => listening::time_passed(seat, talk, turn),
            Input::Permitted { track, receipt } => recording::permitted(seat, talk, Held { track, receipt }, turn),
            Input::NoPermit { why } => recording::no_permit(seat, talk, why, turn),
            Input::OrderWritten => recording::order_answered(seat, talk, true, turn),
            Input::OrderFailed => recording::order_answered(seat, talk, false, turn),
            Input::RecordChanged(state) => told::record_changed(seat, talk, state, turn),
            Input::Room(news) => told::news(seat, talk, news, turn),
            Input::Heads { here, recorded } => told::heads(seat, talk, here, recorded, turn),
            Input::Shared { on, at } => shared::by_desk(seat, talk, on, at, turn),
            Input::NoticeChanged { meeting_number, text, cap_months } => {
                let wording = Wording::of(&text, &meeting_number, cap_months);
                told::notice_changed(seat, talk, meeting_number, wording, turn)
            }
            Input::MeetingEnded => seat.goodbye(talk, Farewell::MeetingEnded, turn),
            Input::Draining => seat.goodbye(talk, Farewell::Draining, turn),
            Input::Removed => seat.goodbye(talk, Farewell::Removed, turn),
            Input::MediaLost => {
                seat.break_off(talk, turn);
                hang_up(Farewell::Lost, turn)
            }
            Input::CallerLeft => {
                seat.break_off(talk, turn);
                State::Ended
            }
            Input::Confirmed { .. } | Input::PinRight(_) | Input::PinWrong { .. } | Input::NotOpen | Input::Locked => {
                seat.with(talk)
            }
        }
    }
}

impl Seat {
    fn with(self, talk: Talk) -> State {
        State::Seated(Box::new(Seated { seat: self, talk }))
    }

    /// Does the key of this turn count, or was it meant for a menu that an announcement closed?
    fn hears(&self, turn: &Turn<'_>) -> bool {
        self.deaf_until.is_none_or(|until| turn.down >= until)
    }

    /// Opens the consent question, after saying `first`.
    fn ask(self, wording: Wording, first: Vec<PromptId>, turn: &mut Turn<'_>) -> State {
        let (question, offered, parts) = Question::ask(self.number, turn.language(), wording, first, turn.now);
        turn.act(offered);
        turn.say(parts);
        turn.wake_in(AT_MOST);
        self.with(Talk::Asked(question))
    }

    /// Nothing is open any more: says `parts`, lets her into the room if she is not there yet, and comes to what had to
    /// wait. Everything that ends a question ends here.
    fn settle(mut self, mut parts: Vec<PromptId>, turn: &mut Turn<'_>) -> State {
        self.keys = Keys::default();
        parts.append(&mut self.later);
        if !self.inside {
            self.inside = true;
            turn.out.push(Output::Enter);
            parts.extend(script::enter(self.number));
        }
        let Record { now, told } = self.record;
        let due = std::mem::take(&mut self.due) && !self.unanswered;
        if told != now {
            self.record.told = now;
            parts.extend(now.announced(told));
        }
        // Recording begins only now, for all or for her: she is asked in a whisper, and nobody is muted for it.
        if now.is_on()
            && (told != now || due)
            && !self.asked
            && self.permit.is_none()
            && self.shared.is_none()
            && let Some(wording) = self.wording.clone()
        {
            return self.ask(wording, parts, turn);
        }
        if now.is_on() && told != now {
            parts.push(if self.permit.is_some() { lines::STATUS_RECORDED } else { lines::STATUS_OFF });
        }
        if !parts.is_empty() {
            turn.say(parts);
        }
        if self.owed.is_some() {
            turn.wake_in(OWED_AGAIN)
        } else {
            turn.rest()
        }
        self.with(Talk::Free)
    }

    /// Takes the consent back: the end of the permit before anything else, then the evidence, then the question.
    fn withdraw(mut self, at: Slot, turn: &mut Turn<'_>) -> State {
        let closed = self.closed.take();
        let track = match (self.permit.take(), closed) {
            (Some(held), _) => {
                turn.out.push(Output::EndPermit { at, why: Ending::Withdrawn });
                held.track
            }
            (None, Some(track)) => track,
            (None, None) => return self.settle(vec![lines::STATUS_OFF], turn),
        };
        self.asked = true;
        let (question, withdrawn, parts) = Earlier::withdraw(self.number, track, turn.language(), at, turn.now);
        turn.act(withdrawn);
        turn.say(parts);
        turn.wake_in(question.patience(turn.now, AT_MOST));
        self.with(Talk::Earlier(question))
    }

    fn order(self, decision: Decision, turn: &mut Turn<'_>) -> State {
        turn.hush();
        turn.out.push(Output::Order { decision });
        turn.wake_in(ORDERED_WITHIN);
        self.with(Talk::Ordering { decision })
    }

    /// What a consent question's answer leads to.
    fn answered(mut self, question: Question, answer: Answer, turn: &mut Turn<'_>) -> State {
        match answer {
            Answer::Yes(given) => {
                self.asked = true;
                turn.hush();
                turn.out.push(Output::Grant { evidence: given });
                turn.wake_in(GRANTED_WITHIN);
                self.keys = Keys::default();
                self.with(Talk::Granting { withdrawn: None })
            }
            Answer::No(act) => {
                self.asked = true;
                let told = if act.key.is_some() { lines::ANSWER_NO } else { lines::ANSWER_NONE };
                turn.act(act);
                self.settle(vec![told], turn)
            }
            Answer::Shared(act) => shared::answered(self, act, turn),
            Answer::Say(parts) => {
                turn.say(parts);
                turn.wake_in(AT_MOST);
                self.with(Talk::Asked(question))
            }
            Answer::Dropped => self.with(Talk::Asked(question)),
        }
    }

    /// What the answer about the earlier part leads to.
    fn ruled(self, question: Earlier, ruling: Ruling, turn: &mut Turn<'_>) -> State {
        match ruling {
            Ruling::Decided(decision, act) => {
                turn.act(act);
                self.order(decision, turn)
            }
            Ruling::Say(parts) => {
                turn.say(parts);
                turn.wake_in(question.patience(turn.now, AT_MOST));
                self.with(Talk::Earlier(question))
            }
            Ruling::Dropped => self.with(Talk::Earlier(question)),
        }
    }

    fn goodbye(self, talk: Talk, why: Farewell, turn: &mut Turn<'_>) -> State {
        self.break_off(talk, turn);
        let track = self.permit.as_ref().map(|held| held.track).or(self.closed);
        leave_seat(why, track.map(|track| (self.number, track)), turn)
    }

    /// Asks something of the room.
    fn wish(self, wish: Wish, turn: &mut Turn<'_>) -> State {
        turn.hush();
        turn.out.push(Output::Wish(wish));
        turn.wake_in(ANSWERED_WITHIN);
        self.with(Talk::Waiting(Some(wish)))
    }

    /// The call ends here: an open question is evidence, and one about the earlier part is answered with *erase*.
    fn break_off(&self, talk: Talk, turn: &mut Turn<'_>) {
        match talk {
            Talk::Asked(question) => turn.act(question.broken_off(turn.now)),
            Talk::Earlier(question) => {
                let (decision, act) = question.broken_off(turn.now);
                turn.act(act);
                turn.out.push(Output::Order { decision });
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
            | Talk::Ordering { .. } => {
                if let Some(decision) = self.owed {
                    turn.out.push(Output::Order { decision });
                }
            }
        }
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({})", self.track)
    }
}

/// Enough to find out what the key does; beyond it a finger would keep the disk busy.
const MOST_CHANGES: u8 = 4;

/// A question is taken for asked after this long even if nobody tells that it was heard.
const AT_MOST: Duration = Duration::from_secs(180);

/// A yes is carried out in this time, or the caller is told that she is not recorded.
const GRANTED_WITHIN: Duration = Duration::from_secs(10);

/// An order is on the disk in this time, or the caller is told that it is not.
const ORDERED_WITHIN: Duration = Duration::from_secs(10);

/// An order that could not be written is tried again after this.
const OWED_AGAIN: Duration = Duration::from_secs(30);

/// The shell answers for the room at once; this is for the day it does not.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
