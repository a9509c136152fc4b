//! Bytes to messages and back.
//!
//! [`read`] makes foreign text regular (`regular`), has `rsip` read it (`door`), and checks what every request and
//! response must have (`message`). Whatever the bytes are, the result is a message or a [`Malformed`] that says
//! whether enough is there to answer.
//!
//! Not here: sockets, cutting of streams (`stream`), and what a message is answered with.

mod door;
mod message;
mod regular;

pub(crate) use message::{Draft, Echo, Headers, Message, Method, Request, Response, read};
pub(crate) use regular::{BodyLength, MOST_HEAD_BYTES, body_length};
#[cfg(any(test, feature = "promises"))]
pub(crate) use regular::{Regular, Start, regular};
