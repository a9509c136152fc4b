//! Export over a real store, with real Opus; and its command line.
//!
//! Not here: a meeting that is still running (the stories, `tests/consent.rs`).

use clap::Parser;
use spool::id::SeatNo;

use super::*;
use crate::bench::{MEETING, RECORDING};
use crate::desk::tests::singing;
use crate::evidence::Chain;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn line(words: &[&str]) -> Result<Args, clap::Error> {
    Line::try_parse_from([&["export"], words].concat()).map(|line| line.args)
}

#[test]
fn one_recording_or_the_latest_is_named_and_always_a_purpose() {
    let id = RecordingId([7; 16]).to_string();
    assert!(line(&["--latest", "--out", "/o", "--purpose", "Prüfung"]).unwrap().latest);
    assert_eq!(line(&[&id, "--out", "/o", "--purpose", "p"]).unwrap().recording, Some(RecordingId([7; 16])));
    assert!(line(&[&id, "--latest", "--out", "/o", "--purpose", "p"]).is_err());
    assert!(line(&["--out", "/o", "--purpose", "p"]).is_err());
    assert!(line(&["--latest", "--out", "/o"]).is_err());
    assert!(line(&["../etc", "--out", "/o", "--purpose", "p"]).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_voice_and_all_of_them_become_files_and_the_export_is_written_down() {
    let bench = singing().await;
    let out = bench.dir.path().join("out");
    let recording = bench.house.store().recording(RECORDING).await.unwrap().unwrap();
    let purpose = Purpose::named("Einwand prüfen").unwrap();
    let paths = write(&bench.house, &recording, &purpose, &out).await.unwrap();
    let names: Vec<_> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["all.wav", "voice-1.wav", "voice-2.wav", "consents.json", "index.json"]);

    // The file is the virtual WAV, to the byte: two ways of writing the same 44 bytes of header.
    let playback = Playback::open(&bench.house, RECORDING).await.unwrap();
    for (name, whose) in [("all.wav", Whose::All), ("voice-2.wav", Whose::One(SeatNo(2)))] {
        let sound = playback.sound(whose).unwrap();
        let virtual_wav = playback.render(&bench.house, &sound, 0..sound.bytes()).await.unwrap();
        assert!(std::fs::read(out.join(name)).unwrap() == virtual_wav, "{name}");
    }

    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["purpose"], "Einwand prüfen");
    assert_eq!(index["seats"][1]["file"], "voice-2.wav");
    assert_eq!(index["seats"][0]["tracks"][0]["from_ms"], 200);
    assert_eq!(index["files"].as_array().unwrap().len(), 4);
    let exports = bench.house.store().exports(RECORDING).await.unwrap();
    assert_eq!(exports.iter().map(|e| (e.purpose.as_str(), e.files)).collect::<Vec<_>>(), [("Einwand prüfen", 5)]);
    let audit = bench.house.store().chain(Chain::Audit).await.unwrap();
    assert!(audit.iter().any(|(link, _)| link.kind == Act::Export.word()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_shows_the_consent_of_each_voice_in_it_and_no_refusal() {
    let bench = singing().await;
    let store = bench.house.store();
    let mut tx = store.begin().await.unwrap();
    tx.consent("refused", r#"{"seat":3,"kind":"refused","track":null}"#.to_owned(), RECORDING, 1, 2).await.unwrap();
    tx.commit().await.unwrap();
    let recording = store.recording(RECORDING).await.unwrap().unwrap();
    let out = bench.dir.path().join("out");
    write(&bench.house, &recording, &Purpose::named("Einwand prüfen").unwrap(), &out).await.unwrap();
    let laid: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("consents.json")).unwrap()).unwrap();
    let acts = laid["acts"].as_array().unwrap();
    let kinds: Vec<_> = acts.iter().map(|act| act["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["given", "given"], "{laid}");
    // Each is checked with nothing but the file.
    for (at, act) in acts.iter().enumerate() {
        let text = |field: &str| act[field].as_str().unwrap().to_owned();
        let said: serde_json::Value = serde_json::from_str(&text("act")).unwrap();
        assert_eq!(said["track"], bench.track(at).to_string());
        let salt = (0..16).map(|i| u8::from_str_radix(&text("salt")[2 * i..2 * i + 2], 16).unwrap());
        let payload =
            crate::evidence::Payload { salt: salt.collect::<Vec<_>>().try_into().unwrap(), text: text("act") };
        let (seq, at_ms) = (act["seq"].as_i64().unwrap(), act["at_ms"].as_i64().unwrap());
        let before = (seq > 1).then(|| (seq - 1, text("prev")));
        let before = before.as_ref().map(|(seq, hash)| (*seq, hash.as_str()));
        let link = crate::evidence::Link::after(before, Chain::Consent, at_ms, &text("kind"), &payload);
        assert_eq!((link.salted, link.hash), (text("salted"), text("hash")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_erased_since_is_not_left_beside_a_second_export() {
    let bench = singing().await;
    let out = bench.dir.path().join("out");
    let recording = bench.house.store().recording(RECORDING).await.unwrap().unwrap();
    let purpose = Purpose::named("Einwand prüfen").unwrap();
    write(&bench.house, &recording, &purpose, &out).await.unwrap();
    let mut tx = bench.house.store().begin().await.unwrap();
    tx.erase_track(bench.track(0), 1).await.unwrap();
    tx.commit().await.unwrap();
    write(&bench.house, &recording, &purpose, &out).await.unwrap();
    assert!(!out.join("voice-1.wav").exists() && out.join("voice-2.wav").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_the_demo_nothing_leaves_without_a_release() {
    let bench = singing().await;
    let data = bench.house.data().to_str().unwrap().to_owned();
    let out = bench.dir.path().join("out").to_str().unwrap().to_owned();
    let passphrase = bench.dir.path().join("passphrase").to_str().unwrap().to_owned();
    let words = ["--latest", "--out", &out, "--purpose", "Neugier", "--data", &data, "--passphrase-file", &passphrase];
    let refused = export(&line(&words).unwrap()).await.unwrap_err();
    assert!(matches!(refused, ExportError::NoRelease), "{refused}");
    assert!(!bench.dir.path().join("out").exists());
    assert!(bench.house.store().exports(RECORDING).await.unwrap().is_empty());
    assert!(bench.house.store().meeting(MEETING).await.unwrap().is_some());
}
