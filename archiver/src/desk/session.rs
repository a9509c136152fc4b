//! Who is asking: the session behind a cookie, the checks of every form, and the kind answer for whoever may not.
//!
//! [`Signed`] in a handler's arguments is the lock: without a living session the handler does not run.
//!
//! Not here: how a session begins and ends (`doors`), what a role may (`access`).

use std::collections::HashMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::Desk;
use super::pages::answers::{Answer, answer};
use super::pages::frame::Viewer;
use crate::access::{self, Act, Person, Purpose};
use crate::causes::sentence;
use crate::config::Mode;
use crate::io::house::HouseError;
use crate::io::token;
use crate::store::StoreError;
use crate::texts::Language;

/// A visitor, signed in or not.
pub(super) struct Anybody(pub(super) Viewer);

/// Somebody signed in.
pub(super) struct Signed {
    pub(super) person: Person,
    pub(super) viewer: Viewer,
    /// The hash under which the database knows the session.
    pub(super) session: String,
}

/// A kind page instead of what was asked for.
pub(super) struct Sorry(pub(super) Viewer, pub(super) Answer);

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        let Self(viewer, kind) = self;
        let status = match kind {
            Answer::SignIn => StatusCode::UNAUTHORIZED,
            Answer::LinkUsed => StatusCode::GONE,
            Answer::SignedOut => StatusCode::OK,
            Answer::Missing => StatusCode::NOT_FOUND,
            Answer::Stale | Answer::NotYours => StatusCode::FORBIDDEN,
            Answer::TooLate | Answer::MeetingRunning | Answer::Locked => StatusCode::CONFLICT,
            Answer::RecordMoved | Answer::NobodyThere | Answer::SeatLeft => StatusCode::CONFLICT,
            Answer::GatewayAway | Answer::KeysComing | Answer::CannotRecord => StatusCode::SERVICE_UNAVAILABLE,
            Answer::Trouble => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, answer(&viewer, kind)).into_response()
    }
}

impl Signed {
    /// May they? Asked before anything is done.
    pub(super) fn may(&self, purpose: Option<&Purpose>, act: Act) -> Result<(), Sorry> {
        access::may(&self.person, purpose, act).map_err(|_| self.sorry(Answer::NotYours))
    }

    /// Does a form come from a page we gave this session?
    pub(super) fn form(&self, form: &HashMap<String, String>) -> Result<(), Sorry> {
        let ours = self.viewer.form_token.as_deref().unwrap_or_default();
        let theirs = form.get("form_token").map(String::as_str).unwrap_or_default();
        let same = !ours.is_empty() && bool::from(ours.as_bytes().ct_eq(theirs.as_bytes()));
        if same { Ok(()) } else { Err(self.sorry(Answer::Stale)) }
    }

    /// An id out of an address.
    pub(super) fn id<T: std::str::FromStr>(&self, text: &str) -> Result<T, Sorry> {
        text.parse().map_err(|_| self.sorry(Answer::Missing))
    }

    pub(super) fn sorry(&self, answer: Answer) -> Sorry {
        Sorry(self.viewer.clone(), answer)
    }

    /// Ours: noted with its causes, told without them.
    pub(super) fn trouble(&self, error: &dyn std::error::Error) -> Sorry {
        trouble(&self.viewer, error)
    }

    /// An act that the recording's state did not allow, or our own failure.
    pub(super) fn refused(&self, error: HouseError) -> Sorry {
        use crate::recording::Refused;
        match &error {
            HouseError::Store(StoreError::Refused(Refused::StillReceiving)) => self.sorry(Answer::MeetingRunning),
            HouseError::Store(StoreError::Refused(
                Refused::NotYours(_) | Refused::NotApproved | Refused::TooLate | Refused::TooEarly,
            )) => self.sorry(Answer::TooLate),
            HouseError::Store(StoreError::Missing(_)) => self.sorry(Answer::Missing),
            HouseError::Locked => self.sorry(Answer::Locked),
            HouseError::Store(
                StoreError::Open { .. } | StoreError::Migrate(_) | StoreError::Query { .. } | StoreError::Row { .. },
            ) => self.trouble(&error),
            HouseError::Folder { .. } | HouseError::NoArchive(_) | HouseError::Gone => self.trouble(&error),
            HouseError::Vault(_) | HouseError::Keys(_) | HouseError::Embedded(_) => self.trouble(&error),
            HouseError::StorePlace(_) => self.trouble(&error),
        }
    }
}

/// Notes an error with its causes and makes the page that says it is ours.
pub(super) fn trouble(viewer: &Viewer, error: &dyn std::error::Error) -> Sorry {
    tracing::error!(error = %sentence(error), "the desk could not answer");
    Sorry(viewer.clone(), Answer::Trouble)
}

impl FromRequestParts<Desk> for Anybody {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Self::Rejection> {
        Ok(match Signed::from_request_parts(parts, desk).await {
            Ok(signed) => Self(signed.viewer),
            Err(Sorry(viewer, _)) => Self(viewer),
        })
    }
}

impl FromRequestParts<Desk> for Signed {
    type Rejection = Sorry;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Sorry> {
        let viewer = Viewer { language: language(&parts.headers), form_token: None };
        let Some(token) = cookie(&parts.headers, SESSION_COOKIE) else { return Err(Sorry(viewer, Answer::SignIn)) };
        let hash = token::hash(token);
        let now_ms = desk.house.clock().now_ms();
        let found =
            desk.house.store().session(&hash, now_ms, IDLE_MS).await.map_err(|error| trouble(&viewer, &error))?;
        let Some(session) = found else { return Err(Sorry(viewer, Answer::SignIn)) };
        let viewer = Viewer { form_token: Some(session.form_token), ..viewer };
        if changes(&parts.method) && !from_our_pages(&parts.headers) {
            return Err(Sorry(viewer, Answer::Stale));
        }
        Ok(Self { person: session.person, viewer, session: hash })
    }
}

/// A session's cookie; `seconds` 0 takes it away. In production an edge speaks TLS, and a browser sends it over nothing else.
pub(super) fn session_cookie(mode: Mode, token: &str, seconds: i64) -> String {
    let secure = match mode {
        Mode::Demo => "",
        Mode::Production => "; Secure",
    };
    format!("{SESSION_COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}")
}

/// The language of whoever asks: what they chose, else German.
pub(super) fn language(headers: &HeaderMap) -> Language {
    cookie(headers, LANGUAGE_COOKIE).and_then(Language::from_tag).unwrap_or_default()
}

/// The value of one cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Did a browser send this from a page of ours? One that says nothing about it is judged by the form's token alone.
fn from_our_pages(headers: &HeaderMap) -> bool {
    let said = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
    let site = said(header::HeaderName::from_static("sec-fetch-site"));
    let host = said(header::HOST);
    let origin_is_ours = match said(header::ORIGIN) {
        None => true,
        Some(origin) => origin.split_once("://").map(|(_, host)| host) == host.as_deref(),
    };
    origin_is_ours && site.is_none_or(|site| site == "same-origin")
}

fn changes(method: &Method) -> bool {
    *method != Method::GET && *method != Method::HEAD
}

/// Over TLS it would be `__Host-…`; a demo's desk speaks none.
pub(super) const SESSION_COOKIE: &str = "amtsleitung_sitzung";
pub(super) const LANGUAGE_COOKIE: &str = "amtsleitung_sprache";
/// Half an hour without a request ends a session …
const IDLE_MS: i64 = 30 * 60_000;
/// … and eight hours end it in any case.
pub(super) const SESSION_MS: i64 = 8 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_form_from_another_site_is_told_from_ours() {
        let host = ("host", "127.0.0.1:8080");
        assert!(from_our_pages(&headers(&[host])));
        assert!(from_our_pages(&headers(&[
            host,
            ("origin", "http://127.0.0.1:8080"),
            ("sec-fetch-site", "same-origin")
        ])));
        assert!(!from_our_pages(&headers(&[host, ("origin", "http://evil.example")])));
        assert!(!from_our_pages(&headers(&[host, ("origin", "http://127.0.0.1:8081")])));
        assert!(!from_our_pages(&headers(&[host, ("origin", "null")])));
        assert!(!from_our_pages(&headers(&[host, ("sec-fetch-site", "cross-site")])));
        assert!(!from_our_pages(&headers(&[host, ("sec-fetch-site", "same-site")])));
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let headers = headers(&[("cookie", "a=1; amtsleitung_sitzung=abc; xamtsleitung_sprache=en")]);
        assert_eq!(cookie(&headers, SESSION_COOKIE), Some("abc"));
        assert_eq!(cookie(&headers, LANGUAGE_COOKIE), None);
        assert_eq!(language(&headers), Language::German);
    }

    #[test]
    fn in_production_a_session_is_sent_over_tls_only() {
        assert!(session_cookie(Mode::Production, "abc", 60).ends_with("; Secure"));
        assert!(!session_cookie(Mode::Demo, "abc", 60).contains("Secure"), "a demo speaks no TLS");
    }
}
