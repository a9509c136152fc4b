//! Who may listen to what, for which purpose, until when; and which minutes they have heard.
//!
//! A grant belongs to one session and one recording and ends by itself. It holds the sounds that were opened under it,
//! each of fixed length, so that a page keeps its player while a recording grows. A restart ends all grants.
//!
//! Not here: writing the purpose and the minutes down (`desk`, before the first byte leaves).

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use spool::id::RecordingId;
use tokio::sync::watch;

use crate::access::Purpose;
use crate::io::house::SweepStatus;
use crate::playback::Playback;
use crate::sound::{Sound, SoundError, Whose};

/// All grants.
// A lock and not a message: it is held for a look into a map, by whichever request comes.
#[derive(Default)]
pub(super) struct Listenings(Mutex<HashMap<(String, RecordingId), Grant>>);

struct Grant {
    purpose: Purpose,
    key: &'static str,
    until_ms: i64,
    /// The number of the next opening; numbers are part of addresses and never used twice.
    next: u32,
    openings: Vec<(u32, Arc<Opening>)>,
    heard: BTreeSet<(Whose, u64)>,
}

/// A recording opened for listening.
pub(super) struct Opening {
    pub(super) playback: Playback,
    all: Sound,
    voices: HashMap<Whose, Sound>,
}

/// What a page must know of a grant.
pub(super) struct Granted {
    /// The purpose's text key.
    pub(super) key: &'static str,
    pub(super) until_ms: i64,
    pub(super) opening: u32,
}

impl Opening {
    pub(super) fn of(playback: Playback) -> Result<Self, SoundError> {
        let all = playback.sound(Whose::All)?;
        let one = |seat| Ok((Whose::One(seat), playback.sound(Whose::One(seat))?));
        let voices = playback.voices().into_iter().map(one).collect::<Result<_, SoundError>>()?;
        Ok(Self { playback, all, voices })
    }

    pub(super) fn sound(&self, whose: Whose) -> Option<&Sound> {
        match whose {
            Whose::All => Some(&self.all),
            Whose::One(_) => self.voices.get(&whose),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.all.bytes() == other.all.bytes() && self.playback.voices() == other.playback.voices()
    }
}

impl Listenings {
    /// From now on and for [`GRANT_MS`]. An earlier grant for the same recording ends.
    pub(super) fn grant(&self, session: &str, id: RecordingId, purpose: Purpose, key: &'static str, now_ms: i64) {
        let mut grants = self.look();
        grants.retain(|_, grant| grant.until_ms > now_ms);
        // The numbers go on: an address of the earlier grant must not reach into this one.
        let next = grants.get(&(session.to_owned(), id)).map_or(1, |grant| grant.next);
        let until_ms = now_ms + GRANT_MS;
        let grant = Grant { purpose, key, until_ms, next, openings: Vec::new(), heard: BTreeSet::new() };
        grants.insert((session.to_owned(), id), grant);
    }

    /// The living grant, with `opening` as the sound of its page unless the last one is like it.
    pub(super) fn open(&self, session: &str, id: RecordingId, opening: Opening, now_ms: i64) -> Option<Granted> {
        let mut grants = self.look();
        let grant = grants.get_mut(&(session.to_owned(), id)).filter(|grant| grant.until_ms > now_ms)?;
        let like = grant.openings.last().filter(|(_, last)| last.is_like(&opening)).map(|(number, _)| *number);
        let number = like.unwrap_or_else(|| {
            let number = grant.next;
            grant.next += 1;
            grant.openings.push((number, Arc::new(opening)));
            let many = grant.openings.len().saturating_sub(OPENINGS);
            grant.openings.drain(..many);
            number
        });
        Some(Granted { key: grant.key, until_ms: grant.until_ms, opening: number })
    }

    /// Is there a living grant?
    pub(super) fn is_granted(&self, session: &str, id: RecordingId, now_ms: i64) -> bool {
        self.look().get(&(session.to_owned(), id)).is_some_and(|grant| grant.until_ms > now_ms)
    }

    /// The opened sound of an address, with the purpose it is heard for.
    pub(super) fn opening(
        &self,
        session: &str,
        id: RecordingId,
        number: u32,
        now_ms: i64,
    ) -> Option<(Arc<Opening>, Purpose)> {
        let grants = self.look();
        let grant = grants.get(&(session.to_owned(), id)).filter(|grant| grant.until_ms > now_ms)?;
        let (_, opening) = grant.openings.iter().find(|(known, _)| *known == number)?;
        Some((opening.clone(), grant.purpose.clone()))
    }

    /// Of `minutes`, those not written down yet.
    pub(super) fn unheard(&self, session: &str, id: RecordingId, whose: Whose, minutes: Range<u64>) -> Vec<u64> {
        let grants = self.look();
        let Some(grant) = grants.get(&(session.to_owned(), id)) else { return minutes.collect() };
        minutes.filter(|minute| !grant.heard.contains(&(whose, *minute))).collect()
    }

    /// They are written down now.
    pub(super) fn noted(&self, session: &str, id: RecordingId, whose: Whose, minutes: &[u64]) {
        if let Some(grant) = self.look().get_mut(&(session.to_owned(), id)) {
            grant.heard.extend(minutes.iter().map(|minute| (whose, *minute)));
        }
    }

    /// Nothing may be heard any more in this session.
    pub(super) fn end(&self, session: &str) {
        self.look().retain(|(known, _), _| known != session);
    }

    /// No derived key stays in memory; those still allowed are made again when they are needed.
    fn forget_keys(&self) {
        let openings: Vec<_> = self.look().values().flat_map(|grant| grant.openings.clone()).collect();
        openings.iter().for_each(|(_, opening)| opening.playback.forget_keys());
    }

    fn look(&self) -> MutexGuard<'_, HashMap<(String, RecordingId), Grant>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// An erased or destroyed voice lives on in a key that was derived before: whenever something was taken in or swept, none is
/// held any longer. Ends with the house.
pub(super) async fn forget_keys(
    listenings: Weak<Listenings>,
    mut taken: watch::Receiver<u64>,
    mut sweep: watch::Receiver<SweepStatus>,
) {
    loop {
        let changed = tokio::select! {
            changed = taken.changed() => changed,
            changed = sweep.changed() => changed,
        };
        let (Ok(()), Some(listenings)) = (changed, listenings.upgrade()) else { return };
        listenings.forget_keys();
    }
}

/// A purpose is asked for again after four hours.
const GRANT_MS: i64 = 4 * 3_600_000;
/// Pages of one grant that keep their player; the oldest loses its own.
const OPENINGS: usize = 4;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::RECORDING;
    use crate::desk::tests::singing;

    #[tokio::test(flavor = "multi_thread")]
    async fn after_something_was_taken_in_or_swept_no_derived_key_is_held() {
        let bench = singing().await;
        let (house, listenings) = (&bench.house, Arc::new(Listenings::default()));
        let playback = Playback::open(house, RECORDING).await.unwrap();
        listenings.grant("s", RECORDING, Purpose::named("Prüfung").unwrap(), "k", 0);
        listenings.open("s", RECORDING, Opening::of(playback).unwrap(), 1).unwrap();
        let (opening, _) = listenings.opening("s", RECORDING, 1, 1).unwrap();
        let watch = forget_keys(Arc::downgrade(&listenings), house.taken(), house.sweep_status());
        let taken: fn(&crate::io::house::House) = |house| house.say_taken();
        let swept: fn(&crate::io::house::House) = |house| house.say_sweep(SweepStatus::Running);
        let listen = async {
            for happens in [taken, swept] {
                let sound = opening.sound(Whose::All).unwrap();
                opening.playback.render(house, sound, 0..sound.bytes()).await.unwrap();
                assert_eq!(opening.playback.keys_held(), 2);
                happens(house);
                while opening.playback.keys_held() > 0 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let watched = async {
            tokio::select! {
                () = watch => panic!("the watch ends with the house"),
                () = listen => {}
            }
        };
        tokio::time::timeout(Duration::from_secs(20), watched).await.unwrap();
    }
}
