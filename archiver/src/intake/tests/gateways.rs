//! Two gateways of one meeting hand over one recording.
//!
//! Not here: that both know which recording it is (the gateways' own tests, and the stories).

use std::path::PathBuf;

use spool::id::{EpochId, GatewayId, SeatNo, Slot, TrackId};
use spool::keys::PublicKey;
use spool::line::{CloseWhy, Head, SeatFact, SeatKind};
use spool::order::{Decision, Will};
use spool::sign::SigningKey;
use spool::write::Spool;

use super::super::{Taken, Trusted};
use crate::access::{Person, Role};
use crate::bench::{Bench, DAY_MS, MEETING, RECORDING, SECTION};
use crate::playback::Playback;
use crate::recording::{Event, Mover, State};
use crate::store::track_keys::{KeyState, TrackKey};
use crate::sweep::SweepError;

/// The other gateway of the bench's meeting, with a spool and one track key of its own.
struct Guest {
    spool: Spool,
    key: SigningKey,
    dir: PathBuf,
    voice: (TrackId, PublicKey),
}

impl Guest {
    async fn of(bench: &Bench) -> Self {
        let (key, dir) = (SigningKey::from_seed([8; 32]), bench.dir.path().join("guest"));
        let spool = Spool::at(&dir, key.clone()).unwrap();
        bench.house.store().claim_keys(SECTION, bench.key.verifying().gateway()).await.unwrap();
        let minted = bench.house.keys().mint().unwrap();
        let row = TrackKey {
            track: minted.track,
            section: SECTION,
            gateway: Some(key.verifying().gateway()),
            public: serde_json::to_vec(&minted.public).unwrap(),
            sealed_hash: spool::line::hash(&minted.sealed),
            sealed: Some(minted.sealed),
            state: KeyState::Issued,
        };
        bench.house.store().add_track_keys(&[row], 1).await.unwrap();
        Self { spool, key, dir, voice: (minted.track, minted.public) }
    }

    fn id(&self) -> GatewayId {
        self.key.verifying().gateway()
    }

    /// A chunk of the bench's recording in which somebody at `seat` speaks, sealed to `voice`.
    fn chunk(&self, bench: &Bench, seat: SeatNo, voice: &(TrackId, PublicKey)) -> PathBuf {
        let seats = vec![SeatFact { seat, kind: SeatKind::Telephone }];
        let head = Head { gateway: self.id(), epoch: EpochId([6; 8]), seats, clock: bench.clock(10), ..bench.head(0) };
        let mut chunk = self.spool.begin(head, Slot(10)).unwrap();
        bench.speak(&mut chunk, 9, seat, voice);
        let name = chunk.close(Slot(300), CloseWhy::LastSeatLeft).unwrap().name;
        self.dir.join("ready").join(name)
    }

    fn order(&self, track: TrackId) -> PathBuf {
        let will = Will {
            meeting: MEETING,
            recording: RECORDING,
            decision: Decision::Erase,
            tracks: vec![track],
            utc_ms: 1,
            destroy_by_ms: bench_end(),
        };
        self.dir.join("orders").join(self.spool.order(&will).unwrap())
    }
}

fn bench_end() -> i64 {
    4_000 * DAY_MS
}

fn trusted(bench: &Bench, guest: &Guest) -> Trusted {
    let mut trusted = bench.trusted();
    trusted.insert(guest.id(), guest.key.verifying());
    trusted
}

async fn take(bench: &Bench, guest: &Guest, chunk: &std::path::Path) -> Taken {
    let now_ms = bench.house.clock().now_ms();
    bench.intake().chunk(chunk, &trusted(bench, guest), now_ms).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_of_two_gateways_are_one_recording_whichever_comes_first() {
    for guest_first in [true, false] {
        let bench = Bench::new().await;
        let guest = Guest::of(&bench).await;
        let theirs = guest.chunk(&bench, SeatNo(1001), &guest.voice);
        let ours = bench.ready(&bench.write_chunk(&[0]));
        let order = if guest_first { [&theirs, &ours] } else { [&ours, &theirs] };
        for chunk in order {
            assert_eq!(take(&bench, &guest, chunk).await, Taken::New);
        }
        let store = bench.house.store();
        assert_eq!(store.recordings(None).await.unwrap().len(), 1);
        let playback = Playback::open(&bench.house, RECORDING).await.unwrap();
        assert_eq!(playback.voices(), [SeatNo(1), SeatNo(1001)]);
        assert_eq!(playback.epochs.len(), 2);
        // Both count their slots from one moment, so both voices lie at one place.
        let at = |track| {
            let track = playback.tracks.iter().find(|known| known.track == track).unwrap();
            playback.timeline.place(track.epoch, track.from)
        };
        assert_eq!(at(guest.voice.0), at(bench.track(0)));
        let state = store.recording(RECORDING).await.unwrap().unwrap().state;
        assert_eq!(state, State::Receiving, "the last seat of one gateway is not the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_brings_no_voice_under_the_key_of_another_and_nobody_to_anothers_seat() {
    let bench = Bench::new().await;
    let guest = Guest::of(&bench).await;
    assert_eq!(take(&bench, &guest, &bench.ready(&bench.write_chunk(&[0]))).await, Taken::New);
    for (seat, voice, word) in
        [(1001, &bench.tracks[1], "key of another gateway"), (1, &guest.voice, "seat-1 is at another")]
    {
        let chunk = guest.chunk(&bench, SeatNo(seat), voice);
        let taken = take(&bench, &guest, &chunk).await;
        assert!(matches!(&taken, Taken::Quarantined { why } if why.contains(word)), "{taken:?}");
        std::fs::remove_dir_all(chunk).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_reaches_the_voices_of_its_own_gateway_only() {
    let bench = Bench::new().await;
    let guest = Guest::of(&bench).await;
    let theirs = guest.chunk(&bench, SeatNo(1001), &guest.voice);
    for chunk in [bench.ready(&bench.write_chunk(&[0])), theirs] {
        assert_eq!(take(&bench, &guest, &chunk).await, Taken::New);
    }
    let (intake, trusted) = (bench.intake(), trusted(&bench, &guest));
    let sealed = async |track| bench.house.store().track_key(track).await.unwrap().unwrap().sealed.is_some();
    let taken = intake.order(&guest.order(bench.track(0)), &trusted, 1).await.unwrap();
    assert!(matches!(&taken, Taken::Quarantined { why } if why.contains("key of another")), "{taken:?}");
    assert!(sealed(bench.track(0)).await);
    assert_eq!(intake.order(&guest.order(guest.voice.0), &trusted, 1).await.unwrap(), Taken::New);
    assert!(!sealed(guest.voice.0).await && sealed(bench.track(0)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_orders_of_one_name_are_two() {
    let bench = Bench::new().await;
    let guest = Guest::of(&bench).await;
    let theirs = guest.chunk(&bench, SeatNo(1001), &guest.voice);
    for chunk in [bench.ready(&bench.write_chunk(&[0])), theirs] {
        assert_eq!(take(&bench, &guest, &chunk).await, Taken::New);
    }
    // The number is the time, or one above the last, and both may order in one millisecond.
    for spool in [&guest.dir, &bench.dir.path().join("spool")] {
        std::fs::write(spool.join(format!("orders/{RECORDING}.9000000000000")), "").unwrap();
    }
    let (ours, theirs) = (bench.order(0), guest.order(guest.voice.0));
    assert_eq!(ours.file_name(), theirs.file_name());
    for order in [ours, theirs] {
        assert_eq!(bench.intake().order(&order, &trusted(&bench, &guest), 1).await.unwrap(), Taken::New);
    }
    assert!(bench.house.vault().list(&crate::vault::object_prefix(RECORDING)).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_takes_the_voices_of_both_and_waits_for_the_spools_of_both() {
    let bench = Bench::new().await;
    let guest = Guest::of(&bench).await;
    let theirs = guest.chunk(&bench, SeatNo(1001), &guest.voice);
    let ours = bench.write_chunk(&[0]);
    for chunk in [&bench.ready(&ours), &theirs] {
        assert_eq!(take(&bench, &guest, chunk).await, Taken::New);
    }
    let mut tx = bench.house.store().begin().await.unwrap();
    tx.move_recording(RECORDING, Event::GatheringEnded, Mover::Gateway).await.unwrap();
    tx.commit().await.unwrap();
    let clerk = Person { id: "p-1".into(), role: Role::Clerk };
    let day = bench.house.clock().today().saturating_sub(jiff::Span::new().days(4));
    bench.house.approve(&clerk, RECORDING, day).await.unwrap();
    bench.spool.acknowledge(&ours).unwrap();
    let mut world = bench.world();
    world.spools.push((guest.id(), guest.dir.clone()));

    let held = bench.sweep().run(&world).await;
    assert!(matches!(held, Err(SweepError::InSpool(name)) if theirs.ends_with(&name)));
    guest.spool.acknowledge(theirs.file_name().unwrap().to_str().unwrap()).unwrap();
    bench.sweep().run(&world).await.unwrap();
    let proof = bench.house.store().proof(RECORDING).await.unwrap().unwrap();
    let said = crate::verify::check(&proof.text, None).unwrap();
    assert_eq!((said.tracks, said.objects.len(), said.spools.len()), (2, 2, 2));
    for track in [bench.track(0), guest.voice.0] {
        assert!(bench.house.store().track_key(track).await.unwrap().unwrap().sealed.is_none());
    }
}
