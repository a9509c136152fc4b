//! While nobody knows how the record stands, nothing is kept, and a gap says so.
//!
//! Not here: when that is (`lease`).

use spool::id::GatewayId;

use super::*;

fn state(bench: &mut Bench, slot: u64, known: bool) {
    let event = MediaEvent::State { home: GatewayId([1; 8]), epoch: EpochId([2; 8]), known };
    bench.tell(slot, ToRecorder::Note { recording: RECORDING, slot: Slot(slot), event });
}

fn note(bench: &mut Bench, slot: u64, event: MediaEvent) {
    bench.tell(slot, ToRecorder::Note { recording: RECORDING, slot: Slot(slot), event });
}

#[test]
fn on_an_unknown_state_nothing_is_kept_until_somebody_says_on() {
    let mut bench = Bench::recording();
    bench.voice(TRACK, 440.0, 10..60);
    state(&mut bench, 60, false);
    bench.voice(TRACK, 440.0, 60..110);
    state(&mut bench, 110, true);
    bench.voice(TRACK, 440.0, 110..130);
    note(&mut bench, 130, MediaEvent::Resumed);
    bench.voice(TRACK, 440.0, 130..160);
    bench.finish(160);
    let (slots, _) = bench.heard(TRACK);
    assert_eq!(slots, (10..60).chain(130..160).collect::<Vec<_>>());
    assert_eq!(bench.gaps(TRACK), [(60, 110, GapReason::StateUnknown)]);
}

#[test]
fn a_pause_that_is_heard_of_after_an_unknown_state_brings_none_of_it_back() {
    let mut bench = Bench::recording();
    state(&mut bench, 20, false);
    state(&mut bench, 40, true);
    note(&mut bench, 40, MediaEvent::Paused);
    // Late out of the ring, from before the pause.
    bench.voice(TRACK, 440.0, 20..40);
    bench.finish(60);
    assert_eq!(bench.heard(TRACK).0, Vec::<u64>::new());
}

#[test]
fn each_chunk_and_each_permit_has_its_own_part_of_the_gap() {
    let mut bench = Bench::recording();
    state(&mut bench, 20, false);
    bench.ask(30, |reply| ToRecorder::Cut { recording: RECORDING, reply }).unwrap();
    bench.permit(OTHER, SeatNo(2), 40).unwrap();
    let end = ToRecorder::EndTrack { recording: RECORDING, track: TRACK, until: Slot(50), why: EndWhy::Left };
    bench.tell(50, end);
    bench.finish(70);
    let unknown = |from, until| (from, until, GapReason::StateUnknown);
    assert_eq!(bench.gaps(TRACK), [unknown(20, 30), unknown(30, 50)]);
    assert_eq!(bench.gaps(OTHER), [unknown(40, 70)]);
}
