//! WAV files in and out: 16 bit, mono. The gateway's one door to `hound`.
//!
//! Whatever rate a file has is converted to the rate that is asked for.
//!
//! Not here: what is in the files (`prompts`, `dial`).

use std::io::{Cursor, Read};
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// A WAV that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    #[error("the WAV file does not read")]
    Unreadable(#[from] hound::Error),
    #[error("a WAV file of 16 bit integers and one channel is needed; this one has {bits} bit and {channels} channels")]
    Shape { bits: u16, channels: u16 },
    #[error("a WAV file of 8000, 16000 or 48000 Hz is needed; this one has {0} Hz")]
    Rate(u32),
}

/// The samples of a file, at `rate_hz`.
pub fn read(path: impl AsRef<Path>, rate_hz: u32) -> Result<Vec<i16>, WavError> {
    samples(WavReader::open(path)?, rate_hz)
}

/// The samples of a file that is in memory, at `rate_hz`.
pub fn parse(bytes: &[u8], rate_hz: u32) -> Result<Vec<i16>, WavError> {
    samples(WavReader::new(Cursor::new(bytes))?, rate_hz)
}

/// Writes a file of 16 bit mono.
pub fn write(path: impl AsRef<Path>, rate_hz: u32, samples: &[i16]) -> Result<(), WavError> {
    let spec = WavSpec { channels: 1, sample_rate: rate_hz, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(path, spec)?;
    for &sample in samples {
        writer.write_sample(sample)?;
    }
    Ok(writer.finalize()?)
}

fn samples<R: Read>(reader: WavReader<R>, rate_hz: u32) -> Result<Vec<i16>, WavError> {
    let spec = reader.spec();
    if spec.channels != 1 || spec.bits_per_sample != 16 || spec.sample_format != SampleFormat::Int {
        return Err(WavError::Shape { bits: spec.bits_per_sample, channels: spec.channels });
    }
    let samples = reader.into_samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    media::resample::convert(spec.sample_rate, rate_hz, &samples).map_err(|_| WavError::Rate(spec.sample_rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        let sound: Vec<i16> = (0..1600).map(|n| (n * 37 % 2000) as i16 - 1000).collect();
        write(&file, 8000, &sound).unwrap();
        assert_eq!(read(&file, 8000).unwrap(), sound);
    }

    #[test]
    fn half_the_rate_has_half_the_samples() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        write(&file, 16_000, &vec![1000; 16_000]).unwrap();
        let read = read(&file, 8_000).unwrap();
        assert!((7_900..=8_100).contains(&read.len()), "{}", read.len());
    }

    #[test]
    fn two_channels_are_refused_with_what_would_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        let spec = WavSpec { channels: 2, sample_rate: 8000, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut writer = WavWriter::create(&file, spec).unwrap();
        writer.write_sample(1_i16).unwrap();
        writer.write_sample(1_i16).unwrap();
        writer.finalize().unwrap();
        let said = read(&file, 8000).unwrap_err().to_string();
        assert!(said.contains("one channel is needed") && said.contains("2 channels"), "{said}");
    }

    #[test]
    fn what_is_no_wav_is_an_error_and_no_panic() {
        for bytes in [&b""[..], b"RIFF", &[0; 64]] {
            assert!(parse(bytes, 8000).is_err());
        }
    }
}
