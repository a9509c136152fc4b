//! Killed in the middle: nothing kept is lost but the last second, and nothing needs a key to go on.

use std::time::{Duration, Instant};

use crate::support::ears::Person::{Anna, Clara};
use crate::support::house::{Ground, House, Wish};
use crate::support::phone::Phone;
use crate::support::until;

#[test]
fn a_gateway_killed_in_the_middle_loses_a_second_at_most() {
    let mut house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    anna.agrees(&house);
    anna.speaks();
    let began = Instant::now();
    anna.listens(6);
    let said = began.elapsed().as_secs_f32();
    house.kill_gateway();
    drop(anna);
    // The next start closes what was open, without any key, and hands it over; nobody has to do anything.
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    // 0.3 s: the way into the recording, and a measurement in steps of a tenth of a second.
    assert!(kept > said - 1.3, "{said} s were said until the kill, {kept} s are kept");

    // And it takes calls as before.
    let mut clara = Phone::calls(&house, Clara);
    clara.arrives(&house);
    clara.agrees(&house);
    clara.hangs_up();
}

#[test]
fn a_yes_taken_back_stays_taken_back_when_the_gateway_is_killed_in_the_question() {
    let mut house = House::open();
    let mut clara = Phone::calls(&house, Clara);
    clara.arrives(&house);
    clara.agrees(&house);
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    anna.agrees(&house);
    anna.speaks();
    clara.hears(Anna);
    anna.falls_silent();
    clara.speaks();
    anna.hears(Clara);
    clara.falls_silent();
    anna.keys("2");
    until("the permit to end", Duration::from_secs(3), || house.seat(anna.seat).filter(|seat| !seat.recorded));
    house.kill_gateway();
    drop(anna);
    drop(clara);
    house.await_handed_over();
    let all = house.export("kopie").all();
    all.assert_without(Anna, "the recording: her question was never answered, so it is erased");
    all.assert_with(Clara, 1.0, "the recording");
}

#[test]
fn an_archive_killed_between_upload_and_commit_ends_the_same() {
    let stop = ("AMTSLEITUNG_STOP_AFTER".to_owned(), "uploaded".to_owned());
    let mut house = House::on(Ground::new(), &Wish { environment: vec![stop], ..Wish::default() });
    let first = house.now("archiver_pid");
    let mut anna = Phone::calls(&house, Anna);
    anna.arrives(&house);
    anna.agrees(&house);
    anna.speaks();
    anna.listens(3);
    let said = anna.falls_silent();
    anna.hangs_up();
    // It dies in the middle of its work and the demo starts it again, which it says.
    house.await_line();
    assert_ne!(house.now("archiver_pid"), first);
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    assert!((kept - said).abs() < 0.6, "{said} s were said, {kept} s are kept");
}
