//! Just enough SIP, as text, for a caller who never makes a mistake, and for the yardstick's answers.
//!
//! On purpose not crate `sip`: what measures a program must not share its faults, nor its cost.
//!
//! Not here: sockets, and when something is sent again (`calls`).

use std::net::SocketAddr;

/// One call of the load, as far as its messages need it.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Unique in this process.
    pub(crate) number: usize,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) rtp: SocketAddr,
}

/// What is read of a message.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// The request's method, or of a response the one of its CSeq.
    pub(crate) method: String,
    /// `None` for a request.
    pub(crate) status: Option<u16>,
    pub(crate) call_id: String,
    pub(crate) to: String,
    pub(crate) contact: Option<String>,
    /// `c=` and `m=` of the body.
    pub(crate) media: Option<SocketAddr>,
    /// The payload type of telephone events.
    pub(crate) events: Option<u8>,
}

impl Names {
    pub(crate) fn call_id(&self) -> String {
        format!("{}-load@127.0.0.1", self.number)
    }

    pub(crate) fn invite(&self) -> String {
        let body = sdp(self.rtp);
        let head = self.head("INVITE", 1, &format!("sip:load@{}", self.remote), "");
        format!("{head}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    /// `answer`: the 200 that is acknowledged.
    pub(crate) fn ack(&self, answer: &Message) -> String {
        format!("{}Content-Length: 0\r\n\r\n", self.in_dialog("ACK", 1, answer))
    }

    pub(crate) fn bye(&self, answer: &Message) -> String {
        format!("{}Content-Length: 0\r\n\r\n", self.in_dialog("BYE", 2, answer))
    }

    fn in_dialog(&self, method: &str, cseq: u32, answer: &Message) -> String {
        let target = answer.contact.clone().unwrap_or_else(|| format!("sip:load@{}", self.remote));
        self.head(method, cseq, &target, &answer.to)
    }

    fn head(&self, method: &str, cseq: u32, target: &str, to: &str) -> String {
        let Self { number, local, remote, .. } = self;
        let to = if to.is_empty() { format!("<sip:load@{remote}>") } else { to.to_owned() };
        let id = self.call_id();
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK-{number}-{cseq}{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:caller{number}@{}>;tag=f{number}\r\nTo: {to}\r\nCall-ID: {id}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:caller{number}@{local}>\r\n",
            local.ip()
        )
    }
}

/// The offer, and the yardstick's answer: PCMA and telephone events.
pub(crate) fn sdp(rtp: SocketAddr) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n",
        rtp.ip(),
        rtp.port()
    )
}

/// A 200 to a request, with what its head must repeat.
pub(crate) fn ok(request: &str, contact: SocketAddr, body: &str) -> String {
    let mut head = "SIP/2.0 200 OK\r\n".to_owned();
    for line in request.split("\r\n").take_while(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "via" | "from" | "call-id" | "cseq" => head += &format!("{line}\r\n"),
            "to" if line.contains("tag=") => head += &format!("{line}\r\n"),
            "to" => head += &format!("{line};tag=here\r\n"),
            _ => {}
        }
    }
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!("{head}Contact: <sip:{contact}>\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Reads what is needed; anything else is passed over.
pub(crate) fn read(text: &str) -> Message {
    let mut message = Message::default();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ');
    match (words.next(), words.next()) {
        (Some("SIP/2.0"), Some(status)) => message.status = status.parse().ok(),
        (Some(method), _) => message.method = method.to_owned(),
        (None, _) => {}
    }
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "call-id" => message.call_id = value.to_owned(),
            "to" => message.to = value.to_owned(),
            "contact" => message.contact = uri(value),
            "cseq" if message.status.is_some() => {
                message.method = value.split(' ').nth(1).unwrap_or_default().to_owned();
            }
            _ => {}
        }
    }
    message.read_body(body);
    message
}

impl Message {
    fn read_body(&mut self, body: &str) {
        let (mut host, mut port) = (None, None);
        for line in body.split("\r\n") {
            if let Some(address) = line.strip_prefix("c=IN IP4 ") {
                host = address.trim().parse().ok();
            } else if let Some(rest) = line.strip_prefix("m=audio ") {
                port = rest.split(' ').next().and_then(|port| port.parse().ok());
            } else if let Some(rest) = line.strip_prefix("a=rtpmap:")
                && let Some((number, "telephone-event/8000")) = rest.split_once(' ')
            {
                self.events = number.parse().ok();
            }
        }
        self.media = host.zip(port).map(|(host, port)| SocketAddr::new(host, port));
    }
}

fn uri(contact: &str) -> Option<String> {
    let (_, rest) = contact.split_once('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Names { number: 7, local: at(5090), remote: at(5060), rtp: at(40_000) }
    }

    #[test]
    fn an_answer_to_our_own_call_reads_back() {
        let names = names();
        let answer = ok(&names.invite(), names.remote, &sdp(SocketAddr::from(([127, 0, 0, 1], 20_000))));
        let read = read(&answer);
        assert_eq!((read.status, read.method.as_str()), (Some(200), "INVITE"));
        assert_eq!(read.call_id, names.call_id());
        assert_eq!(read.media, Some(SocketAddr::from(([127, 0, 0, 1], 20_000))));
        assert_eq!(read.events, Some(101));
        assert!(
            names.bye(&read).starts_with("BYE sip:127.0.0.1:5060 SIP/2.0") && names.bye(&read).contains("tag=here")
        );
    }
}
