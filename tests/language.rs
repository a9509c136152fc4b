//! `*` for English: what is spoken from then on, and what the evidence says was spoken.
//!
//! Not here: every text in both languages (`tidy`, and the units of `prompts`).

use media::level::dbov;

use crate::support::ears::Person::{Anna, Bert, Clara};
use crate::support::ears::Sound;
use crate::support::house::House;
use crate::support::phone::Phone;
use crate::support::{sql, top};

#[test]
fn after_a_star_everything_is_english_for_this_caller_and_nobody_else() {
    let house = House::open();
    let keep = |who: &str| house.ground().path().join(format!("{who}.wav"));
    let calls = |who, name| Phone::calls_with(&house, who, &["--keep", &keep(name).display().to_string()]);
    // During the welcome, in the middle of the notice, never.
    let mut anna = calls(Anna, "anna");
    anna.does("p2");
    anna.keys("*");
    anna.arrives(&house);
    anna.agrees(&house);
    let mut bert = calls(Bert, "bert");
    bert.arrives(&house);
    bert.does("p1");
    bert.keys("*");
    bert.agrees(&house);
    let mut clara = calls(Clara, "clara");
    clara.arrives(&house);
    clara.agrees(&house);
    for phone in [anna, bert, clara] {
        phone.hangs_up();
    }
    house.await_handed_over();
    // Bert and Clara keyed their PIN as soon as there was a pause, so only the notice was said to them to its end.
    let (door, notice) = (["welcome", "pin-ask"], ["notice-why", "notice-back"]);
    for (who, prompts, language) in
        [("anna", door, "en"), ("anna", notice, "en"), ("bert", notice, "en"), ("clara", notice, "de")]
    {
        let heard = Sound::read(&keep(who));
        for prompt in prompts {
            let [de, en] = ["de", "en"].map(|said| likeness(&heard, &prompt_of(said, prompt)));
            let (said, other) = if language == "en" { (en, de) } else { (de, en) };
            assert!(said > other + CLEARLY, "{who} and {prompt}: {said} in {language}, {other} in the other language");
        }
    }
    let given = sql(
        &house.data(),
        "select json_extract(p.payload, '$.language') from payloads p join links l on l.chain = p.chain and l.seq = p.seq \
         where l.chain = 'consent' and l.kind = 'given' order by l.seq",
    );
    assert_eq!(given, "en\nen\nde", "in which words who said yes was asked");
}

fn prompt_of(language: &str, name: &str) -> Sound {
    Sound::read(&top().join(format!("gateway/prompts/{language}/{name}.wav")))
}

/// How like the most alike stretch of `heard` is to `prompt`, by how their loudness runs: 1 is the same.
fn likeness(heard: &Sound, prompt: &Sound) -> f32 {
    let (heard, prompt) = (loudness(heard), loudness(prompt));
    heard.windows(prompt.len()).map(|stretch| correlation(stretch, &prompt)).fold(-1.0, f32::max)
}

/// In each 20 ms, in dBov.
fn loudness(sound: &Sound) -> Vec<f32> {
    sound.samples.chunks_exact((sound.rate_hz / 50) as usize).map(|slot| dbov(slot).max(QUIET_DBOV)).collect()
}

fn correlation(one: &[f32], other: &[f32]) -> f32 {
    let mean = |of: &[f32]| of.iter().sum::<f32>() / of.len() as f32;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut square_one, mut square_other) = (0.0, 0.0, 0.0);
    for (one, other) in one.iter().zip(other) {
        let (one, other) = (one - mean_one, other - mean_other);
        both += one * other;
        square_one += one * one;
        square_other += other * other;
    }
    both / (square_one * square_other).sqrt().max(f32::MIN_POSITIVE)
}

/// Below this the noise of codecs begins.
const QUIET_DBOV: f32 = -55.0;
/// The same sentence is above 0.95, on a machine that stutters above 0.7; the other language's is below 0.5.
const CLEARLY: f32 = 0.15;
