//! What the recorder lays down, read back by the archive's own reader and decoded.
//!
//! Not here: the thread and its queues, and every way in which a disk can fail (crate `spool`).

mod many;
mod unknown;

use std::path::Path;
use std::time::Duration;

use media::tone;
use spool::id::{EpochId, GatewayId, MeetingId, SeatNo, SectionId};
use spool::keys::{self, PrivateKey};
use spool::line::{
    Act, ActKind, Channel, EndWhy, GapReason, Heard, KeyPress, MediaEvent, SeatFact, SeatKind, TrackFact, Whose,
};
use spool::read::{self, Chunk};
use spool::sign::SigningKey;
use spool::voice::Opener;
use tempfile::TempDir;
use tokio::sync::oneshot::{self, Receiver};

use super::super::Recorder;
use super::super::encoder::Decoder;
use super::*;
use crate::io::chance;

const RECORDING: RecordingId = RecordingId([7; 16]);
const TRACK: TrackId = TrackId([1; 16]);
const OTHER: TrackId = TrackId([2; 16]);

struct Bench {
    dir: TempDir,
    desk: Desk,
    said: mpsc::Receiver<FromRecorder>,
    recovered: Vec<Recovered>,
    private: PrivateKey,
}

fn key() -> SigningKey {
    SigningKey::from_seed([9; 32])
}

fn settings(spool: &Path) -> Settings {
    let (chunk, epoch) = (Duration::from_secs(10), EpochId([3; 8]));
    Settings { spool: spool.to_owned(), key: key(), epoch, chunk, floor_bytes: 0 }
}

fn about() -> Box<About> {
    Box::new(About {
        recording: RECORDING,
        meeting: MeetingId([4; 16]),
        section: SectionId([5; 16]),
        rule: "until-approval".to_owned(),
        rule_hash: "0".repeat(64),
        started_ms: 1_800_000_000_000,
        destroy_by_ms: i64::MAX / 2,
        rooms: vec!["plenum".to_owned()],
        seats: vec![SeatFact { seat: SeatNo(1), kind: SeatKind::Telephone }],
        first_chunk: 0,
    })
}

fn act(kind: ActKind, track: TrackId) -> Box<Act> {
    Box::new(Act {
        seat: SeatNo(1),
        kind,
        channel: Channel::Telephone,
        purpose: "minutes".to_owned(),
        text: "notice".to_owned(),
        text_version: 1,
        language: "de".to_owned(),
        text_sha256: "0".repeat(64),
        parts: Vec::new(),
        heard: Heard::default(),
        broken_off: None,
        key: Some(KeyPress { key: '1', from: Slot(9), until: Some(Slot(10)) }),
        track: Some(track),
        utc_ms: 1_800_000_000_000,
        ntp: true,
    })
}

impl Bench {
    fn new() -> Self {
        Self::over(tempfile::tempdir().unwrap(), keys::mint(&mut chance).0)
    }

    fn over(dir: TempDir, private: PrivateKey) -> Self {
        let (saying, said) = mpsc::channel(100);
        let (desk, recovered) = Desk::open(settings(dir.path()), Clock::start(), saying).unwrap();
        Self { dir, desk, said, recovered, private }
    }

    /// A recording with one track, permitted from slot 10.
    fn recording() -> Self {
        let mut bench = Self::new();
        bench.ask(0, |reply| ToRecorder::Begin { about: about(), reply }).unwrap();
        bench.permit(TRACK, SeatNo(1), 10).unwrap();
        bench
    }

    fn permit(&mut self, track: TrackId, seat: SeatNo, from: u64) -> Result<(), RecorderError> {
        let (slot, act) = (Slot(from), act(ActKind::Given, track));
        self.ask(from, |reply| ToRecorder::Act { recording: RECORDING, slot, act, reply: Some(reply) }).unwrap();
        let (fact, public) = (TrackFact { track, seat, from: slot }, self.private.public());
        self.ask(from, |reply| ToRecorder::Track { recording: RECORDING, fact, public, reply })
    }

    fn tell(&mut self, now: u64, message: ToRecorder) {
        self.desk.obey(message, Slot(now));
    }

    fn ask<T>(&mut self, now: u64, message: impl FnOnce(Reply<T>) -> ToRecorder) -> Result<T, RecorderError> {
        self.start_asking(now, message).try_recv().unwrap()
    }

    fn start_asking<T>(
        &mut self,
        now: u64,
        message: impl FnOnce(Reply<T>) -> ToRecorder,
    ) -> Receiver<Result<T, RecorderError>> {
        let (reply, answer) = oneshot::channel();
        self.tell(now, message(reply));
        answer
    }

    /// A tone in every slot of the range, and the seconds between them.
    fn voice(&mut self, track: TrackId, hz: f32, slots: std::ops::Range<u64>) {
        for slot in slots {
            let mut frame = [0; 160];
            tone::sine(hz, -20.0, slot * 160, &mut frame);
            let frame = media::Sound::Narrow(frame);
            self.desk.keep(Taped::Frame { track, slot: Slot(slot), frame });
            self.desk.slot_passed(Slot(slot));
        }
    }

    fn finish(&mut self, now: u64) {
        let why = CloseWhy::LastSeatLeft;
        self.ask(now, |reply| ToRecorder::Finish { recording: RECORDING, why, reply: Some(reply) }).unwrap();
    }

    fn said(&mut self) -> Vec<FromRecorder> {
        std::iter::from_fn(|| self.said.try_recv().ok()).collect()
    }

    fn chunks(&self) -> Vec<Chunk> {
        let names = self.desk.house.spool.ready().unwrap();
        let trusted = |gateway| Some(key().verifying()).filter(|key| key.gateway() == gateway);
        let mut chunks: Vec<Chunk> = names
            .iter()
            .map(|name| read::chunk(&self.dir.path().join("ready").join(name), &trusted).unwrap())
            .collect();
        chunks.sort_by_key(|chunk| chunk.head.chunk);
        chunks
    }

    /// The slots kept of a track, and their sound at 16 kHz, decoders restarting at gaps and files.
    fn heard(&self, track: TrackId) -> (Vec<u64>, Vec<i16>) {
        let (mut slots, mut sound) = (Vec::new(), Vec::new());
        for chunk in self.chunks() {
            for voice in chunk.voices.iter().filter(|voice| voice.fact.track == track) {
                assert_eq!(voice.uncovered, None);
                let file_key = keys::unwrap(&self.private, &voice.envelope).unwrap();
                let bytes = std::fs::read(&voice.voice_path).unwrap();
                let opener = Opener::new(&bytes[..spool::voice::HEADER_BYTES], &file_key).unwrap();
                let mut decoder = Decoder::new();
                let mut next = u64::MAX;
                for record in &voice.records {
                    let range = record.range();
                    for (slot, packet) in opener.open(&bytes[range.start as usize..range.end as usize]).unwrap() {
                        if slot.0 != next {
                            decoder = Decoder::new();
                        }
                        slots.push(slot.0);
                        sound.extend(decoder.decode(&packet));
                        next = slot.0 + 1;
                    }
                }
            }
        }
        (slots, sound)
    }

    fn gaps(&self, track: TrackId) -> Vec<(u64, u64, GapReason)> {
        let lines = self.chunks().into_iter().flat_map(|chunk| chunk.media);
        lines
            .filter_map(|(_, event)| match event {
                MediaEvent::Gap { whose, from, until, reason } if whose.track() == Some(track) => {
                    Some((from.0, until.0, reason))
                }
                _ => None,
            })
            .collect()
    }
}

fn level(hz: f32, sound: &[i16]) -> f32 {
    tone::dbov_at(hz, 16_000, sound)
}

#[test]
fn a_permitted_voice_is_heard_by_whoever_holds_its_key_and_each_track_is_one_voice() {
    let mut bench = Bench::recording();
    bench.permit(OTHER, SeatNo(2), 12).unwrap();
    for slot in 12..200 {
        bench.voice(TRACK, 440.0, slot..slot + 1);
        bench.voice(OTHER, 1000.0, slot..slot + 1);
    }
    bench.finish(200);
    for (track, own, other) in [(TRACK, 440.0, 1000.0), (OTHER, 1000.0, 440.0)] {
        let (slots, sound) = bench.heard(track);
        assert_eq!(slots, (12..200).collect::<Vec<_>>());
        let (own, other) = (level(own, &sound[3200..]), level(other, &sound[3200..]));
        assert!((-22.0..-18.0).contains(&own) && other < -50.0, "{own} {other}");
    }
    assert_eq!(bench.desk.strays, 0);
}

#[test]
fn nothing_is_kept_of_the_time_in_which_the_record_was_off() {
    let mut bench = Bench::recording();
    let note = |slot, event| ToRecorder::Note { recording: RECORDING, slot: Slot(slot), event };
    bench.voice(TRACK, 440.0, 10..60);
    bench.tell(60, note(50, MediaEvent::Paused));
    // A room that nobody told goes on; what lay in the queue is from before and is kept.
    bench.voice(TRACK, 440.0, 60..90);
    bench.tell(90, note(95, MediaEvent::Resumed));
    bench.voice(TRACK, 440.0, 90..120);
    bench.finish(120);
    assert_eq!(bench.heard(TRACK).0, (10..60).chain(95..120).collect::<Vec<_>>());
}

#[test]
fn who_said_yes_and_found_no_key_is_missing_until_he_says_something_else_or_leaves() {
    let mut bench = Bench::recording();
    let seat = |n| SeatNo(n);
    for (n, from) in [(2, 20), (3, 30), (4, 40)] {
        bench.tell(from, ToRecorder::NoKey { recording: RECORDING, seat: seat(n), from: Slot(from) });
    }
    bench.voice(TRACK, 440.0, 10..100);
    // The second finds a key after all, the third leaves, the fourth is missing to the end.
    bench.permit(OTHER, seat(2), 100).unwrap();
    let left = MediaEvent::Left { seat: seat(3) };
    bench.tell(120, ToRecorder::Note { recording: RECORDING, slot: Slot(120), event: left });
    bench.ask(130, |reply| ToRecorder::Cut { recording: RECORDING, reply }).unwrap().unwrap();
    bench.voice(TRACK, 440.0, 130..200);
    bench.finish(200);
    let mut missing = Vec::new();
    for (_, event) in bench.chunks().into_iter().flat_map(|chunk| chunk.media) {
        if let MediaEvent::Gap { whose: Whose::Seat(seat), from, until, reason: GapReason::NoKeys } = event {
            missing.push((seat.0, from.0, until.0));
        }
    }
    assert_eq!(missing, [(2, 20, 100), (3, 30, 120), (4, 40, 130), (4, 130, 200)]);
}

#[test]
fn a_kill_forgets_ten_seconds_of_a_gap_at_most() {
    let mut bench = Bench::recording();
    bench.tell(20, ToRecorder::NoKey { recording: RECORDING, seat: SeatNo(2), from: Slot(20) });
    for second in 1..15 {
        bench.desk.slot_passed(Slot(second * SECOND));
    }
    let Bench { dir, private, .. } = bench;
    let bench = Bench::over(dir, private);
    let told = |event: &MediaEvent| match event {
        MediaEvent::Gap { whose: Whose::Seat(SeatNo(2)), from, until, reason: GapReason::NoKeys } => {
            Some((from.0, until.0))
        }
        _ => None,
    };
    let media = bench.chunks().into_iter().flat_map(|chunk| chunk.media).filter_map(|(_, event)| told(&event));
    assert_eq!(media.collect::<Vec<_>>(), [(20, 500)]);
}

#[test]
fn every_chunk_says_anew_whether_it_is_known_how_the_record_stands_and_of_what_kind_its_seats_are() {
    let mut bench = Bench::recording();
    let state = |known| MediaEvent::State { home: GatewayId([8; 8]), epoch: EpochId([9; 8]), known };
    let note = |slot, event| ToRecorder::Note { recording: RECORDING, slot: Slot(slot), event };
    bench.tell(20, note(20, state(true)));
    bench.tell(30, note(30, state(false)));
    bench.tell(40, note(40, MediaEvent::Seat(SeatFact { seat: SeatNo(1), kind: SeatKind::Shared })));
    bench.ask(50, |reply| ToRecorder::Cut { recording: RECORDING, reply }).unwrap().unwrap();
    bench.finish(100);
    let chunks = bench.chunks();
    let states = |chunk: &Chunk| {
        chunk
            .media
            .iter()
            .map(|(_, it)| it)
            .filter(|it| matches!(it, MediaEvent::State { .. }))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&chunks[0]), [state(true), state(false)]);
    assert_eq!(states(&chunks[1]), [state(false)]);
    let kinds: Vec<SeatKind> =
        chunks[1].head.seats.iter().filter(|fact| fact.seat == SeatNo(1)).map(|fact| fact.kind).collect();
    assert_eq!(kinds, [SeatKind::Shared], "one seat, of the kind it is now");
}

#[test]
fn sound_outside_its_permit_is_dropped_even_if_it_lies_before_the_message_that_ends_it() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 0..30);
    let end = ToRecorder::EndTrack { recording: RECORDING, track: TRACK, until: Slot(40), why: EndWhy::Withdrawn };
    bench.desk.foresee(&end);
    bench.voice(TRACK, 440.0, 30..50);
    bench.tell(50, end);
    bench.voice(TRACK, 440.0, 50..60);
    bench.finish(60);
    assert_eq!(bench.heard(TRACK).0, (10..40).collect::<Vec<_>>());
    assert_eq!(bench.desk.strays, 30, "ten before the yes, twenty after the end");
}

#[test]
fn a_track_nobody_opened_lays_nothing_down() {
    let mut bench = Bench::recording();
    bench.voice(OTHER, 1000.0, 10..60);
    bench.finish(60);
    assert!(bench.heard(OTHER).0.is_empty());
    assert_eq!(bench.desk.strays, 50);
}

#[test]
fn a_chunk_goes_when_its_time_has_come_and_no_slot_is_lost_between_two() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..1200);
    bench.finish(1200);
    let chunks = bench.chunks();
    assert_eq!(chunks.len(), 3);
    assert_eq!(chunks[1].head.previous.as_ref(), Some(&chunks[0].hash));
    assert_eq!(chunks[1].head.tracks.len(), 1, "the permit is carried over");
    assert_ne!(chunks[0].voices[0].envelope, chunks[1].voices[0].envelope, "each file has a key of its own");
    let clocks = |chunk: &Chunk| chunk.media.iter().filter(|(_, it)| matches!(it, MediaEvent::Clock(_))).count();
    assert!(chunks.iter().all(|chunk| clocks(chunk) >= 1), "at close at least; the head says that of the beginning");
    assert_eq!(bench.heard(TRACK).0, (10..1200).collect::<Vec<_>>());
}

#[test]
fn no_chunk_is_closed_over_a_withdrawal_nobody_has_decided_on() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..60);
    let (recording, track) = (RECORDING, TRACK);
    let withdrawn = act(ActKind::Withdrawn, track);
    bench.tell(60, ToRecorder::Act { recording, slot: Slot(60), act: withdrawn, reply: None });
    bench.tell(60, ToRecorder::EndTrack { recording, track, until: Slot(60), why: EndWhy::Withdrawn });
    let mut cut = bench.start_asking(70, |reply| ToRecorder::Cut { recording, reply });
    bench.voice(OTHER, 1.0, 600..610);
    assert!(bench.chunks().is_empty() && cut.try_recv().is_err());
    let tracks = vec![track];
    let order =
        bench.ask(620, |reply| ToRecorder::Order { recording, decision: Decision::Keep, tracks, reply }).unwrap();
    let chunk = cut.try_recv().unwrap().unwrap().unwrap();
    assert_eq!(bench.chunks()[0].name, chunk);
    let said = bench.said();
    assert!(said.contains(&FromRecorder::OrderWritten { recording, order }), "{said:?}");
    assert!(said.contains(&FromRecorder::ChunkReady { recording, chunk }), "{said:?}");
    assert_eq!(bench.heard(track).0.len(), 50, "the nine keeps it");
}

#[test]
fn a_new_section_begins_with_a_chunk_of_its_own_and_never_over_an_open_question() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 400.0, 10..60);
    let next = SectionId([6; 16]);
    let section = |reply| ToRecorder::Section { recording: RECORDING, section: next, reply };
    let withdrawn = act(ActKind::Withdrawn, TRACK);
    bench
        .ask(60, |reply| ToRecorder::Act { recording: RECORDING, slot: Slot(60), act: withdrawn, reply: Some(reply) })
        .unwrap();
    bench
        .tell(60, ToRecorder::EndTrack { recording: RECORDING, track: TRACK, until: Slot(60), why: EndWhy::Withdrawn });
    assert!(matches!(bench.ask(61, section), Err(RecorderError::Undecided)));
    let (decision, tracks) = (Decision::Keep, vec![TRACK]);
    bench.ask(62, |reply| ToRecorder::Order { recording: RECORDING, decision, tracks, reply }).unwrap();
    bench.ask(63, section).unwrap();
    bench.permit(OTHER, SeatNo(1), 64).unwrap();
    bench.voice(OTHER, 600.0, 64..100);
    bench.finish(100);
    for chunk in bench.chunks() {
        let others = chunk.voices.iter().any(|voice| voice.fact.track == OTHER);
        let ours = chunk.voices.iter().any(|voice| voice.fact.track == TRACK);
        assert!(!others || chunk.head.section == next, "a voice of the next section lies in a chunk of it");
        assert!(!ours || chunk.head.section == about().section);
    }
    assert_eq!(bench.chunks().last().unwrap().head.section, next);
}

#[test]
fn an_erase_order_leaves_no_sealed_byte_in_any_chunk_and_the_other_voice_as_it_was() {
    let mut bench = Bench::recording();
    bench.permit(OTHER, SeatNo(2), 10).unwrap();
    for slot in 10..900 {
        bench.voice(TRACK, 440.0, slot..slot + 1);
        bench.voice(OTHER, 1000.0, slot..slot + 1);
    }
    assert_eq!(bench.chunks().len(), 1);
    let (recording, tracks) = (RECORDING, vec![TRACK]);
    bench.tell(900, ToRecorder::EndTrack { recording, track: TRACK, until: Slot(900), why: EndWhy::Withdrawn });
    bench.ask(900, |reply| ToRecorder::Order { recording, decision: Decision::Erase, tracks, reply }).unwrap();
    bench.finish(910);
    let left = walk(bench.dir.path());
    assert!(!left.iter().any(|name| name.contains(&TRACK.to_string()) && !name.ends_with(".erased")), "{left:?}");
    assert_eq!(bench.heard(OTHER).0.len(), 890);
    assert!(bench.chunks()[0].erased.contains(&TRACK));
}

fn walk(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path.display().to_string()] }).collect()
}

#[test]
fn whoever_hangs_up_on_the_question_is_erased_at_the_end() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..60);
    let (recording, track) = (RECORDING, TRACK);
    let withdrawn = act(ActKind::Withdrawn, track);
    bench.tell(60, ToRecorder::Act { recording, slot: Slot(60), act: withdrawn, reply: None });
    bench.tell(60, ToRecorder::EndTrack { recording, track, until: Slot(60), why: EndWhy::Withdrawn });
    bench.finish(70);
    assert!(bench.heard(track).0.is_empty());
    assert_eq!(bench.desk.house.spool.orders().unwrap().len(), 1);
}

#[test]
fn what_a_killed_recorder_left_is_handed_over_by_the_next_without_any_key_of_a_track() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..160);
    let Bench { dir, desk, private, .. } = bench;
    drop(desk);
    let next = Bench::over(dir, private);
    assert_eq!(next.recovered.len(), 1);
    let (slots, sound) = next.heard(TRACK);
    assert!(slots.len() >= 100, "at most the last second is lost: {}", slots.len());
    assert!(level(440.0, &sound[3200..]) > -22.0);
    assert!(next.chunks()[0].interrupted);
}

#[test]
fn below_the_floor_nothing_is_laid_down_it_is_said_once_and_the_gap_gives_the_reason() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..60);
    bench.desk.floor_bytes = u64::MAX / 2;
    bench.voice(TRACK, 440.0, 60..250);
    assert!(matches!(bench.permit(OTHER, SeatNo(2), 250), Err(RecorderError::NoRoom)));
    bench.desk.floor_bytes = 0;
    bench.voice(TRACK, 440.0, 250..400);
    bench.finish(400);
    let (kept, _) = bench.heard(TRACK);
    let [(from, until, GapReason::Disk)] = bench.gaps(TRACK)[..] else { panic!("{:?}", bench.gaps(TRACK)) };
    assert_eq!(kept, (10..from).chain(until..400).collect::<Vec<_>>(), "every slot is kept or said to be missing");
    assert!(from <= 110 && until >= 250);
    let said = bench.said();
    let trouble = said.iter().filter(|it| matches!(it, FromRecorder::Trouble { why: Trouble::DiskFull })).count();
    let over = said.iter().filter(|it| matches!(it, FromRecorder::TroubleOver)).count();
    assert_eq!((trouble, over), (1, 1), "{said:?}");
}

#[test]
fn a_gap_of_the_tap_is_written_within_its_permit_only() {
    let mut bench = Bench::recording();
    let reason = GapReason::RingFull;
    bench.desk.keep(Taped::Gap { track: TRACK, from: Slot(5), until: Slot(15), reason });
    bench.voice(TRACK, 440.0, 15..30);
    bench.finish(30);
    assert_eq!(bench.gaps(TRACK), [(10, 15, reason)]);
}

#[test]
fn what_the_archive_has_taken_is_gone_here() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..60);
    bench.finish(60);
    let waiting = bench.ask(60, |reply| ToRecorder::Waiting { reply }).unwrap();
    let chunk = waiting.chunks[0].clone();
    let acknowledge = |chunk: &str, reply| ToRecorder::AcknowledgeChunk { chunk: chunk.to_owned(), reply };
    assert!(bench.ask(60, |reply| acknowledge(&chunk, reply)).unwrap());
    assert!(!bench.ask(60, |reply| acknowledge(&chunk, reply)).unwrap());
    assert_eq!(bench.ask(60, |reply| ToRecorder::Waiting { reply }).unwrap(), Waiting::default());
}

#[test]
fn the_thread_answers_lays_down_what_was_pushed_before_and_finishes_everything_when_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let private = keys::mint(&mut chance).0;
    let started = Recorder::start(settings(dir.path()), Clock::started_ago(20)).unwrap();
    let ask = |message: &dyn Fn(Reply<()>) -> ToRecorder| {
        let (reply, answer) = oneshot::channel();
        started.recorder.tell(message(reply)).unwrap();
        answer.blocking_recv().unwrap().unwrap();
    };
    let (recording, fact) = (RECORDING, TrackFact { track: TRACK, seat: SeatNo(1), from: Slot(0) });
    ask(&|reply| ToRecorder::Begin { about: about(), reply });
    let given = || act(ActKind::Given, TRACK);
    ask(&|reply| ToRecorder::Act { recording, slot: Slot(0), act: given(), reply: Some(reply) });
    ask(&|reply| ToRecorder::Track { recording, fact, public: private.public(), reply });
    for slot in 0..20 {
        assert!(started.frames.push(Taped::Frame {
            track: TRACK,
            slot: Slot(slot),
            frame: media::Sound::Narrow([100; 160])
        }));
    }
    ask(&|reply| ToRecorder::Stop { reply });
    let bench = Bench::over(dir, private);
    assert!(bench.recovered.is_empty(), "nothing was left open");
    assert_eq!(bench.heard(TRACK).0.len(), 20);
}

impl Bench {
    fn give_up(&mut self) {
        self.desk.running.get_mut(&RECORDING).unwrap().abandon();
        self.desk.trouble = Some(Trouble::DiskFails);
    }
}

#[test]
fn a_chunk_that_was_given_up_is_handed_over_as_soon_as_the_trouble_is_over() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..160);
    bench.give_up();
    bench.voice(TRACK, 440.0, 160..300);
    let said = bench.said();
    assert!(said.iter().any(|it| matches!(it, FromRecorder::ChunkReady { chunk, .. } if chunk.ends_with(".0"))));
    assert!(bench.chunks()[0].interrupted);
    bench.finish(300);
    assert_eq!(bench.chunks().len(), 2);
    let (slots, _) = bench.heard(TRACK);
    assert!(slots.contains(&100) && slots.contains(&299), "both chunks are heard");
}

#[test]
fn an_order_erases_in_a_chunk_that_was_given_up_while_another_caller_is_still_being_asked() {
    let mut bench = Bench::recording();
    bench.permit(OTHER, SeatNo(2), 10).unwrap();
    for slot in 10..160 {
        bench.voice(TRACK, 440.0, slot..slot + 1);
        bench.voice(OTHER, 1000.0, slot..slot + 1);
    }
    let recording = RECORDING;
    for track in [TRACK, OTHER] {
        let withdrawn = act(ActKind::Withdrawn, track);
        bench.tell(160, ToRecorder::Act { recording, slot: Slot(160), act: withdrawn, reply: None });
        bench.tell(160, ToRecorder::EndTrack { recording, track, until: Slot(160), why: EndWhy::Withdrawn });
    }
    bench.give_up();
    let tracks = vec![TRACK];
    bench.ask(170, |reply| ToRecorder::Order { recording, decision: Decision::Erase, tracks, reply }).unwrap();
    let left = walk(bench.dir.path());
    assert!(!left.iter().any(|name| name.contains(&TRACK.to_string()) && !name.ends_with(".erased")), "{left:?}");
    assert!(left.iter().any(|name| name.contains(&OTHER.to_string()) && name.ends_with(".voice")));
}

#[test]
fn a_recording_that_could_not_be_closed_is_closed_when_the_disk_takes_it() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..160);
    let ready = bench.dir.path().join("ready");
    std::fs::remove_dir(&ready).unwrap();
    let (recording, why) = (RECORDING, CloseWhy::LastSeatLeft);
    let finished = bench.ask(160, |reply| ToRecorder::Finish { recording, why, reply: Some(reply) });
    assert!(finished.is_err());
    std::fs::create_dir(&ready).unwrap();
    bench.voice(OTHER, 1.0, 160..700);
    assert_eq!(bench.chunks().len(), 1);
    assert_eq!(bench.heard(TRACK).0, (10..160).collect::<Vec<_>>());
    assert!(bench.desk.ending.is_empty());
}

#[test]
fn a_chunk_is_handed_over_before_it_is_larger_than_an_archive_takes_even_over_an_open_question() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..60);
    let (recording, track) = (RECORDING, TRACK);
    let text = "x".repeat(1 << 20);
    let tell = |bench: &mut Bench, acts: u64, kind: ActKind| {
        for _ in 0..acts {
            let act = Box::new(Act { text: text.clone(), ..*act(kind, track) });
            bench.tell(60, ToRecorder::Act { recording, slot: Slot(60), act, reply: None });
        }
    };
    tell(&mut bench, 9, ActKind::Offered);
    bench.voice(OTHER, 1.0, 100..160);
    assert_eq!(bench.chunks().len(), 1, "half of it is enough");
    tell(&mut bench, 9, ActKind::Withdrawn);
    bench.voice(OTHER, 1.0, 160..220);
    assert_eq!(bench.chunks().len(), 1, "somebody is being asked");
    tell(&mut bench, 4, ActKind::Offered);
    bench.voice(OTHER, 1.0, 220..280);
    assert_eq!(bench.chunks().len(), 2);
    assert!(bench.heard(track).0.is_empty());
}

#[test]
fn an_act_that_finds_no_room_is_written_when_there_is_some_again_unless_it_is_a_yes() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..160);
    bench.give_up();
    let recording = RECORDING;
    for (slot, kind, track) in
        [(160, ActKind::Given, OTHER), (170, ActKind::Withdrawn, TRACK), (180, ActKind::KeptEarlier, TRACK)]
    {
        let (slot, act) = (Slot(slot), act(kind, track));
        let written = bench.ask(190, |reply| ToRecorder::Act { recording, slot, act, reply: Some(reply) });
        assert!(written.is_err(), "nobody is told that it is written");
    }
    bench.desk.slot_passed(Slot(200));
    let tracks = vec![TRACK];
    bench.ask(210, |reply| ToRecorder::Order { recording, decision: Decision::Keep, tracks, reply }).unwrap();
    bench.finish(300);
    let acts = bench.chunks().into_iter().flat_map(|chunk| chunk.acts);
    let acts: Vec<(u64, ActKind)> = acts.map(|(slot, act)| (slot.0, act.kind)).collect();
    assert_eq!(acts, [(10, ActKind::Given), (170, ActKind::Withdrawn), (180, ActKind::KeptEarlier)]);
    assert!(!bench.heard(TRACK).0.is_empty(), "what was kept is kept in the chunk that was given up too");
}

#[test]
fn an_act_that_is_owed_at_the_end_gets_a_chunk_of_its_own() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..160);
    bench.give_up();
    let (recording, act) = (RECORDING, act(ActKind::Refused, OTHER));
    bench.tell(170, ToRecorder::Act { recording, slot: Slot(170), act, reply: None });
    bench.finish(180);
    let kinds = |chunk: &Chunk| chunk.acts.iter().map(|(_, act)| act.kind).collect::<Vec<_>>();
    assert_eq!(bench.chunks().iter().map(kinds).collect::<Vec<_>>(), [[ActKind::Given], [ActKind::Refused]]);
}

#[test]
fn a_wall_clock_that_was_set_destroys_nothing() {
    let hour_slots = 3_600_000 / Slot::MS;
    for (after_ms, slot, gone) in
        [(7_200_000, 0, false), (7_200_000, 2 * hour_slots, true), (2_400_000, 0, true), (1_200_000, 0, false)]
    {
        let mut bench = Bench::new();
        let begun = bench.desk.epoch_began_ms;
        let about = Box::new(About { destroy_by_ms: begun + 1_800_000, ..*about() });
        bench.ask(0, |reply| ToRecorder::Begin { about, reply }).unwrap();
        bench.finish(10);
        bench.desk.expire(begun + after_ms, Slot(slot));
        assert_eq!(bench.chunks().is_empty(), gone, "{after_ms} ms by the wall, {slot} slots");
    }
}
