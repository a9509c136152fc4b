//! Two endpoints, a network that loses and delays, and a clock that only the test moves.

use super::*;
use proptest::prelude::*;

const CALLER: Leg = Leg(1 << 63);
const CALLED: Leg = Leg(1);
const SECOND: Duration = Duration::from_secs(1);
const DELAY: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Caller,
    Called,
}

type Loses = Box<dyn FnMut(&str, usize) -> bool>;

struct Pair {
    caller: Endpoint,
    called: Endpoint,
    now: Instant,
    /// In flight: when, to whom, what.
    wire: Vec<(Instant, Side, Vec<u8>)>,
    /// First line and count of this very text so far; true loses it.
    loses: Loses,
    seen: std::collections::HashMap<Vec<u8>, usize>,
    heard: Vec<(Side, String)>,
    /// What the called side does by itself when it is called.
    answers: bool,
}

impl Pair {
    fn new(loses: impl FnMut(&str, usize) -> bool + 'static) -> Self {
        Self {
            caller: endpoint(7, 10),
            called: endpoint(8, 10),
            now: begin(),
            wire: Vec::new(),
            loses: Box::new(loses),
            seen: Default::default(),
            heard: Vec::new(),
            answers: true,
        }
    }

    fn call(&mut self) -> &mut Self {
        let (to, from) = ("sip:4711@192.0.2.1:5060".to_owned(), "sip:dial@192.0.2.2".to_owned());
        let path = udp(them(), us());
        self.order(Side::Caller, Command::Invite { leg: CALLER, path, to, from, contact: them(), sdp: offer_text() })
    }

    fn order(&mut self, side: Side, command: Command) -> &mut Self {
        let (mut out, now) = (Vec::new(), self.now);
        self.side(side).command(now, command, &mut out);
        self.carry_out(side, out)
    }

    fn hang_up(&mut self, side: Side) -> &mut Self {
        let leg = if side == Side::Caller { CALLER } else { CALLED };
        self.order(side, Command::HangUp { leg, reason: None })
    }

    fn reoffer(&mut self, side: Side) -> &mut Self {
        let leg = if side == Side::Caller { CALLER } else { CALLED };
        self.order(side, Command::Reoffer { leg, sdp: offer_text() })
    }

    fn side(&mut self, side: Side) -> &mut Endpoint {
        match side {
            Side::Caller => &mut self.caller,
            Side::Called => &mut self.called,
        }
    }

    fn carry_out(&mut self, side: Side, out: Vec<Output>) -> &mut Self {
        for output in out {
            match output {
                Output::Send { bytes, .. } => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let count = self.seen.entry(bytes.clone()).or_default();
                    *count += 1;
                    if !(self.loses)(text.lines().next().unwrap(), *count) {
                        let to = if side == Side::Caller { Side::Called } else { Side::Caller };
                        self.wire.push((self.now + DELAY, to, bytes));
                    }
                }
                Output::Event(event) => {
                    self.heard.push((side, format!("{event:?}")));
                    if let (true, Event::Incoming { leg, .. }) = (self.answers, event) {
                        self.order(side, Command::Answer { leg, sdp: offer_text(), contact: us() });
                    }
                }
            }
        }
        self
    }

    fn wait(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        loop {
            let wire = self.wire.iter().map(|(at, ..)| *at).min();
            let alarms = [self.caller.deadline(), self.called.deadline(), wire];
            let Some(at) = alarms.into_iter().flatten().min().filter(|at| *at <= until) else { break };
            self.now = at.max(self.now);
            for side in [Side::Caller, Side::Called] {
                let (mut out, now) = (Vec::new(), self.now);
                self.side(side).time_passed(now, &mut out);
                self.carry_out(side, out);
            }
            while let Some(due) = self.wire.iter().position(|(at, ..)| *at <= self.now) {
                let (_, to, bytes) = self.wire.remove(due);
                let path = if to == Side::Caller { udp(them(), us()) } else { udp(us(), them()) };
                let (mut out, now) = (Vec::new(), self.now);
                self.side(to).receive(now, path, &bytes, &mut out);
                self.carry_out(to, out);
            }
        }
        self.now = until;
        self
    }

    fn heard_by(&self, side: Side) -> Vec<&str> {
        self.heard.iter().filter(|(who, _)| *who == side).map(|(_, what)| what.as_str()).collect()
    }

    /// Both have forgotten everything.
    fn is_empty(&self) -> bool {
        let empty = |endpoint: &Endpoint| endpoint.legs() == 0 && endpoint.deadline().is_none() && endpoint.is_blank();
        empty(&self.caller) && empty(&self.called) && self.wire.is_empty()
    }
}

const CALLED_HEARS: [&str; 3] = ["Incoming(1, offer: true)", "Confirmed(1, answer: false)", "Ended(1, Bye)"];

#[test]
fn two_endpoints_set_up_and_end_a_call() {
    let mut pair = Pair::new(|_, _| false);
    pair.call().wait(SECOND).hang_up(Side::Caller).wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Called), CALLED_HEARS);
    assert_eq!(pair.heard_by(Side::Caller), [format!("Answered({})", CALLER.0), format!("Ended({}, ByUs)", CALLER.0)]);
    assert!(pair.is_empty());
    assert_eq!(pair.called.counters().retransmissions + pair.caller.counters().retransmissions, 0);
}

#[test]
fn a_lost_200_comes_again_and_a_lost_ack_too() {
    for lost in ["SIP/2.0 200", "ACK", "INVITE", "SIP/2.0 100", "BYE"] {
        let mut pair = Pair::new(move |line, count| line.starts_with(lost) && count < 3);
        pair.call().wait(10 * SECOND).hang_up(Side::Caller).wait(100 * SECOND);
        assert_eq!(pair.heard_by(Side::Called), CALLED_HEARS, "{lost}");
        assert_eq!(pair.heard_by(Side::Caller).len(), 2, "{lost}");
        assert!(pair.is_empty(), "{lost}");
    }
}

#[test]
fn when_no_ack_ever_arrives_both_sides_end() {
    let mut pair = Pair::new(|line, _| line.starts_with("ACK"));
    pair.call().wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Called).last(), Some(&"Ended(1, NoAck)"));
    assert_eq!(pair.heard_by(Side::Caller).last(), Some(&format!("Ended({}, Bye)", CALLER.0).as_str()));
    assert!(pair.is_empty());
}

#[test]
fn a_cancel_that_crosses_the_200_still_ends_the_call_on_both_sides() {
    for quiet_ms in [0, 5, 10, 15, 25] {
        let mut pair = Pair::new(|_, _| false);
        pair.call().wait(Duration::from_millis(quiet_ms)).hang_up(Side::Caller).wait(100 * SECOND);
        let caller = pair.heard_by(Side::Caller);
        assert_eq!(caller.last(), Some(&format!("Ended({}, ByUs)", CALLER.0).as_str()), "{quiet_ms}");
        assert!(matches!(pair.heard_by(Side::Called).last(), Some(&"Ended(1, Bye)")), "{quiet_ms}");
        assert!(pair.is_empty(), "{quiet_ms}");
    }
}

#[test]
fn a_cancel_before_the_answer_is_a_cancelled_call() {
    let mut pair = Pair::new(|line, count| line.starts_with("CANCEL") && count == 1);
    pair.answers = false;
    pair.call().wait(SECOND).order(Side::Called, Command::Ring { leg: CALLED }).wait(SECOND);
    pair.hang_up(Side::Caller).wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Called), ["Incoming(1, offer: true)", "Ended(1, Cancelled)"]);
    let ringing = format!("Ringing({})", CALLER.0);
    assert_eq!(pair.heard_by(Side::Caller), [ringing, format!("Ended({}, ByUs)", CALLER.0)]);
    assert!(pair.is_empty());
}

#[test]
fn a_refusal_reaches_the_caller_even_when_it_and_its_ack_are_lost() {
    let mut pair = Pair::new(|line, count| (line.contains("486") || line.starts_with("ACK")) && count < 3);
    pair.answers = false;
    pair.call().wait(SECOND);
    pair.order(Side::Called, Command::Reject { leg: CALLED, status: 486, retry_after: None, warning: None });
    pair.wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Caller), [format!("Failed({}, 486)", CALLER.0)]);
    assert!(pair.is_empty());
}

#[test]
fn a_caller_whom_nobody_hears_is_told_408() {
    let mut pair = Pair::new(|_, _| true);
    pair.call().wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Caller), [format!("Failed({}, 408)", CALLER.0)]);
    assert!(pair.is_empty());
}

#[test]
fn a_bye_that_is_never_answered_is_given_up() {
    let mut pair = Pair::new(|_, _| false);
    pair.call().wait(SECOND);
    pair.loses = Box::new(|_, _| true);
    pair.hang_up(Side::Called).wait(SECOND);
    assert_eq!(pair.called.legs(), 1);
    pair.wait(100 * SECOND);
    assert_eq!(pair.called.legs(), 0);
}

#[test]
fn an_offer_in_a_standing_call_is_answered_whatever_is_lost_on_the_way() {
    for lost in ["nothing", "INVITE", "SIP/2.0 200", "ACK"] {
        let mut pair = Pair::new(move |line, count| line.starts_with(lost) && count < 3);
        pair.call().wait(10 * SECOND).reoffer(Side::Caller).wait(10 * SECOND);
        assert_eq!(pair.heard_by(Side::Called).last(), Some(&"Reoffered(1, offer: true)"), "{lost}");
        pair.order(Side::Called, Command::Accept { leg: CALLED, sdp: offer_text() }).wait(10 * SECOND);
        let answered = format!("Answered({})", CALLER.0);
        assert_eq!(pair.heard_by(Side::Caller), [answered.as_str(); 2], "{lost}");
        // The called side may ask as well, and the numbers of both go on.
        pair.reoffer(Side::Called).wait(10 * SECOND);
        pair.order(Side::Caller, Command::Accept { leg: CALLER, sdp: offer_text() }).wait(10 * SECOND);
        assert_eq!(pair.heard_by(Side::Called).last(), Some(&"Answered(1)"), "{lost}");
        pair.hang_up(Side::Caller).wait(100 * SECOND);
        assert_eq!(pair.heard_by(Side::Called).last(), Some(&"Ended(1, Bye)"), "{lost}");
        assert!(pair.is_empty(), "{lost}");
    }
}

#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    let mut pair = Pair::new(|line, count| (line.contains("488") || line.starts_with("ACK")) && count < 3);
    pair.call().wait(10 * SECOND).reoffer(Side::Caller).wait(SECOND);
    // One at a time.
    pair.reoffer(Side::Caller);
    assert_eq!(pair.heard_by(Side::Caller).last(), Some(&format!("Refused({}, 491)", CALLER.0).as_str()));
    pair.order(Side::Called, Command::Refuse { leg: CALLED, status: 488, warning: None }).wait(10 * SECOND);
    assert_eq!(pair.heard_by(Side::Caller).last(), Some(&format!("Refused({}, 488)", CALLER.0).as_str()));
    pair.hang_up(Side::Called).wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Caller).last(), Some(&format!("Ended({}, Bye)", CALLER.0).as_str()));
    assert!(pair.is_empty());
}

#[test]
fn offers_that_cross_are_both_told_to_come_back() {
    let mut pair = Pair::new(|_, _| false);
    pair.call().wait(SECOND).reoffer(Side::Caller).reoffer(Side::Called).wait(SECOND);
    assert_eq!(pair.heard_by(Side::Caller).last(), Some(&format!("Refused({}, 491)", CALLER.0).as_str()));
    assert_eq!(pair.heard_by(Side::Called).last(), Some(&"Refused(1, 491)"));
    pair.reoffer(Side::Caller).wait(SECOND);
    assert_eq!(pair.heard_by(Side::Called).last(), Some(&"Reoffered(1, offer: true)"));
    // And a BYE ends a call whose offer is open.
    pair.hang_up(Side::Caller).wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Called).last(), Some(&"Ended(1, Bye)"));
    assert!(pair.is_empty());
}

#[test]
fn an_offer_that_nobody_answers_ends_the_call() {
    let mut pair = Pair::new(|_, _| false);
    pair.call().wait(SECOND);
    pair.loses = Box::new(|_, _| true);
    pair.reoffer(Side::Caller).wait(200 * SECOND);
    assert_eq!(pair.heard_by(Side::Caller).last(), Some(&format!("Ended({}, Lost)", CALLER.0).as_str()));
    assert_eq!(pair.caller.legs(), 0);
}

#[test]
fn the_called_side_hangs_up_before_the_ack_comes() {
    let mut pair = Pair::new(|line, count| line.starts_with("ACK") && count < 4);
    pair.call().wait(SECOND / 10).hang_up(Side::Called).wait(100 * SECOND);
    assert_eq!(pair.heard_by(Side::Called), ["Incoming(1, offer: true)", "Ended(1, ByUs)"]);
    assert_eq!(pair.heard_by(Side::Caller).last(), Some(&format!("Ended({}, Bye)", CALLER.0).as_str()));
    assert!(pair.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// However the network behaves and whoever hangs up when, both sides end, each is told so once, and nothing stays.
    #[test]
    fn every_call_ends_once_on_each_side_and_leaves_nothing(
        losses in proptest::collection::vec(any::<bool>(), 1..60),
        answers in any::<bool>(),
        first_ms in 0_u64..3_000,
        second_ms in 0_u64..3_000,
        caller_first in any::<bool>(),
        offers_anew in any::<bool>(),
    ) {
        let mut fate = losses.into_iter();
        let mut pair = Pair::new(move |_, _| fate.next().unwrap_or(false));
        pair.answers = answers;
        let order = if caller_first { [Side::Caller, Side::Called] } else { [Side::Called, Side::Caller] };
        pair.call().wait(Duration::from_millis(first_ms));
        if offers_anew {
            pair.reoffer(order[1]).wait(Duration::from_millis(second_ms));
        }
        pair.hang_up(order[0]);
        pair.wait(Duration::from_millis(second_ms)).hang_up(order[1]).wait(400 * SECOND);
        prop_assert!(pair.is_empty());
        let over = |what: &&str| what.starts_with("Ended") || what.starts_with("Failed");
        prop_assert_eq!(pair.heard_by(Side::Caller).into_iter().filter(over).count(), 1);
        let called = pair.heard_by(Side::Called);
        let came = called.iter().filter(|what| what.starts_with("Incoming")).count();
        prop_assert_eq!(called.into_iter().filter(over).count(), came);
    }
}
