//! What of a line is a voice and what its own hiss.
//!
//! One [`Floor`] a line, told every slot how loud it is, from the answer on; says whether the slot is loud enough to be of a
//! voice. A voice begins at −65 dBov on a line that is quieter than that, however quiet the voice.
//! A line that hisses about there would be recorded for as long as nobody speaks on it: so what the line was never quieter
//! than for two seconds is its floor, and a voice stands 6 dB out of it.
//! Nobody can shut themselves or others out by this: a floor counts up to −63 dBov, so from −57 dBov on everything is a
//! voice, a steady tone too. Within 8 dB the doubt falls to the line's hiss, and measured on all that our prompts say, at
//! −50 dBov over hiss of −75 to −60, no slot of a word is lost by it.
//!
//! Not here: what the room mixes and whom the bleed guard minds (both go by −65 dBov alone), the pre-roll and the half second
//! after a word (`tap`).

/// The quietest of the last two seconds of one line.
#[derive(Clone, Debug)]
pub struct Floor {
    /// The quietest slot of each of the last half seconds; `UNKNOWN` before there were so many.
    blocks: [u32; BLOCKS],
    oldest: usize,
    /// The half second that is running.
    quietest: u32,
    slots: u8,
}

impl Floor {
    /// Of a line that was not heard yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { blocks: [UNKNOWN; BLOCKS], oldest: 0, quietest: UNKNOWN, slots: 0 }
    }

    /// Every slot, with its energy by [`media::level::energy`]: is it loud enough to be of a voice?
    ///
    /// Energy 0 is a slot for which nothing came, or digital silence: it says nothing of how the line sounds.
    pub fn slot(&mut self, energy: u32) -> bool {
        if energy > 0 {
            self.quietest = self.quietest.min(energy);
            self.slots += 1;
        }
        if self.slots == BLOCK_SLOTS {
            if let Some(block) = self.blocks.get_mut(self.oldest) {
                *block = self.quietest;
            }
            self.oldest = (self.oldest + 1) % BLOCKS;
            (self.quietest, self.slots) = (UNKNOWN, 0);
        }
        energy >= self.voice_from()
    }

    /// Before two seconds were heard nothing is taken for hiss.
    fn voice_from(&self) -> u32 {
        let floor = self.blocks.iter().fold(self.quietest, |least, block| least.min(*block));
        match self.blocks.contains(&UNKNOWN) {
            true => LOUD_ENOUGH,
            false => floor.saturating_mul(OUT_OF_HISS).clamp(LOUD_ENOUGH, ALWAYS_A_VOICE),
        }
    }
}

impl Default for Floor {
    fn default() -> Self {
        Self::new()
    }
}

const UNKNOWN: u32 = u32::MAX;
const BLOCKS: usize = 4;
/// Half a second.
const BLOCK_SLOTS: u8 = 25;
/// The energy of −65 dBov: a quiet voice is a voice.
pub(super) const LOUD_ENOUGH: u32 = 340;
/// 6 dB: the loudest of an hour of slots of white hiss is 4 dB above the quietest of two seconds.
const OUT_OF_HISS: u32 = 4;
/// The energy of −57 dBov.
const ALWAYS_A_VOICE: u32 = 2_142;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use media::level;

    use super::*;

    /// White hiss, the same every time.
    struct Hiss(u64);

    impl Hiss {
        fn next(&mut self, dbov: f32) -> f32 {
            let even: f32 = (0..12).map(|_| self.even()).sum();
            (even - 6.0) * 32_768.0 * 10_f32.powf(dbov / 20.0)
        }

        fn even(&mut self) -> f32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / (1_u64 << 24) as f32
        }

        fn slots(&mut self, dbov: f32, count: usize) -> Vec<u32> {
            let slot = |_| level::energy(&std::array::from_fn::<i16, 160, _>(|_| self.next(dbov).round() as i16));
            (0..count).map(slot).collect()
        }
    }

    fn voiced(floor: &mut Floor, slots: &[u32]) -> usize {
        slots.iter().filter(|energy| floor.slot(**energy)).count()
    }

    #[test]
    fn the_bounds_are_the_levels_they_are_called_by() {
        assert_eq!(LOUD_ENOUGH, level::energy_at(-65.0));
        assert_eq!(ALWAYS_A_VOICE, level::energy_at(-57.0));
    }

    #[test]
    fn hiss_is_no_voice_once_the_line_was_heard_for_two_seconds() {
        for dbov in [-80.0, -70.0, -66.0, -65.0, -64.0, -62.0, -60.0] {
            let mut floor = Floor::new();
            let mut hiss = Hiss(1);
            voiced(&mut floor, &hiss.slots(dbov, 100));
            assert_eq!(voiced(&mut floor, &hiss.slots(dbov, 10_000)), 0, "{dbov} dBov");
        }
    }

    #[test]
    fn a_steady_sound_at_a_voices_level_stays_a_voice() {
        for dbov in [-16.0, -40.0, -50.0, -57.0] {
            let mut floor = Floor::new();
            assert_eq!(voiced(&mut floor, &[level::energy_at(dbov); 10_000]), 10_000, "{dbov} dBov");
        }
    }

    #[test]
    fn on_a_quiet_line_a_whisper_at_the_bound_is_a_voice() {
        let mut floor = Floor::new();
        voiced(&mut floor, &[64; 500]);
        assert!(floor.slot(LOUD_ENOUGH));
        assert!(!floor.slot(LOUD_ENOUGH - 1));
    }

    #[test]
    fn a_line_that_became_quiet_has_no_floor_any_more_at_once() {
        let mut floor = Floor::new();
        voiced(&mut floor, &[level::energy_at(-61.0); 500]);
        assert!(!floor.slot(level::energy_at(-60.0)));
        floor.slot(64);
        assert!(floor.slot(level::energy_at(-64.0)));
    }

    #[test]
    fn slots_for_which_nothing_came_teach_nothing() {
        let mut floor = Floor::new();
        let mut hiss = Hiss(2);
        voiced(&mut floor, &hiss.slots(-62.0, 100));
        voiced(&mut floor, &[0; 500]);
        assert_eq!(voiced(&mut floor, &hiss.slots(-62.0, 100)), 0);
    }

    /// Everything that we can say, as somebody far from the telephone would say it.
    #[test]
    fn of_quiet_speech_over_hiss_no_word_loses_its_beginning_or_its_end() {
        let prompts = prompts();
        assert!(prompts.len() > 200);
        let mut hiss = Hiss(3);
        let hiss: Vec<f32> = (0..160_001).map(|_| hiss.next(-60.0)).collect();
        for hiss_dbov in [-90.0, -70.0, -65.0, -60.0] {
            for (file, spoken) in &prompts {
                let rest = vec![0.0; 32_000];
                let clean = [&rest[..], spoken, &rest].concat();
                let over = hiss.iter().cycle().map(|hiss| hiss * 10_f32.powf((hiss_dbov + 60.0) / 20.0));
                let on_the_line: Vec<i16> = clean.iter().zip(over).map(|(a, b)| (a + b).round() as i16).collect();
                let kept = kept(&on_the_line);
                for (n, slot) in clean.chunks_exact(160).enumerate() {
                    let said = slot.iter().map(|s| s * s).sum::<f32>() / 160.0;
                    assert!(kept[n] || said < 0.32 * LOUD_ENOUGH as f32, "slot {n} of {} is lost", file.display());
                }
                // Half a second after the last word, and a tenth before the first, are all that is kept beside them.
                let (before, after) = (&kept[130..194], &kept[kept.len() - 170..]);
                assert!(!before.contains(&true) && !after.contains(&true), "{} over {hiss_dbov}", file.display());
            }
        }
    }

    /// Which slots a tap keeps of this sound.
    fn kept(sound: &[i16]) -> Vec<bool> {
        let mut floor = Floor::new();
        let mut tap = crate::tap::tests::tap(0);
        let mut kept = vec![false; sound.len() / 160];
        let mut keep = |out| match out {
            crate::tap::TapOut::Frame { slot, .. } => kept[slot.0 as usize] = true,
            crate::tap::TapOut::Gap { .. } => panic!("nothing was withheld"),
        };
        for (n, frame) in sound.chunks_exact(160).enumerate() {
            let voiced = floor.slot(level::energy(frame));
            let frame = media::Sound::Narrow(frame.try_into().unwrap());
            tap.slot(spool::id::Slot(n as u64), &frame, voiced, crate::tap::Around::default(), &mut keep);
        }
        tap.end(spool::id::Slot((sound.len() / 160) as u64), &mut keep);
        kept
    }

    /// All prompts in German, their active level at −50 dBov.
    fn prompts() -> Vec<(PathBuf, Vec<f32>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/de");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut prompts: Vec<_> = files
            .filter(|file| file.extension().is_some_and(|ending| ending == "wav"))
            .filter(|file| !file.ends_with("pause.wav"))
            .map(|file| {
                let said = crate::wav::read(&file, media::RATE_HZ).unwrap();
                let energies: Vec<u32> = said.chunks_exact(160).map(level::energy).collect();
                let loudest = energies.iter().max().copied().unwrap();
                // Speech is what is within 25 dB of its loudest slot (about what ITU-T P.56 counts).
                let active: Vec<u64> = energies.iter().filter(|e| **e > loudest / 316).map(|e| u64::from(*e)).collect();
                let energy = active.iter().sum::<u64>() as f32 / active.len() as f32;
                let gain = (level::energy_at(-50.0) as f32 / energy).sqrt();
                (file, said.iter().map(|s| f32::from(*s) * gain).collect())
            })
            .collect();
        prompts.sort_by(|a: &(PathBuf, _), b| a.0.cmp(&b.0));
        prompts
    }
}
