//! Everything the writing side does to a disk, and the only place where it does it.
//!
//! A [`Disk`] makes, places, renames and removes; an [`Appending`] file grows. What returns without error has happened;
//! what must outlast a power cut is synced by name.
//! In tests a disk can be told to stop within its n-th change, as a killed process does: the last write is then torn.
//!
//! Not here: reading for the archive ([`read`](mod@crate::read) has its own, which trusts nothing), and what the files mean.

#![expect(clippy::disallowed_methods, reason = "this crate's shell: the writing side touches the disk here only")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A place to write. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// What was changed and what was synced, for a power cut to be played.
    #[cfg(test)]
    power: crate::tests::power::Power,
    #[cfg(test)]
    stop: Option<std::sync::Arc<std::sync::Mutex<u64>>>,
    #[cfg(test)]
    done: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

/// A file that grows at its end. A write that fails leaves it as long as it was.
#[derive(Debug)]
pub(crate) struct Appending {
    disk: Disk,
    path: PathBuf,
    file: File,
    len: u64,
    /// Has it changed since it was last synced?
    dirty: bool,
    /// A torn write could not be taken back yet; nothing may follow it before it is.
    torn: bool,
}

/// A directory kept open: through it everything on its disk is synced at once.
#[derive(Debug)]
pub(crate) struct Whole {
    disk: Disk,
    path: PathBuf,
    dir: File,
}

/// How far a change may go.
enum Step {
    Whole,
    #[cfg(test)]
    Torn,
}

impl Disk {
    /// Makes a directory for nobody else's eyes; one that exists is left as it is.
    pub(crate) fn make_dir(&self, path: &Path) -> io::Result<()> {
        self.step("make", path)?;
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            made => made?,
        }
        #[cfg(test)]
        self.power.made_dir(path);
        Ok(())
    }

    /// A directory through which its whole disk can be synced. Errors of writing back are seen from here on.
    pub(crate) fn whole(&self, path: &Path) -> io::Result<Whole> {
        Ok(Whole { disk: self.clone(), path: path.to_path_buf(), dir: File::open(path)? })
    }

    /// Makes a file that did not exist.
    pub(crate) fn create(&self, path: &Path) -> io::Result<Appending> {
        self.step("make", path)?;
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        #[cfg(test)]
        self.power.created(path);
        Ok(Appending { disk: self.clone(), path: path.to_path_buf(), file, len: 0, dirty: true, torn: false })
    }

    /// Opens a file that exists, to go on after its last byte.
    pub(crate) fn reopen(&self, path: &Path) -> io::Result<Appending> {
        let file = OpenOptions::new().append(true).open(path)?;
        let len = file.metadata()?.len();
        Ok(Appending { disk: self.clone(), path: path.to_path_buf(), file, len, dirty: true, torn: false })
    }

    /// Puts a small file in its place whole or not at all, and synced. The directory's entry is for the caller to sync.
    /// It is written in `drafts`, on the same disk, where nobody takes it for what it is not yet.
    pub(crate) fn place(&self, drafts: &Path, at: &Path, bytes: &[u8]) -> io::Result<()> {
        let draft = self.draft(drafts, bytes)?;
        self.rename(&draft, at)
    }

    /// As [`place`](Self::place), but fails with `AlreadyExists` instead of replacing.
    pub(crate) fn place_new(&self, drafts: &Path, at: &Path, bytes: &[u8]) -> io::Result<()> {
        let draft = self.draft(drafts, bytes)?;
        self.step("rename", at)?;
        let placed = fs::hard_link(&draft, at);
        #[cfg(test)]
        if placed.is_ok() {
            self.power.linked(&draft, at);
        }
        self.unlink(&draft)?;
        placed
    }

    fn draft(&self, drafts: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        let n = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = drafts.join(format!("{}-{n}{DRAFT}", std::process::id()));
        let mut file = self.create(&draft)?;
        let written = file.append(bytes).and_then(|()| file.sync());
        if written.is_err() {
            // The first error is the one to tell; a draft that stays is removed at the next start.
            let _left_behind = self.unlink(&draft);
        }
        written.map(|()| draft)
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", to)?;
        fs::rename(from, to)?;
        #[cfg(test)]
        self.power.renamed(from, to);
        Ok(())
    }

    /// Removes a file; one that is gone already is no error.
    pub(crate) fn unlink(&self, path: &Path) -> io::Result<()> {
        self.step("unlink", path)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed?,
        }
        #[cfg(test)]
        self.power.removed(path);
        Ok(())
    }

    /// Removes a directory with all that is in it, one file a step.
    pub(crate) fn remove_tree(&self, path: &Path) -> io::Result<()> {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.remove_tree(&entry.path())?;
            } else {
                self.unlink(&entry.path())?;
            }
        }
        self.step("unlink", path)?;
        fs::remove_dir(path)?;
        #[cfg(test)]
        self.power.removed(path);
        Ok(())
    }

    /// Makes what was created, renamed or removed in a directory outlast a power cut.
    pub(crate) fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step("sync", path)?;
        File::open(path)?.sync_all()?;
        #[cfg(test)]
        self.power.synced_dir(path);
        Ok(())
    }

    /// Names in a directory that are UTF-8, in order.
    pub(crate) fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(path)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        names.sort();
        Ok(names)
    }

    /// A file's bytes, or nothing when it is not there.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn exists(&self, path: &Path) -> io::Result<bool> {
        fs::exists(path)
    }

    pub(crate) fn modified(&self, path: &Path) -> io::Result<std::time::SystemTime> {
        fs::metadata(path)?.modified()
    }

    /// What is left for whoever is not root.
    pub(crate) fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(path)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "in tests a disk counts its changes and may stop"
    )]
    fn step(&self, _what: &str, _at: &Path) -> io::Result<Step> {
        Ok(Step::Whole)
    }

    #[cfg(test)]
    fn step(&self, what: &str, at: &Path) -> io::Result<Step> {
        self.done.lock().unwrap().push(format!("{what} {}", at.file_name().unwrap_or_default().display()));
        let Some(stop) = &self.stop else { return Ok(Step::Whole) };
        let mut left = stop.lock().unwrap();
        match *left {
            0 => Err(io::Error::other("stopped")),
            1 => {
                *left = 0;
                Ok(Step::Torn)
            }
            _ => {
                *left -= 1;
                Ok(Step::Whole)
            }
        }
    }

    /// A disk on which the n-th change is the last, and torn when it is a write.
    #[cfg(test)]
    pub(crate) fn stopping_within(n: u64) -> Self {
        Self { stop: Some(std::sync::Arc::new(std::sync::Mutex::new(n))), ..Self::default() }
    }

    /// A stopping disk makes so many changes more.
    #[cfg(test)]
    pub(crate) fn go_on(&self, n: u64) {
        if let Some(left) = &self.stop {
            *left.lock().unwrap() = n;
        }
    }

    /// What the power cut would leave.
    #[cfg(test)]
    pub(crate) fn power(&self) -> &crate::tests::power::Power {
        &self.power
    }

    /// Every change since the last time this was asked, as `what name`.
    #[cfg(test)]
    pub(crate) fn done(&self) -> Vec<String> {
        std::mem::take(&mut *self.done.lock().unwrap())
    }

    /// How many changes a stopping disk would still make.
    #[cfg(test)]
    pub(crate) fn left(&self) -> u64 {
        self.stop.as_ref().map_or(u64::MAX, |left| *left.lock().unwrap())
    }
}

impl Whole {
    /// Makes these files outlast a power cut. Many are synced together with all else on the disk: that is one commit of
    /// its journal, where each alone would be one of its own.
    pub(crate) fn sync(&self, files: &mut [&mut Appending]) -> io::Result<()> {
        if files.iter().filter(|file| file.dirty).count() <= FEW_FILES {
            return files.iter_mut().try_for_each(|file| file.sync());
        }
        self.disk.step("sync all", &self.path)?;
        rustix::fs::syncfs(&self.dir)?;
        #[cfg(test)]
        self.disk.power.synced_all();
        files.iter_mut().for_each(|file| file.dirty = false);
        Ok(())
    }
}

impl Appending {
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.torn {
            self.cut(self.len)?;
        }
        self.dirty = true;
        let written = match self.disk.step("write", &self.path)? {
            Step::Whole => self.file.write_all(bytes),
            #[cfg(test)]
            Step::Torn => {
                self.file.write_all(&bytes[..bytes.len() / 2])?;
                self.disk.power.wrote(&self.path, &bytes[..bytes.len() / 2]);
                Err(io::Error::other("stopped"))
            }
        };
        match written {
            Ok(()) => {
                self.len += bytes.len() as u64;
                #[cfg(test)]
                self.disk.power.wrote(&self.path, bytes);
            }
            Err(_) => self.torn = self.cut(self.len).is_err(),
        }
        written
    }

    /// Takes back everything from `len` on.
    pub(crate) fn cut(&mut self, len: u64) -> io::Result<()> {
        self.disk.step("cut", &self.path)?;
        self.dirty = true;
        self.file.set_len(len)?;
        #[cfg(test)]
        self.disk.power.cut(&self.path, len);
        self.len = len;
        self.torn = false;
        Ok(())
    }

    /// Makes every byte outlast a power cut.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            self.disk.step("sync", &self.path)?;
            self.file.sync_data()?;
            #[cfg(test)]
            self.disk.power.synced(&self.path);
            self.dirty = false;
        }
        Ok(())
    }

    /// Does every byte outlast a power cut?
    pub(crate) fn is_synced(&self) -> bool {
        !self.dirty
    }

    /// The directory it lies in has another name now.
    pub(crate) fn moved(&mut self, path: PathBuf) {
        self.path = path;
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

/// Measured on ext4: beyond some ten files, one sync of all is cheaper even while others write.
const FEW_FILES: usize = 8;
/// Ends the name of a file that is not in its place yet.
pub(crate) const DRAFT: &str = ".draft";
/// Two threads never share a draft.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placed_file_is_there_whole_or_not_at_all() {
        for n in 0..8 {
            let dir = tempfile::tempdir().unwrap();
            let placed = Disk::stopping_within(n).place(dir.path(), &dir.path().join("x"), b"whole");
            let there = fs::read(dir.path().join("x")).unwrap_or_default();
            assert!(there == b"whole" || (there.is_empty() && placed.is_err()), "step {n}");
        }
    }

    #[test]
    fn a_file_is_never_placed_over_another() {
        let dir = tempfile::tempdir().unwrap();
        Disk::default().place_new(dir.path(), &dir.path().join("x"), b"first").unwrap();
        let again = Disk::default().place_new(dir.path(), &dir.path().join("x"), b"second");
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(Disk::default().list(dir.path()).unwrap(), ["x"]);
        assert_eq!(fs::read(dir.path().join("x")).unwrap(), b"first");
    }

    #[test]
    fn a_torn_write_is_taken_back_or_nothing_follows_it() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::stopping_within(3);
        let mut file = disk.create(&dir.path().join("x")).unwrap();
        file.append(b"good").unwrap();
        assert!(file.append(b"torn").is_err());
        assert!(file.append(b"more").is_err());
        assert_eq!(fs::read(dir.path().join("x")).unwrap(), b"goodto");
        disk.go_on(u64::MAX);
        file.append(b"more").unwrap();
        assert_eq!(fs::read(dir.path().join("x")).unwrap(), b"goodmore");
    }
}
