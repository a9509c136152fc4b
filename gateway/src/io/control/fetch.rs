//! Chunks and orders handed over the control socket, for an archive on another host.
//!
//! Names are parsed to ids and printed again before they touch a path, so that no request leads out of the spool.
//!
//! Not here: acknowledging, which deletes (the recorder does that), and what the files mean (`spool`).

use std::path::{Path, PathBuf};

use axum::extract::{Path as InPath, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Json, body::Body};
use spool::name::{ChunkName, FileName, OrderName};

use super::{Door, refusal, refuse};

/// The names of a chunk's files.
pub(super) async fn files(State(door): State<Door>, InPath(chunk): InPath<String>) -> Response {
    let Ok(chunk) = chunk.parse::<ChunkName>() else { return none_such("no-such-chunk") };
    let Ok(mut entries) = tokio::fs::read_dir(ready(&door.spool, chunk)).await else {
        return none_such("no-such-chunk");
    };
    let mut names = Vec::new();
    loop {
        match entries.next_entry().await {
            Ok(Some(entry)) => names.push(entry.file_name().to_string_lossy().into_owned()),
            Ok(None) => break,
            Err(_) => return refuse(refusal("spool", "the chunk cannot be read")),
        }
    }
    names.sort_unstable();
    Json(names).into_response()
}

pub(super) async fn file(State(door): State<Door>, InPath((chunk, file)): InPath<(String, String)>) -> Response {
    match (chunk.parse::<ChunkName>(), file.parse::<FileName>()) {
        (Ok(chunk), Ok(file)) => send(ready(&door.spool, chunk).join(file.to_string()), "no-such-chunk").await,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => none_such("no-such-chunk"),
    }
}

pub(super) async fn order(State(door): State<Door>, InPath(order): InPath<String>) -> Response {
    match order.parse::<OrderName>() {
        Ok(order) => send(door.spool.join("orders").join(order.to_string()), "no-such-order").await,
        Err(_) => none_such("no-such-order"),
    }
}

fn ready(spool: &Path, chunk: ChunkName) -> PathBuf {
    spool.join("ready").join(chunk.to_string())
}

/// The whole file: a chunk is closed before any of its files is larger than an archive takes.
async fn send(path: PathBuf, missing: &str) -> Response {
    match tokio::fs::read(path).await {
        Ok(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], Body::from(bytes)).into_response(),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => none_such(missing),
        Err(_) => refuse(refusal("spool", "the file cannot be read")),
    }
}

fn none_such(code: &str) -> Response {
    refuse(refusal(code, "there is none of that name"))
}
