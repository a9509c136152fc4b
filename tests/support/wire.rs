//! SIP by hand: single datagrams, well made or not, and what comes back.
//!
//! Not here: a whole call (`phone`).

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Somebody who sends what they like.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: UdpSocket,
    number: u32,
}

impl Wire {
    pub(crate) fn to(remote: SocketAddr) -> Self {
        let here = if remote.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        let socket = UdpSocket::bind(here).expect("a socket");
        socket.connect(remote).expect("a remote");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        Self { socket, number: 0 }
    }

    /// A request with everything a request needs, and `body` as SDP.
    pub(crate) fn request(&mut self, method: &str, extra: &str, body: &str) -> String {
        self.number += 1;
        let (me, them) = (self.socket.local_addr().expect("ours"), self.socket.peer_addr().expect("theirs"));
        let n = self.number;
        let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} sip:4711@{them} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{n}x{port};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:wire@{me}>;tag=t{n}\r\nTo: <sip:4711@{them}>\r\n\
             Call-ID: {n}@{me}\r\nCSeq: {n} {method}\r\nContact: <sip:wire@{me}>\r\n{extra}{content}\
             Content-Length: {length}\r\n\r\n{body}",
            port = me.port(),
            length = body.len(),
        )
    }

    pub(crate) fn send(&self, bytes: &[u8]) {
        self.socket.send(bytes).expect("sent");
    }

    /// The status of the final answer to the last request made; `None` when none comes. Answers to others, sent again
    /// because nobody acknowledges them, are passed over.
    pub(crate) fn status(&self) -> Option<u16> {
        let ours = format!("CSeq: {} ", self.number);
        loop {
            let text = self.next()?;
            let status: u16 = text.split(' ').nth(1)?.parse().ok()?;
            if status >= 200 && text.contains(&ours) {
                return Some(status);
            }
        }
    }

    /// The next datagram.
    pub(crate) fn next(&self) -> Option<String> {
        let mut bytes = [0_u8; 4096];
        let length = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    /// Still there, still answering: an OPTIONS is answered 200.
    pub(crate) fn assert_alive(&mut self) {
        let options = self.request("OPTIONS", "", "");
        self.send(options.as_bytes());
        assert_eq!(self.status(), Some(200), "OPTIONS is not answered any more");
    }
}

/// A telephone that speaks A-law.
pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                     m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n";
/// Nothing within this long is no answer: a first answer takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
