//! `consents.json` of an export: every act that a voice in it rests on, with its link of the chain of consents.
//!
//! Acts without a track stay in the archive: they would say who refused.
//! Whoever holds the file checks each link by itself: `salted` is the SHA-256 of salt and act, `hash` that of the link
//! (`crate::evidence`); links of others in between are not there, so `prev` leads on only where two follow each other.
//!
//! Not here: what an act says (`spool`), and the chain as a whole.

use serde::{Deserialize, Serialize};
use spool::id::TrackId;

use crate::evidence::{Chain, Link, Payload, hex};
use crate::playback::Playback;

#[derive(Debug, Serialize)]
pub(super) struct Consents {
    version: u32,
    chain: &'static str,
    acts: Vec<Laid>,
}

/// One act, laid open.
#[derive(Debug, Serialize)]
struct Laid {
    seq: i64,
    prev: String,
    at_ms: i64,
    kind: String,
    salted: String,
    hash: String,
    salt: String,
    /// To the letter: its hash is over these bytes.
    act: String,
}

/// What of an act decides whether it belongs to a voice.
#[derive(Deserialize)]
struct Of {
    track: Option<TrackId>,
}

pub(super) fn consents(playback: &Playback, acts: &[(Link, Payload)]) -> Consents {
    let exported = |payload: &Payload| {
        let of: Option<TrackId> = serde_json::from_str(&payload.text).ok().and_then(|of: Of| of.track);
        of.is_some_and(|track| playback.tracks.iter().any(|exported| exported.track == track))
    };
    let acts = acts.iter().filter(|(_, payload)| exported(payload)).map(|(link, payload)| Laid {
        seq: link.seq,
        prev: link.prev.clone(),
        at_ms: link.at_ms,
        kind: link.kind.clone(),
        salted: link.salted.clone(),
        hash: link.hash.clone(),
        salt: hex(&payload.salt),
        act: payload.text.clone(),
    });
    Consents { version: 0, chain: Chain::Consent.word(), acts: acts.collect() }
}

pub(super) const FILE: &str = "consents.json";
