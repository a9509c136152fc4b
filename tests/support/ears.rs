//! Whose voice is in a sound: every person of a story says one tone, and a Goertzel filter finds it.
//!
//! Not here: where the sound comes from.

use std::path::Path;

use media::tone::dbov_at;

/// A person of a story, known by a tone. None is near a harmonic of another or a tone of the keypad. Each has whole periods in a
/// slot of 20 ms: where a jitter buffer leaves one out or puts one in, the tone goes on as if nothing had happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    Anna,
    Bert,
    Clara,
    Dora,
}

impl Person {
    pub(crate) const ALL: [Self; 4] = [Self::Anna, Self::Bert, Self::Clara, Self::Dora];

    pub(crate) fn hz(self) -> u32 {
        match self {
            Self::Anna => 450,
            Self::Bert => 650,
            Self::Clara => 800,
            Self::Dora => 1050,
        }
    }
}

/// A mono recording in memory.
#[derive(Clone, Debug)]
pub(crate) struct Sound {
    pub(crate) rate_hz: u32,
    pub(crate) samples: Vec<i16>,
}

impl Sound {
    pub(crate) fn read(file: &Path) -> Self {
        let mut reader =
            hound::WavReader::open(file).unwrap_or_else(|why| panic!("{} is no WAV: {why}", file.display()));
        let spec = reader.spec();
        assert_eq!(spec.channels, 1, "{} is not mono", file.display());
        let samples = reader.samples::<i16>().map(|s| s.expect("a sample")).collect();
        Self { rate_hz: spec.sample_rate, samples }
    }

    /// A telephone's own file, whose head may promise more than was written before it ended.
    pub(crate) fn read_what_is_there(file: &Path) -> Self {
        let reader = hound::WavReader::open(file).unwrap_or_else(|why| panic!("{} is no WAV: {why}", file.display()));
        let rate_hz = reader.spec().sample_rate;
        Self { rate_hz, samples: reader.into_samples::<i16>().map_while(Result::ok).collect() }
    }

    pub(crate) fn write(&self, file: &Path) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: self.rate_hz,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(file, spec).expect("a WAV file");
        for sample in &self.samples {
            writer.write_sample(*sample).expect("room on the disk");
        }
        writer.finalize().expect("room on the disk");
    }

    /// Its last seconds.
    pub(crate) fn last(mut self, seconds: usize) -> Self {
        let length = seconds * self.rate_hz as usize;
        self.samples.drain(..self.samples.len().saturating_sub(length));
        self
    }

    /// How surely these words were spoken in it somewhere: 1 where they are in it unchanged, near 0 where they are not.
    /// Both are brought to 4 kHz first, which is enough to tell words apart.
    pub(crate) fn says(&self, words: &Self) -> f32 {
        let slow = |sound: &Self| -> Vec<f32> {
            let step = (sound.rate_hz / SLOW_HZ) as usize;
            let mean = |piece: &[i16]| piece.iter().map(|&s| f32::from(s)).sum::<f32>() / piece.len() as f32;
            sound.samples.chunks_exact(step).map(mean).collect()
        };
        let (heard, words) = (slow(self), slow(words));
        let power = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>();
        let own = power(&words);
        let likeness = |piece: &[f32]| {
            let theirs = power(piece);
            // Where next to nothing is said, no words are.
            if theirs < own / 50.0 {
                return 0.0;
            }
            piece.iter().zip(&words).map(|(a, b)| a * b).sum::<f32>() / (theirs * own).sqrt()
        };
        heard.windows(words.len()).map(likeness).fold(0.0, f32::max)
    }

    /// In each 100 ms, the level of this frequency in dBov.
    pub(crate) fn course(&self, hz: u32) -> Vec<f32> {
        let window = (self.rate_hz / 10) as usize;
        self.samples.chunks_exact(window).map(|w| dbov_at(hz as f32, self.rate_hz, w)).collect()
    }

    /// For how long this person can be heard.
    pub(crate) fn seconds_of(&self, who: Person) -> f32 {
        self.course(who.hz()).iter().filter(|&&dbov| dbov > HEARD_DBOV).count() as f32 / 10.0
    }

    /// Not a frame: in no 100 ms does this person's tone rise above what other sounds leave at its frequency.
    pub(crate) fn assert_without(&self, who: Person, where_: &str) {
        for (n, dbov) in self.course(who.hz()).into_iter().enumerate() {
            let at = n as f32 / 10.0;
            assert!(dbov < FRAME_DBOV, "{who:?} is in {where_} after {at} s: {dbov} dBov");
        }
    }

    pub(crate) fn assert_with(&self, who: Person, least_seconds: f32, where_: &str) {
        let seconds = self.seconds_of(who);
        assert!(seconds >= least_seconds, "{who:?} is in {where_} for {seconds} s only, not for {least_seconds} s");
    }
}

/// A tone said at -16 dBov comes out of a mix or a codec above this.
pub(crate) const HEARD_DBOV: f32 = -30.0;
/// Below this a tone is not there in a second of sound.
pub(crate) const TRACE_DBOV: f32 = -45.0;
/// One frame of 20 ms of somebody's tone makes -30 of a tenth of a second; a spoken word that a loudspeaker brought back, and
/// another's tone where a lost packet cuts it, make up to -42 at every frequency.
const FRAME_DBOV: f32 = -38.0;
/// The rate at which words are compared.
const SLOW_HZ: u32 = 4_000;

#[test]
fn a_frame_of_a_tone_is_found_and_the_pieces_of_another_are_not() {
    let says = |whose: Person, from: usize, until: usize, sound: &mut Sound| {
        media::tone::sine_at(whose.hz() as f32, -16.0, 16_000, from as u64, &mut sound.samples[from..until]);
    };
    let mut sound = Sound { rate_hz: 16_000, samples: vec![0; 3_200] };
    // Three pieces of Anna within a tenth of a second, as after two lost packets.
    for (from, until) in [(100, 700), (760, 1_100), (1_130, 1_500)] {
        says(Person::Anna, from, until, &mut sound);
    }
    sound.assert_without(Person::Bert, "Anna's pieces");
    says(Person::Bert, 1_920, 2_240, &mut sound);
    let found = std::panic::catch_unwind(|| sound.assert_without(Person::Bert, "a frame of his"));
    assert!(found.is_err());
}
