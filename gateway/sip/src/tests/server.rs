//! One call that comes in, and everything that can go wrong with it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn answer() -> Command {
    Command::Answer { leg: Leg(1), sdp: offer_text(), contact: us() }
}

fn hang_up() -> Command {
    Command::HangUp { leg: Leg(1), reason: None }
}

/// A call that was answered; returns `;tag=…` of our side.
fn answered(lone: &mut Lone) -> String {
    lone.hear(&request("INVITE", 1, "", "", &offer_text())).order(answer());
    to_tag(&lone.sent().last().unwrap().1)
}

fn standing(lone: &mut Lone) -> String {
    let tag = answered(lone);
    lone.hear(&request("ACK", 1, &tag, "", ""));
    assert_eq!(lone.said(), ["Confirmed(1, answer: false)"]);
    tag
}

#[test]
fn an_invite_is_tried_rung_answered_confirmed_and_hung_up() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", &offer_text()));
    assert_eq!(lone.said(), ["100 Trying", "Incoming(1, offer: true)"]);
    lone.order(Command::Ring { leg: Leg(1) });
    assert_eq!(lone.said(), ["180 Ringing"]);
    lone.order(answer());
    let ok = lone.only();
    assert!(ok.starts_with("SIP/2.0 200 OK\r\n") && ok.contains("m=audio 4000 RTP/AVP 8 0 101"));
    assert_eq!(header(&ok, "Contact"), "<sip:192.0.2.1:5060>");
    assert_eq!(header(&ok, "Allow"), "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE");
    lone.hear(&request("ACK", 1, &to_tag(&ok), "", ""));
    assert_eq!(lone.said(), ["Confirmed(1, answer: false)"]);
    lone.hear(&request("BYE", 2, &to_tag(&ok), "", ""));
    assert_eq!(lone.said(), ["200 OK", "Ended(1, Bye)"]);
    assert_eq!(lone.endpoint.legs(), 0);
}

#[test]
fn a_200_is_sent_again_until_the_ack_and_not_after_it() {
    let mut lone = Lone::new();
    let tag = answered(&mut lone);
    let moments: Vec<_> = std::iter::from_fn(|| {
        let at = lone.endpoint.deadline()?;
        lone.wait(at - lone.now);
        (!lone.said().is_empty()).then(|| (lone.now - lone.begin).as_millis())
    })
    .take(5)
    .collect();
    assert_eq!(moments, [500, 1500, 3500, 7500, 11500]);
    lone.hear(&request("ACK", 1, &tag, "", "")).said();
    assert_eq!(lone.wait(60 * SECOND).said(), [""; 0]);
    assert_eq!(lone.endpoint.legs(), 1);
}

#[test]
fn a_call_nobody_acknowledges_ends_with_a_bye_after_32_seconds() {
    let mut lone = Lone::new();
    answered(&mut lone);
    let said = lone.wait(Duration::from_millis(31_999)).said();
    assert!(said.iter().all(|text| text == "200 OK"), "{said:?}");
    assert_eq!(lone.wait(Duration::from_millis(1)).said(), ["Ended(1, NoAck)", "BYE sip:weber@192.0.2.2:5062"]);
    lone.wait(100 * SECOND);
    assert_eq!((lone.endpoint.legs(), lone.endpoint.deadline()), (0, None));
    assert_eq!(lone.endpoint.counters().no_ack, 1);
}

#[test]
fn a_cancel_before_the_answer_ends_the_call_and_one_after_it_does_not() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", &offer_text())).said();
    let cancel = request("CANCEL", 1, "", "", "").replace("CANCEL1", "INVITE1");
    assert_eq!(lone.hear(&cancel).said(), ["200 OK", "487 Request", "Ended(1, Cancelled)"]);
    assert_eq!(lone.order(answer()).said(), [""; 0]);
    assert_eq!(lone.hear(&cancel).said(), ["200 OK"]);
    let ack = request("ACK", 1, ";tag=x", "", "").replace("ACK1", "INVITE1");
    assert_eq!(lone.hear(&ack).wait(100 * SECOND).said(), [""; 0]);

    let mut lone = Lone::new();
    let tag = answered(&mut lone);
    assert_eq!(lone.hear(&cancel).said(), ["200 OK"]);
    lone.hear(&request("ACK", 1, &tag, "", ""));
    assert_eq!(lone.said(), ["Confirmed(1, answer: false)"]);
}

#[test]
fn a_cancel_of_nothing_is_481() {
    let mut lone = Lone::new();
    assert_eq!(lone.hear(&request("CANCEL", 1, "", "", "")).said(), ["481 Call/Transaction"]);
}

#[test]
fn a_repeated_invite_gets_the_last_answer_and_makes_no_second_call() {
    let mut lone = Lone::new();
    let invite = request("INVITE", 1, "", "", &offer_text());
    lone.hear(&invite).said();
    assert_eq!(lone.hear(&invite).said(), ["100 Trying"]);
    lone.order(Command::Ring { leg: Leg(1) }).said();
    assert_eq!(lone.hear(&invite).said(), ["180 Ringing"]);
    lone.order(Command::Reject { leg: Leg(1), status: 486, retry_after: None, warning: None });
    assert_eq!(lone.said(), ["486 Busy", "Ended(1, ByUs)"]);
    assert_eq!(lone.hear(&invite).said(), ["486 Busy"]);
    assert_eq!(lone.endpoint.counters().calls_in, 1);
}

#[test]
fn the_same_invite_by_a_second_way_is_482() {
    let mut lone = Lone::new();
    let invite = request("INVITE", 1, "", "", &offer_text());
    lone.hear(&invite).said();
    assert_eq!(lone.hear(&invite.replace("INVITE1", "fork")).said(), ["482 Loop"]);
    assert_eq!(lone.endpoint.legs(), 1);
}

#[test]
fn a_rejection_says_why_and_when_to_come_back() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", &offer_text())).said();
    let warning = Some("no \"codec\" in common\r\nX: y".to_owned());
    lone.order(Command::Reject { leg: Leg(1), status: 488, retry_after: Some(7), warning });
    let text = lone.only();
    assert_eq!(header(&text, "Warning"), "399 gateway \"no codec in common  X: y\"");
    assert_eq!(header(&text, "Retry-After"), "7");
    assert_eq!(lone.endpoint.counters().answered_488, 1);
}

#[test]
fn their_bye_before_their_ack_ends_the_call_at_once() {
    let mut lone = Lone::new();
    let tag = answered(&mut lone);
    assert_eq!(lone.hear(&request("BYE", 2, &tag, "", "")).said(), ["200 OK", "Ended(1, Bye)"]);
    assert_eq!(lone.hear(&request("ACK", 1, &tag, "", "")).said(), [""; 0]);
    assert_eq!(lone.hear(&request("BYE", 2, &tag, "", "")).said(), ["200 OK"]);
    assert_eq!(lone.wait(100 * SECOND).said(), [""; 0]);
}

#[test]
fn our_bye_waits_for_their_ack() {
    let mut lone = Lone::new();
    let tag = answered(&mut lone);
    assert_eq!(lone.order(hang_up()).said(), [""; 0]);
    assert_eq!(lone.wait(SECOND / 2).said(), ["200 OK"]);
    lone.hear(&request("ACK", 1, &tag, "", ""));
    assert_eq!(lone.said(), ["Ended(1, ByUs)", "BYE sip:weber@192.0.2.2:5062"]);
    assert_eq!(lone.endpoint.legs(), 1);
    let mut lone = Lone::new();
    answered(&mut lone);
    lone.order(hang_up()).wait(32 * SECOND);
    assert_eq!(lone.said().last().unwrap(), "BYE sip:weber@192.0.2.2:5062");
}

#[test]
fn our_bye_says_why_and_is_sent_again_until_it_is_answered() {
    let mut lone = Lone::new();
    standing(&mut lone);
    lone.order(Command::HangUp { leg: Leg(1), reason: Some("no PIN \"x\"".into()) });
    let bye = lone.only();
    assert_eq!(header(&bye, "Reason"), "SIP;cause=200;text=\"no PIN x\"");
    assert_eq!(lone.wait(SECOND / 2).only(), bye);
    let ok = format!("SIP/2.0 200 OK\r\n{}", bye.split_once("\r\n").unwrap().1);
    lone.hear(&ok);
    assert_eq!((lone.endpoint.legs(), lone.wait(SECOND * 10).said()), (0, vec![]));
}

#[test]
fn crossing_byes_are_both_answered() {
    let mut lone = Lone::new();
    let tag = standing(&mut lone);
    lone.order(hang_up()).said();
    assert_eq!(lone.hear(&request("BYE", 2, &tag, "", "")).said(), ["200 OK"]);
}

#[test]
fn hanging_up_before_the_answer_is_487() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", &offer_text())).said();
    assert_eq!(lone.order(hang_up()).said(), ["487 Request", "Ended(1, ByUs)"]);
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", ""));
    assert_eq!(lone.said(), ["100 Trying", "Incoming(1, offer: false)"]);
    let tag = to_tag(&lone.order(answer()).only());
    lone.hear(&request("ACK", 1, &tag, "", &sdp_offer(&[sdp::Codec::Pcmu])));
    assert_eq!(lone.said(), ["Confirmed(1, answer: true)"]);
}

#[test]
fn a_reinvite_and_an_update_ask_the_shell_and_their_200_is_acknowledged_apart() {
    let mut lone = Lone::new();
    let tag = standing(&mut lone);
    lone.hear(&request("INVITE", 2, &tag, "", &offer_text()));
    assert_eq!(lone.said(), ["100 Trying", "Reoffered(1, offer: true)"]);
    lone.order(Command::Accept { leg: Leg(1), sdp: offer_text() });
    assert_eq!(lone.said(), ["200 OK"]);
    assert_eq!(lone.wait(SECOND / 2).said(), ["200 OK"]);
    assert_eq!(lone.hear(&request("ACK", 2, &tag, "", "")).wait(10 * SECOND).said(), [""; 0]);
    lone.hear(&request("UPDATE", 3, &tag, "", &offer_text()));
    assert_eq!(lone.said(), ["Reoffered(1, offer: true)"]);
    lone.order(Command::Refuse { leg: Leg(1), status: 488, warning: None });
    assert_eq!(lone.said(), ["488 Not"]);
    assert_eq!(lone.hear(&request("UPDATE", 4, &tag, "", "")).said(), ["200 OK"]);
    assert_eq!(lone.endpoint.legs(), 1);
}

#[test]
fn a_reinvite_while_another_is_open_is_491() {
    let mut lone = Lone::new();
    let tag = standing(&mut lone);
    lone.hear(&request("INVITE", 2, &tag, "", &offer_text())).said();
    assert_eq!(lone.hear(&request("UPDATE", 3, &tag, "", &offer_text())).said(), ["491 Request"]);
    lone.order(Command::Accept { leg: Leg(1), sdp: offer_text() }).said();
    lone.hear(&request("INVITE", 4, &tag, "", &offer_text()));
    assert_eq!(lone.said(), ["100 Trying", "491 Request"]);
    let mut late = Lone::new();
    let tag = answered(&mut late);
    assert_eq!(late.hear(&request("UPDATE", 2, &tag, "", &offer_text())).said(), ["491 Request"]);
}

#[test]
fn a_reinvite_without_an_ack_ends_the_call() {
    let mut lone = Lone::new();
    let tag = standing(&mut lone);
    lone.hear(&request("INVITE", 2, &tag, "", &offer_text()));
    lone.order(Command::Accept { leg: Leg(1), sdp: offer_text() }).said();
    let said = lone.wait(32 * SECOND).said();
    assert!(said.contains(&"Ended(1, NoAck)".to_owned()), "{said:?}");
}

#[test]
fn a_cancelled_reinvite_leaves_the_call_standing() {
    let mut lone = Lone::new();
    let tag = standing(&mut lone);
    lone.hear(&request("INVITE", 2, &tag, "", &offer_text())).said();
    let cancel = request("CANCEL", 2, &tag, "", "").replace("CANCEL2", "INVITE2");
    assert_eq!(lone.hear(&cancel).said(), ["200 OK", "487 Request"]);
    assert_eq!(lone.order(Command::Accept { leg: Leg(1), sdp: offer_text() }).said(), [""; 0]);
    assert_eq!(lone.endpoint.legs(), 1);
}

#[test]
fn what_a_call_may_be_asked_is_answered_truthfully() {
    let mut lone = Lone::new();
    let tag = standing(&mut lone);
    assert_eq!(lone.hear(&request("INFO", 2, &tag, "", "")).said(), ["200 OK"]);
    let digit = request("INFO", 3, &tag, "Content-Type: application/dtmf-relay\r\nX: ", "Signal=4")
        .replace("Content-Type: application/sdp\r\n", "\r\n");
    let text = lone.hear(&digit).only();
    assert!(text.starts_with("SIP/2.0 415 ") && text.contains("\r\nAccept: \r\n"), "{text}");
    assert_eq!(lone.hear(&request("INFO", 4, &tag, "Info-Package: x\r\n", "")).said(), ["469 Bad"]);
    assert_eq!(lone.hear(&request("OPTIONS", 5, &tag, "", "")).said(), ["200 OK"]);
    assert_eq!(lone.hear(&request("MESSAGE", 6, &tag, "", "")).said(), ["405 Method"]);
    assert_eq!(lone.hear(&request("BYE", 1, &tag, "", "").replace("BYE1", "old")).said(), ["500 CSeq"]);
    assert_eq!(lone.endpoint.legs(), 1);
}

#[test]
fn a_request_in_a_call_nobody_knows_is_481() {
    let mut lone = Lone::new();
    standing(&mut lone);
    for method in ["BYE", "INVITE", "UPDATE", "INFO", "OPTIONS"] {
        assert_eq!(lone.hear(&request(method, 9, ";tag=nobody", "", "")).said(), ["481 Call/Transaction"], "{method}");
    }
    assert_eq!(lone.hear(&request("BYE", 9, "", "", "").replace("BYE9", "x")).said(), ["481 Call/Transaction"]);
    assert_eq!(lone.hear(&request("ACK", 9, ";tag=nobody", "", "")).said(), [""; 0]);
    assert_eq!((lone.endpoint.counters().answered_481, lone.endpoint.legs()), (6, 1));
}

#[test]
fn beyond_the_limits_a_call_is_503_and_calls_that_stand_notice_nothing() {
    let mut lone = Lone::with_room_for(1);
    let tag = standing(&mut lone);
    let other = |n: u32| request("INVITE", n, "", "", &offer_text()).replace("call@", &format!("other{n}@"));
    let text = lone.hear(&other(7)).only();
    assert!(text.starts_with("SIP/2.0 503 "));
    assert_eq!(header(&text, "Retry-After"), "5");
    for n in 10..5_000 {
        lone.hear(&other(n));
    }
    let sent = lone.sent();
    assert!(sent.len() == 4_990 && sent.iter().all(|(_, text)| text.starts_with("SIP/2.0 503 ")));
    assert_eq!(lone.hear(&request("BYE", 2, &tag, "", "")).said(), ["200 OK", "Ended(1, Bye)"]);
    assert_eq!(lone.hear(&other(8)).said(), ["100 Trying", "Incoming(2, offer: true)"]);
}

#[test]
fn who_is_not_admitted_is_503_and_leaves_nothing_behind() {
    let mut lone = Lone::with_admission(|path| path.remote != them());
    for n in 1..5_000 {
        lone.hear(&request("INVITE", n, "", "", &offer_text()).replace("call@", &format!("other{n}@")));
    }
    let sent = lone.sent();
    assert!(sent.iter().all(|(_, text)| text.starts_with("SIP/2.0 503 ") && text.contains("\r\nRetry-After: ")));
    assert!(lone.endpoint.is_blank());
    let other = "192.0.2.9:5062".parse().unwrap();
    lone.hear_from(other, request("INVITE", 1, "", "", &offer_text()).as_bytes());
    assert_eq!(lone.said(), ["100 Trying", "Incoming(1, offer: true)"]);
}

#[test]
fn updates_in_a_call_do_not_grow_without_bound() {
    let mut lone = Lone::with_room_for(1);
    let tag = standing(&mut lone);
    for number in 2..400 {
        lone.hear(&request("INFO", number, &tag, "", "")).said();
    }
    let text = lone.hear(&request("UPDATE", 400, &tag, "", &offer_text())).only();
    assert!(text.starts_with("SIP/2.0 503 "), "{text}");
    assert!(!header(&text, "Retry-After").is_empty());
    lone.wait(40 * SECOND).said();
    lone.hear(&request("UPDATE", 401, &tag, "", &offer_text()));
    assert_eq!(lone.said(), ["Reoffered(1, offer: true)"], "and the call goes on");
}

#[test]
fn rejected_calls_that_are_never_acknowledged_do_not_grow_without_bound() {
    let mut lone = Lone::with_room_for(1);
    for n in 1..2_000 {
        lone.hear(&request("INVITE", n, "", "", &offer_text()).replace("call@", &format!("other{n}@")));
        lone.order(Command::Reject { leg: Leg(u64::from(n)), status: 486, retry_after: None, warning: None });
    }
    assert_eq!(lone.endpoint.counters().calls_in, 260);
    lone.wait(100 * SECOND);
    assert_eq!(lone.endpoint.deadline(), None);
}

#[test]
fn a_call_the_shell_forgets_does_not_ring_for_ever() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", &offer_text())).said();
    let said = lone.wait(181 * SECOND).said();
    assert_eq!(said.get(..2).unwrap(), ["480 Temporarily", "Ended(1, ByUs)"]);
}

#[test]
fn an_answer_goes_to_the_via_port_or_with_rport_to_where_the_request_came_from() {
    let source: SocketAddr = "192.0.2.7:40000".parse().unwrap();
    let mut lone = Lone::new();
    let options = request("OPTIONS", 1, "", "", "");
    let sent = lone.hear_from(source, options.as_bytes()).sent();
    assert_eq!(sent.first().unwrap().0, "192.0.2.7:5062".parse().unwrap());
    assert!(header(&sent.first().unwrap().1, "Via").ends_with(";received=192.0.2.7"));
    let options = options.replace(";branch", ";rport;branch");
    let sent = lone.hear_from(source, options.as_bytes()).sent();
    assert_eq!(sent.first().unwrap().0, source);
    let via = header(&sent.first().unwrap().1, "Via").to_owned();
    assert!(via.contains(";rport=40000;") && via.ends_with(";received=192.0.2.7"), "{via}");
}

#[test]
fn our_bye_goes_where_the_caller_is_and_never_where_a_direct_caller_points() {
    let source: SocketAddr = "192.0.2.7:40000".parse().unwrap();
    let bye_to = |change: &dyn Fn(String) -> String| {
        let mut lone = Lone::new();
        let change = |text: String| change(text.replace(";branch", ";rport;branch"));
        lone.hear_from(source, change(request("INVITE", 1, "", "", &offer_text())).as_bytes()).order(answer());
        let tag = to_tag(&lone.sent().last().unwrap().1);
        lone.hear_from(source, change(request("ACK", 1, &tag, "", "")).as_bytes()).sent();
        let sent = lone.order(hang_up()).sent();
        sent.into_iter().next().unwrap()
    };
    assert_eq!(bye_to(&|text| text).0, source);
    let same_host = |text: String| text.replace("weber@192.0.2.2:5062>", "weber@192.0.2.7:5064>");
    assert_eq!(bye_to(&same_host).0, "192.0.2.7:5064".parse().unwrap());
    let relayed =
        |text: String| text.replace("Max-Forwards", "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKp\r\nMax-Forwards");
    assert_eq!(bye_to(&relayed).0, them());
    let routed =
        |text: String| relayed(text).replace("Max-F", "Record-Route: <sip:192.0.2.8;lr>,<sip:x.invalid;lr>\r\nMax-F");
    let direct = |text: String| text.replace("Max-F", "Record-Route: <sip:192.0.2.8;transport=tcp;lr>\r\nMax-F");
    assert_eq!(bye_to(&direct).0, source, "nobody stood in between who could have left a route");
    let (to, text) = bye_to(&routed);
    assert_eq!(to, "192.0.2.8:5060".parse().unwrap());
    assert!(text.contains("\r\nRoute: <sip:192.0.2.8;lr>\r\nRoute: <sip:x.invalid;lr>\r\n"), "{text}");
    let strict = |text: String| relayed(text).replace("Max-F", "Record-Route: <sip:192.0.2.8>\r\nMax-F");
    let (to, text) = bye_to(&strict);
    assert_eq!(to, "192.0.2.8:5060".parse().unwrap());
    assert!(text.starts_with("BYE sip:192.0.2.8 SIP/2.0\r\n") && text.contains("Route: <sip:weber@192.0.2.2:5062>"));
}

#[test]
fn the_number_is_shown_only_to_who_asks_and_not_at_all_with_privacy() {
    let number = |change: &dyn Fn(String) -> String| {
        let mut lone = Lone::new();
        lone.hear(&change(request("INVITE", 1, "", "", "")));
        lone.out.drain(..).find_map(|output| match output {
            Output::Event(Event::Incoming { caller, dialled, .. }) => {
                assert_eq!(dialled.as_deref(), Some("4711"));
                Some(caller.expose().map(str::to_owned))
            }
            Output::Event(_) | Output::Send { .. } => None,
        })
    };
    assert_eq!(number(&|text| text).unwrap().as_deref(), Some("weber"));
    assert_eq!(number(&|text| text.replace("Contact", "Privacy: user;id\r\nContact")).unwrap(), None);
    assert_eq!(
        number(&|text| text.replace("sip:weber@192.0.2.2>;", "sip:anonymous@anonymous.invalid>;")).unwrap(),
        None
    );
}

#[test]
fn nothing_an_endpoint_prints_names_anybody() {
    let mut lone = Lone::new();
    lone.hear(&request("INVITE", 1, "", "", &offer_text()));
    let text = format!("{:?} {:#?}", lone.out, lone.out);
    assert!(!text.contains("weber") && !text.contains("4711") && !text.contains("192.0.2"), "{text}");
}
