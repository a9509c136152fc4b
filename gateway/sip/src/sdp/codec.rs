//! The codecs a description can name: numbers, clocks, and what an Opus line asks for.
//!
//! A codec's RTP clock is that of its registration, not of its sound: G.722 samples at 16 kHz and counts at 8
//! (RFC 3551 4.5.2), Opus counts at 48 whatever it plays (RFC 7587 4.1).
//!
//! Not here: reading and writing lines (`sdp`), and the sound itself (`media`).

/// A codec we can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// A-law, static payload type 8.
    Pcma,
    /// µ-law, static payload type 0.
    Pcmu,
    /// 64 kbit/s, static payload type 9.
    G722,
    /// Dynamic, always named `opus/48000/2` (RFC 7587 7).
    Opus,
}

/// What they want Opus to be like that we send them (RFC 7587 6.1). What it leaves out has the defaults of the RFC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusWish {
    /// They rather hear two channels; one is always allowed, and all we have.
    pub stereo: bool,
    /// Bits a second at most, 6000 to 510000.
    pub max_bitrate: Option<u32>,
    /// More than this they cannot play, 8000 to 48000 Hz.
    pub max_playback_hz: u32,
    /// They use what a packet says of the one before it.
    pub in_band_fec: bool,
    /// They rather have nothing than coded silence.
    pub dtx: bool,
    /// They want every packet as long as the next.
    pub constant_rate: bool,
}

impl Codec {
    /// As `rtpmap` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The number it has in offers of ours: the static one where there is one (RFC 3551 6).
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
            Self::G722 => 9,
            Self::Opus => OUR_OPUS,
        }
    }

    /// What its RTP timestamps count, in Hz.
    pub fn clock_hz(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => NARROW_HZ,
            Self::Opus => OPUS_HZ,
        }
    }

    /// Is this number the codec's without any `rtpmap`?
    pub(super) fn is_at(self, payload_type: u8) -> bool {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => self.payload_type() == payload_type,
            Self::Opus => false,
        }
    }

    /// Does an `rtpmap` name this codec? `channels` are its last part, where there is one.
    pub(super) fn is_named(self, name: &str, clock_hz: u32, channels: Option<&str>) -> bool {
        let channels = match self {
            Self::Pcma | Self::Pcmu | Self::G722 => channels.is_none_or(|channels| channels == "1"),
            // The 2 says nothing about the sound; some leave it out or write 1.
            Self::Opus => channels.is_none_or(|channels| matches!(channels, "1" | "2")),
        };
        name.eq_ignore_ascii_case(self.name()) && clock_hz == self.clock_hz() && channels
    }

    /// The channels of our `rtpmap`, where it must name them.
    pub(super) fn channels(self) -> Option<&'static str> {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => None,
            Self::Opus => Some("2"),
        }
    }

    /// What our own `fmtp` says of us, in offers and answers: one channel of wideband, which is what a room has and a recording
    /// keeps, and no use made yet of what a packet says of the one before it. Both sides speak for what they receive.
    pub(super) fn parameters(self) -> Option<&'static str> {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => None,
            Self::Opus => Some("maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;useinbandfec=0"),
        }
    }
}

impl OpusWish {
    /// From the text behind the number of an `fmtp`. What is unknown or out of range counts as not said.
    pub(super) fn read(parameters: &str) -> Self {
        let value = |wanted: &str| {
            let mut pairs = parameters.split(';').filter_map(|pair| pair.split_once('='));
            let found = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            found.and_then(|(_, value)| value.trim().parse::<u32>().ok())
        };
        let within = |name, range: std::ops::RangeInclusive<u32>| value(name).filter(|value| range.contains(value));
        Self {
            stereo: value("stereo") == Some(1),
            max_bitrate: within("maxaveragebitrate", 6_000..=510_000),
            max_playback_hz: within("maxplaybackrate", NARROW_HZ..=OPUS_HZ).unwrap_or(OPUS_HZ),
            in_band_fec: value("useinbandfec") == Some(1),
            dtx: value("usedtx") == Some(1),
            constant_rate: value("cbr") == Some(1),
        }
    }
}

pub(super) const NARROW_HZ: u32 = 8000;
const OPUS_HZ: u32 = 48_000;
const OUR_OPUS: u8 = 111;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_opus_line_leaves_out_or_says_wrongly_is_as_the_rfc_has_it() {
        let plain = OpusWish {
            stereo: false,
            max_bitrate: None,
            max_playback_hz: 48_000,
            in_band_fec: false,
            dtx: false,
            constant_rate: false,
        };
        for nothing in
            ["", ";", "stereo", "stereo=x;usedtx=2", "maxaveragebitrate=5999;maxplaybackrate=0", "=;==;\u{7f}"]
        {
            assert_eq!(OpusWish::read(nothing), plain, "{nothing}");
        }
    }

    #[test]
    fn every_wish_is_read_whatever_its_case_and_spacing() {
        let all =
            "minptime=10; UseInBandFEC = 1;stereo=1; maxaveragebitrate=20000;maxplaybackrate=16000 ;usedtx=1;cbr=1";
        let wish = OpusWish {
            stereo: true,
            max_bitrate: Some(20_000),
            max_playback_hz: 16_000,
            in_band_fec: true,
            dtx: true,
            constant_rate: true,
        };
        assert_eq!(OpusWish::read(all), wish);
    }
}
