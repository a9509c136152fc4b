//! Who works on a data directory: one process at a time, held by a lock on `DATA/gateway.lock`.
//!
//! [`Holding::take`] it before anything in the directory is touched, and keep it for as long. The kernel gives it back,
//! however the process ends, so a crash leaves nothing to clear away.
//!
//! Not here: what lies in the directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// This process alone works on the directory while this value lives.
#[derive(Debug)]
pub(super) struct Holding {
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum HoldingError {
    #[error("{data} is in use by another gateway; end that one first, or name another directory")]
    Taken { data: PathBuf },
    #[error("the lock {path}")]
    File { path: PathBuf, source: std::io::Error },
}

impl Holding {
    /// Never waits. The directory must be there.
    pub(super) fn take(data: &Path) -> Result<Self, HoldingError> {
        let path = data.join("gateway.lock");
        let wrong = |source| HoldingError::File { path: path.clone(), source };
        // Not truncated: the file holds nothing, and another's lock is no reason to touch it.
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(wrong)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(HoldingError::Taken { data: data.to_owned() }),
            Err(TryLockError::Error(source)) => Err(wrong(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_once_and_free_again_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let held = Holding::take(dir.path()).unwrap();
        assert!(matches!(Holding::take(dir.path()), Err(HoldingError::Taken { .. })));
        drop(held);
        Holding::take(dir.path()).unwrap();
    }
}
