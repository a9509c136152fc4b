//! The next chunk's voice files and their keys, made while the one before is still being written.
//!
//! They lie in `open/<chunk>.next`, where nobody takes them for a chunk: a start removes them. [`Ahead::lay`] makes the two
//! files of one track; they are synced with everything else ([`Spool::sync`]), and one rename makes a chunk of them. So a
//! change of chunk with a hundred voices waits for a few syncs, not for some hundred.
//!
//! A file of keys takes nothing more once it is written, and is closed when it is synced: a hundred voices would else keep a
//! hundred descriptors open for a whole chunk. Not sooner: what the disk could not write back is told to who has it open.
//!
//! Not here: when it is time (the gateway's recorder).

use std::collections::BTreeMap;
use std::io;

use super::chunk::{ChunkWriter, Secret, journals, named, secret};
use super::erase::Place;
use super::seal::VoiceFile;
use super::{NEXT, Spool, SpoolError, failed, wrong};
use crate::disk::Appending;
use crate::id::Slot;
use crate::id::{EpochId, RecordingId, TrackId};
use crate::keys::{Chance, PublicKey};
use crate::line::{Head, TrackFact};
use crate::name::{ChunkName, FileName};

/// A chunk that did not begin yet. Dropped, it leaves files that the next start removes; their keys are wiped.
pub struct Ahead {
    /// Of the directory as it is named now.
    place: Place,
    epoch: EpochId,
    laid: BTreeMap<TrackId, Laid>,
}

struct Laid {
    fact: TrackFact,
    /// Until it is synced.
    keys: Option<Appending>,
    voice: VoiceFile,
}

impl Ahead {
    pub(super) fn make(spool: &Spool, recording: RecordingId, epoch: EpochId, chunk: u32) -> Result<Self, SpoolError> {
        let name = ChunkName { recording, gateway: spool.gateway(), number: chunk };
        let mut place = spool.place(&spool.open_dir(), name);
        place.path = spool.open_dir().join(format!("{name}{NEXT}"));
        let made = || -> io::Result<()> {
            if place.disk.exists(&place.path)? {
                // Of an attempt that failed.
                place.disk.remove_tree(&place.path)?;
            }
            place.disk.make_dir(&place.path)
        };
        made().map_err(failed("make a chunk ahead"))?;
        Ok(Self { place, epoch, laid: BTreeMap::new() })
    }

    /// The number of the chunk it is for.
    pub fn chunk(&self) -> u32 {
        self.place.name.number
    }

    pub fn holds(&self, track: TrackId) -> bool {
        self.laid.contains_key(&track)
    }

    /// Makes the files of a permit that will be open when the chunk begins. Not synced.
    pub fn lay(&mut self, fact: TrackFact, to: &PublicKey, chance: Chance<'_>) -> Result<(), SpoolError> {
        let Secret { key, header, envelope } = secret(self.place.name, self.epoch, fact.track, to, chance)?;
        let made = || -> io::Result<Laid> {
            let disk = &self.place.disk;
            let [keys, voice] = self.place.files(fact.track);
            [&keys, &voice].into_iter().try_for_each(|old| disk.unlink(old))?;
            let mut keys = disk.create(&keys)?;
            keys.append(&envelope)?;
            Ok(Laid { fact, keys: Some(keys), voice: VoiceFile::create(disk, &voice, &header, &key, fact.from)? })
        };
        let laid = made().map_err(failed("make a voice file ahead"))?;
        self.laid.insert(fact.track, laid);
        Ok(())
    }

    /// A permit ended before the chunk began.
    pub fn forget(&mut self, track: TrackId) -> Result<(), SpoolError> {
        self.laid.remove(&track);
        let removed = self.place.files(track).iter().try_for_each(|file| self.place.disk.unlink(file));
        removed.map_err(failed("remove a file"))
    }

    /// No chunk comes of it.
    pub fn discard(self) -> Result<(), SpoolError> {
        drop(self.laid);
        self.place.disk.remove_tree(&self.place.path).map_err(failed("remove what was made ahead"))
    }

    pub(super) fn begin(mut self, spool: &Spool, head: Head, slot: Slot) -> Result<ChunkWriter, SpoolError> {
        let name = named(spool, &head)?;
        if name != self.place.name || head.epoch != self.epoch {
            return Err(wrong("what was made ahead is of another chunk or epoch"));
        }
        let place = spool.place(&spool.open_dir(), name);
        spool.make_way(&place)?;
        let over = |laid: &Laid| !head.tracks.contains(&laid.fact);
        for track in self.laid.values().filter(|laid| over(laid)).map(|laid| laid.fact.track).collect::<Vec<_>>() {
            self.forget(track)?;
        }
        let (mut media, mut consent) = journals(&self.place, &head, slot).map_err(failed("begin a chunk"))?;
        let mut files = self.files();
        files.extend([media.file(), consent.file()]);
        spool.sync_files(&mut files)?;
        let moved = || -> io::Result<()> {
            // Everything in it is safe before it is a chunk.
            place.disk.sync_dir(&self.place.path)?;
            place.disk.rename(&self.place.path, &place.path)?;
            place.disk.sync_dir(&spool.open_dir())
        };
        moved().map_err(failed("begin a chunk"))?;
        let at = |name: FileName| place.path.join(name.to_string());
        media.file().moved(at(FileName::Media));
        consent.file().moved(at(FileName::Consent));
        let mut chunk = ChunkWriter::over(spool, place.clone(), head, slot, (media, consent));
        for (track, Laid { fact, mut voice, keys: _ }) in self.laid {
            voice.file().moved(at(FileName::Voice(track)));
            chunk.adopt(fact, voice);
        }
        Ok(chunk)
    }

    /// All that may have to be synced.
    pub(super) fn files(&mut self) -> Vec<&mut Appending> {
        self.laid.values_mut().flat_map(|Laid { keys, voice, .. }| keys.iter_mut().chain([voice.file()])).collect()
    }

    /// Closes what is synced and takes nothing more.
    pub(super) fn synced(&mut self) {
        for laid in self.laid.values_mut() {
            drop(laid.keys.take_if(|keys| keys.is_synced()));
        }
    }
}

impl std::fmt::Debug for Ahead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ahead({})", self.place.name)
    }
}
