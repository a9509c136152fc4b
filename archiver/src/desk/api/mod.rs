//! What the desk's pages fetch that is no page: sound by ranges, proofs as files.
//!
//! Not here: pages (`desk::pages`), and who may have any of it (`access`).

pub(super) mod proof;
pub(super) mod sound;
