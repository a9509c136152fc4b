//! The archive: keeps, plays and destroys recordings; the clerk's desk.
//!
//! Pure modules judge (`recording`, `retention`, `access`, `evidence`, `config`), `store`, `vault` and `gateways` are the
//! doors to database, object store and gateways, `intake` and `sweep` move things between them, `io` is the shell.
//! `desk`, `sound`, `texts` and `export` are what people see and hear of it.
//!
//! Not here: the recording format (crate `spool`), and the command line (`main`).

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write and read files"))]

pub mod access;
pub mod causes;
pub mod config;
pub mod desk;
pub mod evidence;
pub mod export;
#[expect(clippy::disallowed_methods, reason = "a connection is driven by a task of its own")]
pub mod gateways;
#[expect(clippy::disallowed_methods, reason = "it reads the spool and writes the quarantine")]
pub mod intake;
#[expect(clippy::disallowed_methods, reason = "this is the shell")]
pub mod io;
pub mod playback;
pub mod recording;
pub mod retention;
pub mod sound;
pub mod store;
pub mod sweep;
pub mod texts;
#[expect(clippy::disallowed_methods, reason = "keys lie in files")]
pub mod vault;
pub mod verify;

#[cfg(test)]
mod bench;
