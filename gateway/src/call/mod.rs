//! The life of one telephone call, from the ringing to the goodbye.
//!
//! A [`Call`] owns no socket, task or clock. Feed it one [`Input`], carry out every [`Output`] in order, then feed it the
//! next; so no two facts are ever half applied. Time is an argument. Ask for a wake-up is [`Output::WakeAt`]; the answer is
//! [`Input::TimePassed`].
//!
//! A call that ends takes its permit with it: the shell ends the track when it carries out [`Output::HangUp`] or has fed
//! [`Input::CallerLeft`].
//!
//! Not here: retransmission (`sip`), who may come in (`plan`), what a yes is (`consent`), sound (`room`).

mod door;
mod farewell;
mod goodbye;
mod room;
mod seated;
mod turn;

pub use farewell::Farewell;
pub use room::{News, RecordState, Refused, Wish};

use std::fmt;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::consent;
use crate::ids::{Pii, PromptId, Role, SeatNo, Slot, TrackId};
use crate::ivr::Language;
use turn::{Turn, Voice};

/// Something that happened to the call.
#[derive(Clone)]
pub enum Input {
    /// Answered and acknowledged: the dialogue may begin. The first question waits so long, for wrong PINs in calls before.
    Confirmed {
        wait: Duration,
    },
    /// The first packet of a key press.
    DigitBegan {
        digit: char,
        slot: Slot,
    },
    /// Its end. Answered with exactly one [`Output::DigitSettled`], last.
    Digit {
        digit: char,
        began: Slot,
        ended: Slot,
    },
    /// Part number `part` of `Say { token, .. }` was played to its end.
    Said {
        token: u32,
        part: usize,
    },
    /// The wake-up that was asked for; a needless one does no harm.
    TimePassed,
    PinRight(Invitation),
    /// The next prompt waits for `delay`.
    PinWrong {
        delay: Duration,
    },
    /// The right PIN, but the meeting is not open now.
    NotOpen,
    /// The right PIN, but nobody more is let in.
    Locked,
    /// The track is open: everything from the yes on is kept.
    Permitted {
        track: TrackId,
        receipt: String,
    },
    NoPermit {
        why: NoPermit,
    },
    OrderWritten,
    OrderFailed,
    RecordChanged(RecordState),
    /// What the room answers to a [`Wish`], or what it has to tell this seat.
    Room(News),
    /// The answer to [`Output::CountHeads`].
    Heads {
        here: u32,
        recorded: u32,
    },
    MeetingEnded,
    /// The desk says whether several people speak through this seat. `at` is the first slot that is no longer permitted then.
    Shared {
        on: bool,
        at: Slot,
    },
    /// What the question says has changed, under the same rule: the meeting's number, or the notice.
    NoticeChanged {
        meeting_number: String,
        text: String,
        cap_months: u32,
    },
    /// The desk ends this call.
    Removed,
    CallerLeft,
    /// No packet came for half a minute.
    MediaLost,
    Draining,
}

/// What the right PIN opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Spoken with the notice and the receipt.
    pub meeting_number: String,
    pub seat: SeatNo,
    pub role: Role,
    pub notice: Notice,
}

/// What the caller must be told of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    NotRecorded,
    /// `text` names the set of prompts (`control::RuleNotice::notice`); the plan takes no meeting whose set is unknown.
    Ask {
        text: String,
        cap_months: u32,
        on_now: bool,
    },
}

/// Why a yes could not be carried out. Said aloud; the caller takes part off record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoPermit {
    NoKeys,
    RecorderAway,
    DiskFull,
}

/// Something to do, in the order given.
pub enum Output {
    /// Replaces what this caller hears from us at once. Each part's end is told with [`Input::Said`].
    Say {
        token: u32,
        language: Language,
        prompts: Vec<PromptId>,
    },
    Hush,
    /// Answered with `PinRight`, `PinWrong`, `NotOpen` or `Locked`.
    TryPin {
        digits: Pii<Zeroizing<String>>,
    },
    /// Evidence: to the journal before anything follows from it.
    Act(consent::Act),
    /// Take a track key, make the permit and its act (`consent::permit`), journal the act, open the track, let the tap go;
    /// answered with `Permitted` or `NoPermit`.
    Grant {
        evidence: consent::Given,
    },
    /// `at` is the first slot that is no longer permitted. Comes before everything else that follows from a withdrawal.
    EndPermit {
        at: Slot,
        why: consent::Ending,
    },
    /// Several people speak through this seat, or one again.
    Shared(bool),
    /// For the track whose permit ended last; answered with `OrderWritten` or `OrderFailed`.
    Order {
        decision: consent::Decision,
    },
    /// The key press was judged: the tap may go on.
    DigitSettled,
    /// Into the room.
    Enter,
    Mute(bool),
    /// What this caller hears gets louder or softer: against the sound as it comes, in decibels.
    Gain {
        db: i8,
    },
    /// Asked of the room; answered with [`Input::Room`], [`Input::RecordChanged`] or [`Input::MeetingEnded`].
    Wish(Wish),
    /// How many telephones are in the room, and how many of them are recorded? Answered with `Heads`.
    CountHeads,
    /// Replaces the earlier wake-up.
    WakeAt(Instant),
    /// The last output of a call.
    HangUp(Farewell),
}

/// One call.
#[derive(Debug)]
pub struct Call {
    voice: Voice,
    down: Option<(Slot, Instant)>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not yet acknowledged.
    Ringing,
    AskingPin(door::Asking),
    CheckingPin(door::Checking),
    /// A wrong PIN was said; the next question waits.
    HoldingBack(door::HoldingBack),
    /// Behind the PIN: notice, receipt, room.
    Seated(Box<seated::Seated>),
    /// A goodbye is being said.
    Leaving(goodbye::Leaving),
    Ended,
}

impl Call {
    /// `other`: the language that a star at the door changes to, where the catalogue has a second one.
    pub fn new(language: Language, other: Option<Language>) -> Self {
        Self { voice: Voice::new(language, other), down: None, state: State::Ringing }
    }

    /// Did the call come to its end? Then nothing more comes of it.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    pub fn handle(mut self, input: Input, now: Instant, out: &mut Vec<Output>) -> Self {
        let down = self.key_went_down(&input, now);
        let settles = matches!(input, Input::Digit { .. });
        if matches!(input, Input::TimePassed) && !self.voice.alarm_is_due(now) {
            return self;
        }
        let mut turn = Turn { now, down, voice: &mut self.voice, out };
        self.state = match self.state {
            State::Ringing => door::ringing(input, &mut turn),
            State::AskingPin(asking) => asking.handle(input, &mut turn),
            State::CheckingPin(checking) => checking.handle(input, &mut turn),
            State::HoldingBack(holding) => holding.handle(input, &mut turn),
            State::Seated(seated) => seated.handle(input, &mut turn),
            State::Leaving(leaving) => leaving.handle(input, &mut turn),
            State::Ended => State::Ended,
        };
        if settles {
            out.push(Output::DigitSettled);
        }
        self
    }

    /// When the key of this input went down: what counts for whether it can be an answer to the open question.
    fn key_went_down(&mut self, input: &Input, now: Instant) -> Instant {
        match input {
            Input::DigitBegan { slot, .. } => {
                self.down = Some((*slot, now));
                now
            }
            Input::Digit { began, ended, .. } => match self.down.take() {
                Some((slot, at)) if slot == *began => at,
                Some(_) | None => {
                    let held = Duration::from_millis(ended.0.saturating_sub(began.0).saturating_mul(Slot::MS));
                    now.checked_sub(held).unwrap_or(now)
                }
            },
            Input::Confirmed { .. }
            | Input::Said { .. }
            | Input::TimePassed
            | Input::PinRight(_)
            | Input::PinWrong { .. }
            | Input::NotOpen
            | Input::Permitted { .. }
            | Input::NoPermit { .. }
            | Input::OrderWritten
            | Input::OrderFailed
            | Input::Locked
            | Input::RecordChanged(_)
            | Input::Room(_)
            | Input::Shared { .. }
            | Input::NoticeChanged { .. }
            | Input::Removed
            | Input::Heads { .. }
            | Input::MeetingEnded
            | Input::CallerLeft
            | Input::MediaLost
            | Input::Draining => now,
        }
    }
}

impl fmt::Debug for Input {
    /// Without the digits: they are parts of PINs and of receipts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirmed { .. } => "Confirmed",
            Self::DigitBegan { .. } => "DigitBegan(..)",
            Self::Digit { .. } => "Digit(..)",
            Self::Said { token, part } => return write!(f, "Said({token}.{part})"),
            Self::TimePassed => "TimePassed",
            Self::PinRight(invitation) => return write!(f, "PinRight({})", invitation.seat),
            Self::PinWrong { .. } => "PinWrong",
            Self::NotOpen => "NotOpen",
            Self::Permitted { track, .. } => return write!(f, "Permitted({track})"),
            Self::NoPermit { why } => return write!(f, "NoPermit({why:?})"),
            Self::OrderWritten => "OrderWritten",
            Self::OrderFailed => "OrderFailed",
            Self::Locked => "Locked",
            Self::RecordChanged(state) => return write!(f, "RecordChanged({state:?})"),
            Self::Room(news) => return write!(f, "Room({news:?})"),
            Self::Shared { on, at } => return write!(f, "Shared({on} from {})", at.0),
            Self::NoticeChanged { .. } => "NoticeChanged",
            Self::Removed => "Removed",
            Self::Heads { here, recorded } => return write!(f, "Heads({here}, {recorded})"),
            Self::MeetingEnded => "MeetingEnded",
            Self::CallerLeft => "CallerLeft",
            Self::MediaLost => "MediaLost",
            Self::Draining => "Draining",
        })
    }
}

impl fmt::Debug for Output {
    /// Without what is said (a receipt can be read from it), the digits and the act's key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say { token, .. } => write!(f, "Say({token})"),
            Self::Hush => f.write_str("Hush"),
            Self::TryPin { .. } => f.write_str("TryPin(..)"),
            Self::Act(act) => write!(f, "Act({:?} {})", act.kind, act.seat),
            Self::Grant { evidence } => write!(f, "Grant({})", evidence.yes_ended().0),
            Self::EndPermit { at, why } => write!(f, "EndPermit({} {why:?})", at.0),
            Self::Shared(on) => write!(f, "Shared({on})"),
            Self::Order { decision } => write!(f, "Order({decision:?})"),
            Self::DigitSettled => f.write_str("DigitSettled"),
            Self::Enter => f.write_str("Enter"),
            Self::Mute(on) => write!(f, "Mute({on})"),
            Self::Gain { db } => write!(f, "Gain({db})"),
            Self::Wish(wish) => write!(f, "Wish({wish:?})"),
            Self::CountHeads => f.write_str("CountHeads"),
            Self::WakeAt(_) => f.write_str("WakeAt"),
            Self::HangUp(farewell) => write!(f, "HangUp({farewell})"),
        }
    }
}

#[cfg(test)]
mod tests;
