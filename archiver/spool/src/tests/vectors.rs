//! `testdata/v1`: a spool made with fixed keys, times and chance. The reader must go on reading it, and the writer must make it
//! again byte for byte. Its files are never changed.
//!
//! Not here: what the bytes mean (`FORMAT.md`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::made::{self, Made, given, seat, sound};
use crate::disk::Disk;
use crate::id::{EpochId, GatewayId, Slot};
use crate::line::{
    Act, ActKind, Channel, Clock, CloseWhy, EndWhy, GapReason, MediaEvent, SeatFact, SeatKind, TrackFact, Whose, hash,
};
use crate::order::{self, Decision};
use crate::read;
use crate::write::ChunkWriter;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/v1")
}

/// Chunk 0 is closed at a withdrawal, chunk 1 at the end, chunk 2 is interrupted; one track is erased afterwards.
fn make(dir: TempDir) -> Made {
    let mut made = Made::on(Disk::default(), dir, 0);
    let clock = |at: u64| {
        let utc_ms = 1_800_000_000_000 + at as i64 * 20;
        MediaEvent::Clock(Clock { utc_ms, ntp: true, offset_us: -250, error_us: 900 })
    };
    let mut chunk = made.begin(0, vec![]);
    chunk.note(Slot(90), &MediaEvent::Started).unwrap();
    chunk.act(Slot(95), &given(ActKind::Offered, 1, made.track(1))).unwrap();
    made.consent(&mut chunk, 1, 100);
    made.consent(&mut chunk, 2, 110);
    chunk.note(Slot(110), &MediaEvent::OffRecord { on: true }).unwrap();
    made.talk(&mut chunk, 1, 100..140);
    made.talk(&mut chunk, 2, 110..118);
    chunk.sync().unwrap();
    let gap = MediaEvent::Gap {
        whose: Whose::Track(made.track(2)),
        from: Slot(118),
        until: Slot(130),
        reason: GapReason::Bleed,
    };
    chunk.note(Slot(130), &gap).unwrap();
    made.talk(&mut chunk, 2, 130..145);
    chunk.act(Slot(140), &given(ActKind::Withdrawn, 1, made.track(1))).unwrap();
    chunk.end_track(made.track(1), Slot(140), EndWhy::Withdrawn).unwrap();
    let gap =
        MediaEvent::Gap { whose: Whose::Seat(seat(3)), from: Slot(120), until: Slot(150), reason: GapReason::NoKeys };
    chunk.note(Slot(150), &gap).unwrap();
    let first = chunk.close(Slot(150), CloseWhy::Withdrawal).unwrap();

    let carried = TrackFact { track: made.track(2), seat: seat(2), from: Slot(110) };
    let mut chunk = made.spool.begin(made.head_after(1, &first.hash, vec![carried]), Slot(150)).unwrap();
    made.open_voice(&mut chunk, 2, 110);
    made.talk(&mut chunk, 2, 150..152);
    chunk.act(Slot(160), &given(ActKind::ErasedEarlier, 1, made.track(1))).unwrap();
    made.order(Decision::Erase, &[1]);
    chunk.note(Slot(165), &MediaEvent::Marker { text_id: "top-2".into() }).unwrap();
    every_word(&mut made, &mut chunk);
    chunk.note(Slot(170), &clock(170)).unwrap();
    let second = chunk.close(Slot(180), CloseWhy::Section).unwrap();

    let mut chunk = made.spool.begin(made.head_after(2, &second.hash, vec![carried]), Slot(180)).unwrap();
    chunk.note(Slot(180), &MediaEvent::Seat(SeatFact { seat: seat(4), kind: SeatKind::Web })).unwrap();
    chunk.note(Slot(182), &MediaEvent::Seat(SeatFact { seat: seat(3), kind: SeatKind::Shared })).unwrap();
    for (at, known) in [(184, false), (190, true)] {
        let (home, epoch) = (GatewayId([8; 8]), EpochId([9; 8]));
        chunk.note(Slot(at), &MediaEvent::State { home, epoch, known }).unwrap();
    }
    made.open_voice(&mut chunk, 2, 110);
    made.talk(&mut chunk, 2, 180..210);
    chunk.act(Slot(205), &given(ActKind::Withdrawn, 2, made.track(2))).unwrap();
    chunk.act(Slot(208), &given(ActKind::KeptEarlier, 2, made.track(2))).unwrap();
    made.order(Decision::Keep, &[2]);
    drop(chunk);
    made.spool.recover(1_800_000_006_000).unwrap();
    made
}

/// Lines and words of closed lists that the evening has no use for.
fn every_word(made: &mut Made, chunk: &mut ChunkWriter) {
    use {EndWhy as End, GapReason as Gap};
    let reasons = [
        Gap::Bleed,
        Gap::RingFull,
        Gap::Digits,
        Gap::Hold,
        Gap::Disk,
        Gap::Elsewhere,
        Gap::StateUnknown,
        Gap::Interrupted,
    ];
    for (from, reason) in (152..).zip(reasons) {
        let whose = Whose::Track(made.track(2));
        chunk.note(Slot(166), &MediaEvent::Gap { whose, from: Slot(from), until: Slot(from + 1), reason }).unwrap();
    }
    let whys = [End::Left, End::Section, End::End, End::Interrupted, End::Erased, End::NotKept, End::Shared];
    for (n, why) in (21..).zip(whys) {
        made.consent(chunk, n, 166);
        chunk.end_track(made.track(n), Slot(167), why).unwrap();
        chunk.note(Slot(167), &MediaEvent::Left { seat: seat(n) }).unwrap();
    }
    let kinds =
        [ActKind::Refused, ActKind::TimedOut, ActKind::HungUp, ActKind::Superseded, ActKind::Shared, ActKind::Unshared];
    for (n, kind) in (28..).zip(kinds) {
        chunk.act(Slot(167), &Act { track: None, ..given(kind, n, made.track(n)) }).unwrap();
    }
    for (n, channel) in (34..).zip([Channel::Web, Channel::Desk]) {
        let said = given(ActKind::Refused, n, made.track(n));
        chunk.act(Slot(167), &Act { channel, key: None, broken_off: None, track: None, ..said }).unwrap();
    }
    for event in [MediaEvent::Paused, MediaEvent::Resumed, MediaEvent::Stopped] {
        chunk.note(Slot(168), &event).unwrap();
    }
}

#[test]
fn the_vectors_are_what_they_were_when_version_1_was_frozen() {
    let listed: String =
        made::files(&testdata()).iter().map(|(name, bytes)| format!("{} {name}\n", hash(bytes))).collect();
    assert_eq!(hash(listed.as_bytes()), FROZEN, "a change of the format is a new version with vectors of its own");
}

#[test]
fn the_writer_makes_the_vectors_again_byte_for_byte() {
    let made = made::files(make(made::memory()).dir.path());
    let kept = made::files(&testdata());
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&kept));
    for (name, bytes) in &kept {
        assert!(made[name] == *bytes, "{name} differs");
    }
}

#[test]
fn the_reader_reads_the_vectors() {
    let made = Made::new();
    let read = |n: usize| {
        let name = read::ready(&testdata()).unwrap()[n].clone();
        read::chunk(&testdata().join("ready").join(name), &made.trust()).unwrap()
    };
    let (first, second, third) = (read(0), read(1), read(2));
    assert_eq!(first.erased, [made.track(1)]);
    assert_eq!(made.listen(&first.voices[0]), sound(made.track(2), (110..118).chain(130..145)));
    assert_eq!(second.head.previous, Some(first.hash));
    assert_eq!(made.listen(&second.voices[0]), sound(made.track(2), 150..152));
    assert!(third.interrupted);
    assert_eq!(made.listen(&third.voices[0]), sound(made.track(2), 180..205));
    assert_eq!(third.voices[0].until, Some(Slot(205)));
    let decisions: Vec<_> = read::orders(&testdata())
        .unwrap()
        .iter()
        .map(|name| order::read(&testdata().join("orders").join(name), &made.trust()).unwrap())
        .map(|order| (order.decision, order.tracks))
        .collect();
    assert_eq!(decisions, [(Decision::Erase, vec![made.track(1)]), (Decision::Keep, vec![made.track(2)])]);
}

/// SHA-256 over one line a file, with its SHA-256 and its name.
const FROZEN: &str = "e0c856ef636acc10d3ff3f59d910830500f557e1638e978cf672a83986cfb785";
