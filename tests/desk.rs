//! A clerk at the desk, with a browser.
//!
//! Not here: the pages one by one, and other roles than a clerk's (the units of the archive).

use std::time::Duration;

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::ears::Person::{Anna, Bert};
use crate::support::ears::{HEARD_DBOV, Sound};
use crate::support::house::House;
use crate::support::http;
use crate::support::phone::Phone;
use crate::support::{sql, top, until};

/// A clerk who has opened the link of the demo's start.
pub(crate) fn signs_in(house: &House) -> Browser {
    let browser = Browser::opens();
    browser.goes_to(&house.now("desk"));
    browser.awaits_text("Abmelden");
    browser
}

/// Opens the newest recording and names a purpose.
pub(crate) fn opens_the_recording(browser: &Browser) {
    browser.clicks("Aufnahme vom");
    browser.awaits_text("Angaben zur Aufnahme");
}

fn names_a_purpose(browser: &Browser) {
    browser.clicks("Protokoll schreiben");
    browser.clicks("Zweck festhalten und anhören");
    browser.awaits("the player", "return document.getElementById('ton') !== null");
}

/// How loud this frequency is in what the browser plays now, in dB below full scale; its own filter bank measures it.
fn plays(browser: &Browser, hz: u32) -> f64 {
    let script = format!(
        "if (!window.ear) {{ const c = new AudioContext(); const a = c.createAnalyser(); a.fftSize = 8192; \
         a.smoothingTimeConstant = 0; c.createMediaElementSource(document.getElementById('ton')).connect(a); \
         a.connect(c.destination); window.ear = {{c, a, d: new Float32Array(a.frequencyBinCount)}}; c.resume(); }} \
         window.ear.a.getFloatFrequencyData(window.ear.d); \
         const b = Math.round({hz} * window.ear.a.fftSize / window.ear.c.sampleRate); \
         const v = Math.max(window.ear.d[b - 1], window.ear.d[b], window.ear.d[b + 1]); \
         return isFinite(v) ? v : -200;"
    );
    browser.runs(&script).as_f64().unwrap_or(-200.0)
}

/// Where the player is, in seconds.
fn is_at(browser: &Browser) -> f32 {
    browser.runs("return document.getElementById('ton').currentTime").as_f64().expect("a time") as f32
}

fn seeks(browser: &Browser, to_s: f32) {
    browser.runs(&format!(
        "const t = document.getElementById('ton'); t.muted = false; t.currentTime = {to_s}; t.play(); return 1"
    ));
    let there =
        format!("const t = document.getElementById('ton'); return !t.seeking && Math.abs(t.currentTime - {to_s}) < 5");
    browser.awaits("the player to be there", &there);
}

/// What the meeting's page says of a seat.
fn row(browser: &Browser, seat: u64) -> String {
    let script = format!(
        "return [...document.querySelectorAll('.seats tbody tr')].map(r => r.innerText) \
         .find(r => /^Telefon {seat}(?![0-9])/.test(r)) ?? ''"
    );
    browser.runs(&script).as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_clerk_sees_who_is_recorded_plays_seeks_and_approves() {
    let house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::off_record(&house, Bert);

    let browser = signs_in(&house);
    browser.awaits_text("2 Personen sind da.");
    browser.awaits_text("Eine Person wird aufgenommen.");
    browser.clicks("Sitzung begleiten");
    browser.awaits_text("Wer ist da");
    assert!(row(&browser, anna.seat).contains("wird aufgenommen"), "{}", browser.text());
    assert!(row(&browser, bert.seat).contains("keine Aufnahme"), "{}", browser.text());

    // Four seconds of nothing from her, then her voice: something to seek to.
    anna.listens(3);
    anna.speaks();
    bert.hears(Anna);
    bert.listens(4);
    anna.falls_silent();
    anna.hangs_up();
    bert.hangs_up();
    house.await_handed_over();

    browser.goes_to(&format!("{}/sitzungen", origin(&house)));
    opens_the_recording(&browser);
    // No sound before a purpose.
    assert_eq!(browser.runs("return document.querySelectorAll('audio').length"), 0);
    names_a_purpose(&browser);
    browser.awaits("the player to know the length", "const t = document.getElementById('ton'); return t.duration > 5");
    // The copy says where her voice is; the player must find it there and nowhere before.
    let course = house.export("kopie").all().course(Anna.hz());
    let begins = course.iter().position(|&dbov| dbov > HEARD_DBOV).expect("her voice in the copy") as f32 / 10.0;
    seeks(&browser, begins + 0.5);
    until("the clerk to hear Anna", HEARS, || (plays(&browser, Anna.hz()) > -50.0).then_some(()));
    seeks(&browser, 0.0);
    until("silence before her voice", HEARS, || (plays(&browser, Anna.hz()) < -90.0).then_some(()));
    // Played from a little before, it begins where the copy says, to a half second.
    seeks(&browser, begins - 1.5);
    let heard_at = until("the clerk to hear Anna after seeking", HEARS, || {
        (plays(&browser, Anna.hz()) > -50.0).then(|| is_at(&browser))
    });
    assert!((heard_at - begins).abs() < 0.6, "she begins at {begins} s and is heard at {heard_at} s");
    // The purpose was written down first, then every minute that was heard.
    let listened = sql(&house.data(), "select payload from payloads where payload like '%Protokoll schreiben%'");
    let first = listened.lines().next().unwrap_or_default();
    assert!(!first.is_empty() && !first.contains("heard "), "the purpose is not in the audit: {listened}");
    assert!(listened.contains("heard all minutes 0-0"), "what was heard is not in the audit: {listened}");

    // One voice alone.
    browser.clicks(&format!("Telefon {}", 1));
    browser.awaits("the voice's own sound", "return document.getElementById('ton').src.includes('telefon-1')");

    browser.clicks("Protokoll genehmigt");
    browser.awaits_text("Genehmigung zurücknehmen");
    browser.awaits_text("Das Protokoll wurde am");
}

#[test]
fn a_clerk_ends_the_meeting_and_everybody_is_said_goodbye_to() {
    let house = House::open();
    let anna = Phone::off_record(&house, Anna);
    let browser = signs_in(&house);
    browser.awaits_text("Eine Person ist da.");
    browser.clicks("Sitzung begleiten");
    browser.clicks("Sitzung beenden");
    browser.clicks("Ja, Sitzung jetzt beenden");
    let report = anna.hears_goodbye();
    assert_eq!(report["answered"], true);
    browser.awaits_text("niemand da");
}

#[test]
fn a_clerk_sees_a_call_for_help_pauses_and_resumes_and_sets_the_item_that_callers_hear() {
    let house = House::open();
    let heard = house.ground().path().join("gehoert.wav");
    let mut anna = Phone::calls_with(&house, Anna, &["--keep", heard.to_str().expect("a path")]);
    anna.arrives(&house);
    anna.agrees(&house);
    let browser = signs_in(&house);
    browser.clicks("Sitzung begleiten");
    browser.awaits_text("Aufgenommen wird, wer zugestimmt hat.");

    anna.keys("00");
    browser.awaits_text(&format!("Telefon {} bittet um Hilfe.", anna.seat));

    anna.speaks();
    anna.listens(2);
    browser.clicks("Aufnahme anhalten");
    browser.awaits_text("Die Aufnahme wurde hier am Schreibtisch angehalten.");
    assert_eq!(house.meeting()["paused_by"], "desk");
    anna.listens(2);
    browser.clicks("Aufnahme fortsetzen");
    browser.awaits_text("Sie haben die Aufnahme eingeschaltet.");
    anna.listens(2);
    let said = anna.falls_silent();

    // What is being typed stays, although the page changes meanwhile; what does not change is left where it is.
    browser.runs("document.getElementById('top').closest('section').left = true; return 1");
    browser.clicks("Anderen Tagesordnungspunkt wählen");
    browser.types("nummer", "17");
    anna.keys("*5");
    browser.awaits_text("meldet sich (an 1. Stelle)");
    assert_eq!(browser.runs("return document.getElementById('top').closest('section').left"), true);
    browser.clicks("Übernehmen");
    browser.awaits_text("Jetzt: Tagesordnungspunkt 17");
    // Twice: on a busy machine a word may come with a hole in it.
    for _ in 0..2 {
        anna.keys("*4");
        anna.hears_out();
    }
    anna.hangs_up();
    house.await_handed_over();

    let heard = Sound::read(&heard).last(10);
    let [this, next] = [17, 18].map(|item| heard.says(&prompt(&format!("number-{item}"))));
    assert!(this > 0.8 && this > next + 0.2, "as like 17 as {this}, as like 18 as {next}");

    let kept = house.export("kopie").all();
    let gap = longest_gap(&kept.course(Anna.hz()));
    assert!((1.5..said - 3.0).contains(&gap), "{said} s were said, {gap} s of it while the record was paused");
    browser.clicks("Aufnahme vom");
    browser.awaits_text("Aufnahme angehalten");

    let deeds = sql(&house.data(), "select kind from links where chain = 'audit' order by seq");
    let wished: Vec<&str> = deeds.lines().filter(|deed| DEEDS.contains(deed)).collect();
    assert_eq!(wished, DEEDS, "each in its turn");
    let who = sql(&house.data(), "select payload from payloads where payload like '%item 17%'");
    assert!(who.contains("demo-clerk"), "who set the item is written down: {who}");
}

#[test]
fn a_clerk_calls_mutes_locks_and_closes_a_section_and_the_next_begins_from_the_desk() {
    let house = House::open();
    let mut chair = Phone::calls(&house, Anna);
    chair.arrives_with(&house, &house.now("chair_pin"));
    chair.refuses(&house);
    let mut bert = Phone::off_record(&house, Bert);
    let browser = signs_in(&house);
    browser.clicks("Sitzung begleiten");
    browser.awaits_text(&format!("Telefon {} (Vorsitz)", chair.seat));

    bert.keys("*5");
    browser.clicks(&format!("Telefon {} aufrufen", bert.seat));
    browser.awaits_text(&format!("Sie haben Telefon {} aufgerufen.", bert.seat));
    assert_eq!(house.seen(bert.seat)["hand"], Value::Null);
    presses(&browser, &format!("stumm-{}", bert.seat));
    browser.awaits_text(&format!("Sie haben Telefon {} stumm geschaltet.", bert.seat));
    assert_eq!(house.seen(bert.seat)["muted"], true);
    assert!(row(&browser, bert.seat).contains("stumm") && !row(&browser, chair.seat).contains("im Raum, stumm"));
    until("a call for help", HEARS, || {
        bert.keys("00");
        bert.listens(1);
        (house.seen(bert.seat)["wants_help"] == true).then_some(())
    });
    browser.clicks("Erledigt");
    browser.awaits_text("um Hilfe ist erledigt.");
    presses(&browser, &format!("mehrere-{}", bert.seat));
    browser.awaits_text(&format!("Durch Telefon {} sprechen mehrere.", bert.seat));
    assert_eq!(house.seen(bert.seat)["shared"], true);
    assert!(row(&browser, bert.seat).contains("mehrere sprechen"));
    assert_eq!(house.seen(bert.seat)["wants_help"], false);

    chair.keys("002");
    browser.awaits_text("Der Vorsitz hat die Aufnahme angehalten.");
    browser.clicks("Aufnahme fortsetzen");
    browser.awaits_text("Sie haben die Aufnahme eingeschaltet.");

    // A question first; who goes back has done nothing.
    browser.clicks("Zugang sperren");
    browser.awaits_text("Wer jetzt anruft, kommt nicht mehr herein.");
    browser.clicks("Nein, zurück");
    browser.awaits_text("Wer ist da");
    assert_eq!(house.meeting()["locked"], false);
    browser.clicks("Zugang sperren");
    browser.clicks("Ja, Zugang sperren");
    browser.clicks("Zugang freigeben");
    browser.awaits_text("Sie haben den Zugang freigegeben.");
    assert_eq!(house.meeting()["locked"], false);

    let section = section_of(&house);
    browser.clicks("Diesen Teil schließen");
    browser.clicks("Ja, diesen Teil schließen");
    browser.awaits_text("Sie haben diesen Teil geschlossen.");
    assert_eq!(house.meeting()["record"], "off");
    until("the keys of the next section", HEARS, || (section_of(&house) != section).then_some(()));
    browser.clicks("Aufnahme beginnen");
    browser.awaits_text("Aufgenommen wird, wer zugestimmt hat.");

    presses(&browser, &format!("weg-{}", bert.seat));
    browser.clicks("Ja, Gespräch beenden");
    bert.hears_goodbye();
    browser.awaits_text("Eine Person ist da.");
    chair.hangs_up();
    // An archive that does not answer: who reads on must not take what stands there for what is.
    assert!(!browser.text().contains("kann veraltet sein"));
    browser.runs("window.answered = window.fetch; window.fetch = async () => { throw new Error('away'); }; return 1");
    browser.awaits_text("kann veraltet sein");
    browser.runs("window.fetch = window.answered; return 1");
    browser.awaits("news again", "return document.getElementById('veraltet').hidden");
    let deeds = sql(&house.data(), "select kind from links where chain = 'audit' order by seq");
    let wished: Vec<&str> = deeds.lines().filter(|deed| CONDUCT.contains(deed)).collect();
    assert_eq!(wished, CONDUCT, "each in its turn, and none that was not done");
}

/// Presses a button that others are worded like.
fn presses(browser: &Browser, id: &str) {
    browser.awaits(id, &format!("const it = document.getElementById('{id}'); if (it) it.click(); return it !== null"));
}

/// The section whose keys the gateway holds.
fn section_of(house: &House) -> String {
    let plan = std::fs::read_to_string(house.data().join("gateway/plan.json")).expect("plan.json");
    let plan: Value = serde_json::from_str(&plan).expect("plan.json is JSON");
    plan["meetings"][0]["meeting"]["section"].as_str().expect("a section").to_owned()
}

/// What the gateway says, as it was recorded.
fn prompt(id: &str) -> Sound {
    Sound::read(&top().join(format!("gateway/prompts/de/{id}.wav")))
}

/// The longest time without the tone between two stretches with it, in seconds.
fn longest_gap(course: &[f32]) -> f32 {
    let loud: Vec<usize> = (0..course.len()).filter(|&at| course[at] > HEARD_DBOV).collect();
    let gaps = loud.windows(2).map(|pair| pair[1] - pair[0] - 1);
    gaps.max().unwrap_or_default() as f32 / 10.0
}

#[test]
fn the_desk_opens_once_with_its_link_and_to_nobody_without() {
    let house = House::open();
    let origin = origin(&house);
    let host = origin.trim_start_matches("http://").to_owned();
    let answer = http::ask(&host, "GET", "/sitzungen", &[]).expect("the desk answers");
    assert!(matches!(answer.status, 302 | 303 | 401 | 403), "{} without a session", answer.status);
    assert!(!String::from_utf8_lossy(&answer.body).contains("Sitzung beenden"));
    let policy = answer.header("content-security-policy").expect("a content security policy").to_owned();
    assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");

    let _first = signs_in(&house);
    let second = Browser::opens();
    second.goes_to(&house.now("desk"));
    second.awaits_text("Dieser Link wurde schon benutzt");
}

pub(crate) fn origin(house: &House) -> String {
    let link = house.now("desk");
    let (scheme, rest) = link.split_once("://").expect("an address");
    format!("{scheme}://{}", rest.split('/').next().expect("a host"))
}

/// What the clerks of two stories do to a meeting, in the audit's words.
const DEEDS: [&str; 3] = ["pause_record", "start_record", "set_agenda"];
const CONDUCT: [&str; 9] =
    ["call_next", "mute", "answer_help", "start_record", "lock", "unlock", "close_section", "start_record", "dismiss"];
const HEARS: Duration = Duration::from_secs(15);
