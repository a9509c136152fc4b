//! What a chunk says, read by whoever wants to look at it: without any key, believed by nobody, as far as it reads.
//!
//! [`look`] takes a directory in `open/` or `ready/` and lists what is in it; what does not read becomes a fault, and the
//! rest is shown all the same. A damaged chunk is what one looks at.
//!
//! Not here: whether any of it is true ([`chunk`](super::chunk)).

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Rejection;
use super::files::{names, whole_file};
use super::journal::read;
use crate::erased::Erased;
use crate::id::{EpochId, Slot};
use crate::keys::Envelope;
use crate::limits::{MOST_FILES, MOST_JOURNAL_BYTES, MOST_LINES, MOST_VOICE_BYTES};
use crate::line::{Act, FileFact, First, Head, Line, MediaEvent, hash};
use crate::name::FileName;
use crate::strict;
use crate::voice::{self, Ending};

/// A chunk, as it says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    /// The directory's name.
    pub name: String,
    pub head: Option<Head>,
    /// The lines of `media.jsonl` after the head, up to the first that does not read.
    pub media: Vec<Said<MediaEvent>>,
    pub consent: Vec<Said<Act>>,
    /// Every file that is there, the journals included, ordered by name.
    pub files: Vec<There>,
    /// What does not read, and why.
    pub faults: Vec<String>,
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said<T> {
    pub slot: Slot,
    #[serde(flatten)]
    pub what: T,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct There {
    pub name: String,
    pub bytes: u64,
    pub content: Content,
}

/// What a file is, by its name and its own first bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    Journal,
    /// An envelope: the key in it opens with the track's private half only.
    Keys {
        suite: u16,
        chunk: u32,
    },
    Voice(Prefixes),
    Erased {
        replaces: Vec<FileFact>,
    },
    /// Not what its name says.
    Unreadable,
}

/// What the clear parts of a voice file show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prefixes {
    pub version: u16,
    pub suite: u16,
    pub sample_rate_hz: u32,
    pub chunk: u32,
    pub epoch: EpochId,
    /// Without the end record.
    pub records: usize,
    /// How many slots have sound.
    pub slots: u64,
    pub first: Option<Slot>,
    /// The first slot after the last one with sound.
    pub until: Option<Slot>,
    /// `complete`, `unended` (whoever wrote it was interrupted) or `torn`.
    pub ending: &'static str,
}

/// Looks at a chunk. Only a directory that cannot be listed is an error.
pub fn look(dir: &Path) -> Result<Look, Rejection> {
    let name = dir.file_name().unwrap_or_default().display().to_string();
    let mut look = Look { name, head: None, media: vec![], consent: vec![], files: vec![], faults: vec![] };
    for name in names(dir, MOST_FILES)? {
        match name.parse::<FileName>() {
            Ok(file) => look.file(dir, name, file),
            Err(_) => look.faults.push(Rejection::Strange { name }.to_string()),
        }
    }
    Ok(look)
}

impl Look {
    fn file(&mut self, dir: &Path, name: String, file: FileName) {
        let most = match file {
            FileName::Media | FileName::Consent => MOST_JOURNAL_BYTES,
            FileName::Voice(_) => MOST_VOICE_BYTES,
            FileName::Keys(_) | FileName::Erased(_) => MOST_SMALL_BYTES,
        };
        let bytes = match whole_file(&dir.join(&name), most) {
            Ok(bytes) => bytes,
            Err(error) => return self.faults.push(error.to_string()),
        };
        let content = match file {
            FileName::Media => {
                self.media(&bytes);
                Content::Journal
            }
            FileName::Consent => {
                let lines = lines::<Act>("consent.jsonl", 0, &bytes, &mut self.faults);
                self.consent = lines.into_iter().map(|line| Said { slot: line.slot, what: line.rest }).collect();
                Content::Journal
            }
            FileName::Keys(_) => self
                .small(&name, &bytes, |keys: Envelope| Content::Keys { suite: keys.sealed.suite, chunk: keys.chunk }),
            FileName::Erased(_) => {
                self.small(&name, &bytes, |erased: Erased| Content::Erased { replaces: erased.replaces })
            }
            FileName::Voice(_) => match prefixes(&bytes) {
                Ok(prefixes) => Content::Voice(prefixes),
                Err(why) => {
                    self.faults.push(format!("{name} does not read: {why}"));
                    Content::Unreadable
                }
            },
        };
        self.files.push(There { name, bytes: bytes.len() as u64, content });
    }

    fn media(&mut self, bytes: &[u8]) {
        let first = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let text = first.strip_suffix(b"\n").unwrap_or(first);
        match read::<Line<First<Head>>>(MEDIA, 0, text) {
            Ok(Line { rest: First::Head(head), .. }) => self.head = Some(head),
            Err(error) => self.faults.push(error.to_string()),
        }
        let rest = bytes.get(first.len()..).unwrap_or_default();
        let lines = lines::<MediaEvent>(MEDIA, 1, rest, &mut self.faults);
        if let Some(line) = lines.first()
            && line.prev != hash(text)
        {
            self.faults.push(Rejection::Chain { journal: MEDIA, n: 1 }.to_string());
        }
        self.media = lines.into_iter().map(|line| Said { slot: line.slot, what: line.rest }).collect();
    }

    fn small<T: Serialize + DeserializeOwned>(
        &mut self,
        name: &str,
        bytes: &[u8],
        of: impl Fn(T) -> Content,
    ) -> Content {
        match strict::read(bytes) {
            Ok(read) => of(read),
            Err(why) => {
                self.faults.push(format!("{name} does not read: {why}"));
                Content::Unreadable
            }
        }
    }
}

/// Lines up to the first that does not read; where the chain breaks is said and read on.
fn lines<T: Serialize + DeserializeOwned>(
    journal: &'static str,
    first: u64,
    bytes: &[u8],
    faults: &mut Vec<String>,
) -> Vec<Line<T>> {
    let mut found: Vec<Line<T>> = Vec::new();
    let mut head = (first == 0).then(|| hash(b""));
    for (n, text) in (first..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        if found.len() == MOST_LINES {
            faults.push(Rejection::TooMany { what: "lines", most: MOST_LINES }.to_string());
            break;
        }
        let Some(text) = text.strip_suffix(b"\n") else {
            faults.push(Rejection::Torn { journal }.to_string());
            break;
        };
        match read::<Line<T>>(journal, n, text) {
            Ok(line) => {
                if line.n != n || head.is_some_and(|head| head != line.prev) {
                    faults.push(Rejection::Chain { journal, n }.to_string());
                }
                head = Some(hash(text));
                found.push(line);
            }
            Err(error) => {
                faults.push(error.to_string());
                break;
            }
        }
    }
    found
}

fn prefixes(bytes: &[u8]) -> Result<Prefixes, voice::VoiceError> {
    let header = voice::header(bytes)?;
    let (mut records, ending) = voice::index(bytes)?;
    if ending == Ending::Complete {
        records.pop();
    }
    Ok(Prefixes {
        version: header.version,
        suite: header.suite,
        sample_rate_hz: header.sample_rate,
        chunk: header.chunk,
        epoch: header.epoch,
        records: records.len(),
        slots: records.iter().map(|record| u64::from(record.map.count_ones())).sum(),
        first: records.first().map(|record| record.first),
        until: records.last().and_then(|record| record.until()),
        ending: match ending {
            Ending::Complete => "complete",
            Ending::Unended => "unended",
            Ending::Torn { .. } => "torn",
        },
    })
}

const MEDIA: &str = "media.jsonl";
const MOST_SMALL_BYTES: u64 = 64 << 10;
