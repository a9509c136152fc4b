//! One room on a worker: the seats with their lines, and the slot that all of them share.
//!
//! [`Table::run`] is a slot: everybody is heard, taps are fed, everybody is sent what they are to hear, in this order.
//! So no ear waits for a disk, and what is kept was decided before the mix.
//!
//! Not here: the arithmetic (`room`), what of a voice is kept (`tap`), one call's packets (`line`).

use spool::id::{SeatNo, Slot};

use super::RoomId;
use super::line::Line;
use super::worker::Outside;
use crate::ids::CallId;
use crate::room::Room;
use crate::tap::{Bleed, Several};

/// A room, with those who sit in it.
pub(super) struct Table {
    pub(super) id: RoomId,
    /// Is the record on, for whoever agreed?
    on: bool,
    seats: Vec<Seat>,
    room: Room,
    bleed: Bleed,
}

struct Seat {
    seat: SeatNo,
    line: Box<Line>,
    /// It had a turn in this slot: a line that came from a later quarter has had its slot already.
    present: bool,
    /// What it says under a key that is not judged yet is nobody's to keep, through another seat's loudspeaker neither.
    /// For its own sake it needs no guard: its tap knows the key.
    key_bleed: Bleed,
}

impl Table {
    pub(super) fn new(id: RoomId) -> Self {
        Self { id, on: false, seats: Vec::new(), room: Room::new(), bleed: Bleed::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    pub(super) fn sit(&mut self, seat: SeatNo, line: Box<Line>) {
        self.seats.push(Seat { seat, line, present: false, key_bleed: Bleed::new() });
    }

    /// Gives a call's line back, with everything its tap still held said.
    pub(super) fn rise(&mut self, call: CallId, outside: &mut Outside) -> Option<Box<Line>> {
        let at = self.seats.iter().position(|seat| seat.line.call == call)?;
        let mut line = self.seats.swap_remove(at).line;
        line.leave_room(outside);
        Some(line)
    }

    pub(super) fn line(&mut self, call: CallId) -> Option<&mut Line> {
        self.seats.iter_mut().map(|seat| &mut *seat.line).find(|line| line.call == call)
    }

    pub(super) fn record(&mut self, on: bool, outside: &mut Outside) {
        if self.on && !on {
            self.seats.iter_mut().for_each(|seat| seat.line.pause_tap(outside));
        }
        self.on = on;
    }

    /// One slot of everybody.
    pub(super) fn run(&mut self, slot: Slot, buffer: &mut [u8], outside: &mut Outside) {
        let Self { seats, room, bleed, on, .. } = self;
        room.begin();
        let mut off_record_talks = false;
        let mut keys = Several::new();
        for Seat { line, present, key_bleed, .. } in seats.iter_mut() {
            *present = line.is_due(slot);
            if *present {
                line.hear(slot, buffer, outside);
                line.join(room);
                off_record_talks |= line.talks() && !line.is_permitted(slot);
                key_bleed.slot(line.talks() && line.may_have_withdrawn(slot));
            }
            keys.add(*key_bleed);
        }
        room.cross();
        bleed.slot(off_record_talks);
        for Seat { line, key_bleed, .. } in seats.iter_mut().filter(|seat| *on && seat.present) {
            let hangover = line.hangover();
            line.tap(slot, bleed.holds(hangover) || keys.hold(*key_bleed, hangover), outside);
        }
        for Seat { line, .. } in seats.iter_mut().filter(|seat| seat.present) {
            line.speak_of(room, outside);
        }
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seats = self.seats.iter().map(|seat| seat.seat);
        f.debug_struct("Table")
            .field("id", &self.id)
            .field("on", &self.on)
            .field("seats", &seats.collect::<Vec<_>>())
            .finish()
    }
}
