//! Tests of both sides together: what a gateway writes, an archive reads, whatever happens in between.
//!
//! Not here: kills, power cuts, refusals, broken directories and the files of a version: each in a file below.

#![expect(clippy::disallowed_methods, reason = "tests spoil files and need a date")]

mod after_a_kill;
pub(crate) mod made;
mod mutation;
pub(crate) mod power;
mod refused;
mod vectors;

use std::collections::BTreeMap;

use made::{Made, events_of, given, head, seat, slots, sound};

use crate::id::Slot;
use crate::line::{ActKind, CloseWhy, EndWhy, GapReason, MediaEvent, TrackFact, Whose};
use crate::name::FileName;
use crate::order::{self, Decision};
use crate::read;
use crate::write::SpoolError;

#[test]
fn what_was_recorded_is_read_back_packet_by_packet() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..163);
    chunk.sync().unwrap();
    made.talk(&mut chunk, 1, 400..401);
    chunk.end_track(made.track(1), Slot(500), EndWhy::Left).unwrap();
    let closed = chunk.close(Slot(600), CloseWhy::End).unwrap();

    let read = made.read(&closed.name);
    assert_eq!(read.hash, closed.hash);
    assert_eq!(read.until, Slot(600));
    assert!(!read.interrupted && read.erased.is_empty());
    assert_eq!(read.acts.len(), 1);
    let [voice] = read.voices.as_slice() else { panic!("one voice") };
    assert_eq!((voice.fact.from, voice.until), (Slot(100), Some(Slot(500))));
    assert_eq!(voice.uncovered, None);
    assert!(voice.records.iter().all(|record| record.map.count_ones() <= 25));
    assert_eq!(made.listen(voice), sound(made.track(1), (100..163).chain(400..401)));
}

#[test]
fn a_chunk_knows_how_near_it_is_to_what_an_archive_refuses() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    assert_eq!(chunk.fullness_percent(), 0);
    let text = "x".repeat(1 << 20);
    for _ in 0..12 {
        chunk
            .act(Slot(100), &crate::line::Act { text: text.clone(), ..given(ActKind::Offered, 1, made.track(1)) })
            .unwrap();
    }
    assert!((75..78).contains(&chunk.fullness_percent()), "twelve of sixteen MiB: {}", chunk.fullness_percent());
    let closed = chunk.close(Slot(200), CloseWhy::Time).unwrap();
    assert_eq!(made.read(&closed.name).acts.len(), 12);
}

#[test]
fn a_track_goes_on_in_the_next_chunk_under_the_same_permit() {
    let mut made = Made::new();
    let mut first = made.begin(0, vec![]);
    made.consent(&mut first, 1, 100);
    made.talk(&mut first, 1, 100..130);
    let first = first.close(Slot(130), CloseWhy::Time).unwrap();
    let fact = TrackFact { track: made.track(1), seat: seat(1), from: Slot(100) };
    let mut second = made.spool.begin(made.head_after(1, &first.hash, vec![fact]), Slot(130)).unwrap();
    made.open_voice(&mut second, 1, 100);
    made.talk(&mut second, 1, 130..140);
    let second = second.close(Slot(150), CloseWhy::End).unwrap();

    assert_eq!(made.spool.ready().unwrap(), [first.name.clone(), second.name.clone()]);
    assert_eq!(read::ready(made.dir.path()).unwrap(), made.spool.ready().unwrap());
    let (one, two) = (made.read(&first.name), made.read(&second.name));
    assert_eq!(two.head.previous, Some(one.hash.clone()));
    assert_eq!(one.voices[0].until, None);
    assert_eq!(slots(&one.voices[0]), (100..130).map(Slot).collect::<Vec<_>>());
    assert_eq!(slots(&two.voices[0]), (130..140).map(Slot).collect::<Vec<_>>());
    assert_eq!((two.voices[0].fact, two.voices[0].uncovered.clone()), (fact, None));
}

#[test]
fn nothing_after_the_end_of_a_permit_is_kept_even_if_it_was_sealed_before() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..160);
    chunk.sync().unwrap();
    made.talk(&mut chunk, 1, 160..170);
    chunk.end_track(made.track(1), Slot(140), EndWhy::Withdrawn).unwrap();
    assert!(matches!(chunk.packet(made.track(1), Slot(139), b"x"), Err(SpoolError::Wrong { .. })));
    let closed = chunk.close(Slot(200), CloseWhy::Withdrawal).unwrap();
    let read = made.read(&closed.name);
    assert_eq!(read.voices[0].uncovered, None);
    assert_eq!(made.listen(&read.voices[0]), sound(made.track(1), 100..125));
    let gap = MediaEvent::Gap {
        whose: Whose::Track(made.track(1)),
        from: Slot(125),
        until: Slot(140),
        reason: GapReason::Digits,
    };
    assert!(events_of(&read).any(|event| *event == gap), "what went with it is written down");
}

/// The disk did these, in this order, whatever came between.
#[test]
fn a_cut_that_the_disk_refused_is_made_at_the_next_sync() {
    let mut made = Made::stopping_within(u64::MAX);
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    for from in [100, 125, 150] {
        made.talk(&mut chunk, 1, from..from + 25);
        chunk.sync().unwrap();
    }
    made.disk.go_on(0);
    assert!(chunk.end_track(made.track(1), Slot(150), EndWhy::Withdrawn).is_err());
    made.disk.go_on(u64::MAX);
    chunk.sync().unwrap();
    let closed = chunk.close(Slot(200), CloseWhy::Withdrawal).unwrap();
    let read = made.read(&closed.name);
    assert_eq!(read.voices[0].uncovered, None);
    assert_eq!(made.listen(&read.voices[0]), sound(made.track(1), 100..150));
}

fn in_order(done: &[String], wanted: &[&str]) {
    let mut rest = done.iter();
    for step in wanted {
        assert!(rest.any(|done| done == step), "{step:?} is not there in its place: {done:#?}");
    }
}

#[test]
fn consent_is_synced_before_the_envelope_and_the_envelope_before_the_first_record() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.disk.done();
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..126);
    let [keys, voice] = [FileName::Keys(made.track(1)), FileName::Voice(made.track(1))].map(|name| name.to_string());
    let name = chunk.name().to_owned();
    let done = made.disk.done();
    in_order(
        &done,
        &[
            "write consent.jsonl",
            "sync consent.jsonl",
            "write media.jsonl",
            "sync media.jsonl",
            &format!("rename {keys}"),
            &format!("write {voice}"),
            &format!("sync {name}"),
            &format!("write {voice}"),
        ],
    );
    // What is renamed into place was synced before: its draft is the last file that was.
    let renamed = done.iter().position(|step| *step == format!("rename {keys}")).unwrap();
    assert!(done[renamed - 1].starts_with("sync ") && done[renamed - 1].ends_with(".draft"), "{done:#?}");
    assert_eq!(done.iter().filter(|step| **step == format!("write {voice}")).count(), 2, "a header and one record");
}

#[test]
fn an_erasure_is_synced_before_anything_goes_and_an_order_before_the_erasures_it_means() {
    let (made, name) = Made::with_one_chunk();
    made.disk.done();
    let order = made.order(Decision::Erase, &[1]);
    let of = |what: &str, file: FileName| format!("{what} {file}");
    let track = made.track(1);
    let done = made.disk.done();
    let erased = of("rename", FileName::Erased(track));
    let wanted = [
        format!("rename {order}"),
        "sync orders".into(),
        erased.clone(),
        format!("sync {name}"),
        of("unlink", FileName::Keys(track)),
        of("unlink", FileName::Voice(track)),
        format!("sync {name}"),
    ];
    in_order(&done, &wanted.each_ref().map(String::as_str));
    let renamed = done.iter().position(|step| *step == erased).unwrap();
    assert!(done[renamed - 1].starts_with("sync ") && done[renamed - 1].ends_with(".draft"), "{done:#?}");
}

#[test]
fn a_chunk_and_both_its_parents_are_synced_around_the_rename() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..110);
    made.disk.done();
    let name = chunk.close(Slot(200), CloseWhy::End).unwrap().name;
    let voice = FileName::Voice(made.track(1));
    let wanted = [
        format!("sync {voice}"),
        "write media.jsonl".into(),
        "sync media.jsonl".into(),
        format!("sync {name}"),
        format!("rename {name}"),
        "sync ready".into(),
        "sync open".into(),
    ];
    in_order(&made.disk.done(), &wanted.each_ref().map(String::as_str));
}

#[test]
fn a_sync_reaches_every_voice_and_journal_that_changed() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.consent(&mut chunk, 2, 100);
    chunk.sync().unwrap();
    made.disk.done();
    made.talk(&mut chunk, 2, 100..110);
    chunk.note(Slot(105), &MediaEvent::Paused).unwrap();
    chunk.sync().unwrap();
    let voice = FileName::Voice(made.track(2));
    let wanted =
        ["write media.jsonl".into(), format!("write {voice}"), format!("sync {voice}"), "sync media.jsonl".into()];
    assert_eq!(made.disk.done(), wanted, "and nothing else");
}

#[test]
fn one_sync_serves_every_recording_of_the_host() {
    let mut made = Made::new();
    let mut one = made.begin(0, vec![]);
    let other = crate::id::RecordingId([13; 16]);
    let mut other =
        made.spool.begin(crate::line::Head { recording: other, ..head(&made, 0, vec![]) }, Slot(90)).unwrap();
    for n in 1..=20 {
        let chunk = if n <= 10 { &mut one } else { &mut other };
        made.consent(chunk, n, 100);
        made.talk(chunk, n, 100..120);
    }
    made.disk.done();
    made.spool.sync(&mut [&mut one, &mut other], &mut []).unwrap();
    let done = made.disk.done();
    assert_eq!(done.iter().filter(|step| step.starts_with("write ")).count(), 20, "a record of each: {done:#?}");
    assert_eq!(done.iter().filter(|step| step.starts_with("sync ")).count(), 1, "{done:#?}");
    for (chunk, tracks) in [(one, 1..=10), (other, 11..=20)] {
        let name = chunk.close(Slot(200), CloseWhy::End).unwrap().name;
        let read = made.read(&name);
        let own: Vec<_> = tracks.map(|n| made.track(n)).collect();
        assert_eq!(read.voices.iter().map(|voice| voice.fact.track).collect::<Vec<_>>(), own);
        assert!(read.voices.iter().all(|voice| made.listen(voice) == sound(voice.fact.track, 100..120)));
    }
}

#[test]
fn a_hundred_voices_that_go_on_wait_for_a_few_syncs_and_the_silent_leave_no_files() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    let facts: Vec<TrackFact> =
        (1..=100).map(|n| TrackFact { track: made.track(n), seat: seat(n), from: Slot(100) }).collect();
    for n in 1..=100 {
        made.consent(&mut chunk, n, 100);
        made.talk(&mut chunk, n, 100..120);
    }
    let mut ahead = made.spool.ahead(crate::id::RecordingId([3; 16]), crate::id::EpochId([5; 8]), 1).unwrap();
    for n in 1..=99 {
        made.try_lay(&mut ahead, n, 100).unwrap();
    }
    let syncs = |made: &Made| made.disk.done().into_iter().filter(|step| step.starts_with("sync ")).collect::<Vec<_>>();
    syncs(&made);
    assert_eq!(open_key_files(&made), 99);
    made.spool.sync(&mut [&mut chunk], &mut [&mut ahead]).unwrap();
    assert_eq!(syncs(&made).len(), 1, "one for the whole host");
    assert_eq!(open_key_files(&made), 0, "a descriptor that nothing is written to any more");
    // One of them is made late, when the chunk is about to change.
    made.try_lay(&mut ahead, 100, 100).unwrap();
    let first = chunk.close(Slot(120), CloseWhy::Time).unwrap();
    let head = made.head_after(1, &first.hash, facts[..99].to_vec());
    let mut chunk = made.spool.begin_ahead(ahead, head, Slot(120)).unwrap();
    let done = syncs(&made);
    assert!(done.len() <= 14, "{done:#?}");
    for n in [7, 99] {
        made.talk(&mut chunk, n, 120..170);
    }
    assert!(chunk.packet(made.track(100), Slot(120), b"x").is_err(), "its permit ended before");
    let second = chunk.close(Slot(200), CloseWhy::End).unwrap();
    let read = made.read(&second.name);
    assert_eq!(read.voices.len(), 2, "who says nothing needs no file");
    for (voice, n) in read.voices.iter().zip([7, 99]) {
        assert_eq!(made.listen(voice), sound(made.track(n), 120..170));
        assert_eq!((voice.fact.from, voice.until), (Slot(100), None));
    }
    assert!(made::files(&made.dir.path().join("open")).is_empty());
}

/// How many files of keys in this spool the process has open.
fn open_key_files(made: &Made) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.unwrap().path().read_link().ok());
    open.filter(|file| file.starts_with(made.dir.path()) && file.extension().is_some_and(|end| end == "keys")).count()
}

#[test]
fn what_was_made_ahead_for_another_chunk_begins_none() {
    let mut made = Made::new();
    let mut ahead = made.spool.ahead(crate::id::RecordingId([3; 16]), crate::id::EpochId([5; 8]), 1).unwrap();
    made.try_lay(&mut ahead, 1, 100).unwrap();
    let refused = made.spool.begin_ahead(ahead, head(&made, 0, vec![]), Slot(90)).unwrap_err();
    assert!(matches!(refused, SpoolError::Wrong { .. }), "{refused}");
}

#[test]
fn erasing_one_voice_leaves_every_other_byte_as_it_was() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    for seat in 1..=3 {
        made.consent(&mut chunk, seat, 100);
        made.talk(&mut chunk, seat, 100..150);
    }
    chunk.end_track(made.track(2), Slot(150), EndWhy::Withdrawn).unwrap();
    chunk.sync().unwrap();
    let path = made.dir.path().join("open").join(chunk.name());
    let before = made::files(&path);
    chunk.erase_track(made.track(2)).unwrap();
    let after = made::files(&path);
    let of = |files: &BTreeMap<String, Vec<u8>>, seat| {
        let of_track = |(name, _): &(&String, &Vec<u8>)| name.starts_with(&made.track(seat).to_string());
        files.iter().filter(of_track).map(|(name, bytes)| (name.clone(), bytes.clone())).collect::<Vec<_>>()
    };
    for seat in [1, 3] {
        assert_eq!(of(&before, seat).len(), 2);
        assert_eq!(of(&before, seat), of(&after, seat));
    }
    assert_eq!(of(&after, 2).len(), 1, "only .erased is left");

    let closed = chunk.close(Slot(200), CloseWhy::End).unwrap();
    let ready = made.dir.path().join("ready").join(&closed.name);
    let before = made::files(&ready);
    made.order(Decision::Erase, &[3]);
    let after = made::files(&ready);
    let gone = |name: FileName| name.to_string();
    for (name, bytes) in &before {
        let erased = [gone(FileName::Keys(made.track(3))), gone(FileName::Voice(made.track(3)))].contains(name);
        assert_eq!(after.get(name), (!erased).then_some(bytes), "{name}");
    }
    let read = made.read(&closed.name);
    assert_eq!(read.erased, [made.track(2), made.track(3)]);
    assert_eq!(read.voices.len(), 1);
    assert_eq!(made.listen(&read.voices[0]), sound(made.track(1), 100..150));
}

#[test]
fn an_erasure_wins_over_files_that_are_still_there() {
    let (made, name) = Made::with_one_chunk();
    let ready = made.dir.path().join("ready").join(&name);
    let voice = ready.join(FileName::Voice(made.track(1)).to_string());
    let bytes = std::fs::read(&voice).unwrap();
    made.order(Decision::Erase, &[1]);
    std::fs::write(&voice, bytes).unwrap();
    let read = made.read(&name);
    assert_eq!(read.erased, [made.track(1)]);
    assert!(read.voices.iter().all(|voice| voice.fact.track != made.track(1)));
    made.spool.recover(0).unwrap();
    assert!(!voice.exists(), "the next start finishes it");
}

#[test]
fn yes_withdrawal_and_yes_again_keep_only_the_last_yes() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..150);
    chunk.act(Slot(150), &given(ActKind::Withdrawn, 1, made.track(1))).unwrap();
    chunk.end_track(made.track(1), Slot(150), EndWhy::Withdrawn).unwrap();
    chunk.act(Slot(180), &given(ActKind::ErasedEarlier, 1, made.track(1))).unwrap();
    made.order(Decision::Erase, &[1]);
    chunk.erase_track(made.track(1)).unwrap();
    made.consent_as(&mut chunk, 4, 1, 200);
    made.talk(&mut chunk, 4, 200..230);
    let closed = chunk.close(Slot(250), CloseWhy::LastSeatLeft).unwrap();
    let read = made.read(&closed.name);
    assert_eq!(read.erased, [made.track(1)]);
    assert_eq!(read.voices.len(), 1);
    assert_eq!(made.listen(&read.voices[0]), sound(made.track(4), 200..230));
}

#[test]
fn an_order_is_signed_and_its_number_never_serves_twice() {
    let (made, _) = Made::with_one_chunk();
    let first = made.order(Decision::Keep, &[1]);
    let second = made.order(Decision::Erase, &[1, 2]);
    assert_eq!(made.spool.orders().unwrap(), [first.clone(), second.clone()]);
    assert_eq!(read::orders(made.dir.path()).unwrap(), made.spool.orders().unwrap());
    let path = made.dir.path().join("orders").join(&second);
    let order = order::read(&path, &made.trust()).unwrap();
    assert_eq!((order.decision, order.tracks), (Decision::Erase, vec![made.track(1), made.track(2)]));
    assert!(made.spool.acknowledge_order(&second).unwrap());
    assert!(!made.spool.acknowledge_order(&second).unwrap());
    assert_ne!(made.order(Decision::Erase, &[1]), first);
}

#[test]
fn orders_of_two_threads_are_two_orders() {
    let (made, _) = Made::with_one_chunk();
    let names: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| made.order(Decision::Keep, &[1]))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), 8);
    assert_eq!(made.spool.orders().unwrap().len(), 8);
}

#[test]
fn what_is_acknowledged_is_gone_and_nothing_outside_the_spool_can_be_named() {
    let (made, name) = Made::with_one_chunk();
    let outside = made.dir.path().join("outside");
    std::fs::write(&outside, b"mine").unwrap();
    for name in ["../outside", "..", ".", "", "/", "../ready", "x/../../outside"] {
        assert!(matches!(made.spool.acknowledge(name), Err(SpoolError::Wrong { .. })), "{name}");
        assert!(matches!(made.spool.acknowledge_order(name), Err(SpoolError::Wrong { .. })), "{name}");
    }
    assert!(outside.exists());
    assert!(made.spool.acknowledge(&name).unwrap());
    assert!(!made.spool.acknowledge(&name).unwrap());
    assert!(made.spool.ready().unwrap().is_empty());
    assert!(made::files(&made.dir.path().join("open")).is_empty());
}

#[test]
fn on_its_day_a_chunk_and_an_order_are_destroyed_without_being_acknowledged() {
    let (made, name) = Made::with_one_chunk();
    let order = made.order(Decision::Erase, &[1]);
    let end = head(&made, 0, vec![]).destroy_by_ms;
    assert!(made.spool.expire(end - 1).unwrap().is_empty());
    assert_eq!(made.spool.expire(end).unwrap(), [name, order]);
    assert!(made.spool.ready().unwrap().is_empty() && made.spool.orders().unwrap().is_empty());
}

#[test]
fn what_does_not_say_when_it_ends_ends_a_month_after_it_was_written() {
    let (made, name) = Made::with_one_chunk();
    std::fs::write(made.dir.path().join("ready").join(&name).join("media.jsonl"), b"?").unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    assert!(made.spool.expire(now).unwrap().is_empty());
    assert_eq!(made.spool.expire(now + 32 * 24 * 3_600_000).unwrap(), [name]);
}

#[test]
fn a_full_disk_is_told_as_such_and_loses_only_what_it_refused() {
    let mut made = Made::stopping_within(u64::MAX);
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..110);
    made.disk.go_on(0);
    assert!(chunk.sync().is_err());
    assert!(chunk.packet(made.track(1), Slot(110), b"refused").is_err());
    assert!(chunk.note(Slot(110), &MediaEvent::Paused).is_err());
    made.disk.go_on(u64::MAX);
    made.talk(&mut chunk, 1, 120..130);
    chunk.note(Slot(130), &MediaEvent::Resumed).unwrap();
    let closed = chunk.close(Slot(140), CloseWhy::End).unwrap();
    let read = made.read(&closed.name);
    assert_eq!(made.listen(&read.voices[0]), sound(made.track(1), (100..110).chain(120..130)));
}

#[test]
fn a_permit_whose_files_could_not_be_made_ends_where_it_began() {
    let mut n = 0;
    loop {
        let mut made = Made::stopping_within(u64::MAX);
        let mut chunk = made.begin(0, vec![]);
        chunk.act(Slot(100), &given(ActKind::Given, 1, made.track(1))).unwrap();
        made.disk.go_on(n);
        if made.try_open_voice(&mut chunk, 1, 1, 100).is_ok() {
            break;
        }
        made.disk.go_on(u64::MAX);
        made.consent_as(&mut chunk, 2, 1, 150);
        made.talk(&mut chunk, 2, 150..160);
        let closed = chunk.close(Slot(200), CloseWhy::End).unwrap();
        let read = made.read(&closed.name);
        assert_eq!(read.voices.len(), 1, "step {n}");
        assert_eq!(read.voices[0].fact.track, made.track(2));
        n += 1;
    }
    assert!(n > 8, "{n} steps");
}

#[test]
fn a_track_that_could_not_begin_may_begin_again() {
    for n in 1..9 {
        let mut made = Made::stopping_within(u64::MAX);
        let carried = TrackFact { track: made.track(2), seat: seat(2), from: Slot(50) };
        let mut chunk = made.begin(0, vec![carried]);
        for (track, from) in [(1, 100), (2, 50)] {
            made.disk.go_on(n);
            assert!(made.try_open_voice(&mut chunk, track, track, from).is_err(), "step {n}");
            made.disk.go_on(u64::MAX);
            made.open_voice(&mut chunk, track, from);
            made.talk(&mut chunk, track, 100..110);
        }
        let closed = chunk.close(Slot(200), CloseWhy::Time).unwrap();
        let read = made.read(&closed.name);
        for (voice, track) in read.voices.iter().zip([1, 2]) {
            assert_eq!((voice.until, made.listen(voice)), (None, sound(made.track(track), 100..110)), "step {n}");
        }
        assert_eq!(read.voices.len(), 2);
    }
}

#[test]
fn a_chunk_that_could_not_begin_may_begin_again() {
    let mut n = 0;
    loop {
        let made = Made::stopping_within(u64::MAX);
        made.disk.go_on(n);
        if made.spool.begin(head(&made, 0, vec![]), Slot(90)).is_ok() {
            break;
        }
        made.disk.go_on(u64::MAX);
        let chunk = made.spool.begin(head(&made, 0, vec![]), Slot(90)).unwrap();
        made.read(&chunk.close(Slot(91), CloseWhy::End).unwrap().name);
        n += 1;
    }
    assert!(n > 6, "{n} steps");
}

#[test]
fn the_writer_refuses_what_no_chunk_may_say() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    let refused = |result: Result<(), SpoolError>| assert!(matches!(result, Err(SpoolError::Wrong { .. })));
    refused(made.try_open_voice(&mut chunk, 1, 1, 100));
    refused(made.try_open_voice(&mut chunk, 2, 1, 100));
    refused(chunk.packet(made.track(1), Slot(99), b"x"));
    refused(chunk.packet(made.track(1), Slot(100), b""));
    refused(chunk.packet(made.track(1), Slot(100), &[0; 1277]));
    refused(chunk.packet(made.track(9), Slot(100), b"x"));
    chunk.packet(made.track(1), Slot(100), &[7; 1276]).unwrap();
    refused(chunk.packet(made.track(1), Slot(100), b"x"));
    refused(chunk.note(Slot(101), &MediaEvent::Erased { track: made.track(1) }));
    refused(chunk.note(Slot(101), &MediaEvent::Interrupted));
    assert!(matches!(made.spool.begin(head(&made, 0, vec![]), Slot(0)), Err(SpoolError::Wrong { .. })));
}

#[test]
fn the_clock_of_a_chunk_gives_utc_for_its_slots() {
    let (made, name) = Made::with_one_chunk();
    let clock = read::clock(&made.read(&name));
    assert_eq!(clock.at(Slot(150)).unwrap(), read::Utc { utc_ms: 1_800_000_003_000, error_ms: 2, ntp: true });
}

#[test]
fn the_disk_says_how_much_is_left() {
    assert!(Made::new().spool.free_bytes().unwrap() > 0);
}
