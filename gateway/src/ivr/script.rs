//! Announcements: which prompts are said, in which order. Data with numbers filled in.
//!
//! Not here: when they are said (`call`), and the consent question's texts (`consent::Wording`).

use super::lines;
use crate::ids::{PromptId, SeatNo};

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

/// A number as one word up to twenty, digit by digit beyond.
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
