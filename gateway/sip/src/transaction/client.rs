//! Our side of a request that we sent: INVITE (RFC 3261 17.1.1, RFC 6026 7.2) and every other method (17.1.2).

use super::{Act, Again, GIVE_UP, T2, T4, earliest, sent_again};
use std::time::{Duration, Instant};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InviteClient {
    /// Nothing heard yet; timers A and B.
    Calling {
        request: Vec<u8>,
        again: Option<Again>,
        give_up: Instant,
    },
    /// A provisional response came; the call decides how long it rings.
    Proceeding,
    /// Refused; our ACK answers every repetition of the refusal. Timer D.
    Completed {
        ack: Vec<u8>,
        until: Instant,
    },
    /// Accepted; every 2xx, repeated or from another fork, is told to the call. Timer M.
    Accepted {
        until: Instant,
    },
    Terminated,
}

#[derive(Debug)]
pub(crate) enum InviteClientInput {
    Provisional,
    Success,
    /// With the ACK that belongs to it (RFC 3261 17.1.1.3).
    Refusal {
        ack: Vec<u8>,
    },
    TimePassed,
}

impl InviteClient {
    pub(crate) fn new(request: Vec<u8>, reliable: bool, now: Instant, out: &mut Vec<Act>) -> Self {
        out.push(Act::Send(request.clone()));
        let again = (!reliable).then(|| Again::after(now, GIVE_UP));
        Self::Calling { request, again, give_up: now + GIVE_UP }
    }

    pub(crate) fn handle(self, input: InviteClientInput, reliable: bool, now: Instant, out: &mut Vec<Act>) -> Self {
        use InviteClientInput as In;
        match self {
            Self::Calling { request, again, give_up } => match input {
                In::Provisional => {
                    out.push(Act::Tell);
                    Self::Proceeding
                }
                In::Success => accepted(now, out),
                In::Refusal { ack } => refused(ack, reliable, now, out),
                In::TimePassed if now >= give_up => {
                    out.push(Act::TimedOut);
                    Self::Terminated
                }
                In::TimePassed => {
                    let again = sent_again(&request, again, now, out);
                    Self::Calling { request, again, give_up }
                }
            },
            Self::Proceeding => match input {
                In::Provisional => {
                    out.push(Act::Tell);
                    Self::Proceeding
                }
                In::Success => accepted(now, out),
                In::Refusal { ack } => refused(ack, reliable, now, out),
                In::TimePassed => Self::Proceeding,
            },
            Self::Completed { ack, until } => match input {
                In::Refusal { .. } => {
                    out.push(Act::SendAgain(ack.clone()));
                    Self::Completed { ack, until }
                }
                In::TimePassed if now >= until => Self::Terminated,
                In::Provisional | In::Success | In::TimePassed => Self::Completed { ack, until },
            },
            Self::Accepted { until } => match input {
                In::Success => {
                    out.push(Act::Tell);
                    Self::Accepted { until }
                }
                In::TimePassed if now >= until => Self::Terminated,
                In::Provisional | In::Refusal { .. } | In::TimePassed => Self::Accepted { until },
            },
            Self::Terminated => match input {
                In::Provisional | In::Success | In::Refusal { .. } | In::TimePassed => Self::Terminated,
            },
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Calling { again, give_up, .. } => earliest([again.map(|again| again.at), Some(*give_up)]),
            Self::Completed { until, .. } | Self::Accepted { until } => Some(*until),
            Self::Proceeding | Self::Terminated => None,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OtherClient {
    /// Timers E and F.
    Trying {
        request: Vec<u8>,
        again: Option<Again>,
        give_up: Instant,
    },
    /// A provisional response came: asked again every T2 only.
    Proceeding {
        request: Vec<u8>,
        again: Option<Again>,
        give_up: Instant,
    },
    /// Repeated answers are swallowed. Timer K.
    Completed {
        until: Instant,
    },
    Terminated,
}

#[derive(Debug)]
pub(crate) enum OtherClientInput {
    Provisional,
    Final,
    TimePassed,
}

impl OtherClient {
    pub(crate) fn new(request: Vec<u8>, reliable: bool, now: Instant, out: &mut Vec<Act>) -> Self {
        out.push(Act::Send(request.clone()));
        let again = (!reliable).then(|| Again::after(now, T2));
        Self::Trying { request, again, give_up: now + GIVE_UP }
    }

    pub(crate) fn handle(self, input: OtherClientInput, reliable: bool, now: Instant, out: &mut Vec<Act>) -> Self {
        use OtherClientInput as In;
        match self {
            Self::Trying { request, again, give_up } => match input {
                In::Provisional => {
                    let again = again.map(|_| Again { at: now + T2, pause: T2, longest: T2 });
                    Self::Proceeding { request, again, give_up }
                }
                In::Final => answered(reliable, now, out),
                In::TimePassed if now >= give_up => {
                    out.push(Act::TimedOut);
                    Self::Terminated
                }
                In::TimePassed => {
                    let again = sent_again(&request, again, now, out);
                    Self::Trying { request, again, give_up }
                }
            },
            Self::Proceeding { request, again, give_up } => match input {
                In::Provisional => Self::Proceeding { request, again, give_up },
                In::Final => answered(reliable, now, out),
                In::TimePassed if now >= give_up => {
                    out.push(Act::TimedOut);
                    Self::Terminated
                }
                In::TimePassed => {
                    let again = sent_again(&request, again, now, out);
                    Self::Proceeding { request, again, give_up }
                }
            },
            Self::Completed { until } => match input {
                In::TimePassed if now >= until => Self::Terminated,
                In::Provisional | In::Final | In::TimePassed => Self::Completed { until },
            },
            Self::Terminated => match input {
                In::Provisional | In::Final | In::TimePassed => Self::Terminated,
            },
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Trying { again, give_up, .. } | Self::Proceeding { again, give_up, .. } => {
                earliest([again.map(|again| again.at), Some(*give_up)])
            }
            Self::Completed { until } => Some(*until),
            Self::Terminated => None,
        }
    }
}

fn accepted(now: Instant, out: &mut Vec<Act>) -> InviteClient {
    out.push(Act::Tell);
    InviteClient::Accepted { until: now + GIVE_UP }
}

fn refused(ack: Vec<u8>, reliable: bool, now: Instant, out: &mut Vec<Act>) -> InviteClient {
    out.push(Act::Send(ack.clone()));
    out.push(Act::Tell);
    InviteClient::Completed { ack, until: now + if reliable { Duration::ZERO } else { GIVE_UP } }
}

fn answered(reliable: bool, now: Instant, out: &mut Vec<Act>) -> OtherClient {
    out.push(Act::Tell);
    OtherClient::Completed { until: now + if reliable { Duration::ZERO } else { T4 } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::begin;

    #[test]
    fn an_invite_nobody_hears_is_sent_seven_times_in_32_seconds() {
        let begin = begin();
        let mut out = Vec::new();
        let mut machine = InviteClient::new(b"INVITE".to_vec(), false, begin, &mut out);
        let mut at = vec![0];
        while let Some(wake) = machine.deadline() {
            machine = machine.handle(InviteClientInput::TimePassed, false, wake, &mut out);
            at.push((wake - begin).as_millis());
        }
        assert_eq!(at, [0, 500, 1500, 3500, 7500, 15500, 31500, 32000]);
        assert_eq!(out.iter().filter(|act| matches!(act, Act::SendAgain(_))).count(), 6);
        assert_eq!(out.last(), Some(&Act::TimedOut));
    }

    #[test]
    fn another_request_is_sent_eleven_times_in_32_seconds() {
        let begin = begin();
        let mut out = Vec::new();
        let mut machine = OtherClient::new(b"BYE".to_vec(), false, begin, &mut out);
        let mut at = vec![0];
        while let Some(wake) = machine.deadline() {
            machine = machine.handle(OtherClientInput::TimePassed, false, wake, &mut out);
            at.push((wake - begin).as_millis());
        }
        assert_eq!(at, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500, 32000]);
        assert_eq!(out.last(), Some(&Act::TimedOut));
    }

    #[test]
    fn a_repeated_refusal_is_acknowledged_again_and_told_once() {
        let begin = begin();
        let mut out = Vec::new();
        let machine = InviteClient::new(b"INVITE".to_vec(), false, begin, &mut out);
        let refusal = || InviteClientInput::Refusal { ack: b"ACK".to_vec() };
        let machine = machine.handle(refusal(), false, begin, &mut out);
        let machine = machine.handle(refusal(), false, begin, &mut out);
        assert_eq!(out.iter().filter(|act| **act == Act::Tell).count(), 1);
        assert_eq!(out.last(), Some(&Act::SendAgain(b"ACK".to_vec())));
        let machine = machine.handle(InviteClientInput::TimePassed, false, begin + GIVE_UP, &mut out);
        assert_eq!(machine, InviteClient::Terminated);
    }

    #[test]
    fn over_tcp_nothing_is_sent_twice() {
        let begin = begin();
        let mut out = Vec::new();
        let mut machine = InviteClient::new(b"INVITE".to_vec(), true, begin, &mut out);
        while let Some(wake) = machine.deadline() {
            machine = machine.handle(InviteClientInput::TimePassed, true, wake, &mut out);
        }
        assert_eq!(out, [Act::Send(b"INVITE".to_vec()), Act::TimedOut]);
    }
}
