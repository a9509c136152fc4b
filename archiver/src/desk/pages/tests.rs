//! Every page with planted data, in both languages.
//!
//! Not here: what the pages are given (`desk::tests`), and a browser (the stories, `tests/desk.rs`).

use control::{PausedBy, Record, Role};
use jiff::civil::date;
use maud::Markup;
use spool::id::{MeetingId, RecordingId, SeatNo};

use super::answers::{Answer, answer, entered, licences};
use super::frame::Viewer;
use super::meeting::{Done, Page, Question, meeting, question};
use super::meetings::{Line, Meeting, Meetings, Seat, Standing, end, meetings};
use super::proof::{Proof, none, proof};
use super::recording::{Consent, Listening, Open, Recording, Stretch, Why, recording};
use crate::texts::Language;

const EVIL: &str = "<script>alert(1)</script> & \"Haushalt\"";

fn viewer(language: Language) -> Viewer {
    Viewer { language, form_token: Some("f0rm".into()) }
}

fn sample_meetings() -> Meetings {
    let seat = |n, role, in_room, recorded, muted, hand, wants_help| Seat {
        seat: SeatNo(n),
        role,
        in_room,
        recorded,
        muted,
        shared: n == 5,
        hand,
        wants_help,
    };
    let line = |n, started_ms, standing| Line { id: RecordingId([n; 16]), started_ms, voices: n.into(), standing };
    Meetings {
        gateway_away: false,
        ended: Some("8812".into()),
        meetings: vec![
            Meeting {
                id: MeetingId([1; 16]),
                number: "4711".into(),
                title: EVIL.into(),
                seats: vec![
                    seat(1, Role::Chair, true, false, false, None, false),
                    seat(2, Role::Guest, true, true, false, Some(2), false),
                    seat(3, Role::Member, true, false, true, Some(1), false),
                    seat(4, Role::Guest, true, false, false, None, true),
                    seat(5, Role::Guest, false, false, false, None, false),
                ],
                record: Record::On,
                paused_by: None,
                recording_on: true,
                locked: false,
                agenda: Some(7),
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
                record: Record::Off,
                paused_by: None,
                recording_on: false,
                locked: false,
                agenda: None,
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

/// One meeting in every way it can stand.
fn held() -> Vec<(&'static str, Page)> {
    let running = sample_meetings().meetings.remove(0);
    let with = |change: fn(&mut Meeting)| {
        let mut meeting = running.clone();
        change(&mut meeting);
        Page { meeting, gateway_away: false }
    };
    vec![
        ("laeuft", with(|_| {})),
        ("still", with(|m| m.seats.iter_mut().for_each(|seat| (seat.wants_help, seat.hand) = (false, None)))),
        ("vorsitz", with(|m| (m.record, m.paused_by) = (Record::Paused, Some(PausedBy::Chair)))),
        ("mitglied", with(|m| (m.record, m.paused_by) = (Record::Paused, Some(PausedBy::Member)))),
        ("schreibtisch", with(|m| (m.record, m.paused_by) = (Record::Paused, Some(PausedBy::Desk)))),
        ("neustart", with(|m| (m.record, m.paused_by) = (Record::Paused, None))),
        ("aus", with(|m| (m.record, m.locked, m.agenda) = (Record::Off, true, None))),
        ("gestoert", with(|m| m.recording_on = false)),
        ("niemand", with(|m| m.seats.clear())),
        ("ohne-anlage", Page { meeting: running.clone(), gateway_away: true }),
    ]
}

const DONE: [Done; 16] = [
    Done::Started,
    Done::Paused,
    Done::SectionClosed,
    Done::Locked,
    Done::Unlocked,
    Done::Agenda(Some(7)),
    Done::Agenda(None),
    Done::NoItem,
    Done::Floor(SeatNo(3)),
    Done::NoHand,
    Done::Helped(SeatNo(3)),
    Done::Muted(SeatNo(3)),
    Done::AllMuted,
    Done::Shared(SeatNo(3), true),
    Done::Shared(SeatNo(3), false),
    Done::Dismissed(SeatNo(3)),
];

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
    pages.extend(held().into_iter().map(|(name, view)| (format!("sitzung-{name}"), meeting(&viewer, &view, None))));
    let (_, view) = held().remove(0);
    for (name, asked) in [
        ("fortsetzen", Question::Start),
        ("schluss", Question::CloseSection),
        ("sperren", Question::Lock),
        ("alle-stumm", Question::MuteAll),
        ("verabschieden", Question::Dismiss(SeatNo(3))),
    ] {
        pages.push((format!("frage-{name}"), question(&viewer, &view, asked)));
    }
    for done in DONE {
        let name = format!("getan-{done:?}").to_lowercase().replace(['(', ')'], "");
        pages.push((name, meeting(&viewer, &view, Some((done, Some(1_795_525_500_000))))));
    }
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
        Answer::RecordMoved,
        Answer::KeysComing,
        Answer::CannotRecord,
        Answer::NobodyThere,
        Answer::SeatLeft,
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
        let forms = page.matches(" method=\"post\"").count();
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

/// The page of one meeting as it stands.
fn live(name: &str) -> String {
    let (_, view) = held().into_iter().find(|(known, _)| *known == name).unwrap();
    meeting(&viewer(Language::German), &view, None).into_string()
}

#[test]
fn whoever_asks_for_help_is_named_before_anything_else() {
    let page = live("laeuft");
    assert!(page.find("Telefon 4 bittet um Hilfe").unwrap() < page.find("id=\"aufnahme\"").unwrap());
    assert!(!live("still").contains("bittet um Hilfe"));
    let list = meetings(&viewer(Language::German), &sample_meetings()).into_string();
    assert!(list.contains("Telefon 4 bittet um Hilfe"), "the list says so too");
}

#[test]
fn raised_hands_stand_in_their_order_and_the_first_is_the_one_to_call() {
    let page = live("laeuft");
    let queue = page.split("class=\"hands\"").nth(1).unwrap().split("</ol>").next().unwrap();
    assert!(queue.find("Telefon 3 (Mitglied)").unwrap() < queue.find("Telefon 2").unwrap(), "{queue}");
    assert!(page.contains("Telefon 3 (Mitglied) aufrufen"));
    assert!(!live("still").contains("/tun/aufrufen"), "nobody to call");
}

#[test]
fn the_record_is_told_with_whose_word_it_is_and_offers_what_can_be_done_now() {
    for (name, says, offers, not) in [
        ("laeuft", "Aufgenommen wird, wer zugestimmt hat", "/tun/unterbrechen", "/tun/aufnehmen"),
        ("vorsitz", "Der Vorsitz hat die Aufnahme angehalten", "/tun/aufnehmen", "/tun/unterbrechen"),
        ("schreibtisch", "hier am Schreibtisch", "/tun/aufnehmen", "/tun/unterbrechen"),
        ("neustart", "neu gestartet", "/tun/aufnehmen", "/tun/unterbrechen"),
        // What a member demanded is not undone by one click.
        ("mitglied", "Ein Mitglied hat verlangt", "/fragen/aufnehmen", "/tun/aufnehmen"),
        ("aus", "werden alle einzeln gefragt", "/tun/aufnehmen", "/fragen/schluss"),
        ("gestoert", "eingeschaltet, aber es wird nichts aufgenommen", "/tun/unterbrechen", "/tun/aufnehmen"),
    ] {
        let page = live(name);
        assert!(page.contains(says) && page.contains(offers) && !page.contains(not), "{name}");
    }
}

#[test]
fn what_cannot_be_taken_back_or_shuts_somebody_out_is_asked_first() {
    for name in held().into_iter().map(|(name, _)| name) {
        let page = live(name);
        for asked in ["schluss", "sperren", "alle-stumm", "verabschieden"] {
            assert!(!page.contains(&format!("/tun/{asked}")), "{name}: {asked} without a question");
        }
    }
    assert!(live("laeuft").contains("/fragen/sperren") && live("aus").contains("/tun/oeffnen"));
}

#[test]
fn of_a_gateway_that_does_not_answer_nothing_old_is_told() {
    let page = live("ohne-anlage");
    assert!(!page.contains("Telefon 4") && !page.contains("id=\"aufnahme\""), "{page}");
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
