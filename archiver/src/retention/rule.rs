//! A rule: on what basis, from which event, how long, and what a withdrawal does.
//!
//! A rule without an end cannot be written: the cap is a number of months that is at least one.
//!
//! Not here: rule packs of the Länder and their import (not there yet). Today there is one rule, *until approval*.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::evidence::hex;

/// One rule. Its hash goes with every recording, so that a rule changed afterwards is seen.
/// Fields in alphabetical order: its text is canonical so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    pub basis: String,
    pub cap_months: u32,
    pub days_after_approval: u32,
    pub id: String,
    /// Text id of the notice that callers hear.
    pub notice: String,
    pub on_withdrawal: String,
    /// For whom the basis holds.
    pub persons: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("there is no rule {0}; there is: {UNTIL_APPROVAL}")]
    Unknown(String),
}

impl Rule {
    /// Kept until the minutes are approved and three days more, six months after the meeting's start at the latest.
    pub fn until_approval() -> Self {
        Self {
            basis: "consent".to_owned(),
            cap_months: 6,
            days_after_approval: 3,
            id: UNTIL_APPROVAL.to_owned(),
            notice: "until-approval".to_owned(),
            on_withdrawal: "shred_track".to_owned(),
            persons: "everybody".to_owned(),
        }
    }

    /// The rule of that id.
    pub fn named(id: &str) -> Result<Self, RuleError> {
        if id == UNTIL_APPROVAL { Ok(Self::until_approval()) } else { Err(RuleError::Unknown(id.to_owned())) }
    }

    /// SHA-256 of the canonical text, hexadecimal.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.text().as_bytes()))
    }

    /// The canonical text: JSON with its keys in alphabetical order.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

const UNTIL_APPROVAL: &str = "until-approval";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_rule_is_in_alphabetical_order() {
        let mut keys: Vec<String> = Vec::new();
        let value: serde_json::Value = serde_json::from_str(&Rule::until_approval().text()).unwrap();
        keys.extend(value.as_object().unwrap().keys().cloned());
        let mut sorted = keys.clone();
        sorted.sort();
        let positions: Vec<_> =
            sorted.iter().map(|key| Rule::until_approval().text().find(&format!("\"{key}\":"))).collect();
        assert!(positions.is_sorted(), "{}", Rule::until_approval().text());
    }

    #[test]
    fn a_rule_that_is_not_there_cannot_be_named() {
        assert_eq!(Rule::named("forever"), Err(RuleError::Unknown("forever".into())));
    }
}
