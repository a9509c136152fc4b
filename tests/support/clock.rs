//! The wall clock of a house, which can be set while it runs: a library of a few lines (`clock.c`), built where it is needed.
//!
//! Give [`Clock::environment`] to a house before it starts; [`Clock::set`] then sets the clock of what runs.
//! Behaviour hangs on the monotonic clock, which stays real: calls go on as if nothing had happened.
//! (libfaketime would move clocks as well; it gets the absolute sleeps wrong that the media threads live by.)
//!
//! Not here: what a clock that was set should do.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::top;

#[derive(Debug)]
pub(crate) struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// A clock that shows the real time.
    pub(crate) fn at(dir: &Path) -> Self {
        let clock = Self { library: dir.join("clock.so"), file: dir.join("clock") };
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&clock.library)
            .arg(top().join("tests/support/clock.c"))
            .status();
        assert!(built.expect("a C compiler (deploy/needs build)").success(), "clock.c does not build");
        clock.set(0);
        clock
    }

    /// So many seconds later than the real time, for everything that runs by it.
    pub(crate) fn set(&self, seconds: i64) {
        // In place: programs look at these eight bytes all the time.
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(&self.file);
        let ns = seconds * 1_000_000_000;
        std::os::unix::fs::FileExt::write_all_at(&file.expect("the clock's file"), &ns.to_ne_bytes(), 0)
            .expect("the clock's file");
    }

    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        [("LD_PRELOAD", &self.library), ("HOUSE_CLOCK", &self.file)]
            .map(|(name, value)| (name.to_owned(), value.display().to_string()))
            .into()
    }
}
