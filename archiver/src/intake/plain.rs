//! Files that somebody else may change under our hands: plain ones only, bounded.
//!
//! Links are not followed, nothing is waited for (a pipe would never end), and what is asked is the file that was opened.
//!
//! Not here: what the files mean.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// A plain file and its length; `None` when it is a link, a pipe, a device or a folder.
pub(super) fn open(path: &Path) -> io::Result<Option<(File, u64)>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path) {
        Ok(file) => file,
        // A link, or a socket.
        Err(error) if [Errno::LOOP, Errno::NXIO].iter().any(|no| error.raw_os_error() == Some(no.raw_os_error())) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

/// A plain file's bytes from its start, `most` at most.
pub(super) fn start_of(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let Some((file, _)) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
