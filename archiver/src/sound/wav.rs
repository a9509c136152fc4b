//! The first 44 bytes of a WAV, 16 kHz mono s16.
//!
//! Not here: WAV files on disk (`export`, by `hound`).

use super::SAMPLE_RATE;

/// Length of [`header`].
pub const HEADER_BYTES: u64 = 44;

/// A WAV says its lengths in 32 bits; this is 37 hours.
pub const MOST_DATA_BYTES: u64 = u32::MAX as u64 - HEADER_BYTES;

/// RIFF header, format and the head of the data chunk for `data` bytes of samples.
pub fn header(data: u64) -> [u8; HEADER_BYTES as usize] {
    let data = u32::try_from(data.min(MOST_DATA_BYTES)).unwrap_or(u32::MAX - HEADER_BYTES as u32);
    let mut out = [0; HEADER_BYTES as usize];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &(data + 36).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &SAMPLE_RATE.to_le_bytes(),
        &(SAMPLE_RATE * 2).to_le_bytes(),
        &2_u16.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &data.to_le_bytes(),
    ];
    for (byte, field) in out.iter_mut().zip(fields.into_iter().flatten()) {
        *byte = *field;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_reader_understands_the_header() {
        let mut file = header(6400).to_vec();
        file.extend(std::iter::repeat_n(0, 6400));
        let read = hound::WavReader::new(std::io::Cursor::new(file)).unwrap();
        let spec = read.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, 16_000, 16));
        assert_eq!(read.duration(), 3200);
    }
}
