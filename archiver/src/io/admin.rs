//! The admin socket `admin.sock`: for commands on the same machine beside `archiver serve`.
//!
//! `POST /cut/{recording}` or `/cut/latest`: asks the gateways to close what was recorded so far, waits until it is taken
//! in, and answers [`Cut`]. Whoever may open the socket (its owner) may ask.
//!
//! Not here: the export itself (`export`).

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use control::Refusal;
use serde::{Deserialize, Serialize};
use spool::id::{MeetingId, RecordingId};
use tokio::net::{UnixListener, UnixStream};

use super::house::House;
use crate::causes::sentence;

/// What a cut came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub recording: RecordingId,
    /// The chunks that were closed for it, one a gateway, and are taken in now; none when nothing was being recorded.
    pub chunks: Vec<String>,
}

type Answer = Result<Json<Cut>, (StatusCode, Json<Refusal>)>;

/// Binds the socket; refused when another archiver serves this data.
pub(super) async fn bind(house: &House) -> std::io::Result<UnixListener> {
    let path = house.admin_socket();
    if UnixStream::connect(&path).await.is_ok() {
        return Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, "another archiver serves this data"));
    }
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

pub(super) fn router(house: House) -> Router {
    Router::new().route("/cut/{which}", post(cut)).with_state(house)
}

async fn cut(State(house): State<House>, Path(which): Path<String>) -> Answer {
    let live = live(&house, &which).await?;
    let Some((meeting, recording)) = live else { return kept(&house, &which).await };
    let done = house.gateways().cut(meeting).await.map_err(|error| trouble(&error))?;
    let recording = done.iter().find_map(|done| done.recording).unwrap_or(recording);
    let chunks: Vec<String> = done.into_iter().filter_map(|done| done.chunk).collect();
    for chunk in &chunks {
        taken_in(&house, chunk).await?;
    }
    let known = || async { house.store().recording(recording).await.map_err(|error| trouble(&error)) };
    if chunks.is_empty() && which == LATEST && known().await?.is_none() {
        return kept(&house, &which).await;
    }
    Ok(Json(Cut { recording, chunks }))
}

/// The gathering that is going on now and is meant.
async fn live(house: &House, which: &str) -> Result<Option<(MeetingId, RecordingId)>, (StatusCode, Json<Refusal>)> {
    let meant: Option<RecordingId> = if which == LATEST { None } else { Some(read_id(which)?) };
    let meetings = house.gateways().now().await.into_iter().filter_map(|now| now.meetings.ok()).flatten();
    let mut running = meetings.filter_map(|now| now.recording.map(|recording| (now.id, recording)));
    Ok(running.find(|(_, recording)| meant.is_none_or(|meant| meant == *recording)))
}

/// Nothing of it is being recorded now: what is kept is all there is.
async fn kept(house: &House, which: &str) -> Answer {
    let found = if which == LATEST {
        house.store().latest_recording().await
    } else {
        house.store().recording(read_id(which)?).await
    };
    match found.map_err(|error| trouble(&error))? {
        Some(recording) => Ok(Json(Cut { recording: recording.id, chunks: Vec::new() })),
        None => Err(refusal(StatusCode::NOT_FOUND, "unknown", "there is no such recording")),
    }
}

async fn taken_in(house: &House, chunk: &str) -> Result<(), (StatusCode, Json<Refusal>)> {
    let mut taken = house.taken();
    house.ring();
    let there = async {
        loop {
            taken.borrow_and_update();
            if house.store().has_chunk_named(chunk).await.map_err(|error| trouble(&error))? {
                return Ok(());
            }
            if taken.changed().await.is_err() {
                return Err(refusal(StatusCode::SERVICE_UNAVAILABLE, "ending", "the archive is ending"));
            }
        }
    };
    let late =
        |_| refusal(StatusCode::GATEWAY_TIMEOUT, "not_taken_in", "what was cut could not be taken in yet; see the log");
    tokio::time::timeout(PATIENCE, there).await.map_err(late)?
}

fn read_id(which: &str) -> Result<RecordingId, (StatusCode, Json<Refusal>)> {
    which.parse().map_err(|_| refusal(StatusCode::BAD_REQUEST, "id", "right would be latest or an id like rec-…"))
}

fn trouble(error: &dyn std::error::Error) -> (StatusCode, Json<Refusal>) {
    refusal(StatusCode::SERVICE_UNAVAILABLE, "trouble", &sentence(error))
}

fn refusal(status: StatusCode, code: &str, reason: &str) -> (StatusCode, Json<Refusal>) {
    (status, Json(Refusal { code: code.to_owned(), reason: reason.to_owned() }))
}

const LATEST: &str = "latest";
const PATIENCE: Duration = Duration::from_secs(30);
