//! A meeting while it is being held: its page, and what a clerk does to it from there.
//!
//! A form names a [`Wish`]; it becomes `access::may(..)`, then its audit event, then the request to the gateway, whose refusal
//! is told in the desk's words. What cannot be taken back, or shuts somebody out, is asked once more on a page of its own.
//!
//! Not here: ending a meeting (`desk`), and how pages look (`pages::meeting`).

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Redirect;
use maud::Markup;
use spool::id::{MeetingId, SeatNo};

use super::pages::answers::Answer;
use super::pages::meeting::{self, Done, LAST_ITEM, Page, Question};
use super::session::{Signed, Sorry};
use super::{Desk, views};
use crate::access::{Act, Conduct};
use crate::evidence::Deed;
use crate::gateways::GatewayError;

/// What a clerk wants of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    StartRecord,
    PauseRecord,
    CloseSection,
    Lock(bool),
    /// `None` takes the item back.
    Agenda(Option<u32>),
    CallNext,
    AnswerHelp(SeatNo),
    Mute(SeatNo),
    MuteAll,
    Share(SeatNo, bool),
    Dismiss(SeatNo),
}

/// A form that names no wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoWish {
    /// No number that can be spoken.
    Item,
    /// Not a form of ours.
    Unknown,
}

pub(super) async fn page(
    State(desk): State<Desk>,
    who: Signed,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Markup, Sorry> {
    who.may(None, Act::SeeMeetings)?;
    let page = view(&desk, &who, &id).await?;
    Ok(meeting::meeting(&who.viewer, &page, said(&query)))
}

pub(super) async fn page_now(State(desk): State<Desk>, who: Signed, Path(id): Path<String>) -> Result<Markup, Sorry> {
    who.may(None, Act::SeeMeetings)?;
    let page = view(&desk, &who, &id).await?;
    Ok(meeting::fragment(&who.viewer, &page))
}

/// The question before something that is better asked once more.
pub(super) async fn ask(
    State(desk): State<Desk>,
    who: Signed,
    Path((id, word)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Markup, Sorry> {
    let wish = Wish::named(&word, seat(&query), None).map_err(|_| who.sorry(Answer::Missing))?;
    let question = wish.question().ok_or_else(|| who.sorry(Answer::Missing))?;
    who.may(None, wish.act())?;
    let page = view(&desk, &who, &id).await?;
    Ok(meeting::question(&who.viewer, &page, question))
}

pub(super) async fn act(
    State(desk): State<Desk>,
    who: Signed,
    Path((id, word)): Path<(String, String)>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Sorry> {
    who.form(&form)?;
    let id: MeetingId = who.id(&id)?;
    let wish = match Wish::named(&word, seat(&form), form.get("top").map(String::as_str)) {
        Ok(wish) => wish,
        Err(NoWish::Item) => return Ok(Redirect::to(&format!("/sitzungen/{id}?top=fehlt"))),
        Err(NoWish::Unknown) => return Err(who.sorry(Answer::Missing)),
    };
    who.may(None, wish.act())?;
    let store = desk.house.store();
    let known = store.meeting(id).await.map_err(|error| who.trouble(&error))?.is_some();
    if !known {
        return Err(who.sorry(Answer::Missing));
    }
    let (object, detail) = (id.to_string(), wish.detail());
    let deed = Deed {
        kind: wish.act().word(),
        by: &who.person.id,
        role: who.person.role.word(),
        object: &object,
        purpose: None,
        detail: detail.as_deref(),
    };
    let now_ms = desk.house.clock().now_ms();
    store.audit(&deed, None, now_ms).await.map_err(|error| who.trouble(&error))?;
    let done = wish.carry_out(&desk, id).await.map_err(|error| refused(&who, id, &error))?;
    Ok(Redirect::to(&format!("/sitzungen/{id}?{}&um={now_ms}", query(done))))
}

/// A gateway's refusal in the desk's words.
pub(super) fn refused(who: &Signed, meeting: MeetingId, error: &GatewayError) -> Sorry {
    tracing::warn!(%meeting, error = %error, "the gateway did not do what the desk asked");
    who.sorry(told(error))
}

/// Only a gateway that was not heard is told as one that does not answer.
fn told(error: &GatewayError) -> Answer {
    match error {
        GatewayError::Refused(refusal) => match refusal.code.as_str() {
            "already-on" | "not-on" => Answer::RecordMoved,
            "no-keys" => Answer::KeysComing,
            "cannot-record" => Answer::CannotRecord,
            "no-such-meeting" => Answer::NobodyThere,
            "no-such-seat" => Answer::SeatLeft,
            _ => Answer::Trouble,
        },
        GatewayError::Away { .. } | GatewayError::Broken(_) | GatewayError::Slow => Answer::GatewayAway,
        GatewayError::Unknown => Answer::NobodyThere,
        GatewayError::Malformed | GatewayError::TooLong => Answer::Trouble,
    }
}

impl Wish {
    /// By the word of its address; `seat` and `item` as the form says.
    fn named(word: &str, seat: Option<SeatNo>, item: Option<&str>) -> Result<Self, NoWish> {
        match (word, seat) {
            ("aufnehmen", _) => Ok(Self::StartRecord),
            ("unterbrechen", _) => Ok(Self::PauseRecord),
            ("schluss", _) => Ok(Self::CloseSection),
            ("sperren", _) => Ok(Self::Lock(true)),
            ("oeffnen", _) => Ok(Self::Lock(false)),
            ("kein-top", _) => Ok(Self::Agenda(None)),
            ("top", _) => {
                let item = item.and_then(|item| item.trim().parse().ok());
                item.filter(|item| (1..=LAST_ITEM).contains(item))
                    .map(|item| Self::Agenda(Some(item)))
                    .ok_or(NoWish::Item)
            }
            ("aufrufen", _) => Ok(Self::CallNext),
            ("alle-stumm", _) => Ok(Self::MuteAll),
            ("geholfen", Some(seat)) => Ok(Self::AnswerHelp(seat)),
            ("stumm", Some(seat)) => Ok(Self::Mute(seat)),
            ("mehrere", Some(seat)) => Ok(Self::Share(seat, true)),
            ("eine-person", Some(seat)) => Ok(Self::Share(seat, false)),
            ("verabschieden", Some(seat)) => Ok(Self::Dismiss(seat)),
            (_, _) => Err(NoWish::Unknown),
        }
    }

    fn act(self) -> Act {
        Act::Conduct(match self {
            Self::StartRecord => Conduct::StartRecord,
            Self::PauseRecord => Conduct::PauseRecord,
            Self::CloseSection => Conduct::CloseSection,
            Self::Lock(true) => Conduct::Lock,
            Self::Lock(false) => Conduct::Unlock,
            Self::Agenda(_) => Conduct::SetAgenda,
            Self::CallNext => Conduct::CallNext,
            Self::AnswerHelp(_) => Conduct::AnswerHelp,
            Self::Mute(_) => Conduct::Mute,
            Self::MuteAll => Conduct::MuteAll,
            Self::Share(_, true) => Conduct::MarkShared,
            Self::Share(_, false) => Conduct::UnmarkShared,
            Self::Dismiss(_) => Conduct::Dismiss,
        })
    }

    /// What is asked before it is done, if anything.
    fn question(self) -> Option<Question> {
        match self {
            Self::StartRecord => Some(Question::Start),
            Self::CloseSection => Some(Question::CloseSection),
            Self::Lock(true) => Some(Question::Lock),
            Self::MuteAll => Some(Question::MuteAll),
            Self::Dismiss(seat) => Some(Question::Dismiss(seat)),
            Self::PauseRecord | Self::Lock(false) | Self::Agenda(_) | Self::CallNext => None,
            Self::AnswerHelp(_) | Self::Mute(_) | Self::Share(..) => None,
        }
    }

    /// For the audit: which seat, which item. A seat is a number of this gathering and nobody's name.
    fn detail(self) -> Option<String> {
        match self {
            Self::Agenda(Some(item)) => Some(format!("item {item}")),
            Self::Agenda(None) => Some("no item".to_owned()),
            Self::AnswerHelp(seat) | Self::Mute(seat) | Self::Share(seat, _) | Self::Dismiss(seat) => {
                Some(format!("seat {seat}"))
            }
            Self::StartRecord | Self::PauseRecord | Self::CloseSection => None,
            Self::Lock(_) | Self::CallNext | Self::MuteAll => None,
        }
    }

    async fn carry_out(self, desk: &Desk, id: MeetingId) -> Result<Done, GatewayError> {
        let gateways = desk.house.gateways();
        Ok(match self {
            Self::StartRecord => gateways.start_record(id).await.map(|()| Done::Started)?,
            Self::PauseRecord => gateways.pause_record(id).await.map(|()| Done::Paused)?,
            Self::CloseSection => gateways.close_section(id).await.map(|()| Done::SectionClosed)?,
            Self::Lock(on) => gateways.lock(id, on).await.map(|()| if on { Done::Locked } else { Done::Unlocked })?,
            Self::Agenda(item) => gateways.set_agenda(id, item).await.map(|()| Done::Agenda(item))?,
            Self::CallNext => gateways.call_next(id).await.map(|seat| seat.map_or(Done::NoHand, Done::Floor))?,
            Self::AnswerHelp(seat) => gateways.answer_help(id, seat).await.map(|()| Done::Helped(seat))?,
            Self::Mute(seat) => gateways.mute(id, seat).await.map(|()| Done::Muted(seat))?,
            Self::MuteAll => gateways.mute_all(id).await.map(|()| Done::AllMuted)?,
            Self::Share(seat, on) => gateways.share(id, seat, on).await.map(|()| Done::Shared(seat, on))?,
            Self::Dismiss(seat) => gateways.dismiss(id, seat).await.map(|()| Done::Dismissed(seat))?,
        })
    }
}

async fn view(desk: &Desk, who: &Signed, id: &str) -> Result<Page, Sorry> {
    let id: MeetingId = who.id(id)?;
    let all = views::meetings(&desk.house).await.map_err(|error| who.trouble(&error))?;
    let meeting = all.meetings.into_iter().find(|meeting| meeting.id == id);
    let meeting = meeting.ok_or_else(|| who.sorry(Answer::Missing))?;
    Ok(Page { meeting, gateway_away: all.gateway_away })
}

fn seat(fields: &HashMap<String, String>) -> Option<SeatNo> {
    fields.get("platz").and_then(|seat| seat.parse().ok()).map(SeatNo)
}

/// How the page is told what was just done; [`said`] reads it back.
fn query(done: Done) -> String {
    let words = WORDS.iter().find(|(_, known)| *known == done).map(|(word, _)| *word);
    match done {
        Done::Floor(seat) => format!("getan=aufgerufen&platz={}", seat.0),
        Done::Helped(seat) => format!("getan=geholfen&platz={}", seat.0),
        Done::Muted(seat) => format!("getan=stumm&platz={}", seat.0),
        Done::Shared(seat, true) => format!("getan=mehrere&platz={}", seat.0),
        Done::Shared(seat, false) => format!("getan=eine-person&platz={}", seat.0),
        Done::Dismissed(seat) => format!("getan=verabschiedet&platz={}", seat.0),
        Done::Agenda(Some(item)) => format!("getan=top&nummer={item}"),
        Done::Agenda(None) | Done::NoHand | Done::AllMuted | Done::NoItem => plain(words),
        Done::Started | Done::Paused | Done::SectionClosed | Done::Locked | Done::Unlocked => plain(words),
    }
}

fn plain(word: Option<&str>) -> String {
    format!("getan={}", word.unwrap_or_default())
}

/// What was done, and when; nothing when the address says nothing that we say.
fn said(query: &HashMap<String, String>) -> Option<(Done, Option<i64>)> {
    if query.get("top").is_some_and(|top| top == "fehlt") {
        return Some((Done::NoItem, None));
    }
    let at_ms = query.get("um").and_then(|ms| ms.parse().ok());
    let done = match (query.get("getan")?.as_str(), seat(query)) {
        ("aufgerufen", Some(seat)) => Done::Floor(seat),
        ("geholfen", Some(seat)) => Done::Helped(seat),
        ("stumm", Some(seat)) => Done::Muted(seat),
        ("mehrere", Some(seat)) => Done::Shared(seat, true),
        ("eine-person", Some(seat)) => Done::Shared(seat, false),
        ("verabschiedet", Some(seat)) => Done::Dismissed(seat),
        ("top", _) => Done::Agenda(Some(query.get("nummer")?.parse().ok()?)),
        (word, _) => WORDS.iter().find(|(known, _)| *known == word)?.1,
    };
    Some((done, at_ms))
}

/// What is said in an address by a word alone.
const WORDS: [(&str, Done); 8] = [
    ("begonnen", Done::Started),
    ("unterbrochen", Done::Paused),
    ("geschlossen", Done::SectionClosed),
    ("gesperrt", Done::Locked),
    ("offen", Done::Unlocked),
    ("kein-top", Done::Agenda(None)),
    ("keine-meldung", Done::NoHand),
    ("alle-stumm", Done::AllMuted),
];

#[cfg(test)]
mod tests {
    use control::Refusal;

    use super::*;

    #[test]
    fn what_was_done_is_said_back_as_it_was() {
        let seat = SeatNo(3);
        let shared = [Done::Shared(seat, true), Done::Shared(seat, false)];
        let all =
            [Done::Floor(seat), Done::Helped(seat), Done::Muted(seat), Done::Dismissed(seat), Done::Agenda(Some(7))];
        for done in all.into_iter().chain(shared).chain(WORDS.map(|(_, done)| done)) {
            let pairs = query(done);
            let pairs = pairs.split('&').filter_map(|pair| pair.split_once('='));
            let fields: HashMap<_, _> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            assert_eq!(said(&fields), Some((done, None)));
        }
        let other = HashMap::from([("getan".to_owned(), "<b>".to_owned())]);
        assert_eq!(said(&other), None);
    }

    #[test]
    fn a_gateway_that_answered_is_never_told_as_silent() {
        let refused = |code: &str| GatewayError::Refused(Refusal { code: code.to_owned(), reason: String::new() });
        for code in ["already-on", "not-on", "no-keys", "cannot-record", "no-such-meeting", "no-such-seat"] {
            assert_ne!(told(&refused(code)), Answer::GatewayAway, "{code}");
        }
        assert_eq!([told(&refused("recorder")), told(&refused("of-a-later-gateway"))], [Answer::Trouble; 2]);
        assert_eq!(told(&GatewayError::Malformed), Answer::Trouble);
        assert_eq!(told(&GatewayError::TooLong), Answer::Trouble);
        assert_eq!(told(&GatewayError::Unknown), Answer::NobodyThere);
        assert_eq!(told(&GatewayError::Slow), Answer::GatewayAway);
        let source = std::io::ErrorKind::NotFound.into();
        assert_eq!(told(&GatewayError::Away { socket: "/gone".into(), source }), Answer::GatewayAway);
    }

    #[test]
    fn an_item_that_cannot_be_spoken_is_none() {
        for item in [None, Some(""), Some("0"), Some("1000"), Some("-1"), Some("3a")] {
            assert_eq!(Wish::named("top", None, item), Err(NoWish::Item), "{item:?}");
        }
        assert_eq!(Wish::named("top", None, Some(" 7 ")), Ok(Wish::Agenda(Some(7))));
        assert_eq!(Wish::named("stumm", None, None), Err(NoWish::Unknown), "nobody is named");
    }
}
