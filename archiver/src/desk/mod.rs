//! The clerk's desk: server-rendered pages and the sound of recordings, over one cheap handle of the house.
//!
//! [`open`] is everything. A request becomes `access::may(..)`, then its audit event, then the act; every page comes
//! from a view (`views`) and a function without effects (`pages`). Whoever is not signed in gets a kind page.
//!
//! Not here: listeners (`io`), what a recording is (`recording`), how sound is made (`sound`, `playback`).

pub mod api;
mod assets;
mod conduct;
mod doors;
mod headers;
mod listening;
pub mod pages;
mod range;
mod session;
mod stretches;
mod views;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, middleware};
use maud::Markup;
use spool::id::{MeetingId, RecordingId, SeatNo};

use crate::access::{Act, Purpose};
use crate::evidence::Deed;
use crate::io::house::House;
use crate::texts::Texts;
use listening::Listenings;
use pages::answers::Answer;
use pages::recording::PURPOSES;
use session::{Anybody, Signed, Sorry};

/// What every handler holds.
#[derive(Clone)]
struct Desk {
    house: House,
    listenings: Arc<Listenings>,
}

/// The whole desk, and what its shell runs beside it: the watch that lets keys of voices go that are gone.
pub fn open(house: House) -> (Router, impl Future<Output = ()> + Send + 'static) {
    let desk = Desk { house, listenings: Arc::default() };
    let (taken, sweep) = (desk.house.taken(), desk.house.sweep_status());
    let watch = listening::forget_keys(Arc::downgrade(&desk.listenings), taken, sweep);
    (router(desk), watch)
}

fn router(desk: Desk) -> Router {
    Router::new()
        .route("/", get(async || Redirect::to("/sitzungen")))
        .route("/enter/{token}", get(doors::enter))
        .route("/abmelden", post(doors::leave))
        .route("/sprache/{tag}", get(doors::language_page))
        .route("/lizenzen", get(assets::licences))
        .route("/assets/{*path}", get(assets::asset))
        .route("/sitzungen", get(meetings))
        .route("/sitzungen/jetzt", get(meetings_now))
        .route("/sitzungen/{id}", get(conduct::page))
        .route("/sitzungen/{id}/jetzt", get(conduct::page_now))
        .route("/sitzungen/{id}/fragen/{wish}", get(conduct::ask))
        .route("/sitzungen/{id}/tun/{wish}", post(conduct::act))
        .route("/sitzungen/{id}/beenden", get(ask_end).post(end))
        .route("/aufnahmen/{id}", get(recording))
        .route("/aufnahmen/{id}/zweck", post(purpose))
        .route("/aufnahmen/{id}/genehmigt", post(approve))
        .route("/aufnahmen/{id}/doch-nicht", post(revoke))
        .route("/aufnahmen/{id}/nachweis", get(proof))
        .route("/aufnahmen/{id}/nachweis.json", get(api::proof::download))
        .route("/aufnahmen/{id}/ton/{opening}/{file}", get(api::sound::sound))
        .fallback(missing)
        .layer(middleware::map_response(headers::guard))
        .with_state(desk)
}

async fn missing(anybody: Anybody) -> Sorry {
    Sorry(anybody.0, Answer::Missing)
}

async fn meetings(
    State(desk): State<Desk>,
    who: Signed,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Markup, Sorry> {
    who.may(None, Act::SeeMeetings)?;
    let mut view = views::meetings(&desk.house).await.map_err(|error| who.trouble(&error))?;
    // Only a number that is one of our meetings' is said back.
    view.ended = query.get("beendet").filter(|number| view.meetings.iter().any(|m| m.number == **number)).cloned();
    Ok(pages::meetings::meetings(&who.viewer, &view))
}

async fn meetings_now(State(desk): State<Desk>, who: Signed) -> Result<Markup, Sorry> {
    who.may(None, Act::SeeMeetings)?;
    let view = views::meetings(&desk.house).await.map_err(|error| who.trouble(&error))?;
    Ok(pages::meetings::fragment(&who.viewer, &view))
}

async fn ask_end(State(desk): State<Desk>, who: Signed, Path(id): Path<String>) -> Result<Markup, Sorry> {
    who.may(None, Act::EndMeeting)?;
    let id: MeetingId = who.id(&id)?;
    let view = views::meetings(&desk.house).await.map_err(|error| who.trouble(&error))?;
    let meeting = view.meetings.iter().find(|meeting| meeting.id == id).ok_or_else(|| who.sorry(Answer::Missing))?;
    let seats = u32::try_from(meeting.seats.len()).unwrap_or(u32::MAX);
    Ok(pages::meetings::end(&who.viewer, id, &meeting.number, seats))
}

async fn end(
    State(desk): State<Desk>,
    who: Signed,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Sorry> {
    who.form(&form)?;
    who.may(None, Act::EndMeeting)?;
    let id: MeetingId = who.id(&id)?;
    let store = desk.house.store();
    let meeting = store.meeting(id).await.map_err(|error| who.trouble(&error))?;
    let meeting = meeting.ok_or_else(|| who.sorry(Answer::Missing))?;
    let object = id.to_string();
    let deed = Deed {
        kind: Act::EndMeeting.word(),
        by: &who.person.id,
        role: who.person.role.word(),
        object: &object,
        purpose: None,
        detail: None,
    };
    store.audit(&deed, None, desk.house.clock().now_ms()).await.map_err(|error| who.trouble(&error))?;
    desk.house.gateways().end(id).await.map_err(|error| conduct::refused(&who, id, &error))?;
    Ok(Redirect::to(&format!("/sitzungen?beendet={}", meeting.number)))
}

async fn recording(
    State(desk): State<Desk>,
    who: Signed,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Markup, Sorry> {
    who.may(None, Act::SeeRecording)?;
    let id: RecordingId = who.id(&id)?;
    let voice = query.get("stimme").and_then(|seat| seat.parse().ok()).map(SeatNo);
    let missing = query.contains_key("zweck");
    let view = views::recording(&desk, &who, id, voice, missing).await?;
    Ok(pages::recording::recording(&who.viewer, &view))
}

/// The purpose is named and written down; only then is there an address under which sound is given.
async fn purpose(
    State(desk): State<Desk>,
    who: Signed,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Sorry> {
    who.form(&form)?;
    let id: RecordingId = who.id(&id)?;
    let chosen = form.get("zweck").and_then(|word| PURPOSES.iter().find(|(known, _)| known == word));
    let Some((_, key)) = chosen else {
        return Ok(Redirect::to(&format!("/aufnahmen/{id}?zweck=fehlt#anhoeren")));
    };
    // German whatever the page's language: the audit has one.
    let purpose = Purpose::named(&Texts::of(crate::texts::Language::German).say(key));
    let purpose = purpose.ok_or_else(|| who.sorry(Answer::Stale))?;
    who.may(Some(&purpose), Act::Listen)?;
    let recording = desk.house.store().recording(id).await.map_err(|error| who.trouble(&error))?;
    let recording = recording.ok_or_else(|| who.sorry(Answer::Missing))?;
    if !recording.state.is_living() {
        return Err(who.sorry(Answer::TooLate));
    }
    let noted = desk.house.audit(&who.person, Act::Listen, id, Some(&purpose), None).await;
    noted.map_err(|error| who.trouble(&error))?;
    desk.listenings.grant(&who.session, id, purpose, key, desk.house.clock().now_ms());
    Ok(Redirect::to(&format!("/aufnahmen/{id}#anhoeren")))
}

async fn approve(
    State(desk): State<Desk>,
    who: Signed,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Sorry> {
    who.form(&form)?;
    who.may(None, Act::ApproveMinutes)?;
    let id: RecordingId = who.id(&id)?;
    let today = desk.house.clock().today();
    desk.house.approve(&who.person, id, today).await.map_err(|error| who.refused(error))?;
    Ok(Redirect::to(&format!("/aufnahmen/{id}")))
}

async fn revoke(
    State(desk): State<Desk>,
    who: Signed,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Sorry> {
    who.form(&form)?;
    who.may(None, Act::RevokeApproval)?;
    let id: RecordingId = who.id(&id)?;
    desk.house.revoke_approval(&who.person, id).await.map_err(|error| who.refused(error))?;
    Ok(Redirect::to(&format!("/aufnahmen/{id}")))
}

async fn proof(State(desk): State<Desk>, who: Signed, Path(id): Path<String>) -> Result<Response, Sorry> {
    who.may(None, Act::SeeProof)?;
    let id: RecordingId = who.id(&id)?;
    let view = views::proof(&desk.house, id).await.map_err(|error| who.trouble(&error))?;
    Ok(match view {
        Some(view) => pages::proof::proof(&who.viewer, &view).into_response(),
        None => pages::proof::none(&who.viewer, id).into_response(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
