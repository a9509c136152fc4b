//! One voice's Opus encoder: the gateway's door to `opus`.
//!
//! Telephone sound goes in as it is (mono, 20 ms; 8 kHz of a narrow line, 16 of a wide one); decoders may ask for 16 kHz.
//! It restarts by itself at every gap, so that a decoder that restarts there hears what was meant; and when a line changes its
//! rate in the middle of a call.
//!
//! Not here: where the packets go.

use media::{RATE_HZ, Sound};
use opus::{Application, Bitrate, Channels};
use spool::id::Slot;

/// Speech at about 24 kbit/s.
pub(super) struct Encoder {
    opus: opus::Encoder,
    rate_hz: u32,
    last: Option<Slot>,
    packet: [u8; PACKET_BYTES],
}

impl Encoder {
    pub(super) fn new() -> Result<Self, opus::Error> {
        Ok(Self { opus: speech(RATE_HZ)?, rate_hz: RATE_HZ, last: None, packet: [0; PACKET_BYTES] })
    }

    /// The next packet is to be understood without any before it: a new file begins.
    pub(super) fn restart(&mut self) {
        self.last = None;
    }

    /// The packet of one slot; slots rise.
    pub(super) fn encode(&mut self, slot: Slot, frame: &Sound) -> Result<&[u8], opus::Error> {
        if frame.rate_hz() != self.rate_hz {
            (self.opus, self.rate_hz) = (speech(frame.rate_hz())?, frame.rate_hz());
        }
        let follows = self.last.is_some_and(|last| last.0 + 1 == slot.0);
        if !follows {
            self.opus.reset_state()?;
        }
        let length = self.opus.encode(frame.samples(), &mut self.packet)?;
        self.last = Some(slot);
        Ok(self.packet.get(..length).unwrap_or_default())
    }
}

fn speech(rate_hz: u32) -> Result<opus::Encoder, opus::Error> {
    let mut opus = opus::Encoder::new(rate_hz, Channels::Mono, Application::Voip)?;
    opus.set_bitrate(Bitrate::Bits(BITS_PER_SECOND))?;
    opus.set_complexity(COMPLEXITY)?;
    Ok(opus)
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

    fn voice(slot: u64) -> Sound {
        let mut frame = [0; 160];
        tone::sine(440.0, -20.0, slot * 160, &mut frame);
        Sound::Narrow(frame)
    }

    #[test]
    fn a_wide_line_is_kept_wide_also_when_it_was_narrow_before() {
        let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new());
        let mut heard = Vec::new();
        for slot in 0..100 {
            let frame = if slot < 50 {
                voice(slot)
            } else {
                let mut frame = [0; 320];
                tone::sine_at(6_000.0, -20.0, 16_000, slot * 320, &mut frame);
                Sound::Wide(frame)
            };
            heard.extend(decoder.decode(encoder.encode(Slot(slot), &frame).unwrap()));
        }
        assert!(tone::dbov_at(440.0, 16_000, &heard[3_200..16_000]) > -23.0);
        assert!(tone::dbov_at(6_000.0, 16_000, &heard[19_200..]) > -23.0);
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
                for sample in frame.samples_mut() {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *sample += (noise >> 22) as i16 - 512;
                }
                encoder.encode(Slot(slot), &frame).unwrap().len()
            })
            .sum();
        assert!((1500..4500).contains(&bytes), "{bytes}");
    }
}
