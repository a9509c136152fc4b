//! Asks the archive that runs beside us, through its admin socket, to have the gateway hand over what it has.
//!
//! Not here: the cut itself, which is the gateway's, and answering the socket (`io::admin`).

use std::path::Path;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use spool::id::RecordingId;
use tokio::net::UnixStream;

use super::ExportError;
use crate::io::admin::Cut;

/// The recording that is meant, after everything of it so far was taken in; `None` when no archive runs.
pub(super) async fn cut(socket: &Path, asked: Option<RecordingId>) -> Result<Option<RecordingId>, ExportError> {
    let Ok(stream) = UnixStream::connect(socket).await else { return Ok(None) };
    let which = asked.map_or_else(|| "latest".to_owned(), |id| id.to_string());
    let (status, body) =
        ask(stream, &format!("/cut/{which}")).await.map_err(|error| ExportError::Cut(error.to_string()))?;
    if status.is_success() {
        let cut: Cut = serde_json::from_slice(&body).map_err(|error| ExportError::Cut(error.to_string()))?;
        return Ok(Some(cut.recording));
    }
    if status == hyper::StatusCode::NOT_FOUND {
        return Err(if asked.is_some() { ExportError::Unknown } else { ExportError::Nothing });
    }
    let refusal: Option<control::Refusal> = serde_json::from_slice(&body).ok();
    Err(ExportError::Cut(refusal.map_or_else(|| status.to_string(), |refusal| refusal.reason)))
}

async fn ask(stream: UnixStream, path: &str) -> Result<(hyper::StatusCode, Bytes), Box<dyn std::error::Error>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request =
        Request::builder().method(Method::POST).uri(path).header("host", "archiver").body(Empty::<Bytes>::new())?;
    let asked = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        Ok::<_, hyper::Error>((status, answer.into_body().collect().await?.to_bytes()))
    };
    // The connection must be driven while we wait; it has nothing to say after the answer.
    tokio::select! {
        answer = asked => Ok(answer?),
        ended = connection => Err(ended.err().map_or_else(|| "the archive hung up".into(), Into::into)),
    }
}
