//! Acts of consent, and the permits that come of them: the only place that makes a [`Permit`].
//!
//! [`Question`] asks and judges keys; a yes heard in time is a [`Given`], and only a `Given` with an unused track key
//! becomes a [`Permit`], in [`permit`]. Neither can be made, copied or changed elsewhere: without a permit the type that a
//! tap records with does not exist. [`Earlier`] is the question after a withdrawal: delete what was recorded before?
//! [`marked`] is the act of calling a seat shared.
//!
//! Not here: who opens tracks and writes the evidence down (`io`), and what the room hears.

mod act;
mod earlier;
mod hearing;
mod question;
mod shared;
mod wording;

pub use act::{Act, ActKind, Channel, Decision, KeyPress, Pressed, Words};
pub use earlier::{Earlier, Ruling};
pub use question::{Answer, Given, Question};
pub use shared::{Marker, marked};
pub use wording::Wording;

use control::TrackKey;
use spool::keys::PublicKey;

use crate::ids::{SeatNo, Slot, TrackId};

/// The reason why a seat may be recorded from a slot on, until it is ended. One yes makes one permit, and a permit is one
/// track: agreeing again makes another.
pub struct Permit {
    track: TrackId,
    public: PublicKey,
    seat: SeatNo,
    from: Slot,
}

impl Permit {
    /// The track to record, which is also the name of the key pair that will open it.
    pub fn track(&self) -> TrackId {
        self.track
    }

    /// The key to seal the track's file keys to.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub fn seat(&self) -> SeatNo {
        self.seat
    }

    /// The first slot that may be kept: the one in which the yes key was let go.
    pub fn from(&self) -> Slot {
        self.from
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Permit({} {} from {})", self.seat, self.track, self.from.0)
    }
}

/// Why a permit ends while its caller is there and its section open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The caller took the consent back.
    Withdrawn,
    /// Several people speak through the seat.
    Shared,
}

/// Makes the permit of one yes, and the act that must be in the journal before anything is kept under it.
/// The key must never be given out again (`plan::Plan::take_key` sees to it).
#[must_use]
pub fn permit(given: Given, key: TrackKey) -> (Permit, Act) {
    let (seat, from) = (given.seat(), given.yes_ended());
    let TrackKey { track, public } = key;
    (Permit { track, public, seat, from }, given.act(Some(track)))
}

/// The act of a yes that could not be carried out: no key, no recorder, no disk.
#[must_use]
pub fn unfulfilled(given: Given) -> Act {
    given.act(None)
}
