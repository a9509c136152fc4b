//! Calls by every way in, and what a flood of them or of nonsense changes for those who are talking: nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::ears::Person::{Anna, Bert, Clara, Dora};
use crate::support::house::{Ground, House, Wish};
use crate::support::makers::Baresip;
use crate::support::mutant::Chance;
use crate::support::network::Network;
use crate::support::phone::{PLANTED_NUMBER, Phone};
use crate::support::until;
use crate::support::wire::{OFFER, Wire};

#[test]
fn a_call_over_tcp_and_one_over_udp_hear_each_other() {
    hear_each_other(&House::open());
}

#[test]
fn over_ipv6_a_call_by_tcp_and_one_by_udp_hear_each_other() {
    hear_each_other(&on_ipv6());
}

/// And the one over TCP hangs up by itself and is hung up on like any other.
fn hear_each_other(house: &House) {
    let mut anna = Phone::calls_with(house, Anna, &["--transport", "tcp"]);
    let mut bert = Phone::calls(house, Bert);
    for phone in [&mut anna, &mut bert] {
        phone.arrives(house);
        phone.refuses(house);
    }
    anna.speaks();
    bert.hears(Anna);
    anna.falls_silent();
    bert.speaks();
    anna.hears(Bert);
    assert_eq!(house.health()["sip_counters"]["connections"], 1);
    let report = anna.hangs_up();
    assert_eq!(report["lost"], 0, "{report}");
    until("the call over TCP to be over", SOON, || (house.calls_now() == 1).then_some(()));
    until("its connection to be gone", SOON, || (house.health()["sip_counters"]["connections"] == 0).then_some(()));
    bert.hangs_up();
}

#[test]
fn calls_of_sipp_over_tcp_are_answered_and_ended() {
    assert_sipp_is_served(&House::open(), "127.0.0.1", &["-t", "t1"]);
}

#[test]
fn calls_of_sipp_over_ipv6_are_answered_and_ended() {
    let house = on_ipv6();
    assert_sipp_is_served(&house, "[::1]", &[]);
    assert_sipp_is_served(&house, "[::1]", &["-t", "t1"]);
}

fn assert_sipp_is_served(house: &House, from: &str, more: &[&str]) {
    let output = Command::new("sipp")
        .args(["-sn", "uac", &house.sip().to_string(), "-i", from, "-m", "5", "-r", "5", "-d", "500", "-nostdin"])
        .args(more)
        .current_dir(house.ground().path())
        .stdin(Stdio::null())
        .output()
        .expect("sipp runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    until("every call to be over", LONG, || (house.calls_now() == 0).then_some(()));
}

#[test]
fn baresip_over_tcp_is_let_in_and_heard_and_both_sides_reports_of_the_sound_are_true() {
    let network = Network::new("10.231.43");
    let house = House::on(Ground::new(), &Wish { sip_host: Some("0.0.0.0".to_owned()), ..Wish::default() });
    let uri = format!("sip:4711@{}:{};transport=tcp", network.outside, house.sip().port());
    assert_baresip_is_served(&house, &network, &uri, 1);
}

#[test]
fn baresip_over_ipv6_is_let_in_and_heard_and_both_sides_reports_of_the_sound_are_true() {
    let network = Network::new("10.231.44");
    let house = House::on(Ground::new(), &Wish { sip_host: Some("[::]".to_owned()), ..Wish::default() });
    let uri = format!("sip:4711@[{}]:{}", network.outside_v6, house.sip().port());
    assert_baresip_is_served(&house, &network, &uri, 0);
}

fn assert_baresip_is_served(house: &House, network: &Network, uri: &str, connections: u64) {
    let mut baresip = Baresip::calls(network, house.ground().path(), Bert, uri);
    assert_eq!(house.health()["sip_counters"]["connections"], connections);
    baresip.keys(&format!("{}#", house.guest_pin()));
    let bert = until("baresip's seat", LONG, || house.seats().first().map(|seat| seat.number));
    until("baresip to be in the room", LONG, || {
        baresip.keys("2");
        house.seat(bert).filter(|seat| seat.in_room)
    });
    let mut anna = Phone::off_record(house, Anna);
    anna.speaks();
    anna.hears(Bert);
    anna.listens(4);
    anna.falls_silent();
    let (heard, reports) = baresip.hangs_up_and_reports();
    heard.last(4).assert_with(Anna, 2.0, "what baresip heard");
    // Fifty packets a second each way; what it was sent it learned from our last report, at the earliest after 2.5 s.
    assert!(reports.packets.iter().all(|packets| *packets > 100), "{reports:?}");
    assert_eq!(reports.lost, [0, 0], "{reports:?}");
    assert!(reports.jitter_ms.iter().all(|ms| (0.0..100.0).contains(ms)), "{reports:?}");
    until("baresip's call to be over", SOON, || (house.calls_now() == 1).then_some(()));
    anna.hangs_up();
}

#[test]
fn two_with_one_number_and_two_without_are_four_people() {
    let house = House::open();
    let shown = ["--caller", PLANTED_NUMBER];
    let hidden = ["--caller", "anonymous"];
    let mut all = [(Anna, shown), (Bert, shown), (Clara, hidden), (Dora, hidden)]
        .map(|(who, caller)| Phone::calls_with(&house, who, &caller));
    for phone in &mut all {
        phone.arrives(&house);
    }
    let mut seats: Vec<u64> = all.iter().map(|phone| phone.seat).collect();
    seats.dedup();
    assert_eq!(seats.len(), 4, "each has a seat of their own");
    // One of each pair says yes, the other no; neither answer counts for the other.
    let [anna, bert, clara, dora] = &mut all;
    anna.agrees(&house);
    bert.refuses(&house);
    clara.agrees(&house);
    dora.refuses(&house);
    let recorded = |phone: &Phone| house.seat(phone.seat).expect("a seat").recorded;
    assert_eq!([&*anna, &*bert, &*clara, &*dora].map(recorded), [true, false, true, false]);
    for phone in all {
        phone.hangs_up();
    }
}

#[test]
fn after_2000_mutations_by_udp_and_tcp_options_is_answered_and_a_standing_call_lost_nothing() {
    let house = House::open();
    let anna = Phone::off_record(&house, Anna);
    let before = resident_kib(&house);
    let mut wire = Wire::to(house.sip());
    let samples: Vec<String> = ["INVITE", "ACK", "BYE", "OPTIONS", "INFO", "UPDATE", "CANCEL", "REGISTER"]
        .map(|m| wire.request(m, "", OFFER))
        .into();
    let mut chance = Chance::new(4711);
    for _ in 0..2_000 {
        let which = chance.below(samples.len());
        let mutant = chance.breaks(samples[which].as_bytes());
        // An empty datagram says nothing at all.
        if !mutant.is_empty() {
            wire.send(&mutant);
        }
        let over_tcp = samples[which].replace("SIP/2.0/UDP", "SIP/2.0/TCP");
        let mutant = chance.breaks(over_tcp.as_bytes());
        let mut stream = TcpStream::connect(house.sip()).expect("a connection");
        // One that is closed on us in the middle is as good an answer as any.
        let _closed = stream.write_all(&mutant);
    }
    let mut wire = Wire::to(house.sip());
    wire.assert_alive();
    assert_alive_over_tcp(&house);
    assert_back_to_one_call(&house, before);
    let counters = &house.health()["sip_counters"];
    assert!(counters["dropped"].as_u64() > Some(50) && counters["answered"]["400"].as_u64() > Some(50), "{counters}");
    assert_lost_nothing(anna);
}

#[test]
fn after_5000_invites_without_ack_a_standing_call_lost_nothing_and_the_next_caller_is_let_in() {
    let house = House::open();
    let anna = Phone::off_record(&house, Anna);
    let before = resident_kib(&house);
    let mut wire = Wire::to(house.sip());
    for n in 0..5_000 {
        let invite = wire.request("INVITE", "", OFFER);
        wire.send(invite.as_bytes());
        if n % 50 == 0 {
            // Five thousand in five seconds: more than a source may, and no more than the kernel passes on.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let counters = house.health()["sip_counters"].clone();
    assert!(counters["answered"]["503"].as_u64() > Some(3_000), "{counters}");
    Wire::to(house.sip()).assert_alive();
    assert_back_to_one_call(&house, before);
    assert!(house.health()["sip_counters"]["no_ack"].as_u64() > Some(10), "those let in were ended for want of an ACK");
    let mut bert = Phone::calls(&house, Bert);
    bert.arrives(&house);
    bert.hangs_up();
    assert_lost_nothing(anna);
}

#[test]
fn who_opens_connections_and_says_nothing_keeps_nobody_out() {
    let house = House::open();
    // The eldest connection of all; and none that carries a call is let go.
    let mut anna = Phone::calls_with(&house, Anna, &["--transport", "tcp"]);
    anna.arrives(&house);
    anna.refuses(&house);
    let mut idle: Vec<TcpStream> = (0..300).filter_map(|_| TcpStream::connect(house.sip()).ok()).collect();
    // A hundred may stand of one source, Anna's among them.
    until("the connections that are too many to be closed", SOON, || {
        (house.health()["sip_counters"]["connections_turned_away"].as_u64() >= Some(201)).then_some(())
    });
    // Keep-alives are answered, and keep no place from somebody who has something to say.
    for _ in 0..3 {
        for stream in &mut idle {
            let _closed = stream.write_all(b"\r\n\r\n");
        }
        assert_alive_over_tcp(&house);
    }
    for (n, stream) in idle.iter_mut().enumerate() {
        let _closed = stream.write_all(&b"INVITE sip:x SIP/2.0\r\nX: "[..1 + n % 25]);
    }
    Wire::to(house.sip()).assert_alive();
    // Ten seconds for a message that was begun.
    until("the silent ones to be closed", LONG, || (house.health()["sip_counters"]["connections"] == 1).then_some(()));
    assert_alive_over_tcp(&house);
    assert_lost_nothing(anna);
}

#[test]
fn a_ping_over_tcp_is_answered_and_so_are_two_requests_in_one_write() {
    let house = House::open();
    let mut stream = TcpStream::connect(house.sip()).expect("a connection");
    stream.set_read_timeout(Some(SOON)).expect("a time-out");
    stream.write_all(b"\r\n\r\n").expect("written");
    let mut pong = [0_u8; 2];
    stream.read_exact(&mut pong).expect("a pong");
    assert_eq!(&pong, b"\r\n");
    let mut wire = Wire::to(house.sip());
    let both: String = (0..2).map(|_| wire.request("OPTIONS", "", "").replace("/UDP", "/TCP")).collect();
    let (first, second) = both.as_bytes().split_at(both.len() - 7);
    stream.write_all(first).expect("written");
    std::thread::sleep(Duration::from_millis(100));
    stream.write_all(second).expect("written");
    let (mut said, mut bytes) = (String::new(), [0_u8; 4096]);
    while said.matches("SIP/2.0 200 OK").count() < 2 {
        let length = stream.read(&mut bytes).expect("an answer");
        assert!(length > 0, "closed after {said}");
        said.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
}

fn on_ipv6() -> House {
    House::on(Ground::new(), &Wish { sip_host: Some("[::1]".to_owned()), ..Wish::default() })
}

/// A connection beyond a source's share is closed at once, and those that were just dropped count until they are seen to be.
fn assert_alive_over_tcp(house: &House) {
    let options = Wire::to(house.sip()).request("OPTIONS", "", "").replace("/UDP", "/TCP");
    until("an answer over TCP", SOON, || {
        let mut stream = TcpStream::connect(house.sip()).ok()?;
        stream.set_read_timeout(Some(SOON)).ok()?;
        stream.write_all(options.as_bytes()).ok()?;
        let mut answer = [0_u8; 14];
        stream.read_exact(&mut answer).ok()?;
        (&answer == b"SIP/2.0 200 OK").then_some(())
    });
}

/// What nobody acknowledged ends after 64·T1, and its memory with it.
fn assert_back_to_one_call(house: &House, before_kib: u64) {
    until("the calls that nobody makes to be over", LONG, || (house.calls_now() == 1).then_some(()));
    let after_kib = resident_kib(house);
    assert!(after_kib < before_kib + MOST_MORE_KIB, "{before_kib} KiB before, {after_kib} KiB after");
}

fn assert_lost_nothing(phone: Phone) {
    let report = phone.hangs_up();
    assert_eq!(report["lost"], 0, "{report}");
    // Fifty a second and not one missing at the end either.
    let (seconds, packets) =
        (report["seconds"].as_f64().expect("seconds"), report["packets_in"].as_u64().expect("packets"));
    assert!(packets as f64 >= (seconds - 1.0) * 50.0, "{report}");
}

fn resident_kib(house: &House) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.now("gateway_pid"))).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

/// What an allocator keeps for the next time; two hundred calls of it would show.
const MOST_MORE_KIB: u64 = 12 * 1024;
const SOON: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(90);
