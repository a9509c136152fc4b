//! A guest gateway's hold on its home's word about the record: two seconds, counted from when it was asked.
//!
//! A [`Lease`] owns no socket and no clock. Feed it one [`Input`], carry out every [`Output`], wake it at
//! [`deadline`](Lease::deadline). While it is held, what the home said last holds; when it is lost, nobody knows how the
//! record stands, and nothing may be recorded until the home is heard again.
//!
//! Counted from the question, not from the answer: an answer that was long under way is as old as its question.
//!
//! Not here: the question itself (`io::home`), and what follows for the room (`io::switchboard`).

use std::time::{Duration, Instant};

use control::RecordState;
use spool::id::GatewayId;

/// What is known of the home's word about one meeting.
#[derive(Debug)]
pub struct Lease {
    home: GatewayId,
    state: State,
    /// When the question that is under way was asked.
    asked: Option<Instant>,
    ask_next: Instant,
}

#[derive(Debug)]
enum State {
    /// The home was not heard yet.
    Unknown,
    Held {
        word: RecordState,
        until: Instant,
    },
    /// What it said last is too old.
    Lost {
        last: RecordState,
    },
}

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// What came of the question: the home's word, or nothing that counts.
    Answered(Option<RecordState>),
    TimePassed,
}

/// Something to do, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask the home; answered with [`Input::Answered`], always.
    Ask,
    /// The home's word holds. `anew`: it was not known until now.
    Heard { word: RecordState, anew: bool },
    /// It held until `at`; from there on nothing is known.
    Lost { last: RecordState, at: Instant },
}

impl Lease {
    /// Asks at once.
    pub fn new(home: GatewayId, now: Instant) -> Self {
        Self { home, state: State::Unknown, asked: None, ask_next: now }
    }

    pub fn home(&self) -> GatewayId {
        self.home
    }

    /// The home's word, while it holds.
    pub fn word(&self, now: Instant) -> Option<&RecordState> {
        match &self.state {
            State::Held { word, until } => Some(word).filter(|_| now < *until),
            State::Unknown | State::Lost { .. } => None,
        }
    }

    /// Nobody asks that home any more: what it said last, if that was believed until now.
    pub fn give_up(self) -> Option<RecordState> {
        match self.state {
            State::Held { word, .. } => Some(word),
            State::Unknown | State::Lost { .. } => None,
        }
    }

    /// When to feed [`Input::TimePassed`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let ask = self.asked.is_none().then_some(self.ask_next);
        let end = match &self.state {
            State::Held { until, .. } => Some(*until),
            State::Unknown | State::Lost { .. } => None,
        };
        ask.into_iter().chain(end).min()
    }

    /// Asks with the next [`Input::TimePassed`]: what the home is to know has changed.
    pub fn ask_soon(&mut self, now: Instant) {
        self.ask_next = self.ask_next.min(now);
    }

    pub fn handle(&mut self, input: Input, now: Instant, out: &mut Vec<Output>) {
        let heard = match input {
            Input::TimePassed => None,
            Input::Answered(word) => {
                let asked = self.asked.take();
                self.ask_next = asked.map_or(now, |asked| now.max(asked + ASK_EVERY));
                // Whoever sits at the home's door and is another says nothing that counts.
                word.filter(|word| word.home == self.home).zip(asked.map(|asked| asked + LASTS))
            }
        };
        self.state = match std::mem::replace(&mut self.state, State::Unknown) {
            State::Unknown => hear(heard, now, out).unwrap_or(State::Unknown),
            State::Lost { last } => hear(heard, now, out).unwrap_or(State::Lost { last }),
            State::Held { word, until } if now < until => match heard {
                Some((word, until)) if now < until => {
                    out.push(Output::Heard { word: word.clone(), anew: false });
                    State::Held { word, until }
                }
                Some(_) | None => State::Held { word, until },
            },
            State::Held { word: last, until } => {
                // Even if the answer that comes only now still held: what was recorded on the old word ends first.
                out.push(Output::Lost { last: last.clone(), at: until });
                hear(heard, now, out).unwrap_or(State::Lost { last })
            }
        };
        if self.asked.is_none() && self.ask_next <= now {
            self.asked = Some(now);
            out.push(Output::Ask);
        }
    }
}

/// A word that is heard for the first time, or again, and is not too old already.
fn hear(heard: Option<(RecordState, Instant)>, now: Instant, out: &mut Vec<Output>) -> Option<State> {
    let (word, until) = heard.filter(|(_, until)| now < *until)?;
    out.push(Output::Heard { word: word.clone(), anew: true });
    Some(State::Held { word, until })
}

/// A word is believed for so long after it was asked for.
const LASTS: Duration = Duration::from_secs(2);

/// Four times a second: of eight questions a lease lasts through, seven may fail.
const ASK_EVERY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use control::Record;
    use spool::id::{EpochId, SectionId};

    const HOME: GatewayId = GatewayId([1; 8]);

    fn word(record: Record) -> RecordState {
        RecordState {
            home: HOME,
            epoch: EpochId([2; 8]),
            recording: None,
            started_ms: 0,
            section: SectionId([3; 16]),
            open: true,
            record,
            paused_by: None,
            ended: false,
        }
    }

    /// A lease on made-up time.
    struct Row {
        lease: Lease,
        began: Instant,
        at_ms: u64,
    }

    impl Row {
        #[expect(clippy::disallowed_methods, reason = "some instant is needed to start from")]
        fn new() -> Self {
            let began = Instant::now();
            Self { lease: Lease::new(HOME, began), began, at_ms: 0 }
        }

        fn now(&self) -> Instant {
            self.began + Duration::from_millis(self.at_ms)
        }

        fn feed(&mut self, at_ms: u64, input: Input) -> Vec<Output> {
            self.at_ms = at_ms;
            let mut out = Vec::new();
            self.lease.handle(input, self.now(), &mut out);
            out
        }

        fn passes(&mut self, at_ms: u64) -> Vec<Output> {
            self.feed(at_ms, Input::TimePassed)
        }

        fn answered(&mut self, at_ms: u64, record: Record) -> Vec<Output> {
            self.feed(at_ms, Input::Answered(Some(word(record))))
        }

        fn holds(&self) -> bool {
            self.lease.word(self.now()).is_some()
        }

        fn due_ms(&self) -> u128 {
            self.lease.deadline().unwrap().duration_since(self.began).as_millis()
        }
    }

    fn heard(record: Record, anew: bool) -> Output {
        Output::Heard { word: word(record), anew }
    }

    fn lost(row: &Row, at_ms: u64) -> Output {
        Output::Lost { last: word(Record::On), at: row.began + Duration::from_millis(at_ms) }
    }

    #[test]
    fn nothing_is_known_before_the_first_answer() {
        let mut row = Row::new();
        assert_eq!(row.passes(0), [Output::Ask]);
        assert_eq!(row.passes(900), [], "one question at a time");
        assert!(!row.holds());
        assert_eq!(row.feed(900, Input::Answered(None)), [Output::Ask]);
        assert!(!row.holds());
    }

    #[test]
    fn a_word_holds_for_two_seconds_from_its_question() {
        let mut row = Row::new();
        row.passes(0);
        assert_eq!(row.answered(300, Record::On), [heard(Record::On, true), Output::Ask]);
        assert!(row.holds());
        assert_eq!(row.due_ms(), 2_000);
        assert_eq!(row.passes(1_999), []);
        assert!(row.holds());
        assert_eq!(row.passes(2_000), [lost(&row, 2_000)]);
        assert!(!row.holds());
        assert_eq!(row.passes(60_000), [], "it is lost once");
    }

    #[test]
    fn a_word_is_not_held_beyond_its_end_however_late_somebody_looks() {
        let mut row = Row::new();
        row.passes(0);
        row.answered(10, Record::On);
        row.at_ms = 2_000;
        assert!(!row.holds());
        assert_eq!(row.passes(2_700)[0], lost(&row, 2_000), "and it says when it ended");
    }

    #[test]
    fn an_answer_in_time_is_asked_for_four_times_a_second_and_holds_on() {
        let mut row = Row::new();
        row.passes(0);
        let out = row.answered(5, Record::On);
        assert_eq!(out, [heard(Record::On, true)]);
        for step in 1..40 {
            assert_eq!(row.due_ms(), u128::from(step * 250_u64));
            assert_eq!(row.passes(step * 250), [Output::Ask]);
            assert_eq!(row.answered(step * 250 + 5, Record::On), [heard(Record::On, false)]);
        }
    }

    #[test]
    fn a_home_that_does_not_answer_is_asked_again_and_its_word_ends() {
        let mut row = Row::new();
        row.passes(0);
        row.answered(5, Record::On);
        assert_eq!(row.passes(250), [Output::Ask]);
        assert_eq!(row.feed(950, Input::Answered(None)), [Output::Ask]);
        assert!(row.holds(), "one question that fails ends nothing");
        assert_eq!(row.feed(1_700, Input::Answered(None)), [Output::Ask]);
        assert_eq!(row.passes(2_000), [lost(&row, 2_000)]);
    }

    #[test]
    fn an_answer_as_old_as_the_lease_is_none() {
        let mut row = Row::new();
        row.passes(0);
        assert_eq!(row.answered(2_000, Record::On), [Output::Ask]);
        assert!(!row.holds());
        row.answered(2_100, Record::On);
        assert!(row.holds());
    }

    #[test]
    fn what_is_lost_and_heard_again_was_lost_in_between() {
        let mut row = Row::new();
        row.passes(0);
        row.answered(5, Record::On);
        row.passes(250);
        row.feed(2_100, Input::Answered(None));
        assert!(!row.holds());
        assert_eq!(row.answered(2_200, Record::Paused), [heard(Record::Paused, true)]);
        assert!(row.holds());
    }

    #[test]
    fn an_answer_that_comes_with_the_end_still_ends_the_old_word_first() {
        let mut row = Row::new();
        row.passes(0);
        row.answered(5, Record::On);
        row.passes(250);
        assert_eq!(row.answered(2_001, Record::On), [lost(&row, 2_000), heard(Record::On, true), Output::Ask]);
    }

    #[test]
    fn another_gateway_at_the_homes_door_is_not_believed() {
        let mut row = Row::new();
        row.passes(0);
        let word = RecordState { home: GatewayId([9; 8]), ..word(Record::On) };
        assert_eq!(row.feed(5, Input::Answered(Some(word))), []);
        assert!(!row.holds());
    }

    #[test]
    fn what_changed_here_is_said_at_once() {
        let mut row = Row::new();
        row.passes(0);
        row.answered(5, Record::On);
        assert_eq!(row.passes(100), []);
        row.lease.ask_soon(row.now());
        assert_eq!(row.passes(100), [Output::Ask]);
    }
}
