//! `gateway seal`: closes what an unclean end left in `open/` of the spool, as the next start would, without starting.
//!
//! For a machine that will take no more calls: what was recorded lies complete in `ready/` afterwards, signed and marked
//! as interrupted, and an archive can take it from there. No track key is needed, and none is there.
//! A later start still knows that the end was unclean (`DATA/unclean`), and begins with the record paused.
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
    if anything_in(&config.spool().join("open"))? {
        mark(&config.data)?;
    }
    Ok(spool.recover(Clock::start().wall().utc_ms)?)
}

/// Was something sealed since the last start? Asked once: the start that asks goes by it.
pub(super) fn take_mark(data: &Path) -> std::io::Result<bool> {
    match std::fs::remove_file(data.join(MARK)) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(why) => Err(why),
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

fn anything_in(dir: &Path) -> Result<bool, SealError> {
    let mut entries = std::fs::read_dir(dir).map_err(|source| SealError::File { path: dir.to_owned(), source })?;
    Ok(entries.next().is_some())
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
    fn a_start_hears_of_it_once() {
        let dir = tempfile::tempdir().unwrap();
        mark(dir.path()).unwrap();
        assert!(take_mark(dir.path()).unwrap());
        assert!(!take_mark(dir.path()).unwrap());
    }
}
