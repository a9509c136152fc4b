//! Random words that let somebody in, and the hashes under which the database knows them. Also fresh ids.
//!
//! Not here: who may come in with them (`desk`).

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::evidence::hex;

/// 32 random bytes, hexadecimal: for links, cookies, forms.
pub fn fresh() -> Zeroizing<String> {
    Zeroizing::new(hex(&random::<32>()))
}

/// What the database keeps of a token. A plain hash is enough: nobody can guess 256 random bits.
pub fn hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// 16 random bytes, for ids.
pub fn id() -> [u8; 16] {
    random()
}

/// `digits` random decimal digits, each equally likely.
pub fn digits(digits: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(digits));
    while text.len() < digits {
        let [byte] = random::<1>();
        // 250 is the largest multiple of ten in a byte: what lies above would favour the small digits.
        if byte < 250 {
            text.push(char::from(b'0' + byte % 10));
        }
    }
    text
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness nothing may go on: a word that can be guessed is worse than an archive that stops.
    if getrandom::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_has_its_length_and_digits_only() {
        for length in [8, 10] {
            let pin = digits(length);
            assert_eq!(pin.len(), length);
            assert!(pin.bytes().all(|b| b.is_ascii_digit()));
        }
        assert_ne!(*digits(10), *digits(10));
    }
}
