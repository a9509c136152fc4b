//! What a seat may ask of its room, and what a room tells a seat.
//!
//! A call says a [`Wish`]; the shell carries it to the gathering and feeds the answer back as [`News`] or, where the record
//! itself changes, as a [`RecordState`] for everybody.
//!
//! Not here: which key is which wish (`seated`), and what comes of it (`gathering`).

use crate::ids::{PromptId, Role, SeatNo};
use crate::ivr::{lines, script};

/// How the record of the room stands, as callers are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    Off,
    On,
    Paused,
    /// Paused because a member demanded it.
    Demanded,
    /// The section is closed: every permit ended with it.
    SectionClosed,
}

/// Something a seat wants of its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Agenda,
    /// Raises the hand, or tells the place of one that is up.
    Hand,
    LowerHand,
    /// A member's; only chair or desk resume.
    DemandPause,
    /// Marks this caller on the desk.
    Help,
    Record,
    Pause,
    CloseSection,
    NextSpeaker,
    MuteAll,
    WhetherLocked,
    Lock(bool),
    EndForAll,
}

impl Wish {
    /// How a meeting's home gateway is asked for what it alone has the word on: the end of the path at its control socket.
    pub fn of_home(self) -> Option<&'static str> {
        match self {
            Self::DemandPause => Some("record/pause?by=member"),
            Self::Pause => Some("record/pause?by=chair"),
            Self::Record => Some("record/start"),
            Self::CloseSection => Some("section/close"),
            Self::EndForAll => Some("end"),
            Self::Agenda | Self::Hand | Self::LowerHand | Self::Help => None,
            Self::NextSpeaker | Self::MuteAll | Self::WhetherLocked | Self::Lock(_) => None,
        }
    }
}

/// What a room tells one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Agenda(Option<u32>),
    /// `already`: it was up before it was asked for.
    HandUp {
        place: u32,
        already: bool,
    },
    HandDown,
    HelpCalled,
    /// To the chair: who was called, if a hand was up.
    Floor(Option<SeatNo>),
    /// To the chair: done.
    OthersMuted,
    WhetherLocked(bool),
    Locked(bool),
    Refused(Refused),
    /// Unasked: this seat has the floor.
    YourTurn,
    /// Unasked: the chair muted everybody.
    EverybodyMuted,
    /// Unasked: the desk muted this seat. Unmuting is the caller's alone.
    Muted,
}

/// Why the room did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    AlreadyOn,
    NotOn,
    /// The disk or the clock stand in the way.
    CannotRecord,
    /// The desk has put no keys for the next section.
    NoKeys,
}

impl Wish {
    /// May somebody with this role have it? Nobody else's is carried out.
    pub fn is_for(self, role: Role) -> bool {
        match self {
            Self::Agenda | Self::Hand | Self::LowerHand | Self::Help => true,
            Self::DemandPause => role == Role::Member,
            Self::Record | Self::Pause | Self::CloseSection | Self::NextSpeaker | Self::MuteAll => role == Role::Chair,
            Self::WhetherLocked | Self::Lock(_) | Self::EndForAll => role == Role::Chair,
        }
    }
}

impl RecordState {
    pub fn is_on(self) -> bool {
        self == Self::On
    }

    /// What is said of the change from `before`: a tone and a sentence.
    pub(super) fn announced(self, before: Self) -> Vec<PromptId> {
        match (self, before) {
            (Self::On, Self::Paused | Self::Demanded) => vec![lines::TONE_ON, lines::RECORD_RESUMED],
            (Self::On, Self::Off | Self::On | Self::SectionClosed) => vec![lines::TONE_ON, lines::RECORD_ON],
            (Self::Off, _) => vec![lines::TONE_OFF, lines::RECORD_OFF],
            (Self::Paused, _) => vec![lines::TONE_OFF, lines::RECORD_PAUSED],
            (Self::Demanded, _) => vec![lines::TONE_OFF, lines::DEMAND_PAUSED, lines::RECORD_PAUSED],
            (Self::SectionClosed, _) => vec![lines::TONE_OFF, lines::SECTION_CLOSED, lines::RECORD_OFF],
        }
    }
}

impl News {
    /// Does it answer a wish, or does it come by itself?
    pub(super) fn answers(self) -> bool {
        match self {
            Self::Agenda(_)
            | Self::HandUp { .. }
            | Self::HandDown
            | Self::HelpCalled
            | Self::Floor(_)
            | Self::OthersMuted
            | Self::WhetherLocked(_)
            | Self::Locked(_)
            | Self::Refused(_) => true,
            Self::YourTurn | Self::EverybodyMuted | Self::Muted => false,
        }
    }

    /// The words for it.
    pub(super) fn told(self) -> Vec<PromptId> {
        match self {
            Self::Agenda(item) => script::agenda(item),
            Self::HandUp { place, .. } => script::hand(place),
            Self::HandDown => vec![lines::HAND_DOWN],
            Self::HelpCalled => vec![lines::HELP_CALLED],
            Self::Floor(seat) => script::floor(seat),
            Self::OthersMuted => vec![lines::ALL_MUTED],
            Self::WhetherLocked(_) => Vec::new(),
            Self::Locked(true) => vec![lines::LOCKED],
            Self::Locked(false) => vec![lines::UNLOCKED],
            Self::Refused(Refused::AlreadyOn) => vec![lines::RECORD_RUNNING],
            Self::Refused(Refused::NotOn) => vec![lines::RECORD_NOT_RUNNING],
            Self::Refused(Refused::CannotRecord) => vec![lines::RECORD_CANNOT],
            Self::Refused(Refused::NoKeys) => vec![lines::SECTION_NO_KEYS],
            Self::YourTurn => vec![lines::YOUR_TURN],
            Self::EverybodyMuted => vec![lines::MUTED_ALL],
            Self::Muted => vec![lines::MUTED_YOU],
        }
    }
}
