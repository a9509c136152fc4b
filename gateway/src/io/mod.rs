//! The shell: sockets, threads, files and clocks of the gateway.
//!
//! It carries values between the pure modules and decides nothing that a caller or a law would notice.
//!
//! Not here: judgement.

pub mod clock;
pub mod control;
pub mod media;
pub mod recorder;
pub mod socket;
pub mod switchboard;
