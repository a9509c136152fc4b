//! Every page with planted data, in both languages.
//!
//! Not here: what the pages are given (`desk::tests`), and a browser (the stories, `tests/desk.rs`).

use jiff::civil::date;
use maud::Markup;
use spool::id::{MeetingId, RecordingId, SeatNo};

use super::answers::{Answer, answer, entered, licences};
use super::frame::Viewer;
use super::meetings::{Line, Meeting, Meetings, Seat, Standing, end, meetings};
use super::proof::{Proof, none, proof};
use super::recording::{Consent, Listening, Open, Recording, Stretch, Why, recording};
use crate::texts::Language;

const EVIL: &str = "<script>alert(1)</script> & \"Haushalt\"";

fn viewer(language: Language) -> Viewer {
    Viewer { language, form_token: Some("f0rm".into()) }
}

fn sample_meetings() -> Meetings {
    let seat = |n, in_room, recorded, muted| Seat { seat: SeatNo(n), in_room, recorded, muted };
    let line = |n, started_ms, standing| Line { id: RecordingId([n; 16]), started_ms, voices: n.into(), standing };
    Meetings {
        gateway_away: false,
        ended: Some("8812".into()),
        meetings: vec![
            Meeting {
                id: MeetingId([1; 16]),
                number: "4711".into(),
                title: EVIL.into(),
                seats: vec![seat(1, true, true, false), seat(2, true, false, true), seat(3, false, false, false)],
                keys_low: Some(41),
                recordings: vec![
                    line(1, 1_795_525_500_000, Standing::Running),
                    line(2, 1_795_425_500_000, Standing::Kept),
                    line(3, 1_795_325_500_000, Standing::Approved),
                    line(4, 1_795_225_500_000, Standing::Destroyed),
                ],
            },
            Meeting {
                id: MeetingId([2; 16]),
                number: "8812".into(),
                title: String::new(),
                seats: vec![],
                keys_low: None,
                recordings: vec![],
            },
        ],
    }
}

fn sample_recording(standing: Standing, listening: Listening) -> Recording {
    let stretch = |from_ms, until_ms, why| Stretch { from_ms, until_ms, why };
    Recording {
        id: RecordingId([7; 16]),
        meeting_number: "4711".into(),
        title: EVIL.into(),
        started_ms: 1_795_525_500_000,
        ended_ms: Some(1_795_529_300_000),
        length_ms: 3_785_000,
        standing,
        destroy: date(2027, 5, 24),
        approved: Some(date(2026, 11, 24)),
        if_approved: date(2026, 11, 27),
        rule: "until-approval".into(),
        voices: vec![SeatNo(1), SeatNo(3)],
        stretches: vec![
            stretch(65_000, 190_000, Why::OffRecord),
            stretch(1_000_000, 1_100_000, Why::Erased),
            stretch(2_000_000, 2_004_000, Why::Interrupted),
        ],
        error_ms: 30,
        consent: Consent { given: 2, refused: 1, timed_out: 0, withdrawn: 1 },
        exports: 0,
        listening,
    }
}

fn open() -> Listening {
    Listening::Open(Open {
        purpose: "Protokoll schreiben".into(),
        until_ms: 1_795_540_000_000,
        sound: format!("/aufnahmen/{}/ton/1", RecordingId([7; 16])),
        voice: Some(SeatNo(3)),
    })
}

fn sample_proof() -> Proof {
    Proof {
        recording: RecordingId([7; 16]),
        started_ms: 1_795_525_500_000,
        destroyed_ms: 1_795_825_500_000,
        keys: 2,
        objects: 4,
        store: "http://127.0.0.1:40123 (recordings)".into(),
        spools_seen: 1,
        spools_not_seen: 0,
        exports: 1,
        key: "ab".repeat(32),
        text: format!("{{\"recording\":\"{EVIL}\"}}"),
    }
}

/// Every page there is, by name.
fn pages(language: Language) -> Vec<(String, Markup)> {
    let viewer = viewer(language);
    let mut pages = vec![
        ("sitzungen".to_owned(), meetings(&viewer, &sample_meetings())),
        ("beenden".into(), end(&viewer, MeetingId([1; 16]), "4711", 3)),
        ("anhoeren".into(), recording(&viewer, &sample_recording(Standing::Kept, open()))),
        ("nachweis".into(), proof(&viewer, &sample_proof())),
        ("ohne-nachweis".into(), none(&viewer, RecordingId([7; 16]))),
        ("angemeldet".into(), entered(&viewer)),
        ("lizenzen".into(), licences(&viewer, &[("EUPL".into(), EVIL.into())])),
    ];
    let away = Meetings { gateway_away: true, meetings: vec![], ended: None };
    pages.push(("ohne-anlage".into(), meetings(&viewer, &away)));
    for (name, standing) in [
        ("laeuft", Standing::Running),
        ("aufbewahrt", Standing::Kept),
        ("genehmigt", Standing::Approved),
        ("wird-vernichtet", Standing::Destroying),
        ("vernichtet", Standing::Destroyed),
    ] {
        pages.push((name.into(), recording(&viewer, &sample_recording(standing, Listening::Ask { missing: true }))));
    }
    for listening in [Listening::Nothing, Listening::Locked] {
        let name =
            format!("hoeren-{}", if matches!(listening, Listening::Nothing) { "nichts" } else { "verschlossen" });
        pages.push((name, recording(&viewer, &sample_recording(Standing::Kept, listening))));
    }
    for kind in [
        Answer::SignIn,
        Answer::LinkUsed,
        Answer::SignedOut,
        Answer::Missing,
        Answer::Stale,
        Answer::TooLate,
        Answer::MeetingRunning,
        Answer::GatewayAway,
        Answer::Locked,
        Answer::NotYours,
        Answer::Trouble,
    ] {
        pages.push((format!("antwort-{kind:?}").to_lowercase(), answer(&Viewer { language, form_token: None }, kind)));
    }
    pages
}

#[test]
fn no_value_becomes_markup() {
    for language in [Language::German, Language::English] {
        for (name, page) in pages(language) {
            let page = page.into_string();
            assert!(!page.contains("<script>alert"), "{name}");
            assert_eq!(page.matches("<script").count(), 1, "{name}: only our own script");
        }
    }
}

#[test]
fn no_page_holds_what_the_policy_forbids() {
    for (name, page) in pages(Language::German) {
        let page = page.into_string();
        for forbidden in [" style=", " onclick", "<style", "javascript:", "data:", "src=\"http", "href=\"http"] {
            assert!(!page.contains(forbidden), "{name}: {forbidden}");
        }
    }
}

#[test]
fn every_page_has_its_language_one_heading_and_no_bare_key() {
    let keys: Vec<&str> = include_str!("../../../locales/de.ftl")
        .lines()
        .filter_map(|line| line.split_once(" = ").map(|(key, _)| key))
        .filter(|key| key.contains('-') && !key.starts_with([' ', '#']))
        .collect();
    for (language, tag) in [(Language::German, "de"), (Language::English, "en")] {
        for (name, page) in pages(language) {
            let page = page.into_string();
            assert!(page.contains(&format!("<html lang=\"{tag}\"")), "{name}");
            assert_eq!(page.matches("<h1").count(), 1, "{name}");
            for key in &keys {
                assert!(!page.contains(&format!(">{key}<")) && !page.contains(&format!(">{key} ")), "{name}: {key}");
            }
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for (name, page) in pages(Language::German) {
        let page = page.into_string();
        let forms = page.matches("<form method=\"post\"").count();
        assert_eq!(page.matches("name=\"form_token\" value=\"f0rm\"").count(), forms, "{name}");
    }
}

#[test]
fn a_stretch_off_record_names_nobody() {
    let page = recording(&viewer(Language::German), &sample_recording(Standing::Kept, open())).into_string();
    let list = page.split("class=\"stretches\"").nth(1).unwrap().split("</ol>").next().unwrap();
    assert!(list.contains("mit Beiträgen ohne Aufnahme") && list.contains("1:05 bis 3:10"));
    assert!(!list.contains("Telefon "), "{list}");
}

#[test]
fn before_a_purpose_is_named_there_is_no_sound_on_the_page() {
    let page =
        recording(&viewer(Language::German), &sample_recording(Standing::Kept, Listening::Ask { missing: false }));
    assert!(!page.into_string().contains("<audio"));
    let page = recording(&viewer(Language::German), &sample_recording(Standing::Kept, open())).into_string();
    assert!(page.contains("/ton/1/telefon-3.wav") && page.contains("/ton/1/alle.wav"));
}

#[test]
fn what_is_destroyed_offers_its_proof_and_nothing_to_hear() {
    let page = recording(&viewer(Language::German), &sample_recording(Standing::Destroyed, open())).into_string();
    assert!(page.contains("/nachweis\"") && !page.contains("<audio") && !page.contains("genehmigt\""));
}

/// For looking at: `DESK_PAGES=DIR cargo test -p archiver pages_to_look_at -- --ignored` writes them all.
#[test]
#[ignore = "writes files for people"]
fn pages_to_look_at() {
    let Some(dir) = std::env::var_os("DESK_PAGES").map(std::path::PathBuf::from) else { return };
    for language in [Language::German, Language::English] {
        for (name, page) in pages(language) {
            std::fs::write(dir.join(format!("{name}-{}.html", language.tag())), page.into_string()).unwrap();
        }
    }
}
