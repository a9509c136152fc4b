//! Opus (RFC 6716) as telephones speak it: the door to `opus`.
//!
//! 16 kHz mono on our side, whatever the other sends: a decoder makes one channel of two and 16 kHz of any band.
//! A packet of ours is 20 ms. Both sides remember the packets before.
//!
//! Not here: order, loss and the RTP clock of 48 kHz (`packets`), and voice files (`recorder`).

use opus::{Application, Bitrate, Channels};

use crate::{WIDE_RATE_HZ, WIDE_SLOT_SAMPLES};

/// One stream to send. Nothing in it where the library had no memory: then nothing is sent.
pub(crate) struct Encoder(Option<opus::Encoder>);

/// One stream received. Nothing in it where the library had no memory: then nothing is heard.
pub(crate) struct Decoder(Option<opus::Decoder>);

impl Encoder {
    pub(crate) fn new() -> Self {
        let made = opus::Encoder::new(WIDE_RATE_HZ, Channels::Mono, Application::Voip).and_then(|mut encoder| {
            encoder.set_bitrate(Bitrate::Bits(BITS_PER_SECOND))?;
            encoder.set_complexity(COMPLEXITY)?;
            Ok(encoder)
        });
        Self(made.ok())
    }

    /// As if nothing had been sent.
    pub(crate) fn restart(&mut self) {
        if let Some(encoder) = &mut self.0 {
            // It refuses a null pointer only.
            let _ = encoder.reset_state();
        }
    }

    /// 320 samples into a packet; says how many octets, 0 when it did not work. The packet fills `into` at most.
    pub(crate) fn encode(&mut self, from: &[i16], into: &mut [u8]) -> usize {
        self.0.as_mut().and_then(|encoder| encoder.encode(from, into).ok()).unwrap_or(0)
    }
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self(opus::Decoder::new(WIDE_RATE_HZ, Channels::Mono).ok())
    }

    pub(crate) fn restart(&mut self) {
        if let Some(decoder) = &mut self.0 {
            let _ = decoder.reset_state();
        }
    }

    /// A packet into samples; says how many, 0 for what is no Opus.
    pub(crate) fn decode(&mut self, packet: &[u8], into: &mut [i16]) -> usize {
        self.0.as_mut().and_then(|decoder| decoder.decode(packet, into, false).ok()).unwrap_or(0)
    }

    /// 20 ms of what a lost packet may have held.
    pub(crate) fn conceal(&mut self, into: &mut [i16]) -> usize {
        let Some(slot) = into.get_mut(..WIDE_SLOT_SAMPLES) else { return 0 };
        self.decode(&[], slot)
    }
}

/// How many samples of 16 kHz a packet holds; nothing when it is no Opus, or longer than 60 ms.
pub(crate) fn samples_in(packet: &[u8]) -> Option<usize> {
    opus::packet::get_nb_samples(packet, WIDE_RATE_HZ).ok().filter(|samples| (1..=LONGEST_SAMPLES).contains(samples))
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("opus_sound::Encoder")
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("opus_sound::Decoder")
    }
}

/// Wideband speech, mono; no 20 ms of it come near the 160 octets of `Coded`, which would be 64 kbit/s.
const BITS_PER_SECOND: i32 = 24_000;
const COMPLEXITY: i32 = 5;
/// 60 ms: the longest packet that is agreed to.
pub(crate) const LONGEST_SAMPLES: usize = 960;
