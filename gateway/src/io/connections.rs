//! SIP over TCP: a task each connection reads messages into the switchboard's queue and writes what it is given.
//!
//! The switchboard owns the [`Connections`] and so needs no lock: it is told who came, what they said and who went
//! ([`FromStream`]), and gives each its bytes. A connection that stands is used for everything between the two ends;
//! a request of ours to where none stands makes one. An answer makes none: whoever asked and went does not wait for it.
//!
//! | bound | when it is full |
//! |---|---|
//! | connections, in all and of one source | the one silent for longest that carries no call is closed; else the newest |
//! | bytes of an unfinished message | answered and closed (`sip::Stream`) |
//! | seconds for a message, for a first byte, for a write | closed |
//! | messages that wait to be written | closed: the other end does not read |
//! | the switchboard's queue | the connection waits, and the kernel slows its peer down |
//!
//! Not here: which networks may connect (`listener`), and what messages mean (`sip`).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip::{Framed, Path, Stream, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::admission::{self, Place};
use crate::config;

/// What happens on streams.
#[derive(Debug)]
pub enum FromStream {
    /// Somebody from an allowed network.
    Accepted {
        stream: TcpStream,
        remote: SocketAddr,
    },
    Message {
        path: Path,
        bytes: Vec<u8>,
    },
    /// Nothing came for long; whether it is still needed is the switchboard's to know.
    Quiet {
        path: Path,
        serial: u64,
    },
    /// Nothing more comes. What is still to be written is, once the connection is let go.
    Over {
        path: Path,
        serial: u64,
    },
}

/// There is no way to the other end, now or any more.
#[derive(Debug)]
pub(super) struct Unreachable;

/// All connections that stand or are being made.
#[derive(Debug)]
pub(super) struct Connections {
    admission: admission::Connections<Ends>,
    standing: HashMap<Ends, Standing>,
    queue: mpsc::Sender<FromStream>,
    made: u64,
    turned_away: u64,
}

/// Ours and theirs.
type Ends = (SocketAddr, SocketAddr);

#[derive(Debug)]
struct Standing {
    /// Tells a connection from an earlier one between the same ends.
    serial: u64,
    to: mpsc::Sender<Vec<u8>>,
}

impl Connections {
    pub(super) fn new(limits: &config::Limits, queue: mpsc::Sender<FromStream>) -> Self {
        let admission = admission::Connections::new(limits.connections, limits.connections_per_source);
        Self { admission, standing: HashMap::new(), queue, made: 0, turned_away: 0 }
    }

    /// Takes in who came, if there is room. `needed` says whether a connection carries a call.
    pub(super) fn accept(&mut self, stream: TcpStream, remote: SocketAddr, needed: impl FnMut(Path) -> bool) {
        let Ok(local) = stream.local_addr() else { return };
        if let Some((task, written)) = self.admit(along((local, remote)), needed) {
            tokio::spawn(task.run(stream, written));
        }
    }

    /// Gives bytes to the connection of this path; a request makes one where there is none, as [`Self::accept`] does.
    pub(super) fn send(
        &mut self,
        path: Path,
        bytes: Vec<u8>,
        needed: impl FnMut(Path) -> bool,
    ) -> Result<(), Unreachable> {
        if let Some(standing) = self.standing.get(&(path.local, path.remote)) {
            return standing.to.try_send(bytes).map_err(|_| {
                self.let_go(path);
                Unreachable
            });
        }
        if bytes.starts_with(b"SIP/2.0 ") {
            return Ok(());
        }
        let (task, written) = self.admit(path, needed).ok_or(Unreachable)?;
        if let Some(standing) = self.standing.get(&(path.local, path.remote)) {
            // An empty queue takes one.
            let _taken = standing.to.try_send(bytes);
        }
        tokio::spawn(task.connect(written));
        Ok(())
    }

    /// A whole message came by it.
    pub(super) fn said(&mut self, path: Path) {
        self.admission.said((path.local, path.remote));
    }

    /// Is this the connection that stands, and not an earlier one?
    pub(super) fn is(&self, path: Path, serial: u64) -> bool {
        self.standing.get(&(path.local, path.remote)).is_some_and(|standing| standing.serial == serial)
    }

    /// Ends a connection after what waits to be written.
    pub(super) fn let_go(&mut self, path: Path) {
        let ends = (path.local, path.remote);
        if self.standing.remove(&ends).is_some() {
            self.admission.left(ends);
        }
    }

    pub(super) fn standing(&self) -> usize {
        self.admission.standing()
    }

    /// Connections that were one too many, or were let go for a newer one.
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away
    }

    fn admit(&mut self, path: Path, mut needed: impl FnMut(Path) -> bool) -> Option<(Task, mpsc::Receiver<Vec<u8>>)> {
        // One that the switchboard has not yet heard the end of.
        self.let_go(path);
        let ends = (path.local, path.remote);
        match self.admission.take(ends, path.remote.ip(), |ends| needed(along(ends))) {
            Place::Free => {}
            Place::Of(other) => {
                self.standing.remove(&other);
                self.count_turned_away();
            }
            Place::None => {
                self.count_turned_away();
                return None;
            }
        }
        self.made += 1;
        let (to, written) = mpsc::channel(UNWRITTEN);
        self.standing.insert(ends, Standing { serial: self.made, to });
        Some((Task { path, serial: self.made, queue: self.queue.clone() }, written))
    }

    fn count_turned_away(&mut self) {
        self.turned_away += 1;
        if self.turned_away.is_power_of_two() {
            tracing::info!(seen = self.turned_away, "connections beyond the limits were closed");
        }
    }
}

fn along((local, remote): Ends) -> Path {
    Path { transport: Transport::Tcp, local, remote }
}

/// What one connection's task knows of the rest.
struct Task {
    path: Path,
    serial: u64,
    queue: mpsc::Sender<FromStream>,
}

/// Why the reading ended.
enum Next {
    Read(usize),
    Write(Option<Vec<u8>>),
    TooSlow,
    Quiet,
}

impl Task {
    /// A connection of our own making, from our address to theirs.
    async fn connect(self, written: mpsc::Receiver<Vec<u8>>) {
        let made = async {
            let socket = if self.path.local.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind(SocketAddr::new(self.path.local.ip(), 0))?;
            socket.connect(self.path.remote).await
        };
        match timeout(CONNECT, made).await {
            Ok(Ok(stream)) => self.run(stream, written).await,
            Ok(Err(_)) | Err(_) => self.over().await,
        }
    }

    async fn run(self, mut stream: TcpStream, mut written: mpsc::Receiver<Vec<u8>>) {
        // A message is written at once and whole; waiting for more of it would only delay calls.
        let _slower = stream.set_nodelay(true);
        if self.talk(&mut stream, &mut written).await {
            // The switchboard lets go when it has heard the end; until then there may be a last answer.
            self.over().await;
            while let Some(bytes) = written.recv().await {
                if !write(&mut stream, &bytes).await {
                    return;
                }
            }
        } else {
            self.over().await;
        }
        let _gone = timeout(WRITE, stream.shutdown()).await;
    }

    /// Until nothing more comes. True: what still waits may yet be written.
    async fn talk(&self, stream: &mut TcpStream, written: &mut mpsc::Receiver<Vec<u8>>) -> bool {
        let (mut cut, mut framed) = (Stream::default(), Vec::new());
        let mut buffer = vec![0_u8; READ_BYTES];
        let mut since = Instant::now();
        let mut limit = FIRST;
        loop {
            let next = tokio::select! {
                read = stream.read(&mut buffer) => Next::Read(read.unwrap_or(0)),
                bytes = written.recv() => Next::Write(bytes),
                () = tokio::time::sleep_until((since + limit).into()) => if limit == QUIET { Next::Quiet } else { Next::TooSlow },
            };
            match next {
                Next::Read(0) => return true,
                Next::Read(length) => {
                    cut.push(buffer.get(..length).unwrap_or_default(), &mut framed);
                    let whole = !framed.is_empty();
                    for framed in framed.drain(..) {
                        let bytes = match framed {
                            Framed::Message(bytes) => bytes,
                            Framed::Ping if write(stream, b"\r\n").await => continue,
                            Framed::Ping => return false,
                            Framed::Broken(bytes) => {
                                self.tell(FromStream::Message { path: self.path, bytes }).await;
                                return true;
                            }
                        };
                        if !self.tell(FromStream::Message { path: self.path, bytes }).await {
                            return false;
                        }
                    }
                    // The time for a message runs from its first byte, however many follow one by one.
                    let was_amid = limit == MESSAGE;
                    limit = if cut.is_amid() { MESSAGE } else { QUIET };
                    if whole || !(was_amid && limit == MESSAGE) {
                        since = Instant::now();
                    }
                }
                Next::Write(Some(bytes)) => {
                    if !write(stream, &bytes).await {
                        return false;
                    }
                }
                Next::Write(None) | Next::TooSlow => return false,
                Next::Quiet => {
                    self.tell(FromStream::Quiet { path: self.path, serial: self.serial }).await;
                    since = Instant::now();
                }
            }
        }
    }

    async fn over(&self) {
        self.tell(FromStream::Over { path: self.path, serial: self.serial }).await;
    }

    async fn tell(&self, what: FromStream) -> bool {
        self.queue.send(what).await.is_ok()
    }
}

/// False: the other end is gone, or does not read.
async fn write(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    matches!(timeout(WRITE, stream.write_all(bytes)).await, Ok(Ok(())))
}

const READ_BYTES: usize = 8 * 1024;
/// More than a busy moment of an exchange with many calls on one connection.
const UNWRITTEN: usize = 256;
/// Who connects says something soon.
const FIRST: Duration = Duration::from_secs(30);
/// From the first byte of a message to its last: longer than the slowest line takes, too short to collect connections.
const MESSAGE: Duration = Duration::from_secs(10);
/// RFC 5626 4.4.1 has telephones ping every two minutes at least.
const QUIET: Duration = Duration::from_secs(600);
const WRITE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);
