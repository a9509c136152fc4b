//! The archive's own keys, and the key pairs of voices: mint, seal, unseal.
//!
//! In `keys/` lie `signing.key` (proofs), `archive.pub`, and `archive.key`: the archive key's private half, sealed by a
//! passphrase. Locked, the archive mints, takes in and destroys; only listening and export need [`Archive`].
//!
//! Not here: where the sealed private halves of voices lie (`store`), and destroying them (`sweep`).

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use spool::id::TrackId;
use spool::keys::{Envelope, FileKey, PrivateKey, PublicKey, Sealed};
use spool::sign::SigningKey;
use zeroize::Zeroizing;

/// What the archive always has: it signs proofs and seals to itself.
#[derive(Clone)]
pub struct Keys {
    signing: Arc<SigningKey>,
    public: Arc<PublicKey>,
    sealed: Arc<SealedArchive>,
}

/// The archive key, unlocked. Whoever holds it can open every voice whose private half still lies in the database.
#[derive(Clone)]
pub struct Archive {
    private: Arc<PrivateKey>,
}

/// A fresh pair for a voice that may come.
pub struct Minted {
    pub track: TrackId,
    pub public: PublicKey,
    /// JSON of the private half, sealed to the archive key.
    pub sealed: Vec<u8>,
}

/// A key we could not read, make or use. Ours to fix, except for the passphrase.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("the key file {path} cannot be read or written")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the key file {0} does not read")]
    Malformed(PathBuf),
    #[error("there is no archive key in {0}; `archiver new-key` makes one")]
    NoArchiveKey(PathBuf),
    #[error("this is not the passphrase of the archive key")]
    Passphrase,
    #[error("the passphrase is shorter than {PASSPHRASE_LEAST} characters")]
    ShortPassphrase,
    #[error("the machine gives no randomness or not enough memory")]
    Machine,
    #[error("the key of this voice is destroyed")]
    Destroyed,
    #[error("it is sealed to another key")]
    Closed(#[from] spool::keys::KeyError),
    #[error("what was sealed does not read")]
    Text,
}

impl Keys {
    /// Reads the keys in `dir`, making the signing key when there is none.
    pub fn open(dir: &Path) -> Result<Self, KeysError> {
        let archive = dir.join(ARCHIVE_KEY);
        if !archive.exists() {
            return Err(KeysError::NoArchiveKey(dir.to_owned()));
        }
        let public = read(&dir.join(ARCHIVE_PUBLIC))?;
        let public = serde_json::from_slice(&public).map_err(|_| KeysError::Malformed(dir.join(ARCHIVE_PUBLIC)))?;
        let sealed = serde_json::from_slice(&read(&archive)?).map_err(|_| KeysError::Malformed(archive))?;
        let signing = signing_key(&dir.join(SIGNING_KEY))?;
        Ok(Self { signing: Arc::new(signing), public: Arc::new(public), sealed: Arc::new(sealed) })
    }

    /// Makes the archive key in `dir`. An archive key that is there is never replaced.
    pub fn create(dir: &Path, passphrase: &str) -> Result<(), KeysError> {
        if passphrase.chars().count() < PASSPHRASE_LEAST {
            return Err(KeysError::ShortPassphrase);
        }
        fs::create_dir_all(dir).map_err(|source| KeysError::File { path: dir.to_owned(), source })?;
        let archive = dir.join(ARCHIVE_KEY);
        if archive.exists() {
            return Ok(());
        }
        let (private, public) = spool::keys::mint(&mut chance);
        let sealed = SealedArchive::seal(&private, passphrase)?;
        // The public half first: a private half alone would be taken for a whole pair at the next start.
        write(&dir.join(ARCHIVE_PUBLIC), &json(&public)?)?;
        write(&archive, &json(&sealed)?)
    }

    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Opens the archive key. Slow on purpose (about 0.2 s and 64 MiB): call it off the async threads.
    pub fn unlock(&self, passphrase: &str) -> Result<Archive, KeysError> {
        let private = self.sealed.open(passphrase)?;
        if private.public() != *self.public {
            return Err(KeysError::Passphrase);
        }
        Ok(Archive { private: Arc::new(private) })
    }

    /// A fresh pair, its private half sealed at once.
    pub fn mint(&self) -> Result<Minted, KeysError> {
        let mut track = [0; 16];
        getrandom::fill(&mut track).map_err(|_| KeysError::Machine)?;
        let track = TrackId(track);
        let (private, public) = spool::keys::mint(&mut chance);
        let sealed = spool::keys::seal(&self.public, &track_context(track), private.expose(), &mut chance)?;
        Ok(Minted { track, public, sealed: json(&sealed)? })
    }

    /// Seals a secret of the database; `what` is bound to it and needed to open it.
    pub fn seal(&self, what: &str, secret: &[u8]) -> Result<Vec<u8>, KeysError> {
        json(&spool::keys::seal(&self.public, secret_context(what).as_bytes(), secret, &mut chance)?)
    }
}

impl Archive {
    /// The file key of one voice file: `sealed` is the track's private half, `envelope` the file key wrapped to it.
    pub fn file_key(&self, track: TrackId, sealed: &[u8], envelope: &[u8]) -> Result<FileKey, KeysError> {
        let sealed: Sealed = serde_json::from_slice(sealed).map_err(|_| KeysError::Text)?;
        let envelope: Envelope = serde_json::from_slice(envelope).map_err(|_| KeysError::Text)?;
        let private = spool::keys::open(&self.private, &track_context(track), &sealed)?;
        let private = PrivateKey::from_bytes(&private)?;
        Ok(spool::keys::unwrap(&private, &envelope)?)
    }

    /// Opens what [`Keys::seal`] sealed.
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let sealed: Sealed = serde_json::from_slice(sealed).map_err(|_| KeysError::Text)?;
        Ok(spool::keys::open(&self.private, secret_context(what).as_bytes(), &sealed)?)
    }
}

/// The archive key's private half as it lies on disk: AES-256-GCM under Argon2id of the passphrase.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedArchive {
    version: u32,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    nonce: String,
    text: String,
}

impl SealedArchive {
    fn seal(private: &PrivateKey, passphrase: &str) -> Result<Self, KeysError> {
        let (mut salt, mut nonce) = ([0; 16], [0; 12]);
        getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut nonce)).map_err(|_| KeysError::Machine)?;
        let mut sealed = Self {
            version: 0,
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: STANDARD.encode(salt),
            nonce: STANDARD.encode(nonce),
            text: String::new(),
        };
        let cipher = sealed.cipher(passphrase, &salt)?;
        let payload = Payload { msg: private.expose(), aad: KEY_CONTEXT };
        let text = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| KeysError::Machine)?;
        sealed.text = STANDARD.encode(text);
        Ok(sealed)
    }

    fn open(&self, passphrase: &str) -> Result<PrivateKey, KeysError> {
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| KeysError::Text);
        let cipher = self.cipher(passphrase, &decode(&self.salt)?)?;
        let nonce: [u8; 12] = decode(&self.nonce)?.try_into().map_err(|_| KeysError::Text)?;
        let text = decode(&self.text)?;
        let payload = Payload { msg: &text, aad: KEY_CONTEXT };
        let private = cipher.decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new);
        Ok(PrivateKey::from_bytes(&private.map_err(|_| KeysError::Passphrase)?)?)
    }

    fn cipher(&self, passphrase: &str, salt: &[u8]) -> Result<Aes256Gcm, KeysError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| KeysError::Text)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(passphrase.as_bytes(), salt, &mut *key).map_err(|_| KeysError::Machine)?;
        Aes256Gcm::new_from_slice(&*key).map_err(|_| KeysError::Machine)
    }
}

/// The first line of a passphrase file.
pub fn passphrase(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let text =
        Zeroizing::new(fs::read_to_string(path).map_err(|source| KeysError::File { path: path.to_owned(), source })?);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Writes a file that only we may read, whole or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let wrong = |source| KeysError::File { path: path.to_owned(), source };
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let aside = PathBuf::from(name);
    let mut file = fs::OpenOptions::new();
    let mut file = file.write(true).create(true).truncate(true).mode(0o600).open(&aside).map_err(wrong)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(wrong)?;
    fs::rename(&aside, path).map_err(wrong)?;
    let parent = path.parent().map(fs::File::open).transpose().map_err(wrong)?;
    parent.map_or(Ok(()), |dir| dir.sync_all()).map_err(wrong)
}

fn signing_key(path: &Path) -> Result<SigningKey, KeysError> {
    if !path.exists() {
        let mut seed = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *seed).map_err(|_| KeysError::Machine)?;
        write(path, &*seed)?;
    }
    let seed = Zeroizing::new(read(path)?);
    let seed: [u8; 32] = seed.as_slice().try_into().map_err(|_| KeysError::Malformed(path.to_owned()))?;
    Ok(SigningKey::from_seed(seed))
}

fn read(path: &Path) -> Result<Vec<u8>, KeysError> {
    fs::read(path).map_err(|source| KeysError::File { path: path.to_owned(), source })
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, KeysError> {
    serde_json::to_vec(value).map_err(|_| KeysError::Text)
}

fn track_context(track: TrackId) -> Vec<u8> {
    format!("amtsleitung track key 0 {track}").into_bytes()
}

fn secret_context(what: &str) -> String {
    format!("amtsleitung secret 0 {what}")
}

// Without randomness nothing may go on: a key that can be guessed is worse than an archive that stops.
fn chance(into: &mut [u8]) {
    if getrandom::fill(into).is_err() {
        std::process::abort();
    }
}

const SIGNING_KEY: &str = "signing.key";
const ARCHIVE_PUBLIC: &str = "archive.pub";
const ARCHIVE_KEY: &str = "archive.key";
const KEY_CONTEXT: &[u8] = b"amtsleitung archive key 0";
const PASSPHRASE_LEAST: usize = 12;
// RFC 9106, section 4, second recommendation: 64 MiB, three passes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "correct horse battery";

    #[test]
    fn a_voice_opens_with_the_passphrase_and_with_no_other() {
        let dir = tempfile::tempdir().unwrap();
        Keys::create(dir.path(), WORDS).unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        assert!(matches!(keys.unlock("correct horse batterie"), Err(KeysError::Passphrase)));
        let archive = keys.unlock(WORDS).unwrap();
        let minted = keys.mint().unwrap();
        let file_key = FileKey::from_bytes(&[7; 32]).unwrap();
        let recording = spool::id::RecordingId([1; 16]);
        let envelope = spool::keys::wrap(&file_key, &minted.public, recording, minted.track, 0, &mut chance).unwrap();
        let envelope = serde_json::to_vec(&envelope).unwrap();
        assert!(archive.file_key(minted.track, &minted.sealed, &envelope).unwrap() == file_key);
        assert!(archive.file_key(TrackId([9; 16]), &minted.sealed, &envelope).is_err());
    }

    #[test]
    fn an_archive_key_that_is_there_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        Keys::create(dir.path(), WORDS).unwrap();
        let before = fs::read(dir.path().join(ARCHIVE_KEY)).unwrap();
        Keys::create(dir.path(), "another passphrase").unwrap();
        assert_eq!(fs::read(dir.path().join(ARCHIVE_KEY)).unwrap(), before);
    }

    #[test]
    fn only_the_owner_may_read_a_key() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Keys::create(dir.path(), WORDS).unwrap();
        Keys::open(dir.path()).unwrap();
        for name in [ARCHIVE_KEY, SIGNING_KEY] {
            assert_eq!(fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Keys::create(dir.path(), "kurz"), Err(KeysError::ShortPassphrase)));
    }
}
