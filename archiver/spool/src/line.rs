//! The lines of `media.jsonl` and `consent.jsonl`.
//!
//! Every line is one JSON object that begins `{"n":0,"prev":"<sha256 of the previous line>","slot":123,…` and goes on with
//! the fields below; so each journal is a chain, and its last hash stands for all of it.
//! The first line of `media.jsonl` is a [`Head`], its last one a [`MediaEvent::Close`], which is signed.
//!
//! Not here: what must hold between lines ([`read`](mod@crate::read)).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{EpochId, GatewayId, MeetingId, RecordingId, SeatNo, SectionId, Slot, TrackId};
use crate::sign::Signature;

/// First line of `media.jsonl`: everything one must know to read this chunk without any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of the format: [`VERSION`].
    pub version: u32,
    pub gateway: GatewayId,
    pub epoch: EpochId,
    pub meeting: MeetingId,
    pub recording: RecordingId,
    /// Counted per recording and gateway, from 0; a gateway that takes a recording up again goes on with a higher one.
    pub chunk: u32,
    pub section: SectionId,
    /// The rule's id, for example `until-approval`.
    pub rule: String,
    /// SHA-256 of the rule's text, hexadecimal.
    pub rule_hash: String,
    /// When the meeting began, UTC.
    pub started_ms: i64,
    /// The meeting's beginning and the rule's hard cap, UTC: whoever still holds this chunk then destroys it.
    pub destroy_by_ms: i64,
    /// SHA-256 of the previous chunk's last line. A help, not a condition.
    pub previous: Option<String>,
    pub rooms: Vec<String>,
    pub seats: Vec<SeatFact>,
    /// Permits that are open when this chunk begins, each with the first slot it permits.
    pub tracks: Vec<TrackFact>,
    /// Where the slot of this line lies in UTC.
    pub clock: Clock,
}

/// A slot's place in UTC, as the gateway's wall clock said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub utc_ms: i64,
    /// Was the clock disciplined?
    pub ntp: bool,
    /// What the time service says the clock is off by.
    pub offset_us: i64,
    /// How far off `utc_ms` may be at most, as far as we know.
    pub error_us: i64,
}

/// Who sits where: a number and a kind, never a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatFact {
    pub seat: SeatNo,
    pub kind: SeatKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatKind {
    Telephone,
    Web,
    /// Several people speak through it.
    Shared,
}

/// A permit of a seat, and the name of the track recorded under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackFact {
    pub track: TrackId,
    pub seat: SeatNo,
    /// The first slot that is permitted.
    pub from: Slot,
}

/// One line of `media.jsonl` after the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum MediaEvent {
    /// Somebody sits down, or a seat that is known is of another kind from now on.
    Seat(SeatFact),
    Left {
        seat: SeatNo,
    },
    Track(TrackFact),
    TrackEnded {
        track: TrackId,
        /// The first slot that is no longer permitted.
        until: Slot,
        why: EndWhy,
    },
    /// Sound of a seat that said yes and was not kept, and why.
    Gap {
        #[serde(flatten)]
        whose: Whose,
        from: Slot,
        /// The first slot after it.
        until: Slot,
        reason: GapReason,
    },
    Started,
    Paused,
    Resumed,
    Stopped,
    Marker {
        text_id: String,
    },
    /// Some seat in the room has no permit (`on`), or none is without one. Never who.
    OffRecord {
        on: bool,
    },
    /// A gateway that records on another's word learnt, or lost, how the record stands.
    State {
        /// The gateway whose word it is.
        home: GatewayId,
        /// The home's run in which it gave its word.
        epoch: EpochId,
        known: bool,
    },
    /// Where this line's slot lies in UTC.
    Clock(Clock),
    /// The track's sound was destroyed; `<track>.erased` stands in its place.
    Erased {
        track: TrackId,
    },
    /// Written when an unfinished chunk was found and closed: what came after the last line and record is missing.
    Interrupted,
    /// Last line. Signed over everything else in it.
    Close {
        why: CloseWhy,
        /// Lines of `media.jsonl`, this one included.
        lines: u64,
        /// SHA-256 of the last line of `consent.jsonl` (of nothing when it is empty).
        consent_head: String,
        /// All other files, ordered by name.
        files: Vec<FileFact>,
        signature: Signature,
    },
}

impl MediaEvent {
    /// The permit that this line begins.
    pub fn begun(&self) -> Option<&TrackFact> {
        match self {
            Self::Track(fact) => Some(fact),
            Self::Seat(_) | Self::Left { .. } | Self::TrackEnded { .. } | Self::Gap { .. } => None,
            Self::Started | Self::Paused | Self::Resumed | Self::Stopped | Self::Marker { .. } => None,
            Self::OffRecord { .. } | Self::State { .. } | Self::Clock(_) => None,
            Self::Erased { .. } | Self::Interrupted | Self::Close { .. } => None,
        }
    }

    /// The track whose permit this line ends, and the first slot that is no longer permitted.
    pub fn ended(&self) -> Option<(TrackId, Slot)> {
        match self {
            Self::TrackEnded { track, until, .. } => Some((*track, *until)),
            Self::Seat(_) | Self::Left { .. } | Self::Track(_) | Self::Gap { .. } => None,
            Self::Started | Self::Paused | Self::Resumed | Self::Stopped | Self::Marker { .. } => None,
            Self::OffRecord { .. } | Self::State { .. } | Self::Clock(_) => None,
            Self::Erased { .. } | Self::Interrupted | Self::Close { .. } => None,
        }
    }
}

/// Whose sound a gap is: a permit's, or that of a seat whose yes found no key and so made no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    Track(TrackId),
    /// With [`GapReason::NoKeys`], and only with it.
    Seat(SeatNo),
}

impl Whose {
    pub fn track(self) -> Option<TrackId> {
        match self {
            Self::Track(track) => Some(track),
            Self::Seat(_) => None,
        }
    }
}

/// Why a permit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndWhy {
    Withdrawn,
    Left,
    /// Its section was closed.
    Section,
    /// The gathering ended.
    End,
    /// The gateway was killed; the permit ends at its last record.
    Interrupted,
    /// Its sound was destroyed while it was open.
    Erased,
    /// Its files could not be made: it ends where it began.
    NotKept,
    /// Several people speak through the seat.
    Shared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// Somebody off record was talking and may be heard through this seat.
    Bleed,
    /// The recorder was too slow.
    RingFull,
    /// The seat was keying digits.
    Digits,
    Hold,
    /// The disk was full or failed.
    Disk,
    /// The pool of keys was empty.
    NoKeys,
    /// The seat was in a room that is not recorded.
    Elsewhere,
    /// Nobody knew whether the record was on.
    StateUnknown,
    Interrupted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseWhy {
    Time,
    Section,
    Withdrawal,
    LastSeatLeft,
    End,
    Cut,
    Interrupted,
}

/// A file as it was when the chunk was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFact {
    pub name: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// One line of `consent.jsonl`: one act about one seat, in what words it was asked and how far it had heard them.
///
/// Never a number, a name, or anything made from one: a seat is who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub seat: SeatNo,
    pub kind: ActKind,
    pub channel: Channel,
    /// What the recording is for, as the text says it: an id, for example `minutes`.
    pub purpose: String,
    /// The text's id.
    pub text: String,
    pub text_version: u32,
    pub language: String,
    /// Over the words of `parts`, each ended by a line feed.
    pub text_sha256: String,
    /// Ids of the prompts of which the text consists, in the order in which it is spoken.
    pub parts: Vec<String>,
    pub heard: Heard,
    /// The part that was being spoken when the act came.
    pub broken_off: Option<BrokenOff>,
    pub key: Option<KeyPress>,
    /// The permit that begins or ends by this act.
    pub track: Option<TrackId>,
    pub utc_ms: i64,
    pub ntp: bool,
}

/// The way an act came. An exchange does not say whether a caller came over the public network, so neither does this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Telephone,
    Web,
    /// Done by the clerk, about the seat.
    Desk,
}

/// Ids of the parts that were played to their end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Heard(pub Vec<String>);

/// A part that was not played to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenOff {
    pub part: String,
    /// How much of it had been sent, within some 50 ms. Nothing follows from it: only whole parts count as heard.
    pub ms: u32,
}

/// A key press, by the time that its packets state (RFC 4733), as slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPress {
    pub key: char,
    /// Its first packet.
    pub from: Slot,
    /// In which it was let go; `None` for an act that did not wait for that.
    pub until: Option<Slot>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    Offered,
    Given,
    Refused,
    TimedOut,
    /// The earlier part is undecided from here on: it is erased unless [`KeptEarlier`](Self::KeptEarlier) follows.
    Withdrawn,
    KeptEarlier,
    ErasedEarlier,
    HungUp,
    /// What was being asked changed meanwhile: no answer to it counts, and it is asked anew.
    Superseded,
    /// Several people speak through this seat: it is off record.
    Shared,
    /// One person speaks through it again, who is asked anew.
    Unshared,
}

/// SHA-256, hexadecimal: what `prev`, heads and file facts are made of.
pub fn hash(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What every line begins with, and the rest of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line<E> {
    pub(crate) n: u64,
    pub(crate) prev: String,
    pub(crate) slot: Slot,
    #[serde(flatten)]
    pub(crate) rest: E,
}

/// The head as it stands in its line: an event like the others, but only ever the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum First<H> {
    Head(H),
}

/// Of the format.
pub const VERSION: u32 = 1;
/// Said before what a [`MediaEvent::Close`] signs.
pub(crate) const CHUNK_LABEL: &str = "amtsleitung spool 1 chunk";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_flat_and_its_signature_comes_last() {
        let rest = MediaEvent::Close {
            why: CloseWhy::LastSeatLeft,
            lines: 2,
            consent_head: hash(b""),
            files: vec![],
            signature: crate::sign::UNSIGNED,
        };
        let line = serde_json::to_string(&Line { n: 1, prev: hash(b"x"), slot: Slot(50), rest: rest.clone() }).unwrap();
        assert!(line.starts_with(r#"{"n":1,"prev":""#), "{line}");
        assert!(line.contains(r#","slot":50,"event":"close","why":"last_seat_left","lines":2,"#), "{line}");
        assert!(line.ends_with(&format!(r#","signature":"{}"}}"#, "0".repeat(128))), "{line}");
        assert_eq!(serde_json::from_str::<Line<MediaEvent>>(&line).unwrap().rest, rest);
    }

    #[test]
    fn every_event_reads_back() {
        let track = TrackId([9; 16]);
        let seat = SeatNo(3);
        let events = [
            MediaEvent::Seat(SeatFact { seat, kind: SeatKind::Telephone }),
            MediaEvent::Left { seat },
            MediaEvent::Track(TrackFact { track, seat, from: Slot(u64::MAX) }),
            MediaEvent::TrackEnded { track, until: Slot(7), why: EndWhy::NotKept },
            MediaEvent::Gap { whose: Whose::Track(track), from: Slot(1), until: Slot(2), reason: GapReason::RingFull },
            MediaEvent::Gap { whose: Whose::Seat(seat), from: Slot(1), until: Slot(2), reason: GapReason::NoKeys },
            MediaEvent::Started,
            MediaEvent::Paused,
            MediaEvent::Resumed,
            MediaEvent::Stopped,
            MediaEvent::Marker { text_id: "top-1".into() },
            MediaEvent::OffRecord { on: true },
            MediaEvent::State { home: GatewayId([1; 8]), epoch: EpochId([2; 8]), known: false },
            MediaEvent::Clock(Clock { utc_ms: -1, ntp: true, offset_us: i64::MIN, error_us: i64::MAX }),
            MediaEvent::Erased { track },
            MediaEvent::Interrupted,
        ];
        for rest in events {
            let line = Line { n: 1, prev: hash(b""), slot: Slot(1), rest };
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line<MediaEvent>>(&text).unwrap().rest, line.rest, "{text}");
        }
    }
}
