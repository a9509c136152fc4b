//! The sound of many callers, by one thread: 50 packets a second each way and call, at phases spread over the 20 ms.
//!
//! Three callers talk, the others send coded silence. Keys are pressed as RFC 4733 says. What comes back is counted by its
//! numbering. For the added delay, callers take turns with a short tone, and all others note when it reaches them.
//!
//! Not here: signalling (`calls`).

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use media::g711::{self, Law};

/// What a caller keys in, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Wait(Duration),
    Press(char),
}

/// What the callers are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing is counted.
    Arriving,
    /// Three talk, packets are counted.
    Counting,
    /// One after the other sends a tone.
    Bursts,
    Over,
}

/// What came back while it was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// Packets that the numbering says were sent and that did not come.
    pub(crate) missing: u64,
    pub(crate) received: u64,
    /// Callers who got none at all.
    pub(crate) deaf: usize,
    /// How late the load itself was at worst: what is over some milliseconds blurs delays.
    pub(crate) late_ms: f64,
}

/// Short tones of callers in turn, as the others heard them.
#[derive(Debug, Default)]
pub(crate) struct Tones {
    /// Of each that was heard, by each who heard it.
    pub(crate) delays_ms: Vec<f64>,
    /// How many that would be if everybody heard each.
    pub(crate) due: usize,
}

pub(crate) struct Sound {
    /// Where each caller wants its sound.
    pub(crate) addresses: Vec<SocketAddr>,
    to: Sender<Told>,
    thread: JoinHandle<Heard>,
    sent_bursts: Arc<Mutex<Vec<(Instant, usize)>>>,
    probes: Vec<UdpSocket>,
}

enum Told {
    Up {
        number: usize,
        media: SocketAddr,
        events: Option<u8>,
        keys: Vec<Key>,
    },
    Become(Mode),
    /// The same as becoming `Bursts`, and says when it is so.
    Burst(Sender<()>),
}

impl Sound {
    /// For so many callers; nobody sends before [`Sound::up`].
    pub(crate) fn start(callers: usize) -> std::io::Result<Self> {
        let mut legs = Vec::new();
        let mut probes = Vec::new();
        for number in 0..callers {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            if number < PROBES {
                probes.push(socket.try_clone()?);
            }
            legs.push(Leg::new(number, socket));
        }
        let addresses = legs.iter().map(|leg| leg.socket.local_addr()).collect::<Result<Vec<_>, _>>()?;
        let (to, told) = channel();
        let sent_bursts = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&sent_bursts);
        let thread = std::thread::spawn(move || Sending { legs, log, mode: Mode::Arriving, late_ms: 0.0 }.run(&told));
        Ok(Self { addresses, to, thread, sent_bursts, probes })
    }

    pub(crate) fn up(&self, number: usize, media: SocketAddr, events: Option<u8>, keys: Vec<Key>) {
        let _ = self.to.send(Told::Up { number, media, events, keys });
    }

    pub(crate) fn count(&self) {
        let _ = self.to.send(Told::Become(Mode::Counting));
    }

    pub(crate) fn stop_counting(&self) {
        let _ = self.to.send(Told::Become(Mode::Arriving));
    }

    /// For so long callers take turns with a tone. `meanwhile` keeps the calls up.
    pub(crate) fn tones(&self, last: Duration, meanwhile: impl FnOnce(Instant)) -> Tones {
        let end = Instant::now() + last;
        // An ear that came before its socket waits would spin, and take the core from whoever makes it wait.
        let (ready, waits) = channel();
        let _ = self.to.send(Told::Burst(ready));
        let _ = waits.recv_timeout(EAR_TURN * 10);
        let ears: Vec<JoinHandle<Vec<Instant>>> = self
            .probes
            .iter()
            .filter_map(|socket| socket.try_clone().ok())
            .map(|socket| std::thread::spawn(move || onsets(&socket, end)))
            .collect();
        let listening = Instant::now() + EARS_WAKE;
        meanwhile(end);
        let heard: Vec<Vec<Instant>> = ears.into_iter().map(|ear| ear.join().unwrap_or_default()).collect();
        let _ = self.to.send(Told::Become(Mode::Arriving));
        let bursts = self.sent_bursts.lock().map(|all| all.clone()).unwrap_or_default();
        let mut tones = Tones::default();
        // The first ones meet ears that are still being woken, the last ends after them.
        for (sent, who) in bursts.into_iter().filter(|(sent, _)| (listening..end - BURST_EVERY).contains(sent)) {
            for (_, onsets) in heard.iter().enumerate().filter(|(ear, _)| *ear != who) {
                let first = onsets.iter().find(|&&onset| onset > sent && onset < sent + LONGEST_DELAY);
                tones.due += 1;
                tones.delays_ms.extend(first.map(|onset| (*onset - sent).as_secs_f64() * 1000.0));
            }
        }
        tones
    }

    pub(crate) fn end(self) -> Heard {
        let _ = self.to.send(Told::Become(Mode::Over));
        self.thread.join().unwrap_or_default()
    }
}

struct Leg {
    number: usize,
    socket: UdpSocket,
    up: bool,
    /// In which of the 20 milliseconds it sends.
    phase: u64,
    packet: [u8; HEAD + FRAME],
    seq: u16,
    timestamp: u32,
    events: Option<u8>,
    keys: VecDeque<Key>,
    /// Slots of the wait or the pause after a key that are left.
    pausing: u64,
    /// The key that is down: its code, the packets sent of it, the timestamp it began at.
    down: Option<(u8, u16, u32)>,
    /// Frames of the tone that are still to come.
    tone: usize,
    first: Option<u16>,
    span: u64,
    last: u16,
    received: u64,
}

impl Leg {
    fn new(number: usize, socket: UdpSocket) -> Self {
        // Any spread will do, as long as neighbours differ and every run has the same.
        let phase = (number as u64 * 7) % SLOT_MS;
        let mut packet = [0; HEAD + FRAME];
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[8..12].copy_from_slice(&(0x4000_0000 + number as u32).to_be_bytes());
        Self {
            number,
            socket,
            up: false,
            phase,
            packet,
            seq: 0,
            timestamp: 0,
            events: None,
            keys: VecDeque::new(),
            pausing: 0,
            down: None,
            tone: 0,
            first: None,
            span: 0,
            last: 0,
            received: 0,
        }
    }

    fn receive(&mut self, counting: bool) {
        let mut bytes = [0_u8; 512];
        while let Ok(length) = self.socket.recv(&mut bytes) {
            if length < HEAD || !counting {
                continue;
            }
            let seq = u16::from_be_bytes([bytes[2], bytes[3]]);
            match self.first {
                None => (self.first, self.last, self.span) = (Some(seq), seq, 1),
                Some(_) => {
                    let step = seq.wrapping_sub(self.last);
                    if step < 0x8000 {
                        self.span += u64::from(step);
                        self.last = seq;
                    }
                }
            }
            self.received += 1;
        }
    }

    fn send(&mut self, talking: bool, banks: &Banks, turn: usize) -> Option<Instant> {
        self.seq = self.seq.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
        if self.key() {
            return None;
        }
        let mut began = None;
        let frame = if self.tone > 0 {
            if self.tone == TONE_FRAMES {
                began = Some(Instant::now());
            }
            self.tone -= 1;
            &banks.tone
        } else if talking {
            &banks.talk[(turn + self.number * 17) % banks.talk.len()]
        } else {
            &banks.silence
        };
        self.packet[1] = 8;
        self.packet[2..4].copy_from_slice(&self.seq.to_be_bytes());
        self.packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        self.packet[HEAD..].copy_from_slice(frame);
        let _ = self.socket.send(&self.packet);
        began
    }

    /// Sends a packet of a key if one is due in this slot, instead of sound.
    fn key(&mut self) -> bool {
        if self.pausing > 0 {
            self.pausing -= 1;
            return false;
        }
        let Some(events) = self.events else { return false };
        if self.down.is_none() {
            match self.keys.pop_front() {
                None => return false,
                Some(Key::Wait(wait)) => {
                    self.pausing = wait.as_millis() as u64 / SLOT_MS;
                    return false;
                }
                Some(Key::Press(digit)) => {
                    let code = KEYS.find(digit).unwrap_or_default() as u8;
                    self.down = Some((code, 0, self.timestamp));
                }
            }
        }
        let Some((code, sent, began)) = self.down else { return false };
        let over = sent >= KEY_PACKETS;
        let duration = (sent.min(KEY_PACKETS) + 1) * FRAME as u16;
        let mut packet = [0_u8; HEAD + 4];
        packet[0] = 0x80;
        packet[1] = events | if sent == 0 { 0x80 } else { 0 };
        packet[2..4].copy_from_slice(&self.seq.to_be_bytes());
        packet[4..8].copy_from_slice(&began.to_be_bytes());
        packet[8..12].copy_from_slice(&self.packet[8..12]);
        packet[HEAD] = code;
        packet[HEAD + 1] = 10 | if over { 0x80 } else { 0 };
        packet[HEAD + 2..].copy_from_slice(&duration.to_be_bytes());
        let _ = self.socket.send(&packet);
        self.down = Some((code, sent + 1, began));
        if sent + 1 == KEY_PACKETS + KEY_ENDS {
            self.down = None;
            self.pausing = KEY_PAUSE;
        }
        true
    }
}

struct Banks {
    talk: Vec<[u8; FRAME]>,
    tone: [u8; FRAME],
    silence: [u8; FRAME],
}

struct Sending {
    legs: Vec<Leg>,
    log: Arc<Mutex<Vec<(Instant, usize)>>>,
    mode: Mode,
    late_ms: f64,
}

impl Sending {
    fn run(mut self, told: &Receiver<Told>) -> Heard {
        let banks = banks();
        let began = Instant::now();
        let (mut bursts, mut next_burst) = (0, began);
        for tick in 0_u64.. {
            let due = began + Duration::from_millis(tick);
            let now = Instant::now();
            std::thread::sleep(due.saturating_duration_since(now));
            if self.mode == Mode::Counting {
                self.late_ms = self.late_ms.max(now.saturating_duration_since(due).as_secs_f64() * 1000.0);
            }
            for news in told.try_iter() {
                self.told(news);
            }
            match self.mode {
                Mode::Over => break,
                Mode::Bursts if now >= next_burst => {
                    if let Some(leg) = self.legs.get_mut(bursts % PROBES).filter(|leg| leg.up) {
                        leg.tone = TONE_FRAMES;
                    }
                    bursts += 1;
                    next_burst = now + BURST_EVERY;
                }
                Mode::Bursts | Mode::Arriving | Mode::Counting => {}
            }
            self.one_tick(tick, &banks);
        }
        self.heard()
    }

    fn told(&mut self, news: Told) {
        match news {
            Told::Up { number, media, events, keys } => {
                if let Some(leg) = self.legs.get_mut(number) {
                    leg.up = leg.socket.connect(media).is_ok();
                    (leg.events, leg.keys) = (events, keys.into());
                }
            }
            Told::Become(mode) => self.turn_to(mode),
            Told::Burst(ready) => {
                self.turn_to(Mode::Bursts);
                let _ = ready.send(());
            }
        }
    }

    fn turn_to(&mut self, mode: Mode) {
        let blocking = mode == Mode::Bursts;
        // The ears wait for what comes; the kernel wakes them at once.
        for leg in self.legs.iter().take(PROBES) {
            let _ = leg.socket.set_nonblocking(!blocking);
            let _ = leg.socket.set_read_timeout(blocking.then_some(EAR_TURN));
        }
        self.mode = mode;
    }

    fn one_tick(&mut self, tick: u64, banks: &Banks) {
        let turn = (tick / SLOT_MS) as usize;
        let mode = self.mode;
        for leg in self.legs.iter_mut().filter(|leg| leg.up && leg.phase == tick % SLOT_MS) {
            if mode != Mode::Bursts || leg.number >= PROBES {
                leg.receive(mode == Mode::Counting);
            }
            let talking = mode == Mode::Counting && leg.number < TALKERS;
            if let Some(began) = leg.send(talking, banks, turn)
                && let Ok(mut log) = self.log.lock()
            {
                log.push((began, leg.number));
            }
        }
    }

    fn heard(&self) -> Heard {
        Heard {
            missing: self.legs.iter().map(|leg| leg.span.saturating_sub(leg.received)).sum(),
            received: self.legs.iter().map(|leg| leg.received).sum(),
            deaf: self.legs.iter().filter(|leg| leg.received == 0).count(),
            late_ms: self.late_ms,
        }
    }
}

/// When a tone began, each time after a quiet.
fn onsets(socket: &UdpSocket, end: Instant) -> Vec<Instant> {
    let mut onsets: Vec<Instant> = Vec::new();
    let mut loud_until = None;
    let mut bytes = [0_u8; 512];
    while Instant::now() < end {
        let Ok(length) = socket.recv(&mut bytes) else { continue };
        let came = Instant::now();
        let mut sound = [0_i16; FRAME];
        g711::decode(Law::A, bytes.get(HEAD..length).unwrap_or_default(), &mut sound);
        let Some(at) = sound.iter().position(|sample| sample.unsigned_abs() > LOUD) else { continue };
        if loud_until.is_none_or(|until| came > until) {
            onsets.push(came + Duration::from_micros(at as u64 * 125));
        }
        loud_until = Some(came + QUIET);
    }
    onsets
}

/// Two seconds of something with the course of speech: syllables of a buzz, pauses between words; and the tone.
fn banks() -> Banks {
    let coded = |sound: &[i16]| {
        let mut frame = [0; FRAME];
        g711::encode(Law::A, sound, &mut frame);
        frame
    };
    let speech: Vec<i16> = (0..RATE * 2)
        .map(|n| {
            let t = n as f64 / RATE as f64;
            let syllable = (t * 4.0 * std::f64::consts::TAU).sin().max(0.0) * if t % 1.0 < 0.8 { 1.0 } else { 0.0 };
            let buzz: f64 =
                (1..=12).map(|k| (t * 130.0 * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k)).sum();
            (buzz * syllable * 5000.0) as i16
        })
        .collect();
    let tone: Vec<i16> =
        (0..FRAME).map(|n| ((n as f64 / 8.0 * std::f64::consts::TAU).sin() * 16_000.0) as i16).collect();
    Banks { talk: speech.chunks_exact(FRAME).map(coded).collect(), tone: coded(&tone), silence: [0xD5; FRAME] }
}

const RATE: usize = 8000;
const FRAME: usize = 160;
const HEAD: usize = 12;
const SLOT_MS: u64 = 20;
const TALKERS: usize = 3;
/// Callers who take turns with the tone, and listen for it.
const PROBES: usize = 12;
const KEYS: &str = "0123456789*#";
/// 100 ms down, its end three times, 100 ms up.
const KEY_PACKETS: u16 = 5;
const KEY_ENDS: u16 = 3;
const KEY_PAUSE: u64 = 5;
const TONE_FRAMES: usize = 3;
const BURST_EVERY: Duration = Duration::from_millis(260);
/// What comes after it may be the next one's: an ear that was being spoken to did not hear this one begin.
const LONGEST_DELAY: Duration = Duration::from_millis(220);
/// A tone of 16000 passes this within a quarter of a millisecond; what a room adds to silence does not.
const LOUD: u16 = 4000;
const QUIET: Duration = Duration::from_millis(100);
const EARS_WAKE: Duration = Duration::from_millis(1500);
const EAR_TURN: Duration = Duration::from_millis(100);
