//! Many callers on one SIP socket: rings at a steady rate, acknowledges, hangs up, and counts what went wrong.
//!
//! [`Callers::new`], then [`Callers::serve`] again and again: everything that is due is done inside it.
//!
//! Not here: the text of messages (`wire`), sound (`sound`).

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::wire::{self, Message, Names};

/// A call that was answered, for whoever sends its sound.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) number: usize,
    pub(crate) media: SocketAddr,
    pub(crate) events: Option<u8>,
}

#[derive(Debug)]
pub(crate) struct Callers {
    socket: UdpSocket,
    calls: Vec<Call>,
    began: Instant,
    each: Duration,
    /// Hangs up so long after the answer.
    hold: Option<Duration>,
    /// Messages that had to be sent again: none on a healthy loopback.
    pub(crate) again: usize,
    pub(crate) refused: usize,
    /// INVITE to 200, milliseconds.
    pub(crate) setup_ms: Vec<f64>,
    /// Answered since it was last asked.
    pub(crate) answered: Vec<Answered>,
}

#[derive(Debug)]
struct Call {
    names: Names,
    state: State,
}

#[derive(Debug)]
enum State {
    Ahead,
    Ringing { first: Instant, last: Instant, trying: bool },
    Up { since: Instant, answer: Message },
    Leaving { last: Instant, answer: Message },
    Over,
}

impl Callers {
    /// Calls `remote`, one call for each of these RTP addresses, so many a second from now on.
    pub(crate) fn new(
        remote: SocketAddr,
        rtp: &[SocketAddr],
        a_second: u32,
        hold: Option<Duration>,
    ) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(TURN))?;
        let local = socket.local_addr()?;
        let calls = rtp
            .iter()
            .enumerate()
            .map(|(number, &rtp)| Call { names: Names { number, local, remote, rtp }, state: State::Ahead })
            .collect();
        Ok(Self {
            socket,
            calls,
            began: Instant::now(),
            each: Duration::from_secs(1) / a_second,
            hold,
            again: 0,
            refused: 0,
            setup_ms: Vec::new(),
            answered: Vec::new(),
        })
    }

    /// Does what is due until then.
    pub(crate) fn serve(&mut self, until: Instant) {
        let mut bytes = [0_u8; 4096];
        while Instant::now() < until {
            if let Ok((length, from)) = self.socket.recv_from(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                self.received(&text, from);
            }
            self.time_passed(Instant::now());
        }
    }

    pub(crate) fn hang_up_all(&mut self) {
        for number in 0..self.calls.len() {
            if matches!(self.calls[number].state, State::Up { .. }) {
                self.hang_up(number);
                self.serve(Instant::now() + TURN);
            }
        }
    }

    pub(crate) fn up(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call.state, State::Up { .. })).count()
    }

    pub(crate) fn over(&self) -> bool {
        self.calls.iter().all(|call| matches!(call.state, State::Over))
    }

    fn received(&mut self, text: &str, from: SocketAddr) {
        let message = wire::read(text);
        let number = message.call_id.split('-').next().and_then(|n| n.parse::<usize>().ok());
        let Some(number) = number.filter(|&n| n < self.calls.len()) else { return };
        let Some(status) = message.status else {
            if message.method != "ACK" {
                self.send_to(&wire::ok(text, self.calls[number].names.local, ""), from);
            }
            if message.method == "BYE" {
                self.calls[number].state = State::Over;
            }
            return;
        };
        match (message.method.as_str(), status) {
            ("INVITE", 100..200) => {
                if let State::Ringing { trying, .. } = &mut self.calls[number].state {
                    *trying = true;
                }
            }
            ("INVITE", 200..300) => self.was_answered(number, message),
            ("INVITE", _) => {
                let ack = self.calls[number].names.ack(&message);
                self.send(number, &ack);
                self.refused += 1;
                self.calls[number].state = State::Over;
            }
            ("BYE", 200..) => self.calls[number].state = State::Over,
            _ => {}
        }
    }

    fn was_answered(&mut self, number: usize, answer: Message) {
        let ack = self.calls[number].names.ack(&answer);
        self.send(number, &ack);
        let State::Ringing { first, .. } = self.calls[number].state else {
            // Our ACK was lost or late.
            self.again += 1;
            return;
        };
        self.setup_ms.push(first.elapsed().as_secs_f64() * 1000.0);
        if let Some(media) = answer.media {
            self.answered.push(Answered { number, media, events: answer.events });
        }
        self.calls[number].state = State::Up { since: Instant::now(), answer };
    }

    fn time_passed(&mut self, now: Instant) {
        for number in 0..self.calls.len() {
            let due = self.began + self.each * u32::try_from(number).unwrap_or(u32::MAX);
            let Call { names, state } = &mut self.calls[number];
            match state {
                State::Ahead if now >= due => {
                    *state = State::Ringing { first: now, last: now, trying: false };
                    let invite = names.invite();
                    self.send(number, &invite);
                }
                State::Ringing { last, trying: false, .. } if now - *last >= AGAIN => {
                    *last = now;
                    self.again += 1;
                    let invite = names.invite();
                    self.send(number, &invite);
                }
                State::Up { since, .. } if self.hold.is_some_and(|hold| now - *since >= hold) => self.hang_up(number),
                State::Leaving { last, answer } if now - *last >= AGAIN => {
                    *last = now;
                    self.again += 1;
                    let bye = names.bye(answer);
                    self.send(number, &bye);
                }
                State::Ahead | State::Ringing { .. } | State::Up { .. } | State::Leaving { .. } | State::Over => {}
            }
        }
    }

    fn hang_up(&mut self, number: usize) {
        let State::Up { answer, .. } = std::mem::replace(&mut self.calls[number].state, State::Over) else { return };
        let bye = self.calls[number].names.bye(&answer);
        self.send(number, &bye);
        self.calls[number].state = State::Leaving { last: Instant::now(), answer };
    }

    fn send(&self, number: usize, text: &str) {
        self.send_to(text, self.calls[number].names.remote);
    }

    /// What does not leave is lost, and sent again.
    fn send_to(&self, text: &str, to: SocketAddr) {
        let _ = self.socket.send_to(text.as_bytes(), to);
    }
}

/// How long one wait for a datagram is at most.
const TURN: Duration = Duration::from_millis(2);
/// T1 of RFC 3261.
const AGAIN: Duration = Duration::from_millis(500);
