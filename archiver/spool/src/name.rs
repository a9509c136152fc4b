//! Names of chunks, orders and files in a spool: made from ids, read back only from that form, so that no name leads out of it.
//!
//! Not here: what is in them.

use std::fmt;
use std::str::FromStr;

use crate::id::{GatewayId, RecordingId, TrackId};

/// `<recording>.<gateway>.<n>`: a chunk's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkName {
    pub recording: RecordingId,
    pub gateway: GatewayId,
    pub number: u32,
}

/// `<recording>.<seq>`: an order's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderName {
    pub recording: RecordingId,
    pub seq: u64,
}

/// A file in a chunk's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileName {
    Media,
    Consent,
    Keys(TrackId),
    Voice(TrackId),
    Erased(TrackId),
}

/// Not a name of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name in a spool")]
pub struct NameError;

impl FileName {
    pub fn track(self) -> Option<TrackId> {
        match self {
            Self::Media | Self::Consent => None,
            Self::Keys(track) | Self::Voice(track) | Self::Erased(track) => Some(track),
        }
    }
}

impl fmt::Display for ChunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.recording, self.gateway, self.number)
    }
}

impl fmt::Display for OrderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.recording, self.seq)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Media => f.write_str("media.jsonl"),
            Self::Consent => f.write_str("consent.jsonl"),
            Self::Keys(track) => write!(f, "{track}.keys"),
            Self::Voice(track) => write!(f, "{track}.voice"),
            Self::Erased(track) => write!(f, "{track}.erased"),
        }
    }
}

impl FromStr for ChunkName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut parts = text.split('.');
        let (Some(recording), Some(gateway), Some(number), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NameError);
        };
        let name = Self {
            recording: recording.parse().map_err(|_| NameError)?,
            gateway: gateway.parse().map_err(|_| NameError)?,
            number: number.parse().map_err(|_| NameError)?,
        };
        only_form(name, text)
    }
}

impl FromStr for OrderName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (recording, seq) = text.split_once('.').ok_or(NameError)?;
        let name =
            Self { recording: recording.parse().map_err(|_| NameError)?, seq: seq.parse().map_err(|_| NameError)? };
        only_form(name, text)
    }
}

impl FromStr for FileName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "media.jsonl" => return Ok(Self::Media),
            "consent.jsonl" => return Ok(Self::Consent),
            _ => {}
        }
        let (track, ending) = text.split_once('.').ok_or(NameError)?;
        let track = track.parse().map_err(|_| NameError)?;
        match ending {
            "keys" => Ok(Self::Keys(track)),
            "voice" => Ok(Self::Voice(track)),
            "erased" => Ok(Self::Erased(track)),
            _ => Err(NameError),
        }
    }
}

/// `+7` and `07` read as numbers; as parts of names they would be a second name for one thing.
fn only_form<N: fmt::Display>(name: N, text: &str) -> Result<N, NameError> {
    if name.to_string() == text { Ok(name) } else { Err(NameError) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Repeatable chance: a counter hashed with a seed.
    pub(crate) fn dice(seed: u64) -> impl FnMut(&mut [u8]) {
        use sha2::{Digest, Sha256};
        let mut count = 0_u64;
        move |into: &mut [u8]| {
            for part in into.chunks_mut(32) {
                let block: [u8; 32] =
                    Sha256::new().chain_update(seed.to_be_bytes()).chain_update(count.to_be_bytes()).finalize().into();
                part.copy_from_slice(&block[..part.len()]);
                count += 1;
            }
        }
    }

    #[test]
    fn a_name_reads_back_what_it_prints() {
        let chunk = ChunkName { recording: RecordingId([1; 16]), gateway: GatewayId([2; 8]), number: 30 };
        assert_eq!(chunk.to_string().parse(), Ok(chunk));
        let order = OrderName { recording: RecordingId([1; 16]), seq: 9 };
        assert_eq!(order.to_string().parse(), Ok(order));
        for file in [
            FileName::Media,
            FileName::Consent,
            FileName::Keys(TrackId([3; 16])),
            FileName::Voice(TrackId([3; 16])),
            FileName::Erased(TrackId([3; 16])),
        ] {
            assert_eq!(file.to_string().parse(), Ok(file));
        }
    }

    #[test]
    fn no_name_leads_out_of_the_spool() {
        let recording = RecordingId([1; 16]);
        let gateway = GatewayId([2; 8]);
        for text in ["", ".", "..", "../x", "/etc/passwd", "media.jsonl/..", "x.keys", "trk-../x.keys"] {
            assert!(text.parse::<ChunkName>().is_err() && text.parse::<OrderName>().is_err(), "{text}");
        }
        for number in ["01", "+1", "-1", "4294967296", "1.gone", "", "1/..", " 1"] {
            assert!(format!("{recording}.{gateway}.{number}").parse::<ChunkName>().is_err(), "{number}");
            assert!(
                number == "4294967296" || format!("{recording}.{number}").parse::<OrderName>().is_err(),
                "{number}"
            );
        }
        assert!("../media.jsonl".parse::<FileName>().is_err());
        assert!(format!("{}.voice.tmp", TrackId([1; 16])).parse::<FileName>().is_err());
    }
}
