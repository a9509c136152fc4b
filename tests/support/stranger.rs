//! Somebody who is in no call and sends sound and keys to the ports of calls all the same.
//!
//! A [`Stranger`] says the tone of [`Stranger::TONE`] and keys a `2`, fifty times a second to every port that is named, until
//! it is dropped. It counts its packets by chance, or as a caller does whose [`Phone::sends`] it guessed.
//!
//! Not here: a caller who has the right to be heard (`phone`).

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use media::g711::{self, Law};
use media::{SILENCE, SLOT_SAMPLES, rtp, tone};

use super::ears::Person;
use super::phone::Phone;

#[derive(Debug)]
pub(crate) struct Stranger {
    stop: Arc<AtomicBool>,
    sends: Option<JoinHandle<()>>,
}

/// How its packets are numbered.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    ssrc: u32,
    seq: u16,
    timestamp: u32,
}

impl Stranger {
    pub(crate) const TONE: Person = Person::Dora;

    /// Talks to these ports of this machine, from an address that is its own.
    pub(crate) fn floods(from: &str, ports: impl Iterator<Item = u16>) -> Self {
        let to = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
        Self::begin(from, to, Numbers { ssrc: 0x5357_4e47, seq: 1, timestamp: 1 }, 1)
    }

    /// Talks where this telephone talks, with its source and, within two seconds, every number it may have got to.
    pub(crate) fn guesses(from: &str, phone: &Phone) -> Self {
        let number = |what: &str| phone.sends[what].as_u64().expect("a number");
        let numbers = Numbers {
            ssrc: number("ssrc") as u32,
            seq: number("first_seq") as u16,
            timestamp: number("first_timestamp") as u32,
        };
        let to = phone.sends["to"].as_str().and_then(|to| to.parse().ok()).expect("an address");
        Self::begin(from, vec![to], numbers, NUMBERS_AT_ONCE)
    }

    fn begin(from: &str, to: Vec<SocketAddr>, numbers: Numbers, at_once: u32) -> Self {
        let socket = UdpSocket::bind((from, 0)).expect("an address of this machine");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let sends = std::thread::spawn(move || {
            for slot in (0..ROUND).cycle() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                for number in slot * at_once..(slot + 1) * at_once {
                    for packet in packets(number, numbers) {
                        for to in &to {
                            // A port that nobody has is refused, and the next one is not.
                            let _refused = socket.send_to(&packet, to);
                        }
                    }
                }
                std::thread::sleep(SLOT);
            }
        });
        Self { stop, sends: Some(sends) }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(sends) = self.sends.take() {
            let _ = sends.join();
        }
    }
}

/// Sound and, in the same slot, the end of a key press that nobody saw begin.
fn packets(number: u32, Numbers { ssrc, seq, timestamp }: Numbers) -> [Vec<u8>; 2] {
    let mut sound = SILENCE;
    tone::sine(Stranger::TONE.hz() as f32, -6.0, u64::from(number) * SLOT_SAMPLES as u64, &mut sound);
    let mut coded = [0; SLOT_SAMPLES];
    g711::encode(Law::A, &sound, &mut coded);
    let timestamp = timestamp.wrapping_add(number * SLOT_SAMPLES as u32);
    let key = [2, END_OF_KEY, 0x03, 0x20];
    [(PCMA, &coded[..]), (EVENTS, &key[..])].map(|(payload_type, payload)| {
        let seq = seq.wrapping_add(number as u16);
        let packet = rtp::Packet { payload_type, marker: false, seq, timestamp, ssrc, payload };
        let mut bytes = vec![0; rtp::HEADER_BYTES + payload.len()];
        let length = rtp::write(&mut bytes, &packet);
        bytes.truncate(length);
        bytes
    })
}

const PCMA: u8 = 8;
const EVENTS: u8 = 101;
/// With volume 10 (RFC 4733 section 2.3).
const END_OF_KEY: u8 = 0x80 | 10;
const SLOT: Duration = Duration::from_millis(20);
/// Slots until it begins anew: with [`NUMBERS_AT_ONCE`] two minutes of a call.
const ROUND: u32 = 100;
const NUMBERS_AT_ONCE: u32 = 60;
