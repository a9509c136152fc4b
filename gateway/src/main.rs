//! `gateway`: reads its settings, binds, runs, drains. Also closes what a crash left open (`seal`), and a caller of our
//! own (`dial`).
//!
//! Not here: anything that happens during a call (`io::switchboard`).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gateway::config::Config;
use gateway::{dial, io};

/// The telephone line of Amtsleitung.
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Takes calls until SIGTERM.
    Serve {
        /// The settings, a TOML file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Reads the settings and says what is wrong with them.
    CheckConfig {
        #[arg(long)]
        config: PathBuf,
    },
    /// Closes what an unclean end left open in the spool, without starting; refuses while a gateway runs on the data.
    Seal {
        #[arg(long)]
        config: PathBuf,
    },
    /// Calls somebody: keys digits, plays a WAV file or a tone, keeps what is heard, reports in JSON.
    Dial(dial::DialArgs),
}

fn main() -> ExitCode {
    match Arguments::parse().what {
        What::Serve { config } => match read(&config) {
            Ok(config) => serve(config),
            Err(code) => code,
        },
        What::CheckConfig { config } => match read(&config) {
            Ok(_) => {
                println!("{}: in order", config.display());
                ExitCode::SUCCESS
            }
            Err(code) => code,
        },
        What::Seal { config } => match read(&config) {
            Ok(config) => seal(&config),
            Err(code) => code,
        },
        What::Dial(arguments) => dial::run(arguments),
    }
}

fn read(path: &Path) -> Result<Config, ExitCode> {
    let wrong = |why: String| {
        eprintln!("{}: {why}", path.display());
        ExitCode::from(2)
    };
    let text = io::read_config(path).map_err(|why| wrong(why.to_string()))?;
    Config::parse(&text).map_err(|why| wrong(why.to_string()))
}

fn serve(config: Config) -> ExitCode {
    io::log_to_stderr();
    match io::serve::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("gateway: {}", io::with_causes(&why));
            ExitCode::FAILURE
        }
    }
}

fn seal(config: &Config) -> ExitCode {
    match io::seal::run(config) {
        Ok(closed) if closed.is_empty() => {
            println!("{}: nothing was open", config.spool().display());
            ExitCode::SUCCESS
        }
        Ok(closed) => {
            for chunk in closed {
                println!("closed as interrupted: ready/{}, {} voices", chunk.chunk, chunk.tracks.len());
                for order in chunk.orders {
                    println!("  a withdrawal without an answer erases: orders/{order}");
                }
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("gateway seal: {}", io::with_causes(&why));
            ExitCode::FAILURE
        }
    }
}
