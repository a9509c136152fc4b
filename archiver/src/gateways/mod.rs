//! Client of the gateways' control API: HTTP/1.1 over a Unix socket each.
//!
//! [`Gateways`] knows the sockets and asks; a gateway that does not answer is said so and asked again later.
//! Below it, `events`: the event stream, cut into events.
//!
//! Not here: what follows from an answer (`io::link`), whose signature is trusted (`store`).

mod events;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use control::{Agenda, CutDone, Floor, Health, Meeting, MeetingNow, Refusal, Switch};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use spool::id::{EpochId, MeetingId, RecordingId, SeatNo};
use tokio::net::UnixStream;

pub use events::EventStream;

/// Every gateway this archive is set up with. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Gateways {
    all: Arc<[Gateway]>,
}

/// One gateway's control socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    socket: PathBuf,
}

/// What a gateway said about its meetings, or why it said nothing.
#[derive(Debug)]
pub struct Now {
    pub gateway: Gateway,
    pub meetings: Result<Vec<MeetingNow>, GatewayError>,
}

/// A gateway did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("the gateway at {socket} cannot be reached")]
    Away { socket: PathBuf, source: std::io::Error },
    #[error("the connection to the gateway broke")]
    Broken(#[from] hyper::Error),
    #[error("the gateway took longer than {} s", PATIENCE.as_secs())]
    Slow,
    #[error("the gateway refused: {} ({})", .0.reason, .0.code)]
    Refused(Refusal),
    #[error("the gateway's answer does not read")]
    Malformed,
    #[error("the gateway's answer is longer than {MOST_BYTES} bytes")]
    TooLong,
    #[error("no gateway knows this meeting")]
    Unknown,
}

impl Gateways {
    pub fn at(sockets: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { all: sockets.into_iter().map(Gateway::at).collect() }
    }

    pub fn all(&self) -> &[Gateway] {
        &self.all
    }

    /// Who is in which meeting and who is recorded, asked of every gateway now.
    pub async fn now(&self) -> Vec<Now> {
        let asked =
            self.all.iter().map(async |gateway| Now { gateway: gateway.clone(), meetings: gateway.meetings().await });
        futures_util::future::join_all(asked).await
    }

    /// Says goodbye to everybody in a meeting; the recording is closed and handed over.
    pub async fn end(&self, meeting: MeetingId) -> Result<(), GatewayError> {
        self.home(|now| now.id == meeting).await?.0.end(meeting).await
    }

    /// Closes what was recorded of a meeting so far, at every gateway; it lies ready when this answers.
    pub async fn cut(&self, meeting: MeetingId) -> Result<Vec<CutDone>, GatewayError> {
        let mut done = Vec::new();
        for gateway in self.holding(meeting).await? {
            done.push(gateway.cut(meeting).await?);
        }
        Ok(done)
    }

    /// The record begins or goes on, for whoever agrees.
    pub async fn start_record(&self, meeting: MeetingId) -> Result<(), GatewayError> {
        self.tell(meeting, Method::POST, "record/start", None).await.map(drop)
    }

    pub async fn pause_record(&self, meeting: MeetingId) -> Result<(), GatewayError> {
        self.tell(meeting, Method::POST, "record/pause", None).await.map(drop)
    }

    /// Every permit ends; the next section needs keys of its own.
    pub async fn close_section(&self, meeting: MeetingId) -> Result<(), GatewayError> {
        self.tell(meeting, Method::POST, "section/close", None).await.map(drop)
    }

    /// Nobody more is let in, or everybody is again.
    pub async fn lock(&self, meeting: MeetingId, on: bool) -> Result<(), GatewayError> {
        self.tell_all(meeting, Method::PUT, "lock", Some(body(&Switch { on })?)).await
    }

    /// What whoever asks where the meeting is will be told; 1 to 999.
    pub async fn set_agenda(&self, meeting: MeetingId, item: Option<u32>) -> Result<(), GatewayError> {
        self.tell_all(meeting, Method::PUT, "agenda", Some(body(&Agenda { item })?)).await
    }

    /// Calls the first raised hand; `None`: none is up.
    pub async fn call_next(&self, meeting: MeetingId) -> Result<Option<SeatNo>, GatewayError> {
        let mut answer = Err(GatewayError::Unknown);
        for gateway in self.holding(meeting).await? {
            let asked = gateway.ask(Method::POST, &format!("/v1/meetings/{meeting}/hands/next"), None).await;
            match asked.and_then(read::<Floor>) {
                Ok(Floor { seat: Some(seat) }) => return Ok(Some(seat)),
                Ok(Floor { seat: None }) => answer = Ok(None),
                Err(error) => answer = answer.or(Err(error)),
            }
        }
        answer
    }

    /// Somebody has seen to a call for help: its mark goes.
    pub async fn answer_help(&self, meeting: MeetingId, seat: SeatNo) -> Result<(), GatewayError> {
        self.tell_seat(meeting, seat, Method::DELETE, "/help", None).await
    }

    /// Only the caller opens the microphone again.
    pub async fn mute(&self, meeting: MeetingId, seat: SeatNo) -> Result<(), GatewayError> {
        self.tell_seat(meeting, seat, Method::POST, "/mute", None).await
    }

    /// Everybody but the chair.
    pub async fn mute_all(&self, meeting: MeetingId) -> Result<(), GatewayError> {
        self.tell_all(meeting, Method::POST, "mute", None).await
    }

    /// Several people speak through this seat, so it is off record; or one again, who is asked anew.
    pub async fn share(&self, meeting: MeetingId, seat: SeatNo, on: bool) -> Result<(), GatewayError> {
        self.tell_seat(meeting, seat, Method::PUT, "/shared", Some(body(&Switch { on })?)).await
    }

    /// Says goodbye to one caller.
    pub async fn dismiss(&self, meeting: MeetingId, seat: SeatNo) -> Result<(), GatewayError> {
        self.tell_seat(meeting, seat, Method::DELETE, "", None).await
    }

    /// The meeting whose gathering makes this recording now.
    pub async fn meeting_of(&self, recording: RecordingId) -> Option<MeetingId> {
        self.home(|now| now.recording == Some(recording)).await.ok().map(|(_, now)| now.id)
    }

    /// Asks the gateway at which somebody sits.
    async fn tell_seat(
        &self,
        meeting: MeetingId,
        seat: SeatNo,
        method: Method,
        what: &str,
        body: Option<Vec<u8>>,
    ) -> Result<(), GatewayError> {
        let at = |now: &MeetingNow| now.id == meeting && now.seats.iter().any(|known| known.seat == seat);
        let gateway = match self.home(at).await {
            Ok((gateway, _)) => gateway,
            // Nobody knows the seat any more: the gateway says so in its own words.
            Err(_) => self.home(|now| now.id == meeting).await?.0,
        };
        gateway.ask(method, &format!("/v1/meetings/{meeting}/seats/{}{what}", seat.0), body).await.map(drop)
    }

    /// Asks every gateway of the meeting. Done when one did it: at another nobody may be.
    async fn tell_all(
        &self,
        meeting: MeetingId,
        method: Method,
        what: &str,
        body: Option<Vec<u8>>,
    ) -> Result<(), GatewayError> {
        let mut answer = Err(GatewayError::Unknown);
        for gateway in self.holding(meeting).await? {
            let path = format!("/v1/meetings/{meeting}/{what}");
            let asked = gateway.ask(method.clone(), &path, body.clone()).await.map(drop);
            answer = match (answer, asked) {
                (Ok(()), _) | (_, Ok(())) => Ok(()),
                (Err(_), Err(error)) => Err(error),
            };
        }
        answer
    }

    /// The gateways that the meeting was put to, its home first.
    async fn holding(&self, meeting: MeetingId) -> Result<Vec<Gateway>, GatewayError> {
        let mut away = None;
        let mut holding = Vec::new();
        for now in self.now().await {
            match now.meetings {
                Ok(meetings) if meetings.iter().any(|known| known.id == meeting) => holding.push(now.gateway),
                Ok(_) => {}
                Err(error) => away = Some(error),
            }
        }
        if holding.is_empty() { Err(away.unwrap_or(GatewayError::Unknown)) } else { Ok(holding) }
    }

    /// Asks the gateway that holds the meeting, its home.
    async fn tell(
        &self,
        meeting: MeetingId,
        method: Method,
        what: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Bytes, GatewayError> {
        let (gateway, _) = self.home(|now| now.id == meeting).await?;
        gateway.ask(method, &format!("/v1/meetings/{meeting}/{what}"), body).await
    }

    async fn home(&self, is: impl Fn(&MeetingNow) -> bool) -> Result<(Gateway, MeetingNow), GatewayError> {
        let mut away = None;
        for now in self.now().await {
            match now.meetings {
                Ok(meetings) => {
                    if let Some(found) = meetings.into_iter().find(|meeting| is(meeting)) {
                        return Ok((now.gateway, found));
                    }
                }
                Err(error) => away = Some(error),
            }
        }
        Err(away.unwrap_or(GatewayError::Unknown))
    }
}

impl Gateway {
    pub fn at(socket: PathBuf) -> Self {
        Self { socket }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub async fn health(&self) -> Result<Health, GatewayError> {
        read(self.ask(Method::GET, "/v1/health", None).await?)
    }

    pub async fn meetings(&self) -> Result<Vec<MeetingNow>, GatewayError> {
        read(self.ask(Method::GET, "/v1/meetings", None).await?)
    }

    pub async fn put(&self, meeting: &Meeting) -> Result<(), GatewayError> {
        self.ask(Method::PUT, &format!("/v1/meetings/{}", meeting.id), Some(body(meeting)?)).await.map(drop)
    }

    pub async fn end(&self, meeting: MeetingId) -> Result<(), GatewayError> {
        self.ask(Method::POST, &format!("/v1/meetings/{meeting}/end"), None).await.map(drop)
    }

    pub async fn cut(&self, meeting: MeetingId) -> Result<CutDone, GatewayError> {
        read(self.ask(Method::POST, &format!("/v1/meetings/{meeting}/cut"), None).await?)
    }

    /// The gateway deletes the chunk.
    pub async fn acknowledge(&self, chunk: &str) -> Result<(), GatewayError> {
        self.ask(Method::POST, &format!("/v1/spool/{chunk}/acknowledge"), None).await.map(drop)
    }

    /// The gateway deletes the order.
    pub async fn acknowledge_order(&self, order: &str) -> Result<(), GatewayError> {
        self.ask(Method::POST, &format!("/v1/orders/{order}/acknowledge"), None).await.map(drop)
    }

    /// Events after the cursor of that boot (from the beginning when the gateway has started anew), for as long as the connection holds.
    pub async fn events(&self, boot: EpochId, after: u64) -> Result<EventStream, GatewayError> {
        let begun = async {
            let answer = self.send(Method::GET, &format!("/v1/events?after={after}&boot={boot}"), None).await?;
            if answer.status() == StatusCode::OK {
                return Ok(EventStream::of(answer.into_body()));
            }
            Err(refused(&whole(answer).await?))
        };
        tokio::time::timeout(PATIENCE, begun).await.map_err(|_| GatewayError::Slow)?
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Bytes, GatewayError> {
        let asked = async {
            let answer = self.send(method, path, body).await?;
            let status = answer.status();
            let body = whole(answer).await?;
            if status.is_success() { Ok(body) } else { Err(refused(&body)) }
        };
        tokio::time::timeout(PATIENCE, asked).await.map_err(|_| GatewayError::Slow)?
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response<Incoming>, GatewayError> {
        let away = |source| GatewayError::Away { socket: self.socket.clone(), source };
        let stream = UnixStream::connect(&self.socket).await.map_err(away)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Ends by itself when the answer was read or dropped.
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "gateway")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|_| GatewayError::Malformed)?;
        Ok(sender.send_request(request).await?)
    }
}

/// An answer's bytes, if they are no more than a gateway has to say.
async fn whole(answer: Response<Incoming>) -> Result<Bytes, GatewayError> {
    match Limited::new(answer.into_body(), MOST_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(error.downcast::<hyper::Error>().map_or(GatewayError::TooLong, |e| GatewayError::Broken(*e))),
    }
}

fn body(said: &impl serde::Serialize) -> Result<Vec<u8>, GatewayError> {
    serde_json::to_vec(said).map_err(|_| GatewayError::Malformed)
}

fn read<T: serde::de::DeserializeOwned>(body: Bytes) -> Result<T, GatewayError> {
    serde_json::from_slice(&body).map_err(|_| GatewayError::Malformed)
}

fn refused(body: &[u8]) -> GatewayError {
    serde_json::from_slice(body).map_or(GatewayError::Malformed, GatewayError::Refused)
}

const PATIENCE: Duration = Duration::from_secs(20);
/// The longest is the list of meetings, far below this.
const MOST_BYTES: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn an_answer_without_an_end_is_not_collected() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("control.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b' '; 1 << 16]).await.is_ok() {}
        });
        assert!(matches!(Gateway::at(socket).meetings().await, Err(GatewayError::TooLong)));
    }
}
