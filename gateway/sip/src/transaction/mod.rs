//! The four transaction machines of RFC 3261 17, with the Accepted states of RFC 6026.
//!
//! A machine is a value: `handle(input, now, out) -> machine`. It holds the bytes it may have to send again and the
//! moments at which it must be woken; it never looks at a clock and never reads a message.
//!
//! Not here: which message belongs to which machine (`endpoint`), and 2xx retransmission, which RFC 3261 13.3.1.4
//! gives to the call (`call`).

mod client;
mod server;

pub(crate) use client::{InviteClient, InviteClientInput, OtherClient, OtherClientInput};
pub(crate) use server::{InviteServer, InviteServerInput, OtherServer, OtherServerInput};

use std::time::{Duration, Instant};

/// What a machine wants done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// The same bytes as before; counted apart.
    SendAgain(Vec<u8>),
    /// Client: the response is news for the call.
    Tell,
    /// Nobody answered, or nobody acknowledged.
    TimedOut,
}

/// When to send something again, and how the pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) at: Instant,
    pause: Duration,
    longest: Duration,
}

impl Again {
    /// First after T1, then twice as long each time, at most `longest`.
    pub(crate) fn after(now: Instant, longest: Duration) -> Self {
        Self { at: now + T1, pause: T1, longest }
    }

    pub(crate) fn next(self, now: Instant) -> Self {
        let pause = (self.pause * 2).min(self.longest);
        Self { at: now + pause, pause, ..self }
    }
}

/// The earlier of several moments that may not exist.
pub(crate) fn earliest(moments: impl IntoIterator<Item = Option<Instant>>) -> Option<Instant> {
    moments.into_iter().flatten().min()
}

/// Sends `bytes` again when it is time to, and says when next.
fn sent_again(bytes: &[u8], again: Option<Again>, now: Instant, out: &mut Vec<Act>) -> Option<Again> {
    again.map(|again| {
        if now < again.at {
            return again;
        }
        out.push(Act::SendAgain(bytes.to_vec()));
        again.next(now)
    })
}

/// RFC 3261 table 4.
pub(crate) const T1: Duration = Duration::from_millis(500);
pub(crate) const T2: Duration = Duration::from_secs(4);
pub(crate) const T4: Duration = Duration::from_secs(5);
/// Timers B, F, H, J, L and M.
pub(crate) const GIVE_UP: Duration = Duration::from_millis(64 * 500);
