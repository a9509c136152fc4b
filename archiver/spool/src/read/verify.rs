//! What must hold in a chunk, checked in the order in which it can be believed: first the journals, then the signature over
//! them, then the files it names, then what they say.
//!
//! Not here: reading of bytes ([`files`](super::files)) and lines ([`journal`](super::journal)).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::files::{names, whole_file};
use super::journal::{Chain, glance, read};
use super::{Chunk, Rejection, Trust, Voice};
use crate::erased::{ERASED_LABEL, Erased};
use crate::id::{SeatNo, Slot, TrackId};
use crate::keys::Envelope;
use crate::limits::{MOST_FILES, MOST_JOURNAL_BYTES, MOST_RECORDS, MOST_VOICE_BYTES};
use crate::line::{
    Act, CHUNK_LABEL, CloseWhy, FileFact, First, GapReason, Head, Line, MediaEvent, TrackFact, VERSION, hash,
};
use crate::name::{ChunkName, FileName};
use crate::sign::{VerifyingKey, verified};
use crate::strict;
use crate::voice::{self, Ending};

pub(super) fn chunk(dir: &Path, trust: Trust<'_>) -> Result<Chunk, Rejection> {
    let text = dir.file_name().unwrap_or_default().display().to_string();
    let name: ChunkName = text.parse().map_err(|_| Rejection::Name { name: text.clone() })?;
    let there = directory(dir)?;
    let media_bytes = whole_file(&dir.join(MEDIA), MOST_JOURNAL_BYTES)?;
    let chain = Chain::check(MEDIA, &media_bytes)?;
    let (begun, head) = head(&chain, name)?;
    let key = trust(name.gateway).filter(|key| key.gateway() == name.gateway);
    let key = key.ok_or(Rejection::UnknownGateway { gateway: name.gateway })?;
    if !verified(&key, CHUNK_LABEL, chain.last().unwrap_or_default()) {
        // A chunk that nobody closed has no signature to check: say so.
        return Err(if closes(&chain) { Rejection::Signature { what: "chunk" } } else { Rejection::NotClosed });
    }
    let media: Vec<(Slot, MediaEvent)> = chain.read(1)?;
    let close = close(&media, chain.count())?;
    let consent_bytes = whole_file(&dir.join(CONSENT), MOST_JOURNAL_BYTES)?;
    let consent = Chain::check(CONSENT, &consent_bytes)?;
    if consent.head != close.consent_head {
        return Err(Rejection::ConsentHead);
    }
    let acts: Vec<(Slot, Act)> = consent.read(0)?;
    let permits = permits(&head, &media, &acts)?;
    let erased = erasures(dir, &there, name, &key)?;
    for track in erased.keys() {
        known(*track, &permits, &acts)?;
    }
    listed(&there, &close.files, &erased)?;
    let chunk = Checked { dir, head: &head, close: &close, permits: &permits, erased: &erased };
    let voices = chunk.voices(&consent_bytes)?;
    let interrupted = close.why == CloseWhy::Interrupted;
    let (hash, until, files) = (chain.head, close.until, close.files);
    Ok(Chunk {
        name: text,
        head,
        begun,
        media,
        acts,
        voices,
        erased: erased.into_keys().collect(),
        interrupted,
        hash,
        until,
        files,
    })
}

#[derive(Deserialize)]
struct Probe {
    version: u32,
}

struct Close {
    why: CloseWhy,
    until: Slot,
    consent_head: String,
    files: Vec<FileFact>,
}

/// A permit and its end.
struct Permit {
    fact: TrackFact,
    until: Option<Slot>,
}

struct Checked<'a> {
    dir: &'a Path,
    head: &'a Head,
    close: &'a Close,
    permits: &'a BTreeMap<TrackId, Permit>,
    erased: &'a BTreeMap<TrackId, Erased>,
}

fn directory(dir: &Path) -> Result<BTreeSet<FileName>, Rejection> {
    names(dir, MOST_FILES)?.into_iter().map(|name| name.parse().map_err(|_| Rejection::Strange { name })).collect()
}

fn head(chain: &Chain<'_>, name: ChunkName) -> Result<(Slot, Head), Rejection> {
    let first = chain.first().ok_or(Rejection::NotClosed)?;
    let Probe { version } = glance(MEDIA, 0, first)?;
    if version != VERSION {
        return Err(Rejection::Version { found: version });
    }
    let Line { slot, rest: First::Head(head), .. } = read::<Line<First<Head>>>(MEDIA, 0, first)?;
    let said = ChunkName { recording: head.recording, gateway: head.gateway, number: head.chunk };
    if said == name { Ok((slot, head)) } else { Err(Rejection::OtherChunk { found: said.to_string() }) }
}

fn closes(chain: &Chain<'_>) -> bool {
    let last = chain.last().unwrap_or_default();
    matches!(read::<Line<MediaEvent>>(MEDIA, 0, last), Ok(Line { rest: MediaEvent::Close { .. }, .. }))
}

fn close(media: &[(Slot, MediaEvent)], lines: u64) -> Result<Close, Rejection> {
    let Some(((until, MediaEvent::Close { why, lines: said, consent_head, files, .. }), before)) = media.split_last()
    else {
        return Err(Rejection::NotClosed);
    };
    let place = |n: usize, why| Rejection::Place { n: n as u64 + 1, why };
    if *said != lines {
        return Err(place(before.len(), "counts other lines than there are"));
    }
    if let Some(n) = before.iter().position(|(_, event)| matches!(event, MediaEvent::Close { .. })) {
        return Err(place(n, "closes the chunk before its end"));
    }
    let interrupted = before.iter().any(|(_, event)| *event == MediaEvent::Interrupted);
    if interrupted != (*why == CloseWhy::Interrupted) {
        return Err(place(before.len(), "and the lines before do not agree on an interruption"));
    }
    Ok(Close { why: *why, until: *until, consent_head: consent_head.clone(), files: files.clone() })
}

/// One permit a track, and none of a seat that overlaps another.
fn permits(
    head: &Head,
    media: &[(Slot, MediaEvent)],
    acts: &[(Slot, Act)],
) -> Result<BTreeMap<TrackId, Permit>, Rejection> {
    let begun = media.iter().filter_map(|(_, event)| event.begun());
    let mut permits = BTreeMap::new();
    for fact in head.tracks.iter().chain(begun) {
        if permits.insert(fact.track, Permit { fact: *fact, until: None }).is_some() {
            return Err(Rejection::TwoPermits { track: fact.track });
        }
    }
    for (n, (_, event)) in media.iter().enumerate() {
        match event {
            MediaEvent::TrackEnded { track, until, .. } => {
                let permit = permits.get_mut(track).ok_or(Rejection::NoPermit { track: *track })?;
                if permit.until.replace(*until).is_some() {
                    return Err(Rejection::TwoPermits { track: *track });
                }
            }
            MediaEvent::Gap { whose, reason, .. } => {
                // Without a key there is no permit to name, and whatever else is missing is a permit's.
                if whose.track().is_none() != (*reason == GapReason::NoKeys) {
                    return Err(Rejection::Place { n: n as u64 + 1, why: "is a gap of nobody who can have it" });
                }
                if let Some(track) = whose.track().filter(|track| !permits.contains_key(track)) {
                    return Err(Rejection::NoPermit { track });
                }
            }
            MediaEvent::Erased { track } => known(*track, &permits, acts)?,
            // The others speak of no permit.
            MediaEvent::Track(_) | MediaEvent::Seat(_) | MediaEvent::Left { .. } => {}
            MediaEvent::Started | MediaEvent::Paused | MediaEvent::Resumed | MediaEvent::Stopped => {}
            MediaEvent::Marker { .. } | MediaEvent::OffRecord { .. } => {}
            MediaEvent::State { .. } | MediaEvent::Clock(_) => {}
            MediaEvent::Interrupted | MediaEvent::Close { .. } => {}
        }
    }
    let mut seats: BTreeMap<SeatNo, Vec<&Permit>> = BTreeMap::new();
    for permit in permits.values() {
        seats.entry(permit.fact.seat).or_default().push(permit);
    }
    for (seat, mut of_seat) in seats {
        of_seat.sort_by_key(|permit| (permit.fact.from, permit.until.unwrap_or(Slot(u64::MAX))));
        let overlap = of_seat.array_windows().any(|[one, next]| one.until.is_none_or(|until| next.fact.from < until));
        if overlap {
            return Err(Rejection::Overlap { seat });
        }
    }
    Ok(permits)
}

/// A track may be erased here when it had a permit here, or when its withdrawal was said here.
fn known(track: TrackId, permits: &BTreeMap<TrackId, Permit>, acts: &[(Slot, Act)]) -> Result<(), Rejection> {
    let said = acts.iter().any(|(_, act)| act.track == Some(track));
    if permits.contains_key(&track) || said { Ok(()) } else { Err(Rejection::NoPermit { track }) }
}

fn erasures(
    dir: &Path,
    there: &BTreeSet<FileName>,
    name: ChunkName,
    key: &VerifyingKey,
) -> Result<BTreeMap<TrackId, Erased>, Rejection> {
    let mut erased = BTreeMap::new();
    for file in there {
        let FileName::Erased(track) = *file else { continue };
        let wrong = |why| Rejection::Erased { track, why };
        let bytes = whole_file(&dir.join(file.to_string()), MOST_SMALL_BYTES)?;
        let line = bytes.strip_suffix(b"\n").ok_or(wrong("is torn"))?;
        if !verified(key, ERASED_LABEL, line) {
            return Err(Rejection::Signature { what: "erasure" });
        }
        let Probe { version } = serde_json::from_slice(line).map_err(|_| wrong("does not read"))?;
        if version != VERSION {
            return Err(Rejection::Version { found: version });
        }
        let said: Erased = strict::read(line).map_err(|_| wrong("does not read"))?;
        let of = ChunkName { recording: said.recording, gateway: said.gateway, number: said.chunk };
        if of != name || said.track != track {
            return Err(wrong("is of another track or chunk"));
        }
        erased.insert(track, said);
    }
    Ok(erased)
}

/// What is there was signed, and what was signed is there or was erased.
fn listed(there: &BTreeSet<FileName>, facts: &[FileFact], erased: &BTreeMap<TrackId, Erased>) -> Result<(), Rejection> {
    if facts.array_windows().any(|[one, next]| one.name >= next.name) {
        return Err(Rejection::Files { why: "is not in order" });
    }
    let mut signed = BTreeSet::from([FileName::Media]);
    for fact in facts {
        let name: FileName =
            fact.name.parse().map_err(|_| Rejection::Files { why: "names what is no file of a chunk" })?;
        if name == FileName::Media {
            return Err(Rejection::Files { why: "names the journal it stands in" });
        }
        signed.insert(name);
        let replaced = match name {
            FileName::Keys(track) | FileName::Voice(track) => {
                erased.get(&track).is_some_and(|erased| erased.replaces.contains(fact))
            }
            FileName::Media | FileName::Consent | FileName::Erased(_) => false,
        };
        if !there.contains(&name) && !replaced {
            return Err(Rejection::Missing { name: fact.name.clone() });
        }
    }
    if !signed.contains(&FileName::Consent) {
        return Err(Rejection::Files { why: "leaves out consent.jsonl" });
    }
    match there.difference(&signed).find(|name| !matches!(name, FileName::Erased(_))) {
        Some(name) => Err(Rejection::Unlisted { name: name.to_string() }),
        None => Ok(()),
    }
}

impl Checked<'_> {
    /// Every file is read once: the bytes that were checked are the bytes that were indexed.
    fn voices(&self, consent: &[u8]) -> Result<Vec<Voice>, Rejection> {
        let mut voices = Vec::new();
        let mut parts: BTreeMap<TrackId, (Option<Envelope>, Option<Indexed>)> = BTreeMap::new();
        let mut records = 0;
        for fact in &self.close.files {
            let name: FileName = fact.name.parse().map_err(|_| Rejection::Name { name: fact.name.clone() })?;
            match name {
                FileName::Media | FileName::Erased(_) => drop(self.bytes(fact, MOST_SMALL_BYTES)?),
                FileName::Consent => same(fact, consent)?,
                // Erased wins: what may still be there is on its way out and not looked at.
                FileName::Keys(track) | FileName::Voice(track) if self.erased.contains_key(&track) => {}
                FileName::Keys(track) => {
                    let envelope = self.envelope(track, &self.bytes(fact, MOST_SMALL_BYTES)?)?;
                    parts.entry(track).or_default().0 = Some(envelope);
                }
                FileName::Voice(track) => {
                    let indexed = self.index(track, &self.bytes(fact, MOST_VOICE_BYTES)?)?;
                    records += indexed.records.len();
                    if records > MOST_RECORDS {
                        return Err(Rejection::TooMany { what: "records", most: MOST_RECORDS });
                    }
                    parts.entry(track).or_default().1 = Some(indexed);
                }
            }
        }
        for (track, part) in parts {
            let (Some(envelope), Some(Indexed { header, records })) = part else {
                return Err(Rejection::Half { track });
            };
            let Permit { fact, until } = self.permits.get(&track).ok_or(Rejection::NoPermit { track })?;
            let path = |name: FileName| self.dir.join(name.to_string());
            voices.push(Voice {
                fact: *fact,
                until: *until,
                envelope,
                header,
                uncovered: self.uncovered(fact, *until, &records),
                records,
                voice_path: path(FileName::Voice(track)),
                keys_path: path(FileName::Keys(track)),
            });
        }
        Ok(voices)
    }

    fn bytes(&self, fact: &FileFact, most: u64) -> Result<Vec<u8>, Rejection> {
        let bytes = whole_file(&self.dir.join(&fact.name), most)?;
        same(fact, &bytes)?;
        Ok(bytes)
    }

    fn envelope(&self, track: TrackId, bytes: &[u8]) -> Result<Envelope, Rejection> {
        let wrong = |why: &str| Rejection::Envelope { track, why: why.to_owned() };
        let text = bytes.strip_suffix(b"\n").ok_or(wrong("is torn"))?;
        let Probe { version } = serde_json::from_slice(text).map_err(|_| wrong("does not read"))?;
        if version != VERSION {
            return Err(Rejection::Version { found: version });
        }
        let envelope: Envelope = strict::read(text).map_err(|_| wrong("does not read"))?;
        if (envelope.recording, envelope.chunk, envelope.track) != (self.head.recording, self.head.chunk, track) {
            return Err(wrong("is of another track or chunk"));
        }
        if envelope.sealed.suite != crate::keys::SUITE {
            return Err(wrong("is of a suite that is not known here"));
        }
        Ok(envelope)
    }

    fn index(&self, track: TrackId, bytes: &[u8]) -> Result<Indexed, Rejection> {
        let wrong = |why| Rejection::Voice { track, why };
        let header = voice::header(bytes).map_err(wrong)?;
        let (mut records, ending) = voice::index(bytes).map_err(wrong)?;
        let Head { recording, chunk, epoch, .. } = *self.head;
        if (header.recording, header.chunk, header.epoch, header.track) != (recording, chunk, epoch, track) {
            return Err(Rejection::Header { track, why: "is of another track, chunk or epoch" });
        }
        match ending {
            Ending::Complete => drop(records.pop()),
            Ending::Unended if self.close.why == CloseWhy::Interrupted => {}
            Ending::Unended => return Err(Rejection::Header { track, why: "has no end" }),
            Ending::Torn { .. } => return Err(Rejection::Header { track, why: "ends within a record" }),
        }
        Ok(Indexed { header, records })
    }

    fn uncovered(&self, fact: &TrackFact, until: Option<Slot>, records: &[voice::Record]) -> Option<String> {
        let until = until.unwrap_or(self.close.until);
        let slots = || records.iter().flat_map(|record| record.slots());
        let outside = slots().find(|slot| *slot < fact.from || *slot >= until)?;
        let (from, until, slot) = (fact.from.0, until.0, outside.0);
        Some(format!("slot {slot} of {} lies outside its permit, which is from slot {from} until {until}", fact.track))
    }
}

struct Indexed {
    header: voice::Header,
    records: Vec<voice::Record>,
}

fn same(fact: &FileFact, bytes: &[u8]) -> Result<(), Rejection> {
    if fact.bytes == bytes.len() as u64 && fact.sha256 == hash(bytes) {
        Ok(())
    } else {
        Err(Rejection::Changed { name: fact.name.clone() })
    }
}

const MEDIA: &str = "media.jsonl";
const CONSENT: &str = "consent.jsonl";
const MOST_SMALL_BYTES: u64 = 64 << 10;
