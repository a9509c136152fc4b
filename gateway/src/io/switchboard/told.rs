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

    /// Everything after the cursor, from the beginning when the cursor is of another boot. Where that is longer ago than is
    /// remembered, from the oldest that is: whoever follows sees it by the jump of the cursor, and has to ask for what is
    /// true now (meetings, waiting chunks and orders); it is said in the log.
    pub(super) fn follow(&self, after: u64, boot: Option<EpochId>) -> Follow {
        let after = if boot.is_some_and(|boot| boot != self.boot) { 0 } else { after };
        let forgotten = self.forgotten(after);
        if forgotten > 0 {
            tracing::warn!(
                events = forgotten,
                "a follower comes too late for what was told: it goes on from the oldest"
            );
        }
        Follow {
            since: self.recent.iter().filter(|event| event.cursor > after).cloned().collect(),
            next: self.next.subscribe(),
        }
    }

    /// How many events after this cursor are remembered no more.
    fn forgotten(&self, after: u64) -> u64 {
        let oldest = self.recent.front().map_or(self.cursor + 1, |event| event.cursor);
        (oldest - 1).saturating_sub(after)
    }
}

const REMEMBERED: usize = 4096;
/// A follower this far behind is cut off and comes back with its cursor.
const FOLLOWERS_LAG: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_older_than_what_is_remembered_goes_on_from_the_oldest_and_that_is_seen() {
        let mut told = Told::new(EpochId([1; 8]));
        let what = || What::RecordingTrouble { meeting: spool::id::MeetingId([1; 16]), reason: String::new() };
        assert_eq!(told.forgotten(0), 0);
        (0..REMEMBERED + 10).for_each(|_| told.tell(0, what()));
        assert_eq!((told.forgotten(3), told.forgotten(10), told.forgotten(11)), (7, 0, 0));
        assert_eq!(told.follow(3, None).since.first().map(|event| event.cursor), Some(11));
        assert_eq!(told.follow(500, Some(EpochId([2; 8]))).since.len(), REMEMBERED);
    }
}
