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

/// One place where SIP is listened for: by UDP, by TCP, or both.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// `ip:port`, for example `0.0.0.0:5060` or `[::]:5060`.
    #[serde(default, deserialize_with = "place")]
    pub udp: Option<SocketAddr>,
    /// `ip:port`; costs a task a connection.
    #[serde(default, deserialize_with = "place")]
    pub tcp: Option<SocketAddr>,
    /// Sources outside these networks get no answer at all. Default: loopback and private networks.
    #[serde(default = "private_networks")]
    pub allow: Vec<Network>,
    /// The address that peers are told to send to, where it is not the socket's own (behind NAT).
    #[serde(default, deserialize_with = "address")]
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
    /// New calls a second from one source (an IPv4 address, an IPv6 /64), and as many at once.
    pub calls_per_second: u32,
    /// TCP connections in all; each may hold an unfinished message of 64 KiB. One more takes the
    /// place of the one silent for longest that carries no call, or is closed at once.
    pub connections: usize,
    /// TCP connections of one source. An exchange needs two, a hundred telephones behind one NAT need a hundred.
    pub connections_per_source: usize,
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
    #[error("{key} = {value}{line}: {right}")]
    Value { key: String, value: String, line: String, right: &'static str },
}

impl Config {
    /// Reads and checks the text of a `gateway.toml`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check(text)?;
        Ok(config)
    }

    pub fn control_socket(&self) -> PathBuf {
        self.control.socket.clone().unwrap_or_else(|| self.data.join("control.sock"))
    }

    pub fn spool(&self) -> PathBuf {
        self.data.join("spool")
    }

    fn check(&self, text: &str) -> Result<(), ConfigError> {
        if self.listen.is_empty() {
            return Err(ConfigError::NoListener);
        }
        for nth in 0..self.listen.len() {
            self.check_listener(nth, text)?;
        }
        let wrong = |table: &str, key: &str, value: String, right| {
            Err(ConfigError::Value { key: format!("{table}.{key}"), value, line: line_of(text, table, 0, key), right })
        };
        if !(10..=3600).contains(&self.recording.chunk_seconds) {
            return wrong("recording", "chunk_seconds", self.recording.chunk_seconds.to_string(), "10 to 3600");
        }
        let limits = &self.limits;
        for (key, value) in [
            ("calls", limits.calls),
            ("in_setup", limits.in_setup),
            ("calls_per_second", usize::try_from(limits.calls_per_second).unwrap_or(usize::MAX)),
            ("connections", limits.connections),
            ("connections_per_source", limits.connections_per_source),
        ] {
            if value == 0 {
                return wrong("limits", key, value.to_string(), "1 or more; 0 lets nobody in");
            }
        }
        Ok(())
    }

    fn check_listener(&self, nth: usize, text: &str) -> Result<(), ConfigError> {
        let Some(listener) = self.listen.get(nth) else { return Ok(()) };
        let wrong = |key: &str, value: String, right| {
            Err(ConfigError::Value {
                key: format!("listen.{key}"),
                value,
                line: line_of(text, "listen", nth, key),
                right,
            })
        };
        let places = [("udp", listener.udp), ("tcp", listener.tcp)];
        if listener.udp.or(listener.tcp).is_none() {
            return wrong(
                "udp",
                "nothing".to_owned(),
                "each [[listen]] needs udp or tcp, for example \"0.0.0.0:5060\"",
            );
        }
        if listener.allow.is_empty() {
            let right = "name at least one network, for example \"192.168.0.0/16\"; an empty list lets nobody in";
            return wrong("allow", "[]".to_owned(), right);
        }
        let earlier = self.listen.iter().take(nth);
        for (key, place) in places.into_iter().filter_map(|(key, place)| Some((key, place?))) {
            if listener.advertise.is_some_and(|advertise| advertise.is_ipv4() != place.is_ipv4()) {
                let right =
                    "name an address of the same kind as advertise, IPv4 or IPv6, or give each its own [[listen]]";
                return wrong(key, place.to_string(), right);
            }
            let taken = earlier.clone().map(|other| if key == "udp" { other.udp } else { other.tcp });
            if place.port() != 0 && taken.flatten().any(|other| other == place) {
                return wrong(key, place.to_string(), "a [[listen]] before this one has that address; name it once");
            }
        }
        Ok(())
    }
}

/// ` (line N)`: where the key stands in the `nth` table of this name, or where that table begins.
fn line_of(text: &str, table: &str, nth: usize, key: &str) -> String {
    let name_of =
        |line: &str| line.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']).trim() == table;
    let lines = || text.lines().map(str::trim).enumerate();
    let Some((begin, _)) = lines().filter(|(_, line)| line.starts_with('[') && name_of(line)).nth(nth) else {
        return String::new();
    };
    let mut inside = lines().skip(begin + 1).take_while(|(_, line)| !line.starts_with('['));
    let found = inside.find(|(_, line)| line.split_once('=').is_some_and(|(name, _)| name.trim() == key));
    format!(" (line {})", found.map_or(begin, |(at, _)| at) + 1)
}

fn place<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| {
        let right = "right would be \"0.0.0.0:5060\" or \"[::]:5060\"";
        serde::de::Error::custom(format!("{text:?} is no address with a port; {right}"))
    })
}

fn address<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<IpAddr>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| {
        let right = "right would be \"203.0.113.7\" or \"2001:db8::7\"";
        serde::de::Error::custom(format!("{text:?} is no address; {right}"))
    })
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

impl Limits {
    /// File descriptors that this many calls need when all are recorded: two sockets, a voice file, and two files of the
    /// next chunk while it is being made.
    pub fn descriptors(&self) -> u64 {
        let all = self.calls.saturating_mul(5).saturating_add(self.connections).saturating_add(64);
        u64::try_from(all).unwrap_or(u64::MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { calls: 1000, in_setup: 200, calls_per_second: 20, connections: 1000, connections_per_source: 100 }
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

    #[test]
    fn a_wrong_setting_is_said_with_key_value_line_and_what_would_be_right() {
        let said = |more: &str| Config::parse(&format!("{LEAST}{more}")).unwrap_err().to_string();
        let cases: [(&str, &[&str]); 8] = [
            ("[[listen]]\nallow = [\"10.0.0.0/8\"]\n", &["listen.udp", "line 4", "udp or tcp"]),
            ("[[listen]]\n# again\nudp = \"127.0.0.1:5060\"\n", &["listen.udp = 127.0.0.1:5060", "line 6", "once"]),
            (
                "tcp = \"[::1]:5060\"\nadvertise = \"203.0.113.7\"\n",
                &["listen.tcp = [::1]:5060", "line 4", "IPv4 or IPv6"],
            ),
            ("tcp = \"localhost\"\n", &["tcp = ", "line 4", "localhost", "[::]:5060"]),
            ("advertise = \"me\"\n", &["advertise = ", "line 4", "203.0.113.7"]),
            ("allow = [\"10.0.0.0\"]\n", &["allow", "line 4", "192.168.0.0/16"]),
            ("[limits]\nconnections = 0\n", &["limits.connections = 0", "line 5", "1 or more"]),
            ("[recording]\nchunk_seconds = 5\n", &["recording.chunk_seconds = 5", "line 5", "10 to 3600"]),
        ];
        for (more, words) in cases {
            for word in words {
                assert!(said(more).contains(word), "{word} is not in: {}", said(more));
            }
        }
    }

    #[test]
    fn several_listeners_of_both_kinds_and_families_are_in_order() {
        let text = LEAST.to_owned()
            + "tcp = \"127.0.0.1:5060\"\n[[listen]]\ntcp = \"[::1]:5060\"\n[[listen]]\nudp = \"[::1]:5060\"\n";
        let config = Config::parse(&text).unwrap();
        assert_eq!(config.listen.len(), 3);
        assert_eq!((config.listen[1].udp, config.listen[1].tcp), (None, Some("[::1]:5060".parse().unwrap())));
    }
}
