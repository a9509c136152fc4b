//! The shell: everything of the archive that touches sockets, files, clocks and tasks.
//!
//! [`house::House`] is the handle everybody holds; [`serve`] runs listeners and workers over it.
//!
//! Not here: any judgement.

pub mod admin;
pub mod clock;
mod demo;
mod embedded;
pub mod house;
mod link;
pub mod serve;
pub mod token;
mod work;

/// From now on whatever this process makes is its owner's alone: the database's files too, whose mode nobody else sets.
pub fn close_to_others() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}
