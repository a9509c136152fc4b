//! SIP events to calls, and calls' ends to SIP.
//!
//! Not here: SIP itself (`sip`), and the dialogue (`call`).

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use media::codec::OpusStyle;
use media::g711::Law;
use media::leg::LegConfig;
use sha2::Sha256;
use sip::sdp::{self, Chosen, Codec, Direction};
use sip::{Command, Ended, Event, Leg, Output, Transport};

use super::super::connections::FromStream;
use super::super::listener::{self, Datagram, Listener};
use super::super::media::ToWorker;
use super::super::socket::{self, Pair, SourceRule};
use super::{Line, Switchboard};
use crate::admission;
use crate::call::{Call, Farewell, Input};
use crate::config::Source;
use crate::ids::CallId;
use crate::ivr::Language;
use crate::plan::{CallerTag, Origin, SourceTag};

/// What we speak, best first: the wide ones carry more of a voice.
const CODECS: [Codec; 4] = [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu];

impl Switchboard {
    pub(super) fn datagram(&mut self, datagram: &Datagram) {
        let Some(local) = self.local_for(datagram) else { return };
        let path = sip::Path { transport: Transport::Udp, local, remote: datagram.remote };
        self.received(path, &datagram.bytes);
    }

    pub(super) fn streamed(&mut self, what: FromStream) {
        match what {
            FromStream::Accepted { stream, remote } => {
                self.connections.accept(stream, remote, carries_a_call(&self.lines));
            }
            FromStream::Message { path, bytes } => {
                self.connections.said(path);
                self.received(path, &bytes);
            }
            FromStream::Quiet { path, serial } => {
                if !carries_a_call(&self.lines)(path) && self.connections.is(path, serial) {
                    self.connections.let_go(path);
                }
            }
            FromStream::Over { path, serial } => {
                if self.connections.is(path, serial) {
                    self.connections.let_go(path);
                    self.unreachable(path);
                }
            }
        }
    }

    fn received(&mut self, path: sip::Path, bytes: &[u8]) {
        let mut out = Vec::new();
        self.parts.endpoint.receive(Instant::now(), path, bytes, &mut out);
        self.carry_sip(out);
        let counters = self.parts.endpoint.counters();
        // At powers of two: once early, and a flood is one line a doubling.
        if counters.received >= FIRST_COUNT && counters.received.is_power_of_two() {
            tracing::info!(?counters, "SIP so far");
        }
    }

    fn unreachable(&mut self, path: sip::Path) {
        let mut out = Vec::new();
        self.parts.endpoint.unreachable(Instant::now(), path, &mut out);
        self.carry_sip(out);
    }

    /// Our address as this peer sees it, remembered: it stands in Via and Contact, where `0.0.0.0` would lead nowhere.
    fn local_for(&mut self, datagram: &Datagram) -> Option<SocketAddr> {
        if !datagram.local.ip().is_unspecified() {
            return Some(datagram.local);
        }
        let remote = datagram.remote.ip();
        if let Some(ip) = self.routes.get(&remote) {
            return Some(SocketAddr::new(*ip, datagram.local.port()));
        }
        let ip = listener::route_to(datagram.remote).ok()?;
        if self.routes.len() >= ROUTES {
            self.routes.clear();
        }
        self.routes.insert(remote, ip);
        Some(SocketAddr::new(ip, datagram.local.port()))
    }

    pub(super) fn carry_sip(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send { path, bytes } => self.send(path, bytes),
                Output::Event(event) => self.signalled(event),
            }
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        let mut out = Vec::new();
        self.parts.endpoint.command(Instant::now(), command, &mut out);
        self.carry_sip(out);
    }

    /// Whom a listener does not hear it does not speak to either, whatever a Contact or a route says: over a connection of
    /// ours a stranger would come in.
    fn send(&mut self, path: sip::Path, bytes: Vec<u8>) {
        let listener = self.listener(path).filter(|listener| listener.allows(path.remote.ip()));
        match (path.transport, listener) {
            (Transport::Udp, Some(listener)) => listener.send_datagram(&bytes, path.remote),
            (Transport::Udp, None) => {}
            (Transport::Tcp, None) => self.unreachable(path),
            (Transport::Tcp, Some(_)) => {
                if self.connections.send(path, bytes, carries_a_call(&self.lines)).is_err() {
                    self.unreachable(path);
                }
            }
        }
    }

    fn listener(&self, path: sip::Path) -> Option<&Listener> {
        self.parts.listeners.iter().find(|listener| listener.speaks_for(path.transport, path.local))
    }

    fn signalled(&mut self, event: Event) {
        match event {
            Event::Incoming { leg, path, offer, caller, dialled } => {
                let caller = self.caller(leg, caller.expose());
                let origin = Origin::new(caller, self.source(path), &dialled.unwrap_or_default());
                self.incoming(leg, path, offer.as_ref(), origin);
            }
            Event::Confirmed { leg, answer } => self.confirmed(leg, answer.as_ref()),
            Event::Reoffered { leg, offer } => self.reoffered(leg, offer.as_ref()),
            Event::Ended { leg, why } => self.leg_ended(leg, why),
            // The gateway calls nobody today.
            Event::Ringing { .. } | Event::Answered { .. } | Event::Refused { .. } | Event::Failed { .. } => {}
        }
    }

    fn incoming(&mut self, leg: Leg, path: sip::Path, offer: Option<&sdp::Offer>, origin: Origin) {
        if self.draining {
            return self.reject(leg, Farewell::Draining);
        }
        let chosen = offer.map(|offer| offer.choose(&CODECS));
        if let Some(None) = chosen {
            return self.reject(leg, Farewell::NoCommonCodec);
        }
        let theirs = chosen.flatten().map(|chosen| chosen.remote);
        let Some((sockets, media, contact)) = self.media_for(path, theirs) else {
            return self.reject(leg, Farewell::Busy);
        };
        self.last_call += 1;
        let id = CallId(self.last_call);
        let (session, version) = (random_u32().into(), 1);
        let line = Line {
            leg,
            call: Some(Call::new(Language::German, self.parts.prompts.other_than(Language::German))),
            place: None,
            wake: None,
            origin,
            media,
            session,
            version,
            path,
            leaving: false,
        };
        let sdp = match (offer, chosen.flatten()) {
            (Some(offer), Some(chosen)) => {
                self.open_sound(id, &line, sockets, leg_of(&chosen), (chosen.remote, chosen.remote_rtcp));
                self.tell_worker(ToWorker::Style { call: id, style: style_of(&chosen) });
                self.tell_worker(ToWorker::Hold { call: id, on: held(chosen.direction) });
                offer.answer(&chosen, media, session, version)
            }
            // A late offer: ours goes out, and the socket waits with a codec that their answer may change.
            _ => {
                let nowhere_yet = SocketAddr::new(path.remote.ip(), DISCARD_PORT);
                self.open_sound(id, &line, sockets, waiting_leg(), (nowhere_yet, None));
                sdp::offer(media, &CODECS, session, version)
            }
        };
        tracing::info!(call = %id, "a call");
        self.legs.insert(leg, id);
        self.lines.insert(id, line);
        self.command(Command::Answer { leg, sdp, contact });
    }

    /// Who calls, as far as counting wrong PINs needs it. Whoever shows no number is counted by the call alone.
    fn caller(&self, leg: Leg, number: Option<&str>) -> CallerTag {
        CallerTag(match number {
            Some(number) => self.tag(b"number", number.as_bytes()),
            None => self.tag(b"call", &leg.0.to_be_bytes()),
        })
    }

    fn source(&self, path: sip::Path) -> SourceTag {
        SourceTag(self.tag(b"source", &admission::Source::of(path.remote.ip()).octets()))
    }

    /// `kind` keeps a tag of one thing from being that of another.
    fn tag(&self, kind: &[u8], of: &[u8]) -> [u8; 16] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.parts.tag_key).unwrap_or_else(|_| unreachable!("any length is a key"));
        [kind, b":", of].into_iter().for_each(|part| mac.update(part));
        let mut tag = [0; 16];
        tag.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(into, byte)| *into = byte);
        tag
    }

    /// Sockets for sound, their address as the caller will be told it, and our Contact.
    ///
    /// The sound may be of the other family than the signalling: it is where the offer wants it.
    fn media_for(&self, path: sip::Path, theirs: Option<SocketAddr>) -> Option<(Pair, SocketAddr, SocketAddr)> {
        let listener = self.listener(path)?;
        let v4 = path.remote.is_ipv4();
        let elsewhere = theirs.filter(|theirs| theirs.is_ipv4() != v4 && !socket::is_nowhere(*theirs));
        let opened = listener.address_for(path.remote).and_then(|contact| {
            let (route, named) = match elsewhere {
                None => (listener.route_to(path.remote)?, contact),
                Some(theirs) => {
                    let route = listener::route_to(theirs)?;
                    let mut advertised = self.parts.listeners.iter().filter_map(|it| it.advertised(!v4));
                    (route, advertised.next().unwrap_or(route))
                }
            };
            let sockets = socket::open(route, self.parts.config.media.ports, random_u32() as u16)?;
            let port = sockets.sound.local_addr()?.port();
            Ok((sockets, SocketAddr::new(named, port), SocketAddr::new(contact, listener.local.port())))
        });
        opened.inspect_err(|why| tracing::error!(%why, "no socket for a call's sound")).ok()
    }

    /// The other end's addresses are those of its sound and of its control packets.
    fn open_sound(
        &mut self,
        call: CallId,
        line: &Line,
        sockets: Pair,
        leg: LegConfig,
        (remote, control): (SocketAddr, Option<SocketAddr>),
    ) {
        let rule = self.source_rule(line.path.remote);
        self.tell_worker(ToWorker::Open { call, sockets, leg, remote, control, rule });
    }

    fn source_rule(&self, signalling: SocketAddr) -> SourceRule {
        match self.parts.config.media.source {
            Source::Exact => SourceRule::Exact,
            Source::SameIp => SourceRule::SameIp,
            Source::Latch => SourceRule::Latch { signalling: signalling.ip() },
        }
    }

    fn confirmed(&mut self, leg: Leg, answer: Option<&sdp::Answer>) {
        let Some(id) = self.legs.get(&leg).copied() else { return };
        if let Some(answer) = answer {
            match answer.chosen(&CODECS).filter(|chosen| self.reaches(id, chosen)) {
                Some(chosen) => self.retarget(id, &chosen),
                None => return self.hang_up(id, Farewell::NoCommonCodec),
            }
        }
        let Some(line) = self.lines.get(&id) else { return };
        let wait = self.parts.plan.wait(&line.origin, Instant::now());
        self.feed(id, Input::Confirmed { wait });
    }

    fn reoffered(&mut self, leg: Leg, offer: Option<&sdp::Offer>) {
        let Some(id) = self.legs.get(&leg).copied() else {
            return self.command(Command::Refuse { leg, status: 481, warning: None });
        };
        let chosen = offer.map(|offer| (offer, offer.choose(&CODECS).filter(|chosen| self.reaches(id, chosen))));
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.version += 1;
        let (media, session, version) = (line.media, line.session, line.version);
        let sdp = match chosen {
            None => sdp::offer(media, &CODECS, session, version),
            Some((_, None)) => {
                let warning = Some(Farewell::NoCommonCodec.reason().to_owned());
                return self.command(Command::Refuse { leg, status: 488, warning });
            }
            Some((offer, Some(chosen))) => {
                self.retarget(id, &chosen);
                offer.answer(&chosen, media, session, version)
            }
        };
        self.command(Command::Accept { leg, sdp });
    }

    /// A call's socket is of one family for as long as the call lasts.
    fn reaches(&self, call: CallId, chosen: &Chosen) -> bool {
        let ours = self.lines.get(&call).map(|line| line.media);
        ours.is_some_and(|ours| ours.is_ipv4() == chosen.remote.is_ipv4() || socket::is_nowhere(chosen.remote))
    }

    fn retarget(&mut self, call: CallId, chosen: &Chosen) {
        let Some(line) = self.lines.get(&call) else { return };
        let rule = self.source_rule(line.path.remote);
        let (remote, control) = (chosen.remote, chosen.remote_rtcp);
        self.tell_worker(ToWorker::Retarget { call, leg: leg_of(chosen), remote, control, rule });
        self.tell_worker(ToWorker::Style { call, style: style_of(chosen) });
        self.tell_worker(ToWorker::Hold { call, on: held(chosen.direction) });
    }

    fn reject(&mut self, leg: Leg, why: Farewell) {
        tracing::info!(why = why.word(), "a call was not taken");
        let retry_after = matches!(why, Farewell::Busy | Farewell::Draining).then_some(RETRY_AFTER_S);
        let warning = matches!(why, Farewell::NoCommonCodec).then(|| why.reason().to_owned());
        self.command(Command::Reject { leg, status: why.status(), retry_after, warning });
    }

    /// Sends a caller away: BYE with its reason. The seat is free at once; the BYE is SIP's to see through.
    pub(super) fn hang_up(&mut self, call: CallId, why: Farewell) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        if std::mem::replace(&mut line.leaving, true) {
            return;
        }
        let leg = line.leg;
        tracing::info!(%call, why = why.word(), "goodbye");
        self.command(Command::HangUp { leg, reason: Some(why.reason().to_owned()) });
        self.gone(call);
    }

    fn leg_ended(&mut self, leg: Leg, why: Ended) {
        let Some(id) = self.legs.get(&leg).copied() else { return };
        tracing::info!(call = %id, ?why, "a call ended");
        self.gone(id);
    }
}

/// Looked through once, and only if somebody asks.
fn carries_a_call(lines: &HashMap<CallId, Line>) -> impl FnMut(sip::Path) -> bool {
    let mut paths = None;
    move |path| {
        paths.get_or_insert_with(|| lines.values().map(|line| line.path).collect::<HashSet<_>>()).contains(&path)
    }
}

fn leg_of(chosen: &Chosen) -> LegConfig {
    LegConfig {
        codec: spoken(chosen.codec),
        payload_type: chosen.payload_type,
        events: chosen.events,
        events_clock_hz: chosen.events_clock_hz,
        ptime_ms: chosen.ptime_ms,
        ..waiting_leg()
    }
}

/// What they wish of our Opus. Two channels are not to be had: all that is said here has one (RFC 7587 6.1 leaves that to
/// us).
fn style_of(chosen: &Chosen) -> OpusStyle {
    chosen.opus.map_or_else(OpusStyle::default, |wish| {
        OpusStyle::new(wish.max_bitrate, wish.max_playback_hz)
            .with_fec(wish.in_band_fec)
            .with_dtx(wish.dtx)
            .with_constant_rate(wish.constant_rate)
    })
}

/// Until an answer says what is spoken.
fn waiting_leg() -> LegConfig {
    LegConfig {
        codec: media::codec::Codec::Law(Law::A),
        payload_type: Codec::Pcma.payload_type(),
        events: None,
        events_clock_hz: Codec::Pcma.clock_hz(),
        ptime_ms: 20,
        ssrc: random_u32(),
        // Below 2^15, so that the first wrap is far from the first packet (RFC 3711 3.3.1).
        first_seq: (random_u32() & 0x7fff) as u16,
        first_timestamp: random_u32(),
    }
}

/// A codec of a description, as the sound knows it.
const fn spoken(codec: Codec) -> media::codec::Codec {
    match codec {
        Codec::Pcma => media::codec::Codec::Law(Law::A),
        Codec::Pcmu => media::codec::Codec::Law(Law::Mu),
        Codec::G722 => media::codec::Codec::G722,
        Codec::Opus => media::codec::Codec::Opus,
    }
}

/// `sendonly` is music on hold, `inactive` is hold: neither is mixed or recorded (RFC 3264 8.4).
fn held(direction: Direction) -> bool {
    match direction {
        Direction::SendRecv | Direction::RecvOnly => false,
        Direction::SendOnly | Direction::Inactive => true,
    }
}

fn random_u32() -> u32 {
    let mut bytes = [0; 4];
    super::super::chance(&mut bytes);
    u32::from_le_bytes(bytes)
}

/// Fewer messages than this are not worth a line.
const FIRST_COUNT: u64 = 1024;
/// Peers whose route is remembered; beyond it all are looked up anew.
const ROUTES: usize = 4096;
const RETRY_AFTER_S: u32 = 10;
/// RFC 863: nobody is sent to before their answer says where.
const DISCARD_PORT: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn style(fmtp: &str) -> OpusStyle {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96\r\n\
             a=rtpmap:96 opus/48000/2\r\n{fmtp}"
        );
        style_of(&sdp::Offer::parse(text.as_bytes()).unwrap().choose(&CODECS).unwrap())
    }

    #[test]
    fn what_a_telephone_says_of_opus_is_how_it_is_sent() {
        assert_eq!(style(""), OpusStyle::default());
        let all = "a=fmtp:96 maxaveragebitrate=12000;maxplaybackrate=8000;useinbandfec=1;usedtx=1;cbr=1;stereo=1\r\n";
        let wished = OpusStyle::new(Some(12_000), 8_000).with_dtx(true).with_constant_rate(true);
        assert_eq!(style(all), wished, "at this rate help over a loss would cost the band");
        assert_eq!(style("a=fmtp:96 useinbandfec=1\r\n"), OpusStyle::default().with_fec(true));
    }
}
