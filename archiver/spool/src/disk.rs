//! Everything the writing side changes on a disk.
//!
//! Not here: reading for the archive ([`read`](mod@crate::read) has its own).
