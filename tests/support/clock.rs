//! The wall clock of a house, which can be moved: libfaketime, reading its offset from a file.
//!
//! Give [`Clock::environment`] to a house before it starts; [`Clock::moved`] then moves the clock of what runs.
//! Behaviour hangs on the monotonic clock, which stays real. libfaketime gets absolute sleeps wrong, which the media
//! threads live by: no calls in a house with a moved clock.
//!
//! Not here: what a moved clock should do.

use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct Clock {
    file: PathBuf,
}

impl Clock {
    pub(crate) fn at(dir: &Path) -> Self {
        let clock = Self { file: dir.join("clock") };
        clock.moved("+0");
        clock
    }

    /// `by`: such as `+200d`, counted from the real time.
    pub(crate) fn moved(&self, by: &str) {
        std::fs::write(&self.file, format!("{by}\n")).expect("the clock's file");
    }

    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let library = library();
        [
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            // Files keep the times the kernel gave them.
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

fn library() -> PathBuf {
    std::fs::read_dir("/usr/lib")
        .expect("/usr/lib")
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists())
        .expect("libfaketime is installed (deploy/needs tests)")
}
