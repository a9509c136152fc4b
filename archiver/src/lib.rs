//! The archive: keeps, plays and destroys recordings; the clerk's desk.
//!
//! Pure modules judge (`recording`, `retention`, `access`, `evidence`, `config`), `store`, `vault` and `gateways` are the
//! doors to database, object store and gateways, `intake` and `sweep` move things between them, `io` is the shell.
//! `desk`, `sound`, `texts` and `export` are what people see and hear of it.

pub mod access;
pub mod config;
pub mod desk;
pub mod evidence;
pub mod export;
pub mod gateways;
pub mod intake;
pub mod io;
pub mod playback;
pub mod recording;
pub mod retention;
pub mod sound;
pub mod store;
pub mod sweep;
pub mod texts;
pub mod vault;
pub mod verify;

#[cfg(test)]
mod bench;
