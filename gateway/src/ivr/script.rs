//! Announcements: which prompts are said, in which order. Data with numbers filled in.
//!
//! Only what a seat may do is offered to it: [`menu`] takes what that is.
//!
//! Not here: when they are said (`call`), and the consent question's texts (`consent::Wording`).

use super::lines;
use crate::ids::{PromptId, Role, SeatNo};

/// What depends on the seat in the menu of `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MenuOf {
    pub role: Role,
    /// Is there a recording to agree to?
    pub recordable: bool,
    /// Did this seat agree already?
    pub recorded: bool,
}

/// "Sitzung vier sieben eins eins".
pub fn meeting(number: &str) -> Vec<PromptId> {
    [vec![lines::MEETING], digits(number)].concat()
}

/// The receipt, said twice: "Sitzung 4711, Quittung eins zwei, drei vier, …".
pub fn receipt(meeting_number: &str, code: &str) -> Vec<PromptId> {
    let once = [meeting(meeting_number), receipt_once(code)].concat();
    [&[lines::ANSWER_YES][..], &once, &[lines::RECEIPT_AGAIN], &once].concat()
}

/// "Quittung eins zwei, drei vier, …": in pairs, because nobody writes down eight digits at a time.
pub fn receipt_once(code: &str) -> Vec<PromptId> {
    let mut parts = vec![lines::RECEIPT];
    for (i, digit) in digits(code).into_iter().enumerate() {
        if i > 0 && i % 2 == 0 {
            parts.push(lines::PAUSE);
        }
        parts.push(digit);
    }
    parts
}

/// What somebody hears who takes a seat in the room.
pub fn enter(seat: SeatNo) -> Vec<PromptId> {
    [vec![lines::ENTER, lines::SEAT], number(seat.0), vec![lines::MENU_HINT]].concat()
}

/// The menu of `0`: one entry after the other, only those that this seat may use.
pub fn menu(of: MenuOf) -> Vec<PromptId> {
    let mut parts = Vec::new();
    if of.recordable {
        parts.push(if of.recorded { lines::MENU_REFUSE } else { lines::MENU_AGREE });
    }
    parts.extend([lines::MENU_STATUS, lines::MENU_AGENDA, lines::MENU_HAND, lines::MENU_MUTE]);
    if of.role == Role::Member {
        parts.push(lines::MENU_DEMAND);
    }
    parts.extend([lines::MENU_LOUDER, lines::MENU_WHO]);
    parts.push(match of.role {
        Role::Chair => lines::MENU_CHAIR,
        Role::Guest | Role::Member => lines::MENU_PERSON,
    });
    parts
}

/// The chair's menu of `0 0`.
pub fn chairs_menu() -> Vec<PromptId> {
    vec![
        lines::CHAIR_RECORD,
        lines::CHAIR_PAUSE,
        lines::CHAIR_CLOSE,
        lines::CHAIR_NEXT,
        lines::CHAIR_MUTE_ALL,
        lines::CHAIR_LOCK,
        lines::CHAIR_END,
    ]
}

/// Where the agenda is; `None`: the desk has not said.
pub fn agenda(item: Option<u32>) -> Vec<PromptId> {
    match item {
        Some(item) => [vec![lines::AGENDA_ITEM], number(item)].concat(),
        None => vec![lines::AGENDA_NONE],
    }
}

/// A raised hand and its place in the queue.
pub fn hand(place: u32) -> Vec<PromptId> {
    [vec![lines::HAND_UP, lines::HAND_PLACE], number(place)].concat()
}

/// Who has the floor now.
pub fn floor(seat: Option<SeatNo>) -> Vec<PromptId> {
    match seat {
        Some(seat) => [vec![lines::NEXT_SEAT], number(seat.0)].concat(),
        None => vec![lines::NEXT_NONE],
    }
}

/// How many telephones are there and how many of them are recorded.
pub fn who(here: u32, recorded: u32) -> Vec<PromptId> {
    let mut parts = match here {
        1 => vec![lines::WHO_HERE_ONE],
        _ => [number(here), vec![lines::WHO_HERE]].concat(),
    };
    match recorded {
        0 => parts.push(lines::WHO_RECORDED_NONE),
        1 => parts.push(lines::WHO_RECORDED_ONE),
        _ => parts.extend([number(recorded), vec![lines::WHO_RECORDED]].concat()),
    }
    parts
}

/// A number as one word from ten to ninety-nine, digit by digit otherwise.
pub fn number(number: u32) -> Vec<PromptId> {
    match number.checked_sub(10).and_then(|over| lines::NUMBERS.get(over as usize)) {
        Some(prompt) => vec![*prompt],
        None => digits(&number.to_string()),
    }
}

/// One prompt a digit; whatever is no digit is passed over.
pub fn digits(digits: &str) -> Vec<PromptId> {
    digits.chars().filter_map(|digit| lines::DIGITS.get(digit.to_digit(10)? as usize).copied()).collect()
}
