//! One meeting, two gateways: one recording, on one word.
//!
//! The rooms of the two are not bridged yet, so nobody hears the other gateway's callers.
//!
//! Not here: chunks that claim what is not theirs (the archive's own tests), a home on another machine.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::demo::parent_of;
use crate::support::ears::Person::{Anna, Clara};
use crate::support::ears::{Person, Sound};
use crate::support::house::{Export, House, Line, signal};
use crate::support::phone::Phone;
use crate::support::second::Second;
use crate::support::until;

#[test]
fn two_gateways_make_one_recording_and_on_an_unknown_state_nothing_is_kept() {
    let mut house = House::open();
    let second = Second::beside(&mut house);
    let mut anna = Phone::recorded(&house, Anna);
    let mut clara = Phone::recorded(&second, Clara);
    assert_eq!((anna.seat, clara.seat), (1, 1001), "no two seats of a meeting share a number");
    let recording = house.meeting()["recording"].clone();
    assert!(recording.is_string(), "{recording}");
    assert_eq!(second.meeting()["recording"], recording);
    anna.speaks();
    clara.speaks();
    clara.listens(3);

    // The home's pause holds at the guest too.
    assert_eq!(house.tells("POST", "/record/pause", &Value::Null), 204);
    await_recorded(&second, &clara, false, Duration::from_secs(2));
    clara.listens(3);
    assert_eq!(house.tells("POST", "/record/start", &Value::Null), 204);
    await_recorded(&second, &clara, true, Duration::from_secs(2));
    clara.listens(3);
    clara.falls_silent();
    clara.listens(1);

    // The demo would start the gateway again at once, so it is held still meanwhile.
    let home = house.now("gateway_pid");
    let demo = parent_of(&home);
    signal(demo, libc::SIGSTOP);
    signal(home.parse().expect("a process id"), libc::SIGKILL);
    let killed = Instant::now();
    drop(anna);
    await_recorded(&second, &clara, false, Duration::from_secs(5));
    let after = killed.elapsed();
    // A lease of two seconds; the rest is the time of looking.
    assert!(after < Duration::from_millis(2_700), "the guest recorded on for {after:?}");
    clara.awaits("a sentence that nothing is recorded", Duration::from_secs(10), spoken);
    clara.speaks();
    clara.listens(3);

    signal(demo, libc::SIGCONT);
    house.await_line();
    await_recorded(&second, &clara, true, Duration::from_secs(20));
    assert_eq!(second.meeting()["recording"], recording, "it goes on in the same recording");
    clara.listens(3);
    let mut anna = Phone::recorded(&house, Anna);
    assert_eq!(anna.seat, 2, "nobody gets a seat that somebody had before");
    assert_eq!(house.meeting()["recording"], recording);
    anna.speaks();
    anna.listens(3);
    anna.hangs_up();
    clara.hangs_up();
    await_handed_over(&house, &second);

    let export = house.export("kopie");
    let (all, index) = (export.all(), index(&export));
    all.assert_with(Anna, 5.0, "the whole recording");
    export.voice(1).expect("Anna before the kill").assert_with(Anna, 2.0, "her first voice");
    export.voice(2).expect("Anna after it").assert_with(Anna, 2.0, "her second voice");
    let kept = export.voice(1001).expect("Clara at the other gateway");
    kept.assert_with(Clara, 7.0, "her voice");
    let gaps = gaps(&index, 1001, "state_unknown");
    assert_eq!(gaps.len(), 1, "{index}");
    for (from_ms, until_ms) in gaps {
        assert!(until_ms - from_ms > 3_000, "{from_ms} to {until_ms}");
        for sound in [&kept, &all] {
            part(sound, from_ms, until_ms).assert_without(Clara, "the time in which nobody knew");
        }
    }
}

#[test]
fn who_comes_first_at_the_second_gateway_is_told_the_truth_and_recorded() {
    let mut house = House::open();
    let second = Second::beside(&mut house);
    // Nobody is at the home: its gathering begins with hers.
    let mut clara = Phone::recorded(&second, Clara);
    clara.speaks();
    let began = Instant::now();
    clara.listens(3);
    assert_eq!(house.meeting()["recording"], second.meeting()["recording"]);
    // The home closes the section: hers ends too, and she is asked anew in the next, with keys of her own gateway.
    assert_eq!(house.tells("POST", "/section/close", &Value::Null), 204);
    let before = began.elapsed().as_secs_f32();
    await_recorded(&second, &clara, false, Duration::from_secs(2));
    clara.listens(2);
    clara.falls_silent();
    until("the next section's keys at the home", Duration::from_secs(20), || {
        (house.tells("POST", "/record/start", &Value::Null) == 204).then_some(())
    });
    until("the next section at the guest", Duration::from_secs(20), || {
        Some(second.meeting()).filter(|meeting| meeting["record"] == "on")
    });
    clara.agrees(&second);
    clara.speaks();
    clara.listens(3);
    let after = clara.falls_silent();
    // And is ended there for all.
    assert_eq!(house.tells("POST", "/end", &Value::Null), 204);
    clara.hears_goodbye();
    await_handed_over(&house, &second);
    let export = house.export("kopie");
    let kept = export.voice(1001).expect("her voice").seconds_of(Clara);
    let said = before + after;
    assert!((kept - said).abs() < 1.2, "{said} s were said in the two sections, {kept} s are kept");
    assert_eq!(index(&export)["seats"][0]["tracks"].as_array().map(Vec::len), Some(2), "a permit a section");
}

#[test]
fn the_chair_at_the_second_gateway_has_the_same_word() {
    let mut house = House::open();
    let second = Second::beside(&mut house);
    let mut anna = Phone::recorded(&house, Anna);
    let mut chair = Phone::calls(&second, Clara);
    chair.arrives_with(&second, &house.now("chair_pin"));
    chair.refuses(&second);
    // 0 0 leads to the chair's menu, 2 pauses.
    chair.keys("002");
    await_recorded(&house, &anna, false, Duration::from_secs(10));
    assert_eq!(
        (house.meeting()["record"].clone(), house.meeting()["paused_by"].clone()),
        ("paused".into(), "chair".into())
    );
    anna.awaits("a sentence that it is paused", Duration::from_secs(10), spoken);
    chair.listens(4);
    chair.keys("001");
    await_recorded(&house, &anna, true, Duration::from_secs(10));
    chair.hangs_up();
    anna.hangs_up();
    await_handed_over(&house, &second);
}

fn await_recorded(at: &impl Line, phone: &Phone, recorded: bool, limit: Duration) {
    let what = if recorded { "the recording to go on" } else { "nothing to be recorded" };
    until(what, limit, || at.seat(phone.seat).filter(|seat| seat.recorded == recorded));
}

fn await_handed_over(house: &House, second: &Second) {
    house.await_handed_over();
    let gone = || second.seats().is_empty() && second.spool_is_empty() && house.meeting()["recording"].is_null();
    until("both gateways to have handed over", Duration::from_secs(30), || gone().then_some(()));
    until("the spool of the home to be taken in", Duration::from_secs(30), || house.spool_is_empty().then_some(()));
}

fn index(export: &Export) -> Value {
    let text = std::fs::read(export.dir.join("index.json")).expect("index.json");
    serde_json::from_slice(&text).expect("index.json is JSON")
}

/// From when until when a seat's voice is missing for this reason, in milliseconds.
fn gaps(index: &Value, seat: u64, reason: &str) -> Vec<(u64, u64)> {
    let seats = index["seats"].as_array().into_iter().flatten().filter(|known| known["seat"] == seat);
    let tracks = seats.flat_map(|seat| seat["tracks"].as_array().into_iter().flatten());
    let gaps = tracks.flat_map(|track| track["gaps"].as_array().into_iter().flatten());
    let ms = |value: &Value| value.as_u64().expect("a time");
    gaps.filter(|gap| gap["reason"] == reason).map(|gap| (ms(&gap["from_ms"]), ms(&gap["until_ms"]))).collect()
}

fn part(sound: &Sound, from_ms: u64, until_ms: u64) -> Sound {
    let at = |ms: u64| (ms * u64::from(sound.rate_hz) / 1000) as usize;
    let samples = sound.samples[at(from_ms)..at(until_ms).min(sound.samples.len())].to_vec();
    Sound { rate_hz: sound.rate_hz, samples }
}

/// A second in which something is heard that is nobody's tone.
fn spoken(event: &Value) -> bool {
    let tone = |who: Person| crate::support::phone::tone(event, who).unwrap_or(-127.0);
    event["event"] == "second"
        && event["level_dbov"].as_f64().is_some_and(|level| level > -45.0)
        && Person::ALL.into_iter().all(|who| tone(who) < -45.0)
}
