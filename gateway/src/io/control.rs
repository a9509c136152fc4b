//! The desk's door: HTTP and JSON on a Unix socket (the types are crate `control`).
//!
//! Every request becomes one [`Ask`] to the switchboard and waits for its answer; this file knows no meeting and no call.
//! The socket is readable and writable by this program's user and group only: whoever may open it may run the gateway.
//!
//! Not here: what a request does (`io::switchboard`).

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use axum::extract::{Path as InPath, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use control::{CutDone, Event, Health, Meeting, MeetingNow, Refusal};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use spool::id::{EpochId, MeetingId};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_stream::wrappers::BroadcastStream;

/// One thing the desk wants, with the place to put the answer.
#[derive(Debug)]
pub enum Ask {
    Health(Reply<Health>),
    Put(Box<Meeting>, Reply<Done>),
    Remove(MeetingId, Reply<Done>),
    List(Reply<Vec<MeetingNow>>),
    End(MeetingId, Reply<Done>),
    Cut(MeetingId, Reply<Result<CutDone, Refusal>>),
    /// Events after this cursor, and those to come. Another boot's cursor means: from the beginning.
    Events {
        after: u64,
        boot: Option<EpochId>,
        reply: Reply<Follow>,
    },
    AcknowledgeChunk(String, Reply<Done>),
    AcknowledgeOrder(String, Reply<Done>),
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

/// Serves until the program ends.
pub async fn serve(listener: tokio::net::UnixListener, asks: mpsc::Sender<Ask>) {
    let served = axum::serve(listener, router(asks)).await;
    tracing::warn!(?served, "the control socket is closed");
}

fn router(asks: mpsc::Sender<Ask>) -> Router {
    Router::new()
        .route("/v1/health", get(health))
        .route("/v1/meetings", get(list))
        .route("/v1/meetings/{meeting}", put(put_meeting).delete(remove))
        .route("/v1/meetings/{meeting}/end", post(end))
        .route("/v1/meetings/{meeting}/cut", post(cut))
        .route("/v1/events", get(events))
        .route("/v1/spool/{chunk}/acknowledge", post(acknowledge_chunk))
        .route("/v1/orders/{order}/acknowledge", post(acknowledge_order))
        .with_state(asks)
}

type Asks = State<mpsc::Sender<Ask>>;

async fn health(asks: Asks) -> Response {
    answer(&asks, Ask::Health).await.map_or_else(refuse, |health| Json(health).into_response())
}

async fn list(asks: Asks) -> Response {
    answer(&asks, Ask::List).await.map_or_else(refuse, |meetings| Json(meetings).into_response())
}

async fn put_meeting(asks: Asks, meeting: InPath<String>, body: Json<Meeting>) -> Response {
    match meeting_id(&meeting) {
        Ok(id) if id == body.id => done(answer(&asks, |reply| Ask::Put(Box::new(body.0), reply)).await),
        Ok(_) => refuse(refusal("other-meeting", "the path and the body name two meetings")),
        Err(why) => refuse(why),
    }
}

async fn remove(asks: Asks, meeting: InPath<String>) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => done(answer(&asks, |reply| Ask::Remove(id, reply)).await),
        Err(why) => refuse(why),
    }
}

async fn end(asks: Asks, meeting: InPath<String>) -> Response {
    match meeting_id(&meeting) {
        Ok(id) => done(answer(&asks, |reply| Ask::End(id, reply)).await),
        Err(why) => refuse(why),
    }
}

async fn cut(asks: Asks, meeting: InPath<String>) -> Response {
    let id = match meeting_id(&meeting) {
        Ok(id) => id,
        Err(why) => return refuse(why),
    };
    match answer(&asks, |reply| Ask::Cut(id, reply)).await {
        Ok(Ok(cut)) => Json(cut).into_response(),
        Ok(Err(why)) | Err(why) => refuse(why),
    }
}

async fn acknowledge_chunk(asks: Asks, InPath(chunk): InPath<String>) -> Response {
    done(answer(&asks, |reply| Ask::AcknowledgeChunk(chunk, reply)).await)
}

async fn acknowledge_order(asks: Asks, InPath(order): InPath<String>) -> Response {
    done(answer(&asks, |reply| Ask::AcknowledgeOrder(order, reply)).await)
}

#[derive(Debug, Deserialize)]
struct Since {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    boot: Option<EpochId>,
}

async fn events(asks: Asks, Query(since): Query<Since>) -> Response {
    let Since { after, boot } = since;
    match answer(&asks, |reply| Ask::Events { after, boot, reply }).await {
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
async fn answer<T>(asks: &mpsc::Sender<Ask>, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Refusal> {
    let (reply, answered) = oneshot::channel();
    let gone = || refusal("ending", "the gateway is ending");
    asks.send(ask(reply)).await.map_err(|_| gone())?;
    answered.await.map_err(|_| gone())
}

fn done(done: Result<Done, Refusal>) -> Response {
    match done {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(why)) | Err(why) => refuse(why),
    }
}

fn refuse(why: Refusal) -> Response {
    let status = match why.code.as_str() {
        "no-such-meeting" | "no-such-chunk" | "no-such-order" => StatusCode::NOT_FOUND,
        "ending" | "recorder" => StatusCode::SERVICE_UNAVAILABLE,
        "other-meeting" | "not-an-id" => StatusCode::BAD_REQUEST,
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
