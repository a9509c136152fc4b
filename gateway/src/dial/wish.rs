//! What this caller wants of a call, as offers say it: where, with what, in which direction.
//!
//! [`Wish::text`] is the first offer; [`Wish::changed`] is the wish behind the next one, to be kept if it is granted.
//!
//! Not here: what becomes of an offer (`dial::line`, `dial::talk`).

use std::net::SocketAddr;

use sip::sdp::{self, Codec, Direction};

use super::script::Change;

#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// What the offers name as the place for sound.
    pub(super) at: SocketAddr,
    /// Best first.
    pub(super) codecs: Vec<Codec>,
    pub(super) direction: Direction,
    session: u64,
    /// Grows with every offer that is made (RFC 3264 8).
    version: u64,
}

impl Wish {
    pub(super) fn new(at: SocketAddr, codecs: Vec<Codec>, session: u64) -> Self {
        Self { at, codecs, direction: Direction::SendRecv, session, version: 1 }
    }

    pub(super) fn text(&self) -> String {
        sdp::offer_in_direction(self.direction, self.at, &self.codecs, self.session, self.version)
    }

    pub(super) fn changed(&self, change: Change) -> Self {
        let mut changed = Self { version: self.version + 1, ..self.clone() };
        match change {
            Change::Direction(direction) => changed.direction = direction,
            Change::Codec(codec) => changed.codecs = vec![codec.into()],
        }
        changed
    }

    /// It was not granted; its version is used up all the same.
    pub(super) fn refused(self, before: &Self) -> Self {
        Self { version: self.version, ..before.clone() }
    }

    /// On hold without music nothing is sent (RFC 3264 8.4).
    pub(super) fn sends(&self) -> bool {
        match self.direction {
            Direction::SendRecv | Direction::SendOnly => true,
            Direction::RecvOnly | Direction::Inactive => false,
        }
    }
}
