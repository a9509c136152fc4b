//! Wrong PINs, counted by caller, by where the call comes from, by dialled number and in all; in memory, for an hour.
//!
//! The counts delay the next question, of this call or of the next one, and refuse nobody: behind one number there may be a
//! whole town hall, and the right PIN must always work. So guessing gets slow, and a slip of the finger costs nothing.
//!
//! | count | free | longest | because |
//! |---|---|---|---|
//! | caller, who was not right there | 3 | 30 s | a whole call of slips costs nothing |
//! | caller, who was | 3 and one each right one | 4 s | a town hall: all who call from it show one number |
//! | source, where nobody was right | 20 | 30 s | the numbers are the guesser's to choose, the address is not |
//! | source, where somebody was | 20 and one each right one | 4 s | a trunk: all its callers have one address |
//! | dialled number | 50 | 4 s | everybody dials it |
//! | in all | 300 | 2 s | everybody who calls waits for it; it slows who has many addresses |
//!
//! A number shown is anybody's to choose: a caller's right PINs count for as many as were right from the same source.
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
        let right_there = lately(self.sources.get(&origin.source), now).right;
        let caller = entry(&mut self.callers, origin.caller, now);
        let by_caller = caller.wrong(with_caller(caller.lately(), right_there), now);
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
        // Until when this caller's calls from elsewhere wait stays: somebody there may show the number of one who is right.
        entry(&mut self.callers, origin.caller, now).right();
        let source = entry(&mut self.sources, origin.source, now);
        source.right();
        // Others there may have waited for what somebody guessed before anybody was right.
        source.until = source.until.min(now + with_source(source.lately()).longest);
    }

    /// How long the first question of a call waits that begins now.
    pub(super) fn wait(&self, origin: &Origin, now: Instant) -> Duration {
        let caller = self.callers.get(&origin.caller);
        let source = self.sources.get(&origin.source);
        let right_there = lately(source, now).right;
        let until = |count: &Count| count.until.saturating_duration_since(now);
        // Whoever guesses from elsewhere under a number from which somebody is right here holds nobody back here.
        let by_caller = caller.map(until).map(|wait| wait.min(with_caller(lately(caller, now), right_there).longest));
        let others = [source, self.dialled.get(&origin.dialled), self.all.as_ref()];
        others.into_iter().flatten().map(until).chain(by_caller).max().unwrap_or(Duration::ZERO)
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
        self.until = self.until.max(now + delay);
        delay
    }

    const fn right(&mut self) {
        let [current, _] = &mut self.tries;
        current.right = current.right.saturating_add(1);
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

/// What was tried under a key of late, also where nothing was for long.
fn lately(count: Option<&Count>, now: Instant) -> Tries {
    let mut count = count.copied().unwrap_or(Count::new(now));
    count.turn_over(now);
    count.lately()
}

fn with_source(lately: Tries) -> Patience {
    with_right(FREE_BY_SOURCE, lately.right)
}

fn with_caller(lately: Tries, right_there: u32) -> Patience {
    with_right(FREE_BY_CALLER, lately.right.min(right_there))
}

fn with_right(free: u32, right: u32) -> Patience {
    match right {
        0 => Patience { free, longest: LONGEST },
        right => Patience { free: free.saturating_add(right.min(MOST_RIGHT)), longest: LONGEST_FOR_MANY },
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

const WITH_NUMBER: Patience = Patience { free: 50, longest: LONGEST_FOR_MANY };
const WITH_ALL: Patience = Patience { free: 300, longest: Duration::from_secs(2) };

const FREE_BY_CALLER: u32 = 3;
const FREE_BY_SOURCE: u32 = 20;
/// Who knows a guest's PIN and guesses the chair's cannot buy more than this with it.
const MOST_RIGHT: u32 = 200;

const LONGEST: Duration = Duration::from_secs(30);
/// Those wait too who have done nothing: a breath, while they are being greeted.
const LONGEST_FOR_MANY: Duration = Duration::from_secs(4);
