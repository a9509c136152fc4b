//! Where SIP comes in: one task a socket reads datagrams, or takes connections, into the switchboard's queues.
//!
//! A source outside the listener's networks gets nothing; it is counted and forgotten here, before anything is parsed.
//! A full queue drops the newest datagram: SIP sends again, and a flood must not become memory. A connection waits in
//! the kernel instead.
//!
//! Not here: SIP (`sip`), what a connection says (`connections`), and how many calls or connections a source may have
//! (`admission`, asked by the endpoint and by `connections`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sip::Transport;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

use super::connections::FromStream;
use super::socket;
use crate::admission::Network;
use crate::config;

/// A bound SIP socket and what its peers are told.
#[derive(Clone, Debug)]
pub struct Listener {
    pub local: SocketAddr,
    door: Door,
    advertise: Option<IpAddr>,
    allow: Arc<Vec<Network>>,
    strangers: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
enum Door {
    Udp(Arc<UdpSocket>),
    Tcp(Arc<TcpListener>),
}

/// One datagram from an allowed source.
#[derive(Debug)]
pub struct Datagram {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
#[error("listen.{key} = {address}: {source}; another program may have the port (see: ss -lnp)")]
pub struct ListenError {
    key: &'static str,
    address: SocketAddr,
    source: std::io::Error,
}

impl Listener {
    /// The sockets of one `[[listen]]`.
    pub fn bind(config: &config::Listener) -> Result<Vec<Self>, ListenError> {
        let mut bound = Vec::new();
        let with = |door, local| Self {
            local,
            door,
            advertise: config.advertise,
            allow: Arc::new(config.allow.clone()),
            strangers: Arc::new(AtomicU64::new(0)),
        };
        if let Some(address) = config.udp {
            let wrong = |source| ListenError { key: "udp", address, source };
            let socket = socket::listen_udp(address).and_then(UdpSocket::from_std).map_err(wrong)?;
            let local = socket.local_addr().map_err(wrong)?;
            bound.push(with(Door::Udp(Arc::new(socket)), local));
        }
        if let Some(address) = config.tcp {
            let wrong = |source| ListenError { key: "tcp", address, source };
            let socket = socket::listen_tcp(address).and_then(TcpListener::from_std).map_err(wrong)?;
            let local = socket.local_addr().map_err(wrong)?;
            bound.push(with(Door::Tcp(Arc::new(socket)), local));
        }
        Ok(bound)
    }

    /// Reads, or takes connections, until the queue's other end is gone.
    pub async fn read(self, datagrams: mpsc::Sender<Datagram>, streams: mpsc::Sender<FromStream>) {
        match &self.door {
            Door::Udp(socket) => self.read_datagrams(socket, datagrams).await,
            Door::Tcp(socket) => self.take_connections(socket, streams).await,
        }
    }

    async fn read_datagrams(&self, socket: &UdpSocket, into: mpsc::Sender<Datagram>) {
        let mut buffer = vec![0_u8; 65_536];
        loop {
            // An error here is a bounced answer of ours (ECONNREFUSED), not the socket's end.
            let Ok((length, remote)) = socket.recv_from(&mut buffer).await else { continue };
            if !self.lets_in(remote.ip()) {
                continue;
            }
            let bytes = buffer.get(..length).unwrap_or_default().to_vec();
            if let Err(mpsc::error::TrySendError::Closed(_)) =
                into.try_send(Datagram { local: self.local, remote, bytes })
            {
                return;
            }
        }
    }

    async fn take_connections(&self, socket: &TcpListener, into: mpsc::Sender<FromStream>) {
        loop {
            let Ok((stream, remote)) = socket.accept().await else {
                // No descriptors left: trying at once would only make heat.
                tokio::time::sleep(BREATH).await;
                continue;
            };
            // Dropped without a byte; that somebody listens, the kernel has said already.
            if !self.lets_in(remote.ip()) {
                continue;
            }
            if into.send(FromStream::Accepted { stream, remote }).await.is_err() {
                return;
            }
        }
    }

    /// Is this address in the listener's networks?
    pub fn allows(&self, remote: IpAddr) -> bool {
        self.allow.iter().any(|network| network.contains(remote))
    }

    fn lets_in(&self, remote: IpAddr) -> bool {
        let known = self.allows(remote);
        if !known {
            // Said at powers of two: a flood of strangers is one log line a doubling.
            let seen = self.strangers.fetch_add(1, Ordering::Relaxed) + 1;
            if seen.is_power_of_two() {
                tracing::info!(listener = %self.local, seen, "somebody outside the allowed networks got no answer");
            }
        }
        known
    }

    /// Datagrams and connections from outside the allowed networks.
    pub fn strangers(&self) -> u64 {
        self.strangers.load(Ordering::Relaxed)
    }

    pub fn transport(&self) -> Transport {
        match self.door {
            Door::Udp(_) => Transport::Udp,
            Door::Tcp(_) => Transport::Tcp,
        }
    }

    /// A socket that takes nothing now loses the datagram: SIP sends again. Connections are not this one's.
    pub fn send_datagram(&self, bytes: &[u8], remote: SocketAddr) {
        match &self.door {
            Door::Udp(socket) => drop(socket.try_send_to(bytes, remote)),
            Door::Tcp(_) => {}
        }
    }

    /// The address to name to `remote`: as configured, the socket's own, or the one the route to it leaves by.
    pub fn address_for(&self, remote: SocketAddr) -> std::io::Result<IpAddr> {
        if let Some(address) = self.advertise {
            return Ok(address);
        }
        self.route_to(remote)
    }

    /// Is a message that leaves this way this socket's to send?
    pub fn speaks_for(&self, transport: Transport, local: SocketAddr) -> bool {
        self.transport() == transport
            && self.local.port() == local.port()
            && self.local.is_ipv4() == local.is_ipv4()
            && (self.local.ip().is_unspecified() || self.local.ip() == local.ip())
    }

    /// The local address that media to and from `remote` will have.
    pub fn route_to(&self, remote: SocketAddr) -> std::io::Result<IpAddr> {
        if !self.local.ip().is_unspecified() {
            return Ok(self.local.ip());
        }
        route_to(remote)
    }

    /// Named instead of the route's own address, where sound goes out by this family.
    pub fn advertised(&self, v4: bool) -> Option<IpAddr> {
        self.advertise.filter(|address| address.is_ipv4() == v4)
    }
}

/// The address of this machine by which packets to `remote` leave; nothing is sent for it.
pub(crate) fn route_to(remote: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let probe = std::net::UdpSocket::bind((any, 0))?;
    probe.connect(remote)?;
    Ok(probe.local_addr()?.ip())
}

const BREATH: Duration = Duration::from_millis(100);
