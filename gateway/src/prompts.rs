//! The catalogue of prompts: for every name in `ivr::lines` the words, their version and SHA-256, and the sound.
//!
//! The committed files under `gateway/prompts/` are built in, so the program works alone. [`Prompts::load`] takes a function
//! that may give other files of the same names (an office's own recordings, from the directory in the settings): a WAV
//! replaced there needs its words in that directory's `texts.toml`, or the evidence would name words that nobody spoke.
//!
//! Not here: which prompt is said when (`ivr`, `consent`, `call`), and reading directories (the shell).

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_embed::RustEmbed;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::consent::Words;
use crate::ids::PromptId;
use crate::ivr::{Language, lines};
use crate::wav::{self, WavError};

/// One text and its sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub id: PromptId,
    pub text: String,
    pub version: u32,
    /// Of the text, hexadecimal.
    pub sha256: String,
    /// 8 kHz mono, ready to be cut into slots.
    pub pcm8k: Vec<i16>,
    /// The same at 16 kHz, for wide lines; twice as many samples.
    pub pcm16k: Vec<i16>,
}

impl Prompt {
    /// The sound, 8 kHz.
    pub fn samples(&self) -> &[i16] {
        &self.pcm8k
    }
}

/// Every prompt in every language that is spoken.
#[derive(Debug)]
pub struct Prompts {
    all: BTreeMap<(&'static str, PromptId), Arc<Prompt>>,
}

/// A prompt that cannot be used: the file's fault, said with its name.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("prompts: {0} is missing")]
    Missing(String),
    #[error("prompts: {file} does not read: {why}")]
    Texts { file: String, why: String },
    #[error("prompts: the sha256 of \"{id}\" in {file} is not that of its text; make.py writes it")]
    Hash { file: String, id: String },
    #[error("prompts: {0} was replaced, but the texts.toml beside it does not say what it speaks")]
    Wordless(String),
    #[error("prompts: {0}")]
    Wav(String, #[source] WavError),
}

impl Prompts {
    /// The prompts as they were built in.
    pub fn built_in() -> Result<Self, PromptError> {
        Self::load(&|_| None)
    }

    /// The prompts, each from `replaced` where that has a file of its name (`de/welcome.wav`, `de/texts.toml`).
    pub fn load(replaced: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Self, PromptError> {
        let mut all = BTreeMap::new();
        for language in SPOKEN {
            let folder = language.tag();
            let ours = texts(folder, &built_in(&format!("{folder}/texts.toml"))?)?;
            let theirs = match replaced(&format!("{folder}/texts.toml")) {
                Some(bytes) => texts(folder, &bytes)?,
                None => BTreeMap::new(),
            };
            for id in lines::all() {
                let file = format!("{folder}/{id}.wav");
                let (bytes, text) = match (replaced(&file), theirs.get(id.0)) {
                    (Some(_), None) => return Err(PromptError::Wordless(file)),
                    (Some(bytes), Some(text)) => (bytes, text),
                    (None, _) => {
                        let text = ours.get(id.0).ok_or_else(|| PromptError::Missing(format!("the text of {file}")))?;
                        (built_in(&file)?, text)
                    }
                };
                let parse =
                    |rate_hz| wav::parse(&bytes, rate_hz).map_err(|source| PromptError::Wav(file.clone(), source));
                let (pcm8k, pcm16k) = (parse(media::RATE_HZ)?, parse(media::WIDE_RATE_HZ)?);
                let Text { text, version, sha256 } = text.clone();
                all.insert((folder, id), Arc::new(Prompt { id, text, version, sha256, pcm8k, pcm16k }));
            }
        }
        Ok(Self { all })
    }

    /// Another language in which every prompt is spoken, if there is one.
    pub fn other_than(&self, language: Language) -> Option<Language> {
        SPOKEN.into_iter().find(|spoken| *spoken != language)
    }

    /// A prompt in this language; in German where this language has none yet. Every name of `ivr::lines` has one.
    pub fn get(&self, language: Language, id: PromptId) -> Option<&Arc<Prompt>> {
        self.all.get(&(language.tag(), id)).or_else(|| self.all.get(&(Language::German.tag(), id)))
    }

    /// The prompts to play, in order.
    pub fn parts(&self, language: Language, ids: &[PromptId]) -> Vec<Arc<Prompt>> {
        ids.iter().filter_map(|id| self.get(language, *id)).cloned().collect()
    }

    /// What these prompts say together, for the evidence: the highest version, and SHA-256 over their texts, each ended by a
    /// line feed.
    pub fn words(&self, language: Language, ids: &[PromptId]) -> Words {
        let mut hash = Sha256::new();
        let mut version = 0;
        for prompt in ids.iter().filter_map(|id| self.get(language, *id)) {
            hash.update(prompt.text.as_bytes());
            hash.update(b"\n");
            version = version.max(prompt.version);
        }
        Words { version, sha256: hex(&hash.finalize()) }
    }
}

#[derive(RustEmbed)]
#[folder = "prompts"]
#[include = "*/texts.toml"]
#[include = "*/*.wav"]
struct Files;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    prompts: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    version: u32,
    text: String,
    sha256: String,
    /// What the machine is given to read where it mispronounces the text; and sounds without words. For `make.py` only.
    #[serde(default, rename = "read")]
    _read: Option<String>,
    #[serde(default, rename = "silence_ms")]
    _silence_ms: Option<u32>,
    #[serde(default, rename = "tones")]
    _tones: Option<Vec<(u32, u32)>>,
}

#[derive(Clone)]
struct Text {
    text: String,
    version: u32,
    sha256: String,
}

fn built_in(file: &str) -> Result<Vec<u8>, PromptError> {
    Files::get(file).map(|file| file.data.into_owned()).ok_or_else(|| PromptError::Missing(file.to_owned()))
}

fn texts(folder: &str, bytes: &[u8]) -> Result<BTreeMap<String, Text>, PromptError> {
    let file = format!("{folder}/texts.toml");
    let unreadable = |why: String| PromptError::Texts { file: file.clone(), why };
    let text = std::str::from_utf8(bytes).map_err(|why| unreadable(why.to_string()))?;
    let paper: Paper = toml::from_str(text).map_err(|why| unreadable(why.to_string()))?;
    let mut texts = BTreeMap::new();
    for (id, Entry { version, text, sha256, .. }) in paper.prompts {
        if hex(&Sha256::digest(text.as_bytes())) != sha256 {
            return Err(PromptError::Hash { file, id });
        }
        texts.insert(id, Text { text, version, sha256 });
    }
    Ok(texts)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The languages that are complete.
const SPOKEN: [Language; 1] = [Language::German];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_words_and_sound() {
        let prompts = Prompts::built_in().unwrap();
        for id in lines::all() {
            let prompt = prompts.get(Language::German, id).unwrap();
            assert!(!prompt.text.is_empty(), "{id}");
            assert!(prompt.pcm8k.len() > 1600, "{id} lasts {} samples", prompt.pcm8k.len());
            assert!(id == lines::PAUSE || prompt.pcm8k.iter().any(|s| s.abs() > 3000), "{id} is not heard");
        }
    }

    #[test]
    fn no_file_is_there_that_nobody_says() {
        let named: Vec<String> = lines::all().map(|id| format!("de/{id}.wav")).collect();
        for file in Files::iter().filter(|file| file.starts_with("de/") && file.ends_with(".wav")) {
            assert!(named.contains(&file.to_string()), "{file}");
        }
        let texts = texts("de", &built_in("de/texts.toml").unwrap()).unwrap();
        assert_eq!(texts.len(), lines::all().count());
    }

    #[test]
    fn the_mandatory_part_of_the_notice_lasts_no_longer_than_twenty_seconds() {
        let prompts = Prompts::built_in().unwrap();
        let must = [lines::MEETING, lines::NOTICE_WHO, lines::NOTICE_WHY, lines::NOTICE_BACK];
        let samples: usize = must.iter().map(|id| prompts.get(Language::German, *id).unwrap().pcm8k.len()).sum();
        // Four digits of a meeting number come on top.
        assert!(samples < 18 * 8000, "{:.1} s", samples as f32 / 8000.0);
    }

    #[test]
    fn a_changed_text_needs_its_hash() {
        let error = texts("de", b"[prompts.welcome]\nversion = 1\ntext = \"Hallo\"\nsha256 = \"00\"\n").err().unwrap();
        assert!(matches!(error, PromptError::Hash { .. }), "{error}");
    }

    #[test]
    fn a_replaced_sound_needs_its_words() {
        let wav = built_in("de/muted.wav").unwrap();
        let only_sound = |name: &str| (name == "de/welcome.wav").then(|| wav.clone());
        assert!(matches!(Prompts::load(&only_sound).unwrap_err(), PromptError::Wordless(_)));

        let text = "Willkommen im Kreis.";
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        let toml = format!("[prompts.welcome]\nversion = 7\ntext = \"{text}\"\nsha256 = \"{sha256}\"\n");
        let both = |name: &str| match name {
            "de/welcome.wav" => Some(wav.clone()),
            "de/texts.toml" => Some(toml.clone().into_bytes()),
            _ => None,
        };
        let prompts = Prompts::load(&both).unwrap();
        let welcome = prompts.get(Language::German, lines::WELCOME).unwrap();
        assert_eq!((welcome.text.as_str(), welcome.version), (text, 7));
        assert_eq!(prompts.get(Language::German, lines::MUTED).unwrap().version, 1);
    }

    #[test]
    fn other_words_have_another_hash() {
        let prompts = Prompts::built_in().unwrap();
        let one = prompts.words(Language::German, &[lines::NOTICE_WHO, lines::NOTICE_WHY]);
        let other = prompts.words(Language::German, &[lines::NOTICE_WHY, lines::NOTICE_WHO]);
        assert!(one.sha256 != other.sha256 && one.sha256.len() == 64 && one.version >= 1);
    }
}
