//! The receipt: eight digits by which a caller shows later "that was me", without giving a name.
//!
//! Seven digits come from HMAC-SHA-256(receipt key of the meeting, the 16 bytes of the track id): its first eight bytes as a
//! big-endian number, modulo 10 000 000, with leading zeros. The eighth is the check digit of ISO 7064 MOD 11,10 over them:
//! every single wrong digit shows, and nearly every swap of two neighbours. The gateway speaks it, the archive computes the
//! same and finds the track; neither stores it.
//!
//! Not here: how often somebody may guess. Seven digits are only a lock together with a limit on the tries.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use spool::id::TrackId;

use crate::Secret;

/// How long a receipt is, with its check digit.
pub const DIGITS: usize = 8;

/// The receipt of a track, eight digits.
pub fn code(key: &Secret, track: TrackId) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else {
        unreachable!("HMAC takes a key of any length");
    };
    mac.update(&track.0);
    let number = mac.finalize().into_bytes().iter().take(8).fold(0_u64, |n, &byte| n << 8 | u64::from(byte));
    let body = format!("{:07}", number % 10_000_000);
    format!("{body}{}", check_digit(&body))
}

/// Are these eight digits with the right check digit? Says nothing about whether such a receipt was given out.
pub fn is_well_formed(code: &str) -> bool {
    let Some((body, check)) = code.len().checked_sub(1).and_then(|at| code.split_at_checked(at)) else {
        return false;
    };
    code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit()) && check == check_digit(body).to_string()
}

/// ISO 7064 MOD 11,10.
fn check_digit(body: &str) -> u32 {
    let product = body.chars().filter_map(|c| c.to_digit(10)).fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_and_the_gateway_compute_the_same() {
        // Computed with another program (Python's hmac): a change here breaks every receipt given out.
        assert_eq!(code(&Secret([7; 32]), TrackId([9; 16])), "53452475");
    }

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        assert_eq!(check_digit("0794"), 5);
    }

    #[test]
    fn one_wrong_digit_always_shows() {
        let right = code(&Secret([1; 32]), TrackId([2; 16]));
        assert!(is_well_formed(&right));
        for at in 0..DIGITS {
            for digit in '0'..='9' {
                let mut wrong: Vec<char> = right.chars().collect();
                if std::mem::replace(&mut wrong[at], digit) != digit {
                    assert!(!is_well_formed(&wrong.into_iter().collect::<String>()));
                }
            }
        }
    }

    #[test]
    fn what_is_no_receipt_is_not_taken_for_one() {
        for wrong in ["", "1", "0794", "07945", "0000000a", "١٢٣٤", "123456789"] {
            assert!(!is_well_formed(wrong), "{wrong}");
        }
    }
}
