//! What must be written as soon as the disk takes it: lines, acts and ends, in their order, and so many of them at most.
//!
//! Not here: writing them (`running`).

use std::collections::VecDeque;

use spool::id::{Slot, TrackId};
use spool::line::{Act, EndWhy, MediaEvent};

pub(super) enum Owed {
    Line(Slot, MediaEvent),
    /// Never a yes: what cannot be written when it is said permits nothing, and its caller is told so.
    Act(Slot, Box<Act>),
    End {
        track: TrackId,
        until: Slot,
        why: EndWhy,
    },
}

#[derive(Default)]
pub(super) struct Owing(VecDeque<Owed>);

impl Owing {
    pub(super) fn add(&mut self, owed: Owed) {
        if self.0.len() == MOST_OWED {
            tracing::error!("more lines are owed to the spool than are remembered; the oldest is given up");
            // Evidence last.
            let oldest = self.0.iter().position(|owed| !matches!(owed, Owed::Act(..))).unwrap_or(0);
            self.0.remove(oldest);
        }
        self.0.push_back(owed);
    }

    pub(super) fn oldest(&mut self) -> Option<Owed> {
        self.0.pop_front()
    }

    /// The disk did not take it.
    pub(super) fn put_back(&mut self, owed: Owed) {
        self.0.push_front(owed);
    }

    pub(super) fn has_acts(&self) -> bool {
        self.0.iter().any(|owed| matches!(owed, Owed::Act(..)))
    }
}

/// Lines kept in memory while the disk takes nothing.
const MOST_OWED: usize = 4096;
