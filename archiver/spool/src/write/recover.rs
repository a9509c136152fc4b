//! After a kill: what lies in `open/` is made into chunks that verify, without any track key.
//!
//! In this order, each step repeatable: journals are cut after their last whole line; withdrawals nobody decided become
//! orders; orders are carried out; voices are cut after their last whole record that a permit covers; permits that are open
//! end there; the chunk is closed as interrupted.
//!
//! Not here: a chunk that closes by itself ([`ChunkWriter`](super::ChunkWriter)).

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::chunk::seal_and_hand_over;
use super::erase::Place;
use super::journal::Journal;
use super::past::Past;
use super::{GONE, NEXT, Recovered, Spool, SpoolError, failed};
use crate::disk::DRAFT;
use crate::id::{RecordingId, Slot, TrackId};
use crate::line::{ActKind, CloseWhy, EndWhy, GapReason, MediaEvent, TrackFact, Whose};
use crate::name::{ChunkName, FileName, OrderName};
use crate::order::{Decision, ORDER_LABEL, Order, Will};
use crate::sign::verified;
use crate::voice::{Ending, Record, VoiceError, index};

/// A chunk in `open/`.
struct Unfinished {
    place: Place,
    past: Past,
    media: Journal,
    consent: Journal,
}

pub(super) fn all(spool: &Spool, now_utc_ms: i64) -> Result<Vec<Recovered>, SpoolError> {
    sweep(spool).map_err(failed("clear the spool"))?;
    let names = super::names::<ChunkName>(spool.disk(), &spool.open_dir())?;
    let ready = spool.ready_names()?.into_iter().map(|name| spool.ready_place(name)).collect();
    these(spool, &names, ready, None, now_utc_ms)
}

/// One chunk that its writer gave up, while others of its recording may still be written: those are read, never touched.
pub(super) fn one(spool: &Spool, name: ChunkName, now_utc_ms: i64) -> Result<Option<Recovered>, SpoolError> {
    let open = super::names::<ChunkName>(spool.disk(), &spool.open_dir())?;
    if !open.contains(&name) {
        // Its last step had succeeded after all.
        return Ok(None);
    }
    let beside = open.into_iter().filter(|it| *it != name).map(|it| spool.place(&spool.open_dir(), it));
    let ready = spool.ready_names()?.into_iter().map(|it| spool.ready_place(it));
    let others = ready.chain(beside).filter(|place| place.name.recording == name.recording).collect();
    Ok(these(spool, &[name], others, Some(name.recording), now_utc_ms)?.pop())
}

/// `others` are looked into for what became of withdrawals; orders of recordings other than `only` are left alone.
fn these(
    spool: &Spool,
    names: &[ChunkName],
    others: Vec<Place>,
    only: Option<RecordingId>,
    now_utc_ms: i64,
) -> Result<Vec<Recovered>, SpoolError> {
    let mut open = Vec::new();
    for name in names {
        let place = spool.place(&spool.open_dir(), *name);
        let (past, media, consent) = Past::reopen(&place).map_err(failed("read an unfinished chunk"))?;
        match past {
            Some(past) => open.push(Unfinished { place, past, media, consent }),
            None => headless(spool, &place)?,
        }
    }
    let orders = decide(spool, &open, others, now_utc_ms)?;
    carry_out(spool, &open, only)?;
    let mut recovered = Vec::new();
    for mut chunk in open {
        let ChunkName { recording, .. } = chunk.place.name;
        let tracks = chunk.past.tracks().into_keys().collect();
        if chunk.past.is_closed() {
            spool.hand_over(chunk.place.name)?;
        } else {
            let until = chunk.settle().map_err(failed("finish a chunk"))?;
            let Unfinished { place, media, consent, .. } = &mut chunk;
            seal_and_hand_over(place, spool, media, consent.head(), until, CloseWhy::Interrupted, |_| None)?;
        }
        let orders = orders.get(&recording).cloned().into_iter().collect();
        recovered.push(Recovered { chunk: chunk.place.name.to_string(), recording, tracks, orders });
    }
    Ok(recovered)
}

/// Removes drafts that never came into their place, chunks that never began, and chunks that were on their way out.
fn sweep(spool: &Spool) -> io::Result<()> {
    for name in spool.disk().list(&spool.open_dir())? {
        let path = spool.open_dir().join(&name);
        if name.ends_with(DRAFT) {
            spool.disk().unlink(&path)?;
        } else if name.ends_with(GONE) || name.ends_with(NEXT) {
            spool.disk().remove_tree(&path)?;
        }
    }
    Ok(())
}

/// Without a head there was no track yet. Should there be sound all the same, the disk lost the head, and the archive has to
/// see it: it refuses the chunk and says so, with an end.
fn headless(spool: &Spool, place: &Place) -> Result<(), SpoolError> {
    let names = place.disk.list(&place.path).map_err(failed("list a chunk"))?;
    if names.iter().any(|name| matches!(name.parse(), Ok(FileName::Voice(_)))) {
        return spool.hand_over(place.name);
    }
    place.disk.remove_tree(&place.path).map_err(failed("remove an empty chunk"))
}

/// Writes an order for every recording in which a withdrawal was left without a decision, or without its order.
fn decide(
    spool: &Spool,
    open: &[Unfinished],
    others: Vec<Place>,
    now_utc_ms: i64,
) -> Result<BTreeMap<RecordingId, String>, SpoolError> {
    let mut undecided: BTreeMap<(RecordingId, TrackId), Will> = BTreeMap::new();
    let mut read = Vec::new();
    for place in others {
        read.extend(Past::read(&place).map_err(failed("read a chunk"))?.map(|past| (place, past)));
    }
    let mut chunks: Vec<(&Place, &Past)> = read.iter().map(|(place, past)| (place, past)).collect();
    chunks.extend(open.iter().map(|chunk| (&chunk.place, &chunk.past)));
    chunks.sort_by_key(|(place, _)| (place.name.recording, place.name.number));
    for (place, past) in chunks {
        for (_, act) in &past.acts {
            // An act that names no track speaks of all that its seat has.
            let of_seat = || past.tracks().into_values().filter(|fact| fact.seat == act.seat).map(|fact| fact.track);
            let tracks: Vec<TrackId> = act.track.map_or_else(|| of_seat().collect(), |track| vec![track]);
            for track in tracks {
                let which = (past.head.recording, track);
                match act.kind {
                    ActKind::Withdrawn | ActKind::ErasedEarlier => {
                        if !place.is_erased(track).map_err(failed("look for an erasure"))? {
                            undecided.insert(which, will(past, track, now_utc_ms));
                        }
                    }
                    ActKind::KeptEarlier => drop(undecided.remove(&which)),
                    ActKind::Offered | ActKind::Given | ActKind::Refused | ActKind::TimedOut | ActKind::HungUp => {}
                    ActKind::Superseded | ActKind::Shared | ActKind::Unshared => {}
                }
            }
        }
    }
    for order in own_orders(spool)? {
        for track in order.tracks {
            undecided.remove(&(order.recording, track));
        }
    }
    let mut wills: BTreeMap<RecordingId, Will> = BTreeMap::new();
    for ((recording, track), will) in undecided {
        wills.entry(recording).or_insert(Will { tracks: Vec::new(), ..will }).tracks.push(track);
    }
    wills.into_iter().map(|(recording, will)| Ok((recording, spool.order(&will)?))).collect()
}

fn will(past: &Past, track: TrackId, utc_ms: i64) -> Will {
    let (meeting, recording, destroy_by_ms) = (past.head.meeting, past.head.recording, past.head.destroy_by_ms);
    Will { meeting, recording, decision: Decision::Erase, tracks: vec![track], utc_ms, destroy_by_ms }
}

/// Finishes what orders and `.erased` files began.
fn carry_out(spool: &Spool, open: &[Unfinished], only: Option<RecordingId>) -> Result<(), SpoolError> {
    let concerned = |recording: RecordingId| only.is_none_or(|only| only == recording);
    let erasing = |order: &Order| order.decision == Decision::Erase && concerned(order.recording);
    for order in own_orders(spool)?.into_iter().filter(erasing) {
        spool.erase_in_ready(order.recording, &order.tracks)?;
        for Unfinished { place, past, .. } in open.iter().filter(|chunk| chunk.place.name.recording == order.recording)
        {
            for track in order.tracks.iter().filter(|track| past.mentions(**track)) {
                let facts = past.facts_of(place, *track).map_err(failed("read what is to be erased"))?;
                place.erase(*track, facts).map_err(failed("erase a track"))?;
            }
        }
    }
    let ready = spool.ready_names()?.into_iter().filter(|name| concerned(name.recording));
    let ready = ready.map(|name| spool.ready_place(name));
    for place in ready.chain(open.iter().map(|chunk| chunk.place.clone())) {
        for track in erased(&place).map_err(failed("list a chunk"))? {
            place.erase(track, Vec::new()).map_err(failed("erase a track"))?;
        }
    }
    Ok(())
}

fn erased(place: &Place) -> io::Result<Vec<TrackId>> {
    let names = place.disk.list(&place.path)?;
    Ok(names
        .iter()
        .filter_map(|name| match name.parse() {
            Ok(FileName::Erased(track)) => Some(track),
            Ok(FileName::Media | FileName::Consent | FileName::Keys(_) | FileName::Voice(_)) | Err(_) => None,
        })
        .collect())
}

/// Orders that this gateway signed.
fn own_orders(spool: &Spool) -> Result<Vec<Order>, SpoolError> {
    let mut orders = Vec::new();
    let key = spool.key().verifying();
    for name in super::names::<OrderName>(spool.disk(), &spool.orders_dir())? {
        let path = spool.orders_dir().join(name.to_string());
        let bytes = spool.disk().read(&path).map_err(failed("read an order"))?.unwrap_or_default();
        let line = bytes.strip_suffix(b"\n").unwrap_or_default();
        if verified(&key, ORDER_LABEL, line) {
            orders.extend(serde_json::from_slice::<Order>(line).ok());
        }
    }
    Ok(orders)
}

impl Unfinished {
    /// Makes files and journals say the same, and returns the slot at which the chunk ends.
    fn settle(&mut self) -> io::Result<Slot> {
        let facts = self.past.tracks();
        let gone: BTreeSet<TrackId> = erased(&self.place)?.into_iter().collect();
        for name in self.place.disk.list(&self.place.path)? {
            if let Ok(FileName::Keys(track) | FileName::Voice(track)) = name.parse()
                && !facts.contains_key(&track)
            {
                // No permit, no byte.
                self.place.disk.unlink(&self.place.path.join(name))?;
            }
        }
        let mut until = self.past.latest();
        for fact in facts.values() {
            let kept = self.settle_voice(*fact, self.past.end_of(fact.track))?;
            // A permit carried over had its records in earlier chunks.
            let last = kept.unwrap_or(fact.from.max(self.past.begun));
            until = until.max(last);
            if self.past.ended(fact.track).is_none() {
                let until = self.past.end_of(fact.track).map_or(last, |end| end.min(last)).max(fact.from);
                let why = EndWhy::Interrupted;
                self.media.append(until, MediaEvent::TrackEnded { track: fact.track, until, why })?;
            }
        }
        for track in gone {
            let said = |(_, event): &(Slot, MediaEvent)| *event == MediaEvent::Erased { track };
            if !self.past.events.iter().any(said) {
                self.media.append(until, MediaEvent::Erased { track })?;
            }
        }
        if !self.past.events.iter().any(|(_, event)| *event == MediaEvent::Interrupted) {
            self.media.append(until, MediaEvent::Interrupted)?;
        }
        self.consent.sync()?;
        self.media.sync()?;
        Ok(until)
    }

    /// Cuts a voice file after its last whole record within the permit; returns the first slot after it.
    fn settle_voice(&mut self, fact: TrackFact, end: Option<Slot>) -> io::Result<Option<Slot>> {
        let TrackFact { track, from, .. } = fact;
        let [keys, voice] = self.place.files(track);
        let disk = self.place.disk.clone();
        let bytes = disk.read(&voice)?.unwrap_or_default();
        let (mut records, mut whole) = whole_records(&bytes);
        let outside = |record: &Record| record.until() > end.or(record.until()) || (!record.end && record.first < from);
        if let Some(beyond) = records.iter().position(outside) {
            whole = records.get(beyond).map_or(whole, |record| record.offset);
            records.truncate(beyond);
        }
        let kept = records.iter().rev().find_map(|record| record.until());
        let readable = disk.exists(&keys)?;
        if !readable || kept.is_none() {
            if let (Some(until), Some(first)) = (kept, records.first()) {
                let gap =
                    MediaEvent::Gap { whose: Whose::Track(track), from: first.first, until, reason: GapReason::Disk };
                self.media.append(until, gap)?;
            }
            disk.unlink(&voice)?;
            disk.unlink(&keys)?;
            return Ok(None);
        }
        if whole != bytes.len() as u64 {
            let mut file = disk.reopen(&voice)?;
            file.cut(whole)?;
            file.sync()?;
        } else {
            disk.reopen(&voice)?.sync()?;
        }
        Ok(kept)
    }
}

/// The records before the first that is torn or wrong, and how many bytes they and the header take.
fn whole_records(bytes: &[u8]) -> (Vec<Record>, u64) {
    match index(bytes) {
        Ok((records, Ending::Torn { whole })) => (records, whole),
        Ok((records, Ending::Complete | Ending::Unended)) => (records, bytes.len() as u64),
        Err(VoiceError::Record { at, .. }) => {
            let good = usize::try_from(at).ok().and_then(|at| bytes.get(..at)).unwrap_or_default();
            (index(good).map(|(records, _)| records).unwrap_or_default(), at)
        }
        Err(_) => (Vec::new(), 0),
    }
}
