//! Typed readings of the header values we act on: Via, name-addr, URI, CSeq, comma lists.
//!
//! Each type is read from one regular value (no folding, no control characters) and keeps what it does not
//! understand, so that what we send back is what we were sent. IPv6 literals are welcome everywhere.
//!
//! Not here: finding header lines in a message (`wire`), and what to do with them (`endpoint`).

use crate::{Transport, wire::Method};
use std::net::IpAddr;

/// The parts of a comma list; commas in quotes and in `<…>` do not count.
pub(crate) fn list(value: &str) -> Vec<&str> {
    split_outside(value, ',').into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// `;name=value` parameters in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Reads what stands after the first `;`.
    fn read(text: &str) -> Self {
        let one = |part: &str| match part.split_once('=') {
            Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
            None => (part.trim().to_owned(), None),
        };
        let parts = split_outside(text, ';').into_iter().map(str::trim).filter(|part| !part.is_empty());
        Self(parts.map(one).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_deref())
    }

    pub(crate) fn set(&mut self, name: &str, value: String) {
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = Some(value),
            None => self.0.push((name.to_owned(), Some(value))),
        }
    }

    fn text(&self) -> String {
        let one = |(name, value): &(String, Option<String>)| match value {
            Some(value) => format!(";{name}={value}"),
            None => format!(";{name}"),
        };
        self.0.iter().map(one).collect()
    }
}

/// One hop a request came over (RFC 3261 20.42).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Via {
    /// Kept as sent: a request of another version is still told so (505).
    version: String,
    transport: String,
    /// Without brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) params: Params,
}

impl Via {
    pub(crate) fn read(value: &str) -> Option<Self> {
        let (hop, params) = value.split_once(';').unwrap_or((value, ""));
        // White space around the slashes is legal: `SIP / 2.0 / UDP host : 5060`.
        let mut parts = hop.splitn(3, '/');
        let protocol = parts.next()?.trim();
        let version = parts.next()?.trim();
        if !protocol.eq_ignore_ascii_case("SIP") || !version.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (transport, sent_by) = parts.next()?.trim().split_once([' ', '\t'])?;
        let (host, port) = host_and_port(sent_by)?;
        Some(Self {
            version: version.to_owned(),
            transport: transport.to_owned(),
            host,
            port,
            params: Params::read(params),
        })
    }

    pub(crate) fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }

    pub(crate) fn sent_by(&self) -> String {
        authority(&self.host, self.port)
    }

    pub(crate) fn text(&self) -> String {
        format!("SIP/{}/{} {}{}", self.version, self.transport, self.sent_by(), self.params.text())
    }
}

/// `"Name" <uri>;params` or `uri;params`: From, To, Contact, Route, Record-Route (RFC 3261 20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) uri: String,
    pub(crate) params: Params,
}

impl Address {
    pub(crate) fn read(value: &str) -> Option<Self> {
        let value = value.trim();
        let (uri, params) = match split_outside_quotes(value, '<') {
            Some((_, rest)) => {
                let (uri, after) = rest.split_once('>')?;
                (uri.trim(), after.split_once(';').map_or("", |(_, params)| params))
            }
            // Without brackets everything after the first `;` belongs to the header, not to the URI.
            None => value.split_once(';').map_or((value, ""), |(uri, params)| (uri.trim_end(), params)),
        };
        let sane = !uri.is_empty() && uri.contains(':') && !uri.contains(char::is_whitespace);
        sane.then(|| Self { uri: uri.to_owned(), params: Params::read(params) })
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

/// A URI as far as we act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uri {
    pub(crate) scheme: Scheme,
    /// Escapes resolved; for `tel:` the number.
    pub(crate) user: Option<String>,
    /// Without brackets; empty for `tel:`.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) params: Params,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Sip,
    Sips,
    Tel,
    /// Anything else: answered 416 where it is a request's target.
    Foreign,
}

impl Uri {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(':')?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "sip" => Scheme::Sip,
            "sips" => Scheme::Sips,
            "tel" => Scheme::Tel,
            _ => Scheme::Foreign,
        };
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::read_sip(scheme, rest),
            Scheme::Tel => {
                let (number, params) = rest.split_once(';').unwrap_or((rest, ""));
                let user = (!number.is_empty()).then(|| unescaped(number))?;
                Some(Self { scheme, user: Some(user), host: String::new(), port: None, params: Params::read(params) })
            }
            Scheme::Foreign => {
                Some(Self { scheme, user: None, host: String::new(), port: None, params: Params::default() })
            }
        }
    }

    fn read_sip(scheme: Scheme, rest: &str) -> Option<Self> {
        // The user part may hold `;`, `?` and `/`, so the last `@` before a header part decides.
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user.split_once(':').map_or(user, |(user, _)| user)), rest),
            None => (None, rest),
        };
        let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
        let (host, params) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = host_and_port(host)?;
        let user = user.filter(|user| !user.is_empty()).map(unescaped);
        Some(Self { scheme, user, host, port, params: Params::read(params) })
    }

    /// The address, when the host is a literal. We never look a name up: that would make a stranger choose our DNS.
    pub(crate) fn literal(&self) -> Option<std::net::SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(std::net::SocketAddr::new(ip, self.port.unwrap_or(DEFAULT_PORT)))
    }

    /// RFC 3263 4.1 for an address that is a literal: UDP unless TCP is asked for.
    pub(crate) fn transport(&self) -> Transport {
        match self.params.get("transport") {
            Some(transport) if transport.eq_ignore_ascii_case("tcp") => Transport::Tcp,
            Some(_) | None => Transport::Udp,
        }
    }
}

/// `CSeq: 4711 INVITE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CSeq {
    pub(crate) number: u32,
    pub(crate) method: Method,
}

impl CSeq {
    pub(crate) fn read(value: &str) -> Option<Self> {
        let (number, method) = value.trim().split_once([' ', '\t'])?;
        // RFC 3261 8.1.1.5: less than 2^31. Rust would also take a leading `+`.
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = number.parse().ok().filter(|number| digits && *number < 1 << 31)?;
        Some(Self { number, method: Method::read(method.trim())? })
    }
}

/// `host`, `host:5060`, `[::1]:5060`; white space around the colon is legal in Via.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim();
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            match after.trim() {
                "" => (host, None),
                after => (host, Some(after.strip_prefix(':')?)),
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host.trim(), Some(port)),
            None => (text, None),
        },
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(legal) {
        return None;
    }
    match port.map(str::trim) {
        None => Some((host.to_owned(), None)),
        Some(port) => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            let port: u16 = port.parse().ok().filter(|port| digits && *port != 0)?;
            Some((host.to_owned(), Some(port)))
        }
    }
}

fn authority(host: &str, port: Option<u16>) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// `%41` becomes `A`; a broken escape stays as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = match (first, after) {
            (b'%', [high, low, ..]) => nibble(*high).zip(nibble(*low)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).collect()
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Splits where `at` stands outside of quotes and of `<…>`.
fn split_outside(text: &str, at: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let (mut quoted, mut escaped, mut angled) = (false, false, false);
    for (here, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angled = true,
            '>' if !quoted => angled = false,
            c if c == at && !quoted && !angled => {
                parts.extend(text.get(begin..here));
                begin = here + at.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(begin..));
    parts
}

/// Splits once at the first `at` that stands outside of quotes.
fn split_outside_quotes(text: &str, at: char) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let here = text.char_indices().find_map(|(here, c)| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == at && !quoted => return Some(here),
            _ => {}
        }
        None
    })?;
    Some((text.get(..here)?, text.get(here + at.len_utf8()..)?))
}

pub(crate) const DEFAULT_PORT: u16 = 5060;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_quotes_or_brackets_splits_nothing() {
        let value = r#""Weber, Erika \" ," <sip:a,b@x>;q=1 , <sip:c@y>"#;
        assert_eq!(list(value), [r#""Weber, Erika \" ," <sip:a,b@x>;q=1"#, "<sip:c@y>"]);
    }

    #[test]
    fn a_via_with_white_space_and_one_with_ipv6_come_back_as_sent() {
        let via = Via::read("SIP  / 2.0 / UDP  192.0.2.2 : 5061 ;branch=z9hG4bKx;rport").unwrap();
        assert_eq!(via.text(), "SIP/2.0/UDP 192.0.2.2:5061;branch=z9hG4bKx;rport");
        let via = Via::read("SIP/2.0/UDP [2001:db8::9:1]:5070;received=[2001:db8::9:255];branch=z9hG4bKas3").unwrap();
        assert_eq!((via.host.as_str(), via.port), ("2001:db8::9:1", Some(5070)));
        assert!(via.text().starts_with("SIP/2.0/UDP [2001:db8::9:1]:5070;"));
        assert_eq!(Via::read("SIP/2.0/UDP host:99999"), None);
        assert_eq!(Via::read("HTTP/1.1/TCP host"), None);
    }

    #[test]
    fn parameters_behind_a_bare_uri_belong_to_the_header() {
        let bare = Address::read("sip:a@b;tag=1").unwrap();
        assert_eq!((bare.uri.as_str(), bare.tag()), ("sip:a@b", Some("1")));
        let angled = Address::read(r#""A <b>; c" <sip:a@b;transport=tcp>;tag=2"#).unwrap();
        assert_eq!((angled.uri.as_str(), angled.tag()), ("sip:a@b;transport=tcp", Some("2")));
        assert_eq!(Address::read("<sip:a@b"), None);
        assert_eq!(Address::read("not a uri"), None);
    }

    #[test]
    fn a_user_part_with_semicolons_and_escapes_is_read_whole() {
        let uri = Uri::read("sip:user;par=u%40example.net@[::1]:5062;lr?Subject=x").unwrap();
        assert_eq!(uri.user.as_deref(), Some("user;par=u@example.net"));
        assert_eq!(uri.literal(), Some("[::1]:5062".parse().unwrap()));
        assert!(uri.params.has("lr"));
        assert_eq!(Uri::read("tel:+49-30;phone-context=x").unwrap().user.as_deref(), Some("+49-30"));
        assert_eq!(Uri::read("urn:x").unwrap().scheme, Scheme::Foreign);
    }

    #[test]
    fn a_cseq_beyond_31_bits_or_with_a_sign_is_none() {
        assert_eq!(CSeq::read("0009 INVITE").unwrap().number, 9);
        for bad in ["2147483648 INVITE", "+1 INVITE", "-1 INVITE", "36893488147419103232 REGISTER", "1", "INVITE 1"] {
            assert_eq!(CSeq::read(bad), None, "{bad}");
        }
    }
}
