//! Who is in the recording: those who said yes, after they were told, and nobody else.
//!
//! Not here: a yes that is taken back (`withdrawal`), and who hears whom (`hearing`).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::ears::Person::{Anna, Bert};
use crate::support::house::House;
use crate::support::phone::Phone;
use crate::support::{sql, until};

#[test]
fn the_refuser_is_in_the_room_and_not_in_the_recording() {
    let house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    anna.hears_all_and_agrees(&house);
    let mut bert = Phone::off_record(&house, Bert);
    assert!(!house.seat(bert.seat).expect("Bert's seat").recorded);

    anna.speaks();
    bert.hears(Anna);
    let said = anna.falls_silent();
    bert.speaks();
    anna.hears(Bert);
    anna.listens(2);
    bert.falls_silent();
    anna.does_not_hear(Bert, 1);

    // While the meeting runs there is already something to listen to.
    let soon = house.export("mittendrin");
    soon.all().assert_with(Anna, said - 1.0, "the recording while the meeting runs");
    soon.all().assert_without(Bert, "the recording while the meeting runs");

    anna.hangs_up();
    let bert_seat = bert.seat;
    bert.hangs_up();
    house.await_handed_over();
    let export = house.export("danach");
    export.all().assert_with(Anna, said - 1.0, "the recording");
    export.all().assert_without(Bert, "the recording");
    assert!(export.voice(bert_seat).is_none(), "there is a file of somebody who said no");
}

#[test]
fn who_answers_nothing_is_off_record_and_in_the_room() {
    let house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::calls(&house, Bert);
    bert.arrives(&house);
    // The question is asked twice, then silence is a no.
    until("the silent one to be in the room", SILENCE, || house.seat(bert.seat).filter(|seat| seat.in_room));
    assert!(!house.seat(bert.seat).expect("Bert's seat").recorded);
    bert.speaks();
    anna.hears(Bert);
    bert.falls_silent();
    anna.speaks();
    bert.hears(Anna);
    bert.listens(2);
    let said = anna.falls_silent();
    anna.hangs_up();
    bert.hangs_up();
    house.await_handed_over();
    let export = house.export("kopie");
    export.all().assert_with(Anna, said - 1.2, "the recording");
    export.all().assert_without(Bert, "the recording");
}

#[test]
fn a_yes_keyed_before_its_time_is_none() {
    let house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    // All of it at once: the PIN, and a yes before a word of the notice was heard.
    anna.hears_out();
    anna.keys(&format!("{}#", house.guest_pin()));
    let seat = until("a seat", SILENCE, || house.seats().first().map(|seat| seat.number));
    anna.seat = seat;
    for _ in 0..4 {
        anna.keys("1");
    }
    anna.listens(2);
    let now = house.seat(seat).expect("Anna's seat");
    assert!(!now.recorded, "keys from before the notice made a yes");
    assert!(!now.in_room, "keys from before the notice were taken for an answer");
    // Whoever said yes still hears the receipt and is not in the room yet; but a track is open for that voice.
    let tracks = std::fs::read_dir(house.spool().join("open")).expect("the spool").filter_map(Result::ok);
    let files = tracks.filter_map(|chunk| std::fs::read_dir(chunk.path()).ok()).flatten().filter_map(Result::ok);
    let keys: Vec<_> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "keys")).collect();
    assert!(keys.is_empty(), "keys from before the notice opened a track: {keys:?}");
    // And the same key counts once the notice was heard.
    anna.agrees(&house);
    anna.hangs_up();
}

#[test]
fn a_yes_to_a_notice_that_changed_meanwhile_is_none_and_another_rule_waits_until_nobody_is_there() {
    let house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    // All that must be heard is over; now the desk calls the meeting otherwise.
    anna.listens(20);
    let plan = planned(&house);
    let other = |change: &dyn Fn(&mut Value)| {
        let mut other = plan.clone();
        change(&mut other);
        other
    };
    let stricter = other(&|meeting| meeting["rule"]["cap_months"] = json!(1));
    assert_eq!(house.tells("PUT", "", &stricter), 409, "a recording is made under one rule");
    assert_eq!(house.tells("PUT", "", &other(&|meeting| meeting["number"] = json!("80808"))), 204);
    anna.does("p1");
    anna.keys("1");
    anna.listens(2);
    let now = house.seat(anna.seat).expect("Anna's seat");
    assert!(!now.recorded && !now.in_room, "a yes to a notice that she did not hear");
    anna.agrees(&house);
    let seat = anna.seat;
    anna.hangs_up();
    house.await_handed_over();
    let acts = acts_of(&house, seat);
    assert!(acts.ends_with(&["superseded", "offered", "given"].map(str::to_owned)), "{acts:?}");
    assert_eq!(house.tells("PUT", "", &stricter), 204, "nobody is there");
}

#[test]
fn keys_of_another_section_record_nobody_in_this_one() {
    let house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    let mut next = planned(&house);
    next["section"] = json!(format!("sec-{}", "7".repeat(32)));
    assert_eq!(house.tells("PUT", "", &next), 204);
    anna.does("p20");
    for _ in 0..8 {
        anna.keys("1");
        anna.listens(1);
    }
    until("Anna to be in the room, told that she is not recorded", SILENCE, || {
        house.seat(anna.seat).filter(|seat| seat.in_room && !seat.recorded)
    });
    let seat = anna.seat;
    anna.hangs_up();
    house.await_handed_over();
    assert_eq!(acts_of(&house, seat), ["offered", "given"], "the yes is evidence, and made no track");
    assert_eq!(sql(&house.data(), "SELECT COUNT(*) FROM tracks"), "0");
}

/// The meeting as the desk put it.
fn planned(house: &House) -> Value {
    let plan = std::fs::read(house.data().join("gateway/plan.json")).expect("the gateway's plan");
    let plan: Value = serde_json::from_slice(&plan).expect("JSON");
    plan["meetings"][0]["meeting"].clone()
}

/// The kinds of this seat's acts, as the archive holds them.
fn acts_of(house: &House, seat: u64) -> Vec<String> {
    let query = "SELECT payload FROM payloads WHERE chain = 'consent' ORDER BY seq";
    let acts = sql(&house.data(), query);
    let acts = acts.lines().map(|line| serde_json::from_str::<Value>(line).expect("an act"));
    acts.filter(|act| act["seat"] == seat).map(|act| act["kind"].as_str().expect("its kind").to_owned()).collect()
}

const SILENCE: Duration = Duration::from_secs(180);
