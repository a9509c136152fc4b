//! Key pairs of tracks and the envelopes sealed to them (placeholder until the format's author fills it).

use serde::{Deserialize, Serialize};

/// A track's public half; `suite` names KEM, KDF and AEAD, `bytes` is base64 in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    pub suite: u16,
    pub bytes: Vec<u8>,
}
