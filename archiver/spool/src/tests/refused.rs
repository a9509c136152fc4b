//! What the reader refuses, each for its own reason; and that no byte of a chunk can change unnoticed.
//!
//! Not here: breakage that nobody thought of (`mutation`), and what the archive does with what is refused.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::made::{self, Made, given, seat, track};
use crate::erased::ERASED_LABEL;
use crate::id::{GatewayId, RecordingId, Slot};
use crate::keys::{FileKey, wrap};
use crate::line::{
    Act, ActKind, CHUNK_LABEL, CloseWhy, EndWhy, FileFact, First, GapReason, Head, Line, MediaEvent, TrackFact, Whose,
    hash,
};
use crate::name::tests::dice;
use crate::name::{ChunkName, FileName};
use crate::order::{self, Decision, ORDER_LABEL};
use crate::read::{self, Chunk, Rejection};
use crate::sign::{SigningKey, UNSIGNED, signed};
use crate::voice;

/// A chunk whose parts a test may change before it is signed again, as a gateway that went wrong would sign it.
struct Forged {
    dir: TempDir,
    key: SigningKey,
    name: ChunkName,
    head: Head,
    media: Vec<(Slot, MediaEvent)>,
    acts: Vec<(Slot, Act)>,
    files: BTreeMap<String, Vec<u8>>,
    until: Slot,
    why: CloseWhy,
}

impl Forged {
    fn new() -> Self {
        let (made, name) = Made::with_one_chunk();
        let chunk = made.read(&name);
        let mut media = chunk.media;
        media.pop();
        let mut files = made::files(&made.dir.path().join("ready").join(&name));
        files.retain(|name, _| !name.ends_with(".jsonl"));
        Self {
            dir: made::memory(),
            key: made.key.clone(),
            name: name.parse().unwrap(),
            head: chunk.head,
            media,
            acts: chunk.acts,
            files,
            until: chunk.until,
            why: CloseWhy::End,
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(self.name.to_string())
    }

    fn event(&mut self, change: impl Fn(&mut MediaEvent)) {
        self.media.iter_mut().for_each(|(_, event)| change(event));
    }

    fn read(&mut self) -> Result<Chunk, Rejection> {
        let mut consent = String::new();
        let mut prev = hash(b"");
        for (n, (slot, act)) in self.acts.iter().enumerate() {
            line(&mut consent, &mut prev, n, *slot, act, None);
        }
        self.files.insert("consent.jsonl".into(), consent.into_bytes());
        let consent_head = std::mem::replace(&mut prev, hash(b""));
        let mut media = String::new();
        line(&mut media, &mut prev, 0, Slot(90), First::Head(&self.head), None);
        for (n, (slot, event)) in self.media.iter().enumerate() {
            line(&mut media, &mut prev, n + 1, *slot, event, None);
        }
        let fact = |(name, bytes): (&String, &Vec<u8>)| FileFact {
            name: name.clone(),
            bytes: bytes.len() as u64,
            sha256: hash(bytes),
        };
        let files = self.files.iter().filter(|(name, _)| *name != "media.jsonl").map(fact).collect();
        let lines = self.media.len() as u64 + 2;
        let close = MediaEvent::Close { why: self.why, lines, consent_head, files, signature: UNSIGNED };
        line(&mut media, &mut prev, self.media.len() + 1, self.until, close, Some(&self.key));
        let path = self.path();
        std::fs::create_dir_all(&path).unwrap();
        for (name, bytes) in &self.files {
            std::fs::write(path.join(name), bytes).unwrap();
        }
        std::fs::write(path.join("media.jsonl"), media).unwrap();
        read::chunk(&path, &trust(&self.key))
    }

    fn voice(&mut self, n: u8) -> &mut Vec<u8> {
        self.files.get_mut(&FileName::Voice(track(n)).to_string()).unwrap()
    }
}

fn line(
    into: &mut String,
    prev: &mut String,
    n: usize,
    slot: Slot,
    rest: impl serde::Serialize,
    key: Option<&SigningKey>,
) {
    let mut text = serde_json::to_string(&Line { n: n as u64, prev: prev.clone(), slot, rest }).unwrap();
    if let Some(key) = key {
        text = signed(key, CHUNK_LABEL, &text);
    }
    *prev = hash(text.as_bytes());
    into.push_str(&text);
    into.push('\n');
}

fn trust(key: &SigningKey) -> impl Fn(GatewayId) -> Option<crate::sign::VerifyingKey> + use<> {
    let key = key.verifying();
    move |gateway| (gateway == key.gateway()).then_some(key)
}

/// Changes a chunk that a gateway signed, and says why it is refused now.
fn spoiled(spoil: impl Fn(&Path)) -> Rejection {
    let (made, name) = Made::with_one_chunk();
    let path = made.dir.path().join("ready").join(name);
    spoil(&path);
    read::chunk(&path, &made.trust()).unwrap_err()
}

macro_rules! refused {
    ($rejection:expr, $pattern:pat) => {
        let rejection = $rejection;
        assert!(matches!(rejection, $pattern), "{rejection:?}");
    };
}

#[test]
fn no_bit_of_any_file_can_flip_unnoticed() {
    let (made, name) = Made::with_one_chunk();
    made.order(Decision::Erase, &[2]);
    let path = made.dir.path().join("ready").join(&name);
    let sound = made.read(&name);
    for (file, bytes) in made::files(&path) {
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << (at % 8);
            std::fs::write(path.join(&file), &bent).unwrap();
            assert!(read::chunk(&path, &made.trust()).is_err(), "byte {at} of {file}");
        }
        std::fs::write(path.join(&file), &bytes).unwrap();
    }
    assert_eq!(made.read(&name), sound);
}

#[test]
fn no_bit_of_an_order_can_flip_unnoticed() {
    let (made, _) = Made::with_one_chunk();
    let path = made.dir.path().join("orders").join(made.order(Decision::Keep, &[1]));
    let bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bent).unwrap();
        assert!(order::read(&path, &made.trust()).is_err(), "byte {at}");
        std::fs::write(&path, &bytes[..at]).unwrap();
        assert!(order::read(&path, &made.trust()).is_err(), "cut at {at}");
    }
}

#[test]
fn an_order_under_another_name_is_refused() {
    let (made, _) = Made::with_one_chunk();
    let orders = made.dir.path().join("orders");
    let name = made.order(Decision::Erase, &[1]);
    let other = name.rsplit_once('.').unwrap().0.to_owned() + ".5";
    std::fs::rename(orders.join(&name), orders.join(&other)).unwrap();
    refused!(order::read(&orders.join(other), &made.trust()).unwrap_err(), Rejection::Order { .. });
    refused!(order::read(&orders.join("x"), &made.trust()).unwrap_err(), Rejection::Name { .. });
}

#[test]
fn a_file_that_was_signed_and_is_missing_is_told() {
    for name in [FileName::Keys(track(1)), FileName::Voice(track(1))] {
        refused!(spoiled(|path| std::fs::remove_file(path.join(name.to_string())).unwrap()), Rejection::Missing { .. });
    }
    for name in ["media.jsonl", "consent.jsonl"] {
        refused!(spoiled(|path| std::fs::remove_file(path.join(name)).unwrap()), Rejection::Io { .. });
    }
}

#[test]
fn a_file_that_was_not_signed_is_refused() {
    let name = FileName::Voice(track(7)).to_string();
    refused!(spoiled(|path| std::fs::write(path.join(&name), b"?").unwrap()), Rejection::Unlisted { .. });
    refused!(spoiled(|path| std::fs::write(path.join("x"), b"?").unwrap()), Rejection::Strange { .. });
    refused!(spoiled(|path| std::fs::create_dir(path.join("x")).unwrap()), Rejection::Strange { .. });
}

#[test]
fn a_torn_journal_is_refused() {
    let cut = |path: &Path, by: usize| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() - by]).unwrap();
    };
    refused!(spoiled(|path| cut(&path.join("media.jsonl"), 1)), Rejection::Torn { .. });
    refused!(spoiled(|path| cut(&path.join("consent.jsonl"), 7)), Rejection::Torn { .. });
}

#[test]
fn a_journal_that_lost_its_last_line_is_refused() {
    let drop_last = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let cut = text.trim_end().rfind('\n').unwrap() + 1;
        std::fs::write(path, &text[..cut]).unwrap();
    };
    refused!(spoiled(|path| drop_last(path.join("media.jsonl"))), Rejection::NotClosed);
    refused!(spoiled(|path| drop_last(path.join("consent.jsonl"))), Rejection::ConsentHead);
}

#[test]
fn a_torn_voice_is_refused() {
    let name = FileName::Voice(track(1)).to_string();
    let cut = |path: &Path| {
        let bytes = std::fs::read(path.join(&name)).unwrap();
        std::fs::write(path.join(&name), &bytes[..bytes.len() - 3]).unwrap();
    };
    refused!(spoiled(cut), Rejection::Changed { .. });
    let mut signed_torn = Forged::new();
    signed_torn.voice(1).truncate(300);
    refused!(signed_torn.read().unwrap_err(), Rejection::Header { .. });
}

#[test]
fn an_unknown_gateway_and_a_wrong_key_are_refused() {
    let (made, name) = Made::with_one_chunk();
    let path = made.dir.path().join("ready").join(name);
    refused!(read::chunk(&path, &|_| None).unwrap_err(), Rejection::UnknownGateway { .. });
    let other = SigningKey::from_seed([9; 32]).verifying();
    refused!(read::chunk(&path, &|_| Some(other)).unwrap_err(), Rejection::UnknownGateway { .. });
    let mut forged = Forged::new();
    forged.key = SigningKey::from_seed([9; 32]);
    forged.read().unwrap_err();
    refused!(read::chunk(&forged.path(), &made.trust()).unwrap_err(), Rejection::Signature { what: "chunk" });
}

#[test]
fn a_chunk_under_another_name_is_refused() {
    let mut forged = Forged::new();
    forged.name.number = 8;
    refused!(forged.read().unwrap_err(), Rejection::OtherChunk { .. });
    let mut forged = Forged::new();
    forged.name.recording = RecordingId([8; 16]);
    refused!(forged.read().unwrap_err(), Rejection::OtherChunk { .. });
    refused!(read::chunk(Path::new("/tmp"), &|_| None).unwrap_err(), Rejection::Name { .. });
}

#[test]
fn a_version_that_is_not_known_is_told_before_anything_else() {
    let mut forged = Forged::new();
    forged.head.version = 2;
    refused!(forged.read().unwrap_err(), Rejection::Version { found: 2 });
    let mut forged = Forged::new();
    forged.voice(1)[5] = 2;
    refused!(forged.read().unwrap_err(), Rejection::Voice { why: voice::VoiceError::Version(2), .. });
}

#[test]
fn a_slot_outside_its_permit_puts_its_track_alone_aside() {
    let mut late = Forged::new();
    late.event(|event| {
        if let MediaEvent::TrackEnded { until, .. } = event {
            *until = Slot(149);
        }
    });
    let chunk = late.read().unwrap();
    assert!(chunk.voices[0].uncovered.as_ref().unwrap().contains("slot 149 of trk-01"));
    assert_eq!(chunk.voices[1].uncovered, None);

    let mut early = Forged::new();
    early.event(|event| {
        if let MediaEvent::Track(fact) = event
            && fact.track == track(2)
        {
            fact.from = Slot(101);
        }
    });
    let chunk = early.read().unwrap();
    assert!(chunk.voices[1].uncovered.is_some() && chunk.voices[0].uncovered.is_none());

    let mut beyond = Forged::new();
    beyond.until = Slot(149);
    assert!(beyond.read().unwrap().voices[1].uncovered.is_some(), "an open permit reaches to the close and no further");
}

#[test]
fn two_permits_of_a_seat_that_overlap_are_refused() {
    let mut forged = Forged::new();
    let fact = TrackFact { track: track(5), seat: seat(1), from: Slot(149) };
    forged.media.push((Slot(160), MediaEvent::Track(fact)));
    refused!(forged.read().unwrap_err(), Rejection::Overlap { .. });
    let fact = TrackFact { from: Slot(150), ..fact };
    *forged.media.last_mut().unwrap() = (Slot(160), MediaEvent::Track(fact));
    forged.read().unwrap();
    forged.media.push((Slot(170), MediaEvent::Track(TrackFact { seat: seat(3), ..fact })));
    refused!(forged.read().unwrap_err(), Rejection::TwoPermits { .. });
}

#[test]
fn a_permit_that_ends_twice_or_never_began_is_refused() {
    let ended = |n| MediaEvent::TrackEnded { track: track(n), until: Slot(150), why: EndWhy::Left };
    let mut forged = Forged::new();
    forged.media.push((Slot(160), ended(1)));
    refused!(forged.read().unwrap_err(), Rejection::TwoPermits { .. });
    let mut forged = Forged::new();
    forged.media.push((Slot(160), ended(9)));
    refused!(forged.read().unwrap_err(), Rejection::NoPermit { .. });
}

#[test]
fn a_gap_of_a_seat_is_for_want_of_a_key_and_every_other_gap_is_a_permits() {
    let gap = |whose, reason| MediaEvent::Gap { whose, from: Slot(120), until: Slot(140), reason };
    let said = |event| {
        let mut forged = Forged::new();
        forged.media.push((Slot(160), event));
        forged.read()
    };
    said(gap(Whose::Seat(seat(3)), GapReason::NoKeys)).unwrap();
    said(gap(Whose::Track(track(2)), GapReason::Elsewhere)).unwrap();
    refused!(said(gap(Whose::Seat(seat(3)), GapReason::Elsewhere)).unwrap_err(), Rejection::Place { .. });
    refused!(said(gap(Whose::Track(track(2)), GapReason::NoKeys)).unwrap_err(), Rejection::Place { .. });
    refused!(said(gap(Whose::Track(track(9)), GapReason::Disk)).unwrap_err(), Rejection::NoPermit { .. });
}

#[test]
fn sound_without_a_permit_is_refused() {
    let mut forged = Forged::new();
    forged.media.retain(|(_, event)| !matches!(event, MediaEvent::Track(fact) if fact.track == track(2)));
    refused!(forged.read().unwrap_err(), Rejection::NoPermit { .. });
}

#[test]
fn sound_without_its_envelope_is_refused_and_the_other_way_round() {
    for name in [FileName::Keys(track(1)), FileName::Voice(track(1))] {
        let mut forged = Forged::new();
        forged.files.remove(&name.to_string());
        refused!(forged.read().unwrap_err(), Rejection::Half { .. });
    }
}

#[test]
fn a_voice_or_an_envelope_of_another_track_or_chunk_is_refused() {
    let mut swapped = Forged::new();
    let other = swapped.voice(2).clone();
    *swapped.voice(1) = other;
    refused!(swapped.read().unwrap_err(), Rejection::Header { .. });
    let mut swapped = Forged::new();
    let [one, two] = [1, 2].map(|n| FileName::Keys(track(n)).to_string());
    swapped.files.insert(one, swapped.files[&two].clone());
    refused!(swapped.read().unwrap_err(), Rejection::Envelope { .. });
    let mut other_epoch = Forged::new();
    other_epoch.head.epoch.0[0] ^= 1;
    refused!(other_epoch.read().unwrap_err(), Rejection::Header { .. });
}

#[test]
fn a_voice_without_an_end_is_taken_from_an_interrupted_chunk_only() {
    let mut forged = Forged::new();
    let records = voice::index(forged.voice(1)).unwrap().0;
    forged.voice(1).truncate(records.last().unwrap().offset as usize);
    refused!(forged.read().unwrap_err(), Rejection::Header { .. });
    forged.media.push((Slot(200), MediaEvent::Interrupted));
    refused!(forged.read().unwrap_err(), Rejection::Place { .. });
    forged.why = CloseWhy::Interrupted;
    assert!(forged.read().unwrap().interrupted);
}

#[test]
fn an_erasure_that_is_not_of_this_track_chunk_and_gateway_is_refused() {
    let (made, name) = Made::with_one_chunk();
    let path = made.dir.path().join("ready").join(&name);
    made.order(Decision::Erase, &[1]);
    let [one, two] = [1, 2].map(|n| path.join(FileName::Erased(track(n)).to_string()));
    let text = std::fs::read_to_string(&one).unwrap();
    std::fs::write(&two, &text).unwrap();
    refused!(read::chunk(&path, &made.trust()).unwrap_err(), Rejection::Erased { .. });
    std::fs::write(&two, text.replace("trk-01", "trk-02")).unwrap();
    refused!(read::chunk(&path, &made.trust()).unwrap_err(), Rejection::Signature { what: "erasure" });
    std::fs::remove_file(&two).unwrap();
    made.read(&name);
}

#[test]
fn an_erasure_does_not_excuse_a_file_it_does_not_name() {
    let (mut made, _) = Made::with_one_chunk();
    let mut chunk = made.begin(1, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..150);
    let name = chunk.close(Slot(200), CloseWhy::End).unwrap().name;
    let path = made.dir.path().join("ready").join(&name);
    let keys = path.join(FileName::Keys(track(1)).to_string());
    let envelope = std::fs::read(&keys).unwrap();
    made.order(Decision::Erase, &[1]);
    // The same erasure in a chunk that was signed over other bytes.
    let mut forged = Forged::new();
    forged.read().unwrap();
    let erased = FileName::Erased(track(1)).to_string();
    let chunk_0 = made.dir.path().join("ready").join(made.spool.ready().unwrap()[0].clone());
    std::fs::copy(chunk_0.join(&erased), forged.path().join(&erased)).unwrap();
    assert_eq!(read::chunk(&forged.path(), &made.trust()).unwrap().erased, [track(1)]);
    forged.files.insert(FileName::Keys(track(1)).to_string(), envelope);
    refused!(
        forged
            .read()
            .map(|chunk| chunk.erased)
            .and_then(|erased| {
                assert_eq!(erased, [track(1)], "erased wins while the files are there");
                std::fs::remove_file(forged.path().join(FileName::Keys(track(1)).to_string())).unwrap();
                read::chunk(&forged.path(), &made.trust()).map(|_| ())
            })
            .unwrap_err(),
        Rejection::Missing { .. }
    );
}

#[test]
fn a_field_that_is_not_known_is_refused_in_every_text_and_an_ext_is_passed_over() {
    let with = |bytes: &[u8], field: &str| {
        let text = std::str::from_utf8(bytes).unwrap();
        text.replacen('{', &format!("{{{field},"), 1).trim_end().to_owned()
    };
    for (field, taken) in [(r#""later":1"#, false), (r#""ext":1"#, false), (r#""ext":{"later":1}"#, true)] {
        for journal in ["media.jsonl", "consent.jsonl"] {
            let (made, name) = Made::with_one_chunk();
            let path = made.dir.path().join("ready").join(&name);
            let mut files = made::files(&path);
            files.insert(journal.into(), with(&files[journal], field).into_bytes());
            super::mutation::signed_again(&made, &mut files);
            files.iter().for_each(|(name, bytes)| std::fs::write(path.join(name), bytes).unwrap());
            assert_eq!(read::chunk(&path, &made.trust()).is_ok(), taken, "{field} in {journal}");
        }
        let mut forged = Forged::new();
        let keys = FileName::Keys(track(1)).to_string();
        forged.files.insert(keys.clone(), (with(&forged.files[&keys], field) + "\n").into_bytes());
        assert_eq!(forged.read().is_ok(), taken, "{field} in an envelope");
        let (made, name) = Made::with_one_chunk();
        let order = made.dir.path().join("orders").join(made.order(Decision::Erase, &[1]));
        let erased = made.dir.path().join("ready").join(&name).join(FileName::Erased(track(1)).to_string());
        for (path, label) in [(&order, ORDER_LABEL), (&erased, ERASED_LABEL)] {
            let line = signed(&made.key, label, &with(&std::fs::read(path).unwrap(), field));
            std::fs::write(path, line + "\n").unwrap();
        }
        assert_eq!(order::read(&order, &made.trust()).is_ok(), taken, "{field} in an order");
        assert_eq!(read::chunk(erased.parent().unwrap(), &made.trust()).is_ok(), taken, "{field} in an erasure");
    }
}

#[test]
fn links_pipes_and_large_files_are_not_read() {
    let (made, name) = Made::with_one_chunk();
    let path = made.dir.path().join("ready").join(&name);
    let linked = made.dir.path().join(&name);
    symlink(&path, &linked).unwrap();
    refused!(read::chunk(&linked, &made.trust()).unwrap_err(), Rejection::NotPlain { .. });
    refused!(
        spoiled(|path| {
            std::fs::rename(path.join("consent.jsonl"), path.parent().unwrap().join("c")).unwrap();
            symlink("../c", path.join("consent.jsonl")).unwrap();
        }),
        Rejection::NotPlain { .. }
    );
    refused!(
        spoiled(|path| {
            std::fs::remove_file(path.join("media.jsonl")).unwrap();
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            let pipe = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, path.join("media.jsonl"), pipe, mode, 0).unwrap();
        }),
        Rejection::NotPlain { .. }
    );
    refused!(
        spoiled(|path| std::fs::File::create(path.join("media.jsonl")).unwrap().set_len(1 << 40).unwrap()),
        Rejection::TooLarge { .. }
    );
}

#[test]
fn a_list_of_files_that_names_a_way_out_is_refused() {
    let (made, name) = Made::with_one_chunk();
    let path = made.dir.path().join("ready").join(&name);
    let text = std::fs::read_to_string(path.join("media.jsonl")).unwrap();
    let (before, last) = text.trim_end().rsplit_once('\n').unwrap();
    for bad in ["../../x", "/etc/passwd", "media.jsonl", "consent.jsonl\\u0000"] {
        let last = last.replacen("consent.jsonl", bad, 1);
        let resigned = signed(&made.key, CHUNK_LABEL, &last);
        std::fs::write(path.join("media.jsonl"), format!("{before}\n{resigned}\n")).unwrap();
        refused!(read::chunk(&path, &made.trust()).unwrap_err(), Rejection::Files { .. });
    }
}

#[test]
fn an_envelope_under_another_key_opens_nothing() {
    let (made, name) = Made::with_one_chunk();
    let chunk = made.read(&name);
    let bytes = std::fs::read(&chunk.voices[0].voice_path).unwrap();
    let Head { recording, chunk: number, .. } = chunk.head;
    let (mut chance, public) = (dice(9), made.private(track(1)).public());
    let other = FileKey::fresh(&mut chance);
    let envelope = wrap(&other, &public, recording, track(1), number, &mut chance).unwrap();
    let key = crate::keys::unwrap(&made.private(track(1)), &envelope).unwrap();
    assert_eq!(voice::Opener::new(&bytes, &key).unwrap_err(), voice::VoiceError::WrongKey);
}

#[test]
fn an_act_without_a_permit_may_be_erased_but_a_stranger_may_not() {
    let mut forged = Forged::new();
    forged.media.push((Slot(160), MediaEvent::Erased { track: track(8) }));
    refused!(forged.read().unwrap_err(), Rejection::NoPermit { .. });
    forged.acts.push((Slot(160), given(ActKind::Withdrawn, 3, track(8))));
    forged.read().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_files_are_refused_without_a_panic(files in proptest::collection::vec(
        (0_usize..5, proptest::collection::vec(any::<u8>(), 0..400)), 0..6)) {
        let dir = made::memory();
        let name = ChunkName { recording: RecordingId([3; 16]), gateway: GatewayId([1; 8]), number: 0 };
        let path = dir.path().join(name.to_string());
        std::fs::create_dir(&path).unwrap();
        let names = [FileName::Media, FileName::Consent, FileName::Keys(track(1)), FileName::Voice(track(1)), FileName::Erased(track(1))];
        for (which, bytes) in files {
            std::fs::write(path.join(names[which].to_string()), bytes).unwrap();
        }
        prop_assert!(read::chunk(&path, &trust(&SigningKey::from_seed([7; 32]))).is_err());
    }

    #[test]
    fn a_signed_chunk_of_arbitrary_files_is_read_or_refused_without_a_panic(
        which in 0_usize..2, at in 0_usize..6000, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut forged = Forged::new();
        let name = [FileName::Keys(track(1)), FileName::Voice(track(1))][which].to_string();
        let file = forged.files.get_mut(&name).unwrap();
        let at = at % file.len();
        let end = (at + bytes.len()).min(file.len());
        file.splice(at..end, bytes);
        let _either = forged.read();
    }
}
