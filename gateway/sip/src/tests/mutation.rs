//! Two thousand broken messages, and after each of them an endpoint that still hears.

use super::*;
use proptest::prelude::*;

fn chance(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as usize
}

fn mutant(sample: &str, state: &mut u64) -> Vec<u8> {
    let mut bytes = sample.as_bytes().to_vec();
    for _ in 0..=chance(state) % 4 {
        let at = chance(state) % bytes.len().max(1);
        match chance(state) % 8 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance(state) as u8),
            2 => drop(bytes.splice(at..at, *b"\r\n")),
            3 => drop(bytes.splice(at..at, std::iter::repeat_n(b'9', chance(state) % 40))),
            4 => {
                let end = (at + chance(state) % 60).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let end = (at + chance(state) % 60).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            6 => {
                drop(bytes.splice(at..at, [b'"', b'<', b'[', b'%', b';', b',', 0, 0xff][chance(state) % 8..].to_vec()))
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (chance(state) % 8);
                }
            }
        }
    }
    bytes
}

fn samples(tag: &str) -> Vec<String> {
    let mut samples: Vec<_> = ["INVITE", "ACK", "BYE", "OPTIONS", "INFO", "UPDATE", "CANCEL", "MESSAGE"]
        .iter()
        .flat_map(|method| {
            [request(method, 3, "", "", &offer_text()), request(method, 3, tag, "Require: 100rel\r\n", "")]
        })
        .collect();
    samples.push(request(
        "INVITE",
        2,
        "",
        "Record-Route: <sip:[::1];lr>, <sip:x>\r\nv: SIP/2.0/TCP y\r\n",
        &offer_text(),
    ));
    samples.push("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContact: <sip:c@192.0.2.2>\r\nContent-Length: 0\r\n\r\n".into());
    samples
}

#[test]
fn after_each_of_2000_broken_messages_options_is_answered_and_the_call_stands() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", &offer_text()).replace("call@", "standing@"));
    lone.order(Command::Answer { leg: Leg(1), sdp: offer_text(), contact: us() });
    let tag = to_tag(&lone.sent().last().unwrap().1);
    lone.hear(&request("ACK", 1, &tag, "", "").replace("call@", "standing@")).said();
    let samples = samples(&tag);
    let mut state = 4711;
    for n in 0..2_000_u32 {
        let sample = &samples[chance(&mut state) % samples.len()];
        let bytes = mutant(sample, &mut state);
        lone.hear_from(them(), &bytes).wait(Duration::from_millis(20)).said();
        let probe = request("OPTIONS", 1_000 + n, "", "", "");
        let answer = lone.hear(&probe).only();
        assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "after mutant {n}");
    }
    let counters = lone.endpoint.counters();
    assert!(counters.malformed_dropped > 50 && counters.answered_400 > 50, "{counters:?}");
    let bye = request("BYE", 9_999, &tag, "", "").replace("call@", "standing@");
    assert_eq!(lone.hear(&bye).said(), ["200 OK", "Ended(1, Bye)"]);
    lone.wait(Duration::from_secs(400));
    assert_eq!(lone.endpoint.legs(), 0);
    assert!(lone.endpoint.is_blank());
}

proptest! {
    #[test]
    fn no_bytes_make_an_endpoint_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut lone = Lone::new();
        lone.hear_from(them(), &bytes).said();
        let answer = lone.hear(&request("OPTIONS", 1, "", "", "")).only();
        prop_assert!(answer.starts_with("SIP/2.0 200 OK\r\n"));
    }

    #[test]
    fn no_header_value_makes_an_endpoint_panic(
        name in "(Via|From|To|Contact|Record-Route|CSeq|Call-ID|Require|Content-Type|Content-Length|m|v|X)",
        value in "\\PC{0,80}",
    ) {
        let mut lone = Lone::new();
        lone.hear(&request("INVITE", 1, "", &format!("{name}: {value}\r\n"), &offer_text())).said();
        let line = format!("{name}: {value}\r\nMax-Forwards");
        lone.hear(&request("INVITE", 2, "", "", &offer_text()).replace("Max-Forwards", &line)).said();
        lone.wait(Duration::from_secs(400));
        prop_assert!(lone.endpoint.is_blank());
    }

    #[test]
    fn what_the_other_side_reads_is_what_we_wrote(port in 1_u16.., session in any::<u64>()) {
        let local = std::net::SocketAddr::new([192, 0, 2, 1].into(), port);
        let text = crate::sdp::offer(local, &[crate::sdp::Codec::Pcmu], session, 1);
        let chosen = crate::sdp::Offer::parse(text.as_bytes()).unwrap().choose(&[crate::sdp::Codec::Pcmu]).unwrap();
        prop_assert_eq!(chosen.remote, local);
        prop_assert_eq!(chosen.events, Some(101));
    }
}
