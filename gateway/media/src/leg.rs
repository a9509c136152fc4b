//! The RTP side of one call: packets in, one frame a slot out, and back.
//!
//! Feed [`Leg::receive`] every datagram, then call [`Leg::take`] and one of [`Leg::packet`] and [`Leg::silent`] once a
//! slot, in this order.
//! What is wrong is named, dropped and changes nothing.
//! While a key is down, and until the sound from under it has passed, the caller is silent: digits never reach the room.
//!
//! Not here: which source a datagram may come from (`io`), SRTP, RTCP.

use crate::dtmf::{Digit, Digits, NoEvent, Press};
use crate::g711::{self, Law};
use crate::jitter::{Counters, DEPTH_SLOTS, Jitter, Put, Taken};
use crate::rtp::{self, HEADER_BYTES, Packet};
use crate::{Coded, Frame, SILENCE, SLOT_SAMPLES};

/// What the two ends agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegConfig {
    pub law: Law,
    /// Of sound, both ways.
    pub payload_type: u8,
    /// Of telephone events, both ways.
    pub events: Option<u8>,
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
    source: Option<u32>,
    /// Another source that showed one packet, and the sequence number it must go on with.
    candidate: Option<(u32, u16)>,
    jitter: Jitter,
    digits: Digits,
    /// RTP time until which the caller's sound lies under a key.
    under_key: Option<u32>,
    seq: u16,
    timestamp: u32,
    /// The next packet is the first after a silence.
    marker: bool,
    press: Option<Press>,
}

impl Leg {
    #[must_use]
    pub fn new(config: LegConfig) -> Self {
        Self {
            config,
            source: None,
            candidate: None,
            jitter: jitter(config.law),
            digits: Digits::new(),
            under_key: None,
            seq: config.first_seq,
            timestamp: config.first_timestamp,
            marker: true,
            press: None,
        }
    }

    /// The ends agreed anew (re-INVITE). Our source, sequence and time go on; theirs may be another.
    pub fn reconfigure(&mut self, law: Law, payload_type: u8, events: Option<u8>) {
        let before = (self.config.law, self.config.payload_type);
        self.config = LegConfig { law, payload_type, events, ..self.config };
        if before != (law, payload_type) {
            self.jitter = jitter(law);
        }
        self.source = None;
        self.candidate = None;
        self.digits.other_clock();
    }

    pub fn receive(&mut self, bytes: &[u8]) -> Received {
        let Some(packet) = rtp::parse(bytes) else { return Received::Ignored(Why::NotRtp) };
        let event = self.config.events == Some(packet.payload_type);
        if !event && packet.payload_type != self.config.payload_type {
            return Received::Ignored(Why::PayloadType);
        }
        if !self.accept(packet.ssrc, packet.seq) {
            return Received::Ignored(Why::Ssrc);
        }
        if event { self.receive_event(&packet) } else { self.receive_voice(&packet) }
    }

    /// Once a slot, after the datagrams: what the caller says in it, and what a slot's passing made known of a key.
    ///
    /// `into` is silence on [`Taken::Nothing`].
    pub fn take(&mut self, into: &mut Frame) -> (Taken, Option<Digit>) {
        self.digits.slot_passed();
        let digit = self.hear_news();
        let under = self.is_under_key();
        let mut coded = [0; SLOT_SAMPLES];
        let taken = self.jitter.take(&mut coded);
        match taken {
            Taken::Voice | Taken::Concealed if under => {
                *into = SILENCE;
                (Taken::Nothing, digit)
            }
            Taken::Voice => {
                g711::decode(self.config.law, &coded, into);
                (taken, digit)
            }
            Taken::Concealed => {
                g711::decode(self.config.law, &coded, into);
                fade(self.jitter.missing(), into);
                (taken, digit)
            }
            Taken::Nothing => {
                *into = SILENCE;
                (taken, digit)
            }
        }
    }

    /// Builds our packet of this slot and says its length; while a key of ours is down, it carries that instead.
    ///
    /// `payload`: encoded in [`Self::law`].
    pub fn packet(&mut self, payload: &Coded, into: &mut [u8; PACKET_BYTES]) -> usize {
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
        let length = rtp::write(into, &packet);
        self.seq = self.seq.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(SLOT_SAMPLES as u32);
        length
    }

    /// A slot in which we send nothing: our time goes on, our sequence does not, so that nobody counts a loss.
    pub fn silent(&mut self) {
        self.timestamp = self.timestamp.wrapping_add(SLOT_SAMPLES as u32);
        self.marker = true;
    }

    /// For telephones: the following packets are this key, until it is up. False when there is none such, one is down, or no
    /// events were agreed on.
    pub fn press(&mut self, digit: char, ms: u32) -> bool {
        if self.press.is_some() || self.config.events.is_none() {
            return false;
        }
        self.press = Press::new(digit, self.timestamp, ms);
        self.press.is_some()
    }

    /// Whether a key of ours is down.
    #[must_use]
    pub const fn pressing(&self) -> bool {
        self.press.is_some()
    }

    /// How many samples after the beginning of the slot that [`Self::take`] gives next this RTP time of the caller is played;
    /// negative when it was. Nothing while no sound ever came: then it is now.
    #[must_use]
    pub fn samples_until(&self, timestamp: u32) -> Option<i32> {
        self.jitter.samples_until(timestamp)
    }

    #[must_use]
    pub const fn law(&self) -> Law {
        self.config.law
    }

    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.jitter.counters()
    }

    fn receive_voice(&mut self, packet: &Packet<'_>) -> Received {
        match self.jitter.put(packet.timestamp, packet.payload) {
            Put::Kept => Received::Voice,
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
        let digit = self.digits.news()?;
        if let Digit::Ended { timestamp, .. } = digit {
            self.under_key = Some(timestamp);
        }
        Some(digit)
    }

    /// Some telephones send the tone as sound too, and all have sent a little of it before they knew it as a key. That is
    /// still in the buffer when the first event comes, so the caller is silent from then on.
    fn is_under_key(&mut self) -> bool {
        if self.digits.pressing() {
            return true;
        }
        let under = self
            .under_key
            .and_then(|end| self.samples_until(end))
            .is_some_and(|until| (1..=MOST_UNDER_KEY).contains(&until));
        if !under {
            self.under_key = None;
        }
        under
    }

    /// RFC 3550 appendix A.1 wants two packets in a row of a new source; the first source of a call is believed at once,
    /// because the source rule has looked at its address.
    fn accept(&mut self, ssrc: u32, seq: u16) -> bool {
        if self.source == Some(ssrc) {
            self.candidate = None;
            return true;
        }
        if self.source.is_some() && self.candidate != Some((ssrc, seq)) {
            self.candidate = Some((ssrc, seq.wrapping_add(1)));
            return false;
        }
        if self.source.is_some() {
            self.jitter.forget();
            self.digits.other_clock();
            self.under_key = None;
        }
        self.source = Some(ssrc);
        self.candidate = None;
        true
    }

    const fn ours<'a>(&self, payload_type: u8, marker: bool, timestamp: u32, payload: &'a [u8]) -> Packet<'a> {
        Packet { payload_type, marker, seq: self.seq, timestamp, ssrc: self.config.ssrc, payload }
    }
}

fn jitter(law: Law) -> Jitter {
    Jitter::new(DEPTH_SLOTS, g711::silence(law))
}

/// Lets repeated sound die away within the three slots of a run, so that a loss is no robot and its end no click.
fn fade(missing: u8, frame: &mut Frame) {
    let (from, to) = match missing {
        0 => return,
        1 => (256, 192),
        2 => (192, 96),
        3.. => (96, 0),
    };
    for (n, sample) in (0..).zip(frame) {
        let gain = from + (to - from) * n / SLOT_SAMPLES as i32;
        *sample = (i32::from(*sample) * gain / 256) as i16;
    }
}

/// Header and 20 ms of G.711.
pub const PACKET_BYTES: usize = HEADER_BYTES + SLOT_SAMPLES;

/// 200 ms: no sound that is still to be played is further ahead.
const MOST_UNDER_KEY: i32 = 1_600;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn config(law: Law, ssrc: u32) -> LegConfig {
        let payload_type = if law == Law::A { 8 } else { 0 };
        LegConfig { law, payload_type, events: Some(101), ssrc, first_seq: 100, first_timestamp: u32::MAX - 1_000 }
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
        let mut frame = [1; 160];
        let (taken, digit) = leg.take(&mut frame);
        (taken, frame[80], digit)
    }

    #[test]
    fn what_one_leg_packs_the_other_plays() {
        let (mut phone, mut leg) = pair();
        for n in 0..50 {
            assert_eq!(leg.receive(&send(&mut phone, 1_000)), Received::Voice);
            let (taken, sample, _) = take(&mut leg);
            if n >= 2 {
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
        for _ in 0..7 {
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
        assert_eq!(leg.samples_until(timestamp), Some(2 * 160), "two slots of sound are waiting before it");
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
        for _ in 0..2 {
            assert_eq!(take(&mut leg).0, Taken::Voice);
        }
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
        leg.reconfigure(Law::Mu, 0, None);
        assert_eq!(leg.law(), Law::Mu);
        let after = send(&mut leg, 0);
        let [before, after] = [&before, &after].map(|bytes| rtp::parse(bytes).unwrap());
        assert_eq!((before.payload_type, after.payload_type), (8, 0));
        assert_eq!((after.ssrc, after.seq), (before.ssrc, before.seq + 1));
        assert_eq!(leg.receive(&send(&mut phone, 1_000)), Received::Ignored(Why::PayloadType));
        let mut other = Leg::new(config(Law::Mu, 99));
        assert_eq!(leg.receive(&send(&mut other, 1_000)), Received::Voice, "the new stream may have a new source");
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
