//! One UDP socket a call: opened unconnected, connected once its source is settled, then read blindly on the tick.
//!
//! [`open`] is for the signalling side, which needs the port for its answer; the worker wraps the socket in a
//! [`MediaSocket`], calls [`MediaSocket::receive`] once a slot and [`MediaSocket::send`] as often.
//! Beside it lies a second one for control packets, under the same rule and seldom looked at.
//! After `connect` the kernel drops strangers before the queue, which is both the security rule and the cheapest form.
//!
//! Not here: what is in a packet (`media::leg`), and SRTP, which will settle a source by its key.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::sys;
use crate::config::Ports;

/// Whose packets count on a call's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceRule {
    /// Address and port of the SDP.
    Exact,
    /// The SDP's address with any port; the SDP's own port wins if it is seen.
    SameIp,
    /// For callers behind NAT. Where the SDP names the signalling address this is `Exact`; else the SDP's address and
    /// port, or any port of the signalling address. Only a re-INVITE opens it again.
    Latch { signalling: IpAddr },
}

/// What happened on a socket so far; read now and then instead of logging a line a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: u64,
    /// Dropped for their source.
    pub strangers: u64,
    pub sent: u64,
    /// Sends that an ICMP refusal of an earlier packet had swallowed; they were sent once more.
    pub refused: u64,
    /// Packets of ours that did not leave.
    pub unsent: u64,
}

/// The two sockets of a call: sound on an even port, control packets on the odd one above it (RFC 3550 11).
#[derive(Debug)]
pub struct Pair {
    pub sound: UdpSocket,
    pub control: UdpSocket,
}

/// Bound, non-blocking, unconnected sockets on two free neighbours of `ports`; `chance` says where the search begins, so
/// that ports are not guessed.
pub fn open(local: IpAddr, ports: Ports, chance: u16) -> io::Result<Pair> {
    let first = u32::from(ports.first).next_multiple_of(2);
    let pairs = (u32::from(ports.last) + 1).saturating_sub(first) / 2;
    for step in 0..pairs {
        let port = first + 2 * ((u32::from(chance) + step) % pairs);
        let Ok(port) = u16::try_from(port) else { continue };
        let both = bind(SocketAddr::new(local, port), RECEIVE_BUFFER_BYTES).and_then(|sound| {
            let control = bind(SocketAddr::new(local, port + 1), CONTROL_BUFFER_BYTES)?;
            Ok(Pair { sound, control })
        });
        match both {
            Ok(pair) => return Ok(pair),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    let taken = format!("no two free ports are neighbours in {}-{}", ports.first, ports.last);
    Err(io::Error::new(ErrorKind::AddrInUse, taken))
}

/// A bound, non-blocking socket for SIP datagrams.
pub fn listen_udp(local: SocketAddr) -> io::Result<UdpSocket> {
    listen(local, Type::DGRAM).map(Into::into)
}

/// A listening, non-blocking socket for SIP connections.
pub fn listen_tcp(local: SocketAddr) -> io::Result<TcpListener> {
    listen(local, Type::STREAM).map(Into::into)
}

/// A call's socket in the hands of its worker.
#[derive(Debug)]
pub struct MediaSocket {
    socket: UdpSocket,
    rule: SourceRule,
    /// The SDP's address and port: where we send until a source is settled.
    named: SocketAddr,
    state: State,
    /// Slots in which everything is read because lately more than a packet a slot came.
    eager: u8,
    /// The slot before found nothing: what it missed comes together with what this one brings.
    missed: bool,
    counts: Counts,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Unconnected: nothing is heard yet, candidates are weighed.
    Waiting(Option<Candidate>),
    /// Connected just now: what was queued before may still be anybody's, so addresses are compared.
    Settling { peer: SocketAddr, slots: u8 },
    /// The kernel lets only the peer through.
    Settled,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    source: SocketAddr,
    seen: u8,
    /// Slots since its last packet.
    quiet: u8,
}

impl MediaSocket {
    /// Takes a socket of [`open`]; `named` is the remote address of the SDP. Where the rule leaves no choice the
    /// socket is connected at once.
    pub fn new(socket: UdpSocket, rule: SourceRule, named: SocketAddr) -> Self {
        let mut new = Self {
            socket,
            rule,
            named,
            state: State::Waiting(None),
            eager: 0,
            missed: false,
            counts: Counts::default(),
        };
        new.aim();
        new
    }

    /// A re-INVITE named another address: the old peer is dropped and the rule applied anew. The same address changes
    /// nothing, so a latched caller behind NAT stays; nor does `0.0.0.0`, which is a hold (RFC 3264 8.4) and no address.
    pub fn retarget(&mut self, named: SocketAddr, rule: SourceRule) {
        if (named == self.named && rule == self.rule) || is_nowhere(named) {
            return;
        }
        (self.named, self.rule) = (named, rule);
        // A failure leaves the old peer pinned: deaf for the new one, but never open to strangers.
        if sys::unconnect(&self.socket).is_ok() {
            self.state = State::Waiting(None);
        }
        self.aim();
    }

    /// Reads what this slot brought and hands the peer's packets to `each`. `plausible` says whether bytes could be
    /// this call's sound at all; only such packets make somebody a candidate.
    pub fn receive(
        &mut self,
        slot: u64,
        buffer: &mut [u8],
        plausible: impl Fn(&[u8]) -> bool,
        mut each: impl FnMut(&[u8]),
    ) {
        match self.state {
            State::Settled => self.read_blindly(slot, buffer, &mut each),
            State::Settling { peer, slots } => {
                self.read_compared(peer, buffer, &mut each);
                self.state = match slots {
                    0 => State::Settled,
                    more => State::Settling { peer, slots: more - 1 },
                };
            }
            State::Waiting(candidate) => self.weigh(candidate, buffer, plausible),
        }
    }

    /// Reads to the end: keys come beside the sound, so a slot with one holds more than a packet.
    pub fn receive_rest(&mut self, buffer: &mut [u8], mut each: impl FnMut(&[u8])) {
        match self.state {
            State::Settled => self.read_blindly(0, buffer, &mut each),
            State::Settling { peer, .. } => self.read_compared(peer, buffer, &mut each),
            State::Waiting(_) => {}
        }
    }

    /// Sends to the peer, or to where the SDP said while there is none. A refused send is tried once more: ICMP
    /// refusals of earlier packets are reported at the next send, which then did not happen.
    pub fn send(&mut self, bytes: &[u8]) {
        let named = match self.state {
            // Linux takes 0.0.0.0 for this machine.
            State::Waiting(_) if is_nowhere(self.named) => {
                self.counts.unsent += 1;
                return;
            }
            State::Waiting(_) => Some(self.named),
            State::Settling { .. } | State::Settled => None,
        };
        let once = || match named {
            Some(named) => self.socket.send_to(bytes, named),
            None => self.socket.send(bytes),
        };
        let mut result = once();
        if matches!(&result, Err(error) if error.kind() == ErrorKind::ConnectionRefused) {
            self.counts.refused += 1;
            result = once();
        }
        match result {
            Ok(_) => self.counts.sent += 1,
            Err(_) => self.counts.unsent += 1,
        }
    }

    /// Is there a peer whose packets are heard?
    pub fn has_peer(&self) -> bool {
        match self.state {
            State::Waiting(_) => false,
            State::Settling { .. } | State::Settled => true,
        }
    }

    /// The SDP's address and port.
    pub fn named(&self) -> SocketAddr {
        self.named
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Connects at once where the rule leaves no choice.
    fn aim(&mut self) {
        match self.rule {
            SourceRule::Exact => self.pin(self.named),
            SourceRule::Latch { signalling } if signalling == self.named.ip() => self.pin(self.named),
            SourceRule::SameIp | SourceRule::Latch { .. } => {}
        }
    }

    /// The address with any port whose packets may make a candidate.
    fn hoped_for(&self) -> Option<IpAddr> {
        match self.rule {
            SourceRule::Exact => None,
            SourceRule::SameIp => Some(self.named.ip()),
            SourceRule::Latch { signalling } if signalling == self.named.ip() => None,
            SourceRule::Latch { signalling } => Some(signalling),
        }
    }

    fn pin(&mut self, peer: SocketAddr) {
        if is_nowhere(peer) {
            return;
        }
        // An address that cannot be connected (no route yet) leaves the call waiting, and the next packet tries again.
        if self.socket.connect(peer).is_ok() {
            self.state = State::Settling { peer, slots: SETTLING_SLOTS };
        }
    }

    /// One read a slot; to the end every fourth, after a slot that found nothing, and for a second after there was a queue:
    /// what waits here is late to everybody, and nobody above can know it.
    fn read_blindly(&mut self, slot: u64, buffer: &mut [u8], each: &mut impl FnMut(&[u8])) {
        let missed = std::mem::take(&mut self.missed);
        let to_the_end = slot.is_multiple_of(4) || self.eager > 0 || missed;
        self.eager = self.eager.saturating_sub(1);
        let mut read = 0_u8;
        while let Some(length) = receive_one(&self.socket, buffer) {
            self.counts.received += 1;
            each(buffer.get(..length).unwrap_or_default());
            read += 1;
            if !to_the_end || read == MOST_A_SLOT {
                break;
            }
        }
        self.missed = read == 0;
        if read > 1 + u8::from(missed) {
            self.eager = EAGER_SLOTS;
        }
    }

    fn read_compared(&mut self, peer: SocketAddr, buffer: &mut [u8], each: &mut impl FnMut(&[u8])) {
        for _ in 0..MOST_A_SLOT {
            let Some((length, source)) = receive_from(&self.socket, buffer) else { break };
            if source == peer {
                self.counts.received += 1;
                each(buffer.get(..length).unwrap_or_default());
            } else {
                self.counts.strangers += 1;
            }
        }
    }

    fn weigh(&mut self, candidate: Option<Candidate>, buffer: &mut [u8], plausible: impl Fn(&[u8]) -> bool) {
        let mut candidate = candidate.map(|it| Candidate { quiet: it.quiet.saturating_add(1), ..it });
        for _ in 0..MOST_A_SLOT {
            let Some((length, source)) = receive_from(&self.socket, buffer) else { break };
            let could_be = plausible(buffer.get(..length).unwrap_or_default());
            if could_be && source == self.named {
                return self.pin(source);
            }
            if !could_be || self.hoped_for() != Some(source.ip()) {
                self.counts.strangers += 1;
                continue;
            }
            let seen = match candidate {
                Some(it) if it.source == source => it.seen.saturating_add(1),
                // The first to come is believed for as long as it goes on sending.
                Some(it) if it.quiet < QUIET_SLOTS => {
                    self.counts.strangers += 1;
                    continue;
                }
                Some(_) | None => 1,
            };
            if seen == ENOUGH_PACKETS {
                return self.pin(source);
            }
            candidate = Some(Candidate { source, seen, quiet: 0 });
        }
        self.state = State::Waiting(candidate);
    }
}

/// `0.0.0.0` or `::`, in whatever clothes.
pub fn is_nowhere(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_unspecified()
}

/// One for IPv6 takes no IPv4, so that both families can have a listener on one port.
fn listen(local: SocketAddr, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(local), kind, None)?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    if kind == Type::STREAM {
        // Connections of an earlier run that are still dying must not keep the port.
        socket.set_reuse_address(true)?;
    }
    socket.bind(&local.into())?;
    if kind == Type::STREAM {
        socket.listen(BACKLOG)?;
    }
    Ok(socket)
}

fn bind(local: SocketAddr, buffer_bytes: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(buffer_bytes)?;
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    Ok(socket.into())
}

fn receive_one(socket: &UdpSocket, buffer: &mut [u8]) -> Option<usize> {
    match socket.recv(buffer) {
        // The pending report of an ICMP refusal takes the place of one read.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => socket.recv(buffer).ok(),
        result => result.ok(),
    }
}

fn receive_from(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    match socket.recv_from(buffer) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => socket.recv_from(buffer).ok(),
        result => result.ok(),
    }
}

/// Connections the kernel holds until they are taken.
const BACKLOG: i32 = 128;

/// The kernel doubles it; a second of sound with its bookkeeping.
const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;

/// A packet in five seconds, looked for each tenth of one.
const CONTROL_BUFFER_BYTES: usize = 4 * 1024;

/// Two slots after `connect` nothing queued before it is left.
const SETTLING_SLOTS: u8 = 2;

/// A flood may not hold up the other calls of the worker.
const MOST_A_SLOT: u8 = 64;

/// A second of reading to the end after a burst.
const EAGER_SLOTS: u8 = 50;

/// So many plausible packets from one source settle it where the SDP's own address stays silent.
const ENOUGH_PACKETS: u8 = 3;

/// A candidate silent for so long makes way for another.
const QUIET_SLOTS: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports { first: 42_001, last: 42_999 };
    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn phone() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn gateway(chance: u16) -> (UdpSocket, SocketAddr) {
        let socket = open(LOCAL, PORTS, chance).unwrap().sound;
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn heard(socket: &mut MediaSocket, slots: std::ops::Range<u64>) -> Vec<Vec<u8>> {
        let mut heard = Vec::new();
        for slot in slots {
            socket.receive(slot, &mut [0; 64], |bytes| bytes != b"noise", |bytes| heard.push(bytes.to_vec()));
        }
        heard
    }

    #[test]
    fn ports_are_even_of_the_range_and_used_once() {
        let (first, a) = gateway(499);
        let (_second, b) = gateway(499);
        assert_ne!(a.port(), b.port());
        for port in [a.port(), b.port()] {
            assert!(port % 2 == 0 && (PORTS.first..=PORTS.last).contains(&port), "{port}");
        }
        drop(first);
        assert_eq!(gateway(499).1.port(), a.port(), "a closed socket gives its port back");
    }

    #[test]
    fn a_range_without_a_free_port_says_so() {
        let (_kept, taken) = gateway(100);
        let full = Ports { first: taken.port(), last: taken.port() + 1 };
        assert_eq!(open(LOCAL, full, 0).unwrap_err().kind(), ErrorKind::AddrInUse);
    }

    #[test]
    fn exact_hears_the_named_port_and_nobody_else_whether_before_or_after_connect() {
        let ((peer, named), (stranger, _)) = (phone(), phone());
        let (socket, ours) = gateway(1);
        stranger.send_to(b"early", ours).unwrap();
        peer.send_to(b"one", ours).unwrap();
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, named);
        stranger.send_to(b"late", ours).unwrap();
        peer.send_to(b"two", ours).unwrap();
        assert_eq!(heard(&mut socket, 0..8), [b"one".to_vec(), b"two".to_vec()]);
        stranger.send_to(b"very late", ours).unwrap();
        peer.send_to(b"three", ours).unwrap();
        assert_eq!(heard(&mut socket, 8..16), [b"three".to_vec()]);
        assert_eq!(socket.counts().strangers, 1, "only the early one reached the queue at all");
    }

    #[test]
    fn latch_with_the_signalling_address_in_the_sdp_is_exact() {
        let ((_peer, named), (stranger, _)) = (phone(), phone());
        let (socket, ours) = gateway(2);
        let mut socket = MediaSocket::new(socket, SourceRule::Latch { signalling: LOCAL }, named);
        for _ in 0..5 {
            stranger.send_to(b"me", ours).unwrap();
        }
        assert!(heard(&mut socket, 0..8).is_empty());
    }

    #[test]
    fn latch_takes_a_caller_behind_nat_after_three_packets_and_keeps_to_them() {
        let ((caller, seen_as), (stranger, _)) = (phone(), phone());
        let (socket, ours) = gateway(3);
        let private: SocketAddr = "192.168.7.7:4000".parse().unwrap();
        let mut socket = MediaSocket::new(socket, SourceRule::Latch { signalling: LOCAL }, private);
        for _ in 0..3 {
            caller.send_to(b"hello", ours).unwrap();
            stranger.send_to(b"me", ours).unwrap();
            assert!(heard(&mut socket, 0..1).is_empty());
        }
        assert!(socket.has_peer());
        stranger.send_to(b"me", ours).unwrap();
        caller.send_to(b"heard", ours).unwrap();
        assert_eq!(heard(&mut socket, 1..9), [b"heard".to_vec()]);
        socket.send(b"answer");
        let mut buffer = [0; 16];
        assert_eq!(caller.recv_from(&mut buffer).unwrap().0, 6, "we answer to where they are seen, {seen_as}");
    }

    #[test]
    fn latch_never_takes_another_host_nor_noise() {
        let (caller, _) = phone();
        let (socket, ours) = gateway(4);
        let elsewhere: IpAddr = "10.9.9.9".parse().unwrap();
        let private: SocketAddr = "192.168.7.7:4000".parse().unwrap();
        let mut socket = MediaSocket::new(socket, SourceRule::Latch { signalling: elsewhere }, private);
        for _ in 0..5 {
            caller.send_to(b"hello", ours).unwrap();
        }
        assert!(heard(&mut socket, 0..8).is_empty());
        assert!(!socket.has_peer());
        socket.retarget(private, SourceRule::Latch { signalling: LOCAL });
        for _ in 0..5 {
            caller.send_to(b"noise", ours).unwrap();
        }
        assert!(heard(&mut socket, 0..8).is_empty());
        assert!(!socket.has_peer());
    }

    #[test]
    fn same_ip_lets_the_named_port_win() {
        let ((peer, named), (other, _)) = (phone(), phone());
        let (socket, ours) = gateway(5);
        let mut socket = MediaSocket::new(socket, SourceRule::SameIp, named);
        other.send_to(b"a", ours).unwrap();
        other.send_to(b"b", ours).unwrap();
        peer.send_to(b"c", ours).unwrap();
        assert!(heard(&mut socket, 0..1).is_empty());
        other.send_to(b"d", ours).unwrap();
        peer.send_to(b"e", ours).unwrap();
        assert_eq!(heard(&mut socket, 1..5), [b"e".to_vec()]);
    }

    #[test]
    fn a_re_invite_moves_the_ear_and_the_old_peer_is_a_stranger_then() {
        let ((old, old_address), (new, new_address)) = (phone(), phone());
        let (socket, ours) = gateway(6);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, old_address);
        old.send_to(b"old", ours).unwrap();
        assert_eq!(heard(&mut socket, 0..8), [b"old".to_vec()]);
        socket.retarget(new_address, SourceRule::Exact);
        old.send_to(b"old", ours).unwrap();
        new.send_to(b"new", ours).unwrap();
        assert_eq!(heard(&mut socket, 8..16), [b"new".to_vec()]);
    }

    #[test]
    fn an_address_that_is_nowhere_is_a_hold_and_neither_this_machine_nor_the_end_of_the_peer() {
        let (peer, named) = phone();
        let (socket, ours) = gateway(11);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, named);
        assert!(heard(&mut socket, 0..5).is_empty());
        let nowhere: SocketAddr = format!("0.0.0.0:{}", named.port()).parse().unwrap();
        socket.retarget(nowhere, SourceRule::Exact);
        peer.send_to(b"still here", ours).unwrap();
        assert_eq!(heard(&mut socket, 5..10), [b"still here".to_vec()]);
        let (stranger, at) = phone();
        let (socket, _) = gateway(12);
        let nowhere: SocketAddr = format!("0.0.0.0:{}", at.port()).parse().unwrap();
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, nowhere);
        assert!(!socket.has_peer());
        socket.send(b"for whom?");
        assert!(stranger.recv(&mut [0; 16]).is_err(), "nobody on this machine gets it");
    }

    #[test]
    fn under_the_exact_rule_no_other_port_becomes_the_peer_however_long_the_named_one_is_silent() {
        let ((_peer, named), (other, _)) = (phone(), phone());
        for rule in [SourceRule::Exact, SourceRule::Latch { signalling: LOCAL }] {
            let (socket, ours) = gateway(13);
            let mut socket = MediaSocket::new(socket, rule, named);
            // As when the address could not be connected at first.
            sys::unconnect(&socket.socket).unwrap();
            socket.state = State::Waiting(None);
            for slot in 0..10 {
                other.send_to(b"me", ours).unwrap();
                assert!(heard(&mut socket, slot..slot + 1).is_empty());
            }
            assert!(!socket.has_peer());
        }
    }

    #[test]
    fn a_re_invite_reopens_the_latch() {
        let ((old, old_address), (new, _)) = (phone(), phone());
        let (socket, ours) = gateway(7);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, old_address);
        assert!(heard(&mut socket, 0..8).is_empty());
        let private: SocketAddr = "192.168.7.7:4000".parse().unwrap();
        socket.retarget(private, SourceRule::Latch { signalling: LOCAL });
        drop(old);
        for _ in 0..3 {
            new.send_to(b"hello", ours).unwrap();
        }
        assert!(heard(&mut socket, 8..9).is_empty());
        new.send_to(b"heard", ours).unwrap();
        assert_eq!(heard(&mut socket, 9..16), [b"heard".to_vec()]);
    }

    #[test]
    fn a_refusal_swallows_no_packet() {
        let (peer, named) = phone();
        let (socket, _) = gateway(8);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, named);
        drop(peer);
        socket.send(b"into the void");
        let peer = UdpSocket::bind(named).unwrap();
        peer.set_nonblocking(true).unwrap();
        socket.send(b"back again");
        let mut buffer = [0; 16];
        assert_eq!(peer.recv(&mut buffer).unwrap(), 10);
        assert_eq!(socket.counts().refused, 1);
        assert_eq!(socket.counts().unsent, 0);
    }

    #[test]
    fn the_rest_of_a_slot_can_be_read_at_once() {
        let (peer, named) = phone();
        let (socket, ours) = gateway(10);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, named);
        peer.send_to(b"before", ours).unwrap();
        assert_eq!(heard(&mut socket, 0..5).len(), 1);
        socket.missed = false;
        for packet in [b"key", b"one", b"two"] {
            peer.send_to(packet, ours).unwrap();
        }
        assert_eq!(heard(&mut socket, 5..6).len(), 1);
        let mut rest = 0;
        socket.receive_rest(&mut [0; 64], |_| rest += 1);
        assert_eq!(rest, 2);
    }

    #[test]
    fn what_a_slot_missed_is_read_with_what_the_next_brings() {
        let (peer, named) = phone();
        let (socket, ours) = gateway(14);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, named);
        assert!(heard(&mut socket, 0..6).is_empty());
        for packet in [b"one", b"two"] {
            peer.send_to(packet, ours).unwrap();
        }
        assert_eq!(heard(&mut socket, 6..7).len(), 2);
        assert_eq!(socket.eager, 0, "that is no queue");
    }

    #[test]
    fn a_queue_is_found_within_four_slots_and_none_stays_for_a_second_after_it() {
        let (peer, named) = phone();
        let (socket, ours) = gateway(15);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, named);
        assert!(heard(&mut socket, 0..5).is_empty());
        for slot in 5..40 {
            for _ in 0..if [5, 20, 30].contains(&slot) { 2 } else { 1 } {
                peer.send_to(b"x", ours).unwrap();
            }
            let read = heard(&mut socket, slot..slot + 1).len();
            let expected = if [5, 20, 30].contains(&slot) { 2 } else { 1 };
            assert!(slot < 9 || read == expected, "{slot}: {read}");
        }
    }

    #[test]
    fn a_peer_with_two_packets_a_slot_is_read_to_the_end_soon() {
        let (peer, named) = phone();
        let (socket, ours) = gateway(9);
        let mut socket = MediaSocket::new(socket, SourceRule::Exact, named);
        assert!(heard(&mut socket, 0..5).is_empty());
        let mut most_left = 0;
        for slot in 5..60 {
            peer.send_to(b"x", ours).unwrap();
            peer.send_to(b"y", ours).unwrap();
            let heard = heard(&mut socket, slot..slot + 1).len() as i64;
            if slot > 9 {
                most_left = most_left.max(2 - heard);
            }
        }
        assert_eq!(most_left, 0);
    }
}
