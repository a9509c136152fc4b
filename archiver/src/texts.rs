//! What people read: the catalogues `locales/de.ftl` and `locales/en.ftl`, and days and times in Berlin's words.
//!
//! The door to Fluent. A text is asked for by its key; both catalogues hold every key, which a test below keeps so.
//! Texts come out plain: whoever puts them into a page escapes them (maud does).
//!
//! Not here: what is said on the telephone (the gateway's prompts), and logs (English, in place).

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A language the desk speaks; German unless somebody asks for the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    German,
    English,
}

impl Language {
    /// The tag of BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }

    /// Reads back [`tag`](Self::tag).
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::German => Self::English,
            Self::English => Self::German,
        }
    }
}

/// One language's texts.
#[derive(Clone, Copy)]
pub struct Texts {
    pub language: Language,
}

/// What a text has a place for.
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    Text(&'a str),
    Number(u64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Arg<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Arg<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl Texts {
    pub fn of(language: Language) -> Self {
        Self { language }
    }

    /// The text of a key that has no places to fill.
    pub fn say(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The text of a key with its places filled.
    pub fn tell<'a, const N: usize>(&self, key: &str, args: [(&'a str, Arg<'a>); N]) -> String {
        let mut filled = FluentArgs::new();
        for (name, arg) in args {
            match arg {
                Arg::Text(text) => filled.set(name, FluentValue::from(text)),
                Arg::Number(number) => filled.set(name, FluentValue::from(number)),
            }
        }
        self.format(key, Some(&filled))
    }

    /// A civil day: "24. November 2026".
    pub fn day(&self, day: Date) -> String {
        let month = self.say(MONTHS.get(usize::from(day.month().unsigned_abs()) - 1).unwrap_or(&"month-1"));
        let (number, year) = (day.day().to_string(), day.year().to_string());
        self.tell("day", [("day", (&number).into()), ("month", (&month).into()), ("year", (&year).into())])
    }

    /// A moment in Berlin: "24. November 2026, 14:05 Uhr".
    pub fn moment(&self, utc_ms: i64) -> String {
        let then = berlin(utc_ms);
        let month = self.say(MONTHS.get(usize::from(then.month().unsigned_abs()) - 1).unwrap_or(&"month-1"));
        let (day, year) = (then.day().to_string(), then.year().to_string());
        let (hour, minute) = (two(then.hour()), two(then.minute()));
        self.tell(
            "day-and-time",
            [
                ("day", (&day).into()),
                ("month", (&month).into()),
                ("year", (&year).into()),
                ("hour", (&hour).into()),
                ("minute", (&minute).into()),
            ],
        )
    }

    /// The time of day of a moment in Berlin: "14:05 Uhr".
    pub fn time(&self, utc_ms: i64) -> String {
        let then = berlin(utc_ms);
        let (hour, minute) = (two(then.hour()), two(then.minute()));
        self.tell("hour-and-minute", [("hour", (&hour).into()), ("minute", (&minute).into())])
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = match self.language {
            Language::German => &*GERMAN,
            Language::English => &*ENGLISH,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            // A page with a key on it is ugly and still a page; the test below keeps it from happening.
            return key.to_owned();
        };
        bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }
}

/// A length of sound as players show it: `3:05`, with hours `1:03:05`.
pub fn length(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

fn berlin(utc_ms: i64) -> DateTime {
    // The zone data are compiled in; UTC would only ever stand in if they were not.
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    zone.to_datetime(Timestamp::from_millisecond(utc_ms).unwrap_or(Timestamp::UNIX_EPOCH))
}

fn two(number: i8) -> String {
    format!("{number:02}")
}

fn bundle(language: unic_langid::LanguageIdentifier, catalogue: &str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Isolating marks would end up in what tests, copies and screen readers get.
    bundle.set_use_isolating(false);
    // A catalogue with a mistake still serves what of it reads; the test below finds the mistake.
    let resource = FluentResource::try_new(catalogue.to_owned()).unwrap_or_else(|(partly, _)| partly);
    bundle.add_resource_overriding(resource);
    bundle
}

static GERMAN: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| bundle("de".parse().unwrap_or_default(), GERMAN_CATALOGUE));
static ENGLISH: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| bundle("en".parse().unwrap_or_default(), ENGLISH_CATALOGUE));
const GERMAN_CATALOGUE: &str = include_str!("../locales/de.ftl");
const ENGLISH_CATALOGUE: &str = include_str!("../locales/en.ftl");
const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9", "month-10",
    "month-11", "month-12",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    const DE: Texts = Texts { language: Language::German };
    const EN: Texts = Texts { language: Language::English };

    /// Keys of a catalogue with the places each has.
    fn keys(catalogue: &str) -> BTreeSet<(String, Vec<String>)> {
        let mut keys = BTreeSet::new();
        let mut open: Option<(String, BTreeSet<String>)> = None;
        for line in catalogue.lines().chain(["end = "]) {
            if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.starts_with([' ', '#']))
                && let Some((key, places)) = open.replace((key.to_owned(), BTreeSet::new()))
            {
                keys.insert((key, places.into_iter().collect()));
            }
            if let Some((_, places)) = &mut open {
                places.extend(line.split("{ $").skip(1).map(|rest| rest.split([' ', '}']).next().unwrap().to_owned()));
            }
        }
        keys
    }

    /// Every string in quotation marks in the desk's sources that looks like a key.
    fn used() -> BTreeSet<String> {
        fn walk(path: &Path, into: &mut String) {
            for entry in std::fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, into);
                } else if path.file_name().unwrap() != "tests.rs" {
                    let text = std::fs::read_to_string(path).unwrap();
                    into.push_str(text.split("#[cfg(test)]").next().unwrap());
                }
            }
        }
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut text = String::new();
        walk(&src.join("desk"), &mut text);
        text.push_str(include_str!("texts.rs").split("#[cfg(test)]").next().unwrap());
        text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn both_catalogues_read_and_hold_the_same_keys_with_the_same_places() {
        for catalogue in [GERMAN_CATALOGUE, ENGLISH_CATALOGUE] {
            assert!(FluentResource::try_new(catalogue.to_owned()).is_ok());
        }
        let (german, english) = (keys(GERMAN_CATALOGUE), keys(ENGLISH_CATALOGUE));
        assert_eq!(german.difference(&english).collect::<Vec<_>>(), Vec::<&(String, Vec<String>)>::new());
        assert_eq!(english.difference(&german).collect::<Vec<_>>(), Vec::<&(String, Vec<String>)>::new());
        assert!(german.len() > 100);
    }

    #[test]
    fn every_text_is_used_somewhere_on_the_desk() {
        let used = used();
        let idle: Vec<_> =
            keys(GERMAN_CATALOGUE).into_iter().map(|(key, _)| key).filter(|key| !used.contains(key)).collect();
        assert_eq!(idle, Vec::<String>::new());
    }

    #[test]
    fn every_key_that_is_asked_for_is_there() {
        let there: BTreeSet<_> = keys(GERMAN_CATALOGUE).into_iter().map(|(key, _)| key).collect();
        let families: BTreeSet<_> =
            there.iter().filter_map(|key| key.split_once('-')).map(|(family, _)| family).collect();
        let is_key = |text: &str| {
            text.split_once('-').is_some_and(|(family, _)| families.contains(family))
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let missing: Vec<_> = used().into_iter().filter(|text| is_key(text) && !there.contains(text)).collect();
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn numbers_choose_their_word() {
        let people = |texts: Texts, n: u64| texts.tell("seats-now", [("count", n.into())]);
        assert_eq!(people(DE, 1), "Eine Person ist da.");
        assert_eq!(people(DE, 3), "3 Personen sind da.");
        assert_eq!(people(EN, 1), "One person is here.");
        assert_eq!(DE.tell("seats-recorded", [("count", 0_u32.into())]), "Niemand wird aufgenommen.");
    }

    #[test]
    fn a_moment_is_told_in_berlin_in_winter_and_in_summer() {
        assert_eq!(DE.moment(1_795_525_500_000), "24. November 2026, 14:05 Uhr");
        assert_eq!(EN.moment(1_783_000_000_000), "2 July 2026, 15:46");
        assert_eq!(DE.time(1_795_525_500_000), "14:05 Uhr");
        assert_eq!(DE.day(jiff::civil::date(2026, 3, 1)), "1. März 2026");
    }

    #[test]
    fn a_length_is_told_as_players_do() {
        assert_eq!((length(185_000), length(3_785_999), length(0)), ("3:05".into(), "1:03:05".into(), "0:00".into()));
    }
}
