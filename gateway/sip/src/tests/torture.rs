//! Messages after the manner of RFC 4475, in our own words, and what each is answered.

use super::*;

/// What is said to a message, first words only.
fn said_to(text: &str) -> Vec<String> {
    Lone::new().hear(text).said()
}

#[test]
fn options_tells_what_we_can_and_nothing_more() {
    let text = Lone::new().hear(&request("OPTIONS", 1, "", "", "")).only();
    assert!(text.starts_with("SIP/2.0 200 OK\r\n"));
    assert_eq!(header(&text, "Supported"), "");
    assert_eq!(header(&text, "Accept"), "application/sdp");
    for method in header(&text, "Allow").split(", ").filter(|method| !matches!(*method, "ACK" | "CANCEL")) {
        let said = said_to(&request(method, 1, "", "", ""));
        assert!(!said.contains(&"405 Method".to_owned()), "{method}: {said:?}");
    }
}

#[test]
fn every_method_we_do_not_do_is_405_with_the_list_of_those_we_do() {
    for method in ["REGISTER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "REFER", "PUBLISH", "PRACK", "invite", "NEWMETHOD"] {
        let text = Lone::new().hear(&request(method, 1, "", "", "")).only();
        assert!(text.starts_with("SIP/2.0 405 "), "{method}");
        assert!(header(&text, "Allow").contains("INVITE, ACK"));
        assert_eq!(header(&text, "CSeq"), format!("1 {method}"));
    }
}

#[test]
fn every_required_extension_is_420_and_named() {
    let text = Lone::new().hear(&request("INVITE", 1, "", "Require: 100rel\r\nRequire: timer, x\r\n", "")).only();
    assert!(text.starts_with("SIP/2.0 420 "));
    assert_eq!(header(&text, "Unsupported"), "100rel, timer, x");
}

#[test]
fn an_answer_repeats_what_it_must_and_the_same_question_gets_the_same_tag() {
    let mut lone = Lone::new();
    let options =
        request("OPTIONS", 1, "", "", "").replace("Via", "Via: SIP/2.0/UDP a;branch=z9hG4bKb, SIP/2.0/UDP c\r\nVia");
    let text = lone.hear(&options).only();
    assert_eq!(text.matches("Via: ").count(), 3);
    assert_eq!(header(&text, "Call-ID"), "call@192.0.2.2");
    assert_eq!(header(&text, "From"), "\"Frau Weber\" <sip:weber@192.0.2.2>;tag=theirs");
    assert_eq!(lone.hear(&options).only(), text);
    assert_ne!(to_tag(&lone.hear(&options.replace("z9hG4bKb", "z9hG4bKc")).only()), to_tag(&text));
}

#[test]
fn folded_compact_latin_1_and_ipv6_invites_become_calls() {
    let invite = request("INVITE", 1, "", "", &offer_text());
    let wants = ["100 Trying", "Incoming(1, offer: true)"];
    let compact = invite
        .replace("Via:", "v :")
        .replace("From:", "f\t:")
        .replace("To:", "t:")
        .replace("Call-ID:", "i:")
        .replace("Contact:", "m:")
        .replace("Content-Type:", "c:")
        .replace("Content-Length:", "l:");
    assert_eq!(said_to(&compact), wants);
    assert_eq!(said_to(&invite.replace(";branch", "\r\n ;\r\n\tbranch")), wants);
    let (head, body) = invite.split_once("\r\n\r\n").unwrap();
    assert_eq!(said_to(&format!("{}\n\n{body}", head.replace("\r\n", "\n"))), wants);
    assert_eq!(said_to(&format!("\r\n\r\n{invite}")), wants);
    assert_eq!(said_to(&invite.replace("Frau ", "BEL:\\\u{7} NUL:\\\0 DEL:\\\u{7f} ")), wants);
    assert_eq!(said_to(&invite.replace("Contact: <sip:weber@192.0.2.2:5062>\r\n", "")), wants);
    assert_eq!(said_to(&invite.replace("<sip:weber@192.0.2.2:5062>", "<sip:weber@[2001:db8::1]:5062>")), wants);
    assert_eq!(said_to(&invite.replace("192.0.2.2:5062;", "[2001:db8::1]:5062;")), wants);
    assert_eq!(said_to(&invite.replace("sip:4711@192.0.2.1 SIP", "tel:+4930;phone-context=x SIP")), wants);
    assert_eq!(said_to(&invite.replace("5062>", "5062>;q=0.1, <sip:b@c;x=\"a,b\">")), wants);
    let latin: Vec<u8> = invite.replace("Frau", "Fr\u{fc}hling").chars().map(|c| c as u8).collect();
    assert_eq!(Lone::new().hear_from(them(), &latin).said(), wants);
    let no_length = invite.lines().filter(|line| !line.starts_with("Content-Length")).collect::<Vec<_>>().join("\r\n");
    assert_eq!(said_to(&no_length), wants);
}

#[test]
fn a_broken_invite_is_400_or_nothing_and_never_a_call() {
    let invite = request("INVITE", 1, "", "", &offer_text());
    let length = format!("Content-Length: {}", offer_text().len());
    let bad = [
        (length.as_str(), "Content-Length: 9999", "400 Bad"),
        (&length, "Content-Length: -1", "400 Bad"),
        (&length, "Content-Length: 18446744073709551615", "400 Bad"),
        ("CSeq: 1 INVITE", "CSeq: 1 OPTIONS", "400 Bad"),
        ("CSeq: 1 INVITE", "CSeq: 36893488147419103232 INVITE", "400 Bad"),
        ("To: <sip:4711@192.0.2.1>", "To: \"Mr. J. <sip:4711@192.0.2.1>", "400 Bad"),
        ("sip:4711@192.0.2.1 SIP/2.0", "sip:4711@192.0.2.1;a= b SIP/2.0", "400 Unreadable"),
        ("sip:4711@192.0.2.1 SIP/2.0", "<sip:4711@192.0.2.1> SIP/2.0", "400 Bad"),
        ("sip:4711@192.0.2.1 SIP/2.0", "sip:4711@192.0.2.1  SIP/2.0", "400 Unreadable"),
        ("sip:4711@192.0.2.1 SIP/2.0", "sip:4711@192.0.2.1 SIP/7.0", "505 Version"),
        ("sip:4711@192.0.2.1 SIP/2.0", "unknown:4711 SIP/2.0", "416 Unsupported"),
        ("Max-Forwards: 70", "no colon here", "400 Unreadable"),
        ("Contact: <sip:weber@192.0.2.2:5062>", "Contact: <sip:weber", "400 Bad"),
        ("application/sdp", "application/isup", "415 Unsupported"),
        ("application/sdp", "application/sdp\r\nContent-Encoding: gzip", "415 Unsupported"),
        ("v=0", "w=0", "400 Unreadable"),
    ];
    for (good, bad, answer) in bad {
        assert!(invite.contains(good), "{good}");
        assert_eq!(said_to(&invite.replacen(good, bad, 1)), [answer], "{bad}");
    }
    for (good, bad) in
        [("Via: SIP/2.0/UDP", "Via: HTTP/1.1"), ("Call-ID: call@192.0.2.2\r\n", ""), ("INVITE sip", "@@@ sip")]
    {
        let mut lone = Lone::new();
        assert_eq!(lone.hear(&invite.replacen(good, bad, 1)).said(), [""; 0], "{bad}");
        assert_eq!(lone.endpoint.counters().malformed_dropped, 1, "{bad}");
    }
}

#[test]
fn too_long_a_head_is_513_and_too_many_headers_are_400() {
    let options = request("OPTIONS", 1, "", "", "");
    assert_eq!(said_to(&options.replace("Contact", &format!("X: {}\r\nContact", "y".repeat(17_000)))), ["513 Message"]);
    assert_eq!(said_to(&options.replace("Contact", &format!("{}Contact", "X: y\r\n".repeat(130)))), ["400 Too"]);
}

#[test]
fn keep_alives_stray_answers_and_strange_protocols_get_nothing() {
    let mut lone = Lone::new();
    let stray = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n";
    for text in ["", "\r\n\r\n", "\0", "GET / HTTP/1.1\r\n\r\n", stray, "SIP/2.0 200\r\n\r\n"] {
        assert_eq!(lone.hear(text).said(), [""; 0], "{text:?}");
    }
    let counters = lone.endpoint.counters();
    assert_eq!((counters.received, counters.strays, counters.malformed_dropped), (6, 1, 3));
}

#[test]
fn a_peer_of_rfc_2543_without_tag_and_branch_can_call_and_cancel() {
    let old = |text: String| {
        let branch = text.find(";branch").map(|at| text[at..].lines().next().unwrap().to_owned()).unwrap();
        text.replace(&branch, "").replace(";tag=theirs", "")
    };
    let mut lone = Lone::new();
    lone.hear(&old(request("INVITE", 1, "", "", &offer_text())));
    assert_eq!(lone.said(), ["100 Trying", "Incoming(1, offer: true)"]);
    lone.hear(&old(request("CANCEL", 1, "", "", "")));
    assert_eq!(lone.said(), ["200 OK", "487 Request", "Ended(1, Cancelled)"]);
}
