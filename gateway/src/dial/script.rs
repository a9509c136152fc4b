//! What a caller of our own does: a script as data, and the walk through it, one 20 ms slot at a time.
//!
//! [`parse`] a text such as `q12345678 q1 p2 t`, feed the [`Walk`] with the level of each slot heard, carry out every
//! [`Do`]. Tokens: a digit (`0`–`9 * #`) is pressed; `q` waits until something was heard and then was quiet for 700 ms;
//! `pN` pauses N seconds (decimals allowed); `t` starts the tone or the WAV, `s` stops it; `h` hangs up. Spaces divide.
//! A word in brackets offers the call anew: `[sendonly]`, `[inactive]` and `[sendrecv]` put on hold with and without music,
//! and take back; `[g722]` and its like change the codec. `[1030]` is no offer: it makes the tone one of 1030 Hz; and from
//! `[loop-20]` on, what is heard is sent back 20 dB softer.
//!
//! Not here: packets, sockets, clocks (`dial::line`), and what a digit means to the other end.

use std::collections::VecDeque;

use clap::ValueEnum;
use sip::sdp::Direction;

use super::codec::Offered;

/// One thing to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Press(char),
    UntilQuiet,
    Pause { slots: u32 },
    StartSound,
    StopSound,
    Tone { hz: u32 },
    LoopBack { db: i8 },
    Offer(Change),
    HangUp,
}

/// What an offer in the middle of a call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Direction(Direction),
    Codec(Offered),
}

/// A script that cannot be walked: ours to fix, said with the place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScriptError {
    #[error("`{found}` at character {at} is no step; steps are digits, * and #, q, pN (seconds), t, s, h, [word]")]
    Unknown { found: char, at: usize },
    #[error("the pause at character {at} needs its seconds, for example p2 or p0.5, at most an hour")]
    Pause { at: usize },
    #[error(
        "the brackets at character {at} hold none of sendonly, inactive, sendrecv, pcma, pcmu, g722, opus, 50 to 3800 (Hz), \
         loop-60 to loop0 (dB)"
    )]
    Brackets { at: usize },
}

/// What the line is to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Do {
    Press { digit: char, ms: u32 },
    Pressed(char),
    HeardQuiet,
    StartSound,
    StopSound,
    Tone { hz: u32 },
    LoopBack { db: i8 },
    Offer(Change),
    HangUp,
}

/// A walk through a script. It owns no clock: a slot is whatever the line says a slot is.
#[derive(Debug)]
pub(super) struct Walk {
    ahead: VecDeque<Token>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// Ready for the next token.
    Free,
    /// A key is down, then its pause up to the next key.
    Pressing {
        digit: char,
        left: u32,
    },
    Pausing {
        left: u32,
    },
    /// Waits for sound to begin (`sounding` slots of it so far in a row).
    AwaitingSound {
        sounding: u32,
    },
    /// Sound was heard; waits for it to have been quiet for long enough.
    AwaitingQuiet {
        quiet: u32,
    },
    HungUp,
}

/// Reads a script; spaces and commas only divide.
pub(super) fn parse(text: &str) -> Result<Vec<Token>, ScriptError> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, found)) = rest.next() {
        tokens.push(match found {
            ' ' | '\t' | '\r' | '\n' | ',' => continue,
            '0'..='9' | '*' | '#' => Token::Press(found),
            'q' => Token::UntilQuiet,
            't' => Token::StartSound,
            's' => Token::StopSound,
            'h' => Token::HangUp,
            '[' => {
                let mut word = String::new();
                while let Some((_, c)) = rest.next_if(|(_, c)| *c != ']') {
                    word.push(c);
                }
                let closed = rest.next().is_some();
                bracketed(&word).filter(|_| closed).ok_or(ScriptError::Brackets { at })?
            }
            'p' => {
                let mut number = String::new();
                while let Some((_, c)) = rest.next_if(|(_, c)| c.is_ascii_digit() || *c == '.') {
                    number.push(c);
                }
                let seconds: f64 = number.parse().map_err(|_| ScriptError::Pause { at })?;
                if seconds > LONGEST_PAUSE_S {
                    return Err(ScriptError::Pause { at });
                }
                Token::Pause { slots: (seconds * SLOTS_A_SECOND).round() as u32 }
            }
            found => return Err(ScriptError::Unknown { found, at }),
        });
    }
    Ok(tokens)
}

fn bracketed(word: &str) -> Option<Token> {
    let direction = |direction| Some(Token::Offer(Change::Direction(direction)));
    match word {
        "sendonly" => direction(Direction::SendOnly),
        "inactive" => direction(Direction::Inactive),
        "sendrecv" => direction(Direction::SendRecv),
        number if number.starts_with(|c: char| c.is_ascii_digit()) => {
            number.parse().ok().filter(|hz| TONES_HZ.contains(hz)).map(|hz| Token::Tone { hz })
        }
        back if back.starts_with("loop") => {
            let db = back.trim_start_matches("loop").parse().ok();
            db.filter(|db| LOOP_BACK_DB.contains(db)).map(|db| Token::LoopBack { db })
        }
        codec => Offered::from_str(codec, false).ok().map(|codec| Token::Offer(Change::Codec(codec))),
    }
}

impl Walk {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { ahead: tokens.into(), step: Step::Free }
    }

    /// Further steps, behind those still ahead.
    pub(super) fn then(&mut self, tokens: Vec<Token>) {
        self.ahead.extend(tokens);
    }

    /// These steps instead of everything still ahead; a key that is down is let go first.
    pub(super) fn instead(&mut self, tokens: Vec<Token>) {
        self.ahead = tokens.into();
        match self.step {
            Step::Pausing { .. } | Step::AwaitingSound { .. } | Step::AwaitingQuiet { .. } => self.step = Step::Free,
            Step::Free | Step::Pressing { .. } | Step::HungUp => {}
        }
    }

    /// One slot passed in which the far end was as loud as `heard_dbov`.
    pub(super) fn slot(&mut self, heard_dbov: f32, out: &mut Vec<Do>) {
        let step = std::mem::replace(&mut self.step, Step::Free);
        self.step = match step {
            Step::Free => self.next(out),
            Step::Pressing { digit, left: 0 } => {
                out.push(Do::Pressed(digit));
                self.next(out)
            }
            Step::Pressing { digit, left } => Step::Pressing { digit, left: left - 1 },
            Step::Pausing { left: 0 } => self.next(out),
            Step::Pausing { left } => Step::Pausing { left: left - 1 },
            Step::AwaitingSound { sounding } if heard_dbov < SOUND_DBOV => {
                Step::AwaitingSound { sounding: sounding.saturating_sub(1) }
            }
            Step::AwaitingSound { sounding } if sounding + 1 < SOUND_SLOTS => {
                Step::AwaitingSound { sounding: sounding + 1 }
            }
            Step::AwaitingSound { .. } => Step::AwaitingQuiet { quiet: 0 },
            Step::AwaitingQuiet { .. } if heard_dbov >= SOUND_DBOV => Step::AwaitingQuiet { quiet: 0 },
            Step::AwaitingQuiet { quiet } if quiet + 1 < QUIET_SLOTS => Step::AwaitingQuiet { quiet: quiet + 1 },
            Step::AwaitingQuiet { .. } => {
                out.push(Do::HeardQuiet);
                self.next(out)
            }
            Step::HungUp => Step::HungUp,
        };
    }

    fn next(&mut self, out: &mut Vec<Do>) -> Step {
        while let Some(token) = self.ahead.pop_front() {
            match token {
                Token::Press(digit) => {
                    out.push(Do::Press { digit, ms: PRESS_MS });
                    return Step::Pressing { digit, left: PRESS_MS / SLOT_MS + END_SLOTS + BETWEEN_KEYS_SLOTS };
                }
                Token::UntilQuiet => return Step::AwaitingSound { sounding: 0 },
                Token::Pause { slots } => return Step::Pausing { left: slots },
                Token::StartSound => out.push(Do::StartSound),
                Token::StopSound => out.push(Do::StopSound),
                Token::Tone { hz } => out.push(Do::Tone { hz }),
                Token::LoopBack { db } => out.push(Do::LoopBack { db }),
                Token::Offer(change) => out.push(Do::Offer(change)),
                Token::HangUp => {
                    out.push(Do::HangUp);
                    return Step::HungUp;
                }
            }
        }
        Step::Free
    }
}

/// What a telephone line carries.
pub(super) const TONES_HZ: std::ops::RangeInclusive<u32> = 50..=3800;
const LOOP_BACK_DB: std::ops::RangeInclusive<i8> = -60..=0;
const SLOT_MS: u32 = 20;
const SLOTS_A_SECOND: f64 = 50.0;
const LONGEST_PAUSE_S: f64 = 3600.0;
/// A spoken prompt lies at -30 to -15 dBov; G.711's own floor of a silent line lies below -60.
const SOUND_DBOV: f32 = -50.0;
/// 60 ms: a click is not yet a sound.
const SOUND_SLOTS: u32 = 3;
/// 700 ms: longer than the pauses inside a spoken sentence.
const QUIET_SLOTS: u32 = 35;
const PRESS_MS: u32 = 100;
/// The end of a key press is sent three times (RFC 4733 section 2.5.1.4).
const END_SLOTS: u32 = 2;
const BETWEEN_KEYS_SLOTS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: f32 = -20.0;
    const SILENT: f32 = -90.0;

    fn walk(text: &str) -> Walk {
        Walk::new(parse(text).expect("a script"))
    }

    fn after(walk: &mut Walk, slots: u32, heard: f32) -> Vec<Do> {
        let mut out = Vec::new();
        for _ in 0..slots {
            walk.slot(heard, &mut out);
        }
        out
    }

    #[test]
    fn a_script_reads_as_its_steps_whatever_divides_them() {
        assert_eq!(
            parse("q 12,p0.5#h"),
            Ok(vec![
                Token::UntilQuiet,
                Token::Press('1'),
                Token::Press('2'),
                Token::Pause { slots: 25 },
                Token::Press('#'),
                Token::HangUp
            ])
        );
    }

    #[test]
    fn a_wrong_step_is_said_with_its_place() {
        assert_eq!(parse("12x"), Err(ScriptError::Unknown { found: 'x', at: 2 }));
        assert_eq!(parse("p"), Err(ScriptError::Pause { at: 0 }));
        assert_eq!(parse("1p99999"), Err(ScriptError::Pause { at: 1 }));
        for wrong in ["[]", "[sendonly", "[gsm]", "[49]", "[4711]", "[-600]"] {
            assert_eq!(parse(wrong), Err(ScriptError::Brackets { at: 0 }), "{wrong}");
        }
    }

    #[test]
    fn what_stands_in_brackets_offers_the_call_anew_or_tunes_the_tone() {
        assert_eq!(parse("[loop-20][loop0]"), Ok(vec![Token::LoopBack { db: -20 }, Token::LoopBack { db: 0 }]));
        let mut walk = walk("[sendonly] [1030]t");
        let hold = Do::Offer(Change::Direction(Direction::SendOnly));
        assert_eq!(after(&mut walk, 1, SILENT), [hold, Do::Tone { hz: 1030 }, Do::StartSound]);
        assert_eq!(parse("[opus]"), Ok(vec![Token::Offer(Change::Codec(Offered::Opus))]));
    }

    #[test]
    fn keys_are_pressed_one_after_the_other_never_together() {
        let mut walk = walk("12");
        assert_eq!(after(&mut walk, 1, SILENT), [Do::Press { digit: '1', ms: 100 }]);
        // 5 slots of the key, 2 of its repeated end, 4 in between.
        assert_eq!(after(&mut walk, 11, SILENT), []);
        assert_eq!(after(&mut walk, 1, SILENT), [Do::Pressed('1'), Do::Press { digit: '2', ms: 100 }]);
        assert_eq!(after(&mut walk, 12, SILENT), [Do::Pressed('2')]);
    }

    #[test]
    fn quiet_counts_only_after_something_was_heard() {
        let mut walk = walk("q1");
        assert_eq!(after(&mut walk, 500, SILENT), []);
        assert_eq!(after(&mut walk, 10, LOUD), []);
        assert_eq!(after(&mut walk, 34, SILENT), []);
        assert_eq!(after(&mut walk, 1, SILENT), [Do::HeardQuiet, Do::Press { digit: '1', ms: 100 }]);
    }

    #[test]
    fn a_pause_inside_a_sentence_is_no_quiet() {
        let mut walk = walk("q1");
        for _ in 0..5 {
            assert_eq!(after(&mut walk, 20, LOUD), []);
            assert_eq!(after(&mut walk, 30, SILENT), []);
        }
    }

    #[test]
    fn a_click_is_no_sound() {
        let mut walk = walk("q1");
        after(&mut walk, 1, SILENT);
        after(&mut walk, 2, LOUD);
        assert_eq!(after(&mut walk, 200, SILENT), []);
    }

    #[test]
    fn an_urgent_line_ends_a_wait() {
        let mut walk = walk("q1 p60");
        after(&mut walk, 10, SILENT);
        walk.instead(parse("h").expect("a script"));
        assert_eq!(after(&mut walk, 1, SILENT), [Do::HangUp]);
        walk.then(parse("1").expect("a script"));
        assert_eq!(after(&mut walk, 50, SILENT), []);
    }
}
