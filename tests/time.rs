//! Time: a wall clock that is set in the middle tears nothing, and what is told of the time is true.
//!
//! Not here: hours of drift, and two gateways beside each other (the units of `sound::timeline` and `spool::read::clock`).

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::clock::Clock;
use crate::support::ears::Person::{self, Anna, Bert, Clara};
use crate::support::ears::Sound;
use crate::support::house::{Ground, House, Wish};
use crate::support::phone::Phone;

#[test]
fn what_sounded_at_once_does_so_in_the_recording_although_the_clock_was_set_by_two_seconds_and_back() {
    let ground = Ground::new();
    let clock = Clock::at(ground.path());
    let clara_heard = ground.path().join("clara.wav");
    // The clock is wrong at first, and right at the end.
    clock.set(2);
    let house = House::on(ground, &Wish { environment: clock.environment(), ..Wish::default() });
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::recorded(&house, Bert);
    let mut clara = Phone::calls_with(&house, Clara, &["--keep", &clara_heard.display().to_string()]);
    clara.arrives(&house);
    clara.refuses(&house);
    // What she is told would lie over what she hears of the room.
    clara.hears_out();

    let mut spoke_ms = Vec::new();
    for seconds in [2, 0, -2, 0] {
        clock.set(seconds);
        anna.speaks();
        bert.speaks();
        spoke_ms.push(now_ms());
        anna.listens(1);
        anna.falls_silent();
        bert.falls_silent();
        // More than the pre-roll and the hangover: each is a stretch of its own.
        anna.listens(1);
    }
    for phone in [anna, bert, clara] {
        phone.hangs_up();
    }
    house.await_handed_over();
    let export = house.export("kopie");
    let (kept, heard) = (export.all(), Sound::read_what_is_there(&clara_heard));

    let in_kept = [Anna, Bert].map(|who| onsets_ms(&kept, who, spoke_ms.len()));
    let in_room = [Anna, Bert].map(|who| onsets_ms(&heard, who, spoke_ms.len()));
    for n in 0..spoke_ms.len() {
        let apart = |[anna, bert]: &[Vec<i64>; 2]| anna[n] - bert[n];
        let off = apart(&in_kept) - apart(&in_room);
        assert!(off.abs() <= 20, "the {n}th time, Anna and Bert are off by {off} ms: {in_kept:?}, {in_room:?}");
        let since = |onsets: &[Vec<i64>; 2]| onsets[0][n] - onsets[0][0];
        let torn = since(&in_kept) - since(&in_room);
        assert!(torn.abs() <= 200, "from the first to the {n}th time {torn} ms came or went: {in_kept:?}, {in_room:?}");
    }

    // By the clock that was right at last, the first word was said when it was said, as exactly as is told.
    let index = std::fs::read(export.dir.join("index.json")).expect("index.json");
    let index: Value = serde_json::from_slice(&index).expect("JSON");
    let told = index["started_utc_ms"].as_i64().expect("a time") + in_kept[0][0];
    let error = index["epochs"][0]["error_ms"].as_i64().expect("an error");
    // The way into the recording, and a test that did not come to look at its own clock at once.
    let wrong = (told - spoke_ms[0]).abs();
    assert!(wrong <= error.min(500) + 700, "said at {}, told is {told}, off by {error} at most", spoke_ms[0]);
}

/// When this person begins to be heard, as often as that is expected, in milliseconds from the beginning.
fn onsets_ms(sound: &Sound, who: Person, expected: usize) -> Vec<i64> {
    let per_ms = sound.rate_hz as usize / 1000;
    let window = 20 * per_ms;
    let levels: Vec<f32> = (0..sound.samples.len().saturating_sub(window))
        .step_by(2 * per_ms)
        .map(|at| media::tone::dbov_at(who.hz() as f32, sound.rate_hz, &sound.samples[at..at + window]))
        .collect();
    let loud = |from: usize, until: usize| levels[from..until].iter().filter(|&&dbov| dbov > ONSET_DBOV).count();
    // Quiet for a tenth of a second, then loud for half of one: no word of a prompt is.
    let begins = |at: &usize| loud(*at, at + 1) == 1 && loud(at - 50, *at) < 5 && loud(*at, at + 250) > 200;
    let candidates: Vec<i64> = (50..levels.len().saturating_sub(250)).filter(begins).map(|at| at as i64 * 2).collect();
    // A few steps in a row may pass for one beginning; the first is it.
    let first = |n: &usize| *n == 0 || candidates[*n] - candidates[n - 1] > 200;
    let found: Vec<i64> = (0..candidates.len()).filter(first).map(|n| candidates[n]).collect();
    assert_eq!(found.len(), expected, "{who:?} is heard from {found:?} ms on");
    found
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// Half of a window at the level at which a tone is said.
const ONSET_DBOV: f32 = -26.0;
