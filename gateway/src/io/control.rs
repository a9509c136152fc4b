//! The desk's door: HTTP and JSON on a Unix socket (the types are crate `control`).
//!
//! Every request becomes one [`Ask`] to the switchboard and waits for its answer; this file knows no meeting and no call.
//! The socket is readable and writable by this program's user and group only: whoever may open it may run the gateway.
//!
//! Not here: what a request does (`io::switchboard`).

mod fetch;

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::extract::{Path as InPath, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Json, Router};
use control::{
    Agenda, CutDone, Event, Floor, Health, Marker, Meeting, MeetingNow, PausedBy, RecordState, Refusal, Switch, Waiting,
};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use spool::id::{EpochId, GatewayId, MeetingId, RecordingId, SeatNo};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_stream::wrappers::BroadcastStream;

use super::home::Guest;

/// One thing the desk wants, with the place to put the answer.
#[derive(Debug)]
pub enum Ask {
    Health(Reply<Health>),
    Drain(Reply<Done>),
    Put(Box<Meeting>, Reply<Done>),
    Remove(MeetingId, Reply<Done>),
    List(Reply<Vec<MeetingNow>>),
    /// How does the record stand? The guest that asks says whether somebody is with it.
    Record(MeetingId, Option<Guest>, Reply<Result<RecordState, Refusal>>),
    Agenda(MeetingId, Option<u32>, Reply<Done>),
    Of(MeetingId, OfMeeting, Reply<Done>),
    Hands(MeetingId, Reply<Result<Vec<SeatNo>, Refusal>>),
    NextHand(MeetingId, Reply<Result<Floor, Refusal>>),
    Cut(MeetingId, Reply<Result<CutDone, Refusal>>),
    /// Events after this cursor, and those to come. Another boot's cursor means: from the beginning.
    Events {
        after: u64,
        boot: Option<EpochId>,
        reply: Reply<Follow>,
    },
    Waiting(Reply<Result<Waiting, Refusal>>),
    AcknowledgeChunk(String, Reply<Done>),
    AcknowledgeOrder(String, Reply<Done>),
}

/// What is done to a meeting in which somebody is, at once.
#[derive(Debug)]
pub enum OfMeeting {
    End,
    Start,
    Pause(PausedBy),
    CloseSection,
    Marker(String),
    Lock(bool),
    MuteAll,
    Mute(SeatNo),
    HelpAnswered(SeatNo),
    Shared(SeatNo, bool),
    /// Said goodbye to.
    Dismiss(SeatNo),
}

pub type Reply<T> = oneshot::Sender<T>;
pub type Done = Result<(), Refusal>;

/// What has happened since, and where the rest will come from.
#[derive(Debug)]
pub struct Follow {
    pub since: Vec<Event>,
    pub next: broadcast::Receiver<Event>,
}

/// The socket could not be had.
#[derive(Debug, thiserror::Error)]
#[error("control socket {path}: {source}")]
pub struct ControlError {
    path: String,
    source: std::io::Error,
}

/// Binds the socket: taken over from a dead process, refused while a live one answers on it.
pub async fn bind(path: &Path) -> Result<tokio::net::UnixListener, ControlError> {
    let wrong = |source| ControlError { path: path.display().to_string(), source };
    if tokio::net::UnixStream::connect(path).await.is_ok() {
        return Err(wrong(std::io::Error::new(std::io::ErrorKind::AddrInUse, "another gateway answers on it")));
    }
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(wrong(source)),
    }
    let listener = tokio::net::UnixListener::bind(path).map_err(wrong)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(wrong)?;
    Ok(listener)
}

/// Serves until the program ends. `spool` is where chunks and orders lie that are fetched.
pub async fn serve(listener: tokio::net::UnixListener, asks: mpsc::Sender<Ask>, spool: PathBuf) {
    let served = axum::serve(listener, router(Door { asks, spool })).await;
    tracing::warn!(?served, "the control socket is closed");
}

/// What every request is answered with.
#[derive(Clone)]
struct Door {
    asks: mpsc::Sender<Ask>,
    spool: PathBuf,
}

fn router(door: Door) -> Router {
    routes().into_iter().fold(Router::new(), |router, (path, asked)| router.route(path, asked)).with_state(door)
}

/// Every path there is; `openapi.json` says the same, and a test compares them.
fn routes() -> Vec<(&'static str, MethodRouter<Door>)> {
    vec![
        ("/v1/health", get(health)),
        ("/v1/metrics", get(metrics)),
        ("/v1/drain", post(drain)),
        ("/v1/meetings", get(list)),
        ("/v1/meetings/{meeting}", put(put_meeting).delete(remove)),
        ("/v1/meetings/{meeting}/end", post(|at: At, m: In| of(at, m, OfMeeting::End))),
        ("/v1/meetings/{meeting}/cut", post(cut)),
        ("/v1/meetings/{meeting}/record", get(record)),
        ("/v1/meetings/{meeting}/record/start", post(|at: At, m: In| of(at, m, OfMeeting::Start))),
        ("/v1/meetings/{meeting}/record/pause", post(pause)),
        ("/v1/meetings/{meeting}/section/close", post(|at: At, m: In| of(at, m, OfMeeting::CloseSection))),
        ("/v1/meetings/{meeting}/marker", post(marker)),
        ("/v1/meetings/{meeting}/agenda", put(agenda)),
        ("/v1/meetings/{meeting}/lock", put(lock)),
        ("/v1/meetings/{meeting}/mute", post(|at: At, m: In| of(at, m, OfMeeting::MuteAll))),
        ("/v1/meetings/{meeting}/hands", get(hands)),
        ("/v1/meetings/{meeting}/hands/next", post(next_hand)),
        ("/v1/meetings/{meeting}/seats/{seat}", delete(dismiss)),
        ("/v1/meetings/{meeting}/seats/{seat}/mute", post(mute)),
        ("/v1/meetings/{meeting}/seats/{seat}/help", delete(help_answered)),
        ("/v1/meetings/{meeting}/seats/{seat}/shared", put(shared)),
        ("/v1/events", get(events)),
        ("/v1/spool", get(waiting)),
        ("/v1/spool/{chunk}", get(fetch::files)),
        ("/v1/spool/{chunk}/{file}", get(fetch::file)),
        ("/v1/spool/{chunk}/acknowledge", post(acknowledge_chunk)),
        ("/v1/orders/{order}", get(fetch::order)),
        ("/v1/orders/{order}/acknowledge", post(acknowledge_order)),
    ]
}

type At = State<Door>;
type In = InPath<String>;

async fn health(at: At) -> Response {
    answer(&at, Ask::Health).await.map_or_else(refuse, |health| Json(health).into_response())
}

async fn metrics(at: At) -> Response {
    let (health, meetings) = match (answer(&at, Ask::Health).await, answer(&at, Ask::List).await) {
        (Ok(health), Ok(meetings)) => (health, meetings),
        (Err(why), _) | (_, Err(why)) => return refuse(why),
    };
    let waiting = answer(&at, Ask::Waiting).await.ok().and_then(Result::ok);
    let format = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (format, crate::metrics::text(&health, &meetings, waiting.as_ref())).into_response()
}

async fn drain(at: At) -> Response {
    done(answer(&at, Ask::Drain).await)
}

async fn list(at: At) -> Response {
    answer(&at, Ask::List).await.map_or_else(refuse, |meetings| Json(meetings).into_response())
}

async fn put_meeting(at: At, meeting: In, body: Json<Meeting>) -> Response {
    match meeting_id(&meeting) {
        Ok(id) if id == body.id => done(answer(&at, |reply| Ask::Put(Box::new(body.0), reply)).await),
        Ok(_) => refuse(refusal("other-meeting", "the path and the body name two meetings")),
        Err(why) => refuse(why),
    }
}

async fn remove(at: At, meeting: In) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => done(answer(&at, |reply| Ask::Remove(id, reply)).await),
        Err(why) => refuse(why),
    }
}

async fn of(at: At, meeting: In, what: OfMeeting) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => done(answer(&at, |reply| Ask::Of(id, what, reply)).await),
        Err(why) => refuse(why),
    }
}

/// Said together or not at all.
#[derive(Debug, Deserialize)]
struct Asking {
    guest: Option<GatewayId>,
    recording: Option<RecordingId>,
    started_ms: Option<i64>,
}

async fn record(at: At, meeting: In, Query(asking): Query<Asking>) -> Response {
    let guest = match (asking.guest, asking.recording, asking.started_ms) {
        (Some(gateway), Some(recording), Some(started_ms)) => Some(Guest { gateway, recording, started_ms }),
        (None, None, None) => None,
        _ => return refuse(refusal("guest", "a guest says its name, its recording and when that began, or nothing")),
    };
    match meeting_id(&meeting) {
        Ok(id) => found(answer(&at, |reply| Ask::Record(id, guest, reply)).await),
        Err(why) => refuse(why),
    }
}

#[derive(Debug, Deserialize)]
struct By {
    by: Option<PausedBy>,
}

async fn pause(at: At, meeting: In, Query(By { by }): Query<By>) -> Response {
    of(at, meeting, OfMeeting::Pause(by.unwrap_or(PausedBy::Desk))).await
}

async fn marker(at: At, meeting: In, body: Json<Marker>) -> Response {
    of(at, meeting, OfMeeting::Marker(body.0.text_id)).await
}

async fn lock(at: At, meeting: In, body: Json<Switch>) -> Response {
    of(at, meeting, OfMeeting::Lock(body.on)).await
}

async fn agenda(at: At, meeting: In, body: Json<Agenda>) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => done(answer(&at, |reply| Ask::Agenda(id, body.item, reply)).await),
        Err(why) => refuse(why),
    }
}

async fn dismiss(at: At, InPath((meeting, seat)): InPath<(String, u32)>) -> Response {
    of(at, InPath(meeting), OfMeeting::Dismiss(SeatNo(seat))).await
}

async fn mute(at: At, InPath((meeting, seat)): InPath<(String, u32)>) -> Response {
    of(at, InPath(meeting), OfMeeting::Mute(SeatNo(seat))).await
}

async fn help_answered(at: At, InPath((meeting, seat)): InPath<(String, u32)>) -> Response {
    of(at, InPath(meeting), OfMeeting::HelpAnswered(SeatNo(seat))).await
}

async fn shared(at: At, InPath((meeting, seat)): InPath<(String, u32)>, body: Json<Switch>) -> Response {
    of(at, InPath(meeting), OfMeeting::Shared(SeatNo(seat), body.0.on)).await
}

async fn hands(at: At, meeting: In) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => found(answer(&at, |reply| Ask::Hands(id, reply)).await),
        Err(why) => refuse(why),
    }
}

async fn next_hand(at: At, meeting: In) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => found(answer(&at, |reply| Ask::NextHand(id, reply)).await),
        Err(why) => refuse(why),
    }
}

async fn cut(at: At, meeting: In) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => found(answer(&at, |reply| Ask::Cut(id, reply)).await),
        Err(why) => refuse(why),
    }
}

async fn waiting(at: At) -> Response {
    found(answer(&at, Ask::Waiting).await)
}

async fn acknowledge_chunk(at: At, InPath(chunk): In) -> Response {
    done(answer(&at, |reply| Ask::AcknowledgeChunk(chunk, reply)).await)
}

async fn acknowledge_order(at: At, InPath(order): In) -> Response {
    done(answer(&at, |reply| Ask::AcknowledgeOrder(order, reply)).await)
}

#[derive(Debug, Deserialize)]
struct Since {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    boot: Option<EpochId>,
}

async fn events(at: At, Query(since): Query<Since>) -> Response {
    let Since { after, boot } = since;
    match answer(&at, |reply| Ask::Events { after, boot, reply }).await {
        Ok(follow) => Sse::new(told(follow)).keep_alive(KeepAlive::default()).into_response(),
        Err(why) => refuse(why),
    }
}

/// A listener that falls behind is cut off and comes back with its cursor: nothing is skipped in silence.
fn told(follow: Follow) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    let next = BroadcastStream::new(follow.next)
        .take_while(|next| std::future::ready(next.is_ok()))
        .filter_map(|next| std::future::ready(next.ok()));
    stream::iter(follow.since).chain(next).map(|event| {
        let id = event.cursor.to_string();
        Ok(sse::Event::default().id(id).json_data(&event).unwrap_or_default())
    })
}

/// Puts one question and waits; a switchboard that is gone is our fault and said so.
async fn answer<T>(at: &Door, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Refusal> {
    let (reply, answered) = oneshot::channel();
    let gone = || refusal("ending", "the gateway is ending");
    at.asks.send(ask(reply)).await.map_err(|_| gone())?;
    answered.await.map_err(|_| gone())
}

fn done(done: Result<Done, Refusal>) -> Response {
    match done {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(why)) | Err(why) => refuse(why),
    }
}

fn found<T: Serialize>(found: Result<Result<T, Refusal>, Refusal>) -> Response {
    match found {
        Ok(Ok(found)) => Json(found).into_response(),
        Ok(Err(why)) | Err(why) => refuse(why),
    }
}

fn refuse(why: Refusal) -> Response {
    let status = match why.code.as_str() {
        "no-such-meeting" | "no-such-seat" | "no-such-chunk" | "no-such-order" => StatusCode::NOT_FOUND,
        "ending" | "recorder" | "spool" => StatusCode::SERVICE_UNAVAILABLE,
        "other-meeting" | "not-an-id" | "marker" | "agenda" | "guest" => StatusCode::BAD_REQUEST,
        _ => StatusCode::CONFLICT,
    };
    (status, Json(why)).into_response()
}

pub(super) fn refusal(code: &str, reason: &str) -> Refusal {
    Refusal { code: code.to_owned(), reason: reason.to_owned() }
}

fn meeting_id(text: &str) -> Result<MeetingId, Refusal> {
    text.parse().map_err(|_| refusal("not-an-id", "a meeting's id reads mtg- and 32 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::body::{Body, to_bytes};
    use axum::http::{Method, Request};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(include_str!("../../control/openapi.json")).unwrap()
    }

    #[test]
    fn the_document_has_the_paths_of_the_router() {
        let said: BTreeSet<String> = document()["paths"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(routes().iter().map(|(path, _)| (*path).to_owned()).collect::<BTreeSet<_>>(), said);
    }

    /// Nobody answers behind the door: what is asked for rightly is refused as *ending*, and nothing is a 405.
    #[tokio::test]
    async fn each_path_takes_the_methods_of_the_document_and_no_other() {
        let (asks, _) = mpsc::channel(1);
        let router = router(Door { asks, spool: PathBuf::from("/nonexistent") });
        for (path, said) in document()["paths"].as_object().unwrap() {
            let asked = path.replace("{meeting}", &MeetingId([1; 16]).to_string()).replace("{seat}", "3");
            for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
                let request = Request::builder().method(&method).uri(&asked).body(Body::empty()).unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                let taken = answer.status() != StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(taken, said[method.as_str().to_ascii_lowercase()].is_object(), "{method} {path}");
                let body = to_bytes(answer.into_body(), 4096).await.unwrap();
                assert!(!taken || !body.is_empty(), "{method} {path} leads nowhere");
            }
        }
    }

    #[tokio::test]
    async fn no_name_leads_out_of_the_spool() {
        let house = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(house.path().join("spool/ready")).unwrap();
        std::fs::write(house.path().join("signing.key"), "secret").unwrap();
        let (asks, _) = mpsc::channel(1);
        let router = router(Door { asks, spool: house.path().join("spool") });
        for path in ["/v1/orders/..%2F..%2Fsigning.key", "/v1/spool/..%2F../signing.key", "/v1/spool/..", "/v1/spool/."]
        {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
