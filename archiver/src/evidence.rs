//! Consent evidence and audit: chains over salted hashes, so that what was said about whom can die and the chain holds.
//!
//! [`Link::after`] makes the next link; the payload and its salt lie beside the chain in a row that may be deleted.
//! [`check`] walks a chain and compares the payloads that are still there.
//!
//! Not here: where rows lie (`store`); signed checkpoints that let the old end go (not there yet).

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Which chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every act of consent, as the gateways wrote it.
    Consent,
    /// Everything a person or the archive did to a recording.
    Audit,
}

impl Chain {
    pub fn word(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Audit => "audit",
        }
    }
}

/// One link. It holds no payload and, without the salt, nothing of it can be guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Counted from 1 without a hole.
    pub seq: i64,
    /// Hash of the link before, of nothing for the first; hexadecimal.
    pub prev: String,
    pub at_ms: i64,
    pub kind: String,
    /// SHA-256 of salt and payload, hexadecimal.
    pub salted: String,
    pub hash: String,
}

/// What lies beside a link as long as it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub salt: [u8; SALT_BYTES],
    pub text: String,
}

/// One act of a person or of the archive, as the audit chain keeps it. Ids only: no name, no title, no number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deed<'a> {
    /// `Act::word` or the archive's own word, for example `chunk_taken`.
    #[serde(skip)]
    pub kind: &'a str,
    /// The person's id; `archive` for the archive itself.
    pub by: &'a str,
    pub role: &'a str,
    /// What it was done to: an id.
    pub object: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
}

impl Deed<'_> {
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Where a chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    #[error("link {0} does not follow the one before")]
    Order(i64),
    #[error("link {0} does not have the hash it states")]
    Hash(i64),
    #[error("the payload of link {0} is not the one it was made for")]
    Payload(i64),
}

impl Link {
    /// The link that follows `last`, which is the chain's newest (`None`: the chain begins).
    pub fn after(last: Option<(i64, &str)>, chain: Chain, at_ms: i64, kind: &str, payload: &Payload) -> Self {
        let (seq, prev) = last.map_or((1, hex(&Sha256::digest([]))), |(seq, hash)| (seq + 1, hash.to_owned()));
        let salted = payload.salted();
        let hash = hash(chain, seq, &prev, at_ms, kind, &salted);
        Self { seq, prev, at_ms, kind: kind.to_owned(), salted, hash }
    }
}

impl Payload {
    fn salted(&self) -> String {
        hex(&Sha256::new().chain_update(self.salt).chain_update(self.text.as_bytes()).finalize())
    }
}

/// Does the chain hold, from its first link on, and do the payloads that are still there belong to it?
pub fn check<'a>(chain: Chain, links: impl IntoIterator<Item = (&'a Link, Option<&'a Payload>)>) -> Result<(), Break> {
    let mut last: Option<(i64, &str)> = None;
    for (link, payload) in links {
        let (seq, prev) = last.map_or((1, hex(&Sha256::digest([]))), |(seq, hash)| (seq + 1, hash.to_owned()));
        if link.seq != seq || link.prev != prev {
            return Err(Break::Order(link.seq));
        }
        if link.hash != hash(chain, seq, &prev, link.at_ms, &link.kind, &link.salted) {
            return Err(Break::Hash(seq));
        }
        if payload.is_some_and(|payload| payload.salted() != link.salted) {
            return Err(Break::Payload(seq));
        }
        last = Some((link.seq, &link.hash));
    }
    Ok(())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Random bytes that keep a payload from being guessed from its hash.
pub const SALT_BYTES: usize = 16;

// Every field is preceded by its length: two chains that differ in where a field ends never share a hash.
fn hash(chain: Chain, seq: i64, prev: &str, at_ms: i64, kind: &str, salted: &str) -> String {
    let mut sha = Sha256::new();
    for field in [DOMAIN, chain.word(), &seq.to_string(), prev, &at_ms.to_string(), kind, salted] {
        sha.update((field.len() as u64).to_be_bytes());
        sha.update(field.as_bytes());
    }
    hex(&sha.finalize())
}

const DOMAIN: &str = "amtsleitung chain 0";

#[cfg(test)]
mod tests {
    use super::*;

    fn chain_of(texts: &[&str]) -> Vec<(Link, Payload)> {
        let mut chain: Vec<(Link, Payload)> = Vec::new();
        for (i, text) in texts.iter().enumerate() {
            let payload = Payload { salt: [i as u8; SALT_BYTES], text: (*text).to_owned() };
            let last = chain.last().map(|(link, _)| (link.seq, link.hash.as_str()));
            chain.push((Link::after(last, Chain::Audit, 1_000 + i as i64, "listen", &payload), payload));
        }
        chain
    }

    #[test]
    fn a_chain_holds_when_its_payloads_are_gone() {
        let chain = chain_of(&["a", "b", "c"]);
        assert_eq!(check(Chain::Audit, chain.iter().map(|(link, payload)| (link, Some(payload)))), Ok(()));
        assert_eq!(check(Chain::Audit, chain.iter().map(|(link, _)| (link, None))), Ok(()));
    }

    #[test]
    fn a_changed_payload_a_changed_time_and_a_missing_link_are_each_seen() {
        let mut chain = chain_of(&["a", "b", "c"]);
        chain[1].1.text = "B".into();
        let with = |chain: &[(Link, Payload)]| check(Chain::Audit, chain.iter().map(|(l, p)| (l, Some(p))));
        assert_eq!(with(&chain), Err(Break::Payload(2)));
        let mut chain = chain_of(&["a", "b", "c"]);
        chain[2].0.at_ms += 1;
        assert_eq!(with(&chain), Err(Break::Hash(3)));
        let mut chain = chain_of(&["a", "b", "c"]);
        chain.remove(1);
        assert_eq!(with(&chain), Err(Break::Order(3)));
    }

    #[test]
    fn two_chains_never_share_a_link() {
        let payload = Payload { salt: [0; SALT_BYTES], text: String::new() };
        let consent = Link::after(None, Chain::Consent, 1, "given", &payload);
        let audit = Link::after(None, Chain::Audit, 1, "given", &payload);
        assert_ne!(consent.hash, audit.hash);
    }
}
