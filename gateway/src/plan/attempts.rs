//! Wrong PINs, counted by caller and by dialled number, in memory, for an hour.
//!
//! The count delays the next question and refuses nobody: behind one number there may be a whole town hall, and the right
//! PIN must always work. So guessing gets slow, and a slip of the finger costs nothing.
//!
//! Not here: the tag's making (HMAC of the caller's number under a key of this run, by the shell).

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Who calls, as far as counting needs it: HMAC of the number under a key that lives as long as the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallerTag(pub [u8; 16]);

impl std::fmt::Debug for CallerTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallerTag(..)")
    }
}

#[derive(Default)]
pub(super) struct Attempts {
    callers: HashMap<CallerTag, Count>,
    /// By a digest: what was dialled is the caller's to choose, and so is its length.
    dialled: HashMap<[u8; 32], Count>,
}

#[derive(Clone, Copy)]
struct Count {
    wrong: u32,
    last: Instant,
}

impl Attempts {
    /// One more wrong PIN: how long the next question waits.
    pub(super) fn wrong(&mut self, caller: CallerTag, dialled: &str, now: Instant) -> Duration {
        let by_caller = delay(count(&mut self.callers, caller, now), FREE_BY_CALLER, LONGEST_BY_CALLER);
        let by_number =
            delay(count(&mut self.dialled, Sha256::digest(dialled).into(), now), FREE_BY_NUMBER, LONGEST_BY_NUMBER);
        by_caller.max(by_number)
    }
}

impl std::fmt::Debug for Attempts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempts(..)")
    }
}

fn count<K: Hash + Eq + Clone>(counts: &mut HashMap<K, Count>, key: K, now: Instant) -> u32 {
    if !counts.contains_key(&key) && counts.len() >= MOST {
        counts.retain(|_, count| now.saturating_duration_since(count.last) < REMEMBERED);
        let oldest = counts.iter().min_by_key(|(_, count)| count.last).map(|(key, _)| key.clone());
        if counts.len() >= MOST
            && let Some(oldest) = oldest
        {
            counts.remove(&oldest);
        }
    }
    let entry = counts.entry(key).or_insert(Count { wrong: 0, last: now });
    if now.saturating_duration_since(entry.last) >= REMEMBERED {
        entry.wrong = 0;
    }
    *entry = Count { wrong: entry.wrong.saturating_add(1), last: now };
    entry.wrong
}

/// One second after the free tries, doubled with each further one.
fn delay(wrong: u32, free: u32, longest: Duration) -> Duration {
    match wrong.checked_sub(free + 1) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64.checked_shl(over).unwrap_or(u64::MAX)).min(longest),
    }
}

const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// So many tags are remembered at most; then the oldest is forgotten.
const MOST: usize = 10_000;

/// A whole call of slips costs nothing.
const FREE_BY_CALLER: u32 = 3;
const LONGEST_BY_CALLER: Duration = Duration::from_secs(30);

/// One number is dialled by everybody, so its own count only ever slows a little.
const FREE_BY_NUMBER: u32 = 50;
const LONGEST_BY_NUMBER: Duration = Duration::from_secs(4);
