//! `openapi.json` says of every type what serde does: field for field, required or not, and of which kind.
//!
//! Not here: what the gateway does with a request (its own tests, and the stories).

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;

const MEETING: MeetingId = MeetingId([1; 16]);
const RECORDING: RecordingId = RecordingId([2; 16]);
const TRACK: TrackId = TrackId([3; 16]);
const SECTION: SectionId = SectionId([4; 16]);
const SEAT: SeatNo = SeatNo(3);

fn schemas() -> Value {
    let document: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    document["components"]["schemas"].clone()
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
}

/// Every field of the example, no other, each of its kind; required is what serde does not do without.
fn agrees<T: Serialize + DeserializeOwned>(name: &str, example: &T) {
    let schema = &schemas()[name];
    let value = serde_json::to_value(example).unwrap();
    assert_eq!(names(&value), names(&schema["properties"]), "{name}");
    for (field, inside) in value.as_object().unwrap() {
        is_of_kind(&format!("{name}.{field}"), inside, &schema["properties"][field]);
        let mut without = value.clone();
        without.as_object_mut().unwrap().remove(field);
        let needed = serde_json::from_value::<T>(without).is_err();
        let closed = schema["additionalProperties"] == false;
        let said = schema["required"].as_array().unwrap().iter().any(|required| required == field);
        // What the gateway says always has all its fields.
        assert!(if closed { needed == said } else { said }, "{name}.{field}: required is {said}");
    }
    let mut more = value.clone();
    more.as_object_mut().unwrap().insert("more".into(), Value::Null);
    assert_eq!(serde_json::from_value::<T>(more).is_err(), schema["additionalProperties"] == false, "{name}");
}

fn is_of_kind(what: &str, value: &Value, schema: &Value) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => schemas()[name.trim_start_matches("#/components/schemas/")].clone(),
        None => schema.clone(),
    };
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{what} is {value}");
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    let listed = kinds.as_array().is_some_and(|kinds| kinds.iter().any(|k| k == kind));
    assert!(kinds == kind || listed || schema["oneOf"].is_array(), "{what} is {kind}, not {kinds}");
}

fn track_key() -> TrackKey {
    TrackKey { track: TRACK, public: PublicKey { suite: 0x50, bytes: vec![1] } }
}

fn meeting() -> Meeting {
    let secret = || Secret([7; 32]);
    Meeting {
        id: MEETING,
        number: "4711".into(),
        pins: Pins { key: secret(), guest: secret(), member: Some(secret()), chair: Some(secret()) },
        open: Open::Between { from_ms: 1, until_ms: 2 },
        rule: RuleNotice {
            id: "until-approval".into(),
            hash: "00".into(),
            basis: "consent".into(),
            persons: "everybody".into(),
            on_withdrawal: "shred_track".into(),
            cap_months: 6,
            notice: "until-approval".into(),
        },
        section: SECTION,
        record: true,
        receipt_key: secret(),
        track_keys: vec![track_key()],
        gateways: vec![Door { gateway: GatewayId([1; 8]), socket: "/s".into() }],
    }
}

fn seat() -> SeatNow {
    let (role, state) = (Role::Guest, SeatState::InRoom);
    SeatNow { seat: SEAT, role, state, recorded: true, muted: false, shared: false, hand: Some(1), wants_help: false }
}

#[test]
fn the_document_has_every_field_of_every_type_and_no_other() {
    let meeting = meeting();
    agrees("Meeting", &meeting);
    agrees("Pins", &meeting.pins);
    agrees("RuleNotice", &meeting.rule);
    agrees("TrackKey", &track_key());
    agrees("SeatNow", &seat());
    agrees(
        "MeetingNow",
        &MeetingNow {
            id: MEETING,
            number: "4711".into(),
            recording: Some(RECORDING),
            recording_on: true,
            record: Record::Paused,
            paused_by: Some(PausedBy::Member),
            locked: false,
            agenda: Some(3),
            seats: vec![seat()],
            keys_left: 9,
        },
    );
    agrees("Door", &meeting.gateways[0]);
    agrees(
        "RecordState",
        &RecordState {
            home: GatewayId([1; 8]),
            epoch: EpochId([1; 8]),
            recording: Some(RECORDING),
            started_ms: 1,
            section: SECTION,
            open: true,
            record: Record::On,
            paused_by: None,
            ended: false,
        },
    );
    agrees("Agenda", &Agenda { item: Some(3) });
    agrees("Marker", &Marker { text_id: "a".into() });
    agrees("Switch", &Switch { on: true });
    agrees("Floor", &Floor { seat: Some(SEAT) });
    agrees("Waiting", &Waiting::default());
    agrees("CutDone", &CutDone { chunk: Some("a".into()), recording: Some(RECORDING) });
    agrees("Refusal", &Refusal { code: "a".into(), reason: "b".into() });
    agrees(
        "Health",
        &Health {
            gateway: GatewayId([1; 8]),
            signing_key: String::new(),
            boot: EpochId([1; 8]),
            version: String::new(),
            calls: 0,
            spool: String::new(),
            sip: Vec::new(),
            sip_counters: SipCounters::default(),
        },
    );
    agrees("SipCounters", &SipCounters::default());
}

#[test]
fn the_words_of_the_document_are_those_of_the_types() {
    fn words<T: Serialize>(all: &[T]) -> Value {
        Value::Array(all.iter().map(|one| serde_json::to_value(one).unwrap()).collect())
    }
    let schemas = schemas();
    assert_eq!(schemas["Role"]["enum"], words(&[Role::Guest, Role::Member, Role::Chair]));
    assert_eq!(schemas["SeatState"]["enum"], words(&[SeatState::Arriving, SeatState::InRoom]));
    assert_eq!(schemas["Record"]["enum"], words(&[Record::Off, Record::On, Record::Paused]));
    assert_eq!(schemas["PausedBy"]["enum"], words(&[PausedBy::Chair, PausedBy::Member, PausedBy::Desk]));
}

#[test]
fn the_document_names_every_event_and_what_it_carries() {
    let (meeting, recording, seat, track) = (MEETING, RECORDING, SEAT, TRACK);
    let all = [
        What::GatheringBegan { meeting, recording },
        What::SeatArrived { meeting, seat },
        What::SeatEntered { meeting, seat },
        What::SeatLeft { meeting, seat },
        What::PermitBegan { meeting, recording, seat, track },
        What::PermitEnded { meeting, recording, seat, track },
        What::ChunkReady { recording, chunk: String::new() },
        What::OrderWritten { recording, order: String::new() },
        What::KeysLow { meeting, left: 1 },
        What::RecordingTrouble { meeting, reason: String::new() },
        What::GatheringEnded { meeting, recording },
        What::RecordChanged { meeting, recording, record: Record::On },
        What::SectionClosed { meeting, recording, section: SECTION },
        What::HandRaised { meeting, seat },
        What::HandLowered { meeting, seat },
        What::FloorGiven { meeting, seat },
        What::HelpWanted { meeting, seat },
        What::HelpAnswered { meeting, seat },
        What::SeatShared { meeting, seat, on: true },
        What::Locked { meeting, on: true },
        What::AgendaChanged { meeting, item: Some(3) },
    ];
    let schema = &schemas()["Event"];
    let (mut carried, mut told) = (BTreeMap::new(), BTreeSet::new());
    for what in all {
        // Whoever adds an event is told here to write it above.
        match &what {
            What::GatheringBegan { .. } | What::SeatArrived { .. } | What::SeatEntered { .. } => {}
            What::SeatLeft { .. } | What::PermitBegan { .. } | What::PermitEnded { .. } => {}
            What::ChunkReady { .. } | What::OrderWritten { .. } | What::KeysLow { .. } => {}
            What::RecordingTrouble { .. } | What::GatheringEnded { .. } | What::RecordChanged { .. } => {}
            What::SectionClosed { .. } | What::HandRaised { .. } | What::HandLowered { .. } => {}
            What::FloorGiven { .. } | What::HelpWanted { .. } | What::Locked { .. } => {}
            What::HelpAnswered { .. } | What::SeatShared { .. } | What::AgendaChanged { .. } => {}
        }
        let event = serde_json::to_value(Event { cursor: 1, boot: EpochId([1; 8]), utc_ms: 2, what }).unwrap();
        told.insert(event["what"].as_str().unwrap().to_owned());
        carried.extend(event.as_object().unwrap().clone());
    }
    assert_eq!(names(&Value::Object(carried.clone().into_iter().collect())), names(&schema["properties"]));
    for (field, value) in carried {
        is_of_kind(&format!("Event.{field}"), &value, &schema["properties"][&field]);
    }
    let words = schema["properties"]["what"]["enum"].as_array().unwrap();
    assert_eq!(told, words.iter().map(|word| word.as_str().unwrap().to_owned()).collect());
}

#[test]
fn the_document_describes_no_type_that_is_not_there() {
    let known = "Meeting Door RecordState Pins Open RuleNotice TrackKey PublicKey MeetingNow SeatNow Role SeatState Record PausedBy Agenda Marker \
                 Switch Floor Waiting CutDone Health SipCounters Refusal Event";
    assert_eq!(names(&schemas()), known.split_whitespace().map(str::to_owned).collect());
}
