//! Digests of PINs: what the desk computes and the gateway compares.
//!
//! HMAC-SHA-256(key of the meeting's PINs, role byte || ASCII digits). The role is part of it, so that one PIN for two roles
//! has two digests.
//!
//! Not here: comparing in constant time and counting wrong tries (the gateway's `plan`).

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::Secret;

/// On which of a meeting's PINs somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Guest,
    Member,
    Chair,
}

impl Role {
    /// The byte in front of the digits.
    pub fn byte(self) -> u8 {
        match self {
            Self::Guest => b'g',
            Self::Member => b'm',
            Self::Chair => b'c',
        }
    }
}

/// The digest of `digits` for `role` under `key`.
pub fn digest(key: &Secret, role: Role, digits: &str) -> Secret {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else {
        unreachable!("HMAC takes a key of any length");
    };
    mac.update(&[role.byte()]);
    mac.update(digits.as_bytes());
    Secret(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_what_its_definition_says() {
        // Computed with another program (Python's hmac).
        let hex: String =
            digest(&Secret([7; 32]), Role::Guest, "48151623").0.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "2cfe5c46a1bedf70b5bf1c9bb0a56dfe1a26c7ae633b68b536cc9399871ef0c7");
    }

    #[test]
    fn one_pin_for_two_roles_has_two_digests() {
        let key = Secret([7; 32]);
        assert!(digest(&key, Role::Guest, "1234") != digest(&key, Role::Chair, "1234"));
    }
}
