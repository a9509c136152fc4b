//! Every row of the dialogue as a sentence, on a made-up clock.

use proptest::prelude::*;

use super::*;
use crate::consent::{Act, ActKind, Channel, Decision, Ending, KeyPress};
use crate::ids::TrackId;
use crate::ivr::lines;

mod table;

/// One caller and what the line did to her.
struct Caller {
    call: Option<Call>,
    now: Instant,
    slot: u64,
    /// Where the key that is down went down.
    began: u64,
    wake: Option<Instant>,
    /// What is being said: token, prompts, how many of them were heard.
    saying: Option<(u32, Vec<PromptId>, usize)>,
    /// Everything that came out since the last [`Caller::took`].
    out: Vec<Output>,
}

impl Caller {
    fn ringing() -> Self {
        #[expect(clippy::disallowed_methods, reason = "some instant is needed to start from")]
        let now = Instant::now();
        let call = Some(Call::new(Language::German, Some(Language::English)));
        Self { call, now, slot: 1_000, began: 0, wake: None, saying: None, out: Vec::new() }
    }

    fn at_pin() -> Self {
        let mut caller = Self::ringing();
        caller.feed(Input::Confirmed { wait: Duration::ZERO });
        caller
    }

    /// The right PIN was keyed, and the notice began.
    fn at_notice() -> Self {
        let mut caller = Self::at_pin();
        caller.key_pin();
        caller.feed(Input::PinRight(invitation(true)));
        caller.took();
        caller
    }

    /// She heard everything and said yes.
    fn granting() -> Self {
        let mut caller = Self::at_notice();
        caller.hear_out();
        caller.press('1');
        caller
    }

    fn at_receipt() -> Self {
        let mut caller = Self::granting();
        caller.took();
        caller.feed(permitted(1));
        caller
    }

    fn recorded_in_room() -> Self {
        let mut caller = Self::at_receipt();
        caller.press('#');
        caller.hear_out();
        caller.took();
        caller
    }

    fn refuser_in_room() -> Self {
        let mut caller = Self::at_notice();
        caller.wait(1_000);
        caller.press('2');
        caller.hear_out();
        caller.took();
        caller
    }

    fn feed(&mut self, input: Input) {
        let from = self.out.len();
        self.call = Some(self.call.take().unwrap().handle(input, self.now, &mut self.out));
        for output in &self.out[from..] {
            match output {
                Output::Say { token, prompts, .. } => self.saying = Some((*token, prompts.clone(), 0)),
                Output::Hush => self.saying = None,
                Output::WakeAt(at) => self.wake = Some(*at),
                _ => {}
            }
        }
    }

    fn down(&mut self, digit: char) {
        self.began = self.slot;
        self.feed(Input::DigitBegan { digit, slot: Slot(self.slot) });
    }

    fn up(&mut self, digit: char) {
        self.pass(100);
        self.feed(Input::Digit { digit, began: Slot(self.began), ended: Slot(self.slot) });
    }

    fn press(&mut self, digit: char) {
        self.down(digit);
        self.up(digit);
    }

    fn key_pin(&mut self) {
        "48151623#".chars().for_each(|digit| self.press(digit));
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        self.slot += ms / Slot::MS;
    }

    /// Time passes, with every wake-up on the way.
    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            let step = at.saturating_duration_since(self.now).as_millis() as u64;
            self.pass(step);
            self.now = self.now.max(at);
            self.wake = None;
            self.feed(Input::TimePassed);
        }
        let rest = end.saturating_duration_since(self.now).as_millis() as u64;
        self.pass(rest);
    }

    /// Hears the next part to its end; false when nothing is being said.
    fn hear_one(&mut self) -> bool {
        let Some((token, prompts, heard)) = &mut self.saying else { return false };
        if *heard >= prompts.len() {
            return false;
        }
        let (token, part) = (*token, *heard);
        *heard += 1;
        self.pass(1_000);
        self.feed(Input::Said { token, part });
        true
    }

    fn hear_out(&mut self) {
        while self.hear_one() {}
    }

    /// Hears everything up to and with this prompt.
    fn hear_until(&mut self, prompt: PromptId) {
        while let Some((_, prompts, heard)) = &self.saying {
            let found = prompts[..*heard].contains(&prompt);
            if found || !self.hear_one() {
                return;
            }
        }
    }

    fn says(&self, prompt: PromptId) -> bool {
        self.saying.as_ref().is_some_and(|(_, prompts, _)| prompts.contains(&prompt))
    }

    fn took(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    fn grants(&self) -> usize {
        self.out.iter().filter(|output| matches!(output, Output::Grant { .. })).count()
    }

    fn acts(&self) -> Vec<ActKind> {
        self.out.iter().filter_map(act).map(|act| act.kind).collect()
    }

    fn orders(&self) -> Vec<Decision> {
        let decision = |output: &Output| match output {
            Output::Order { decision } => Some(*decision),
            _ => None,
        };
        self.out.iter().filter_map(decision).collect()
    }

    fn permit_ends(&self) -> Vec<Slot> {
        let at = |output: &Output| match output {
            Output::EndPermit { at, .. } => Some(*at),
            _ => None,
        };
        self.out.iter().filter_map(at).collect()
    }

    fn entered(&self) -> bool {
        self.out.iter().any(|output| matches!(output, Output::Enter))
    }

    fn hung_up(&self) -> Option<Farewell> {
        self.out.iter().find_map(|output| match output {
            Output::HangUp(farewell) => Some(*farewell),
            _ => None,
        })
    }

    fn wishes(&self) -> Vec<Wish> {
        let wish = |output: &Output| match output {
            Output::Wish(wish) => Some(*wish),
            _ => None,
        };
        self.out.iter().filter_map(wish).collect()
    }

    fn keys(&mut self, keys: &str) {
        keys.chars().for_each(|key| self.press(key));
    }

    fn tried_pins(&self) -> Vec<String> {
        let digits = |output: &Output| match output {
            Output::TryPin { digits } => Some(digits.expose().to_string()),
            _ => None,
        };
        self.out.iter().filter_map(digits).collect()
    }
}

fn act(output: &Output) -> Option<&Act> {
    match output {
        Output::Act(act) => Some(act),
        _ => None,
    }
}

fn invitation(on_now: bool) -> Invitation {
    let notice = Notice::Ask { text: "until-approval".into(), cap_months: 6, on_now };
    Invitation { meeting_number: "4711".into(), seat: SeatNo(3), role: Role::Guest, notice }
}

fn in_the_room_as(role: Role) -> Caller {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::PinRight(Invitation { role, ..invitation(true) }));
    caller.wait(1_000);
    caller.press('2');
    caller.hear_out();
    caller.took();
    caller
}

fn changed(number: &str) -> Input {
    Input::NoticeChanged { meeting_number: number.into(), text: "until-approval".into(), cap_months: 6 }
}

fn permitted(track: u8) -> Input {
    Input::Permitted { track: TrackId([track; 16]), receipt: "12345678".into() }
}

fn wrong() -> Input {
    Input::PinWrong { delay: Duration::ZERO }
}

// ---- the PIN ----

#[test]
fn nothing_is_said_before_the_call_is_acknowledged() {
    let mut caller = Caller::ringing();
    caller.press('1');
    caller.wait(60_000);
    assert!(caller.saying.is_none());
    caller.feed(Input::Confirmed { wait: Duration::ZERO });
    assert!(caller.says(lines::WELCOME) && caller.says(lines::PIN_ASK));
}

#[test]
fn four_seconds_end_a_number() {
    let mut caller = Caller::at_pin();
    "4815".chars().for_each(|digit| caller.press(digit));
    caller.wait(3_900);
    assert!(caller.tried_pins().is_empty());
    caller.wait(200);
    assert_eq!(caller.tried_pins(), ["4815"]);
}

#[test]
fn a_long_press_does_not_end_a_number() {
    let mut caller = Caller::at_pin();
    caller.press('4');
    caller.wait(3_500);
    caller.down('8');
    caller.wait(2_000);
    assert!(caller.tried_pins().is_empty());
    caller.up('8');
    caller.wait(4_100);
    assert_eq!(caller.tried_pins(), ["48"]);
}

#[test]
fn the_pound_key_ends_a_number_at_once() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    assert_eq!(caller.tried_pins(), ["48151623"]);
}

#[test]
fn keying_interrupts_the_question() {
    let mut caller = Caller::at_pin();
    caller.press('4');
    assert!(caller.saying.is_none());
}

#[test]
fn a_wrong_pin_is_said_and_asked_again() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(wrong());
    assert!(caller.says(lines::PIN_WRONG) && caller.says(lines::PIN_ASK));
    caller.key_pin();
    assert_eq!(caller.tried_pins().len(), 2);
    assert_eq!(caller.hung_up(), None);
}

#[test]
fn three_wrong_pins_end_in_a_friendly_goodbye() {
    let mut caller = Caller::at_pin();
    for _ in 0..3 {
        caller.key_pin();
        caller.feed(wrong());
    }
    assert!(caller.says(lines::BYE_WRONG_PINS));
    assert_eq!(caller.hung_up(), None);
    caller.hear_out();
    assert_eq!(caller.hung_up(), Some(Farewell::WrongPins));
    assert!(caller.call.as_ref().unwrap().is_over());
}

#[test]
fn the_back_off_delays_the_question_and_refuses_nobody() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::PinWrong { delay: Duration::from_secs(8) });
    assert!(caller.says(lines::PIN_WRONG) && !caller.says(lines::PIN_ASK));
    caller.hear_out();
    caller.key_pin();
    caller.wait(4_000);
    assert_eq!(caller.tried_pins().len(), 1, "digits keyed before the question begins are dropped");
    caller.wait(4_000);
    assert!(caller.says(lines::PIN_ASK));
    caller.key_pin();
    assert_eq!(caller.tried_pins().len(), 2);
}

#[test]
fn who_calls_again_instead_of_waiting_is_greeted_at_once_and_asked_no_sooner() {
    let mut caller = Caller::ringing();
    caller.feed(Input::Confirmed { wait: Duration::from_secs(8) });
    assert!(caller.says(lines::WELCOME) && !caller.says(lines::PIN_ASK));
    caller.hear_out();
    caller.key_pin();
    caller.wait(6_000);
    assert!(caller.tried_pins().is_empty() && !caller.says(lines::PIN_ASK));
    caller.wait(1_000);
    assert!(caller.says(lines::ENGLISH_HINT) && caller.says(lines::PIN_ASK));
    caller.key_pin();
    assert_eq!(caller.tried_pins(), ["48151623"]);
}

#[test]
fn a_key_pressed_before_the_question_and_let_go_in_it_is_dropped() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.down('7');
    caller.pass(40);
    caller.feed(wrong());
    caller.up('7');
    caller.key_pin();
    assert_eq!(caller.tried_pins()[1], "48151623");
}

#[test]
fn who_keys_nothing_is_asked_three_times_and_said_goodbye_to() {
    let mut caller = Caller::at_pin();
    for _ in 0..2 {
        caller.hear_out();
        caller.wait(10_000);
        assert!(caller.says(lines::PIN_AGAIN));
    }
    caller.hear_out();
    caller.wait(10_000);
    assert!(caller.says(lines::BYE_NO_PIN));
    caller.hear_out();
    assert_eq!(caller.hung_up(), Some(Farewell::NoPin));
}

#[test]
fn a_meeting_that_is_not_open_is_said() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::NotOpen);
    assert!(caller.says(lines::BYE_NOT_OPEN));
    caller.hear_out();
    assert_eq!(caller.hung_up(), Some(Farewell::NotOpen));
}

#[test]
fn a_star_at_the_door_changes_the_language_and_a_second_one_changes_it_back() {
    let mut caller = Caller::at_pin();
    let languages = |caller: &Caller| -> Vec<Language> {
        caller
            .out
            .iter()
            .filter_map(|o| if let Output::Say { language, .. } = o { Some(*language) } else { None })
            .collect()
    };
    caller.press('*');
    assert!(caller.says(lines::PIN_ASK));
    caller.press('*');
    caller.press('*');
    assert_eq!(languages(&caller), [Language::German, Language::English, Language::German, Language::English]);
    caller.keys("4815*");
    caller.wait(4_100);
    assert_eq!(caller.tried_pins(), ["4815"], "in a number it is a slip");
    caller.feed(Input::PinRight(invitation(true)));
    assert_eq!(languages(&caller).last(), Some(&Language::English));
}

#[test]
fn a_star_in_the_notice_asks_all_of_it_again_in_the_other_language() {
    let mut caller = Caller::at_notice();
    caller.hear_out();
    caller.press('*');
    caller.press('1');
    assert_eq!(caller.grants(), 0, "what was heard in German is not heard in English");
    let offered = caller.out.iter().find_map(act).unwrap();
    assert_eq!((offered.kind, offered.language), (ActKind::Offered, Language::English));
    caller.hear_out();
    caller.press('1');
    assert_eq!(caller.grants(), 1);
}

#[test]
fn where_there_is_one_language_only_a_star_changes_nothing_and_none_is_offered() {
    let mut caller = Caller { call: Some(Call::new(Language::German, None)), ..Caller::ringing() };
    caller.feed(Input::Confirmed { wait: Duration::ZERO });
    assert!(!caller.says(lines::ENGLISH_HINT));
    caller.took();
    caller.press('*');
    assert!(matches!(caller.took()[..], [Output::DigitSettled]));
}

// ---- the notice ----

#[test]
fn the_notice_is_offered_and_that_is_evidence() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::PinRight(invitation(true)));
    assert_eq!(caller.acts(), [ActKind::Offered]);
    for prompt in [lines::NOTICE_WHO, lines::NOTICE_WHY, lines::NOTICE_BACK, lines::NOTICE_CHOICES] {
        assert!(caller.says(prompt), "{prompt}");
    }
    assert!(!caller.entered());
}

#[test]
fn a_one_before_who_why_and_how_were_said_does_not_consent() {
    let mut caller = Caller::at_notice();
    caller.hear_until(lines::NOTICE_WHY);
    caller.press('1');
    assert_eq!(caller.grants(), 0);
    assert!(caller.says(lines::NOTICE_BACK), "the notice goes on");
    caller.hear_until(lines::NOTICE_BACK);
    caller.press('1');
    assert_eq!(caller.grants(), 1);
}

#[test]
fn digits_keyed_too_early_do_not_consent() {
    let mut caller = Caller::at_notice();
    for _ in 0..20 {
        caller.press('1');
    }
    caller.hear_out();
    caller.wait(15_000);
    caller.hear_out();
    caller.wait(15_000);
    assert_eq!(caller.grants(), 0);
    assert!(caller.acts().contains(&ActKind::TimedOut));
}

#[test]
fn two_three_and_nine_count_at_once() {
    let mut caller = Caller::at_notice();
    caller.wait(800);
    caller.press('2');
    assert_eq!(caller.acts(), [ActKind::Refused]);

    let mut caller = Caller::at_notice();
    caller.wait(800);
    caller.press('3');
    assert!(caller.says(lines::NOTICE_LONG) && caller.says(lines::NOTICE_BACK) && caller.says(lines::NOTICE_CHOICES));

    let mut caller = Caller::at_notice();
    caller.hear_one();
    let before = caller.saying.clone().unwrap().0;
    caller.press('9');
    assert!(caller.saying.clone().unwrap().0 > before && caller.says(lines::NOTICE_WHO));
}

#[test]
fn the_first_700_ms_of_the_question_are_deaf() {
    let mut caller = Caller::at_notice();
    caller.pass(600);
    caller.press('2');
    assert!(caller.acts().is_empty());
    caller.press('2');
    assert_eq!(caller.acts(), [ActKind::Refused]);
}

#[test]
fn what_was_heard_before_the_long_notice_stays_heard() {
    let mut caller = Caller::at_notice();
    caller.hear_until(lines::NOTICE_BACK);
    caller.press('3');
    assert!(!caller.says(lines::NOTICE_BACK));
    caller.press('1');
    assert_eq!(caller.grants(), 1);
}

#[test]
fn a_part_whose_end_was_never_heard_does_not_count() {
    let mut caller = Caller::at_notice();
    caller.hear_until(lines::NOTICE_WHY);
    let (old, _, heard) = caller.saying.clone().unwrap();
    caller.press('9');
    // The old announcement was replaced: its end comes too late.
    caller.feed(Input::Said { token: old, part: heard });
    caller.press('1');
    assert_eq!(caller.grants(), 0);
}

#[test]
fn a_timeout_is_off_record() {
    let mut caller = Caller::at_notice();
    caller.hear_out();
    caller.wait(14_900);
    assert!(!caller.entered());
    caller.wait(200);
    assert!(caller.says(lines::NOTICE_CHOICES), "asked once more");
    caller.hear_out();
    caller.wait(15_100);
    assert_eq!(caller.acts(), [ActKind::TimedOut]);
    assert!(caller.says(lines::ANSWER_NONE) && caller.entered());
    assert_eq!(caller.grants(), 0);
}

#[test]
fn a_refuser_is_told_so_and_is_in_the_room() {
    let mut caller = Caller::at_notice();
    caller.wait(800);
    caller.press('2');
    assert!(caller.says(lines::ANSWER_NO) && caller.entered());
    assert_eq!(caller.grants(), 0);
}

#[test]
fn an_unknown_key_in_the_question_gets_the_choices_again() {
    let mut caller = Caller::at_notice();
    caller.hear_out();
    caller.press('5');
    assert_eq!(caller.saying.clone().unwrap().1, [lines::NOTICE_CHOICES]);
    assert!(caller.acts().is_empty());
}

#[test]
fn hanging_up_in_the_notice_is_evidence_and_no_consent() {
    let mut caller = Caller::at_notice();
    caller.hear_out();
    caller.feed(Input::CallerLeft);
    assert_eq!(caller.acts(), [ActKind::HungUp]);
    assert_eq!(caller.grants(), 0);
}

#[test]
fn a_meeting_that_is_not_recorded_asks_nothing() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::PinRight(Invitation { notice: Notice::NotRecorded, ..invitation(true) }));
    assert!(caller.says(lines::NOT_RECORDED_MEETING) && caller.entered());
    assert!(caller.acts().is_empty());
}

#[test]
fn the_evidence_says_what_was_heard_and_which_key() {
    let mut caller = Caller::at_notice();
    caller.hear_until(lines::NOTICE_GROUP);
    caller.pass(340);
    caller.press('1');
    let (from, until) = (Slot(caller.began), Some(Slot(caller.slot)));
    let given = caller.took().into_iter().find_map(|output| match output {
        Output::Grant { evidence } => Some(evidence),
        _ => None,
    });
    let given = given.unwrap();
    let yes_ended = given.yes_ended();
    assert_eq!(yes_ended, Slot(caller.slot));
    let key = control::TrackKey { track: TrackId([9; 16]), public: spool::keys::PublicKey { suite: 1, bytes: vec![] } };
    let (permit, act) = consent::permit(given, key);
    assert_eq!((permit.seat(), permit.from(), permit.track()), (SeatNo(3), yes_ended, TrackId([9; 16])));
    let key = KeyPress { key: '1', from, until };
    assert_eq!((act.kind, act.key, act.track), (ActKind::Given, Some(key), Some(TrackId([9; 16]))));
    assert_eq!((act.channel, act.purpose, act.text), (Channel::Telephone, "minutes", "until-approval"));
    assert_eq!(act.broken_off, Some((lines::SHARED_KEY, Duration::from_millis(440))), "until the key was let go");
    assert!(act.heard.contains(&lines::NOTICE_GROUP) && !act.heard.contains(&lines::NOTICE_CHOICES));
    assert!(act.parts.contains(&lines::NOTICE_CHOICES));
}

// ---- yes, and what comes of it ----

#[test]
fn a_yes_is_granted_once_and_its_receipt_is_said_twice() {
    let mut caller = Caller::granting();
    assert_eq!(caller.grants(), 1);
    caller.took();
    caller.feed(permitted(1));
    let (_, prompts, _) = caller.saying.clone().unwrap();
    assert_eq!(prompts.iter().filter(|prompt| **prompt == lines::RECEIPT).count(), 2);
    assert_eq!(prompts.iter().filter(|prompt| **prompt == lines::DIGITS[8]).count(), 2);
    assert!(!caller.entered());
    caller.hear_out();
    assert!(caller.entered());
}

#[test]
fn the_pound_key_skips_the_receipt() {
    let mut caller = Caller::at_receipt();
    caller.press('#');
    assert!(caller.entered() && caller.says(lines::ENTER));
}

#[test]
fn from_the_yes_on_a_two_withdraws() {
    let mut caller = Caller::at_receipt();
    caller.took();
    caller.down('2');
    assert!(matches!(caller.out[0], Output::EndPermit { .. }));
    assert_eq!(caller.acts(), [ActKind::Withdrawn]);

    let mut caller = Caller::granting();
    caller.took();
    caller.down('2');
    let first = Slot(caller.slot);
    caller.up('2');
    caller.took();
    caller.feed(permitted(1));
    assert!(matches!(caller.out[0], Output::EndPermit { at, why: Ending::Withdrawn } if at == first));
    assert!(caller.says(lines::EARLIER_ASK));
}

#[test]
fn a_yes_without_a_key_is_said_aloud_and_off_record() {
    for (why, told) in [
        (NoPermit::NoKeys, lines::PERMIT_NO_KEYS),
        (NoPermit::RecorderAway, lines::PERMIT_RECORDER_AWAY),
        (NoPermit::DiskFull, lines::PERMIT_DISK_FULL),
    ] {
        let mut caller = Caller::granting();
        caller.feed(Input::NoPermit { why });
        assert!(caller.says(told) && caller.says(lines::PERMIT_NONE) && caller.entered());
        caller.took();
        caller.press('2');
        assert!(caller.permit_ends().is_empty() && caller.says(lines::STATUS_OFF));
    }
}

#[test]
fn a_recorder_that_does_not_answer_is_said_and_its_late_permit_holds_nothing() {
    let mut caller = Caller::granting();
    caller.wait(11_000);
    assert!(caller.says(lines::PERMIT_RECORDER_AWAY) && caller.entered());
    caller.took();
    caller.press('0');
    caller.press('1');
    assert!(caller.acts().is_empty(), "no second yes while the first is open");
    caller.feed(permitted(1));
    assert_eq!(caller.permit_ends(), [Slot(0)]);
}

// ---- withdrawal ----

#[test]
fn a_two_in_the_room_ends_the_permit_before_anything_else() {
    let mut caller = Caller::recorded_in_room();
    caller.down('2');
    let first = Slot(caller.slot);
    assert!(matches!(caller.out[0], Output::EndPermit { at, why: Ending::Withdrawn } if at == first));
    let withdrawn = act(&caller.out[1]).unwrap();
    assert_eq!((withdrawn.kind, withdrawn.track), (ActKind::Withdrawn, Some(TrackId([1; 16]))));
    assert!(caller.says(lines::WITHDRAWN) && caller.says(lines::EARLIER_ASK));
    caller.up('2');
    assert!(caller.orders().is_empty(), "the same press does not answer the question");
}

#[test]
fn only_nine_keeps() {
    for key in "013456789*#".chars() {
        let mut caller = Caller::recorded_in_room();
        caller.press('2');
        caller.hear_out();
        caller.press(key);
        let expected: &[Decision] = if key == '9' { &[Decision::Keep] } else { &[] };
        assert_eq!(caller.orders(), expected, "{key}");
        assert!(key == '9' || caller.says(lines::EARLIER_ASK), "{key} repeats the question");
    }
}

#[test]
fn a_second_two_deletes() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    caller.hear_out();
    caller.press('2');
    assert_eq!(caller.orders(), [Decision::Erase]);
    assert_eq!(caller.acts(), [ActKind::Withdrawn, ActKind::ErasedEarlier]);
}

#[test]
fn a_double_two_is_one_withdrawal() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    caller.pass(200);
    caller.press('2');
    assert!(caller.orders().is_empty());
    assert_eq!(caller.permit_ends().len(), 1);
}

#[test]
fn silence_after_two_askings_deletes() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    caller.hear_out();
    caller.wait(15_100);
    assert!(caller.orders().is_empty() && caller.says(lines::EARLIER_ASK));
    caller.hear_out();
    caller.wait(15_100);
    assert_eq!(caller.orders(), [Decision::Erase]);
}

#[test]
fn the_fourth_key_that_is_no_answer_deletes() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    caller.hear_out();
    for _ in 0..3 {
        caller.press('5');
        assert!(caller.orders().is_empty());
    }
    caller.press('5');
    assert_eq!(caller.orders(), [Decision::Erase]);
}

#[test]
fn a_minute_after_the_withdrawal_its_question_is_over_whatever_is_pressed_or_heard() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    let mut orders = Vec::new();
    // Nothing is ever told as heard, and a key comes now and then.
    for _ in 0..2 {
        caller.wait(25_000);
        caller.press('5');
        orders.extend(caller.orders());
    }
    assert!(orders.is_empty());
    caller.wait(11_000);
    assert_eq!(caller.orders(), [Decision::Erase]);
}

#[test]
fn hanging_up_in_the_question_erases() {
    for end in [Input::CallerLeft, Input::MediaLost, Input::MeetingEnded, Input::Draining] {
        let mut caller = Caller::recorded_in_room();
        caller.press('2');
        caller.took();
        caller.feed(end);
        assert_eq!(caller.acts(), [ActKind::HungUp]);
        assert_eq!(caller.orders(), [Decision::Erase]);
        let act_at = caller.out.iter().position(|output| act(output).is_some());
        let order_at = caller.out.iter().position(|output| matches!(output, Output::Order { .. }));
        assert!(act_at < order_at, "evidence first");
    }
}

#[test]
fn an_order_is_confirmed_only_when_it_is_on_the_disk() {
    for (key, told) in [('2', lines::ORDER_ERASED), ('9', lines::ORDER_KEPT)] {
        let mut caller = Caller::recorded_in_room();
        caller.press('2');
        caller.hear_out();
        caller.press(key);
        assert!(!caller.says(told));
        caller.feed(Input::OrderWritten);
        assert!(caller.says(told));
    }
}

#[test]
fn an_order_that_fails_is_said_and_tried_until_it_is_written() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    caller.hear_out();
    caller.press('2');
    caller.feed(Input::OrderFailed);
    assert!(caller.says(lines::ORDER_FAILED) && !caller.says(lines::ORDER_ERASED));
    caller.took();
    caller.press('0');
    caller.press('1');
    assert!(caller.says(lines::ORDER_OWED), "no new yes before the order is written");
    caller.wait(31_000);
    assert_eq!(caller.orders(), [Decision::Erase]);
    caller.feed(Input::OrderFailed);
    caller.took();
    caller.wait(31_000);
    assert_eq!(caller.orders(), [Decision::Erase]);
    caller.feed(Input::OrderWritten);
    assert!(caller.says(lines::ORDER_ERASED));
    caller.took();
    caller.wait(60_000);
    assert!(caller.orders().is_empty());
}

#[test]
fn withdrawing_in_the_receipt_still_leads_into_the_room() {
    let mut caller = Caller::at_receipt();
    caller.press('2');
    caller.hear_out();
    caller.press('2');
    assert!(!caller.entered());
    caller.feed(Input::OrderWritten);
    assert!(caller.entered() && caller.says(lines::ORDER_ERASED));
}

#[test]
fn each_yes_is_a_new_track() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    caller.hear_out();
    caller.press('2');
    caller.feed(Input::OrderWritten);
    caller.hear_out();
    caller.took();
    caller.press('0');
    caller.press('1');
    assert_eq!(caller.acts(), [ActKind::Offered]);
    caller.press('1');
    assert_eq!(caller.grants(), 0, "the notice is heard again first");
    caller.hear_out();
    caller.press('1');
    assert_eq!(caller.grants(), 1);
    caller.feed(permitted(2));
    caller.hear_out();
    caller.took();
    caller.press('2');
    assert_eq!(caller.out.iter().find_map(act).unwrap().track, Some(TrackId([2; 16])));
}

// ---- the room ----

#[test]
fn agreeing_again_while_recorded_is_answered_kindly() {
    let mut caller = Caller::recorded_in_room();
    caller.press('0');
    caller.press('1');
    assert!(caller.says(lines::ALREADY_RECORDED));
    assert_eq!(caller.grants(), 0);
    assert!(caller.acts().is_empty());
}

#[test]
fn a_two_of_somebody_off_record_changes_nothing_and_is_answered() {
    let mut caller = Caller::refuser_in_room();
    caller.press('2');
    assert!(caller.says(lines::STATUS_OFF));
    assert!(caller.permit_ends().is_empty() && caller.acts().is_empty());
}

#[test]
fn a_two_in_the_menu_withdraws_too() {
    let mut caller = Caller::recorded_in_room();
    caller.press('0');
    assert!(caller.says(lines::MENU_REFUSE));
    caller.took();
    caller.down('2');
    assert!(matches!(caller.out[0], Output::EndPermit { .. }));
}

#[test]
fn star_two_is_the_exchanges_and_no_withdrawal() {
    let mut caller = Caller::recorded_in_room();
    caller.press('*');
    caller.press('2');
    assert!(caller.permit_ends().is_empty());
    caller.press('2');
    assert_eq!(caller.permit_ends().len(), 1);
}

#[test]
fn a_digit_after_a_menu_that_timed_out_does_nothing() {
    let mut caller = Caller::recorded_in_room();
    caller.press('0');
    caller.hear_out();
    caller.wait(5_100);
    caller.took();
    caller.press('6');
    assert!(!caller.out.iter().any(|output| matches!(output, Output::Mute(_) | Output::Say { .. })));
}

#[test]
fn the_menu_offers_what_this_seat_may_do_and_nothing_else() {
    let offered = |role, key: char| {
        let mut caller = in_the_room_as(role);
        caller.press(key);
        caller
    };
    let guest = offered(Role::Guest, '0');
    assert!(guest.says(lines::MENU_AGREE) && !guest.says(lines::MENU_REFUSE), "she is not recorded");
    assert!(guest.says(lines::MENU_PERSON) && !guest.says(lines::MENU_CHAIR) && !guest.says(lines::MENU_DEMAND));
    let member = offered(Role::Member, '0');
    assert!(member.says(lines::MENU_DEMAND) && member.says(lines::MENU_PERSON) && !member.says(lines::MENU_CHAIR));
    let chair = offered(Role::Chair, '0');
    assert!(chair.says(lines::MENU_CHAIR) && !chair.says(lines::MENU_DEMAND) && !chair.says(lines::MENU_PERSON));
    let mut recorded = Caller::recorded_in_room();
    recorded.press('0');
    assert!(recorded.says(lines::MENU_REFUSE) && !recorded.says(lines::MENU_AGREE));
}

#[test]
fn a_shortcut_does_what_the_menu_does() {
    for (key, wish) in [('4', Wish::Agenda), ('5', Wish::Hand), ('7', Wish::DemandPause)] {
        for prefix in ['*', '0'] {
            let mut caller = in_the_room_as(Role::Member);
            caller.press(prefix);
            caller.press(key);
            assert_eq!(caller.wishes(), [wish], "{prefix}{key}");
        }
    }
}

#[test]
fn only_a_member_demands_a_pause() {
    for role in [Role::Guest, Role::Chair] {
        let mut caller = in_the_room_as(role);
        caller.keys("*7");
        assert!(caller.wishes().is_empty() && caller.says(lines::NOT_HERE), "{role:?}");
    }
}

#[test]
fn four_tells_the_agenda_item() {
    let mut caller = Caller::refuser_in_room();
    caller.keys("*4");
    caller.feed(Input::Room(News::Agenda(Some(12))));
    assert_eq!(caller.saying.clone().unwrap().1, [lines::AGENDA_ITEM, lines::NUMBERS[2]]);
    caller.keys("04");
    caller.feed(Input::Room(News::Agenda(None)));
    assert!(caller.says(lines::AGENDA_NONE));
}

#[test]
fn five_raises_the_hand_then_tells_its_place_and_five_again_lowers_it() {
    let mut caller = Caller::refuser_in_room();
    caller.keys("*5");
    caller.feed(Input::Room(News::HandUp { place: 2, already: false }));
    assert!(caller.says(lines::HAND_UP) && caller.says(lines::DIGITS[2]) && !caller.says(lines::HAND_LOWER));
    caller.press('5');
    assert_eq!(caller.wishes(), [Wish::Hand], "a plain five is no command");
    caller.keys("*5");
    caller.feed(Input::Room(News::HandUp { place: 1, already: true }));
    assert!(caller.says(lines::HAND_LOWER) && caller.says(lines::DIGITS[1]));
    caller.press('5');
    assert_eq!(caller.wishes(), [Wish::Hand, Wish::Hand, Wish::LowerHand]);
    caller.feed(Input::Room(News::HandDown));
    assert!(caller.says(lines::HAND_DOWN));
}

#[test]
fn a_hand_that_is_asked_about_stays_up_without_a_key() {
    let mut caller = Caller::refuser_in_room();
    caller.keys("*5");
    caller.feed(Input::Room(News::HandUp { place: 1, already: true }));
    caller.hear_out();
    caller.wait(5_100);
    caller.press('5');
    assert!(!caller.wishes().contains(&Wish::LowerHand));
}

#[test]
fn eight_goes_round_the_steps_and_ends_where_it_began() {
    let mut caller = Caller::refuser_in_room();
    for _ in 0..4 {
        caller.keys("*8");
    }
    let gains: Vec<i8> =
        caller.out.iter().filter_map(|o| if let Output::Gain { db } = o { Some(*db) } else { None }).collect();
    assert_eq!(gains, [6, 12, -6, 0]);
    assert!(caller.says(lines::VOLUME_NORMAL));
}

#[test]
fn zero_zero_calls_a_person_for_everybody_but_the_chair() {
    for role in [Role::Guest, Role::Member] {
        let mut caller = in_the_room_as(role);
        caller.keys("00");
        assert_eq!(caller.wishes(), [Wish::Help]);
        caller.feed(Input::Room(News::HelpCalled));
        assert!(caller.says(lines::HELP_CALLED));
    }
    let mut chair = in_the_room_as(Role::Chair);
    chair.keys("00");
    assert!(chair.wishes().is_empty() && chair.says(lines::CHAIR_RECORD) && chair.says(lines::CHAIR_END));
}

#[test]
fn the_chairs_keys_do_what_the_chairs_menu_says() {
    for (key, wish) in [
        ('1', Wish::Record),
        ('2', Wish::Pause),
        ('5', Wish::NextSpeaker),
        ('6', Wish::MuteAll),
        ('7', Wish::WhetherLocked),
    ] {
        let mut chair = in_the_room_as(Role::Chair);
        chair.keys("00");
        chair.press(key);
        assert_eq!(chair.wishes(), [wish], "00{key}");
    }
    for key in "048*#".chars() {
        let mut chair = in_the_room_as(Role::Chair);
        chair.keys("00");
        chair.press(key);
        assert!(chair.wishes().is_empty() && chair.saying.is_none(), "00{key} does nothing");
    }
}

#[test]
fn the_chairs_two_pauses_the_record_and_takes_back_no_permit() {
    let mut chair = Caller::at_pin();
    chair.key_pin();
    chair.feed(Input::PinRight(Invitation { role: Role::Chair, ..invitation(true) }));
    chair.hear_out();
    chair.press('1');
    chair.feed(permitted(1));
    chair.press('#');
    chair.hear_out();
    chair.took();
    chair.keys("002");
    assert_eq!(chair.wishes(), [Wish::Pause]);
    assert!(chair.permit_ends().is_empty());
    chair.feed(Input::RecordChanged(RecordState::Paused));
    assert!(chair.says(lines::TONE_OFF) && chair.says(lines::RECORD_PAUSED));
}

#[test]
fn closing_locking_and_ending_ask_once_more() {
    for (key, question, wish) in [
        ('3', lines::CONFIRM_CLOSE, Wish::CloseSection),
        ('7', lines::CONFIRM_LOCK, Wish::Lock(true)),
        ('9', lines::CONFIRM_END, Wish::EndForAll),
    ] {
        let asked = || {
            let mut chair = in_the_room_as(Role::Chair);
            chair.keys("00");
            chair.press(key);
            if key == '7' {
                chair.feed(Input::Room(News::WhetherLocked(false)));
            }
            assert!(chair.says(question), "{key}");
            chair.took();
            chair
        };
        let mut chair = asked();
        chair.press('1');
        assert!(chair.wishes().is_empty(), "a key of the first 700 ms is no answer");
        chair.hear_out();
        chair.press('1');
        assert_eq!(chair.wishes(), [wish]);
        let mut chair = asked();
        chair.hear_out();
        chair.press(key);
        assert!(chair.wishes().is_empty() && chair.says(lines::CONFIRM_NO), "the same key is no yes");
        let mut chair = asked();
        chair.hear_out();
        chair.wait(5_100);
        assert!(chair.wishes().is_empty() && chair.says(lines::CONFIRM_NO), "silence is no yes");
    }
}

#[test]
fn unlocking_asks_nothing_more() {
    let mut chair = in_the_room_as(Role::Chair);
    chair.keys("007");
    chair.feed(Input::Room(News::WhetherLocked(true)));
    assert_eq!(chair.wishes(), [Wish::WhetherLocked, Wish::Lock(false)]);
    chair.feed(Input::Room(News::Locked(false)));
    assert!(chair.says(lines::UNLOCKED));
}

#[test]
fn a_locked_meeting_is_said_at_the_door() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::Locked);
    assert!(caller.says(lines::BYE_LOCKED));
    caller.hear_out();
    assert_eq!(caller.hung_up(), Some(Farewell::Locked));
}

#[test]
fn who_was_muted_by_the_chair_unmutes_with_the_same_key_as_ever() {
    let mut caller = Caller::refuser_in_room();
    caller.feed(Input::Room(News::EverybodyMuted));
    assert!(caller.says(lines::MUTED_ALL));
    caller.keys("*6");
    assert!(caller.out.iter().any(|output| matches!(output, Output::Mute(false))) && caller.says(lines::UNMUTED));
}

#[test]
fn what_the_room_tells_waits_for_an_open_question() {
    let mut caller = Caller::at_notice();
    let asked = caller.saying.clone();
    caller.feed(Input::Room(News::EverybodyMuted));
    assert_eq!(caller.saying, asked);
    caller.wait(1_000);
    caller.press('2');
    assert!(caller.says(lines::MUTED_ALL));
    caller.took();
    caller.hear_out();
    caller.keys("*6");
    assert!(!caller.says(lines::MUTED_ALL), "once");
}

#[test]
fn an_answer_that_nobody_waits_for_is_not_said() {
    let mut caller = Caller::refuser_in_room();
    caller.keys("*4");
    caller.wait(3_100);
    caller.took();
    caller.feed(Input::Room(News::Agenda(Some(3))));
    assert!(caller.out.is_empty());
}

#[test]
fn six_mutes_and_unmutes() {
    let mut caller = Caller::refuser_in_room();
    caller.press('0');
    caller.press('6');
    assert!(caller.says(lines::MUTED));
    caller.press('*');
    caller.press('6');
    assert!(caller.says(lines::UNMUTED));
    let mutes: Vec<_> =
        caller.out.iter().filter_map(|o| if let Output::Mute(on) = o { Some(*on) } else { None }).collect();
    assert_eq!(mutes, [true, false]);
}

#[test]
fn nine_counts_heads() {
    let mut caller = Caller::refuser_in_room();
    caller.press('*');
    caller.press('9');
    assert!(caller.out.iter().any(|output| matches!(output, Output::CountHeads)));
    caller.feed(Input::Heads { here: 12, recorded: 1 });
    let told = [lines::NUMBERS[2], lines::WHO_HERE, lines::WHO_RECORDED_ONE, lines::RECORD_RUNNING];
    assert_eq!(caller.saying.clone().unwrap().1, told);
}

#[test]
fn three_tells_the_status_and_the_receipt_again() {
    let mut caller = Caller::recorded_in_room();
    caller.press('0');
    caller.press('3');
    assert!(caller.says(lines::STATUS_RECORDED) && caller.says(lines::RECEIPT));
    let mut caller = Caller::refuser_in_room();
    caller.press('0');
    caller.press('3');
    assert!(caller.says(lines::STATUS_OFF) && !caller.says(lines::RECEIPT));
}

#[test]
fn every_key_press_is_settled_exactly_once_and_last() {
    let everywhere: [fn() -> Caller; 9] = [
        Caller::ringing,
        Caller::at_pin,
        Caller::at_notice,
        Caller::granting,
        Caller::at_receipt,
        Caller::recorded_in_room,
        Caller::refuser_in_room,
        || {
            let mut caller = Caller::recorded_in_room();
            caller.press('2');
            caller
        },
        || {
            let mut caller = Caller::recorded_in_room();
            caller.feed(Input::MeetingEnded);
            caller
        },
    ];
    for place in everywhere {
        for key in "0123456789*#".chars() {
            let mut caller = place();
            caller.pass(1_000);
            caller.took();
            caller.press(key);
            assert_eq!(caller.out.iter().filter(|output| matches!(output, Output::DigitSettled)).count(), 1);
            assert!(matches!(caller.out.last(), Some(Output::DigitSettled)));
        }
    }
}

// ---- the record begins and stops ----

#[test]
fn if_recording_begins_only_later_everybody_is_asked_then() {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::PinRight(invitation(false)));
    assert!(caller.says(lines::NOT_YET_ON) && caller.entered());
    assert_eq!(caller.acts(), []);
    caller.hear_out();
    caller.feed(Input::RecordChanged(RecordState::On));
    assert!(caller.says(lines::TONE_ON) && caller.says(lines::NOTICE_WHO));
    assert_eq!(caller.acts(), [ActKind::Offered]);
    caller.press('1');
    assert_eq!(caller.grants(), 0);
    caller.hear_out();
    caller.press('1');
    assert_eq!(caller.grants(), 1);
}

#[test]
fn who_was_asked_already_only_hears_how_it_stands() {
    let mut caller = Caller::refuser_in_room();
    caller.feed(Input::RecordChanged(RecordState::Off));
    assert!(caller.says(lines::RECORD_OFF));
    caller.feed(Input::RecordChanged(RecordState::On));
    assert!(caller.says(lines::RECORD_ON) && caller.says(lines::STATUS_OFF));
    assert!(caller.acts().is_empty());
    let mut caller = Caller::recorded_in_room();
    caller.feed(Input::RecordChanged(RecordState::Off));
    caller.feed(Input::RecordChanged(RecordState::On));
    assert!(caller.says(lines::RECORD_ON) && caller.says(lines::STATUS_RECORDED));
}

#[test]
fn one_question_at_a_time() {
    let mut caller = Caller::recorded_in_room();
    caller.press('2');
    let asked = caller.saying.clone();
    caller.feed(Input::RecordChanged(RecordState::Off));
    assert_eq!(caller.saying, asked, "the open question is not interrupted");
    caller.hear_out();
    caller.press('9');
    caller.feed(Input::OrderWritten);
    assert!(caller.says(lines::ORDER_KEPT) && caller.says(lines::RECORD_OFF));
}

#[test]
fn each_change_of_the_record_has_a_tone_and_a_sentence_of_its_own() {
    let mut caller = Caller::refuser_in_room();
    for (state, tone, sentence) in [
        (RecordState::Paused, lines::TONE_OFF, lines::RECORD_PAUSED),
        (RecordState::On, lines::TONE_ON, lines::RECORD_RESUMED),
        (RecordState::Demanded, lines::TONE_OFF, lines::DEMAND_PAUSED),
        (RecordState::On, lines::TONE_ON, lines::RECORD_RESUMED),
        (RecordState::Off, lines::TONE_OFF, lines::RECORD_OFF),
        (RecordState::On, lines::TONE_ON, lines::RECORD_ON),
        (RecordState::SectionClosed, lines::TONE_OFF, lines::SECTION_CLOSED),
    ] {
        caller.feed(Input::RecordChanged(state));
        assert!(caller.says(tone) && caller.says(sentence), "{state:?}");
    }
}

#[test]
fn a_record_that_begins_closes_a_menu_and_a_key_meant_for_the_menu_takes_nothing_back() {
    let mut caller = Caller::recorded_in_room();
    caller.feed(Input::RecordChanged(RecordState::Paused));
    caller.press('0');
    caller.feed(Input::RecordChanged(RecordState::On));
    assert!(caller.says(lines::TONE_ON) && caller.says(lines::STATUS_RECORDED));
    caller.took();
    caller.pass(500);
    caller.press('2');
    assert!(caller.permit_ends().is_empty());
    caller.pass(200);
    caller.press('2');
    assert_eq!(caller.permit_ends().len(), 1);
}

#[test]
fn a_closed_section_ends_the_permit_and_the_next_asks_again() {
    let mut caller = Caller::recorded_in_room();
    caller.feed(Input::RecordChanged(RecordState::SectionClosed));
    assert!(caller.says(lines::SECTION_CLOSED));
    caller.took();
    caller.feed(Input::RecordChanged(RecordState::On));
    assert_eq!(caller.acts(), [ActKind::Offered]);
    caller.hear_out();
    caller.press('1');
    assert_eq!(caller.grants(), 1);
}

#[test]
fn what_was_agreed_to_in_a_closed_section_can_still_be_taken_back() {
    let mut caller = Caller::recorded_in_room();
    caller.feed(Input::RecordChanged(RecordState::SectionClosed));
    caller.hear_out();
    caller.took();
    caller.press('2');
    assert!(caller.permit_ends().is_empty(), "the shell ended it already");
    assert_eq!(caller.acts(), [ActKind::Withdrawn]);
    assert!(caller.says(lines::EARLIER_ASK));
    caller.hear_out();
    caller.press('2');
    assert_eq!(caller.orders(), [Decision::Erase]);
    caller.feed(Input::OrderWritten);
    caller.hear_out();
    caller.took();
    caller.press('2');
    assert!(caller.acts().is_empty() && caller.says(lines::STATUS_OFF), "once is enough");
}

#[test]
fn who_said_yes_in_vain_is_asked_again_when_the_record_begins_again() {
    let mut caller = Caller::granting();
    caller.feed(Input::NoPermit { why: NoPermit::DiskFull });
    caller.hear_out();
    caller.feed(Input::RecordChanged(RecordState::Off));
    caller.took();
    caller.feed(Input::RecordChanged(RecordState::On));
    assert_eq!(caller.acts(), [ActKind::Offered]);
}

// ---- the end ----

#[test]
fn the_end_of_the_meeting_is_said_and_then_the_line_is_put_down() {
    for (end, told, farewell) in [
        (Input::MeetingEnded, lines::BYE_ENDED, Farewell::MeetingEnded),
        (Input::Draining, lines::BYE_DRAINING, Farewell::Draining),
        (Input::Removed, lines::BYE_REMOVED, Farewell::Removed),
    ] {
        let mut caller = Caller::recorded_in_room();
        caller.feed(end);
        assert!(caller.says(told));
        assert_eq!(caller.hung_up(), None);
        caller.hear_out();
        assert_eq!(caller.hung_up(), Some(farewell));
    }
}

#[test]
fn a_2_in_the_goodbye_still_takes_the_consent_back_and_erases() {
    let mut caller = Caller::recorded_in_room();
    caller.feed(Input::MeetingEnded);
    caller.took();
    caller.down('2');
    assert_eq!(caller.permit_ends(), [Slot(caller.slot)]);
    assert_eq!(caller.acts(), [ActKind::Withdrawn, ActKind::HungUp]);
    assert_eq!(caller.orders(), [Decision::Erase]);
    caller.took();
    caller.press('2');
    assert!(caller.permit_ends().is_empty() && caller.orders().is_empty());
}

#[test]
fn a_goodbye_that_nobody_hears_ends_too() {
    let mut caller = Caller::refuser_in_room();
    caller.feed(Input::MeetingEnded);
    caller.wait(16_000);
    assert_eq!(caller.hung_up(), Some(Farewell::MeetingEnded));
}

#[test]
fn a_yes_that_comes_true_after_the_meetings_end_holds_nothing() {
    let mut caller = Caller::granting();
    caller.feed(Input::MeetingEnded);
    caller.feed(permitted(1));
    assert_eq!(caller.permit_ends(), [Slot(0)]);
}

#[test]
fn neither_inputs_nor_outputs_nor_calls_print_a_digit() {
    let mut caller = Caller::at_pin();
    "48151623".chars().for_each(|digit| caller.press(digit));
    let mut printed = format!("{:?}", caller.call);
    caller.press('#');
    printed += &format!("{:?} {:?}", caller.out, Input::Digit { digit: '7', began: Slot(0), ended: Slot(1) });
    let held = Caller::recorded_in_room();
    printed += &format!("{:?} {:?}", held.call, permitted(1));
    for secret in ["48151623", "12345678", "'7'"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

// ---- whatever happens ----

/// Something that a caller, the shell or time does.
#[derive(Clone, Debug)]
enum Deed {
    Press(char),
    Down(char),
    Hear,
    HearOut,
    Wait(u64),
    Said(u32, usize),
    Tell(Input),
    Keys(&'static str),
    /// `0 1`, the whole notice, `1`.
    Agree,
}

fn deed() -> impl Strategy<Value = Deed> {
    let key = prop::sample::select("0123456789*#".chars().collect::<Vec<_>>());
    let told = prop::sample::select(vec![
        Input::Confirmed { wait: Duration::ZERO },
        Input::PinRight(invitation(true)),
        Input::PinRight(invitation(false)),
        wrong(),
        Input::NotOpen,
        permitted(1),
        Input::NoPermit { why: NoPermit::NoKeys },
        Input::OrderWritten,
        Input::OrderFailed,
        Input::RecordChanged(RecordState::On),
        Input::RecordChanged(RecordState::Off),
        Input::RecordChanged(RecordState::Paused),
        Input::RecordChanged(RecordState::Demanded),
        Input::RecordChanged(RecordState::SectionClosed),
        Input::Room(News::Agenda(Some(3))),
        Input::Room(News::HandUp { place: 1, already: true }),
        Input::Room(News::HandDown),
        Input::Room(News::WhetherLocked(false)),
        Input::Room(News::Locked(true)),
        Input::Room(News::Refused(Refused::NoKeys)),
        Input::Room(News::EverybodyMuted),
        Input::Room(News::YourTurn),
        Input::Heads { here: 3, recorded: 2 },
        Input::Shared { on: true, at: Slot(5_000) },
        Input::Shared { on: false, at: Slot(6_000) },
        changed("4712"),
        Input::Locked,
        Input::Removed,
        Input::TimePassed,
        Input::MeetingEnded,
        Input::MediaLost,
    ]);
    prop_oneof![
        8 => key.clone().prop_map(Deed::Press),
        1 => key.prop_map(Deed::Down),
        6 => Just(Deed::Hear),
        3 => Just(Deed::HearOut),
        4 => prop::sample::select(vec![100, 1_000, 6_000, 16_000, 200_000]).prop_map(Deed::Wait),
        1 => (0_u32..20, 0_usize..8).prop_map(|(token, part)| Deed::Said(token, part)),
        7 => told.prop_map(Deed::Tell),
        2 => Just(Deed::Agree),
        2 => prop::sample::select(vec!["00", "001", "007", "009", "*5", "*8"]).prop_map(Deed::Keys),
    ]
}

#[test]
fn a_section_can_be_taken_back_while_nothing_is_heard_of_the_yes_in_the_next_and_that_one_ends_when_it_comes() {
    let mut caller = Caller::recorded_in_room();
    caller.feed(Input::RecordChanged(RecordState::SectionClosed));
    caller.feed(Input::RecordChanged(RecordState::On));
    caller.hear_out();
    caller.press('1');
    assert_eq!(caller.grants(), 1);
    caller.wait(16_000);
    assert!(caller.says(lines::PERMIT_NONE));
    caller.took();
    caller.press('2');
    assert_eq!((caller.acts(), caller.permit_ends()), (vec![ActKind::Withdrawn], vec![]));
    // Too late: she was told that she is not recorded.
    caller.feed(permitted(2));
    assert_eq!(caller.permit_ends(), [Slot(0)]);
}

/// What an onlooker knows who sees only what goes in and what comes out.
#[derive(Default)]
struct Onlooker {
    said: Option<(u32, Vec<PromptId>)>,
    heard: Vec<PromptId>,
    pressed: Option<char>,
    /// A yes was granted and neither refused nor taken back since.
    open: bool,
    /// She was told since that nothing came of it.
    told_off: bool,
    /// Several people speak through her telephone.
    shared: bool,
    /// Who is on the line, once she is in.
    role: Option<Role>,
}

impl Onlooker {
    fn sees(&mut self, input: &Input, out: &[Output]) {
        match input {
            Input::Said { token, part } => {
                if let Some((current, prompts)) = &self.said
                    && current == token
                {
                    self.heard.extend(prompts.get(*part).copied());
                }
            }
            Input::Digit { digit, .. } => self.pressed = Some(*digit),
            Input::NoPermit { .. } | Input::RecordChanged(RecordState::SectionClosed) => self.open = false,
            Input::PinRight(invitation) => self.role = self.role.or(Some(invitation.role)),
            _ => {}
        }
        let was_open = self.open;
        for output in out {
            match output {
                Output::Say { token, prompts, .. } => {
                    self.told_off |= [lines::PERMIT_NONE, lines::SHARED_OFF].iter().any(|told| prompts.contains(told));
                    self.said = Some((*token, prompts.clone()));
                }
                Output::Hush => self.said = None,
                Output::Act(act) if act.kind == ActKind::Offered => self.heard.clear(),
                // Whoever is gone takes every permit along: the shell ends it.
                Output::EndPermit { .. } | Output::HangUp(_) => self.open = false,
                Output::Shared(on) => self.shared = *on,
                Output::Wish(wish) => {
                    assert!(self.role.is_some_and(|role| wish.is_for(role)), "{wish:?} is not for {:?}", self.role);
                    let confirmed = matches!(wish, Wish::CloseSection | Wish::Lock(true) | Wish::EndForAll);
                    assert!(!confirmed || self.pressed == Some('1'), "{wish:?} asks once more");
                }
                Output::Grant { .. } => {
                    assert_eq!(self.pressed, Some('1'), "a yes is a 1");
                    assert!(matches!(input, Input::Digit { .. }), "a yes is a key");
                    for must in [lines::MEETING, lines::NOTICE_WHO, lines::NOTICE_WHY, lines::NOTICE_BACK] {
                        assert!(self.heard.contains(&must), "a yes before {must} was heard");
                    }
                    assert!(!self.open, "a second yes while one is open");
                    assert!(!self.shared, "nobody says yes for several people");
                    (self.open, self.told_off) = (true, false);
                }
                _ => {}
            }
        }
        let permitted = matches!(input, Input::Permitted { .. });
        let ended = out.iter().any(|output| matches!(output, Output::EndPermit { .. }));
        assert!(!(permitted && self.shared && was_open) || ended, "a permit in a shared seat ends as it begins");
        let withdrawn = out.iter().position(|o| act(o).is_some_and(|act| act.kind == ActKind::Withdrawn));
        if let Some(at) = withdrawn {
            // What was agreed to in a closed section has no permit any more, and a yes of which nothing was heard has none yet.
            let ended = matches!(out[0], Output::EndPermit { .. }) && at == 1;
            assert!(ended || (!was_open || self.told_off) && at == 0, "the permit ends before anything else");
        }
    }
}

fn live(caller: &mut Caller, onlooker: &mut Onlooker, deed: &Deed) {
    match deed {
        Deed::Press(key) => {
            watched(caller, onlooker, Input::DigitBegan { digit: *key, slot: Slot(caller.slot) });
            let began = Slot(caller.slot);
            caller.pass(100);
            watched(caller, onlooker, Input::Digit { digit: *key, began, ended: Slot(caller.slot) });
        }
        Deed::Down(key) => watched(caller, onlooker, Input::DigitBegan { digit: *key, slot: Slot(caller.slot) }),
        Deed::Hear => {
            if let Some((token, prompts, heard)) = &mut caller.saying
                && *heard < prompts.len()
            {
                let input = Input::Said { token: *token, part: *heard };
                *heard += 1;
                caller.pass(1_000);
                watched(caller, onlooker, input);
            }
        }
        Deed::HearOut => {
            while caller.saying.as_ref().is_some_and(|(_, prompts, heard)| *heard < prompts.len()) {
                live(caller, onlooker, &Deed::Hear);
            }
        }
        Deed::Wait(ms) => {
            caller.pass(*ms);
            watched(caller, onlooker, Input::TimePassed);
        }
        Deed::Said(token, part) => watched(caller, onlooker, Input::Said { token: *token, part: *part }),
        Deed::Agree => {
            for deed in [Deed::Press('0'), Deed::Press('1'), Deed::HearOut, Deed::Press('1')] {
                live(caller, onlooker, &deed);
            }
        }
        Deed::Keys(keys) => keys.chars().for_each(|key| live(caller, onlooker, &Deed::Press(key))),
        Deed::Tell(input) => watched(caller, onlooker, input.clone()),
    }
}

fn watched(caller: &mut Caller, onlooker: &mut Onlooker, input: Input) {
    caller.took();
    caller.feed(input.clone());
    onlooker.sees(&input, &caller.out);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_life_of_a_call_yields_a_yes_unheard_or_a_second_one(deeds in prop::collection::vec(deed(), 1..80), far in 0..7) {
        let (mut caller, open) = match far {
            0 => (Caller::ringing(), false),
            1 => (Caller::at_pin(), false),
            2 => (Caller::at_notice(), false),
            3 => (Caller::refuser_in_room(), false),
            4 => (Caller::granting(), true),
            5 => (in_the_room_as(Role::Chair), false),
            _ => (Caller::recorded_in_room(), true),
        };
        let said = caller.saying.clone().map(|(token, prompts, _)| (token, prompts));
        let role = match far {
            0 | 1 => None,
            5 => Some(Role::Chair),
            _ => Some(Role::Guest),
        };
        let mut onlooker = Onlooker { said, open, role, ..Onlooker::default() };
        for deed in &deeds {
            live(&mut caller, &mut onlooker, deed);
        }
    }
}
