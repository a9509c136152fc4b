//! Which PIN leads to which meeting, and which track keys are unused.
//!
//! A [`Plan`] is what the desk last said, as a value: the shell writes [`Plan::to_json`] to `plan.json` after every change,
//! atomically, and *before* a key from [`Plan::take_key`] is used, so that no key is ever used twice.
//!
//! The plan remembers as well of which meeting the record is paused since an end without goodbye, however many ends and
//! starts follow, until somebody says on.
//!
//! Not here: the file, the desk's door (`io::control`), and the seats (`gathering`).

mod attempts;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use control::{Door, Meeting, Open, Record, TrackKey, pin};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ids::{MOST_GATEWAYS, MeetingId, Role, TrackId};
use attempts::Attempts;
use spool::id::{GatewayId, RecordingId, SectionId};

pub use attempts::{CallerTag, Origin, SourceTag};

/// The meetings, their PINs and their keys.
#[derive(Debug, Default)]
pub struct Plan {
    meetings: BTreeMap<MeetingId, Planned>,
    /// Keys used under meetings that are gone, so that a meeting put again cannot bring them back.
    retired: Vec<Retired>,
    attempts: Attempts,
}

/// Where a number leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Right {
        meeting: MeetingId,
        role: Role,
    },
    /// The right PIN at a time when the meeting is not open.
    NotOpen {
        meeting: MeetingId,
    },
    /// The next prompt waits for `delay`; nobody is ever refused a try.
    Wrong {
        delay: Duration,
    },
}

/// Why a meeting or a plan cannot be taken: the desk's to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("recordings on the basis \"{0}\" come later; today only \"consent\" is carried out")]
    Basis(String),
    #[error("rules for \"{0}\" alone come later; today only those for \"everybody\" are carried out")]
    Persons(String),
    #[error("the answer \"{0}\" to a withdrawal comes later; today only \"shred_track\" is carried out")]
    OnWithdrawal(String),
    #[error("the notice \"{notice}\" with a term of {months} months cannot be spoken by this gateway")]
    Notice { notice: String, months: u32 },
    #[error("a meeting number has 1 to 12 digits and nothing else")]
    Number,
    #[error("the meeting ends before it begins")]
    Open,
    #[error("of several gateways this is one, each is named once, and there are 16 at most")]
    Gateways,
    #[error("a track key belongs to one meeting, and {0} belongs to another already")]
    KeyOfAnother(TrackId),
    #[error("the plan does not read: {0}")]
    Unreadable(String),
}

impl PlanError {
    /// For programs: the `code` of a `control::Refusal`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Basis(_) => "basis",
            Self::Persons(_) => "persons",
            Self::OnWithdrawal(_) => "on_withdrawal",
            Self::Notice { .. } => "notice",
            Self::Number => "number",
            Self::Open => "open",
            Self::Gateways => "gateways",
            Self::KeyOfAnother(_) => "key_of_another",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl Plan {
    /// Takes a meeting, or what changed of it. `speakable` says whether a notice with a term in months can be spoken
    /// (`consent::Wording::knows`): a meeting whose callers could not be told the truth is not taken.
    pub fn put(&mut self, mut meeting: Meeting, speakable: impl Fn(&str, u32) -> bool) -> Result<(), PlanError> {
        self.check(&meeting, speakable)?;
        let before = self.meetings.remove(&meeting.id);
        let (mut used, agenda, paused, closed, seated) =
            before.map(|was| (was.used, was.agenda, was.paused, was.closed, was.seated)).unwrap_or_default();
        let gone: BTreeSet<TrackId> = self.retired.iter().flat_map(|retired| retired.used.iter().copied()).collect();
        let mut seen = BTreeSet::new();
        meeting
            .track_keys
            .retain(|key| !used.contains(&key.track) && !gone.contains(&key.track) && seen.insert(key.track));
        used.sort_unstable();
        self.meetings.insert(meeting.id, Planned { meeting, used, agenda, paused, closed, seated });
        Ok(())
    }

    /// Forgets a meeting at `utc_ms`; true if there was one. Its used keys are remembered until no recording can be left.
    pub fn remove(&mut self, meeting: MeetingId, utc_ms: i64) -> bool {
        self.retired.retain(|retired| retired.until_ms > utc_ms);
        let Some(planned) = self.meetings.remove(&meeting) else {
            return false;
        };
        if !planned.used.is_empty() {
            let months = i64::from(planned.meeting.rule.cap_months) + 1;
            let until_ms = utc_ms.saturating_add(months.saturating_mul(LONGEST_MONTH_MS));
            self.retired.push(Retired { until_ms, used: planned.used });
        }
        true
    }

    pub fn meetings(&self) -> impl Iterator<Item = &Meeting> {
        self.meetings.values().map(|planned| &planned.meeting)
    }

    pub fn meeting(&self, meeting: MeetingId) -> Option<&Meeting> {
        self.meetings.get(&meeting).map(|planned| &planned.meeting)
    }

    /// Where the meeting is in its agenda, as the desk said last.
    pub fn agenda(&self, meeting: MeetingId) -> Option<u32> {
        self.meetings.get(&meeting)?.agenda
    }

    /// False: there is no such meeting, or no such item can be spoken.
    pub fn set_agenda(&mut self, meeting: MeetingId, item: Option<u32>) -> bool {
        let speakable = item.is_none_or(|item| (1..=LAST_ITEM).contains(&item));
        let planned = self.meetings.get_mut(&meeting).filter(|_| speakable);
        let known = planned.is_some();
        if let Some(planned) = planned {
            planned.agenda = item;
        }
        known
    }

    /// The home gateway of a meeting, where that is another than `own`: how the record stands is its word.
    pub fn home(&self, meeting: MeetingId, own: GatewayId) -> Option<&Door> {
        self.meeting(meeting)?.gateways.first().filter(|home| home.gateway != own)
    }

    /// Which share of the seat numbers is `own`'s: its place among the gateways.
    pub fn share(&self, meeting: MeetingId, own: GatewayId) -> u32 {
        let doors = self.meeting(meeting).map_or(&[][..], |plan| &plan.gateways);
        let at = doors.iter().position(|door| door.gateway == own).unwrap_or(0);
        u32::try_from(at).unwrap_or(0)
    }

    /// So many seats of a recording were handed out here. Written with the plan before any of them is recorded.
    pub fn set_seated(&mut self, meeting: MeetingId, recording: RecordingId, seats: u32) {
        if let Some(planned) = self.meetings.get_mut(&meeting) {
            planned.seated = Some(Seated { recording, seats });
        }
    }

    /// How many seats of this recording were handed out here, in earlier runs as well.
    pub fn seated(&self, meeting: MeetingId, recording: RecordingId) -> u32 {
        let seated = self.meetings.get(&meeting).and_then(|planned| planned.seated);
        seated.filter(|seated| seated.recording == recording).map_or(0, |seated| seated.seats)
    }

    /// The last run ended while something may have been recorded: nowhere does the record begin by itself.
    pub fn pause_all(&mut self) {
        self.meetings.values_mut().for_each(|planned| planned.paused = true);
    }

    /// This section was closed. The next begins on somebody's word only, also when everybody has left meanwhile, or the
    /// gateway was started anew.
    pub fn close(&mut self, meeting: MeetingId, section: SectionId) {
        if let Some(planned) = self.meetings.get_mut(&meeting) {
            planned.closed = Some(section);
        }
    }

    /// Is the section whose keys are at hand the one that was closed?
    pub fn is_closed(&self, meeting: MeetingId) -> bool {
        self.meetings.get(&meeting).is_some_and(|planned| planned.closed == Some(planned.meeting.section))
    }

    /// How the record of a gathering stands from its beginning: paused after an end without goodbye, and after a section that
    /// was closed, until somebody says on. Off for a meeting that is not there.
    pub fn record(&self, meeting: MeetingId) -> Record {
        match (self.meeting(meeting).is_some_and(|plan| plan.record), self.is_paused(meeting)) {
            (false, _) => Record::Off,
            (true, true) => Record::Paused,
            (true, false) => Record::On,
        }
    }

    /// Is the record to be paused until somebody says on?
    pub fn is_paused(&self, meeting: MeetingId) -> bool {
        self.meetings.get(&meeting).is_some_and(|planned| planned.paused || planned.closed.is_some())
    }

    /// The meeting was put again, which says on after an end without goodbye. True: so it is no longer paused, and was.
    pub fn unpause(&mut self, meeting: MeetingId) -> bool {
        let paused = self.meetings.get_mut(&meeting).is_some_and(|planned| std::mem::take(&mut planned.paused));
        paused && !self.is_paused(meeting)
    }

    /// Somebody said how it goes on, or that it is over: the next gathering begins as planned, though never in a section that
    /// was closed. True: the plan has changed.
    pub fn word_given(&mut self, meeting: MeetingId) -> bool {
        let Some(planned) = self.meetings.get_mut(&meeting) else { return false };
        let before = (planned.paused, planned.closed);
        planned.paused = false;
        planned.closed = planned.closed.filter(|closed| *closed == planned.meeting.section);
        before != (planned.paused, planned.closed)
    }

    /// Where these digits lead. Takes the same time whichever PIN is right, or none; counts wrong ones by their origin.
    pub fn enter(&mut self, digits: &str, origin: &Origin, now: Instant, utc_ms: i64) -> Entry {
        let mut found = None;
        for planned in self.meetings.values() {
            let pins = &planned.meeting.pins;
            let roles = [
                (Role::Guest, Some(&pins.guest)),
                (Role::Member, pins.member.as_ref()),
                (Role::Chair, pins.chair.as_ref()),
            ];
            for (role, wanted) in roles {
                let got = pin::digest(&pins.key, role, digits);
                // A meeting without this role is compared too, with the guests' digest, which that role's never equals.
                let right: bool = got.0.ct_eq(&wanted.unwrap_or(&pins.guest).0).into();
                if right && wanted.is_some() && found.is_none() {
                    found = Some((&planned.meeting, role));
                }
            }
        }
        if found.is_some() {
            self.attempts.right(origin, now);
        }
        match found {
            Some((meeting, role)) if is_open(&meeting.open, utc_ms) => Entry::Right { meeting: meeting.id, role },
            Some((meeting, _)) => Entry::NotOpen { meeting: meeting.id },
            None => Entry::Wrong { delay: self.attempts.wrong(origin, now) },
        }
    }

    /// How long the first question of a call waits, for what was guessed in calls before it.
    pub fn wait(&self, origin: &Origin, now: Instant) -> Duration {
        self.attempts.wait(origin, now)
    }

    /// An unused key, never to be given out again. Persist the plan before using it.
    pub fn take_key(&mut self, meeting: MeetingId) -> Option<TrackKey> {
        let planned = self.meetings.get_mut(&meeting)?;
        let key = planned.meeting.track_keys.pop()?;
        planned.used.push(key.track);
        Some(key)
    }

    pub fn keys_left(&self, meeting: MeetingId) -> u32 {
        let left = self.meetings.get(&meeting).map_or(0, |planned| planned.meeting.track_keys.len());
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// What belongs into `plan.json`. Holds digests and the receipt keys: for this program's user only.
    pub fn to_json(&self) -> Zeroizing<String> {
        let paper = Paper {
            version: VERSION,
            meetings: self.meetings.values().cloned().collect(),
            retired: self.retired.clone(),
        };
        let text = serde_json::to_string_pretty(&paper);
        Zeroizing::new(text.unwrap_or_else(|_| unreachable!("ids, numbers and strings are JSON")))
    }

    /// The plan that a `plan.json` says.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        let paper: Paper = serde_json::from_str(text).map_err(|error| PlanError::Unreadable(error.to_string()))?;
        if paper.version != VERSION {
            return Err(PlanError::Unreadable(format!("version {} is not known", paper.version)));
        }
        let meetings = paper.meetings.into_iter().map(|planned| (planned.meeting.id, planned)).collect();
        Ok(Self { meetings, retired: paper.retired, attempts: Attempts::default() })
    }

    fn check(&self, meeting: &Meeting, speakable: impl Fn(&str, u32) -> bool) -> Result<(), PlanError> {
        let rule = &meeting.rule;
        if rule.basis != "consent" {
            return Err(PlanError::Basis(rule.basis.clone()));
        }
        if rule.persons != "everybody" {
            return Err(PlanError::Persons(rule.persons.clone()));
        }
        if rule.on_withdrawal != "shred_track" {
            return Err(PlanError::OnWithdrawal(rule.on_withdrawal.clone()));
        }
        if !speakable(&rule.notice, rule.cap_months) {
            return Err(PlanError::Notice { notice: rule.notice.clone(), months: rule.cap_months });
        }
        if !(1..=12).contains(&meeting.number.len()) || !meeting.number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PlanError::Number);
        }
        if let Open::Between { from_ms, until_ms } = meeting.open
            && from_ms >= until_ms
        {
            return Err(PlanError::Open);
        }
        let doors: BTreeSet<GatewayId> = meeting.gateways.iter().map(|door| door.gateway).collect();
        if doors.len() != meeting.gateways.len() || u32::try_from(doors.len()).is_ok_and(|count| count > MOST_GATEWAYS)
        {
            return Err(PlanError::Gateways);
        }
        let others: BTreeSet<TrackId> = self
            .meetings
            .values()
            .filter(|other| other.meeting.id != meeting.id)
            .flat_map(|other| other.used.iter().copied().chain(other.meeting.track_keys.iter().map(|key| key.track)))
            .collect();
        match meeting.track_keys.iter().find(|key| others.contains(&key.track)) {
            Some(key) => Err(PlanError::KeyOfAnother(key.track)),
            None => Ok(()),
        }
    }
}

/// A meeting, and the keys taken from its pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    meeting: Meeting,
    used: Vec<TrackId>,
    #[serde(default)]
    agenda: Option<u32>,
    /// Since an end without goodbye, until somebody says on.
    #[serde(default)]
    paused: bool,
    /// The last section that was closed, until somebody begins the next.
    #[serde(default)]
    closed: Option<SectionId>,
    /// Of the recording that somebody sat in last: with several gateways it may go on over a restart of this one.
    #[serde(default)]
    seated: Option<Seated>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seated {
    recording: RecordingId,
    seats: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retired {
    /// After this no recording under these keys can be left, and the ids are forgotten.
    until_ms: i64,
    used: Vec<TrackId>,
}

/// `plan.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    version: u32,
    meetings: Vec<Planned>,
    retired: Vec<Retired>,
}

fn is_open(open: &Open, utc_ms: i64) -> bool {
    match open {
        Open::Always => true,
        Open::Between { from_ms, until_ms } => (*from_ms..*until_ms).contains(&utc_ms),
    }
}

const VERSION: u32 = 1;

const LAST_ITEM: u32 = 999;

const LONGEST_MONTH_MS: i64 = 31 * 24 * 60 * 60 * 1000;

#[cfg(test)]
pub(crate) mod tests;
