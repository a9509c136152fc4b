//! The archive's program: `serve` runs it, the other words act beside it.
//!
//! Not here: anything that can be tested without a process (the library).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use archiver::config::Config;
use archiver::io::serve::ServeError;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "archiver", about = "Keeps, plays and destroys recordings of meetings.")]
struct Words {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Run the archive.
    Serve {
        #[arg(long)]
        config: PathBuf,
    },
    /// Pin a gateway's signing key; without --key, show it.
    Pair {
        #[arg(long)]
        config: PathBuf,
        /// The key as the gateway's administrator read it to you, hexadecimal.
        #[arg(long)]
        key: Option<String>,
    },
    /// Write the voices of a recording to files, for a purpose that is written down.
    Export(archiver::export::Args),
    /// Check a proof of destruction, offline.
    Verify(archiver::verify::Args),
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
    archiver::io::close_to_others();
    log();
    match Words::parse().word {
        Word::Serve { config } => serve(&config),
        Word::Pair { config, key } => pair(&config, key),
        Word::Export(args) => archiver::export::run(&args),
        Word::Verify(args) => archiver::verify::run(&args),
        Word::NewKey { data, passphrase_file } => new_key(&data, &passphrase_file),
    }
}

fn log() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    // The embedded store calls every request it does not know an error; we ask once to learn that it does not.
    let targets = Targets::new().with_default(LevelFilter::INFO).with_target("s3s", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines).with(targets).init();
}

fn serve(config: &Path) -> ExitCode {
    let done = || -> Result<(), ServeError> { runtime()?.block_on(archiver::io::serve::run(Config::read(config)?)) };
    done().map_or_else(|error| said(&error), |()| ExitCode::SUCCESS)
}

fn pair(config: &Path, key: Option<String>) -> ExitCode {
    let done =
        || -> Result<(), ServeError> { runtime()?.block_on(archiver::io::serve::pair(Config::read(config)?, key)) };
    done().map_or_else(|error| said(&error), |()| ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime, ServeError> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(ServeError::Signal)
}

fn new_key(data: &Path, passphrase_file: &Path) -> ExitCode {
    use archiver::vault::keys::{Keys, passphrase};
    match passphrase(passphrase_file).and_then(|passphrase| Keys::create(&data.join("keys"), &passphrase)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => said(&error),
    }
}

fn said(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("archiver: {}", archiver::causes::sentence(error));
    ExitCode::FAILURE
}
