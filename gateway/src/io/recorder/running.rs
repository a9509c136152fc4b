//! One recording that is running: its open chunk and its voices.
//!
//! The [`Desk`](super::desk::Desk) feeds it; every failure of the disk comes back as a [`SpoolError`], after which what could
//! not be laid down is counted as a gap until [`Running::try_again`] succeeds. Nothing already owed is forgotten.
//!
//! Not here: what is done about a failing disk, and answering whoever asked (`desk`).

mod left;
mod unknown;

use std::collections::{BTreeMap, BTreeSet};

use media::Sound;
use spool::id::{EpochId, GatewayId, SeatNo, SectionId, Slot, TrackId};
use spool::keys::PublicKey;
use spool::line::{
    Act, ActKind, Clock, CloseWhy, EndWhy, GapReason, Head, MediaEvent, SeatFact, TrackFact, VERSION, Whose,
};
use spool::order::{Decision, Will};
use spool::write::{Ahead, ChunkWriter, Spool, SpoolError};
use tokio::sync::mpsc;

use super::encoder::Encoder;
use super::keyless::Keyless;
use super::owed::{Owed, Owing};
use super::voice::Voice;
use super::{About, FromRecorder, RecorderError, Reply};
use crate::io::chance;

/// What all recordings of this program share.
pub(super) struct House {
    pub(super) spool: Spool,
    pub(super) clock: crate::io::clock::Clock,
    pub(super) gateway: GatewayId,
    pub(super) epoch: EpochId,
    pub(super) chunk_slots: u64,
    pub(super) saying: mpsc::Sender<FromRecorder>,
}

impl House {
    /// Nobody waits for a listener; all of it is in the spool as well.
    pub(super) fn say(&self, news: FromRecorder) {
        if self.saying.try_send(news).is_err() {
            tracing::warn!("what the recorder says is not being read");
        }
    }

    /// When `slot` began.
    fn wall(&self, slot: Slot) -> Clock {
        let wall = self.clock.wall_at(slot);
        Clock { utc_ms: wall.utc_ms, ntp: wall.ntp, offset_us: wall.offset_us, error_us: wall.error_us }
    }
}

/// A recording from its beginning to its end.
pub(super) struct Running {
    about: About,
    seats: Vec<SeatFact>,
    /// The number of the open chunk, or of the next when none is open.
    chunk: u32,
    previous: Option<String>,
    /// None only while the disk refuses a new one.
    writer: Option<ChunkWriter>,
    /// Files of the next chunk, made while this one is written.
    ahead: Option<Ahead>,
    /// The last time that the record was off: from when, and until when if it goes on.
    off: Option<(Slot, Option<Slot>)>,
    /// Since when nobody knows how the record stands, as far as no gap says so yet: what was said then is none of ours.
    unknown: Option<Slot>,
    opened: Slot,
    next_clock: Slot,
    voices: BTreeMap<TrackId, Voice>,
    /// Tracks with a file in the open chunk, ended ones too.
    laid: BTreeSet<TrackId>,
    /// Tracks taken back whose earlier part nobody has decided on. No chunk is closed over them: recovery must find the
    /// withdrawal in the open one.
    undecided: BTreeSet<TrackId>,
    keyless: Keyless,
    /// The last word on whether it is known how the record stands, where that is another gateway's to say.
    state: Option<MediaEvent>,
    owed: Owing,
    /// Names of chunks that no writer owns any more and that still lie open.
    left: Vec<String>,
    next_recovery: Slot,
    cuts: Vec<Reply<Option<String>>>,
}

impl Running {
    pub(super) fn new(about: About) -> Self {
        Self {
            seats: about.seats.clone(),
            chunk: about.first_chunk,
            about,
            previous: None,
            writer: None,
            ahead: None,
            off: None,
            unknown: None,
            opened: Slot(0),
            next_clock: Slot(0),
            voices: BTreeMap::new(),
            laid: BTreeSet::new(),
            undecided: BTreeSet::new(),
            keyless: Keyless::default(),
            state: None,
            owed: Owing::default(),
            left: Vec::new(),
            next_recovery: Slot(0),
            cuts: Vec::new(),
        }
    }

    /// Opens the next chunk with the permits that are open, each under a new file key.
    pub(super) fn begin(&mut self, house: &House, now: Slot) -> Result<(), SpoolError> {
        let head = Head {
            version: VERSION,
            gateway: house.gateway,
            epoch: house.epoch,
            meeting: self.about.meeting,
            recording: self.about.recording,
            chunk: self.chunk,
            section: self.about.section,
            rule: self.about.rule.clone(),
            rule_hash: self.about.rule_hash.clone(),
            started_ms: self.about.started_ms,
            destroy_by_ms: self.about.destroy_by_ms,
            previous: self.previous.clone(),
            rooms: self.about.rooms.clone(),
            seats: self.seats.clone(),
            tracks: self.voices.values().map(|voice| voice.fact).collect(),
            clock: house.wall(now),
        };
        let (writer, laid) = if self.voices.is_empty() {
            (house.spool.begin(head, now)?, BTreeSet::new())
        } else {
            let ahead = self.next_files(house)?;
            let laid = self.voices.keys().filter(|track| ahead.holds(**track)).copied().collect();
            (house.spool.begin_ahead(ahead, head, now)?, laid)
        };
        for track in &laid {
            // Each file is to be understood without the one before.
            self.voices.get_mut(track).into_iter().for_each(|voice| voice.encoder.restart());
        }
        self.laid = laid;
        (self.opened, self.next_clock) = (now, Slot(now.0 + CLOCK_SLOTS));
        self.writer = Some(writer);
        if let Some(state) = self.state.clone() {
            // Each chunk is to be understood without the one before.
            self.owe(Owed::Line(now, state));
        }
        self.pay()?;
        self.lay_missing()
    }

    pub(super) fn note(&mut self, slot: Slot, event: MediaEvent) -> Result<(), SpoolError> {
        match &event {
            MediaEvent::Seat(fact) => {
                self.seats.retain(|known| known.seat != fact.seat);
                self.seats.push(*fact);
            }
            MediaEvent::Left { seat } => {
                self.seats.retain(|fact| fact.seat != *seat);
                self.keys_enough(*seat, slot);
            }
            MediaEvent::State { known, .. } => {
                self.state_is(*known, slot);
                self.state = Some(event.clone());
            }
            MediaEvent::Track(_) | MediaEvent::TrackEnded { .. } | MediaEvent::Gap { .. } => {}
            MediaEvent::Paused | MediaEvent::Stopped => self.off_from(slot),
            MediaEvent::Started | MediaEvent::Resumed => self.off = self.off.map(|(from, _)| (from, Some(slot))),
            // What else a line may say changes neither the head nor what is kept.
            MediaEvent::Marker { .. } | MediaEvent::OffRecord { .. } | MediaEvent::Clock(_) => {}
            MediaEvent::Erased { .. } | MediaEvent::Interrupted | MediaEvent::Close { .. } => {}
        }
        self.owe(Owed::Line(slot, event));
        self.pay()
    }

    /// An act that the disk refuses is an error, and yet, unless it is a yes, written as soon as the disk takes it.
    pub(super) fn act(&mut self, slot: Slot, act: Box<Act>) -> Result<(), RecorderError> {
        match (act.kind, act.track) {
            (ActKind::Withdrawn, Some(track)) => _ = self.undecided.insert(track),
            (ActKind::Withdrawn, None) => {}
            (ActKind::Offered | ActKind::Given | ActKind::Refused | ActKind::TimedOut, _) => {}
            (ActKind::KeptEarlier | ActKind::ErasedEarlier | ActKind::HungUp, _) => {}
            (ActKind::Superseded | ActKind::Shared | ActKind::Unshared, _) => {}
        }
        match act.kind {
            // A yes is still one for which there may be no key; one that finds its key opens a track.
            ActKind::Offered | ActKind::Given | ActKind::Superseded | ActKind::Unshared => {}
            ActKind::Refused | ActKind::TimedOut | ActKind::Withdrawn => self.keys_enough(act.seat, slot),
            ActKind::KeptEarlier | ActKind::ErasedEarlier | ActKind::HungUp => self.keys_enough(act.seat, slot),
            ActKind::Shared => self.keys_enough(act.seat, slot),
        }
        if act.kind == ActKind::Given {
            let writer = self.writer.as_mut().ok_or(RecorderError::NoRoom)?;
            return Ok(writer.act(slot, &act)?);
        }
        // Acts keep their order; other lines need not be written before them.
        let owed_before = self.owed.has_acts();
        let written = match self.writer.as_mut().filter(|_| !owed_before) {
            None => Err(RecorderError::NoRoom),
            Some(writer) => writer.act(slot, &act).map_err(RecorderError::from),
        };
        match written {
            Ok(()) | Err(RecorderError::Spool(SpoolError::Wrong { .. })) => {}
            Err(RecorderError::Spool(SpoolError::Full | SpoolError::Io { .. })) => self.owe(Owed::Act(slot, act)),
            Err(RecorderError::NoRoom | RecorderError::Unknown | RecorderError::Undecided) => {
                self.owe(Owed::Act(slot, act))
            }
        }
        written
    }

    pub(super) fn open_track(&mut self, fact: TrackFact, public: PublicKey) -> Result<(), RecorderError> {
        let writer = self.writer.as_mut().ok_or(RecorderError::NoRoom)?;
        let encoder = Encoder::new().map_err(|why| SpoolError::Wrong { what: format!("no encoder: {why}") })?;
        writer.begin_track(fact, &public, &mut chance)?;
        self.laid.insert(fact.track);
        let voice = Voice::new(fact, public, encoder);
        self.voices.insert(fact.track, voice);
        self.keys_enough(fact.seat, fact.from);
        Ok(())
    }

    /// A yes found no key. Its seat's words are missing from `from` on, until it says something else, or leaves.
    pub(super) fn no_key(&mut self, seat: SeatNo, from: Slot) {
        self.keyless.begin(seat, from);
    }

    /// The end of a track is in the queue: sound of later slots that lies in front of it is dropped.
    pub(super) fn foresee_end(&mut self, track: TrackId, until: Slot) {
        if let Some(voice) = self.voices.get_mut(&track) {
            voice.until = Some(voice.until.map_or(until, |earlier| earlier.min(until)));
        }
    }

    /// Lays one slot of a voice down. Where `laying` is false, or the disk refuses, the slot becomes part of a gap.
    /// False when the slot is not this voice's to keep: before its permit, after its end, while the record is off, or kept
    /// already.
    pub(super) fn frame(
        &mut self,
        track: TrackId,
        slot: Slot,
        frame: &Sound,
        laying: bool,
    ) -> Result<bool, SpoolError> {
        let Some(voice) = self.voices.get_mut(&track) else { return Ok(false) };
        let permitted = slot >= voice.fact.from && voice.until.is_none_or(|until| slot < until);
        // The room stops at the same word; where it was not told, everybody was, and so nothing is kept.
        let off = self.off.is_some_and(|(from, until)| slot >= from && until.is_none_or(|until| slot < until));
        if !permitted || off || voice.last.is_some_and(|last| slot <= last) {
            return Ok(false);
        }
        let writer = self.writer.as_mut().filter(|_| laying && self.laid.contains(&track));
        let Some(writer) = writer else {
            voice.miss(slot);
            return Ok(true);
        };
        if let Some(line) = voice.gap() {
            self.owed.add(Owed::Line(slot, line));
        }
        let packet = match voice.encoder.encode(slot, frame) {
            Ok(packet) => packet,
            Err(why) => {
                voice.miss(slot);
                return Err(SpoolError::Wrong { what: format!("cannot encode: {why}") });
            }
        };
        voice.last = Some(slot);
        if let Err(error) = writer.packet(track, slot, packet) {
            voice.miss(slot);
            voice.encoder.restart();
            return Err(error);
        }
        self.pay().map(|()| true)
    }

    /// A gap that the tap or a full ring left.
    pub(super) fn gap(&mut self, track: TrackId, from: Slot, until: Slot, reason: GapReason) -> Result<(), SpoolError> {
        let Some(voice) = self.voices.get(&track) else { return Ok(()) };
        let from = from.max(voice.fact.from);
        let until = voice.until.map_or(until, |end| until.min(end));
        if from >= until {
            return Ok(());
        }
        self.owe(Owed::Line(until, MediaEvent::Gap { whose: Whose::Track(track), from, until, reason }));
        self.pay()
    }

    pub(super) fn end_track(&mut self, track: TrackId, until: Slot, why: EndWhy) -> Result<(), SpoolError> {
        self.end_unknown(track, until);
        let Some(mut voice) = self.voices.remove(&track) else { return Ok(()) };
        if let Some(line) = voice.gap() {
            self.owe(Owed::Line(until, line));
        }
        let until = voice.until.map_or(until, |earlier| earlier.min(until)).max(voice.fact.from);
        self.owe(Owed::End { track, until, why });
        self.pay()
    }

    /// Writes the order, and when it erases destroys what the open chunk holds. Returns the order's name.
    pub(super) fn order(
        &mut self,
        house: &House,
        decision: Decision,
        tracks: Vec<TrackId>,
    ) -> Result<String, SpoolError> {
        let will = Will {
            meeting: self.about.meeting,
            recording: self.about.recording,
            decision,
            tracks,
            utc_ms: house.clock.wall().utc_ms,
            destroy_by_ms: self.about.destroy_by_ms,
        };
        let name = house.spool.order(&will)?;
        house.say(FromRecorder::OrderWritten { recording: self.about.recording, order: name.clone() });
        match decision {
            Decision::Erase => {
                let own = self.erase(&will.tracks);
                let left = self.left.iter().try_for_each(|chunk| house.spool.erase_in_left(chunk, &will.tracks));
                own.and(left)?;
            }
            Decision::Keep => {}
        }
        // Only now: what could not be erased is decided again at the end.
        for track in &will.tracks {
            self.undecided.remove(track);
        }
        Ok(name)
    }

    /// Closes the open chunk and begins the next. Says the name of the closed one, also when no next can be begun.
    pub(super) fn roll(&mut self, house: &House, why: CloseWhy, now: Slot) -> Result<Option<String>, SpoolError> {
        let closed = self.close(house, why, now)?;
        self.begin(house, now)?;
        Ok(closed)
    }

    /// Ends every track, decides for the caller what nobody decided (a withdrawal erases), closes the last chunk. One
    /// failure keeps nothing of the rest from being tried.
    pub(super) fn finish(&mut self, house: &House, why: CloseWhy, now: Slot) -> Result<(), SpoolError> {
        let open: Vec<TrackId> = self.voices.keys().copied().collect();
        let ended = open.into_iter().map(|track| self.end_track(track, now, EndWhy::End)).fold(Ok(()), Result::and);
        let undecided: Vec<TrackId> = self.undecided.iter().copied().collect();
        let decided = match undecided.is_empty() {
            true => Ok(()),
            false => self.order(house, Decision::Erase, undecided).map(drop),
        };
        if self.writer.is_none() && self.owed.has_acts() {
            self.begin(house, now)?;
        }
        // Left open, recovery finds the withdrawal and decides the same.
        let closed = if decided.is_ok() { self.close(house, why, now)? } else { None };
        let recovered = if decided.is_ok() { self.recover_left(house) } else { Ok(()) };
        let cleared = self.ahead.take().map_or(Ok(()), Ahead::discard);
        for cut in self.cuts.drain(..) {
            let _ = cut.send(Ok(closed.clone()));
        }
        ended.and(decided).and(recovered).and(cleared)
    }

    /// Once a second, before everything is synced together: every ten seconds the wall clock is written.
    pub(super) fn before_sync(&mut self, house: &House, now: Slot) -> Result<(), SpoolError> {
        if !self.left.is_empty() && self.may_close() && now >= self.next_recovery {
            self.next_recovery = Slot(now.0 + CLOCK_SLOTS);
            // One chunk that does not read is no reason to record nobody: it is said, and tried again.
            if let Err(error) = self.recover_left(house) {
                tracing::error!(%error, chunks = self.left.len(), "chunks that were given up cannot be closed yet");
            }
        }
        if now >= self.next_clock {
            self.keyless.so_far(now).into_iter().for_each(|line| self.owe(Owed::Line(now, line)));
            self.pay()?;
        }
        let Some(writer) = self.writer.as_mut() else { return Ok(()) };
        if now >= self.next_clock {
            self.next_clock = Slot(now.0 + CLOCK_SLOTS);
            writer.note(now, &MediaEvent::Clock(house.wall(now)))?;
        }
        Ok(())
    }

    /// What is to be synced.
    pub(super) fn written(&mut self) -> (Option<&mut ChunkWriter>, Option<&mut Ahead>) {
        (self.writer.as_mut(), self.ahead.as_mut())
    }

    /// Once a second: when the chunk's time is nearly over, files and keys of the next one are made, a few at a time.
    pub(super) fn prepare(&mut self, house: &House, now: Slot) -> Result<(), SpoolError> {
        let before = AHEAD_SLOTS.min(house.chunk_slots / 2);
        let near = now.0 + before >= self.opened.0 + self.chunk_slots(house);
        if !near || self.writer.is_none() || self.voices.is_empty() {
            return Ok(());
        }
        let next = self.chunk + 1;
        let known = self.ahead.take().filter(|ahead| ahead.chunk() == next);
        let mut ahead = known.map_or_else(|| house.spool.ahead(self.about.recording, house.epoch, next), Ok)?;
        lay(&mut ahead, &self.voices, AHEAD_A_SECOND)?;
        self.ahead = Some(ahead);
        Ok(())
    }

    /// After trouble: a chunk, files for voices that have none, the lines owed, and a sync. Ok means the disk is back.
    pub(super) fn try_again(&mut self, house: &House, now: Slot) -> Result<(), SpoolError> {
        if self.writer.is_none() {
            self.begin(house, now)?;
        }
        self.lay_missing()?;
        self.pay()?;
        self.before_sync(house, now)?;
        self.writer.as_mut().map_or(Ok(()), ChunkWriter::sync)
    }

    /// Is it time to hand a chunk over? Not while a withdrawal is undecided.
    pub(super) fn is_due(&self, house: &House, now: Slot) -> bool {
        let Some(writer) = &self.writer else { return false };
        let large = writer.fullness_percent() >= LARGE_PERCENT;
        self.may_close() && (large || now.0 >= self.opened.0 + self.chunk_slots(house))
    }

    /// How long the open chunk lasts: where many speak, twice as long as set, because each of them is two files a chunk.
    fn chunk_slots(&self, house: &House) -> u64 {
        let many = self.writer.as_ref().is_some_and(|writer| writer.voices_with_sound() > FEW_VOICES);
        if many { house.chunk_slots * 2 } else { house.chunk_slots }
    }

    /// Tracks to be erased although their callers are still being asked: the chunk gets too large for any archive, and all
    /// of it would be refused. Silence means the same.
    pub(super) fn pressed(&self) -> Vec<TrackId> {
        let full = self.writer.as_ref().is_some_and(|writer| writer.fullness_percent() >= FULL_PERCENT);
        if full { self.undecided.iter().copied().collect() } else { Vec::new() }
    }

    /// Is nobody just being asked what should become of the earlier part?
    pub(super) fn may_close(&self) -> bool {
        self.undecided.is_empty()
    }

    /// The section of the next chunk; the one of the chunks so far.
    pub(super) fn change_section(&mut self, section: SectionId) -> SectionId {
        self.keyless.forget();
        std::mem::replace(&mut self.about.section, section)
    }

    pub(super) fn wait_with_cut(&mut self, reply: Reply<Option<String>>) {
        self.cuts.push(reply);
    }

    pub(super) fn waiting_cuts(&mut self) -> Vec<Reply<Option<String>>> {
        std::mem::take(&mut self.cuts)
    }

    fn close(&mut self, house: &House, why: CloseWhy, now: Slot) -> Result<Option<String>, SpoolError> {
        self.divide_unknown(now);
        let missed: Vec<MediaEvent> = self.voices.values_mut().filter_map(Voice::gap).collect();
        missed.into_iter().for_each(|line| self.owe(Owed::Line(now, line)));
        self.keyless.so_far(now).into_iter().for_each(|line| self.owe(Owed::Line(now, line)));
        self.pay()?;
        let Some(mut writer) = self.writer.take() else { return Ok(None) };
        if let Err(error) = writer.note(now, &MediaEvent::Clock(house.wall(now))) {
            self.writer = Some(writer);
            return Err(error);
        }
        // From here on the writer is gone whatever happens: what cannot be closed is left for recovery.
        self.chunk += 1;
        self.laid.clear();
        self.previous = None;
        let name = writer.name().to_owned();
        let closed = writer.close(now, why).inspect_err(|_| self.left.push(name))?;
        self.previous = Some(closed.hash);
        house.say(FromRecorder::ChunkReady { recording: self.about.recording, chunk: closed.name.clone() });
        Ok(Some(closed.name))
    }

    fn keys_enough(&mut self, seat: SeatNo, until: Slot) {
        self.keyless.end(seat, until).into_iter().for_each(|line| self.owe(Owed::Line(until, line)));
    }

    fn erase(&mut self, tracks: &[TrackId]) -> Result<(), SpoolError> {
        for track in tracks {
            self.voices.remove(track);
            if let Some(ahead) = &mut self.ahead {
                ahead.forget(*track)?;
            }
            if let Some(writer) = self.writer.as_mut()
                && self.laid.contains(track)
            {
                writer.erase_track(*track)?;
                self.laid.remove(track);
            }
        }
        Ok(())
    }

    /// The files of the chunk that begins now: those made ahead, and whatever is missing of them.
    fn next_files(&mut self, house: &House) -> Result<Ahead, SpoolError> {
        let known = self.ahead.take().filter(|ahead| ahead.chunk() == self.chunk);
        let mut ahead = known.map_or_else(|| house.spool.ahead(self.about.recording, house.epoch, self.chunk), Ok)?;
        lay(&mut ahead, &self.voices, usize::MAX)?;
        Ok(ahead)
    }

    /// Files for open voices that have none in the open chunk.
    fn lay_missing(&mut self) -> Result<(), SpoolError> {
        let Self { writer: Some(writer), voices, laid, .. } = self else { return Ok(()) };
        for (track, voice) in voices {
            if laid.contains(track) {
                continue;
            }
            writer.begin_track(voice.fact, &voice.public, &mut chance)?;
            voice.encoder.restart();
            laid.insert(*track);
        }
        Ok(())
    }

    fn owe(&mut self, owed: Owed) {
        self.owed.add(owed);
    }

    /// Writes what is owed, oldest first; stops at the first refusal and keeps the rest.
    fn pay(&mut self) -> Result<(), SpoolError> {
        let Some(writer) = self.writer.as_mut() else { return Ok(()) };
        while let Some(owed) = self.owed.oldest() {
            // A chunk knows only its own tracks: what an abandoned one is owed of them, recovery says.
            let paid = match &owed {
                Owed::Line(_, MediaEvent::Gap { whose: Whose::Track(track), .. }) if !self.laid.contains(track) => {
                    Ok(())
                }
                Owed::Line(slot, event) => writer.note(*slot, event),
                Owed::Act(slot, act) => writer.act(*slot, act),
                Owed::End { track, .. } if !self.laid.contains(track) => Ok(()),
                Owed::End { track, until, why } => writer.end_track(*track, *until, *why),
            };
            match (paid, owed) {
                (Ok(()), _) => {}
                // Not the disk's doing, and no better the next time.
                (Err(SpoolError::Wrong { what }), _) => tracing::error!(%what, "the spool refuses a line"),
                // The writer remembers an end that the disk refused.
                (Err(error @ (SpoolError::Full | SpoolError::Io { .. })), Owed::End { .. }) => return Err(error),
                (Err(error @ (SpoolError::Full | SpoolError::Io { .. })), owed @ (Owed::Line(..) | Owed::Act(..))) => {
                    self.owed.put_back(owed);
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

/// Makes the files of open voices that have none there yet, so many at most.
fn lay(ahead: &mut Ahead, voices: &BTreeMap<TrackId, Voice>, most: usize) -> Result<(), SpoolError> {
    let missing = voices.values().filter(|voice| !ahead.holds(voice.fact.track)).take(most);
    for voice in missing.collect::<Vec<_>>() {
        match ahead.lay(voice.fact, &voice.public, &mut chance) {
            // Its key: no reason to make none for the others. `lay_missing` will say it again.
            Err(SpoolError::Wrong { what }) => tracing::error!(%what, "the spool refuses to make a voice file"),
            laid => laid?,
        }
    }
    Ok(())
}

/// The last half minute of a chunk: no key lies in memory for longer than it must.
const AHEAD_SLOTS: u64 = 30_000 / Slot::MS;

/// A hundred voices are ready in ten seconds, and no second has much to do for it.
const AHEAD_A_SECOND: usize = 10;

/// So many voices in each chunk of five minutes make 1968 files in two hours; of chunks of ten minutes, 82 voices do.
const FEW_VOICES: usize = 40;

/// A chunk of half the size that an archive takes is handed over.
const LARGE_PERCENT: u64 = 50;

/// Of what is left, a minute takes little; so here nobody is waited for any more.
const FULL_PERCENT: u64 = 80;

/// Ten seconds.
const CLOCK_SLOTS: u64 = 10_000 / Slot::MS;
