//! Small dialogues of the menu: asking once more before something that cannot be undone, and how loud she hears us.
//!
//! Not here: which key opens them (`pressing`).

use super::*;

/// What the chair is about to do. `1` does it; silence and any other key leave everything as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirm {
    what: Final,
    asked: Instant,
}

/// What asks once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Final {
    Close,
    Lock,
    End,
}

/// A step of what this caller hears, against the sound as it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Gain {
    #[default]
    Normal,
    Louder,
    Loudest,
    Softer,
}

pub(super) fn confirm(seat: Seat, what: Final, turn: &mut Turn<'_>) -> State {
    let question = match what {
        Final::Close => lines::CONFIRM_CLOSE,
        Final::Lock => lines::CONFIRM_LOCK,
        Final::End => lines::CONFIRM_END,
    };
    turn.say(vec![question, lines::CONFIRM_KEYS]);
    turn.wake_in(AT_MOST);
    seat.with(Talk::Confirming(Confirm { what, asked: turn.now }))
}

impl Confirm {
    pub(super) fn key(self, seat: Seat, key: char, turn: &mut Turn<'_>) -> State {
        // Pressed twice by a trembling finger is not pressed once and confirmed.
        if turn.down < self.asked + DEAF {
            return seat.with(Talk::Confirming(self));
        }
        match (key, self.what) {
            ('1', Final::Close) => seat.wish(Wish::CloseSection, turn),
            ('1', Final::Lock) => seat.wish(Wish::Lock(true), turn),
            ('1', Final::End) => seat.wish(Wish::EndForAll, turn),
            _ => seat.settle(vec![lines::CONFIRM_NO], turn),
        }
    }
}

impl Gain {
    /// The next step, round and round: one key is all there is.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Normal => Self::Louder,
            Self::Louder => Self::Loudest,
            Self::Loudest => Self::Softer,
            Self::Softer => Self::Normal,
        }
    }

    pub(super) fn db(self) -> i8 {
        match self {
            Self::Normal => 0,
            Self::Louder => 6,
            Self::Loudest => 12,
            Self::Softer => -6,
        }
    }

    pub(super) fn told(self) -> PromptId {
        match self {
            Self::Normal => lines::VOLUME_NORMAL,
            Self::Louder => lines::VOLUME_LOUDER,
            Self::Loudest => lines::VOLUME_LOUDEST,
            Self::Softer => lines::VOLUME_SOFTER,
        }
    }
}
