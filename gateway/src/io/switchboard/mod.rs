//! The switchboard: one tokio task that carries values between SIP, the calls, the plan, the rooms' sound and the recorder.
//!
//! It owns every [`Call`](crate::call::Call), every [`Gathering`](crate::gathering::Gathering) and the SIP endpoint. What
//! happens is fed to the pure value it concerns; what that value wants is carried out here. Nothing here waits for a disk
//! or a media thread: what takes time is a future in [`later`], and its end is one more thing that happens.
//!
//! | in | from | queue when full |
//! |---|---|---|
//! | datagrams | `listener` | drops the newest |
//! | connections and their messages | `listener`, `connections` | the connection waits |
//! | digits, ends of prompts | `media` | the worker keeps them and tries again |
//! | asks | `control` | the asker waits |
//! | answers of recorder and plan file | `later` | – |
//!
//! Not here: judgement (the pure modules), sound (`io::media`), files (`io::recorder`, `io::plan_file`).

mod carry;
mod desk;
mod guests;
mod later;
mod record;
mod signalling;
mod told;
mod wishes;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use spool::id::{EpochId, GatewayId, MeetingId, RecordingId, SeatNo};
use tokio::sync::{mpsc, watch};

use self::told::Told;
use super::clock::Clock;
use super::connections::{Connections, FromStream};
use super::control::Ask;
use super::listener::{Datagram, Listener};
use super::media::{FromWorker, Workers};
use super::plan_file::PlanFile;
use super::recorder::{FromRecorder, Recorder, Trouble};
use crate::call::{Call, Input, RecordState};
use crate::config::Config;
use crate::gathering::Gathering;
use crate::ids::CallId;
use crate::lease::Lease;
use crate::plan::Plan;
use crate::prompts::Prompts;

/// Everything the switchboard is made of; [`super::serve`] puts it together.
pub struct Parts {
    pub config: Config,
    pub endpoint: sip::Endpoint,
    pub listeners: Vec<Listener>,
    /// Where what happens on streams goes.
    pub streams: mpsc::Sender<FromStream>,
    pub plan: Plan,
    pub plan_file: PlanFile,
    pub prompts: Arc<Prompts>,
    pub workers: Workers,
    pub recorder: Recorder,
    pub clock: Clock,
    pub boot: EpochId,
    /// The key under which callers' numbers are counted: of this run only, in memory only.
    pub tag_key: [u8; 32],
    pub gateway: GatewayId,
    /// Public half, hexadecimal.
    pub signing_key: String,
}

/// The queues that lead here.
pub struct Queues {
    pub datagrams: mpsc::Receiver<Datagram>,
    pub streams: mpsc::Receiver<FromStream>,
    pub sound: mpsc::Receiver<FromWorker>,
    pub recorder: mpsc::Receiver<FromRecorder>,
    pub asks: mpsc::Receiver<Ask>,
    /// 0 runs, 1 drains, 2 ends now.
    pub stop: watch::Receiver<u8>,
}

/// One call as the shell knows it.
struct Line {
    leg: sip::Leg,
    /// Taken out while it handles an input.
    call: Option<Call>,
    place: Option<(MeetingId, SeatNo)>,
    wake: Option<Instant>,
    /// What wrong PINs are counted by.
    origin: crate::plan::Origin,
    /// What our SDP says: the address of our sound, session id, version.
    media: SocketAddr,
    session: u64,
    version: u64,
    /// The way it came.
    path: sip::Path,
    /// Was it sent away? Then its end is only a matter of SIP.
    leaving: bool,
}

struct Switchboard {
    parts: Parts,
    connections: Connections,
    /// By which of our addresses a peer is reached.
    routes: HashMap<IpAddr, IpAddr>,
    lines: HashMap<CallId, Line>,
    legs: HashMap<sip::Leg, CallId>,
    gatherings: HashMap<MeetingId, Gathering>,
    /// Of every meeting whose home is another gateway: its word about the record.
    leases: HashMap<MeetingId, Lease>,
    /// Recordings that were ended for all, the newest last: what a guest is told that still has somebody in one.
    ended: VecDeque<RecordingId>,
    later: FuturesUnordered<later::Future>,
    told: Told,
    /// What is still to be fed, whether somebody is feeding, and who left meanwhile: see [`Switchboard::feed`].
    inbox: VecDeque<(CallId, Input)>,
    feeding: bool,
    departed: Vec<CallId>,
    last_call: u64,
    draining: bool,
    /// Draining ends at this time at the latest.
    give_up: Option<Instant>,
    /// Why the recorder takes nothing at present: said to the desk and to whoever agrees.
    trouble: Option<Trouble>,
}

/// Runs until told to stop; what is being recorded is handed over either way.
pub async fn run(parts: Parts, mut queues: Queues) {
    let connections = Connections::new(&parts.config.limits, parts.streams.clone());
    let told = Told::new(parts.boot);
    let mut board = Switchboard {
        parts,
        connections,
        routes: HashMap::new(),
        lines: HashMap::new(),
        legs: HashMap::new(),
        gatherings: HashMap::new(),
        leases: HashMap::new(),
        ended: VecDeque::new(),
        later: FuturesUnordered::new(),
        told,
        inbox: VecDeque::new(),
        feeding: false,
        departed: Vec::new(),
        last_call: 0,
        draining: false,
        give_up: None,
        trouble: None,
    };
    board.see_to_leases();
    loop {
        let wake = board.next_wake();
        tokio::select! {
            Some(datagram) = queues.datagrams.recv() => board.datagram(&datagram),
            Some(what) = queues.streams.recv() => board.streamed(what),
            Some(event) = queues.sound.recv() => board.heard(event),
            Some(said) = queues.recorder.recv() => board.recorder_said(said),
            Some(ask) = queues.asks.recv() => board.asked(ask),
            Some(after) = board.later.next(), if !board.later.is_empty() => board.after(after),
            Ok(()) = queues.stop.changed() => {
                let asked = *queues.stop.borrow();
                board.drain(asked);
            }
            () = tokio::time::sleep_until(wake.into()) => {}
        }
        board.time_passed(Instant::now());
        if board.give_up.is_some_and(|limit| board.lines.is_empty() || Instant::now() >= limit) {
            break;
        }
    }
    board.end().await;
}

impl Switchboard {
    fn next_wake(&self) -> Instant {
        let calls = self.lines.values().filter_map(|line| line.wake);
        let sip = self.parts.endpoint.deadline();
        // Without anything to wait for, an hour is as good as for ever.
        let idle = Instant::now() + Duration::from_secs(3600);
        calls.chain(sip).chain(self.give_up).chain(self.next_of_guests()).min().unwrap_or(idle).min(idle)
    }

    fn time_passed(&mut self, now: Instant) {
        self.guests_time_passed(now);
        if self.parts.endpoint.deadline().is_some_and(|deadline| deadline <= now) {
            let mut out = Vec::new();
            self.parts.endpoint.time_passed(now, &mut out);
            self.carry_sip(out);
        }
        let due: Vec<CallId> = self
            .lines
            .iter()
            .filter(|(_, line)| line.wake.is_some_and(|wake| wake <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            if let Some(line) = self.lines.get_mut(&id) {
                line.wake = None;
            }
            self.feed(id, Input::TimePassed);
        }
    }

    /// News from a media worker.
    fn heard(&mut self, event: FromWorker) {
        match event {
            FromWorker::DigitBegan { call, digit, slot } => self.feed(call, Input::DigitBegan { digit, slot }),
            FromWorker::Digit { call, digit, began, ended } => self.feed(call, Input::Digit { digit, began, ended }),
            FromWorker::Said { call, token, part } => self.feed(call, Input::Said { token, part }),
            FromWorker::NoMedia { call } => {
                tracing::info!(%call, "no packet for too long");
                self.feed(call, Input::MediaLost);
            }
        }
    }

    fn recorder_said(&mut self, said: FromRecorder) {
        match said {
            FromRecorder::ChunkReady { recording, chunk } => self.tell(control::What::ChunkReady { recording, chunk }),
            FromRecorder::OrderWritten { recording, order } => {
                self.tell(control::What::OrderWritten { recording, order })
            }
            FromRecorder::Trouble { why } => {
                tracing::error!(?why, "nothing can be recorded");
                self.trouble = Some(why);
                let reason = format!("{why:?}");
                for meeting in self.gatherings.keys().copied().collect::<Vec<_>>() {
                    self.tell(control::What::RecordingTrouble { meeting, reason: reason.clone() });
                    self.say_recording(meeting, false);
                }
            }
            FromRecorder::TroubleOver => {
                tracing::info!("recording goes on");
                self.trouble = None;
                for meeting in self.gatherings.keys().copied().collect::<Vec<_>>() {
                    self.say_recording(meeting, true);
                }
            }
            FromRecorder::Expired { names } => {
                tracing::warn!(
                    count = names.len(),
                    "chunks that nobody fetched were destroyed on the day of their end"
                );
            }
        }
    }

    /// Tells every caller of a meeting whether recording goes on.
    fn say_recording(&mut self, meeting: MeetingId, on: bool) {
        if self.gatherings.get(&meeting).is_some_and(Gathering::on) {
            self.tell_everybody(meeting, if on { RecordState::On } else { RecordState::Off });
        }
    }

    fn tell(&mut self, what: control::What) {
        let utc_ms = self.parts.clock.wall().utc_ms;
        self.told.tell(utc_ms, what);
    }

    /// No new calls; everybody hears that it ends. Asked more than once, it ends now.
    fn drain(&mut self, asked: u8) {
        self.draining = true;
        tracing::info!(calls = self.lines.len(), "ending");
        if asked > 1 {
            self.give_up = Some(Instant::now());
            return;
        }
        for call in self.lines.keys().copied().collect::<Vec<_>>() {
            self.feed(call, Input::Draining);
        }
        self.give_up.get_or_insert(Instant::now() + DRAIN);
    }

    /// Whoever is left is hung up on; then the recorder closes and hands over what it has.
    async fn end(&mut self) {
        for call in self.lines.keys().copied().collect::<Vec<_>>() {
            self.hang_up(call, crate::call::Farewell::Draining);
        }
        tracing::info!(counters = ?self.parts.endpoint.counters(), "SIP in all");
        // A disk that answers no more must not keep the process for ever: what is open is closed by the next start.
        let settled = async {
            while let Some(after) = self.later.next().await {
                self.after(after);
            }
        };
        if tokio::time::timeout(STOP, settled).await.is_err() {
            tracing::error!("the recorder does not finish; the next start will close what is open");
        }
        let (reply, stopped) = tokio::sync::oneshot::channel();
        if self.parts.recorder.tell(super::recorder::ToRecorder::Stop { reply }).is_ok() {
            let _ended = tokio::time::timeout(STOP, stopped).await;
        }
    }
}

/// How long callers have to hear that the gateway is being stopped.
const DRAIN: Duration = Duration::from_secs(8);
const STOP: Duration = Duration::from_secs(20);
