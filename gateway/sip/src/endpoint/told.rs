//! What they answer to requests of ours (RFC 3261 8.1.3, 9.1, 13.2.2, 15.1.1).
//!
//! Not here: requests (`asked`).

use super::{After, Client, ClientMachine, Endpoint, Turn};
use crate::{
    Ended, Event, Leg, Path, Transport,
    call::{Acked, Call, Cancel, ClientKey, Stage},
    dialog::{Dialog, DialogId},
    sdp,
    transaction::{Act, GIVE_UP, InviteClient, InviteClientInput, OtherClientInput},
    wire::{Method, Response},
};

impl Endpoint {
    pub(super) fn told(&mut self, turn: &mut Turn, response: Response) {
        let branch = response.via.branch().unwrap_or_default().to_owned();
        let key = ClientKey { branch, method: response.cseq.method.clone() };
        let Some(client) = self.clients.get(&key) else {
            self.counters.strays += 1;
            return;
        };
        match (&client.machine, response.status) {
            (ClientMachine::Invite(_), ..200) => {
                self.feed_our_invite(turn, &key, InviteClientInput::Provisional, Some(&response));
            }
            (ClientMachine::Invite(_), 200..300) => {
                self.feed_our_invite(turn, &key, InviteClientInput::Success, Some(&response));
            }
            (ClientMachine::Invite(_), 300..) => {
                let call = client.leg.and_then(|leg| self.calls.get(&leg));
                let ack = match call.map(|call| (&call.stage, &call.dialog, &call.asked)) {
                    Some((Stage::Calling(calling), ..)) => calling.ack_of_refusal(&response),
                    Some((_, Some(dialog), Some(asked))) => dialog.ack(asked.cseq, &asked.key.branch).1.bytes(),
                    // Completed knows its ACK already; this one is not used.
                    Some((Stage::Offered { .. } | Stage::Standing { .. } | Stage::Leaving, ..)) | None => Vec::new(),
                };
                self.feed_our_invite(turn, &key, InviteClientInput::Refusal { ack }, Some(&response));
            }
            (ClientMachine::Other(_), ..200) => {
                self.feed_our_other(turn, &key, OtherClientInput::Provisional, response.status);
            }
            (ClientMachine::Other(_), 200..) => {
                self.feed_our_other(turn, &key, OtherClientInput::Final, response.status);
            }
        }
    }

    pub(super) fn feed_our_invite(
        &mut self,
        turn: &mut Turn,
        key: &ClientKey,
        input: InviteClientInput,
        response: Option<&Response>,
    ) {
        let Some(mut client) = self.clients.remove(key) else { return };
        let mut acts = Vec::new();
        client.machine = match client.machine {
            ClientMachine::Invite(machine) => {
                let reliable = client.path.transport == Transport::Tcp;
                ClientMachine::Invite(machine.handle(input, reliable, turn.now, &mut acts))
            }
            ClientMachine::Other(machine) => ClientMachine::Other(machine),
        };
        let leg = client.leg;
        self.asking(turn, key, client, &acts);
        let Some(leg) = leg else { return };
        for act in acts {
            match (act, response) {
                (Act::Tell, Some(response)) => self.invite_answered(turn, leg, response),
                (Act::TimedOut, _) => self.on_call(turn, leg, |endpoint, turn, call| match call.stage {
                    Stage::Standing { .. } => endpoint.reoffer_refused(turn, call, 408),
                    Stage::Offered { .. } | Stage::Calling(_) | Stage::Leaving => fail(turn, call, 408),
                }),
                (Act::Tell, None) | (Act::Send(_) | Act::SendAgain(_), _) => {}
            }
        }
    }

    pub(super) fn feed_our_other(&mut self, turn: &mut Turn, key: &ClientKey, input: OtherClientInput, status: u16) {
        let Some(mut client) = self.clients.remove(key) else { return };
        let mut acts = Vec::new();
        client.machine = match client.machine {
            ClientMachine::Other(machine) => {
                let reliable = client.path.transport == Transport::Tcp;
                ClientMachine::Other(machine.handle(input, reliable, turn.now, &mut acts))
            }
            ClientMachine::Invite(machine) => ClientMachine::Invite(machine),
        };
        let leg = client.leg;
        self.asking(turn, key, client, &acts);
        let over = acts.iter().any(|act| matches!(act, Act::Tell | Act::TimedOut));
        if let Some(leg) = leg.filter(|_| over) {
            self.on_call(turn, leg, |_, turn, call| match (&call.stage, &key.method) {
                (Stage::Leaving, Method::Bye) => After::Gone,
                // The INVITE this CANCEL was for is not known there any more (RFC 3261 9.2).
                (Stage::Calling(_), Method::Cancel) if matches!(status, 408 | 481) => fail(turn, call, 487),
                // The answer to nothing else that we ask is the end of a call.
                (
                    Stage::Offered { .. } | Stage::Calling(_) | Stage::Standing { .. } | Stage::Leaving,
                    Method::Invite | Method::Ack | Method::Cancel | Method::Bye,
                ) => After::Stays,
                (
                    Stage::Offered { .. } | Stage::Calling(_) | Stage::Standing { .. } | Stage::Leaving,
                    Method::Options | Method::Info | Method::Update | Method::Other(_),
                ) => After::Stays,
            });
        }
    }

    /// A request of ours whose connection is gone.
    pub(super) fn nobody_answers(&mut self, turn: &mut Turn, key: &ClientKey) {
        let Some(client) = self.clients.remove(key) else { return };
        self.disarm(client.armed);
        let Some(leg) = client.leg else { return };
        match client.machine {
            ClientMachine::Invite(InviteClient::Calling { .. } | InviteClient::Proceeding) => {
                self.on_call(turn, leg, |endpoint, turn, call| match call.stage {
                    Stage::Standing { .. } => endpoint.reoffer_refused(turn, call, 503),
                    Stage::Offered { .. } | Stage::Calling(_) | Stage::Leaving => fail(turn, call, 503),
                });
            }
            // Answered already.
            ClientMachine::Invite(
                InviteClient::Completed { .. } | InviteClient::Accepted { .. } | InviteClient::Terminated,
            ) => {}
            ClientMachine::Other(_) => self.on_call(turn, leg, |_, _, call| match (&call.stage, &key.method) {
                (Stage::Leaving, Method::Bye) => After::Gone,
                _ => After::Stays,
            }),
        }
    }

    fn invite_answered(&mut self, turn: &mut Turn, leg: Leg, response: &Response) {
        self.on_call(turn, leg, |endpoint, turn, call| match &mut call.stage {
            Stage::Calling(calling) => match response.status {
                ..200 => {
                    calling.provisional = true;
                    if response.status > 100 && calling.cancel == Cancel::Unwanted {
                        turn.tell(Event::Ringing { leg });
                    }
                    endpoint.cancel_if_wanted(turn, call);
                    After::Stays
                }
                200..300 => endpoint.accepted(turn, call, response),
                status => fail(turn, call, status),
            },
            Stage::Standing { .. } | Stage::Leaving
                if call.asked.as_ref().is_some_and(|asked| asked.cseq == response.cseq.number) =>
            {
                match response.status {
                    ..200 => After::Stays,
                    200..300 => endpoint.reoffer_accepted(turn, call, response),
                    status => endpoint.reoffer_refused(turn, call, status),
                }
            }
            Stage::Standing { .. } | Stage::Leaving => {
                endpoint.accepted_again(turn, call, response);
                After::Stays
            }
            Stage::Offered { .. } => After::Stays,
        });
    }

    /// The CANCEL goes out as soon as it may, and the wait for the end of the INVITE is bounded from then on.
    pub(super) fn cancel_if_wanted(&mut self, turn: &mut Turn, call: &mut Call) {
        let Stage::Calling(calling) = &mut call.stage else { return };
        let Cancel::Wanted { reason } = &calling.cancel else { return };
        if !calling.provisional {
            return;
        }
        let bytes = super::with_reason(calling.cancel_draft(), reason.as_deref()).bytes();
        let key = ClientKey { branch: calling.key.branch.clone(), method: Method::Cancel };
        let path = calling.path;
        calling.cancel = Cancel::Sent;
        call.patience = Some(turn.now + GIVE_UP);
        self.ask_other(turn, key, path, bytes, Some(call.leg));
    }

    fn accepted(&mut self, turn: &mut Turn, call: &mut Call, response: &Response) -> After {
        let Stage::Calling(calling) = &call.stage else { return After::Stays };
        let Some(dialog) = Dialog::calling(&calling.from, calling.cseq, response, calling.path) else {
            // Without a Contact there is nobody to acknowledge.
            return fail(turn, call, 500);
        };
        let ack = self.ack(turn, &dialog, calling.cseq);
        let hung_up = calling.cancel != Cancel::Unwanted;
        call.patience = None;
        self.in_setup.remove(&call.leg);
        self.dialogs.insert(dialog.id.clone(), call.leg);
        call.dialog = Some(dialog);
        call.stage = Stage::Standing { ack: Some(ack) };
        match sdp::Answer::parse(&response.body) {
            _ if hung_up => self.leave(turn, call, Ended::ByUs, None),
            Ok(answer) => {
                turn.tell(Event::Answered { leg: call.leg, answer });
                After::Stays
            }
            Err(_) => {
                turn.tell(Event::Failed { leg: call.leg, status: 488 });
                if let Some(dialog) = call.dialog.take() {
                    self.dialogs.remove(&dialog.id);
                    self.drop_dialog(turn, dialog);
                }
                After::Gone
            }
        }
    }

    pub(super) fn ack(&mut self, turn: &mut Turn, dialog: &Dialog, cseq: u32) -> Acked {
        let branch = self.branch();
        let (path, draft) = dialog.ack(cseq, &branch);
        let bytes = draft.bytes();
        self.send(turn, path, bytes.clone());
        Acked { cseq, path, bytes }
    }

    /// A 2xx after the first: the same again wants the same ACK, another fork an ACK and a BYE (RFC 3261 13.2.2.4).
    fn accepted_again(&mut self, turn: &mut Turn, call: &mut Call, response: &Response) {
        let Some(dialog) = &call.dialog else { return };
        if DialogId::told(response) == dialog.id {
            if let Stage::Standing { ack: Some(Acked { cseq, path, bytes }) } = &call.stage
                && *cseq == response.cseq.number
            {
                self.counters.retransmissions += 1;
                self.send(turn, *path, bytes.clone());
            }
            return;
        }
        let from = response.headers.first("From").unwrap_or_default();
        let Some(fork) = Dialog::calling(from, response.cseq.number, response, dialog.path) else { return };
        let branch = self.branch();
        let (path, draft) = fork.ack(response.cseq.number, &branch);
        self.send(turn, path, draft.bytes());
        self.drop_dialog(turn, fork);
    }

    /// Nobody decided for too long.
    pub(super) fn out_of_patience(&mut self, turn: &mut Turn, call: &mut Call) -> After {
        match &mut call.stage {
            Stage::Offered { invite, key } => {
                self.refuse(turn, key, &invite.echo, 480, |draft| draft);
                turn.ended(call.leg, Ended::ByUs);
                After::Gone
            }
            Stage::Calling(calling) => match calling.cancel {
                Cancel::Sent => fail(turn, call, 408),
                Cancel::Unwanted | Cancel::Wanted { .. } => {
                    calling.cancel = Cancel::Wanted { reason: None };
                    calling.provisional = true;
                    self.cancel_if_wanted(turn, call);
                    After::Stays
                }
            },
            Stage::Standing { .. } | Stage::Leaving => After::Stays,
        }
    }

    /// Remembers an INVITE of ours and sends it.
    pub(super) fn ask_invite(&mut self, turn: &mut Turn, key: &ClientKey, path: Path, leg: Leg, bytes: Vec<u8>) {
        let mut acts = Vec::new();
        let reliable = path.transport == Transport::Tcp;
        let machine = ClientMachine::Invite(InviteClient::new(bytes, reliable, turn.now, &mut acts));
        let client = Client { machine, path, leg: Some(leg), armed: None };
        self.asking(turn, key, client, &acts);
    }
}

/// A call of ours came to nothing: by their refusal, or because we took it back.
fn fail(turn: &mut Turn, call: &mut Call, status: u16) -> After {
    let Stage::Calling(calling) = &call.stage else { return After::Stays };
    match calling.cancel {
        Cancel::Unwanted => turn.tell(Event::Failed { leg: call.leg, status }),
        Cancel::Wanted { .. } | Cancel::Sent => turn.ended(call.leg, Ended::ByUs),
    }
    After::Gone
}
