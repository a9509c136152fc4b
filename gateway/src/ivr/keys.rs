//! What a key means to somebody who sits in the room.
//!
//! Feed every key to [`Keys::meaning`] (asks) and [`Keys::press`] (asks and remembers a prefix); carry out the [`Command`].
//! Exchanges use `*1 *2 *3 *0 ** ##` for their own recording, transfer and hang-up, so these mean nothing here.
//!
//! Not here: keys in a question, which are answers and no commands.

use std::time::{Duration, Instant};

/// What a caller in the room asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `2`: take the consent back, at once.
    Withdraw,
    /// `0`: the spoken menu.
    Menu,
    /// `0 1`
    Agree,
    /// `0 2`: the same as a plain `2`.
    DoNotRecord,
    /// `0 3`
    Status,
    /// `*4`, `0 4`
    Agenda,
    /// `*5`, `0 5`
    Hand,
    /// `*6`, `0 6`
    Mute,
    /// `*7`, `0 7`: members.
    Demand,
    /// `*8`, `0 8`
    Louder,
    /// `*9`, `0 9`
    Who,
    /// `0 0`: the chair's menu; for others, a person.
    Deeper,
    /// Nothing at all: left alone, too late, or the first half of a command.
    Nothing,
}

/// What the chair asked for after `0 0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChairCommand {
    /// `0 0 1`
    Record,
    /// `0 0 2`
    Pause,
    /// `0 0 3`
    Close,
    /// `0 0 5`
    Next,
    /// `0 0 6`
    MuteAll,
    /// `0 0 7`
    Lock,
    /// `0 0 9`
    End,
    Nothing,
}

/// The reader of keys in the room; remembers a prefix.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys {
    prefix: Option<(char, Instant)>,
}

impl Keys {
    /// What this key, pressed at `at`, would mean. Changes nothing.
    pub fn meaning(&self, key: char, at: Instant) -> Command {
        match self.prefix {
            Some((sign, since)) if at < since + PREFIX_HOLDS => after_prefix(sign, key),
            // Somebody who keys an exchange's `*2` slowly does not mean our `2`.
            Some((_, since)) if at < since + PREFIX_HOLDS + LATE && key.is_ascii_digit() => Command::Nothing,
            Some(_) | None => plain(key),
        }
    }

    /// Takes the key: says what it means and remembers whether it opened or ended a prefix.
    pub fn press(&mut self, key: char, at: Instant) -> Command {
        let meaning = self.meaning(key, at);
        let second = self.prefix.is_some_and(|(_, since)| at < since + PREFIX_HOLDS);
        self.prefix = (!second && matches!(key, '*' | '#')).then_some((key, at));
        meaning
    }
}

/// What a single key means while the menu of `0` is open.
pub fn in_menu(key: char) -> Command {
    match key {
        '0' => Command::Deeper,
        '1' => Command::Agree,
        '2' => Command::DoNotRecord,
        '3' => Command::Status,
        _ => shortcut(key),
    }
}

/// What a single key means while the chair's menu is open.
pub fn in_chairs_menu(key: char) -> ChairCommand {
    match key {
        '1' => ChairCommand::Record,
        '2' => ChairCommand::Pause,
        '3' => ChairCommand::Close,
        '5' => ChairCommand::Next,
        '6' => ChairCommand::MuteAll,
        '7' => ChairCommand::Lock,
        '9' => ChairCommand::End,
        _ => ChairCommand::Nothing,
    }
}

fn plain(key: char) -> Command {
    match key {
        '2' => Command::Withdraw,
        '0' => Command::Menu,
        _ => Command::Nothing,
    }
}

fn after_prefix(sign: char, key: char) -> Command {
    match sign {
        '*' => shortcut(key),
        _ => Command::Nothing,
    }
}

/// The keys that mean the same in the menu and after a star.
fn shortcut(key: char) -> Command {
    match key {
        '4' => Command::Agenda,
        '5' => Command::Hand,
        '6' => Command::Mute,
        '7' => Command::Demand,
        '8' => Command::Louder,
        '9' => Command::Who,
        _ => Command::Nothing,
    }
}

/// A prefix waits this long for its second key.
const PREFIX_HOLDS: Duration = Duration::from_secs(5);

/// For so long after that, one digit still belongs to the prefix that timed out and does nothing. Not for ever: a star
/// touched by mistake an hour ago must not swallow a withdrawal.
const LATE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn press(keys: &[(char, u64)]) -> Vec<Command> {
        #[expect(clippy::disallowed_methods, reason = "some instant is needed to start from")]
        let start = Instant::now();
        let mut reader = Keys::default();
        keys.iter().map(|&(key, ms)| reader.press(key, start + Duration::from_millis(ms))).collect()
    }

    #[test]
    fn a_two_withdraws_and_a_zero_opens_the_menu() {
        assert_eq!(press(&[('2', 0), ('0', 100), ('2', 200)]), [Command::Withdraw, Command::Menu, Command::Withdraw]);
    }

    #[test]
    fn the_codes_of_exchanges_are_left_alone() {
        for second in ['1', '2', '3', '0', '*'] {
            assert_eq!(press(&[('*', 0), (second, 300)]), [Command::Nothing, Command::Nothing], "*{second}");
        }
        assert_eq!(press(&[('#', 0), ('#', 300)]), [Command::Nothing, Command::Nothing]);
    }

    #[test]
    fn after_a_code_of_an_exchange_a_two_withdraws_again() {
        assert_eq!(press(&[('*', 0), ('*', 300), ('2', 600)])[2], Command::Withdraw);
        assert_eq!(press(&[('*', 0), ('2', 300), ('2', 600)])[2], Command::Withdraw);
    }

    #[test]
    fn a_star_before_four_to_nine_is_the_menu_in_short() {
        for key in '4'..='9' {
            assert_eq!(press(&[('*', 0), (key, 4_900)])[1], in_menu(key), "*{key}");
            assert!(in_menu(key) != Command::Nothing);
        }
    }

    #[test]
    fn a_digit_after_a_prefix_that_timed_out_does_nothing() {
        assert_eq!(press(&[('*', 0), ('6', 5_100)])[1], Command::Nothing);
        assert_eq!(press(&[('*', 0), ('2', 5_100)])[1], Command::Nothing);
    }

    #[test]
    fn a_star_of_long_ago_swallows_no_withdrawal() {
        assert_eq!(press(&[('*', 0), ('2', 60_000)])[1], Command::Withdraw);
    }

    #[test]
    fn a_digit_after_an_unknown_prefix_does_nothing() {
        assert_eq!(press(&[('#', 0), ('2', 300)])[1], Command::Nothing);
        assert_eq!(press(&[('#', 0), ('6', 300)])[1], Command::Nothing);
    }
}
