//! The recording format: what a gateway hands over and an archive reads.
pub mod id;
pub mod keys;
