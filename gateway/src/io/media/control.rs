//! One call's control packets: every few seconds each end tells the other how it is heard (RFC 3550 section 6).
//!
//! A line calls [`Controls::slot`] once a slot; nearly always that is a look at two numbers.
//! They travel beside the sound, on a socket of their own under the same source rule, and nothing hangs on them: no call
//! ends and no sound changes for what is in one.
//!
//! Not here: what they look like (`media::rtcp`), and what is counted (`media::reception`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use media::leg::Leg;
use media::rtcp::{Control, Moment, PACKET_BYTES, Told, sender_of};
use spool::id::Slot;

use crate::io::chance;
use crate::io::socket::{MediaSocket, SourceRule};

/// Both directions of one call.
pub(super) struct Controls {
    socket: MediaSocket,
    /// Does the other end want any?
    wanted: bool,
    control: Control,
    /// Whose sound was heard when a packet came last.
    source: Option<u32>,
    /// When the next one of ours is due; nothing before the first slot.
    due: Option<Slot>,
    /// Which slots it looks in: not those of all other calls.
    phase: u64,
    random: u32,
}

impl Controls {
    /// `remote`: nothing where the other end named no address for them.
    pub(super) fn new(socket: UdpSocket, rule: SourceRule, remote: Option<SocketAddr>, ssrc: u32) -> Self {
        let (mut name, mut random) = ([0; 12], [0; 4]);
        chance(&mut name);
        chance(&mut random);
        Self {
            socket: MediaSocket::new(socket, rule, remote.unwrap_or(NOWHERE)),
            wanted: remote.is_some(),
            control: Control::new(ssrc, name),
            source: None,
            due: None,
            phase: u64::from(ssrc),
            // It would stay at nothing.
            random: u32::from_le_bytes(random) | 1,
        }
    }

    pub(super) fn retarget(&mut self, remote: Option<SocketAddr>, rule: SourceRule) {
        self.wanted = remote.is_some();
        self.socket.retarget(remote.unwrap_or(NOWHERE), rule);
    }

    /// Reads what came lately and sends what is due.
    pub(super) fn slot(&mut self, slot: Slot, leg: &mut Leg, buffer: &mut [u8]) {
        // The first comes soon, but not all calls' that began together at once (6.2).
        let due = *self.due.get_or_insert_with(|| Slot(slot.0 + u64::from(self.random) % EVERY_SLOTS));
        if (slot.0 + self.phase).is_multiple_of(LOOK_SLOTS) {
            self.read(slot, leg, buffer);
        }
        if slot >= due {
            self.send(slot, leg, false);
            self.due = Some(Slot(slot.0 + self.pause()));
        }
    }

    /// The call is over.
    pub(super) fn leave(&mut self, slot: Slot, leg: &mut Leg) {
        // Who never said anything has nobody to say goodbye to (6.3.7).
        if leg.sent().packets > 0 || leg.source().is_some() {
            self.send(slot, leg, true);
        }
    }

    /// What the other end said last about what it hears.
    pub(super) fn told(&self) -> Option<Told> {
        self.control.told()
    }

    fn read(&mut self, slot: Slot, leg: &Leg, buffer: &mut [u8]) {
        let Self { socket, control, source, .. } = self;
        let heard = leg.source();
        if *source != heard {
            *source = heard;
            control.other_source();
        }
        // What is none, or another's, is dropped without a word.
        let plausible = |bytes: &[u8]| sender_of(bytes).is_some();
        // A slot that can be divided by four is read to its end.
        socket.receive(0, buffer, plausible, |bytes| _ = control.receive(moment(slot), heard, bytes));
    }

    fn send(&mut self, slot: Slot, leg: &mut Leg, leaving: bool) {
        if !self.wanted {
            return;
        }
        let mut packet = [0; PACKET_BYTES];
        let length = self.control.write(moment(slot), leg.sent(), leg.report(), leaving, &mut packet);
        if let Some(packet @ [_, ..]) = packet.get(..length) {
            self.socket.send(packet);
        }
    }

    /// Half to one and a half of the interval, so that calls do not fall into step (6.3.1).
    fn pause(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        EVERY_SLOTS / 2 + u64::from(self.random) % EVERY_SLOTS
    }
}

/// Of the slot clock: the other end gets times that say nothing about ours (6.4.1 lets any beginning be).
fn moment(slot: Slot) -> Moment {
    Moment::from_ms(slot.0 * Slot::MS)
}

/// Five seconds.
const EVERY_SLOTS: u64 = 250;
/// A tenth of a second: by so much may the other end overestimate the way to us.
const LOOK_SLOTS: u64 = 5;
/// What the socket neither sends to nor hears.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use media::Sound;
    use media::codec::Codec;
    use media::g711::Law;
    use media::leg::LegConfig;
    use media::reception::Report;
    use media::rtcp::Sent;

    use super::*;
    use crate::config::Ports;
    use crate::io::socket;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OURS: u32 = 10;
    const THEIRS: u32 = 20;

    /// A call of ours and the other end's socket for control packets.
    struct Call {
        controls: Controls,
        leg: Leg,
        phone: UdpSocket,
        gateway: SocketAddr,
        their_leg: Leg,
        slot: u64,
    }

    fn leg(ssrc: u32) -> Leg {
        Leg::new(LegConfig {
            codec: Codec::Law(Law::A),
            payload_type: 8,
            events: None,
            events_clock_hz: 8_000,
            ptime_ms: 20,
            ssrc,
            first_seq: 1,
            first_timestamp: 0,
        })
    }

    fn bound() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    impl Call {
        fn new(wanted: bool) -> Self {
            let (phone, address) = bound();
            let ours = socket::open(LOCAL, Ports { first: 41_000, last: 41_999 }, address.port()).unwrap().control;
            let gateway = ours.local_addr().unwrap();
            let controls = Controls::new(ours, SourceRule::Exact, wanted.then_some(address), OURS);
            Self { controls, leg: leg(OURS), phone, gateway, their_leg: leg(THEIRS), slot: 0 }
        }

        /// Both speak; what ours told meanwhile.
        fn run(&mut self, slots: u64) -> Vec<Vec<u8>> {
            let mut told = Vec::new();
            for _ in 0..slots {
                let mut packet = [0; media::leg::PACKET_BYTES];
                let length = self.their_leg.packet(&[0xD5; 160], &mut packet);
                self.leg.receive(&packet[..length]);
                self.controls.slot(Slot(self.slot), &mut self.leg, &mut [0; 2048]);
                self.leg.take(&mut Sound::silence(false));
                self.leg.packet(&[0xD5; 160], &mut packet);
                self.slot += 1;
                told.extend(self.heard());
            }
            told
        }

        fn heard(&self) -> Option<Vec<u8>> {
            let mut buffer = [0; 2048];
            self.phone.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec())
        }

        /// Somebody tells us that a fourth is lost.
        fn complain(&self, from: &UdpSocket, ssrc: u32) {
            let heard = Report { ssrc: OURS, fraction_lost: 64, lost: 9, highest: 30, jitter: 5 };
            let sent = Sent { timestamp: 0, packets: 1, octets: 160 };
            let mut packet = [0; PACKET_BYTES];
            let length = Control::new(ssrc, [1; 12]).write(moment(Slot(0)), sent, Some(heard), false, &mut packet);
            from.send_to(&packet[..length], self.gateway).unwrap();
        }
    }

    #[test]
    fn a_minute_has_about_twelve_reports_that_come_unevenly_and_say_what_was_sent() {
        let mut call = Call::new(true);
        let mut slots = Vec::new();
        let mut reader = Control::new(THEIRS, [2; 12]);
        for _ in 0..3_000 {
            for packet in call.run(1) {
                assert_eq!(reader.receive(moment(Slot(0)), Some(OURS), &packet), Ok(()));
                slots.push(call.slot);
            }
        }
        assert!((8..=25).contains(&slots.len()), "{}", slots.len());
        let pauses: HashSet<_> = slots.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.iter().all(|pause| (125..375).contains(pause)) && pauses.len() > 2, "{pauses:?}");
        let told = reader.told().unwrap();
        assert_eq!((told.fraction_lost, told.lost, told.jitter), (0, 0, 0), "they are heard without a loss");
    }

    #[test]
    fn what_the_peer_complains_of_is_known_and_what_others_say_is_not() {
        let mut call = Call::new(true);
        call.run(10);
        let (stranger, _) = bound();
        call.complain(&stranger, THEIRS);
        call.complain(&call.phone, 77);
        call.phone.send_to(b"no control packet", call.gateway).unwrap();
        call.run(20);
        assert_eq!(call.controls.told(), None, "neither from elsewhere nor of another source");
        call.complain(&call.phone, THEIRS);
        call.run(20);
        assert_eq!(call.controls.told().unwrap().fraction_lost, 64);
    }

    #[test]
    fn the_end_is_said_once_something_was() {
        let mut call = Call::new(true);
        call.controls.leave(Slot(0), &mut call.leg);
        assert_eq!(call.heard(), None);
        call.run(1);
        call.controls.leave(Slot(1), &mut call.leg);
        let packets = std::iter::from_fn(|| call.heard()).collect::<Vec<_>>();
        let mut reader = Control::new(THEIRS, [2; 12]);
        reader.receive(moment(Slot(0)), Some(OURS), packets.last().unwrap()).unwrap();
        assert!(reader.left());
    }

    #[test]
    fn who_wants_none_gets_none_until_a_re_invite_names_an_address() {
        let mut call = Call::new(false);
        assert!(call.run(600).is_empty());
        call.controls.retarget(Some(call.phone.local_addr().unwrap()), SourceRule::Exact);
        assert!(!call.run(600).is_empty());
    }
}
