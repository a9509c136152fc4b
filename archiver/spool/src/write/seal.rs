//! One voice file being written: packets are gathered for at most 500 ms, sealed in place, appended.
//!
//! A packet that was accepted stays accepted: when the disk refuses a record, the sealed bytes wait and are offered again, never
//! sealed a second time (a nonce serves one text only). Until then no further packet is taken.
//!
//! Not here: the envelope of the file key ([`keys`](crate::keys)), journal lines (the chunk's writer).

use std::io;
use std::path::Path;

use aes_gcm::aead::AeadInOut;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::disk::{Appending, Disk};
use crate::id::Slot;
use crate::keys::FileKey;
use crate::voice::{
    COMMITMENT_AT, Derived, HEADER_BYTES, Header, MAGIC, MAX_PACKET_BYTES, MAX_SLOT, PREFIX_BYTES, SLOTS_A_RECORD,
    TAG_BYTES, derive, nonce,
};

pub(super) struct VoiceFile {
    file: Appending,
    /// Of all bytes so far; nothing once some were cut.
    digest: Option<Sha256>,
    header: [u8; HEADER_BYTES],
    keys: Derived,
    /// Of what lies in the file.
    records: Vec<Laid>,
    /// Sealed, but refused by the disk.
    waiting: Option<(Laid, Vec<u8>)>,
    /// The slots of the record being gathered, and where each begins in `plain`.
    slots: Vec<(Slot, usize)>,
    plain: Zeroizing<Vec<u8>>,
    /// The first slot that may still come.
    next: Slot,
    /// Is the end record in the file?
    ended: bool,
}

#[derive(Clone, Copy)]
struct Laid {
    offset: u64,
    first: Slot,
    last: Slot,
}

/// Why a packet was not taken.
pub(super) enum Refusal {
    Wrong(&'static str),
    Disk(io::Error),
}

impl VoiceFile {
    /// Writes the header. `header.commitment` is filled here; the key is not kept.
    pub(super) fn create(disk: &Disk, path: &Path, header: &Header, key: &FileKey, from: Slot) -> io::Result<Self> {
        let mut bytes = lay_out(header);
        let keys = derive(key, &header.salt, &bytes);
        bytes[COMMITMENT_AT..].copy_from_slice(&keys.commitment);
        let mut file = disk.create(path)?;
        file.append(&bytes)?;
        let digest = Some(Sha256::new_with_prefix(bytes));
        let plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES));
        let (records, waiting, slots) = (Vec::new(), None, Vec::new());
        Ok(Self { file, digest, header: bytes, keys, records, waiting, slots, plain, next: from, ended: false })
    }

    pub(super) fn packet(&mut self, slot: Slot, opus: &[u8]) -> Result<(), Refusal> {
        if !(1..=MAX_PACKET_BYTES).contains(&opus.len()) {
            return Err(Refusal::Wrong("an Opus packet of one frame has 1 to 1276 bytes"));
        }
        if slot < self.next || slot.0 > MAX_SLOT {
            return Err(Refusal::Wrong("slots of a track rise, from the first that is permitted"));
        }
        let full = self.slots.first().is_some_and(|(first, _)| slot.0 - first.0 >= u64::from(SLOTS_A_RECORD));
        if full || self.waiting.is_some() {
            self.seal().map_err(Refusal::Disk)?;
        }
        self.slots.push((slot, self.plain.len()));
        self.plain.extend_from_slice(&(opus.len() as u16).to_be_bytes());
        self.plain.extend_from_slice(opus);
        self.next = Slot(slot.0 + 1);
        Ok(())
    }

    /// Writes what was gathered as a record.
    pub(super) fn seal(&mut self) -> io::Result<()> {
        self.offer()?;
        let (Some((first, _)), Some((last, _))) = (self.slots.first(), self.slots.last()) else { return Ok(()) };
        let (first, last) = (*first, *last);
        let map = self.slots.iter().fold(0_u32, |map, (slot, _)| map | 1 << (slot.0 - first.0));
        let record = self.record(first, map)?;
        self.slots.clear();
        self.waiting = Some((Laid { offset: 0, first, last }, record));
        self.offer()
    }

    /// Ends the permit: slots from `until` on are dropped, also such as were sealed already. Returns the stretch before `until`
    /// that went with them.
    pub(super) fn cut(&mut self, until: Slot) -> io::Result<Option<(Slot, Slot)>> {
        while let Some((_, at)) = self.slots.pop_if(|(slot, _)| *slot >= until) {
            if let Some(tail) = self.plain.get_mut(at..) {
                tail.zeroize();
            }
            self.plain.truncate(at);
        }
        let mut lost = None;
        if let Some((laid, _)) = self.waiting.take_if(|(laid, _)| laid.last >= until) {
            lost = Some(laid);
        }
        while let Some(laid) = self.records.last().copied().filter(|laid| laid.last >= until) {
            self.file.cut(laid.offset)?;
            // Only now: a cut that the disk refused is made at the next attempt.
            self.records.pop();
            self.digest = None;
            lost = Some(laid);
        }
        self.next = self.next.max(until);
        Ok(lost.filter(|laid| laid.first < until).map(|laid| (laid.first, until)))
    }

    /// Writes the end record and syncs; nothing more may come.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.conclude()?;
        self.file.sync()
    }

    /// As [`end`](Self::end), but the sync is for the caller.
    pub(super) fn conclude(&mut self) -> io::Result<()> {
        if !self.ended {
            self.seal()?;
            let record = self.record(Slot(0), 0)?;
            self.lay(&record)?;
            self.ended = true;
        }
        Ok(())
    }

    /// For a sync together with others.
    pub(super) fn file(&mut self) -> &mut Appending {
        &mut self.file
    }

    /// Size and SHA-256 of the file, if no byte was ever taken back.
    pub(super) fn fact(&self) -> Option<(u64, [u8; 32])> {
        self.digest.as_ref().map(|digest| (self.file.len(), digest.clone().finalize().into()))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.file.len()
    }

    pub(super) fn records(&self) -> usize {
        self.records.len()
    }

    /// The first slot after the last record.
    pub(super) fn until(&self) -> Option<Slot> {
        self.records.last().map(|laid| Slot(laid.last.0 + 1))
    }

    fn offer(&mut self) -> io::Result<()> {
        let Some((laid, record)) = self.waiting.take() else { return Ok(()) };
        let laid = Laid { offset: self.file.len(), ..laid };
        if let Err(error) = self.lay(&record) {
            self.waiting = Some((laid, record));
            return Err(error);
        }
        self.records.push(laid);
        Ok(())
    }

    fn lay(&mut self, record: &[u8]) -> io::Result<()> {
        self.file.append(record)?;
        if let Some(digest) = &mut self.digest {
            digest.update(record);
        }
        Ok(())
    }

    /// Takes what was gathered and makes a record of it; a map of 0 makes the end record.
    fn record(&mut self, first: Slot, map: u32) -> io::Result<Vec<u8>> {
        let too_much = || io::Error::other("more records or packets than a voice file holds");
        let counter = u32::try_from(self.records.len()).map_err(|_| too_much())?;
        let sealed = u16::try_from(self.plain.len() + TAG_BYTES).map_err(|_| too_much())?;
        let mut record = Vec::with_capacity(PREFIX_BYTES + usize::from(sealed));
        record.extend_from_slice(&counter.to_be_bytes());
        record.extend_from_slice(&first.0.to_be_bytes());
        record.extend_from_slice(&map.to_be_bytes());
        record.extend_from_slice(&sealed.to_be_bytes());
        let aad = [self.header.as_slice(), &record].concat();
        // In place, so that no second copy of the sound is left behind in memory.
        let tag = self
            .keys
            .cipher
            .encrypt_inout_detached(&nonce(counter, map == 0), &aad, self.plain.as_mut_slice().into())
            .map_err(|_| too_much())?;
        record.extend_from_slice(&self.plain);
        record.extend_from_slice(&tag);
        self.plain.clear();
        Ok(record)
    }
}

fn lay_out(header: &Header) -> [u8; HEADER_BYTES] {
    let parts: [&[u8]; 10] = [
        MAGIC,
        &header.version.to_be_bytes(),
        &header.suite.to_be_bytes(),
        &header.recording.0,
        &header.track.0,
        &header.chunk.to_be_bytes(),
        &header.sample_rate.to_be_bytes(),
        &header.epoch.0,
        &[0; 8],
        &header.salt,
    ];
    let mut bytes = [0; HEADER_BYTES];
    let mut at = 0;
    for part in parts {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    bytes
}

/// 500 ms at 24 kbit/s and some; grows when it must.
const PLAIN_BYTES: usize = 2048;
