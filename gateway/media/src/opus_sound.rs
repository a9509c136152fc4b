//! Opus (RFC 6716) as telephones speak it: the door to `opus`.
//!
//! 16 kHz mono on our side, whatever the other sends: a decoder makes one channel of two and 16 kHz of any band.
//! A packet of ours is 20 ms, in the style its listener wishes for. Both sides remember the packets before.
//!
//! Not here: order, loss and the RTP clock of 48 kHz (`packets`), and voice files (`recorder`).

use opus::{Application, Bandwidth, Bitrate, Channels};

use crate::codec::{OpusBand, OpusStyle};
use crate::{WIDE_RATE_HZ, WIDE_SLOT_SAMPLES};

/// One stream to send. Nothing in it where the library had no memory: then nothing is sent.
pub(crate) struct Encoder {
    opus: Option<opus::Encoder>,
    dtx: bool,
}

/// One stream received. Nothing in it where the library had no memory: then nothing is heard.
pub(crate) struct Decoder(Option<opus::Decoder>);

impl Encoder {
    pub(crate) fn new(style: OpusStyle) -> Self {
        let made = opus::Encoder::new(WIDE_RATE_HZ, Channels::Mono, Application::Voip).and_then(|mut encoder| {
            encoder.set_bitrate(Bitrate::Bits(style.bits_per_second() as i32))?;
            encoder.set_complexity(COMPLEXITY)?;
            encoder.set_vbr(!style.has_constant_rate())?;
            encoder.set_dtx(style.has_dtx())?;
            encoder.set_inband_fec(style.has_fec())?;
            encoder.set_packet_loss_perc(if style.has_fec() { LOSS_PERCENT } else { 0 })?;
            encoder.set_max_bandwidth(match style.band() {
                OpusBand::Narrow => Bandwidth::Narrowband,
                OpusBand::Medium => Bandwidth::Mediumband,
                OpusBand::Wide => Bandwidth::Wideband,
            })?;
            Ok(encoder)
        });
        Self { opus: made.ok(), dtx: style.has_dtx() }
    }

    /// As if nothing had been sent.
    pub(crate) fn restart(&mut self) {
        if let Some(encoder) = &mut self.opus {
            // It refuses a null pointer only.
            let _ = encoder.reset_state();
        }
    }

    /// 320 samples into a packet; says how many octets, 0 when it did not work or nothing is to be sent. The packet fills
    /// `into` at most.
    pub(crate) fn encode(&mut self, from: &[i16], into: &mut [u8]) -> usize {
        match self.opus.as_mut().map(|encoder| encoder.encode(from, into)) {
            Some(Ok(..=LONGEST_UNSENT)) if self.dtx => 0,
            Some(Ok(length)) => length,
            Some(Err(_)) | None => 0,
        }
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

/// What is no longer than this need not be sent (RFC 6716 2.1.9: the packet says only that nothing is said).
const LONGEST_UNSENT: usize = 2;
/// How much of the rate goes into the packet before: enough for a line on which help is wished for.
const LOSS_PERCENT: i32 = 10;
const COMPLEXITY: i32 = 5;
/// 60 ms: the longest packet that is agreed to.
pub(crate) const LONGEST_SAMPLES: usize = 960;

#[cfg(test)]
mod tests {
    use super::*;

    /// Something with the ups and downs of speech, all over the band, and no two slots alike.
    fn speech(slot: u64) -> [i16; WIDE_SLOT_SAMPLES] {
        let mut sound = [0_i16; WIDE_SLOT_SAMPLES];
        let mut part = [0; WIDE_SLOT_SAMPLES];
        let pitch = 140.0 + 30.0 * (slot as f32 / 7.0).sin();
        for harmonic in 1..40 {
            let hz = pitch * harmonic as f32;
            crate::tone::sine_at(hz, -30.0 - harmonic as f32 / 3.0, WIDE_RATE_HZ, slot * 320, &mut part);
            sound.iter_mut().zip(part).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        }
        sound
    }

    fn packets(style: OpusStyle, slots: u64, sound: impl Fn(u64) -> [i16; WIDE_SLOT_SAMPLES]) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(style);
        let mut packet = |slot| {
            let mut octets = [0; crate::SLOT_SAMPLES];
            let length = encoder.encode(&sound(slot), &mut octets);
            octets[..length].to_vec()
        };
        (0..slots).map(&mut packet).collect()
    }

    #[test]
    fn nobody_gets_more_bits_than_they_asked_for() {
        for (most, kept) in [(None, 24_000), (Some(510_000), 24_000), (Some(23_999), 16_000), (Some(6_000), 6_000)] {
            let style = OpusStyle::new(most, 48_000);
            assert_eq!(style.bits_per_second(), kept);
            let octets: usize = packets(style, 500, speech).iter().map(Vec::len).sum();
            let bits_per_second = octets as f64 * 8.0 / 10.0;
            assert!(bits_per_second <= f64::from(kept) * 1.05, "{bits_per_second} for {most:?}");
        }
    }

    #[test]
    fn who_plays_a_narrow_band_is_sent_none_that_they_cannot_play() {
        let bands = [(8_000, Bandwidth::Narrowband), (12_000, Bandwidth::Mediumband), (16_000, Bandwidth::Wideband)];
        for (hz, band) in bands.into_iter().chain([(48_000, Bandwidth::Wideband)]) {
            for packet in packets(OpusStyle::new(None, hz), 50, speech) {
                assert_eq!(opus::packet::get_bandwidth(&packet).unwrap(), band, "{hz}");
            }
        }
    }

    #[test]
    fn at_a_constant_rate_no_packet_says_by_its_length_what_is_in_it() {
        let lengths = |style| {
            let half = |slot| if slot % 50 < 25 { speech(slot) } else { [0; WIDE_SLOT_SAMPLES] };
            packets(style, 200, half).iter().map(Vec::len).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(lengths(OpusStyle::default().with_constant_rate(true)).len(), 1);
        assert!(lengths(OpusStyle::default()).len() > 10);
    }

    #[test]
    fn in_a_silence_nothing_is_sent_to_who_rather_has_nothing_and_every_word_is() {
        let word = |slot| if (100..400).contains(&slot) { [0; WIDE_SLOT_SAMPLES] } else { speech(slot) };
        let sent = |style, from: usize, until: usize| {
            packets(style, 500, word)[from..until].iter().filter(|packet| !packet.is_empty()).count()
        };
        let style = OpusStyle::default().with_dtx(true);
        assert_eq!((sent(style, 0, 100), sent(style, 400, 500)), (100, 100));
        assert!(sent(style, 150, 400) < 30, "{}", sent(style, 150, 400));
        assert_eq!(sent(OpusStyle::default(), 0, 500), 500);
    }

    /// How far what is heard in slot 41 is from what was sent, when its packet was lost, against its own level.
    fn error_after_a_loss(style: OpusStyle, fec: bool) -> f64 {
        let packets = packets(style, 60, speech);
        let mut told = opus::Decoder::new(WIDE_RATE_HZ, Channels::Mono).unwrap();
        let mut lossy = opus::Decoder::new(WIDE_RATE_HZ, Channels::Mono).unwrap();
        let (mut right, mut heard) = ([0; WIDE_SLOT_SAMPLES], [0; WIDE_SLOT_SAMPLES]);
        for packet in &packets[..41] {
            told.decode(packet, &mut right, false).unwrap();
            lossy.decode(packet, &mut heard, false).unwrap();
        }
        told.decode(&packets[41], &mut right, false).unwrap();
        // What the packet after it says of it, or a guess.
        lossy.decode(if fec { &packets[42] } else { &[] }, &mut heard, fec).unwrap();
        let power = |of: &dyn Fn(usize) -> f64| (0..WIDE_SLOT_SAMPLES).map(|n| of(n).powi(2)).sum::<f64>();
        power(&|n| f64::from(right[n]) - f64::from(heard[n])) / power(&|n| f64::from(right[n]))
    }

    #[test]
    fn who_can_use_it_hears_a_lost_packet_from_the_one_after_it() {
        let helped = OpusStyle::default().with_fec(true);
        assert!(helped.has_fec());
        assert!(error_after_a_loss(helped, true) < error_after_a_loss(helped, false) / 2.0);
        assert!(!OpusStyle::new(Some(16_000), 48_000).with_fec(true).has_fec(), "it would cost the band");
    }
}
