//! The files of an export: WAVs by `hound`, 16 kHz mono s16, and the index; readable for their owner only.
//!
//! Not here: what the index says (`index`), and rendering (`playback`).

use std::fs;
use std::io::BufWriter;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ExportError;
use super::consents;
use super::index::{self, Written};
use crate::evidence::hex;
use crate::io::house::House;
use crate::playback::Playback;
use crate::sound::{SAMPLE_RATE, Sound, wav};

/// The directory they go to.
pub(super) struct Out {
    dir: PathBuf,
}

impl Out {
    /// Makes the directory, and removes what an earlier export left there: a voice erased since must not stay beside it.
    pub(super) fn prepare(dir: &Path) -> Result<Self, ExportError> {
        let out = Self { dir: dir.to_owned() };
        let wrong = |source: std::io::Error| ExportError::File { path: dir.to_owned(), source: source.into() };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(wrong)?;
        for entry in fs::read_dir(dir).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            if entry.file_name().to_str().is_some_and(is_ours) {
                fs::remove_file(entry.path()).map_err(wrong)?;
            }
        }
        Ok(out)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// One sound as a file, piece by piece: a long meeting does not have to fit into memory.
    pub(super) async fn wav(
        &self,
        house: &House,
        playback: &Playback,
        name: &str,
        sound: &Sound,
    ) -> Result<Written, ExportError> {
        let path = self.path(name);
        let wrong = |source: hound::Error| ExportError::File { path: path.clone(), source: source.into() };
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let file = BufWriter::new(self.create(name)?);
        let mut writer = hound::WavWriter::new(file, spec).map_err(wrong)?;
        let mut at = wav::HEADER_BYTES;
        while at < sound.bytes() {
            let until = sound.bytes().min(at + PIECE_BYTES);
            let pcm = playback.render(house, sound, at..until).await?;
            for sample in pcm.as_chunks::<2>().0 {
                writer.write_sample(i16::from_le_bytes(*sample)).map_err(wrong)?;
            }
            at = until;
        }
        writer.finalize().map_err(wrong)?;
        self.written(name)
    }

    pub(super) fn json(&self, name: &str, what: &impl Serialize) -> Result<Written, ExportError> {
        let wrong = |source| ExportError::File { path: self.path(name), source };
        serde_json::to_writer_pretty(self.create(name)?, what).map_err(|error| wrong(error.into()))?;
        self.written(name)
    }

    fn create(&self, name: &str) -> Result<fs::File, ExportError> {
        let path = self.path(name);
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.map_err(|source| ExportError::File { path, source: source.into() })
    }

    /// What was written, read back from the disk.
    fn written(&self, name: &str) -> Result<Written, ExportError> {
        let path = self.path(name);
        let hash = || -> std::io::Result<(u64, String)> {
            let mut file = fs::OpenOptions::new().read(true).open(&path)?;
            let mut hash = Sha256::new();
            let mut bytes = 0;
            let mut piece = vec![0; 1 << 16];
            loop {
                let read = std::io::Read::read(&mut file, &mut piece)?;
                if read == 0 {
                    break;
                }
                bytes += read as u64;
                hash.update(piece.get(..read).unwrap_or_default());
            }
            Ok((bytes, hex(&hash.finalize())))
        };
        let (bytes, sha256) =
            hash().map_err(|source| ExportError::File { path: path.clone(), source: source.into() })?;
        Ok(Written { name: name.to_owned(), bytes, sha256 })
    }
}

/// Names that only an export of ours gives.
fn is_ours(name: &str) -> bool {
    let voice = name.strip_prefix("voice-").and_then(|rest| rest.strip_suffix(".wav"));
    name == "all.wav"
        || [index::FILE, consents::FILE].contains(&name)
        || voice.is_some_and(|seat| !seat.is_empty() && seat.bytes().all(|b| b.is_ascii_digit()))
}

/// Half a minute of sound.
const PIECE_BYTES: u64 = 30 * 32_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_export_is_replaced_and_nothing_else_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["voice-2.wav", "all.wav", "index.json", "consents.json", "voice-x.wav", "voice-.wav", "notes.txt"]
        {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        Out::prepare(dir.path()).unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["notes.txt", "voice-.wav", "voice-x.wav"]);
    }
}
