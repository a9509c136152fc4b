//! For tests: a whole house in a temporary folder, and a gateway's spool beside it, written by the writing side itself.
//!
//! Not here: a gateway's control socket.

use std::collections::HashMap;
use std::path::PathBuf;

use spool::id::{EpochId, MeetingId, RecordingId, SeatNo, SectionId, Slot, TrackId};
use spool::keys::PublicKey;
use spool::line::{
    Act, ActKind, BrokenOff, Channel, Clock, CloseWhy, EndWhy, Head, Heard, KeyPress, MediaEvent, SeatFact, SeatKind,
    TrackFact, hash,
};
use spool::order::{Decision, Will};
use spool::sign::SigningKey;
use spool::write::{ChunkWriter, Spool};
use tempfile::TempDir;

use crate::config::Config;
use crate::intake::{Intake, Trusted};
use crate::io::house::House;
use crate::retention::Rule;
use crate::store::meetings::Meeting;
use crate::store::recordings::Recording;
use crate::store::sections::Section;
use crate::store::track_keys::{KeyState, TrackKey};
use crate::sweep::{Sweep, World};

pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) house: House,
    pub(crate) spool: Spool,
    pub(crate) key: SigningKey,
    pub(crate) tracks: Vec<(TrackId, PublicKey)>,
    pub(crate) started_ms: i64,
}

impl Bench {
    /// A meeting that began ten days ago, with three track keys. At its gateway's socket nobody listens.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = dir.path().join("passphrase");
        std::fs::write(&passphrase, "for tests and nothing else\n").unwrap();
        let text = format!(
            "mode = \"demo\"\ndata = \"{}\"\npassphrase_file = \"{}\"\n[[gateway]]\nsocket = \"{}\"\n",
            dir.path().join("archiver").display(),
            passphrase.display(),
            dir.path().join("control.sock").display()
        );
        let config = Config::parse(&text, &passphrase).unwrap();
        let house = House::open(&config).await.unwrap();
        let key = SigningKey::from_seed([7; 32]);
        let spool = Spool::at(&dir.path().join("spool"), key.clone()).unwrap();
        let started_ms = house.clock().now_ms() - 10 * DAY_MS;
        let mut bench = Self { dir, house, spool, key, tracks: Vec::new(), started_ms };
        bench.make_meeting().await;
        bench
    }

    async fn make_meeting(&mut self) {
        let store = self.house.store();
        let meeting = Meeting {
            id: MEETING,
            number: "4711".into(),
            title: "Ratssitzung".into(),
            rule: Rule::until_approval().id,
            secrets: None,
            demo: false,
            created_ms: 1,
        };
        store.add_meeting(&meeting).await.unwrap();
        store.add_section(&Section { id: SECTION, meeting: MEETING, public: true, created_ms: 1 }).await.unwrap();
        let mut keys = Vec::new();
        for _ in 0..3 {
            let minted = self.house.keys().mint().unwrap();
            self.tracks.push((minted.track, minted.public.clone()));
            keys.push(TrackKey {
                track: minted.track,
                section: SECTION,
                gateway: None,
                public: serde_json::to_vec(&minted.public).unwrap(),
                sealed_hash: hash(&minted.sealed),
                sealed: Some(minted.sealed),
                state: KeyState::Unused,
            });
        }
        store.add_track_keys(&keys, 1).await.unwrap();
    }

    pub(crate) fn intake(&self) -> Intake {
        Intake::new(self.house.store().clone(), self.house.vault().clone(), self.house.data().to_owned())
    }

    pub(crate) fn sweep(&self) -> Sweep {
        let (store, vault, keys) = (self.house.store().clone(), self.house.vault().clone(), self.house.keys().clone());
        Sweep::new(store, vault, keys, self.house.data().to_owned())
    }

    pub(crate) fn world(&self) -> World {
        let spools = vec![(self.key.verifying().gateway(), self.dir.path().join("spool"))];
        World { now_ms: self.house.clock().now_ms(), jump: std::time::Duration::ZERO, spools }
    }

    pub(crate) fn trusted(&self) -> Trusted {
        HashMap::from([(self.key.verifying().gateway(), self.key.verifying())])
    }

    pub(crate) fn track(&self, n: usize) -> TrackId {
        self.tracks[n].0
    }

    pub(crate) fn ready(&self, name: &str) -> PathBuf {
        self.dir.path().join("spool/ready").join(name)
    }

    pub(crate) fn head(&self, number: u32) -> Head {
        Head {
            version: spool::line::VERSION,
            gateway: self.key.verifying().gateway(),
            epoch: EpochId([5; 8]),
            meeting: MEETING,
            recording: RECORDING,
            chunk: number,
            section: SECTION,
            rule: "until-approval".into(),
            rule_hash: Rule::until_approval().hash(),
            started_ms: self.started_ms,
            destroy_by_ms: self.started_ms + 180 * DAY_MS,
            previous: None,
            rooms: vec!["Ratssaal".into()],
            seats: (1..=3).map(|n| SeatFact { seat: SeatNo(n), kind: SeatKind::Telephone }).collect(),
            tracks: vec![],
            clock: self.clock(90),
        }
    }

    /// A chunk in which voices `who` speak 50 slots each; the answer is its name.
    pub(crate) fn write_chunk(&self, who: &[usize]) -> String {
        self.write_chunk_sealed_to(who, &self.tracks)
    }

    pub(crate) fn write_chunk_sealed_to(&self, who: &[usize], keys: &[(TrackId, PublicKey)]) -> String {
        let mut chunk = self.spool.begin(self.head(0), Slot(90)).unwrap();
        chunk.note(Slot(91), &MediaEvent::Started).unwrap();
        for n in who {
            self.speak(&mut chunk, *n, SeatNo(u32::try_from(*n).unwrap() + 1), &keys[*n]);
        }
        chunk.close(Slot(300), CloseWhy::LastSeatLeft).unwrap().name
    }

    /// Voice `n` agrees and speaks 50 slots.
    pub(crate) fn speak(
        &self,
        chunk: &mut ChunkWriter,
        n: usize,
        seat: SeatNo,
        (track, public): &(TrackId, PublicKey),
    ) {
        chunk.act(Slot(100), &given(seat, *track, self.started_ms)).unwrap();
        let fact = TrackFact { track: *track, seat, from: Slot(100) };
        chunk.begin_track(fact, public, &mut |into| getrandom::fill(into).unwrap()).unwrap();
        for slot in 100..150 {
            chunk.packet(*track, Slot(slot), &packet(n, slot)).unwrap();
        }
        chunk.end_track(*track, Slot(200), EndWhy::Left).unwrap();
    }

    pub(crate) fn clock(&self, slot: u64) -> Clock {
        let utc_ms = self.started_ms + i64::try_from(slot * Slot::MS).unwrap();
        Clock { utc_ms, ntp: true, offset_us: 0, error_us: 100 }
    }

    /// Voice `n` is to be erased; the answer is the order's path.
    pub(crate) fn order(&self, n: usize) -> PathBuf {
        let will = Will {
            meeting: MEETING,
            recording: RECORDING,
            decision: Decision::Erase,
            tracks: vec![self.track(n)],
            utc_ms: self.started_ms,
            destroy_by_ms: self.started_ms + 180 * DAY_MS,
        };
        self.dir.path().join("spool/orders").join(self.spool.order(&will).unwrap())
    }

    /// A copy of a ready chunk that no later order of the gateway reaches.
    pub(crate) fn copy_of(&self, name: &str) -> PathBuf {
        let copy = self.dir.path().join("copy").join(name);
        std::fs::create_dir_all(&copy).unwrap();
        for entry in std::fs::read_dir(self.ready(name)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
        copy
    }

    /// From now on the database refuses to drop what it says of voice `n`.
    pub(crate) async fn refuse_to_drop(&self, n: usize) {
        self.house.store().refuse_to_drop(self.track(n)).await.unwrap();
    }

    /// The recording as a row before its first chunk, with a title to look for.
    pub(crate) async fn expect_titled(&self, title: &str) {
        let mut tx = self.house.store().begin().await.unwrap();
        tx.expect_recording(&Recording {
            id: RECORDING,
            meeting: MEETING,
            gateway: self.key.verifying().gateway(),
            rule: "until-approval".into(),
            rule_hash: Rule::until_approval().hash(),
            title: Some(title.into()),
            state: crate::recording::State::Receiving,
            started_ms: self.started_ms,
            ended_ms: None,
            destroy_by_ms: self.started_ms + 180 * DAY_MS,
        })
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// Does any file of the archive's own folder, the database's log included, hold these bytes?
    pub(crate) fn disk_holds(&self, needle: &[u8]) -> bool {
        fn search(folder: &std::path::Path, needle: &[u8]) -> bool {
            std::fs::read_dir(folder).unwrap().any(|entry| {
                let path = entry.unwrap().path();
                let found = |bytes: Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle);
                if path.is_dir() { search(&path, needle) } else { std::fs::read(&path).is_ok_and(found) }
            })
        }
        search(self.house.data(), needle)
    }
}

/// What voice `n` says in a slot: no two say the same.
pub(crate) fn packet(n: usize, slot: u64) -> Vec<u8> {
    format!("voice {n} in slot {slot}").into_bytes()
}

pub(crate) fn given(seat: SeatNo, track: TrackId, utc_ms: i64) -> Act {
    Act {
        seat,
        kind: ActKind::Given,
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
        utc_ms,
        ntp: true,
    }
}

pub(crate) const MEETING: MeetingId = MeetingId([2; 16]);
pub(crate) const SECTION: SectionId = SectionId([4; 16]);
pub(crate) const RECORDING: RecordingId = RecordingId([3; 16]);
pub(crate) const DAY_MS: i64 = 24 * 3_600_000;
