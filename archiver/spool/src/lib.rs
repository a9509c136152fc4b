//! The recording format: what a gateway hands over and an archive reads. `FORMAT.md` beside this crate is its text.
//!
//! A gateway uses [`write`](mod@write); an archive uses [`mod@read`] and [`order`], which share no code with the writing side but the
//! shapes below: [`line`](mod@line) (journals), [`voice`] (layout of sealed sound), [`keys`], [`sign`], [`erased`], [`name`], [`id`].
//!
//! Blocking, without threads of its own. Time and chance are arguments, so that every byte can be made again.
//!
//! The program `spool` beside it looks at chunks and checks them by hand.
//!
//! Not here: who may be recorded (the gateway's `consent`), what becomes of a chunk (the archive's `intake`).

mod disk;
pub mod erased;
pub mod id;
pub mod keys;
mod limits;
pub mod line;
pub mod name;
pub mod order;
pub mod read;
pub mod sign;
mod strict;
pub mod voice;
pub mod write;

#[cfg(test)]
mod tests;
