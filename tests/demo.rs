//! `deploy/demo` as its interface says.
//!
//! Not here: what can be done with it once it runs (the other stories).

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::ears::Person::Anna;
use crate::support::house::{Ground, House, Seat, Wish, signal};
use crate::support::phone::Phone;
use crate::support::{top, until};

#[test]
fn a_second_run_goes_on_with_the_same_meeting_keys_and_recordings() {
    let house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
    anna.speaks();
    anna.listens(2);
    anna.falls_silent();
    anna.hangs_up();
    house.await_handed_over();
    let (pin, chair, meeting) = (house.guest_pin(), house.now("chair_pin"), house.now("meeting"));
    let (gateway, archiver) = (house.now("gateway_pid"), house.now("archiver_pid"));
    let ground = house.close();
    for pid in [&gateway, &archiver] {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "process {pid} outlived the demo");
    }

    let house = House::on(ground, &Wish::default());
    assert_eq!((house.guest_pin(), house.now("chair_pin"), house.now("meeting")), (pin, chair, meeting));
    house.export("kopie").all().assert_with(Anna, 1.0, "the recording of the first run");
    let again = Phone::off_record(&house, Anna);
    again.hangs_up();
}

#[test]
fn a_dead_program_is_started_again_and_that_is_said() {
    let mut house = House::open();
    let desk = house.now("desk");
    house.kill_gateway();
    assert_eq!(house.now("desk"), desk, "the archiver was not touched");
    house.kill_archiver();
    let log = std::fs::read_to_string(house.ground().path().join("demo.log")).expect("the demo's log");
    assert!(log.contains("gateway ended") && log.contains("archiver ended"), "{log}");
}

#[test]
fn the_programs_end_with_the_demo_even_when_it_is_killed() {
    let house = House::open();
    let pids = [house.now("gateway_pid"), house.now("archiver_pid")];
    let demo = parent_of(&pids[0]);
    signal(demo, libc::SIGKILL);
    for pid in pids {
        until("the program to end with the demo", Duration::from_secs(15), || {
            (!std::path::Path::new(&format!("/proc/{pid}/exe")).exists()).then_some(())
        });
    }
}

#[test]
fn built_in_callers_leave_a_recording_of_whoever_agreed() {
    let shorter = ("AMTSLEITUNG_TURN_SECONDS".to_owned(), "2".to_owned());
    let two = ["--callers", "2"].map(str::to_owned).to_vec();
    let house = House::on(Ground::new(), &Wish { arguments: two, environment: vec![shorter], ..Wish::default() });
    let seats = until("both callers in the room, one of them recorded", CALLERS_TALK, || {
        let seats: Vec<Seat> = house.seats().into_iter().filter(|seat| seat.in_room).collect();
        (seats.len() == 2 && seats.iter().any(|seat| seat.recorded)).then_some(seats)
    });
    until("both callers to have left", CALLERS_TALK, || house.seats().is_empty().then_some(()));
    house.await_handed_over();
    let copy = house.export("kopie");
    for Seat { number, recorded, .. } in seats {
        match copy.voice(number) {
            Some(voice) => {
                assert!(recorded, "telephone {number} refused and has a track");
                let loud = voice.samples.iter().filter(|sample| sample.unsigned_abs() > 1000).count();
                assert!(loud > voice.rate_hz as usize / 4, "telephone {number} says nothing: {loud} loud samples");
            }
            None => assert!(!recorded, "telephone {number} agreed and has no track"),
        }
    }
}

#[test]
fn an_unknown_flag_is_answered_with_what_would_be_right() {
    for (arguments, says) in [
        (vec!["--port", "5060"], "--sip ADDR:PORT"),
        (vec!["--sip", "5060"], "0.0.0.0:5060"),
        (vec!["--data"], "needs a value"),
        (vec!["--callers", "many"], "1 to 20"),
    ] {
        let output = demo(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_data_directory_serves_one_demo_at_a_time() {
    let house = House::open();
    let data = house.data().display().to_string();
    let output = demo(&["--json", "--data", &data, "--sip", "127.0.0.1:5998"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("in use by another deploy/demo"), "{said}");
}

pub(crate) fn demo(arguments: &[&str]) -> std::process::Output {
    Command::new(top().join("deploy/demo"))
        .args(arguments)
        .env("AMTSLEITUNG_BUILT", "1")
        .env("AMTSLEITUNG_PROFILE", "dev")
        .stdin(Stdio::null())
        .output()
        .expect("deploy/demo runs")
}

pub(crate) fn parent_of(pid: &str) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("its parent");
    line.trim().parse().expect("a process id")
}

/// Built-in callers hear the whole notice.
const CALLERS_TALK: Duration = Duration::from_secs(120);
