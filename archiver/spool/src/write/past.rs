//! What the journals of a chunk say, read by the gateway that wrote them: as far as they are whole, without checking more.
//!
//! Not here: the archive's reading, which believes nothing ([`read`](mod@crate::read)).

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;

use super::erase::{Place, facts_of};
use super::journal::{Journal, whole};
use crate::id::{Slot, TrackId};
use crate::line::{Act, ActKind, FileFact, First, Head, MediaEvent, TrackFact};
use crate::name::FileName;

pub(super) struct Past {
    pub(super) head: Head,
    /// The slot of the head.
    pub(super) begun: Slot,
    pub(super) events: Vec<(Slot, MediaEvent)>,
    pub(super) acts: Vec<(Slot, Act)>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MediaLine {
    First(First<Head>),
    Event(MediaEvent),
}

impl Past {
    /// Nothing when the chunk has no head that reads.
    pub(super) fn read(place: &Place) -> io::Result<Option<Self>> {
        let bytes = |name: FileName| place.disk.read(&place.path.join(name.to_string()));
        let media = whole(&bytes(FileName::Media)?.unwrap_or_default()).lines;
        let consent = whole(&bytes(FileName::Consent)?.unwrap_or_default()).lines;
        Ok(Self::of(media, consent))
    }

    /// As [`read`](Self::read), but cuts torn lines and opens the journals to go on.
    pub(super) fn reopen(place: &Place) -> io::Result<(Option<Self>, Journal, Journal)> {
        let path = |name: FileName| place.path.join(name.to_string());
        let (media, lines) = Journal::reopen(&place.disk, &path(FileName::Media))?;
        let (consent, acts) = Journal::reopen(&place.disk, &path(FileName::Consent))?;
        Ok((Self::of(lines, acts), media, consent))
    }

    fn of(media: Vec<(Slot, MediaLine)>, acts: Vec<(Slot, Act)>) -> Option<Self> {
        let mut lines = media.into_iter();
        let Some((begun, MediaLine::First(First::Head(head)))) = lines.next() else { return None };
        let events = lines
            .filter_map(|(slot, line)| match line {
                MediaLine::Event(event) => Some((slot, event)),
                MediaLine::First(_) => None,
            })
            .collect();
        Some(Self { head, begun, events, acts })
    }

    /// Every permit this chunk knows of.
    pub(super) fn tracks(&self) -> BTreeMap<TrackId, TrackFact> {
        let carried = self.head.tracks.iter();
        let begun = self.events.iter().filter_map(|(_, event)| event.begun());
        carried.chain(begun).map(|fact| (fact.track, *fact)).collect()
    }

    /// The slot at which a permit ended, as the events or, earlier, the acts say.
    pub(super) fn end_of(&self, track: TrackId) -> Option<Slot> {
        let withdrawn = self.acts.iter().filter(|(_, act)| act.kind == ActKind::Withdrawn && act.track == Some(track));
        self.ended(track).into_iter().chain(withdrawn.map(|(slot, _)| *slot)).min()
    }

    /// The slot at which the journal says that a permit ended.
    pub(super) fn ended(&self, track: TrackId) -> Option<Slot> {
        let mut ended = self.events.iter().filter_map(|(_, event)| event.ended());
        ended.find(|(ended, _)| *ended == track).map(|(_, until)| until)
    }

    pub(super) fn mentions(&self, track: TrackId) -> bool {
        self.tracks().contains_key(&track) || self.acts.iter().any(|(_, act)| act.track == Some(track))
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.events.last(), Some((_, MediaEvent::Close { .. })))
    }

    /// The facts of a track's files, as the close line says they were.
    pub(super) fn facts_of(&self, place: &Place, track: TrackId) -> io::Result<Vec<FileFact>> {
        let close = self.events.last().map(|(_, event)| event);
        let files = if let Some(MediaEvent::Close { files, .. }) = close { files.as_slice() } else { &[] };
        facts_of(place, track, |name| files.iter().find(|fact| fact.name == name).cloned())
    }

    /// The latest slot that is written down.
    pub(super) fn latest(&self) -> Slot {
        let events = self.events.iter().map(|(slot, _)| *slot);
        events.chain(self.acts.iter().map(|(slot, _)| *slot)).fold(self.begun, Slot::max)
    }
}
