//! The sound of a recording: one virtual WAV by ranges, at most 256 KiB an answer.
//!
//! Every answer checks anew: the session, the grant with its purpose, the recording's state, each voice's state. Minutes
//! that are heard for the first time under a grant are in the audit before their first byte leaves.
//!
//! Not here: which bytes a range means (`desk::range`), and how sound is made (`playback`, `sound`).

use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use spool::id::{RecordingId, SeatNo};

use crate::access::{Act, Person, Purpose};
use crate::desk::Desk;
use crate::desk::listening::Opening;
use crate::desk::pages::answers::Answer;
use crate::desk::range::{MOST_BYTES, Wanted, wanted};
use crate::desk::session::{Signed, Sorry};
use crate::sound::{SLOT_BYTES, Whose, wav};

/// `GET`/`HEAD /aufnahmen/{id}/ton/{opening}/{alle|telefon-N}.wav`.
pub(in crate::desk) async fn sound(
    State(desk): State<Desk>,
    who: Signed,
    method: Method,
    headers: HeaderMap,
    Path((id, number, file)): Path<(String, u32, String)>,
) -> Result<Response, Sorry> {
    let id: RecordingId = who.id(&id)?;
    let whose = whose(&file).ok_or_else(|| who.sorry(Answer::Missing))?;
    let now_ms = desk.house.clock().now_ms();
    let granted = desk.listenings.opening(&who.session, id, number, now_ms);
    let (opening, purpose) = granted.ok_or_else(|| who.sorry(Answer::NotYours))?;
    who.may(Some(&purpose), Act::Listen)?;
    let total = opening.sound(whose).ok_or_else(|| who.sorry(Answer::Missing))?.bytes();
    let listener =
        Listener { desk, person: who.person.clone(), session: who.session.clone(), purpose, opening, whose, id };

    let head = [(CONTENT_TYPE, "audio/wav".to_owned()), (ACCEPT_RANGES, "bytes".to_owned())];
    if method == Method::HEAD {
        return Ok((head, [(CONTENT_LENGTH, total.to_string())]).into_response());
    }
    match wanted(headers.get(RANGE).and_then(|range| range.to_str().ok()), total) {
        Wanted::Nothing => {
            let said = [(CONTENT_RANGE, format!("bytes */{total}"))];
            Ok((StatusCode::RANGE_NOT_SATISFIABLE, said).into_response())
        }
        Wanted::Part(bytes) => {
            let said = [(CONTENT_RANGE, format!("bytes {}-{}/{total}", bytes.start, bytes.end - 1))];
            let bytes = listener.hear(bytes).await.map_err(|why| why.answer(&who))?;
            Ok((StatusCode::PARTIAL_CONTENT, head, said, bytes).into_response())
        }
        Wanted::Whole => Ok((head, [(CONTENT_LENGTH, total.to_string())], listener.whole(total)).into_response()),
    }
}

/// Somebody hearing one voice, or all, of one opened recording.
struct Listener {
    desk: Desk,
    person: Person,
    session: String,
    purpose: Purpose,
    opening: Arc<Opening>,
    whose: Whose,
    id: RecordingId,
}

/// Why a stretch is not given.
#[derive(Debug, thiserror::Error)]
enum Silent {
    #[error("the grant has ended, or the recording")]
    Over,
    #[error(transparent)]
    Playback(#[from] crate::playback::PlaybackError),
    #[error(transparent)]
    House(#[from] crate::io::house::HouseError),
}

impl Silent {
    fn answer(self, who: &Signed) -> Sorry {
        match self {
            Self::Over => who.sorry(Answer::TooLate),
            Self::Playback(crate::playback::PlaybackError::House(error)) | Self::House(error) => who.refused(error),
            Self::Playback(error) => who.trouble(&error),
        }
    }
}

impl Listener {
    /// One stretch, after it is written down.
    async fn hear(&self, bytes: Range<u64>) -> Result<Bytes, Silent> {
        let house = &self.desk.house;
        let recording = house.store().recording(self.id).await.map_err(crate::io::house::HouseError::from)?;
        if !recording.is_some_and(|recording| recording.state.is_living()) {
            return Err(Silent::Over);
        }
        self.note(&bytes).await?;
        let sound = self.opening.sound(self.whose).ok_or(Silent::Over)?;
        let rendered = self.opening.playback.render(house, sound, bytes.clone()).await?;
        if rendered.len() as u64 != bytes.end - bytes.start {
            return Err(Silent::Over);
        }
        Ok(rendered.into())
    }

    /// Minutes heard for the first time under this grant, into the audit. The header alone is no sound.
    async fn note(&self, bytes: &Range<u64>) -> Result<(), Silent> {
        let minute = |byte: u64| byte.saturating_sub(wav::HEADER_BYTES) / (SLOT_BYTES * 50 * 60);
        if bytes.end <= wav::HEADER_BYTES {
            return Ok(());
        }
        let minutes = minute(bytes.start)..minute(bytes.end - 1) + 1;
        let (session, listenings) = (&self.session, &self.desk.listenings);
        let new = listenings.unheard(session, self.id, self.whose, minutes);
        let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(()) };
        let voice = match self.whose {
            Whose::All => "all".to_owned(),
            Whose::One(seat) => seat.to_string(),
        };
        let detail = format!("heard {voice} minutes {first}-{last}");
        self.desk.house.audit(&self.person, Act::Listen, self.id, Some(&self.purpose), Some(&detail)).await?;
        listenings.noted(session, self.id, self.whose, &new);
        Ok(())
    }

    /// Everything, piece by piece: each is judged and noted like a range, and made only when the last one has left.
    fn whole(self, total: u64) -> Body {
        let pieces = stream::unfold((self, 0), move |(listener, from)| async move {
            if from >= total {
                return None;
            }
            let until = total.min(from + MOST_BYTES);
            let now_ms = listener.desk.house.clock().now_ms();
            let granted = listener.desk.listenings.is_granted(&listener.session, listener.id, now_ms);
            let piece = if granted { listener.hear(from..until).await } else { Err(Silent::Over) };
            let next = if piece.is_ok() { until } else { total };
            Some((piece, (listener, next)))
        });
        Body::from_stream(pieces)
    }
}

fn whose(file: &str) -> Option<Whose> {
    match file.strip_suffix(".wav")? {
        "alle" => Some(Whose::All),
        one => Some(Whose::One(SeatNo(one.strip_prefix("telefon-")?.parse().ok()?))),
    }
}
