//! `spool inspect DIR` prints what chunks say, without any key; `spool verify DIR --key HEX` checks them as an archive does.
//!
//! DIR is one chunk or a whole spool. `inspect` ends with 0 when everything reads, `verify` when everything verifies; both
//! end with 1 when something does not, each fault on a line of its own, and with 2 when they were called wrongly.
//!
//! Not here: opening of sound (that takes a track's private half, which only the archive has).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use spool::id::GatewayId;
use spool::read::{self, Rejection};
use spool::sign::VerifyingKey;

mod print;

#[derive(Parser)]
#[command(name = "spool", about = "Looks at recordings as a gateway hands them over, and checks them.")]
struct Words {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Print what chunks and orders say, as far as they read. Nothing is checked but that it reads.
    Inspect {
        /// A chunk, or a spool with its open/, ready/ and orders/.
        dir: PathBuf,
        /// One JSON object a chunk, one a line.
        #[arg(long)]
        json: bool,
    },
    /// Check chunks and orders as an archive does: signature, chains, hashes, permits, records.
    Verify {
        /// A chunk, or a spool: its ready/ and orders/.
        dir: PathBuf,
        /// A gateway's public key, 64 hexadecimal digits, as `archiver pair` shows it; may be given several times.
        #[arg(long, required = true, value_parser = key)]
        key: Vec<VerifyingKey>,
    },
}

fn main() -> ExitCode {
    let done = match Words::parse().word {
        Word::Inspect { dir, json } => inspect(&dir, json),
        Word::Verify { dir, key } => verify(&dir, &key),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("spool: {}", print::printable(&sentence(&error)));
            ExitCode::FAILURE
        }
    }
}

/// True when all of it reads.
fn inspect(dir: &Path, json: bool) -> Result<bool, Rejection> {
    let mut reads = true;
    for chunk in chunks(dir, &["open", "ready"])? {
        let look = read::look(&chunk)?;
        reads &= look.faults.is_empty();
        let text = if json { print::json(&look) } else { print::chunk(&look) };
        print::line(&text);
    }
    for order in orders(dir)? {
        print::line(&format!("order {order}"));
    }
    Ok(reads)
}

/// True when all of it verifies.
fn verify(dir: &Path, keys: &[VerifyingKey]) -> Result<bool, Rejection> {
    let trust = |gateway: GatewayId| keys.iter().find(|key| key.gateway() == gateway).copied();
    let mut holds = true;
    let mut say = |name: &str, fault: Option<String>| {
        holds &= fault.is_none();
        print::line(&match fault {
            None => format!("{name}: verified"),
            Some(why) => print::one_line(&format!("{name}: {why}")),
        });
    };
    for path in chunks(dir, &["ready"])? {
        let name = path.file_name().unwrap_or_default().display().to_string();
        match read::chunk(&path, &trust) {
            Err(error) => say(&name, Some(format!("refused: {}", sentence(&error)))),
            Ok(chunk) => {
                say(&name, None);
                let aside = chunk.voices.into_iter().filter_map(|voice| voice.uncovered);
                aside.for_each(|why| say(&name, Some(format!("put aside: {why}"))));
            }
        }
    }
    for name in orders(dir)? {
        let order = spool::order::read(&dir.join("orders").join(&name), &trust);
        say(&name, order.err().map(|error| format!("refused: {}", sentence(&error))));
    }
    Ok(holds)
}

/// The chunk that `dir` is, or those of the spool that it is.
fn chunks(dir: &Path, places: &[&str]) -> Result<Vec<PathBuf>, Rejection> {
    if !is_spool(dir) {
        return Ok(vec![dir.to_path_buf()]);
    }
    let mut found = Vec::new();
    for place in places.iter().filter(|place| dir.join(place).is_dir()) {
        let names = if *place == "open" { read::open(dir)? } else { read::ready(dir)? };
        found.extend(names.into_iter().map(|name| dir.join(place).join(name)));
    }
    Ok(found)
}

fn orders(dir: &Path) -> Result<Vec<String>, Rejection> {
    if dir.join("orders").is_dir() { read::orders(dir) } else { Ok(Vec::new()) }
}

fn is_spool(dir: &Path) -> bool {
    dir.join("ready").is_dir()
}

fn key(text: &str) -> Result<VerifyingKey, &'static str> {
    let wrong = "64 hexadecimal digits of an Ed25519 key are needed";
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong);
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(at * 2..at * 2 + 2).ok_or(wrong)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong)?;
    }
    VerifyingKey::from_bytes(&bytes).ok_or(wrong)
}

/// An error and what caused it.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
