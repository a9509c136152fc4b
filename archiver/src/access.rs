//! May this person, in this role, with this purpose, do this?
//!
//! One question, [`may`], asked by every page, endpoint and command before it acts. Whoever is let through writes the
//! audit event and commits it **before** the first byte leaves.
//!
//! Not here: who somebody is (`desk`), and writing the event down (`store`).

use serde::{Deserialize, Serialize};

/// Whoever acts: a pseudonymous id, never a name, and the role they act in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Schriftführung: listens, writes the minutes, says that they are approved.
    Clerk,
    /// Vorsitz.
    Chair,
    /// Datenschutzbeauftragte: sees what is held, why, until when; hears nothing.
    Officer,
    /// Runs the machines. The role opens nothing.
    Administrator,
}

impl Role {
    /// The word of the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Chair => "chair",
            Self::Officer => "officer",
            Self::Administrator => "administrator",
        }
    }

    /// Reads back [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "clerk" => Some(Self::Clerk),
            "chair" => Some(Self::Chair),
            "officer" => Some(Self::Officer),
            "administrator" => Some(Self::Administrator),
            _ => None,
        }
    }
}

/// Why somebody wants to hear a recording, in their own words; written down before the first byte leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose(String);

impl Purpose {
    /// `None` when nothing is said or too much to be a purpose (200 characters).
    pub fn named(text: &str) -> Option<Self> {
        let text = text.trim();
        let length = text.chars().count();
        let fits = (PURPOSE_LEAST..=PURPOSE_MOST).contains(&length) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    SeeMeetings,
    SeeRecording,
    SeeProof,
    Listen,
    Export,
    ApproveMinutes,
    RevokeApproval,
    EndMeeting,
    Conduct(Conduct),
}

/// What is done to a meeting while it is being held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    StartRecord,
    PauseRecord,
    CloseSection,
    Lock,
    Unlock,
    SetAgenda,
    CallNext,
    AnswerHelp,
    Mute,
    MuteAll,
    MarkShared,
    UnmarkShared,
    Dismiss,
}

impl Conduct {
    fn word(self) -> &'static str {
        match self {
            Self::StartRecord => "start_record",
            Self::PauseRecord => "pause_record",
            Self::CloseSection => "close_section",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::SetAgenda => "set_agenda",
            Self::CallNext => "call_next",
            Self::AnswerHelp => "answer_help",
            Self::Mute => "mute",
            Self::MuteAll => "mute_all",
            Self::MarkShared => "mark_shared",
            Self::UnmarkShared => "unmark_shared",
            Self::Dismiss => "dismiss",
        }
    }
}

impl Act {
    /// The word of the audit chain.
    pub fn word(self) -> &'static str {
        match self {
            Self::SeeMeetings => "see_meetings",
            Self::SeeRecording => "see_recording",
            Self::SeeProof => "see_proof",
            Self::Listen => "listen",
            Self::Export => "export",
            Self::ApproveMinutes => "approve_minutes",
            Self::RevokeApproval => "revoke_approval",
            Self::EndMeeting => "end_meeting",
            Self::Conduct(conduct) => conduct.word(),
        }
    }
}

/// Why not; theirs to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("this role may not do this")]
    Role,
    #[error("nobody listens without a named purpose")]
    NoPurpose,
}

/// A role that does not hear needs no purpose to be told so: the role is judged first.
pub fn may(person: &Person, purpose: Option<&Purpose>, act: Act) -> Result<(), Denied> {
    let allowed = match person.role {
        Role::Clerk => match act {
            Act::SeeMeetings | Act::SeeRecording | Act::SeeProof => true,
            Act::Listen | Act::Export => true,
            Act::ApproveMinutes | Act::RevokeApproval | Act::EndMeeting | Act::Conduct(_) => true,
        },
        Role::Chair => match act {
            Act::SeeMeetings | Act::SeeRecording | Act::SeeProof | Act::EndMeeting | Act::Conduct(_) => true,
            // The chair hears with the clerk; two people at one page are not there yet.
            Act::Listen | Act::Export | Act::ApproveMinutes | Act::RevokeApproval => false,
        },
        Role::Officer => match act {
            Act::SeeMeetings | Act::SeeRecording | Act::SeeProof => true,
            Act::Listen | Act::Export => false,
            Act::ApproveMinutes | Act::RevokeApproval | Act::EndMeeting | Act::Conduct(_) => false,
        },
        Role::Administrator => match act {
            Act::SeeProof => true,
            Act::SeeMeetings | Act::SeeRecording | Act::Listen | Act::Export => false,
            Act::ApproveMinutes | Act::RevokeApproval | Act::EndMeeting | Act::Conduct(_) => false,
        },
    };
    let hears = matches!(act, Act::Listen | Act::Export);
    match (allowed, hears, purpose) {
        (false, _, _) => Err(Denied::Role),
        (true, true, None) => Err(Denied::NoPurpose),
        (true, true, Some(_)) | (true, false, _) => Ok(()),
    }
}

const PURPOSE_LEAST: usize = 3;
const PURPOSE_MOST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Role) -> Person {
        Person { id: "p-1".into(), role }
    }

    #[test]
    fn nobody_listens_without_a_named_purpose() {
        let purpose = Purpose::named("Protokoll schreiben").unwrap();
        assert_eq!(may(&person(Role::Clerk), None, Act::Listen), Err(Denied::NoPurpose));
        assert_eq!(may(&person(Role::Clerk), Some(&purpose), Act::Listen), Ok(()));
        assert_eq!(may(&person(Role::Clerk), None, Act::Export), Err(Denied::NoPurpose));
    }

    #[test]
    fn the_administrators_role_opens_nothing() {
        let purpose = Purpose::named("Wartung").unwrap();
        let conduct = Act::Conduct(Conduct::PauseRecord);
        let seen = [Act::SeeMeetings, Act::SeeRecording, Act::Listen, Act::Export];
        for act in seen.into_iter().chain([Act::ApproveMinutes, Act::RevokeApproval, Act::EndMeeting, conduct]) {
            assert_eq!(may(&person(Role::Administrator), Some(&purpose), act), Err(Denied::Role));
        }
    }

    #[test]
    fn the_officer_sees_and_does_not_hear() {
        let purpose = Purpose::named("Prüfung").unwrap();
        assert_eq!(may(&person(Role::Officer), None, Act::SeeRecording), Ok(()));
        assert_eq!(may(&person(Role::Officer), Some(&purpose), Act::Listen), Err(Denied::Role));
    }

    #[test]
    fn clerk_and_chair_conduct_a_meeting_and_nobody_else_does() {
        for conduct in [Conduct::PauseRecord, Conduct::Mute, Conduct::CloseSection] {
            let may = |role| may(&person(role), None, Act::Conduct(conduct));
            assert_eq!((may(Role::Clerk), may(Role::Chair)), (Ok(()), Ok(())));
            assert_eq!((may(Role::Officer), may(Role::Administrator)), (Err(Denied::Role), Err(Denied::Role)));
        }
    }

    #[test]
    fn an_empty_or_endless_purpose_names_nothing() {
        assert_eq!(Purpose::named("  "), None);
        assert_eq!(Purpose::named(&"x".repeat(201)), None);
        assert_eq!(Purpose::named("zwei\nZeilen"), None);
    }
}
