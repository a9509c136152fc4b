//! A telephone that plays the room into its own microphone.
//!
//! Not here: how loud an echo may be and how late (the units of `tap`).

use std::time::Duration;

use media::tone::{dbov_at, sine_at};

use crate::support::ears::Person::{Anna, Bert};
use crate::support::ears::{Person, Sound, TRACE_DBOV};
use crate::support::house::House;
use crate::support::phone::{Phone, tone};

#[test]
fn a_loudspeaker_does_not_bring_the_refuser_into_the_recording() {
    let house = House::open();
    let mut anna = Phone::calls_with(&house, Anna, &["--loop-back"]);
    anna.arrives(&house);
    anna.agrees(&house);
    let mut bert = Phone::off_record(&house, Bert);

    anna.speaks();
    bert.hears(Anna);
    let said = anna.falls_silent();
    bert.speaks();
    anna.hears(Bert);
    // The loudspeaker is real: Bert hears himself come back through Anna's telephone.
    bert.hears(Bert);
    anna.listens(2);
    bert.falls_silent();
    anna.does_not_hear(Bert, 2);

    anna.hangs_up();
    bert.hangs_up();
    house.await_handed_over();
    let export = house.export("kopie");
    export.all().assert_with(Anna, said - 1.0, "the recording");
    export.all().assert_without(Bert, "the recording, through a loudspeaker");
}

#[test]
fn who_speaks_over_the_refuser_through_a_hands_free_telephone_is_not_recorded_with_his_voice() {
    speaks_over_the_refuser(&["--loop-back=-6"], "");
}

#[test]
fn who_speaks_over_the_refuser_with_a_loud_earpiece_is_not_recorded_with_his_voice() {
    speaks_over_the_refuser(&["--loop-back=-20"], "");
}

/// What the notice sounded like when it came back tells how late the room does.
#[test]
fn who_is_heard_by_satellite_is_not_recorded_with_the_refuser_coming_back_almost_a_second_later() {
    speaks_over_the_refuser(&["--loop-back=-6", "--loop-delay=900"], "");
}

/// Whoever was quiet until now may be loud in the next moment, without a word to anybody.
#[test]
fn who_switches_to_hands_free_while_both_speak_is_not_recorded_with_the_refusers_voice() {
    speaks_over_the_refuser(&["--loop-back=-45"], "![loop-6]");
}

/// Anna speaks before, over and after Bert, and her telephone carries him back; `later`: what she does while he speaks.
fn speaks_over_the_refuser(telephone: &[&str], later: &str) {
    let house = House::open();
    let mut anna = Phone::calls_with(&house, Anna, telephone);
    anna.arrives(&house);
    anna.agrees(&house);
    let mut bert = Phone::off_record(&house, Bert);

    anna.speaks();
    bert.hears(Anna);
    bert.speaks();
    anna.hears(Bert);
    anna.does(later);
    // Softly at first: what is still said to Bert lies over the room.
    bert.awaits("Bert to come back through the telephone", COMES_BACK, |second| {
        tone(second, Bert).is_some_and(|dbov| dbov > TRACE_DBOV)
    });
    anna.listens(1);
    bert.falls_silent();
    anna.does_not_hear(Bert, 2);
    anna.falls_silent();

    anna.hangs_up();
    bert.hangs_up();
    house.await_handed_over();
    let all = house.export("kopie").all();
    // A second before Bert spoke, and one after him.
    all.assert_with(Anna, 2.0, "the recording");
    all.assert_without(Bert, "the recording, over a loudspeaker");
    assert_no_peak_of(Bert, &all);
}

/// In no fifth of a second does this person's tone stand out of what lies beside it. Finds 40 ms of a tone at −36 dBov,
/// which [`Sound::assert_without`] cannot tell from the pieces of somebody else's.
fn assert_no_peak_of(who: Person, sound: &Sound) {
    let at = |hz: i32, piece: &[i16]| dbov_at(hz as f32, sound.rate_hz, piece);
    for (n, piece) in sound.samples.chunks_exact(sound.rate_hz as usize / 5).enumerate() {
        let hz = who.hz().cast_signed();
        let dbov = at(hz, piece);
        let beside = [-40, -25, 25, 40].map(|away| at(hz + away, piece)).into_iter().fold(f32::MIN, f32::max);
        let stands_out = dbov > FAINT_DBOV && dbov > beside + OUT_DB;
        assert!(!stands_out, "{who:?} at {dbov} dBov, {beside} beside it, after {} ms", n * 200);
    }
}

const COMES_BACK: Duration = Duration::from_secs(30);
const FAINT_DBOV: f32 = -55.0;
const OUT_DB: f32 = 6.0;

#[test]
fn a_faint_tone_is_found_and_the_pieces_of_another_are_not() {
    let mut sound = Sound { rate_hz: 16_000, samples: vec![0; 32_000] };
    for (from, until) in [(100, 700), (760, 1_100), (1_130, 16_500)] {
        sine_at(Anna.hz() as f32, -16.0, 16_000, from as u64, &mut sound.samples[from..until]);
    }
    assert_no_peak_of(Bert, &sound);
    let mut faint = vec![0; 640];
    sine_at(Bert.hz() as f32, -36.0, 16_000, 0, &mut faint);
    for at in [4_000, 20_000] {
        let mut with = sound.clone();
        for (to, from) in with.samples[at..].iter_mut().zip(&faint) {
            *to += from;
        }
        assert!(std::panic::catch_unwind(|| assert_no_peak_of(Bert, &with)).is_err(), "at {at}");
    }
}
