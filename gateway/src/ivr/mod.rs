//! What a caller hears and keys, without what follows from it.
//!
//! [`lines`] names every prompt, [`script`] puts prompts together to announcements, [`number`] gathers keyed digits to a
//! number, [`keys`] says what a key means in the room.
//!
//! Not here: the state of a call (`call`), consent (`consent`), the sound of a prompt (`prompts`).

pub mod keys;
pub mod lines;
pub mod number;
pub mod script;

use std::time::Duration;

/// A question ignores keys that went down this soon after it was asked: they were on their way before, and a double `2` is
/// one withdrawal. So are those meant for a menu that an announcement has just closed.
pub const DEAF: Duration = Duration::from_millis(700);

/// The language a caller is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    German,
    English,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::German, Self::English];

    /// The folder of the catalogue, and the tag of RFC 5646 in the evidence.
    pub fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }
}
