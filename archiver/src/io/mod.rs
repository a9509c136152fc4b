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
