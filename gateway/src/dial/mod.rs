//! `gateway dial`: a caller of our own. Calls, keys digits, plays a tone or a WAV file, keeps what is heard, reports.
//!
//! [`DialArgs`] is its command line, [`run`] carries it out and says on standard output, one JSON object a line, what
//! happens: `ringing`, `answered`, `sends`, `reoffered`, `heard-quiet`, `digit-sent`, `digit-not-sent`, `sound-started`,
//! `sound-stopped`, `not-understood`, `second`, `ended`, and a `report` at the end. The steps are a [`script`], given by
//! `--script` or live on the standard input; [`hearing`] puts what was heard into numbers; the signalling is in [`line`],
//! the sound in [`talk`]. The stories use it as their telephone, an administrator to try a line.
//!
//! Not here: being called, registering, encryption.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::wav;
use line::{Call, Sound};
use loudspeaker::Loudspeaker;
use script::Walk;

mod aloud;
mod codec;
mod hearing;
mod line;
mod loudspeaker;
mod script;
mod talk;
mod wire;
mod wish;

/// The command line of `gateway dial`.
#[derive(Debug, clap::Args)]
pub struct DialArgs {
    /// Whom to call: sip:USER@HOST:PORT, or sip:HOST:PORT; an IPv6 address in brackets.
    pub to: String,
    /// How the signalling travels. Default: as the address says by ;transport=, else UDP.
    #[arg(long)]
    pub transport: Option<Transport>,
    /// What to do: digits are keyed, `q` waits until something was heard and then was quiet, `pN` pauses N seconds,
    /// `t` starts the tone or the WAV, `s` stops it, `h` hangs up. For example "q12345678q1q#p2tp10h".
    /// In brackets: `[sendonly]` and `[inactive]` put the call on hold, `[sendrecv]` takes it back, `[g722]` and its like
    /// change the codec, `[1030]` the frequency of the tone, `[loop-20]` how loud what is heard is sent back.
    #[arg(long, default_value = "")]
    pub script: String,
    /// A WAV file that `t` plays.
    #[arg(long, conflicts_with = "tone")]
    pub play: Option<PathBuf>,
    /// The frequency of the tone that `t` starts, in Hz.
    #[arg(long, default_value_t = 440, value_parser = tone_hz)]
    pub tone: u32,
    /// Keep what is heard in this WAV file, 8 kHz.
    #[arg(long)]
    pub keep: Option<PathBuf>,
    /// Send back what is heard, as a loudspeaker beside a microphone does; so many dB softer with `--loop-back=-20`.
    #[arg(long, value_name = "DB", num_args = 0..=1, require_equals = true, default_missing_value = "0",
        value_parser = clap::value_parser!(i8).range(-60..=0))]
    pub loop_back: Option<i8>,
    /// So many milliseconds later, as over a satellite; whole slots of 20.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=5000))]
    pub loop_delay: u16,
    /// Let every key be heard as well, as the sound of its two tones beside its events.
    #[arg(long)]
    pub keys_aloud: bool,
    /// Hang up after so many seconds.
    #[arg(long, default_value_t = 3600)]
    pub seconds: u64,
    /// Take further steps from the standard input, a script a line; a line that begins with `!` comes at once, instead
    /// of what is still ahead. The end of the input hangs up.
    #[arg(long)]
    pub stdin: bool,
    /// Look for these frequencies in what is heard, second by second: HZ,HZ.
    #[arg(long, value_delimiter = ',')]
    pub listen: Vec<u32>,
    /// The name or number that is shown to the other side.
    #[arg(long, default_value = "anonymous")]
    pub caller: String,
    /// What to offer, best first: NAME,NAME of pcma, pcmu, g722, opus.
    #[arg(long, value_delimiter = ',', default_values_t = [codec::Offered::Pcma, codec::Offered::Pcmu])]
    pub codec: Vec<codec::Offered>,
    /// Write what a telephone behind NAT writes: this address in Via, Contact and for the sound, this port for the sound.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub behind_nat: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Transport {
    Udp,
    Tcp,
}

/// Calls. Success is a call that was answered and whose sound, if it was to be kept, was kept.
pub fn run(arguments: DialArgs) -> ExitCode {
    match try_run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("gateway dial: {}", crate::io::with_causes(&why));
            ExitCode::from(2)
        }
    }
}

/// What was asked for cannot be done: said with what would be right.
#[derive(Debug, thiserror::Error)]
enum DialError {
    #[error("{0} is nobody to call; right would be sip:USER@HOST:PORT")]
    To(String),
    #[error("--caller {0}: letters, digits, + - . _ only")]
    Caller(String),
    #[error("--script")]
    Script(#[from] script::ScriptError),
    #[error("--play {file}")]
    Play { file: String, source: wav::WavError },
    #[error("--keep {file}")]
    Keep { file: String, source: wav::WavError },
    #[error("no call")]
    Line(#[from] line::LineError),
}

fn try_run(arguments: DialArgs) -> Result<bool, DialError> {
    let remote = host_and_port(&arguments.to).ok_or_else(|| DialError::To(arguments.to.clone()))?;
    if !arguments.caller.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c)) {
        return Err(DialError::Caller(arguments.caller));
    }
    let sound = match &arguments.play {
        Some(file) => Sound::Samples(
            wav::read(file, media::RATE_HZ)
                .map_err(|source| DialError::Play { file: file.display().to_string(), source })?,
        ),
        None => Sound::Tone { hz: arguments.tone },
    };
    let by_address = arguments.to.to_ascii_lowercase().contains(";transport=tcp");
    let transport = match arguments.transport {
        Some(Transport::Tcp) => sip::Transport::Tcp,
        None if by_address => sip::Transport::Tcp,
        Some(Transport::Udp) | None => sip::Transport::Udp,
    };
    let over = line::call(Call {
        uri: arguments.to,
        remote,
        transport,
        caller: arguments.caller,
        walk: Walk::new(script::parse(&arguments.script)?),
        sound,
        loudspeaker: Loudspeaker::new(arguments.loop_back, usize::from(arguments.loop_delay / SLOT_MS)),
        keys_aloud: arguments.keys_aloud,
        longest: Duration::from_secs(arguments.seconds),
        live: arguments.stdin,
        listen: arguments.listen,
        codecs: arguments.codec.into_iter().map(Into::into).collect(),
        behind_nat: arguments.behind_nat,
    })?;
    if let Some(file) = arguments.keep {
        wav::write(&file, media::RATE_HZ, &over.heard)
            .map_err(|source| DialError::Keep { file: file.display().to_string(), source })?;
    }
    Ok(over.report.answered)
}

fn tone_hz(text: &str) -> Result<u32, String> {
    let right = || format!("{} to {} Hz", script::TONES_HZ.start(), script::TONES_HZ.end());
    text.parse().ok().filter(|hz| script::TONES_HZ.contains(hz)).ok_or_else(right)
}

/// The host and port of a `sip:` address, looked up, IPv4 first; the port is 5060 where none is named.
fn host_and_port(uri: &str) -> Option<SocketAddr> {
    let rest = uri.strip_prefix("sip:")?;
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let place = place.split(';').next().filter(|place| !place.is_empty())?;
    let bare = match place.strip_prefix('[') {
        Some(_) => place.ends_with(']'),
        None => !place.contains(':'),
    };
    let with_port = if bare { format!("{place}:5060") } else { place.to_owned() };
    let mut found: Vec<SocketAddr> = with_port.to_socket_addrs().ok()?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied()
}

const SLOT_MS: u16 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_called_with_and_without_user_and_port() {
        let at = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!(host_and_port("sip:4711@127.0.0.1:5070"), at(5070));
        assert_eq!(host_and_port("sip:127.0.0.1:5070"), at(5070));
        assert_eq!(host_and_port("sip:127.0.0.1"), at(5060));
        assert_eq!(host_and_port("sip:x@127.0.0.1:5070;transport=udp"), at(5070));
        for uri in ["sip:x@[::1]", "sip:[::1]:5060", "sip:x@[::1]:5060;transport=tcp"] {
            assert_eq!(host_and_port(uri), Some("[::1]:5060".parse().unwrap()), "{uri}");
        }
    }

    #[test]
    fn what_is_no_sip_address_is_nobody() {
        for nobody in ["", "127.0.0.1:5060", "tel:110", "sip:", "sip:x@", "sip:x@127.0.0.1:99999"] {
            assert_eq!(host_and_port(nobody), None, "{nobody}");
        }
    }
}
