//! The recorder's desk: takes messages and sound, in order, and knows how the disk is.
//!
//! Driven by the recorder thread with [`Desk::foresee`], [`Desk::keep`], [`Desk::obey`] and, every 20 ms,
//! [`Desk::slot_passed`]; tests drive it alike without a thread.
//!
//! Not here: chunks and voices of one recording (`running`).

use std::collections::{BTreeMap, HashMap};

use spool::id::{RecordingId, SectionId, Slot, TrackId};
use spool::line::CloseWhy;
use spool::order::Decision;
use spool::write::{Recovered, Spool, SpoolError};
use tokio::sync::mpsc;

use super::running::{House, Running};
use super::{About, FromRecorder, RecorderError, Reply, Settings, Taped, ToRecorder, Trouble, Waiting};
use crate::io::clock::Clock;

/// Every recording that is running.
pub(super) struct Desk {
    house: House,
    floor_bytes: u64,
    running: BTreeMap<RecordingId, Running>,
    /// Over, but the disk did not take the end yet: tried again until it does.
    ending: Vec<(Running, CloseWhy)>,
    /// Whose the open tracks are.
    tracks: HashMap<TrackId, RecordingId>,
    trouble: Option<Trouble>,
    /// Seconds the disk was asked in vain.
    refusals: u32,
    /// Sound for tracks nobody opened, or outside their permit: dropped.
    strays: u64,
    /// When the epoch began, by the wall clock of then: whether that clock was set since is seen by it.
    epoch_began_ms: i64,
    next_second: Slot,
    next_minute: Slot,
    next_ending: Slot,
}

/// What the thread does after a message.
pub(super) enum Next {
    GoOn,
    Stop,
}

impl Desk {
    pub(super) fn open(
        settings: Settings,
        clock: Clock,
        saying: mpsc::Sender<FromRecorder>,
    ) -> Result<(Self, Vec<Recovered>), SpoolError> {
        let gateway = settings.key.verifying().gateway();
        let spool = Spool::at(&settings.spool, settings.key)?;
        let recovered = spool.recover(clock.wall().utc_ms)?;
        let chunk_slots = u64::try_from(settings.chunk.as_millis()).unwrap_or(u64::MAX) / Slot::MS;
        let epoch_began_ms = clock.wall().utc_ms.saturating_sub(passed_ms(clock.slot()));
        let desk = Self {
            house: House { spool, clock, gateway, epoch: settings.epoch, chunk_slots, saying },
            floor_bytes: settings.floor_bytes,
            running: BTreeMap::new(),
            ending: Vec::new(),
            tracks: HashMap::new(),
            trouble: None,
            refusals: 0,
            strays: 0,
            epoch_began_ms,
            next_second: Slot(0),
            next_minute: Slot(0),
            next_ending: Slot(0),
        };
        Ok((desk, recovered))
    }

    /// Looks at a message that will be obeyed after the sound in front of it.
    pub(super) fn foresee(&mut self, message: &ToRecorder) {
        if let ToRecorder::EndTrack { recording, track, until, .. } = message
            && let Some(running) = self.running.get_mut(recording)
        {
            running.foresee_end(*track, *until);
        }
    }

    /// A piece of a voice out of the ring.
    pub(super) fn keep(&mut self, piece: Taped) {
        let (Taped::Frame { track, .. } | Taped::Gap { track, .. }) = &piece;
        let running = self.tracks.get(track).and_then(|recording| self.running.get_mut(recording));
        let Some(running) = running else {
            self.strays += 1;
            return;
        };
        let kept = match piece {
            Taped::Frame { track, slot, frame } => running.frame(track, slot, &frame, self.trouble.is_none()),
            Taped::Gap { track, from, until, reason } => running.gap(track, from, until, reason).map(|()| true),
        };
        match kept {
            Ok(true) => {}
            Ok(false) => self.strays += 1,
            Err(error) => self.in_trouble(&error),
        }
    }

    /// Carries one message out and answers it.
    pub(super) fn obey(&mut self, message: ToRecorder, now: Slot) -> Next {
        match message {
            ToRecorder::Begin { about, reply } => answer(reply, self.begin(*about, now)),
            ToRecorder::Note { recording, slot, event } => {
                let noted = self.with(recording, |running, _| Ok(running.note(slot, event)?));
                self.log_failure("a line", &noted);
            }
            ToRecorder::Act { recording, slot, act, reply } => {
                let written = self.with(recording, |running, _| running.act(slot, act));
                self.log_failure("an act of consent", &written);
                if let Some(reply) = reply {
                    answer(reply, written);
                }
            }
            ToRecorder::Track { recording, fact, public, reply } => {
                let opened = match self.trouble {
                    Some(_) => Err(RecorderError::NoRoom),
                    None => self.with(recording, |running, _| running.open_track(fact, public)),
                };
                if opened.is_ok() {
                    self.tracks.insert(fact.track, recording);
                }
                answer(reply, opened);
            }
            ToRecorder::NoKey { recording, seat, from } => {
                if let Some(running) = self.running.get_mut(&recording) {
                    running.no_key(seat, from);
                }
            }
            ToRecorder::EndTrack { recording, track, until, why } => {
                self.tracks.remove(&track);
                let ended = self.with(recording, |running, _| Ok(running.end_track(track, until, why)?));
                self.log_failure("the end of a track", &ended);
            }
            ToRecorder::Order { recording, decision, tracks, reply } => {
                answer(reply, self.order(recording, decision, tracks, now));
            }
            ToRecorder::Cut { recording, reply } => self.cut(recording, reply, now),
            ToRecorder::Section { recording, section, reply } => answer(reply, self.section(recording, section, now)),
            ToRecorder::Finish { recording, why, reply } => {
                let finished = self.finish(recording, why, now);
                self.log_failure("the end of a recording", &finished);
                if let Some(reply) = reply {
                    answer(reply, finished);
                }
            }
            ToRecorder::Waiting { reply } => answer(reply, self.waiting()),
            ToRecorder::AcknowledgeChunk { chunk, reply } => {
                answer(reply, self.house.spool.acknowledge(&chunk).map_err(RecorderError::from));
            }
            ToRecorder::AcknowledgeOrder { order, reply } => {
                answer(reply, self.house.spool.acknowledge_order(&order).map_err(RecorderError::from));
            }
            ToRecorder::Stop { reply } => {
                answer(reply, self.stop(now));
                return Next::Stop;
            }
        }
        Next::GoOn
    }

    /// Every 20 ms: once a second the group sync and the look at the disk, chunks whose time has come, once a minute
    /// what has come to its end.
    pub(super) fn slot_passed(&mut self, now: Slot) {
        if now < self.next_second {
            return;
        }
        self.next_second = Slot(now.0 + SECOND);
        self.look_at_disk(now);
        if self.trouble.is_none() {
            self.sync_all(now);
        }
        if now >= self.next_minute {
            self.next_minute = Slot(now.0 + MINUTE);
            self.expire(self.house.clock.wall().utc_ms, now);
        }
        if now >= self.next_ending && self.trouble.is_none() {
            self.next_ending = Slot(now.0 + ENDING_SLOTS);
            self.end_what_is_over(now);
        }
    }

    fn begin(&mut self, about: About, now: Slot) -> Result<(), RecorderError> {
        let recording = about.recording;
        let running = self.running.entry(recording).or_insert_with(|| Running::new(about));
        match running.begin(&self.house, now) {
            Ok(()) => Ok(()),
            Err(error) => {
                // It stays, and a chunk is begun as soon as the disk takes one.
                self.in_trouble(&error);
                Err(error.into())
            }
        }
    }

    fn order(
        &mut self,
        recording: RecordingId,
        decision: Decision,
        tracks: Vec<TrackId>,
        now: Slot,
    ) -> Result<String, RecorderError> {
        tracks.iter().for_each(|track| _ = self.tracks.remove(track));
        let name = self.with(recording, |running, house| Ok(running.order(house, decision, tracks)?))?;
        // The order stands, whatever becomes of the chunk.
        let rolled = self.roll(recording, CloseWhy::Withdrawal, now);
        self.log_failure("a chunk after a withdrawal", &rolled);
        Ok(name)
    }

    fn cut(&mut self, recording: RecordingId, reply: Reply<Option<String>>, now: Slot) {
        match self.running.get_mut(&recording) {
            None => answer(reply, Ok(None)),
            Some(running) if !running.may_close() => running.wait_with_cut(reply),
            Some(_) => answer(reply, self.roll(recording, CloseWhy::Cut, now)),
        }
    }

    /// A chunk is of one section; the next is of this one.
    fn section(&mut self, recording: RecordingId, section: SectionId, now: Slot) -> Result<(), RecorderError> {
        let before = self.with(recording, |running, _| match running.may_close() {
            true => Ok(running.change_section(section)),
            false => Err(RecorderError::Undecided),
        })?;
        if before == section {
            return Ok(());
        }
        let rolled = self.roll(recording, CloseWhy::Section, now).map(drop);
        if rolled.is_err() {
            // The chunk that lies open, or the next one begun, must not name a section that was never begun.
            self.with(recording, |running, _| Ok(running.change_section(before)))?;
        }
        rolled
    }

    /// Closes the chunk unless somebody is still to decide, and answers the cuts that waited for it.
    fn roll(&mut self, recording: RecordingId, why: CloseWhy, now: Slot) -> Result<Option<String>, RecorderError> {
        if self.running.get(&recording).is_some_and(|running| !running.may_close()) {
            return Ok(None);
        }
        let rolled = self.with(recording, |running, house| Ok(running.roll(house, why, now)?));
        if let (Ok(closed), Some(running)) = (&rolled, self.running.get_mut(&recording)) {
            running.waiting_cuts().into_iter().for_each(|cut| answer(cut, Ok(closed.clone())));
        }
        rolled
    }

    fn finish(&mut self, recording: RecordingId, why: CloseWhy, now: Slot) -> Result<(), RecorderError> {
        self.tracks.retain(|_, of| *of != recording);
        let finished = self.with(recording, |running, house| Ok(running.finish(house, why, now)?));
        if let (Some(running), Err(_)) = (self.running.remove(&recording), &finished) {
            self.ending.push((running, why));
        }
        finished
    }

    /// Ends what is over and could not be ended then; what a stop leaves of it is recovered by the next start.
    fn end_what_is_over(&mut self, now: Slot) {
        let house = &self.house;
        self.ending.retain_mut(|(running, why)| match running.finish(house, *why, now) {
            Ok(()) => false,
            Err(error) => {
                tracing::error!(%error, "the end of a recording is still not on the disk");
                true
            }
        });
    }

    fn stop(&mut self, now: Slot) -> Result<(), RecorderError> {
        let running: Vec<RecordingId> = self.running.keys().copied().collect();
        let mut all = Ok(());
        for recording in running {
            let finished = self.finish(recording, CloseWhy::End, now);
            self.log_failure("the end of a recording", &finished);
            all = all.and(finished);
        }
        self.end_what_is_over(now);
        if self.strays > 0 {
            tracing::warn!(slots = self.strays, "sound was dropped that no open track asked for");
        }
        all
    }

    fn waiting(&self) -> Result<Waiting, RecorderError> {
        Ok(Waiting { chunks: self.house.spool.ready()?, orders: self.house.spool.orders()? })
    }

    /// One sync a second for all that is being recorded, then whatever each recording is due.
    fn sync_all(&mut self, now: Slot) {
        let recordings: Vec<RecordingId> = self.running.keys().copied().collect();
        for recording in &recordings {
            let noted = self.with(*recording, |running, house| Ok(running.before_sync(house, now)?));
            self.log_failure("the time", &noted);
        }
        let (mut chunks, mut ahead) = (Vec::new(), Vec::new());
        for running in self.running.values_mut() {
            let (chunk, next) = running.written();
            chunks.extend(chunk);
            ahead.extend(next);
        }
        let synced = self.house.spool.sync(&mut chunks, &mut ahead);
        if let Err(error) = &synced {
            self.in_trouble(error);
        }
        self.log_failure("the sync of all chunks", &synced.map_err(RecorderError::from));
        recordings.into_iter().for_each(|recording| self.see_to(recording, now));
    }

    fn see_to(&mut self, recording: RecordingId, now: Slot) {
        let pressed = self.running.get(&recording).map(Running::pressed).unwrap_or_default();
        if !pressed.is_empty() {
            let ordered = self.order(recording, Decision::Erase, pressed, now);
            self.log_failure("an order in a chunk that gets too large", &ordered);
        }
        if self.running.get(&recording).is_some_and(|running| running.is_due(&self.house, now)) {
            let rolled = self.roll(recording, CloseWhy::Time, now);
            self.log_failure("a chunk whose time had come", &rolled);
        }
        if self.trouble.is_none() {
            let prepared = self.with(recording, |running, house| Ok(running.prepare(house, now)?));
            self.log_failure("the next chunk", &prepared);
        }
    }

    /// Stops laying down below the floor; after trouble tries every recording again, and gives chunks up that stay
    /// stubborn when the disk as such has room.
    fn look_at_disk(&mut self, now: Slot) {
        let free = match self.house.spool.free_bytes() {
            Ok(free) => free,
            Err(error) => return self.in_trouble(&error),
        };
        if free < self.floor_bytes {
            return self.fall_into(Trouble::DiskFull);
        }
        // A little above the floor, so that it does not begin and stop every second.
        if self.trouble.is_none() || free < self.floor_bytes + self.floor_bytes / 16 {
            return;
        }
        for running in self.running.values_mut() {
            let Err(error) = running.try_again(&self.house, now) else { continue };
            self.refusals += 1;
            if self.refusals.is_multiple_of(STUBBORN_SECONDS) {
                running.abandon();
            }
            tracing::warn!(%error, "the disk still refuses");
            return;
        }
        self.refusals = 0;
        self.trouble = None;
        self.house.say(FromRecorder::TroubleOver);
    }

    /// Destroys what has come to its end; not while the wall clock is not to be believed: what it destroys is gone.
    fn expire(&mut self, wall_ms: i64, now: Slot) {
        let moved_ms = wall_ms.saturating_sub(self.epoch_began_ms.saturating_add(passed_ms(now)));
        if moved_ms.saturating_abs() > MOST_MOVED_MS {
            tracing::error!(moved_ms, "the wall clock was set since the start: nothing is destroyed for its age");
            return;
        }
        match self.house.spool.expire(wall_ms) {
            Ok(names) if names.is_empty() => {}
            Ok(names) => self.house.say(FromRecorder::Expired { names }),
            Err(error) => tracing::error!(%error, "cannot destroy what has come to its end"),
        }
    }

    /// Does something with a running recording; a failure of the disk is remembered and said once.
    fn with<T>(
        &mut self,
        recording: RecordingId,
        what: impl FnOnce(&mut Running, &House) -> Result<T, RecorderError>,
    ) -> Result<T, RecorderError> {
        let running = self.running.get_mut(&recording).ok_or(RecorderError::Unknown)?;
        let result = what(running, &self.house);
        if let Err(RecorderError::Spool(error)) = &result {
            self.in_trouble(error);
        }
        result
    }

    fn in_trouble(&mut self, error: &SpoolError) {
        match error {
            SpoolError::Full => self.fall_into(Trouble::DiskFull),
            SpoolError::Io { .. } => self.fall_into(Trouble::DiskFails),
            // Ours, not the disk's: said, and nothing else is given up for it.
            SpoolError::Wrong { what } => tracing::error!(%what, "the spool refuses"),
        }
    }

    fn fall_into(&mut self, trouble: Trouble) {
        if self.trouble.is_none() {
            self.house.say(FromRecorder::Trouble { why: trouble });
        }
        self.trouble = Some(trouble);
    }

    fn log_failure<T>(&self, what: &str, result: &Result<T, RecorderError>) {
        if let Err(error) = result {
            tracing::error!(error = crate::io::with_causes(error), "the recorder could not write {what}");
        }
    }
}

fn passed_ms(slots: Slot) -> i64 {
    i64::try_from(slots.0.saturating_mul(Slot::MS)).unwrap_or(i64::MAX)
}

fn answer<T>(reply: Reply<T>, result: Result<T, RecorderError>) {
    // Whoever asked may have left meanwhile.
    let _ = reply.send(result);
}

const SECOND: u64 = 1000 / Slot::MS;

const MINUTE: u64 = 60 * SECOND;

/// An hour. A wall clock that moved further against the slot clock was set; a start with the right one goes by it again.
const MOST_MOVED_MS: i64 = 3_600_000;

/// What could not be ended is tried again this often.
const ENDING_SLOTS: u64 = 5 * SECOND;

/// A chunk that refuses for so long on a disk with room is given up for a new one.
const STUBBORN_SECONDS: u32 = 5;

#[cfg(test)]
mod tests;
