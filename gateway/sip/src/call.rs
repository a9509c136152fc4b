//! One call as the endpoint holds it: its dialogue, its stage, and what waits for an acknowledgement.
//!
//! The stages are data; `endpoint` moves a call through them and keeps it in its table as long as it has one.
//!
//! Not here: what is said or heard in the call.

use crate::{
    Leg, Path,
    dialog::Dialog,
    transaction::{Again, GIVE_UP, T2, earliest},
    wire::{Draft, Echo, Method, Request, Response},
};
use std::{hash::Hash, time::Instant};

/// RFC 3261 17.2.3: branch, sent-by and method name a request of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ServerKey {
    branch: String,
    sent_by: String,
    method: Method,
}

impl ServerKey {
    pub(crate) fn of(request: &Request) -> Self {
        Self::of_parts(&request.echo, request, request.method.clone())
    }

    /// The INVITE that an ACK or a CANCEL belongs to.
    pub(crate) fn of_invite(request: &Request) -> Self {
        Self::of_parts(&request.echo, request, Method::Invite)
    }

    fn of_parts(echo: &Echo, request: &Request, method: Method) -> Self {
        let branch = echo.via.branch().unwrap_or_default();
        let branch = if branch.len() > COOKIE.len() && branch.starts_with(COOKIE) {
            branch.to_owned()
        } else {
            // RFC 2543 had no branch one could rely on.
            let tag = request.from.tag().unwrap_or_default();
            format!("{branch} {} {} {tag}", echo.call_id, request.cseq.number)
        };
        Self { branch, sent_by: echo.via.sent_by().to_ascii_lowercase(), method }
    }
}

/// RFC 3261 17.1.3: the branch we made up, and the method because CANCEL shares that of its INVITE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientKey {
    pub(crate) branch: String,
    pub(crate) method: Method,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) leg: Leg,
    /// None before the answer to an INVITE of ours.
    pub(crate) dialog: Option<Dialog>,
    pub(crate) stage: Stage,
    /// A 2xx of ours to an INVITE of theirs.
    pub(crate) unacked: Option<Unacked>,
    /// A re-INVITE or UPDATE that the shell thinks about.
    pub(crate) reoffer: Option<Reoffer>,
    /// A re-INVITE of ours that they think about.
    pub(crate) asked: Option<Asked>,
    /// Our Contact in this call.
    pub(crate) contact: String,
    /// When an unanswered call, either way, has waited long enough.
    pub(crate) patience: Option<Instant>,
    pub(crate) armed: Option<(Instant, u64)>,
}

#[derive(Debug)]
pub(crate) enum Stage {
    /// Their INVITE waits for the shell.
    Offered { invite: Box<Request>, key: ServerKey },
    /// Our INVITE waits for them.
    Calling(Box<Calling>),
    /// A 2xx went one way or the other. `ack` is ours to theirs, for when they repeat it.
    Standing { ack: Option<Acked> },
    /// Our BYE is out; the shell knows already.
    Leaving,
}

/// Our ACK of a 2xx of theirs.
#[derive(Debug)]
pub(crate) struct Acked {
    pub(crate) cseq: u32,
    pub(crate) path: Path,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) key: ClientKey,
    pub(crate) cseq: u32,
}

#[derive(Debug)]
pub(crate) struct Unacked {
    pub(crate) cseq: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) to: Path,
    pub(crate) again: Again,
    pub(crate) give_up: Instant,
    /// The offer is ours, their answer comes with the ACK.
    pub(crate) offer_is_ours: bool,
    /// It answers the INVITE that made the call.
    pub(crate) first: bool,
    /// The shell hung up meanwhile: a BYE with this reason follows the ACK.
    pub(crate) then_bye: Option<Option<String>>,
}

impl Unacked {
    pub(crate) fn new(request: &Request, bytes: Vec<u8>, to: Path, first: bool, now: Instant) -> Self {
        Self {
            cseq: request.cseq.number,
            bytes,
            to,
            again: Again::after(now, T2),
            give_up: now + GIVE_UP,
            offer_is_ours: request.body.is_empty(),
            first,
            then_bye: None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Reoffer {
    pub(crate) key: ServerKey,
    pub(crate) request: Box<Request>,
}

/// An INVITE of ours, as far as its ACK and CANCEL must repeat it.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(crate) key: ClientKey,
    pub(crate) path: Path,
    pub(crate) uri: String,
    pub(crate) via: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    /// Before this a CANCEL must not be sent (RFC 3261 9.1).
    pub(crate) provisional: bool,
    pub(crate) cancel: Cancel,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cancel {
    Unwanted,
    Wanted { reason: Option<String> },
    Sent,
}

impl Calling {
    /// RFC 3261 17.1.1.3: the same Via and target as the INVITE, the To of the refusal.
    pub(crate) fn ack_of_refusal(&self, response: &Response) -> Vec<u8> {
        let to = response.headers.first("To").unwrap_or(&self.to);
        self.draft(&Method::Ack, to).bytes()
    }

    pub(crate) fn invite_draft(&self) -> Draft {
        self.draft(&Method::Invite, &self.to)
    }

    pub(crate) fn cancel_draft(&self) -> Draft {
        self.draft(&Method::Cancel, &self.to)
    }

    fn draft(&self, method: &Method, to: &str) -> Draft {
        Draft::request(method, &self.uri)
            .with("Via", &self.via)
            .with("Max-Forwards", "70")
            .with("From", &self.from)
            .with("To", to)
            .with("Call-ID", &self.call_id)
            .with("CSeq", &format!("{} {}", self.cseq, method.text()))
    }
}

impl Call {
    /// One offer at a time, in either direction (RFC 3261 14.1, 14.2).
    pub(crate) fn has_open_offer(&self) -> bool {
        self.reoffer.is_some() || self.asked.is_some() || self.unacked.is_some()
    }

    /// The INVITE of ours that waits for an answer: the one that is to make the call, or one in it.
    pub(crate) fn invite_of_ours(&self) -> Option<&ClientKey> {
        match &self.stage {
            Stage::Calling(calling) => Some(&calling.key),
            Stage::Offered { .. } | Stage::Standing { .. } | Stage::Leaving => self.asked.as_ref().map(|it| &it.key),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let unacked = self.unacked.as_ref().map(|unacked| unacked.again.at.min(unacked.give_up));
        earliest([unacked, self.patience])
    }
}

/// RFC 3261 8.1.1.7
pub(crate) const COOKIE: &str = "z9hG4bK";
