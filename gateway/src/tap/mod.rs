//! What leaves the room towards a disk.
//!
//! A [`Tap`] is made from a [`Permit`] and from nothing else, fed every slot of its seat's sound, before and apart from the
//! room's gate, and says what is kept of it.
//! Everything lies in it for 100 ms before it is said: so a voice is kept from before its first loud slot, and what becomes
//! known a little late (a key whose first packets were lost, the end of the permit) still holds back what must not leave.
//! [`Bleed`] is the room's guard against loudspeakers; [`Keys`] knows whether a key of the seat waits to be judged.
//!
//! Not here: who permits (`consent`), the ring to the recorder and what happens when it is full (`io`).

mod bleed;
mod keys;

pub use bleed::Bleed;
pub use keys::Keys;

use media::{Frame, SILENCE};
use spool::line::GapReason;

use crate::consent::Permit;
use crate::ids::{SeatNo, Slot, TrackId};

/// What is true of the seat and its room in a slot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// An off-record seat talks or may still be echoing: [`Bleed::slot`].
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
pub enum TapOut {
    Frame {
        track: TrackId,
        slot: Slot,
        frame: Frame,
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
enum Waiting {
    Empty,
    /// `wanted`: a voice, or what belongs to one.
    Sound {
        slot: Slot,
        wanted: bool,
        frame: Frame,
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

    /// Every slot of the seat, while the room's record is on. `energy` is the frame's, by [`media::level::energy`].
    ///
    /// A slot that is left out breaks the voice off: nothing is made up and nothing reaches across.
    pub fn slot(&mut self, slot: Slot, frame: &Frame, energy: u32, around: Around, out: &mut impl FnMut(TapOut)) {
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
        let wanted = self.listen(energy, reason.is_some());
        self.push(
            match reason {
                Some(reason) => Waiting::Withheld { slot, wanted, reason },
                None => Waiting::Sound { slot, wanted, frame: *frame },
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
    fn listen(&mut self, energy: u32, withheld: bool) -> bool {
        let loud = energy >= LOUD_ENOUGH;
        if loud {
            self.quiet_slots = 0;
            self.want_what_waits();
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

    fn widen_gap(&mut self, slot: Slot, reason: GapReason, out: &mut impl FnMut(TapOut)) {
        let until = Slot(slot.0 + 1);
        match &mut self.gap {
            Some(gap) if gap.until == slot && gap.reason == reason && slot.0 - gap.from.0 < LONGEST_GAP_SLOTS => {
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
                *frame = SILENCE;
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
/// The energy of −65 dBov: a quiet voice is a voice.
const LOUD_ENOUGH: u32 = 340;
/// Quiet for longer than 500 ms.
const QUIET: u8 = 26;
/// Ten seconds: a gap is written down at least that often, so that a crash does not leave a long one untold.
const LONGEST_GAP_SLOTS: u64 = 500;
