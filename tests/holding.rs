//! Calls that change while they last: put on hold with and without music, taken back, given another codec.
//!
//! Not here: the offers and answers themselves (the units of crate `sip`).

use std::time::{Duration, Instant};

use serde_json::json;

use crate::keys::await_seat;
use crate::support::ears::Person::{Anna, Bert, Dora};
use crate::support::ears::Sound;
use crate::support::house::House;
use crate::support::phone::Phone;
use crate::support::until;

#[test]
fn hold_music_reaches_neither_room_nor_recording_and_who_is_back_is_in_both() {
    let house = House::open();
    let kept = house.ground().path().join("bert.wav");
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::calls_with(&house, Bert, &["--keep", &kept.display().to_string()]);
    bert.arrives(&house);
    bert.refuses(&house);
    anna.speaks();
    bert.hears(Anna);
    bert.listens(2);
    let (since, mut said) = (Instant::now(), anna.falls_silent());
    for _ in 0..2 {
        anna.offers("[sendonly]");
        // The exchange's music: a tone that is nobody's in this house.
        anna.does(&format!("[{}]", Dora.hz()));
        anna.speaks();
        bert.does_not_hear(Dora, 3);
        assert!(house.seat(anna.seat).expect("Anna").recorded, "a hold takes no consent back");
        // As an exchange does it: the music plays until the call is back.
        anna.offers(&format!("s[sendrecv][{}]", Anna.hz()));
        anna.speaks();
        bert.hears(Anna);
        said += anna.falls_silent();
    }
    let lasted = since.elapsed().as_secs() as usize;
    bert.hangs_up();
    anna.hangs_up();
    let heard = Sound::read(&kept).last(lasted);
    heard.assert_with(Anna, 2.0, "what Bert heard");
    heard.assert_without(Dora, "what Bert heard");
    house.await_handed_over();
    let recording = house.export("kopie").all();
    recording.assert_without(Dora, "the recording");
    let kept = recording.seconds_of(Anna);
    assert!((kept - said).abs() < 1.2, "{said} s were said, {kept} s are kept");
}

#[test]
fn silence_on_hold_ends_no_call_and_silence_otherwise_does() {
    let mut house = House::open();
    house.with_media(&format!("silence_limit_s = {LIMIT_S}"));
    let mut anna = Phone::off_record(&house, Anna);
    let mut bert = Phone::off_record(&house, Bert);
    anna.offers("[inactive]");
    bert.listens(LIMIT_S + 4);
    assert_eq!(house.seats().len(), 2, "somebody on hold was sent away");
    anna.offers("[sendrecv]");
    anna.speaks();
    bert.hears(Anna);
    // The same silence without a hold.
    anna.freezes();
    until("the silent call to be over", SOON, || house.seat(anna.seat).is_none().then_some(()));
    assert!(house.logs().contains("why=\"lost\""), "{}", house.logs());
    bert.hangs_up();
}

#[test]
fn with_another_codec_a_caller_is_heard_and_recorded_and_keys_count_as_before() {
    let house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
    let mut bert = Phone::off_record(&house, Bert);
    let mut said = 0.0;
    for (codec, name) in [("pcma", "PCMA"), ("g722", "G722"), ("opus", "opus"), ("pcma", "PCMA")] {
        assert_eq!(anna.offers(&format!("[{codec}]"))["codec"], name);
        anna.speaks();
        bert.hears(Anna);
        said += anna.falls_silent();
        bert.speaks();
        anna.hears(Bert);
        bert.falls_silent();
        for muted in [true, false] {
            anna.keys("*6");
            await_seat(&house, anna.seat, "muted", &json!(muted));
        }
    }
    let report = anna.hangs_up();
    assert_eq!(report["lost"], 0, "packets were lost on the way to a telephone: {report}");
    bert.hangs_up();
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    assert!((kept - said).abs() < 1.2, "{said} s were said, {kept} s are kept");
}

const LIMIT_S: u32 = 5;
const SOON: Duration = Duration::from_secs(30);
