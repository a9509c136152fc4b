//! The values that cross the border between the endpoint and its shell.
//!
//! Nothing in here prints what a person said, keyed or is called: `Debug` of commands, events and outputs shows
//! kinds, legs and lengths only, so that a careless log line stays harmless.
//!
//! Not here: what the endpoint does with them (`endpoint`).

use crate::{CallerNumber, sdp};
use std::{fmt, net::SocketAddr, time::Instant};

/// How bytes travel. Over TCP a [`Stream`](crate::Stream) cuts: one message is one `receive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    Udp,
    Tcp,
}

/// One way into us: which of our sockets, and who is on the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    pub transport: Transport,
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

/// One call as the endpoint names it; never reused in a process.
///
/// Incoming calls are numbered from 1; the shell names its own [`Command::Invite`] with the top bit set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Leg(pub u64);

/// Beyond these a new INVITE is answered 503 with `Retry-After`; calls that stand notice nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All legs, from their INVITE until the answer to their BYE.
    pub calls: usize,
    /// Legs that are not confirmed yet: not answered, or answered without an ACK.
    pub in_setup: usize,
}

pub struct Config {
    /// `Server` and `User-Agent` text.
    pub user_agent: String,
    pub limits: Limits,
    pub admits: Admits,
    pub chance: Chance,
}

/// May one more call come this way now? Asked once a new INVITE, before anything is kept of it: a no is a 503 like that
/// of a full house, and costs no memory.
pub type Admits = Box<dyn FnMut(Instant, &Path) -> bool + Send>;

/// Fills a slice with unpredictable bytes: tags, branches, Call-IDs.
pub type Chance = Box<dyn FnMut(&mut [u8]) + Send>;

/// What the endpoint wants done. Carry out all of them, in order.
pub enum Output {
    Send { path: Path, bytes: Vec<u8> },
    Event(Event),
}

pub enum Event {
    /// A new INVITE without To tag passed all checks; 100 Trying is on its way.
    /// Answer it with [`Command::Ring`], [`Command::Answer`] or [`Command::Reject`].
    Incoming {
        leg: Leg,
        path: Path,
        /// `None` is a late offer: our offer goes into the 200 and their answer comes with the ACK.
        offer: Option<sdp::Offer>,
        caller: CallerNumber,
        /// The user part of the Request-URI, escapes resolved.
        dialled: Option<String>,
    },
    /// The ACK of our 200 came. Once for the call, and again after a re-INVITE whose offer was ours.
    Confirmed {
        leg: Leg,
        /// There when the offer was ours and theirs could be read.
        answer: Option<sdp::Answer>,
    },
    /// A re-INVITE, or an UPDATE with an offer. Answer with [`Command::Accept`] or [`Command::Refuse`].
    Reoffered { leg: Leg, offer: Option<sdp::Offer> },
    /// Our INVITE: a provisional response above 100.
    Ringing { leg: Leg },
    /// Our INVITE was accepted, or our [`Command::Reoffer`]; its ACK is on its way.
    Answered { leg: Leg, answer: sdp::Answer },
    /// Our [`Command::Reoffer`] came to nothing and the call goes on as it was: their status, 491 where another offer was
    /// open (it may be made again after a while, RFC 3261 14.1), 503 where the connection was gone.
    Refused { leg: Leg, status: u16 },
    /// Our INVITE came to nothing: their status, or 408 when nobody answered. The leg is gone.
    Failed { leg: Leg, status: u16 },
    /// The leg is gone.
    Ended { leg: Leg, why: Ended },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// They hung up.
    Bye,
    /// They gave up before the answer.
    Cancelled,
    /// Nobody acknowledged our 200 for 64·T1; a BYE went out.
    NoAck,
    /// A request of ours in this call found nobody (408) or an unknown dialog (481).
    Lost,
    /// We hung up or rejected.
    ByUs,
}

pub enum Command {
    /// 180 Ringing.
    Ring { leg: Leg },
    /// 200 OK, sent again until the ACK comes. `contact` is where we want their requests.
    Answer { leg: Leg, sdp: String, contact: SocketAddr },
    /// A final refusal of an incoming call, 300 to 699; anything else becomes 500.
    Reject {
        leg: Leg,
        status: u16,
        /// Seconds.
        retry_after: Option<u32>,
        /// Text of a `Warning: 399` header.
        warning: Option<String>,
    },
    /// 200 OK to what [`Event::Reoffered`] brought; also sent again until the ACK when it was a re-INVITE.
    Accept { leg: Leg, sdp: String },
    /// The call goes on as it was.
    Refuse { leg: Leg, status: u16, warning: Option<String> },
    /// A new offer of ours in a call that stands, as a re-INVITE. One at a time, in either direction.
    Reoffer { leg: Leg, sdp: String },
    /// Ends a leg in whatever state it is: 487 or CANCEL before the answer, BYE after it.
    /// A BYE of the answering side waits for the ACK or for 64·T1 (RFC 3261 15).
    HangUp {
        leg: Leg,
        /// Text of an RFC 3326 `Reason` header.
        reason: Option<String>,
    },
    /// A call of our own. The shell picks a leg from its own range, with the top bit set.
    Invite {
        leg: Leg,
        path: Path,
        /// `sip:user@host:port`
        to: String,
        /// `sip:user@host`
        from: String,
        contact: SocketAddr,
        sdp: String,
    },
}

/// Plain counts since the endpoint was made; nothing in them names anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Everything given to `receive`, keep-alives included.
    pub received: u64,
    pub sent: u64,
    /// Bytes that are no SIP message, or one we could not even answer.
    pub malformed_dropped: u64,
    /// Requests we could not read but could answer: 400, also 505 and 513.
    pub answered_400: u64,
    /// Requests answered with this status, by us and without asking the shell.
    pub answered_405: u64,
    pub answered_415: u64,
    pub answered_416: u64,
    pub answered_420: u64,
    pub answered_481: u64,
    pub answered_482: u64,
    pub answered_491: u64,
    pub answered_503: u64,
    /// `Reject` and `Refuse` with 488: no codec in common.
    pub answered_488: u64,
    /// Sent again by a timer of ours, or because they asked again.
    pub retransmissions: u64,
    /// Responses and ACKs that belong to nothing we know.
    pub strays: u64,
    /// Calls that ended because our 200 was never acknowledged.
    pub no_ack: u64,
    /// Connections that went away or could not be made.
    pub connections_lost: u64,
    /// INVITEs that became a leg.
    pub calls_in: u64,
    /// `Invite` commands that became a leg.
    pub calls_out: u64,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { bytes, .. } => write!(f, "Send({} bytes)", bytes.len()),
            Self::Event(event) => event.fmt(f),
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incoming { leg, offer, .. } => write!(f, "Incoming({}, offer: {})", leg.0, offer.is_some()),
            Self::Confirmed { leg, answer } => write!(f, "Confirmed({}, answer: {})", leg.0, answer.is_some()),
            Self::Reoffered { leg, offer } => write!(f, "Reoffered({}, offer: {})", leg.0, offer.is_some()),
            Self::Ringing { leg } => write!(f, "Ringing({})", leg.0),
            Self::Answered { leg, .. } => write!(f, "Answered({})", leg.0),
            Self::Refused { leg, status } => write!(f, "Refused({}, {status})", leg.0),
            Self::Failed { leg, status } => write!(f, "Failed({}, {status})", leg.0),
            Self::Ended { leg, why } => write!(f, "Ended({}, {why:?})", leg.0),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ring { leg } => write!(f, "Ring({})", leg.0),
            Self::Answer { leg, .. } => write!(f, "Answer({})", leg.0),
            Self::Reject { leg, status, .. } => write!(f, "Reject({}, {status})", leg.0),
            Self::Accept { leg, .. } => write!(f, "Accept({})", leg.0),
            Self::Refuse { leg, status, .. } => write!(f, "Refuse({}, {status})", leg.0),
            Self::Reoffer { leg, .. } => write!(f, "Reoffer({})", leg.0),
            Self::HangUp { leg, .. } => write!(f, "HangUp({})", leg.0),
            Self::Invite { leg, .. } => write!(f, "Invite({})", leg.0),
        }
    }
}
