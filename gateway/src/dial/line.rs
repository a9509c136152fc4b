//! The caller's line: a SIP socket, an RTP socket, a clock, the standard input, and nothing that decides.
//!
//! [`call`] makes one call to its end and prints what happens as lines of JSON. Until the answer it waits on the SIP
//! socket; from then on `dial::talk` wakes once a slot on the absolute clock.
//!
//! Not here: the sound (`dial::talk`), what a script says (`dial::script`), SIP itself.
#![expect(clippy::disallowed_methods, reason = "the caller's own shell: sockets, a thread, a clock")]

use std::io::{self, BufRead, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use serde::Serialize;
use sip::sdp::{Chosen, Codec};
use sip::{Command, Ended, Endpoint, Event, Leg, Limits, Output, Transport, sdp};

use super::hearing::{Hearing, Second, Sums};
use super::loudspeaker::Loudspeaker;
use super::script::{self, Walk};
use super::talk::Talk;
use super::wire::Wire;
use super::wish::Wish;
use crate::config::Ports;
use crate::io::chance;
use crate::io::listener::route_to;
use crate::io::socket::{self, Pair};

/// One call, checked.
#[derive(Debug)]
pub(super) struct Call {
    /// The Request-URI, as it was typed.
    pub(super) uri: String,
    /// Where the INVITE goes.
    pub(super) remote: SocketAddr,
    pub(super) transport: Transport,
    /// The user part of From.
    pub(super) caller: String,
    pub(super) walk: Walk,
    /// What `t` starts.
    pub(super) sound: Sound,
    /// What is heard may be sent back.
    pub(super) loudspeaker: Loudspeaker,
    pub(super) keys_aloud: bool,
    pub(super) longest: Duration,
    /// Further steps come on the standard input; its end hangs up.
    pub(super) live: bool,
    /// Frequencies to look for in what is heard, in Hz.
    pub(super) listen: Vec<u32>,
    /// What is offered, best first.
    pub(super) codecs: Vec<Codec>,
    /// What to name instead of where we are.
    pub(super) behind_nat: Option<SocketAddr>,
}

/// What this caller says.
#[derive(Debug)]
pub(super) enum Sound {
    Tone {
        hz: u32,
    },
    /// 8 kHz, played to its end, then silence.
    Samples(Vec<i16>),
}

/// A call that could not even be tried: ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("no socket towards {remote}")]
    Socket { remote: SocketAddr, source: io::Error },
}

/// How a call went; printed last.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) answered: bool,
    /// The SIP status of a refusal.
    pub(super) status: Option<u16>,
    pub(super) setup_ms: u64,
    pub(super) seconds: f32,
    pub(super) packets_in: u64,
    pub(super) packets_out: u64,
    /// Packets that the numbering says were sent to us and that did not come.
    pub(super) lost: u64,
    /// Slots of ours that began late by a slot or more: this machine was busy, and gaps in what was heard may be its.
    pub(super) late_slots: u64,
    #[serde(flatten)]
    pub(super) heard: Sums,
}

/// A call that is over.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) report: Report,
    /// Everything heard, 8 kHz, from the answer on.
    pub(super) heard: Vec<i16>,
}

/// What a line prints, one JSON object each.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Said<'a> {
    Ringing,
    Answered {
        setup_ms: u64,
        codec: &'static str,
    },
    /// Where our sound goes and how its packets are numbered, so that a test can forge them.
    Sends {
        to: SocketAddr,
        ssrc: u32,
        first_seq: u16,
        first_timestamp: u32,
    },
    /// What an offer in the middle of the call came to: 200, or a refusal, which changes nothing.
    Reoffered {
        status: u16,
        codec: &'static str,
        direction: &'static str,
        at_ms: u64,
    },
    HeardQuiet {
        at_ms: u64,
    },
    DigitSent {
        digit: char,
        at_ms: u64,
    },
    /// The other side takes no telephone events.
    DigitNotSent {
        digit: char,
        at_ms: u64,
    },
    SoundStarted {
        at_ms: u64,
    },
    SoundStopped {
        at_ms: u64,
    },
    /// A line on the standard input that is no script.
    NotUnderstood {
        why: String,
    },
    Second(&'a Second),
    Ended {
        why: &'static str,
    },
    Report(&'a Report),
}

/// Calls, until somebody hangs up.
pub(super) fn call(mut call: Call) -> Result<Over, LineError> {
    let remote = call.remote;
    let wrong = |source| LineError::Socket { remote, source };
    let local = route_to(remote).map_err(wrong)?;
    // Control packets are taken and not looked at.
    let Pair { sound: rtp, control: _control } = socket::open(local, RTP_PORTS, random_u16()).map_err(wrong)?;
    let commands = call.live.then(read_commands);
    let mut line = Line::open(call.transport, local, remote).map_err(wrong)?;
    let at = match call.behind_nat {
        Some(named) => {
            line.wire.path.local.set_ip(named.ip());
            named
        }
        None => rtp.local_addr().map_err(wrong)?,
    };
    let wish = Wish::new(at, call.codecs.clone(), u64::from(random_u16()));
    line.invite(&call, wish.text());
    let over = match line.await_answer(&mut call, commands.as_ref()) {
        Some(chosen) => Talk::begin(&call, &chosen, wish, rtp).run_to_end(&mut call, &mut line, commands.as_ref()),
        None => Over { report: line.report(false), heard: Vec::new() },
    };
    say(&Said::Ended { why: line.gone.unwrap_or("unknown") });
    say(&Said::Report(&over.report));
    Ok(over)
}

/// The signalling of one call.
pub(super) struct Line {
    endpoint: Endpoint,
    wire: Wire,
    began: Instant,
    pub(super) setup_ms: Option<u64>,
    status: Option<u16>,
    pub(super) answer: Option<sdp::Answer>,
    /// The status with which an offer in the middle of the call was refused.
    pub(super) refused: Option<u16>,
    pub(super) gone: Option<&'static str>,
    pub(super) hanging_up: Option<Instant>,
}

impl Line {
    fn open(transport: Transport, local: IpAddr, remote: SocketAddr) -> io::Result<Self> {
        let wire = Wire::open(transport, local, remote)?;
        let endpoint = Endpoint::new(sip::Config {
            user_agent: "Amtsleitung dial".to_owned(),
            limits: Limits { calls: 1, in_setup: 1 },
            admits: Box::new(|_, _| true),
            chance: Box::new(chance),
        });
        let began = Instant::now();
        Ok(Self {
            endpoint,
            wire,
            began,
            setup_ms: None,
            status: None,
            answer: None,
            refused: None,
            gone: None,
            hanging_up: None,
        })
    }

    fn invite(&mut self, call: &Call, sdp: String) {
        let path = self.wire.path;
        let host = match path.local.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let from = format!("sip:{}@{host}", call.caller);
        self.began = Instant::now();
        self.command(Command::Invite { leg: LEG, path, to: call.uri.clone(), from, contact: path.local, sdp });
    }

    /// Until the answer, or until there will be none.
    fn await_answer(&mut self, call: &mut Call, commands: Option<&Receiver<String>>) -> Option<Chosen> {
        while self.gone.is_none() {
            if let Some(answer) = self.answer.take() {
                match answer.chosen(&call.codecs) {
                    Some(chosen) => return Some(chosen),
                    None => self.hang_up(),
                }
            }
            if self.began.elapsed() > call.longest || take_commands(commands, &mut call.walk) == Left::Nothing {
                self.hang_up();
            }
            self.listen(WAIT);
        }
        None
    }

    pub(super) fn hang_up(&mut self) {
        if self.hanging_up.is_none() {
            self.hanging_up = Some(Instant::now());
            self.command(Command::HangUp { leg: LEG, reason: None });
        }
    }

    /// Reads what came, waiting for the first of it at most `wait`; keeps the endpoint's time.
    pub(super) fn listen(&mut self, wait: Duration) {
        let was_closed = self.wire.is_closed();
        for message in self.wire.receive(wait) {
            let mut out = Vec::new();
            self.endpoint.receive(Instant::now(), self.wire.path, &message, &mut out);
            self.carry_out(out);
        }
        if self.wire.is_closed() {
            if !was_closed {
                let mut out = Vec::new();
                self.endpoint.unreachable(Instant::now(), self.wire.path, &mut out);
                self.carry_out(out);
            }
            // Nothing is left that waits.
            std::thread::sleep(wait);
        }
        let now = Instant::now();
        if self.endpoint.deadline().is_some_and(|deadline| deadline <= now) {
            let mut out = Vec::new();
            self.endpoint.time_passed(now, &mut out);
            self.carry_out(out);
        }
        if self.hanging_up.is_some_and(|since| since.elapsed() > FAREWELL) {
            self.gone.get_or_insert("no-answer-to-bye");
        }
    }

    pub(super) fn offer(&mut self, sdp: String) {
        self.command(Command::Reoffer { leg: LEG, sdp });
    }

    fn command(&mut self, command: Command) {
        let mut out = Vec::new();
        self.endpoint.command(Instant::now(), command, &mut out);
        self.carry_out(out);
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send { path, bytes } => self.wire.send(&bytes, path.remote),
                Output::Event(event) => self.happened(event),
            }
        }
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Ringing { .. } => say(&Said::Ringing),
            Event::Answered { answer, .. } => {
                self.setup_ms.get_or_insert(millis(self.began.elapsed()));
                self.answer = Some(answer);
            }
            Event::Refused { status, .. } => self.refused = Some(status),
            Event::Failed { status, .. } => {
                self.status = Some(status);
                self.gone = Some("refused");
            }
            Event::Ended { why, .. } => {
                self.gone = Some(match why {
                    Ended::Bye => "bye",
                    Ended::Cancelled => "cancelled",
                    Ended::NoAck => "no-ack",
                    Ended::Lost => "lost",
                    Ended::ByUs => "by-us",
                });
            }
            // This phone is called by nobody and changes nothing in the middle of a call.
            Event::Incoming { leg, .. } => {
                self.command(Command::Reject { leg, status: 486, retry_after: None, warning: None })
            }
            Event::Reoffered { leg, .. } => self.command(Command::Refuse { leg, status: 488, warning: None }),
            Event::Confirmed { .. } => {}
        }
    }

    pub(super) fn report(&self, answered: bool) -> Report {
        Report {
            answered,
            status: self.status,
            setup_ms: self.setup_ms.unwrap_or(0),
            seconds: 0.0,
            packets_in: 0,
            packets_out: 0,
            lost: 0,
            late_slots: 0,
            heard: Hearing::new(Vec::new()).sums(),
        }
    }
}

/// What the standard input has left.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    More,
    Nothing,
}

/// A thread of its own reads the standard input, because reading it cannot be interrupted.
fn read_commands() -> Receiver<String> {
    let (to, from) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
    from
}

/// A line is a script behind what is still ahead; one that begins with `!` comes instead of it.
pub(super) fn take_commands(commands: Option<&Receiver<String>>, walk: &mut Walk) -> Left {
    let Some(commands) = commands else { return Left::More };
    loop {
        let line = match commands.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Empty) => return Left::More,
            Err(TryRecvError::Disconnected) => return Left::Nothing,
        };
        let (urgent, text) = match line.strip_prefix('!') {
            Some(text) => (true, text),
            None => (false, line.as_str()),
        };
        match script::parse(text) {
            Ok(tokens) if urgent => walk.instead(tokens),
            Ok(tokens) => walk.then(tokens),
            Err(why) => say(&Said::NotUnderstood { why: why.to_string() }),
        }
    }
}

pub(super) fn random_u16() -> u16 {
    let mut bytes = [0_u8; 2];
    chance(&mut bytes);
    u16::from_ne_bytes(bytes)
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A reader that went away is no reason to end a call.
pub(super) fn say(said: &Said<'_>) {
    let Ok(text) = serde_json::to_string(said) else { return };
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Legs of calls of our own have the top bit set.
const LEG: Leg = Leg(1 << 63);
/// Away from the gateway's own, so that both live on one machine.
const RTP_PORTS: Ports = Ports { first: 40_000, last: 49_998 };
const WAIT: Duration = Duration::from_millis(10);
/// So long we wait for the answer to our BYE.
const FAREWELL: Duration = Duration::from_secs(4);
