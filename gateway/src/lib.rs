//! The telephone line: calls in, rooms, consent by keypad, sealed recordings out.
//!
//! Pure: [`ids`], [`call`], [`ivr`], [`plan`], [`consent`], [`room`], [`tap`], [`gathering`], [`lease`] hold all judgement as values.
//! The shell: [`io`] holds every socket, thread, file and clock.
//!
//! Not here: keeping, playing and destroying recordings (`archiver`), and any secret that opens one.

pub mod admission;
pub mod calendar;
pub mod call;
pub mod config;
pub mod consent;
pub mod dial;
pub mod gathering;
pub mod ids;
pub mod io;
pub mod ivr;
pub mod lease;
pub mod metrics;
pub mod plan;
pub mod prompts;
pub mod room;
pub mod tap;
pub mod wav;
