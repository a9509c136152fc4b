//! `<track>.voice`: a clear header, then records of at most 500 ms of sealed Opus packets, then an end record.
//!
//! [`header`] and [`index`] need no key: they say which slots are there. An [`Opener`] opens records, each alone.
//!
//! Not here: sealing (the writing side), Opus itself (the archive's `sound`), what a permit covers ([`read`](mod@crate::read)).

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::id::{EpochId, RecordingId, Slot, TrackId};
use crate::keys::FileKey;

/// The first [`HEADER_BYTES`] of a voice file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub version: u16,
    /// [`SUITE`]: HKDF-SHA-256 and AES-256-GCM.
    pub suite: u16,
    pub recording: RecordingId,
    pub track: TrackId,
    pub chunk: u32,
    /// In Hz, what a reader decodes at, whatever the encoder was fed with; always [`SAMPLE_RATE_HZ`] in version 1.
    pub sample_rate: u32,
    pub epoch: EpochId,
    pub salt: [u8; 32],
    /// Ties the file to one key: a second key that opens it to something else cannot be made.
    pub commitment: [u8; 32],
}

/// Where a record lies and which slots are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Of its first byte, from the beginning of the file.
    pub offset: u64,
    /// Prefix and sealed part.
    pub len: u32,
    pub counter: u32,
    /// 0 in the end record.
    pub first: Slot,
    /// 25 bits: bit i says that slot `first + i` is there. 0 in the end record.
    pub map: u32,
    pub end: bool,
}

/// How a voice file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an end record that carries the right count.
    Complete,
    /// After a whole record: whoever wrote it was interrupted, and the rest was cut.
    Unended,
    /// Within a record: `whole` bytes before it are good.
    Torn { whole: u64 },
}

/// Bytes that are no voice file, or do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VoiceError {
    #[error("it is no voice file")]
    Magic,
    #[error("its header is cut")]
    Short,
    #[error("its version {0} is not known here")]
    Version(u16),
    #[error("its suite {0:#06x} is not known here")]
    Suite(u16),
    #[error("its header says what version 1 does not allow")]
    Header,
    #[error("the record at byte {at} {why}")]
    Record { at: u64, why: &'static str },
    #[error("this is not the key it was sealed with")]
    WrongKey,
    #[error("a record was changed, moved, or belongs to another file")]
    Closed,
    #[error("a record opens to something else than its slots' packets")]
    Packets,
}

impl Record {
    /// The slots that are there.
    pub fn slots(self) -> impl Iterator<Item = Slot> {
        (0..SLOTS_A_RECORD).filter(move |i| self.map >> i & 1 == 1).map(move |i| Slot(self.first.0 + u64::from(i)))
    }

    /// The first slot after it; nothing for the end record.
    pub fn until(self) -> Option<Slot> {
        self.map.checked_ilog2().map(|last| Slot(self.first.0 + u64::from(last) + 1))
    }

    /// Where its bytes lie in the file.
    pub fn range(self) -> std::ops::Range<u64> {
        self.offset..self.offset + u64::from(self.len)
    }
}

/// Reads the header from the beginning of `bytes`.
pub fn header(bytes: &[u8]) -> Result<Header, VoiceError> {
    let mut from = Cursor(bytes);
    if &from.take::<4>()? != MAGIC {
        return Err(VoiceError::Magic);
    }
    let version = u16::from_be_bytes(from.take()?);
    if version != VERSION {
        return Err(VoiceError::Version(version));
    }
    let suite = u16::from_be_bytes(from.take()?);
    if suite != SUITE {
        return Err(VoiceError::Suite(suite));
    }
    let header = Header {
        version,
        suite,
        recording: RecordingId(from.take()?),
        track: TrackId(from.take()?),
        chunk: u32::from_be_bytes(from.take()?),
        sample_rate: u32::from_be_bytes(from.take()?),
        epoch: {
            let epoch = EpochId(from.take()?);
            if from.take::<8>()? != [0; 8] {
                return Err(VoiceError::Header);
            }
            epoch
        },
        salt: from.take()?,
        commitment: from.take()?,
    };
    if header.sample_rate != SAMPLE_RATE_HZ { Err(VoiceError::Header) } else { Ok(header) }
}

/// Lists the records of a whole file, the end record included. Nothing is opened; slots rise throughout.
pub fn index(bytes: &[u8]) -> Result<(Vec<Record>, Ending), VoiceError> {
    header(bytes)?;
    let mut records: Vec<Record> = Vec::new();
    let mut at = HEADER_BYTES;
    let mut next_slot = Slot(0);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let ended = records.last().is_some_and(|record| record.end);
        if rest.is_empty() {
            return Ok((records, if ended { Ending::Complete } else { Ending::Unended }));
        }
        let wrong = |why| Err(VoiceError::Record { at: at as u64, why });
        if ended {
            return wrong("comes after the end");
        }
        let Some((record, sealed)) = prefix(rest, at as u64) else {
            return Ok((records, Ending::Torn { whole: at as u64 }));
        };
        if usize::try_from(record.counter) != Ok(records.len()) {
            return wrong("is not the next one");
        }
        if record.map >= 1 << SLOTS_A_RECORD || (!record.end && record.map & 1 == 0) {
            return wrong("has a map that cannot be");
        }
        if if record.end { record.first != Slot(0) } else { record.first < next_slot } {
            return wrong("has slots that do not rise");
        }
        if record.first.0 > MAX_SLOT {
            return wrong("has slots beyond any clock");
        }
        let packets = record.map.count_ones() as usize;
        if !(packets * 3 + TAG_BYTES..=packets * (2 + MAX_PACKET_BYTES) + TAG_BYTES).contains(&sealed) {
            return wrong("has a length that cannot be");
        }
        if rest.len() < PREFIX_BYTES + sealed {
            return Ok((records, Ending::Torn { whole: at as u64 }));
        }
        next_slot = record.until().unwrap_or(next_slot);
        at += PREFIX_BYTES + sealed;
        records.push(record);
    }
}

/// Opens the records of one voice file, in any order.
pub struct Opener {
    header: [u8; HEADER_BYTES],
    cipher: Aes256Gcm,
}

impl Opener {
    /// Checks that `key` is the one the file was sealed with.
    pub fn new(header_bytes: &[u8], key: &FileKey) -> Result<Self, VoiceError> {
        let parsed = header(header_bytes)?;
        let header = header_bytes.first_chunk::<HEADER_BYTES>().ok_or(VoiceError::Short)?;
        let keys = derive(key, &parsed.salt, header);
        if !bool::from(keys.commitment.ct_eq(&parsed.commitment)) {
            return Err(VoiceError::WrongKey);
        }
        Ok(Self { header: *header, cipher: keys.cipher })
    }

    /// `record_bytes` are the bytes of [`Record::range`]. The end record opens to nothing.
    pub fn open(&self, record_bytes: &[u8]) -> Result<Vec<(Slot, Vec<u8>)>, VoiceError> {
        let (record, _) = prefix(record_bytes, 0).ok_or(VoiceError::Closed)?;
        let (clear, sealed) = record_bytes.split_at_checked(PREFIX_BYTES).ok_or(VoiceError::Closed)?;
        let aad = [self.header.as_slice(), clear].concat();
        let nonce = nonce(record.counter, record.end);
        let text = self
            .cipher
            .decrypt(&nonce, Payload { msg: sealed, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| VoiceError::Closed)?;
        let mut rest = text.as_slice();
        let mut packets = Vec::with_capacity(record.map.count_ones() as usize);
        for slot in record.slots() {
            let (length, after) = rest.split_first_chunk::<2>().ok_or(VoiceError::Packets)?;
            let length = usize::from(u16::from_be_bytes(*length));
            if !(1..=MAX_PACKET_BYTES).contains(&length) {
                return Err(VoiceError::Packets);
            }
            let (packet, after) = after.split_at_checked(length).ok_or(VoiceError::Packets)?;
            packets.push((slot, packet.to_vec()));
            rest = after;
        }
        if rest.is_empty() { Ok(packets) } else { Err(VoiceError::Packets) }
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opener(..)")
    }
}

/// What a file key becomes in one file.
pub(crate) struct Derived {
    pub(crate) cipher: Aes256Gcm,
    pub(crate) commitment: [u8; 32],
}

/// Both come from all header bytes before the commitment, so a changed header gives another key.
pub(crate) fn derive(key: &FileKey, salt: &[u8; 32], header: &[u8; HEADER_BYTES]) -> Derived {
    let (bound, _) = header.split_at(COMMITMENT_AT);
    let kdf = Hkdf::<Sha256>::new(Some(salt), key.expose());
    let mut sealing = Zeroizing::new([0_u8; 32]);
    let mut commitment = [0; 32];
    for (label, into) in [(KEY_LABEL, &mut *sealing), (COMMITMENT_LABEL, &mut commitment)] {
        // Better to stop than to seal with a key of zeros; no byte from outside decides it.
        kdf.expand_multi_info(&[label, bound], into).expect("32 bytes are within what HKDF-SHA-256 gives");
    }
    Derived { cipher: Aes256Gcm::new((&*sealing).into()), commitment }
}

/// The end record has nonces of its own: when the last records are cut at a withdrawal, its counter was used before.
pub(crate) fn nonce(counter: u32, end: bool) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut bytes = [0; 12];
    let [kind, .., a, b, c, d] = &mut bytes;
    *kind = u8::from(end);
    [*a, *b, *c, *d] = counter.to_be_bytes();
    bytes.into()
}

/// Reads a record's prefix and the length of its sealed part; nothing when it is cut.
fn prefix(bytes: &[u8], offset: u64) -> Option<(Record, usize)> {
    let mut from = Cursor(bytes);
    let counter = u32::from_be_bytes(from.take().ok()?);
    let first = Slot(u64::from_be_bytes(from.take().ok()?));
    let map = u32::from_be_bytes(from.take().ok()?);
    let sealed = u16::from_be_bytes(from.take().ok()?);
    let len = PREFIX_BYTES as u32 + u32::from(sealed);
    Some((Record { offset, len, counter, first, map, end: map == 0 }, usize::from(sealed)))
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], VoiceError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(VoiceError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }
}

/// Bytes before the first record.
pub const HEADER_BYTES: usize = 128;
/// Clear bytes before a record's sealed part.
pub const PREFIX_BYTES: usize = 18;
/// 500 ms.
pub const SLOTS_A_RECORD: u32 = 25;
/// The longest Opus packet of one frame (RFC 6716 section 3.2.1: 1275 bytes and the first one).
pub const MAX_PACKET_BYTES: usize = 1276;
pub const SAMPLE_RATE_HZ: u32 = 16_000;
/// As [`line::VERSION`](crate::line::VERSION), in the header's two bytes.
pub const VERSION: u16 = 1;
/// HKDF-SHA-256 and AES-256-GCM.
pub const SUITE: u16 = 1;
pub(crate) const MAGIC: &[u8; 4] = b"AMTV";
pub(crate) const COMMITMENT_AT: usize = 96;
pub(crate) const TAG_BYTES: usize = 16;
/// Eleven million years; beyond it sums of slots could overflow.
pub(crate) const MAX_SLOT: u64 = 1 << 54;
const KEY_LABEL: &[u8] = b"amtsleitung spool 1 voice key\n";
const COMMITMENT_LABEL: &[u8] = b"amtsleitung spool 1 voice commitment\n";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disk::Disk;
    use crate::name::tests::dice;
    use crate::tests::made::memory;
    use crate::write::seal_file;

    /// A voice file with packets in these slots.
    fn file(slots: impl IntoIterator<Item = u64>) -> (Vec<u8>, FileKey) {
        let key = FileKey::fresh(&mut dice(1));
        let header = Header {
            version: VERSION,
            suite: SUITE,
            recording: RecordingId([1; 16]),
            track: TrackId([2; 16]),
            chunk: 3,
            sample_rate: SAMPLE_RATE_HZ,
            epoch: EpochId([4; 8]),
            salt: [5; 32],
            commitment: [0; 32],
        };
        let dir = memory();
        let path = dir.path().join("voice");
        seal_file(
            &Disk::default(),
            &path,
            &header,
            &key,
            slots.into_iter().map(|slot| (Slot(slot), vec![slot as u8; 9])),
        );
        (Disk::default().read(&path).unwrap().unwrap(), key)
    }

    fn part(bytes: &[u8], record: Record) -> &[u8] {
        &bytes[record.range().start as usize..record.range().end as usize]
    }

    #[test]
    fn a_word_is_found_and_opened_without_reading_the_rest() {
        let (bytes, key) = file((100..150).chain([300, 324, 325]));
        let (records, ending) = index(&bytes).unwrap();
        assert_eq!(ending, Ending::Complete);
        let firsts: Vec<u64> = records.iter().map(|record| record.first.0).collect();
        assert_eq!(firsts, [100, 125, 300, 325, 0]);
        assert_eq!((records[2].map, records[2].until()), (1 | 1 << 24, Some(Slot(325))));
        let opener = Opener::new(&bytes[..HEADER_BYTES], &key).unwrap();
        assert_eq!(opener.open(part(&bytes, records[3])).unwrap(), [(Slot(325), vec![69; 9])]);
        assert_eq!(opener.open(part(&bytes, records[4])).unwrap(), []);
    }

    #[test]
    fn no_bit_of_header_prefix_or_sound_opens_when_flipped() {
        let (bytes, key) = file(100..130);
        let (records, _) = index(&bytes).unwrap();
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << (at % 8);
            let opened = Opener::new(&bent, &key)
                .and_then(|opener| records.iter().try_for_each(|record| opener.open(part(&bent, *record)).map(drop)));
            assert!(opened.is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_end_record_never_takes_a_nonce_of_sound() {
        // A permit's end may take records back; their counters then come again.
        assert!((0..600).all(|counter| nonce(counter, true) != nonce(counter, false)));
        let [one, two] = [nonce(1, false), nonce(1 << 24, false)];
        assert_ne!(one, two);
    }

    #[test]
    fn a_record_does_not_open_in_another_place_or_file() {
        let (bytes, key) = file(100..150);
        let (records, _) = index(&bytes).unwrap();
        let opener = Opener::new(&bytes, &key).unwrap();
        let mut moved = part(&bytes, records[0]).to_vec();
        moved[..4].copy_from_slice(&1_u32.to_be_bytes());
        assert_eq!(opener.open(&moved), Err(VoiceError::Closed));
        let other = Opener::new(&file(100..151).0, &key).unwrap();
        assert_eq!(other.open(part(&bytes, records[0])).unwrap().len(), 25, "the same header and key: the same file");
        assert_eq!(Opener::new(&bytes, &FileKey::fresh(&mut dice(2))).unwrap_err(), VoiceError::WrongKey);
    }

    #[test]
    fn a_cut_file_is_torn_and_says_how_much_of_it_is_whole() {
        let (bytes, _) = file(100..160);
        let (records, _) = index(&bytes).unwrap();
        for at in HEADER_BYTES..bytes.len() {
            let (found, ending) = index(&bytes[..at]).unwrap();
            let whole = records.iter().filter(|record| record.range().end <= at as u64).count();
            assert_eq!(found, records[..whole], "cut at {at}");
            let end = found.last().map_or(HEADER_BYTES as u64, |record| record.range().end);
            let expected = if end == at as u64 { Ending::Unended } else { Ending::Torn { whole: end } };
            assert_eq!(ending, expected, "cut at {at}");
        }
        assert_eq!(index(&bytes[..HEADER_BYTES - 1]), Err(VoiceError::Short));
    }

    #[test]
    fn records_out_of_order_twice_or_after_the_end_are_refused() {
        let (bytes, _) = file(100..160);
        let (records, _) = index(&bytes).unwrap();
        let of = |order: &[usize]| {
            let mut file = bytes[..HEADER_BYTES].to_vec();
            order.iter().for_each(|n| file.extend_from_slice(part(&bytes, records[*n])));
            index(&file).map(drop)
        };
        assert_eq!(of(&[0, 1, 2, 3]), Ok(()));
        for order in [[1, 0, 2, 3].as_slice(), &[0, 0, 1, 2], &[0, 2, 3], &[0, 1, 2, 3, 3], &[0, 1, 3, 2]] {
            assert!(matches!(of(order), Err(VoiceError::Record { .. })), "{order:?}");
        }
    }

    #[test]
    fn records_whose_slots_do_not_rise_are_refused() {
        let (bytes, _) = file((100..125).chain(200..210));
        let (records, _) = index(&bytes).unwrap();
        let with_first = |record: Record, first: u64| {
            let mut bent = bytes.clone();
            let at = record.offset as usize + 4;
            bent[at..at + 8].copy_from_slice(&first.to_be_bytes());
            index(&bent).map(drop)
        };
        assert_eq!(with_first(records[1], 125), Ok(()));
        for (record, first) in [(records[1], 124), (records[1], 0), (records[1], MAX_SLOT + 1), (records[2], 1)] {
            assert!(matches!(with_first(record, first), Err(VoiceError::Record { .. })), "{first}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn arbitrary_bytes_are_indexed_and_opened_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
            let (good, key) = file(100..101);
            let _either = index(&bytes);
            let (whole, torn) = ([&good[..HEADER_BYTES], &bytes].concat(), Opener::new(&bytes, &key));
            if let Ok((records, _)) = index(&whole) {
                let end = records.last().map_or(0, |record| record.range().end);
                prop_assert!(end <= whole.len() as u64);
                prop_assert!(records.iter().flat_map(|record| record.slots()).is_sorted());
            }
            prop_assert!(torn.is_err());
            prop_assert!(Opener::new(&good, &key).unwrap().open(&bytes).is_err());
        }

        #[test]
        fn a_good_file_with_arbitrary_bytes_in_it_is_indexed_without_a_panic(
            at in HEADER_BYTES..900_usize, bytes in proptest::collection::vec(any::<u8>(), 1..40)) {
            let (mut good, key) = file(100..160);
            let at = at.min(good.len());
            good.splice(at..(at + bytes.len()).min(good.len()), bytes);
            if let Ok((records, _)) = index(&good) {
                let opener = Opener::new(&good, &key).unwrap();
                for record in records {
                    let _either = opener.open(part(&good, record));
                }
            }
        }
    }
}
