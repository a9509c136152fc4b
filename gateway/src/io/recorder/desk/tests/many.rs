//! Many voices at once and for long: what they cost, how many files they make, how long they can wait.
//!
//! Not here: what becomes of one voice (`super`).

use std::time::Duration;

use media::Sound;

use super::super::super::encoder::Encoder;
use super::super::super::{Frames, RING_PIECES};
use super::*;

const HUNDRED: u8 = 100;

fn track(n: u8) -> TrackId {
    TrackId([n; 16])
}

/// In memory: a made-up hour has as many syncs as a real one.
fn many(tracks: u8, chunk: Duration) -> Bench {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let mut bench = Bench::over(dir, keys::mint(&mut chance).0);
    bench.desk.house.chunk_slots = chunk.as_millis() as u64 / Slot::MS;
    bench.ask(0, |reply| ToRecorder::Begin { about: about(), reply }).unwrap();
    for n in 1..=tracks {
        bench.permit(track(n), SeatNo(u32::from(n)), 10).unwrap();
    }
    bench
}

/// A voice that is no pure tone: an encoder has something to do.
fn talk(slot: u64) -> Sound {
    let mut frame = [0; 160];
    tone::sine(180.0, -20.0, slot * 160, &mut frame);
    let mut noise = slot as u32 + 1;
    for sample in &mut frame {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample += (noise >> 22) as i16 - 512;
    }
    Sound::Narrow(frame)
}

#[test]
fn a_meeting_of_sixty_seats_over_two_hours_makes_at_most_2000_files() {
    // Somebody else says a word every so many seconds: in five minutes all sixty, forty of them, thirty.
    for (every, chunks) in [(5, 12), (8, 24), (10, 24)] {
        let mut bench = many(60, Duration::from_secs(300));
        let mut words = 0;
        for second in 1..7200_u64 {
            let slot = second * SECOND;
            if second % every == every / 2 {
                let speaker = track((second / every % 60) as u8 + 1);
                (slot..slot + 5).for_each(|slot| {
                    bench.desk.keep(Taped::Frame { track: speaker, slot: Slot(slot), frame: talk(slot) });
                });
                words += 1;
            }
            bench.desk.slot_passed(Slot(slot));
        }
        bench.finish(7200 * SECOND);
        let files = walk(bench.dir.path()).len();
        println!("two hours, sixty seats, {} speakers in five minutes: {files} files", 300 / every);
        assert!((700..=2000).contains(&files), "{files}");
        assert!((chunks..=chunks + 1).contains(&bench.chunks().len()), "{} chunks", bench.chunks().len());
        let voices = bench.chunks().into_iter().flat_map(|it| it.voices);
        let kept: u32 = voices.flat_map(|it| it.records).map(|it| it.map.count_ones()).sum();
        assert_eq!(kept, words * 5, "and every word is in them");
    }
}

#[test]
fn files_and_keys_of_the_next_chunk_are_there_before_it_begins() {
    let mut bench = many(12, Duration::from_secs(10));
    let ahead = |bench: &Bench| walk(bench.dir.path()).iter().filter(|name| name.contains(".1.next/")).count();
    for slot in 10..450 {
        bench.voice(track(1), 440.0, slot..slot + 1);
        assert!(slot > 200 || ahead(&bench) == 0, "no key is made long before it is used");
    }
    assert_eq!(ahead(&bench), 24);
    bench
        .tell(460, ToRecorder::EndTrack { recording: RECORDING, track: track(2), until: Slot(460), why: EndWhy::Left });
    bench.voice(track(1), 440.0, 450..700);
    assert_eq!(ahead(&bench), 0, "they are the chunk that is being written");
    bench.voice(track(1), 440.0, 700..1100);
    bench.finish(1100);
    let second = &bench.chunks()[1];
    assert!(second.head.tracks.iter().all(|fact| fact.track != track(2)));
    let voices: Vec<TrackId> = second.voices.iter().map(|voice| voice.fact.track).collect();
    assert_eq!(voices, [track(1)], "who said nothing in it has no files");
    assert_eq!(bench.heard(track(1)).0, (10..1100).collect::<Vec<_>>());
    assert!(!walk(bench.dir.path()).iter().any(|name| name.contains(".next")));
}

#[test]
fn three_seconds_of_a_hundred_voices_wait_in_the_ring_and_what_comes_then_is_refused_at_once() {
    let (frames, end) = Frames::ring(RING_PIECES);
    let piece = |slot: u64, n: u8| Taped::Frame { track: track(n), slot: Slot(slot), frame: Sound::silence(false) };
    let three_seconds = 3 * SECOND;
    for slot in 0..three_seconds {
        assert!((1..=HUNDRED).all(|n| frames.push(piece(slot, n))), "slot {slot}");
    }
    let more = (three_seconds..).take_while(|slot| frames.push(piece(*slot, 1))).count();
    assert!(more < RING_PIECES, "at some time it is full, and who pushes then does not wait");
    assert_eq!(end.try_iter().count(), three_seconds as usize * usize::from(HUNDRED) + more);
}

/// A share of processor time, so a busy machine changes little; the least of three is what the work takes.
#[test]
fn what_a_hundred_talking_tracks_cost_beside_their_encoding_is_15_percent_at_most() {
    let held = (0..3).any(|_| cost_beside_encoding_percent() <= 15.0);
    assert!(held, "three times in a row it cost more");
}

fn cost_beside_encoding_percent() -> f64 {
    let until = 10 + 3 * SECOND;
    let frames: Vec<Sound> = (10..until).map(talk).collect();
    let mut encoders: Vec<Encoder> = (0..HUNDRED).map(|_| Encoder::new().unwrap()).collect();
    let began = processor_ns();
    for (slot, frame) in (10..).zip(&frames) {
        for encoder in &mut encoders {
            encoder.encode(Slot(slot), frame).unwrap();
        }
    }
    let bare = processor_ns() - began;
    let mut bench = many(HUNDRED, Duration::from_secs(300));
    let began = processor_ns();
    for (slot, frame) in (10..).zip(&frames) {
        for n in 1..=HUNDRED {
            bench.desk.keep(Taped::Frame { track: track(n), slot: Slot(slot), frame: frame.clone() });
        }
        bench.desk.slot_passed(Slot(slot));
    }
    let recorded = processor_ns() - began;
    bench.finish(until);
    let a_slot = |ns: u64| ns as f64 / 1000.0 / frames.len() as f64;
    let percent = (recorded as f64 / bare as f64 - 1.0) * 100.0;
    println!(
        "a hundred talking tracks: {:.0} us of processor a slot, {:.0} us of them encoding: +{percent:.1} %",
        a_slot(recorded),
        a_slot(bare),
    );
    assert_eq!(bench.heard(track(HUNDRED)).0, (10..until).collect::<Vec<_>>());
    percent
}

/// What this thread has used of a processor, other threads' share and waiting left out.
fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}
