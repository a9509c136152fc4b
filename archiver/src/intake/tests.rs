//! Intake against chunks that the writing side of the spool wrote, over a real store and a real database.
//!
//! Not here: everything that a chunk can be refused for (crate `spool`), and a gateway that acknowledges (the stories).

mod gateways;

use spool::id::{SeatNo, Slot};
use spool::line::{CloseWhy, GapReason, MediaEvent, Whose};
use spool::sign::SigningKey;
use spool::voice::{HEADER_BYTES, Opener};

use super::{Taken, Trusted};
use crate::bench::{Bench, DAY_MS, MEETING, RECORDING, SECTION, packet};
use crate::evidence::{Chain, check};
use crate::io::house::HouseError;
use crate::recording::{State, TrackState};
use crate::store::recordings::Recording;
use crate::store::tracks::Track;
use crate::vault::object_prefix;

async fn take(bench: &Bench, name: &str) -> Taken {
    let now_ms = bench.house.clock().now_ms();
    bench.intake().chunk(&bench.ready(name), &bench.trusted(), now_ms).await.unwrap()
}

async fn hear(bench: &Bench, n: usize) -> Vec<(Slot, Vec<u8>)> {
    let objects = bench.house.store().objects(RECORDING).await.unwrap();
    let object = objects.iter().find(|object| object.track == bench.track(n)).unwrap();
    let key = bench.house.file_key(object.track, &object.chunk).await.unwrap();
    let header = bench.house.vault().get_range(&object.name, 0, HEADER_BYTES as u64).await.unwrap();
    let opener = Opener::new(&header, &key).unwrap();
    let mut heard = Vec::new();
    for record in &object.records {
        let bytes = bench.house.vault().get_range(&object.name, record.offset, record.len.into()).await.unwrap();
        heard.extend(opener.open(&bytes).unwrap());
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_heard_again_record_by_record() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0, 1]);
    assert_eq!(take(&bench, &name).await, Taken::New);
    let expected: Vec<_> = (100..150).map(|slot| (Slot(slot), packet(1, slot))).collect();
    assert_eq!(hear(&bench, 1).await, expected);
    let store = bench.house.store();
    let recording = store.recording(RECORDING).await.unwrap().unwrap();
    assert_eq!(recording.state, State::Kept, "the last seat left");
    assert_eq!(recording.ended_ms, Some(bench.started_ms + 300 * 20));
    let tracks = store.tracks(RECORDING).await.unwrap();
    assert_eq!(tracks.iter().map(|t| (t.from, t.until)).collect::<Vec<_>>(), [(Slot(100), Some(Slot(200))); 2]);
    assert_eq!(store.clocks(RECORDING).await.unwrap().len(), 1);
    assert_eq!(store.moments(RECORDING).await.unwrap()[0].kind, "started");
    let chain = store.chain(Chain::Consent).await.unwrap();
    assert_eq!(chain.len(), 2);
    assert_eq!(check(Chain::Consent, chain.iter().map(|(link, payload)| (link, payload.as_ref()))), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_lies_in_the_archive_with_all_that_proves_it_and_with_no_number() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    take(&bench, &name).await;
    let chain = bench.house.store().chain(Chain::Consent).await.unwrap();
    let [(link, Some(payload))] = &chain[..] else { panic!("one act: {chain:?}") };
    let act: serde_json::Value = serde_json::from_str(&payload.text).unwrap();
    let fields: Vec<&str> = act.as_object().unwrap().keys().map(String::as_str).collect();
    let mut law = "event meeting recording section epoch slot seat kind channel purpose text text_version language \
                   text_sha256 parts heard broken_off key track utc_ms ntp"
        .split_whitespace()
        .collect::<Vec<_>>();
    law.sort_unstable();
    assert_eq!(fields, law, "what a consent is proven by, and nothing that tells who telephoned");
    assert_eq!((act["event"].as_str(), &*link.kind), (Some(&*format!("{name}/0")), "given"));
    assert_eq!(
        (act["meeting"].as_str(), act["section"].as_str()),
        (Some(&*MEETING.to_string()), Some(&*SECTION.to_string()))
    );
    assert_eq!(act["key"], serde_json::json!({"key": "1", "from": 94, "until": 100}));
    assert_eq!(act["broken_off"], serde_json::json!({"part": "choices", "ms": 1240}));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_end_of_an_act_has_come_its_words_are_on_no_disk_and_the_chain_still_holds() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0, 1]);
    take(&bench, &name).await;
    let store = bench.house.store();
    let chain = store.chain(Chain::Consent).await.unwrap();
    let words: Vec<String> = chain.iter().map(|(_, payload)| payload.as_ref().unwrap().text.clone()).collect();
    assert!(bench.disk_holds(words[0].as_bytes()));
    let ends_ms = bench.started_ms + 4 * 365 * DAY_MS;
    assert_eq!(store.prune_payloads(ends_ms - 1).await.unwrap(), 1, "of the audit, whose end comes earlier");
    assert_eq!(store.prune_payloads(ends_ms).await.unwrap(), 2);
    store.forget_log().await.unwrap();
    assert!(words.iter().all(|text| !bench.disk_holds(text.as_bytes())));
    let chain = store.chain(Chain::Consent).await.unwrap();
    assert!(chain.len() == 2 && chain.iter().all(|(_, payload)| payload.is_none()));
    assert_eq!(check(Chain::Consent, chain.iter().map(|(link, payload)| (link, payload.as_ref()))), Ok(()));
    // And a link that was changed is seen all the same.
    let mut changed = chain.clone();
    changed[0].0.kind = "refused".into();
    assert!(check(Chain::Consent, changed.iter().map(|(link, payload)| (link, payload.as_ref()))).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_handed_over_twice_is_taken_once() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    assert_eq!(take(&bench, &name).await, Taken::New);
    assert_eq!(take(&bench, &name).await, Taken::Before);
    assert_eq!(bench.house.store().chain(Chain::Consent).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_between_upload_and_commit_it_ends_the_same() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0, 1]);
    let trusted = bench.trusted();
    let chunk = super::read_chunk(&bench.ready(&name), &trusted).await.unwrap().unwrap();
    bench.intake().expect(&chunk).await.unwrap();
    assert_eq!(bench.intake().upload(&chunk).await.unwrap().len(), 2);
    assert!(bench.house.store().objects(RECORDING).await.unwrap().is_empty(), "nothing is committed yet");
    assert_eq!(take(&bench, &name).await, Taken::New);
    assert_eq!(hear(&bench, 0).await.len(), 50);
    assert_eq!(bench.house.vault().list(&object_prefix(RECORDING)).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_voice_dies_alone() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0, 1]);
    take(&bench, &name).await;
    let store = bench.house.store();
    let objects = store.objects(RECORDING).await.unwrap();
    let other = objects.iter().find(|object| object.track == bench.track(1)).unwrap();
    let before = bench.house.vault().get(&other.name).await.unwrap();
    let sealed = store.track_key(bench.track(0)).await.unwrap().unwrap().sealed.unwrap();
    assert!(bench.disk_holds(&sealed[sealed.len() - 60..]), "the private half lies there, sealed");

    let order = bench.order(0);
    assert_eq!(bench.intake().order(&order, &bench.trusted(), 1).await.unwrap(), Taken::New);
    assert_eq!(bench.house.vault().list(&object_prefix(RECORDING)).await.unwrap(), std::slice::from_ref(&other.name));
    assert!(matches!(bench.house.file_key(bench.track(0), &name).await, Err(HouseError::Gone)));
    assert!(!bench.disk_holds(&sealed[sealed.len() - 60..]), "no copy of the private half is left");
    assert_eq!(bench.house.vault().get(&other.name).await.unwrap(), before);
    assert_eq!(hear(&bench, 1).await.len(), 50);
    let states: Vec<_> = store.tracks(RECORDING).await.unwrap().iter().map(|t| (t.track, t.state)).collect();
    assert!(
        states.contains(&(bench.track(0), TrackState::Erased))
            && states.contains(&(bench.track(1), TrackState::Living))
    );
    assert!(store.open_orders().await.unwrap().is_empty(), "the listing showed it");
    assert_eq!(store.chain(Chain::Consent).await.unwrap().len(), 2, "who agreed stays provable");
    assert_eq!(bench.intake().order(&order, &bench.trusted(), 2).await.unwrap(), Taken::Before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_overtakes_its_chunk_keeps_the_voice_out() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0, 1]);
    let copy = bench.copy_of(&name);
    let order = bench.order(0);
    bench.intake().order(&order, &bench.trusted(), 1).await.unwrap();
    let now_ms = bench.house.clock().now_ms();
    assert_eq!(bench.intake().chunk(&copy, &bench.trusted(), now_ms).await.unwrap(), Taken::New);
    let names = bench.house.vault().list(&object_prefix(RECORDING)).await.unwrap();
    assert_eq!(names.len(), 1);
    assert!(names[0].contains(&bench.track(1).to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_between_upload_and_commit_leaves_nothing_in_the_store() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    let copy = bench.copy_of(&name);
    let chunk = super::read_chunk(&copy, &bench.trusted()).await.unwrap().unwrap();
    bench.intake().expect(&chunk).await.unwrap();
    let uploaded = bench.intake().upload(&chunk).await.unwrap();
    bench.intake().apply_for_test(&bench.order(0), &bench.trusted()).await;
    assert_eq!(bench.intake().commit(&chunk, &uploaded, 2).await.unwrap(), Taken::New);
    assert_eq!(bench.house.vault().list(&object_prefix(RECORDING)).await.unwrap().len(), 1, "still there");
    bench.intake().finish_erasures(3).await.unwrap();
    assert!(bench.house.vault().list(&object_prefix(RECORDING)).await.unwrap().is_empty());
    assert!(bench.house.store().doomed().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_the_gateway_erased_in_says_so_without_its_order() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0, 1]);
    bench.order(0);
    assert_eq!(take(&bench, &name).await, Taken::New);
    assert!(matches!(bench.house.file_key(bench.track(0), &name).await, Err(HouseError::Gone)));
    assert!(bench.house.store().track_key(bench.track(0)).await.unwrap().unwrap().sealed.is_none());
    assert_eq!(hear(&bench, 1).await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_verify_lies_apart_with_its_reason_and_its_end() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    let path = bench.ready(&name).join(format!("{}.voice", bench.track(0)));
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(take(&bench, &name).await, Taken::Quarantined { .. }));
    let apart = bench.house.store().quarantines().await.unwrap();
    assert_eq!((apart.len(), apart[0].recording), (1, Some(RECORDING)));
    assert_eq!(apart[0].destroy_by_ms, bench.started_ms + 180 * crate::bench::DAY_MS);
    let folder = bench.house.quarantine().join(&name);
    assert!(folder.join("reason.json").exists() && folder.join("media.jsonl").exists());
    assert!(bench.house.vault().list("").await.unwrap().is_empty(), "nothing of it is in the store");
    assert!(bench.house.store().recording(RECORDING).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_of_an_unknown_gateway_or_to_a_foreign_key_is_not_taken_in() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    let other = SigningKey::from_seed([8; 32]).verifying();
    let nobody = Trusted::from([(other.gateway(), other)]);
    let taken = bench.intake().chunk(&bench.ready(&name), &nobody, 1).await.unwrap();
    assert!(matches!(taken, Taken::Quarantined { why } if why.contains("not known")));

    let bench = Bench::new().await;
    let foreign = bench.house.keys().mint().unwrap();
    let name = bench.write_chunk_sealed_to(&[0], &[(foreign.track, foreign.public)]);
    assert!(matches!(take(&bench, &name).await, Taken::Quarantined { why } if why.contains("not minted here")));
    assert!(bench.house.vault().list("").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_without_its_journal_is_not_tried_for_ever() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    std::fs::remove_file(bench.ready(&name).join("media.jsonl")).unwrap();
    assert!(matches!(take(&bench, &name).await, Taken::Quarantined { .. }));
}

/// The chunk with its head changed, as a gateway with a wrong clock would have written it.
async fn take_with(change: impl FnOnce(&mut spool::line::Head, i64)) -> (Bench, Taken) {
    let bench = Bench::new().await;
    let mut head = bench.head(0);
    change(&mut head, bench.house.clock().now_ms());
    let chunk = bench.spool.begin(head, Slot(90)).unwrap();
    let name = chunk.close(Slot(300), spool::line::CloseWhy::LastSeatLeft).unwrap().name;
    let taken = take(&bench, &name).await;
    (bench, taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_without_a_key_has_a_gap_and_a_chunk_without_a_clock_line_the_time_of_its_head() {
    let bench = Bench::new().await;
    let mut chunk = bench.spool.begin(bench.head(0), Slot(90)).unwrap();
    let (whose, reason) = (Whose::Seat(SeatNo(3)), GapReason::NoKeys);
    chunk.note(Slot(200), &MediaEvent::Gap { whose, from: Slot(100), until: Slot(200), reason }).unwrap();
    let name = chunk.close(Slot(300), CloseWhy::LastSeatLeft).unwrap().name;
    assert_eq!(take(&bench, &name).await, Taken::New);
    let gaps = bench.house.store().gaps(RECORDING).await.unwrap();
    let [gap] = gaps.as_slice() else { panic!("{gaps:?}") };
    assert_eq!((gap.track, gap.from, gap.until, gap.reason.as_str()), (None, Slot(100), Slot(200), "no_keys"));
    let clocks = bench.house.store().clocks(RECORDING).await.unwrap();
    assert_eq!(
        clocks.iter().map(|clock| (clock.slot, clock.utc_ms)).collect::<Vec<_>>(),
        [(Slot(90), bench.head(0).clock.utc_ms)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_cannot_be_true_makes_no_recording() {
    for started_ms in [0, 253_402_300_799_000, i64::MAX, i64::MIN] {
        let (bench, taken) = take_with(|head, _| {
            head.started_ms = started_ms;
            head.destroy_by_ms = started_ms;
        })
        .await;
        assert!(matches!(&taken, Taken::Quarantined { why } if why.contains("start")), "{started_ms}: {taken:?}");
        assert!(bench.house.store().recording(RECORDING).await.unwrap().is_none());
    }
    let (_, taken) = take_with(|head, now_ms| head.started_ms = now_ms + 2 * crate::bench::DAY_MS).await;
    assert!(matches!(taken, Taken::Quarantined { .. }));
    let (_, taken) = take_with(|head, now_ms| head.started_ms = now_ms + 60_000).await;
    assert_eq!(taken, Taken::New, "a minute is what clocks may differ by");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_another_text_or_an_end_beyond_the_cap_is_not_taken_in() {
    let (_, taken) = take_with(|head, _| head.rule_hash = "0".repeat(64)).await;
    assert!(matches!(taken, Taken::Quarantined { why } if why.contains("rule")));
    let (_, taken) = take_with(|head, _| head.destroy_by_ms = head.started_ms + 190 * crate::bench::DAY_MS).await;
    assert!(matches!(taken, Taken::Quarantined { why } if why.contains("cap")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_place_of_a_journal_is_not_waited_for() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    let media = bench.ready(&name).join("media.jsonl");
    std::fs::remove_file(&media).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &media, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let taken = tokio::time::timeout(std::time::Duration::from_secs(20), take(&bench, &name)).await.unwrap();
    assert!(matches!(taken, Taken::Quarantined { .. }));
    assert!(!bench.house.quarantine().join(&name).join("media.jsonl").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_too_large_the_quarantine_keeps_only_the_reason() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    let voice = bench.ready(&name).join(format!("{}.voice", bench.track(0)));
    std::fs::File::options().write(true).open(voice).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(take(&bench, &name).await, Taken::Quarantined { .. }));
    let kept = std::fs::read_dir(bench.house.quarantine().join(&name)).unwrap();
    assert_eq!(kept.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(), ["reason.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_became_a_link_after_it_was_verified_is_not_uploaded() {
    let bench = Bench::new().await;
    let name = bench.write_chunk(&[0]);
    let chunk = super::read_chunk(&bench.ready(&name), &bench.trusted()).await.unwrap().unwrap();
    bench.intake().expect(&chunk).await.unwrap();
    let voice = &chunk.voices[0].voice_path;
    let elsewhere = bench.dir.path().join("elsewhere");
    std::fs::rename(voice, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, voice).unwrap();
    assert!(matches!(bench.intake().upload(&chunk).await, Err(super::IntakeError::Changed(_))));
}

/// The recording as a row, changed: as if it had begun otherwise.
async fn known_as(bench: &Bench, change: impl FnOnce(&mut Recording)) {
    let head = bench.head(0);
    let mut row = Recording {
        id: RECORDING,
        meeting: head.meeting,
        gateway: head.gateway,
        rule: head.rule,
        rule_hash: head.rule_hash,
        title: None,
        state: State::Receiving,
        started_ms: head.started_ms,
        ended_ms: None,
        destroy_by_ms: head.destroy_by_ms,
    };
    change(&mut row);
    let mut tx = bench.house.store().begin().await.unwrap();
    tx.expect_recording(&row).await.unwrap();
    tx.commit().await.unwrap();
}

/// Voice 0 is known as one of another recording.
async fn voice_of_another(bench: &Bench) {
    let recording = spool::id::RecordingId([9; 16]);
    known_as(bench, |row| row.id = recording).await;
    let mut tx = bench.house.store().begin().await.unwrap();
    let (track, seat, epoch) = (bench.track(0), spool::id::SeatNo(1), spool::id::EpochId([5; 8]));
    let state = TrackState::Living;
    let row = Track { track, recording, seat, epoch, from: Slot(1), until: None, state, erased_ms: None };
    tx.note_track(&row).await.unwrap();
    tx.commit().await.unwrap();
}

async fn is_sealed(bench: &Bench, n: usize) -> bool {
    bench.house.store().track_key(bench.track(n)).await.unwrap().unwrap().sealed.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_is_not_added_to_a_recording_that_began_otherwise() {
    let changes: [fn(&mut Recording); 4] = [
        |row| row.gateway = spool::id::GatewayId([0; 8]),
        |row| row.started_ms += 1,
        |row| row.rule = "another".into(),
        |row| row.rule_hash = "another".into(),
    ];
    for change in changes {
        let bench = Bench::new().await;
        known_as(&bench, change).await;
        let name = bench.write_chunk(&[0]);
        let taken = take(&bench, &name).await;
        assert!(matches!(&taken, Taken::Quarantined { why } if why.contains("no part")), "{taken:?}");
        assert!(bench.house.vault().list("").await.unwrap().is_empty());
    }
    let bench = Bench::new().await;
    known_as(&bench, |_| {}).await;
    let name = bench.write_chunk(&[0]);
    assert_eq!(take(&bench, &name).await, Taken::New);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_of_another_recording_is_neither_added_nor_erased() {
    let bench = Bench::new().await;
    voice_of_another(&bench).await;
    let name = bench.write_chunk(&[0]);
    assert!(matches!(take(&bench, &name).await, Taken::Quarantined { why } if why.contains("another recording")));
    let order = bench.order(0);
    let taken = bench.intake().order(&order, &bench.trusted(), 1).await.unwrap();
    assert!(matches!(taken, Taken::Quarantined { why } if why.contains("another recording")));
    assert!(is_sealed(&bench, 0).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_another_gateway_erases_nothing() {
    let bench = Bench::new().await;
    known_as(&bench, |row| row.gateway = spool::id::GatewayId([0; 8])).await;
    let taken = bench.intake().order(&bench.order(0), &bench.trusted(), 1).await.unwrap();
    assert!(matches!(taken, Taken::Quarantined { why } if why.contains("not of a gateway")));
    assert!(is_sealed(&bench, 0).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_a_gateway_that_is_not_paired_yet_waits() {
    let bench = Bench::new().await;
    let order = bench.order(0);
    assert!(bench.intake().order(&order, &Trusted::new(), 1).await.is_err(), "it must not be acknowledged");
    assert!(bench.house.store().quarantines().await.unwrap().is_empty());
    assert_eq!(bench.intake().order(&order, &bench.trusted(), 2).await.unwrap(), Taken::New);
    assert!(!is_sealed(&bench, 0).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_track_in_an_order_does_not_keep_ours() {
    let bench = Bench::new().await;
    let foreign = bench.house.keys().mint().unwrap().track;
    let will = spool::order::Will {
        meeting: crate::bench::MEETING,
        recording: RECORDING,
        decision: spool::order::Decision::Erase,
        tracks: vec![foreign, bench.track(0)],
        utc_ms: bench.started_ms,
        destroy_by_ms: bench.started_ms,
    };
    let order = bench.dir.path().join("spool/orders").join(bench.spool.order(&will).unwrap());
    assert_eq!(bench.intake().order(&order, &bench.trusted(), 1).await.unwrap(), Taken::New);
    assert!(!is_sealed(&bench, 0).await);
    assert_eq!(bench.house.store().quarantines().await.unwrap().len(), 1, "and what it said is kept apart");
}
