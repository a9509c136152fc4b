//! `<track>.erased`: stands where a track's `.keys` and `.voice` were, and says so under the gateway's signature.
//!
//! It wins over both when they still exist: an erasure that began is never undone.
//!
//! Not here: who ordered it ([`order`](crate::order)).

use serde::{Deserialize, Serialize};

use crate::id::{GatewayId, RecordingId, TrackId};
use crate::line::FileFact;
use crate::sign::Signature;

/// One signed line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    pub version: u32,
    pub gateway: GatewayId,
    pub recording: RecordingId,
    pub chunk: u32,
    pub track: TrackId,
    /// The files it replaces, as they were; none when the track had no sound in this chunk.
    pub replaces: Vec<FileFact>,
    pub signature: Signature,
}

/// Said before what an `.erased` file signs.
pub(crate) const ERASED_LABEL: &str = "amtsleitung spool 1 erased";
