//! A proof of destruction as a file, exactly as it was signed; and the few of its facts that the page tells in words.
//!
//! Not here: signing and checking it (`verify`), and the page (`pages::proof`).

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use spool::id::RecordingId;

use crate::access::Act;
use crate::desk::Desk;
use crate::desk::pages::answers::Answer;
use crate::desk::pages::proof::{Proof, file_name};
use crate::desk::session::{Signed, Sorry};
use crate::store::proofs;
use crate::verify;

/// `GET /aufnahmen/{id}/nachweis.json`.
pub(in crate::desk) async fn download(
    State(desk): State<Desk>,
    who: Signed,
    Path(id): Path<String>,
) -> Result<Response, Sorry> {
    who.may(None, Act::SeeProof)?;
    let id: RecordingId = who.id(&id)?;
    let proof = desk.house.store().proof(id).await.map_err(|error| who.trouble(&error))?;
    let proof = proof.ok_or_else(|| who.sorry(Answer::Missing))?;
    let saved_as = format!("attachment; filename=\"{}\"", file_name(id));
    let said = [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_DISPOSITION, saved_as)];
    Ok((said, proof.text).into_response())
}

/// The proof's facts in the page's words; `None` when the text that lies here is no whole proof.
pub(in crate::desk) fn told(proof: &proofs::Proof, started_ms: i64) -> Option<Proof> {
    let statement = verify::check(&proof.text, None).ok()?;
    Some(Proof {
        recording: proof.recording,
        started_ms,
        destroyed_ms: statement.emptied_ms,
        keys: statement.sealed_keys.len() as u64,
        objects: statement.objects.len() as u64,
        store: format!("{} ({})", statement.store.endpoint, statement.store.bucket),
        spools_seen: statement.spools.iter().filter(|spool| spool.state == "empty").count() as u64,
        spools_not_seen: statement.spools.iter().filter(|spool| spool.state != "empty").count() as u64,
        exports: statement.exports.len() as u64,
        key: statement.key,
        text: proof.text.clone(),
    })
}
