//! A gateway whose archive is away, and one that is told to end: callers hear what they must, and nothing kept is lost.
//!
//! Not here: programs that are killed (`crash`), and two made-up hours without anybody who takes anything in
//! (`a_meeting_of_sixty_seats_over_two_hours_makes_at_most_2000_files` in `gateway/src/io/recorder/desk/tests/many.rs`).

use std::time::Duration;

use serde_json::Value;

use crate::support::ears::Person::{Anna, Bert};
use crate::support::house::{House, signal};
use crate::support::phone::Phone;
use crate::support::{sql, until};

#[test]
fn without_the_archive_calls_are_taken_and_recorded_and_it_gets_everything_later() {
    let house = House::open();
    let archive: u32 = house.now("archiver_pid").parse().expect("a process id");
    // Stopped, not killed: it answers nobody and nobody starts it again.
    signal(archive, libc::SIGSTOP);
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::off_record(&house, Bert);
    anna.speaks();
    bert.hears(Anna);
    anna.listens(2);
    let said = anna.falls_silent();
    anna.hangs_up();
    bert.hangs_up();
    until("the chunk to lie ready", READY, || (!house.spool_is_empty() && house.seats().is_empty()).then_some(()));
    signal(archive, libc::SIGCONT);
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    assert!((kept - said).abs() < 0.6, "{said} s were said, {kept} s are kept");
}

#[test]
fn a_yes_that_finds_no_key_is_told_so_and_what_is_missing_of_it_is_written_down() {
    let house = House::open();
    let archive: u32 = house.now("archiver_pid").parse().expect("a process id");
    // Who would give more keys is away.
    signal(archive, libc::SIGSTOP);
    let plan = std::fs::read_to_string(house.data().join("gateway/plan.json")).expect("plan.json");
    let plan: Value = serde_json::from_str(&plan).expect("plan.json is JSON");
    let mut meeting = plan["meetings"][0]["meeting"].clone();
    meeting["track_keys"].as_array_mut().expect("keys").truncate(1);
    assert_eq!(house.tells("PUT", "", &meeting), 204);
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::calls(&house, Bert);
    bert.arrives(&house);
    bert.agrees_in_vain(&house);
    anna.speaks();
    bert.hears(Anna);
    anna.listens(2);
    let said = anna.falls_silent();
    bert.hangs_up();
    anna.hangs_up();
    until("nobody to be there", READY, || house.seats().is_empty().then_some(()));
    signal(archive, libc::SIGCONT);
    house.await_handed_over();
    let gaps =
        sql(&house.data(), "select track || reason, sum(until_slot - from_slot) from gaps where reason = 'no_keys'");
    let slots: u32 =
        gaps.trim().strip_prefix("no_keys|").and_then(|slots| slots.parse().ok()).expect("a gap of no track");
    assert!(slots >= 100, "he was there for more than two seconds: {gaps}");
    let kept = house.export("kopie").all().seconds_of(Anna);
    assert!((kept - said).abs() < 0.6, "and the voice that found a key is there");
}

#[test]
fn a_gateway_told_to_end_says_goodbye_and_one_told_twice_hangs_up_and_both_hand_over() {
    let mut house = House::open();
    for signals in [1, 2] {
        let mut anna = Phone::recorded(&house, Anna);
        anna.speaks();
        anna.listens(3);
        let said = anna.falls_silent();
        let gateway: u32 = house.now("gateway_pid").parse().expect("a process id");
        signal(gateway, libc::SIGTERM);
        if signals == 2 {
            anna.listens(1);
            signal(gateway, libc::SIGTERM);
        }
        let report = anna.hears_goodbye();
        assert_eq!(report["answered"], true, "{report}");
        house.await_line();
        house.await_handed_over();
        let kept = house.export(&format!("kopie-{signals}")).all().seconds_of(Anna);
        assert!((kept - said).abs() < 0.6, "{said} s were said, {kept} s are kept");
    }
}

const READY: Duration = Duration::from_secs(30);
