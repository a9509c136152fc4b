//! Seats whose yes found no key: from then on their words are missing, and that is written down as gaps of a seat.
//!
//! A gap is told piece by piece, with the clock lines and at the end of a chunk, so that each chunk says its own part and a
//! kill forgets ten seconds of it at most.
//!
//! Not here: telling the caller (`call`), and when a seat has said something else (`running`).

use std::collections::BTreeMap;

use spool::id::{SeatNo, Slot};
use spool::line::{GapReason, MediaEvent, Whose};

/// Each with the slot up to which its gap is written down.
#[derive(Default)]
pub(super) struct Keyless(BTreeMap<SeatNo, Slot>);

impl Keyless {
    /// A second yes that finds none either changes nothing.
    pub(super) fn begin(&mut self, seat: SeatNo, from: Slot) {
        self.0.entry(seat).or_insert(from);
    }

    /// The seat has a permit now, or wants none any more.
    pub(super) fn end(&mut self, seat: SeatNo, until: Slot) -> Option<MediaEvent> {
        let from = self.0.remove(&seat).filter(|from| *from < until)?;
        Some(gap(seat, from, until))
    }

    /// What is to be written down by `now`; it goes on from there.
    pub(super) fn so_far(&mut self, now: Slot) -> Vec<MediaEvent> {
        let missing = self.0.iter_mut().filter(|(_, from)| **from < now);
        missing.map(|(seat, from)| gap(*seat, std::mem::replace(from, now), now)).collect()
    }

    /// A new section has keys of its own, and everybody is asked anew.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

fn gap(seat: SeatNo, from: Slot, until: Slot) -> MediaEvent {
    MediaEvent::Gap { whose: Whose::Seat(seat), from, until, reason: GapReason::NoKeys }
}
