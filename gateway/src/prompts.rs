//! The catalogue of prompts: for every name in `ivr::lines` the words, their version and SHA-256, and the sound.
//!
//! The committed files under `gateway/prompts/` are built in, so the program works alone. [`Prompts::load`] takes a function
//! that may give other files of the same names (an office's own recordings, from the directory in the settings): a WAV
//! replaced there needs its words in that directory's `texts.toml`, or the evidence would name words that nobody spoke.
//!
//! Not here: which prompt is said when (`ivr`, `consent`, `call`), and reading directories (the shell).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

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
    pub fn lasts(&self) -> Duration {
        Duration::from_millis(self.pcm8k.len() as u64 * 1_000 / u64::from(media::RATE_HZ))
    }

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
        Self::load_from(&built_in, replaced)
    }

    fn load_from(
        built_in: &dyn Fn(&str) -> Result<Vec<u8>, PromptError>,
        replaced: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, PromptError> {
        let mut all = BTreeMap::new();
        for language in Language::ALL {
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
        Language::ALL.into_iter().find(|spoken| *spoken != language)
    }

    /// A prompt in this language. Every name of `ivr::lines` has one in every language, or loading failed.
    pub fn get(&self, language: Language, id: PromptId) -> Option<&Arc<Prompt>> {
        self.all.get(&(language.tag(), id))
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
    /// The language of the voice where it is not the catalogue's: "for English, press …" among the German ones.
    #[serde(default, rename = "voice")]
    _voice: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_words_and_sound_in_every_language() {
        let prompts = Prompts::built_in().unwrap();
        for (language, id) in Language::ALL.into_iter().flat_map(|language| lines::all().map(move |id| (language, id)))
        {
            let prompt = prompts.get(language, id).unwrap();
            assert!(!prompt.text.is_empty(), "{language:?} {id}");
            assert!(prompt.pcm8k.len() > 1600, "{language:?} {id} lasts {} samples", prompt.pcm8k.len());
            let heard = prompt.pcm8k.iter().any(|s| s.abs() > 3000);
            assert!(id == lines::PAUSE || heard, "{language:?} {id} is not heard");
        }
    }

    #[test]
    fn a_prompt_that_one_language_lacks_stops_the_start() {
        for language in Language::ALL {
            let lacks = |file: &str| {
                let complete = built_in(file)?;
                if file != format!("{}/texts.toml", language.tag()) {
                    return Ok(complete);
                }
                Ok(String::from_utf8(complete).unwrap().replace("[prompts.muted]", "[prompts.moved]").into_bytes())
            };
            let error = Prompts::load_from(&lacks, &|_| None).unwrap_err();
            assert!(error.to_string().contains(&format!("the text of {}/muted.wav", language.tag())), "{error}");

            let silent = format!("{}/muted.wav", language.tag());
            let lacks =
                |file: &str| if file == silent { Err(PromptError::Missing(file.into())) } else { built_in(file) };
            assert!(matches!(Prompts::load_from(&lacks, &|_| None), Err(PromptError::Missing(name)) if name == silent));
        }
    }

    #[test]
    fn no_file_is_there_that_nobody_says() {
        for language in Language::ALL.map(Language::tag) {
            let named: Vec<String> = lines::all().map(|id| format!("{language}/{id}.wav")).collect();
            let sounds =
                Files::iter().filter(|file| file.starts_with(&format!("{language}/")) && file.ends_with(".wav"));
            for file in sounds {
                assert!(named.contains(&file.to_string()), "{file}");
            }
            let texts = texts(language, &built_in(&format!("{language}/texts.toml")).unwrap()).unwrap();
            assert_eq!(texts.len(), lines::all().count(), "{language}");
        }
    }

    #[test]
    fn the_mandatory_part_of_the_notice_lasts_no_longer_than_twenty_seconds() {
        let prompts = Prompts::built_in().unwrap();
        for language in Language::ALL {
            let length = |id: &PromptId| prompts.get(language, *id).unwrap().pcm8k.len();
            let must = [lines::MEETING, lines::NOTICE_WHO, lines::NOTICE_WHY, lines::NOTICE_BACK];
            // The longest meeting number that has four digits comes on top.
            let number = 4 * lines::DIGITS.iter().map(length).max().unwrap();
            let samples = must.iter().map(length).sum::<usize>() + number;
            assert!(samples < 20 * 8000, "{language:?}: {:.1} s", samples as f32 / 8000.0);
        }
    }

    #[test]
    fn the_long_notice_names_every_purpose_and_the_days_after_the_approval() {
        let prompts = Prompts::built_in().unwrap();
        let long = |language| prompts.get(language, lines::NOTICE_LONG).unwrap().text.clone();
        for word in ["vier Zwecke", "Viertens", "Ende des dritten Tages", "nicht auf dem ganzen Weg verschlüsselt"] {
            assert!(long(Language::German).contains(word), "{word}");
        }
        for word in ["four purposes", "Fourth", "end of the third day", "not encrypted all the way"] {
            assert!(long(Language::English).contains(word), "{word}");
        }
    }

    #[test]
    fn a_changed_text_needs_its_hash() {
        let error = texts("de", b"[prompts.welcome]\nversion = 1\ntext = \"Hallo\"\nsha256 = \"00\"\n").err().unwrap();
        assert!(matches!(error, PromptError::Hash { .. }), "{error}");
    }

    #[test]
    fn an_offices_own_directory_replaces_what_it_has_in_every_language() {
        let wav = built_in("de/muted.wav").unwrap();
        for language in Language::ALL {
            let sound = format!("{}/welcome.wav", language.tag());
            let only_sound = |name: &str| (name == sound).then(|| wav.clone());
            assert!(matches!(Prompts::load(&only_sound).unwrap_err(), PromptError::Wordless(file) if file == sound));

            let text = "Willkommen im Kreis.";
            let sha256 = hex(&Sha256::digest(text.as_bytes()));
            let toml = format!("[prompts.welcome]\nversion = 7\ntext = \"{text}\"\nsha256 = \"{sha256}\"\n");
            let paper = format!("{}/texts.toml", language.tag());
            let both = |name: &str| match name {
                name if name == sound => Some(wav.clone()),
                name if name == paper => Some(toml.clone().into_bytes()),
                _ => None,
            };
            let prompts = Prompts::load(&both).unwrap();
            let ours = Prompts::built_in().unwrap();
            for spoken in Language::ALL {
                let welcome = prompts.get(spoken, lines::WELCOME).unwrap();
                assert_eq!((welcome.text == text, welcome.version == 7), (spoken == language, spoken == language));
                assert_eq!(prompts.get(spoken, lines::MUTED), ours.get(spoken, lines::MUTED));
            }
        }
    }

    #[test]
    fn other_words_have_another_hash() {
        let prompts = Prompts::built_in().unwrap();
        let one = prompts.words(Language::German, &[lines::NOTICE_WHO, lines::NOTICE_WHY]);
        let other = prompts.words(Language::German, &[lines::NOTICE_WHY, lines::NOTICE_WHO]);
        assert!(one.sha256 != other.sha256 && one.sha256.len() == 64 && one.version >= 1);
    }
}
