//! The end of a recording: approved, its term passed, destroyed everywhere, and proven.
//!
//! Not here: one voice that is erased alone (`withdrawal`), and terms counted in days (the units of `retention`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::desk::{opens_the_recording, signs_in};
use crate::support::clock::Clock;
use crate::support::ears::Person::Anna;
use crate::support::house::{House, Wish};
use crate::support::phone::Phone;
use crate::support::{files_below, program, sql, until};

#[test]
fn when_the_term_has_passed_nothing_is_left_but_the_evidence_and_a_proof_that_verifies() {
    let house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
    anna.speaks();
    anna.listens(3);
    anna.falls_silent();
    anna.hangs_up();
    house.await_handed_over();
    house.export("vorher").all().assert_with(Anna, 2.0, "the recording before its end");

    let data = house.data();
    let browser = signs_in(&house);
    opens_the_recording(&browser);
    browser.clicks("Protokoll genehmigt");
    browser.awaits_text("Genehmigung zurücknehmen");
    drop(browser);

    // What must be gone: the objects with her voice, and the private halves and envelopes in the database.
    let objects = objects(&data);
    assert!(!objects.is_empty(), "no object was kept at all");
    let sound: Vec<Vec<u8>> = objects.iter().map(|file| std::fs::read(file).expect("an object")).collect();
    let secrets = secrets_of_tracks(&data);
    assert!(!secrets.is_empty(), "no key of a track is in the database");
    let envelopes = envelopes(&data);
    assert!(!envelopes.is_empty(), "no envelope is in the database");
    for bytes in secrets.iter().chain(&envelopes) {
        assert!(is_somewhere(&database_files(&data), bytes), "the search does not find what is there");
    }
    let title = sql(&data, "select title from recordings");
    assert!(
        title.len() >= 8 && times_in(&database_files(&data), title.as_bytes()) >= 2,
        "no title to look for: {title}"
    );
    let ground = house.close();

    // The minutes were approved; four days later the archive is started again.
    let clock = Clock::at(ground.path());
    clock.set(4 * 86_400);
    let house = House::on(ground, &Wish { environment: clock.environment(), ..Wish::default() });
    let browser = signs_in(&house);
    until("the recording to be destroyed", SWEPT, || {
        browser.goes_to(&format!("{}/sitzungen", crate::desk::origin(&house)));
        browser.text().contains("vernichtet").then_some(())
    });
    opens_the_recording(&browser);
    browser.awaits_text("Sie kann nicht mehr gehört werden.");
    drop(browser);
    assert!(!house.try_export("nachher").status.success(), "a destroyed recording was exported");

    for file in &objects {
        assert!(!file.exists(), "{} is still there", file.display());
    }
    let everything = files_below(&data);
    for bytes in &sound {
        let part = &bytes[bytes.len() / 2..(bytes.len() / 2 + 32).min(bytes.len())];
        assert!(!is_somewhere(&everything, part), "sealed sound is still somewhere below {}", data.display());
    }
    for secret in &secrets {
        assert!(!is_somewhere(&everything, secret), "a track's private half is still in the database or its log");
    }
    for envelope in &envelopes {
        assert!(!is_somewhere(&everything, envelope), "an envelope is still in the database or its log");
    }
    // The meeting goes on and keeps its name; that this recording had it is nowhere any more.
    assert_eq!(sql(&data, "select count(*) from recordings where title is not null"), "0", "the title stays");
    assert_eq!(times_in(&everything, title.as_bytes()), 1, "the title is still in the database or its log");
    for table in ["objects", "tracks", "chunks", "gaps", "clocks", "moments", "seats", "exports", "orders"] {
        assert_eq!(sql(&data, &format!("select count(*) from {table}")), "0", "rows of {table} stay");
    }
    // What stays: that she was asked and said yes, what was done, and the proof.
    assert_eq!(evidence(&data, "consent"), ["offered", "given"], "what she was asked and said");
    let done = evidence(&data, "audit");
    for deed in ["chunk_taken", "export", "approve_minutes", "term_passed", "keys_destroyed", "destroyed"] {
        assert!(done.iter().any(|kind| kind == deed), "{deed} is not in the audit any more: {done:?}");
    }

    let proof = proof(&data);
    let verified = verify(&proof);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    // One bit, in every tenth byte of it: none may pass.
    let whole = std::fs::read(&proof).expect("the proof");
    let bent = house.ground().path().join("proof-bent.json");
    for at in (0..whole.len()).step_by(10) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&bent, &bytes).expect("a copy");
        assert!(!verify(&bent).status.success(), "the proof verifies with a flipped bit in byte {at}");
    }
}

fn verify(proof: &Path) -> std::process::Output {
    Command::new(program("archiver")).arg("verify").arg(proof).output().expect("archiver runs")
}

fn proof(data: &Path) -> PathBuf {
    files_below(&data.join("archiver/proofs"))
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "json"))
        .expect("a proof lies in the archive's directory")
}

/// The store's own files: what an S3 server would hold.
fn objects(data: &Path) -> BTreeSet<PathBuf> {
    files_below(&data.join("archiver/store"))
        .into_iter()
        .filter(|file| file.metadata().is_ok_and(|m| m.len() > 0))
        .collect()
}

fn database_files(data: &Path) -> Vec<PathBuf> {
    files_below(&data.join("archiver"))
        .into_iter()
        .filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("archive.db")))
        .collect()
}

/// Sealed private halves of tracks that were used, as bytes.
fn secrets_of_tracks(data: &Path) -> Vec<Vec<u8>> {
    sql(data, "select hex(sealed) from track_keys where track in (select track from tracks)")
        .lines()
        .filter(|line| line.len() > 64)
        .map(unhex)
        .collect()
}

/// Wrapped file keys, as bytes.
fn envelopes(data: &Path) -> Vec<Vec<u8>> {
    sql(data, "select hex(envelope) from envelopes").lines().map(unhex).collect()
}

/// What is still to be read of a chain, kind by kind.
fn evidence(data: &Path, chain: &str) -> Vec<String> {
    let query = format!(
        "select l.kind from links l join payloads p on p.chain = l.chain and p.seq = l.seq \
         where l.chain = '{chain}' order by l.seq"
    );
    sql(data, &query).lines().map(str::to_owned).collect()
}

fn unhex(line: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&line[at..at + 2], 16).expect("hexadecimal");
    // A row may be torn over two pages of the database; 48 bytes in its middle lie in one almost always.
    let whole: Vec<u8> = (0..line.trim().len()).step_by(2).map(digit).collect();
    let middle = whole.len() / 2;
    whole[middle.saturating_sub(24)..(middle + 24).min(whole.len())].to_vec()
}

fn is_somewhere(files: &[PathBuf], bytes: &[u8]) -> bool {
    files
        .iter()
        .any(|file| std::fs::read(file).is_ok_and(|content| content.windows(bytes.len()).any(|window| window == bytes)))
}

fn times_in(files: &[PathBuf], bytes: &[u8]) -> usize {
    let in_one =
        |file: &PathBuf| std::fs::read(file).map_or(0, |all| all.windows(bytes.len()).filter(|w| *w == bytes).count());
    files.iter().map(in_one).sum()
}

const SWEPT: Duration = Duration::from_secs(90);
