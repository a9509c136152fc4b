//! The plan's sentences, on a made-up clock.
//!
//! Not here: the file that a plan is kept in (`io::plan_file`).

use control::{Pins, Record, RuleNotice, Secret};
use spool::id::SectionId;
use spool::keys::PublicKey;

use super::*;

const GUEST: &str = "48151623";
const CHAIR: &str = "1234567890";

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "some instant is needed to start from")]
    Instant::now()
}

fn keys(tracks: std::ops::Range<u8>) -> Vec<TrackKey> {
    tracks.map(|n| TrackKey { track: TrackId([n; 16]), public: PublicKey { suite: 0x50, bytes: vec![n] } }).collect()
}

fn meeting(id: u8, guest: &str) -> Meeting {
    let key = Secret([id; 32]);
    Meeting {
        id: MeetingId([id; 16]),
        number: "4711".into(),
        pins: Pins {
            guest: pin::digest(&key, Role::Guest, guest),
            member: None,
            chair: Some(pin::digest(&key, Role::Chair, CHAIR)),
            key,
        },
        open: Open::Always,
        rule: RuleNotice {
            id: "until-approval".into(),
            hash: "ab".into(),
            basis: "consent".into(),
            persons: "everybody".into(),
            on_withdrawal: "shred_track".into(),
            cap_months: 6,
            notice: "until-approval".into(),
        },
        section: SectionId([1; 16]),
        record: true,
        receipt_key: Secret([2; 32]),
        track_keys: keys(0..4),
        gateways: Vec::new(),
    }
}

pub(crate) fn planned() -> Plan {
    let mut plan = Plan::default();
    plan.put(meeting(1, GUEST), |_, _| true).unwrap();
    plan
}

fn enter(plan: &mut Plan, digits: &str) -> Entry {
    plan.enter(digits, &by(0), start(), 0)
}

/// A caller of the source and the number that most sentences are about.
fn by(caller: u8) -> Origin {
    Origin::new(CallerTag([caller; 16]), SourceTag([0; 16]), "100")
}

/// Somebody whose number, dialled number and address nobody had before.
fn another(n: u32, source: u8) -> Origin {
    let mut tag = [0xaa; 16];
    tag[..4].copy_from_slice(&n.to_be_bytes());
    Origin::new(CallerTag(tag), SourceTag([source; 16]), &format!("{n}"))
}

fn delay_of(plan: &mut Plan, origin: &Origin, now: Instant) -> Duration {
    let Entry::Wrong { delay } = plan.enter("00000000", origin, now, 0) else { panic!("a wrong PIN was taken") };
    delay
}

#[test]
fn each_pin_leads_to_its_meeting_and_its_role() {
    let mut plan = planned();
    let mut other = meeting(2, "00000000");
    other.track_keys = keys(10..12);
    plan.put(other, |_, _| true).unwrap();
    assert_eq!(enter(&mut plan, GUEST), Entry::Right { meeting: MeetingId([1; 16]), role: Role::Guest });
    assert_eq!(enter(&mut plan, CHAIR), Entry::Right { meeting: MeetingId([1; 16]), role: Role::Chair });
    assert_eq!(enter(&mut plan, "00000000"), Entry::Right { meeting: MeetingId([2; 16]), role: Role::Guest });
    let mut third = meeting(3, "11111111");
    third.pins.member = Some(pin::digest(&third.pins.key, Role::Member, "2718281828"));
    third.track_keys = keys(20..22);
    plan.put(third, |_, _| true).unwrap();
    assert_eq!(enter(&mut plan, "2718281828"), Entry::Right { meeting: MeetingId([3; 16]), role: Role::Member });
}

#[test]
fn the_agenda_outlasts_a_restart_and_a_meeting_that_is_put_again() {
    let mut plan = planned();
    let id = MeetingId([1; 16]);
    assert!(plan.set_agenda(id, Some(12)));
    assert!(!plan.set_agenda(id, Some(0)) && !plan.set_agenda(id, Some(1_000)), "what cannot be spoken is not taken");
    assert!(!plan.set_agenda(MeetingId([9; 16]), Some(1)));
    let mut plan = Plan::from_json(&plan.to_json()).unwrap();
    plan.put(meeting(1, GUEST), |_, _| true).unwrap();
    assert_eq!(plan.agenda(id), Some(12));
    assert!(plan.set_agenda(id, None));
    assert_eq!(plan.agenda(id), None);
}

proptest::proptest! {
    /// Nobody puts anything: calls come, slips happen, tracks begin, the program is started again.
    #[test]
    fn for_an_hour_without_the_archive_the_right_pin_opens_and_no_key_comes_twice(
        deeds in proptest::collection::vec(0_u8..4, 200),
    ) {
        let (mut plan, mut now, mut taken) = (Plan::default(), start(), BTreeSet::new());
        plan.put(Meeting { track_keys: keys(0..200), ..meeting(1, GUEST) }, |_, _| true).unwrap();
        let id = MeetingId([1; 16]);
        for deed in deeds {
            now += Duration::from_secs(18);
            match deed {
                0 => {
                    let wrong = plan.enter("0", &by(7), now, 0);
                    let delayed = matches!(wrong, Entry::Wrong { delay } if delay <= Duration::from_secs(30));
                    assert!(delayed, "{wrong:?}");
                }
                1 => assert!(matches!(plan.enter(GUEST, &by(7), now, 0), Entry::Right { .. })),
                2 => assert!(taken.insert(plan.take_key(id).unwrap().track)),
                _ => plan = Plan::from_json(&plan.to_json()).unwrap(),
            }
            assert_eq!(plan.keys_left(id) as usize + taken.len(), 200);
        }
    }
}

#[test]
fn a_pin_with_a_digit_more_less_or_other_is_wrong() {
    let mut plan = planned();
    for digits in ["", "4815162", "481516230", "48151624", "4711"] {
        assert!(matches!(enter(&mut plan, digits), Entry::Wrong { .. }), "{digits}");
    }
}

#[test]
fn a_meeting_without_members_lets_nobody_in_as_a_member() {
    let mut plan = Plan::default();
    let mut odd = meeting(1, GUEST);
    // A digest that would be right for a member, in the guests' place.
    odd.pins.guest = pin::digest(&odd.pins.key, Role::Member, "55555555");
    plan.put(odd, |_, _| true).unwrap();
    assert!(matches!(enter(&mut plan, "55555555"), Entry::Wrong { .. }));
}

#[test]
fn a_right_pin_outside_the_hours_is_not_a_wrong_one() {
    let mut plan = Plan::default();
    let hours = Meeting { open: Open::Between { from_ms: 1_000, until_ms: 2_000 }, ..meeting(1, GUEST) };
    plan.put(hours, |_, _| true).unwrap();
    for (at, open) in [(999, false), (1_000, true), (1_999, true), (2_000, false)] {
        let entry = plan.enter(GUEST, &by(0), start(), at);
        assert_eq!(matches!(entry, Entry::Right { .. }), open, "{at}");
        assert_eq!(entry == Entry::NotOpen { meeting: MeetingId([1; 16]) }, !open, "{at}");
    }
}

#[test]
fn guessing_gets_slow_and_the_right_pin_always_works() {
    let mut plan = planned();
    let now = start();
    let mut last = Duration::ZERO;
    for n in 0..40 {
        let Entry::Wrong { delay } = plan.enter("00000000", &by(7), now, 0) else { panic!() };
        assert!(n >= 3 || delay.is_zero(), "three slips cost nothing");
        assert!(delay >= last && delay <= Duration::from_secs(30));
        last = delay;
    }
    assert_eq!(last, Duration::from_secs(30));
    assert!(matches!(plan.enter(GUEST, &by(7), now, 0), Entry::Right { .. }));
}

#[test]
fn one_callers_guesses_do_not_slow_another() {
    let mut plan = planned();
    let now = start();
    for _ in 0..40 {
        assert!(matches!(plan.enter("00000000", &by(7), now, 0), Entry::Wrong { .. }));
    }
    assert_eq!(plan.enter("0", &by(8), now, 0), Entry::Wrong { delay: Duration::ZERO });
}

#[test]
fn many_callers_on_one_number_are_slowed_a_little() {
    let mut plan = planned();
    let now = start();
    for n in 0..200_u8 {
        let origin = Origin::new(CallerTag([n; 16]), SourceTag([n; 16]), "100");
        let delay = delay_of(&mut plan, &origin, now);
        assert!(delay <= Duration::from_secs(4));
        assert_eq!(delay.is_zero(), n < 50, "{n}");
    }
}

#[test]
fn who_changes_number_and_dialled_number_with_each_call_is_slowed_by_where_they_are() {
    let mut plan = planned();
    let now = start();
    let delays: Vec<Duration> = (0..40).map(|n| delay_of(&mut plan, &another(n, 7), now)).collect();
    assert!(delays[..20].iter().all(Duration::is_zero) && delays[20..].iter().all(|delay| !delay.is_zero()));
    assert_eq!(delays[39], Duration::from_secs(30));
    // Hanging up and calling again under another number gains nothing; somebody elsewhere waits for nothing.
    let later = now + Duration::from_secs(10);
    assert_eq!(plan.wait(&another(99, 7), later), Duration::from_secs(20));
    assert_eq!(plan.wait(&another(99, 8), later), Duration::ZERO);
    assert!(matches!(plan.enter(GUEST, &another(99, 7), later, 0), Entry::Right { .. }));
}

#[test]
fn behind_a_trunk_nobody_waits_long_for_one_who_guesses_there() {
    let mut plan = planned();
    let now = start();
    for n in 0..40 {
        delay_of(&mut plan, &another(n, 7), now);
    }
    // The first who is right shows that more than one is there.
    assert!(matches!(plan.enter(GUEST, &another(50, 7), now, 0), Entry::Right { .. }));
    assert!(plan.wait(&another(51, 7), now) <= Duration::from_secs(4));
    assert!(delay_of(&mut plan, &another(52, 7), now) <= Duration::from_secs(4));
    // A town hall in which every second call is a slip of the finger.
    let mut plan = planned();
    for n in 0..200 {
        assert_eq!(delay_of(&mut plan, &another(n, 7), now), Duration::ZERO, "{n}");
        assert!(matches!(plan.enter(GUEST, &another(n, 7), now, 0), Entry::Right { .. }));
    }
}

#[test]
fn behind_one_shown_number_nobody_waits_long_for_the_slips_of_others() {
    let mut plan = planned();
    let now = start();
    let long = Duration::from_secs(4);
    for _ in 0..10 {
        delay_of(&mut plan, &by(7), now);
    }
    assert_eq!(plan.wait(&by(7), now), Duration::from_secs(30));
    assert!(matches!(plan.enter(GUEST, &by(7), now, 0), Entry::Right { .. }));
    assert_eq!(plan.wait(&by(7), now), long);
    assert_eq!(delay_of(&mut plan, &by(7), now), long);
    // A town hall in which everybody slips once costs nobody anything.
    let mut plan = planned();
    let dials = |n: u32| Origin::new(CallerTag([7; 16]), SourceTag([0; 16]), &format!("{n}"));
    for n in 0..150 {
        assert_eq!(delay_of(&mut plan, &dials(n), now), Duration::ZERO, "{n}");
        assert!(matches!(plan.enter(GUEST, &dials(n), now, 0), Entry::Right { .. }));
    }
    assert_eq!(plan.wait(&by(7), now), Duration::ZERO);
    // An hour later who guesses under that number is a guesser as any other.
    let later = now + Duration::from_secs(3_601);
    let last = (0..20).map(|_| delay_of(&mut plan, &by(7), later)).last();
    assert_eq!(last, Some(Duration::from_secs(30)));
}

#[test]
fn who_shows_the_number_of_one_who_is_right_is_slowed_as_others_and_slows_them_little() {
    let mut plan = planned();
    let now = start();
    let elsewhere = Origin::new(CallerTag([7; 16]), SourceTag([9; 16]), "200");
    for _ in 0..20 {
        assert!(matches!(plan.enter(GUEST, &by(7), now, 0), Entry::Right { .. }));
    }
    let delays: Vec<Duration> = (0..10).map(|_| delay_of(&mut plan, &elsewhere, now)).collect();
    assert!(delays[..3].iter().all(Duration::is_zero) && !delays[3].is_zero(), "{delays:?}");
    assert_eq!(delays[9], Duration::from_secs(30));
    assert_eq!(plan.wait(&by(7), now), Duration::from_secs(4));
    // Neither a right PIN nor a slip of the others brings his next question nearer.
    assert!(matches!(plan.enter(GUEST, &by(7), now, 0), Entry::Right { .. }));
    assert_eq!(delay_of(&mut plan, &by(7), now), Duration::ZERO);
    assert_eq!(plan.wait(&elsewhere, now), Duration::from_secs(30));
}

#[test]
fn the_right_pin_of_a_guest_buys_no_end_of_guesses() {
    let mut plan = planned();
    let now = start();
    let mut free = 0;
    for n in 0..2_000 {
        assert!(matches!(plan.enter(GUEST, &another(n, 7), now, 0), Entry::Right { .. }));
        free += u32::from(delay_of(&mut plan, &another(n, 7), now).is_zero());
    }
    assert_eq!(free, 220);
    // Under one number it buys as few.
    let mut plan = planned();
    free = 0;
    for n in 0..2_000 {
        let origin = Origin::new(CallerTag([7; 16]), SourceTag([7; 16]), &format!("{n}"));
        assert!(matches!(plan.enter(GUEST, &origin, now, 0), Entry::Right { .. }));
        free += u32::from(delay_of(&mut plan, &origin, now).is_zero());
    }
    assert_eq!(free, 203);
}

#[test]
fn who_has_many_addresses_is_slowed_by_all_wrong_pins_together_and_nobody_much() {
    let mut plan = planned();
    let now = start();
    for n in 0..2_000_u32 {
        let delay = delay_of(&mut plan, &another(n, (n % 256) as u8), now);
        assert!(n < 300 || !delay.is_zero(), "{n}");
        assert!(n >= 300 || delay.is_zero(), "{n}");
    }
    let elsewhere = Origin::new(CallerTag([1; 16]), SourceTag([1; 16]), "nobody dialled this");
    assert!(plan.wait(&elsewhere, now) <= Duration::from_secs(2));
}

#[test]
fn a_slip_now_and_then_is_never_held_back_however_long_it_goes_on() {
    let mut plan = planned();
    let now = start();
    for n in 0..1_000 {
        let at = now + Duration::from_secs(120) * n;
        assert_eq!(
            delay_of(&mut plan, &Origin::new(CallerTag([n as u8; 16]), SourceTag([n as u8; 16]), "100"), at),
            Duration::ZERO
        );
    }
}

#[test]
fn an_hour_forgets_wrong_pins() {
    let mut plan = planned();
    let now = start();
    for _ in 0..40 {
        assert!(matches!(plan.enter("0", &by(7), now, 0), Entry::Wrong { .. }));
    }
    let later = now + Duration::from_secs(3_601);
    assert_eq!(plan.enter("0", &by(7), later, 0), Entry::Wrong { delay: Duration::ZERO });
}

#[test]
fn no_key_is_ever_taken_twice() {
    let mut plan = planned();
    let id = MeetingId([1; 16]);
    let first: Vec<_> = (0..2).filter_map(|_| plan.take_key(id)).map(|key| key.track).collect();
    // Restarted, put again with the same pool, removed and put again.
    let mut plan = Plan::from_json(&plan.to_json()).unwrap();
    plan.put(meeting(1, GUEST), |_, _| true).unwrap();
    assert_eq!(plan.keys_left(id), 2);
    assert!(plan.remove(id, 0));
    let mut plan = Plan::from_json(&plan.to_json()).unwrap();
    plan.put(meeting(1, GUEST), |_, _| true).unwrap();
    let mut rest = Vec::new();
    while let Some(key) = plan.take_key(id) {
        rest.push(key.track);
    }
    assert_eq!(rest.len(), 2);
    assert!(rest.iter().all(|track| !first.contains(track)));
    assert_eq!(plan.keys_left(id), 0);
}

#[test]
fn a_key_that_is_put_twice_is_one_key() {
    let mut plan = Plan::default();
    let double = Meeting { track_keys: [keys(0..2), keys(0..2)].concat(), ..meeting(1, GUEST) };
    plan.put(double, |_, _| true).unwrap();
    assert_eq!(plan.keys_left(MeetingId([1; 16])), 2);
}

#[test]
fn a_key_of_another_meeting_is_refused() {
    let mut plan = planned();
    plan.take_key(MeetingId([1; 16])).unwrap();
    let error = plan.put(meeting(2, "1"), |_, _| true).unwrap_err();
    assert!(matches!(error, PlanError::KeyOfAnother(_)), "{error}");
    assert_eq!(plan.meetings().count(), 1);
}

#[test]
fn what_cannot_be_carried_out_or_spoken_is_refused_with_a_sentence() {
    let mut plan = planned();
    let before = plan.to_json();
    let with = |change: fn(&mut Meeting)| {
        let mut meeting = meeting(1, GUEST);
        change(&mut meeting);
        meeting
    };
    for (meeting, code) in [
        (with(|m| m.rule.basis = "public_task".into()), "basis"),
        (with(|m| m.rule.persons = "members".into()), "persons"),
        (with(|m| m.rule.on_withdrawal = "from_now_on".into()), "on_withdrawal"),
        (with(|m| m.rule.on_withdrawal = "objection_workflow".into()), "on_withdrawal"),
        (with(|m| m.rule.cap_months = 7_000), "notice"),
        (with(|m| m.number = "47 11".into()), "number"),
        (with(|m| m.number = String::new()), "number"),
        (with(|m| m.open = Open::Between { from_ms: 2, until_ms: 1 }), "open"),
    ] {
        let error = plan.put(meeting, |notice, months| notice == "until-approval" && months < 25).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(error.to_string().len() > 20);
    }
    assert_eq!(*plan.to_json(), *before, "a refusal changes nothing");
}

#[test]
fn the_plan_survives_a_restart() {
    let mut plan = planned();
    plan.take_key(MeetingId([1; 16])).unwrap();
    let mut again = Plan::from_json(&plan.to_json()).unwrap();
    assert_eq!(*again.to_json(), *plan.to_json());
    assert!(matches!(enter(&mut again, GUEST), Entry::Right { .. }));
}

#[test]
fn a_paused_record_stays_paused_over_restarts_until_somebody_says_on() {
    let mut plan = planned();
    let id = MeetingId([1; 16]);
    assert!(!plan.is_paused(id) && !plan.unpause(id));
    plan.pause_all();
    for _ in 0..3 {
        plan = Plan::from_json(&plan.to_json()).unwrap();
        assert!(plan.is_paused(id));
    }
    plan.put(meeting(1, GUEST), |_, _| true).unwrap();
    assert!(plan.is_paused(id), "what the desk puts is not yet somebody's word");
    assert!(plan.unpause(id));
    assert!(!Plan::from_json(&plan.to_json()).unwrap().is_paused(id));
    // A meeting that came later was not interrupted.
    let mut plan = planned();
    plan.pause_all();
    let later = Meeting { track_keys: keys(10..12), ..meeting(2, "00000000") };
    plan.put(later, |_, _| true).unwrap();
    assert!(plan.is_paused(id) && !plan.is_paused(MeetingId([2; 16])));
}

#[test]
fn a_closed_section_stays_closed_and_the_next_begins_on_a_word_only() {
    let mut plan = planned();
    let id = MeetingId([1; 16]);
    let section = plan.meeting(id).unwrap().section;
    plan.close(id, section);
    plan = Plan::from_json(&plan.to_json()).unwrap();
    assert!(plan.is_closed(id) && plan.record(id) == Record::Paused);
    assert!(!plan.word_given(id) && plan.is_closed(id), "no word opens a section that was closed");
    // The desk puts the keys of the next one; that is nobody's word, after an end without goodbye neither.
    plan.pause_all();
    let next = Meeting { section: SectionId([7; 16]), track_keys: keys(20..22), ..meeting(1, GUEST) };
    plan.put(next, |_, _| true).unwrap();
    assert!(!plan.is_closed(id) && !plan.unpause(id) && plan.is_paused(id));
    assert!(plan.word_given(id) && plan.record(id) == Record::On);
    assert!(!plan.word_given(id), "said once is enough");
}

#[test]
fn a_plan_that_does_not_read_is_an_error() {
    for text in [
        "",
        "{}",
        "[]",
        r#"{"version":2,"meetings":[],"retired":[]}"#,
        r#"{"version":1,"meetings":[],"retired":[],"more":1}"#,
    ] {
        assert!(matches!(Plan::from_json(text), Err(PlanError::Unreadable(_))), "{text}");
    }
}

#[test]
fn the_ids_of_used_keys_are_forgotten_when_no_recording_can_be_left() {
    let mut plan = planned();
    let id = MeetingId([1; 16]);
    let track = plan.take_key(id).unwrap().track.to_string();
    plan.remove(id, 0);
    assert!(plan.to_json().contains(&track));
    plan.remove(id, 7 * LONGEST_MONTH_MS);
    assert!(!plan.to_json().contains(&track));
}

#[test]
fn a_plan_prints_no_secret() {
    let printed = format!("{:?}", planned());
    assert!(!printed.contains(&"01".repeat(32)) && !printed.contains("[1, 1, 1"), "{printed}");
}
