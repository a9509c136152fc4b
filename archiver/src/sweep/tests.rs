//! Sweeping over a real store and a real database: what is due is gone, and what is gone is proven.
//!
//! Not here: that nothing is left in the raw bytes of the database (the stories, `tests/ending.rs`).

use std::time::Duration;

use jiff::{Span, civil::Date};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Outcome, Sweep, SweepError};
use crate::access::{Person, Purpose, Role};
use crate::bench::{Bench, RECORDING};
use crate::evidence::{Chain, check};
use crate::intake::Taken;
use crate::recording::State;
use crate::retention::Anchor;
use crate::store::quarantines::Quarantine;
use crate::store::recordings::Recording;
use crate::vault::{Vault, object_name, object_prefix};
use crate::verify;

async fn taken() -> (Bench, String) {
    let bench = Bench::new().await;
    bench.expect_titled("Planted Title 7391").await;
    let name = bench.write_chunk(&[0, 1]);
    let now_ms = bench.house.clock().now_ms();
    assert_eq!(bench.intake().chunk(&bench.ready(&name), &bench.trusted(), now_ms).await.unwrap(), Taken::New);
    bench.spool.acknowledge(&name).unwrap();
    (bench, name)
}

fn clerk() -> Person {
    Person { id: "p-1".into(), role: Role::Clerk }
}

fn days_ago(bench: &Bench, days: i64) -> Date {
    bench.house.clock().today().saturating_sub(Span::new().days(days))
}

async fn approved(days: i64) -> (Bench, String) {
    let (bench, name) = taken().await;
    let day = days_ago(&bench, days);
    bench.house.approve(&clerk(), RECORDING, day).await.unwrap();
    (bench, name)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_but_evidence_proof_and_tombstone() {
    let (bench, name) = approved(4).await;
    let store = bench.house.store();
    let purpose = Purpose::named("Protokoll").unwrap();
    let export = bench.house.begin_export(&clerk(), RECORDING, &purpose, 2).await.unwrap();
    let sealed = store.track_key(bench.track(0)).await.unwrap().unwrap().sealed.unwrap();
    let envelope = store.envelope(&name, bench.track(0)).await.unwrap().unwrap();
    let voice = bench.house.vault().get(&store.objects(RECORDING).await.unwrap()[0].name).await.unwrap();
    let planted = [
        b"Planted Title 7391".to_vec(),
        sealed[sealed.len() - 60..].to_vec(),
        envelope[envelope.len() - 50..].to_vec(),
        voice,
    ];
    for needle in &planted {
        assert!(bench.disk_holds(needle), "before the sweep it lies there: {}", String::from_utf8_lossy(needle));
    }

    let swept = bench.sweep().run(&bench.world()).await.unwrap();
    assert_eq!(swept, Outcome::Swept { destroyed: vec![RECORDING.to_string()] });
    bench.house.tidy_store(&object_prefix(RECORDING)).unwrap();
    for needle in &planted {
        assert!(!bench.disk_holds(needle), "after the sweep it is gone: {}", String::from_utf8_lossy(needle));
    }
    assert!(bench.house.vault().list("").await.unwrap().is_empty());
    assert_eq!(store.recording(RECORDING).await.unwrap().unwrap().state, State::Destroyed);
    assert!(store.tracks(RECORDING).await.unwrap().is_empty() && store.seats(RECORDING).await.unwrap().is_empty());
    assert_eq!(store.tombstone(RECORDING).await.unwrap().unwrap().tracks, 2);
    for chain in [Chain::Consent, Chain::Audit] {
        let links = store.chain(chain).await.unwrap();
        assert!(!links.is_empty());
        assert_eq!(check(chain, links.iter().map(|(link, payload)| (link, payload.as_ref()))), Ok(()));
    }
    let file = std::fs::read_to_string(bench.house.proofs().join(format!("{RECORDING}.json"))).unwrap();
    let proof = verify::check(&file, Some(&bench.house.keys().signing().verifying().to_string())).unwrap();
    assert_eq!((proof.sealed_keys.len(), proof.objects.len(), proof.envelopes), (2, 2, 2));
    assert_eq!((proof.exports[0].id.as_str(), proof.anchor.as_str()), (export.as_str(), "minutes_approved"));
    assert_eq!(proof.spools[0].state, "empty");
    assert_eq!(bench.sweep().run(&bench.world()).await.unwrap(), Outcome::Swept { destroyed: vec![] });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_day_after_the_approval_is_still_kept() {
    let (bench, _) = approved(3).await;
    assert_eq!(bench.sweep().run(&bench.world()).await.unwrap(), Outcome::Swept { destroyed: vec![] });
    assert_eq!(bench.house.vault().list("").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_approval_destroys_nothing() {
    let (bench, _) = approved(4).await;
    bench.house.revoke_approval(&clerk(), RECORDING).await.unwrap();
    assert_eq!(bench.sweep().run(&bench.world()).await.unwrap(), Outcome::Swept { destroyed: vec![] });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumped_destroys_nothing() {
    let (bench, _) = approved(4).await;
    let mut world = bench.world();
    world.jump = Duration::from_secs(7_200);
    assert!(matches!(bench.sweep().run(&world).await.unwrap(), Outcome::Held(_)));
    let mut world = bench.world();
    world.now_ms += 2 * 3_600_000;
    assert!(matches!(bench.sweep().run(&world).await.unwrap(), Outcome::Held(_)), "store and database say otherwise");
    assert_eq!(bench.house.vault().list("").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_after_the_keys_the_next_run_ends_it() {
    let (bench, name) = approved(4).await;
    let recording = bench.house.store().recording(RECORDING).await.unwrap().unwrap();
    let last = days_ago(&bench, 1);
    bench.sweep().begin(&recording, last, Anchor::MinutesApproved, &bench.world()).await.unwrap();
    assert!(bench.house.file_key(bench.track(0), &name).await.is_err(), "no way back from here");
    // And once more stopped half-way through the store.
    let first = bench.house.vault().list("").await.unwrap().remove(0);
    bench.house.vault().delete_all_versions(&first).await.unwrap();
    bench.sweep().run(&bench.world()).await.unwrap();
    assert!(bench.house.vault().list("").await.unwrap().is_empty());
    let proof = bench.house.store().proof(RECORDING).await.unwrap().unwrap();
    assert_eq!(verify::check(&proof.text, None).unwrap().objects.len(), 2, "it still knows what was there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_file_that_was_lost_is_written_again() {
    let (bench, _) = approved(4).await;
    bench.sweep().run(&bench.world()).await.unwrap();
    let path = bench.house.proofs().join(format!("{RECORDING}.json"));
    let before = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bench.sweep().run(&bench.world()).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_called_empty_while_the_spool_holds_some_of_it() {
    let (bench, _) = approved(4).await;
    let late = bench.spool.begin(bench.head(1), spool::id::Slot(400)).unwrap();
    let late = late.close(spool::id::Slot(500), spool::line::CloseWhy::Time).unwrap().name;
    assert!(matches!(bench.sweep().run(&bench.world()).await, Err(SweepError::InSpool(name)) if name == late));
    let now_ms = bench.house.clock().now_ms();
    assert_eq!(bench.intake().chunk(&bench.ready(&late), &bench.trusted(), now_ms).await.unwrap(), Taken::TooLate);
    bench.spool.acknowledge(&late).unwrap();
    bench.sweep().run(&bench.world()).await.unwrap();
    assert!(bench.house.store().proof(RECORDING).await.unwrap().is_some());
}

/// A way to the bench's store on which every deletion is answered as done and none arrives.
async fn a_store_that_keeps_everything(bench: &Bench) -> Vault {
    let real = bench.house.vault().endpoint().trim_start_matches("http://").to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut store = tokio::net::TcpStream::connect(&real).await.unwrap();
            tokio::spawn(async move {
                let (mut asked, mut told) = ([0; 65_536], [0; 65_536]);
                loop {
                    tokio::select! {
                        // A deletion has no body and comes in one piece.
                        Ok(length @ 1..) = client.read(&mut asked) => {
                            if asked.starts_with(b"DELETE ") {
                                client.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                            } else {
                                store.write_all(&asked[..length]).await.unwrap();
                            }
                        }
                        Ok(length @ 1..) = store.read(&mut told) => client.write_all(&told[..length]).await.unwrap(),
                        else => return,
                    }
                }
            });
        }
    });
    bench.house.vault().by_way_of(way)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_only_says_it_deleted_is_not_called_empty() {
    let (bench, name) = approved(4).await;
    let object = object_name(RECORDING, &name, bench.track(0));
    let (store, keys) = (bench.house.store().clone(), bench.house.keys().clone());
    let vault = a_store_that_keeps_everything(&bench).await;
    let sweep = Sweep::new(store.clone(), vault, keys, bench.house.data().to_owned());
    let run = sweep.run(&bench.world()).await;
    assert!(matches!(&run, Err(SweepError::NotEmpty(left)) if left.starts_with(&object_prefix(RECORDING))), "{run:?}");
    assert_eq!(store.recording(RECORDING).await.unwrap().unwrap().state, State::Destroying);
    assert!(store.proof(RECORDING).await.unwrap().is_none());
    assert!(bench.house.vault().get(&object).await.is_ok(), "it is still there");

    bench.sweep().run(&bench.world()).await.unwrap();
    assert!(store.proof(RECORDING).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarantine_ends_on_its_day() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    std::fs::remove_file(bench.ready(&name).join("media.jsonl")).unwrap();
    let long_ago = bench.house.clock().now_ms() - 60 * crate::bench::DAY_MS;
    bench.intake().chunk(&bench.ready(&name), &bench.trusted(), long_ago).await.unwrap();
    assert!(bench.house.quarantine().join(&name).exists());
    bench.sweep().run(&bench.world()).await.unwrap();
    assert!(!bench.house.quarantine().join(&name).exists());
    assert!(bench.house.store().quarantines().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_recording_that_cannot_be_ended_holds_up_no_other_end() {
    let (bench, _) = approved(4).await;
    let late = bench.spool.begin(bench.head(1), spool::id::Slot(400)).unwrap();
    let late = late.close(spool::id::Slot(500), spool::line::CloseWhy::Time).unwrap().name;
    let store = bench.house.store();
    let ours = store.recording(RECORDING).await.unwrap().unwrap();
    // Newest first: the blocked one comes before it.
    let other = spool::id::RecordingId([1; 16]);
    let started_ms = ours.started_ms - 400 * crate::bench::DAY_MS;
    let mut tx = store.begin().await.unwrap();
    tx.expect_recording(&Recording { id: other, started_ms, state: State::Kept, ..ours }).await.unwrap();
    tx.commit().await.unwrap();
    let row = Quarantine {
        id: "x".into(),
        name: "x".into(),
        recording: None,
        track: None,
        reason: "x".into(),
        at_ms: 1,
        destroy_by_ms: 2,
    };
    store.add_quarantine(&row).await.unwrap();

    let run = bench.sweep().run(&bench.world()).await;
    assert!(matches!(run, Err(SweepError::InSpool(name)) if name == late), "it is said what is left");
    assert_eq!(store.recording(other).await.unwrap().unwrap().state, State::Destroyed);
    assert!(store.quarantines().await.unwrap().is_empty());
}
