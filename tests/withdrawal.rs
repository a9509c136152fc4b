//! Taking a yes back, in the middle of the meeting.
//!
//! Not here: every way through the question (the units of `consent` and `call`), and dying in it (`crash`).

use crate::support::ears::Person::{Anna, Clara};
use crate::support::house::House;
use crate::support::phone::Phone;
use crate::support::until;
use std::time::Duration;

/// Anna and Clara, both recorded; so that there is a recording whatever becomes of Anna's voice.
fn two_who_agreed(house: &House) -> (Phone, Phone) {
    let mut anna = Phone::recorded(house, Anna);
    let mut clara = Phone::recorded(house, Clara);
    clara.speaks();
    anna.hears(Clara);
    anna.listens(1);
    clara.falls_silent();
    (anna, clara)
}

fn speaks_for_a_while(phone: &mut Phone, to: &mut Phone) -> f32 {
    phone.speaks();
    to.hears(phone.who);
    to.listens(1);
    phone.falls_silent()
}

fn withdraws(phone: &mut Phone, house: &House) {
    phone.keys("2");
    until("the permit to end", KEY, || house.seat(phone.seat).filter(|seat| !seat.recorded));
}

#[test]
fn after_a_withdrawal_nothing_is_left_from_before_or_after() {
    let house = House::open();
    let (mut anna, mut clara) = two_who_agreed(&house);
    speaks_for_a_while(&mut anna, &mut clara);
    withdraws(&mut anna, &house);
    // The question what becomes of the earlier part: 2 deletes it.
    anna.does("p1");
    anna.keys("2");
    anna.hears_out();
    speaks_for_a_while(&mut anna, &mut clara);
    let (anna_seat, clara_seat) = (anna.seat, clara.seat);
    anna.hangs_up();
    clara.hangs_up();
    house.await_handed_over();
    let export = house.export("kopie");
    export.all().assert_without(Anna, "the recording after a withdrawal");
    assert!(export.voice(anna_seat).is_none(), "there is a file of a voice that was taken back");
    export.voice(clara_seat).expect("Clara's voice").assert_with(Clara, 1.0, "Clara's voice");
}

#[test]
fn hanging_up_in_the_question_deletes_and_nine_keeps() {
    let house = House::open();
    let (mut anna, mut clara) = two_who_agreed(&house);
    let before = speaks_for_a_while(&mut anna, &mut clara);
    withdraws(&mut anna, &house);
    // What is said while the question is open is after the withdrawal, too.
    let meanwhile = speaks_for_a_while(&mut anna, &mut clara);
    anna.keys("9");
    anna.hears_out();
    let after = speaks_for_a_while(&mut anna, &mut clara);
    // Clara takes hers back too, and puts the telephone down instead of answering.
    withdraws(&mut clara, &house);
    clara.hangs_up();
    anna.hangs_up();
    house.await_handed_over();
    let export = house.export("kopie");
    let kept = export.all().seconds_of(Anna);
    assert!(
        (kept - before).abs() < 1.0,
        "{before} s before the withdrawal, {meanwhile} s in the question, {after} s after it, {kept} s kept"
    );
    export.all().assert_without(Clara, "the recording after hanging up in the question");
}

#[test]
fn of_yes_withdrawal_yes_only_the_last_yes_is_kept() {
    let house = House::open();
    let (mut anna, mut clara) = two_who_agreed(&house);
    let first = speaks_for_a_while(&mut anna, &mut clara);
    withdraws(&mut anna, &house);
    anna.does("p1");
    anna.keys("2");
    anna.hears_out();
    // 0 opens the menu, 1 agrees after all: the whole notice again, and a new receipt.
    anna.keys("0");
    anna.does("p1");
    anna.keys("1");
    anna.agrees(&house);
    let said = speaks_for_a_while(&mut anna, &mut clara) + speaks_for_a_while(&mut anna, &mut clara);
    anna.hangs_up();
    clara.hangs_up();
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    // One yes was taken back and its words with it; had they stayed, this would be longer by `first`.
    assert!((kept - said).abs() < 1.5, "{first} s were taken back, {said} s were said after it, {kept} s are kept");
}

const KEY: Duration = Duration::from_secs(3);
