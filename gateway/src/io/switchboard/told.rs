//! What has happened, for whoever follows: a bounded memory with a cursor, and a broadcast of what comes.
//!
//! Not here: what happens.

use std::collections::VecDeque;

use control::{Event, What};
use spool::id::EpochId;
use tokio::sync::broadcast;

use crate::io::control::Follow;

pub(super) struct Told {
    boot: EpochId,
    cursor: u64,
    recent: VecDeque<Event>,
    next: broadcast::Sender<Event>,
}

impl Told {
    pub(super) fn new(boot: EpochId) -> Self {
        Self {
            boot,
            cursor: 0,
            recent: VecDeque::with_capacity(REMEMBERED),
            next: broadcast::Sender::new(FOLLOWERS_LAG),
        }
    }

    pub(super) fn tell(&mut self, utc_ms: i64, what: What) {
        self.cursor += 1;
        let event = Event { cursor: self.cursor, boot: self.boot, utc_ms, what };
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(event.clone());
        // Nobody following is no fault.
        let _followers = self.next.send(event);
    }

    /// Everything after the cursor, from the beginning when the cursor is of another boot.
    pub(super) fn follow(&self, after: u64, boot: Option<EpochId>) -> Follow {
        let after = if boot.is_some_and(|boot| boot != self.boot) { 0 } else { after };
        Follow {
            since: self.recent.iter().filter(|event| event.cursor > after).cloned().collect(),
            next: self.next.subscribe(),
        }
    }
}

const REMEMBERED: usize = 4096;
/// A follower this far behind is cut off and comes back with its cursor.
const FOLLOWERS_LAG: usize = 1024;
