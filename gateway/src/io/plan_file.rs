//! `DATA/plan.json`: the plan as it survives the archive's absence and our own restart.
//!
//! Written by one thread in the order it is asked, beside and renamed, synced before the answer: a track key counts as
//! used only when that is on the disk, so no crash makes two tracks of one key.
//! A full queue makes the asker wait: nothing may be used that is not written.
//!
//! Not here: what the plan says (`plan`).

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

/// The thread that writes; dropping it ends the thread after what was asked.
#[derive(Clone, Debug)]
pub struct PlanFile {
    writes: mpsc::Sender<Writing>,
}

#[derive(Debug)]
struct Writing {
    text: Zeroizing<String>,
    done: oneshot::Sender<bool>,
}

impl PlanFile {
    pub fn start(path: PathBuf) -> std::io::Result<Self> {
        let (writes, mut asked) = mpsc::channel::<Writing>(64);
        let work = move || {
            while let Some(write) = asked.blocking_recv() {
                let written = save(&path, write.text.as_bytes());
                if let Err(why) = &written {
                    tracing::error!(%why, "plan.json cannot be written");
                }
                // Whoever asked may have left; the plan is written all the same.
                let _gone = write.done.send(written.is_ok());
            }
        };
        std::thread::Builder::new().name("plan-file".to_owned()).spawn(work)?;
        Ok(Self { writes })
    }

    /// Answers when the text is on the disk (`true`) or could not be put there.
    pub async fn write(&self, text: Zeroizing<String>) -> bool {
        let (done, written) = oneshot::channel();
        self.writes.send(Writing { text, done }).await.is_ok() && written.await.unwrap_or(false)
    }
}

/// The plan's text, `None` when there is none yet.
pub(super) fn read(path: &Path) -> std::io::Result<Option<Zeroizing<String>>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(why),
    }
}

/// Beside and renamed, all of it synced. Blocks.
pub(super) fn save(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("json.new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
