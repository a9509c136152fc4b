//! The name of every prompt.
//!
//! A name here has a text in `prompts/<language>/texts.toml` and a WAV of that name beside it; the catalogue (`prompts`)
//! refuses to start when one is missing.
//!
//! Not here: which prompts make an announcement (`script`).

use crate::ids::PromptId;

macro_rules! lines {
    ($($name:ident = $id:literal;)*) => {
        $(pub const $name: PromptId = PromptId($id);)*
        /// Every prompt with a name of its own; [`DIGITS`], [`NUMBERS`] and [`MONTHS`] come on top.
        pub const NAMED: &[PromptId] = &[$($name),*];
    };
}

lines! {
    WELCOME = "welcome";
    PIN_ASK = "pin-ask";
    PIN_AGAIN = "pin-again";
    PIN_WRONG = "pin-wrong";
    BYE_NO_PIN = "bye-no-pin";
    BYE_WRONG_PINS = "bye-wrong-pins";
    BYE_NOT_OPEN = "bye-not-open";
    BYE_ENDED = "bye-ended";
    BYE_DRAINING = "bye-draining";
    MEETING = "meeting";
    NOTICE_WHO = "notice-who";
    NOTICE_WHY = "notice-why";
    NOTICE_BACK = "notice-back";
    NOTICE_GROUP = "notice-group";
    NOTICE_DELETION = "notice-deletion";
    NOTICE_LAW = "notice-law";
    NOTICE_ANYWAY = "notice-anyway";
    NOTICE_CHOICES = "notice-choices";
    NOTICE_LONG = "notice-long";
    NOT_RECORDED_MEETING = "not-recorded-meeting";
    NOT_YET_ON = "not-yet-on";
    ANSWER_NO = "answer-no";
    ANSWER_NONE = "answer-none";
    ANSWER_YES = "answer-yes";
    RECEIPT = "receipt";
    RECEIPT_AGAIN = "receipt-again";
    PERMIT_NO_KEYS = "permit-no-keys";
    PERMIT_RECORDER_AWAY = "permit-recorder-away";
    PERMIT_DISK_FULL = "permit-disk-full";
    PERMIT_NONE = "permit-none";
    PAUSE = "pause";
    ENTER = "enter";
    SEAT = "seat";
    MENU_HINT = "menu-hint";
    WITHDRAWN = "withdrawn";
    EARLIER_ASK = "earlier-ask";
    ORDER_ERASED = "order-erased";
    ORDER_KEPT = "order-kept";
    ORDER_FAILED = "order-failed";
    ORDER_OWED = "order-owed";
    NOT_HERE = "not-here";
    ALREADY_RECORDED = "already-recorded";
    STATUS_RECORDED = "status-recorded";
    STATUS_READY = "status-ready";
    STATUS_OFF = "status-off";
    SHARED_KEY = "shared-key";
    SHARED_LIFT = "shared-lift";
    SHARED_OFF = "shared-off";
    SHARED_DESK = "shared-desk";
    SHARED_EARLIER = "shared-earlier";
    SHARED_BACK = "shared-back";
    SHARED_LIFTED = "shared-lifted";
    NOTICE_CHANGED = "notice-changed";
    MUTED = "muted";
    UNMUTED = "unmuted";
    WHO_HERE = "who-here";
    WHO_HERE_ONE = "who-here-one";
    WHO_RECORDED = "who-recorded";
    WHO_RECORDED_ONE = "who-recorded-one";
    WHO_RECORDED_NONE = "who-recorded-none";
    TONE_ON = "tone-on";
    TONE_OFF = "tone-off";
    RECORD_ON = "record-on";
    RECORD_OFF = "record-off";
    ENGLISH_HINT = "english-hint";
    MENU_AGREE = "menu-agree";
    MENU_REFUSE = "menu-refuse";
    MENU_STATUS = "menu-status";
    MENU_AGENDA = "menu-agenda";
    MENU_HAND = "menu-hand";
    MENU_MUTE = "menu-mute";
    MENU_DEMAND = "menu-demand";
    MENU_LOUDER = "menu-louder";
    MENU_WHO = "menu-who";
    MENU_PERSON = "menu-person";
    MENU_CHAIR = "menu-chair";
    CHAIR_RECORD = "chair-record";
    CHAIR_PAUSE = "chair-pause";
    CHAIR_CLOSE = "chair-close";
    CHAIR_NEXT = "chair-next";
    CHAIR_MUTE_ALL = "chair-mute-all";
    CHAIR_LOCK = "chair-lock";
    CHAIR_END = "chair-end";
    CONFIRM_CLOSE = "confirm-close";
    CONFIRM_LOCK = "confirm-lock";
    CONFIRM_END = "confirm-end";
    CONFIRM_KEYS = "confirm-keys";
    CONFIRM_NO = "confirm-no";
    AGENDA_ITEM = "agenda-item";
    AGENDA_NONE = "agenda-none";
    HAND_UP = "hand-up";
    HAND_PLACE = "hand-place";
    HAND_LOWER = "hand-lower";
    HAND_DOWN = "hand-down";
    YOUR_TURN = "your-turn";
    NEXT_SEAT = "next-seat";
    NEXT_NONE = "next-none";
    MUTED_ALL = "muted-all";
    MUTED_YOU = "muted-you";
    ALL_MUTED = "all-muted";
    DEMAND_PAUSED = "demand-paused";
    RECORD_PAUSED = "record-paused";
    RECORD_RESUMED = "record-resumed";
    RECORD_RUNNING = "record-running";
    RECORD_NOT_RUNNING = "record-not-running";
    RECORD_CANNOT = "record-cannot";
    SECTION_CLOSED = "section-closed";
    SECTION_NO_KEYS = "section-no-keys";
    LOCKED = "locked";
    UNLOCKED = "unlocked";
    BYE_LOCKED = "bye-locked";
    BYE_REMOVED = "bye-removed";
    HELP_CALLED = "help-called";
    VOLUME_NORMAL = "volume-normal";
    VOLUME_LOUDER = "volume-louder";
    VOLUME_LOUDEST = "volume-loudest";
    VOLUME_SOFTER = "volume-softer";
}

/// `digit-0` to `digit-9`, one to a prompt.
pub const DIGITS: [PromptId; 10] = [
    PromptId("digit-0"),
    PromptId("digit-1"),
    PromptId("digit-2"),
    PromptId("digit-3"),
    PromptId("digit-4"),
    PromptId("digit-5"),
    PromptId("digit-6"),
    PromptId("digit-7"),
    PromptId("digit-8"),
    PromptId("digit-9"),
];

/// Ten to ninety-nine as words, in order; smaller ones are digits, larger ones are spoken digit by digit.
pub const NUMBERS: [PromptId; 90] = [
    PromptId("number-10"),
    PromptId("number-11"),
    PromptId("number-12"),
    PromptId("number-13"),
    PromptId("number-14"),
    PromptId("number-15"),
    PromptId("number-16"),
    PromptId("number-17"),
    PromptId("number-18"),
    PromptId("number-19"),
    PromptId("number-20"),
    PromptId("number-21"),
    PromptId("number-22"),
    PromptId("number-23"),
    PromptId("number-24"),
    PromptId("number-25"),
    PromptId("number-26"),
    PromptId("number-27"),
    PromptId("number-28"),
    PromptId("number-29"),
    PromptId("number-30"),
    PromptId("number-31"),
    PromptId("number-32"),
    PromptId("number-33"),
    PromptId("number-34"),
    PromptId("number-35"),
    PromptId("number-36"),
    PromptId("number-37"),
    PromptId("number-38"),
    PromptId("number-39"),
    PromptId("number-40"),
    PromptId("number-41"),
    PromptId("number-42"),
    PromptId("number-43"),
    PromptId("number-44"),
    PromptId("number-45"),
    PromptId("number-46"),
    PromptId("number-47"),
    PromptId("number-48"),
    PromptId("number-49"),
    PromptId("number-50"),
    PromptId("number-51"),
    PromptId("number-52"),
    PromptId("number-53"),
    PromptId("number-54"),
    PromptId("number-55"),
    PromptId("number-56"),
    PromptId("number-57"),
    PromptId("number-58"),
    PromptId("number-59"),
    PromptId("number-60"),
    PromptId("number-61"),
    PromptId("number-62"),
    PromptId("number-63"),
    PromptId("number-64"),
    PromptId("number-65"),
    PromptId("number-66"),
    PromptId("number-67"),
    PromptId("number-68"),
    PromptId("number-69"),
    PromptId("number-70"),
    PromptId("number-71"),
    PromptId("number-72"),
    PromptId("number-73"),
    PromptId("number-74"),
    PromptId("number-75"),
    PromptId("number-76"),
    PromptId("number-77"),
    PromptId("number-78"),
    PromptId("number-79"),
    PromptId("number-80"),
    PromptId("number-81"),
    PromptId("number-82"),
    PromptId("number-83"),
    PromptId("number-84"),
    PromptId("number-85"),
    PromptId("number-86"),
    PromptId("number-87"),
    PromptId("number-88"),
    PromptId("number-89"),
    PromptId("number-90"),
    PromptId("number-91"),
    PromptId("number-92"),
    PromptId("number-93"),
    PromptId("number-94"),
    PromptId("number-95"),
    PromptId("number-96"),
    PromptId("number-97"),
    PromptId("number-98"),
    PromptId("number-99"),
];

/// "spätestens … nach der Sitzung", for every term that can be spoken.
pub const MONTHS: [(u32, PromptId); 14] = [
    (1, PromptId("months-1")),
    (2, PromptId("months-2")),
    (3, PromptId("months-3")),
    (4, PromptId("months-4")),
    (5, PromptId("months-5")),
    (6, PromptId("months-6")),
    (7, PromptId("months-7")),
    (8, PromptId("months-8")),
    (9, PromptId("months-9")),
    (10, PromptId("months-10")),
    (11, PromptId("months-11")),
    (12, PromptId("months-12")),
    (18, PromptId("months-18")),
    (24, PromptId("months-24")),
];

/// The prompt of a term; `None` for one that cannot be spoken.
pub fn months(months: u32) -> Option<PromptId> {
    MONTHS.iter().find(|(term, _)| *term == months).map(|(_, prompt)| *prompt)
}

/// Every prompt there is.
pub fn all() -> impl Iterator<Item = PromptId> {
    let terms = MONTHS.iter().map(|(_, prompt)| *prompt);
    NAMED.iter().copied().chain(DIGITS).chain(NUMBERS).chain(terms)
}
