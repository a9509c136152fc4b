//! Stories through both programs as people live them, and the rules of the house.
//!
//! `deploy/test` builds the programs and runs everything; one story alone: `cargo test -p house-tests NAME`.
//! A story opens a [`support::house::House`] of its own, telephones in with real packets in real time, and measures who
//! heard whom and who is in the recording by a tone a person.
//!
//! Not here: unit tests (at the foot of the file they test), measurements of speed.
#![expect(clippy::disallowed_methods, reason = "stories are all effect: files, sockets, real time")]

mod alone;
mod bad_input;
mod consent;
mod crash;
mod demo;
mod desk;
mod disk;
mod ending;
mod hearing;
mod holding;
mod keys;
mod language;
mod loudspeaker;
mod shared;
mod signalling;
mod sources;
mod support;
mod tidy;
mod time;
mod two_gateways;
mod withdrawal;
