//! Who hears whom.
//!
//! Not here: what is recorded of it (`consent`, `loudspeaker`), and how good it sounds.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::ears::Person::{Anna, Bert, Clara};
use crate::support::ears::TRACE_DBOV;
use crate::support::house::{Ground, House, Wish};
use crate::support::makers::{Baresip, Linphone};
use crate::support::network::Network;
use crate::support::phone::{Phone, tone_at};
use crate::support::until;

#[test]
fn two_telephones_of_two_makers_hear_each_other_and_not_themselves() {
    let network = Network::new("10.231.41");
    let ground = Ground::new();
    let dir = ground.path().to_owned();
    let house = House::on(ground, &Wish { sip_host: Some("0.0.0.0".to_owned()), ..Wish::default() });
    let uri = format!("sip:4711@{}:{}", network.outside, house.sip().port());

    let mut baresip = Baresip::calls(&network, &dir, Bert, &uri);
    baresip.keys(&format!("{}#", house.guest_pin()));
    let bert = until("baresip's seat", LONG, || house.seats().first().map(|seat| seat.number));
    let mut linphone = Linphone::calls(&network, &dir, Clara, &uri);
    linphone.keys(&format!("{}#", house.guest_pin()));
    let clara =
        until("linphone's seat", LONG, || house.seats().iter().map(|seat| seat.number).find(|number| *number != bert));

    // One says no; the other listens to the notice until a yes counts.
    until("baresip to be in the room", LONG, || {
        baresip.keys("2");
        house.seat(bert).filter(|seat| seat.in_room)
    });
    until("linphone to be recorded", LONG, || {
        linphone.keys("1");
        std::thread::sleep(Duration::from_secs(2));
        house.seat(clara).filter(|seat| seat.recorded)
    });
    until("linphone to be in the room", LONG, || {
        linphone.keys("#");
        house.seat(clara).filter(|seat| seat.in_room)
    });
    // A third one, ours, knows second by second when both have been heard for a while.
    let mut anna = Phone::off_record(&house, Anna);
    anna.hears(Bert);
    anna.hears(Clara);
    anna.listens(4);

    // Only the room counts: a spoken prompt holds a little of every tone.
    let clara_heard = linphone.hangs_up().last(4);
    let bert_heard = baresip.hangs_up().last(4);
    clara_heard.assert_with(Bert, 2.0, "what linphone heard");
    clara_heard.assert_without(Clara, "what linphone heard");
    bert_heard.assert_with(Clara, 2.0, "what baresip heard");
    bert_heard.assert_without(Bert, "what baresip heard");
    anna.hangs_up();
}

#[test]
fn three_hear_each_other_and_nobody_hears_themselves_or_a_key() {
    let house = House::open();
    // Anna listens for the keys' tones as well, and Clara's telephone lets hers be heard, as many do.
    let mut all = [
        Phone::calls_with(&house, Anna, &["--listen", &KEY_4_HZ.to_string()]),
        Phone::calls(&house, Bert),
        Phone::calls_with(&house, Clara, &["--keys-aloud"]),
    ];
    for phone in &mut all {
        phone.arrives(&house);
        phone.refuses(&house);
    }
    let [anna, bert, clara] = &mut all;
    anna.speaks();
    bert.hears(Anna);
    clara.hears(Anna);
    anna.does_not_hear(Anna, 2);
    bert.speaks();
    anna.hears(Bert);
    clara.hears(Bert);
    // What the others hear of keys is nothing, and the tone goes on.
    anna.listens(1);
    clara.keys("*4");
    clara.listens(1);
    for second in anna.has_heard(3) {
        let dbov = tone_at(&second, KEY_4_HZ).expect("the tone was listed");
        assert!(dbov < TRACE_DBOV, "Anna hears Clara's keys at {dbov} dBov: {second}");
    }
    anna.hears(Bert);
    anna.falls_silent();
    bert.falls_silent();
    bert.does_not_hear(Anna, 2);
    for phone in all {
        let report = phone.hangs_up();
        assert_eq!(report["lost"], 0, "packets were lost on the way to a telephone: {report}");
    }
}

#[test]
fn three_on_three_codecs_hear_each_other_and_a_key_counts_on_each() {
    let house = House::open();
    let calls = |who, codec| Phone::calls_with(&house, who, &["--codec", codec]);
    let mut all = [calls(Anna, "pcma"), calls(Bert, "g722"), calls(Clara, "opus")];
    for phone in &mut all {
        phone.arrives(&house);
        phone.refuses(&house);
    }
    let [anna, bert, clara] = &mut all;
    anna.speaks();
    bert.hears(Anna);
    clara.hears(Anna);
    anna.falls_silent();
    bert.speaks();
    anna.hears(Bert);
    clara.hears(Bert);
    bert.does_not_hear(Bert, 2);
    bert.falls_silent();
    clara.speaks();
    anna.hears(Clara);
    bert.hears(Clara);
    clara.does_not_hear(Clara, 2);
    for phone in all {
        let report = phone.hangs_up();
        assert_eq!(report["lost"], 0, "packets were lost on the way to a telephone: {report}");
    }
}

#[test]
fn ten_calls_of_sipp_are_answered_and_ended() {
    let house = House::open();
    let output = Command::new("sipp")
        .args([
            "-sn",
            "uac",
            &house.sip().to_string(),
            "-i",
            "127.0.0.1",
            "-m",
            "10",
            "-r",
            "5",
            "-d",
            "1000",
            "-nostdin",
        ])
        .current_dir(house.ground().path())
        .stdin(Stdio::null())
        .output()
        .expect("sipp runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    until("every call to be over", LONG, || (house.calls_now() == 0).then_some(()));
}

/// One of the two tones of `4`, and of `*`.
const KEY_4_HZ: u32 = 1209;
const LONG: Duration = Duration::from_secs(90);
