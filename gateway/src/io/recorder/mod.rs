//! The recorder: one thread that owns the spool and every open chunk, and the queues that lead to it.
//!
//! [`Recorder::start`] first closes what an earlier run left open, then runs until [`ToRecorder::Stop`].
//! The switchboard tells it things by [`Recorder::tell`]; media workers push sound by [`Frames`]; it says what everybody
//! should know as [`FromRecorder`]. Nobody waits for the disk but this thread.
//!
//! Not here: who may be recorded (`consent`), what of a voice is kept (`tap`), the format (`spool`).

mod desk;
mod encoder;
mod keyless;
mod owed;
mod running;
mod voice;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, Thread};
use std::time::Duration;

use media::Sound;
use spool::id::{EpochId, MeetingId, RecordingId, SeatNo, SectionId, Slot, TrackId};
use spool::keys::PublicKey;
use spool::line::{Act, CloseWhy, EndWhy, GapReason, MediaEvent, SeatFact, TrackFact};
use spool::order::Decision;
use spool::sign::SigningKey;
use spool::write::{Recovered, SpoolError};
use tokio::sync::{mpsc, oneshot};

use self::desk::{Desk, Next};
use super::clock::Clock;

/// How the recorder is set up.
pub struct Settings {
    /// The spool's directory; made when it is not there.
    pub spool: PathBuf,
    pub key: SigningKey,
    /// This run of the program.
    pub epoch: EpochId,
    /// A chunk is handed over after this long.
    pub chunk: Duration,
    /// Below this much room on the disk nothing new is laid down.
    pub floor_bytes: u64,
}

/// Where an answer goes. Dropped without one when the recorder is gone: that is a no.
pub type Reply<T> = oneshot::Sender<Result<T, RecorderError>>;

/// What is true of a recording from its beginning on; the recorder adds gateway, epoch, chunk and the previous chunk.
#[derive(Clone, Debug)]
pub struct About {
    pub recording: RecordingId,
    pub meeting: MeetingId,
    pub section: SectionId,
    pub rule: String,
    pub rule_hash: String,
    /// When the meeting began, UTC.
    pub started_ms: i64,
    /// Its beginning and the rule's hard cap: no chunk lives longer, here or anywhere.
    pub destroy_by_ms: i64,
    pub rooms: Vec<String>,
    pub seats: Vec<SeatFact>,
    /// Above every number that a chunk of the recording bore here before; 0 for one that only begins.
    pub first_chunk: u32,
}

/// What the switchboard wants. Messages are handled in order, each after all sound that was pushed before it.
pub enum ToRecorder {
    /// A recording begins, or goes on that another gateway has held meanwhile. No chunk of it was ever numbered as its first is.
    Begin {
        about: Box<About>,
        reply: Reply<()>,
    },
    /// Seats and their leaving are remembered for the heads of later chunks; tracks and gaps have messages of their own.
    Note {
        recording: RecordingId,
        slot: Slot,
        event: MediaEvent,
    },
    /// Synced before the reply.
    Act {
        recording: RecordingId,
        slot: Slot,
        act: Box<Act>,
        reply: Option<Reply<()>>,
    },
    /// Opens a track: its line, its key and its voice file are synced before the reply.
    Track {
        recording: RecordingId,
        fact: TrackFact,
        public: PublicKey,
        reply: Reply<()>,
    },
    /// A yes found no key: from `from` on this seat's words are missing, and that is written down until it says something
    /// else or leaves.
    NoKey {
        recording: RecordingId,
        seat: SeatNo,
        from: Slot,
    },
    /// `until` is the first slot no longer permitted; sound of later slots is dropped, also when it was pushed already.
    EndTrack {
        recording: RecordingId,
        track: TrackId,
        until: Slot,
        why: EndWhy,
    },
    /// Signed and synced before the reply, which names it; then the chunk is closed.
    Order {
        recording: RecordingId,
        decision: Decision,
        tracks: Vec<TrackId>,
        reply: Reply<String>,
    },
    /// Hands over what is kept so far; the reply names the chunk, or nothing when nothing was being recorded.
    /// Waits for a caller who is just being asked what should become of the earlier part.
    Cut {
        recording: RecordingId,
        reply: Reply<Option<String>>,
    },
    /// From now on in another section: the open chunk is closed and the next one is of that section. Refused while somebody
    /// is being asked what should become of the earlier part.
    Section {
        recording: RecordingId,
        section: SectionId,
        reply: Reply<()>,
    },
    /// Closes and forgets the recording. A withdrawal nobody decided on by now erases.
    Finish {
        recording: RecordingId,
        why: CloseWhy,
        reply: Option<Reply<()>>,
    },
    /// What lies ready for the archive.
    Waiting {
        reply: Reply<Waiting>,
    },
    /// The archive has it: it is deleted here. False when there was none of that name.
    AcknowledgeChunk {
        chunk: String,
        reply: Reply<bool>,
    },
    AcknowledgeOrder {
        order: String,
        reply: Reply<bool>,
    },
    /// Finishes every recording and ends the thread.
    Stop {
        reply: Reply<()>,
    },
}

impl ToRecorder {
    /// Must all sound be there that was let go before it was told?
    fn closes(&self) -> bool {
        match self {
            Self::EndTrack { .. } | Self::Order { .. } | Self::Cut { .. } | Self::Section { .. } => true,
            Self::Finish { .. } | Self::Stop { .. } => true,
            Self::Begin { .. } | Self::Note { .. } | Self::Act { .. } => false,
            Self::Track { .. } | Self::NoKey { .. } => false,
            Self::Waiting { .. } | Self::AcknowledgeChunk { .. } | Self::AcknowledgeOrder { .. } => false,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub chunks: Vec<String>,
    pub orders: Vec<String>,
}

/// What the recorder says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromRecorder {
    /// A chunk was closed and lies ready.
    ChunkReady {
        recording: RecordingId,
        chunk: String,
    },
    OrderWritten {
        recording: RecordingId,
        order: String,
    },
    /// From now on nothing is laid down and gaps are counted; calls go on. Said once until it is over.
    Trouble {
        why: Trouble,
    },
    /// Sound is laid down again.
    TroubleOver,
    /// On the day of their end: deleted without ever having been fetched.
    Expired {
        names: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Less room than the floor, or none at all.
    DiskFull,
    /// The disk answers with errors.
    DiskFails,
}

/// Why the recorder did not do it.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    #[error("no such recording is running")]
    Unknown,
    #[error("somebody is still to say what should become of the earlier part")]
    Undecided,
    /// Said of new tracks only: what cannot be kept must not be promised.
    #[error("the disk takes nothing at present")]
    NoRoom,
    #[error("the spool did not take it")]
    Spool(#[from] SpoolError),
}

/// The thread is gone, or so far behind that it must be taken for gone.
#[derive(Debug, thiserror::Error)]
#[error("the recorder does not answer")]
pub struct Away;

/// A piece of a permitted voice on its way to the disk.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "the ring holds frames in place: a box would allocate once a packet")]
pub enum Taped {
    Frame {
        track: TrackId,
        slot: Slot,
        frame: Sound,
    },
    /// `until` is exclusive.
    Gap {
        track: TrackId,
        from: Slot,
        until: Slot,
        reason: GapReason,
    },
}

/// The workers' end of the sound ring. When it is full the newest is refused, and the worker writes a gap later.
#[derive(Clone, Debug)]
pub struct Frames {
    ring: SyncSender<Taped>,
}

impl Frames {
    /// Never waits. False: the ring is full (or the recorder gone), and `piece` is not kept.
    #[must_use]
    pub fn push(&self, piece: Taped) -> bool {
        self.ring.try_send(piece).is_ok()
    }

    /// A ring that only tests read.
    #[cfg(test)]
    pub(crate) fn ring(capacity: usize) -> (Self, Receiver<Taped>) {
        let (ring, end) = sync_channel(capacity);
        (Self { ring }, end)
    }
}

/// The switchboard's end. When the queue is full the message is refused: that is for the teller to say aloud.
#[derive(Clone, Debug)]
pub struct Recorder {
    orders: SyncSender<ToRecorder>,
    thread: Thread,
}

/// Everything that [`Recorder::start`] makes.
pub struct Started {
    pub recorder: Recorder,
    pub frames: Frames,
    /// When nobody reads it, what is said is dropped: it is all in the spool as well.
    pub said: mpsc::Receiver<FromRecorder>,
    /// What an earlier run had left open and is now closed and ready.
    pub recovered: Vec<Recovered>,
}

impl Recorder {
    /// Opens the spool, closes what an unclean end left open, and starts the thread. Blocks; call it before calls come.
    pub fn start(settings: Settings, clock: Clock) -> Result<Started, SpoolError> {
        let (saying, said) = mpsc::channel(SAID_QUEUE);
        let (mut desk, recovered) = Desk::open(settings, clock, saying)?;
        let (ring, frames) = sync_channel(RING_PIECES);
        let (orders, queue) = sync_channel(ORDER_QUEUE);
        let thread = thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || run(&mut desk, clock, &queue, &frames))
            .map_err(|source| SpoolError::Io { what: "start the recorder thread", source })?;
        let recorder = Self { orders, thread: thread.thread().clone() };
        Ok(Started { recorder, frames: Frames { ring }, said, recovered })
    }

    /// Never waits.
    pub fn tell(&self, message: ToRecorder) -> Result<(), Away> {
        self.orders.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Away,
        })?;
        self.thread.unpark();
        Ok(())
    }
}

/// Sound first, then messages. One that closes something waits a little, and those behind it with it: what the room had
/// let go by then is on its way through the worker's next turn and belongs before the end.
fn run(desk: &mut Desk, clock: Clock, queue: &Receiver<ToRecorder>, frames: &Receiver<Taped>) {
    let mut told = VecDeque::new();
    loop {
        let now = clock.slot();
        for message in queue.try_iter() {
            desk.foresee(&message);
            let wait = if message.closes() { GRACE_SLOTS } else { 0 };
            told.push_back((Slot(now.0 + wait), message));
        }
        frames.try_iter().take(RING_PIECES).for_each(|piece| desk.keep(piece));
        while let Some((_, message)) = told.pop_front_if(|(due, _)| *due <= now) {
            if let Next::Stop = desk.obey(message, clock.slot()) {
                return;
            }
        }
        desk.slot_passed(clock.slot());
        thread::park_timeout(Duration::from_millis(Slot::MS));
    }
}

/// 60 ms: a worker's longest way from a message to its last piece, and a late turn.
const GRACE_SLOTS: u64 = 3;

/// Three seconds of a hundred voices and some: longer than a disk may be away for a sync.
const RING_PIECES: usize = 16_384;

const ORDER_QUEUE: usize = 1024;

const SAID_QUEUE: usize = 256;
