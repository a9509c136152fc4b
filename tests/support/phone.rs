//! A person with a telephone of ours: `gateway dial`, driven step by step.
//!
//! A [`Phone`] rings the house, keys, says its person's tone, and tells whose tones it hears, second by second.
//! [`Phone::arrives`], [`Phone::agrees`] and [`Phone::refuses`] are the ways through the dialogue that most stories need.
//!
//! Not here: telephones of other makers (`makers`).

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ears::{HEARD_DBOV, Person, TRACE_DBOV};
use super::house::{Line, lines_of, signal};
use super::{program, until};

#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) who: Person,
    child: Child,
    keys: Option<ChildStdin>,
    events: Receiver<String>,
    /// Our seat, once the PIN was right.
    pub(crate) seat: u64,
    /// Where its sound goes and how its packets are numbered: `to`, `ssrc`, `first_seq`, `first_timestamp`.
    pub(crate) sends: Value,
    spoke_at_ms: u64,
}

impl Phone {
    /// Rings; back when the call is answered.
    pub(crate) fn calls(house: &impl Line, who: Person) -> Self {
        Self::calls_with(house, who, &[])
    }

    /// The same, with further arguments for `gateway dial`.
    pub(crate) fn calls_with(house: &impl Line, who: Person, more: &[&str]) -> Self {
        let listed = Person::ALL.map(|person| person.hz().to_string()).join(",");
        let here = if house.sip().is_ipv4() { "127.0.0.1" } else { "[::1]" };
        let caller = ["--caller", if who == Person::Anna { PLANTED_NUMBER } else { PLANTED_NAME }];
        let mut child = Command::new(program("gateway"))
            .arg("dial")
            .arg(format!("sip:4711@{here}:{}", house.sip().port()))
            .args(["--stdin", "--listen", &listed, "--tone", &who.hz().to_string()])
            .args(caller.iter().filter(|_| !more.contains(&"--caller")))
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("gateway dial runs");
        let events = lines_of(child.stdout.take().expect("its output"));
        let keys = child.stdin.take();
        let mut phone = Self { who, child, keys, events, seat: 0, sends: Value::Null, spoke_at_ms: 0 };
        phone.awaits("the call to be answered", ANSWER, |event| event["event"] == "answered");
        phone.sends = phone.awaits("its way out", ANSWER, |event| event["event"] == "sends");
        phone
    }

    /// Rings, agrees, and is in the room and recorded.
    pub(crate) fn recorded(house: &impl Line, who: Person) -> Self {
        let mut phone = Self::calls(house, who);
        phone.arrives(house);
        phone.agrees(house);
        phone
    }

    /// Rings, refuses, and is in the room off record.
    pub(crate) fn off_record(house: &impl Line, who: Person) -> Self {
        let mut phone = Self::calls(house, who);
        phone.arrives(house);
        phone.refuses(house);
        phone
    }

    /// Further steps of its script: digits, q, pN, t, s, h.
    pub(crate) fn does(&mut self, script: &str) {
        let keys = self.keys.as_mut().expect("not hung up yet");
        writeln!(keys, "{script}").and_then(|()| keys.flush()).expect("the telephone takes keys");
    }

    /// Listens until it has heard something and then 700 ms of nothing.
    pub(crate) fn hears_out(&mut self) {
        self.does("q");
        self.awaits("a sentence to end", SENTENCE, |event| event["event"] == "heard-quiet");
    }

    /// Keys digits; back when the last was sent.
    pub(crate) fn keys(&mut self, digits: &str) {
        self.does(digits);
        for digit in digits.chars() {
            self.awaits("a key to be sent", SENTENCE, |event| {
                event["event"] == "digit-sent" && event["digit"] == digit.to_string()
            });
        }
    }

    /// Offers the call anew, as its script says; back when that was accepted.
    pub(crate) fn offers(&mut self, script: &str) -> Value {
        self.does(script);
        let answer = self.awaits("an answer to a new offer", ANSWER, |event| event["event"] == "reoffered");
        assert_eq!(answer["status"], 200, "{answer}");
        answer
    }

    /// Sends nothing any more, neither sound nor signalling, as a telephone whose battery is empty.
    pub(crate) fn freezes(&mut self) {
        signal(self.child.id(), libc::SIGSTOP);
    }

    /// Begins to say its tone.
    pub(crate) fn speaks(&mut self) {
        self.does("t");
        let event = self.awaits("the tone to begin", KEY, |event| event["event"] == "sound-started");
        self.spoke_at_ms = event["at_ms"].as_u64().expect("a time");
    }

    /// Stops; for how many seconds the tone was said.
    pub(crate) fn falls_silent(&mut self) -> f32 {
        self.does("s");
        let event = self.awaits("the tone to end", KEY, |event| event["event"] == "sound-stopped");
        let at_ms = event["at_ms"].as_u64().expect("a time");
        (at_ms - self.spoke_at_ms) as f32 / 1000.0
    }

    /// Hears the greeting, keys the guests' PIN, has a seat.
    pub(crate) fn arrives(&mut self, house: &impl Line) {
        self.arrives_with(house, &house.guest_pin());
    }

    pub(crate) fn arrives_with(&mut self, house: &impl Line, pin: &str) {
        self.hears_out();
        let before: Vec<u64> = house.seats().iter().map(|seat| seat.number).collect();
        self.keys(&format!("{pin}#"));
        self.seat = until("a seat after the right PIN", SENTENCE, || {
            house.seats().iter().map(|seat| seat.number).find(|number| !before.contains(number))
        });
    }

    /// Hears who records, why, and how to take it back, says yes with 1, skips the receipt, is in the room and recorded.
    pub(crate) fn agrees(&mut self, house: &impl Line) {
        self.does(MANDATORY_PART);
        self.says_yes(house);
    }

    /// The same, after the whole notice.
    pub(crate) fn hears_all_and_agrees(&mut self, house: &impl Line) {
        self.hears_out();
        self.says_yes(house);
    }

    /// Says yes where no key is left for it: is told so, and is in the room off record.
    pub(crate) fn agrees_in_vain(&mut self, house: &impl Line) {
        self.does(MANDATORY_PART);
        let seat = self.seat;
        let in_room = || within(AT_ONCE, || house.seat(seat).is_some_and(|seat| seat.in_room));
        let entered = (0..NOTICE_PARTS).flat_map(|_| ["1", "#"]).any(|key| {
            self.keys(key);
            in_room()
        });
        assert!(entered && !house.seat(seat).expect("a seat").recorded);
    }

    /// A 1 before its time does not count, and neither does the `#` that would skip a receipt.
    fn says_yes(&mut self, house: &impl Line) {
        let seat = self.seat;
        let recorded = || within(AT_ONCE, || house.seat(seat).is_some_and(|seat| seat.recorded));
        for _ in 0..NOTICE_PARTS {
            for key in ["1", "#"] {
                self.keys(key);
                if recorded() {
                    return;
                }
            }
        }
        panic!("{:?} said yes {NOTICE_PARTS} times and is not recorded", self.who);
    }

    /// Says no with 2, which counts at once, and is in the room.
    pub(crate) fn refuses(&mut self, house: &impl Line) {
        self.does("p1");
        self.keys("2");
        self.enters(house);
    }

    /// Skips what is still said with `#` and waits for the room's door.
    pub(crate) fn enters(&mut self, house: &impl Line) {
        for _ in 0..NOTICE_PARTS {
            if within(AT_ONCE, || house.seat(self.seat).is_some_and(|seat| seat.in_room)) {
                return;
            }
            self.keys("#");
        }
        until("the room's door", SENTENCE, || house.seat(self.seat).filter(|seat| seat.in_room).map(|_| ()));
    }

    /// From now on, within a few seconds, a whole second with this person's tone.
    pub(crate) fn hears(&mut self, whom: Person) {
        let me = self.who;
        self.forgets();
        self.awaits(&format!("{me:?} to hear {whom:?}"), HEARS, |event| {
            tone(event, whom).is_some_and(|dbov| dbov > HEARD_DBOV)
        });
    }

    /// For `seconds` whole seconds from now: never this person's tone.
    pub(crate) fn does_not_hear(&mut self, whom: Person, seconds: u32) {
        let me = self.who;
        self.forgets();
        for _ in 0..seconds {
            let second = self.awaits("a second of sound", HEARS, |event| event["event"] == "second");
            let dbov = tone(&second, whom).expect("the tone was listed");
            assert!(dbov < TRACE_DBOV, "{me:?} hears {whom:?} at {dbov} dBov: {second}");
        }
    }

    /// The next `seconds` whole seconds as they were heard.
    pub(crate) fn listens(&mut self, seconds: u32) -> Vec<Value> {
        self.forgets();
        (0..seconds).map(|_| self.awaits("a second of sound", HEARS, |event| event["event"] == "second")).collect()
    }

    /// The next `seconds` whole seconds, those included that have come meanwhile: what was heard while something else
    /// happened, after [`Phone::listens`].
    pub(crate) fn has_heard(&mut self, seconds: u32) -> Vec<Value> {
        (0..seconds).map(|_| self.awaits("a second of sound", HEARS, |event| event["event"] == "second")).collect()
    }

    /// Hangs up and says how the call went.
    pub(crate) fn hangs_up(mut self) -> Value {
        self.does("!h");
        self.hears_goodbye()
    }

    /// Waits for the end of the call, whoever ends it.
    pub(crate) fn hears_goodbye(mut self) -> Value {
        let report = self.awaits("the call's report", SENTENCE, |event| event["event"] == "report");
        self.keys = None;
        let _ = self.child.wait();
        report
    }

    /// The next event that is meant; others before it are passed over.
    pub(crate) fn awaits(&mut self, what: &str, limit: Duration, mut meant: impl FnMut(&Value) -> bool) -> Value {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = match self.events.recv_timeout(left) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => panic!("{:?} waited {limit:?} in vain for: {what}", self.who),
                Err(RecvTimeoutError::Disconnected) => panic!("{:?}'s call is over; waited for: {what}", self.who),
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
            if meant(&event) {
                return event;
            }
            let over = event["event"] == "report";
            assert!(!over, "{:?}'s call ended ({event}); waited for: {what}", self.who);
        }
    }

    /// What was heard until now no longer counts; the second that is running may be half of before, so it goes too.
    fn forgets(&mut self) {
        while self.events.try_recv().is_ok() {}
        self.awaits("a second of sound", HEARS, |event| event["event"] == "second");
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // Somebody whose telephone breaks does not say goodbye.
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(self.child.id(), libc::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

/// Whether it becomes true in this time.
fn within(limit: Duration, mut is: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if is() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    is()
}

/// How loud this person is in a `second` event.
pub(crate) fn tone(second: &Value, whom: Person) -> Option<f32> {
    tone_at(second, whom.hz())
}

/// How loud a frequency that the telephone listens for is in a `second` event.
pub(crate) fn tone_at(second: &Value, hz: u32) -> Option<f32> {
    let tones = second["tones"].as_array()?;
    let tone = tones.iter().find(|tone| tone["hz"] == hz)?;
    tone["dbov"].as_f64().map(|dbov| dbov as f32)
}

/// What every telephone of ours shows; no story may leave it anywhere (`house`).
pub(crate) const PLANTED_NUMBER: &str = "+4930990011223";
/// What the telephones of everybody but Anna show: a person's name where others show a number.
pub(crate) const PLANTED_NAME: &str = "Kunigunde.Wackernagel";

const ANSWER: Duration = Duration::from_secs(10);
const KEY: Duration = Duration::from_secs(3);
/// The longest thing said in one breath: the notice.
const SENTENCE: Duration = Duration::from_secs(75);
const HEARS: Duration = Duration::from_secs(8);
/// A permit follows a yes, and the door the `#`, within this.
const AT_ONCE: Duration = Duration::from_secs(1);
const NOTICE_PARTS: u32 = 25;
/// A little less than what must be heard before a yes counts.
const MANDATORY_PART: &str = "p18";
