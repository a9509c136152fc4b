//! A stranger who floods one call's port with RTP of a good form, at a steady rate, from a socket of its own.
//!
//! [`Flood::begin`]; it ends with the value, and says how many packets it sent.
//! Sequence numbers and timestamps run on as those of a real telephone; the sound is a loud tone nobody of the load says.
//!
//! Not here: what it does to whom (`main`).

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Flood {
    over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Flood {
    pub(crate) fn begin(at: SocketAddr, packets_a_second: u32) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let thread = std::thread::spawn(move || run(&socket, at, packets_a_second, &ends));
        Ok(Self { over, thread })
    }

    /// Stops; how many packets were sent.
    pub(crate) fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn run(socket: &UdpSocket, at: SocketAddr, packets_a_second: u32, over: &AtomicBool) -> u64 {
    let mut packet = [0x2A_u8; 172];
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[8..12].copy_from_slice(&0x5157_4E47_u32.to_be_bytes());
    let (began, mut sent) = (Instant::now(), 0_u64);
    while !over.load(Ordering::Relaxed) {
        let due = (began.elapsed().as_secs_f64() * f64::from(packets_a_second)) as u64;
        while sent < due {
            packet[2..4].copy_from_slice(&(sent as u16).to_be_bytes());
            packet[4..8].copy_from_slice(&(sent as u32).wrapping_mul(160).to_be_bytes());
            // Refused by the kernel once the port is another's alone: that is what is to be seen.
            let _ = socket.send_to(&packet, at);
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    sent
}
