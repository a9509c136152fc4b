//! Reading from directories that somebody else wrote: plain files only, by name only, bounded.
//!
//! Not here: what the files mean.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::Rejection;

/// Names in a directory that is none by way of a link; what is not UTF-8 is no name of ours and refused.
pub(super) fn names(dir: &Path, most: usize) -> Result<Vec<String>, Rejection> {
    let what = || dir.display().to_string();
    let failed = |source| Rejection::Io { what: what(), source };
    if !std::fs::symlink_metadata(dir).map_err(failed)?.is_dir() {
        return Err(Rejection::NotPlain { name: what() });
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.push(name.into_string().map_err(|name| Rejection::Strange { name: name.display().to_string() })?);
        if names.len() > most {
            return Err(Rejection::TooMany { what: "files", most });
        }
    }
    names.sort();
    Ok(names)
}

/// A plain file's bytes, `most` of them at most. Links are not followed, and nothing is waited for (a pipe would never end).
pub(crate) fn whole_file(path: &Path, most: u64) -> Result<Vec<u8>, Rejection> {
    let name = || path.file_name().unwrap_or_default().display().to_string();
    let file = match open(path) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(Rejection::NotPlain { name: name() });
        }
        opened => opened.map_err(|source| Rejection::Io { what: name(), source })?,
    };
    let failed = |source| Rejection::Io { what: name(), source };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Rejection::NotPlain { name: name() });
    }
    if metadata.len() > most {
        return Err(Rejection::TooLarge { name: name(), most });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // It may grow while it is read.
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most { Err(Rejection::TooLarge { name: name(), most }) } else { Ok(bytes) }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}
