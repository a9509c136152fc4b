//! SIP for a telephone gateway: one endpoint that owns no socket, no thread and no clock.
//!
//! The shell reads a datagram and gives it to [`Endpoint::receive`]; it gives orders by
//! [`Endpoint::command`] and calls [`Endpoint::time_passed`] no later than [`Endpoint::deadline`].
//! Each of the three appends to a list of [`Output`]: bytes to send, and [`Event`]s about legs.
//! Session descriptions are read and written by [`sdp`]; what a TCP connection brings is cut into messages by [`Stream`].
//!
//! Not here: sockets, allowed networks and admission per source (the shell), sound (`media`), digest and
//! registration (not yet), and what a call is for.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice)
)]

mod api;
mod call;
mod dialog;
mod endpoint;
mod headers;
mod pii;
#[cfg(any(test, feature = "promises"))]
pub mod promises;
pub mod sdp;
mod stream;
mod transaction;
mod wire;

#[cfg(test)]
mod tests;

pub use api::{Admits, Chance, Command, Config, Counters, Ended, Event, Leg, Limits, Output, Path, Transport};
pub use endpoint::Endpoint;
pub use pii::CallerNumber;
pub use stream::{Framed, Stream};
