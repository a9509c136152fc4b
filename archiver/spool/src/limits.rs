//! How large a chunk may be: what an archive refuses beyond, and what a gateway closes a chunk in time for.
//!
//! Not here: the limits of single lines and packets, which stand with their formats.

pub(crate) const MOST_FILES: usize = 8192;
pub(crate) const MOST_JOURNAL_BYTES: u64 = 16 << 20;
pub(crate) const MOST_LINES: usize = 200_000;
pub(crate) const MOST_VOICE_BYTES: u64 = 32 << 20;
/// Of all voices together.
pub(crate) const MOST_RECORDS: usize = 1 << 20;
