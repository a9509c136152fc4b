//! A gateway that is killed within any change it makes to the disk: what the next start makes of it.
//!
//! Not here: a power cut, which keeps less than a kill does (`power`).

use std::collections::{BTreeMap, BTreeSet};

use super::made::{self, Made, events_of, given, seat};
use super::power::Luck;
use crate::disk::Disk;
use crate::id::{EpochId, MeetingId, RecordingId, SectionId, Slot, TrackId};
use crate::line::{Act, ActKind, CloseWhy, EndWhy, GapReason, Head, MediaEvent, TrackFact, Whose};
use crate::name::FileName;
use crate::order::{self, Decision};
use crate::read::{self, Chunk, Voice};
use crate::voice::{Ending, index};
use crate::write::{Spool, SpoolError};

/// What a gateway was sure of when it was killed.
#[derive(Default)]
struct Sure {
    /// Slots that were taken before a sync that returned.
    synced: BTreeMap<TrackId, BTreeSet<u64>>,
    taken: BTreeMap<TrackId, BTreeSet<u64>>,
    /// Orders that were written when their call returned.
    erased: BTreeSet<TrackId>,
    withdrawn: BTreeSet<TrackId>,
    kept: BTreeSet<TrackId>,
    /// Whose first chunk, with the yes in it, the archive may have by now.
    handed_over: BTreeSet<TrackId>,
}

impl Sure {
    fn talk(&mut self, made: &Made, chunk: &mut crate::write::ChunkWriter, n: u8, slots: std::ops::Range<u64>) -> Done {
        made.try_talk(chunk, n, slots.clone())?;
        self.taken.entry(made.track(n)).or_default().extend(slots);
        Ok(())
    }

    fn sync(&mut self, chunk: &mut crate::write::ChunkWriter) -> Done {
        chunk.sync()?;
        self.synced = self.taken.clone();
        Ok(())
    }
}

type Done = Result<(), SpoolError>;

/// Three seats: the first withdraws and has the earlier part erased, agrees again, withdraws and keeps; the second talks
/// through two chunks and is erased in the open one; the third withdraws and never decides.
fn an_evening(made: &mut Made, sure: &mut Sure) -> Done {
    let mut chunk = made.spool.begin(made::head(made, 0, vec![]), Slot(90))?;
    for n in 1..=3 {
        chunk.act(Slot(100), &given(ActKind::Given, n, made.track(n)))?;
        made.try_open_voice(&mut chunk, n, n, 100)?;
        sure.talk(made, &mut chunk, n, 100..140)?;
    }
    sure.sync(&mut chunk)?;
    sure.talk(made, &mut chunk, 2, 140..150)?;
    sure.withdrawn.insert(made.track(1));
    chunk.act(Slot(140), &given(ActKind::Withdrawn, 1, made.track(1)))?;
    chunk.end_track(made.track(1), Slot(140), EndWhy::Withdrawn)?;
    let first = chunk.close(Slot(150), CloseWhy::Withdrawal)?;
    sure.synced = sure.taken.clone();

    let carried = [2, 3].map(|n| TrackFact { track: made.track(n), seat: seat(n), from: Slot(100) });
    let mut chunk = made.spool.begin(made.head_after(1, &first.hash, carried.to_vec()), Slot(150))?;
    for n in [2, 3] {
        made.try_open_voice(&mut chunk, n, n, 100)?;
        sure.talk(made, &mut chunk, n, 150..170)?;
    }
    chunk.act(Slot(160), &given(ActKind::ErasedEarlier, 1, made.track(1)))?;
    made.try_order(Decision::Erase, &[1])?;
    sure.erased.insert(made.track(1));
    chunk.act(Slot(170), &given(ActKind::Given, 1, made.track(4)))?;
    made.try_open_voice(&mut chunk, 4, 1, 170)?;
    sure.talk(made, &mut chunk, 4, 170..200)?;
    sure.sync(&mut chunk)?;
    sure.withdrawn.insert(made.track(4));
    chunk.act(Slot(200), &given(ActKind::Withdrawn, 1, made.track(4)))?;
    chunk.end_track(made.track(4), Slot(200), EndWhy::Withdrawn)?;
    chunk.act(Slot(210), &given(ActKind::KeptEarlier, 1, made.track(4)))?;
    sure.kept.insert(made.track(4));
    made.try_order(Decision::Keep, &[4])?;
    sure.withdrawn.insert(made.track(2));
    chunk.act(Slot(220), &given(ActKind::Withdrawn, 2, made.track(2)))?;
    chunk.end_track(made.track(2), Slot(170), EndWhy::Withdrawn)?;
    chunk.act(Slot(225), &given(ActKind::ErasedEarlier, 2, made.track(2)))?;
    made.try_order(Decision::Erase, &[2])?;
    sure.erased.insert(made.track(2));
    chunk.erase_track(made.track(2))?;
    sure.withdrawn.insert(made.track(3));
    chunk.act(Slot(230), &given(ActKind::Withdrawn, 3, made.track(3)))?;
    chunk.end_track(made.track(3), Slot(180), EndWhy::Withdrawn)?;
    chunk.close(Slot(240), CloseWhy::LastSeatLeft)?;
    Ok(())
}

/// Two sections in two rooms and, after a restart, two epochs: a cut, an erasure of what is ready, files made ahead for a
/// voice that goes on and for one that does not, a yes for which no key is left, an acknowledgement, and the day on
/// which all of it ends.
fn a_divided_evening(made: &mut Made, sure: &mut Sure) -> Done {
    let rooms = vec!["Ratssaal".to_owned(), "Ausschuss".to_owned()];
    let (recording, epoch) = (RecordingId([3; 16]), EpochId([5; 8]));
    let mut chunk = made.spool.begin(Head { rooms: rooms.clone(), ..made::head(made, 0, vec![]) }, Slot(90))?;
    for n in [1, 2] {
        chunk.act(Slot(100), &given(ActKind::Given, n, made.track(n)))?;
        made.try_open_voice(&mut chunk, n, n, 100)?;
        sure.talk(made, &mut chunk, n, 100..140)?;
    }
    let mut ahead = made.spool.ahead(recording, epoch, 1)?;
    for n in [1, 2] {
        made.try_lay(&mut ahead, n, 100)?;
    }
    made.spool.sync(&mut [&mut chunk], &mut [&mut ahead])?;
    sure.synced = sure.taken.clone();
    chunk.end_track(made.track(2), Slot(140), EndWhy::Left)?;
    let first = chunk.close(Slot(160), CloseWhy::Cut)?;

    let carried = TrackFact { track: made.track(1), seat: seat(1), from: Slot(100) };
    let head = Head { rooms: rooms.clone(), ..made.head_after(1, &first.hash, vec![carried]) };
    let mut chunk = made.spool.begin_ahead(ahead, head, Slot(160))?;
    sure.talk(made, &mut chunk, 1, 160..180)?;
    sure.withdrawn.insert(made.track(2));
    chunk.act(Slot(170), &given(ActKind::ErasedEarlier, 2, made.track(2)))?;
    made.try_order(Decision::Erase, &[2])?;
    sure.erased.insert(made.track(2));
    sure.sync(&mut chunk)?;
    chunk.end_track(made.track(1), Slot(190), EndWhy::Section)?;
    let second = chunk.close(Slot(190), CloseWhy::Section)?;

    let section = SectionId([14; 16]);
    let head = Head { section, rooms: rooms.clone(), ..made.head_after(2, &second.hash, vec![]) };
    let mut chunk = made.spool.begin(head, Slot(190))?;
    chunk.act(Slot(195), &Act { track: None, key: None, ..given(ActKind::Given, 2, made.track(2)) })?;
    let gap =
        |until| MediaEvent::Gap { whose: Whose::Seat(seat(2)), from: Slot(195), until, reason: GapReason::NoKeys };
    chunk.note(Slot(198), &gap(Slot(198)))?;
    chunk.act(Slot(200), &given(ActKind::Given, 1, made.track(3)))?;
    made.try_open_voice(&mut chunk, 3, 1, 200)?;
    sure.talk(made, &mut chunk, 3, 200..240)?;
    sure.sync(&mut chunk)?;
    sure.talk(made, &mut chunk, 3, 240..250)?;
    let ahead = made.spool.ahead(recording, epoch, 3)?;
    drop((chunk, ahead));
    // What was not sealed yet died with the gateway.
    sure.taken = sure.synced.clone();

    made.spool.recover(1_800_000_005_500)?;
    let epoch = EpochId([6; 8]);
    let mut chunk = made.spool.begin(Head { section, epoch, rooms, ..made::head(made, 3, vec![]) }, Slot(5))?;
    chunk.act(Slot(10), &given(ActKind::Given, 1, made.track(4)))?;
    made.try_open_voice(&mut chunk, 4, 1, 10)?;
    sure.talk(made, &mut chunk, 4, 10..50)?;
    sure.sync(&mut chunk)?;
    chunk.close(Slot(60), CloseWhy::End)?;

    // What the archive has is no longer the gateway's to show.
    sure.handed_over = [1, 2].map(|n| made.track(n)).into();
    for n in [1, 2] {
        sure.synced.remove(&made.track(n));
    }
    made.spool.acknowledge(&first.name)?;
    *sure = Sure { handed_over: (1..=4).map(|n| made.track(n)).collect(), ..Sure::default() };
    made.spool.expire(made::head(made, 0, vec![]).destroy_by_ms)?;
    assert!(made.spool.ready()?.is_empty() && made.spool.orders()?.is_empty());
    Ok(())
}

/// Two meetings at once on one gateway, under one sync: files made ahead in one of them, a chunk of the other given up and
/// closed while both go on, a withdrawal that reaches into it, one that is kept, and one meeting handed over before the other.
fn two_meetings_at_once(made: &mut Made, sure: &mut Sure) -> Done {
    let [one, other] = [3, 13].map(|n| RecordingId([n; 16]));
    let of = |head: Head, recording: RecordingId| Head { recording, meeting: MeetingId(recording.0), ..head };
    let mut first = made.spool.begin(of(made::head(made, 0, vec![]), one), Slot(90))?;
    let mut second = made.spool.begin(of(made::head(made, 0, vec![]), other), Slot(95))?;
    for n in 1..=4 {
        let chunk = if n <= 2 { &mut first } else { &mut second };
        chunk.act(Slot(100), &given(ActKind::Given, n, made.track(n)))?;
        made.try_open_voice(chunk, n, n, 100)?;
        sure.talk(made, chunk, n, 100..140)?;
    }
    let mut ahead = made.spool.ahead(other, EpochId([5; 8]), 1)?;
    made.try_lay(&mut ahead, 3, 100)?;
    made.spool.sync(&mut [&mut first, &mut second], &mut [&mut ahead])?;
    sure.synced = sure.taken.clone();

    // The first meeting's chunk is given up where it stands.
    let left = first.name().to_owned();
    drop(first);
    let carried = [1, 2].map(|n| TrackFact { track: made.track(n), seat: seat(n), from: Slot(100) });
    let mut first = made.spool.begin(of(made::head(made, 1, carried.to_vec()), one), Slot(150))?;
    for n in [1, 2] {
        made.try_open_voice(&mut first, n, n, 100)?;
        sure.talk(made, &mut first, n, 150..170)?;
    }
    sure.withdrawn.insert(made.track(1));
    first.act(Slot(170), &given(ActKind::Withdrawn, 1, made.track(1)))?;
    first.end_track(made.track(1), Slot(170), EndWhy::Withdrawn)?;
    first.act(Slot(175), &given(ActKind::ErasedEarlier, 1, made.track(1)))?;
    made.try_order(Decision::Erase, &[1])?;
    sure.erased.insert(made.track(1));
    first.erase_track(made.track(1))?;
    made.spool.erase_in_left(&left, &[made.track(1)])?;

    second.end_track(made.track(4), Slot(140), EndWhy::Left)?;
    let handed = second.close(Slot(180), CloseWhy::Time)?;
    let carried = TrackFact { track: made.track(3), seat: seat(3), from: Slot(100) };
    let head = of(made.head_after(1, &handed.hash, vec![carried]), other);
    let mut second = made.spool.begin_ahead(ahead, head, Slot(180))?;
    sure.talk(made, &mut second, 3, 180..200)?;
    sure.withdrawn.insert(made.track(3));
    second.act(Slot(200), &given(ActKind::Withdrawn, 3, made.track(3)))?;
    second.end_track(made.track(3), Slot(200), EndWhy::Withdrawn)?;
    second.act(Slot(205), &given(ActKind::KeptEarlier, 3, made.track(3)))?;
    sure.kept.insert(made.track(3));
    // While the second meeting is being written.
    made.spool.recover_chunk(&left, 1_800_000_005_500)?;
    made.spool.sync(&mut [&mut first, &mut second], &mut [])?;
    let ended = second.close(Slot(210), CloseWhy::LastSeatLeft)?;
    sure.handed_over = [3, 4].map(|n| made.track(n)).into();
    for n in [3, 4] {
        sure.synced.remove(&made.track(n));
        sure.kept.remove(&made.track(n));
    }
    made.spool.acknowledge(&handed.name)?;
    made.spool.acknowledge(&ended.name)?;
    sure.talk(made, &mut first, 2, 210..240)?;
    first.close(Slot(240), CloseWhy::LastSeatLeft)?;
    Ok(())
}

type Evening = fn(&mut Made, &mut Sure) -> Done;

/// Kills an evening within its n-th change; false when it ended before.
fn killed_within(n: u64, evening: Evening, mut then: impl FnMut(&Made, &Sure)) -> bool {
    let mut made = Made::stopping_within(n);
    let mut sure = Sure::default();
    let killed = evening(&mut made, &mut sure).is_err();
    then(&made, &sure);
    killed
}

fn started_again(made: &Made) -> Spool {
    Spool::at(made.dir.path(), made.key.clone()).unwrap()
}

/// What must hold after a start, whatever was cut.
fn holds(made: &Made, sure: &Sure, n: u64) {
    assert!(made::files(&made.dir.path().join("open")).is_empty(), "{n}: nothing is left open");
    let chunks: Vec<Chunk> = started_again(made).ready().unwrap().iter().map(|name| made.read(name)).collect();
    let mut heard: BTreeMap<TrackId, BTreeSet<u64>> = BTreeMap::new();
    for voice in chunks.iter().flat_map(|chunk| &chunk.voices) {
        assert_eq!(voice.uncovered, None, "{n}");
        let track = voice.fact.track;
        let sound = made.listen(voice);
        assert_eq!(sound, made::sound(track, sound.iter().map(|(slot, _)| slot.0)), "{n}: nobody else's sound");
        heard.entry(track).or_default().extend(sound.iter().map(|(slot, _)| slot.0));
        let yes = |(_, act): &(Slot, crate::line::Act)| act.kind == ActKind::Given && act.track == Some(track);
        let said = chunks.iter().flat_map(|chunk| &chunk.acts).any(yes) || sure.handed_over.contains(&track);
        assert!(said, "{n}: no sound without its yes");
    }
    let mut of: BTreeMap<TrackId, _> = BTreeMap::new();
    for chunk in &chunks {
        for Voice { fact, header, .. } in &chunk.voices {
            let here = (chunk.head.recording, chunk.head.section, header.epoch);
            assert_eq!(*of.entry(fact.track).or_insert(here), here, "{n}: {} lies in two of them", fact.track);
        }
        for (from, until, slots) in gaps(chunk) {
            assert!(slots.iter().all(|slot| *slot < from || *slot >= until), "{n}: sound in a gap of {}", chunk.name);
        }
    }
    let said = |kind: ActKind| -> BTreeSet<TrackId> {
        let acts = chunks.iter().flat_map(|chunk| &chunk.acts).filter(|(_, act)| act.kind == kind);
        acts.filter_map(|(_, act)| act.track).collect()
    };
    let kept = said(ActKind::KeptEarlier);
    let ordered: BTreeSet<TrackId> = erase_orders(made);
    for track in said(ActKind::Withdrawn).difference(&kept).chain(&sure.erased) {
        assert!(ordered.contains(track), "{n}: {track} was withdrawn, not kept, and no order says so");
        assert!(!heard.contains_key(track), "{n}: {track} was withdrawn and is still there");
    }
    assert!(sure.kept.is_subset(&kept) && kept.is_disjoint(&ordered), "{n}: what is kept is not erased");
    for (track, slots) in &sure.synced {
        let heard = heard.get(track).cloned().unwrap_or_default();
        let gone = ordered.contains(track);
        assert!(gone || slots.is_subset(&heard), "{n}: {track} lost what was synced");
        assert!(!gone || sure.withdrawn.contains(track), "{n}: {track} was erased without a withdrawal");
    }
}

/// Every gap of a chunk with the slots that are there all the same of whose gap it is.
fn gaps(chunk: &Chunk) -> Vec<(Slot, Slot, Vec<Slot>)> {
    let of = |whose: Whose| {
        let voices = chunk.voices.iter().filter(move |voice| match whose {
            Whose::Track(track) => voice.fact.track == track,
            Whose::Seat(seat) => voice.fact.seat == seat,
        });
        voices.flat_map(made::slots).collect()
    };
    let gap = |event: &MediaEvent| match event {
        MediaEvent::Gap { whose, from, until, .. } => Some((*from, *until, of(*whose))),
        _ => None,
    };
    events_of(chunk).filter_map(gap).collect()
}

const EVENINGS: [Evening; 3] = [an_evening, a_divided_evening, two_meetings_at_once];

fn erase_orders(made: &Made) -> BTreeSet<TrackId> {
    let orders = read::orders(made.dir.path()).unwrap();
    let orders =
        orders.iter().map(|name| order::read(&made.dir.path().join("orders").join(name), &made.trust()).unwrap());
    orders.filter(|order| order.decision == Decision::Erase).flat_map(|order| order.tracks).collect()
}

#[test]
fn a_gateway_killed_within_any_change_hands_over_what_verifies() {
    for evening in EVENINGS {
        let mut n = 0;
        while killed_within(n, evening, |made, sure| {
            started_again(made).recover(1_800_000_006_000).unwrap();
            holds(made, sure, n);
            let before = made::files(made.dir.path());
            assert_eq!(
                started_again(made).recover(1_800_000_007_000).unwrap(),
                [],
                "{n}: a second start finds nothing to do"
            );
            assert_eq!(made::files(made.dir.path()), before, "{n}: a second start changes nothing");
            started_again(made).expire(made::head(made, 0, vec![]).destroy_by_ms).unwrap();
            assert!(made::files(made.dir.path()).is_empty(), "{n}: on its day nothing is left");
        }) {
            n += 1;
        }
        assert!(n > 100, "the evening made {n} changes");
    }
}

#[test]
fn a_start_killed_within_any_change_is_finished_by_the_next_one() {
    // Evenings cut in different places, and every cut of the start that follows.
    let cuts: [&[u64]; 3] = [&[12, 60, 97, 119, 135, 150], &[30, 75, 110], &[70, 100, 130]];
    for (evening, cuts) in EVENINGS.into_iter().zip(cuts) {
        for &cut in cuts {
            let mut n = 0;
            loop {
                let mut ended = false;
                killed_within(cut, evening, |made, sure| {
                    let disk = Disk::stopping_within(u64::MAX);
                    let spool = Spool::on(disk.clone(), made.dir.path(), made.key.clone()).unwrap();
                    disk.go_on(n);
                    ended = spool.recover(1_800_000_006_000).is_ok();
                    started_again(made).recover(1_800_000_007_000).unwrap();
                    holds(made, sure, cut * 1000 + n);
                });
                if ended {
                    break;
                }
                n += 1;
            }
        }
    }
}

/// What was synced is there, whatever of the rest the disk kept; nothing that is there breaks reading.
#[test]
fn a_power_cut_within_any_change_loses_only_what_was_not_synced() {
    for evening in EVENINGS {
        let mut n = 0;
        while killed_within(n, evening, |made, sure| {
            for luck in [Luck::None, if n % 3 == 0 { Luck::NamesOnly } else { Luck::Some(n) }] {
                let left = made::memory();
                made.disk.power().cut_off(luck, left.path());
                let after = Made::on(Disk::default(), left, 1);
                after.spool.recover(1_800_000_006_000).unwrap_or_else(|error| panic!("{n} {luck:?}: {error}"));
                holds(&after, sure, n);
            }
        }) {
            n += 1;
        }
    }
}

#[test]
fn a_start_leaves_nothing_of_what_was_made_ahead() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    let mut ahead = made.spool.ahead(RecordingId([3; 16]), EpochId([5; 8]), 1).unwrap();
    made.try_lay(&mut ahead, 1, 100).unwrap();
    made.spool.sync(&mut [&mut chunk], &mut [&mut ahead]).unwrap();
    assert!(made::files(&made.dir.path().join("open")).keys().any(|name| name.contains(".1.next/")));
    drop((chunk, ahead));
    made.spool.recover(0).unwrap();
    assert!(made::files(&made.dir.path().join("open")).is_empty());
    assert_eq!(made.spool.ready().unwrap().len(), 1, "and what was being written is handed over");
}

#[test]
fn a_killed_chunk_is_closed_as_interrupted_and_its_permits_end_at_the_last_record() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..160);
    made.consent(&mut chunk, 2, 120);
    let path = made.dir.path().join("open").join(chunk.name());
    drop(chunk);
    let voice = path.join(FileName::Voice(made.track(1)).to_string());
    let mut bytes = std::fs::read(&voice).unwrap();
    bytes.extend_from_slice(&[0, 0, 0, 2, 0, 0, 0, 0]);
    std::fs::write(&voice, bytes).unwrap();
    let mut media = std::fs::read(path.join("media.jsonl")).unwrap();
    let whole = media.len();
    media.extend_from_slice(br#"{"n":3,"prev":"to"#);
    std::fs::write(path.join("media.jsonl"), &media).unwrap();

    let recovered = made.spool.recover(0).unwrap();
    let [recovered] = recovered.as_slice() else { panic!("one chunk") };
    assert_eq!(recovered.tracks, [made.track(1), made.track(2)]);
    assert!(recovered.orders.is_empty());
    let read = made.read(&recovered.chunk);
    assert!(read.interrupted);
    assert_eq!(read.voices.len(), 1, "the second seat never spoke");
    assert_eq!(read.voices[0].until, Some(Slot(150)));
    assert_eq!(made.listen(&read.voices[0]), made::sound(made.track(1), 100..150));
    assert!(events_of(&read).any(|event| *event == MediaEvent::Interrupted));
    let bytes = std::fs::read(&read.voices[0].voice_path).unwrap();
    assert_eq!(index(&bytes).unwrap().1, Ending::Unended, "the torn record is gone, and nobody had a key to end it");
    let after = std::fs::read(made.dir.path().join("ready").join(&recovered.chunk).join("media.jsonl")).unwrap();
    assert_eq!(after[..whole], media[..whole], "whole lines stay as they were");
}

#[test]
fn a_withdrawal_left_undecided_becomes_an_order_also_in_a_chunk_that_was_closed() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..150);
    chunk.act(Slot(150), &given(ActKind::Withdrawn, 1, made.track(1))).unwrap();
    chunk.end_track(made.track(1), Slot(150), EndWhy::Withdrawn).unwrap();
    let closed = chunk.close(Slot(160), CloseWhy::Withdrawal).unwrap();
    made.begin(1, vec![]);
    let recovered = made.spool.recover(5).unwrap();
    assert_eq!(recovered[0].orders, made.spool.orders().unwrap());
    assert_eq!(erase_orders(&made), BTreeSet::from([made.track(1)]));
    assert_eq!(made.read(&closed.name).erased, [made.track(1)]);
    made.spool.acknowledge_order(&recovered[0].orders[0]).unwrap();
    made.spool.recover(6).unwrap();
    assert!(made.spool.orders().unwrap().is_empty(), "what was carried out is not ordered again");
}

#[test]
fn a_gateway_killed_between_a_withdrawal_and_the_end_of_its_permit_hands_over_nothing_after_it() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..170);
    chunk.sync().unwrap();
    chunk.act(Slot(140), &given(ActKind::Withdrawn, 1, made.track(1))).unwrap();
    chunk.act(Slot(160), &given(ActKind::KeptEarlier, 1, made.track(1))).unwrap();
    drop(chunk);
    let recovered = made.spool.recover(0).unwrap();
    let read = made.read(&recovered[0].chunk);
    assert_eq!(made.listen(&read.voices[0]), made::sound(made.track(1), 100..125), "a record is kept whole or not");
    assert_eq!(read.voices[0].until, Some(Slot(125)));
    assert!(erase_orders(&made).is_empty());
}

#[test]
fn a_voice_without_a_permit_in_the_journal_is_not_handed_over() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..150);
    let path = made.dir.path().join("open").join(chunk.name());
    drop(chunk);
    for name in [FileName::Keys(made.track(1)), FileName::Voice(made.track(1))].map(|name| name.to_string()) {
        std::fs::copy(path.join(&name), path.join(name.replace("trk-01", "trk-09"))).unwrap();
    }
    let recovered = made.spool.recover(0).unwrap();
    let read = made.read(&recovered[0].chunk);
    assert_eq!(read.voices.len(), 1);
    assert!(read.files.iter().all(|fact| !fact.name.starts_with("trk-09")));
}

#[test]
fn sound_whose_head_was_lost_goes_to_the_archive_which_refuses_it() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    let name = chunk.name().to_owned();
    drop(chunk);
    std::fs::write(made.dir.path().join("open").join(&name).join("media.jsonl"), b"\0\0\0\0").unwrap();
    assert!(made.spool.recover(0).unwrap().is_empty());
    let refused = read::chunk(&made.dir.path().join("ready").join(&name), &made.trust()).unwrap_err();
    assert!(matches!(refused, read::Rejection::NotClosed), "{refused}");
    assert!(made.spool.acknowledge(&name).unwrap());
}

#[test]
fn a_chunk_given_up_is_closed_while_another_of_its_recording_is_written() {
    let mut made = Made::new();
    let mut first = made.begin(0, vec![]);
    for n in [1, 2] {
        made.consent(&mut first, n, 100);
        made.talk(&mut first, n, 100..140);
    }
    first.sync().unwrap();
    first.act(Slot(140), &given(ActKind::Withdrawn, 1, made.track(1))).unwrap();
    first.act(Slot(140), &given(ActKind::Withdrawn, 2, made.track(2))).unwrap();
    let name = first.name().to_owned();
    drop(first);
    let mut second = made.begin(1, vec![]);
    second.act(Slot(150), &given(ActKind::KeptEarlier, 1, made.track(1))).unwrap();
    made.consent(&mut second, 3, 150);
    let recovered = made.spool.recover_chunk(&name, 0).unwrap().unwrap();
    assert_eq!((recovered.chunk.as_str(), recovered.orders.len()), (name.as_str(), 1));
    let chunk = made.read(&name);
    assert!(chunk.interrupted);
    assert_eq!((chunk.voices.len(), chunk.erased), (1, vec![made.track(2)]), "what was kept in the next chunk is kept");
    made.talk(&mut second, 3, 150..180);
    let second = second.close(Slot(200), CloseWhy::End).unwrap();
    assert_eq!(made.read(&second.name).voices.len(), 1, "and the open one was not touched");
    assert_eq!(made.spool.recover_chunk(&name, 0).unwrap(), None);
}

#[test]
fn an_order_reaches_a_chunk_that_was_given_up() {
    let mut made = Made::new();
    let mut chunk = made.begin(0, vec![]);
    made.consent(&mut chunk, 1, 100);
    made.talk(&mut chunk, 1, 100..140);
    chunk.sync().unwrap();
    let name = chunk.name().to_owned();
    drop(chunk);
    made.order(Decision::Erase, &[1]);
    made.spool.erase_in_left(&name, &[made.track(1)]).unwrap();
    let left = made::files(&made.dir.path().join("open"));
    assert!(left.keys().any(|name| name.ends_with(".erased")) && !left.keys().any(|name| name.ends_with(".voice")));
}
