//! The end of a recording: approved, its term passed, destroyed everywhere, and proven.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::desk::{opens_the_recording, signs_in};
use crate::support::clock::Clock;
use crate::support::ears::Person::Anna;
use crate::support::house::{House, Wish};
use crate::support::phone::Phone;
use crate::support::{files_below, program, until};

#[test]
fn when_the_term_has_passed_nothing_is_left_but_the_evidence_and_a_proof_that_verifies() {
    let house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    anna.agrees(&house);
    anna.speaks();
    anna.listens(3);
    anna.falls_silent();
    anna.hangs_up();
    house.await_handed_over();
    house.export("vorher").all().assert_with(Anna, 2.0, "the recording before its end");

    let data = house.data();
    let browser = signs_in(&house);
    opens_the_recording(&browser);
    browser.clicks("Niederschrift genehmigt");
    browser.awaits_text("Genehmigung zurücknehmen");
    drop(browser);

    // What must be gone: the objects with her voice, and the private halves and envelopes in the database.
    let objects = objects(&data);
    assert!(!objects.is_empty(), "no object was kept at all");
    let sound: Vec<Vec<u8>> = objects.iter().map(|file| std::fs::read(file).expect("an object")).collect();
    let secrets = secrets_of_tracks(&data);
    assert!(!secrets.is_empty(), "no key of a track is in the database");
    for secret in &secrets {
        assert!(is_somewhere(&database_files(&data), secret), "the search does not find what is there");
    }
    let ground = house.close();

    // The minutes were approved; four days later the archive is started again.
    let clock = Clock::at(ground.path());
    clock.moved("+4d");
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
    // What stays: that she was asked and said yes, what was done, and the proof.
    let evidence = sql(&data, "select count(*) from payloads");
    assert!(evidence.trim().parse::<u32>().is_ok_and(|n| n > 0), "no evidence is left: {evidence}");

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

fn sql(data: &Path, query: &str) -> String {
    let output = Command::new("sqlite3")
        .arg("-readonly")
        .arg(data.join("archiver/archive.db"))
        .arg(query)
        .output()
        .expect("sqlite3 runs (deploy/needs tests)");
    assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
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

const SWEPT: Duration = Duration::from_secs(90);
