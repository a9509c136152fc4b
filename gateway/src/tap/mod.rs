//! What leaves the room towards a disk.
//!
//! A [`Tap`] is made from a [`Permit`] and from nothing else, fed every slot of its seat's sound, before and apart from the
//! room's gate, and says what is kept of it.
//! Everything lies in it for 100 ms before it is said: so a voice is kept from before its first loud slot, and what becomes
//! known a little late (a key whose first packets were lost, the end of the permit) still holds back what must not leave.
//! [`Bleed`] is the room's guard against loudspeakers, [`EchoReturn`] how late a line's comes back; [`Keys`] knows whether a key of the seat waits to be judged;
//! [`Floor`] knows a voice from the hiss of its line.
//!
//! Not here: who permits (`consent`), the ring to the recorder and what happens when it is full (`io`).

mod bleed;
mod echo;
mod floor;
mod keys;

pub use bleed::{Bleed, Hangover, Several};
pub use echo::{Echo, EchoReturn};
pub use floor::Floor;
pub use keys::Keys;

use media::Sound;
use spool::line::GapReason;

use crate::consent::Permit;
use crate::ids::{SeatNo, Slot, TrackId};

/// What is true of the seat and its room in a slot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// An off-record seat talks or may still be echoing: [`Bleed::holds`].
    pub off_record: bool,
    /// A key of this seat is down or waits to be judged, since this slot: [`Keys::since`].
    pub key_since: Option<Slot>,
    /// What comes is an exchange's music.
    pub held: bool,
    /// The seat does not speak to the meeting, so there is nothing to keep and nothing is missing.
    pub muted: bool,
}

/// What a tap says, in rising slots.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are frames, and a box would allocate fifty times a second")]
pub enum TapOut {
    Frame {
        track: TrackId,
        slot: Slot,
        frame: Sound,
    },
    /// The seat had sound from `from` on and before `until`, and it was not kept.
    Gap {
        track: TrackId,
        from: Slot,
        until: Slot,
        reason: GapReason,
    },
}

/// One permitted voice on its way to the disk.
#[derive(Debug)]
pub struct Tap {
    permit: Permit,
    /// The first slot no longer permitted, once that is known.
    until: Option<Slot>,
    /// The last slots, oldest first from `oldest` on.
    line: [Waiting; PRE_ROLL_SLOTS],
    oldest: usize,
    /// The slot that would go on without a jump.
    next: Option<Slot>,
    /// Slots since the seat was loud enough to be a voice.
    quiet_slots: u8,
    /// The last slot was a gap, whoever had sound in it.
    withheld: bool,
    gap: Option<Gap>,
}

/// A slot that is not said yet.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it lies in place: a box would allocate fifty times a second")]
enum Waiting {
    Empty,
    /// `wanted`: a voice, or what belongs to one.
    Sound {
        slot: Slot,
        wanted: bool,
        frame: Sound,
    },
    /// Not to be kept; the frame is gone already. `wanted`: the seat had sound.
    Withheld {
        slot: Slot,
        wanted: bool,
        reason: GapReason,
    },
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    from: Slot,
    until: Slot,
    reason: GapReason,
}

impl Tap {
    /// Nothing before the permit's first slot is ever said.
    #[must_use]
    pub const fn new(permit: Permit) -> Self {
        Self {
            permit,
            until: None,
            line: [const { Waiting::Empty }; PRE_ROLL_SLOTS],
            oldest: 0,
            next: None,
            quiet_slots: QUIET,
            withheld: false,
            gap: None,
        }
    }

    /// Every slot of the seat, while the room's record is on. `voiced`: is it loud enough to be of a voice, by [`Floor`]?
    ///
    /// A slot that is left out breaks the voice off: nothing is made up and nothing reaches across.
    pub fn slot(&mut self, slot: Slot, frame: &Sound, voiced: bool, around: Around, out: &mut impl FnMut(TapOut)) {
        if !self.covers(slot) {
            if self.until.is_some_and(|until| slot >= until) {
                self.pause(out);
            }
            return;
        }
        if around.muted || self.next.is_some_and(|next| next != slot) {
            self.pause(out);
        }
        self.next = Some(Slot(slot.0 + 1));
        if around.muted {
            return;
        }
        if let Some(since) = around.key_since {
            self.withhold_since(since);
        }
        let reason = withheld(slot, around);
        let wanted = self.listen(voiced, reason.is_some());
        self.push(
            match reason {
                Some(reason) => Waiting::Withheld { slot, wanted, reason },
                None => Waiting::Sound { slot, wanted, frame: frame.clone() },
            },
            out,
        );
    }

    /// The record is off for now: what is known to be kept is said, and the voice begins anew afterwards.
    pub fn pause(&mut self, out: &mut impl FnMut(TapOut)) {
        for _ in 0..PRE_ROLL_SLOTS {
            self.push(Waiting::Empty, out);
        }
        self.close_gap(out);
        self.next = None;
        self.quiet_slots = QUIET;
        self.withheld = false;
    }

    /// `at` is the first slot no longer permitted: no such slot is said any more, however long it has been waiting.
    /// What is earlier is said now. Once `at` is past, the tap can be dropped.
    pub fn end(&mut self, at: Slot, out: &mut impl FnMut(TapOut)) {
        let until = self.until.map_or(at, |until| until.min(at));
        self.until = Some(until);
        for waiting in &mut self.line {
            if waiting.slot().is_some_and(|slot| slot >= until) {
                *waiting = Waiting::Empty;
            }
        }
        self.pause(out);
    }

    /// Is this slot under the permit? A seat whose slot is not is off record, and its talking is everybody's gap.
    #[must_use]
    pub fn covers(&self, slot: Slot) -> bool {
        slot >= self.permit.from() && self.until.is_none_or(|until| slot < until)
    }

    #[must_use]
    pub fn track(&self) -> TrackId {
        self.permit.track()
    }

    #[must_use]
    pub fn seat(&self) -> SeatNo {
        self.permit.seat()
    }

    /// A voice begins at once and is over after half a second of quiet; says whether this slot belongs to one.
    fn listen(&mut self, voiced: bool, withheld: bool) -> bool {
        if voiced {
            self.quiet_slots = 0;
            if !withheld {
                self.want_what_waits();
            }
        } else if self.withheld && !withheld {
            // What was loud under the guard may have been a loudspeaker: its dying away is no voice of this seat.
            self.quiet_slots = QUIET;
        } else {
            self.quiet_slots = self.quiet_slots.saturating_add(1);
        }
        self.withheld = withheld;
        self.quiet_slots < QUIET
    }

    /// Pre-roll: the beginning of a word is quieter than the word.
    fn want_what_waits(&mut self) {
        for waiting in &mut self.line {
            match waiting {
                Waiting::Sound { wanted, .. } => *wanted = true,
                Waiting::Withheld { .. } | Waiting::Empty => {}
            }
        }
    }

    fn withhold_since(&mut self, since: Slot) {
        for waiting in &mut self.line {
            match *waiting {
                Waiting::Sound { slot, wanted, .. } if slot >= since => {
                    *waiting = Waiting::Withheld { slot, wanted, reason: GapReason::Digits };
                }
                Waiting::Sound { .. } | Waiting::Withheld { .. } | Waiting::Empty => {}
            }
        }
    }

    /// Puts one in and says the oldest; frames are overwritten as they leave.
    fn push(&mut self, new: Waiting, out: &mut impl FnMut(TapOut)) {
        let Some(place) = self.line.get_mut(self.oldest) else { return };
        let old = std::mem::replace(place, new);
        self.oldest = (self.oldest + 1) % PRE_ROLL_SLOTS;
        match old {
            Waiting::Sound { slot, wanted: true, frame } => {
                self.close_gap(out);
                out(TapOut::Frame { track: self.track(), slot, frame });
            }
            Waiting::Withheld { slot, wanted: true, reason } => self.widen_gap(slot, reason, out),
            Waiting::Sound { .. } | Waiting::Withheld { .. } => self.close_gap(out),
            Waiting::Empty => {}
        }
    }

    /// An open gap ends right before this slot: whatever is not part of it closes it.
    fn widen_gap(&mut self, slot: Slot, reason: GapReason, out: &mut impl FnMut(TapOut)) {
        let until = Slot(slot.0 + 1);
        match &mut self.gap {
            Some(gap) if gap.reason == reason && slot.0 - gap.from.0 < LONGEST_GAP_SLOTS => {
                gap.until = until;
            }
            Some(_) | None => {
                self.close_gap(out);
                self.gap = Some(Gap { from: slot, until, reason });
            }
        }
    }

    fn close_gap(&mut self, out: &mut impl FnMut(TapOut)) {
        let Some(Gap { from, until, reason }) = self.gap.take() else { return };
        let until = self.until.map_or(until, |end| until.min(end));
        if from < until {
            out(TapOut::Gap { track: self.track(), from, until, reason });
        }
    }
}

impl Drop for Tap {
    /// What was waiting is nobody's any more.
    fn drop(&mut self) {
        for waiting in &mut self.line {
            if let Waiting::Sound { frame, .. } = waiting {
                frame.samples_mut().fill(0);
                std::hint::black_box(frame);
            }
        }
    }
}

impl Waiting {
    const fn slot(&self) -> Option<Slot> {
        match self {
            Self::Empty => None,
            Self::Sound { slot, .. } | Self::Withheld { slot, .. } => Some(*slot),
        }
    }
}

/// Why this slot is not kept, whoever speaks in it.
fn withheld(slot: Slot, around: Around) -> Option<GapReason> {
    if around.held {
        Some(GapReason::Hold)
    } else if around.key_since.is_some_and(|since| slot >= since) {
        Some(GapReason::Digits)
    } else if around.off_record {
        Some(GapReason::Bleed)
    } else {
        None
    }
}

/// 100 ms.
const PRE_ROLL_SLOTS: usize = 5;
/// Quiet for longer than 500 ms.
const QUIET: u8 = 26;
/// Ten seconds: a gap is written down at least that often, so that a crash does not leave a long one untold.
const LONGEST_GAP_SLOTS: u64 = 500;

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a test may read the clock once and count from there")]

    use super::floor::LOUD_ENOUGH;
    use super::*;
    use crate::consent::{self, Answer, Pressed, Question, Wording};
    use crate::ivr::Language;
    use media::SLOT_SAMPLES;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    /// The way a permit is made: by asking.
    fn permit(from: u64) -> Permit {
        let wording = Wording::of("until-approval", "4711", 6).unwrap();
        let asked = Instant::now();
        let (mut question, _, parts) = Question::ask(SeatNo(3), Language::German, wording, Vec::new(), asked);
        (0..parts.len()).for_each(|part| {
            question.said(part, asked);
        });
        let down = asked + Duration::from_secs(30);
        let pressed = Pressed { key: '1', from: Slot(from.saturating_sub(5)), until: Slot(from), down };
        let Answer::Yes(given) = question.key(pressed, down) else { panic!() };
        let public = spool::keys::PublicKey { suite: 1, bytes: vec![7] };
        consent::permit(given, control::TrackKey { track: TrackId([9; 16]), public }).0
    }

    pub(super) fn tap(from: u64) -> Tap {
        Tap::new(permit(from))
    }

    const VOICE: i16 = 1_000;
    /// −68 dBov.
    const HUM: i16 = 13;
    const OPEN: Around = Around { off_record: false, key_since: None, held: false, muted: false };
    const GUARDED: Around = Around { off_record: true, ..OPEN };

    /// A tap and everything it said, in short: which slots were kept, which ranges were gaps.
    struct Bench {
        tap: Tap,
        kept: Vec<u64>,
        gaps: Vec<(u64, u64, GapReason)>,
    }

    impl Bench {
        fn new(from: u64) -> Self {
            Self { tap: Tap::new(permit(from)), kept: Vec::new(), gaps: Vec::new() }
        }

        /// Feeds these slots; each frame carries its slot's number, so that it is seen whose sound was kept.
        fn feed(&mut self, slots: std::ops::Range<u64>, sample: i16, around: Around) {
            for slot in slots {
                let mut frame = Sound::Narrow([sample; SLOT_SAMPLES]);
                frame.samples_mut()[0] = slot as i16;
                let energy = u32::from(sample.unsigned_abs()).pow(2);
                let mut said = Vec::new();
                self.tap.slot(Slot(slot), &frame, energy >= LOUD_ENOUGH, around, &mut |out| said.push(out));
                self.note(said);
            }
        }

        fn end(&mut self, at: u64) {
            let mut said = Vec::new();
            self.tap.end(Slot(at), &mut |out| said.push(out));
            self.note(said);
        }

        fn pause(&mut self) {
            let mut said = Vec::new();
            self.tap.pause(&mut |out| said.push(out));
            self.note(said);
        }

        fn note(&mut self, said: Vec<TapOut>) {
            for out in said {
                match out {
                    TapOut::Frame { track, slot, frame } => {
                        assert_eq!((track, frame.samples()[0]), (TrackId([9; 16]), slot.0 as i16));
                        assert!(self.kept.last().is_none_or(|last| *last < slot.0), "slots rise");
                        self.kept.push(slot.0);
                    }
                    TapOut::Gap { from, until, reason, .. } => self.gaps.push((from.0, until.0, reason)),
                }
            }
        }
    }

    fn run(slots: std::ops::Range<u64>) -> Vec<u64> {
        slots.collect()
    }

    fn slots(ranges: &[std::ops::Range<u64>]) -> Vec<u64> {
        ranges.iter().cloned().flatten().collect()
    }

    #[test]
    fn a_voice_is_kept_slot_by_slot() {
        let mut bench = Bench::new(0);
        bench.feed(0..100, VOICE, OPEN);
        bench.end(100);
        assert_eq!(bench.kept, run(0..100));
        assert_eq!(bench.gaps, []);
    }

    #[test]
    fn silence_is_left_out_after_half_a_second_and_100_ms_before_a_voice_are_kept() {
        let mut bench = Bench::new(0);
        bench.feed(0..10, VOICE, OPEN);
        bench.feed(10..100, 0, OPEN);
        bench.feed(100..110, VOICE, OPEN);
        bench.end(110);
        assert_eq!(bench.kept, slots(&[0..35, 95..110]));
        assert_eq!(bench.gaps, []);
    }

    #[test]
    fn a_quiet_voice_is_kept_and_a_line_at_rest_is_not() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, HUM, OPEN);
        bench.feed(50..60, 19, OPEN);
        bench.end(60);
        assert_eq!(bench.kept, run(45..60));
    }

    #[test]
    fn nothing_before_the_permit_is_kept_not_even_as_pre_roll() {
        let mut bench = Bench::new(50);
        bench.feed(0..47, 0, OPEN);
        bench.feed(47..49, VOICE, OPEN);
        bench.feed(49..52, 0, OPEN);
        bench.feed(52..60, VOICE, OPEN);
        bench.end(60);
        assert_eq!(bench.kept, run(50..60));
        assert!(!bench.tap.covers(Slot(49)));
    }

    #[test]
    fn nothing_from_the_end_on_is_kept_however_long_it_waited() {
        for at in [95, 96, 98, 99, 100, 130] {
            let mut bench = Bench::new(0);
            bench.feed(0..100, VOICE, OPEN);
            bench.end(at);
            bench.feed(100..140, VOICE, OPEN);
            assert_eq!(bench.kept, run(0..at));
            assert!(!bench.tap.covers(Slot(at)));
        }
    }

    #[test]
    fn an_end_that_becomes_known_very_late_stops_at_what_was_said() {
        let mut bench = Bench::new(0);
        bench.feed(0..100, VOICE, OPEN);
        bench.end(20);
        bench.feed(100..140, VOICE, OPEN);
        assert_eq!(bench.kept, run(0..95));
    }

    #[test]
    fn an_end_never_moves_later() {
        let mut bench = Bench::new(0);
        bench.feed(0..10, VOICE, OPEN);
        bench.end(10);
        bench.end(20);
        bench.feed(10..20, VOICE, OPEN);
        assert_eq!(bench.kept, run(0..10));
    }

    #[test]
    fn no_slot_is_kept_in_which_an_off_record_seat_talks() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, VOICE, OPEN);
        bench.feed(50..80, VOICE, GUARDED);
        bench.feed(80..100, VOICE, OPEN);
        bench.end(100);
        assert_eq!(bench.kept, slots(&[0..50, 80..100]));
        assert_eq!(bench.gaps, [(50, 80, GapReason::Bleed)]);
    }

    #[test]
    fn pre_roll_does_not_reach_into_a_guarded_slot() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, 0, OPEN);
        bench.feed(50..80, 0, GUARDED);
        bench.feed(80..82, 0, OPEN);
        bench.feed(82..90, VOICE, OPEN);
        bench.end(90);
        assert_eq!(bench.kept, run(80..90));
        assert_eq!(bench.gaps, [], "the seat itself had no sound under the guard");
    }

    #[test]
    fn an_echo_that_dies_away_after_the_guard_is_not_kept() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, 0, OPEN);
        bench.feed(50..80, VOICE, GUARDED);
        bench.feed(80..100, HUM, OPEN);
        bench.end(100);
        assert!(bench.kept.is_empty());
        assert_eq!(bench.gaps, [(50, 80, GapReason::Bleed)]);
    }

    /// The whole guard: a telephone in the room plays back what it hears, later and softer.
    #[test]
    fn a_loudspeaker_does_not_re_record_a_refuser() {
        for (delay, loss_db) in [(2_usize, 6.0_f32), (8, 20.0), (15, 6.0), (15, 40.0), (60, 6.0)] {
            let until_slots = delay as u8;
            let hangover = Hangover::of(Some(Echo { db: -loss_db, delay_slots: until_slots, until_slots }));
            for refuser_db in [-20.0_f32, -45.0, -64.0] {
                let mut bench = Bench::new(0);
                let mut bleed = Bleed::new();
                let talks = |slot: usize| slot % 197 < 40;
                for slot in 0..500_usize {
                    let sample = |db: f32| (32_768.0 * 10_f32.powf(db / 20.0)) as i16;
                    let said = if talks(slot) { sample(refuser_db) } else { 0 };
                    let echo = if slot >= delay && talks(slot - delay) { sample(refuser_db - loss_db) } else { 0 };
                    // The room mixes from the same bound on, and calls that talking.
                    bleed.slot(u32::from(said.unsigned_abs()).pow(2) >= LOUD_ENOUGH);
                    let off_record = bleed.holds(hangover);
                    // The consenting person speaks all the time, so that every slot that may be kept is kept.
                    let sample = VOICE + echo;
                    let around = Around { off_record, ..OPEN };
                    bench.feed(slot as u64..slot as u64 + 1, sample, around);
                    if echo != 0 {
                        assert!(off_record, "echo in slot {slot}, {delay} slots late");
                    }
                }
                bench.end(500);
                assert!(!bench.kept.is_empty());
                assert!(bench.kept.iter().all(|slot| !talks(*slot as usize)));
                assert!(bench.kept.iter().all(|slot| (*slot as usize) < delay || !talks(*slot as usize - delay)));
            }
        }
    }

    #[test]
    fn from_a_keys_first_packet_until_it_was_judged_nothing_leaves() {
        let mut bench = Bench::new(0);
        let mut keys = Keys::new();
        bench.feed(0..50, VOICE, Around { key_since: keys.since(), ..OPEN });
        keys.began(Slot(50));
        bench.feed(50..70, VOICE, Around { key_since: keys.since(), ..OPEN });
        keys.settled();
        bench.feed(70..90, VOICE, Around { key_since: keys.since(), ..OPEN });
        bench.end(90);
        assert_eq!(bench.kept, slots(&[0..50, 70..90]));
        assert_eq!(bench.gaps, [(50, 70, GapReason::Digits)]);
    }

    #[test]
    fn a_key_known_late_takes_back_what_still_waits() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, VOICE, OPEN);
        // The first two packets of the key were lost.
        bench.feed(50..60, VOICE, Around { key_since: Some(Slot(48)), ..OPEN });
        bench.end(48);
        assert_eq!(bench.kept, run(0..48));
        assert_eq!(bench.gaps, [], "after the end there is nothing that could be missing");
    }

    #[test]
    fn a_key_that_was_not_the_withdrawal_is_a_gap_from_where_it_began() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, VOICE, OPEN);
        bench.feed(50..60, VOICE, Around { key_since: Some(Slot(48)), ..OPEN });
        bench.feed(60..70, VOICE, OPEN);
        bench.end(70);
        assert_eq!(bench.kept, slots(&[0..48, 60..70]));
        assert_eq!(bench.gaps, [(48, 60, GapReason::Digits)]);
    }

    #[test]
    fn a_held_seat_is_a_gap_and_a_muted_one_is_nothing() {
        let mut bench = Bench::new(0);
        bench.feed(0..10, VOICE, OPEN);
        bench.feed(10..20, VOICE, Around { held: true, ..OPEN });
        bench.feed(20..30, VOICE, OPEN);
        bench.feed(30..40, VOICE, Around { muted: true, ..OPEN });
        bench.feed(40..50, VOICE, OPEN);
        bench.end(50);
        assert_eq!(bench.kept, slots(&[0..10, 20..30, 40..50]));
        assert_eq!(bench.gaps, [(10, 20, GapReason::Hold)]);
    }

    #[test]
    fn gaps_are_merged_and_only_where_the_seat_had_sound() {
        let mut bench = Bench::new(0);
        bench.feed(0..100, 0, GUARDED);
        bench.feed(100..110, VOICE, GUARDED);
        bench.feed(110..200, 0, GUARDED);
        bench.feed(200..210, VOICE, GUARDED);
        bench.feed(210..215, VOICE, Around { held: true, ..OPEN });
        bench.end(215);
        assert!(bench.kept.is_empty());
        let bleed = GapReason::Bleed;
        assert_eq!(bench.gaps, [(100, 135, bleed), (200, 210, bleed), (210, 215, GapReason::Hold)]);
    }

    #[test]
    fn a_long_gap_is_told_every_ten_seconds() {
        let mut bench = Bench::new(0);
        bench.feed(0..1_200, VOICE, GUARDED);
        let bleed = GapReason::Bleed;
        assert_eq!(bench.gaps, [(0, 500, bleed), (500, 1_000, bleed)]);
        bench.end(1_100);
        assert_eq!(bench.gaps[2..], [(1_000, 1_100, bleed)]);
    }

    #[test]
    fn pre_roll_does_not_reach_over_a_pause_or_a_missed_slot() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, 0, OPEN);
        bench.pause();
        bench.feed(60..62, 0, OPEN);
        bench.feed(63..70, VOICE, OPEN);
        bench.end(70);
        assert_eq!(bench.kept, run(63..70));
    }

    #[test]
    fn a_pause_loses_nothing_of_what_was_said_before() {
        let mut bench = Bench::new(0);
        bench.feed(0..50, VOICE, OPEN);
        bench.pause();
        assert_eq!(bench.kept, run(0..50));
        bench.feed(80..90, VOICE, OPEN);
        bench.end(90);
        assert_eq!(bench.kept, slots(&[0..50, 80..90]));
    }

    proptest! {
        #[test]
        fn whatever_happens_only_open_slots_under_the_permit_are_kept(
            from in 0_u64..50,
            steps in proptest::collection::vec((1_u64..12, 0_u8..6, any::<bool>(), 0_u64..3), 1..60),
            before_end in 0_u64..10,
        ) {
            let mut bench = Bench::new(from);
            let mut open = std::collections::HashSet::new();
            // What lay in the tap when the voice was broken off was said then.
            let (mut now, mut broken) = (0, 0);
            for (length, kind, loud, jump) in steps {
                let around = match kind {
                    0 => GUARDED,
                    1 => Around { key_since: Some(Slot(now)), ..OPEN },
                    2 => Around { held: true, ..OPEN },
                    3 => Around { muted: true, ..OPEN },
                    _ => OPEN,
                };
                bench.feed(now..now + length, if loud { VOICE } else { 0 }, around);
                if kind == 3 {
                    broken = now + length;
                }
                if kind > 3 {
                    open.extend(now..now + length);
                }
                now += length + jump;
                if jump > 0 {
                    broken = now;
                }
            }
            let end = now.saturating_sub(before_end);
            bench.end(end);
            bench.feed(now..now + 20, VOICE, OPEN);
            for slot in &bench.kept {
                prop_assert!(*slot >= from && open.contains(slot));
                prop_assert!(*slot < end || *slot + 5 < now || *slot < broken, "said before the end was known");
            }
            for (since, until, _) in &bench.gaps {
                prop_assert!(since < until && *since >= from);
                prop_assert!((*since..*until).all(|slot| !bench.kept.contains(&slot)));
            }
        }
    }
}
