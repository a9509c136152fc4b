//! Which texts a consent question consists of: data, one set for each rule that this gateway can speak.
//!
//! A set has a part that must be heard before a yes counts (who records, why, how to take it back), a rest, the choices,
//! and the long notice.
//!
//! Not here: the sound and the words themselves (`prompts`).

use crate::ids::PromptId;
use crate::ivr::{lines, script};

/// The texts of one question, with the numbers filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    id: &'static str,
    must: Vec<PromptId>,
    rest: Vec<PromptId>,
    choices: Vec<PromptId>,
    long: Vec<PromptId>,
}

impl Wording {
    /// The set of that name, for this meeting; `None` when this gateway cannot speak it, or not with this term.
    pub fn of(id: &str, meeting_number: &str, cap_months: u32) -> Option<Self> {
        let months = lines::months(cap_months)?;
        if id != UNTIL_APPROVAL {
            return None;
        }
        let mut must = script::meeting(meeting_number);
        must.extend([lines::NOTICE_WHO, lines::NOTICE_WHY, lines::NOTICE_BACK]);
        Some(Self {
            id: UNTIL_APPROVAL,
            must,
            rest: vec![
                lines::NOTICE_GROUP,
                lines::SHARED_KEY,
                lines::NOTICE_DELETION,
                months,
                lines::NOTICE_LAW,
                lines::NOTICE_ANYWAY,
            ],
            choices: vec![lines::NOTICE_CHOICES],
            long: vec![lines::NOTICE_LONG],
        })
    }

    /// Can this gateway speak this notice with this term?
    pub fn knows(id: &str, cap_months: u32) -> bool {
        Self::of(id, "", cap_months).is_some()
    }

    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What the recording is for, as these texts say it.
    pub(super) fn purpose(&self) -> &'static str {
        MINUTES
    }

    /// All that belongs to the question, in the order in which it is spoken: what evidence is hashed over.
    pub fn parts(&self) -> Vec<PromptId> {
        [&self.must[..], &self.rest, &self.choices].concat()
    }

    /// What must have been heard to its end before a yes counts.
    pub(super) fn must(&self) -> &[PromptId] {
        &self.must
    }

    pub(super) fn choices(&self) -> &[PromptId] {
        &self.choices
    }

    pub(super) fn long(&self) -> &[PromptId] {
        &self.long
    }
}

/// The one rule of today: deleted after the approval of the minutes, at the latest after so many months.
const UNTIL_APPROVAL: &str = "until-approval";

/// The one purpose of today: an aid to the minutes.
pub(super) const MINUTES: &str = "minutes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_why_and_how_to_take_it_back_must_be_heard() {
        let wording = Wording::of("until-approval", "4711", 6).unwrap();
        for part in [lines::NOTICE_WHO, lines::NOTICE_WHY, lines::NOTICE_BACK] {
            assert!(wording.must().contains(&part), "{part}");
        }
        assert!(wording.parts().starts_with(wording.must()));
        assert!(wording.parts().contains(&lines::months(6).unwrap()));
    }

    #[test]
    fn what_cannot_be_spoken_is_not_known() {
        assert!(Wording::knows("until-approval", 6));
        assert!(!Wording::knows("until-approval", 13) && !Wording::knows("until-approval", 0));
        assert!(!Wording::knows("for-ever", 6));
    }
}
