//! Broken bytes for every parser of foreign ones: the pre-parser, the message door, descriptions, streams.
//!
//! What must hold of them is in `promises`. Broken by a chance that is the same in every run, from a corpus of messages
//! as telephones write them and those of RFC 4475. `SIP_MUTATIONS=N` breaks N instead of some ten thousand for each
//! parser, `SIP_SEED=N` begins elsewhere: with the two it runs for hours, on the pinned compiler.
//!
//! Not here: what a well-formed message is answered (`torture`, `corpus`).

use super::*;
use crate::promises;
use proptest::prelude::*;

fn chance(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as usize
}

fn mutant(sample: &[u8], state: &mut u64) -> Vec<u8> {
    let mut bytes = sample.to_vec();
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

fn corpus() -> Vec<Vec<u8>> {
    samples(";tag=ours").into_iter().map(String::into_bytes).chain(corpus::messages()).collect()
}

/// Runs `parse` over broken samples; what it returns is wrong.
fn broken(samples: &[Vec<u8>], mut parse: impl FnMut(&[u8], &mut u64) -> Result<(), String>) {
    let number = |name, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (mutations, mut state): (u64, u64) = (number("SIP_MUTATIONS", 10_000), number("SIP_SEED", 4711) | 1);
    for n in 0..mutations {
        let sample = &samples[chance(&mut state) % samples.len()];
        let bytes = mutant(sample, &mut state);
        if let Err(wrong) = parse(&bytes, &mut state) {
            panic!("mutation {n}: {wrong}: {}", bytes.escape_ascii());
        }
    }
}

#[test]
fn whatever_the_pre_parser_is_given_what_it_made_regular_it_leaves_as_it_is() {
    broken(&corpus(), |bytes, state| promises::head(bytes, chance(state).is_multiple_of(2)));
}

#[test]
fn whatever_the_message_door_is_given_it_reads_it_the_same_twice_and_keeps_its_limits() {
    broken(&corpus(), |bytes, state| promises::message(bytes, chance(state).is_multiple_of(2)));
}

#[test]
fn whatever_a_description_says_what_is_chosen_is_within_reason_and_our_answer_can_be_read() {
    use crate::sdp::Codec;
    let offer = sdp_offer(&[Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu]);
    let hold =
        offer.replace("a=sendrecv", "a=inactive\r\na=rtcp:5 IN IP6 ::1\r\na=maxptime:30\r\nm=video 9 RTP/AVP 99");
    broken(&[offer.into_bytes(), hold.into_bytes()], |bytes, _| promises::description(bytes));
}

#[test]
fn whatever_a_stream_brings_it_is_cut_the_same_in_one_read_and_in_many() {
    let samples = corpus();
    broken(&samples, |bytes, state| {
        let mut text = samples[chance(state) % samples.len()].clone();
        text.extend_from_slice(bytes);
        text.extend_from_slice(&samples[chance(state) % samples.len()]);
        promises::stream(&text, || 1 + chance(state) % 700)
    });
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
        let bytes = mutant(sample.as_bytes(), &mut state);
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
