//! The life of a recording and of one voice in it: states, and who may move them.
//!
//! A [`State`] owns no row and no clock. Feed it one [`Event`] with the [`Mover`] who brings it; the answer is the next
//! state or a [`Refused`] that says why not. Every state answers every event by name.
//!
//! Not here: when a term has passed (`retention`), and carrying anything out (`sweep`).

use jiff::civil::Date;

/// How far a recording has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The gathering goes on, or chunks of it are still expected.
    Receiving,
    /// Complete, waiting for the minutes.
    Kept,
    /// The minutes were approved on `day`; revocable until the term has passed.
    Approved { day: Date },
    /// The term has passed: nobody may listen any more.
    Due,
    /// Its keys are being destroyed. There is no way back from here.
    Destroying,
    /// Nothing is left but evidence, proof and tombstone.
    Destroyed,
}

/// Something that happens to a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    ChunkTaken,
    GatheringEnded,
    MinutesApproved { day: Date },
    ApprovalRevoked,
    TermPassed,
    DestructionBegan,
    EmptinessProven,
}

/// Who brings an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mover {
    /// Intake, on the word of a gateway.
    Gateway,
    /// A person at the desk whom `access` let through.
    Clerk,
    /// The sweeper, on the word of `retention`.
    Sweeper,
}

/// Why a recording stays as it is; theirs to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this is not for the {0:?} to say")]
    NotYours(Mover),
    #[error("the gathering is still going on")]
    StillReceiving,
    #[error("the minutes of this recording are not approved")]
    NotApproved,
    #[error("the term has passed, and what is destroyed cannot be brought back")]
    TooLate,
    #[error("the term has not passed")]
    TooEarly,
}

impl State {
    /// The next state, or why there is none.
    pub fn handle(self, event: Event, by: Mover) -> Result<Self, Refused> {
        if !event.is_for(by) {
            return Err(Refused::NotYours(by));
        }
        match self {
            Self::Receiving => match event {
                Event::ChunkTaken => Ok(self),
                Event::GatheringEnded => Ok(Self::Kept),
                Event::MinutesApproved { .. } => Err(Refused::StillReceiving),
                Event::ApprovalRevoked => Err(Refused::NotApproved),
                // The hard cap does not wait for a gateway that was lost.
                Event::TermPassed => Ok(Self::Due),
                Event::DestructionBegan | Event::EmptinessProven => Err(Refused::TooEarly),
            },
            Self::Kept => match event {
                Event::ChunkTaken | Event::GatheringEnded => Ok(self),
                Event::MinutesApproved { day } => Ok(Self::Approved { day }),
                Event::ApprovalRevoked => Err(Refused::NotApproved),
                Event::TermPassed => Ok(Self::Due),
                Event::DestructionBegan | Event::EmptinessProven => Err(Refused::TooEarly),
            },
            Self::Approved { .. } => match event {
                Event::ChunkTaken | Event::GatheringEnded => Ok(self),
                Event::MinutesApproved { day } => Ok(Self::Approved { day }),
                Event::ApprovalRevoked => Ok(Self::Kept),
                Event::TermPassed => Ok(Self::Due),
                Event::DestructionBegan | Event::EmptinessProven => Err(Refused::TooEarly),
            },
            Self::Due => match event {
                Event::GatheringEnded | Event::TermPassed => Ok(self),
                Event::ChunkTaken | Event::MinutesApproved { .. } | Event::ApprovalRevoked => Err(Refused::TooLate),
                Event::DestructionBegan => Ok(Self::Destroying),
                Event::EmptinessProven => Err(Refused::TooEarly),
            },
            Self::Destroying => match event {
                Event::GatheringEnded | Event::TermPassed | Event::DestructionBegan => Ok(self),
                Event::ChunkTaken | Event::MinutesApproved { .. } | Event::ApprovalRevoked => Err(Refused::TooLate),
                Event::EmptinessProven => Ok(Self::Destroyed),
            },
            Self::Destroyed => match event {
                Event::GatheringEnded | Event::TermPassed | Event::DestructionBegan | Event::EmptinessProven => {
                    Ok(self)
                }
                Event::ChunkTaken | Event::MinutesApproved { .. } | Event::ApprovalRevoked => Err(Refused::TooLate),
            },
        }
    }

    /// May it be listened to, as far as its age goes?
    pub fn is_living(self) -> bool {
        match self {
            Self::Receiving | Self::Kept | Self::Approved { .. } => true,
            Self::Due | Self::Destroying | Self::Destroyed => false,
        }
    }

    /// The word of the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Kept => "kept",
            Self::Approved { .. } => "approved",
            Self::Due => "due",
            Self::Destroying => "destroying",
            Self::Destroyed => "destroyed",
        }
    }

    /// Reads back [`word`](Self::word); `approved` needs its day.
    pub fn from_word(word: &str, approved: Option<Date>) -> Option<Self> {
        match (word, approved) {
            ("receiving", _) => Some(Self::Receiving),
            ("kept", _) => Some(Self::Kept),
            ("approved", Some(day)) => Some(Self::Approved { day }),
            ("due", _) => Some(Self::Due),
            ("destroying", _) => Some(Self::Destroying),
            ("destroyed", _) => Some(Self::Destroyed),
            (_, _) => None,
        }
    }
}

impl Event {
    fn is_for(self, by: Mover) -> bool {
        match self {
            Self::ChunkTaken | Self::GatheringEnded => by == Mover::Gateway,
            Self::MinutesApproved { .. } | Self::ApprovalRevoked => by == Mover::Clerk,
            Self::TermPassed | Self::DestructionBegan | Self::EmptinessProven => by == Mover::Sweeper,
        }
    }
}

/// How far one voice has come, apart from its recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackState {
    Living,
    /// Its key was destroyed on its speaker's will; playback shows a neutral gap.
    Erased,
    /// A slot of it lies outside its permit: kept apart, unheard, with an end.
    Quarantined,
}

impl TrackState {
    /// The word of the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Living => "living",
            Self::Erased => "erased",
            Self::Quarantined => "quarantined",
        }
    }

    /// Reads back [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "living" => Some(Self::Living),
            "erased" => Some(Self::Erased),
            "quarantined" => Some(Self::Quarantined),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: Date = date(2026, 11, 24);

    #[test]
    fn approval_can_be_taken_back_until_the_term_has_passed() {
        let approved = State::Kept.handle(Event::MinutesApproved { day: DAY }, Mover::Clerk).unwrap();
        assert_eq!(approved.handle(Event::ApprovalRevoked, Mover::Clerk), Ok(State::Kept));
        let due = approved.handle(Event::TermPassed, Mover::Sweeper).unwrap();
        assert_eq!(due.handle(Event::ApprovalRevoked, Mover::Clerk), Err(Refused::TooLate));
    }

    #[test]
    fn nobody_destroys_before_the_term_has_passed() {
        for state in [State::Receiving, State::Kept, State::Approved { day: DAY }] {
            assert_eq!(state.handle(Event::DestructionBegan, Mover::Sweeper), Err(Refused::TooEarly));
        }
    }

    #[test]
    fn a_clerk_cannot_say_that_a_term_has_passed_nor_a_gateway_approve() {
        assert_eq!(State::Kept.handle(Event::TermPassed, Mover::Clerk), Err(Refused::NotYours(Mover::Clerk)));
        let approve = Event::MinutesApproved { day: DAY };
        assert_eq!(State::Kept.handle(approve, Mover::Gateway), Err(Refused::NotYours(Mover::Gateway)));
    }

    #[test]
    fn what_is_destroyed_takes_no_chunk_in() {
        for state in [State::Due, State::Destroying, State::Destroyed] {
            assert_eq!(state.handle(Event::ChunkTaken, Mover::Gateway), Err(Refused::TooLate));
            assert!(!state.is_living());
        }
    }

    #[test]
    fn a_state_reads_back_from_its_word() {
        let all = [
            State::Receiving,
            State::Kept,
            State::Approved { day: DAY },
            State::Due,
            State::Destroying,
            State::Destroyed,
        ];
        for state in all {
            assert_eq!(State::from_word(state.word(), Some(DAY)), Some(state));
        }
        assert_eq!(State::from_word("approved", None), None);
    }
}
