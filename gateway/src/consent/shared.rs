//! The mark that several people speak through one seat.
//!
//! Nobody can say yes for people who were not asked, and no rule of today names another basis for a group: so the seat is off
//! record until the mark is taken back **and** its one person said yes anew. What was recorded before stays: that yes was
//! given for everybody who spoke through the telephone, and the caller, who is told so, takes it back with a `2` as ever.
//!
//! Not here: the end of the permit and what is said (`call`).

use super::wording::MINUTES;
use super::{Act, ActKind, Channel, KeyPress};
use crate::ids::SeatNo;
use crate::ivr::{Language, lines};

/// On whose word a seat is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// The caller's, by this key.
    Caller(KeyPress),
    Desk,
}

/// The act of marking a seat as shared (`on`), or of taking that back.
#[must_use]
pub fn marked(seat: SeatNo, on: bool, by: Marker, language: Language) -> Act {
    let (channel, key, parts) = match by {
        Marker::Caller(key) => {
            (Channel::Telephone, Some(key), vec![if on { lines::SHARED_KEY } else { lines::SHARED_LIFT }])
        }
        Marker::Desk => (Channel::Desk, None, Vec::new()),
    };
    Act {
        seat,
        kind: if on { ActKind::Shared } else { ActKind::Unshared },
        channel,
        purpose: MINUTES,
        text: "shared",
        // What is offered with the caller's status; nobody needs to have heard it to the end.
        parts,
        language,
        heard: Vec::new(),
        broken_off: None,
        key,
        track: None,
    }
}
