//! The caller's sound, from the answer on: once a slot it hears, walks its script, speaks.
//!
//! [`Talk::begin`] with what was agreed on, [`Talk::run_to_end`] until somebody hangs up.
//!
//! Not here: signalling (`dial::line`), what a script says (`dial::script`), what the sound means (`dial::hearing`).

use std::net::UdpSocket;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use media::leg::LegConfig;
use media::{Frame, SILENCE, SLOT_SAMPLES, level, rtp, tone};
use sip::sdp::{Chosen, Codec};

use super::aloud::Aloud;
use super::codec::Voice;
use super::hearing::{Arrivals, Hearing};
use super::line::{Call, Left, Line, Over, Report, Said, Sound, millis, random_u16, say, take_commands};
use super::script::Do;
use super::wish::Wish;
use crate::io::clock::{Clock, Quarter};
use crate::io::socket::{MediaSocket, SourceRule};

/// From the answer on.
pub(super) struct Talk {
    clock: Clock,
    slot: u64,
    leg: media::leg::Leg,
    voice: Voice,
    codec: Codec,
    wish: Wish,
    /// An offer that is not answered yet.
    asked: Option<Wish>,
    numbering: Numbering,
    tone_hz: Option<u32>,
    aloud: Option<Aloud>,
    socket: MediaSocket,
    hearing: Hearing,
    arrivals: Arrivals,
    heard: Vec<i16>,
    sounding: bool,
    /// Samples said of the tone or the WAV so far.
    said: u64,
    late_slots: u64,
}

/// How our packets are counted, by chance from the start.
#[derive(Clone, Copy)]
struct Numbering {
    ssrc: u32,
    first_seq: u16,
    first_timestamp: u32,
}

impl Numbering {
    fn leg(self, codec: media::codec::Codec, chosen: &Chosen) -> LegConfig {
        LegConfig {
            codec,
            payload_type: chosen.payload_type,
            events: chosen.events,
            events_clock_hz: chosen.events_clock_hz,
            ptime_ms: chosen.ptime_ms,
            ssrc: self.ssrc,
            first_seq: self.first_seq,
            first_timestamp: self.first_timestamp,
        }
    }
}

impl Talk {
    pub(super) fn begin(call: &Call, chosen: &Chosen, wish: Wish, rtp: UdpSocket) -> Self {
        let voice = Voice::new(chosen.codec);
        let numbering = Numbering {
            ssrc: u32::from(random_u16()) << 16 | u32::from(random_u16()),
            first_seq: random_u16() & 0x7fff,
            first_timestamp: u32::from(random_u16()),
        };
        let leg = media::leg::Leg::new(numbering.leg(voice.codec(), chosen));
        Self {
            clock: Clock::start(),
            slot: 0,
            leg,
            wish,
            asked: None,
            numbering,
            tone_hz: None,
            aloud: call.keys_aloud.then(|| Aloud::new(voice.codec(), chosen.payload_type)).flatten(),
            voice,
            codec: chosen.codec,
            socket: MediaSocket::new(rtp, SourceRule::Exact, chosen.remote),
            hearing: Hearing::new(call.listen.clone()),
            arrivals: Arrivals::default(),
            heard: Vec::new(),
            sounding: false,
            said: 0,
            late_slots: 0,
        }
    }

    pub(super) fn run_to_end(mut self, call: &mut Call, line: &mut Line, commands: Option<&Receiver<String>>) -> Over {
        say(&Said::Answered { setup_ms: line.setup_ms.unwrap_or(0), codec: self.codec.name() });
        let Numbering { ssrc, first_seq, first_timestamp } = self.numbering;
        say(&Said::Sends { to: self.socket.named(), ssrc, first_seq, first_timestamp });
        while line.gone.is_none() {
            self.slot += 1;
            let due = Quarter(self.slot * Quarter::IN_SLOT);
            if self.clock.quarter() >= Quarter((self.slot + 1) * Quarter::IN_SLOT) {
                self.late_slots += 1;
            }
            self.clock.sleep_until(due);
            let left = take_commands(commands, &mut call.walk);
            if self.at_ms() > millis(call.longest) || left == Left::Nothing {
                line.hang_up();
            }
            self.one_slot(call, line);
            line.listen(Duration::ZERO);
            self.settle(call, line);
        }
        let counts = self.socket.counts();
        let report = Report {
            seconds: self.slot as f32 / SLOTS_A_SECOND,
            packets_in: self.arrivals.received(),
            packets_out: counts.sent,
            lost: self.arrivals.lost(),
            late_slots: self.late_slots,
            heard: self.hearing.sums(),
            ..line.report(true)
        };
        Over { report, heard: self.heard }
    }

    /// Hears, walks on, speaks.
    fn one_slot(&mut self, call: &mut Call, line: &mut Line) {
        let heard = self.hear();
        let mut out = Vec::new();
        call.walk.slot(level::dbov(&heard), &mut out);
        for step in out {
            let at_ms = self.at_ms();
            match step {
                Do::Press { digit, ms } if self.leg.press(digit, ms) => {}
                Do::Press { digit, .. } => say(&Said::DigitNotSent { digit, at_ms }),
                Do::Pressed(digit) => say(&Said::DigitSent { digit, at_ms }),
                Do::HeardQuiet => say(&Said::HeardQuiet { at_ms }),
                Do::StartSound => {
                    (self.sounding, self.said) = (true, 0);
                    say(&Said::SoundStarted { at_ms });
                }
                Do::StopSound => {
                    self.sounding = false;
                    say(&Said::SoundStopped { at_ms });
                }
                Do::Tone { hz } => self.tone_hz = Some(hz),
                Do::LoopBack { db } => call.loudspeaker.turn(db),
                Do::Offer(change) => {
                    let wish = self.wish.changed(change);
                    line.offer(wish.text());
                    self.asked = Some(wish);
                }
                Do::HangUp => line.hang_up(),
            }
        }
        if line.hanging_up.is_none() {
            self.speak(call, &heard);
        }
    }

    /// What became of an offer of ours.
    fn settle(&mut self, call: &Call, line: &mut Line) {
        let chosen = line.answer.take().map(|answer| self.asked.as_ref().and_then(|wish| answer.chosen(&wish.codecs)));
        let status = match chosen {
            Some(Some(chosen)) => {
                self.agree(call, &chosen);
                ACCEPTED
            }
            // They chose what we did not offer: nothing can be said any more.
            Some(None) => return line.hang_up(),
            None => match line.refused.take() {
                Some(status) => {
                    self.wish = self.asked.take().map_or(self.wish.clone(), |asked| asked.refused(&self.wish));
                    status
                }
                None => return,
            },
        };
        let (codec, direction) = (self.codec.name(), self.wish.direction.attribute());
        say(&Said::Reoffered { status, codec, direction, at_ms: self.at_ms() });
    }

    fn agree(&mut self, call: &Call, chosen: &Chosen) {
        if let Some(wish) = self.asked.take() {
            self.wish = wish;
        }
        if chosen.codec != self.codec {
            self.codec = chosen.codec;
            self.voice = Voice::new(chosen.codec);
            self.aloud = call.keys_aloud.then(|| Aloud::new(self.voice.codec(), chosen.payload_type)).flatten();
        }
        self.leg.reconfigure(self.numbering.leg(self.voice.codec(), chosen));
        self.socket.retarget(chosen.remote, SourceRule::Exact);
    }

    fn hear(&mut self) -> Frame {
        let mut buffer = [0_u8; DATAGRAM];
        let (leg, arrivals) = (&mut self.leg, &mut self.arrivals);
        self.socket.receive(
            self.slot,
            &mut buffer,
            |_| true,
            |bytes| {
                if let Some(packet) = rtp::parse(bytes) {
                    arrivals.came(packet.seq);
                }
                // What the leg made of it comes out slot by slot, or not at all.
                let _ = leg.receive(bytes);
            },
        );
        // The gateway keys nothing; a digit that ended by time is of no interest to a caller.
        let heard = self.voice.hear(|sound| _ = self.leg.take(sound));
        if let Some(second) = self.hearing.slot(&heard) {
            say(&Said::Second(&second));
        }
        self.heard.extend_from_slice(&heard);
        heard
    }

    fn speak(&mut self, call: &mut Call, heard: &Frame) {
        let mut frame: Frame = call.loudspeaker.slot(heard);
        if !self.wish.sends() {
            return self.leg.silent();
        }
        if self.sounding {
            let mut own: Frame = SILENCE;
            match &call.sound {
                Sound::Tone { hz } => {
                    tone::sine(self.tone_hz.unwrap_or(*hz) as f32, TONE_DBOV, self.said, &mut own);
                }
                Sound::Samples(samples) => {
                    let said = usize::try_from(self.said).unwrap_or(usize::MAX);
                    let rest = samples.get(said..).unwrap_or_default();
                    for (to, from) in own.iter_mut().zip(rest) {
                        *to = *from;
                    }
                }
            }
            self.said += SLOT_SAMPLES as u64;
            for (to, from) in frame.iter_mut().zip(own) {
                *to = to.saturating_add(from);
            }
        }
        let (aloud, socket) = (&mut self.aloud, &mut self.socket);
        self.leg.send(self.voice.say(&frame), |bytes| match aloud {
            Some(aloud) => aloud.send(bytes, |bytes| socket.send(bytes)),
            None => socket.send(bytes),
        });
    }

    fn at_ms(&self) -> u64 {
        self.slot * SLOT_MS
    }
}

const ACCEPTED: u16 = 200;
const DATAGRAM: usize = 2048;
const SLOT_MS: u64 = 20;
const SLOTS_A_SECOND: f32 = 50.0;
const TONE_DBOV: f32 = -16.0;
