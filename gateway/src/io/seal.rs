//! `gateway seal`: closes what an unclean end left in `open/` of the spool, as the next start would, without starting.
//!
//! For a machine that will take no more calls: what was recorded lies complete in `ready/` afterwards, signed and marked
//! as interrupted, and an archive can take it from there. No track key is needed, and none is there.
//! A later start still knows that the end was unclean (`DATA/unclean`), and takes that into its plan: the record is paused.
//!
//! Not here: how a chunk is closed (`spool`), and the same at a start (`recorder`).

use std::fs::File;
use std::path::{Path, PathBuf};

use spool::write::{Recovered, Spool, SpoolError};

use super::clock::Clock;
use super::holding::{Holding, HoldingError};
use super::signing_key::{self, KeyError};
use crate::config::Config;

/// Why nothing was sealed. The administrator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Holding(#[from] HoldingError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the spool")]
    Spool(#[from] SpoolError),
    #[error("{path}")]
    File { path: PathBuf, source: std::io::Error },
}

/// Closes what is open. Nothing where there is no spool: then nothing was ever recorded here.
pub fn run(config: &Config) -> Result<Vec<Recovered>, SealError> {
    if !config.spool().exists() {
        return Ok(Vec::new());
    }
    let _held = Holding::take(&config.data)?;
    // A new key would sign what the archive has never heard of; so none is made here.
    let spool = Spool::at(&config.spool(), signing_key::load(&config.data)?)?;
    if left_open(config)? {
        mark(&config.data)?;
    }
    Ok(spool.recover(Clock::start().wall().utc_ms)?)
}

/// Did the last run end without goodbye? Either something lies open, or it was sealed since.
pub(super) fn ended_uncleanly(config: &Config) -> Result<bool, SealError> {
    Ok(left_open(config)? || config.data.join(MARK).exists())
}

/// What the mark said is in the plan, on the disk.
pub(super) fn clear_mark(data: &Path) -> Result<(), SealError> {
    let path = data.join(MARK);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(()),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(SealError::File { path, source }),
    }
}

/// Synced before anything is closed, so that no crash in between makes the end look clean.
fn mark(data: &Path) -> Result<(), SealError> {
    let path = data.join(MARK);
    File::create(&path)
        .and_then(|file| file.sync_all())
        .and_then(|()| File::open(data)?.sync_all())
        .map_err(|source| SealError::File { path, source })
}

fn left_open(config: &Config) -> Result<bool, SealError> {
    let path = config.spool().join("open");
    match std::fs::read_dir(&path) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(SealError::File { path, source }),
    }
}

const MARK: &str = "unclean";

#[cfg(test)]
mod tests {
    use super::*;

    fn config(data: &Path) -> Config {
        Config::parse(&format!("data = {data:?}\n[[listen]]\nudp = \"127.0.0.1:5060\"\n")).unwrap()
    }

    #[test]
    fn where_nothing_was_ever_recorded_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        assert!(run(&config(dir.path())).unwrap().is_empty());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_a_gateway_works_on_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("spool")).unwrap();
        let _running = Holding::take(dir.path()).unwrap();
        assert!(matches!(run(&config(dir.path())), Err(SealError::Holding(HoldingError::Taken { .. }))));
    }

    #[test]
    fn without_the_gateways_own_key_nothing_is_signed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("spool/open")).unwrap();
        assert!(matches!(run(&config(dir.path())), Err(SealError::Key(_))));
        assert!(!dir.path().join("signing.key").exists());
    }

    #[test]
    fn an_end_is_unclean_while_something_lies_open_and_after_it_was_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        assert!(!ended_uncleanly(&config).unwrap());
        std::fs::create_dir_all(dir.path().join("spool/open")).unwrap();
        assert!(!ended_uncleanly(&config).unwrap());
        std::fs::create_dir(dir.path().join("spool/open/chunk")).unwrap();
        assert!(ended_uncleanly(&config).unwrap());
        std::fs::remove_dir(dir.path().join("spool/open/chunk")).unwrap();
        mark(dir.path()).unwrap();
        assert!(ended_uncleanly(&config).unwrap());
        clear_mark(dir.path()).unwrap();
        assert!(!ended_uncleanly(&config).unwrap());
    }
}
