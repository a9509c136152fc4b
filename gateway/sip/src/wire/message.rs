//! Requests and responses with what every one of them must have, and drafts of ours to send.
//!
//! [`read`] is the only way in. A [`Request`] carries its [`Echo`]: exactly the headers that any answer to it
//! repeats, so a broken request of which that much could be read is answered like any other.
//!
//! Not here: which answer, and where it goes.

use super::{
    door,
    regular::{Fault, Start, is_token, regular},
};
use crate::headers::{Address, CSeq, Uri, Via, list};
use std::net::{IpAddr, SocketAddr};

/// Methods we do something about, and all others. Method names are case-sensitive (RFC 3261 7.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Method {
    Invite,
    Ack,
    Cancel,
    Bye,
    Options,
    Info,
    Update,
    Other(String),
}

impl Method {
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text {
            "INVITE" => Some(Self::Invite),
            "ACK" => Some(Self::Ack),
            "CANCEL" => Some(Self::Cancel),
            "BYE" => Some(Self::Bye),
            "OPTIONS" => Some(Self::Options),
            "INFO" => Some(Self::Info),
            "UPDATE" => Some(Self::Update),
            other => is_token(other).then(|| Self::Other(other.to_owned())),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Cancel => "CANCEL",
            Self::Bye => "BYE",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Other(name) => name,
        }
    }
}

/// Header lines in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        // Nothing from outside may start a line of its own.
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.0.push((name.to_owned(), value));
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Every entry of a header that may be repeated or hold a comma list.
    pub(crate) fn entries<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        self.all(name).flat_map(list).collect()
    }

    fn only<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut all = self.all(name);
        let first = all.next().filter(|value| !value.is_empty());
        if all.next().is_some() { None } else { first }
    }
}

/// What an answer repeats of its request (RFC 3261 8.2.6.2).
#[derive(Clone, Debug)]
pub(crate) struct Echo {
    pub(crate) via: Via,
    further_vias: Vec<String>,
    from: String,
    to: String,
    pub(crate) to_tagged: bool,
    pub(crate) call_id: String,
    cseq: String,
    timestamp: Option<String>,
}

impl Echo {
    fn read(headers: &Headers) -> Result<Self, Fault> {
        Self::of(headers, |name| headers.only(name))
    }

    /// For a request that is refused anyhow: of what stands there twice, the first.
    fn read_broken(headers: &Headers) -> Option<Self> {
        Self::of(headers, |name| headers.first(name).filter(|value| !value.is_empty())).ok()
    }

    fn of<'a>(headers: &'a Headers, value: impl Fn(&'a str) -> Option<&'a str>) -> Result<Self, Fault> {
        let mut vias = headers.entries("Via").into_iter();
        let via = vias.next().and_then(Via::read).ok_or(Fault::Via)?;
        let only = |name| value(name).map(str::to_owned).ok_or(Fault::Mandatory);
        let to = only("To")?;
        Ok(Self {
            via,
            further_vias: vias.map(str::to_owned).collect(),
            from: only("From")?,
            to_tagged: Address::read(&to).is_some_and(|to| to.tag().is_some()),
            to,
            call_id: only("Call-ID")?,
            cseq: only("CSeq")?,
            timestamp: headers.first("Timestamp").map(str::to_owned),
        })
    }

    /// Says in the top Via where the request really came from (RFC 3261 18.2.1, RFC 3581 4).
    pub(crate) fn stamp(&mut self, source: SocketAddr) {
        let wants_port = self.via.params.has("rport");
        if wants_port {
            self.via.params.set("rport", source.port().to_string());
        }
        if wants_port || self.via.host.parse::<IpAddr>() != Ok(source.ip()) {
            self.via.params.set("received", source.ip().to_string());
        }
    }

    pub(crate) fn sender(&self) -> &str {
        &self.from
    }

    pub(crate) fn receiver(&self) -> &str {
        &self.to
    }

    /// More than one hop: somebody stands between us and whoever made the request.
    pub(crate) fn relayed(&self) -> bool {
        !self.further_vias.is_empty()
    }

    /// An answer without body; `to_tag` goes in where the request had none, but not into 100.
    pub(crate) fn draft(&self, status: u16, reason: &str, to_tag: &str) -> Draft {
        let mut headers = Headers::default();
        headers.push("Via", &self.via.text());
        for via in &self.further_vias {
            headers.push("Via", via);
        }
        headers.push("From", &self.from);
        if self.to_tagged || status == 100 {
            headers.push("To", &self.to);
        } else {
            headers.push("To", &format!("{};tag={to_tag}", self.to));
        }
        headers.push("Call-ID", &self.call_id);
        headers.push("CSeq", &self.cseq);
        if let Some(timestamp) = self.timestamp.as_deref().filter(|_| status == 100) {
            headers.push("Timestamp", timestamp);
        }
        Draft { start: format!("SIP/2.0 {status} {reason}"), headers }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: Uri,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) cseq: CSeq,
    pub(crate) echo: Echo,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) via: Via,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) cseq: CSeq,
    pub(crate) call_id: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

pub(crate) enum Message {
    KeepAlive,
    Request(Box<Request>),
    Response(Box<Response>),
}

/// No message, or one that breaks the rules.
pub(crate) struct Malformed {
    pub(crate) fault: Fault,
    /// There when it was a request that wants an answer and enough of it could be read.
    pub(crate) answerable: Option<Box<Echo>>,
}

impl Malformed {
    /// The answer that says what was wrong.
    pub(crate) fn status(&self) -> u16 {
        match self.fault {
            Fault::Version => 505,
            Fault::TooLong => 513,
            Fault::Empty
            | Fault::StartLine
            | Fault::TooManyHeaders
            | Fault::NoEnd
            | Fault::Header
            | Fault::ContentLength
            | Fault::Mandatory
            | Fault::Via
            | Fault::Party
            | Fault::CSeq
            | Fault::Target
            | Fault::Foreign => 400,
        }
    }
}

/// A datagram, or one framed message, as a message.
pub(crate) fn read(bytes: &[u8], on_stream: bool) -> Result<Message, Malformed> {
    let regular = match regular(bytes, on_stream) {
        Ok(regular) => regular,
        Err(Fault::Empty) => return Ok(Message::KeepAlive),
        Err(fault) => return Err(Malformed { fault, answerable: None }),
    };
    let headers = match regular.fault {
        None => door::read(&regular),
        Some(fault) => Err(fault),
    };
    let answered = match &regular.start {
        Start::Request { method, .. } => *method != Method::Ack,
        Start::Response { .. } => false,
    };
    let checked = headers.and_then(|headers| match &regular.start {
        Start::Request { method, uri } => {
            request(method.clone(), uri, headers, regular.body.clone()).map(|it| Message::Request(Box::new(it)))
        }
        Start::Response { status } => {
            response(*status, headers, regular.body.clone()).map(|it| Message::Response(Box::new(it)))
        }
    });
    checked.map_err(|fault| {
        let mut headers = Headers::default();
        for (name, value) in &regular.fields {
            headers.push(name, value);
        }
        let answerable = answered.then(|| Echo::read_broken(&headers).map(Box::new)).flatten();
        Malformed { fault, answerable }
    })
}

fn request(method: Method, uri: &str, headers: Headers, body: Vec<u8>) -> Result<Request, Fault> {
    let echo = Echo::read(&headers)?;
    let cseq = CSeq::read(&echo.cseq).filter(|cseq| cseq.method == method).ok_or(Fault::CSeq)?;
    let from = Address::read(&echo.from).ok_or(Fault::Party)?;
    let to = Address::read(&echo.to).ok_or(Fault::Party)?;
    let target = Uri::read(uri).filter(|_| !uri.contains(['<', '>', '"'])).ok_or(Fault::Target)?;
    Ok(Request { method, target, from, to, cseq, echo, headers, body })
}

fn response(status: u16, headers: Headers, body: Vec<u8>) -> Result<Response, Fault> {
    let echo = Echo::read(&headers)?;
    Ok(Response {
        status,
        from: Address::read(&echo.from).ok_or(Fault::Party)?,
        to: Address::read(&echo.to).ok_or(Fault::Party)?,
        cseq: CSeq::read(&echo.cseq).ok_or(Fault::CSeq)?,
        via: echo.via,
        call_id: echo.call_id,
        headers,
        body,
    })
}

/// A message of ours before it is bytes.
pub(crate) struct Draft {
    start: String,
    headers: Headers,
}

impl Draft {
    pub(crate) fn request(method: &Method, uri: &str) -> Self {
        let uri: String = uri.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
        Self { start: format!("{} {uri} SIP/2.0", method.text()), headers: Headers::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push(name, value);
        self
    }

    pub(crate) fn with_all<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        for value in values {
            self.headers.push(name, value);
        }
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        let draft = self.with("Content-Length", "0");
        door::print(&draft.start, &draft.headers, &[])
    }

    pub(crate) fn bytes_with_sdp(self, sdp: &str) -> Vec<u8> {
        let draft = self.with("Content-Type", "application/sdp").with("Content-Length", &sdp.len().to_string());
        door::print(&draft.start, &draft.headers, sdp.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_of(text: &str) -> Request {
        match read(text.as_bytes(), false) {
            Ok(Message::Request(request)) => *request,
            Ok(Message::Response(_) | Message::KeepAlive) => panic!("no request"),
            Err(malformed) => panic!("{:?}", malformed.fault),
        }
    }

    fn fault_of(text: &[u8]) -> (Fault, bool) {
        match read(text, false) {
            Ok(_) => panic!("read without fault"),
            Err(malformed) => (malformed.fault, malformed.answerable.is_some()),
        }
    }

    /// After RFC 4475 3.1.1.1, in our own words.
    #[test]
    fn folds_compact_names_and_odd_white_space_are_read() {
        let request = request_of(concat!(
            "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n",
            "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n",
            "f   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n",
            "MaX-fOrWaRdS: 0068\r\n",
            "i: wsinv.ndaksdj@192.0.2.1\r\n",
            "cseq: 0009\r\n  INVITE\r\n",
            "v  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw, SIP/2.0/TCP spindle.example.com;branch=z9\r\n",
            "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n",
            "k:\r\n",
            "l: 3\r\n\r\nv=0trailing",
        ));
        assert_eq!(request.to.tag(), Some("1918181833n"));
        assert_eq!(request.from.tag(), Some("98asjd8"));
        assert_eq!((request.cseq.number, request.echo.call_id.as_str()), (9, "wsinv.ndaksdj@192.0.2.1"));
        assert!(request.echo.relayed());
        assert_eq!(request.body, b"v=0");
        assert_eq!(request.headers.first("newfangledheader"), Some("newfangled value continued newfangled value"));
    }

    const PLAIN: &str = concat!(
        "OPTIONS sip:a@192.0.2.9 SIP/2.0\r\n",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n",
        "From: <sip:b@192.0.2.1>;tag=1\r\n",
        "To: <sip:a@192.0.2.9>\r\n",
        "Call-ID: 1@x\r\n",
        "CSeq: 1 OPTIONS\r\n",
    );

    #[test]
    fn latin_1_an_unknown_method_tel_and_ipv6_are_read() {
        let mut latin = PLAIN.replace("From: <", "From: M\u{1}ller <").into_bytes();
        for byte in &mut latin {
            if *byte == 1 {
                *byte = 0xfc;
            }
        }
        latin.extend_from_slice(b"\r\n");
        assert!(
            matches!(read(&latin, false), Ok(Message::Request(request)) if request.echo.from.starts_with("Müller"))
        );
        let odd = PLAIN.replace("OPTIONS", "!interesting-Method0123456789_*+`.%indeed'~") + "\r\n";
        assert!(matches!(request_of(&odd).method, Method::Other(_)));
        for uri in ["tel:+4930", "sip:[2001:db8::10]", "sips:a;b@c:5061;x", "sip:a%40@b?c=d", "nobodyKnowsThisScheme:x"]
        {
            request_of(&(PLAIN.replace("sip:a@192.0.2.9 SIP", &format!("{uri} SIP")) + "\r\n"));
        }
    }

    #[test]
    fn a_body_without_length_is_the_rest_and_is_never_text() {
        let mut bytes = (PLAIN.to_owned() + "\r\n").into_bytes();
        let body: Vec<u8> = (0..=255).collect();
        bytes.extend_from_slice(&body);
        assert!(matches!(read(&bytes, false), Ok(Message::Request(request)) if request.body == body));
    }

    #[test]
    fn a_body_without_length_is_a_fault_on_a_stream() {
        let text = format!("{PLAIN}\r\nv=0");
        let Err(malformed) = read(text.as_bytes(), true) else { panic!("read without fault") };
        assert_eq!((malformed.fault, malformed.answerable.is_some()), (Fault::ContentLength, true));
        assert!(read(format!("{PLAIN}l: 3\r\n\r\nv=0").as_bytes(), true).is_ok());
    }

    #[test]
    fn a_length_that_lies_is_a_fault_that_can_be_answered() {
        for length in ["5", "-1", "18446744073709551615", "99999999999999999999999", "abc", "", "+3", "3\r\nl: 2"] {
            let text = format!("{PLAIN}Content-Length: {length}\r\n\r\nv=0");
            assert_eq!(fault_of(text.as_bytes()), (Fault::ContentLength, true), "{length}");
        }
    }

    #[test]
    fn what_is_no_message_cannot_be_answered() {
        for bytes in [&b"\x00"[..], b"hello", b"\xff\xfe\xfd", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 99 x\r\n\r\n", b" "]
        {
            assert!(!fault_of(bytes).1, "{bytes:?}");
        }
        assert!(matches!(read(b"\r\n\r\n", false), Ok(Message::KeepAlive)));
        let ack = PLAIN.replace("OPTIONS", "ACK").replace("CSeq: 1", "CSeq: x") + "\r\n";
        assert_eq!(fault_of(ack.as_bytes()), (Fault::CSeq, false));
    }

    #[test]
    fn every_rule_that_is_broken_has_its_fault() {
        let broken = |from: &str, to: &str| fault_of((PLAIN.replace(from, to) + "\r\n").as_bytes());
        assert_eq!(broken("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), (Fault::CSeq, true));
        assert_eq!(broken("Call-ID: 1@x\r\n", ""), (Fault::Mandatory, false));
        assert_eq!(broken("To: ", "To: <sip:x@y>\r\nTo: "), (Fault::Mandatory, true));
        assert_eq!(broken("To: <sip:a@192.0.2.9>", "To: \"Mr. X <sip:a@192.0.2.9>"), (Fault::Party, true));
        assert_eq!(broken("sip:a@192.0.2.9 SIP", "<sip:a@192.0.2.9> SIP"), (Fault::Target, true));
        assert_eq!(broken("sip:a@192.0.2.9 SIP", "sip:a@ 192.0.2.9 SIP"), (Fault::StartLine, true));
        assert_eq!(broken("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"), (Fault::Version, true));
        assert_eq!(broken("Call-ID", "Bad Name: x\r\nCall-ID"), (Fault::Header, true));
        assert_eq!(broken("SIP/2.0/UDP", "SIP/2.0/"), (Fault::Via, false));
        assert_eq!(fault_of(PLAIN.as_bytes()), (Fault::NoEnd, true));
        let many = PLAIN.to_owned() + &"X: y\r\n".repeat(123) + "\r\n";
        request_of(&many);
        assert_eq!(broken("Via", &("X: y\r\n".repeat(128) + "Via")).0, Fault::TooManyHeaders);
        assert_eq!(broken("Call-ID", &format!("X: {}\r\nCall-ID", "y".repeat(16 * 1024))).0, Fault::TooLong);
    }

    #[test]
    fn nothing_a_shell_says_starts_a_line_of_its_own() {
        let bytes = Draft::request(&Method::Bye, "sip:a@b\r\nX: 1").with("Reason", "a\r\nY: 2").bytes();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "BYE sip:a@bX:1 SIP/2.0\r\nReason: a  Y: 2\r\nContent-Length: 0\r\n\r\n");
    }
}
