//! What holds of each parser of foreign bytes, whatever the bytes are.
//!
//! Each function takes bytes and says what is wrong, in a sentence, or nothing. Broken samples ask in every test run
//! (`tests::mutation`); a fuzzer that watches which branches were taken asks for as long as one likes (`gateway/fuzz`).
//!
//! Not here: where the bytes come from, and what a well-formed message is answered.

use std::net::{Ipv4Addr, SocketAddr};

use crate::sdp::{Answer, Codec, Offer};
use crate::stream::{Framed, Stream};
use crate::wire::{self, MOST_HEAD_BYTES, Regular, Start};

/// The pre-parser: lines that are lines, no more than came in, and what it made regular it leaves as it is.
pub fn head(bytes: &[u8], on_stream: bool) -> Result<(), String> {
    let Ok(once) = wire::regular(bytes, on_stream) else { return Ok(()) };
    if once.body.len() > bytes.len() || once.fields.len() > MOST_FIELDS {
        return Err("more came out than went in".to_owned());
    }
    let ends = |text: &str| text.contains(['\r', '\n', '\0']);
    if let Some((name, _)) = once.fields.iter().find(|(name, value)| ends(name) || ends(value)) {
        return Err(format!("a line of its own in {name}"));
    }
    let text = written(&once);
    if once.fault.is_some() || text.len() > MOST_HEAD_BYTES {
        return Ok(());
    }
    let text = [text.as_bytes(), &once.body].concat();
    match wire::regular(&text, on_stream) {
        Ok(again) if again.fault.is_none() && again.fields == once.fields && again.body == once.body => Ok(()),
        Ok(again) => Err(format!("read otherwise the second time: {:?}, fault {:?}", again.fields, again.fault)),
        Err(fault) => Err(format!("not read the second time: {fault}")),
    }
}

/// The message door: the same answer twice, and nothing in a header that would be a line of its own.
pub fn message(bytes: &[u8], on_stream: bool) -> Result<(), String> {
    let read = |bytes: &[u8]| match wire::read(bytes, on_stream) {
        Ok(wire::Message::Request(request)) => Ok((request.headers, request.body)),
        Ok(wire::Message::Response(response)) => Ok((response.headers, response.body)),
        Ok(wire::Message::KeepAlive) => Err(None),
        Err(malformed) => Err(Some(malformed.fault)),
    };
    let once = read(bytes);
    if once != read(bytes) {
        return Err("read otherwise the second time".to_owned());
    }
    let Ok((headers, body)) = once else { return Ok(()) };
    if body.len() > bytes.len() || headers.lines().count() > MOST_FIELDS {
        return Err("more came out than went in".to_owned());
    }
    match headers.lines().find(|(name, value)| format!("{name}{value}").contains(['\r', '\n', '\0'])) {
        Some((name, _)) => Err(format!("a line of its own in {name}")),
        None => Ok(()),
    }
}

/// A description: what is chosen of it is within reason, and our answer can be read and says the same.
pub fn description(bytes: &[u8]) -> Result<(), String> {
    let ours = [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu];
    let local = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 40_000));
    let Ok(offer) = Offer::parse(bytes) else { return Ok(()) };
    let Some(chosen) = offer.choose(&ours) else { return Ok(()) };
    if !(10..=60).contains(&chosen.ptime_ms) || chosen.remote.port() == 0 || chosen.remote.ip().is_multicast() {
        return Err(format!("chosen: {chosen:?}"));
    }
    let answer = offer.answer(&chosen, local, 1, 1);
    let read = Answer::parse(answer.as_bytes()).map_err(|why| format!("{why} in our answer {answer}"))?;
    match read.chosen(&ours) {
        Some(again) if (again.codec, again.remote) == (chosen.codec, local) => Ok(()),
        other => Err(format!("{other:?} from our answer {answer}")),
    }
}

/// A stream: cut the same in one read and in many, `read` bytes each. Of what breaks it as much is kept as came by then;
/// everything before it is the same.
pub fn stream(bytes: &[u8], mut read: impl FnMut() -> usize) -> Result<(), String> {
    let (mut whole, mut once) = (Stream::default(), Vec::new());
    whole.push(bytes, &mut once);
    let (mut pieces, mut again) = (Stream::default(), Vec::new());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(read().clamp(1, rest.len()));
        pieces.push(piece, &mut again);
        rest = after;
    }
    let broken = |framed: &Framed| matches!(framed, Framed::Broken(_));
    let messages = |framed: &[Framed]| framed.iter().filter(|it| !broken(it)).cloned().collect::<Vec<_>>();
    match messages(&once) == messages(&again) && once.iter().any(broken) == again.iter().any(broken) {
        true => Ok(()),
        false => Err(format!("{} in one read, {} in many", once.len(), again.len())),
    }
}

/// The head as it was understood.
fn written(regular: &Regular) -> String {
    let mut text = match &regular.start {
        Start::Request { method, uri } => format!("{} {uri} SIP/2.0\r\n", method.text()),
        Start::Response { status } => format!("SIP/2.0 {status} Status\r\n"),
    };
    for (name, value) in &regular.fields {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text + "\r\n"
}

const MOST_FIELDS: usize = 128;
