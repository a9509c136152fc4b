//! The SIP sockets: one task each reads datagrams into the switchboard's queue.
//!
//! A source outside the listener's networks gets nothing; it is counted and forgotten here, before anything is parsed.
//! A full queue drops the newest datagram: SIP sends again, and a flood must not become memory.
//!
//! Not here: SIP (`sip`), and how many calls a source may make (`admission`, asked by the switchboard).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::admission::Network;
use crate::config;

/// A bound SIP socket and what its peers are told.
#[derive(Clone, Debug)]
pub struct Listener {
    pub socket: Arc<UdpSocket>,
    pub local: SocketAddr,
    pub advertise: Option<IpAddr>,
    allow: Arc<Vec<Network>>,
    strangers: Arc<AtomicU64>,
}

/// One datagram from an allowed source.
#[derive(Debug)]
pub struct Datagram {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
#[error("listen.udp = {address}: {source}; another program may have the port (see: ss -ulnp)")]
pub struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

impl Listener {
    pub async fn bind(config: &config::Listener) -> Result<Self, ListenError> {
        let wrong = |source| ListenError { address: config.udp, source };
        let socket = UdpSocket::bind(config.udp).await.map_err(wrong)?;
        let local = socket.local_addr().map_err(wrong)?;
        Ok(Self {
            socket: Arc::new(socket),
            local,
            advertise: config.advertise,
            allow: Arc::new(config.allow.clone()),
            strangers: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Reads until the queue's other end is gone.
    pub async fn read(self, into: mpsc::Sender<Datagram>) {
        let mut buffer = vec![0_u8; 65_536];
        loop {
            // An error here is a bounced answer of ours (ECONNREFUSED), not the socket's end.
            let Ok((length, remote)) = self.socket.recv_from(&mut buffer).await else { continue };
            if !self.allow.iter().any(|network| network.contains(remote.ip())) {
                // Said at powers of two: a flood of strangers is one log line a doubling.
                let seen = self.strangers.fetch_add(1, Ordering::Relaxed) + 1;
                if seen.is_power_of_two() {
                    tracing::info!(listener = %self.local, seen, "datagrams from outside the allowed networks got no answer");
                }
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

    /// The address to name to `remote`: as configured, the socket's own, or the one the route to it leaves by.
    pub fn address_for(&self, remote: SocketAddr) -> std::io::Result<IpAddr> {
        if let Some(address) = self.advertise {
            return Ok(address);
        }
        self.route_to(remote)
    }

    /// Is a message that leaves by `local` this socket's to send?
    pub fn speaks_for(&self, local: SocketAddr) -> bool {
        self.local.port() == local.port() && (self.local.ip().is_unspecified() || self.local.ip() == local.ip())
    }

    /// The local address that media to and from `remote` will have.
    pub fn route_to(&self, remote: SocketAddr) -> std::io::Result<IpAddr> {
        if !self.local.ip().is_unspecified() {
            return Ok(self.local.ip());
        }
        let probe = std::net::UdpSocket::bind((self.local.ip(), 0))?;
        probe.connect(remote)?;
        Ok(probe.local_addr()?.ip())
    }
}
