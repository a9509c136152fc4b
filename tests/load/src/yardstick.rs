//! The yardstick: the leanest conference bridge that still does the work. No PIN, no consent, no jitter buffer, no checks.
//!
//! One room, PCMA. Every frame is decoded and its energy taken; the three loudest are mixed; the mix is encoded once for
//! everybody who only listens, and once for each who is in it. One thread, one connected socket a call, read without
//! asking whether there is something: 50 wake-ups a second. What a real gateway costs beyond this is the price of
//! everything else it does.
//!
//! Not here: anything a caller would miss.

use std::collections::HashMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use media::g711::{self, Law};

use crate::wire;

/// Serves SIP on this socket until the process is ended.
pub(crate) fn run(port: u16) -> std::io::Result<()> {
    let sip = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
    let local = sip.local_addr()?;
    let (arrive, arrivals) = channel();
    std::thread::spawn(move || mix(&arrivals));
    let mut calls: HashMap<String, String> = HashMap::new();
    let mut bytes = [0_u8; 4096];
    loop {
        let (length, from) = sip.recv_from(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let message = wire::read(&text);
        let answer = match (message.status, message.method.as_str()) {
            (None, "INVITE") => match (calls.get(&message.call_id), message.media) {
                (Some(answer), _) => answer.clone(),
                (None, Some(peer)) => {
                    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
                    socket.connect(peer)?;
                    socket.set_nonblocking(true)?;
                    let answer = wire::ok(&text, local, &wire::sdp(socket.local_addr()?));
                    calls.insert(message.call_id.clone(), answer.clone());
                    let _ = arrive.send(News::Came(message.call_id, socket));
                    answer
                }
                (None, None) => continue,
            },
            (None, "BYE") => {
                calls.remove(&message.call_id);
                let _ = arrive.send(News::Left(message.call_id));
                wire::ok(&text, local, "")
            }
            _ => continue,
        };
        sip.send_to(answer.as_bytes(), from)?;
    }
}

enum News {
    Came(String, UdpSocket),
    Left(String),
}

struct Leg {
    socket: UdpSocket,
    /// At most three frames wait; the oldest goes first.
    waiting: Vec<[u8; FRAME]>,
    sound: [i16; FRAME],
    energy: u64,
    packet: [u8; HEAD + FRAME],
    seq: u16,
    timestamp: u32,
}

impl Leg {
    fn new(socket: UdpSocket) -> Self {
        let mut packet = [0; HEAD + FRAME];
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[8..12].copy_from_slice(&u32::from(socket.local_addr().map_or(1, |at| at.port())).to_be_bytes());
        Self { socket, waiting: Vec::new(), sound: [0; FRAME], energy: 0, packet, seq: 0, timestamp: 0 }
    }

    fn receive(&mut self) {
        let mut bytes = [0_u8; 512];
        while let Ok(length) = self.socket.recv(&mut bytes) {
            if length == HEAD + FRAME && bytes[1] & 0x7f == 8 {
                if self.waiting.len() == 3 {
                    self.waiting.remove(0);
                }
                let mut frame = [0; FRAME];
                frame.copy_from_slice(&bytes[HEAD..HEAD + FRAME]);
                self.waiting.push(frame);
            }
        }
        self.energy = 0;
        if !self.waiting.is_empty() {
            g711::decode(Law::A, &self.waiting.remove(0), &mut self.sound);
            self.energy = self.sound.iter().map(|&s| u64::from(i32::from(s).unsigned_abs().pow(2) >> 12)).sum();
        }
    }

    fn send(&mut self, coded: &[u8; FRAME]) {
        self.seq = self.seq.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
        self.packet[2..4].copy_from_slice(&self.seq.to_be_bytes());
        self.packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        self.packet[HEAD..].copy_from_slice(coded);
        let _ = self.socket.send(&self.packet);
    }
}

fn mix(arrivals: &Receiver<News>) {
    let mut legs: Vec<(String, Leg)> = Vec::new();
    let mut due = Instant::now();
    loop {
        due += Duration::from_millis(20);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for news in arrivals.try_iter() {
            match news {
                News::Came(id, socket) => legs.push((id, Leg::new(socket))),
                News::Left(id) => legs.retain(|(other, _)| *other != id),
            }
        }
        legs.iter_mut().for_each(|(_, leg)| leg.receive());
        let mut loudest: Vec<usize> = (0..legs.len()).filter(|&n| legs[n].1.energy > FRAME as u64 / 16).collect();
        loudest.sort_by_key(|&n| std::cmp::Reverse(legs[n].1.energy));
        loudest.truncate(3);
        let mut sum = [0_i32; FRAME];
        for &n in &loudest {
            sum.iter_mut().zip(legs[n].1.sound).for_each(|(sum, own)| *sum += i32::from(own));
        }
        let for_all = coded(&sum, &[0; FRAME]);
        for (n, (_, leg)) in legs.iter_mut().enumerate() {
            if loudest.contains(&n) {
                let own = coded(&sum, &leg.sound);
                leg.send(&own);
            } else {
                leg.send(&for_all);
            }
        }
    }
}

fn coded(sum: &[i32; FRAME], without: &[i16; FRAME]) -> [u8; FRAME] {
    let mut sound = [0_i16; FRAME];
    for ((to, sum), own) in sound.iter_mut().zip(sum).zip(without) {
        *to = (sum - i32::from(*own)).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
    }
    let mut coded = [0; FRAME];
    g711::encode(Law::A, &sound, &mut coded);
    coded
}

const FRAME: usize = 160;
const HEAD: usize = 12;
