//! Offers of telephones we know and of none, and what we make of them.

use crate::sdp::{Answer, Chosen, Codec, Direction, Offer, SdpError, offer};

const BOTH: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];
const FOUR: [Codec; 4] = [Codec::G722, Codec::Opus, Codec::Pcma, Codec::Pcmu];
const PHONE: &str = concat!(
    "v=0\r\n",
    "o=weber 1 1 IN IP4 192.0.2.2\r\n",
    "s=-\r\n",
    "c=IN IP4 192.0.2.2\r\n",
    "t=0 0\r\n",
    "m=audio 4000 RTP/AVP 96 0 8 101\r\n",
    "a=rtpmap:96 opus/48000/2\r\n",
    "a=rtpmap:0 PCMU/8000\r\n",
    "a=rtpmap:8 PCMA/8000\r\n",
    "a=rtpmap:101 telephone-event/8000\r\n",
    "a=fmtp:101 0-15\r\n",
    "a=ptime:20\r\n",
    "a=sendrecv\r\n",
);

fn parsed(text: &str) -> Offer {
    Offer::parse(text.as_bytes()).unwrap()
}

fn chosen(text: &str) -> Option<Chosen> {
    parsed(text).choose(&BOTH)
}

fn answer_to(text: &str) -> String {
    let offer = parsed(text);
    offer.answer(&offer.choose(&BOTH).unwrap(), "192.0.2.1:6000".parse().unwrap(), 7, 1)
}

#[test]
fn their_order_decides_among_our_codecs() {
    assert_eq!(chosen(PHONE).unwrap().codec, Codec::Pcmu);
    assert_eq!(chosen(&PHONE.replace("96 0 8", "8 0 96")).unwrap().codec, Codec::Pcma);
    assert_eq!(parsed(PHONE).choose(&[Codec::Pcma]).unwrap().payload_type, 8);
    assert_eq!(chosen(&PHONE.replace("96 0 8 101", "96")), None);
}

#[test]
fn a_whole_answer_is_as_rfc_3264_wants_it() {
    let answer = answer_to(PHONE);
    let lines: Vec<_> = answer.lines().collect();
    assert_eq!(
        lines,
        [
            "v=0",
            "o=- 7 1 IN IP4 192.0.2.1",
            "s=-",
            "c=IN IP4 192.0.2.1",
            "t=0 0",
            "m=audio 6000 RTP/AVP 0 101",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            "a=maxptime:60",
            "a=sendrecv",
        ]
    );
}

#[test]
fn g722_counts_at_8_and_opus_at_48_khz_and_each_has_the_events_of_its_clock() {
    let all = PHONE
        .replace("96 0 8 101", "96 9 8 101 102")
        .replace("a=ptime", "a=rtpmap:102 telephone-event/48000\r\na=ptime");
    let offer = parsed(&all);
    let opus = offer.choose(&FOUR).unwrap();
    assert_eq!(
        (opus.codec, opus.payload_type, opus.events, opus.events_clock_hz),
        (Codec::Opus, 96, Some(102), 48_000)
    );
    let g722 = offer.choose(&[Codec::Pcma, Codec::G722]).unwrap();
    assert_eq!((g722.codec, g722.payload_type, g722.events, g722.events_clock_hz), (Codec::G722, 9, Some(101), 8000));
    assert_eq!(g722.opus, None);
    // G.722 named by its true rate is another codec (RFC 3551 4.5.2).
    let wrong = "v=0\nc=IN IP4 192.0.2.2\nm=audio 4000 RTP/AVP 97\na=rtpmap:97 G722/16000\n";
    assert_eq!(parsed(wrong).choose(&FOUR), None);
    for (clock, channels) in [("48000", "/2"), ("48000", ""), ("48000", "/1")] {
        let text = PHONE.replace("opus/48000/2", &format!("opus/{clock}{channels}"));
        assert_eq!(parsed(&text).choose(&FOUR).unwrap().codec, Codec::Opus);
    }
    assert_eq!(parsed(&PHONE.replace("opus/48000/2", "opus/16000")).choose(&FOUR).unwrap().codec, Codec::Pcmu);
    // No number is Opus by itself.
    assert_eq!(parsed(&PHONE.replace("a=rtpmap:96 opus/48000/2\r\n", "")).choose(&FOUR).unwrap().codec, Codec::Pcmu);
}

#[test]
fn who_sends_opus_and_knows_events_of_8_khz_only_can_still_press_keys() {
    let chosen = parsed(PHONE).choose(&FOUR).unwrap();
    assert_eq!((chosen.codec, chosen.events, chosen.events_clock_hz), (Codec::Opus, Some(101), 8000));
    let answer = parsed(PHONE).answer(&chosen, "192.0.2.1:6000".parse().unwrap(), 7, 1);
    assert!(answer.contains("a=rtpmap:101 telephone-event/8000\r\n"), "{answer}");
}

#[test]
fn what_an_opus_line_wishes_is_kept_and_ours_are_said() {
    let text = PHONE.replace("a=ptime", "a=fmtp:96 maxplaybackrate=16000; stereo=1;useinbandfec=1;usedtx=1\r\na=ptime");
    let offer = parsed(&text);
    let chosen = offer.choose(&FOUR).unwrap();
    let wish = chosen.opus.unwrap();
    assert_eq!((wish.max_playback_hz, wish.stereo, wish.in_band_fec, wish.dtx), (16_000, true, true, true));
    let answer = offer.answer(&chosen, "192.0.2.1:6000".parse().unwrap(), 7, 1);
    assert!(answer.contains("a=rtpmap:96 opus/48000/2\r\na=fmtp:96 maxplaybackrate=16000;"), "{answer}");
    assert!(answer.contains(";stereo=0;useinbandfec=0\r\n"), "{answer}");
}

#[test]
fn rtcp_on_the_port_of_rtp_is_never_agreed_to() {
    let mux = PHONE.replace("a=ptime", "a=rtcp-mux\r\na=ptime");
    assert!(!answer_to(&mux).contains("rtcp-mux"));
    assert_eq!(chosen(&mux).unwrap().remote_rtcp, Some("192.0.2.2:4001".parse().unwrap()));
    assert!(!offer("192.0.2.1:6000".parse().unwrap(), &FOUR, 1, 1).contains("rtcp-mux"));
    // Whoever can do nothing else is not answered with something else (RFC 8858 4.2).
    assert_eq!(chosen(&PHONE.replace("a=ptime", "a=rtcp-mux\r\na=rtcp-mux-only\r\na=ptime")), None);
}

#[test]
fn dynamic_numbers_and_static_ones_without_rtpmap_are_both_read() {
    let dynamic = PHONE.replace("96 0 8 101", "97 100").replace("a=ptime", "a=rtpmap:97 pcma/8000/1\r\na=ptime");
    let chosen_ = chosen(&dynamic.replace("a=rtpmap:101", "a=rtpmap:100")).unwrap();
    assert_eq!((chosen_.codec, chosen_.payload_type, chosen_.events), (Codec::Pcma, 97, Some(100)));
    let bare = "v=0\nc=IN IP4 192.0.2.2\nm=audio 4000 RTP/AVP 8\n";
    assert_eq!(chosen(bare).map(|it| (it.codec, it.events)), Some((Codec::Pcma, None)));
    // A number that was given to something else is not the static codec.
    assert_eq!(chosen("v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 8\na=rtpmap:8 G729/8000\n"), None);
    assert_eq!(chosen("v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 97\na=rtpmap:97 PCMA/16000\n"), None);
}

#[test]
fn events_of_another_clock_do_not_count() {
    let two = PHONE.replace("8 101", "8 101 102").replace("event/8000", "event/48000");
    assert_eq!(chosen(&two).unwrap().events, None);
    let both = two.replace("a=ptime", "a=rtpmap:102 telephone-event/8000\r\na=ptime");
    assert_eq!(chosen(&both).unwrap().events, Some(102));
}

#[test]
fn further_lines_are_refused_with_port_0_in_their_order() {
    let video = PHONE.replace("m=audio", "m=video 5000 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\nm=audio")
        + "m=image 6000 udptl t38\r\nm=audio 7000 RTP/AVP 0\r\n";
    let answer = answer_to(&video);
    let media: Vec<_> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        media,
        ["m=video 0 RTP/AVP 99", "m=audio 6000 RTP/AVP 0 101", "m=image 0 udptl t38", "m=audio 0 RTP/AVP 0"]
    );
}

#[test]
fn hold_in_each_of_its_spellings_is_seen_and_mirrored() {
    let cases = [
        ("sendonly", Direction::SendOnly, "a=recvonly"),
        ("recvonly", Direction::RecvOnly, "a=sendonly"),
        ("inactive", Direction::Inactive, "a=inactive"),
        ("sendrecv", Direction::SendRecv, "a=sendrecv"),
    ];
    for (word, direction, mirrored) in cases {
        let text = PHONE.replace("sendrecv", word);
        assert_eq!(chosen(&text).unwrap().direction, direction);
        assert!(answer_to(&text).lines().any(|line| line == mirrored), "{word}");
        let above = PHONE.replace("a=sendrecv\r\n", "").replace("t=0 0", &format!("t=0 0\r\na={word}"));
        assert_eq!(chosen(&above).unwrap().direction, direction, "{word} for the session");
    }
    let old = chosen(&PHONE.replace("c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0")).unwrap();
    assert_eq!((old.direction, old.remote_rtcp), (Direction::SendOnly, None));
    assert!(old.remote.ip().is_unspecified());
    let none = PHONE.replace("IP4 192.0.2.2\r\nt", "IP4 0.0.0.0\r\nt").replace("sendrecv", "recvonly");
    assert_eq!(chosen(&none).unwrap().direction, Direction::Inactive);
}

#[test]
fn a_line_we_cannot_speak_on_is_passed_over() {
    for (good, bad) in [
        ("m=audio 4000", "m=audio 0"),
        ("RTP/AVP", "RTP/SAVP"),
        ("RTP/AVP", "UDP/TLS/RTP/SAVPF"),
        ("m=audio", "m=video"),
        ("c=IN IP4 192.0.2.2", "c=IN IP4 phone.example.net"),
        ("c=IN IP4 192.0.2.2", "c=IN IP4 224.2.1.1/127"),
    ] {
        assert_eq!(chosen(&PHONE.replace(good, bad)), None, "{bad}");
    }
    assert_eq!(chosen("v=0\r\nm=audio 4000 RTP/AVP 8\r\n"), None);
    let second = "v=0\r\nc=IN IP4 192.0.2.2\r\nm=audio 4000 RTP/SAVP 8\r\nm=audio 4002 RTP/AVP 8\r\n";
    assert_eq!(chosen(second).unwrap().remote.port(), 4002);
}

#[test]
fn the_address_of_the_line_counts_before_that_of_the_session_and_rtcp_may_live_elsewhere() {
    let text = PHONE.replace("a=ptime", "c=IN IP4 192.0.2.9\r\na=rtcp:4711 IN IP4 192.0.2.8\r\na=ptime");
    // A `c=` after the attributes is in the wrong place; telephones do it and we do not mind.
    let line = chosen(&text).unwrap();
    assert_eq!(line.remote, "192.0.2.9:4000".parse().unwrap());
    assert_eq!(line.remote_rtcp, Some("192.0.2.8:4711".parse().unwrap()));
    assert_eq!(chosen(PHONE).unwrap().remote_rtcp, Some("192.0.2.2:4001".parse().unwrap()));
    let six = chosen("v=0\r\nc=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 8\r\n").unwrap();
    assert_eq!(six.remote, "[2001:db8::1]:4000".parse().unwrap());
    let last = chosen(&PHONE.replace("audio 4000", "audio 65535")).unwrap();
    assert_eq!(last.remote_rtcp, None);
}

#[test]
fn ptime_is_theirs_within_reason() {
    for (line, wants) in [
        ("ptime:10", 10),
        ("ptime:30", 30),
        ("ptime:60", 60),
        ("ptime:0", 10),
        ("ptime:999999", 60),
        ("ptime:x", 20),
        ("maxptime:10", 10),
        ("ptime:40\r\na=maxptime:30", 30),
        ("maxptime:150", 20),
    ] {
        assert_eq!(chosen(&PHONE.replace("ptime:20", line)).unwrap().ptime_ms, wants, "{line}");
    }
}

#[test]
fn what_does_not_concern_us_does_not_stop_a_call() {
    let mut text = PHONE.replace("o=weber 1 1", "o=w\u{e4}ber 99999999999999999999999 x").into_bytes();
    text.extend(b"b=garbage\r\nz=1\r\ny\r\na=\xff\xfe\r\n\0\r\n");
    assert_eq!(Offer::parse(&text).unwrap().choose(&BOTH).unwrap().codec, Codec::Pcmu);
}

#[test]
fn what_is_no_description_is_an_error() {
    assert_eq!(Offer::parse(b""), Err(SdpError::NoVersion));
    assert_eq!(Offer::parse(b"hello"), Err(SdpError::NoVersion));
    assert!(matches!(Offer::parse(b"v=0\r\nm=audio x RTP/AVP 0\r\n"), Err(SdpError::Unreadable { .. })));
    let many = format!("v=0\r\n{}", "m=audio 1 RTP/AVP 0\r\n".repeat(33));
    assert_eq!(Offer::parse(many.as_bytes()), Err(SdpError::TooManyLines));
}

#[test]
fn an_offer_of_ours_comes_back_as_an_answer_we_understand() {
    let ours = offer("192.0.2.1:6000".parse().unwrap(), &BOTH, 1, 1);
    assert!(ours.contains("m=audio 6000 RTP/AVP 8 0 101\r\n"), "{ours}");
    let theirs = parsed(&ours);
    let text = theirs.answer(&theirs.choose(&[Codec::Pcmu]).unwrap(), "192.0.2.2:4000".parse().unwrap(), 2, 1);
    let got = Answer::parse(text.as_bytes()).unwrap().chosen(&BOTH).unwrap();
    assert_eq!((got.codec, got.events, got.remote), (Codec::Pcmu, Some(101), "192.0.2.2:4000".parse().unwrap()));
    let four = offer("192.0.2.1:6000".parse().unwrap(), &FOUR, 1, 1);
    assert!(four.contains("m=audio 6000 RTP/AVP 9 111 8 0 101 110\r\n"), "{four}");
    let theirs = parsed(&four);
    for codec in FOUR {
        let text = theirs.answer(&theirs.choose(&[codec]).unwrap(), "[2001:db8::2]:4000".parse().unwrap(), 2, 1);
        assert!(text.contains("c=IN IP6 2001:db8::2\r\n"), "{text}");
        let got = Answer::parse(text.as_bytes()).unwrap().chosen(&FOUR).unwrap();
        assert_eq!((got.codec, got.payload_type, got.events_clock_hz), (codec, codec.payload_type(), codec.clock_hz()));
        assert_eq!(got.remote, "[2001:db8::2]:4000".parse().unwrap());
    }
    let refused = text.replace("m=audio 4000", "m=audio 0");
    assert_eq!(Answer::parse(refused.as_bytes()).unwrap().chosen(&BOTH), None);
}
