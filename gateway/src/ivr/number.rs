//! Keyed digits that make a number: `#` ends it, and so do four seconds without a key.
//!
//! Feed digits to [`Number::press`]; [`Number::ENDS_AFTER`] the last, [`Number::take`] it.
//! The digits are a secret: they are wiped when dropped and never printed.
//!
//! Not here: whether the number is right (`plan`), and the clock.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::ids::Pii;

/// The digits so far.
pub struct Number {
    digits: Zeroizing<String>,
}

impl Default for Number {
    fn default() -> Self {
        // The room for all digits is taken at once: a string that grows would leave copies behind that nobody wipes.
        Self { digits: Zeroizing::new(String::with_capacity(LONGEST)) }
    }
}

impl Number {
    /// Four seconds without a key end a number (`#` is never needed).
    pub const ENDS_AFTER: Duration = Duration::from_secs(4);

    /// Takes a digit: true if it was one. Digits beyond the longest number there is are dropped.
    pub fn press(&mut self, digit: char) -> bool {
        if digit.is_ascii_digit() && self.digits.len() < LONGEST {
            self.digits.push(digit);
        }
        digit.is_ascii_digit()
    }

    pub fn is_empty(&self) -> bool {
        self.digits.is_empty()
    }

    /// The whole number.
    pub fn take(self) -> Pii<Zeroizing<String>> {
        Pii::new(self.digits)
    }
}

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Number(..)")
    }
}

/// Longer than any PIN (10) and any meeting number with its receipt (20).
const LONGEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_an_end_however_long_somebody_keys() {
        let mut number = Number::default();
        (0..1000).for_each(|_| assert!(number.press('7')));
        assert_eq!(number.take().expose().len(), LONGEST);
    }

    #[test]
    fn stars_and_letters_are_no_digits() {
        let mut number = Number::default();
        assert!("*#ABCD٣".chars().all(|key| !number.press(key)));
        assert!(number.is_empty());
    }

    #[test]
    fn a_number_is_not_printed() {
        let mut number = Number::default();
        "48151623".chars().for_each(|digit| assert!(number.press(digit)));
        let printed = format!("{number:?}") + &format!("{:?}", number.take());
        assert!(!printed.contains("48151623"), "{printed}");
    }
}
