//! The gateway's side: chunks and orders are made here, kept until they are acknowledged, and destroyed on their day.
//!
//! A [`Spool`] is a directory of three: `open/` (being written), `ready/` (complete), `orders/`. [`Spool::begin`] gives a
//! [`ChunkWriter`]. One program writes a spool at a time, and calls [`Spool::recover`] before anything else.
//! All of it blocks; what returns without error is on the disk, synced where its text says so.
//!
//! Not here: encoding of sound, when a chunk is closed, and who may be recorded.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::disk::{Appending, Disk, Whole};
use crate::id::{EpochId, GatewayId, RecordingId, Slot, TrackId};
use crate::line::{Head, VERSION};
use crate::name::{ChunkName, OrderName};
use crate::order::{Decision, ORDER_LABEL, Order, Will};
use crate::sign::{SigningKey, UNSIGNED, signed};

mod ahead;
mod chunk;
mod erase;
mod journal;
mod past;
mod recover;
mod seal;

pub use ahead::Ahead;
pub use chunk::ChunkWriter;
use erase::Place;
use past::Past;

/// A directory that a gateway writes and an archive empties. Cheap to clone; may be used from several threads.
#[derive(Clone, Debug)]
pub struct Spool {
    root: Arc<Path>,
    disk: Disk,
    whole: Arc<Whole>,
    key: Arc<SigningKey>,
    gateway: GatewayId,
}

/// A chunk that now lies in `ready/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub name: String,
    /// SHA-256 of its last line, for [`Head::previous`] of the next.
    pub hash: String,
}

/// What [`Spool::recover`] made of one unfinished chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub chunk: String,
    pub recording: RecordingId,
    pub tracks: Vec<TrackId>,
    /// Names of the orders written because a withdrawal of this recording was left undecided.
    pub orders: Vec<String>,
}

/// What we could not write. Ours to fix.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("cannot {what}")]
    Io { what: &'static str, source: io::Error },
    #[error("the disk is full")]
    Full,
    /// A caller's mistake, not the disk's.
    #[error("{what}")]
    Wrong { what: String },
}

impl Spool {
    /// Makes what is missing of the directory, for nobody else's eyes. `gateway` signs chunks and orders.
    pub fn at(root: &Path, gateway: SigningKey) -> Result<Self, SpoolError> {
        Self::on(Disk::default(), root, gateway)
    }

    pub(crate) fn on(disk: Disk, root: &Path, key: SigningKey) -> Result<Self, SpoolError> {
        let gateway = key.verifying().gateway();
        let made = || -> io::Result<Whole> {
            disk.make_dir(root)?;
            for dir in [OPEN, READY, ORDERS] {
                disk.make_dir(&root.join(dir))?;
            }
            disk.sync_dir(root)?;
            disk.whole(root)
        };
        let whole = Arc::new(made().map_err(failed("make the spool"))?);
        Ok(Self { root: root.into(), disk, whole, key: Arc::new(key), gateway })
    }

    /// Closes everything in `open/` as interrupted, without any track key, and finishes every erasure that was begun.
    ///
    /// Torn lines and records are cut, permits end at their last record, a withdrawal without a decision becomes an
    /// order to erase. May be interrupted itself and called again. No [`ChunkWriter`] may exist meanwhile.
    pub fn recover(&self, now_utc_ms: i64) -> Result<Vec<Recovered>, SpoolError> {
        recover::all(self, now_utc_ms)
    }

    /// [`recover`](Self::recover) for one chunk that its writer gave up, while other chunks are being written. Nothing when it
    /// is not open any more. No [`ChunkWriter`] of this chunk may exist, and no withdrawal in it may still be waiting for
    /// its caller's answer: one without a decision becomes an order to erase.
    pub fn recover_chunk(&self, chunk: &str, now_utc_ms: i64) -> Result<Option<Recovered>, SpoolError> {
        let name: ChunkName = chunk.parse().map_err(|_| wrong("this is not the name of a chunk"))?;
        recover::one(self, name, now_utc_ms)
    }

    /// Erases tracks in an open chunk that its writer gave up and nothing has recovered yet: an order does not wait for that.
    pub fn erase_in_left(&self, chunk: &str, tracks: &[TrackId]) -> Result<(), SpoolError> {
        let name: ChunkName = chunk.parse().map_err(|_| wrong("this is not the name of a chunk"))?;
        self.erase_in(&self.place(&self.open_dir(), name), tracks)
    }

    /// Makes `open/<recording>.<gateway>.<n>/` with its head. `slot` is the first in it.
    pub fn begin(&self, head: Head, slot: Slot) -> Result<ChunkWriter, SpoolError> {
        ChunkWriter::begin(self, head, slot)
    }

    /// Makes room for the files of a chunk that is still to begin. Nothing of it is read before
    /// [`begin_ahead`](Self::begin_ahead).
    pub fn ahead(&self, recording: RecordingId, epoch: EpochId, chunk: u32) -> Result<Ahead, SpoolError> {
        Ahead::make(self, recording, epoch, chunk)
    }

    /// As [`begin`](Self::begin), with the files that were made ahead: those of the head's tracks are in the chunk from its
    /// beginning, the others go. After an error nothing of it is left that counts, and the chunk may be begun again.
    pub fn begin_ahead(&self, ahead: Ahead, head: Head, slot: Slot) -> Result<ChunkWriter, SpoolError> {
        ahead.begin(self, head, slot)
    }

    /// Seals what these chunks gathered, and makes all they wrote, and what was made ahead, outlast a power cut: together,
    /// once a second for the whole host. The first failure is told; the others are tried all the same.
    pub fn sync(&self, chunks: &mut [&mut ChunkWriter], ahead: &mut [&mut Ahead]) -> Result<(), SpoolError> {
        let mut gathered = Ok(());
        for chunk in chunks.iter_mut() {
            gathered = gathered.and(chunk.gather());
        }
        let chunks = chunks.iter_mut().flat_map(|chunk| chunk.files());
        let mut files: Vec<&mut Appending> = chunks.chain(ahead.iter_mut().flat_map(|ahead| ahead.files())).collect();
        let synced = self.sync_files(&mut files);
        ahead.iter_mut().for_each(|ahead| ahead.synced());
        gathered.and(synced)
    }

    /// Numbers, signs and writes an order, synced; an erase is then carried out in every ready chunk.
    /// (In an open one, [`ChunkWriter::erase_track`] does it.) Returns the order's name.
    /// An error after the order was written leaves it to the next start to finish; ordering again does no harm.
    pub fn order(&self, will: &Will) -> Result<String, SpoolError> {
        let Will { meeting, recording, decision, ref tracks, utc_ms, destroy_by_ms } = *will;
        let last =
            self.order_names()?.into_iter().filter(|name| name.recording == recording).map(|name| name.seq).max();
        // The time, because orders before may be acknowledged and gone, and a number must not serve twice.
        let mut seq = last.map_or(0, |last| last + 1).max(u64::try_from(utc_ms).unwrap_or(0));
        loop {
            let order = Order {
                version: VERSION,
                gateway: self.gateway,
                meeting,
                recording,
                seq,
                decision,
                tracks: tracks.clone(),
                utc_ms,
                destroy_by_ms,
                signature: UNSIGNED,
            };
            let name = OrderName { recording, seq }.to_string();
            let written = serde_json::to_string(&order).map_err(io::Error::from).and_then(|line| {
                let line = signed(&self.key, ORDER_LABEL, &line);
                let at = self.orders_dir().join(&name);
                self.disk.place_new(&self.open_dir(), &at, format!("{line}\n").as_bytes())?;
                self.disk.sync_dir(&self.orders_dir())
            });
            match written {
                Ok(()) => {
                    if decision == Decision::Erase {
                        self.erase_in_ready(recording, tracks)?;
                    }
                    return Ok(name);
                }
                // Another thread took this number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => seq += 1,
                Err(error) => return Err(failed("write an order")(error)),
            }
        }
    }

    /// Names of complete chunks, in order.
    pub fn ready(&self) -> Result<Vec<String>, SpoolError> {
        Ok(self.ready_names()?.iter().map(ToString::to_string).collect())
    }

    /// Names of orders, in order.
    pub fn orders(&self) -> Result<Vec<String>, SpoolError> {
        Ok(self.order_names()?.iter().map(ToString::to_string).collect())
    }

    /// The archive has this chunk: it is deleted here. False when there is none of this name.
    pub fn acknowledge(&self, chunk: &str) -> Result<bool, SpoolError> {
        let name: ChunkName = chunk.parse().map_err(|_| wrong("this is not the name of a chunk"))?;
        self.remove_ready(name).map_err(failed("delete a chunk"))
    }

    /// The archive has carried this order out: it is deleted here. False when there is none of this name.
    pub fn acknowledge_order(&self, name: &str) -> Result<bool, SpoolError> {
        let name: OrderName = name.parse().map_err(|_| wrong("this is not the name of an order"))?;
        self.remove_order(name).map_err(failed("delete an order"))
    }

    /// Deletes ready chunks and orders whose `destroy_by` has come, acknowledged or not. Returns their names.
    /// What does not say when it ends, ends a month after it was written.
    pub fn expire(&self, now_utc_ms: i64) -> Result<Vec<String>, SpoolError> {
        let mut gone = Vec::new();
        for name in self.ready_names()? {
            let place = self.ready_place(name);
            let past = Past::read(&place).map_err(failed("read a chunk"))?;
            let end = match past {
                Some(past) => past.head.destroy_by_ms,
                None => self.a_month_after(&place.path)?,
            };
            if end <= now_utc_ms && self.remove_ready(name).map_err(failed("delete a chunk"))? {
                gone.push(name.to_string());
            }
        }
        for name in self.order_names()? {
            let path = self.orders_dir().join(name.to_string());
            let Some(bytes) = self.disk.read(&path).map_err(failed("read an order"))? else { continue };
            let end = match serde_json::from_slice::<Order>(&bytes) {
                Ok(order) => order.destroy_by_ms,
                Err(_) => self.a_month_after(&path)?,
            };
            if end <= now_utc_ms && self.remove_order(name).map_err(failed("delete an order"))? {
                gone.push(name.to_string());
            }
        }
        Ok(gone)
    }

    /// What is left on the spool's disk for whoever is not root.
    pub fn free_bytes(&self) -> Result<u64, SpoolError> {
        self.disk.free_bytes(&self.root).map_err(failed("ask for free space"))
    }

    fn sync_files(&self, files: &mut [&mut Appending]) -> Result<(), SpoolError> {
        self.whole.sync(files).map_err(failed("sync sound and journals"))
    }

    fn gateway(&self) -> GatewayId {
        self.gateway
    }

    fn key(&self) -> Arc<SigningKey> {
        self.key.clone()
    }

    fn disk(&self) -> &Disk {
        &self.disk
    }

    fn open_dir(&self) -> PathBuf {
        self.root.join(OPEN)
    }

    fn ready_dir(&self) -> PathBuf {
        self.root.join(READY)
    }

    fn orders_dir(&self) -> PathBuf {
        self.root.join(ORDERS)
    }

    fn is_ready(&self, name: ChunkName) -> Result<bool, SpoolError> {
        self.disk.exists(&self.ready_dir().join(name.to_string())).map_err(failed("look for a chunk"))
    }

    fn place(&self, dir: &Path, name: ChunkName) -> Place {
        Place {
            path: dir.join(name.to_string()),
            drafts: self.open_dir(),
            name,
            disk: self.disk.clone(),
            key: self.key(),
        }
    }

    fn ready_place(&self, name: ChunkName) -> Place {
        self.place(&self.ready_dir(), name)
    }

    fn ready_names(&self) -> Result<Vec<ChunkName>, SpoolError> {
        names(&self.disk, &self.ready_dir())
    }

    fn order_names(&self) -> Result<Vec<OrderName>, SpoolError> {
        names(&self.disk, &self.orders_dir())
    }

    /// A chunk is begun once. What an attempt left behind that did not come further than its head goes.
    fn make_way(&self, place: &Place) -> Result<(), SpoolError> {
        let there = self.disk.exists(&place.path).map_err(failed("look for a chunk"))?;
        let past = if there { Past::read(place).map_err(failed("read a chunk"))? } else { None };
        let empty = there && past.is_none_or(|past| past.events.is_empty() && past.acts.is_empty());
        if self.is_ready(place.name)? || (there && !empty) {
            return Err(wrong("this chunk exists already"));
        }
        if empty { self.disk.remove_tree(&place.path).map_err(failed("remove an empty chunk")) } else { Ok(()) }
    }

    /// The one step after which a chunk is the archive's.
    fn hand_over(&self, name: ChunkName) -> Result<(), SpoolError> {
        let moved = || -> io::Result<()> {
            let name = name.to_string();
            self.disk.rename(&self.open_dir().join(&name), &self.ready_dir().join(&name))?;
            self.disk.sync_dir(&self.ready_dir())?;
            self.disk.sync_dir(&self.open_dir())
        };
        moved().map_err(failed("hand a chunk over"))
    }

    fn erase_in_ready(&self, recording: RecordingId, tracks: &[TrackId]) -> Result<(), SpoolError> {
        for name in self.ready_names()?.into_iter().filter(|name| name.recording == recording) {
            self.erase_in(&self.ready_place(name), tracks)?;
        }
        Ok(())
    }

    fn erase_in(&self, place: &Place, tracks: &[TrackId]) -> Result<(), SpoolError> {
        let erased = || -> io::Result<()> {
            let Some(past) = Past::read(place)? else { return Ok(()) };
            for track in tracks.iter().filter(|track| past.mentions(**track)) {
                place.erase(*track, past.facts_of(place, *track)?)?;
            }
            Ok(())
        };
        match erased() {
            // Acknowledged (or, left open, handed over) meanwhile: the order follows it into the archive.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(failed("erase a track")),
        }
    }

    /// Out of `ready/` in one step, so that no half of a chunk is ever read as one.
    fn remove_ready(&self, name: ChunkName) -> io::Result<bool> {
        let gone = self.open_dir().join(format!("{name}{GONE}"));
        if self.disk.exists(&gone)? {
            self.disk.remove_tree(&gone)?;
        }
        match self.disk.rename(&self.ready_dir().join(name.to_string()), &gone) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            moved => moved?,
        }
        self.disk.sync_dir(&self.ready_dir())?;
        self.disk.remove_tree(&gone)?;
        self.disk.sync_dir(&self.open_dir())?;
        Ok(true)
    }

    fn remove_order(&self, name: OrderName) -> io::Result<bool> {
        let path = self.orders_dir().join(name.to_string());
        if !self.disk.exists(&path)? {
            return Ok(false);
        }
        self.disk.unlink(&path)?;
        self.disk.sync_dir(&self.orders_dir())?;
        Ok(true)
    }

    fn a_month_after(&self, path: &Path) -> Result<i64, SpoolError> {
        let written = self.disk.modified(path).map_err(failed("ask for the age of a file"))?;
        let end = (written + A_MONTH).duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(end.as_millis()).unwrap_or(i64::MAX))
    }
}

fn names<N: std::str::FromStr + Ord>(disk: &Disk, dir: &Path) -> Result<Vec<N>, SpoolError> {
    let mut names: Vec<N> =
        disk.list(dir).map_err(failed("list the spool"))?.iter().filter_map(|name| name.parse().ok()).collect();
    names.sort();
    Ok(names)
}

/// What an error of the disk is to the caller.
fn failed(what: &'static str) -> impl Fn(io::Error) -> SpoolError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SpoolError::Full,
        _ => SpoolError::Io { what, source },
    }
}

fn wrong(what: &str) -> SpoolError {
    SpoolError::Wrong { what: what.to_owned() }
}

const OPEN: &str = "open";
const READY: &str = "ready";
const ORDERS: &str = "orders";
/// Ends the name of a chunk in `open/` that is still to begin.
const NEXT: &str = ".next";
/// Ends the name of a chunk in `open/` that is on its way out.
const GONE: &str = ".gone";
const A_MONTH: Duration = Duration::from_hours(31 * 24);

/// A whole voice file, for tests of its layout.
#[cfg(test)]
pub(crate) fn seal_file(
    disk: &Disk,
    path: &Path,
    header: &crate::voice::Header,
    key: &crate::keys::FileKey,
    packets: impl IntoIterator<Item = (Slot, Vec<u8>)>,
) {
    let mut file = seal::VoiceFile::create(disk, path, header, key, Slot(0)).unwrap();
    for (slot, opus) in packets {
        assert!(file.packet(slot, &opus).is_ok());
    }
    file.end().unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_full_quota_are_one_thing() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert!(matches!(failed("write")(io::Error::from(kind)), SpoolError::Full));
        }
        assert!(matches!(failed("write")(io::Error::from(io::ErrorKind::NotFound)), SpoolError::Io { .. }));
        assert!(matches!(failed("write")(io::Error::from_raw_os_error(28)), SpoolError::Full), "ENOSPC");
    }
}
