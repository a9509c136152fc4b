//! What takes time, as futures whose end is one more thing that happens.
//!
//! Not here: what is done then (`carry`, `desk`, `guests`).

use std::pin::Pin;

use control::{CutDone, RecordState, Refusal, Waiting};
use spool::id::{GatewayId, MeetingId, RecordingId, SeatNo, SectionId, TrackId};
use tokio::sync::oneshot;

use super::super::control::{Done, Reply, refusal};
use super::super::recorder::RecorderError;
use crate::call::Refused;
use crate::consent::Permit;
use crate::ids::CallId;

pub(super) type Future = Pin<Box<dyn std::future::Future<Output = After> + Send>>;

/// What ended.
pub(super) enum After {
    /// The track is open on the disk, or it is not and its permit is worth nothing.
    Track(Opened),
    /// The order is on the disk.
    Order {
        call: CallId,
        tracks: Vec<TrackId>,
        written: bool,
    },
    /// The desk is to be answered.
    Cut {
        reply: Reply<Result<CutDone, Refusal>>,
        recording: RecordingId,
        cut: Result<Option<String>, Refusal>,
    },
    Done {
        reply: Reply<Done>,
        done: Done,
    },
    /// A recording that was to begin did, or did not.
    Began {
        meeting: MeetingId,
        recording: RecordingId,
        began: bool,
    },
    /// The last chunk of a section is closed.
    SectionClosed {
        meeting: MeetingId,
        recording: RecordingId,
    },
    /// The first chunk of the next section lies open, or could not be opened. `by`: the chair who wished it.
    SectionOpened {
        meeting: MeetingId,
        recording: RecordingId,
        by: Option<CallId>,
        opened: bool,
    },
    /// What a home gateway said when it was asked how the record of a meeting stands.
    Home {
        meeting: MeetingId,
        home: GatewayId,
        word: Option<RecordState>,
    },
    /// What a home gateway made of a wish that a caller here has of the record.
    HomeDid {
        meeting: MeetingId,
        call: CallId,
        done: Result<(), Refused>,
    },
    Waiting {
        reply: Reply<Result<Waiting, Refusal>>,
        waiting: Result<Waiting, Refusal>,
    },
    /// Nothing follows.
    Nothing,
}

/// What became of a yes.
pub(super) struct Opened {
    pub(super) call: CallId,
    pub(super) seat: SeatNo,
    pub(super) meeting: MeetingId,
    /// Whose key it is.
    pub(super) section: SectionId,
    pub(super) permit: Permit,
    pub(super) open: bool,
}

/// The recorder's answer; a recorder that is gone is a no.
pub(super) async fn answered<T>(reply: oneshot::Receiver<Result<T, RecorderError>>) -> Result<T, Refusal> {
    match reply.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(why)) => {
            let why = super::super::with_causes(&why);
            tracing::error!(%why, "the recorder refused");
            Err(refusal("recorder", &why))
        }
        Err(_gone) => Err(refusal("recorder", "the recorder does not answer")),
    }
}
