//! Calls over TCP and IPv6: which connection is used, and what happens when it goes.

use super::*;

const FIRST: &str = "192.0.2.2:40001";
const SECOND: &str = "192.0.2.2:40002";

fn tcp(remote: &str) -> Path {
    let remote: SocketAddr = remote.parse().unwrap();
    let local = if remote.is_ipv4() { us() } else { "[2001:db8::1]:5060".parse().unwrap() };
    Path { transport: Transport::Tcp, local, remote }
}

fn over_tcp(text: &str) -> String {
    text.replace("SIP/2.0/UDP", "SIP/2.0/TCP").replace("5062>", "5062;transport=tcp>")
}

struct Peer {
    lone: Lone,
    out: Vec<Output>,
}

impl Peer {
    /// A call that stands, made over the first connection.
    fn in_a_call() -> (Self, String) {
        let mut peer = Self { lone: Lone::new(), out: Vec::new() };
        peer.says(FIRST, &request("INVITE", 1, "", "", &offer_text()));
        peer.lone.endpoint.command(
            peer.lone.now,
            Command::Answer { leg: Leg(1), sdp: offer_text(), contact: us() },
            &mut peer.out,
        );
        let answer = peer.sent().pop().unwrap().1;
        assert_eq!(header(&answer, "Contact"), "<sip:192.0.2.1:5060;transport=tcp>");
        let tag = to_tag(&answer);
        peer.says(FIRST, &request("ACK", 1, &tag, "", ""));
        peer.sent();
        (peer, tag)
    }

    fn says(&mut self, from: &str, text: &str) {
        let now = self.lone.now;
        self.lone.endpoint.receive(now, tcp(from), over_tcp(text).as_bytes(), &mut self.out);
    }

    fn is_lost(&mut self, remote: &str) {
        let now = self.lone.now;
        self.lone.endpoint.unreachable(now, tcp(remote), &mut self.out);
    }

    fn is_hung_up_on(&mut self) -> (Path, String) {
        let now = self.lone.now;
        self.lone.endpoint.command(now, Command::HangUp { leg: Leg(1), reason: None }, &mut self.out);
        self.sent().pop().unwrap()
    }

    fn sent(&mut self) -> Vec<(Path, String)> {
        let sent = |output| match output {
            Output::Send { path, bytes } => Some((path, String::from_utf8(bytes).unwrap())),
            Output::Event(_) => None,
        };
        std::mem::take(&mut self.out).into_iter().filter_map(sent).collect()
    }
}

#[test]
fn over_tcp_answers_and_our_requests_take_the_connection_that_stands() {
    let (mut peer, tag) = Peer::in_a_call();
    peer.says(FIRST, &request("OPTIONS", 2, &tag, "", ""));
    assert_eq!(peer.sent()[0].0, tcp(FIRST));
    let (path, bye) = peer.is_hung_up_on();
    assert_eq!(path, tcp(FIRST));
    assert!(header(&bye, "Via").starts_with("SIP/2.0/TCP 192.0.2.1:5060;"), "{bye}");
    peer.lone.wait(Duration::from_secs(31));
    assert!(peer.lone.said().is_empty(), "a BYE over TCP is not repeated");
}

#[test]
fn a_call_whose_connection_is_gone_stands_and_our_bye_makes_a_new_one_to_the_contact() {
    let (mut peer, _) = Peer::in_a_call();
    peer.is_lost(SECOND);
    peer.is_lost(FIRST);
    assert!(peer.out.is_empty());
    assert_eq!(peer.lone.endpoint.legs(), 1);
    assert_eq!(peer.is_hung_up_on().0, tcp("192.0.2.2:5062"));
    // That cannot be made either: nobody is left to tell.
    peer.is_lost("192.0.2.2:5062");
    peer.lone.wait(Duration::from_secs(40));
    assert!(peer.lone.endpoint.is_blank());
}

#[test]
fn a_caller_who_comes_back_on_another_connection_is_reached_there() {
    let (mut peer, tag) = Peer::in_a_call();
    peer.is_lost(FIRST);
    peer.says(SECOND, &request("UPDATE", 2, &tag, "", ""));
    assert_eq!(peer.sent()[0].0, tcp(SECOND));
    assert_eq!(peer.is_hung_up_on().0, tcp(SECOND));
}

#[test]
fn a_connection_lost_under_our_bye_ends_the_wait_for_its_answer() {
    let (mut peer, _) = Peer::in_a_call();
    peer.is_hung_up_on();
    assert_eq!(peer.lone.endpoint.legs(), 1);
    peer.is_lost(FIRST);
    assert_eq!(peer.lone.endpoint.legs(), 0);
    peer.lone.wait(Duration::from_secs(40));
    assert!(peer.lone.endpoint.is_blank());
}

#[test]
fn a_call_of_ours_that_finds_no_connection_fails_with_503() {
    let mut lone = Lone::new();
    let leg = Leg(1 << 63);
    let path = tcp("192.0.2.2:5062");
    lone.order(Command::Invite {
        leg,
        path,
        to: "sip:weber@192.0.2.2:5062;transport=tcp".into(),
        from: "sip:dial@192.0.2.1".into(),
        contact: us(),
        sdp: offer_text(),
    });
    lone.said();
    let mut out = Vec::new();
    lone.endpoint.unreachable(lone.now, path, &mut out);
    assert_eq!(out.iter().map(said).collect::<Vec<_>>(), [format!("Failed({}, 503)", leg.0)]);
    assert!(lone.endpoint.is_blank());
}

#[test]
fn over_udp_a_contact_that_asks_for_tcp_gets_our_requests_over_tcp() {
    let mut lone = Lone::new();
    let invite = request("INVITE", 1, "", "", &offer_text()).replace("5062>", "5062;transport=TCP>");
    lone.hear(&invite).order(Command::Answer { leg: Leg(1), sdp: offer_text(), contact: us() });
    let tag = to_tag(&lone.sent().last().unwrap().1);
    lone.hear(&request("ACK", 1, &tag, "", "")).said();
    let mut out = Vec::new();
    lone.endpoint.command(lone.now, Command::HangUp { leg: Leg(1), reason: None }, &mut out);
    let sent = out.iter().find_map(|output| match output {
        Output::Send { path, .. } => Some(*path),
        Output::Event(_) => None,
    });
    assert_eq!(sent, Some(tcp("192.0.2.2:5062")));
}

#[test]
fn on_a_stream_a_request_without_content_length_is_400() {
    let mut peer = Peer { lone: Lone::new(), out: Vec::new() };
    let text = request("OPTIONS", 1, "", "", "").replace("Content-Length: 0\r\n", "");
    peer.says(FIRST, &text);
    assert!(peer.sent()[0].1.starts_with("SIP/2.0 400 Bad Content-Length"));
}

#[test]
fn over_ipv6_every_address_of_ours_stands_in_brackets() {
    let them = "[2001:db8::2]:40001";
    let mut peer = Peer { lone: Lone::new(), out: Vec::new() };
    let invite = request("INVITE", 1, "", "", &offer_text())
        .replace("192.0.2.2:5062", "[2001:db8::2]:5062")
        .replace("branch=", "rport;branch=");
    peer.says(them, &invite);
    let trying = peer.sent().pop().unwrap().1;
    assert!(header(&trying, "Via").contains("[2001:db8::2]:5062;rport=40001;"), "{trying}");
    let contact = "[2001:db8::1]:5060".parse().unwrap();
    let now = peer.lone.now;
    peer.lone.endpoint.command(now, Command::Answer { leg: Leg(1), sdp: offer_text(), contact }, &mut peer.out);
    let answer = peer.sent().pop().unwrap().1;
    assert_eq!(header(&answer, "Contact"), "<sip:[2001:db8::1]:5060;transport=tcp>");
    let ack = request("ACK", 1, &to_tag(&answer), "", "").replace("192.0.2.2:5062", "[2001:db8::2]:5062");
    peer.says(them, &ack);
    peer.is_lost(them);
    let (path, bye) = peer.is_hung_up_on();
    assert_eq!(path, tcp("[2001:db8::2]:5062"));
    assert!(bye.starts_with("BYE sip:weber@[2001:db8::2]:5062;transport=tcp SIP/2.0\r\n"), "{bye}");
    assert!(header(&bye, "Via").starts_with("SIP/2.0/TCP [2001:db8::1]:5060;"), "{bye}");
}
