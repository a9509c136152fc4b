//! G.722 at 64 kbit/s: the door to `audio-codec`.
//!
//! Two samples of 16 kHz an octet, so 20 ms are 160 octets, and its RTP clock counts octets (RFC 3551 section 4.5.2).
//! Both sides remember: an encoder's octets are understood by whoever heard those before.
//! The crate's options are two bools in another order for each side; its plain constructors are the 16 kHz form of both.
//!
//! Not here: jitter and loss (`stream`).

use audio_codec::Encoder as _;
use audio_codec::g722::{G722Decoder, G722Encoder};

/// One stream to send.
pub(crate) struct Encoder(G722Encoder);

/// One stream received.
pub(crate) struct Decoder(G722Decoder);

impl Encoder {
    pub(crate) fn new() -> Self {
        Self(G722Encoder::new())
    }

    /// As if nothing had been sent.
    pub(crate) fn restart(&mut self) {
        self.0 = G722Encoder::new();
    }

    /// 320 samples into 160 octets; says how many octets.
    pub(crate) fn encode(&mut self, from: &[i16], into: &mut [u8]) -> usize {
        // Only a short `into` is refused.
        self.0.encode_into(from, into).unwrap_or(0)
    }
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self(G722Decoder::new())
    }

    /// 160 octets into 320 samples.
    pub(crate) fn decode(&mut self, from: &[u8], into: &mut [i16]) {
        // Only a short `into` is refused, after it was filled.
        let _ = self.0.decode_frame_into(from, into);
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("g722::Encoder")
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("g722::Decoder")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[test]
    fn a_voice_comes_out_as_loud_as_it_went_in_up_to_seven_kilohertz() {
        for hz in [300.0, 1_000.0, 3_000.0, 6_000.0] {
            let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
            let mut heard = Vec::new();
            for slot in 0..25 {
                let (mut frame, mut octets, mut out) = ([0; 320], [0; 160], [0; 320]);
                tone::sine_at(hz, -20.0, 16_000, slot * 320, &mut frame);
                assert_eq!(encoder.encode(&frame, &mut octets), 160);
                decoder.decode(&octets, &mut out);
                heard.extend(out);
            }
            let level = tone::dbov_at(hz, 16_000, &heard[3_200..]);
            assert!((level + 20.0).abs() < 1.0, "{hz} Hz: {level}");
        }
    }
}
