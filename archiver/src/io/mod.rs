//! The shell: everything of the archive that touches sockets, files, clocks and tasks.
//!
//! [`house::House`] is the handle everybody holds; `serve` runs listeners and workers over it.
//!
//! Not here: any judgement.

pub mod clock;
mod embedded;
pub mod house;
pub mod token;
