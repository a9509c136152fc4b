//! How loud a line brings back what it is sent, and how late.
//!
//! One [`EchoReturn`] a line, told every slot what was sent and what came ([`EchoReturn::slot`], or [`EchoReturn::skip`] when
//! the line had no turn). Both are compared by power, in sixteen bands and at every delay up to a second and a half: an echo
//! is always there, so at its delay nothing that comes is ever softer than it, whoever speaks over it; at every other delay
//! something is. What is least there, of what came in two seconds against what was sent, stands for that delay, and an echo
//! is a delay that stands out of the others.
//!
//! In: linear sound of a slot each way, as it was sent and as it was heard. Out: [`EchoReturn::found`], an [`Echo`] that two
//! measurements agree on, the latest of the call.
//! States: *filling* (what was sent in the last second and a half is not known yet), *measuring* (until two seconds of
//! something sent and something heard are together), *resting* (after the first ten, ten seconds after each).
//! What fails: a steady tone has no delay, so nothing is found and nothing found is forgotten; an echo of less than −25 dB in
//! a hall, or under a voice as loud as what was sent, is often not found; a telephone that silences its own echo while its
//! caller is silent looks like one that has none. So *nothing found* is never said of a line as a merit.
//!
//! Not here: what follows from it (`bleed`).

use media::{RATE_HZ, SLOT_SAMPLES, Sound};

/// An echo that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Echo {
    /// What comes back against what was sent.
    pub db: f32,
    /// Slots from what was sent to most of what comes back of it.
    pub delay_slots: u8,
    /// Slots from what was sent to the last that stands out of what else comes.
    pub until_slots: u8,
}

/// The measurement of one line. 22 kB; nothing is allocated after [`EchoReturn::new`].
#[derive(Debug)]
pub struct EchoReturn {
    spectrum: Spectrum,
    /// What was sent, newest at `newest`.
    sent: Box<[Bands; DELAYS + 1]>,
    newest: usize,
    /// Slots of `sent` since the last rest.
    known: usize,
    /// Slots since something was sent.
    silent: usize,
    /// How loud each band usually is in what is sent.
    usual: Bands,
    /// By delay, the least ratios of what came to what was sent.
    least: Box<[[Bands; LEAST]; DELAYS]>,
    /// Slots of this measurement that had both.
    measured: u16,
    /// Measurements made.
    done: u32,
    resting: u16,
    /// The last one that found something.
    seen: Option<Echo>,
    found: Option<Echo>,
}

/// Power by frequency.
type Bands = [f32; BANDS];

impl EchoReturn {
    #[must_use]
    pub fn new() -> Self {
        Self {
            spectrum: Spectrum::new(),
            sent: Box::new([[0.0; BANDS]; DELAYS + 1]),
            newest: 0,
            known: 0,
            silent: DELAYS,
            usual: [0.0; BANDS],
            least: Box::new([[[ALL; BANDS]; LEAST]; DELAYS]),
            measured: 0,
            done: 0,
            resting: 0,
            seen: None,
            found: None,
        }
    }

    /// What two measurements agree on: of the whole call, what came back latest.
    #[must_use]
    pub const fn found(&self) -> Option<Echo> {
        self.found
    }

    /// What is sent in the next slot does not matter: [`Self::skip`] will do.
    #[must_use]
    pub const fn rests(&self) -> bool {
        self.resting > 0
    }

    /// A slot: `sent` is what went out, `heard` what came for it, unless nothing did or it was made up.
    pub fn slot(&mut self, sent: &Sound, heard: Option<&Sound>) {
        if self.rests() {
            return self.skip();
        }
        let silent = media::level::energy(sent.samples()) < SOMETHING;
        self.silent = if silent { self.silent.saturating_add(1) } else { 0 };
        if self.silent > DELAYS {
            // Nothing is under way.
            return self.remember([0.0; BANDS]);
        }
        let (sent, came) = self.spectrum.of(sent, heard);
        self.remember(sent);
        if !silent {
            let step = if self.usual == [0.0; BANDS] { 1.0 } else { USUAL_STEP };
            self.usual.iter_mut().zip(sent).for_each(|(usual, new)| *usual += step * (new - *usual));
        }
        if self.known > DELAYS && heard.is_some() {
            self.compare(&came);
            self.measured += u16::from(!silent);
            if self.measured >= MEASURED_SLOTS {
                self.conclude();
            }
        }
    }

    /// A slot of which nobody can say what was sent and what came, or need not.
    pub fn skip(&mut self) {
        if self.rests() {
            self.resting -= 1;
            self.known = 0;
        }
        self.silent = self.silent.saturating_add(1);
        self.remember([0.0; BANDS]);
    }

    fn remember(&mut self, sent: Bands) {
        self.newest = (self.newest + 1) % (DELAYS + 1);
        self.known = (self.known + 1).min(DELAYS + 1);
        if let Some(place) = self.sent.get_mut(self.newest) {
            *place = sent;
        }
    }

    /// Lays what came beside what was sent at every delay.
    fn compare(&mut self, came: &Bands) {
        let Self { sent, newest, usual, least, .. } = self;
        let enough = usual.map(|usual| usual * ENOUGH);
        for (delay, least) in least.iter_mut().enumerate() {
            // A slot that comes back lies across two that were sent.
            let at = |ago: usize| sent[(*newest + DELAYS + 1 - ago) % (DELAYS + 1)];
            let (late, early) = (at(delay), at(delay + 1));
            let [first, second, third] = least;
            for band in 0..BANDS {
                let source = late[band].min(early[band]);
                let ratio = if source > enough[band] { came[band] / source } else { ALL };
                let over = ratio.max(first[band]);
                first[band] = ratio.min(first[band]);
                let over_two = over.max(second[band]);
                second[band] = over.min(second[band]);
                third[band] = over_two.min(third[band]);
            }
        }
    }

    fn conclude(&mut self) {
        let standing = standing_out(&self.returns());
        self.least.iter_mut().for_each(|least| *least = [[ALL; BANDS]; LEAST]);
        self.measured = 0;
        self.done = self.done.saturating_add(1);
        let later = standing.filter(|echo| self.found.is_none_or(|found| found.until_slots < echo.until_slots));
        let agrees =
            |echo: &Echo| self.seen.is_some_and(|seen| seen.delay_slots.abs_diff(echo.delay_slots) <= SAME_SLOTS);
        let confirmed = later.filter(agrees);
        // What was seen once is looked at again at once.
        let goes_on = self.done < EAGER || (later.is_some() && confirmed.is_none());
        self.resting = if goes_on { 0 } else { REST_SLOTS };
        self.found = confirmed.or(self.found);
        self.seen = standing;
    }

    /// By delay, at most so much of what was sent came back.
    fn returns(&self) -> [f32; DELAYS] {
        let all: f32 = self.usual.iter().sum();
        std::array::from_fn(|delay| {
            let [.., third] = &self.least[delay];
            third.iter().zip(&self.usual).map(|(ratio, usual)| ratio * usual).sum::<f32>() / all.max(f32::MIN_POSITIVE)
        })
    }
}

impl Default for EchoReturn {
    fn default() -> Self {
        Self::new()
    }
}

/// The delay at which more comes back than at the others, if there is one.
fn standing_out(returns: &[f32; DELAYS]) -> Option<Echo> {
    let mut sorted = *returns;
    sorted.sort_by(f32::total_cmp);
    let usual = sorted[DELAYS / 2];
    let (delay, loudest) = returns.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let apart = |other: usize| other + BEFORE_SLOTS < delay || other > delay + AFTER_SLOTS;
    let second =
        returns.iter().enumerate().filter(|(other, _)| apart(*other)).map(|(_, power)| *power).fold(0.0, f32::max);
    if *loudest < usual * STANDS_OUT || *loudest < second * STANDS_ALONE || *loudest < FAINTEST {
        return None;
    }
    let tail = returns.iter().skip(delay).take_while(|power| **power >= usual * STANDS_OUT).count();
    let slots = |slots: usize| u8::try_from(slots).ok();
    Some(Echo { db: 10.0 * loudest.log10(), delay_slots: slots(delay)?, until_slots: slots(delay + tail)? })
}

/// The power of two sounds by bands, by one transform of both.
#[derive(Debug)]
struct Spectrum {
    window: [f32; SLOT_SAMPLES],
    turns: [(f32, f32); POINTS / 2],
}

impl Spectrum {
    fn new() -> Self {
        let around = |part: f64| (std::f64::consts::TAU * part).sin_cos();
        Self {
            window: std::array::from_fn(|n| (0.5 - 0.5 * around((n as f64 + 0.5) / SLOT_SAMPLES as f64).1) as f32),
            turns: std::array::from_fn(|n| {
                let (sin, cos) = around(n as f64 / POINTS as f64);
                (cos as f32, -sin as f32)
            }),
        }
    }

    fn of(&self, sent: &Sound, heard: Option<&Sound>) -> (Bands, Bands) {
        let (mut re, mut im) = ([0.0; POINTS], [0.0; POINTS]);
        self.lay(sent, &mut re);
        if let Some(heard) = heard {
            self.lay(heard, &mut im);
        }
        self.transform(&mut re, &mut im);
        let (mut of_sent, mut of_heard) = ([0.0; BANDS], [0.0; BANDS]);
        for band in 0..BANDS {
            for bin in (0..BAND_BINS).map(|n| FIRST_BIN + band * BAND_BINS + n) {
                // Of two real sounds in one complex one, the first is what is even, the second what is odd.
                let (a, b) = (turned(bin), turned(POINTS - bin));
                let (even, odd) = ((re[a] + re[b], im[a] - im[b]), (im[a] + im[b], re[a] - re[b]));
                of_sent[band] += even.0 * even.0 + even.1 * even.1;
                of_heard[band] += odd.0 * odd.0 + odd.1 * odd.1;
            }
        }
        (of_sent, of_heard)
    }

    /// A wide line's sound is brought to 8 kHz as it comes: what is folded by it is folded both ways.
    fn lay(&self, sound: &Sound, into: &mut [f32; POINTS]) {
        let samples = into.iter_mut().zip(&self.window);
        match sound {
            Sound::Narrow(frame) => {
                samples.zip(frame).for_each(|((to, window), sample)| *to = window * f32::from(*sample));
            }
            Sound::Wide(frame) => samples.zip(frame.as_chunks().0).for_each(|((to, window), [a, b])| {
                *to = window * 0.5 * (f32::from(*a) + f32::from(*b));
            }),
        }
    }

    /// In place; each frequency ends where its number, its bits turned round, says.
    fn transform(&self, re: &mut [f32; POINTS], im: &mut [f32; POINTS]) {
        let mut half = POINTS / 2;
        while half > 0 {
            let step = POINTS / 2 / half;
            for (re, im) in re.chunks_exact_mut(2 * half).zip(im.chunks_exact_mut(2 * half)) {
                let ((re_a, re_b), (im_a, im_b)) = (re.split_at_mut(half), im.split_at_mut(half));
                let pairs = re_a.iter_mut().zip(re_b).zip(im_a.iter_mut().zip(im_b));
                for (((re_a, re_b), (im_a, im_b)), (cos, sin)) in pairs.zip(self.turns.iter().step_by(step)) {
                    let (re, im) = (*re_a - *re_b, *im_a - *im_b);
                    (*re_a, *im_a) = (*re_a + *re_b, *im_a + *im_b);
                    (*re_b, *im_b) = (re * cos - im * sin, re * sin + im * cos);
                }
            }
            half /= 2;
        }
    }
}

fn turned(bin: usize) -> usize {
    usize::from((bin as u8).reverse_bits())
}

const POINTS: usize = 256;
/// 31 Hz each.
const BAND_BINS: usize = 6;
/// From 310 Hz to 3300 Hz.
const FIRST_BIN: usize = 10;
const BANDS: usize = 16;
const _: () = assert!(RATE_HZ == 8_000 && FIRST_BIN + BANDS * BAND_BINS < POINTS / 2);

/// A second and a half: further than a call by satellite.
const DELAYS: usize = 75;
/// The third least counts: a lost packet, a key and two voices that cancel each other are no proof of silence.
const LEAST: usize = 3;
/// As much as was sent, or more.
const ALL: f32 = 1.0;
/// Two seconds of speech.
const MEASURED_SLOTS: u16 = 100;
/// The energy of −50 dBov: what is softer leaves no echo that could be told from the line's own noise.
const SOMETHING: u32 = 10_737;
/// A band counts in a slot in which it is at least a third of what it usually is.
const ENOUGH: f32 = 0.3;
const USUAL_STEP: f32 = 1.0 / 64.0;
/// 10 dB.
const STANDS_OUT: f32 = 10.0;
/// −40 dB.
const FAINTEST: f32 = 1e-4;
/// 3 dB above whatever is not its own beginning or dying away.
const STANDS_ALONE: f32 = 2.0;
const BEFORE_SLOTS: usize = 3;
const AFTER_SLOTS: usize = 12;
/// What jitter buffers move.
const SAME_SLOTS: u8 = 2;
/// What is said before the room's door is measured without a rest. After it a slot costs 3 µs of a line, not 9.
const EAGER: u32 = 10;
/// Ten seconds.
const REST_SLOTS: u16 = 500;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use media::g711::{self, Law};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    /// What a caller of the house hears and says, and a telephone in between.
    struct Phone {
        echo_db: f32,
        delay: usize,
        /// How loud its caller speaks over it; below −100 not at all.
        near_dbov: f32,
        hiss_dbov: f32,
        /// Its own echo is silenced while its caller is silent.
        suppresses: bool,
        /// Sound goes back over longer and longer ways.
        room: bool,
    }

    const PHONE: Phone =
        Phone { echo_db: -20.0, delay: 776, near_dbov: -127.0, hiss_dbov: -70.0, suppresses: false, room: false };

    struct Chance(u64);

    impl Chance {
        fn next(&mut self) -> f32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / (1_u64 << 24) as f32
        }
    }

    /// Prompts of a language one after the other, as chance has it, at −26 dBov.
    fn speech(language: &str, seconds: usize, chance: &mut Chance) -> Vec<f32> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts").join(language);
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|file| file.extension().is_some_and(|ending| ending == "wav") && !file.ends_with("pause.wav"))
            .collect();
        files.sort();
        let mut said: Vec<f32> = Vec::new();
        while said.len() < seconds * 8_000 {
            let file = &files[(chance.next() * files.len() as f32) as usize];
            let samples = crate::wav::read(file, RATE_HZ).unwrap();
            let energies: Vec<u32> = samples.chunks_exact(160).map(media::level::energy).collect();
            let loudest = energies.iter().max().copied().unwrap();
            let active: Vec<f32> = energies.iter().filter(|e| **e > loudest / 316).map(|e| *e as f32).collect();
            let gain =
                (media::level::energy_at(-26.0) as f32 * active.len() as f32 / active.iter().sum::<f32>()).sqrt();
            said.extend(samples.iter().map(|sample| f32::from(*sample) * gain));
        }
        said.truncate(seconds * 8_000);
        said
    }

    fn coded(samples: &[f32]) -> Vec<i16> {
        samples
            .chunks_exact(160)
            .flat_map(|slot| {
                let linear: [i16; 160] = std::array::from_fn(|n| slot[n].round().clamp(-32_768.0, 32_767.0) as i16);
                let (mut octets, mut back) = ([0; 160], [0; 160]);
                g711::encode(Law::A, &linear, &mut octets);
                g711::decode(Law::A, &octets, &mut back);
                back
            })
            .collect()
    }

    impl Phone {
        /// What it sends back, and what it was sent.
        fn calls(&self, seconds: usize, seed: u64) -> (Vec<Sound>, Vec<Sound>) {
            let mut chance = Chance(seed);
            let sent = coded(&speech("de", seconds, &mut chance));
            let near = speech("en", seconds, &mut chance);
            let near_gain = 10_f32.powf((self.near_dbov + 26.0) / 20.0);
            let ways: Vec<(usize, f32)> = if self.room {
                let decay = |n: usize| 0.6 * (-(n as f32) / 10.0).exp();
                std::iter::once((0, 0.7))
                    .chain((1..40).map(|n| (n * 23, decay(n) * (chance.next() * 2.0 - 1.0))))
                    .collect()
            } else {
                vec![(0, 1.0)]
            };
            let power: f32 = ways.iter().map(|(_, gain)| gain * gain).sum();
            let gain = 10_f32.powf(self.echo_db / 20.0) / power.sqrt();
            let hiss = 32_768.0 * 10_f32.powf(self.hiss_dbov / 20.0);
            let mut loud = 0.0_f32;
            let back: Vec<f32> = (0..sent.len())
                .map(|n| {
                    let way = |(later, share): &(usize, f32)| {
                        n.checked_sub(self.delay + later).map_or(0.0, |n| share * f32::from(sent[n]))
                    };
                    let echo = gain * ways.iter().map(way).sum::<f32>();
                    let said = near[n] * near_gain;
                    loud = (loud * 0.9995).max(said.abs());
                    let echo = if self.suppresses && loud < 300.0 { 0.0 } else { echo };
                    let noise: f32 = (0..12).map(|_| chance.next()).sum::<f32>() - 6.0;
                    echo + said + hiss * noise
                })
                .collect();
            (narrow(&sent), narrow(&coded(&back)))
        }

        fn measured(&self, seconds: usize, seed: u64) -> EchoReturn {
            let (sent, heard) = self.calls(seconds, seed);
            measured(&sent, &heard)
        }
    }

    fn measured(sent: &[Sound], heard: &[Sound]) -> EchoReturn {
        let mut echo = EchoReturn::new();
        sent.iter().zip(heard).for_each(|(sent, heard)| echo.slot(sent, Some(heard)));
        echo
    }

    fn tone(hz: f32, dbov: f32, slots: usize) -> Vec<Sound> {
        let mut samples = vec![0; slots * SLOT_SAMPLES];
        media::tone::sine(hz, dbov, 0, &mut samples);
        narrow(&samples)
    }

    fn narrow(samples: &[i16]) -> Vec<Sound> {
        samples.chunks_exact(SLOT_SAMPLES).map(|slot| Sound::Narrow(slot.try_into().unwrap())).collect()
    }

    /// What it is 20 ms after 20 ms, so that a delay in samples is one in slots.
    fn slots_of(samples: usize) -> f32 {
        samples as f32 / SLOT_SAMPLES as f32
    }

    proptest! {
        // The same calls every time: speech over speech can look like anything once in ten thousand seconds.
        #![proptest_config(ProptestConfig { cases: 24, rng_seed: RngSeed::Fixed(4711), ..ProptestConfig::default() })]

        #[test]
        fn an_echo_is_found_at_its_level_and_delay_whoever_speaks_over_it(
            echo_db in -20.0_f32..0.0,
            delay in 160_usize..11_200,
            near_dbov in -60.0_f32..-32.0,
            hiss_dbov in -80.0_f32..-55.0,
            seed in any::<u64>(),
        ) {
            let phone = Phone { echo_db, delay, near_dbov, hiss_dbov, ..PHONE };
            let found = phone.measured(30, seed).found().expect("an echo");
            prop_assert!((found.db - echo_db).abs() < 5.0, "{found:?}");
            let at = slots_of(delay);
            prop_assert!((f32::from(found.delay_slots) - at).abs() < 2.0, "{found:?} at {at}");
            prop_assert!(f32::from(found.until_slots) >= at && f32::from(found.until_slots) < at + 20.0, "{found:?} at {at}");
        }

        /// Of minutes in which somebody speaks as loudly as what is sent and all the time, three in forty show one.
        #[test]
        fn a_line_without_an_echo_shows_none_whoever_speaks_on_it(
            near_dbov in -60.0_f32..-38.0,
            hiss_dbov in -80.0_f32..-55.0,
            seed in any::<u64>(),
        ) {
            let phone = Phone { echo_db: -120.0, near_dbov, hiss_dbov, ..PHONE };
            prop_assert_eq!(phone.measured(60, seed).found(), None);
        }
    }

    #[test]
    fn the_dying_away_of_a_hall_belongs_to_its_echo() {
        let hall = Phone { echo_db: -6.0, room: true, ..PHONE };
        let short = Phone { echo_db: -6.0, ..PHONE };
        let until = |phone: &Phone| phone.measured(20, 5).found().unwrap().until_slots;
        assert!(until(&hall) > until(&short), "{} {}", until(&hall), until(&short));
    }

    /// Why nothing found is no merit.
    #[test]
    fn a_telephone_that_silences_its_echo_while_its_caller_is_silent_shows_it_only_under_his_voice() {
        let silent = Phone { suppresses: true, ..PHONE };
        assert_eq!(silent.measured(30, 2).found(), None);
        let speaks = Phone { suppresses: true, near_dbov: -26.0, ..PHONE };
        assert!(speaks.measured(30, 2).found().is_some());
    }

    #[test]
    fn a_steady_tone_has_no_delay() {
        let sent = tone(650.0, -16.0, 1_500);
        let heard = tone(650.0, -22.0, 1_500);
        assert_eq!(measured(&sent, &heard).found(), None);
    }

    #[test]
    fn what_was_found_stays_for_the_call_and_only_a_later_one_replaces_it() {
        let mut echo = EchoReturn::new();
        let mut tell = |delay: usize, seed: u64| {
            let phone = Phone { delay, echo_db: -10.0, ..PHONE };
            let (sent, heard) = phone.calls(30, seed);
            sent.iter().zip(&heard).for_each(|(sent, heard)| echo.slot(sent, Some(heard)));
            echo.found().unwrap().delay_slots
        };
        let first = tell(3_200, 1);
        assert!(first.abs_diff(20) <= 1, "{first}");
        assert_eq!(tell(320, 2), first);
        let later = tell(8_000, 3);
        assert!(later.abs_diff(50) <= 1, "{later}");
    }

    #[test]
    fn a_wide_line_is_measured_like_a_narrow_one() {
        let phone = Phone { echo_db: -12.0, ..PHONE };
        let (sent, heard) = phone.calls(20, 4);
        let wide = |sounds: &[Sound]| -> Vec<Sound> {
            let samples: Vec<i16> = sounds.iter().flat_map(Sound::samples).copied().collect();
            let wide = media::resample::convert(8_000, 16_000, &samples).unwrap();
            wide.chunks_exact(320).map(|slot| Sound::Wide(slot.try_into().unwrap())).collect()
        };
        let found = measured(&wide(&sent), &wide(&heard)).found().unwrap();
        assert!(found.delay_slots.abs_diff(5) <= 1 && (found.db + 12.0).abs() < 3.0, "{found:?}");
    }

    #[test]
    fn slots_that_were_missed_or_made_up_do_not_hide_an_echo() {
        let phone = Phone { delay: 7_300, ..PHONE };
        let (sent, heard) = phone.calls(30, 6);
        let mut echo = EchoReturn::new();
        for (n, (sent, heard)) in sent.iter().zip(&heard).enumerate() {
            match n % 20 {
                7 => echo.skip(),
                13 => echo.slot(sent, None),
                _ => echo.slot(sent, Some(heard)),
            }
        }
        assert!(echo.found().is_some_and(|found| found.delay_slots.abs_diff(45) <= 1), "{:?}", echo.found());
    }

    #[test]
    fn after_the_first_half_minute_most_of_the_time_is_rest() {
        let (sent, heard) = PHONE.calls(120, 7);
        let mut echo = EchoReturn::new();
        let mut rested = Vec::new();
        for (sent, heard) in sent.iter().zip(&heard) {
            rested.push(echo.rests());
            echo.slot(sent, Some(heard));
        }
        assert!(!rested[..1_000].contains(&true));
        assert!(rested[3_000..].iter().filter(|rests| **rests).count() > 1_500);
    }

    #[test]
    fn what_is_sent_and_what_comes_are_kept_apart() {
        let spectrum = Spectrum::new();
        let (low, high) = (&tone(650.0, -10.0, 1)[0], &tone(2_900.0, -60.0, 1)[0]);
        let (sent, came) = spectrum.of(low, Some(high));
        let loudest = |bands: &Bands| (0..BANDS).max_by(|a, b| bands[*a].total_cmp(&bands[*b])).unwrap();
        assert_eq!((loudest(&sent), loudest(&came)), (1, 13));
        assert!(came[1] < came[13] * 1e-2 && sent[13] < sent[1] * 1e-6, "{sent:?} {came:?}");
        assert_eq!(spectrum.of(low, None).1.map(|power| power < 1.0), [true; BANDS]);
    }
}
