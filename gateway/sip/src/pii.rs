//! What identifies a person and must not print.
//!
//! A [`CallerNumber`] leaves the SIP door in this wrapping only: it has no `Display`, its `Debug` shows nothing,
//! and whoever needs the text writes [`CallerNumber::expose`], which a reader of the code can search for.
//!
//! Not here: what may be done with a number (the gateway's config decides that, and mostly nothing).

use std::fmt;

/// The number a caller showed, or the fact that none was shown. Withheld numbers and absent ones look alike.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CallerNumber(Option<String>);

impl CallerNumber {
    pub fn new(number: impl Into<String>) -> Self {
        Self(Some(number.into()))
    }

    /// No number was shown, or the caller asked for privacy (RFC 3323, RFC 3325).
    pub fn withheld() -> Self {
        Self(None)
    }

    /// The number itself. Never log, count or store what comes out of here.
    pub fn expose(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for CallerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallerNumber(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_does_not_print_and_a_withheld_one_prints_the_same() {
        let shown = format!("{:?} {:#?}", CallerNumber::new("+4930123456"), CallerNumber::new("+4930123456"));
        assert!(!shown.contains("4930"), "{shown}");
        assert_eq!(format!("{:?}", CallerNumber::new("1")), format!("{:?}", CallerNumber::withheld()));
    }
}
