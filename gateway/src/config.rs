//! The gateway's settings: one TOML file, parsed into values that cannot be wrong.
//!
//! Unknown keys stop the start; each field says what it costs.
//!
//! Not here: reading the file (the shell's), and the meetings (they come from the desk and lie in `plan.json`).

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::admission::Network;

/// What `gateway.toml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where `plan.json`, `signing.key` and `spool/` lie. Readable by this program's user only.
    pub data: PathBuf,
    /// Where SIP is listened for. At least one.
    pub listen: Vec<Listener>,
    #[serde(default)]
    pub media: Media,
    #[serde(default)]
    pub control: Control,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub recording: Recording,
    /// A directory of WAV files that replace the built-in prompts of the same name.
    #[serde(default)]
    pub prompts: Option<PathBuf>,
}

/// One SIP socket.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// `ip:port`, for example `0.0.0.0:5060`.
    pub udp: SocketAddr,
    /// Sources outside these networks get no answer at all. Default: loopback and private networks.
    #[serde(default = "private_networks")]
    pub allow: Vec<Network>,
    /// The address that peers are told to send to, where it is not the socket's own (behind NAT).
    #[serde(default)]
    pub advertise: Option<IpAddr>,
}

/// Sound in and out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// UDP ports for RTP, `first-last`; each call takes an even one. The firewall must let them in.
    pub ports: Ports,
    /// Threads that mix. 0 takes one a core.
    pub workers: usize,
    /// Whose sound counts: `exact` (address and port of the SDP, the default), `same-ip`, or `latch` (for callers behind
    /// NAT, and softphones that name another of their addresses: a stranger may then win the race for the first packets).
    pub source: Source,
    /// A call without a single packet for this long is ended. A held call has half an hour.
    pub silence_limit_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Exact,
    SameIp,
    Latch,
}

/// `first-last`, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Ports {
    pub first: u16,
    pub last: u16,
}

/// The door for the desk.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Control {
    /// A Unix socket; default `DATA/control.sock`. Whoever may open it may run the gateway.
    pub socket: Option<PathBuf>,
}

/// Beyond these a caller gets 503 with Retry-After; callers who are in notice nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub calls: usize,
    pub in_setup: usize,
    /// New calls a second from one source address, and as many at once.
    pub calls_per_second: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recording {
    /// A chunk is handed over after this long: less means more files, more means more is in the open at a crash.
    pub chunk_seconds: u64,
    /// Recording stops, aloud, while the disk has less room than this.
    pub disk_floor_mb: u64,
}

/// A setting that is not right: said with key, value, line and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Text(#[from] toml::de::Error),
    #[error("listen: no SIP socket is named; add [[listen]] with udp = \"0.0.0.0:5060\"")]
    NoListener,
    #[error("{key} = {value}: {right}")]
    Value { key: &'static str, value: String, right: &'static str },
}

impl Config {
    /// Reads and checks the text of a `gateway.toml`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    pub fn control_socket(&self) -> PathBuf {
        self.control.socket.clone().unwrap_or_else(|| self.data.join("control.sock"))
    }

    pub fn spool(&self) -> PathBuf {
        self.data.join("spool")
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.listen.is_empty() {
            return Err(ConfigError::NoListener);
        }
        for listener in &self.listen {
            if listener.udp.is_ipv6() {
                let right = "an IPv4 address is needed today";
                return Err(ConfigError::Value { key: "listen.udp", value: listener.udp.to_string(), right });
            }
            if listener.allow.is_empty() {
                let right = "name at least one network, for example \"192.168.0.0/16\"; an empty list lets nobody in";
                return Err(ConfigError::Value { key: "listen.allow", value: "[]".to_owned(), right });
            }
        }
        let range = 10..=3600;
        if !range.contains(&self.recording.chunk_seconds) {
            let value = self.recording.chunk_seconds.to_string();
            return Err(ConfigError::Value { key: "recording.chunk_seconds", value, right: "10 to 3600" });
        }
        Ok(())
    }
}

impl Media {
    pub fn silence_limit(&self) -> Duration {
        Duration::from_secs(self.silence_limit_s)
    }
}

impl Default for Media {
    fn default() -> Self {
        Self { ports: Ports { first: 20_000, last: 29_999 }, workers: 0, source: Source::Exact, silence_limit_s: 60 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { calls: 1000, in_setup: 200, calls_per_second: 20 }
    }
}

impl Default for Recording {
    fn default() -> Self {
        Self { chunk_seconds: 300, disk_floor_mb: 200 }
    }
}

impl TryFrom<String> for Ports {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let right = || format!("{text:?} is not a range of ports; right would be \"20000-29999\"");
        let (first, last) = text.split_once('-').ok_or_else(right)?;
        let first = u16::from_str(first.trim()).map_err(|_| right())?;
        let last = u16::from_str(last.trim()).map_err(|_| right())?;
        if first < 1024 || last < first.saturating_add(3) {
            return Err(format!("{text:?} holds too few ports above 1023; right would be \"20000-29999\""));
        }
        Ok(Self { first, last })
    }
}

fn private_networks() -> Vec<Network> {
    Network::private()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "data = \"/var/lib/amtsleitung/gateway\"\n[[listen]]\nudp = \"127.0.0.1:5060\"\n";

    #[test]
    fn the_least_config_is_enough() {
        let config = Config::parse(LEAST).unwrap();
        assert_eq!(config.listen[0].allow, Network::private());
        assert_eq!(config.media.ports, Ports { first: 20_000, last: 29_999 });
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_what_would_be_right() {
        let said = Config::parse(&format!("{LEAST}\n[media]\nportz = \"1-2\"\n")).unwrap_err().to_string();
        assert!(said.contains("portz") && said.contains("line 6") && said.contains("ports"), "{said}");
    }

    #[test]
    fn a_range_of_ports_says_what_would_be_right() {
        let said = Config::parse(&format!("{LEAST}\n[media]\nports = \"9-12\"\n")).unwrap_err().to_string();
        assert!(said.contains("20000-29999"), "{said}");
    }

    #[test]
    fn a_listener_that_lets_nobody_in_is_refused() {
        let text = LEAST.to_owned() + "allow = []\n";
        assert!(Config::parse(&text).unwrap_err().to_string().contains("lets nobody in"));
    }
}
