//! One call's sound in the hands of its worker: socket, leg, tap, and what it is told.
//!
//! Once a slot its worker calls [`Line::run_alone`], or its table [`Line::hear`], [`Line::join`], [`Line::tap`] and
//! [`Line::speak_of`]. A line moves between workers whole.
//!
//! Not here: who hears whom (`room`), what is kept (`tap`), and when a line's turn is (`worker`).

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use media::codec::{Encoder, OpusStyle};
use media::dtmf::Digit;
use media::jitter::Taken;
use media::leg::{Leg, LegConfig, Received};
use media::mix::Duck;
use media::{SLOT_SAMPLES, Sound, level, rtp};
use spool::id::{Slot, TrackId};
use spool::line::GapReason;

use super::control::Controls;
use super::saying::Saying;
use super::worker::Outside;
use super::{FromWorker, Settings};
use crate::consent::Permit;
use crate::ids::CallId;
use crate::io::recorder::{Frames, Taped};
use crate::io::socket::{MediaSocket, Pair, SourceRule};
use crate::room::{Brings, Room, Voice};
use crate::tap::{Around, EchoReturn, Floor, Hangover, Keys, Tap, TapOut};

/// One call's sound.
pub(super) struct Line {
    pub(super) call: CallId,
    socket: MediaSocket,
    leg: Leg,
    /// Of what this caller alone hears.
    encoder: Encoder,
    controls: Controls,
    /// The slot that is next.
    next: Option<Slot>,
    /// What the caller said in the last slot, and how loud.
    frame: Sound,
    energy: u32,
    floor: Floor,
    /// It was loud enough to be of a voice, on this line.
    voiced: bool,
    /// All of the last slot's sound came as it was sent.
    whole: bool,
    echo: EchoReturn,
    held: bool,
    /// Taken back from hold just now: what came until then is the exchange's.
    resumes: bool,
    muted: bool,
    /// Several people speak through it.
    shared: bool,
    voice: Voice,
    saying: Option<Saying>,
    duck: Duck,
    /// What this caller hears, in 256ths of how it comes.
    gain: i32,
    /// The slot in which the key that is down began.
    pressed: Option<Slot>,
    keys: Keys,
    tap: Option<Tap>,
    /// The tap's first slot without permit, once it is known.
    permit_ends: Option<Slot>,
    lost: Option<Lost>,
    silence: Silence,
    /// Packets that were not what was agreed on.
    ignored: u64,
    /// Slots a late thread made this line miss.
    missed: u64,
}

/// Slots of a track that the full ring did not take; said as soon as it takes anything.
struct Lost {
    track: TrackId,
    from: Slot,
    until: Slot,
}

/// Slots without a packet.
struct Silence {
    slots: u64,
    limit: u64,
    held_limit: u64,
}

impl Line {
    pub(super) fn new(
        call: CallId,
        sockets: Pair,
        rule: SourceRule,
        (remote, control): (SocketAddr, Option<SocketAddr>),
        leg: LegConfig,
        settings: &Settings,
    ) -> Self {
        let slots = |limit: Duration| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) / Slot::MS;
        let (limit, held_limit) = (slots(settings.silence_limit), slots(settings.held_limit));
        Self {
            call,
            socket: MediaSocket::new(sockets.sound, rule, remote),
            controls: Controls::new(sockets.control, rule, control, leg.ssrc),
            encoder: Encoder::new(leg.codec),
            leg: Leg::new(leg),
            next: None,
            frame: Sound::silence(leg.codec.is_wide()),
            energy: 0,
            floor: Floor::new(),
            voiced: false,
            whole: false,
            echo: EchoReturn::new(),
            held: false,
            resumes: false,
            muted: false,
            shared: false,
            voice: Voice::new(),
            saying: None,
            duck: Duck::new(),
            gain: UNITY,
            pressed: None,
            keys: Keys::new(),
            tap: None,
            permit_ends: None,
            lost: None,
            silence: Silence { slots: 0, limit, held_limit },
            ignored: 0,
            missed: 0,
        }
    }

    pub(super) fn retarget(
        &mut self,
        leg: LegConfig,
        (remote, control): (SocketAddr, Option<SocketAddr>),
        rule: SourceRule,
    ) {
        if leg.codec != self.leg.codec() {
            self.encoder = Encoder::new(leg.codec);
        }
        self.leg.reconfigure(leg);
        self.socket.retarget(remote, rule);
        self.controls.retarget(control, rule);
    }

    pub(super) fn style(&mut self, style: OpusStyle) {
        if self.encoder.style() != style {
            self.encoder = Encoder::styled(self.encoder.codec(), style);
        }
    }

    pub(super) fn hold(&mut self, on: bool) {
        if std::mem::replace(&mut self.held, on) != on {
            self.silence.slots = 0;
            self.resumes = !on;
        }
    }

    pub(super) fn mute(&mut self, on: bool) {
        self.muted = on;
    }

    /// Several people speak through it: from now on it takes no permit, whoever sends one.
    pub(super) fn share(&mut self, on: bool) {
        self.shared = on;
    }

    pub(super) fn gain(&mut self, db: i8) {
        self.gain = (10_f32.powf(f32::from(db) / 20.0) * UNITY as f32).round() as i32;
    }

    pub(super) fn say(&mut self, saying: Option<Saying>) {
        self.saying = saying;
    }

    pub(super) fn permit(&mut self, permit: Permit, outside: &mut Outside) {
        // One permit at a time: an earlier one that is still being wound up has nothing more to say.
        self.pause_tap(outside);
        self.tap = (!self.shared).then(|| Tap::new(permit));
        self.permit_ends = None;
    }

    pub(super) fn end_permit(&mut self, at: Slot, outside: &mut Outside) {
        let Self { tap: Some(tap), lost, permit_ends, .. } = self else { return };
        tap.end(at, &mut |piece| push(&outside.frames, lost, piece));
        *permit_ends = Some(permit_ends.map_or(at, |earlier| earlier.min(at)));
        self.drop_ended_tap();
    }

    pub(super) fn digit_settled(&mut self) {
        self.keys.settled();
    }

    /// Nothing more of this voice is kept until the next slot of a room whose record is on.
    pub(super) fn pause_tap(&mut self, outside: &mut Outside) {
        let Self { tap: Some(tap), lost, .. } = self else { return };
        tap.pause(&mut |piece| push(&outside.frames, lost, piece));
    }

    pub(super) fn leave_room(&mut self, outside: &mut Outside) {
        self.pause_tap(outside);
        self.voice = Voice::new();
    }

    /// Is it this line's turn? A slot counts once, also when the line moves to a room with a later phase.
    pub(super) fn is_due(&self, slot: Slot) -> bool {
        self.next.is_none_or(|next| next <= slot)
    }

    /// A slot outside any room: digits are heard and prompts are said.
    pub(super) fn run_alone(&mut self, slot: Slot, buffer: &mut [u8], outside: &mut Outside) {
        self.hear(slot, buffer, outside);
        self.speak(&mut Sound::silence(self.leg.codec().is_wide()), outside);
    }

    /// Reads the socket and takes this slot's sound: silence while a key is down and shortly after.
    pub(super) fn hear(&mut self, slot: Slot, buffer: &mut [u8], outside: &mut Outside) {
        self.catch_up(slot, outside);
        let (packets, events) = (Cell::new(0_u32), Cell::new(0_u32));
        let Self { socket, leg, ignored, keys, pressed, call, .. } = self;
        let mut packet = |bytes: &[u8]| {
            packets.set(packets.get() + 1);
            match leg.receive(bytes) {
                Received::Voice => return,
                Received::Event(None) => {}
                Received::Event(Some(digit)) => tell_digit(*call, digit, slot, leg, (keys, pressed), outside),
                Received::Ignored(_) => *ignored += 1,
            }
            events.set(events.get() + 1);
        };
        socket.receive(slot.0, buffer, |bytes| rtp::parse(bytes).is_some(), &mut packet);
        if events.get() > 0 || self.resumes {
            socket.receive_rest(buffer, &mut packet);
        }
        if std::mem::take(&mut self.resumes) {
            self.leg.hush_what_came();
        }
        self.controls.slot(slot, &mut self.leg, buffer);
        self.take(slot, outside);
        self.watch(packets.get(), outside);
        self.retry_lost(&outside.frames);
    }

    /// First pass of the room.
    pub(super) fn join(&mut self, room: &mut Room) {
        let brings = Brings { energy: self.energy, muted: self.muted, held: self.held };
        room.hear(&mut self.voice, &self.frame, brings);
    }

    pub(super) fn talks(&self) -> bool {
        self.voice.talks()
    }

    pub(super) fn is_permitted(&self, slot: Slot) -> bool {
        self.tap.as_ref().is_some_and(|tap| tap.covers(slot))
    }

    /// Does a key wait to be judged? If it takes the consent back, then from its first packet on.
    pub(super) fn may_have_withdrawn(&self, slot: Slot) -> bool {
        self.keys.cover(slot)
    }

    /// For how long what this caller is sent may come back.
    pub(super) fn hangover(&self) -> Hangover {
        Hangover::of(self.echo.found())
    }

    /// Feeds the tap, if there is a permit: apart from the room's gate.
    pub(super) fn tap(&mut self, slot: Slot, off_record: bool, outside: &mut Outside) {
        let around = Around { off_record, key_since: self.keys.since(), held: self.held, muted: self.muted };
        let Self { tap: Some(tap), frame, voiced, lost, .. } = self else { return };
        tap.slot(slot, frame, *voiced, around, &mut |piece| push(&outside.frames, lost, piece));
        self.drop_ended_tap();
    }

    /// Second pass of the room: who has nothing of their own over it gets what was encoded for all.
    pub(super) fn speak_of(&mut self, room: &mut Room, outside: &mut Outside) {
        if self.saying.is_none() && self.duck.idle() && !self.held && self.gain == UNITY {
            if self.tap.is_some() && !self.echo.rests() {
                let mut sent = Sound::silence(self.leg.codec().is_wide());
                room.sound(&self.voice, &self.frame, &mut sent);
                self.measure(&sent);
            } else {
                self.echo.skip();
            }
            let Self { leg, socket, voice, frame, encoder, .. } = self;
            leg.send(room.coded(voice, frame, encoder), |packet| socket.send(packet));
        } else {
            let mut sound = Sound::silence(self.leg.codec().is_wide());
            room.sound(&self.voice, &self.frame, &mut sound);
            self.speak(&mut sound, outside);
        }
    }

    /// Says goodbye to the other end, and in the log counts, never who.
    pub(super) fn farewell(&mut self) {
        if let Some(next) = self.next {
            self.controls.leave(next, &mut self.leg);
        }
        let (counts, told) = (self.socket.counts(), self.controls.told());
        let (ignored, missed, sound) = (self.ignored, self.missed, self.leg.counters());
        let echo = self.echo.found();
        tracing::debug!(call = %self.call, ?counts, ?told, ?sound, ?echo, ignored, missed, "a line is closed");
    }

    /// Sends `room` with what this caller alone is told laid over it. Without a room that is silence, which keeps doors
    /// in between (NAT, impatient telephones) open.
    fn speak(&mut self, room: &mut Sound, outside: &mut Outside) {
        if self.held {
            room.samples_mut().fill(0);
        }
        match &mut self.saying {
            // On hold she hears an exchange's music, not us: what is being said waits, or it would count as heard.
            Some(_) if self.held => {}
            None => self.duck.lay(None, room.samples_mut()),
            Some(saying) => {
                let mut told = Sound::silence(room.is_wide());
                let (call, token) = (self.call, saying.token);
                saying.slot(&mut told, |part| outside.tell(FromWorker::Said { call, token, part }));
                self.duck.lay(Some(told.samples()), room.samples_mut());
                if saying.is_over() {
                    self.saying = None;
                }
            }
        }
        if self.gain != UNITY {
            amplify(room.samples_mut(), self.gain);
        }
        self.measure(room);
        let mut coded = [0; SLOT_SAMPLES];
        let length = self.encoder.encode(room.samples(), &mut coded);
        let Self { leg, socket, .. } = self;
        leg.send(coded.get(..length).unwrap_or_default(), |packet| socket.send(packet));
    }

    /// Of what this caller is sent, how much comes back and when? An exchange's music is no answer to that.
    fn measure(&mut self, sent: &Sound) {
        if self.held {
            return self.echo.skip();
        }
        self.echo.slot(sent, Some(&self.frame).filter(|_| self.whole && self.energy > 0));
    }

    /// Slots nobody ran are missed, not made up: our time goes on, and so does the caller's. Digits are never missed.
    fn catch_up(&mut self, slot: Slot, outside: &mut Outside) {
        for missed in self.next.unwrap_or(slot).0..slot.0 {
            self.missed += 1;
            self.leg.silent();
            self.echo.skip();
            self.take(Slot(missed), outside);
        }
        self.next = Some(Slot(slot.0 + 1));
    }

    fn take(&mut self, slot: Slot, outside: &mut Outside) {
        let (taken, digit) = self.leg.take(&mut self.frame);
        // The noise of a line at rest is nobody's voice.
        self.energy = if taken == Taken::Nothing { 0 } else { level::energy(self.frame.samples()) };
        self.whole = taken == Taken::Voice;
        self.voiced = self.floor.slot(self.energy);
        if let Some(digit) = digit {
            let Self { call, leg, keys, pressed, .. } = self;
            tell_digit(*call, digit, Slot(slot.0 + 1), leg, (keys, pressed), outside);
        }
    }

    fn watch(&mut self, packets: u32, outside: &mut Outside) {
        let silence = &mut self.silence;
        if packets > 0 {
            silence.slots = 0;
            return;
        }
        silence.slots += 1;
        let limit = if self.held { silence.held_limit } else { silence.limit };
        if silence.slots == limit {
            outside.tell(FromWorker::NoMedia { call: self.call });
        }
    }

    fn drop_ended_tap(&mut self) {
        let over = self.permit_ends.is_some_and(|end| self.next.is_none_or(|next| next >= end));
        if over {
            self.tap = None;
        }
    }

    fn retry_lost(&mut self, frames: &Frames) {
        let Some(Lost { track, from, until }) = self.lost else { return };
        if frames.push(Taped::Gap { track, from, until, reason: GapReason::RingFull }) {
            self.lost = None;
        }
    }
}

/// Gives the recorder a piece, or remembers that it did not get it.
fn push(frames: &Frames, lost: &mut Option<Lost>, piece: TapOut) {
    let (piece, track, from, until) = match piece {
        TapOut::Frame { track, slot, frame } => (Taped::Frame { track, slot, frame }, track, slot, Slot(slot.0 + 1)),
        TapOut::Gap { track, from, until, reason } => (Taped::Gap { track, from, until, reason }, track, from, until),
    };
    if let Some(Lost { track, from, until }) = *lost {
        let reason = GapReason::RingFull;
        if frames.push(Taped::Gap { track, from, until, reason }) {
            *lost = None;
        }
    }
    match lost {
        // What comes after a loss must not arrive before it.
        Some(lost) if lost.track == track => lost.until = until,
        // One loss is remembered at a time; a second track of the seat in the same moment is the rarer one.
        Some(_) => _ = frames.push(piece),
        None => {
            if !frames.push(piece) {
                *lost = Some(Lost { track, from, until });
            }
        }
    }
}

/// Tells a digit in slots of our clock; `next` is the slot that the leg gives next.
fn tell_digit(
    call: CallId,
    digit: Digit,
    next: Slot,
    leg: &mut Leg,
    (keys, pressed): (&mut Keys, &mut Option<Slot>),
    outside: &mut Outside,
) {
    match digit {
        Digit::Began { digit, timestamp } => {
            let slot = played_in(leg, timestamp, next, 0);
            *pressed = Some(slot);
            keys.began(slot);
            outside.tell(FromWorker::DigitBegan { call, digit, slot });
        }
        Digit::Ended { digit, timestamp } => {
            let ended = played_in(leg, timestamp, next, i64::from(leg.codec().slot_ticks()) - 1);
            let began = pressed.take().unwrap_or(ended).min(ended);
            outside.tell(FromWorker::Digit { call, digit, began, ended });
        }
    }
}

/// The slot in which this RTP time of the caller is played; `rounding` 0 takes the slot it lies in, a tick less than a slot the
/// first that begins at or after it. Never far from now, whatever a telephone's clock says.
fn played_in(leg: &mut Leg, timestamp: u32, next: Slot, rounding: i64) -> Slot {
    let ahead = i64::from(leg.promise(timestamp).unwrap_or(0)) + rounding;
    let slots = ahead.div_euclid(i64::from(leg.codec().slot_ticks())).clamp(-FAR_SLOTS, FAR_SLOTS);
    Slot(next.0.saturating_add_signed(slots))
}

fn amplify(frame: &mut [i16], gain: i32) {
    for sample in frame {
        let louder = i32::from(*sample) * gain / UNITY;
        *sample = louder.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
    }
}

const UNITY: i32 = 256;

/// 200 ms, the jitter buffer's limit.
const FAR_SLOTS: i64 = 10;
