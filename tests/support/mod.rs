//! What the stories are told with: a house, telephones of three makers, ears, a desk's browser, a clock that can be moved.
//!
//! A [`house::House`] is both programs as `deploy/demo` runs them, on a data directory and ports of its own. A
//! [`phone::Phone`] is one person with one tone; [`ears`] say whose tone is where. Nothing sleeps and hopes: every wait
//! is for a condition, with an end that says what was waited for.
//!
//! Not here: what ought to happen (the stories).

pub(crate) mod browser;
pub(crate) mod clock;
pub(crate) mod ears;
pub(crate) mod house;
pub(crate) mod http;
pub(crate) mod makers;
pub(crate) mod mutant;
pub(crate) mod network;
pub(crate) mod phone;
pub(crate) mod second;
pub(crate) mod stranger;
pub(crate) mod wire;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Asks again and again until there is something, or fails the story with what was waited for.
pub(crate) fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for: {what}");
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// Runs a program that ought to end by itself, and says what it said; one that goes on fails the story.
pub(crate) fn ended(what: &str, limit: Duration, command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|why| panic!("{what} does not run: {why}"));
    let end = Instant::now() + limit;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{what} goes on running");
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    child.wait_with_output().expect("its output")
}

/// What the archive's database answers, a row a line, the columns apart by `|`.
pub(crate) fn sql(data: &Path, query: &str) -> String {
    let output = Command::new("sqlite3")
        .arg("-readonly")
        .arg(data.join("archiver/archive.db"))
        .arg(query)
        .output()
        .expect("sqlite3 runs (deploy/needs tests)");
    assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// The top of the source tree.
pub(crate) fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the tree").to_owned()
}

/// A program of this tree, as it was built for the stories.
pub(crate) fn program(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), PathBuf::from);
    let built = target.join(match std::env::var("AMTSLEITUNG_PROFILE").as_deref() {
        Ok("release") => "release",
        _ => "debug",
    });
    built.join(name)
}

/// Every file below a directory; sockets and links are passed over.
pub(crate) fn files_below(place: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![place.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() => found.push(path),
                _ => {}
            }
        }
    }
    found
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
