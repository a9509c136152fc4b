//! Stories told to whole endpoints on a made-up clock: one endpoint and texts (`torture`, `server`), and two
//! endpoints that talk over a network which loses what a test says (`pair`).

mod connections;
mod corpus;
mod descriptions;
mod mutation;
mod pair;
mod server;
mod torture;

use crate::*;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Any moment will do: from here on only tests move the clock.
#[expect(clippy::disallowed_methods, reason = "an Instant can be had from the clock only; nothing depends on which")]
pub(crate) fn begin() -> Instant {
    Instant::now()
}

pub(super) fn us() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

pub(super) fn them() -> SocketAddr {
    "192.0.2.2:5062".parse().unwrap()
}

pub(super) fn udp(local: SocketAddr, remote: SocketAddr) -> Path {
    Path { transport: Transport::Udp, local, remote }
}

pub(super) fn endpoint(seed: u64, calls: usize) -> Endpoint {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let chance = move |bytes: &mut [u8]| {
        for byte in bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state as u8;
        }
    };
    let limits = Limits { calls, in_setup: calls };
    Endpoint::new(Config { user_agent: "test".into(), limits, admits: Box::new(|_, _| true), chance: Box::new(chance) })
}

pub(super) fn offer_text() -> String {
    sdp_offer(&[sdp::Codec::Pcma, sdp::Codec::Pcmu])
}

pub(super) fn sdp_offer(codecs: &[sdp::Codec]) -> String {
    sdp::offer("192.0.2.2:4000".parse().unwrap(), codecs, 1, 1)
}

/// One endpoint, and what it said.
pub(super) struct Lone {
    pub(super) endpoint: Endpoint,
    pub(super) begin: Instant,
    pub(super) now: Instant,
    out: Vec<Output>,
}

impl Lone {
    pub(super) fn new() -> Self {
        Self::with_room_for(100)
    }

    pub(super) fn with_room_for(calls: usize) -> Self {
        let now = begin();
        Self { endpoint: endpoint(1, calls), begin: now, now, out: Vec::new() }
    }

    pub(super) fn with_admission(admits: impl Fn(&Path) -> bool + Send + 'static) -> Self {
        let mut lone = Self::new();
        lone.endpoint.config_mut().admits = Box::new(move |_, path| admits(path));
        lone
    }

    pub(super) fn hear(&mut self, text: &str) -> &mut Self {
        self.hear_from(them(), text.as_bytes())
    }

    pub(super) fn hear_from(&mut self, remote: SocketAddr, bytes: &[u8]) -> &mut Self {
        self.endpoint.receive(self.now, udp(us(), remote), bytes, &mut self.out);
        self
    }

    pub(super) fn order(&mut self, command: Command) -> &mut Self {
        self.endpoint.command(self.now, command, &mut self.out);
        self
    }

    /// Lets time pass, alarm by alarm.
    pub(super) fn wait(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        while let Some(at) = self.endpoint.deadline().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.endpoint.time_passed(self.now, &mut self.out);
        }
        self.now = until;
        self
    }

    /// What was sent since the last time somebody asked; events are dropped.
    pub(super) fn sent(&mut self) -> Vec<(SocketAddr, String)> {
        let sent = |output| match output {
            Output::Send { path, bytes } => Some((path.remote, String::from_utf8_lossy(&bytes).into_owned())),
            Output::Event(_) => None,
        };
        std::mem::take(&mut self.out).into_iter().filter_map(sent).collect()
    }

    /// First lines of what was sent, and events, in order; nothing is dropped before it is returned.
    pub(super) fn said(&mut self) -> Vec<String> {
        self.out.drain(..).map(|output| said(&output)).collect()
    }

    /// The one text that was sent.
    pub(super) fn only(&mut self) -> String {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0).1
    }
}

pub(super) fn said(output: &Output) -> String {
    match output {
        Output::Send { bytes, .. } => {
            let text = String::from_utf8_lossy(bytes);
            let first = text.lines().next().unwrap();
            let first = first.strip_prefix("SIP/2.0 ").unwrap_or(first);
            first.split(' ').take(2).collect::<Vec<_>>().join(" ")
        }
        Output::Event(event) => format!("{event:?}"),
    }
}

/// A request of theirs; `more` are whole header lines.
pub(super) fn request(method: &str, cseq: u32, to_tag: &str, more: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:4711@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.2:5062;branch=z9hG4bK{method}{cseq}\r\n\
         Max-Forwards: 70\r\n\
         From: \"Frau Weber\" <sip:weber@192.0.2.2>;tag=theirs\r\n\
         To: <sip:4711@192.0.2.1>{to_tag}\r\n\
         Call-ID: call@192.0.2.2\r\n\
         CSeq: {cseq} {method}\r\n\
         Contact: <sip:weber@192.0.2.2:5062>\r\n\
         {more}{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(super) fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let line =
        text.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{}:", name.to_ascii_lowercase())));
    line.and_then(|line| line.split_once(':'))
        .map(|(_, value)| value.trim())
        .unwrap_or_else(|| panic!("{name} in {text}"))
}

/// `;tag=…` of the To header.
pub(super) fn to_tag(text: &str) -> String {
    let to = header(text, "To");
    to.get(to.find(";tag=").unwrap()..).unwrap().to_owned()
}
