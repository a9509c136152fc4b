//! The gateway's signing key on disk: `DATA/signing.key`, 32 bytes, made once, readable by this user only.
//!
//! Not here: what is signed (`spool`), and telling the archive the public half (`control::Health`).

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use spool::sign::SigningKey;
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("signing key {path}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("signing key {path} is readable by others; right would be: chmod 600 {path}")]
    Open { path: PathBuf },
    #[error("signing key {path} holds {bytes} bytes, not 32; put back the right file, or remove it and pair again")]
    Length { path: PathBuf, bytes: usize },
}

/// The key in `data`, made if there is none.
pub(super) fn load_or_make(data: &Path) -> Result<SigningKey, KeyError> {
    let path = data.join("signing.key");
    let wrong = |source| KeyError::File { path: path.clone(), source };
    if !path.exists() {
        make(data, &path).map_err(wrong)?;
    }
    load(data)
}

/// The key in `data`; an error if there is none.
pub(super) fn load(data: &Path) -> Result<SigningKey, KeyError> {
    let path = data.join("signing.key");
    let wrong = |source| KeyError::File { path: path.clone(), source };
    let mode = path.metadata().map_err(wrong)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { path });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(32));
    File::open(&path).and_then(|file| file.take(64).read_to_end(&mut bytes)).map_err(wrong)?;
    let seed: [u8; 32] =
        bytes.as_slice().try_into().map_err(|_| KeyError::Length { path: path.clone(), bytes: bytes.len() })?;
    let seed = Zeroizing::new(seed);
    Ok(SigningKey::from_seed(*seed))
}

/// Written beside and renamed, so that a crash leaves either no key or a whole one.
fn make(data: &Path, path: &Path) -> std::io::Result<()> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    super::chance(seed.as_mut());
    let beside = data.join("signing.key.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(seed.as_ref())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(data)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let made = load_or_make(dir.path()).unwrap().verifying();
        assert!(load_or_make(dir.path()).unwrap().verifying() == made);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        load_or_make(dir.path()).unwrap();
        let path = dir.path().join("signing.key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load_or_make(dir.path()), Err(KeyError::Open { .. })));
    }
}
