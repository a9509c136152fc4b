//! What the desk's pages fetch that is no page: sound by ranges, proofs as files.

pub(super) mod proof;
pub(super) mod sound;
