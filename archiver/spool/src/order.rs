//! Orders: a caller's or clerk's will to erase, on its own way, ahead of the sound.
//!
//! `orders/<recording>.<seq>` is one signed line. An archive [`read`]s it, carries it out, and acknowledges it to the gateway.
//! It names tracks, never seats.
//!
//! Not here: how a gateway writes one ([`Spool::order`](crate::write::Spool::order)).

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::id::{GatewayId, MeetingId, RecordingId, TrackId};
use crate::line::VERSION;
use crate::name::OrderName;
use crate::read::{Rejection, Trust};
use crate::sign::{Signature, verified};
use crate::strict;

/// What is wanted, before a gateway numbers and signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    pub meeting: MeetingId,
    pub recording: RecordingId,
    pub decision: Decision,
    pub tracks: Vec<TrackId>,
    pub utc_ms: i64,
    pub destroy_by_ms: i64,
}

/// A will, numbered and signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub version: u32,
    pub gateway: GatewayId,
    pub meeting: MeetingId,
    pub recording: RecordingId,
    /// Rises within a gateway and a recording; with gaps.
    pub seq: u64,
    pub decision: Decision,
    pub tracks: Vec<TrackId>,
    /// When it was said.
    pub utc_ms: i64,
    /// Whoever still holds this order then destroys it.
    pub destroy_by_ms: i64,
    pub signature: Signature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Erase,
    /// The seat withdrew and said that what was recorded before stays.
    Keep,
}

/// Reads and verifies one order. `path` must be named as a spool names it.
pub fn read(path: &Path, trust: Trust<'_>) -> Result<Order, Rejection> {
    let name: OrderName = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.parse().ok())
        .ok_or_else(|| Rejection::Name { name: path.display().to_string() })?;
    let bytes = crate::read::whole_file(path, MAX_ORDER_BYTES)?;
    let strange = |why: &'static str| Rejection::Order { name, why };
    let line = bytes.strip_suffix(b"\n").ok_or(strange("is torn"))?;
    let probe: Probe = serde_json::from_slice(line).map_err(|_| strange("does not read"))?;
    if probe.version != VERSION {
        return Err(Rejection::Version { found: probe.version });
    }
    let order: Order = strict::read(line).map_err(|_| strange("does not read"))?;
    let key = trust(order.gateway).ok_or(Rejection::UnknownGateway { gateway: order.gateway })?;
    if key.gateway() != order.gateway || !verified(&key, ORDER_LABEL, line) {
        return Err(Rejection::Signature { what: "order" });
    }
    if name != (OrderName { recording: order.recording, seq: order.seq }) {
        return Err(strange("says it is another"));
    }
    Ok(order)
}

#[derive(Deserialize)]
struct Probe {
    version: u32,
}

/// Said before what an order signs.
pub(crate) const ORDER_LABEL: &str = "amtsleitung spool 1 order";
const MAX_ORDER_BYTES: u64 = 1 << 20;
