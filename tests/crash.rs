//! Killed in the middle: nothing kept is lost but the last second, and nothing needs a key to go on.
//!
//! Not here: power loss, and a disk that is full or fails (the units of crate `spool` and of the recorder).

use std::process::Command;
use std::time::{Duration, Instant};

use crate::demo::parent_of;
use crate::support::ears::Person::{Anna, Clara};
use crate::support::house::{Ground, House, Wish, signal};
use crate::support::phone::Phone;
use crate::support::{program, until};

#[test]
fn a_gateway_killed_in_the_middle_loses_a_second_at_most() {
    let mut house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
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
    let clara = Phone::recorded(&house, Clara);
    clara.hangs_up();
}

#[test]
fn a_yes_taken_back_stays_taken_back_when_the_gateway_is_killed_in_the_question() {
    let mut house = House::open();
    let mut clara = Phone::recorded(&house, Clara);
    let mut anna = Phone::recorded(&house, Anna);
    anna.speaks();
    clara.hears(Anna);
    anna.falls_silent();
    clara.speaks();
    anna.hears(Clara);
    anna.listens(1);
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
fn what_a_killed_gateway_left_is_sealed_without_starting_it_and_never_beside_it() {
    let mut house = House::open();
    let config = house.data().join("gateway/gateway.toml").display().to_string();
    let mut anna = Phone::recorded(&house, Anna);
    anna.speaks();
    anna.listens(4);

    let refused = gateway(&["seal", "--config", &config]);
    assert!(!refused.status.success(), "a gateway runs on this data");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("in use by another gateway"), "{said}");

    // The demo would start the gateway again at once, so it is held still meanwhile.
    let gateway_pid = house.now("gateway_pid");
    let demo = parent_of(&gateway_pid);
    signal(demo, libc::SIGSTOP);
    signal(gateway_pid.parse().expect("a process id"), libc::SIGKILL);
    drop(anna);
    let sealed = until("the killed gateway's lock to be free", Duration::from_secs(5), || {
        Some(gateway(&["seal", "--config", &config])).filter(|sealed| sealed.status.success())
    });
    let said = String::from_utf8_lossy(&sealed.stdout).into_owned();
    assert!(said.contains("closed as interrupted: ready/"), "{said}");
    let files = |place| std::fs::read_dir(house.spool().join(place)).expect("a spool").count();
    assert_eq!((files("open"), files("ready")), (0, 1));
    let again = gateway(&["seal", "--config", &config]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing was open"));

    signal(demo, libc::SIGCONT);
    house.await_line();
    house.await_handed_over();
    house.export("kopie").all().assert_with(Anna, 2.0, "the sealed recording");
}

#[test]
fn an_archive_killed_between_upload_and_commit_ends_the_same() {
    let stop = ("AMTSLEITUNG_STOP_AFTER".to_owned(), "uploaded".to_owned());
    let mut house = House::on(Ground::new(), &Wish { environment: vec![stop], ..Wish::default() });
    let first = house.now("archiver_pid");
    let mut anna = Phone::recorded(&house, Anna);
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

fn gateway(arguments: &[&str]) -> std::process::Output {
    Command::new(program("gateway")).args(arguments).output().expect("gateway runs")
}
