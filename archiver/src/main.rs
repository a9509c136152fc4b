//! The archive's program: `serve` runs it, the other words act beside it.
//!
//! Not here: anything that can be tested without a process (the library).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "archiver", about = "Keeps, plays and destroys recordings of meetings.")]
struct Words {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Make the archive key, sealed by a passphrase; a key that is there is never replaced.
    NewKey {
        /// The archive's data directory.
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        passphrase_file: PathBuf,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    match Words::parse().word {
        Word::NewKey { data, passphrase_file } => new_key(&data, &passphrase_file),
    }
}

fn new_key(data: &std::path::Path, passphrase_file: &std::path::Path) -> ExitCode {
    use archiver::vault::keys::{Keys, passphrase};
    match passphrase(passphrase_file).and_then(|passphrase| Keys::create(&data.join("keys"), &passphrase)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => said(&error),
    }
}

/// An error and its causes, each once.
fn said(error: &dyn std::error::Error) -> ExitCode {
    eprint!("archiver: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
    ExitCode::FAILURE
}
