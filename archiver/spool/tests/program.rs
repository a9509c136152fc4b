//! The program `spool` on the vectors and on damaged copies of them.
//!
//! Not here: every reason for which a chunk is refused (`src/tests/refused.rs`).

#![expect(clippy::disallowed_methods, reason = "tests damage files")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use spool::sign::SigningKey;
use tempfile::TempDir;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/v1")
}

/// That of the vectors.
fn key() -> String {
    SigningKey::from_seed([7; 32]).verifying().to_string()
}

fn spool(words: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spool")).args(words).arg(dir).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + std::str::from_utf8(&output.stderr).unwrap()
}

/// A copy of the vectors in which one chunk may be damaged.
fn damaged(damage: impl Fn(&Path)) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&vectors(), dir.path());
    let mut chunks: Vec<PathBuf> =
        std::fs::read_dir(dir.path().join("ready")).unwrap().map(|entry| entry.unwrap().path()).collect();
    chunks.sort();
    damage(&chunks[0]);
    dir
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn the_vectors_verify_under_their_gateways_key_and_under_no_other() {
    let verified = spool(&["verify", "--key", &key()], &vectors());
    assert!(verified.status.success(), "{}", said(&verified));
    assert_eq!(said(&verified).matches(": verified").count(), 5, "three chunks, two orders: {}", said(&verified));
    let other = SigningKey::from_seed([8; 32]).verifying().to_string();
    let refused = spool(&["verify", "--key", &other], &vectors());
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("is not known here"), "{}", said(&refused));
    assert_eq!(spool(&["verify"], &vectors()).status.code(), Some(2), "without a key nothing can be verified");
}

#[test]
fn a_chunk_damaged_in_any_file_is_refused_with_its_reason() {
    for (ending, reason) in [
        ("media.jsonl", "does not follow"),
        ("consent.jsonl", "does not"),
        (".keys", "is not what was signed"),
        (".voice", "is not what was signed"),
        (".erased", "is not signed by its gateway"),
    ] {
        let dir = damaged(|chunk| {
            let named = |path: &PathBuf| path.display().to_string().ends_with(ending);
            let file = std::fs::read_dir(chunk).unwrap().map(|entry| entry.unwrap().path()).find(named).unwrap();
            let mut bytes = std::fs::read(&file).unwrap();
            let digit = bytes.iter().position(|byte| byte.is_ascii_digit()).unwrap();
            bytes[digit] ^= 1;
            std::fs::write(file, bytes).unwrap();
        });
        let refused = spool(&["verify", "--key", &key()], dir.path());
        assert_eq!(refused.status.code(), Some(1), "{ending}");
        assert!(
            said(&refused).contains("refused: ") && said(&refused).contains(reason),
            "{ending}: {}",
            said(&refused)
        );
        assert_eq!(said(&refused).matches(": verified").count(), 4, "the others stand");
    }
}

#[test]
fn inspect_says_what_the_vectors_hold_without_any_key() {
    let output = spool(&["inspect"], &vectors());
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for words in [
        "rule: until-approval",
        "destroy by: 2027-07-14T08:00:00Z",
        "media slot 110: track, from 110, seat 2, track trk-0202",
        "media slot 130: gap, from 118, reason bleed, track trk-0202",
        "consent slot 140: ",
        "withdrawn",
        "sealed sound of chunk 0",
        "23 with sound, complete",
        "erased, stands for 2 files",
        "suite 0x0050",
        "unended",
        "order rec-03",
    ] {
        assert!(text.contains(words), "{words:?} is missing:\n{text}");
    }
    assert!(!text.contains("FAULT"), "{text}");
}

#[test]
fn inspect_shows_the_rest_of_a_damaged_chunk_and_says_what_does_not_read() {
    let dir = damaged(|chunk| {
        let media = chunk.join("media.jsonl");
        let bytes = std::fs::read(&media).unwrap();
        std::fs::write(media, &bytes[..bytes.len() - 40]).unwrap();
        std::fs::write(chunk.join("stray\u{1b}[2J"), b"").unwrap();
    });
    let output = spool(&["inspect"], dir.path());
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("FAULT: media.jsonl ends within a line"), "{text}");
    assert!(text.contains("23 with sound") && text.contains("is not a file of a chunk"), "{text}");
    assert!(!text.contains('\u{1b}'), "no name reaches the terminal as it is");
}

#[test]
fn inspect_writes_one_json_object_a_chunk() {
    let output = spool(&["inspect", "--json"], &vectors());
    let text = said(&output);
    let looks: Vec<serde_json::Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(looks.len(), 3, "{text}");
    assert_eq!(looks[0]["head"]["version"], 1);
    assert_eq!(looks[2]["media"].as_array().unwrap().last().unwrap()["why"], "interrupted");
}

#[test]
fn what_is_no_directory_of_a_spool_is_told_and_ends_with_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = spool(&["inspect"], &dir.path().join("nothing"));
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).starts_with("spool: cannot read"), "{}", said(&nothing));
    let empty = spool(&["verify", "--key", &key()], dir.path());
    assert!(said(&empty).contains("is not a name in a spool"), "{}", said(&empty));
}
