//! The archive's settings: TOML text in, values that cannot be wrong out.
//!
//! Unknown keys stop the start with key, line and what would be right. Secrets are named by file path, never inline.
//!
//! Not here: what is found on disk (`io::house`).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `production` refuses what only a demo may do: the embedded store, a passphrase kept on the machine.
    #[serde(default)]
    pub mode: Mode,
    /// The archive's own directory: database, keys, proofs, quarantine, admin socket.
    pub data: PathBuf,
    /// File with the archive key's passphrase: the archive is then always unlocked. A demo's comfort.
    #[serde(default)]
    pub passphrase_file: Option<PathBuf>,
    #[serde(default)]
    pub desk: Desk,
    /// Absent: the embedded store on a loopback port, for demos.
    #[serde(default)]
    pub store: Option<StorePlace>,
    /// Every gateway that holds the meetings, each once. The first is the home gateway of all of them: on its word the
    /// others record.
    #[serde(default)]
    pub gateway: Vec<GatewayPlace>,
    /// Present: one meeting that is always open is made by itself.
    #[serde(default)]
    pub demo: Option<Demo>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Demo,
    #[default]
    Production,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Where clerks' browsers come to. Plain HTTP: loopback, or behind an edge that speaks TLS.
    pub listen: SocketAddr,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorePlace {
    /// `https://…` without the bucket.
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    /// File with the secret key; readable by its owner only.
    pub secret_file: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayPlace {
    /// Its control socket.
    pub socket: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// What the meeting is called on the desk.
    #[serde(default = "demo_title")]
    pub title: String,
}

/// A setting that is wrong; the administrator's to put right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the settings {path} cannot be read")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}, line {line}: {why}")]
    Text { path: PathBuf, line: usize, why: String },
    #[error("{0}")]
    Wrong(&'static str),
}

impl Config {
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// `path` is named in errors only.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            ConfigError::Text { path: path.to_owned(), line, why: plain(error.message()) }
        })?;
        config.checked()
    }

    fn checked(self) -> Result<Self, ConfigError> {
        if self.store.as_ref().is_some_and(|store| !is_loopback(&store.endpoint)) {
            return Err(ConfigError::Wrong(NOT_HERE));
        }
        let sockets: BTreeSet<&Path> = self.gateway.iter().map(|gateway| gateway.socket.as_path()).collect();
        if sockets.len() < self.gateway.len() {
            return Err(ConfigError::Wrong(GATEWAY_TWICE));
        }
        if self.gateway.len() > 1 && self.gateway.iter().any(|gateway| gateway.socket.is_relative()) {
            return Err(ConfigError::Wrong(GATEWAY_WHERE));
        }
        match self.mode {
            Mode::Demo => Ok(self),
            Mode::Production if self.store.is_none() => Err(ConfigError::Wrong(NO_STORE)),
            Mode::Production if self.demo.is_some() => Err(ConfigError::Wrong(NO_DEMO)),
            Mode::Production if self.passphrase_file.is_some() => Err(ConfigError::Wrong(NO_PASSPHRASE)),
            Mode::Production => Ok(self),
        }
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)) }
    }
}

/// `http://` or `https://`, a loopback address, a port, and nothing else.
fn is_loopback(endpoint: &str) -> bool {
    let place = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://")).unwrap_or_default();
    let place = place.strip_suffix('/').unwrap_or(place);
    place.parse::<SocketAddr>().is_ok_and(|at| at.ip().is_loopback())
}

fn demo_title() -> String {
    "Probesitzung".to_owned()
}

// "unknown field `listn`, expected `listen`": said as a person would.
fn plain(message: &str) -> String {
    message.replacen("unknown field", "there is no key", 1).replacen("expected", "right would be", 1)
}

// EU or nothing: an endpoint outside loopback needs a residency list, and there is none yet.
const NOT_HERE: &str = "store.endpoint: only a store on this machine is taken today, because there is no list yet of which \
    others lie in the EU; right would be endpoint = \"http://127.0.0.1:9000\"";
const GATEWAY_TWICE: &str =
    "[[gateway]]: one socket is named twice; right would be each gateway once, the home gateway first";
const GATEWAY_WHERE: &str = "[[gateway]]: of several gateways each reaches the first at its socket, so it must be named from \
    the root; right would be socket = \"/var/lib/amtsleitung/gateway/control.sock\"";
const NO_STORE: &str = "mode = \"production\" needs a [store]: the embedded store keeps nothing safe; right would be \
    [store] with endpoint, region, bucket, access_key and secret_file, or mode = \"demo\"";
const NO_DEMO: &str = "mode = \"production\" and [demo] exclude each other; right would be mode = \"demo\"";
const NO_PASSPHRASE: &str = "mode = \"production\" keeps no passphrase on the machine; right would be to leave out \
    passphrase_file and unlock on the desk";

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Config::parse(text, Path::new("a.toml")).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_what_would_be_right() {
        let said = wrong("data = \"/d\"\nmode = \"demo\"\n[desk]\nlistn = \"127.0.0.1:1\"\n");
        assert_eq!(said, "a.toml, line 4: there is no key `listn`, right would be `listen`");
    }

    #[test]
    fn production_refuses_the_embedded_store_a_demo_and_a_passphrase_on_the_machine() {
        assert!(wrong("data = \"/d\"").contains("[store]"));
        let store = "[store]\nendpoint=\"https://127.0.0.1:9000\"\nregion=\"r\"\nbucket=\"b\"\naccess_key=\"a\"\nsecret_file=\"/s\"\n";
        assert!(wrong(&format!("data = \"/d\"\n{store}[demo]\n")).contains("[demo]"));
        assert!(wrong(&format!("data = \"/d\"\npassphrase_file=\"/p\"\n{store}")).contains("passphrase_file"));
        assert!(Config::parse(&format!("data = \"/d\"\n{store}"), Path::new("a.toml")).is_ok());
    }

    #[test]
    fn a_demo_needs_its_data_and_nothing_else() {
        let config = Config::parse("mode = \"demo\"\ndata = \"/d\"\n[demo]\n", Path::new("a.toml")).unwrap();
        assert_eq!(config.demo.unwrap().title, "Probesitzung");
        assert_eq!(config.desk.listen.port(), 8080);
    }

    #[test]
    fn a_store_outside_this_machine_stops_the_start() {
        for endpoint in
            ["https://s3.example.org", "http://127.0.0.1:1@example.org", "http://10.0.0.1:9000", "127.0.0.1:1"]
        {
            let store = format!(
                "[store]\nendpoint=\"{endpoint}\"\nregion=\"r\"\nbucket=\"b\"\naccess_key=\"a\"\nsecret_file=\"/s\"\n"
            );
            let said = wrong(&format!("data = \"/d\"\nmode = \"demo\"\n{store}"));
            assert!(said.contains("right would be"), "{endpoint}: {said}");
        }
    }

    #[test]
    fn several_gateways_are_named_once_each_and_from_the_root() {
        let one = "data = \"/d\"\nmode = \"demo\"\n[[gateway]]\nsocket = \"/a\"\n";
        let two = |socket: &str| format!("{one}[[gateway]]\nsocket = \"{socket}\"\n");
        assert_eq!(Config::parse(&two("/b"), Path::new("a.toml")).unwrap().gateway.len(), 2);
        for socket in ["/a", "b"] {
            let said = wrong(&two(socket));
            assert!(said.contains("[[gateway]]") && said.contains("right would be"), "{said}");
        }
    }
}
