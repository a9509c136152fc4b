//! How far ahead of their slot packets are kept: one judgement for both buffers, made of whole slots.
//!
//! Sound is taken once a slot, so a packet that comes just before its slot costs nothing, and each slot of depth makes a
//! caller 20 ms later for everybody.
//! A stream begins one slot deep, and goes on as deep as this telephone's keys need.
//! A packet that comes after its slot was taken without it makes the buffer a slot deeper ([`Depth::aim`]); when all
//! packets of a while came a slot earlier than they had to, it becomes a slot shallower ([`Depth::goes_shallower`]).
//! That while is two seconds, and doubles each time a slot that was saved had to be put back soon after.
//! Nothing that is merely missing says anything: it may have been lost, or be a pause.
//!
//! An RTP time that was translated into a slot ([`Depth::promise`]) stays where it was said to be, or consent would begin
//! before its yes: until that slot was taken the depth does not change, and afterwards the cursor never returns before it.
//!
//! Times are ticks of the codec's clock, counted from the beginning of the slot that is taken next: the cursor.
//!
//! Not here: the sound itself (`jitter`, `packets`).

/// One buffer's depth.
#[derive(Clone, Debug)]
pub(crate) struct Depth {
    /// Ticks in a slot.
    slot: i32,
    /// How much too early the latest packet of this watch came.
    least: i32,
    /// Slots of this watch in which a packet came.
    watched: u16,
    came: bool,
    /// How long a watch is.
    patience: u16,
    since_shallower: u16,
    /// The buffer went deeper since a slot was taken.
    deeper: bool,
    /// Slots in a row in which packets came and all were late, and whether this is going to be one.
    late_slots: u8,
    came_late: bool,
    /// The slots taken last, the newest lowest: something was missing.
    missing: u16,
    /// Where the last time is that was translated into a slot; what a jump of the sender's time leaves of it is the slot.
    promised: i32,
    /// Slots by which packets must come early, because this telephone's keys are known so much later than they are heard.
    keys: u8,
    /// How many of those are still to come, and whether the key that asked for them was told as a slot by now.
    keys_owed: u8,
    key_told: bool,
}

/// What a packet makes of its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// It begins so far ahead.
    At(i32),
    /// The same, after the cursor went a slot back for it.
    SlotBack(i32),
    /// With it the stream begins anew: the sender's time jumped, or everything came late.
    Anew,
}

impl Depth {
    pub(crate) const fn new(slot_ticks: i32) -> Self {
        Self {
            slot: slot_ticks,
            least: i32::MAX,
            watched: 0,
            came: false,
            patience: SHORTEST_WATCH,
            since_shallower: u16::MAX,
            deeper: false,
            late_slots: 0,
            came_late: false,
            missing: 0,
            promised: i32::MIN,
            keys: 0,
            keys_owed: 0,
            key_told: false,
        }
    }

    /// Of a buffer that takes this one's place, with another clock: what was promised and learned counts on.
    pub(crate) const fn follow(&mut self, before: &Self) {
        self.promised = before.promised_slots() * self.slot;
        (self.patience, self.keys) = (before.patience, before.keys);
    }

    /// A stream begins: how far ahead its first packet plays, and never before a slot that was promised of another stream.
    /// Nothing when that is too far.
    pub(crate) const fn lead(&self) -> Option<i32> {
        let promised = self.promised_slots() * self.slot;
        let lead = if promised > self.slot { promised } else { self.slot };
        if lead <= DEEPEST_SLOTS * self.slot { Some(lead) } else { None }
    }

    /// Of the stream before, only its promise and what was learned of the way here counts on.
    pub(crate) const fn begin(&mut self) {
        (self.missing, self.came, self.deeper) = (0, false, false);
        (self.late_slots, self.came_late) = (0, false);
        // The depth that its keys need went with that stream. It comes a slot after the first packet, when it is known how far
        // behind the others that one was.
        (self.keys_owed, self.key_told) = (self.keys, false);
        self.watch_anew();
    }

    /// A packet came of so many ticks, that begins so far ahead; one that begins before `in_time` is late. `waits`: the end of
    /// the newest sound.
    pub(crate) fn aim(&mut self, ahead: i32, ticks: i32, in_time: i32, waits: i32) -> Aim {
        if ahead > MOST_SLOTS * self.slot - ticks || ahead < -JUMP_SLOTS * self.slot {
            return Aim::Anew;
        }
        let back = ahead < 0 && self.goes_deeper(ahead, waits);
        let ahead = if back { ahead + self.slot } else { ahead };
        if ahead < in_time && self.late_slots >= LATE_SLOTS && self.returns_to(ahead - self.slot) {
            return Aim::Anew;
        }
        if back { Aim::SlotBack(ahead) } else { Aim::At(ahead) }
    }

    /// A packet's time was over.
    pub(crate) const fn late(&mut self) {
        self.came_late = true;
    }

    /// A packet came in time, new or not.
    pub(crate) const fn in_time(&mut self) {
        (self.late_slots, self.came_late) = (0, false);
    }

    /// A packet came that begins so far ahead, and is kept.
    pub(crate) fn came(&mut self, ahead: i32) {
        self.least = self.least.min(ahead);
        self.came = true;
    }

    /// A packet came whose beginning was to be played already; `waits`: the end of the newest sound. Says whether the
    /// cursor goes a slot back for it: it was missed there, and what comes like it will be in time then.
    ///
    /// Once a slot: a burst after a stall is not a way that is late by its whole length.
    fn goes_deeper(&mut self, ahead: i32, waits: i32) -> bool {
        let before = ahead.unsigned_abs().div_ceil(self.slot.unsigned_abs());
        let was_missing = before <= u16::BITS && self.missing & 1 << (before - 1) != 0;
        if !was_missing || self.deeper || waits.max(0) - ahead > DEEPEST_SLOTS * self.slot {
            return false;
        }
        // A second copy of it is no second one that came late.
        self.missing &= !(1 << (before - 1));
        if !self.returns_to(-self.slot) {
            return false;
        }
        self.missing >>= 1;
        self.deeper = true;
        self.patience = if self.since_shallower < self.patience.saturating_mul(SOON) {
            (self.patience * 2).min(LONGEST_WATCH)
        } else {
            SHORTEST_WATCH
        };
        self.watch_anew();
        true
    }

    /// Whether the cursor may be set back, or on, so far within the same stream; then it is.
    const fn returns_to(&mut self, ahead: i32) -> bool {
        if ahead < self.promised {
            return false;
        }
        self.promised = self.promised.saturating_sub(ahead);
        true
    }

    /// A slot was taken; `whole`: all of it was there.
    pub(crate) fn passed(&mut self, whole: bool) {
        self.promised = self.promised.saturating_sub(self.slot);
        self.missing = self.missing << 1 | u16::from(!whole);
        self.late_slots = self.late_slots.saturating_add(u8::from(std::mem::take(&mut self.came_late)));
        self.watched = self.watched.saturating_add(u16::from(std::mem::take(&mut self.came)));
        self.since_shallower = self.since_shallower.saturating_add(1);
        (self.deeper, self.key_told) = (false, true);
    }

    /// After a slot was taken: whether the next one may be left out. In a moment of quiet that is heard by nobody; without
    /// one it happens a second later all the same.
    pub(crate) fn goes_shallower(&mut self, quiet: impl FnOnce() -> bool) -> bool {
        if self.watched < self.patience {
            return false;
        }
        let spare = self.least / self.slot - i32::from(self.keys);
        if spare < 1 {
            self.watch_anew();
            return false;
        }
        let settled = self.promised <= -self.slot;
        settled && (spare > 1 || self.watched >= self.patience.saturating_add(WAIT_FOR_QUIET) || quiet())
    }

    /// The slot was left out.
    pub(crate) const fn went_shallower(&mut self) {
        self.promised = self.promised.saturating_sub(self.slot);
        self.missing <<= 1;
        self.since_shallower = 0;
        self.watch_anew();
    }

    /// An RTP time is about to be told as a slot, so far ahead: it keeps its place.
    pub(crate) fn promise(&mut self, ahead: i32) {
        self.promised = self.promised.max(ahead.min(FURTHEST_SLOTS * self.slot));
    }

    /// Slots until what was promised last is over.
    const fn promised_slots(&self) -> i32 {
        if self.promised > 0 { (self.promised + self.slot - 1) / self.slot } else { 0 }
    }

    /// A key became known that began so far ahead. When its sound was played before, as of a gateway that takes a while to
    /// know a tone as a key, the next must be known in time: sound waits a little longer from then on.
    pub(crate) fn key_began(&mut self, ahead: i32) {
        let late = ahead.min(0).unsigned_abs().div_ceil(self.slot.unsigned_abs());
        let slots = u8::try_from(late).unwrap_or(u8::MAX).min(MOST_FOR_KEYS - self.keys);
        let heard = late > 0 && late <= u16::BITS && (1..=late).any(|before| self.missing & 1 << (before - 1) == 0);
        if heard {
            self.keys += slots;
            self.keys_owed += slots;
            self.key_told = false;
        }
    }

    /// Before a slot is taken: whether the cursor goes a slot back for the keys' sake. `waits` as in [`Self::goes_deeper`].
    pub(crate) fn goes_deeper_for_keys(&mut self, waits: i32) -> bool {
        let owed = self.keys_owed > 0 && self.key_told && waits.max(0) + self.slot <= DEEPEST_SLOTS * self.slot;
        if !owed || !self.returns_to(-self.slot) {
            return false;
        }
        self.keys_owed -= 1;
        self.missing >>= 1;
        true
    }

    const fn watch_anew(&mut self) {
        (self.watched, self.least) = (0, i32::MAX);
    }
}

/// 200 ms: the longest that sound without a permit may exist (README, invariant 1).
const MOST_SLOTS: i32 = 10;
/// One second: no packet is that late, the sender's clock was set.
const JUMP_SLOTS: i32 = 50;
const LATE_SLOTS: u8 = 3;
/// 140 ms: with the longest packet behind it that is the 200 ms that a buffer holds.
const DEEPEST_SLOTS: i32 = 7;
/// 280 ms, in slots: no sound that is still to be played is further ahead than 200 ms, and no key is dated much further.
const FURTHEST_SLOTS: i32 = 14;
/// Two seconds, in slots.
const SHORTEST_WATCH: u16 = 100;
/// 64 seconds.
const LONGEST_WATCH: u16 = 3_200;
/// So many watches after a slot was left out, putting one back means that it was wrong.
const SOON: u16 = 4;
/// One second.
const WAIT_FOR_QUIET: u16 = 50;
/// 60 ms: who detects a tone needs no longer.
const MOST_FOR_KEYS: u8 = 3;
