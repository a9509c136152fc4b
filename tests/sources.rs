//! Where a caller's sound comes from: behind NAT from elsewhere than it says, and never from a stranger.
//!
//! Not here: strangers' SIP (`bad_input`), and the flood of `deploy/bench`.

use std::net::SocketAddr;

use crate::support::ears::Person::{Anna, Bert};
use crate::support::house::House;
use crate::support::phone::Phone;
use crate::support::stranger::Stranger;

#[test]
fn a_caller_behind_nat_is_heard_and_hears_also_after_a_hold_and_is_told_the_end() {
    let house = House::open();
    let mut chair = Phone::calls_with(&house, Anna, &BEHIND_NAT);
    chair.arrives_with(&house, &house.now("chair_pin"));
    chair.refuses(&house);
    let mut bert = Phone::off_record(&house, Bert);
    for again in ["[inactive]", "[g722]"] {
        chair.speaks();
        bert.hears(Anna);
        chair.falls_silent();
        bert.speaks();
        chair.hears(Bert);
        bert.falls_silent();
        // Every new offer names the same place, which is still none.
        chair.offers(again);
        chair.offers("[sendrecv]");
    }
    chair.speaks();
    bert.hears(Anna);
    chair.falls_silent();
    chair.keys("009");
    chair.hears_out();
    chair.keys("1");
    bert.hears_goodbye();
    let report = chair.hears_goodbye();
    assert_eq!(report["lost"], 0, "packets were lost on the way to a telephone: {report}");
}

#[test]
fn a_strangers_sound_and_keys_are_nothing_first_later_and_with_guessed_numbers() {
    let mut house = House::open();
    house.with_media(&format!("ports = \"{}-{}\"", PORTS.start(), PORTS.end()));
    // On every port a call can get, before there is one.
    let first = Stranger::floods("127.0.0.2", PORTS.step_by(2));
    let mut anna = Phone::calls(&house, Anna);
    let to: SocketAddr = anna.sends["to"].as_str().and_then(|to| to.parse().ok()).expect("an address");
    assert!(PORTS.contains(&to.port()), "the flood goes by {to}");
    anna.arrives(&house);
    anna.agrees(&house);
    let mut bert = Phone::calls_with(&house, Bert, &BEHIND_NAT);
    bert.arrives(&house);
    bert.refuses(&house);
    anna.speaks();
    bert.hears(Anna);
    bert.does_not_hear(Stranger::TONE, 2);
    drop(first);

    // From another machine, and from another port of the caller's own.
    for from in ["127.0.0.2", "127.0.0.1"] {
        let _guessing = [Stranger::guesses(from, &anna), Stranger::guesses(from, &bert)];
        bert.hears(Anna);
        bert.does_not_hear(Stranger::TONE, 3);
        anna.does_not_hear(Stranger::TONE, 1);
        bert.hears(Anna);
    }
    let said = anna.falls_silent();
    let now = house.seat(anna.seat).expect("Anna");
    assert!(now.recorded && now.in_room, "a key of a stranger's was obeyed: {now:?}");
    bert.speaks();
    anna.hears(Bert);
    anna.hangs_up();
    bert.hangs_up();
    house.await_handed_over();
    let recording = house.export("kopie").all();
    recording.assert_without(Stranger::TONE, "the recording");
    let kept = recording.seconds_of(Anna);
    assert!((kept - said).abs() < 1.2, "{said} s were said, {kept} s are kept");
}

/// An address of nobody's, and a port that is not the one the sound comes from.
const BEHIND_NAT: [&str; 2] = ["--behind-nat", "192.168.77.5:4000"];
/// Beside those that other houses and the telephones take.
const PORTS: std::ops::RangeInclusive<u16> = 30_010..=30_017;
