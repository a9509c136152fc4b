//! Proofs of destruction: their one text, their signature, and checking one offline.
//!
//! A proof is one line, `{"proof":{…},"signature":"…"}`: JSON without spaces, keys in alphabetical order, so that every
//! statement has one text only and any changed bit is seen. [`sign`] makes it, [`check`] reads it back.
//! `archiver verify PROOF [--key HEX]` is [`run`].
//!
//! Not here: whether the statement is true. It says what this system knew and emptied, no more.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spool::sign::{Signature, SigningKey, VerifyingKey};

/// What is proven. Ids, days, counts, hashes; no name, no title, nobody's share of the sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Which event began the term: `minutes_approved` or `hard_cap`.
    pub anchor: String,
    pub approved_day: Option<String>,
    /// Age of backups that may still hold something; this system makes none.
    pub backups: String,
    pub began_ms: i64,
    pub emptied_ms: i64,
    pub envelopes: u64,
    /// What had left the archive before: to be called back by people.
    pub exports: Vec<ExportLine>,
    /// Public half of the key that signed this.
    pub key: String,
    /// The last day on which it was to be kept.
    pub last_day: String,
    pub mebibytes: u64,
    pub meeting: String,
    /// SHA-256 of each object as it lay in the store, sealed; in alphabetical order.
    pub objects: Vec<String>,
    /// SHA-256 of the text of the proof before this one.
    pub previous: Option<String>,
    pub quarantined: u64,
    pub recording: String,
    pub rule: String,
    pub rule_hash: String,
    /// SHA-256 of each private half as it lay in the database, sealed; in alphabetical order.
    pub sealed_keys: Vec<String>,
    /// What each gateway's spool showed of it.
    pub spools: Vec<SpoolLine>,
    pub started_day: String,
    pub store: StoreLine,
    pub tracks: u64,
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportLine {
    pub at_ms: i64,
    pub id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolLine {
    pub gateway: String,
    /// `empty`, or `not_seen` when it lies on another host or is away: it then deletes on its own day.
    pub state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreLine {
    pub bucket: String,
    pub endpoint: String,
    /// What the last listing, versions included, showed: `empty`.
    pub listing: String,
}

/// Why a text proves nothing; its holder's to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    #[error("this is no proof of destruction, or it was changed")]
    Text,
    #[error("the signature does not belong to this text: it was changed")]
    Signature,
    #[error("it is signed, but by another key than the one given")]
    Key,
    #[error("the key given is no Ed25519 public key in hexadecimal")]
    NoKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    proof: Statement,
    signature: Signature,
}

/// The proof's text; its `key` is set to the one that signs.
pub fn sign(mut statement: Statement, key: &SigningKey) -> String {
    statement.key = key.verifying().to_string();
    let signature = Signature(key.sign(&signed_text(&statement)));
    let mut text = canonical(&serde_json::to_value(Signed { proof: statement, signature }).unwrap_or_default());
    text.push('\n');
    text
}

/// Reads a proof. `key` (hexadecimal) is whom it must be from; without one it only has to be whole.
pub fn check(text: &str, key: Option<&str>) -> Result<Statement, Unproven> {
    let line = text.strip_suffix('\n').ok_or(Unproven::Text)?;
    let value: Value = serde_json::from_str(line).map_err(|_| Unproven::Text)?;
    // A text that says the same in other bytes is not the text that was signed.
    if canonical(&value) != line {
        return Err(Unproven::Text);
    }
    let signed: Signed = serde_json::from_value(value).map_err(|_| Unproven::Text)?;
    let own = verifying(&signed.proof.key).ok_or(Unproven::Text)?;
    if let Some(key) = key {
        let key = verifying(&key.to_ascii_lowercase()).ok_or(Unproven::NoKey)?;
        if key != own {
            return Err(Unproven::Key);
        }
    }
    if !own.verify(&signed_text(&signed.proof), &signed.signature.0) {
        return Err(Unproven::Signature);
    }
    Ok(signed.proof)
}

/// `archiver verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The proof's file.
    proof: PathBuf,
    /// Public half of the archive's signing key, hexadecimal: without it the proof is only known to be whole.
    #[arg(long)]
    key: Option<String>,
}

/// Says in plain words what the proof proves; fails when it proves nothing.
pub fn run(args: &Args) -> ExitCode {
    let text = match std::fs::read_to_string(&args.proof) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("archiver: {} cannot be read: {error}", args.proof.display());
            return ExitCode::FAILURE;
        }
    };
    match check(&text, args.key.as_deref()) {
        Ok(proof) => {
            println!("{}", plain(&proof, args.key.is_some()));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("archiver: {}: {why}", args.proof.display());
            ExitCode::FAILURE
        }
    }
}

fn plain(proof: &Statement, known: bool) -> String {
    let day = crate::retention::berlin_day(proof.emptied_ms);
    let whose = if known { "the key you named" } else { "the key below; compare it with the archive's" };
    format!(
        "Recording {} of {} was destroyed on {day}: {} private keys, {} envelopes, {} objects ({} MiB), rule {}. \
         The store {} was listed and empty. Exports to call back: {}. Backups: {}.\nSigned by {whose}: {}",
        proof.recording,
        proof.started_day,
        proof.sealed_keys.len(),
        proof.envelopes,
        proof.objects.len(),
        proof.mebibytes,
        proof.rule,
        proof.store.endpoint,
        proof.exports.len(),
        proof.backups,
        proof.key,
    )
}

fn signed_text(statement: &Statement) -> Vec<u8> {
    let text = canonical(&serde_json::to_value(statement).unwrap_or_default());
    [LABEL, b"\n", text.as_bytes()].concat()
}

fn verifying(hex: &str) -> Option<VerifyingKey> {
    serde_json::from_value(Value::String(hex.to_owned())).ok()
}

/// JSON without spaces, keys in alphabetical order (RFC 8785 for what occurs here: no fractions).
fn canonical(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            let line =
                |(key, value): &(&String, &Value)| format!("{}:{}", Value::String((*key).clone()), canonical(value));
            format!("{{{}}}", fields.iter().map(line).collect::<Vec<_>>().join(","))
        }
    }
}

/// Of the form of a proof.
pub const VERSION: u32 = 0;
const LABEL: &[u8] = b"amtsleitung proof of destruction 0";

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed([5; 32])
    }

    fn statement() -> Statement {
        Statement {
            anchor: "minutes_approved".into(),
            approved_day: Some("2026-12-01".into()),
            backups: "none known".into(),
            began_ms: 1,
            emptied_ms: 2,
            envelopes: 3,
            exports: vec![ExportLine { at_ms: 1, id: "exp-1".into() }],
            key: String::new(),
            last_day: "2026-12-04".into(),
            mebibytes: 1,
            meeting: "mtg-1".into(),
            objects: vec!["00".into()],
            previous: None,
            quarantined: 0,
            recording: "rec-1".into(),
            rule: "until-approval".into(),
            rule_hash: "00".into(),
            sealed_keys: vec!["01".into()],
            spools: vec![SpoolLine { gateway: "gtw-1".into(), state: "empty".into() }],
            started_day: "2026-11-24".into(),
            store: StoreLine { bucket: "b".into(), endpoint: "http://x".into(), listing: "empty".into() },
            tracks: 1,
            version: VERSION,
        }
    }

    #[test]
    fn a_proof_verifies_and_says_what_was_signed() {
        let text = sign(statement(), &key());
        let read = check(&text, Some(&key().verifying().to_string())).unwrap();
        assert_eq!(Statement { key: String::new(), ..read }, statement());
        assert!(check(&text, None).is_ok());
    }

    #[test]
    fn no_flipped_bit_verifies() {
        let text = sign(statement(), &key()).into_bytes();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bent = text.clone();
                bent[at] ^= 1 << bit;
                let Ok(bent) = String::from_utf8(bent) else { continue };
                assert!(check(&bent, None).is_err(), "byte {at}, bit {bit}: {bent}");
            }
        }
    }

    #[test]
    fn a_proof_of_another_archive_is_not_taken_for_ours() {
        let text = sign(statement(), &SigningKey::from_seed([6; 32]));
        assert_eq!(check(&text, Some(&key().verifying().to_string())), Err(Unproven::Key));
        assert_eq!(check(&text, Some("00")), Err(Unproven::NoKey));
    }

    #[test]
    fn the_same_said_in_other_bytes_is_another_text() {
        let text = sign(statement(), &key());
        assert_eq!(check(&text.replacen(':', ": ", 1), None), Err(Unproven::Text));
        assert_eq!(check(text.trim_end(), None), Err(Unproven::Text));
    }
}
