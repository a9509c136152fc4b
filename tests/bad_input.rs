//! What must not get in, and what is said about it.
//!
//! Not here: every malformed message and every broken chunk there is (the units of crates `sip` and `spool`).

use std::process::Command;
use std::time::Duration;

use crate::demo::demo;
use crate::support::ears::Person::Anna;
use crate::support::house::{Ground, House, Wish, signal};
use crate::support::network::Network;
use crate::support::phone::Phone;
use crate::support::wire::{OFFER, Wire};
use crate::support::{ended, program, until};

#[test]
fn a_stranger_gets_no_answer_at_all() {
    let (stranger, neighbour) = (Network::new("203.0.113"), Network::new("10.231.42"));
    let house = House::on(Ground::new(), &Wish { sip_host: Some("0.0.0.0".to_owned()), ..Wish::default() });
    let port = house.sip().port();
    let answer = |network: &Network| {
        let (me, them) = (&network.inside, &network.outside);
        let options = format!(
            "OPTIONS sip:x@{them}:{port} SIP/2.0\\r\\nVia: SIP/2.0/UDP {me}:5099;branch=z9hG4bKs;rport\\r\\n\
             Max-Forwards: 70\\r\\nFrom: <sip:a@{me}>;tag=a\\r\\nTo: <sip:x@{them}>\\r\\nCall-ID: s@{me}\\r\\n\
             CSeq: 1 OPTIONS\\r\\nContent-Length: 0\\r\\n\\r\\n"
        );
        // printf itself would write a datagram a line; dd collects them into one.
        let script = format!(
            "exec 3<>/dev/udp/{them}/{port}; printf '{options}' | dd bs=4096 iflag=fullblock status=none >&3; timeout 2 head -c 7 <&3"
        );
        let output = network.command("bash").args(["-c", &script]).output().expect("bash runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(answer(&neighbour), "SIP/2.0", "somebody from a private network is answered");
    assert_eq!(answer(&stranger), "", "a stranger was answered");
    assert_eq!(answer(&neighbour), "SIP/2.0", "after the stranger as before");
}

#[test]
fn malformed_sip_is_dropped_or_answered_400_and_the_line_stays_up() {
    let house = House::open();
    let mut wire = Wire::to(house.sip());
    wire.assert_alive();
    let whole = wire.request("INVITE", "", OFFER);
    let broken: Vec<Vec<u8>> = vec![
        b"\0".repeat(4000),
        b"INVITE".to_vec(),
        b"SIP/2.0 200 OK\r\n\r\n".to_vec(),
        b"INVITE sip:x SIP/2.0\r\n\r\n".to_vec(),
        whole.replace("SIP/2.0/UDP", "").into_bytes(),
        whole.replace("CSeq: ", "CSeq: 99999999999 ").into_bytes(),
        whole.replace("Call-ID: ", "X: ").into_bytes(),
        whole.as_bytes()[..whole.len() / 2].to_vec(),
        whole.replace("Content-Length: ", "Content-Length: 9").into_bytes(),
    ];
    for bytes in &broken {
        wire.send(bytes);
    }
    wire.assert_alive();
    // None of them leads anywhere, and each is counted once.
    let counted = &house.health()["sip_counters"];
    let sum = counted["dropped"].as_u64().unwrap_or(0) + counted["answered"]["400"].as_u64().unwrap_or(0);
    assert_eq!(sum, broken.len() as u64, "{counted}");
    // What is merely odd may be read.
    wire.send(whole.replace("Max-Forwards: 70", "Max-Forwards: many").as_bytes());
    wire.send(&[whole.as_bytes(), &[0xff, 0xfe, 0x00]].concat());
    wire.assert_alive();
    // Where enough can be read to answer at all, the answer is 400.
    let bytes = wire.request("INVITE", "", OFFER).replace("CSeq: ", "CSeq: 99999999999 ");
    wire.send(bytes.as_bytes());
    let answer = std::iter::from_fn(|| wire.next()).find(|text| !text.starts_with("SIP/2.0 1"));
    assert!(answer.is_some_and(|text| text.starts_with("SIP/2.0 400")), "a wrong CSeq is not answered 400");
    wire.assert_alive();
    assert!(house.seats().is_empty());
}

#[test]
fn an_unknown_method_is_405_and_no_common_codec_is_488() {
    let house = House::open();
    let mut wire = Wire::to(house.sip());
    let publish = wire.request("GREET", "", "");
    wire.send(publish.as_bytes());
    assert_eq!(wire.status(), Some(405));
    assert_eq!(house.health()["sip_counters"]["answered"]["405"], 1);
    let foreign =
        OFFER.replace("RTP/AVP 8 101", "RTP/AVP 3 97").replace("a=rtpmap:8 PCMA/8000", "a=rtpmap:97 iLBC/8000");
    let invite = wire.request("INVITE", "", &foreign);
    wire.send(invite.as_bytes());
    assert_eq!(wire.status(), Some(488));
    assert_eq!(house.health()["sip_counters"]["answered"]["488"], 1);
    wire.assert_alive();
}

#[test]
fn a_wrong_pin_is_asked_again_and_the_right_one_then_works() {
    let house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    anna.hears_out();
    let wrong = house.guest_pin().chars().rev().collect::<String>();
    let wrong = if wrong == house.guest_pin() { "00000000".to_owned() } else { wrong };
    anna.keys(&format!("{wrong}#"));
    // Said so, and asked again; nobody is thrown out.
    anna.arrives(&house);
    anna.refuses(&house);
    anna.hangs_up();
}

#[test]
fn three_wrong_pins_end_in_a_friendly_goodbye() {
    let house = House::open();
    let mut anna = Phone::calls(&house, Anna);
    for _ in 0..3 {
        anna.hears_out();
        anna.keys("13131313#");
    }
    let report = anna.hears_goodbye();
    assert_eq!(report["answered"], true);
    // For the wrong PINs, and not because nobody keyed anything afterwards.
    assert!(house.logs().contains("why=\"wrong pins\""), "{}", house.logs());
    assert!(house.seats().is_empty());
}

#[test]
fn an_unknown_key_stops_the_start_with_key_line_and_what_would_be_right() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data").display().to_string();
    for (name, text, line, key, right) in [
        (
            "gateway",
            format!("data = \"{data}\"\n[[listen]]\nudp = \"127.0.0.1:0\"\nalow = []\n"),
            "line 4",
            "alow",
            "allow",
        ),
        (
            "archiver",
            format!("mode = \"demo\"\ndata = \"{data}\"\n[desk]\nlistn = \"127.0.0.1:0\"\n"),
            "line 4",
            "listn",
            "listen",
        ),
    ] {
        let file = dir.path().join(format!("{name}.toml"));
        std::fs::write(&file, text).expect("a config file");
        let mut command = Command::new(program(name));
        let output =
            ended(&format!("{name} with an unknown key"), LONG, command.args(["serve", "--config"]).arg(&file));
        assert!(!output.status.success(), "{name} starts with an unknown key");
        let said = String::from_utf8_lossy(&output.stderr);
        for word in [line, key, right] {
            assert!(said.contains(word), "{name} does not say {word}: {said}");
        }
    }
}

#[test]
fn a_port_in_use_says_which() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = taken.local_addr().expect("its port").port().to_string();
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data").display().to_string();
    let output = demo(&["--json", "--data", &data, "--sip", &format!("127.0.0.1:{port}"), "--desk", "127.0.0.1:0"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&port), "the port is not named: {said}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
    let port = taken.local_addr().expect("its port").port().to_string();
    let free = free_port();
    let output = demo(&["--json", "--data", &data, "--sip", &free, "--desk", &format!("127.0.0.1:{port}")]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&port), "the port is not named: {said}");
}

#[test]
fn a_chunk_that_does_not_verify_goes_to_quarantine_with_its_reason() {
    let house = House::open();
    let mut anna = Phone::recorded(&house, Anna);
    anna.speaks();
    anna.listens(3);
    let archiver: u32 = house.now("archiver_pid").parse().expect("a process id");
    signal(archiver, libc::SIGSTOP);
    anna.hangs_up();
    let ready = house.spool().join("ready");
    let chunk = until("a chunk to lie ready", LONG, || Some(std::fs::read_dir(&ready).ok()?.next()?.ok()?.path()));
    let voice = std::fs::read_dir(&chunk)
        .expect("the chunk")
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "voice"))
        .expect("a voice file");
    let mut bytes = std::fs::read(&voice).expect("sealed sound");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&voice, bytes).expect("a flipped bit");
    signal(archiver, libc::SIGCONT);

    let name = chunk.file_name().expect("a name").to_string_lossy().into_owned();
    let quarantine = house.data().join("archiver/quarantine");
    until("the chunk in quarantine", LONG, || quarantine.join(&name).exists().then_some(()));
    until("the spool to be empty", LONG, || house.spool_is_empty().then_some(()));
    assert!(house.logs().contains("quarantine"), "nobody is told\n{}", house.logs());
    let said = std::fs::read(quarantine.join(&name).join("reason.json")).expect("a reason");
    let said: serde_json::Value = serde_json::from_slice(&said).expect("JSON");
    let file = voice.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(said["reason"].as_str().is_some_and(|why| why.contains(&file)), "the reason does not name {file}: {said}");
    let (from, end) = (said["at_ms"].as_i64().expect("a time"), said["destroy_by_ms"].as_i64().expect("an end"));
    assert!(from < end && end <= from + SIX_MONTHS_MS, "no end within the rule's longest term: {said}");
}

fn free_port() -> String {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.local_addr().expect("its port").to_string()
}

/// 184 days: no six months are longer.
const SIX_MONTHS_MS: i64 = 184 * 86_400_000;
const LONG: Duration = Duration::from_secs(30);
