//! Several people at one telephone: marked by its caller's key or by the desk, it is off record from that moment on.
//!
//! Not here: every state in which the mark can come (`gateway/src/consent/ACTS.md`).

use std::time::Duration;

use serde_json::json;

use crate::keys::await_seat;
use crate::support::ears::Person::{Anna, Clara};
use crate::support::house::House;
use crate::support::phone::Phone;
use crate::support::{files_below, until};

#[test]
fn who_says_that_several_speak_is_recorded_until_that_key_and_again_after_a_yes_of_one() {
    let house = House::open();
    let mut clara = Phone::recorded(&house, Clara);
    let mut anna = Phone::recorded(&house, Anna);
    let before = speaks(&mut anna, &mut clara);

    // Her status offers the 4; it ends her permit, and she is told.
    anna.keys("034");
    await_seat(&house, anna.seat, "shared", &json!(true));
    await_seat(&house, anna.seat, "recorded", &json!(false));
    anna.hears_out();
    let line = format!(r#""event":"seat","seat":{},"kind":"shared""#, anna.seat);
    until("the journal to say so", KEY, || journals(&house).contains(&line).then_some(()));
    speaks(&mut anna, &mut clara);
    // 0 1 asks nobody who shares a telephone.
    anna.keys("01");
    anna.hears_out();
    anna.keys("1");
    anna.listens(1);
    assert_eq!(house.seen(anna.seat)["recorded"], false, "a yes for several people");
    let (anna_seat, clara_seat) = (anna.seat, clara.seat);
    speaks(&mut clara, &mut anna);
    let soon = house.export("geteilt");
    let kept = soon.voice(anna_seat).expect("what was said before stays").seconds_of(Anna);
    assert!((before - 1.0..before + 0.5).contains(&kept), "{before} s were said before the 4, {kept} s are kept");

    // One person again: asked anew in a whisper, and recorded from that yes on.
    anna.keys("03");
    anna.hears_out();
    anna.keys("4");
    await_seat(&house, anna.seat, "shared", &json!(false));
    assert_eq!(house.seen(anna.seat)["recorded"], false, "the mark is gone, the yes is still to be said");
    anna.agrees(&house);
    let after = speaks(&mut anna, &mut clara);
    anna.hangs_up();
    clara.hangs_up();
    house.await_handed_over();
    let export = house.export("danach");
    let kept = export.voice(anna_seat).expect("Anna's voice").seconds_of(Anna);
    assert!(
        (before + after - 2.0..before + after + 1.0).contains(&kept),
        "{before} and {after} s are hers, {kept} are kept"
    );
    assert!(export.voice(clara_seat).is_some());
    // Two permits, each with its own yes, and no act of anybody else's.
    let laid = std::fs::read_to_string(export.dir.join("consents.json")).expect("the acts of the voices");
    assert_eq!(laid.matches(r#""kind": "given""#).count(), 3, "{laid}");
}

#[test]
fn what_the_desk_marks_as_shared_leaves_nothing_in_the_recording() {
    let house = House::open();
    let mut clara = Phone::recorded(&house, Clara);
    // In the middle of the question: there is nobody left who could answer for all.
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    anna.listens(2);
    assert_eq!(share(&house, anna.seat, true), 204);
    await_seat(&house, anna.seat, "shared", &json!(true));
    anna.keys("1");
    until("Anna to be in the room", Duration::from_secs(20), || house.seat(anna.seat).filter(|seat| seat.in_room));
    anna.hears_out();
    assert_eq!(house.seen(anna.seat)["recorded"], false);
    speaks(&mut anna, &mut clara);
    // Said twice it is done as well; of an empty seat it is not.
    assert_eq!((share(&house, anna.seat, true), share(&house, 99, true)), (204, 404));

    // And somebody who is being recorded: from the mark on nothing more.
    let before = speaks(&mut clara, &mut anna);
    assert_eq!(share(&house, clara.seat, true), 204);
    await_seat(&house, clara.seat, "recorded", &json!(false));
    clara.hears_out();
    let after = speaks(&mut clara, &mut anna);
    assert!(after > 1.5, "long enough to be seen in a recording");

    // Taken back, Anna is asked, in a whisper.
    assert_eq!(share(&house, anna.seat, false), 204);
    anna.agrees(&house);
    let (anna_seat, clara_seat) = (anna.seat, clara.seat);
    anna.hangs_up();
    clara.hangs_up();
    house.await_handed_over();
    let export = house.export("danach");
    export.all().assert_without(Anna, "the recording: several spoke through her telephone");
    let kept = export.voice(clara_seat).expect("Clara's voice").seconds_of(Clara);
    assert!((before - 1.0..before + 0.5).contains(&kept), "{before} s were said before the mark, {kept} s are kept");
    assert!(export.voice(anna_seat).is_none_or(|voice| voice.seconds_of(Anna) < 0.1));
}

fn share(house: &House, seat: u64, on: bool) -> u16 {
    house.tells("PUT", &format!("/seats/{seat}/shared"), &json!({ "on": on }))
}

/// Says its tone for two seconds or so, while the other hears it.
fn speaks(phone: &mut Phone, to: &mut Phone) -> f32 {
    phone.speaks();
    to.hears(phone.who);
    to.listens(1);
    phone.falls_silent()
}

/// All that was written into journals so far and was not taken in yet, or was.
fn journals(house: &House) -> String {
    let lines = files_below(&house.spool()).into_iter().filter(|file| file.ends_with("media.jsonl"));
    lines.map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect()
}

const KEY: Duration = Duration::from_secs(5);
