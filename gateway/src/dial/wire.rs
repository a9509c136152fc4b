//! How the caller's SIP travels: datagrams, or one connection that is cut into messages.
//!
//! Not here: what the messages say (`sip`), and when they are due (`dial::line`).
#![expect(clippy::disallowed_methods, reason = "the caller's own shell: a socket")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use sip::{Framed, Path, Stream, Transport};

/// An open way to the other side.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) path: Path,
    door: Door,
}

#[derive(Debug)]
enum Door {
    Udp(UdpSocket),
    Tcp {
        stream: TcpStream,
        cut: Stream,
    },
    /// The connection is gone; there is no second one.
    Closed,
}

impl Wire {
    pub(super) fn open(transport: Transport, local: IpAddr, remote: SocketAddr) -> io::Result<Self> {
        let (door, local) = match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind((local, 0))?;
                let local = socket.local_addr()?;
                (Door::Udp(socket), local)
            }
            Transport::Tcp => {
                let stream = TcpStream::connect_timeout(&remote, CONNECT)?;
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(CONNECT))?;
                let local = stream.local_addr()?;
                (Door::Tcp { stream, cut: Stream::default() }, local)
            }
        };
        Ok(Self { path: Path { transport, local, remote }, door })
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.door, Door::Closed)
    }

    /// A datagram that does not leave is a lost one, and SIP sends it again; a connection that takes nothing is gone.
    pub(super) fn send(&mut self, bytes: &[u8], to: SocketAddr) {
        let sent = match &mut self.door {
            Door::Udp(socket) => {
                let _lost = socket.send_to(bytes, to);
                Ok(())
            }
            // A read that did not wait may have left it so that a write does not either.
            Door::Tcp { stream, .. } => stream.set_nonblocking(false).and_then(|()| stream.write_all(bytes)),
            Door::Closed => Ok(()),
        };
        if sent.is_err() {
            self.door = Door::Closed;
        }
    }

    /// What came, waiting for the first of it at most `wait`.
    pub(super) fn receive(&mut self, wait: Duration) -> Vec<Vec<u8>> {
        let mut bytes = [0_u8; MOST];
        let mut came = Vec::new();
        // A zero time-out is refused by the system, and would mean for ever.
        let mut patience = Some(wait.max(Duration::from_micros(1)));
        loop {
            let patience = patience.take();
            match &mut self.door {
                Door::Udp(socket) => {
                    let ready = match patience {
                        Some(wait) => socket.set_nonblocking(false).and_then(|()| socket.set_read_timeout(Some(wait))),
                        None => socket.set_nonblocking(true),
                    };
                    let Ok((length, from)) = ready.and_then(|()| socket.recv_from(&mut bytes)) else { return came };
                    if from == self.path.remote {
                        came.push(bytes.get(..length).unwrap_or_default().to_vec());
                    }
                }
                Door::Tcp { stream, cut } => {
                    let ready = match patience {
                        Some(wait) => stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(wait))),
                        None => stream.set_nonblocking(true),
                    };
                    match ready.and_then(|()| stream.read(&mut bytes)) {
                        Ok(0) => self.door = Door::Closed,
                        Ok(length) => {
                            let mut framed = Vec::new();
                            cut.push(bytes.get(..length).unwrap_or_default(), &mut framed);
                            came.extend(framed.into_iter().filter_map(|framed| match framed {
                                Framed::Message(bytes) => Some(bytes),
                                Framed::Ping | Framed::Broken(_) => None,
                            }));
                        }
                        Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return came,
                        Err(_) => self.door = Door::Closed,
                    }
                }
                Door::Closed => return came,
            }
        }
    }
}

const MOST: usize = 8192;
const CONNECT: Duration = Duration::from_secs(5);
