//! The RTP side of one call: packets in, one frame a slot out, and back.
//!
//! Feed [`Leg::receive`] every datagram, then call [`Leg::take`] and one of [`Leg::send`] and [`Leg::silent`] once a
//! slot, in this order.
//! Their packets may be as long as they like, 10 to 60 ms, whatever was agreed; ours are as long as they asked for.
//! What is wrong is named, dropped and changes nothing.
//! While a key is down, and until the sound from under it has passed, the caller is silent: digits never reach the room.
//!
//! Not here: which source a datagram may come from (`io`), SRTP, the packets that tell how it is heard (`rtcp`).

use crate::codec::Codec;
use crate::comfort::{self, Comfort};
use crate::dtmf::{Digit, Digits, NoEvent, Press};
use crate::jitter::{Counters, Put, Taken};
use crate::reception::{Reception, Report};
use crate::rtcp::Sent;
use crate::rtp::{self, HEADER_BYTES, Packet};
use crate::stream::Stream;
use crate::{SLOT_SAMPLES, Sound};

/// What the two ends agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegConfig {
    pub codec: Codec,
    /// Of sound, both ways.
    pub payload_type: u8,
    /// Of telephone events, both ways.
    pub events: Option<u8>,
    /// What the events' durations count. The codec's clock, but for those who send Opus and know events of 8000 Hz only.
    pub events_clock_hz: u32,
    /// Milliseconds of sound they want in a packet, 10 to 60. Opus is sent in 20 whatever they want: for it that is a wish.
    pub ptime_ms: u32,
    /// Ours.
    pub ssrc: u32,
    /// Below 2^15: a loss near the wrap kills SRTP.
    pub first_seq: u16,
    pub first_timestamp: u32,
}

/// What a datagram was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    Voice,
    /// Of a press. The digit when something became known; [`Leg::take`] may have more.
    Event(Option<Digit>),
    Ignored(Why),
}

/// Why a datagram was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    NotRtp,
    /// Neither the sound nor the events that were agreed on.
    PayloadType,
    /// From another synchronisation source, which must show two packets in a row.
    Ssrc,
    Late,
    Duplicate,
    /// No sound in it, or more than 60 ms, or no whole event.
    Length,
    /// A telephone event that is no key.
    NoKey,
    /// Of a press that was judged before, or one too many.
    Event,
}

/// One call's sound, both ways.
#[derive(Debug)]
pub struct Leg {
    config: LegConfig,
    /// Whose sound is heard, and how well it arrives.
    source: Option<Reception>,
    /// RTP units that passed here, one slot after the other.
    passed: u32,
    /// Another source that showed one packet, and the sequence number it must go on with.
    candidate: Option<(u32, u16)>,
    stream: Stream,
    comfort: Comfort,
    digits: Digits,
    /// RTP time until which the caller's sound lies under a key.
    under_key: Option<u32>,
    /// RTP time before which nothing of theirs is heard any more.
    hushed: Option<u32>,
    seq: u16,
    timestamp: u32,
    /// The next packet is the first after a silence.
    marker: bool,
    press: Option<Press>,
    /// Octets that wait for a packet longer than a slot.
    started: Started,
    sent_packets: u32,
    sent_octets: u32,
}

/// The beginning of a packet of ours.
#[derive(Debug)]
struct Started {
    octets: [u8; LONGEST_BYTES],
    length: usize,
}

impl Leg {
    #[must_use]
    pub fn new(config: LegConfig) -> Self {
        Self {
            config,
            source: None,
            passed: 0,
            candidate: None,
            stream: Stream::new(config.codec),
            comfort: Comfort::new(),
            digits: Digits::new(config.events_clock_hz),
            under_key: None,
            hushed: None,
            seq: config.first_seq,
            timestamp: config.first_timestamp,
            marker: true,
            press: None,
            started: Started { octets: [0; LONGEST_BYTES], length: 0 },
            sent_packets: 0,
            sent_octets: 0,
        }
    }

    /// The ends agreed anew (re-INVITE). Our source, sequence and time go on; theirs may be another.
    pub fn reconfigure(&mut self, agreed: LegConfig) {
        let LegConfig { ssrc, first_seq, first_timestamp, .. } = self.config;
        let before = std::mem::replace(&mut self.config, LegConfig { ssrc, first_seq, first_timestamp, ..agreed });
        if (before.codec, before.payload_type) != (agreed.codec, agreed.payload_type) {
            self.stream.change_to(agreed.codec);
            self.comfort.forget();
            self.started.length = 0;
        }
        self.source = None;
        self.candidate = None;
        self.under_key = None;
        self.digits.other_clock(agreed.events_clock_hz);
    }

    pub fn receive(&mut self, bytes: &[u8]) -> Received {
        let Some(packet) = rtp::parse(bytes) else { return Received::Ignored(Why::NotRtp) };
        let event = self.config.events == Some(packet.payload_type);
        let sound = packet.payload_type == self.config.payload_type;
        if !event && !sound && packet.payload_type != comfort::PAYLOAD_TYPE {
            return Received::Ignored(Why::PayloadType);
        }
        if !self.accept(packet.ssrc, packet.seq) {
            return Received::Ignored(Why::Ssrc);
        }
        if let Some(reception) = &mut self.source {
            let timestamp = (!event).then_some(packet.timestamp);
            reception.packet(packet.seq, timestamp, self.passed);
        }
        if event {
            self.receive_event(&packet)
        } else if sound {
            self.receive_voice(&packet)
        } else if self.comfort.receive(packet.payload) {
            Received::Voice
        } else {
            Received::Ignored(Why::Length)
        }
    }

    /// Once a slot, after the datagrams: what the caller says in it, and what a slot's passing made known of a key.
    ///
    /// `into` is at the codec's rate afterwards. On [`Taken::Nothing`] it is silence, or the noise of a line at rest if they
    /// announced it: nobody's voice.
    pub fn take(&mut self, into: &mut Sound) -> (Taken, Option<Digit>) {
        self.digits.slot_passed();
        self.passed = self.passed.wrapping_add(self.config.codec.slot_ticks());
        let digit = self.hear_news();
        let under = self.is_under_key() | self.is_hushed();
        let mut taken = self.stream.take(into);
        match taken {
            Taken::Voice | Taken::Concealed if under => {
                into.samples_mut().fill(0);
                // After the key there is often no sound for a moment: nothing of the tone may stand in for it.
                self.stream.forget_last();
                taken = Taken::Nothing;
            }
            Taken::Nothing if !under => self.comfort.fill(into.samples_mut()),
            Taken::Voice | Taken::Concealed | Taken::Nothing => {}
        }
        (taken, digit)
    }

    /// Nothing of what came so far is heard: it belongs to the time before a call was taken back from hold.
    pub fn hush_what_came(&mut self) {
        self.hushed = self.stream.newest();
    }

    /// Sends this slot: in a packet of its own, in parts of it, or together with slots to come, as they want it.
    ///
    /// `payload`: encoded in [`Self::codec`]; nothing in it is a slot in which nothing can be sent.
    pub fn send(&mut self, payload: &[u8], mut packet: impl FnMut(&[u8])) {
        let whole = match self.config.codec {
            Codec::Opus => payload.len(),
            Codec::Law(_) | Codec::G722 => (self.config.ptime_ms.clamp(SHORTEST_MS, LONGEST_MS) * OCTETS_A_MS) as usize,
        };
        let mut bytes = [0; HEADER_BYTES + LONGEST_BYTES];
        if payload.is_empty() {
            return self.silent();
        }
        if self.press.is_some() || (whole == payload.len() && self.started.length == 0) {
            self.started.length = 0;
            let length = self.packet(payload, &mut bytes);
            return packet(bytes.get(..length).unwrap_or_default());
        }
        for octet in payload {
            if let Some(place) = self.started.octets.get_mut(self.started.length) {
                *place = *octet;
                self.started.length += 1;
            }
            if self.started.length >= whole {
                let marker = std::mem::take(&mut self.marker);
                let octets = self.started.octets;
                let sound = octets.get(..whole).unwrap_or_default();
                let length =
                    rtp::write(&mut bytes, &self.ours(self.config.payload_type, marker, self.timestamp, sound));
                self.count(whole);
                self.timestamp = self.timestamp.wrapping_add(whole as u32);
                self.started.length = 0;
                packet(bytes.get(..length).unwrap_or_default());
            }
        }
    }

    /// Builds our packet of this slot and says its length; while a key of ours is down, it carries that instead.
    ///
    /// `payload`: 20 ms, encoded in [`Self::codec`]. [`Self::send`] is this with their wishes kept.
    pub fn packet(&mut self, payload: &[u8], into: &mut [u8]) -> usize {
        let event = self.press.as_mut().and_then(Iterator::next);
        let ends = self.press.is_some() && event.is_none();
        if ends {
            self.press = None;
        }
        let marker = match event {
            Some(event) => event.marker,
            // After a key, sound begins anew.
            None => std::mem::take(&mut self.marker) || ends,
        };
        let packet = match (&event, self.config.events) {
            (Some(event), Some(payload_type)) => self.ours(payload_type, marker, event.timestamp, &event.payload),
            (Some(_) | None, _) => self.ours(self.config.payload_type, marker, self.timestamp, payload),
        };
        let (length, octets) = (rtp::write(into, &packet), packet.payload.len());
        self.count(octets);
        self.timestamp = self.timestamp.wrapping_add(self.config.codec.slot_ticks());
        length
    }

    /// A slot in which we send nothing: our time goes on, our sequence does not, so that nobody counts a loss.
    pub fn silent(&mut self) {
        self.timestamp = self.timestamp.wrapping_add(self.config.codec.slot_ticks());
        self.marker = true;
        self.started.length = 0;
    }

    /// For telephones: the following packets are this key, until it is up. False when there is none such, one is down, or no
    /// events were agreed on.
    pub fn press(&mut self, digit: char, ms: u32) -> bool {
        if self.press.is_some() || self.config.events.is_none() {
            return false;
        }
        self.press = Press::new(digit, self.timestamp, ms, self.config.events_clock_hz);
        self.press.is_some()
    }

    /// Whether a key of ours is down.
    #[must_use]
    pub const fn pressing(&self) -> bool {
        self.press.is_some()
    }

    /// How many ticks of the codec's clock after the beginning of the slot that [`Self::take`] gives next this RTP time of an
    /// event is played; negative when it was. Nothing while no sound ever came: then it is now.
    ///
    /// The answer may be told as a slot: until that slot was taken, the buffer becomes neither deeper nor shallower, and
    /// nothing that was said before that time is played after it.
    #[must_use]
    pub fn promise(&mut self, timestamp: u32) -> Option<i32> {
        self.stream.promise(timestamp)
    }

    /// What we sent so far, as of the slot that is sent next.
    #[must_use]
    pub const fn sent(&self) -> Sent {
        // Each octet that waits is a tick.
        let timestamp = self.timestamp.wrapping_add(self.started.length as u32);
        Sent { timestamp, packets: self.sent_packets, octets: self.sent_octets }
    }

    /// Whose sound is heard.
    #[must_use]
    pub fn source(&self) -> Option<u32> {
        self.source.as_ref().map(Reception::ssrc)
    }

    /// How well it arrived since this was asked last.
    pub fn report(&mut self) -> Option<Report> {
        self.source.as_mut().map(Reception::report)
    }

    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.config.codec
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        self.stream.counters()
    }

    fn receive_voice(&mut self, packet: &Packet<'_>) -> Received {
        match self.stream.put(packet.timestamp, packet.payload) {
            Put::Kept => {
                self.comfort.forget();
                Received::Voice
            }
            Put::Late => Received::Ignored(Why::Late),
            Put::Duplicate => Received::Ignored(Why::Duplicate),
            Put::Length => Received::Ignored(Why::Length),
        }
    }

    fn receive_event(&mut self, packet: &Packet<'_>) -> Received {
        match self.digits.receive(packet.timestamp, packet.payload) {
            Ok(()) => Received::Event(self.hear_news()),
            Err(NoEvent::Short) => Received::Ignored(Why::Length),
            Err(NoEvent::NoKey) => Received::Ignored(Why::NoKey),
            Err(NoEvent::Over | NoEvent::TooMany) => Received::Ignored(Why::Event),
        }
    }

    fn hear_news(&mut self) -> Option<Digit> {
        let news = self.digits.news()?;
        let digit = self.in_time_of_sound(news);
        match digit {
            Digit::Began { timestamp, .. } => self.stream.key_began(timestamp),
            Digit::Ended { timestamp, .. } => self.under_key = Some(timestamp),
        }
        Some(digit)
    }

    /// When events count another clock than sound, the two have no common time: a key is then where the sound ends that came
    /// before it was known, so that nothing said earlier is taken for later.
    fn in_time_of_sound(&self, digit: Digit) -> Digit {
        if self.config.events_clock_hz == self.config.codec.clock_hz() {
            return digit;
        }
        match (digit, self.stream.newest()) {
            (Digit::Began { digit, .. }, Some(timestamp)) => Digit::Began { digit, timestamp },
            (Digit::Ended { digit, .. }, Some(timestamp)) => Digit::Ended { digit, timestamp },
            (Digit::Began { .. } | Digit::Ended { .. }, None) => digit,
        }
    }

    /// Some telephones send the tone as sound too, and all have sent a little of it before they knew it as a key. That is
    /// still in the buffer when the first event comes, so the caller is silent from then on.
    fn is_under_key(&mut self) -> bool {
        if self.digits.pressing() {
            return true;
        }
        let under = self.is_ahead(self.under_key);
        if !under {
            self.under_key = None;
        }
        under
    }

    fn is_hushed(&mut self) -> bool {
        let hushed = self.is_ahead(self.hushed);
        if !hushed {
            self.hushed = None;
        }
        hushed
    }

    /// Is the slot that is taken now before this RTP time?
    fn is_ahead(&self, end: Option<u32>) -> bool {
        let most = MOST_AHEAD_SLOTS * self.config.codec.slot_ticks().cast_signed();
        end.and_then(|end| self.stream.ticks_until(end)).is_some_and(|until| (1..=most).contains(&until))
    }

    /// RFC 3550 appendix A.1 wants two packets in a row of a new source; the first source of a call is believed at once,
    /// because the source rule has looked at its address.
    fn accept(&mut self, ssrc: u32, seq: u16) -> bool {
        if self.source() == Some(ssrc) {
            self.candidate = None;
            return true;
        }
        if self.source.is_some() && self.candidate != Some((ssrc, seq)) {
            self.candidate = Some((ssrc, seq.wrapping_add(1)));
            return false;
        }
        if self.source.is_some() {
            self.stream.forget();
            self.comfort.forget();
            self.digits.other_clock(self.config.events_clock_hz);
            self.under_key = None;
        }
        self.source = Some(Reception::new(ssrc, seq));
        self.candidate = None;
        true
    }

    /// A packet of ours is packed.
    const fn count(&mut self, octets: usize) {
        self.seq = self.seq.wrapping_add(1);
        self.sent_packets = self.sent_packets.wrapping_add(1);
        self.sent_octets = self.sent_octets.wrapping_add(octets as u32);
    }

    const fn ours<'a>(&self, payload_type: u8, marker: bool, timestamp: u32, payload: &'a [u8]) -> Packet<'a> {
        Packet { payload_type, marker, seq: self.seq, timestamp, ssrc: self.config.ssrc, payload }
    }
}

/// Header and one slot.
pub const PACKET_BYTES: usize = HEADER_BYTES + SLOT_SAMPLES;

const SHORTEST_MS: u32 = 10;
const LONGEST_MS: u32 = 60;
/// Of G.711 and of G.722, which have a tick of 8000 Hz for each.
const OCTETS_A_MS: u32 = 8;
const LONGEST_BYTES: usize = (LONGEST_MS * OCTETS_A_MS) as usize;

/// 200 ms: no sound that is still to be played is further ahead.
const MOST_AHEAD_SLOTS: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Coded;
    use crate::codec::Encoder;
    use crate::g711::{self, Law};
    use crate::tone;
    use proptest::prelude::*;

    fn config(law: Law, ssrc: u32) -> LegConfig {
        let payload_type = if law == Law::A { 8 } else { 0 };
        LegConfig {
            codec: Codec::Law(law),
            payload_type,
            events: Some(101),
            events_clock_hz: 8_000,
            ptime_ms: 20,
            ssrc,
            first_seq: 100,
            first_timestamp: u32::MAX - 1_000,
        }
    }

    fn pair() -> (Leg, Leg) {
        (Leg::new(config(Law::A, 1)), Leg::new(config(Law::A, 2)))
    }

    fn coded(sample: i16) -> Coded {
        let mut coded = [0; 160];
        g711::encode(Law::A, &[sample; 160], &mut coded);
        coded
    }

    fn send(from: &mut Leg, sample: i16) -> Vec<u8> {
        let mut bytes = [0; PACKET_BYTES];
        let length = from.packet(&coded(sample), &mut bytes);
        bytes[..length].to_vec()
    }

    fn take(leg: &mut Leg) -> (Taken, i16, Option<Digit>) {
        let mut sound = Sound::Narrow([1; 160]);
        let (taken, digit) = leg.take(&mut sound);
        (taken, sound.samples()[80], digit)
    }

    #[test]
    fn what_one_leg_packs_the_other_plays() {
        let (mut phone, mut leg) = pair();
        for n in 0..50 {
            assert_eq!(leg.receive(&send(&mut phone, 1_000)), Received::Voice);
            let (taken, sample, _) = take(&mut leg);
            if n >= 1 {
                assert_eq!((taken, sample), (Taken::Voice, 1_008));
            }
        }
    }

    #[test]
    fn wrong_packets_are_named_and_change_nothing() {
        let (mut phone, mut leg) = pair();
        for _ in 0..5 {
            leg.receive(&send(&mut phone, 1_000));
            take(&mut leg);
        }
        assert_eq!(leg.receive(b"\x00\x01\x00\x00stun?"), Received::Ignored(Why::NotRtp));
        assert_eq!(leg.receive(&[]), Received::Ignored(Why::NotRtp));
        let mut bytes = send(&mut Leg::new(config(Law::Mu, 1)), 9_000);
        assert_eq!(leg.receive(&bytes), Received::Ignored(Why::PayloadType));
        bytes = send(&mut Leg::new(config(Law::A, 77)), 9_000);
        assert_eq!(leg.receive(&bytes), Received::Ignored(Why::Ssrc));
        bytes = send(&mut phone.clone_for_test(), 1_000);
        bytes.truncate(12);
        assert_eq!(leg.receive(&bytes), Received::Ignored(Why::Length));
        let bytes = send(&mut phone, 1_000);
        assert_eq!(leg.receive(&bytes), Received::Voice);
        assert_eq!(leg.receive(&bytes), Received::Ignored(Why::Duplicate));
        assert_eq!(take(&mut leg), (Taken::Voice, 1_008, None));
    }

    impl Leg {
        fn clone_for_test(&self) -> Self {
            let mut leg = Self::new(self.config);
            (leg.seq, leg.timestamp) = (self.seq, self.timestamp);
            leg
        }
    }

    #[test]
    fn another_source_is_believed_after_two_packets_in_a_row() {
        let (mut phone, mut leg) = pair();
        leg.receive(&send(&mut phone, 1_000));
        let mut other = Leg::new(config(Law::A, 77));
        assert_eq!(leg.receive(&send(&mut other, 500)), Received::Ignored(Why::Ssrc));
        assert_eq!(leg.receive(&send(&mut phone, 1_000)), Received::Voice, "the first is still there");
        assert_eq!(leg.receive(&send(&mut other, 500)), Received::Ignored(Why::Ssrc), "so the other begins anew");
        assert_eq!(leg.receive(&send(&mut other, 500)), Received::Voice);
        assert_eq!(leg.receive(&send(&mut phone, 1_000)), Received::Ignored(Why::Ssrc));
        for _ in 0..5 {
            leg.receive(&send(&mut other, 500));
            assert_ne!(take(&mut leg).1, 1_008, "nothing of the first is played");
        }
    }

    #[test]
    fn two_packets_of_another_source_that_are_not_in_a_row_are_not_believed() {
        let (mut phone, mut leg) = pair();
        leg.receive(&send(&mut phone, 1_000));
        let mut other = Leg::new(config(Law::A, 77));
        for _ in 0..5 {
            assert_eq!(leg.receive(&send(&mut other, 500)), Received::Ignored(Why::Ssrc));
            send(&mut other, 500);
        }
    }

    /// The telephone sends the tone beside the events, and nothing while it says the end again.
    #[test]
    fn nothing_of_a_key_that_can_be_heard_stands_in_for_what_is_missing_after_it() {
        for codec in [Codec::Law(Law::A), Codec::G722, Codec::Opus] {
            let clock = codec.clock_hz();
            let config = LegConfig { codec, events_clock_hz: clock, ..config(Law::A, 2) };
            let (mut phone, mut leg, mut encoder) = (Leg::new(config), Leg::new(config), Encoder::new(codec));
            let (mut seq, mut loudest) = (0_u16, 0);
            for slot in 0..60_u32 {
                if slot == 20 {
                    assert!(phone.press('4', 100));
                }
                let down = (20..25).contains(&slot);
                let mut sound = Sound::silence(codec.is_wide());
                if down {
                    let rate = sound.rate_hz();
                    let samples = sound.samples_mut();
                    let first = u64::from(slot) * samples.len() as u64;
                    tone::sine_at(770.0, -16.0, rate, first, samples);
                }
                let mut octets = [0; 160];
                let length = encoder.encode(sound.samples(), &mut octets);
                let timestamp = phone.timestamp;
                let mut number = |bytes: &[u8]| {
                    let mut bytes = bytes.to_vec();
                    bytes[2..4].copy_from_slice(&seq.to_be_bytes());
                    seq += 1;
                    bytes
                };
                let mut sent = Vec::new();
                phone.send(&octets[..length], |bytes| sent.push(number(bytes)));
                if down {
                    let beside = Packet {
                        payload_type: 8,
                        marker: false,
                        seq: 0,
                        timestamp,
                        ssrc: 2,
                        payload: &octets[..length],
                    };
                    let mut bytes = [0; PACKET_BYTES];
                    let length = rtp::write(&mut bytes, &beside);
                    sent.push(number(&bytes[..length]));
                }
                for bytes in sent {
                    leg.receive(&bytes);
                }
                leg.take(&mut sound);
                loudest = sound.samples().iter().map(|sample| sample.unsigned_abs()).fold(loudest, u16::max);
            }
            // The tone is 7,300; what G.722 still says is how coarse its steps were.
            assert!(loudest < 300, "{codec:?}: {loudest}");
        }
    }

    #[test]
    fn sound_after_a_key_begins_with_a_marker() {
        let (mut phone, _) = pair();
        send(&mut phone, 0);
        phone.press('1', 40);
        let sent: Vec<_> = (0..6).map(|_| send(&mut phone, 0)).collect();
        let seen: Vec<_> =
            sent.iter().map(|bytes| rtp::parse(bytes).unwrap()).map(|p| (p.payload_type, p.marker)).collect();
        assert_eq!(seen, [(101, true), (101, false), (101, false), (101, false), (8, true), (8, false)]);
    }

    #[test]
    fn a_press_arrives_once_and_nothing_of_it_is_heard() {
        let (mut phone, mut leg) = pair();
        for _ in 0..10 {
            leg.receive(&send(&mut phone, 1_000));
            take(&mut leg);
        }
        assert!(phone.press('5', 100));
        assert!(!phone.press('6', 100), "one key at a time");
        let mut digits = Vec::new();
        // Five slots it is down, and one waits before it.
        for _ in 0..6 {
            if let Received::Event(digit) = leg.receive(&send(&mut phone, 1_000)) {
                digits.extend(digit);
            }
            // A telephone that sends the tone as sound as well.
            let mut tone = phone.clone_for_test();
            leg.receive(&send(&mut tone, 20_000));
            let (taken, sample, digit) = take(&mut leg);
            digits.extend(digit);
            assert_eq!((taken, sample), (Taken::Nothing, 0));
        }
        let [Digit::Began { digit: '5', timestamp: began }, Digit::Ended { digit: '5', timestamp: ended }] = digits[..]
        else {
            panic!("{digits:?}");
        };
        assert_eq!(ended.wrapping_sub(began), 800);
        let mut voices = 0;
        for _ in 0..10 {
            leg.receive(&send(&mut phone, 1_000));
            let (taken, sample, digit) = take(&mut leg);
            assert_eq!(digit, None);
            assert!(taken != Taken::Voice || sample == 1_008 || sample > 19_000);
            voices += u32::from((taken, sample) == (Taken::Voice, 1_008));
        }
        assert!(voices >= 7, "the voice is back: {voices}");
    }

    /// A gateway that hears tones: each key is sound until it is known as one, 40 ms later, dated back to its beginning.
    #[test]
    fn who_makes_keys_known_after_their_sound_is_heard_with_the_first_and_with_no_other() {
        let (mut phone, mut leg) = pair();
        let mut heard = Vec::new();
        for slot in 0..900_u32 {
            // The first after two seconds, when what comes is played at once.
            let into_key = (slot % 100).wrapping_sub(50);
            let is_down = slot > 200 && into_key < 5;
            let beside = send(&mut phone, if is_down { 20_000 } else { 1_000 });
            if is_down && into_key >= 2 {
                let sound = rtp::parse(&beside).unwrap();
                let timestamp = sound.timestamp.wrapping_sub(into_key * 160);
                let end = if into_key == 4 { 0x8A } else { 0x0A };
                let [high, low] = ((into_key as u16 + 1) * 160).to_be_bytes();
                let event = Packet { payload_type: 101, timestamp, payload: &[5, end, high, low], ..sound };
                let mut bytes = [0; PACKET_BYTES];
                let length = rtp::write(&mut bytes, &event);
                if let Received::Event(Some(Digit::Began { timestamp, .. } | Digit::Ended { timestamp, .. })) =
                    leg.receive(&bytes[..length])
                {
                    let _ = leg.promise(timestamp);
                }
            }
            leg.receive(&beside);
            if take(&mut leg).1 > 10_000 {
                heard.push(slot);
            }
        }
        assert_eq!(heard, [250, 251], "of seven keys");
    }

    #[test]
    fn a_press_whose_ends_are_lost_ends_by_time() {
        let (mut phone, mut leg) = pair();
        leg.receive(&send(&mut phone, 1_000));
        phone.press('9', 100);
        assert!(matches!(leg.receive(&send(&mut phone, 0)), Received::Event(Some(Digit::Began { digit: '9', .. }))));
        let ended = (0..5).find_map(|_| take(&mut leg).2);
        assert!(matches!(ended, Some(Digit::Ended { digit: '9', .. })));
    }

    #[test]
    fn the_time_of_a_key_is_known_in_slots_to_come() {
        let (mut phone, mut leg) = pair();
        for _ in 0..10 {
            leg.receive(&send(&mut phone, 1_000));
            take(&mut leg);
        }
        phone.press('1', 100);
        let Received::Event(Some(Digit::Began { timestamp, .. })) = leg.receive(&send(&mut phone, 0)) else { panic!() };
        assert_eq!(leg.promise(timestamp), Some(160), "a slot of sound is waiting before it");
    }

    #[test]
    fn a_key_whose_clock_is_another_than_the_sounds_is_pressed_after_what_was_said_before_it() {
        let events = |ssrc| LegConfig { codec: Codec::Opus, payload_type: 111, ..config(Law::A, ssrc) };
        let (mut phone, mut leg) = (Leg::new(events(1)), Leg::new(events(2)));
        let mut encoder = crate::codec::Encoder::new(Codec::Opus);
        let mut coded = [0; SLOT_SAMPLES];
        let mut packets = Vec::new();
        for _ in 0..10 {
            let length = encoder.encode(&[500; crate::WIDE_SLOT_SAMPLES], &mut coded);
            phone.send(&coded[..length], |bytes| packets.push(bytes.to_vec()));
            packets.drain(..).for_each(|bytes| _ = leg.receive(&bytes));
            leg.take(&mut Sound::silence(true));
        }
        phone.press('1', 60);
        let mut told = Vec::new();
        for _ in 0..8 {
            phone.send(&coded[..40], |bytes| packets.push(bytes.to_vec()));
            for bytes in packets.drain(..) {
                let Received::Event(Some(digit)) = leg.receive(&bytes) else { continue };
                let (Digit::Began { timestamp, .. } | Digit::Ended { timestamp, .. }) = digit;
                told.push(leg.promise(timestamp).unwrap());
            }
        }
        assert!(told.len() == 2 && told.iter().all(|ticks| *ticks >= 960), "a slot waits: {told:?}");
    }

    #[test]
    fn our_time_goes_on_in_silence_and_our_sequence_does_not() {
        let (mut phone, _) = pair();
        let first = send(&mut phone, 0);
        let second = send(&mut phone, 0);
        phone.silent();
        phone.silent();
        let third = send(&mut phone, 0);
        let [first, second, third] = [&first, &second, &third].map(|bytes| rtp::parse(bytes).unwrap());
        assert_eq!((first.seq, second.seq, third.seq), (100, 101, 102));
        assert_eq!(second.timestamp.wrapping_sub(first.timestamp), 160);
        assert_eq!(third.timestamp.wrapping_sub(second.timestamp), 480);
        assert_eq!((first.marker, second.marker, third.marker), (true, false, true));
    }

    #[test]
    fn a_loss_fades_and_ends_in_silence() {
        let (mut phone, mut leg) = pair();
        for _ in 0..3 {
            leg.receive(&send(&mut phone, 8_000));
            take(&mut leg);
        }
        let mut last = i16::MAX;
        assert_eq!(take(&mut leg).0, Taken::Voice);
        for _ in 0..3 {
            let (taken, sample, _) = take(&mut leg);
            assert_eq!(taken, Taken::Concealed);
            assert!(sample < last && sample > 0);
            last = sample;
        }
        assert_eq!(take(&mut leg), (Taken::Nothing, 0, None));
    }

    #[test]
    fn a_reinvite_changes_the_codec_and_keeps_our_stream() {
        let (mut phone, mut leg) = pair();
        leg.receive(&send(&mut phone, 1_000));
        let before = send(&mut leg, 0);
        leg.reconfigure(LegConfig { events: None, ..config(Law::Mu, 3) });
        assert_eq!(leg.codec(), Codec::Law(Law::Mu));
        let after = send(&mut leg, 0);
        let [before, after] = [&before, &after].map(|bytes| rtp::parse(bytes).unwrap());
        assert_eq!((before.payload_type, after.payload_type), (8, 0));
        assert_eq!((after.ssrc, after.seq), (before.ssrc, before.seq + 1));
        assert_eq!(leg.receive(&send(&mut phone, 1_000)), Received::Ignored(Why::PayloadType));
        let mut other = Leg::new(config(Law::Mu, 99));
        assert_eq!(leg.receive(&send(&mut other, 1_000)), Received::Voice, "the new stream may have a new source");
    }

    fn wide(codec: Codec) -> LegConfig {
        let (payload_type, events_clock_hz) = if codec == Codec::Opus { (111, 48_000) } else { (9, 8_000) };
        LegConfig { codec, payload_type, events_clock_hz, ..config(Law::A, 5) }
    }

    fn says(hz: f32, slot: u64) -> [i16; 320] {
        let mut frame = [0; 320];
        crate::tone::sine_at(hz, -20.0, 16_000, slot * 320, &mut frame);
        frame
    }

    #[test]
    fn wide_codecs_carry_what_a_narrow_line_cannot() {
        for codec in [Codec::G722, Codec::Opus] {
            let (mut phone, mut leg) = (Leg::new(wide(codec)), Leg::new(wide(codec)));
            let mut encoder = Encoder::new(codec);
            let (mut heard, mut sound) = (Vec::new(), Sound::silence(false));
            for slot in 0..60 {
                let mut coded = [0; 160];
                let length = encoder.encode(&says(5_000.0, slot), &mut coded);
                phone.send(&coded[..length], |bytes| assert_eq!(leg.receive(bytes), Received::Voice));
                leg.take(&mut sound);
                heard.extend_from_slice(sound.samples());
            }
            let level = crate::tone::dbov_at(5_000.0, 16_000, &heard[9_600..]);
            assert!(level > -23.0, "{codec:?}: {level}");
        }
    }

    #[test]
    fn a_press_on_an_opus_line_counts_its_own_clock() {
        let (mut phone, mut leg) = (Leg::new(wide(Codec::Opus)), Leg::new(wide(Codec::Opus)));
        let mut encoder = Encoder::new(Codec::Opus);
        let (mut digits, mut sound) = (Vec::new(), Sound::silence(true));
        for slot in 0..40 {
            if slot == 10 {
                assert!(phone.press('5', 200));
            }
            let mut coded = [0; 160];
            let length = encoder.encode(&says(400.0, slot), &mut coded);
            phone.send(&coded[..length], |bytes| {
                if let Received::Event(digit) = leg.receive(bytes) {
                    digits.extend(digit);
                }
            });
            digits.extend(leg.take(&mut sound).1);
        }
        let [Digit::Began { digit: '5', timestamp: began }, Digit::Ended { digit: '5', timestamp: ended }] = digits[..]
        else {
            panic!("{digits:?}");
        };
        assert_eq!(ended.wrapping_sub(began), 9_600);
    }

    #[test]
    fn packets_are_as_long_as_they_want_and_any_length_is_played() {
        for ptime_ms in [10, 20, 30, 40, 60] {
            let mut phone = Leg::new(LegConfig { ptime_ms, ..config(Law::A, 1) });
            let (_, mut leg) = pair();
            let (mut stamps, mut voices) = (Vec::new(), 0);
            for _ in 0..60 {
                phone.send(&coded(1_000), |bytes| {
                    let packet = rtp::parse(bytes).unwrap();
                    assert_eq!(packet.payload.len() as u32, ptime_ms * 8);
                    stamps.push(packet.timestamp);
                    assert_eq!(leg.receive(bytes), Received::Voice);
                });
                voices += u32::from(take(&mut leg).0 == Taken::Voice);
            }
            assert_eq!(stamps.len() as u32, 60 * 20 / ptime_ms);
            assert!(stamps.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == ptime_ms * 8));
            assert!(voices >= 55, "{ptime_ms} ms: {voices}");
        }
    }

    #[test]
    fn comfort_noise_fills_a_pause_is_nobodys_voice_and_ends_with_it() {
        let (mut phone, mut leg) = pair();
        for _ in 0..5 {
            leg.receive(&send(&mut phone, 1_000));
            take(&mut leg);
        }
        let mut noise = [0; 20];
        let announced = Packet { payload_type: 13, payload: &[50], ..rtp::parse(&send(&mut phone, 0)).unwrap() };
        let length = rtp::write(&mut noise, &announced);
        assert_eq!(leg.receive(&noise[..length]), Received::Voice);
        let mut sound = Sound::silence(false);
        for _ in 0..8 {
            leg.take(&mut sound);
        }
        assert_eq!(leg.take(&mut sound).0, Taken::Nothing);
        let level = crate::level::dbov(sound.samples());
        assert!((level + 50.0).abs() < 2.0, "{level}");
        for _ in 0..9 {
            phone.silent();
        }
        for _ in 0..5 {
            leg.receive(&send(&mut phone, 1_000));
            take(&mut leg);
        }
        for _ in 0..8 {
            leg.take(&mut sound);
        }
        assert_eq!(sound, Sound::silence(false));
    }

    proptest! {
        #[test]
        fn no_datagram_makes_a_leg_panic(
            datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..100),
        ) {
            let (_, mut leg) = pair();
            for mut bytes in datagrams {
                if let Some([first, second, ..]) = bytes.get_mut(..2) {
                    *first = *first & 0x3F | 0x80;
                    *second = if *second & 1 == 0 { 8 } else { 101 };
                }
                leg.receive(&bytes);
                take(&mut leg);
            }
        }
    }
}
