//! Offers of ours in a call that stands: re-INVITEs and what becomes of them (RFC 3261 14.1).
//!
//! Not here: theirs (`asked`), and when a refused one is tried again (the shell).

use super::{ALLOW, After, Endpoint, SDP, Turn};
use crate::{
    Ended, Event,
    call::{Asked, Call, ClientKey, Stage},
    sdp,
    wire::{Method, Response},
};

impl Endpoint {
    pub(super) fn reoffer(&mut self, turn: &mut Turn, call: &mut Call, sdp: &str) -> After {
        let standing = matches!(call.stage, Stage::Standing { .. });
        let busy = !standing || call.has_open_offer();
        let branch = self.branch();
        let Some(dialog) = call.dialog.as_mut().filter(|_| !busy) else {
            turn.tell(Event::Refused { leg: call.leg, status: 491 });
            return After::Stays;
        };
        let (path, draft) = dialog.request(&Method::Invite, &branch);
        let key = ClientKey { branch, method: Method::Invite };
        let asked = Asked { key, cseq: dialog.our_cseq() };
        let bytes = draft
            .with("Contact", &call.contact)
            .with("Allow", ALLOW)
            .with("Supported", "")
            .with("Accept", SDP)
            .with("User-Agent", &self.config.user_agent)
            .bytes_with_sdp(sdp);
        self.ask_invite(turn, &asked.key, path, call.leg, bytes);
        call.asked = Some(asked);
        After::Stays
    }

    pub(super) fn reoffer_accepted(&mut self, turn: &mut Turn, call: &mut Call, response: &Response) -> After {
        let Some(asked) = call.asked.take() else { return After::Stays };
        let Some(dialog) = &mut call.dialog else { return After::Stays };
        dialog.refresh(&response.headers);
        let ack = self.ack(turn, dialog, asked.cseq);
        match &call.stage {
            Stage::Standing { .. } => call.stage = Stage::Standing { ack: Some(ack) },
            // We hung up meanwhile; the ACK is owed all the same.
            Stage::Leaving | Stage::Offered { .. } | Stage::Calling(_) => return After::Stays,
        }
        match sdp::Answer::parse(&response.body) {
            Ok(answer) => {
                turn.tell(Event::Answered { leg: call.leg, answer });
                After::Stays
            }
            // They now send what we cannot know.
            Err(_) => self.leave(turn, call, Ended::ByUs, None),
        }
    }

    /// The call goes on as it was, unless they do not know it any more (RFC 3261 12.2.1.2).
    pub(super) fn reoffer_refused(&mut self, turn: &mut Turn, call: &mut Call, status: u16) -> After {
        if call.asked.take().is_none() || !matches!(call.stage, Stage::Standing { .. }) {
            return After::Stays;
        }
        match status {
            408 | 481 => self.leave(turn, call, Ended::Lost, None),
            status => {
                turn.tell(Event::Refused { leg: call.leg, status });
                After::Stays
            }
        }
    }
}
