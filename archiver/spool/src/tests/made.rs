//! A spool of a gateway that exists for a test, and what it recorded.
//!
//! Not here: anything that is claimed of them (the tests beside it).

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use tempfile::TempDir;

use crate::disk::Disk;
use crate::id::{EpochId, GatewayId, MeetingId, RecordingId, SeatNo, SectionId, Slot, TrackId};
use crate::keys::{PrivateKey, unwrap};
use crate::line::{
    Act, ActKind, BrokenOff, Channel, Clock, CloseWhy, EndWhy, Head, Heard, KeyPress, MediaEvent, SeatFact, SeatKind,
    TrackFact, VERSION, hash,
};
use crate::name::tests::dice;
use crate::order::{Decision, Will};
use crate::read::{self, Chunk, Voice};
use crate::sign::{SigningKey, VerifyingKey};
use crate::voice::Opener;
use crate::write::{Ahead, ChunkWriter, Spool, SpoolError};

pub(super) struct Made {
    pub(super) dir: TempDir,
    pub(super) disk: Disk,
    pub(super) spool: Spool,
    pub(super) key: SigningKey,
    chance: Dice,
}

type Dice = Box<dyn FnMut(&mut [u8]) + Send + Sync>;

impl Made {
    pub(super) fn new() -> Self {
        Self::on(Disk::default(), memory(), 1)
    }

    pub(super) fn stopping_within(n: u64) -> Self {
        Self::on(Disk::stopping_within(n), memory(), 1)
    }

    /// Making the spool itself is not counted.
    pub(super) fn on(disk: Disk, dir: TempDir, seed: u64) -> Self {
        let key = SigningKey::from_seed([7; 32]);
        Spool::at(dir.path(), key.clone()).unwrap();
        let left = disk.left();
        disk.go_on(u64::MAX);
        let spool = Spool::on(disk.clone(), dir.path(), key.clone()).unwrap();
        disk.go_on(left);
        Self { dir, disk, spool, key, chance: Box::new(dice(seed)) }
    }

    /// Two seats talk from slot 100 until 150, the first one's permit has ended; then a third never says a word.
    pub(super) fn with_one_chunk() -> (Self, String) {
        let mut made = Self::new();
        let mut chunk = made.begin(0, vec![]);
        made.consent(&mut chunk, 1, 100);
        made.consent(&mut chunk, 2, 100);
        made.consent(&mut chunk, 3, 120);
        made.talk(&mut chunk, 1, 100..150);
        made.talk(&mut chunk, 2, 100..150);
        chunk.end_track(made.track(1), Slot(150), EndWhy::Left).unwrap();
        let clock = MediaEvent::Clock(Clock { utc_ms: 1_800_000_003_000, ntp: true, offset_us: 12, error_us: 1_500 });
        chunk.note(Slot(150), &clock).unwrap();
        let closed = chunk.close(Slot(200), CloseWhy::End).unwrap();
        (made, closed.name)
    }

    pub(super) fn track(&self, n: u8) -> TrackId {
        track(n)
    }

    pub(super) fn private(&self, track: TrackId) -> PrivateKey {
        PrivateKey::from_bytes(&[track.0[0]; 32]).unwrap()
    }

    pub(super) fn trust(&self) -> impl Fn(GatewayId) -> Option<VerifyingKey> + use<> {
        let key = self.key.verifying();
        move |gateway| (gateway == key.gateway()).then_some(key)
    }

    pub(super) fn begin(&mut self, number: u32, tracks: Vec<TrackFact>) -> ChunkWriter {
        self.spool.begin(head(self, number, tracks), Slot(90)).unwrap()
    }

    pub(super) fn head_after(&self, number: u32, previous: &str, tracks: Vec<TrackFact>) -> Head {
        Head { previous: Some(previous.to_owned()), ..head(self, number, tracks) }
    }

    /// Track n of seat n.
    pub(super) fn consent(&mut self, chunk: &mut ChunkWriter, n: u8, from: u64) {
        self.consent_as(chunk, n, n, from);
    }

    pub(super) fn consent_as(&mut self, chunk: &mut ChunkWriter, n: u8, seat: u8, from: u64) {
        chunk.act(Slot(from), &given(ActKind::Given, seat, track(n))).unwrap();
        self.try_open_voice(chunk, n, seat, from).unwrap();
    }

    pub(super) fn open_voice(&mut self, chunk: &mut ChunkWriter, n: u8, from: u64) {
        self.try_open_voice(chunk, n, n, from).unwrap();
    }

    pub(super) fn try_open_voice(
        &mut self,
        chunk: &mut ChunkWriter,
        n: u8,
        of: u8,
        from: u64,
    ) -> Result<(), SpoolError> {
        let fact = TrackFact { track: track(n), seat: seat(of), from: Slot(from) };
        chunk.begin_track(fact, &self.private(track(n)).public(), &mut self.chance)
    }

    pub(super) fn try_lay(&mut self, ahead: &mut Ahead, n: u8, from: u64) -> Result<(), SpoolError> {
        let fact = TrackFact { track: track(n), seat: seat(n), from: Slot(from) };
        ahead.lay(fact, &self.private(track(n)).public(), &mut self.chance)
    }

    pub(super) fn talk(&self, chunk: &mut ChunkWriter, n: u8, slots: Range<u64>) {
        self.try_talk(chunk, n, slots).unwrap();
    }

    pub(super) fn try_talk(&self, chunk: &mut ChunkWriter, n: u8, slots: Range<u64>) -> Result<(), SpoolError> {
        sound(track(n), slots).into_iter().try_for_each(|(slot, opus)| chunk.packet(track(n), slot, &opus))
    }

    pub(super) fn order(&self, decision: Decision, tracks: &[u8]) -> String {
        self.try_order(decision, tracks).unwrap()
    }

    pub(super) fn try_order(&self, decision: Decision, tracks: &[u8]) -> Result<String, SpoolError> {
        let Head { meeting, recording, destroy_by_ms, .. } = head(self, 0, vec![]);
        let tracks = tracks.iter().map(|n| track(*n)).collect();
        self.spool.order(&Will { meeting, recording, decision, tracks, utc_ms: 1_800_000_005_000, destroy_by_ms })
    }

    pub(super) fn read(&self, name: &str) -> Chunk {
        read::chunk(&self.dir.path().join("ready").join(name), &self.trust()).unwrap()
    }

    /// What an archive with the track's private half hears.
    pub(super) fn listen(&self, voice: &Voice) -> Vec<(Slot, Vec<u8>)> {
        let bytes = std::fs::read(&voice.voice_path).unwrap();
        let key = unwrap(&self.private(voice.fact.track), &voice.envelope).unwrap();
        let opener = Opener::new(&bytes, &key).unwrap();
        let record = |record: &crate::voice::Record| {
            let range = record.range();
            opener.open(&bytes[range.start as usize..range.end as usize]).unwrap()
        };
        voice.records.iter().flat_map(record).collect()
    }
}

/// In memory where there is such a place: these tests sync often.
pub(crate) fn memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(super) fn track(n: u8) -> TrackId {
    TrackId([n; 16])
}

pub(super) fn seat(n: u8) -> SeatNo {
    SeatNo(u32::from(n))
}

pub(super) fn head(made: &Made, number: u32, tracks: Vec<TrackFact>) -> Head {
    Head {
        version: VERSION,
        gateway: made.key.verifying().gateway(),
        epoch: EpochId([5; 8]),
        meeting: MeetingId([2; 16]),
        recording: RecordingId([3; 16]),
        chunk: number,
        section: SectionId([4; 16]),
        rule: "until-approval".into(),
        rule_hash: hash(b"the rule"),
        started_ms: 1_800_000_000_000,
        destroy_by_ms: 1_815_552_000_000,
        previous: None,
        rooms: vec!["Ratssaal".into()],
        seats: (1..=3).map(|n| SeatFact { seat: seat(n), kind: SeatKind::Telephone }).collect(),
        tracks,
        clock: Clock { utc_ms: 1_800_000_001_800, ntp: true, offset_us: 12, error_us: 1_500 },
    }
}

pub(super) fn given(kind: ActKind, of: u8, track: TrackId) -> Act {
    Act {
        seat: seat(of),
        kind,
        channel: Channel::Telephone,
        purpose: "minutes".into(),
        text: "notice".into(),
        text_version: 1,
        language: "de".into(),
        text_sha256: hash(b"text"),
        parts: ["who", "why", "undo", "choices"].map(str::to_owned).to_vec(),
        heard: Heard(vec!["who".into(), "why".into(), "undo".into()]),
        broken_off: Some(BrokenOff { part: "choices".into(), ms: 1_240 }),
        key: Some(KeyPress { key: '1', from: Slot(94), until: Some(Slot(100)) }),
        track: Some(track),
        utc_ms: 1_800_000_002_000,
        ntp: true,
    }
}

/// What a track says in a slot: no two say the same.
pub(super) fn sound(track: TrackId, slots: impl IntoIterator<Item = u64>) -> Vec<(Slot, Vec<u8>)> {
    let packet = |slot: u64| [&track.0[..2], &slot.to_be_bytes(), &vec![slot as u8; (slot % 40) as usize]].concat();
    slots.into_iter().map(|slot| (Slot(slot), packet(slot))).collect()
}

pub(super) fn slots(voice: &Voice) -> Vec<Slot> {
    voice.records.iter().flat_map(|record| record.slots()).collect()
}

pub(super) fn events_of(chunk: &Chunk) -> impl Iterator<Item = &MediaEvent> {
    chunk.media.iter().map(|(_, event)| event)
}

/// Every file below a directory, by its path.
pub(super) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}
