//! The names of things that cross from a gateway to an archive.
//!
//! Each kind of id is a type of its own, prints with its kind in front (`rec-01a2…`) and reads back only from that form.
//! Ids hold no dot and no slash, so that they can be parts of file names and object names.
//!
//! Not here: who makes them. Shells do; a core gets them as arguments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id that does not read: of another kind, of another length, or no hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of kind {kind}")]
pub struct IdError {
    /// What was expected, for example `rec`.
    pub kind: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// The word in front.
            pub const KIND: &'static str = $kind;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($kind, "-"))?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = IdError { kind: $kind };
                let hex = text.strip_prefix(concat!($kind, "-")).ok_or(wrong.clone())?;
                let mut bytes = [0_u8; $bytes];
                unhex(hex, &mut bytes).ok_or(wrong)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(/** What the clerk scheduled. */ MeetingId, "mtg", 16);
id!(/** All tracks and events of one gathering. */ RecordingId, "rec", 16);
id!(/** A stretch with one legal character and its own keys. */ SectionId, "sec", 16);
id!(/** All recorded slots under one permit; also the name of the one key pair that opens them. */ TrackId, "trk", 16);
id!(/** The process that recorded: the first eight bytes of the SHA-256 of its signing key's public half. */ GatewayId, "gtw", 8);
id!(/** One run of the recorder: slots are counted within it. */ EpochId, "epo", 8);

/// 20 ms on the gateway's absolute clock, counted from the start of its epoch; missed ticks are counted too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u64);

impl Slot {
    /// How long a slot lasts.
    pub const MS: u64 = 20;
}

/// A place in a meeting's rooms, counted from 1 within a recording; printed `seat-3`, spoken and shown as "Telefon 3".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeatNo(pub u32);

impl fmt::Display for SeatNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seat-{}", self.0)
    }
}

/// Lower-case hexadecimal of exactly the length of `into`.
pub(crate) fn unhex(text: &str, into: &mut [u8]) -> Option<()> {
    let text = text.as_bytes();
    if text.len() != into.len() * 2 {
        return None;
    }
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    for (pair, byte) in text.chunks_exact(2).zip(into) {
        let [high, low] = *pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = RecordingId([7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(serde_json::from_str::<RecordingId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let track = TrackId([7; 16]).to_string();
        assert!(track.parse::<RecordingId>().is_err());
        assert!("rec-07".parse::<RecordingId>().is_err());
        assert!("rec-../../../../etc/passwd000000000".parse::<RecordingId>().is_err());
    }
}
