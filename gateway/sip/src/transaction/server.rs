//! Our side of a request that they sent: INVITE (RFC 3261 17.2.1, RFC 6026 7.1) and every other method (17.2.2).

use super::{Act, Again, GIVE_UP, T2, T4, earliest, sent_again};
use std::time::{Duration, Instant};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InviteServer {
    /// 100 is out from the first moment on, later 180.
    Proceeding {
        last: Vec<u8>,
    },
    /// A refusal is out; sent again until the ACK. `again` is `None` over TCP.
    Completed {
        last: Vec<u8>,
        again: Option<Again>,
        give_up: Instant,
    },
    /// The ACK is there; further ones are swallowed.
    Confirmed {
        until: Instant,
    },
    /// A 2xx is out; the call sends it again, we swallow repeated INVITEs.
    Accepted {
        until: Instant,
    },
    Terminated,
}

#[derive(Debug)]
pub(crate) enum InviteServerInput {
    /// The same INVITE once more.
    Request,
    /// An ACK of the same transaction, so one for a refusal.
    Ack,
    Provisional(Vec<u8>),
    Success(Vec<u8>),
    Refusal(Vec<u8>),
    TimePassed,
}

impl InviteServer {
    pub(crate) fn new(trying: Vec<u8>, out: &mut Vec<Act>) -> Self {
        out.push(Act::Send(trying.clone()));
        Self::Proceeding { last: trying }
    }

    pub(crate) fn handle(self, input: InviteServerInput, reliable: bool, now: Instant, out: &mut Vec<Act>) -> Self {
        use InviteServerInput as In;
        match self {
            Self::Proceeding { last } => match input {
                In::Request => {
                    out.push(Act::SendAgain(last.clone()));
                    Self::Proceeding { last }
                }
                In::Provisional(bytes) => {
                    out.push(Act::Send(bytes.clone()));
                    Self::Proceeding { last: bytes }
                }
                In::Success(bytes) => {
                    out.push(Act::Send(bytes));
                    Self::Accepted { until: now + GIVE_UP }
                }
                In::Refusal(bytes) => {
                    out.push(Act::Send(bytes.clone()));
                    let again = (!reliable).then(|| Again::after(now, T2));
                    Self::Completed { last: bytes, again, give_up: now + GIVE_UP }
                }
                In::Ack | In::TimePassed => Self::Proceeding { last },
            },
            Self::Completed { last, again, give_up } => match input {
                In::Request => {
                    out.push(Act::SendAgain(last.clone()));
                    Self::Completed { last, again, give_up }
                }
                In::Ack => Self::Confirmed { until: if reliable { now } else { now + T4 } },
                In::TimePassed if now >= give_up => {
                    out.push(Act::TimedOut);
                    Self::Terminated
                }
                In::TimePassed => {
                    let again = sent_again(&last, again, now, out);
                    Self::Completed { last, again, give_up }
                }
                In::Provisional(_) | In::Success(_) | In::Refusal(_) => Self::Completed { last, again, give_up },
            },
            Self::Confirmed { until } => match input {
                In::TimePassed if now >= until => Self::Terminated,
                In::Request | In::Ack | In::Provisional(_) | In::Success(_) | In::Refusal(_) | In::TimePassed => {
                    Self::Confirmed { until }
                }
            },
            Self::Accepted { until } => match input {
                In::TimePassed if now >= until => Self::Terminated,
                In::Request | In::Ack | In::Provisional(_) | In::Success(_) | In::Refusal(_) | In::TimePassed => {
                    Self::Accepted { until }
                }
            },
            Self::Terminated => match input {
                In::Request | In::Ack | In::Provisional(_) | In::Success(_) | In::Refusal(_) | In::TimePassed => {
                    Self::Terminated
                }
            },
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Proceeding { .. } | Self::Terminated => None,
            Self::Completed { again, give_up, .. } => earliest([again.map(|again| again.at), Some(*give_up)]),
            Self::Confirmed { until } | Self::Accepted { until } => Some(*until),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OtherServer {
    /// Waiting for the answer; repeated requests are swallowed.
    Trying,
    /// The answer is out and is given again to whoever asks again.
    Completed {
        last: Vec<u8>,
        until: Instant,
    },
    Terminated,
}

#[derive(Debug)]
pub(crate) enum OtherServerInput {
    Request,
    Final(Vec<u8>),
    TimePassed,
}

impl OtherServer {
    pub(crate) fn handle(self, input: OtherServerInput, reliable: bool, now: Instant, out: &mut Vec<Act>) -> Self {
        use OtherServerInput as In;
        match self {
            Self::Trying => match input {
                In::Final(bytes) => {
                    out.push(Act::Send(bytes.clone()));
                    Self::Completed { last: bytes, until: now + if reliable { Duration::ZERO } else { GIVE_UP } }
                }
                In::Request | In::TimePassed => Self::Trying,
            },
            Self::Completed { last, until } => match input {
                In::Request => {
                    out.push(Act::SendAgain(last.clone()));
                    Self::Completed { last, until }
                }
                In::TimePassed if now >= until => Self::Terminated,
                In::Final(_) | In::TimePassed => Self::Completed { last, until },
            },
            Self::Terminated => match input {
                In::Request | In::Final(_) | In::TimePassed => Self::Terminated,
            },
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Trying | Self::Terminated => None,
            Self::Completed { until, .. } => Some(*until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::begin;

    fn run(
        mut machine: InviteServer,
        inputs: Vec<(u64, InviteServerInput)>,
        reliable: bool,
    ) -> (InviteServer, Vec<Act>) {
        let begin = begin();
        let mut out = Vec::new();
        for (ms, input) in inputs {
            machine = machine.handle(input, reliable, begin + Duration::from_millis(ms), &mut out);
        }
        (machine, out)
    }

    #[test]
    fn a_refusal_is_sent_again_with_growing_pauses_until_32_seconds_are_over() {
        let begin = begin();
        let mut out = Vec::new();
        let mut machine = InviteServer::new(b"100".to_vec(), &mut out);
        machine = machine.handle(InviteServerInput::Refusal(b"486".to_vec()), false, begin, &mut out);
        let mut at = Vec::new();
        while let Some(wake) = machine.deadline() {
            let before = out.len();
            machine = machine.handle(InviteServerInput::TimePassed, false, wake, &mut out);
            if out.len() > before && out.last() != Some(&Act::TimedOut) {
                at.push((wake - begin).as_millis());
            }
        }
        assert_eq!(at, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
        assert_eq!((machine, out.last()), (InviteServer::Terminated, Some(&Act::TimedOut)));
    }

    #[test]
    fn over_tcp_a_refusal_is_not_repeated_and_its_ack_ends_it() {
        use InviteServerInput as In;
        let mut out = Vec::new();
        let machine = InviteServer::new(b"100".to_vec(), &mut out);
        let (machine, out) =
            run(machine, vec![(0, In::Refusal(b"486".to_vec())), (4000, In::TimePassed), (4001, In::Ack)], true);
        assert_eq!(out.len(), 1);
        let (machine, _) = run(machine, vec![(5000, In::TimePassed)], true);
        assert_eq!(machine, InviteServer::Terminated);
    }

    #[test]
    fn a_repeated_invite_gets_the_last_answer_until_a_2xx_is_out() {
        use InviteServerInput as In;
        let mut out = Vec::new();
        let machine = InviteServer::new(b"100".to_vec(), &mut out);
        let inputs = vec![
            (0, In::Request),
            (1, In::Provisional(b"180".to_vec())),
            (2, In::Request),
            (3, In::Success(b"200".to_vec())),
            (4, In::Request),
        ];
        let (machine, out) = run(machine, inputs, false);
        let sent: Vec<_> = out
            .iter()
            .map(|act| match act {
                Act::Send(bytes) | Act::SendAgain(bytes) => bytes.as_slice(),
                Act::Tell | Act::TimedOut => b"",
            })
            .collect();
        assert_eq!(sent, [&b"100"[..], b"180", b"180", b"200"]);
        assert!(matches!(machine, InviteServer::Accepted { .. }));
    }

    #[test]
    fn another_request_gets_its_answer_again_for_32_seconds_and_no_longer() {
        let begin = begin();
        let mut out = Vec::new();
        let machine = OtherServer::Trying.handle(OtherServerInput::Request, false, begin, &mut out);
        assert!(out.is_empty());
        let machine = machine.handle(OtherServerInput::Final(b"200".to_vec()), false, begin, &mut out);
        let machine = machine.handle(OtherServerInput::Request, false, begin, &mut out);
        assert_eq!(out.last(), Some(&Act::SendAgain(b"200".to_vec())));
        assert_eq!(machine.deadline(), Some(begin + GIVE_UP));
        let machine = machine.handle(OtherServerInput::TimePassed, false, begin + GIVE_UP, &mut out);
        assert_eq!(machine, OtherServer::Terminated);
    }
}
