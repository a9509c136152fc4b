//! The shell: sockets, threads, files and clocks of the gateway.
//!
//! It carries values between the pure modules and decides nothing that a caller or a law would notice.
//!
//! Not here: judgement.
#![expect(clippy::disallowed_methods, reason = "the shell is where effects live")]

pub mod clock;
mod connections;
pub mod control;
mod holding;
pub(crate) mod home;
pub(crate) mod listener;
pub mod media;
mod plan_file;
pub mod recorder;
pub mod seal;
pub mod serve;
mod signing_key;
pub mod socket;
pub mod switchboard;
mod sys;

use std::path::Path;

/// The text of a settings file.
pub fn read_config(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

/// Log lines go to stderr: one line an event, no colours, `AMTSLEITUNG_LOG` sets the least level (default `info`).
pub fn log_to_stderr() {
    let level =
        std::env::var("AMTSLEITUNG_LOG").ok().and_then(|word| word.parse().ok()).unwrap_or(tracing::Level::INFO);
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).with_max_level(level).init();
}

/// An error with what caused it, in one line.
pub fn with_causes(why: &dyn std::error::Error) -> String {
    let mut said = why.to_string();
    let mut cause = why.source();
    while let Some(source) = cause {
        said.push_str(": ");
        said.push_str(&source.to_string());
        cause = source.source();
    }
    said
}

/// Random bytes from the kernel: ids, tags, keys.
pub(crate) fn chance(into: &mut [u8]) {
    // Without the kernel's randomness every secret made from here on would be guessable: ending is right.
    getrandom::fill(into).unwrap_or_else(|why| {
        eprintln!("gateway: the kernel gives no randomness: {why}");
        std::process::abort()
    });
}
