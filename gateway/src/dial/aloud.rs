//! Keys that can be heard: the two tones that many telephones send as sound beside a key's events.
//!
//! [`Aloud::send`] takes every packet that the leg made, numbers it anew, and sends the sound that belongs to it after it.
//! Telephones that do so speak G.711; with another codec there is nothing to be heard.
//!
//! Not here: the events themselves (`media::dtmf`), and when a key is down (`dial::script`).

use media::codec::Codec;
use media::g711::{self, Law};
use media::leg::PACKET_BYTES;
use media::{Coded, Frame, SILENCE, SLOT_SAMPLES, rtp, tone};

/// One telephone's packets, with the sound of its keys between them.
#[derive(Debug)]
pub(super) struct Aloud {
    law: Law,
    /// Of sound.
    payload_type: u8,
    /// Ours from the first packet on: there are more packets than the leg knows of.
    seq: Option<u16>,
    /// Slots since the key that is down began.
    down: u32,
}

impl Aloud {
    pub(super) fn new(codec: Codec, payload_type: u8) -> Option<Self> {
        match codec {
            Codec::Law(law) => Some(Self { law, payload_type, seq: None, down: 0 }),
            Codec::G722 | Codec::Opus => None,
        }
    }

    pub(super) fn send(&mut self, packet: &[u8], mut to: impl FnMut(&[u8])) {
        let (mut ours, mut sound) = ([0_u8; PACKET_BYTES], [0_u8; PACKET_BYTES]);
        let Some(bytes) = ours.get_mut(..packet.len()).filter(|bytes| !bytes.is_empty()) else { return to(packet) };
        bytes.copy_from_slice(packet);
        let beside = self.besides(bytes, &mut sound);
        to(bytes);
        if let Some(sound) = sound.get(..beside).filter(|sound| !sound.is_empty()) {
            to(sound);
        }
    }

    /// Numbers `packet` anew. Where it is an event, `into` becomes the packet of its sound; the answer is its length.
    fn besides(&mut self, packet: &mut [u8], into: &mut [u8; PACKET_BYTES]) -> usize {
        let Some(made) = rtp::parse(packet) else { return 0 };
        let (began, ssrc) = (made.timestamp, made.ssrc);
        let event = match *made.payload {
            [event, _, high, low] if made.payload_type != self.payload_type => {
                Some((event, u16::from_be_bytes([high, low])))
            }
            [..] => None,
        };
        let first = made.seq;
        let seq = self.number(first);
        if let Some(place) = packet.get_mut(2..4) {
            place.copy_from_slice(&seq.to_be_bytes());
        }
        let Some((event, lasts)) = event else {
            self.down = 0;
            return 0;
        };
        let passed = self.down * SLOT_SAMPLES as u32;
        // The end of a key is told three times: the last two when it is up already.
        let Some((low, high)) = tones(event).filter(|_| passed < u32::from(lasts)) else { return 0 };
        self.down += 1;
        let payload = self.coded(low, high, u64::from(passed));
        let sound = rtp::Packet {
            payload_type: self.payload_type,
            marker: false,
            seq: self.number(first),
            timestamp: began.wrapping_add(passed),
            ssrc,
            payload: &payload,
        };
        rtp::write(into, &sound)
    }

    fn number(&mut self, first: u16) -> u16 {
        let seq = self.seq.unwrap_or(first);
        self.seq = Some(seq.wrapping_add(1));
        seq
    }

    fn coded(&self, low: f32, high: f32, start: u64) -> Coded {
        let (mut sound, mut other): (Frame, Frame) = (SILENCE, SILENCE);
        tone::sine(low, KEY_DBOV, start, &mut sound);
        tone::sine(high, KEY_DBOV, start, &mut other);
        sound.iter_mut().zip(other).for_each(|(sum, sample)| *sum = sum.saturating_add(sample));
        let mut coded: Coded = [0; SLOT_SAMPLES];
        g711::encode(self.law, &sound, &mut coded);
        coded
    }
}

/// The two frequencies (ITU-T Q.23) of an event code (RFC 4733 section 3.2), in Hz.
fn tones(event: u8) -> Option<(f32, f32)> {
    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 3] = [1209.0, 1336.0, 1477.0];
    let (row, column) = match event {
        0 => (3, 1),
        1..=9 => ((event - 1) / 3, (event - 1) % 3),
        10 => (3, 0),
        11 => (3, 2),
        12.. => return None,
    };
    Some((*ROWS.get(usize::from(row))?, *COLUMNS.get(usize::from(column))?))
}

const KEY_DBOV: f32 = -16.0;

#[cfg(test)]
mod tests {
    use super::*;
    use media::leg::{Leg, LegConfig};

    #[test]
    fn a_key_is_sent_as_events_and_as_sound_in_one_numbering() {
        let config = LegConfig {
            codec: Codec::Law(Law::A),
            payload_type: 8,
            events: Some(101),
            events_clock_hz: 8000,
            ptime_ms: 20,
            ssrc: 7,
            first_seq: 40,
            first_timestamp: 1600,
        };
        let (mut leg, mut aloud) = (Leg::new(config), Aloud::new(Codec::Law(Law::A), 8).unwrap());
        let (mut packet, mut beside) = ([0; PACKET_BYTES], [0; PACKET_BYTES]);
        let (mut seqs, mut sounds) = (Vec::new(), Vec::new());
        for slot in 0..20 {
            if slot == 3 {
                assert!(leg.press('4', 100));
            }
            let length = leg.packet(&[0xd5; SLOT_SAMPLES], &mut packet);
            let length_beside = aloud.besides(&mut packet[..length], &mut beside);
            seqs.push(rtp::parse(&packet[..length]).unwrap().seq);
            if let Some(sound) = rtp::parse(&beside[..length_beside]).filter(|_| length_beside > 0) {
                seqs.push(sound.seq);
                sounds.push(sound.timestamp);
                let mut heard = SILENCE;
                g711::decode(Law::A, sound.payload, &mut heard);
                assert!(tone::dbov_at(770.0, 8000, &heard) > -20.0 && tone::dbov_at(1209.0, 8000, &heard) > -20.0);
            }
        }
        assert_eq!(seqs, (40..40 + seqs.len() as u16).collect::<Vec<_>>());
        let from = 1600 + 3 * 160;
        assert_eq!(sounds.len(), 5, "100 ms: {sounds:?}");
        assert_eq!(sounds, (0..sounds.len() as u32).map(|n| from + n * 160).collect::<Vec<_>>());
    }
}
