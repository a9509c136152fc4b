//! Every key of the room by a telephone: what it does to the one who presses it, and to everybody.
//!
//! Not here: `1` and `2` of the consent question (`consent`, `withdrawal`), and wrong PINs (`bad_input`).

use std::time::Duration;

use control::Role;
use serde_json::{Value, json};

use crate::support::ears::Person::{Anna, Bert, Clara};
use crate::support::house::House;
use crate::support::phone::{Phone, tone};
use crate::support::{sql, until};

#[test]
fn a_guests_keys_do_what_the_menu_says() {
    let house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::off_record(&house, Bert);
    let (anna_seat, bert_seat) = (anna.seat, bert.seat);

    // 6: not heard any more, and again; in the menu and short.
    bert.keys("06");
    await_seat(&house, bert_seat, "muted", &json!(true));
    bert.keys("*6");
    await_seat(&house, bert_seat, "muted", &json!(false));
    // 5: the hand, its place, and down again.
    anna.keys("*5");
    await_seat(&house, anna_seat, "hand", &json!(1));
    bert.keys("05");
    await_seat(&house, bert_seat, "hand", &json!(2));
    anna.keys("*55");
    await_seat(&house, anna_seat, "hand", &Value::Null);
    await_seat(&house, bert_seat, "hand", &json!(1));
    // 0 0: a person.
    assert_eq!(house.seen(bert_seat)["wants_help"], false);
    bert.keys("00");
    await_seat(&house, bert_seat, "wants_help", &json!(true));
    assert_eq!(house.tells("DELETE", &format!("/seats/{bert_seat}/help"), &Value::Null), 204);
    await_seat(&house, bert_seat, "wants_help", &json!(false));
    assert_eq!(house.tells("DELETE", "/seats/99/help", &Value::Null), 404);
    // 4, 9, 3 answer with a sentence.
    assert_eq!(house.tells("PUT", "/agenda", &json!({ "item": 7 })), 204);
    assert_eq!(house.meeting()["agenda"], 7);
    for keys in ["*4", "*9", "03"] {
        bert.hears_out();
        bert.keys(keys);
    }
    bert.hears_out();
    // 7 is a member's: nothing of the record changes.
    bert.keys("*7");
    bert.hears_out();
    assert_eq!(house.meeting()["record"], "on");
    // What exchanges use for themselves is left alone, and so is a digit behind an unknown prefix.
    anna.keys("*2#2**##*1*3*0");
    anna.listens(1);
    assert!(house.seat(anna_seat).expect("Anna").recorded, "a key of the exchange took the yes back");

    // 8: what Bert hears gets louder by a step.
    anna.speaks();
    bert.hears(Anna);
    let before = loudness(&mut bert);
    bert.keys("*8");
    bert.listens(2);
    let louder = loudness(&mut bert) - before;
    assert!((louder - 6.0).abs() < 1.5, "louder by {louder} dB");
    anna.hangs_up();
    bert.hangs_up();
}

#[test]
fn the_chair_pauses_resumes_mutes_locks_and_ends() {
    let house = House::open();
    let mut chair = Phone::calls(&house, Anna);
    chair.arrives_with(&house, &house.now("chair_pin"));
    assert_eq!(house.seen(chair.seat)["role"], "chair");
    chair.refuses(&house);
    let mut bert = Phone::recorded(&house, Bert);

    chair.keys("002");
    await_meeting(&house, "record", &json!("paused"));
    assert!(!house.seat(bert.seat).expect("Bert").recorded);
    chair.keys("001");
    await_meeting(&house, "record", &json!("on"));
    assert!(house.seat(bert.seat).expect("Bert").recorded, "the yes still stands");

    bert.keys("*5");
    await_seat(&house, bert.seat, "hand", &json!(1));
    chair.keys("005");
    await_seat(&house, bert.seat, "hand", &Value::Null);
    chair.keys("006");
    await_seat(&house, bert.seat, "muted", &json!(true));
    assert_eq!(house.seen(chair.seat)["muted"], false);
    bert.keys("*6");
    await_seat(&house, bert.seat, "muted", &json!(false));

    // Locking asks once more: the same key again is no yes.
    chair.keys("007");
    chair.hears_out();
    chair.keys("7");
    chair.hears_out();
    assert_eq!(house.meeting()["locked"], false);
    chair.keys("007");
    chair.hears_out();
    chair.keys("1");
    await_meeting(&house, "locked", &json!(true));
    let mut clara = Phone::calls(&house, Clara);
    clara.hears_out();
    clara.keys(&format!("{}#", house.guest_pin()));
    assert_eq!(clara.hears_goodbye()["answered"], true);
    assert_eq!(house.seats().len(), 2, "nobody more came in");
    chair.keys("007");
    await_meeting(&house, "locked", &json!(false));

    chair.keys("009");
    chair.hears_out();
    chair.keys("1");
    bert.hears_goodbye();
    chair.hears_goodbye();
    house.await_handed_over();
}

#[test]
fn a_member_demands_a_pause_that_only_the_chair_ends() {
    let house = House::open();
    put_changed(&house, |meeting| {
        let key = serde_json::from_value(meeting["pins"]["key"].clone()).expect("the PINs' key");
        let digest = control::pin::digest(&key, Role::Member, MEMBER_PIN);
        meeting["pins"]["member"] = serde_json::to_value(digest).expect("a digest");
    });
    let mut member = Phone::calls(&house, Anna);
    member.arrives_with(&house, MEMBER_PIN);
    assert_eq!(house.seen(member.seat)["role"], "member");
    member.refuses(&house);
    let bert = Phone::recorded(&house, Bert);
    member.keys("*7");
    await_meeting(&house, "record", &json!("paused"));
    // A member's menu has no way on.
    member.hears_out();
    member.keys("001");
    member.hears_out();
    assert_eq!(house.meeting()["record"], "paused");
    let mut chair = Phone::calls(&house, Clara);
    chair.arrives_with(&house, &house.now("chair_pin"));
    chair.enters(&house);
    chair.keys("001");
    await_meeting(&house, "record", &json!("on"));
    assert!(house.seat(bert.seat).expect("Bert").recorded);
    // Her own question was opened by that, and she is in the room all the same.
    assert!(house.seat(chair.seat).expect("the chair").in_room);
    chair.hangs_up();
    member.hangs_up();
    bert.hangs_up();
}

#[test]
fn a_record_that_begins_late_asks_everybody_in_a_whisper_and_keeps_only_what_follows_a_yes() {
    let house = House::open();
    put_changed(&house, |meeting| meeting["record"] = json!(false));
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    anna.enters(&house);
    let mut bert = Phone::calls(&house, Bert);
    bert.arrives(&house);
    bert.enters(&house);
    anna.hears_out();
    anna.speaks();
    bert.hears(Anna);
    assert_eq!(house.tells("POST", "/record/start", &Value::Null), 204);
    await_meeting(&house, "record", &json!("on"));
    // While both are being asked, both are heard, and nobody is recorded.
    bert.hears(Anna);
    let here = house.seats();
    assert!(here.iter().all(|seat| seat.in_room && !seat.recorded), "{here:?}");
    anna.falls_silent();
    anna.agrees(&house);
    bert.keys("2");
    anna.speaks();
    bert.hears(Anna);
    anna.listens(2);
    let said = anna.falls_silent();
    bert.hangs_up();
    anna.hangs_up();
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    assert!((kept - said).abs() < 1.2, "{said} s were said after the yes, {kept} s are kept");
}

#[test]
fn a_closed_section_ends_every_permit_and_the_archive_puts_the_keys_of_the_next() {
    let house = House::open();
    let mut chair = Phone::calls(&house, Anna);
    chair.arrives_with(&house, &house.now("chair_pin"));
    chair.refuses(&house);
    let mut bert = Phone::recorded(&house, Bert);
    chair.keys("003");
    chair.hears_out();
    assert_eq!(house.meeting()["record"], "on", "asked once more");
    chair.keys("1");
    await_meeting(&house, "record", &json!("off"));
    assert!(!house.seat(bert.seat).expect("Bert").recorded);
    chair.hears_out();
    // The archive heard of it and filled the pool anew, with keys of another section; nothing begins by itself.
    await_meeting(&house, "keys_left", &json!(200));
    assert_eq!(house.meeting()["record"], "off");
    chair.keys("001");
    await_meeting(&house, "record", &json!("on"));
    assert!(!house.seat(bert.seat).expect("Bert").recorded, "nobody's yes reaches into the next section");
    bert.agrees(&house);
    bert.hangs_up();
    chair.hangs_up();
    house.await_handed_over();
    let used = "select count(*), count(distinct section) from track_keys where state = 'used'";
    assert_eq!(sql(&house.data(), used), "2|2", "a voice and a key in each of the two sections");
}

pub(crate) fn await_seat(house: &House, seat: u64, field: &str, value: &Value) {
    until(&format!("{field} of seat {seat} to be {value}"), AT_ONCE, || {
        (house.seen(seat)[field] == *value).then_some(())
    });
}

fn await_meeting(house: &House, field: &str, value: &Value) {
    until(&format!("{field} to be {value}"), AT_ONCE, || (house.meeting()[field] == *value).then_some(()));
}

/// How loud Bert hears Anna.
fn loudness(bert: &mut Phone) -> f32 {
    let seconds = bert.listens(2);
    let levels: Vec<f32> = seconds.iter().filter_map(|second| tone(second, Anna)).collect();
    levels.iter().sum::<f32>() / levels.len() as f32
}

/// Puts the demo's meeting again as it is in the plan, but for this change.
fn put_changed(house: &House, change: impl FnOnce(&mut Value)) {
    let plan = std::fs::read_to_string(house.data().join("gateway/plan.json")).expect("plan.json");
    let plan: Value = serde_json::from_str(&plan).expect("plan.json is JSON");
    let mut meeting = plan["meetings"][0]["meeting"].clone();
    change(&mut meeting);
    assert_eq!(house.tells("PUT", "", &meeting), 204);
}

const MEMBER_PIN: &str = "2718281828";

/// A key takes effect, and its answer comes, within this.
const AT_ONCE: Duration = Duration::from_secs(5);
