//! Wrong PINs, counted by caller, by where the call comes from, by dialled number and in all; in memory, for an hour.
//!
//! The counts delay the next question, of this call or of the next one, and refuse nobody: behind one number there may be a
//! whole town hall, and the right PIN must always work. So guessing gets slow, and a slip of the finger costs nothing.
//!
//! | count | free | longest | because |
//! |---|---|---|---|
//! | caller | 3 | 30 s | a whole call of slips costs nothing |
//! | source, where nobody was right | 20 | 30 s | the numbers are the guesser's to choose, the address is not |
//! | source, where somebody was | 20 and one each right one | 4 s | a trunk: all its callers have one address |
//! | dialled number | 50 | 4 s | everybody dials it |
//! | in all | 300 | 2 s | everybody who calls waits for it; it slows who has many addresses |
//!
//! Behind a trunk nobody must wait long for one who guesses there; that more than one is there is seen by the right PINs.
//! Whoever is slowed as a caller is no longer counted by source and in all: nobody else is to wait for them.
//! Who hangs up and calls again instead of waiting hears the question no sooner. Who makes many calls at once guesses in
//! each of them: what bounds that is how many calls there may be (`admission`, `sip::Limits`).
//!
//! Not here: the tags' making (HMAC under a key of this run, by the shell).

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Who calls, as far as counting needs it: HMAC of the number under a key that lives as long as the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallerTag(pub [u8; 16]);

/// Where a call comes from, as its signalling does: HMAC of the IPv4 address, or of the IPv6 network of one site.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceTag(pub [u8; 16]);

/// All that wrong PINs of a call are counted by.
#[derive(Clone, Debug)]
pub struct Origin {
    pub caller: CallerTag,
    pub source: SourceTag,
    /// By a digest: what was dialled is the caller's to choose, and so is its length.
    dialled: [u8; 32],
}

impl Origin {
    pub fn new(caller: CallerTag, source: SourceTag, dialled: &str) -> Self {
        Self { caller, source, dialled: Sha256::digest(dialled).into() }
    }
}

#[derive(Default)]
pub(super) struct Attempts {
    callers: HashMap<CallerTag, Count>,
    sources: HashMap<SourceTag, Count>,
    dialled: HashMap<[u8; 32], Count>,
    all: Option<Count>,
}

/// What was tried of late, and until when the next question waits for it.
#[derive(Clone, Copy)]
struct Count {
    /// Of the half hour that began then, and of the one before.
    began: Instant,
    tries: [Tries; 2],
    until: Instant,
}

#[derive(Clone, Copy, Default)]
struct Tries {
    wrong: u32,
    right: u32,
}

/// What is free, and how long the next question may wait at most.
#[derive(Clone, Copy)]
struct Patience {
    free: u32,
    longest: Duration,
}

impl Attempts {
    /// One more wrong PIN: how long the next question waits.
    pub(super) fn wrong(&mut self, origin: &Origin, now: Instant) -> Duration {
        let by_caller = entry(&mut self.callers, origin.caller, now).wrong(WITH_CALLER, now);
        let by_number = entry(&mut self.dialled, origin.dialled, now).wrong(WITH_NUMBER, now);
        if !by_caller.is_zero() {
            return by_caller.max(by_number);
        }
        let source = entry(&mut self.sources, origin.source, now);
        let by_source = source.wrong(with_source(source.lately()), now);
        let all = self.all.get_or_insert(Count::new(now));
        all.turn_over(now);
        by_source.max(by_number).max(all.wrong(WITH_ALL, now))
    }

    /// One more right PIN.
    pub(super) fn right(&mut self, origin: &Origin, now: Instant) {
        let count = entry(&mut self.sources, origin.source, now);
        let [current, _] = &mut count.tries;
        current.right = current.right.saturating_add(1);
        // Others there may have waited for what somebody guessed before anybody was right.
        count.until = count.until.min(now + with_source(count.lately()).longest);
    }

    /// How long the first question of a call waits that begins now.
    pub(super) fn wait(&self, origin: &Origin, now: Instant) -> Duration {
        let counts = [
            self.callers.get(&origin.caller),
            self.sources.get(&origin.source),
            self.dialled.get(&origin.dialled),
            self.all.as_ref(),
        ];
        counts
            .into_iter()
            .flatten()
            .map(|count| count.until.saturating_duration_since(now))
            .max()
            .unwrap_or(Duration::ZERO)
    }
}

impl Count {
    fn new(now: Instant) -> Self {
        Self { began: now, tries: [Tries::default(); 2], until: now }
    }

    /// Two halves, so that a number on which somebody slips now and then is not held back for ever.
    fn turn_over(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.began);
        if passed >= HALF {
            let [current, _] = self.tries;
            self.tries = [Tries::default(), if passed < REMEMBERED { current } else { Tries::default() }];
            self.began = now;
        }
    }

    /// Of the last hour, or of a half of it at least.
    fn lately(&self) -> Tries {
        let [current, before] = self.tries;
        Tries { wrong: current.wrong.saturating_add(before.wrong), right: current.right.saturating_add(before.right) }
    }

    fn wrong(&mut self, patience: Patience, now: Instant) -> Duration {
        let [current, _] = &mut self.tries;
        current.wrong = current.wrong.saturating_add(1);
        let delay = delay(self.lately().wrong, patience);
        self.until = now + delay;
        delay
    }
}

/// The count under this key, as it stands now; where there are too many, the oldest is forgotten for it.
fn entry<K: Hash + Eq + Clone>(counts: &mut HashMap<K, Count>, key: K, now: Instant) -> &mut Count {
    if !counts.contains_key(&key) && counts.len() >= MOST {
        counts.retain(|_, count| now.saturating_duration_since(count.began) < REMEMBERED);
        let oldest = counts.iter().min_by_key(|(_, count)| count.began).map(|(key, _)| key.clone());
        if counts.len() >= MOST
            && let Some(oldest) = oldest
        {
            counts.remove(&oldest);
        }
    }
    let count = counts.entry(key).or_insert(Count::new(now));
    count.turn_over(now);
    count
}

fn with_source(lately: Tries) -> Patience {
    match lately.right {
        0 => Patience { free: FREE_BY_SOURCE, longest: LONGEST },
        right => Patience { free: FREE_BY_SOURCE.saturating_add(right.min(MOST_RIGHT)), longest: LONGEST_FOR_MANY },
    }
}

/// One second after the free tries, doubled with each further one.
fn delay(wrong: u32, patience: Patience) -> Duration {
    match wrong.checked_sub(patience.free + 1) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64.checked_shl(over).unwrap_or(u64::MAX)).min(patience.longest),
    }
}

macro_rules! prints_nothing {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

prints_nothing!(CallerTag SourceTag Attempts);

const HALF: Duration = Duration::from_secs(30 * 60);
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// So many of a kind are remembered at most; then the oldest is forgotten.
const MOST: usize = 10_000;

const WITH_CALLER: Patience = Patience { free: 3, longest: LONGEST };
const WITH_NUMBER: Patience = Patience { free: 50, longest: LONGEST_FOR_MANY };
const WITH_ALL: Patience = Patience { free: 300, longest: Duration::from_secs(2) };

const FREE_BY_SOURCE: u32 = 20;
/// Who knows a guest's PIN and guesses the chair's cannot buy more than this with it.
const MOST_RIGHT: u32 = 200;

const LONGEST: Duration = Duration::from_secs(30);
/// Those wait too who have done nothing: a breath, while they are being greeted.
const LONGEST_FOR_MANY: Duration = Duration::from_secs(4);
