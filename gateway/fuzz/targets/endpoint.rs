//! A whole endpoint: what comes is answered or not, and when all of its timers have run nothing of it is left.
//!
//! Datagrams are kept apart by a zero byte, which no message needs. Seeds: `gateway/sip/testdata/rfc4475`.
//!
//! Not here: single parsers.

#![no_main]

use std::time::{Duration, Instant};

use sip::{Command, Config, Endpoint, Event, Limits, Output, Path, Transport};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut now = Instant::now();
    let path =
        Path { transport: Transport::Udp, local: ([192, 0, 2, 1], 5060).into(), remote: ([192, 0, 2, 2], 5060).into() };
    let mut number = 0_u64;
    let mut endpoint = Endpoint::new(Config {
        user_agent: "fuzz".to_owned(),
        limits: Limits { calls: 8, in_setup: 8 },
        admits: Box::new(|_, _| true),
        chance: Box::new(move |into| {
            number += 1;
            into.iter_mut().zip(number.to_le_bytes().iter().cycle()).for_each(|(to, from)| *to = *from);
        }),
    });
    let offer = sip::sdp::offer(path.local, &[sip::sdp::Codec::Pcma], 1, 1);
    let mut out = Vec::new();
    for datagram in bytes.split(|byte| *byte == 0) {
        endpoint.receive(now, path, datagram, &mut out);
        while let Some(output) = out.pop() {
            let leg = match output {
                Output::Event(Event::Incoming { leg, .. }) => {
                    let command = Command::Answer { leg, sdp: offer.clone(), contact: path.local };
                    endpoint.command(now, command, &mut out);
                    continue;
                }
                Output::Event(Event::Reoffered { leg, .. }) => leg,
                Output::Event(_) | Output::Send { .. } => continue,
            };
            endpoint.command(now, Command::Accept { leg, sdp: offer.clone() }, &mut out);
        }
        now += Duration::from_millis(20);
    }
    // Nobody acknowledges anything any more.
    for leg in 1..=8 {
        endpoint.command(now, Command::HangUp { leg: sip::Leg(leg), reason: None }, &mut out);
    }
    for _ in 0..10_000 {
        let Some(deadline) = endpoint.deadline() else { break };
        now = now.max(deadline);
        endpoint.time_passed(now, &mut out);
        out.clear();
    }
    assert!(endpoint.deadline().is_none(), "a timer for ever");
    assert_eq!(endpoint.legs(), 0, "a leg that nobody ends");
});
