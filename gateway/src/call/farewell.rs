//! Why a call ended: theirs to cause, ours to say politely.
//!
//! One table gives the SIP status before the answer, the `Reason` text of the BYE after it (RFC 3326), the label of the
//! metric and the word in the log. All four come from here and from nowhere else, so that they cannot disagree.
//!
//! Not here: what is spoken before the line is put down (`ivr::script`), and errors of our own.

/// Why we sent a caller away, or how the caller went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Farewell {
    /// Nobody keyed a PIN though asked three times.
    NoPin,
    /// Three PINs, none of them right.
    WrongPins,
    /// The meeting was ended for everybody.
    MeetingEnded,
    /// The right PIN, but the meeting is not open now.
    NotOpen,
    /// The right PIN, but the chair let nobody more in.
    Locked,
    /// The desk ended this call.
    Removed,
    /// The gateway is being stopped.
    Draining,
    /// No sound came from the caller's side for too long.
    Lost,
    /// The caller put the telephone down.
    CallerLeft,
    /// The offer names no codec that we speak.
    NoCommonCodec,
    /// All places are taken.
    Busy,
    /// The answer was never acknowledged (RFC 3261 13.3.1.4).
    NotAcknowledged,
}

impl Farewell {
    /// Every reason there is, for tables and tests.
    pub const ALL: [Self; 12] = [
        Self::NoPin,
        Self::WrongPins,
        Self::MeetingEnded,
        Self::NotOpen,
        Self::Locked,
        Self::Removed,
        Self::Draining,
        Self::Lost,
        Self::CallerLeft,
        Self::NoCommonCodec,
        Self::Busy,
        Self::NotAcknowledged,
    ];

    /// The SIP status when the call is refused before it was answered.
    pub fn status(self) -> u16 {
        self.row().0
    }

    /// The text for the `Reason` header of the BYE: `SIP;cause=<status>;text="<this>"`. Holds no quote and no backslash.
    pub fn reason(self) -> &'static str {
        self.row().1
    }

    /// The label of the metric.
    pub fn label(self) -> &'static str {
        self.row().2
    }

    /// The word in the log.
    pub fn word(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::NoPin => (403, "No PIN was entered in time", "no_pin", "no pin"),
            Self::WrongPins => (403, "No right PIN in three tries", "wrong_pins", "wrong pins"),
            Self::MeetingEnded => (410, "The meeting has ended", "meeting_ended", "meeting ended"),
            Self::NotOpen => (480, "The meeting is not open now", "not_open", "not open"),
            Self::Locked => (403, "The meeting is locked", "locked", "locked"),
            Self::Removed => (403, "The chair has ended this call", "removed", "removed"),
            Self::Draining => (503, "The line is being maintained", "draining", "draining"),
            Self::Lost => (408, "No sound arrived from your side", "lost", "lost"),
            Self::CallerLeft => (487, "The caller left", "caller_left", "caller left"),
            Self::NoCommonCodec => (488, "No codec in common", "no_common_codec", "no common codec"),
            Self::Busy => (503, "All lines are taken", "busy", "busy"),
            Self::NotAcknowledged => (408, "The answer was not acknowledged", "not_acknowledged", "not acknowledged"),
        }
    }
}

impl std::fmt::Display for Farewell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_farewells_share_a_label() {
        let labels: HashSet<_> = Farewell::ALL.iter().map(|farewell| farewell.label()).collect();
        assert_eq!(labels.len(), Farewell::ALL.len());
    }

    #[test]
    fn every_farewell_is_a_final_failure_and_fits_into_a_quoted_string() {
        for farewell in Farewell::ALL {
            assert!((400..700).contains(&farewell.status()), "{farewell}");
            assert!(!farewell.reason().contains(['"', '\\']), "{farewell}");
            assert!(farewell.reason().is_ascii() && !farewell.word().is_empty(), "{farewell}");
        }
    }
}
