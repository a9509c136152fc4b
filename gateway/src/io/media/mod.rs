//! The media workers: OS threads that own calls' sockets and rooms' sound, and the queues that lead to them.
//!
//! [`Workers::start`] gives the handle the switchboard speaks to ([`Workers::tell`]) and the queue of [`FromWorker`].
//! A call is opened on one worker and moved to the worker of its room when it enters; the handle knows where it is.
//!
//! Not here: who may enter, speak or be recorded (`call`, `consent`), and files (`io::recorder`).

mod control;
mod line;
mod saying;
mod table;
mod worker;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use media::codec::OpusStyle;
use media::leg::LegConfig;
use spool::id::{SeatNo, Slot};
use tokio::sync::mpsc;

use self::line::Line;
use self::worker::Worker;
use super::clock::Clock;
use super::recorder::Frames;
use super::socket::{Pair, SourceRule};
use crate::consent::Permit;
use crate::ids::CallId;
use crate::prompts::Prompt;

/// Where seats hear each other; rooms are spread over the workers and over the slot by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// How the workers are set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// 0 takes one a core.
    pub workers: usize,
    /// A call without a single packet for this long is reported.
    pub silence_limit: Duration,
    /// The same of a held call: an exchange may send nothing for it, but one that forgot it would keep its seat for ever.
    pub held_limit: Duration,
}

/// What the switchboard wants of a call's or a room's sound.
pub enum ToWorker {
    /// `remote` is the SDP's address, `control` theirs for control packets, if they want any.
    Open {
        call: CallId,
        sockets: Pair,
        leg: LegConfig,
        remote: SocketAddr,
        control: Option<SocketAddr>,
        rule: SourceRule,
    },
    /// A re-INVITE changed codec, address or both.
    Retarget {
        call: CallId,
        leg: LegConfig,
        remote: SocketAddr,
        control: Option<SocketAddr>,
        rule: SourceRule,
    },
    /// How they want the Opus to be that they are sent; told after what was agreed.
    Style {
        call: CallId,
        style: OpusStyle,
    },
    /// Neither mixed nor recorded while held; hears nothing of the room.
    Hold {
        call: CallId,
        on: bool,
    },
    /// Replaces what this caller hears from us, at once; over the room's sound, which goes on softly behind it.
    Say {
        call: CallId,
        token: u32,
        parts: Vec<Arc<Prompt>>,
    },
    Hush {
        call: CallId,
    },
    /// `on`: is the room's record on? It comes with the seat, because a room is forgotten when nobody is in it or on the
    /// way to it.
    Enter {
        call: CallId,
        room: RoomId,
        seat: SeatNo,
        on: bool,
    },
    /// From the permit's first slot on this voice goes to the recorder, while the room's record is on.
    Permit {
        call: CallId,
        permit: Permit,
    },
    /// `at` is the first slot that is no longer permitted.
    EndPermit {
        call: CallId,
        at: Slot,
    },
    /// The key press that began last was judged: the tap, held since then, goes on.
    DigitSettled {
        call: CallId,
    },
    Record {
        room: RoomId,
        on: bool,
    },
    Mute {
        call: CallId,
        on: bool,
    },
    /// Several people speak through this telephone, or one again: while `on` it takes no permit.
    Shared {
        call: CallId,
        on: bool,
    },
    /// What this caller hears, louder or softer than it comes.
    Gain {
        call: CallId,
        db: i8,
    },
    Close {
        call: CallId,
    },
}

/// What the switchboard learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromWorker {
    DigitBegan {
        call: CallId,
        digit: char,
        slot: Slot,
    },
    Digit {
        call: CallId,
        digit: char,
        began: Slot,
        ended: Slot,
    },
    /// Part number `part` of the saying `token` was played to its end.
    Said {
        call: CallId,
        token: u32,
        part: usize,
    },
    /// Not a packet for as long as the settings allow. Said once until there is one again.
    NoMedia {
        call: CallId,
    },
}

/// A worker's queue is full or its thread gone: it is a slot's thousands of messages behind.
#[derive(Debug, thiserror::Error)]
#[error("a media worker does not answer")]
pub struct Stuck;

/// The switchboard's end of all workers; the threads end when it is dropped.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Hand>,
    /// On which worker each call is.
    calls: HashMap<CallId, usize>,
}

#[derive(Debug)]
struct Hand {
    /// When full the message is refused: see [`Stuck`].
    commands: SyncSender<Command>,
    thread: Option<JoinHandle<()>>,
}

/// What goes over a worker's queue.
enum Command {
    Tell(ToWorker),
    /// A call is on its way from another worker: its room is kept, and so is what the call is told until then.
    Expect {
        call: CallId,
        room: RoomId,
        on: bool,
    },
    Move {
        call: CallId,
        to: usize,
        room: RoomId,
        seat: SeatNo,
    },
    Arrive {
        line: Box<Line>,
        room: RoomId,
        seat: SeatNo,
    },
    Stop,
}

impl Workers {
    /// Starts the threads. Digits and other news come out of the second half.
    pub fn start(settings: &Settings, clock: Clock, frames: &Frames) -> io::Result<(Self, mpsc::Receiver<FromWorker>)> {
        let threads = match settings.workers {
            0 => thread::available_parallelism()?.get(),
            some => some,
        };
        let (news, told) = mpsc::channel(NEWS_QUEUE);
        let (commands, queues): (Vec<_>, Vec<_>) = (0..threads).map(|_| sync_channel(COMMAND_QUEUE)).unzip();
        let mut workers = Vec::with_capacity(threads);
        for (number, (mine, queue)) in commands.iter().zip(queues).enumerate() {
            let worker = Worker::new(settings, commands.clone(), news.clone(), frames.clone());
            let thread = thread::Builder::new()
                .name(format!("media-{number}"))
                .spawn(move || worker::run(worker, clock, &queue))?;
            workers.push(Hand { commands: mine.clone(), thread: Some(thread) });
        }
        Ok((Self { workers, calls: HashMap::new() }, told))
    }

    /// Never waits. Messages to one call are carried out in the order told, wherever the call is.
    pub fn tell(&mut self, message: ToWorker) -> Result<(), Stuck> {
        let at = match &message {
            ToWorker::Open { call, .. } => {
                let at = self.spread(call.0);
                self.calls.insert(*call, at);
                at
            }
            ToWorker::Enter { call, room, seat, on } => return self.enter(*call, *room, *seat, *on),
            ToWorker::Close { call } => match self.calls.remove(call) {
                Some(at) => at,
                None => return Ok(()),
            },
            ToWorker::Record { room, .. } => self.spread(room.0),
            ToWorker::Retarget { call, .. }
            | ToWorker::Style { call, .. }
            | ToWorker::Hold { call, .. }
            | ToWorker::Say { call, .. }
            | ToWorker::Hush { call }
            | ToWorker::Permit { call, .. }
            | ToWorker::EndPermit { call, .. }
            | ToWorker::DigitSettled { call }
            | ToWorker::Shared { call, .. }
            | ToWorker::Gain { call, .. }
            | ToWorker::Mute { call, .. } => match self.calls.get(call) {
                Some(at) => *at,
                None => return Ok(()),
            },
        };
        self.send(at, Command::Tell(message))
    }

    fn enter(&mut self, call: CallId, room: RoomId, seat: SeatNo, on: bool) -> Result<(), Stuck> {
        let Some(from) = self.calls.get(&call).copied() else { return Ok(()) };
        let to = self.spread(room.0);
        if from == to {
            return self.send(from, Command::Tell(ToWorker::Enter { call, room, seat, on }));
        }
        self.send(to, Command::Expect { call, room, on })?;
        self.send(from, Command::Move { call, to, room, seat })?;
        self.calls.insert(call, to);
        Ok(())
    }

    fn spread(&self, number: u64) -> usize {
        (number % self.workers.len().max(1) as u64) as usize
    }

    fn send(&self, at: usize, command: Command) -> Result<(), Stuck> {
        let hand = self.workers.get(at).ok_or(Stuck)?;
        hand.commands.try_send(command).map_err(|_| Stuck)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for hand in &self.workers {
            // Refused only by a thread that is gone or stuck; neither can be told anything.
            let _ = hand.commands.send(Command::Stop);
        }
        for hand in &mut self.workers {
            if let Some(thread) = hand.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

const COMMAND_QUEUE: usize = 4096;

const NEWS_QUEUE: usize = 4096;
