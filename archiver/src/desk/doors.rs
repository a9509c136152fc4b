//! In, out, and which language: the one-time link, signing out, the language's cookie.
//!
//! Not here: what a session is worth in each request (`session`), and making the link (`io::demo`).

use axum::Form;
use axum::extract::{Path, State};
use axum::http::header::{HeaderName, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use std::collections::HashMap;

use super::Desk;
use super::pages::answers::{Answer, entered};
use super::pages::frame::Viewer;
use super::session::{Anybody, LANGUAGE_COOKIE, SESSION_MS, Signed, Sorry, language, session_cookie, trouble};
use crate::io::token;
use crate::store::sessions::Session;
use crate::texts::Language;

/// The one-time link: it becomes a session, once.
pub(super) async fn enter(
    State(desk): State<Desk>,
    method: Method,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Sorry> {
    let viewer = Viewer { language: language(&headers), form_token: None };
    // A look at the link (HEAD) does not use it up.
    if method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let store = desk.house.store();
    let now_ms = desk.house.clock().now_ms();
    let person = store.take_entry(&token::hash(&token), now_ms).await.map_err(|error| trouble(&viewer, &error))?;
    let Some(person) = person else { return Err(Sorry(viewer, Answer::LinkUsed)) };
    let (session_token, form_token) = (token::fresh(), token::fresh());
    let session = Session { person, form_token: form_token.to_string(), seen_ms: now_ms, ends_ms: now_ms + SESSION_MS };
    store.add_session(&token::hash(&session_token), &session).await.map_err(|error| trouble(&viewer, &error))?;
    let seconds = SESSION_MS / 1000;
    let cookie = AppendHeaders([(SET_COOKIE, session_cookie(desk.house.mode(), &session_token, seconds))]);
    // Coming from somebody else's page, a redirect would go on without our strict cookie.
    let site = headers.get(HeaderName::from_static("sec-fetch-site")).and_then(|site| site.to_str().ok());
    let elsewhere = matches!(site, Some("cross-site" | "same-site"));
    let viewer = Viewer { form_token: Some(form_token.to_string()), ..viewer };
    Ok(match elsewhere {
        true => (cookie, entered(&viewer)).into_response(),
        false => (cookie, Redirect::to("/sitzungen")).into_response(),
    })
}

/// Signing out ends the session and every listening in it.
pub(super) async fn leave(
    State(desk): State<Desk>,
    who: Signed,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Sorry> {
    who.form(&form)?;
    desk.listenings.end(&who.session);
    desk.house.store().end_session(&who.session).await.map_err(|error| who.trouble(&error))?;
    let gone = session_cookie(desk.house.mode(), "", 0);
    let viewer = Viewer { form_token: None, ..who.viewer };
    Ok((AppendHeaders([(SET_COOKIE, gone)]), Sorry(viewer, Answer::SignedOut)).into_response())
}

/// Shows the desk in a language from now on, in this browser.
pub(super) async fn language_page(anybody: Anybody, Path(tag): Path<String>) -> Result<Response, Sorry> {
    let Some(language) = Language::from_tag(&tag) else { return Err(Sorry(anybody.0, Answer::Missing)) };
    let cookie = format!("{LANGUAGE_COOKIE}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000", language.tag());
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/sitzungen")).into_response())
}
