//! What a gateway says to another: how does the record of a meeting stand, and what a caller here wishes of it.
//!
//! [`ask`] and [`tell`] open the home gateway's control socket and are back within less than a second, whatever becomes of it.
//! One connection a question: at four a second that costs less than knowing whether an old one still lives.
//!
//! Not here: how long an answer holds (`lease`), what the home does with the question (`switchboard::guests`), and a home on
//! another machine: that needs a private address and mutual TLS.

use std::path::Path;
use std::time::Duration;

use control::{RecordState, Refusal};
use spool::id::{GatewayId, MeetingId, RecordingId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Who asks, when somebody is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    pub gateway: GatewayId,
    /// Of the gathering here.
    pub recording: RecordingId,
    /// When it began, UTC.
    pub started_ms: i64,
}

/// Why there is no answer that counts.
#[derive(Debug, thiserror::Error)]
pub(super) enum HomeError {
    #[error("the home gateway cannot be reached")]
    Away(#[from] std::io::Error),
    #[error("the home gateway took longer than {} ms", PATIENCE.as_millis())]
    Slow,
    #[error("the home gateway refused: {} ({})", .0.reason, .0.code)]
    Refused(Refusal),
    #[error("the home gateway's answer does not read")]
    Malformed,
}

/// Asks once.
pub(super) async fn ask(socket: &Path, meeting: MeetingId, guest: Option<Guest>) -> Result<RecordState, HomeError> {
    let who = guest.map(|Guest { gateway, recording, started_ms }| {
        format!("?guest={gateway}&recording={recording}&started_ms={started_ms}")
    });
    let body = exchange(socket, "GET", &format!("/v1/meetings/{meeting}/record{}", who.unwrap_or_default())).await?;
    serde_json::from_slice(&body).map_err(|_| HomeError::Malformed)
}

/// Has the home do something, as the end of the path says.
pub(super) async fn tell(socket: &Path, meeting: MeetingId, what: &str) -> Result<(), HomeError> {
    exchange(socket, "POST", &format!("/v1/meetings/{meeting}/{what}")).await.map(drop)
}

async fn exchange(socket: &Path, method: &str, path: &str) -> Result<Vec<u8>, HomeError> {
    let asked = async {
        let mut stream = UnixStream::connect(socket).await?;
        let head = format!("{method} {path} HTTP/1.1\r\nhost: home\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST_BYTES).read_to_end(&mut answer).await?;
        read(&answer).map(<[u8]>::to_vec)
    };
    tokio::time::timeout(PATIENCE, asked).await.map_err(|_| HomeError::Slow)?
}

/// The body of a whole answer: a gateway always says how long it is, where there is one.
fn read(answer: &[u8]) -> Result<&[u8], HomeError> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(HomeError::Malformed)?;
    let (head, body) = answer.split_at(end + 4);
    let head = std::str::from_utf8(head).map_err(|_| HomeError::Malformed)?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or(HomeError::Malformed)?;
    let length = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case(LENGTH));
    let whole = length.and_then(|(_, value)| value.trim().parse().ok()) == Some(body.len());
    match status {
        "204" if body.is_empty() => Ok(body),
        "200" if whole => Ok(body),
        "200" | "204" => Err(HomeError::Malformed),
        _ if whole => Err(serde_json::from_slice(body).map_or(HomeError::Malformed, HomeError::Refused)),
        _ => Err(HomeError::Malformed),
    }
}

const LENGTH: &str = "content-length";

/// Two questions in a lease of two seconds may go unanswered.
const PATIENCE: Duration = Duration::from_millis(700);

/// An answer is some three hundred bytes.
const MOST_BYTES: u64 = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{"home":"gtw-0101010101010101","epoch":"epo-0202020202020202","recording":null,"started_ms":0,"section":"sec-03030303030303030303030303030303","open":true,"record":"on","paused_by":null,"ended":false}"#;

    fn answer(status: &str, length: usize, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
    }

    #[test]
    fn a_whole_answer_is_read_and_one_cut_short_anywhere_is_none() {
        let whole = answer("200 OK", STATE.len(), STATE);
        let state: RecordState = serde_json::from_slice(read(&whole).unwrap()).unwrap();
        assert_eq!(state.record, control::Record::On);
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_what_does_not_read() {
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), b"");
        for bytes in [answer("409 Conflict", 2, "{}"), b"\xff\r\n\r\n".to_vec(), b"HTTP/1.1\r\n\r\n".to_vec()] {
            assert!(matches!(read(&bytes), Err(HomeError::Malformed)));
        }
        let refusal = r#"{"code":"not-on","reason":"the record is not on"}"#;
        let refused = read(&answer("409 Conflict", refusal.len(), refusal)).unwrap_err();
        assert!(matches!(refused, HomeError::Refused(refusal) if refusal.code == "not-on"));
    }

    #[tokio::test]
    async fn a_home_that_says_nothing_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("control.sock");
        let _silent = tokio::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(ask(&socket, MeetingId([1; 16]), None).await, Err(HomeError::Slow)));
        let nobody = dir.path().join("nobody.sock");
        assert!(matches!(ask(&nobody, MeetingId([1; 16]), None).await, Err(HomeError::Away(_))));
    }
}
