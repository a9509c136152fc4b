//! Key pairs of tracks and the envelopes sealed to them: the door to `hpke`.
//!
//! The archive [`mint`]s a pair for every track that may come, the gateway [`wrap`]s a voice file's key to the public
//! half, the archive [`unwrap`]s it. Also used to seal any short secret: [`seal`] and [`open`].
//! Suite [`SUITE`] is HPKE base mode (RFC 9180) with KEM 0x0050 (ML-KEM-768 + P-256), KDF 0x0001 (HKDF-SHA-256) and
//! AEAD 0x0002 (AES-256-GCM).
//!
//! Not here: sealing of sound ([`voice`](crate::voice)), where private halves are kept (the archive's `vault`).

use std::convert::Infallible;
use std::fmt;

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::MlKem768P256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::id::{RecordingId, TrackId};

/// Fills with random bytes. An argument, so that the vectors can be made again.
pub type Chance<'a> = &'a mut dyn FnMut(&mut [u8]);

/// A track's public half; `suite` names KEM, KDF and AEAD, `bytes` is base64 in JSON (1249 bytes in suite 0x0050).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    pub suite: u16,
    #[serde(with = "base64_text")]
    pub bytes: Vec<u8>,
}

/// A track's private half: a seed of 32 bytes from which both key pairs are made. Wiped when dropped, never printed.
#[derive(Clone, ZeroizeOnDrop)]
pub struct PrivateKey {
    seed: [u8; SEED_BYTES],
}

/// A short secret sealed to a public key; base64 in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    pub suite: u16,
    /// What the private half needs to find the shared secret (1153 bytes in suite 0x0050).
    #[serde(with = "base64_text")]
    pub enc: Vec<u8>,
    /// The secret, sealed, with its tag of 16 bytes.
    #[serde(with = "base64_text")]
    pub text: Vec<u8>,
}

/// The fresh key of one voice file. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct FileKey([u8; 32]);

/// `<track>.keys`: the file key of one voice file, wrapped to the track's public half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub version: u32,
    pub recording: RecordingId,
    pub track: TrackId,
    pub chunk: u32,
    pub sealed: Sealed,
}

/// A key that does not fit, or a secret that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the suite {0:#06x} is not known here")]
    Suite(u16),
    #[error("these bytes are no key of this suite")]
    Malformed,
    #[error("the context is longer than {MAX_CONTEXT_BYTES} bytes")]
    Context,
    #[error("the secret does not open with this key and context")]
    Closed,
}

impl PrivateKey {
    /// The seed, for whoever seals it away.
    pub fn expose(&self) -> &[u8] {
        &self.seed
    }

    /// Reads what [`expose`](Self::expose) gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { seed: bytes.try_into().map_err(|_| KeyError::Malformed)? })
    }

    pub fn public(&self) -> PublicKey {
        let bytes = match self.expand() {
            Ok(private) => MlKem768P256::sk_to_pk(&private).to_bytes().to_vec(),
            // A seed of the right length always expands; an empty key is refused by everybody who is given it.
            Err(_) => Vec::new(),
        };
        PublicKey { suite: SUITE, bytes }
    }

    fn expand(&self) -> Result<<MlKem768P256 as Kem>::PrivateKey, KeyError> {
        <MlKem768P256 as Kem>::PrivateKey::from_bytes(&self.seed).map_err(|_| KeyError::Malformed)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl FileKey {
    pub fn fresh(chance: Chance<'_>) -> Self {
        let mut bytes = [0; 32];
        chance(&mut bytes);
        let key = Self(bytes);
        bytes.zeroize();
        key
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Ok(Self(bytes.try_into().map_err(|_| KeyError::Malformed)?))
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

/// A new pair for one track.
pub fn mint(chance: Chance<'_>) -> (PrivateKey, PublicKey) {
    let mut seed = [0; SEED_BYTES];
    chance(&mut seed);
    let private = PrivateKey { seed };
    seed.zeroize();
    let public = private.public();
    (private, public)
}

/// Seals a short secret to a public key. `context` is bound (HPKE `info`), at most [`MAX_CONTEXT_BYTES`] long.
pub fn seal(to: &PublicKey, context: &[u8], secret: &[u8], chance: Chance<'_>) -> Result<Sealed, KeyError> {
    fits(to.suite, context)?;
    let public = <MlKem768P256 as Kem>::PublicKey::from_bytes(&to.bytes).map_err(|_| KeyError::Malformed)?;
    let mut dice = Dice(chance);
    let (enc, mut sender) =
        hpke::setup_sender_with_rng::<AesGcm256, HkdfSha256, MlKem768P256>(&OpModeS::Base, &public, context, &mut dice)
            .map_err(|_| KeyError::Malformed)?;
    let text = sender.seal(secret, b"").map_err(|_| KeyError::Malformed)?;
    Ok(Sealed { suite: SUITE, enc: enc.to_bytes().to_vec(), text })
}

/// Opens what [`seal`] sealed, with the same `context`.
pub fn open(with: &PrivateKey, context: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    fits(sealed.suite, context)?;
    let enc = <MlKem768P256 as Kem>::EncappedKey::from_bytes(&sealed.enc).map_err(|_| KeyError::Malformed)?;
    let private = with.expand()?;
    let mut receiver =
        hpke::setup_receiver::<AesGcm256, HkdfSha256, MlKem768P256>(&OpModeR::Base, &private, &enc, context)
            .map_err(|_| KeyError::Closed)?;
    receiver.open(&sealed.text, b"").map(Zeroizing::new).map_err(|_| KeyError::Closed)
}

/// Wraps a voice file's key to its track; whose file it is, is bound.
pub fn wrap(
    key: &FileKey,
    to: &PublicKey,
    recording: RecordingId,
    track: TrackId,
    chunk: u32,
    chance: Chance<'_>,
) -> Result<Envelope, KeyError> {
    let sealed = seal(to, &file_key_context(recording, track, chunk), key.expose(), chance)?;
    Ok(Envelope { version: crate::line::VERSION, recording, track, chunk, sealed })
}

/// Finds the file key again. An envelope of another recording, track or chunk does not open.
pub fn unwrap(with: &PrivateKey, envelope: &Envelope) -> Result<FileKey, KeyError> {
    let context = file_key_context(envelope.recording, envelope.track, envelope.chunk);
    FileKey::from_bytes(&open(with, &context, &envelope.sealed)?)
}

struct Dice<'a>(Chance<'a>);

impl TryRng for Dice<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(into);
        Ok(())
    }
}

impl TryCryptoRng for Dice<'_> {}

fn fits(suite: u16, context: &[u8]) -> Result<(), KeyError> {
    if suite != SUITE {
        return Err(KeyError::Suite(suite));
    }
    if context.len() > MAX_CONTEXT_BYTES { Err(KeyError::Context) } else { Ok(()) }
}

fn file_key_context(recording: RecordingId, track: TrackId, chunk: u32) -> Vec<u8> {
    [b"amtsleitung spool 1 file key\n", recording.0.as_slice(), track.0.as_slice(), chunk.to_be_bytes().as_slice()]
        .concat()
}

/// Bytes as base64 (RFC 4648 section 4, with padding) in JSON.
pub(crate) mod base64_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}

/// HPKE base mode with KEM 0x0050, KDF 0x0001, AEAD 0x0002.
pub const SUITE: u16 = 0x0050;
/// The longest `context` that is bound.
pub const MAX_CONTEXT_BYTES: usize = 1024;
const SEED_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tests::dice;

    #[test]
    fn a_secret_opens_only_with_its_key_and_its_context() {
        let mut chance = dice(1);
        let (private, public) = mint(&mut chance);
        let (other, _) = mint(&mut chance);
        let sealed = seal(&public, b"here", b"secret", &mut chance).unwrap();
        assert_eq!(open(&private, b"here", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(open(&private, b"there", &sealed), Err(KeyError::Closed));
        assert_eq!(open(&other, b"here", &sealed), Err(KeyError::Closed));
    }

    #[test]
    fn a_flipped_bit_anywhere_in_a_sealed_secret_closes_it() {
        let mut chance = dice(2);
        let (private, public) = mint(&mut chance);
        let sealed = seal(&public, b"", b"secret", &mut chance).unwrap();
        for at in [0, 500, 1087, 1088, 1089, 1152] {
            let mut bent = sealed.clone();
            bent.enc[at] ^= 1;
            assert!(open(&private, b"", &bent).is_err(), "enc {at}");
        }
        for at in 0..sealed.text.len() {
            let mut bent = sealed.clone();
            bent.text[at] ^= 1;
            assert!(open(&private, b"", &bent).is_err(), "text {at}");
        }
    }

    #[test]
    fn an_envelope_of_another_chunk_does_not_open() {
        let mut chance = dice(3);
        let (private, public) = mint(&mut chance);
        let key = FileKey::fresh(&mut chance);
        let envelope = wrap(&key, &public, RecordingId([1; 16]), TrackId([2; 16]), 7, &mut chance).unwrap();
        assert!(unwrap(&private, &envelope).unwrap() == key);
        assert_eq!(unwrap(&private, &Envelope { chunk: 8, ..envelope.clone() }), Err(KeyError::Closed));
        assert_eq!(unwrap(&private, &Envelope { track: TrackId([3; 16]), ..envelope.clone() }), Err(KeyError::Closed));
        assert_eq!(unwrap(&private, &Envelope { recording: RecordingId([3; 16]), ..envelope }), Err(KeyError::Closed));
    }

    #[test]
    fn a_key_of_an_unknown_suite_or_a_wrong_length_is_refused() {
        let mut chance = dice(4);
        let (_, public) = mint(&mut chance);
        let other = PublicKey { suite: 0x20, ..public.clone() };
        assert_eq!(seal(&other, b"", b"x", &mut chance), Err(KeyError::Suite(0x20)));
        let short = PublicKey { suite: SUITE, bytes: public.bytes[1..].to_vec() };
        assert_eq!(seal(&short, b"", b"x", &mut chance), Err(KeyError::Malformed));
        assert_eq!(seal(&public, &[0; 1025], b"x", &mut chance), Err(KeyError::Context));
        assert!(PrivateKey::from_bytes(&[0; 31]).is_err());
    }

    #[test]
    fn a_public_key_is_base64_in_json_and_a_private_one_is_never_printed() {
        let (private, public) = mint(&mut dice(5));
        let json = serde_json::to_string(&public).unwrap();
        assert!(json.starts_with(r#"{"suite":80,"bytes":""#) && json.len() < 1249 * 4 / 3 + 40, "{json}");
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), public);
        assert_eq!(format!("{private:?}"), "PrivateKey(..)");
        assert_eq!(PrivateKey::from_bytes(private.expose()).unwrap().public(), public);
    }
}
