//! Names of things inside one gateway, and those that cross to the archive (from `spool::id`).
//!
//! Each name is a type of its own and prints with its kind in front (`call-17`, `seat-3`, `trk-01a2…`).
//! What must never be printed at all is wrapped in [`Pii`].
//!
//! Not here: who makes them. The shell does; the cores get them as arguments.

use std::fmt;

pub use control::pin::Role;
pub use spool::id::{EpochId, GatewayId, IdError, MeetingId, RecordingId, SeatNo, SectionId, Slot, TrackId};

/// One SIP dialogue from INVITE to BYE, counted from the start of the process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call-{}", self.0)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One prompt of the catalogue, for example `pin-ask`: a text and its sound, the same name in every language.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromptId(pub &'static str);

impl fmt::Display for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A number, a PIN, a name: whatever tells who telephones. Prints `(..)`, so that no log line can hold it by accident.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    pub fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The value itself; every use of this word is a place to look at.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(..)")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(..)")
    }
}

/// Of one meeting: each gives seat numbers of a share of its own.
pub const MOST_GATEWAYS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_printed_in_any_way() {
        let number = Pii::new("+49301234567");
        assert_eq!(format!("{number} {number:?} {number:#?}"), "(..) (..) (..)");
        assert_eq!(*number.expose(), "+49301234567");
    }

    #[test]
    fn a_call_prints_with_its_kind() {
        assert_eq!(CallId(17).to_string(), "call-17");
        assert_eq!(format!("{:?}", CallId(17)), "call-17");
    }
}
