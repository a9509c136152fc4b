//! Signatures of gateways: the door to `ed25519-dalek`.
//!
//! A signed text is one line of JSON whose last field is `"signature"`, 128 lower-case hexadecimal digits. What is signed is a
//! label that says which kind of text this is, a line feed, and the bytes of the line before `,"signature"`. So nothing is
//! ever written anew in order to be checked.
//!
//! Not here: which gateway is trusted (the archive's `pair`).

use std::fmt;

use ed25519_dalek::Signer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use zeroize::ZeroizeOnDrop;

use crate::id::{GatewayId, unhex};

/// The private half of a gateway's key. Wiped when dropped, never printed.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public half; hexadecimal in JSON and when printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

/// 64 bytes; hexadecimal in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl SigningKey {
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// What [`from_seed`](Self::from_seed) took, for whoever keeps it.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.0.sign(text).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl VerifyingKey {
    /// Nothing when the bytes are no point of the curve, or one that verifies anything.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        ed25519_dalek::VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    pub fn bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub fn verify(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(text, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }

    /// The gateway's name: the first eight bytes of the SHA-256 of this key.
    pub fn gateway(&self) -> GatewayId {
        let digest: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        GatewayId([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for VerifyingKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VerifyingKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        let mut bytes = [0; 32];
        unhex(&text, &mut bytes)
            .and_then(|()| Self::from_bytes(&bytes))
            .ok_or_else(|| serde::de::Error::custom("64 hexadecimal digits of an Ed25519 key are needed"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        let mut bytes = [0; 64];
        unhex(&text, &mut bytes).ok_or_else(|| serde::de::Error::custom("128 hexadecimal digits are needed"))?;
        Ok(Self(bytes))
    }
}

/// Checks a signed line, without its line feed.
pub(crate) fn verified(key: &VerifyingKey, label: &str, line: &[u8]) -> bool {
    let Some((body, tail)) = line.len().checked_sub(TAIL_BYTES).and_then(|at| line.split_at_checked(at)) else {
        return false;
    };
    let mut signature = [0; 64];
    let digits = tail.strip_prefix(FIELD.as_bytes()).and_then(|tail| tail.strip_suffix(b"\"}"));
    let Some(()) = digits.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| unhex(hex, &mut signature))
    else {
        return false;
    };
    key.verify(&labelled(label, body), &signature)
}

/// Puts the signature into a line that was written with [`UNSIGNED`] in its last field.
pub(crate) fn signed(key: &SigningKey, label: &str, line: &str) -> String {
    let body = line.get(..line.len().saturating_sub(TAIL_BYTES)).unwrap_or_default();
    let signature = Signature(key.sign(&labelled(label, body.as_bytes())));
    format!("{body}{FIELD}{signature:?}\"}}")
}

fn labelled(label: &str, body: &[u8]) -> Vec<u8> {
    [label.as_bytes(), b"\n", body].concat()
}

/// Stands in a line until it is signed.
pub(crate) const UNSIGNED: Signature = Signature([0; 64]);
const FIELD: &str = ",\"signature\":\"";
const TAIL_BYTES: usize = FIELD.len() + 128 + 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Text {
        said: &'static str,
        signature: Signature,
    }

    #[test]
    fn a_signed_line_verifies_whole_and_under_its_own_label_only() {
        let key = SigningKey::from_seed([7; 32]);
        let line = serde_json::to_string(&Text { said: "yes", signature: UNSIGNED }).unwrap();
        let line = signed(&key, "label", &line);
        assert!(verified(&key.verifying(), "label", line.as_bytes()));
        assert!(!verified(&key.verifying(), "other", line.as_bytes()));
        assert!(!verified(&SigningKey::from_seed([8; 32]).verifying(), "label", line.as_bytes()));
        for at in 0..line.len() {
            let mut bent = line.clone().into_bytes();
            bent[at] ^= 1;
            assert!(!verified(&key.verifying(), "label", &bent), "byte {at}");
            assert!(!verified(&key.verifying(), "label", &line.as_bytes()[..at]), "cut at {at}");
        }
    }

    #[test]
    fn a_key_that_verifies_anything_is_no_key() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(VerifyingKey::from_bytes(&identity).is_none());
    }

    #[test]
    fn a_gateway_is_named_by_its_key() {
        let key = SigningKey::from_seed([7; 32]).verifying();
        assert_eq!(VerifyingKey::from_bytes(&key.bytes()), Some(key));
        assert_eq!(serde_json::from_str::<VerifyingKey>(&serde_json::to_string(&key).unwrap()).unwrap(), key);
        let other = SigningKey::from_seed([8; 32]).verifying();
        assert_ne!(key.gateway(), other.gateway());
    }
}
