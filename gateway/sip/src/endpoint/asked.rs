//! What they ask of us (RFC 3261 8.2, 9.2, 12.2.2, 13.3, 14.2, 15.1.2; RFC 3311; RFC 6086).
//!
//! The order of checks is that of RFC 3261 8.2: a repetition is answered as before, then method, extensions, target,
//! content. What fails is answered here; what a person or a plan must decide becomes an [`Event`].
//!
//! Not here: responses (`told`).

use super::{
    ALLOW, After, Endpoint, PATIENCE, RETRY_AFTER_SECONDS, SDP, Server, ServerMachine, Turn, reason_phrase, way_back,
};
use crate::{
    CallerNumber, Ended, Event, Leg, Path,
    call::{Call, Reoffer, ServerKey, Stage},
    dialog::{Dialog, DialogId, our_contact},
    headers::{Scheme, Uri},
    sdp,
    transaction::{InviteServer, InviteServerInput, OtherServer, OtherServerInput},
    wire::{Draft, Method, Request},
};

impl Endpoint {
    pub(super) fn asked(&mut self, turn: &mut Turn, path: Path, request: Box<Request>) {
        let key = ServerKey::of(&request);
        if let Some(server) = self.servers.get(&key) {
            match server.machine {
                ServerMachine::Invite(_) => self.feed_invite(turn, &key, InviteServerInput::Request),
                ServerMachine::Other(_) => self.feed_other(turn, &key, OtherServerInput::Request),
            }
            return;
        }
        match &request.method {
            Method::Ack => return self.acknowledged(turn, *request),
            Method::Cancel => return self.cancelled(turn, path, &key, &request),
            Method::Invite | Method::Bye | Method::Options | Method::Info | Method::Update => {}
            Method::Other(_) => return self.not_allowed(turn, path, &request),
        }
        let wanted = request.headers.entries("Require").join(", ");
        if !wanted.is_empty() {
            self.counters.answered_420 += 1;
            return self.answer_and_forget(turn, path, &request.echo, 420, reason_phrase(420), |draft| {
                draft.with("Unsupported", &wanted)
            });
        }
        if request.to.tag().is_some() {
            return self.asked_in_call(turn, path, key, request);
        }
        match request.target.scheme {
            Scheme::Sip | Scheme::Sips | Scheme::Tel => {}
            Scheme::Foreign => {
                self.counters.answered_416 += 1;
                return self.answer_and_forget(turn, path, &request.echo, 416, reason_phrase(416), |draft| draft);
            }
        }
        match &request.method {
            Method::Invite => self.invited(turn, path, key, request),
            Method::Options => self.told_what_we_can(turn, path, &request),
            Method::Bye | Method::Info | Method::Update | Method::Ack | Method::Cancel | Method::Other(_) => {
                self.no_such_call(turn, path, &request);
            }
        }
    }

    fn not_allowed(&mut self, turn: &mut Turn, path: Path, request: &Request) {
        self.counters.answered_405 += 1;
        self.answer_and_forget(turn, path, &request.echo, 405, reason_phrase(405), |draft| draft.with("Allow", ALLOW));
    }

    fn no_such_call(&mut self, turn: &mut Turn, path: Path, request: &Request) {
        self.counters.answered_481 += 1;
        self.answer_and_forget(turn, path, &request.echo, 481, reason_phrase(481), |draft| draft);
    }

    fn told_what_we_can(&mut self, turn: &mut Turn, path: Path, request: &Request) {
        self.answer_and_forget(turn, path, &request.echo, 200, reason_phrase(200), capabilities);
    }

    /// A new call, unless one of the checks stands against it.
    fn invited(&mut self, turn: &mut Turn, path: Path, key: ServerKey, request: Box<Request>) {
        let name = (request.echo.call_id.clone(), request.from.tag().unwrap_or_default().to_owned());
        let echo = &request.echo;
        let standing = self.came_in.get(&name).and_then(|leg| self.calls.get(leg));
        let cseq = standing.and_then(|call| call.dialog.as_ref()).and_then(|dialog| dialog.made_by);
        if cseq == Some(request.cseq.number) {
            self.counters.answered_482 += 1;
            return self.answer_and_forget(turn, path, echo, 482, reason_phrase(482), |draft| draft);
        }
        let offer = match self.offer_in(&request) {
            Ok(offer) => offer,
            Err(unusable) => {
                self.count(unusable.status());
                return self.answer_and_forget(turn, path, echo, unusable.status(), unusable.reason(), |draft| {
                    unusable.explained(draft)
                });
            }
        };
        if self.is_full() || !(self.config.admits)(turn.now, &path) {
            self.counters.answered_503 += 1;
            return self.answer_and_forget(turn, path, echo, 503, reason_phrase(503), |draft| {
                draft.with("Retry-After", RETRY_AFTER_SECONDS)
            });
        }
        let tag = self.word();
        let Some(dialog) = Dialog::answering(&request, &tag, path) else {
            self.counters.answered_400 += 1;
            return self.answer_and_forget(turn, path, echo, 400, "Bad Contact", |draft| draft);
        };
        self.legs_made += 1;
        let leg = Leg(self.legs_made);
        self.counters.calls_in += 1;
        self.begin_invite(turn, path, &key, &request, Some(leg), tag);
        let (caller, dialled) = (caller(&request), request.target.user.clone());
        self.dialogs.insert(dialog.id.clone(), leg);
        self.came_in.insert(name, leg);
        self.in_setup.insert(leg);
        let call = Call {
            leg,
            dialog: Some(dialog),
            stage: Stage::Offered { invite: request, key },
            unacked: None,
            reoffer: None,
            asked: None,
            contact: our_contact(path.transport, path.local),
            patience: Some(turn.now + PATIENCE),
            armed: None,
        };
        self.calls.insert(leg, call);
        self.on_call(turn, leg, |_, _, _| After::Stays);
        turn.tell(Event::Incoming { leg, path, offer, caller, dialled });
    }

    fn is_full(&self) -> bool {
        let limits = self.config.limits;
        self.calls.len() >= limits.calls || self.in_setup.len() >= limits.in_setup || self.is_full_of_requests()
    }

    /// Remembers an INVITE and says 100 at once.
    fn begin_invite(
        &mut self,
        turn: &mut Turn,
        path: Path,
        key: &ServerKey,
        request: &Request,
        leg: Option<Leg>,
        tag: String,
    ) {
        let trying = request.echo.draft(100, reason_phrase(100), &tag).bytes();
        let mut acts = Vec::new();
        let machine = ServerMachine::Invite(InviteServer::new(trying, &mut acts));
        let server = Server { machine, to: way_back(path, &request.echo), leg, tag, armed: None };
        self.served(turn, key, server, acts);
    }

    /// Answers a request other than INVITE for good, and remembers the answer while there is room.
    fn answer_other(&mut self, turn: &mut Turn, path: Path, key: &ServerKey, request: &Request, draft: Draft) {
        let bytes = draft.with("Server", &self.config.user_agent).bytes();
        let to = way_back(path, &request.echo);
        if self.is_full_of_requests() {
            return self.send(turn, to, bytes);
        }
        let machine = ServerMachine::Other(OtherServer::Trying);
        let tag = request.to.tag().unwrap_or_default().to_owned();
        self.servers.insert(key.clone(), Server { machine, to, leg: None, tag, armed: None });
        self.feed_other(turn, key, OtherServerInput::Final(bytes));
    }

    /// An ACK ends the wait of a refusal by its transaction, that of a 2xx by its dialogue.
    fn acknowledged(&mut self, turn: &mut Turn, request: Request) {
        let key = ServerKey::of_invite(&request);
        if let Some(Server { machine: ServerMachine::Invite(machine), .. }) = self.servers.get(&key) {
            match machine {
                InviteServer::Proceeding { .. } | InviteServer::Completed { .. } | InviteServer::Confirmed { .. } => {
                    return self.feed_invite(turn, &key, InviteServerInput::Ack);
                }
                // A peer that numbers the ACK of a 2xx like its INVITE.
                InviteServer::Accepted { .. } | InviteServer::Terminated => {}
            }
        }
        let Some(leg) = self.dialogs.get(&DialogId::asked(&request)).copied() else {
            self.counters.strays += 1;
            return;
        };
        self.on_call(turn, leg, |endpoint, turn, call| {
            let Some(unacked) = call.unacked.take_if(|unacked| unacked.cseq == request.cseq.number) else {
                return After::Stays;
            };
            endpoint.in_setup.remove(&leg);
            if let Some(reason) = unacked.then_bye {
                return endpoint.leave(turn, call, Ended::ByUs, reason.as_deref());
            }
            let answer = match unacked.offer_is_ours {
                true => sdp::Answer::parse(&request.body).ok(),
                false => None,
            };
            if unacked.first || unacked.offer_is_ours {
                turn.tell(Event::Confirmed { leg, answer });
            }
            After::Stays
        });
    }

    /// RFC 3261 9.2: a CANCEL is always answered 200 when its INVITE is known, and works only before the answer.
    fn cancelled(&mut self, turn: &mut Turn, path: Path, key: &ServerKey, request: &Request) {
        let invite = ServerKey::of_invite(request);
        let Some(server) = self.servers.get(&invite) else { return self.no_such_call(turn, path, request) };
        let leg = server.leg;
        let answer = request.echo.draft(200, reason_phrase(200), &server.tag);
        self.answer_other(turn, path, key, request, answer);
        let Some(leg) = leg else { return };
        self.on_call(turn, leg, |endpoint, turn, call| {
            match &call.stage {
                Stage::Offered { invite: open, key } if *key == invite => {
                    endpoint.refuse(turn, key, &open.echo, 487, |draft| draft);
                    turn.ended(leg, Ended::Cancelled);
                    return After::Gone;
                }
                Stage::Offered { .. } | Stage::Calling(_) | Stage::Standing { .. } | Stage::Leaving => {}
            }
            if let Some(open) = call.reoffer.take_if(|open| open.key == invite) {
                endpoint.refuse(turn, &open.key, &open.request.echo, 487, |draft| draft);
            }
            After::Stays
        });
    }

    fn asked_in_call(&mut self, turn: &mut Turn, path: Path, key: ServerKey, request: Box<Request>) {
        let Some(leg) = self.dialogs.get(&DialogId::asked(&request)).copied() else {
            return self.no_such_call(turn, path, &request);
        };
        self.on_call(turn, leg, |endpoint, turn, call| {
            if !call.dialog.as_mut().is_some_and(|dialog| dialog.in_order(request.cseq.number, path)) {
                endpoint.answer_and_forget(turn, path, &request.echo, 500, "CSeq Out Of Order", |draft| draft);
                return After::Stays;
            }
            match &request.method {
                Method::Bye => endpoint.left(turn, path, &key, call, &request),
                Method::Invite => endpoint.reinvited(turn, path, key, call, request),
                Method::Update => endpoint.updated(turn, path, key, call, request),
                Method::Info => {
                    let draft = informed(&request);
                    endpoint.answer_other(turn, path, &key, &request, draft);
                    After::Stays
                }
                Method::Options => {
                    endpoint.told_what_we_can(turn, path, &request);
                    After::Stays
                }
                Method::Ack | Method::Cancel | Method::Other(_) => After::Stays,
            }
        });
    }

    /// Their BYE: always 200, whatever is open (RFC 3261 15.1.2).
    fn left(&mut self, turn: &mut Turn, path: Path, key: &ServerKey, call: &mut Call, request: &Request) -> After {
        let answer = request.echo.draft(200, reason_phrase(200), "");
        self.answer_other(turn, path, key, request, answer);
        if let Some(open) = call.reoffer.take() {
            self.refuse(turn, &open.key, &open.request.echo, 487, |draft| draft);
        }
        match &call.stage {
            Stage::Offered { invite, key } => self.refuse(turn, key, &invite.echo, 487, |draft| draft),
            Stage::Calling(_) | Stage::Standing { .. } => {}
            // Our BYE crossed theirs; the shell knows already.
            Stage::Leaving => return After::Stays,
        }
        turn.ended(call.leg, Ended::Bye);
        After::Gone
    }

    fn reinvited(
        &mut self,
        turn: &mut Turn,
        path: Path,
        key: ServerKey,
        call: &mut Call,
        request: Box<Request>,
    ) -> After {
        if matches!(call.stage, Stage::Leaving) {
            self.no_such_call(turn, path, &request);
            return After::Stays;
        }
        if self.is_full_of_requests() {
            self.full_of_requests(turn, path, &request);
            return After::Stays;
        }
        let tag = request.to.tag().unwrap_or_default().to_owned();
        self.begin_invite(turn, path, &key, &request, Some(call.leg), tag);
        self.reoffered(turn, key, call, request)
    }

    fn full_of_requests(&mut self, turn: &mut Turn, path: Path, request: &Request) {
        self.counters.answered_503 += 1;
        self.answer_and_forget(turn, path, &request.echo, 503, reason_phrase(503), |draft| {
            draft.with("Retry-After", RETRY_AFTER_SECONDS)
        });
    }

    fn updated(
        &mut self,
        turn: &mut Turn,
        path: Path,
        key: ServerKey,
        call: &mut Call,
        request: Box<Request>,
    ) -> After {
        if matches!(call.stage, Stage::Leaving) {
            self.no_such_call(turn, path, &request);
            return After::Stays;
        }
        if request.body.is_empty() {
            if let Some(dialog) = &mut call.dialog {
                dialog.refresh(&request.headers);
            }
            let draft = request.echo.draft(200, reason_phrase(200), "").with("Contact", &call.contact);
            self.answer_other(turn, path, &key, &request, draft);
            return After::Stays;
        }
        if self.is_full_of_requests() {
            self.full_of_requests(turn, path, &request);
            return After::Stays;
        }
        let tag = request.to.tag().unwrap_or_default().to_owned();
        let machine = ServerMachine::Other(OtherServer::Trying);
        let to = way_back(path, &request.echo);
        self.servers.insert(key.clone(), Server { machine, to, leg: Some(call.leg), tag, armed: None });
        self.reoffered(turn, key, call, request)
    }

    /// One offer at a time: while one is open, in either direction, the next one is told to come back (RFC 3261 14.2).
    fn reoffered(&mut self, turn: &mut Turn, key: ServerKey, call: &mut Call, request: Box<Request>) -> After {
        let standing = matches!(call.stage, Stage::Standing { .. });
        if !standing || call.has_open_offer() {
            self.counters.answered_491 += 1;
            self.refuse(turn, &key, &request.echo, 491, |draft| draft);
            return After::Stays;
        }
        match self.offer_in(&request) {
            Ok(offer) => {
                call.reoffer = Some(Reoffer { key, request });
                turn.tell(Event::Reoffered { leg: call.leg, offer });
            }
            Err(unusable) => {
                self.count(unusable.status());
                self.refuse(turn, &key, &request.echo, unusable.status(), |draft| unusable.explained(draft));
            }
        }
        After::Stays
    }

    /// The offer of an INVITE or UPDATE, `None` without body.
    fn offer_in(&self, request: &Request) -> Result<Option<sdp::Offer>, Unusable> {
        if request.body.is_empty() {
            return Ok(None);
        }
        let kind = request.headers.first("Content-Type").unwrap_or_default();
        let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind).trim();
        if !kind.eq_ignore_ascii_case(SDP) {
            return Err(Unusable::Type);
        }
        let encodings = request.headers.entries("Content-Encoding");
        if encodings.iter().any(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(Unusable::Encoding);
        }
        sdp::Offer::parse(&request.body).map(Some).map_err(|_| Unusable::Description)
    }

    fn count(&mut self, status: u16) {
        match status {
            415 => self.counters.answered_415 += 1,
            _ => self.counters.answered_400 += 1,
        }
    }
}

/// Why a body is no offer.
#[derive(Clone, Copy)]
enum Unusable {
    Type,
    Encoding,
    Description,
}

impl Unusable {
    fn status(self) -> u16 {
        match self {
            Self::Type | Self::Encoding => 415,
            Self::Description => 400,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Type | Self::Encoding => reason_phrase(415),
            Self::Description => "Unreadable Session Description",
        }
    }

    fn explained(self, draft: Draft) -> Draft {
        match self {
            Self::Type => draft.with("Accept", SDP),
            Self::Encoding => draft.with("Accept-Encoding", "identity"),
            Self::Description => draft,
        }
    }
}

/// RFC 3261 11.2, and in every 2xx to an INVITE. We support no extension yet, and say so.
pub(super) fn capabilities(draft: Draft) -> Draft {
    draft
        .with("Allow", ALLOW)
        .with("Supported", "")
        .with("Accept", SDP)
        .with("Accept-Encoding", "identity")
        .with("Accept-Language", "en")
}

/// INFO without content is a sign of life. Digits in INFO are not taken: they would be PINs in signalling.
fn informed(request: &Request) -> Draft {
    let draft = |status| request.echo.draft(status, reason_phrase(status), "");
    if request.headers.first("Info-Package").is_some() {
        // RFC 6086 4.2.2; an empty Recv-Info says that we take no package.
        request.echo.draft(469, "Bad Info Package", "").with("Recv-Info", "")
    } else if request.body.is_empty() {
        draft(200)
    } else {
        draft(415).with("Accept", "")
    }
}

/// The number shown, unless the caller asked for privacy (RFC 3323 4.2) or shows the anonymous address (RFC 3261 8.1.1.3).
fn caller(request: &Request) -> CallerNumber {
    let wishes = request.headers.all("Privacy").flat_map(|value| value.split([';', ',']));
    let private = wishes.map(str::trim).any(|wish| !wish.is_empty() && !wish.eq_ignore_ascii_case("none"));
    let uri = Uri::read(&request.from.uri).filter(|uri| !uri.host.eq_ignore_ascii_case("anonymous.invalid"));
    match uri.and_then(|uri| uri.user).filter(|user| !private && !user.eq_ignore_ascii_case("anonymous")) {
        Some(user) => CallerNumber::new(user),
        None => CallerNumber::withheld(),
    }
}
