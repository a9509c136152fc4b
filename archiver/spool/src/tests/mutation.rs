//! Directories that nobody wrote on purpose: the vectors, broken again and again in ways that repeat, then read.
//!
//! Three readers are asked: the archive's, the one who only looks, and the gateway that finds such a thing in `open/` at its
//! start. Half of the broken chunks are signed again, as a gateway gone wrong would sign them, so that what lies behind the
//! signature is reached as well. `AMTSLEITUNG_MUTANTS=1000000 cargo test -p spool --release mutants` goes on for hours.
//!
//! Not here: each reason for refusing (`refused`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::made::{self, Made};
use crate::line::{CHUNK_LABEL, FileFact, Line, MediaEvent, hash};
use crate::name::OrderName;
use crate::order;
use crate::read::{self, Chunk, Rejection};
use crate::sign::{UNSIGNED, signed};
use crate::write::Spool;

type Files = BTreeMap<String, Vec<u8>>;

fn chance(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as usize
}

fn one_of<T: Clone>(all: &[T], state: &mut u64) -> T {
    all[chance(state) % all.len()].clone()
}

fn bend_bytes(bytes: &mut Vec<u8>, state: &mut u64) {
    let at = chance(state) % (bytes.len() + 1);
    let end = (at + chance(state) % 90).min(bytes.len());
    match chance(state) % 8 {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, chance(state) as u8),
        2 => drop(bytes.splice(at..end, std::iter::repeat_n(0, chance(state) % 60))),
        3 => drop(
            bytes.splice(at..at, one_of(&[&b"\n"[..], b"{", b"\"", b"-1", b"18446744073709551615"], state).to_vec()),
        ),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let again = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, again));
        }
        6 => {
            // A number of other size in its place: slots, lengths, maps.
            for byte in bytes.iter_mut().skip(at).take(8) {
                *byte = one_of(&[0, 0xff, 0x80, b'9'], state);
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (chance(state) % 8);
            }
        }
    }
}

/// Whole lines of a journal, and values within them: what a chain that is made again would hide.
fn bend_lines(bytes: &mut Vec<u8>, state: &mut u64) {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, other) = (chance(state) % lines.len(), chance(state) % lines.len());
    match chance(state) % 4 {
        0 => lines.swap(one, other),
        1 => drop(lines.remove(one)),
        2 => lines.insert(other, lines[one].clone()),
        _ => {
            let text = String::from_utf8_lossy(&lines[one]).into_owned();
            let words = [
                ("slot\":1", "slot\":9"),
                ("from\":1", "from\":0"),
                ("\"trk-01", "\"trk-02"),
                ("seat\":1", "seat\":2"),
            ];
            let (word, instead) = one_of(&words, state);
            lines[one] = text.replacen(word, instead, 1).into_bytes();
        }
    }
    *bytes = lines.join(&b'\n');
}

fn bend(files: &mut Files, state: &mut u64) {
    let names: Vec<String> = files.keys().cloned().collect();
    if names.is_empty() {
        return;
    }
    let (name, other) = (one_of(&names, state), one_of(&names, state));
    match chance(state) % 12 {
        0 => drop(files.remove(&name)),
        1 => {
            let bytes = files[&other].clone();
            files.insert(name, bytes);
        }
        2 => {
            let bytes = files[&name].clone();
            files.insert(name.replace("trk-01", "trk-09").replace("trk-02", "trk-01"), bytes);
        }
        3 => {
            let stray = one_of(&["stray", "media.jsonl.draft", "trk-01.voice", ".hidden", "\u{202e}"], state);
            files.insert(stray.to_owned(), files[&name].clone());
        }
        4..=6 => bend_lines(files.get_mut(&name).unwrap(), state),
        _ => bend_bytes(files.get_mut(&name).unwrap(), state),
    }
}

/// A journal whose lines are counted and chained again; `last` may change the last one, which is then signed.
fn chained(made: &Made, bytes: &[u8], last: impl Fn(&mut Value, u64) -> bool) -> (Vec<u8>, String) {
    let (mut text, mut prev) = (Vec::new(), hash(b""));
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    for (n, line) in lines.iter().enumerate() {
        let mut line = line.to_vec();
        if let Ok(mut value) = serde_json::from_slice::<Value>(&line) {
            if let Some(fields) = value.as_object_mut() {
                fields.insert("n".into(), (n as u64).into());
                fields.insert("prev".into(), prev.clone().into());
            }
            line = value.to_string().into_bytes();
            if n + 1 == lines.len()
                && last(&mut value, lines.len() as u64)
                && let Ok(close) = serde_json::from_value::<Line<MediaEvent>>(value)
            {
                line = signed(&made.key, CHUNK_LABEL, &serde_json::to_string(&close).unwrap()).into_bytes();
            }
            prev = hash(&line);
        }
        text.extend_from_slice(&line);
        text.push(b'\n');
    }
    (text, prev)
}

/// Chains, counts, hashes and signature made again over whatever the files now say.
pub(super) fn signed_again(made: &Made, files: &mut Files) {
    let mut consent_head = hash(b"");
    if let Some(consent) = files.get_mut("consent.jsonl") {
        (*consent, consent_head) = chained(made, consent, |_, _| false);
    }
    let fact = |(name, bytes): (&String, &Vec<u8>)| FileFact {
        name: name.clone(),
        bytes: bytes.len() as u64,
        sha256: hash(bytes),
    };
    let facts: Vec<FileFact> = files.iter().filter(|(name, _)| *name != "media.jsonl").map(fact).collect();
    let close = |value: &mut Value, lines: u64| {
        let Some(fields) = value.as_object_mut().filter(|fields| fields.contains_key("files")) else { return false };
        fields.insert("lines".into(), lines.into());
        fields.insert("consent_head".into(), consent_head.clone().into());
        fields.insert("files".into(), serde_json::to_value(&facts).unwrap());
        fields.insert("signature".into(), serde_json::to_value(UNSIGNED).unwrap());
        true
    };
    if let Some(media) = files.get_mut("media.jsonl") {
        (*media, _) = chained(made, media, close);
    }
}

fn lay(files: &Files, dir: &Path) {
    let _old = std::fs::remove_dir_all(dir);
    std::fs::create_dir_all(dir).unwrap();
    for (name, bytes) in files {
        std::fs::write(dir.join(name), bytes).unwrap();
    }
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/v1")
}

/// What must hold of a chunk that was taken, whoever signed it.
fn holds(chunk: &Chunk, n: u64) {
    assert_eq!(chunk.head.version, 1, "{n}");
    for voice in &chunk.voices {
        let until = voice.until.unwrap_or(chunk.until);
        let inside = |slot: crate::id::Slot| slot >= voice.fact.from && slot < until;
        let covered = voice.records.iter().flat_map(|record| record.slots()).all(inside);
        assert!(covered || voice.uncovered.is_some(), "{n}: sound outside a permit is put aside");
        assert!(!chunk.erased.contains(&voice.fact.track), "{n}: an erased voice is not handed out");
        assert!(voice.voice_path.starts_with(voice.keys_path.parent().unwrap()), "{n}: no way out of the directory");
    }
    let map = read::clock(chunk);
    for slot in [0, chunk.until.0, u64::MAX] {
        let _known_or_not = map.at(crate::id::Slot(slot));
    }
}

fn mutants() -> u64 {
    std::env::var("AMTSLEITUNG_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

#[test]
fn mutants_of_a_chunk_are_refused_or_read_alike_and_nobody_panics() {
    let made = Made::new();
    let originals: Vec<(String, Files)> = read::ready(&testdata())
        .unwrap()
        .into_iter()
        .map(|name| (name.clone(), made::files(&testdata().join("ready").join(name))))
        .collect();
    let mut state = 0x5eed_u64;
    let (mut refused, mut taken) = (BTreeMap::<String, u32>::new(), 0);
    let dir = made::memory();
    for n in 0..mutants() {
        let (name, original) = one_of(&originals, &mut state);
        let mut files = original.clone();
        for _ in 0..=chance(&mut state) % 3 {
            bend(&mut files, &mut state);
        }
        let anew = chance(&mut state).is_multiple_of(2);
        if anew {
            signed_again(&made, &mut files);
        }
        let path = dir.path().join(&name);
        lay(&files, &path);
        let _shown = read::look(&path);
        match read::chunk(&path, &made.trust()) {
            Ok(chunk) => {
                taken += 1;
                holds(&chunk, n);
                let whole = |files: &Files| signed_over(files, &chunk);
                assert!(anew || whole(&files) == whole(&original), "{n}: a changed byte went unnoticed");
            }
            Err(error) => *refused.entry(reason(&error)).or_default() += 1,
        }
    }
    assert!(taken > 20 && refused.len() > 15, "the mutants reach deep: {taken} taken, refused for {refused:?}");
}

/// What the signature stands for: not erasures, which may come later, nor what they replace and nobody looks at any more.
fn signed_over(files: &Files, chunk: &Chunk) -> Files {
    let replaced = |name: &str| chunk.erased.iter().any(|track| name.starts_with(&track.to_string()));
    let kept = files.iter().filter(|(name, _)| !name.ends_with(".erased") && !replaced(name));
    kept.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
}

fn reason(error: &Rejection) -> String {
    format!("{error:?}").split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

#[test]
fn mutants_found_open_at_a_start_are_handed_over_or_refused_and_the_start_goes_on() {
    let mut state = 0xfeed_u64;
    let seeds = open_chunk();
    for n in 0..mutants() / 6 {
        let made = Made::new();
        let mut files = seeds.1.clone();
        for _ in 0..=chance(&mut state) % 3 {
            bend(&mut files, &mut state);
        }
        lay(&files, &made.dir.path().join("open").join(&seeds.0));
        let spool = Spool::at(made.dir.path(), made.key.clone()).unwrap();
        // An error is told and tried again at the next start; what is handed over verifies, or is refused for its reason.
        if spool.recover(0).is_ok() {
            assert!(!made.dir.path().join("open").join(&seeds.0).exists(), "{n}: nothing is left open");
        }
        for name in spool.ready().unwrap() {
            if let Ok(chunk) = read::chunk(&made.dir.path().join("ready").join(name), &made.trust()) {
                holds(&chunk, n);
                assert!(chunk.voices.iter().all(|voice| voice.uncovered.is_none()), "{n}: we laid that down ourselves");
            }
        }
    }
}

/// Two voices and an erasure, as a killed gateway leaves them.
fn open_chunk() -> (String, Files) {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    for n in 1..=3 {
        made.consent(&mut chunk, n, 100);
        made.talk(&mut chunk, n, 100..160);
    }
    chunk.sync().unwrap();
    chunk.erase_track(made.track(3)).unwrap();
    let name = chunk.name().to_owned();
    drop(chunk);
    (name.clone(), made::files(&made.dir.path().join("open").join(name)))
}

#[test]
fn mutants_of_an_order_are_refused() {
    let made = Made::new();
    let dir = made::memory();
    let originals: Vec<(OrderName, Vec<u8>)> = read::orders(&testdata())
        .unwrap()
        .into_iter()
        .map(|name| (name.parse().unwrap(), std::fs::read(testdata().join("orders").join(name)).unwrap()))
        .collect();
    let mut state = 0xdeed_u64;
    for n in 0..mutants() {
        let (name, original) = one_of(&originals, &mut state);
        let mut bytes = original.clone();
        for _ in 0..=chance(&mut state) % 3 {
            bend_bytes(&mut bytes, &mut state);
        }
        let path = dir.path().join(name.to_string());
        std::fs::write(&path, &bytes).unwrap();
        assert!(order::read(&path, &made.trust()).is_err() || bytes == original, "{n}");
    }
}
