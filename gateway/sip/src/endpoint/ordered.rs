//! What the shell orders. An order for a leg that is gone, or in the wrong stage, does nothing: a CANCEL may have
//! overtaken it, and the event that says so is on its way.
//!
//! Not here: what we do on our own (`asked`, `told`).

use super::{ALLOW, After, Endpoint, PATIENCE, SDP, Turn, asked::capabilities, quotable, reason_phrase, with_reason};
use crate::{
    Command, Ended, Event, Leg, Output, Path,
    call::{Call, Calling, Cancel, ClientKey, Reoffer, Stage, Unacked},
    dialog::{our_contact, via},
    headers::Uri,
    transaction::{InviteServerInput, OtherServerInput},
    wire::{Draft, Method, Request},
};
use std::{net::SocketAddr, time::Instant};

impl Endpoint {
    /// Carries out an order of the shell.
    pub fn command(&mut self, now: Instant, command: Command, out: &mut Vec<Output>) {
        let turn = &mut Turn { now, out };
        match command {
            Command::Ring { leg } => self.on_call(turn, leg, Self::ring_them),
            Command::Answer { leg, sdp, contact } => {
                self.on_call(turn, leg, |endpoint, turn, call| endpoint.answer(turn, call, &sdp, contact));
            }
            Command::Reject { leg, status, retry_after, warning } => self.on_call(turn, leg, |endpoint, turn, call| {
                endpoint.reject(turn, call, final_refusal(status), |draft| {
                    let draft = match retry_after {
                        Some(seconds) => draft.with("Retry-After", &seconds.to_string()),
                        None => draft,
                    };
                    with_warning(draft, warning.as_deref())
                })
            }),
            Command::Accept { leg, sdp } => {
                self.on_call(turn, leg, |endpoint, turn, call| endpoint.accept(turn, call, &sdp));
            }
            Command::Refuse { leg, status, warning } => self.on_call(turn, leg, |endpoint, turn, call| {
                if let Some(open) = call.reoffer.take() {
                    let status = final_refusal(status);
                    endpoint.count_refusal(status);
                    endpoint.refuse(turn, &open.key, &open.request.echo, status, |draft| {
                        with_warning(draft, warning.as_deref())
                    });
                }
                After::Stays
            }),
            Command::Reoffer { leg, sdp } => {
                self.on_call(turn, leg, |endpoint, turn, call| endpoint.reoffer(turn, call, &sdp));
            }
            Command::HangUp { leg, reason } => {
                self.on_call(turn, leg, |endpoint, turn, call| endpoint.hang_up(turn, call, reason));
            }
            Command::Invite { leg, path, to, from, contact, sdp } => {
                self.invite(turn, leg, path, (&to, &from), contact, &sdp);
            }
        }
    }

    fn ring_them(&mut self, turn: &mut Turn, call: &mut Call) -> After {
        if let Stage::Offered { invite, key } = &call.stage
            && let Some(server) = self.servers.get(key)
        {
            let draft = in_dialog_answer(invite, 180, &server.tag, &call.contact);
            self.feed_invite(turn, key, InviteServerInput::Provisional(draft.bytes()));
        }
        After::Stays
    }

    fn answer(&mut self, turn: &mut Turn, call: &mut Call, sdp: &str, contact: SocketAddr) -> After {
        let Stage::Offered { invite, key } = &call.stage else { return After::Stays };
        let Some(server) = self.servers.get(key) else { return After::Stays };
        call.contact = our_contact(server.to.transport, contact);
        let draft = in_dialog_answer(invite, 200, &server.tag, &call.contact);
        let bytes = capabilities(draft.with("Server", &self.config.user_agent)).bytes_with_sdp(sdp);
        let unacked = Unacked::new(invite, bytes.clone(), server.to, true, turn.now);
        self.feed_invite(turn, key, InviteServerInput::Success(bytes));
        call.unacked = Some(unacked);
        call.patience = None;
        call.stage = Stage::Standing { ack: None };
        After::Stays
    }

    fn reject(&mut self, turn: &mut Turn, call: &mut Call, status: u16, more: impl FnOnce(Draft) -> Draft) -> After {
        let Stage::Offered { invite, key } = &call.stage else { return After::Stays };
        self.count_refusal(status);
        self.refuse(turn, key, &invite.echo, status, more);
        turn.ended(call.leg, Ended::ByUs);
        After::Gone
    }

    fn count_refusal(&mut self, status: u16) {
        match status {
            488 => self.counters.answered_488 += 1,
            503 => self.counters.answered_503 += 1,
            _ => {}
        }
    }

    fn accept(&mut self, turn: &mut Turn, call: &mut Call, sdp: &str) -> After {
        let Some(Reoffer { key, request }) = call.reoffer.take() else { return After::Stays };
        let Some(server) = self.servers.get(&key) else { return After::Stays };
        if let Some(dialog) = &mut call.dialog {
            dialog.refresh(&request.headers);
        }
        let draft = in_dialog_answer(&request, 200, &server.tag, &call.contact);
        let bytes = capabilities(draft.with("Server", &self.config.user_agent)).bytes_with_sdp(sdp);
        match &request.method {
            Method::Invite => {
                call.unacked = Some(Unacked::new(&request, bytes.clone(), server.to, false, turn.now));
                self.feed_invite(turn, &key, InviteServerInput::Success(bytes));
            }
            Method::Update => self.feed_other(turn, &key, OtherServerInput::Final(bytes)),
            Method::Ack | Method::Cancel | Method::Bye | Method::Options | Method::Info | Method::Other(_) => {}
        }
        After::Stays
    }

    fn hang_up(&mut self, turn: &mut Turn, call: &mut Call, reason: Option<String>) -> After {
        match &mut call.stage {
            Stage::Offered { .. } => self.reject(turn, call, 487, |draft| with_reason(draft, reason.as_deref())),
            Stage::Calling(calling) => {
                if calling.cancel == Cancel::Unwanted {
                    calling.cancel = Cancel::Wanted { reason };
                    self.cancel_if_wanted(turn, call);
                }
                After::Stays
            }
            Stage::Standing { .. } => match &mut call.unacked {
                // RFC 3261 15: the answering side must not send a BYE before the ACK or the end of the wait for it.
                Some(unacked) if unacked.first => {
                    unacked.then_bye.get_or_insert(reason);
                    After::Stays
                }
                Some(_) | None => self.leave(turn, call, Ended::ByUs, reason.as_deref()),
            },
            Stage::Leaving => After::Stays,
        }
    }

    fn invite(
        &mut self,
        turn: &mut Turn,
        leg: Leg,
        path: Path,
        (to, from): (&str, &str),
        contact: SocketAddr,
        sdp: &str,
    ) {
        let readable = Uri::read(to).is_some() && Uri::read(from).is_some();
        if self.calls.contains_key(&leg) || !readable {
            return turn.tell(Event::Failed { leg, status: 400 });
        }
        if self.calls.len() >= self.config.limits.calls {
            return turn.tell(Event::Failed { leg, status: 503 });
        }
        let (branch, tag, call_id) = (self.branch(), self.word(), self.word());
        let calling = Calling {
            via: via(&path, &branch),
            key: ClientKey { branch, method: Method::Invite },
            path,
            uri: to.to_owned(),
            from: format!("<{from}>;tag={tag}"),
            to: format!("<{to}>"),
            call_id,
            cseq: 1,
            provisional: false,
            cancel: Cancel::Unwanted,
        };
        let contact = our_contact(path.transport, contact);
        let bytes = calling
            .invite_draft()
            .with("Contact", &contact)
            .with("Allow", ALLOW)
            .with("Supported", "")
            .with("Accept", SDP)
            .with("User-Agent", &self.config.user_agent)
            .bytes_with_sdp(sdp);
        self.counters.calls_out += 1;
        self.in_setup.insert(leg);
        self.ask_invite(turn, &calling.key, path, leg, bytes);
        let call = Call {
            leg,
            dialog: None,
            stage: Stage::Calling(Box::new(calling)),
            unacked: None,
            reoffer: None,
            asked: None,
            contact,
            patience: Some(turn.now + PATIENCE),
            armed: None,
        };
        self.calls.insert(leg, call);
        self.on_call(turn, leg, |_, _, _| After::Stays);
    }
}

/// An answer that makes or keeps a dialogue: route and Contact go with it (RFC 3261 12.1.1).
fn in_dialog_answer(request: &Request, status: u16, tag: &str, contact: &str) -> Draft {
    request
        .echo
        .draft(status, reason_phrase(status), tag)
        .with_all("Record-Route", request.headers.entries("Record-Route"))
        .with("Contact", contact)
}

fn final_refusal(status: u16) -> u16 {
    if (300..700).contains(&status) { status } else { 500 }
}

/// RFC 3261 20.43; 399 is "miscellaneous", the agent a pseudonym.
fn with_warning(draft: Draft, warning: Option<&str>) -> Draft {
    match warning {
        Some(text) => draft.with("Warning", &format!("399 gateway \"{}\"", quotable(text))),
        None => draft,
    }
}
