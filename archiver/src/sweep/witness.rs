//! Is the wall clock to be believed? It is asked against the boot clock and against whoever else has a clock.
//!
//! Pure. Not here: asking the witnesses (`sweep`), saying so to a person (`io::work`, `desk`).

use std::time::Duration;

/// Why the clock is not believed; a person's to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("the wall clock moved by {} s against the time that really passed since the start", .0.as_secs())]
    Jumped(Duration),
    #[error("a witness has another time: it is {} s off", .0.as_secs())]
    Disagree(Duration),
    #[error("nobody can say what time it is")]
    NoWitness,
}

/// `witnesses` are the clocks of the object store and the database, as far as they answered.
pub(super) fn doubt(now_ms: i64, jump: Duration, witnesses: &[Option<i64>]) -> Option<Doubt> {
    if jump > TOLERANCE {
        return Some(Doubt::Jumped(jump));
    }
    let off = |witness: &i64| Duration::from_millis((now_ms - witness).unsigned_abs());
    match witnesses.iter().flatten().map(off).max() {
        None => Some(Doubt::NoWitness),
        Some(worst) if worst > TOLERANCE => Some(Doubt::Disagree(worst)),
        Some(_) => None,
    }
}

const TOLERANCE: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_clock_that_jumped_is_held_whatever_the_witnesses_say() {
        let jump = Duration::from_secs(3_601);
        assert_eq!(doubt(NOW, jump, &[Some(NOW), Some(NOW)]), Some(Doubt::Jumped(jump)));
    }

    #[test]
    fn one_witness_is_enough_and_one_that_disagrees_too() {
        assert_eq!(doubt(NOW, Duration::ZERO, &[None, Some(NOW - HOUR)]), None);
        let off = Duration::from_secs(7_200);
        assert_eq!(doubt(NOW, Duration::ZERO, &[Some(NOW), Some(NOW + 2 * HOUR)]), Some(Doubt::Disagree(off)));
        assert_eq!(doubt(NOW, Duration::ZERO, &[None, None]), Some(Doubt::NoWitness));
    }
}
