//! Session descriptions: the one door to `sdp_types`, and offer and answer of RFC 3264 for one audio stream.
//!
//! [`Offer::parse`] reads what they offer, [`Offer::choose`] finds the first audio line we can do, and
//! [`Offer::answer`] writes our side: that line with our port, every other line refused with port 0.
//! [`offer`] writes an offer of ours, and [`Answer::chosen`] reads what became of it.
//!
//! Lines that cannot change what we do (`o=`, `s=`, `b=`, `t=` …) are left out before `sdp_types` sees the text:
//! it refuses a whole description for a Latin-1 byte or a 65-bit number in them, and people would not get through.
//!
//! Not here: RTP, SRTP (a line with `RTP/SAVP` is refused), and when an answer is due.

mod codec;

pub use codec::{Codec, OpusWish};

use codec::NARROW_HZ;
use sdp_types::{Attribute, Connection, Media, MediaType, Origin, Rtcp, RtpMap, Session, TransportProto};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// Who sends, as seen by the side that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// What one line of theirs and our codecs have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub codec: Codec,
    /// What they want to see in RTP; an answer of ours uses the same number both ways.
    pub payload_type: u8,
    /// Payload type of `telephone-event` (RFC 4733), when they can do it: that of the codec's clock.
    pub events: Option<u8>,
    /// The clock that events' durations count. The codec's, but for those who send Opus and know events of 8000 Hz only.
    pub events_clock_hz: u32,
    /// There when the codec is Opus.
    pub opus: Option<OpusWish>,
    /// Where they want media. The unspecified address with `SendOnly` or `Inactive`: nowhere.
    pub remote: SocketAddr,
    /// Where they want RTCP: `a=rtcp`, else one port above media (RFC 3605, RFC 3550 11).
    pub remote_rtcp: Option<SocketAddr>,
    /// Milliseconds of sound they want in a packet, 10 to 60, at most their `maxptime`.
    pub ptime_ms: u32,
    /// As they wrote it, seen from them; an address of 0.0.0.0 counts as "do not send to me" (RFC 3264 8.4).
    pub direction: Direction,
    line: usize,
}

/// What they offer.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    lines: Vec<Line>,
}

/// What they made of an offer of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer(Offer);

/// Their text is no session description we can read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SdpError {
    #[error("no line v=0")]
    NoVersion,
    #[error("more than {MOST_LINES} media lines")]
    TooManyLines,
    #[error("a line that cannot be read")]
    Unreadable {
        #[source]
        source: sdp_types::ParserError,
    },
}

impl Direction {
    /// The same stream as seen from the other side.
    pub fn reversed(self) -> Self {
        match self {
            Self::SendRecv => Self::SendRecv,
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::Inactive => Self::Inactive,
        }
    }

    fn without_receiving(self) -> Self {
        match self {
            Self::SendRecv | Self::SendOnly => Self::SendOnly,
            Self::RecvOnly | Self::Inactive => Self::Inactive,
        }
    }

    /// As it is written.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

impl Offer {
    /// Reads a body of type `application/sdp`, in whatever bytes it comes.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        let text = regular(body)?;
        let session = Session::parse(text.as_bytes()).map_err(|source| SdpError::Unreadable { source })?;
        if session.medias.len() > MOST_LINES {
            return Err(SdpError::TooManyLines);
        }
        Ok(Self { lines: session.medias.iter().map(|media| Line::read(media, &session)).collect() })
    }

    /// The first audio line of plain RTP that has one of our codecs, with the codec they like best (RFC 3264 6.1).
    pub fn choose(&self, ours: &[Codec]) -> Option<Chosen> {
        self.lines.iter().enumerate().find_map(|(at, line)| line.choose(at, ours))
    }

    /// Our answer to this offer.
    ///
    /// `local` is where we take media; `session` and `version` go into `o=` (the version must grow by one with
    /// every description that differs, RFC 3264 8).
    pub fn answer(&self, chosen: &Chosen, local: SocketAddr, session: u64, version: u64) -> String {
        let mut ours = blank(local, session, version);
        for (at, line) in self.lines.iter().enumerate() {
            ours.add_media(if at == chosen.line {
                let events = chosen.events.map(|events| (events, chosen.events_clock_hz));
                let codecs = [(chosen.codec, chosen.payload_type)];
                let mut media = audio(local.port(), &line.proto, &codecs, events.as_slice());
                media.add_attribute(Attribute::new(chosen.direction.reversed().attribute()));
                media
            } else {
                line.refused()
            });
        }
        text_of(&ours)
    }

    /// How many media lines they sent.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }
}

impl Answer {
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        Offer::parse(body).map(Self)
    }

    /// What we speak from now on; `None` when they refused our line or chose what we did not offer.
    pub fn chosen(&self, ours: &[Codec]) -> Option<Chosen> {
        self.0.choose(ours)
    }
}

/// An offer of ours: one audio line, the codecs in the order we like them, telephone-event for each of their clocks.
pub fn offer(local: SocketAddr, codecs: &[Codec], session: u64, version: u64) -> String {
    offer_in_direction(Direction::SendRecv, local, codecs, session, version)
}

/// The same, to talk as `direction` says: a hold, or its end.
pub fn offer_in_direction(
    direction: Direction,
    local: SocketAddr,
    codecs: &[Codec],
    session: u64,
    version: u64,
) -> String {
    let mut ours = blank(local, session, version);
    let clocks = OUR_EVENTS.into_iter().filter(|(_, clock)| codecs.iter().any(|codec| codec.clock_hz() == *clock));
    let events: Vec<_> = clocks.collect();
    let codecs: Vec<_> = codecs.iter().map(|codec| (*codec, codec.payload_type())).collect();
    let mut media = audio(local.port(), "RTP/AVP", &codecs, &events);
    media.add_attribute(Attribute::new(direction.attribute()));
    ours.add_media(media);
    text_of(&ours)
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({} lines)", self.lines.len())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} lines)", self.0.lines.len())
    }
}

/// One `m=` line with what counts for us from the session above it.
#[derive(Clone, PartialEq, Eq)]
struct Line {
    media: String,
    port: u16,
    proto: String,
    formats: String,
    /// `None`: a name we would have to look up, or a group address; neither is a telephone.
    address: Option<IpAddr>,
    rtcp: Option<(u16, Option<IpAddr>)>,
    maps: Vec<RtpMap>,
    /// `fmtp` texts by payload type.
    parameters: Vec<(u8, String)>,
    /// RTCP on the port of RTP or not at all (RFC 8858): not with us.
    mux_only: bool,
    direction: Direction,
    ptime_ms: u32,
}

impl Line {
    fn read(media: &Media, session: &Session) -> Self {
        let address = media.connections.first().or(session.connection.as_ref()).and_then(unicast);
        let number = |name| media.get_first_attribute_value(name).flatten().and_then(|text| text.trim().parse().ok());
        let most: u32 = number("maxptime").unwrap_or(LONGEST_PTIME_MS);
        let ptime: u32 = number("ptime").unwrap_or(DEFAULT_PTIME_MS);
        let direction = direction_in(|name| media.has_attribute(name))
            .or_else(|| direction_in(|name| session.has_attribute(name)))
            .unwrap_or(Direction::SendRecv);
        Self {
            media: media.media.clone(),
            port: media.port,
            proto: media.proto.clone(),
            formats: media.fmt.clone(),
            address,
            rtcp: media
                .get_first_attribute_typed::<Rtcp>()
                .and_then(Result::ok)
                .map(|rtcp| (rtcp.port, rtcp.try_address().and_then(Result::ok).map(|address| address.ip))),
            maps: media.attributes_typed::<RtpMap>().filter_map(Result::ok).collect(),
            parameters: media
                .attributes
                .iter()
                .filter(|attribute| attribute.attribute.eq_ignore_ascii_case("fmtp"))
                .filter_map(|attribute| attribute.value.as_deref()?.trim().split_once(' '))
                .filter_map(|(format, text)| Some((format.parse().ok()?, text.to_owned())))
                .collect(),
            mux_only: media.has_attribute("rtcp-mux-only"),
            direction,
            ptime_ms: ptime.min(most).clamp(SHORTEST_PTIME_MS, LONGEST_PTIME_MS),
        }
    }

    fn choose(&self, at: usize, ours: &[Codec]) -> Option<Chosen> {
        let address = self.address?;
        let audio = self.media.eq_ignore_ascii_case("audio") && self.port != 0 && !self.mux_only;
        if !audio || !self.proto.eq_ignore_ascii_case("RTP/AVP") {
            return None;
        }
        let types = || self.formats.split_ascii_whitespace().filter_map(|format| format.parse::<u8>().ok());
        let (codec, payload_type) =
            types().find_map(|payload_type| Some((self.codec(payload_type, ours)?, payload_type)))?;
        let nowhere = address.is_unspecified();
        let rtcp = match self.rtcp {
            Some((port, elsewhere)) => Some(SocketAddr::new(elsewhere.unwrap_or(address), port)),
            None => self.port.checked_add(1).map(|port| SocketAddr::new(address, port)),
        };
        let events = |clock_hz| types().find(|payload_type| self.is_events(*payload_type, clock_hz));
        let (events, events_clock_hz) = match (events(codec.clock_hz()), codec) {
            (Some(events), _) => (Some(events), codec.clock_hz()),
            // Not as RFC 4733 2.4.1.2 wants it, but a telephone that does so has no other keys.
            (None, Codec::Opus) => (events(NARROW_HZ), NARROW_HZ),
            (None, Codec::Pcma | Codec::Pcmu | Codec::G722) => (None, codec.clock_hz()),
        };
        let wishes = self.parameters.iter().find(|(format, _)| *format == payload_type);
        Some(Chosen {
            codec,
            payload_type,
            events,
            events_clock_hz,
            opus: (codec == Codec::Opus).then(|| OpusWish::read(wishes.map_or("", |(_, text)| text))),
            remote: SocketAddr::new(address, self.port),
            remote_rtcp: rtcp.filter(|rtcp| rtcp.port() != 0 && !rtcp.ip().is_unspecified()),
            ptime_ms: self.ptime_ms,
            direction: if nowhere { self.direction.without_receiving() } else { self.direction },
            line: at,
        })
    }

    fn codec(&self, payload_type: u8, ours: &[Codec]) -> Option<Codec> {
        let named = self.maps.iter().find(|map| map.payload_type == payload_type);
        ours.iter().copied().find(|codec| match named {
            Some(map) => codec.is_named(&map.encoding_name, map.clock_rate, map.encoding_params.as_deref()),
            None => codec.is_at(payload_type),
        })
    }

    /// Events count with the clock of the sound they go with; an offer may hold others beside them.
    fn is_events(&self, payload_type: u8, clock_hz: u32) -> bool {
        self.maps.iter().any(|map| {
            map.payload_type == payload_type
                && map.encoding_name.eq_ignore_ascii_case("telephone-event")
                && map.clock_rate == clock_hz
        })
    }

    fn refused(&self) -> Media {
        let mut media = Media::new(MediaType::Audio, 0, TransportProto::RtpAvp, &self.formats);
        media.media.clone_from(&self.media);
        media.proto.clone_from(&self.proto);
        media
    }
}

/// The lines that count, in UTF-8, each with an end. A byte that is no UTF-8 is read as Latin-1.
fn regular(body: &[u8]) -> Result<String, SdpError> {
    let mut text = String::with_capacity(body.len());
    let mut version = false;
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            b"v=0" if version => continue,
            b"v=0" => version = true,
            [b'c' | b'm' | b'a', b'=', ..] => {}
            _ => continue,
        }
        match std::str::from_utf8(line) {
            Ok(line) => text.extend(line.chars().filter(|c| !c.is_control() || *c == '\t')),
            Err(_) => text.extend(line.iter().map(|byte| char::from(*byte)).filter(|c| !c.is_control())),
        }
        text.push_str("\r\n");
    }
    if version { Ok(text) } else { Err(SdpError::NoVersion) }
}

fn unicast(connection: &Connection) -> Option<IpAddr> {
    connection.try_address().ok().map(|address| address.ip).filter(|ip| !ip.is_multicast())
}

fn direction_in(has: impl Fn(&str) -> bool) -> Option<Direction> {
    [Direction::SendOnly, Direction::RecvOnly, Direction::Inactive, Direction::SendRecv]
        .into_iter()
        .find(|direction| has(direction.attribute()))
}

fn blank(local: SocketAddr, session: u64, version: u64) -> Session {
    let mut ours = Session::new(Origin::with_ip_addr(session, version, local.ip()), "-");
    ours.set_connection(Connection::from_ip_addr(local.ip()));
    ours
}

/// One line of ours. RTCP has a port of its own: `rtcp-mux` is never said, which says no to it (RFC 5761 5.1.1).
fn audio(port: u16, proto: &str, codecs: &[(Codec, u8)], events: &[(u8, u32)]) -> Media {
    let types = codecs.iter().map(|(_, payload_type)| payload_type).chain(events.iter().map(|(events, _)| events));
    let formats = types.map(u8::to_string).collect::<Vec<_>>().join(" ");
    let mut media = Media::new(MediaType::Audio, port, TransportProto::RtpAvp, formats);
    media.proto = proto.to_owned();
    let fmtp = |payload_type: u8, text: &str| Attribute::with_value("fmtp", format!("{payload_type} {text}"));
    for (codec, payload_type) in codecs {
        let mut map = RtpMap::new(*payload_type, codec.name(), codec.clock_hz());
        map.encoding_params = codec.channels().map(Into::into);
        media.add_attribute(map);
        if let Some(parameters) = codec.parameters() {
            media.add_attribute(fmtp(*payload_type, parameters));
        }
    }
    for (events, clock_hz) in events {
        media.add_attribute(RtpMap::new(*events, "telephone-event", *clock_hz));
        media.add_attribute(fmtp(*events, "0-15"));
    }
    media.add_attribute(Attribute::with_value("ptime", DEFAULT_PTIME_MS));
    media.add_attribute(Attribute::with_value("maxptime", LONGEST_PTIME_MS));
    media
}

fn text_of(session: &Session) -> String {
    let mut bytes = Vec::new();
    // Writing into memory does not fail; an empty text would be refused by the other side, not misread.
    match session.write(&mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

/// Our numbers for events, by their clock.
const OUR_EVENTS: [(u8, u32); 2] = [(101, 8000), (110, 48_000)];
const DEFAULT_PTIME_MS: u32 = 20;
const SHORTEST_PTIME_MS: u32 = 10;
const LONGEST_PTIME_MS: u32 = 60;
/// An answer repeats every line; more than this is nobody's telephone.
const MOST_LINES: usize = 32;
