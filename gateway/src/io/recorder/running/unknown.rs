//! While nobody knows how the record stands, nothing is kept, and each open voice has a gap that says why.
//!
//! Not here: when that is (`lease`), and telling anybody (`io::switchboard`).

use super::*;

impl Running {
    /// The record is off from here, until a line of its own says on; or somebody knows again.
    pub(super) fn state_is(&mut self, known: bool, slot: Slot) {
        if known {
            self.write_unknown(slot);
            self.unknown = None;
        } else {
            self.off_from(slot);
            self.unknown.get_or_insert(slot);
        }
    }

    /// Off is off: a second word for it forgets nothing of the first.
    pub(super) fn off_from(&mut self, slot: Slot) {
        if !matches!(self.off, Some((_, None))) {
            self.off = Some((slot, None));
        }
    }

    /// The chunk is closed: what is still unknown goes on in the next.
    pub(super) fn divide_unknown(&mut self, now: Slot) {
        self.write_unknown(now);
        self.unknown = self.unknown.map(|_| now);
    }

    /// The part of the gap that lies in this permit, which ends there.
    pub(super) fn end_unknown(&mut self, track: TrackId, until: Slot) {
        let (Some(from), Some(voice)) = (self.unknown, self.voices.get(&track)) else { return };
        let (from, until) = (from.max(voice.fact.from), voice.until.map_or(until, |end| until.min(end)));
        if from < until {
            let (whose, reason) = (Whose::Track(track), GapReason::StateUnknown);
            self.owe(Owed::Line(until, MediaEvent::Gap { whose, from, until, reason }));
        }
    }

    fn write_unknown(&mut self, until: Slot) {
        for track in self.voices.keys().copied().collect::<Vec<_>>() {
            self.end_unknown(track, until);
        }
    }
}
