//! One voice's Opus encoder: the gateway's door to `opus`.
//!
//! Telephone sound goes in as it is (8 kHz, mono, 20 ms); decoders may ask for 16 kHz. It restarts by itself at every gap,
//! so that a decoder that restarts there hears what was meant.
//!
//! Not here: where the packets go.

use media::{Frame, RATE_HZ};
use opus::{Application, Bitrate, Channels};
use spool::id::Slot;

/// Speech at about 24 kbit/s.
pub(super) struct Encoder {
    opus: opus::Encoder,
    last: Option<Slot>,
    packet: [u8; PACKET_BYTES],
}

impl Encoder {
    pub(super) fn new() -> Result<Self, opus::Error> {
        let mut opus = opus::Encoder::new(RATE_HZ, Channels::Mono, Application::Voip)?;
        opus.set_bitrate(Bitrate::Bits(BITS_PER_SECOND))?;
        opus.set_complexity(COMPLEXITY)?;
        Ok(Self { opus, last: None, packet: [0; PACKET_BYTES] })
    }

    /// The next packet is to be understood without any before it: a new file begins.
    pub(super) fn restart(&mut self) {
        self.last = None;
    }

    /// The packet of one slot; slots rise.
    pub(super) fn encode(&mut self, slot: Slot, frame: &Frame) -> Result<&[u8], opus::Error> {
        let follows = self.last.is_some_and(|last| last.0 + 1 == slot.0);
        if !follows {
            self.opus.reset_state()?;
        }
        let length = self.opus.encode(frame, &mut self.packet)?;
        self.last = Some(slot);
        Ok(self.packet.get(..length).unwrap_or_default())
    }
}

/// What the tests hear with: 16 kHz, as the archive decodes.
#[cfg(test)]
pub(super) struct Decoder(opus::Decoder);

#[cfg(test)]
impl Decoder {
    pub(super) fn new() -> Self {
        Self(opus::Decoder::new(16_000, Channels::Mono).unwrap())
    }

    pub(super) fn decode(&mut self, packet: &[u8]) -> [i16; 320] {
        let mut pcm = [0; 320];
        assert_eq!(self.0.decode(packet, &mut pcm, false).unwrap(), 320);
        pcm
    }
}

/// What speech needs at 20 ms to be told apart by its voice, and measured to be cheap enough for a core of callers.
const BITS_PER_SECOND: i32 = 24_000;

const COMPLEXITY: i32 = 5;

/// The bit rate varies; no 20 ms at this rate come near it.
const PACKET_BYTES: usize = 400;

#[cfg(test)]
mod tests {
    use media::tone;

    use super::*;

    fn voice(slot: u64) -> Frame {
        let mut frame = [0; 160];
        tone::sine(440.0, -20.0, slot * 160, &mut frame);
        frame
    }

    #[test]
    fn after_a_gap_the_packets_are_those_of_a_new_encoder() {
        let mut going_on = Encoder::new().unwrap();
        for slot in 0..10 {
            going_on.encode(Slot(slot), &voice(slot)).unwrap();
        }
        let mut new = Encoder::new().unwrap();
        let unbroken = going_on.encode(Slot(10), &voice(10)).unwrap().to_vec();
        assert_ne!(unbroken, new.encode(Slot(10), &voice(10)).unwrap(), "a packet in the middle leans on those before");
        new.restart();
        assert_eq!(going_on.encode(Slot(20), &voice(20)).unwrap(), new.encode(Slot(20), &voice(20)).unwrap());
    }

    #[test]
    fn a_second_of_speech_is_about_three_kilobytes() {
        let mut encoder = Encoder::new().unwrap();
        let mut noise = 1_u32;
        let bytes: usize = (0..50)
            .map(|slot| {
                let mut frame = voice(slot);
                for sample in &mut frame {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *sample += (noise >> 22) as i16 - 512;
                }
                encoder.encode(Slot(slot), &frame).unwrap().len()
            })
            .sum();
        assert!((1500..4500).contains(&bytes), "{bytes}");
    }
}
