//! What the desk may ask of a gateway, and what the gateway tells it.
//!
//! HTTP/1.1 and JSON on a Unix socket. The archive is the client, always; the gateway persists what it is told and
//! works on when the archive is away.
//!
//! | method and path | body → answer |
//! |---|---|
//! | `GET /v1/health` | → [`Health`] |
//! | `POST /v1/drain` | → 204: no new calls, everybody hears that it ends, then the gateway ends |
//! | `GET /v1/meetings` | → `Vec<`[`MeetingNow`]`>` |
//! | `PUT /v1/meetings/{meeting}` | [`Meeting`] → 204; `rule-in-use` where people are gathered under another rule |
//! | `DELETE /v1/meetings/{meeting}` | → 204 |
//! | `POST /v1/meetings/{meeting}/end` | → 204: everybody is said goodbye to, the recording is closed and handed over |
//! | `POST /v1/meetings/{meeting}/cut` | → [`CutDone`]: what is kept so far lies in `ready/` when this answers |
//! | `GET /v1/meetings/{meeting}/record?guest=G&recording=R&started_ms=T` | → [`RecordState`]: asked by the meeting's other gateways |
//! | `POST /v1/meetings/{meeting}/record/start` | → 204: begins or goes on, for whoever agrees |
//! | `POST /v1/meetings/{meeting}/record/pause?by=B` | → 204: by the desk's word, or as a guest gateway says, the chair's or a member's |
//! | `POST /v1/meetings/{meeting}/section/close` | → 204: every permit ends; the next section needs keys of its own |
//! | `POST /v1/meetings/{meeting}/marker` | [`Marker`] → 204 |
//! | `PUT /v1/meetings/{meeting}/agenda` | [`Agenda`] → 204 |
//! | `PUT /v1/meetings/{meeting}/lock` | [`Switch`] → 204 |
//! | `POST /v1/meetings/{meeting}/mute` | → 204: everybody but the chair |
//! | `GET /v1/meetings/{meeting}/hands` | → `Vec<SeatNo>`, first come first |
//! | `POST /v1/meetings/{meeting}/hands/next` | → [`Floor`]: the first hand is called and taken from the queue |
//! | `POST /v1/meetings/{meeting}/seats/{seat}/mute` | → 204: unmuting is the caller's alone |
//! | `PUT /v1/meetings/{meeting}/seats/{seat}/shared` | [`Switch`] → 204: several people speak through it, so it is off record; or one again, who is asked anew |
//! | `DELETE /v1/meetings/{meeting}/seats/{seat}` | → 204: said goodbye to |
//! | `GET /v1/events?after=N&boot=B` | → `text/event-stream` of [`Event`], `id:` is the cursor |
//! | `GET /v1/spool` | → [`Waiting`] |
//! | `GET /v1/spool/{chunk}` | → `Vec<String>`, the chunk's files |
//! | `GET /v1/spool/{chunk}/{file}` | → the file |
//! | `POST /v1/spool/{chunk}/acknowledge` | → 204: the gateway deletes the chunk |
//! | `GET /v1/orders/{order}` | → the order |
//! | `POST /v1/orders/{order}/acknowledge` | → 204 |
//!
//! Errors are [`Refusal`] with a 4xx or 5xx status. The same, for other programs, is `openapi.json` beside this crate.
//!
//! Not here: the spool itself (crate `spool`), authentication (the socket's permissions, until mutual TLS), and any behaviour.

pub mod pin;
pub mod receipt;

pub use pin::Role;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spool::id::{EpochId, GatewayId, MeetingId, RecordingId, SeatNo, SectionId, TrackId};
use spool::keys::PublicKey;
use zeroize::ZeroizeOnDrop;

/// A secret of a meeting: 32 bytes, lower-case hexadecimal in JSON. Never printed.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Secret(pub [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let hex: String = self.0.iter().map(|b| format!("{b:02x}")).collect();
        to.serialize_str(&hex)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(from)?);
        let mut bytes = [0_u8; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(serde::de::Error::custom("64 hexadecimal digits are needed"));
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16)
                .map_err(|_| serde::de::Error::custom("64 hexadecimal digits are needed"))?;
        }
        Ok(Self(bytes))
    }
}

/// Everything a gateway needs to hold a meeting, also when the archive is away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    pub id: MeetingId,
    /// The public meeting number, digits only; spoken with the receipt.
    pub number: String,
    /// HMAC-SHA-256 keys and digests; the gateway never learns a PIN that nobody keys in.
    pub pins: Pins,
    pub open: Open,
    pub rule: RuleNotice,
    pub section: SectionId,
    /// Is the record on as soon as somebody is there? For whoever agrees, never for anybody else.
    pub record: bool,
    /// HMAC-SHA-256 key from which receipts are made: see [`receipt`](Self::receipt_key).
    pub receipt_key: Secret,
    /// Public halves of unused track keys of the section; the gateway takes one a track and never uses one twice.
    pub track_keys: Vec<TrackKey>,
    /// Every gateway of the meeting, its home first: how the record stands is the home's word, and the others record as its
    /// [guests](RecordState). Each has track keys of its own. None, or one: this gateway alone.
    #[serde(default)]
    pub gateways: Vec<Door>,
}

/// A gateway, and where another one on the same machine reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    pub gateway: GatewayId,
    /// Absolute path of its control socket.
    pub socket: String,
}

/// Digests of the PINs under a key of the meeting: HMAC-SHA-256(key, role byte 'g' | 'm' | 'c' || PIN digits).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    pub key: Secret,
    pub guest: Secret,
    pub member: Option<Secret>,
    pub chair: Option<Secret>,
}

/// When callers are let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Open {
    /// Whenever somebody calls; each gathering from the first seat in to the last seat out is a recording of its own.
    Always,
    /// From `from_ms` to `until_ms` (UTC, Unix milliseconds).
    Between { from_ms: i64, until_ms: i64 },
}

/// What the gateway must know of the rule to tell callers the truth (GDPR Art. 13) and to mark chunks with their end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleNotice {
    /// For example `until-approval`.
    pub id: String,
    /// SHA-256 of the rule's canonical text, hexadecimal.
    pub hash: String,
    /// Only `consent` is carried out today; anything else is refused at `put meeting`.
    pub basis: String,
    /// For whom the basis holds. Only `everybody` is carried out today; a rule that treats members otherwise than residents is
    /// refused at `put meeting`.
    pub persons: String,
    /// Only `shred_track` is carried out today; anything else is refused at `put meeting`.
    pub on_withdrawal: String,
    /// The hard cap in calendar months from the meeting's start: spoken in the notice, and every chunk's `destroy_by`.
    pub cap_months: u32,
    /// Which notice is spoken: a text id of the gateway's prompt catalogue.
    pub notice: String,
}

/// The public half of one track's key pair. Its private half never leaves the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackKey {
    pub track: TrackId,
    pub public: PublicKey,
}

/// A meeting as the gateway sees it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingNow {
    pub id: MeetingId,
    pub number: String,
    /// The recording of the gathering now in progress.
    pub recording: Option<RecordingId>,
    /// Is whoever agreed being recorded now?
    pub recording_on: bool,
    /// How the record is meant to stand; `on` and yet not `recording_on` when the disk is in trouble.
    pub record: Record,
    /// Who paused it; `None` where it is not paused, or by nobody's word (an unclean start).
    pub paused_by: Option<PausedBy>,
    /// Nobody more is let in.
    pub locked: bool,
    /// What the desk said last.
    pub agenda: Option<u32>,
    pub seats: Vec<SeatNow>,
    /// Unused track keys left; the desk refills below a quarter of its pool.
    pub keys_left: u32,
}

/// A seat as the desk may see it: a name made from its number, never who telephones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatNow {
    pub seat: SeatNo,
    pub role: Role,
    pub state: SeatState,
    /// Is this voice being recorded (it has a permit and the record is on)?
    pub recorded: bool,
    pub muted: bool,
    /// Several people speak through it: off record, until that is taken back and the caller agrees anew.
    pub shared: bool,
    /// The place in the queue of raised hands, from 1.
    pub hand: Option<u32>,
    /// Pressed `0 0`: a person is asked for, and nobody has seen to it yet.
    pub wants_help: bool,
}

/// How a meeting's record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Off,
    On,
    Paused,
}

/// How a meeting's record stands, by the word of its home gateway.
///
/// A guest asks twice or more a second and holds each answer for two seconds, counted on its own monotonic clock from when
/// it asked. On a word that is older it records nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordState {
    pub home: GatewayId,
    /// The home's run: another one means that it was started anew.
    pub epoch: EpochId,
    /// Of the gathering, at whichever gateways it is; `None`: the home knows of nobody. A guest that names one while the home
    /// knows none gives the gathering its recording.
    pub recording: Option<RecordingId>,
    /// When it began, UTC; 0 without one.
    pub started_ms: i64,
    pub section: SectionId,
    /// False: the section is closed, and no other is open yet.
    pub open: bool,
    /// Without a gathering: how it would begin.
    pub record: Record,
    pub paused_by: Option<PausedBy>,
    /// The recording that the guest named was ended for all.
    pub ended: bool,
}

/// On whose word a record is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PausedBy {
    Chair,
    /// Demanded. By telephone only the chair's word ends it; the desk is to ask once more. Not kept over a restart.
    Member,
    Desk,
}

/// Which agenda item is being dealt with: spoken to whoever asks with `4`, and marked in the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agenda {
    /// 1 to 999; `None` takes it back.
    pub item: Option<u32>,
}

/// A place in the recording to come back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// Names a text of the desk: letters, digits and `-`, at most 64. Never what somebody said or is called.
    pub text_id: String,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    pub on: bool,
}

/// Who was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// `None`: no hand was up.
    pub seat: Option<SeatNo>,
}

/// What lies ready for the archive, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub chunks: Vec<String>,
    pub orders: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatState {
    /// Right PIN, still in the dialogue: hears the notice, not yet in the room.
    Arriving,
    InRoom,
}

/// Something that happened, in order. The cursor starts at 1 with each start of the gateway; `boot` tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub cursor: u64,
    pub boot: EpochId,
    pub utc_ms: i64,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    GatheringBegan {
        meeting: MeetingId,
        recording: RecordingId,
    },
    SeatArrived {
        meeting: MeetingId,
        seat: SeatNo,
    },
    SeatEntered {
        meeting: MeetingId,
        seat: SeatNo,
    },
    SeatLeft {
        meeting: MeetingId,
        seat: SeatNo,
    },
    PermitBegan {
        meeting: MeetingId,
        recording: RecordingId,
        seat: SeatNo,
        track: TrackId,
    },
    PermitEnded {
        meeting: MeetingId,
        recording: RecordingId,
        seat: SeatNo,
        track: TrackId,
    },
    ChunkReady {
        recording: RecordingId,
        chunk: String,
    },
    OrderWritten {
        recording: RecordingId,
        order: String,
    },
    KeysLow {
        meeting: MeetingId,
        left: u32,
    },
    RecordingTrouble {
        meeting: MeetingId,
        reason: String,
    },
    GatheringEnded {
        meeting: MeetingId,
        recording: RecordingId,
    },
    RecordChanged {
        meeting: MeetingId,
        recording: RecordingId,
        record: Record,
    },
    SectionClosed {
        meeting: MeetingId,
        recording: RecordingId,
        section: SectionId,
    },
    HandRaised {
        meeting: MeetingId,
        seat: SeatNo,
    },
    HandLowered {
        meeting: MeetingId,
        seat: SeatNo,
    },
    FloorGiven {
        meeting: MeetingId,
        seat: SeatNo,
    },
    HelpWanted {
        meeting: MeetingId,
        seat: SeatNo,
    },
    HelpAnswered {
        meeting: MeetingId,
        seat: SeatNo,
    },
    /// Marked by the caller's key or by the desk, or taken back by either.
    SeatShared {
        meeting: MeetingId,
        seat: SeatNo,
        on: bool,
    },
    Locked {
        meeting: MeetingId,
        on: bool,
    },
    AgendaChanged {
        meeting: MeetingId,
        item: Option<u32>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutDone {
    /// The chunk that was closed; `None` when nothing was being recorded.
    pub chunk: Option<String>,
    pub recording: Option<RecordingId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub gateway: GatewayId,
    /// The public half of the gateway's signing key, hexadecimal: what the archive pins when it pairs.
    pub signing_key: String,
    pub boot: EpochId,
    pub version: String,
    pub calls: u32,
    /// Absolute path of the spool directory, for an archive on the same machine.
    pub spool: String,
    /// SIP addresses listened on, `ip:port`, with `;transport=tcp` where it is not UDP.
    pub sip: Vec<String>,
    #[serde(default)]
    pub sip_counters: SipCounters,
}

/// What SIP came to since the gateway was started. Nothing in it names anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipCounters {
    /// Datagrams and messages, keep-alives included.
    pub received: u64,
    pub sent: u64,
    pub retransmissions: u64,
    /// What was no SIP, or none that could even be answered.
    pub dropped: u64,
    /// Answers and acknowledgements to nothing.
    pub strays: u64,
    pub calls_in: u64,
    pub calls_out: u64,
    /// Calls ended because their answer was never acknowledged.
    pub no_ack: u64,
    /// Requests turned down, by status.
    pub answered: BTreeMap<u16, u64>,
    /// Datagrams and connections from outside the allowed networks.
    pub strangers: u64,
    /// TCP connections standing now.
    pub connections: u64,
    pub connections_lost: u64,
    /// Closed because there were too many: those silent for longest, or the newest.
    pub connections_turned_away: u64,
}

/// Why a request was not carried out; `reason` is for logs and people, `code` for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: String,
    pub reason: String,
}

#[cfg(test)]
mod tests;
