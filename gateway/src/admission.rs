//! Who is let as far as an answer: networks, how many new calls a second a source may make, and how many connections
//! it may hold.
//!
//! Networks are asked once a datagram and once a connection, before anything else is done with it. A source outside
//! of them gets nothing, not even an error: to it there is no gateway.
//!
//! Not here: how many calls there may be in all (`sip::Limits`, answered with 503), and PINs (`plan`).

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// An address block in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Loopback, RFC 1918 and RFC 4193.
    pub fn private() -> Vec<Self> {
        ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"]
            .into_iter()
            .filter_map(|text| Self::try_from(text.to_owned()).ok())
            .collect()
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let right = || format!("{text:?} is not a network; right would be \"192.168.0.0/16\" or \"10.1.2.3/32\"");
        let (base, bits) = text.split_once('/').ok_or_else(right)?;
        let base: IpAddr = base.parse().map_err(|_| right())?;
        let bits: u8 = bits.parse().map_err(|_| right())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        if bits > most {
            return Err(right());
        }
        Ok(Self { base, bits })
    }
}

/// Whom a limit counts as one: an IPv4 address, or the IPv6 network of which any host may take any address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// For a tag; equal for the same source and no other.
    pub fn octets(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        }
    }

    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self(address),
            IpAddr::V6(address) => Self(IpAddr::V6((address.to_bits() & SITE).into())),
        }
    }
}

/// Which connections stand, in all and of one source, and which of them said nothing for longest.
///
/// A full house takes in whoever comes, for the one that sent no whole message for longest and carries no call: a
/// keep-alive costs its sender nothing, and must not hold a place that somebody needs. Of a source that has its share,
/// one of its own goes; so nobody takes a place from others by connecting once more.
#[derive(Debug)]
pub struct Connections<K> {
    most: usize,
    most_a_source: usize,
    /// How many messages came, and connections: by it they are in order.
    at: u64,
    standing: HashMap<K, (Source, u64)>,
    /// Longest silent first.
    silent: BTreeMap<u64, K>,
    sources: HashMap<Source, BTreeMap<u64, K>>,
}

/// Is there a place for one more?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<K> {
    Free,
    /// This one is to be let go for it, and counts no longer.
    Of(K),
    None,
}

impl<K: Copy + Eq + Hash> Connections<K> {
    pub fn new(most: usize, most_a_source: usize) -> Self {
        let (standing, silent, sources) = (HashMap::new(), BTreeMap::new(), HashMap::new());
        Self { most, most_a_source, at: 0, standing, silent, sources }
    }

    /// May there be one more with this address? Unless there is no place it counts until [`Self::left`]. `needed` is asked
    /// whether a connection carries a call.
    pub fn take(&mut self, key: K, address: IpAddr, mut needed: impl FnMut(K) -> bool) -> Place<K> {
        self.left(key);
        let source = Source::of(address);
        let of_source = self.sources.get(&source);
        let candidates: Vec<K> = match of_source {
            Some(held) if held.len() >= self.most_a_source => held.values().copied().collect(),
            Some(_) | None if self.standing.len() >= self.most => self.silent.values().copied().collect(),
            Some(_) | None => {
                self.stand(key, source);
                return Place::Free;
            }
        };
        for candidate in candidates {
            if !needed(candidate) {
                self.left(candidate);
                self.stand(key, source);
                return Place::Of(candidate);
            }
            // As good as a message: the next who comes need not ask about it again.
            self.said(candidate);
        }
        Place::None
    }

    /// A whole message came by it.
    pub fn said(&mut self, key: K) {
        if let Some((source, _)) = self.standing.get(&key).copied() {
            self.left(key);
            self.stand(key, source);
        }
    }

    pub fn left(&mut self, key: K) {
        let Some((source, at)) = self.standing.remove(&key) else { return };
        self.silent.remove(&at);
        if let Some(held) = self.sources.get_mut(&source) {
            held.remove(&at);
            if held.is_empty() {
                self.sources.remove(&source);
            }
        }
    }

    pub fn standing(&self) -> usize {
        self.standing.len()
    }

    fn stand(&mut self, key: K, source: Source) {
        self.at += 1;
        self.standing.insert(key, (source, self.at));
        self.silent.insert(self.at, key);
        self.sources.entry(source).or_default().insert(self.at, key);
    }
}

/// New calls a second, a source: a token bucket each, and a bounded number of sources remembered.
#[derive(Debug)]
pub struct Buckets {
    per_second: u32,
    sources: HashMap<Source, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Buckets {
    /// `per_second` new calls, and as many at once after a pause.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, sources: HashMap::new() }
    }

    /// May this source make one more call now?
    pub fn take(&mut self, source: IpAddr, now: Instant) -> bool {
        let (full, source) = (f64::from(self.per_second), Source::of(source));
        if self.sources.len() >= SOURCES && !self.sources.contains_key(&source) {
            // Who has been quiet for long enough to be full again is the same as who was never here.
            self.sources.retain(|_, bucket| now.duration_since(bucket.filled) < FORGET);
            if self.sources.len() >= SOURCES {
                return false;
            }
        }
        let bucket = self.sources.entry(source).or_insert(Bucket { tokens: full, filled: now });
        let since = now.duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + since * full).min(full);
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}

/// The upper 64 bits: what a network gives to one site or household at least.
const SITE: u128 = !0 << 64;
const SOURCES: usize = 10_000;
const FORGET: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a test may read the clock once and count from there")]

    use super::*;

    #[test]
    fn a_network_holds_its_own_and_nobody_else() {
        let net = Network::try_from("192.168.4.0/22".to_owned()).unwrap();
        assert!(net.contains("192.168.7.255".parse().unwrap()));
        assert!(!net.contains("192.168.8.0".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        assert!(Network::try_from("0.0.0.0/0".to_owned()).unwrap().contains("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn the_networks_of_the_demo_are_loopback_and_private() {
        let nets = Network::private();
        let allowed = |a: &str| nets.iter().any(|n| n.contains(a.parse().unwrap()));
        assert!(allowed("127.0.0.1") && allowed("10.9.8.7") && allowed("172.31.0.1") && allowed("192.168.1.2"));
        assert!(!allowed("172.32.0.1") && !allowed("8.8.8.8"));
    }

    #[test]
    fn one_source_cannot_take_the_calls_of_another() {
        let start = Instant::now();
        let mut buckets = Buckets::new(3);
        let (a, b): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let granted = (0..10).filter(|_| buckets.take(a, start)).count();
        assert_eq!(granted, 3);
        assert!(buckets.take(b, start));
        assert!(buckets.take(a, start + Duration::from_millis(400)));
        assert!(!buckets.take(a, start + Duration::from_millis(400)));
    }

    #[test]
    fn a_household_with_ipv6_is_one_source_whatever_addresses_it_takes() {
        let start = Instant::now();
        let mut buckets = Buckets::new(3);
        let granted = (0..10).filter(|n| buckets.take(format!("2001:db8::{n}").parse().unwrap(), start)).count();
        assert_eq!(granted, 3);
        assert!(buckets.take("2001:db8:0:1::1".parse().unwrap(), start));
    }

    fn idle(_: u32) -> bool {
        false
    }

    #[test]
    fn connections_are_bounded_in_all_and_of_one_source_and_a_closed_one_makes_room() {
        let mut connections = Connections::new(3, 2);
        let [a, b, c]: [IpAddr; 3] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|it| it.parse().unwrap());
        let busy = |_| true;
        assert_eq!([1, 2, 3].map(|key| connections.take(key, a, busy)), [Place::Free, Place::Free, Place::None]);
        assert_eq!((connections.take(4, b, busy), connections.take(5, c, busy)), (Place::Free, Place::None));
        connections.left(1);
        // One that was never counted takes nobody's place away.
        connections.left(5);
        assert_eq!(connections.standing(), 2);
        assert_eq!((connections.take(6, c, busy), connections.take(7, a, busy)), (Place::Free, Place::None));
    }

    #[test]
    fn a_full_house_lets_the_one_go_that_said_nothing_for_longest_and_carries_no_call() {
        let mut connections = Connections::new(4, 4);
        let a = "10.0.0.1".parse().unwrap();
        (1..=4).for_each(|key| assert_eq!(connections.take(key, a, idle), Place::Free));
        connections.said(1);
        let carries = |key| key == 2;
        assert_eq!(connections.take(5, a, carries), Place::Of(3));
        assert_eq!(connections.take(6, a, carries), Place::Of(4));
        assert_eq!(connections.take(7, a, carries), Place::Of(1), "a message gains time and no more");
        assert_eq!(connections.standing(), 4);
        // Nobody's call ends for somebody who knocks.
        assert_eq!(connections.take(8, a, |_| true), Place::None);
        assert_eq!(connections.standing(), 4);
    }

    #[test]
    fn a_source_that_has_its_share_takes_from_nobody_but_itself() {
        let mut connections = Connections::new(10, 2);
        let [a, b]: [IpAddr; 2] = ["10.0.0.1", "10.0.0.2"].map(|it| it.parse().unwrap());
        connections.take(1, b, idle);
        connections.take(2, a, idle);
        connections.take(3, a, idle);
        for key in 4..100 {
            assert_eq!(connections.take(key, a, idle), Place::Of(key - 2));
        }
        assert_eq!((connections.standing(), connections.take(1, b, idle)), (3, Place::Free));
    }

    #[test]
    fn who_is_gone_leaves_nothing_behind() {
        let mut connections = Connections::new(100, 100);
        for key in 0..1_000 {
            connections.take(key, IpAddr::from([10, 0, (key % 7) as u8, 1]), idle);
            connections.said(key / 2);
        }
        (0..1_000).for_each(|key| connections.left(key));
        assert_eq!((connections.standing(), connections.silent.len(), connections.sources.len()), (0, 0, 0));
    }
}
