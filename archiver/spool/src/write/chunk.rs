//! One chunk being written.
//!
//! The order in which things reach the disk is the format's promise (`FORMAT.md` section 6): a consent line before the track it
//! permits, the track's line and `.keys` before its first record, `.erased` before the files it replaces go.
//!
//! Not here: chunks found unfinished ([`recover`](super::recover)).

use std::collections::BTreeMap;
use std::io;

use super::erase::{Place, facts_of};
use super::journal::Journal;
use super::seal::{Refusal, VoiceFile};
use super::{Closed, Spool, SpoolError, failed, wrong};
use crate::disk::Appending;
use crate::id::{EpochId, SeatNo, Slot, TrackId};
use crate::keys::{Chance, FileKey, PublicKey, wrap};
use crate::limits::{MOST_FILES, MOST_JOURNAL_BYTES, MOST_LINES, MOST_RECORDS, MOST_VOICE_BYTES};
use crate::line::{
    Act, CHUNK_LABEL, CloseWhy, EndWhy, FileFact, First, GapReason, Head, MediaEvent, TrackFact, VERSION, Whose, hash,
};
use crate::name::{ChunkName, FileName};
use crate::sign::UNSIGNED;
use crate::voice::{self, SAMPLE_RATE_HZ};

/// One `open/<recording>.<gateway>.<n>/`. Dropping it without [`close`](Self::close) leaves what a killed process leaves.
pub struct ChunkWriter {
    pub(super) place: Place,
    spool: Spool,
    text: String,
    head: Head,
    media: Journal,
    consent: Journal,
    voices: BTreeMap<TrackId, Voice>,
    /// Tracks that ended here; none begins twice.
    over: Vec<TrackId>,
    /// Permits whose files could not be made. They may begin once more; else they end where they began.
    unmade: BTreeMap<TrackId, TrackFact>,
    /// SHA-256 of voice files that are complete, so that closing need not read them again.
    complete: BTreeMap<TrackId, (u64, [u8; 32])>,
    /// Records of tracks that ended here, and how many of these had any.
    records_over: usize,
    sounding_over: usize,
    /// The latest slot that was written down.
    latest: Slot,
}

struct Voice {
    seat: SeatNo,
    file: VoiceFile,
    /// The permit ended, but the disk did not take all of it yet.
    ending: Option<(Slot, EndWhy)>,
}

impl ChunkWriter {
    pub(super) fn begin(spool: &Spool, head: Head, slot: Slot) -> Result<Self, SpoolError> {
        let place = spool.place(&spool.open_dir(), named(spool, &head)?);
        spool.make_way(&place)?;
        match Self::make(spool, &place, &head, slot) {
            Ok(journals) => Ok(Self::over(spool, place, head, slot, journals)),
            Err(error) => {
                // The first error is the one to tell; what stays is in nobody's way.
                let _cleared = place.disk.remove_tree(&place.path);
                Err(failed("begin a chunk")(error))
            }
        }
    }

    /// A chunk whose head was written.
    pub(super) fn over(spool: &Spool, place: Place, head: Head, slot: Slot, (media, consent): Journals) -> Self {
        Self {
            text: place.name.to_string(),
            place,
            spool: spool.clone(),
            head,
            media,
            consent,
            voices: BTreeMap::new(),
            over: Vec::new(),
            unmade: BTreeMap::new(),
            complete: BTreeMap::new(),
            records_over: 0,
            sounding_over: 0,
            latest: slot,
        }
    }

    /// A voice whose files were made before the chunk began.
    pub(super) fn adopt(&mut self, fact: TrackFact, file: VoiceFile) {
        self.voices.insert(fact.track, Voice { seat: fact.seat, file, ending: None });
    }

    fn make(spool: &Spool, place: &Place, head: &Head, slot: Slot) -> io::Result<Journals> {
        let Place { path, disk, .. } = place;
        disk.make_dir(path)?;
        let (mut media, mut consent) = journals(place, head, slot)?;
        media.sync()?;
        consent.sync()?;
        disk.sync_dir(path)?;
        disk.sync_dir(&spool.open_dir())?;
        Ok((media, consent))
    }

    /// `<recording>.<gateway>.<n>`
    pub fn name(&self) -> &str {
        &self.text
    }

    /// Writes an event down; it is synced with the next [`sync`](Self::sync).
    /// Permits, erasures and closing have methods of their own and are refused here.
    pub fn note(&mut self, slot: Slot, event: &MediaEvent) -> Result<(), SpoolError> {
        match event {
            MediaEvent::Track(_)
            | MediaEvent::TrackEnded { .. }
            | MediaEvent::Erased { .. }
            | MediaEvent::Interrupted
            | MediaEvent::Close { .. } => Err(wrong("this event is written by its own method")),
            MediaEvent::Seat(_)
            | MediaEvent::Left { .. }
            | MediaEvent::Gap { .. }
            | MediaEvent::Started
            | MediaEvent::Paused
            | MediaEvent::Resumed
            | MediaEvent::Stopped
            | MediaEvent::Marker { .. }
            | MediaEvent::OffRecord { .. }
            | MediaEvent::State { .. }
            | MediaEvent::Clock(_) => self.write(slot, event),
        }
    }

    /// Writes an act of consent down; it is synced when this returns.
    pub fn act(&mut self, slot: Slot, act: &Act) -> Result<(), SpoolError> {
        self.consent.append(slot, act).map_err(failed("write an act of consent"))?;
        self.consent.sync().map_err(failed("sync an act of consent"))?;
        self.latest = self.latest.max(slot);
        Ok(())
    }

    /// Opens a permit's voice file. The act it rests on must have been written before; line and envelope are synced when this
    /// returns. For a permit that [`Head::tracks`] carries over, `fact` is the same as there.
    /// After an error it may be called again.
    pub fn begin_track(&mut self, fact: TrackFact, to: &PublicKey, chance: Chance<'_>) -> Result<(), SpoolError> {
        let TrackFact { track, seat, from } = fact;
        if self.voices.contains_key(&track) || self.over.contains(&track) {
            return Err(wrong("a track begins once"));
        }
        if self.voices.values().any(|voice| voice.seat == seat) {
            return Err(wrong("a seat has one permit at a time"));
        }
        let given_up = |other: &&TrackFact| other.seat == seat && other.track != track;
        while let Some(other) = self.unmade.values().find(given_up).copied() {
            self.give_up(other, other.from, EndWhy::NotKept)?;
        }
        match self.carried(track).or(self.unmade.get(&track).copied()) {
            Some(known) if known == fact => {}
            Some(_) => return Err(wrong("a permit that was written before is not what it was")),
            None => self.write(from, &MediaEvent::Track(fact))?,
        }
        match self.make_voice(fact, to, chance) {
            Ok(file) => {
                self.unmade.remove(&track);
                self.voices.insert(track, Voice { seat, file, ending: None });
                Ok(())
            }
            Err(error) => {
                self.unmade.insert(track, fact);
                Err(error)
            }
        }
    }

    /// Takes one slot's sound, sealed within 500 ms or at the next [`sync`](Self::sync). Slots of a track rise.
    /// After an error this packet is not kept; those accepted before still are.
    pub fn packet(&mut self, track: TrackId, slot: Slot, opus: &[u8]) -> Result<(), SpoolError> {
        match self.voices.get_mut(&track) {
            Some(Voice { ending: None, file, .. }) => file.packet(slot, opus).map_err(|refusal| match refusal {
                Refusal::Wrong(what) => wrong(what),
                Refusal::Disk(error) => failed("write sound")(error),
            }),
            Some(_) | None => Err(wrong("this track has no permit now")),
        }
    }

    /// Ends a permit. Slots from `until` on are dropped, the file gets its end record, its key is wiped.
    /// After an error the permit is over all the same, and [`sync`](Self::sync) tries the rest again.
    pub fn end_track(&mut self, track: TrackId, until: Slot, why: EndWhy) -> Result<(), SpoolError> {
        if let Some(fact) = self.unmade.get(&track).copied() {
            return self.give_up(fact, until.max(fact.from), why);
        }
        let voice = self.voices.get_mut(&track).ok_or_else(|| wrong("this track has no permit now"))?;
        if voice.ending.is_none() {
            voice.ending = Some((until, why));
        }
        self.finish(track)
    }

    /// Destroys a track's sound in this chunk. `.erased` is synced before anything goes; all of it is when this returns.
    pub fn erase_track(&mut self, track: TrackId) -> Result<(), SpoolError> {
        let facts = facts_of(&self.place, track, |_| None).map_err(failed("read what is to be erased"))?;
        // From here on no byte can follow, whatever fails below.
        let voice = self.voices.remove(&track);
        let unmade = self.unmade.remove(&track);
        self.complete.remove(&track);
        if !self.over.contains(&track) {
            self.over.push(track);
        }
        self.place.erase(track, facts).map_err(failed("erase a track"))?;
        if let Some(Voice { file, ending, .. }) = voice {
            let (until, why) = ending.unwrap_or((file.until().unwrap_or(self.latest), EndWhy::Erased));
            self.write(until, &MediaEvent::TrackEnded { track, until, why })?;
        }
        if let Some(TrackFact { from: until, .. }) = unmade {
            self.write(until, &MediaEvent::TrackEnded { track, until, why: EndWhy::Erased })?;
        }
        self.write(self.latest, &MediaEvent::Erased { track })?;
        self.media.sync().map_err(failed("sync a journal"))
    }

    /// Seals what was gathered and syncs what changed. For all chunks together there is [`Spool::sync`].
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        self.gather()?;
        let spool = self.spool.clone();
        spool.sync_files(&mut self.files())
    }

    /// How much of what an archive takes of one chunk is used up, in percent: close it well before a hundred.
    pub fn fullness_percent(&self) -> u64 {
        let tracks = self.voices.len() + self.over.len() + self.unmade.len();
        let open = self.voices.values().map(|voice| voice.file.bytes());
        let largest = open.chain(self.complete.values().map(|(bytes, _)| *bytes)).max().unwrap_or(0);
        let records = self.records_over + self.voices.values().map(|voice| voice.file.records()).sum::<usize>();
        let used = [
            // Keys, voice and perhaps an erasure.
            percent(2 + 3 * tracks as u64, MOST_FILES as u64),
            percent(self.media.bytes().max(self.consent.bytes()), MOST_JOURNAL_BYTES),
            percent(self.media.lines().max(self.consent.lines()), MOST_LINES as u64),
            percent(largest, MOST_VOICE_BYTES),
            percent(records as u64, MOST_RECORDS as u64),
        ];
        used.into_iter().fold(0, u64::max)
    }

    /// How many voices have sound in it, those that ended included: each is two files of the chunk that is handed over.
    pub fn voices_with_sound(&self) -> usize {
        self.sounding_over + self.voices.values().filter(|voice| voice.file.records() > 0).count()
    }

    /// Completes every file, signs, and moves the chunk to `ready/` in one step, all of it synced.
    /// `slot` is the first that is not in this chunk; a track that has not ended goes on in the next one.
    pub fn close(mut self, slot: Slot, why: CloseWhy) -> Result<Closed, SpoolError> {
        while let Some((track, fact)) = self.unmade.first_key_value().map(|(track, fact)| (*track, *fact)) {
            if self.carried(track).is_some() {
                // It goes on in the next chunk, without sound in this one.
                self.remove_files(track)?;
                self.unmade.remove(&track);
            } else {
                self.give_up(fact, fact.from, EndWhy::NotKept)?;
            }
        }
        self.gather()?;
        self.leave_out_the_silent()?;
        let mut until = self.latest.max(slot);
        for (track, voice) in &mut self.voices {
            voice.file.conclude().map_err(failed("end a voice file"))?;
            until = until.max(voice.file.until().unwrap_or(until));
            self.complete.extend(voice.file.fact().map(|fact| (*track, fact)));
        }
        let spool = self.spool.clone();
        spool.sync_files(&mut self.files())?;
        // Their keys are wiped here.
        self.voices.clear();
        let complete = std::mem::take(&mut self.complete);
        let known = |name: FileName| match name {
            FileName::Voice(track) => complete.get(&track).copied(),
            FileName::Media | FileName::Consent | FileName::Keys(_) | FileName::Erased(_) => None,
        };
        seal_and_hand_over(&self.place, &self.spool, &mut self.media, self.consent.head(), until, why, known)
    }

    /// Ends what is to end and seals what was gathered; the sync is for the caller. One voice's failure stops no other.
    pub(super) fn gather(&mut self) -> Result<(), SpoolError> {
        let ending: Vec<TrackId> = self.voices.iter().filter(|(_, v)| v.ending.is_some()).map(|(t, _)| *t).collect();
        let mut gathered = Ok(());
        for track in ending {
            gathered = gathered.and(self.finish(track));
        }
        for voice in self.voices.values_mut() {
            gathered = gathered.and(voice.file.seal().map_err(failed("write sound")));
        }
        gathered
    }

    /// All that may have to be synced.
    pub(super) fn files(&mut self) -> Vec<&mut Appending> {
        let voices = self.voices.values_mut().map(|voice| voice.file.file());
        voices.chain([self.media.file(), self.consent.file()]).collect()
    }

    fn make_voice(&mut self, fact: TrackFact, to: &PublicKey, chance: Chance<'_>) -> Result<VoiceFile, SpoolError> {
        // Of an attempt before.
        self.remove_files(fact.track)?;
        self.media.sync().map_err(failed("sync a journal"))?;
        let Secret { key, header, envelope } = secret(self.place.name, self.head.epoch, fact.track, to, chance)?;
        let made = || -> io::Result<VoiceFile> {
            let Place { path, drafts, disk, .. } = &self.place;
            let [keys, voice] = self.place.files(fact.track);
            disk.place(drafts, &keys, &envelope)?;
            let file = VoiceFile::create(disk, &voice, &header, &key, fact.from)?;
            disk.sync_dir(path)?;
            Ok(file)
        };
        made().map_err(failed("open a voice file"))
    }

    /// A permit that had no sound here needs no files: most people at a meeting listen.
    fn leave_out_the_silent(&mut self) -> Result<(), SpoolError> {
        let silent = self.voices.iter().filter(|(_, voice)| voice.file.records() == 0);
        for track in silent.map(|(track, _)| *track).collect::<Vec<_>>() {
            self.remove_files(track)?;
            self.voices.remove(&track);
        }
        Ok(())
    }

    fn carried(&self, track: TrackId) -> Option<TrackFact> {
        self.head.tracks.iter().find(|carried| carried.track == track).copied()
    }

    fn remove_files(&self, track: TrackId) -> Result<(), SpoolError> {
        let removed = self.place.files(track).iter().try_for_each(|file| self.place.disk.unlink(file));
        removed.map_err(failed("remove a file"))
    }

    /// Ends a permit that has no sound here.
    fn give_up(&mut self, fact: TrackFact, until: Slot, why: EndWhy) -> Result<(), SpoolError> {
        let track = fact.track;
        self.remove_files(track)?;
        self.write(until, &MediaEvent::TrackEnded { track, until, why })?;
        self.unmade.remove(&track);
        self.over.push(track);
        Ok(())
    }

    fn finish(&mut self, track: TrackId) -> Result<(), SpoolError> {
        let Some(voice) = self.voices.get_mut(&track) else { return Ok(()) };
        let Some((until, why)) = voice.ending else { return Ok(()) };
        let lost = voice.file.cut(until).map_err(failed("cut a voice file"))?;
        voice.file.seal().map_err(failed("write sound"))?;
        let sounding = voice.file.records() > 0;
        if sounding {
            voice.file.end().map_err(failed("end a voice file"))?;
        }
        let fact = voice.file.fact().filter(|_| sounding);
        if let Some((from, until)) = lost {
            self.write(until, &MediaEvent::Gap { whose: Whose::Track(track), from, until, reason: GapReason::Digits })?;
        }
        if !sounding {
            self.remove_files(track)?;
        }
        self.sounding_over += usize::from(sounding);
        self.write(until, &MediaEvent::TrackEnded { track, until, why })?;
        self.records_over += self.voices.remove(&track).map_or(0, |voice| voice.file.records());
        self.over.push(track);
        self.complete.extend(fact.map(|fact| (track, fact)));
        self.media.sync().map_err(failed("sync a journal"))
    }

    fn write(&mut self, slot: Slot, event: &MediaEvent) -> Result<(), SpoolError> {
        self.media.append(slot, event).map_err(failed("write a journal"))?;
        self.latest = self.latest.max(slot);
        Ok(())
    }
}

impl std::fmt::Debug for ChunkWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChunkWriter({})", self.text)
    }
}

/// `media.jsonl` and `consent.jsonl`.
pub(super) type Journals = (Journal, Journal);

/// The journals of a chunk that begins, not synced yet.
pub(super) fn journals(place: &Place, head: &Head, slot: Slot) -> io::Result<Journals> {
    let at = |name: FileName| place.path.join(name.to_string());
    let mut media = Journal::create(&place.disk, &at(FileName::Media))?;
    let consent = Journal::create(&place.disk, &at(FileName::Consent))?;
    media.append(slot, First::Head(head))?;
    Ok((media, consent))
}

/// The name of the chunk that a head begins.
pub(super) fn named(spool: &Spool, head: &Head) -> Result<ChunkName, SpoolError> {
    if head.gateway != spool.gateway() || head.version != VERSION {
        return Err(wrong("the head is of another gateway or version"));
    }
    Ok(ChunkName { recording: head.recording, gateway: head.gateway, number: head.chunk })
}

/// What a voice file is sealed with, and the line of its `.keys`.
pub(super) struct Secret {
    pub(super) key: FileKey,
    pub(super) header: voice::Header,
    pub(super) envelope: Vec<u8>,
}

pub(super) fn secret(
    chunk: ChunkName,
    epoch: EpochId,
    track: TrackId,
    to: &PublicKey,
    chance: Chance<'_>,
) -> Result<Secret, SpoolError> {
    let ChunkName { recording, number: chunk, .. } = chunk;
    let key = FileKey::fresh(chance);
    let mut salt = [0; 32];
    chance(&mut salt);
    let envelope = wrap(&key, to, recording, track, chunk, chance)
        .map_err(|error| wrong(&format!("the track's public key: {error}")))?;
    let (version, suite, sample_rate, commitment) = (voice::VERSION, voice::SUITE, SAMPLE_RATE_HZ, [0; 32]);
    let header = voice::Header { version, suite, recording, track, chunk, sample_rate, epoch, salt, commitment };
    let mut envelope = serde_json::to_vec(&envelope).map_err(|error| failed("write an envelope")(error.into()))?;
    envelope.push(b'\n');
    Ok(Secret { key, header, envelope })
}

/// The last steps of a chunk: facts of all files, the signed line, the way to `ready/`.
/// `known` may spare reading a file again; every file must be complete and synced.
pub(super) fn seal_and_hand_over(
    place: &Place,
    spool: &Spool,
    media: &mut Journal,
    consent_head: &str,
    until: Slot,
    why: CloseWhy,
    known: impl Fn(FileName) -> Option<(u64, [u8; 32])>,
) -> Result<Closed, SpoolError> {
    let mut sealed = || -> io::Result<()> {
        let mut files = Vec::new();
        for text in place.disk.list(&place.path)? {
            let Ok(name) = text.parse::<FileName>() else { continue };
            if name != FileName::Media {
                files.extend(fact(place, name, &known)?);
            }
        }
        let (lines, consent_head) = (media.lines() + 1, consent_head.to_owned());
        let close = MediaEvent::Close { why, lines, consent_head, files, signature: UNSIGNED };
        media.append_signed(until, close, &place.key, CHUNK_LABEL)?;
        media.sync()?;
        place.disk.sync_dir(&place.path)
    };
    sealed().map_err(failed("close a chunk"))?;
    spool.hand_over(place.name)?;
    Ok(Closed { name: place.name.to_string(), hash: media.head().to_owned() })
}

/// Size and SHA-256 of one file; nothing when it is not there.
pub(super) fn fact(
    place: &Place,
    name: FileName,
    known: impl Fn(FileName) -> Option<(u64, [u8; 32])>,
) -> io::Result<Option<FileFact>> {
    let text = name.to_string();
    if let Some((bytes, digest)) = known(name) {
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        return Ok(Some(FileFact { name: text, bytes, sha256 }));
    }
    let read = place.disk.read(&place.path.join(&text))?;
    Ok(read.map(|bytes| FileFact { name: text, bytes: bytes.len() as u64, sha256: hash(&bytes) }))
}

fn percent(used: u64, most: u64) -> u64 {
    used.saturating_mul(100) / most
}
