//! The gateways' event stream (`text/event-stream`), cut into events.
//!
//! [`EventStream::next`] gives one event after the other; `None` when the connection ended.
//!
//! Not here: the cursor and connecting again (`io::link`).

use control::Event;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::GatewayError;

/// One connection's events.
#[derive(Debug)]
pub struct EventStream {
    body: Incoming,
    text: Vec<u8>,
}

impl EventStream {
    pub(super) fn of(body: Incoming) -> Self {
        Self { body, text: Vec::new() }
    }

    /// The next event; `None` when the connection ended.
    pub async fn next(&mut self) -> Result<Option<Event>, GatewayError> {
        loop {
            if let Some(event) = take_event(&mut self.text)? {
                return Ok(Some(event));
            }
            if self.text.len() > MOST_BYTES {
                return Err(GatewayError::Malformed);
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.text.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

/// Takes the first whole event off `text`; comments and events without data are passed over.
fn take_event(text: &mut Vec<u8>) -> Result<Option<Event>, GatewayError> {
    while let Some((end, next)) = blank_line(text) {
        let block: Vec<u8> = text.drain(..next).take(end).collect();
        let block = std::str::from_utf8(&block).map_err(|_| GatewayError::Malformed)?;
        let data: Vec<&str> =
            block.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
        if !data.is_empty() {
            return serde_json::from_str(&data.join("\n")).map(Some).map_err(|_| GatewayError::Malformed);
        }
    }
    Ok(None)
}

/// Where the first block ends, and where the next begins.
fn blank_line(text: &[u8]) -> Option<(usize, usize)> {
    let plain = text.windows(2).position(|pair| pair == b"\n\n").map(|at| (at, at + 2));
    let carriage = text.windows(4).position(|four| four == b"\r\n\r\n").map(|at| (at, at + 4));
    plain.into_iter().chain(carriage).min()
}

const MOST_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"cursor":7,"boot":"epo-0102030405060708","utc_ms":1,"what":"keys_low","meeting":"mtg-00000000000000000000000000000000","left":3}"#;

    #[test]
    fn an_event_cut_anywhere_is_read_once_it_is_whole() {
        let whole = format!(": hello\n\nid: 7\ndata: {EVENT}\n\n");
        for cut in 0..whole.len() {
            let mut text = whole.as_bytes()[..cut].to_vec();
            assert_eq!(take_event(&mut text).unwrap(), None, "cut at {cut}");
            text.extend_from_slice(&whole.as_bytes()[cut..]);
            assert_eq!(take_event(&mut text).unwrap().unwrap().cursor, 7);
            assert!(text.is_empty());
        }
    }

    #[test]
    fn what_is_no_event_ends_the_connection() {
        assert!(take_event(&mut b"data: {\n\n".to_vec()).is_err());
    }
}
