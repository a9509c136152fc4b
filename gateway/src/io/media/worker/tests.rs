//! Workers driven slot by slot over real sockets, with telephones at the other end.
//!
//! Not here: threads and their clock: a test is the clock, and calls each quarter itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use media::codec::{Codec, Encoder};
use media::g711::Law;
use media::leg::{Leg, LegConfig, PACKET_BYTES};
use media::{Sound, rtp, tone};
use spool::id::{Slot, TrackId};
use spool::line::GapReason;

use super::super::{Hand, Workers};
use super::*;
use crate::config::Ports;
use crate::consent::{self, Answer, Permit, Pressed, Question, Wording};
use crate::ids::PromptId;
use crate::io::recorder::Taped;
use crate::io::socket::{self, SourceRule};
use crate::ivr::Language;
use crate::prompts::Prompt;

const A: Codec = Codec::Law(Law::A);
const ROOM: RoomId = RoomId(5);
const TRACK: TrackId = TrackId([9; 16]);

/// A telephone that says a tone and keeps what it hears.
struct Phone {
    socket: UdpSocket,
    gateway: SocketAddr,
    leg: Leg,
    encoder: Encoder,
    hz: Option<f32>,
    /// Goes on sending sound while a key is down.
    sound_beside_keys: bool,
    heard: Vec<i16>,
    timestamps: Vec<u32>,
}

struct Bench {
    worker: Worker,
    news: mpsc::Receiver<FromWorker>,
    ring: Receiver<Taped>,
    phones: Vec<Phone>,
    slot: u64,
}

fn config(number: u64, codec: Codec) -> LegConfig {
    let (payload_type, events_clock_hz) = match codec {
        Codec::Law(Law::A) => (8, 8_000),
        Codec::Law(Law::Mu) => (0, 8_000),
        Codec::G722 => (9, 8_000),
        Codec::Opus => (111, 48_000),
    };
    let (ssrc, first_timestamp) = (number as u32 * 1000, u32::MAX - 5_000);
    let events = Some(101);
    LegConfig { codec, payload_type, events, events_clock_hz, ptime_ms: 20, ssrc, first_seq: 7, first_timestamp }
}

fn settings() -> Settings {
    Settings { workers: 1, silence_limit: Duration::from_secs(2), held_limit: Duration::from_secs(8) }
}

/// A telephone and the command that opens its call.
fn phone(number: u64, codec: Codec, hz: Option<f32>) -> (Phone, ToWorker) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let ports = Ports { first: 43_000, last: 44_999 };
    let ours = socket::open(IpAddr::V4(Ipv4Addr::LOCALHOST), ports, number as u16 * 37).unwrap();
    let (gateway, remote) = (ours.sound.local_addr().unwrap(), socket.local_addr().unwrap());
    let call = CallId(number);
    let rule = SourceRule::Exact;
    let open = ToWorker::Open { call, sockets: ours, leg: config(number, codec), remote, control: None, rule };
    let leg = Leg::new(config(number + 50, codec));
    let (heard, timestamps) = (Vec::new(), Vec::new());
    let encoder = Encoder::new(codec);
    (Phone { socket, gateway, leg, encoder, hz, sound_beside_keys: false, heard, timestamps }, open)
}

impl Phone {
    fn talk(&mut self, slot: u64) {
        let pressing = self.leg.pressing();
        let coded = self.coded(self.hz, slot);
        let Self { leg, socket, gateway, .. } = self;
        let mut sent = Vec::new();
        leg.send(&coded, |packet| {
            socket.send_to(packet, *gateway).unwrap();
            sent = packet.to_vec();
        });
        if pressing && self.sound_beside_keys {
            let sent = rtp::parse(&sent).unwrap();
            let timestamp = config(0, A).first_timestamp.wrapping_add(slot as u32 * 160);
            let tone = rtp::Packet { payload_type: 8, timestamp, payload: &coded, ..sent };
            let mut beside = [0; PACKET_BYTES];
            let length = rtp::write(&mut beside, &tone);
            self.socket.send_to(&beside[..length], self.gateway).unwrap();
        }
    }

    fn coded(&mut self, hz: Option<f32>, slot: u64) -> Vec<u8> {
        let mut sound = Sound::silence(self.leg.codec().is_wide());
        if let Some(hz) = hz {
            let start = slot * sound.samples().len() as u64;
            tone::sine_at(hz, -20.0, sound.rate_hz(), start, sound.samples_mut());
        }
        let mut coded = [0; 160];
        let length = self.encoder.encode(sound.samples(), &mut coded);
        coded[..length].to_vec()
    }

    fn listen(&mut self) {
        let mut buffer = [0; 2048];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            self.timestamps.extend(rtp::parse(&buffer[..length]).map(|packet| packet.timestamp));
            self.leg.receive(&buffer[..length]);
        }
        let mut sound = Sound::silence(self.leg.codec().is_wide());
        self.leg.take(&mut sound);
        self.heard.extend_from_slice(sound.samples());
    }

    /// How loud a tone was in the last quarter of a second.
    fn level(&self, hz: f32) -> f32 {
        let rate = self.rate_hz();
        tone::dbov_at(hz, rate, &self.heard[self.heard.len().saturating_sub(rate as usize / 4)..])
    }

    /// How loud it was in the loudest 40 ms.
    fn peak(&self, hz: f32) -> f32 {
        let rate = self.rate_hz();
        let parts = self.heard.chunks_exact(rate as usize / 25);
        parts.map(|part| tone::dbov_at(hz, rate, part)).fold(-127.0, f32::max)
    }

    fn rate_hz(&self) -> u32 {
        Sound::silence(self.leg.codec().is_wide()).rate_hz()
    }
}

impl Bench {
    fn new(tones: &[Option<f32>]) -> Self {
        Self::with_queues(tones, 1000, 1000)
    }

    fn with_queues(tones: &[Option<f32>], news: usize, ring: usize) -> Self {
        let (telling, news) = mpsc::channel(news);
        let (frames, ring) = Frames::ring(ring);
        let mut worker = Worker::new(&settings(), vec![sync_channel(1).0], telling, frames);
        let mut phones = Vec::new();
        for (number, hz) in (1..).zip(tones) {
            let (phone, open) = phone(number, A, *hz);
            worker.obey(Command::Tell(open));
            phones.push(phone);
        }
        Self { worker, news, ring, phones, slot: 0 }
    }

    /// Everybody sits in one room whose record is on.
    fn room(tones: &[Option<f32>]) -> Self {
        let mut bench = Self::new(tones);
        bench.enter();
        bench
    }

    fn enter(&mut self) {
        for number in 1..=self.phones.len() as u64 {
            self.tell(ToWorker::Enter { call: CallId(number), room: ROOM, seat: SeatNo(number as u32), on: true });
        }
    }

    fn tell(&mut self, message: ToWorker) {
        self.worker.obey(Command::Tell(message));
    }

    fn run(&mut self, slots: u64) {
        for _ in 0..slots {
            self.phones.iter_mut().for_each(|phone| phone.talk(self.slot));
            (0..4).for_each(|phase| self.worker.quarter(Quarter(self.slot * 4 + phase)));
            self.phones.iter_mut().for_each(Phone::listen);
            self.slot += 1;
        }
    }

    fn news(&mut self) -> Vec<FromWorker> {
        std::iter::from_fn(|| self.news.try_recv().ok()).collect()
    }

    fn taped(&mut self) -> Vec<Taped> {
        self.ring.try_iter().collect()
    }

    /// The slots that left for the recorder, and how loud a tone is in them.
    fn kept(&mut self, hz: f32) -> (Vec<u64>, f32) {
        let (mut slots, mut sound) = (Vec::new(), Vec::new());
        for piece in self.taped() {
            if let Taped::Frame { track, slot, frame } = piece {
                assert_eq!(track, TRACK);
                slots.push(slot.0);
                sound.extend_from_slice(frame.samples());
            }
        }
        (slots, tone::dbov_at(hz, 8_000, &sound))
    }

    fn permit(&mut self, call: u64, from: u64) {
        self.tell(ToWorker::Permit { call: CallId(call), permit: permit(call as u32, from) });
    }
}

/// The way a permit is made: by asking.
fn permit(seat: u32, from: u64) -> Permit {
    let wording = Wording::of("until-approval", "4711", 6).unwrap();
    let asked = Instant::now();
    let (mut question, _, parts) = Question::ask(SeatNo(seat), Language::German, wording, Vec::new(), asked);
    (0..parts.len()).for_each(|part| {
        question.said(part, asked);
    });
    let down = asked + Duration::from_secs(30);
    let pressed = Pressed { key: '1', from: Slot(from.saturating_sub(5)), until: Slot(from), down };
    let Answer::Yes(given) = question.key(pressed, down) else { panic!() };
    let public = spool::keys::PublicKey { suite: 1, bytes: vec![7] };
    consent::permit(given, control::TrackKey { track: TRACK, public }).0
}

fn prompt(hz: f32, samples: usize) -> Arc<Prompt> {
    let mut pcm8k = vec![0; samples];
    tone::sine(hz, -20.0, 0, &mut pcm8k);
    let (id, text, sha256) = (PromptId("test"), String::new(), String::new());
    let pcm16k = media::resample::convert(8_000, 16_000, &pcm8k).unwrap();
    Arc::new(Prompt { id, text, version: 1, sha256, pcm8k, pcm16k })
}

#[test]
fn everybody_hears_the_others_and_nobody_hears_themselves() {
    let tones = [400.0, 900.0, 1500.0];
    let mut bench = Bench::room(&tones.map(Some));
    let (mulaw, open) = phone(4, Codec::Law(Law::Mu), None);
    bench.phones.push(mulaw);
    bench.tell(open);
    bench.tell(ToWorker::Enter { call: CallId(4), room: ROOM, seat: SeatNo(4), on: true });
    bench.run(50);
    for (listener, phone) in bench.phones.iter().enumerate() {
        for (speaker, hz) in tones.iter().enumerate() {
            let level = phone.level(*hz);
            let right = if listener == speaker { level < -50.0 } else { level > -22.0 };
            assert!(right, "{listener} hears {speaker} at {level}");
        }
    }
}

/// A room of callers with these codecs and tones, whose record is on.
fn room_of(callers: &[(Codec, Option<f32>)]) -> Bench {
    let mut bench = Bench::new(&[]);
    for (number, (codec, hz)) in (1..).zip(callers) {
        let (phone, open) = phone(number, *codec, *hz);
        bench.phones.push(phone);
        bench.tell(open);
    }
    bench.enter();
    bench
}

#[test]
fn callers_on_every_codec_hear_the_others_and_nobody_hears_themselves() {
    let callers = [
        (A, Some(400.0)),
        (Codec::Law(Law::Mu), Some(700.0)),
        (Codec::G722, Some(1_100.0)),
        (Codec::Opus, Some(1_700.0)),
    ];
    let mut bench = room_of(&callers);
    bench.run(75);
    for (listener, phone) in bench.phones.iter().enumerate() {
        for (speaker, (_, hz)) in callers.iter().enumerate() {
            let level = phone.level(hz.unwrap());
            let right = if listener == speaker { level < -45.0 } else { level > -23.0 };
            assert!(right, "{listener} hears {speaker} at {level}");
        }
    }
}

#[test]
fn a_wide_voice_is_heard_wide_and_kept_wide() {
    let mut bench = room_of(&[(Codec::G722, Some(6_000.0)), (Codec::Opus, None), (A, None)]);
    bench.permit(1, 0);
    bench.run(75);
    assert!(bench.phones[1].level(6_000.0) > -24.0, "{}", bench.phones[1].level(6_000.0));
    assert!(bench.phones[2].level(2_000.0) < -50.0, "a narrow line hears no mirror of it");
    let kept: Vec<i16> = bench
        .taped()
        .into_iter()
        .filter_map(|piece| match piece {
            Taped::Frame { frame: Sound::Wide(frame), .. } => Some(frame),
            Taped::Frame { .. } | Taped::Gap { .. } => None,
        })
        .flatten()
        .collect();
    assert!(kept.len() > 50 * 320 && tone::dbov_at(6_000.0, 16_000, &kept) > -23.0);
}

#[test]
fn a_caller_who_goes_over_to_another_codec_goes_on_hearing_and_being_heard() {
    let mut bench = room_of(&[(A, Some(400.0)), (A, Some(900.0))]);
    bench.run(50);
    for (ssrc, codec) in [(61, Codec::Opus), (62, Codec::G722), (63, A)] {
        let remote = bench.phones[0].socket.local_addr().unwrap();
        let leg = config(1, codec);
        bench.tell(ToWorker::Retarget { call: CallId(1), leg, remote, control: None, rule: SourceRule::Exact });
        let phone = &mut bench.phones[0];
        (phone.leg, phone.encoder) = (Leg::new(config(ssrc, codec)), Encoder::new(codec));
        phone.heard.clear();
        bench.run(50);
        assert!(bench.phones[0].level(900.0) > -23.0, "{codec:?}: {}", bench.phones[0].level(900.0));
        assert!(bench.phones[1].level(400.0) > -23.0, "{codec:?}: {}", bench.phones[1].level(400.0));
    }
}

#[test]
fn a_prompt_is_said_wide_on_a_wide_line_and_ends_when_it_does_on_a_narrow_one() {
    let mut bench = room_of(&[(Codec::Opus, None), (A, None)]);
    for call in [CallId(1), CallId(2)] {
        bench.tell(ToWorker::Say { call, token: 1, parts: vec![prompt(1_000.0, 8_000)] });
    }
    bench.run(48);
    assert!(bench.phones.iter().all(|phone| phone.level(1_000.0) > -23.0));
    assert!(bench.news().is_empty());
    bench.run(4);
    assert_eq!(bench.news().len(), 2);
}

#[test]
fn a_packet_goes_out_every_slot_in_a_room_and_before_it() {
    let mut bench = Bench::new(&[None]);
    bench.run(20);
    bench.enter();
    bench.run(20);
    let stamps = &bench.phones[0].timestamps;
    assert!(stamps.len() >= 39, "entering a room costs a slot at most: {}", stamps.len());
    assert!(stamps.windows(2).all(|pair| [160, 320].contains(&pair[1].wrapping_sub(pair[0]))), "{stamps:?}");
}

#[test]
fn what_is_said_to_a_held_caller_waits_and_does_not_count_as_heard() {
    let mut bench = Bench::room(&[None]);
    let call = CallId(1);
    bench.tell(ToWorker::Hold { call, on: true });
    bench.tell(ToWorker::Say { call, token: 1, parts: vec![prompt(1_000.0, 1_600)] });
    bench.run(50);
    let said = |news: Vec<FromWorker>| news.iter().filter(|news| matches!(news, FromWorker::Said { .. })).count();
    assert_eq!(said(bench.news()), 0);
    bench.tell(ToWorker::Hold { call, on: false });
    bench.run(50);
    assert_eq!(said(bench.news()), 1);
    assert!(bench.phones[0].peak(1_000.0) > -22.0);
}

#[test]
fn rooms_are_apart() {
    let mut bench = Bench::room(&[Some(400.0), None]);
    bench.tell(ToWorker::Enter { call: CallId(2), room: RoomId(6), seat: SeatNo(1), on: false });
    bench.run(50);
    assert!(bench.phones[1].level(400.0) < -50.0);
}

#[test]
fn a_strangers_packets_change_nothing() {
    let mut bench = Bench::room(&[Some(400.0), None]);
    bench.run(20);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut voice = Leg::new(config(51, A));
    for slot in 0..50 {
        let mut packet = [0; PACKET_BYTES];
        for _ in 0..20 {
            let coded = bench.phones[0].coded(Some(2_000.0), slot);
            let length = voice.packet(&coded, &mut packet);
            bench.phones.iter().for_each(|phone| _ = stranger.send_to(&packet[..length], phone.gateway).unwrap());
        }
        bench.run(1);
    }
    assert!(bench.phones[1].peak(2_000.0) < -40.0);
    assert!(bench.phones[1].level(400.0) > -22.0);
}

#[test]
fn a_key_is_told_once_with_its_slots_and_heard_by_nobody() {
    let mut bench = Bench::room(&[None, None]);
    bench.permit(1, 0);
    bench.run(20);
    let phone = &mut bench.phones[0];
    (phone.sound_beside_keys, phone.hz) = (true, Some(1336.0));
    assert!(phone.leg.press('5', 100));
    bench.run(5);
    bench.phones[0].hz = None;
    bench.run(35);
    let news = bench.news();
    let call = CallId(1);
    let [FromWorker::DigitBegan { call: a, digit: '5', slot }, FromWorker::Digit { call: b, digit: '5', began, ended }] =
        news[..]
    else {
        panic!("{news:?}")
    };
    assert_eq!((a, b, slot), (call, call, began));
    assert!((20..=23).contains(&began.0) && (4..=6).contains(&(ended.0 - began.0)), "{began:?} {ended:?}");
    assert!(bench.phones[1].peak(1336.0) < -50.0, "{}", bench.phones[1].peak(1336.0));
    assert!(bench.kept(1336.0).0.is_empty());
}

#[test]
fn a_tone_sent_as_sound_is_heard_when_no_key_is_down() {
    // What makes the sentence above one that could be false.
    let mut bench = Bench::room(&[Some(1336.0), None]);
    bench.run(60);
    assert!(bench.phones[1].peak(1336.0) > -22.0);
}

#[test]
fn a_prompt_reaches_only_its_seat_while_the_room_steps_back_and_each_part_is_told_when_it_ended() {
    let mut bench = Bench::room(&[Some(400.0), None, None]);
    bench.run(20);
    let parts = vec![prompt(1_000.0, 1_000), prompt(1_000.0, 3_000)];
    bench.tell(ToWorker::Say { call: CallId(2), token: 77, parts });
    let mut told = Vec::new();
    for slot in 1..=40 {
        bench.run(1);
        told.extend(bench.news().into_iter().map(|news| (slot, news)));
        if slot == 22 {
            assert!(bench.phones[1].level(1_000.0) > -24.0);
            let behind = bench.phones[1].level(400.0);
            assert!((-35.0..-29.0).contains(&behind), "twelve decibels back: {behind}");
            assert!(bench.phones[2].level(1_000.0) < -50.0 && bench.phones[0].level(1_000.0) < -50.0);
            assert!(bench.phones[2].level(400.0) > -22.0);
        }
    }
    let said = |part| FromWorker::Said { call: CallId(2), token: 77, part };
    assert_eq!(told, [(7, said(0)), (25, said(1))]);
    assert!(bench.phones[1].level(400.0) > -23.0, "and back again");
}

#[test]
fn a_new_saying_replaces_the_old_and_hush_ends_it() {
    let mut bench = Bench::new(&[None]);
    let call = CallId(1);
    bench.tell(ToWorker::Say { call, token: 1, parts: vec![prompt(1_000.0, 80_000)] });
    bench.run(5);
    bench.tell(ToWorker::Say { call, token: 2, parts: vec![prompt(600.0, 80_000)] });
    bench.run(30);
    assert!(bench.phones[0].level(600.0) > -22.0 && bench.phones[0].level(1_000.0) < -50.0);
    bench.tell(ToWorker::Hush { call });
    bench.run(30);
    assert!(bench.phones[0].level(600.0) < -50.0);
    assert!(bench.news().is_empty());
}

#[test]
fn only_the_permitted_voice_leaves_for_the_disk_and_only_while_the_record_is_on() {
    let mut bench = Bench::room(&[Some(400.0), None]);
    bench.run(20);
    assert!(bench.taped().is_empty(), "no permit, no byte");
    bench.permit(1, 25);
    bench.run(60);
    let (slots, level) = bench.kept(400.0);
    // What was said just before the yes may still sound in a loudspeaker: the guard's 600 ms.
    assert_eq!(slots, (55..55 + slots.len() as u64).collect::<Vec<_>>());
    assert!(slots.len() > 15 && level > -22.0, "{} {level}", slots.len());
    bench.tell(ToWorker::Record { room: ROOM, on: false });
    bench.taped();
    bench.run(20);
    assert!(bench.taped().is_empty());
    bench.tell(ToWorker::Record { room: ROOM, on: true });
    bench.run(20);
    bench.tell(ToWorker::EndPermit { call: CallId(1), at: Slot(115) });
    bench.run(20);
    let (slots, _) = bench.kept(400.0);
    assert_eq!((slots.first(), slots.last()), (Some(&100), Some(&114)));
}

#[test]
fn a_voice_in_no_room_is_not_kept() {
    let mut bench = Bench::new(&[Some(400.0)]);
    bench.permit(1, 0);
    bench.run(40);
    assert!(bench.taped().is_empty());
    bench.enter();
    bench.run(40);
    let (slots, _) = bench.kept(400.0);
    assert!(slots.len() > 30 && slots[0] >= 40);
}

#[test]
fn from_a_key_on_nothing_is_kept_until_it_was_judged() {
    let mut bench = Bench::room(&[Some(400.0)]);
    bench.permit(1, 0);
    bench.run(40);
    bench.phones[0].leg.press('2', 100);
    bench.run(60);
    let began = bench.news().into_iter().find_map(|news| match news {
        FromWorker::DigitBegan { slot, .. } => Some(slot.0),
        _ => None,
    });
    let (slots, _) = bench.kept(400.0);
    assert_eq!(slots.last().map(|last| last + 1), began, "up to the key, and nothing of it");
    bench.tell(ToWorker::DigitSettled { call: CallId(1) });
    bench.run(40);
    let (slots, _) = bench.kept(400.0);
    assert!(slots.first() >= Some(&100) && slots.len() > 30);
}

#[test]
fn while_somebody_off_record_talks_no_slot_is_kept_of_anybody() {
    let mut bench = Bench::room(&[Some(400.0), None]);
    bench.permit(1, 0);
    bench.run(40);
    assert!(bench.kept(400.0).0.len() > 30);
    bench.phones[1].hz = Some(900.0);
    bench.run(10);
    bench.taped();
    bench.run(40);
    assert!(bench.kept(900.0).0.is_empty());
    bench.phones[1].hz = None;
    bench.run(40);
    let (slots, level) = bench.kept(900.0);
    assert!(slots.first() > Some(&100) && level < -50.0, "{slots:?} {level}");
}

#[test]
fn a_held_or_muted_seat_is_neither_mixed_nor_kept() {
    for held in [true, false] {
        let mut bench = Bench::room(&[Some(400.0), None]);
        bench.permit(1, 0);
        bench.run(20);
        let call = CallId(1);
        let set = |on| if held { ToWorker::Hold { call, on } } else { ToWorker::Mute { call, on } };
        bench.tell(set(true));
        bench.run(10);
        bench.taped();
        bench.phones[1].heard.clear();
        bench.run(30);
        assert!(bench.phones[1].peak(400.0) < -50.0);
        assert!(bench.kept(400.0).0.is_empty());
        bench.tell(set(false));
        bench.run(30);
        assert!(bench.phones[1].level(400.0) > -24.0);
        assert!(bench.kept(400.0).0.len() > 20);
    }
}

/// The exchange plays until the very offer that takes the call back, and its last packets still lie in the buffer then.
#[test]
fn of_the_music_nothing_is_heard_or_kept_when_a_call_is_taken_back() {
    for codec in [A, Codec::G722, Codec::Opus] {
        let mut bench = room_of(&[(codec, Some(700.0)), (A, None)]);
        bench.permit(1, 0);
        bench.tell(ToWorker::Hold { call: CallId(1), on: true });
        bench.run(30);
        bench.taped();
        bench.phones[1].heard.clear();
        bench.tell(ToWorker::Hold { call: CallId(1), on: false });
        bench.phones[0].hz = Some(400.0);
        bench.run(40);
        assert!(bench.phones[1].peak(700.0) < -45.0, "{codec:?}: {}", bench.phones[1].peak(700.0));
        assert!(bench.phones[1].level(400.0) > -24.0, "{codec:?}");
        let (slots, level) = bench.kept(700.0);
        assert!(slots.len() > 20 && level < -45.0, "{codec:?}: {slots:?} {level}");
    }
}

#[test]
fn what_a_full_ring_did_not_take_is_a_gap_of_exactly_those_slots() {
    let mut bench = Bench::with_queues(&[Some(400.0)], 100, 10);
    bench.enter();
    bench.permit(1, 0);
    bench.run(40);
    let first = bench.taped();
    bench.run(40);
    let then = bench.taped();
    let slots = |pieces: &[Taped]| -> Vec<u64> {
        pieces.iter().filter_map(|it| if let Taped::Frame { slot, .. } = it { Some(slot.0) } else { None }).collect()
    };
    let (before, after) = (slots(&first), slots(&then));
    let Some(Taped::Gap { track: TRACK, from, until, reason: GapReason::RingFull }) = then.first() else {
        panic!("{then:?}")
    };
    assert_eq!((before.last().map(|last| last + 1), after.first()), (Some(from.0), Some(&until.0)));
    assert_eq!(before.len(), 10);
}

#[test]
fn a_dead_line_is_told_once_and_a_held_one_much_later() {
    let mut bench = Bench::new(&[None, None]);
    bench.tell(ToWorker::Hold { call: CallId(2), on: true });
    bench.run(10);
    let phones = std::mem::take(&mut bench.phones);
    bench.run(99);
    assert!(bench.news().is_empty());
    bench.run(200);
    assert_eq!(bench.news(), [FromWorker::NoMedia { call: CallId(1) }]);
    bench.phones = phones;
    bench.run(10);
    bench.phones.clear();
    bench.run(150);
    assert_eq!(bench.news(), [FromWorker::NoMedia { call: CallId(1) }]);
    bench.run(240);
    assert!(bench.news().is_empty());
    bench.run(20);
    assert_eq!(bench.news(), [FromWorker::NoMedia { call: CallId(2) }]);
}

#[test]
fn while_a_key_of_a_recorded_seat_is_not_judged_what_it_says_is_kept_of_no_other_seat_either() {
    let mut bench = Bench::room(&[Some(400.0), Some(900.0)]);
    bench.permit(1, 0);
    bench.permit(2, 0);
    bench.run(20);
    assert!(bench.phones[1].leg.press('2', 60));
    bench.run(60);
    let last = bench.kept(400.0).0.into_iter().max().unwrap();
    assert!(last < 40, "{last}");
    bench.tell(ToWorker::DigitSettled { call: CallId(2) });
    bench.run(60);
    assert!(bench.kept(400.0).0.into_iter().max().unwrap() > 120, "judged, both go on");
}

#[test]
fn a_digit_waits_for_a_switchboard_that_is_behind() {
    let mut bench = Bench::with_queues(&[None], 1, 10);
    let mut told = Vec::new();
    for digit in ['1', '2', '3'] {
        bench.run(5);
        bench.phones[0].leg.press(digit, 60);
        bench.run(15);
    }
    for _ in 0..10 {
        told.extend(bench.news());
        bench.run(1);
    }
    let digits: String = told
        .iter()
        .filter_map(|it| if let FromWorker::Digit { digit, .. } = it { Some(digit) } else { None })
        .collect();
    assert_eq!((digits.as_str(), told.len()), ("123", 6));
}

#[test]
fn slots_a_late_thread_missed_are_missing_and_not_made_up() {
    let mut bench = Bench::room(&[None]);
    bench.run(10);
    let sent = bench.phones[0].timestamps.clone();
    bench.slot += 30;
    bench.run(1);
    let stamps = &bench.phones[0].timestamps;
    assert_eq!(stamps.len(), sent.len() + 1);
    assert_eq!(stamps[sent.len()].wrapping_sub(sent[sent.len() - 1]), 31 * 160);
}

#[test]
fn a_closed_call_is_silent_and_its_room_goes_with_the_last() {
    let mut bench = Bench::room(&[Some(400.0), None]);
    bench.run(10);
    bench.tell(ToWorker::Close { call: CallId(1) });
    bench.run(10);
    bench.phones[0].timestamps.clear();
    bench.run(10);
    assert!(bench.phones[0].timestamps.is_empty());
    assert!(bench.phones[1].level(400.0) < -30.0);
    bench.tell(ToWorker::Close { call: CallId(2) });
    assert!(bench.worker.tables.iter().all(Vec::is_empty));
}

#[test]
fn nobody_wakes_a_worker_more_often_than_its_rooms_need() {
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.worker.next_after(Quarter(8)), Quarter(12));
    let (_phone, open) = phone(2, A, None);
    bench.tell(open);
    assert_eq!(bench.worker.next_after(Quarter(8)), Quarter(10));
    assert_eq!(bench.worker.next_after(Quarter(10)), Quarter(14));
}

#[test]
fn a_call_that_moves_to_another_worker_is_told_everything_in_order() {
    let (hands, queues): (Vec<_>, Vec<_>) = (0..2).map(|_| sync_channel(100)).unzip();
    let (telling, mut news) = mpsc::channel(100);
    let (frames, _ring) = Frames::ring(10);
    let worker = || Worker::new(&settings(), hands.clone(), telling.clone(), frames.clone());
    let mut both = [worker(), worker()];
    let hand = |commands: &SyncSender<Command>| Hand { commands: commands.clone(), thread: None };
    let mut workers = Workers { workers: hands.iter().map(hand).collect(), calls: std::collections::HashMap::new() };
    let (mut phone, open) = phone(2, A, None);
    let call = CallId(2);
    workers.tell(open).unwrap();
    workers.tell(ToWorker::Enter { call, room: RoomId(1), seat: SeatNo(1), on: false }).unwrap();
    workers.tell(ToWorker::Say { call, token: 1, parts: vec![prompt(500.0, 80_000)] }).unwrap();
    workers.tell(ToWorker::Say { call, token: 2, parts: vec![prompt(500.0, 100)] }).unwrap();
    // The room's worker reads first: what it was told of the call must wait for the call.
    for slot in 0..5 {
        for at in [1, 0] {
            queues[at].try_iter().for_each(|command| both[at].obey(command));
            (0..4).for_each(|phase| both[at].quarter(Quarter(slot * 4 + phase)));
        }
        phone.listen();
    }
    assert_eq!(news.try_recv(), Ok(FromWorker::Said { call, token: 2, part: 0 }));
    assert!(news.try_recv().is_err());
    assert_eq!(both[1].tables.iter().flatten().count(), 1);
    workers.tell(ToWorker::Close { call }).unwrap();
    assert!(matches!(queues[1].try_recv(), Ok(Command::Tell(ToWorker::Close { .. }))));
}

#[test]
fn the_threads_run_by_themselves_and_end_when_the_handle_goes() {
    let (frames, _ring) = Frames::ring(10);
    let (mut workers, mut news) =
        Workers::start(&Settings { workers: 2, ..settings() }, Clock::start(), &frames).unwrap();
    let (_phone, open) = phone(3, A, None);
    let call = CallId(3);
    workers.tell(open).unwrap();
    workers.tell(ToWorker::Enter { call, room: RoomId(2), seat: SeatNo(1), on: false }).unwrap();
    workers.tell(ToWorker::Say { call, token: 9, parts: vec![prompt(500.0, 100)] }).unwrap();
    assert_eq!(news.blocking_recv(), Some(FromWorker::Said { call, token: 9, part: 0 }));
    drop(workers);
    assert_eq!(news.blocking_recv(), None, "every thread has ended");
}

#[test]
fn whoever_is_on_the_way_to_a_room_when_its_last_seat_leaves_finds_its_record_as_it_was_told() {
    for off_meanwhile in [false, true] {
        let mut bench = Bench::new(&[None, Some(400.0)]);
        bench.tell(ToWorker::Enter { call: CallId(1), room: ROOM, seat: SeatNo(1), on: true });
        bench.permit(2, 0);
        bench.worker.obey(Command::Expect { call: CallId(2), room: ROOM, on: true });
        let line = bench.worker.take(CallId(2)).unwrap();
        bench.tell(ToWorker::Close { call: CallId(1) });
        if off_meanwhile {
            bench.tell(ToWorker::Record { room: ROOM, on: false });
        }
        bench.worker.obey(Command::Arrive { line, room: ROOM, seat: SeatNo(2) });
        bench.run(40);
        assert_eq!(bench.kept(400.0).0.is_empty(), off_meanwhile);
    }
}
