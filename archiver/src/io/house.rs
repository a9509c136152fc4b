//! The archive's house: everything a page, a worker or a command needs, in one cheap handle.
//!
//! [`House::open`] is for `archiver serve`; [`House::open_offline`] for commands beside it, which share the running
//! server's database and store. [`House`] also holds the few acts that are one transaction with their audit event.
//!
//! Not here: listeners and workers (`io::serve`).

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use spool::id::{RecordingId, TrackId};
use spool::keys::FileKey;
use tokio::sync::{Notify, watch};
use zeroize::Zeroizing;

use super::clock::Clock;
use super::embedded::{Embedded, EmbeddedError};
use super::token;
use crate::access::{Act, Person, Purpose};
use crate::config::{Config, Mode};
use crate::evidence::Deed;
use crate::gateways::Gateways;
use crate::recording::{Event, Mover, State};
use crate::store::exports::Export;
use crate::store::{Store, StoreError};
use crate::vault::keys::{self, Archive, Keys, KeysError};
use crate::vault::{Place, Secret, Vault, VaultError};

/// Everything, shared. Clone it freely.
#[derive(Clone)]
pub struct House {
    inner: Arc<Inner>,
}

struct Inner {
    data: PathBuf,
    mode: Mode,
    store: Store,
    vault: Vault,
    keys: Keys,
    gateways: Gateways,
    clock: Clock,
    // A lock and not a message: every range a player asks for needs the key, and it changes once in a process's life.
    archive: RwLock<Option<Archive>>,
    embedded: Option<Embedded>,
    bell: Notify,
    taken: watch::Sender<u64>,
    sweep: watch::Sender<SweepStatus>,
}

/// What the sweeper is doing, for the desk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SweepStatus {
    /// It has not run since the start.
    #[default]
    NotYet,
    Running,
    /// All is done that was due then.
    Done {
        at_ms: i64,
        destroyed: u32,
    },
    /// It does not believe the clock and waits for a person's word.
    Held {
        at_ms: i64,
        why: String,
    },
    /// Something failed; it tries again.
    Failed {
        at_ms: i64,
        why: String,
    },
}

/// Something of the archive's own did not work; its cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    #[error("the folder {path} cannot be used")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("there is no archive in {0}")]
    NoArchive(PathBuf),
    #[error("the archive is locked: its key's passphrase is needed to listen and to export")]
    Locked,
    #[error("this voice was erased or destroyed")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error("the store of the running archive is not known: {0}")]
    StorePlace(PathBuf),
}

impl House {
    /// Opens or makes everything `config` names, and starts the embedded store where there is no other.
    pub async fn open(config: &Config) -> Result<Self, HouseError> {
        let data = config.data.clone();
        for folder in [data.clone(), data.join(KEYS), data.join(PROOFS), data.join(QUARANTINE)] {
            private_folder(&folder)?;
        }
        if let Some(file) = &config.passphrase_file {
            let passphrase = keys::passphrase(file)?;
            let folder = data.join(KEYS);
            blocking(move || Keys::create(&folder, &passphrase)).await?;
        }
        let keys = Keys::open(&data.join(KEYS))?;
        let (place, embedded) = match &config.store {
            Some(place) => (external(place)?, None),
            None => {
                let embedded = Embedded::start(&data.join("store"), &data.join(KEYS).join("store.secret")).await?;
                (embedded.place().clone(), Some(embedded))
            }
        };
        let vault = Vault::at(place.clone());
        vault.prepare().await?;
        let secret_file =
            config.store.as_ref().map_or_else(|| data.join(KEYS).join("store.secret"), |s| s.secret_file.clone());
        Running::write(&data, &place, &secret_file)?;
        let gateways = Gateways::at(config.gateway.iter().map(|gateway| gateway.socket.clone()));
        let house = Self::build(data, config.mode, keys, vault, embedded, gateways).await?;
        if let Some(file) = &config.passphrase_file {
            house.unlock(keys::passphrase(file)?).await?;
        }
        Ok(house)
    }

    /// Opens an archive beside `archiver serve`, or without it. `data` is the archive's directory or the one above it
    /// (`DIR` of `deploy/demo`). Without a passphrase file the demo's is taken where there is one; else it stays locked.
    pub async fn open_offline(data: &Path, passphrase_file: Option<&Path>) -> Result<Self, HouseError> {
        let below = data.join("archiver");
        let data = if below.join(DATABASE).exists() { below } else { data.to_owned() };
        if !data.join(DATABASE).exists() {
            return Err(HouseError::NoArchive(data));
        }
        let keys = Keys::open(&data.join(KEYS))?;
        let running = Running::read(&data)?;
        let (place, embedded) = if running.is_external() || running.answers().await {
            (running.place()?, None)
        } else {
            let embedded = Embedded::start(&data.join("store"), &data.join(KEYS).join("store.secret")).await?;
            (embedded.place().clone(), Some(embedded))
        };
        let vault = Vault::at(place);
        let house = Self::build(data.clone(), Mode::Production, keys, vault, embedded, Gateways::at([])).await?;
        let demo = data.parent().map(|above| above.join(DEMO_PASSPHRASE)).filter(|file| file.exists());
        if let Some(file) = passphrase_file.map(Path::to_owned).or(demo) {
            house.unlock(keys::passphrase(&file)?).await?;
        }
        Ok(house)
    }

    async fn build(
        data: PathBuf,
        mode: Mode,
        keys: Keys,
        vault: Vault,
        embedded: Option<Embedded>,
        gateways: Gateways,
    ) -> Result<Self, HouseError> {
        let store = Store::open(&data.join(DATABASE)).await?;
        let inner = Inner {
            data,
            mode,
            store,
            vault,
            keys,
            gateways,
            clock: Clock::start(),
            archive: RwLock::new(None),
            embedded,
            bell: Notify::new(),
            taken: watch::Sender::new(0),
            sweep: watch::Sender::new(SweepStatus::NotYet),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The archive's own directory.
    pub fn data(&self) -> &Path {
        &self.inner.data
    }

    pub fn mode(&self) -> Mode {
        self.inner.mode
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub fn gateways(&self) -> &Gateways {
        &self.inner.gateways
    }

    pub fn clock(&self) -> Clock {
        self.inner.clock
    }

    /// `archiver serve`'s admin socket.
    pub fn admin_socket(&self) -> PathBuf {
        self.inner.data.join(ADMIN_SOCKET)
    }

    pub fn proofs(&self) -> PathBuf {
        self.inner.data.join(PROOFS)
    }

    pub fn quarantine(&self) -> PathBuf {
        self.inner.data.join(QUARANTINE)
    }

    /// Is the embedded demo store in use? The desk says so.
    pub fn store_is_embedded(&self) -> bool {
        self.inner.embedded.is_some()
    }

    /// Removes what an embedded store leaves of deleted objects.
    pub fn tidy_store(&self, prefix: &str) -> std::io::Result<()> {
        self.inner.embedded.as_ref().map_or(Ok(()), |embedded| embedded.tidy(prefix))
    }

    /// What the sweeper is doing.
    pub fn sweep_status(&self) -> watch::Receiver<SweepStatus> {
        self.inner.sweep.subscribe()
    }

    pub(crate) fn say_sweep(&self, status: SweepStatus) {
        self.inner.sweep.send_replace(status);
    }

    /// Rung when there may be something to take in.
    pub(crate) fn ring(&self) {
        self.inner.bell.notify_one();
    }

    pub(crate) async fn rung(&self) {
        self.inner.bell.notified().await;
    }

    /// Counts up whenever a chunk or an order was taken in: whoever waits for one looks again then.
    pub fn taken(&self) -> watch::Receiver<u64> {
        self.inner.taken.subscribe()
    }

    pub(crate) fn say_taken(&self) {
        self.inner.taken.send_modify(|count| *count += 1);
    }

    /// Unlocks the archive key for this process.
    pub async fn unlock(&self, passphrase: Zeroizing<String>) -> Result<(), HouseError> {
        let keys = self.inner.keys.clone();
        let archive = blocking(move || keys.unlock(&passphrase)).await?;
        *self.inner.archive.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(archive);
        Ok(())
    }

    /// The archive key, if it is unlocked.
    pub fn archive(&self) -> Result<Archive, HouseError> {
        let archive = self.inner.archive.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        archive.clone().ok_or(HouseError::Locked)
    }

    /// The key that opens what `chunk` holds of `track`.
    pub async fn file_key(&self, track: TrackId, chunk: &str) -> Result<FileKey, HouseError> {
        let archive = self.archive()?;
        let sealed = self.store().track_key(track).await?.and_then(|key| key.sealed).ok_or(HouseError::Gone)?;
        let envelope = self.store().envelope(chunk, track).await?.ok_or(HouseError::Gone)?;
        Ok(archive.file_key(track, &sealed, &envelope)?)
    }

    /// Writes down that somebody acts on a recording, committed when this answers: call it before the first byte leaves.
    pub async fn audit(
        &self,
        person: &Person,
        act: Act,
        recording: RecordingId,
        purpose: Option<&Purpose>,
        detail: Option<&str>,
    ) -> Result<(), HouseError> {
        let object = recording.to_string();
        let deed = deed(person, act, &object, purpose, detail);
        self.store().audit(&deed, Some(recording), self.clock().now_ms()).await?;
        Ok(())
    }

    /// The minutes were approved on `day`; revocable until the term has passed.
    pub async fn approve(&self, person: &Person, recording: RecordingId, day: Date) -> Result<State, HouseError> {
        let event = Event::MinutesApproved { day };
        self.move_by_clerk(person, Act::ApproveMinutes, recording, event, Some(&day.to_string())).await
    }

    /// They were not, after all.
    pub async fn revoke_approval(&self, person: &Person, recording: RecordingId) -> Result<State, HouseError> {
        self.move_by_clerk(person, Act::RevokeApproval, recording, Event::ApprovalRevoked, None).await
    }

    /// Writes an export down, with its audit event; the answer is its id. Call it before the first byte leaves.
    pub async fn begin_export(
        &self,
        person: &Person,
        recording: RecordingId,
        purpose: &Purpose,
        files: u32,
    ) -> Result<String, HouseError> {
        let id = format!("exp-{}", crate::evidence::hex(&token::random::<8>()));
        let at_ms = self.clock().now_ms();
        let export = Export {
            id: id.clone(),
            recording,
            person: person.id.clone(),
            purpose: purpose.text().to_owned(),
            at_ms,
            files,
        };
        let object = recording.to_string();
        let mut tx = self.store().begin().await?;
        tx.audit(&deed(person, Act::Export, &object, Some(purpose), Some(&id)), Some(recording), at_ms).await?;
        tx.add_export(&export).await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn move_by_clerk(
        &self,
        person: &Person,
        act: Act,
        recording: RecordingId,
        event: Event,
        detail: Option<&str>,
    ) -> Result<State, HouseError> {
        let object = recording.to_string();
        let mut tx = self.store().begin().await?;
        let state = tx.move_recording(recording, event, Mover::Clerk).await?;
        tx.audit(&deed(person, act, &object, None, detail), Some(recording), self.clock().now_ms()).await?;
        tx.commit().await?;
        Ok(state)
    }
}

fn deed<'a>(
    person: &'a Person,
    act: Act,
    object: &'a str,
    purpose: Option<&'a Purpose>,
    detail: Option<&'a str>,
) -> Deed<'a> {
    let purpose = purpose.map(Purpose::text);
    Deed { kind: act.word(), by: &person.id, role: person.role.word(), object, purpose, detail }
}

/// `store.json`: where the running archive's store is, for commands beside it.
#[derive(Serialize, Deserialize)]
struct Running {
    endpoint: String,
    region: String,
    bucket: String,
    access_key: String,
    secret_file: PathBuf,
    external: bool,
}

impl Running {
    fn write(data: &Path, place: &Place, secret_file: &Path) -> Result<(), HouseError> {
        let running = Self {
            endpoint: place.endpoint.clone(),
            region: place.region.clone(),
            bucket: place.bucket.clone(),
            access_key: place.access_key.clone(),
            secret_file: secret_file.to_owned(),
            external: !secret_file.starts_with(data),
        };
        let text = serde_json::to_vec(&running).map_err(|_| HouseError::StorePlace(data.join(STORE_PLACE)))?;
        Ok(keys::write(&data.join(STORE_PLACE), &text)?)
    }

    fn read(data: &Path) -> Result<Self, HouseError> {
        let path = data.join(STORE_PLACE);
        let text = std::fs::read(&path).map_err(|_| HouseError::StorePlace(path.clone()))?;
        serde_json::from_slice(&text).map_err(|_| HouseError::StorePlace(path))
    }

    fn is_external(&self) -> bool {
        self.external
    }

    async fn answers(&self) -> bool {
        match self.endpoint.strip_prefix("http://") {
            Some(address) => tokio::net::TcpStream::connect(address).await.is_ok(),
            None => false,
        }
    }

    fn place(&self) -> Result<Place, HouseError> {
        Ok(Place {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            bucket: self.bucket.clone(),
            access_key: self.access_key.clone(),
            secret: secret(&self.secret_file)?,
        })
    }
}

fn external(place: &crate::config::StorePlace) -> Result<Place, HouseError> {
    Ok(Place {
        endpoint: place.endpoint.clone(),
        region: place.region.clone(),
        bucket: place.bucket.clone(),
        access_key: place.access_key.clone(),
        secret: secret(&place.secret_file)?,
    })
}

fn secret(file: &Path) -> Result<Secret, HouseError> {
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|source| HouseError::Folder { path: file.to_owned(), source })?;
    Ok(Secret(Zeroizing::new(text.trim().to_owned())))
}

/// Makes a folder for nobody else's eyes; one that is there and open to others is closed, or refused when it is not ours.
fn private_folder(path: &Path) -> Result<(), HouseError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let wrong = |source| HouseError::Folder { path: path.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(wrong)?;
    if std::fs::metadata(path).map_err(wrong)?.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(wrong)?;
        tracing::warn!(folder = %path.display(), "was open to others; closed to all but its owner");
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeysError> + Send + 'static,
) -> Result<T, HouseError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|_| KeysError::Machine)??)
}

const DATABASE: &str = "archive.db";
const KEYS: &str = "keys";
const PROOFS: &str = "proofs";
const QUARANTINE: &str = "quarantine";
const ADMIN_SOCKET: &str = "admin.sock";
const STORE_PLACE: &str = "store.json";
const DEMO_PASSPHRASE: &str = "demo-passphrase";

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_that_was_open_to_others_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archiver");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        private_folder(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn what_this_process_makes_is_for_its_owner_alone() {
        crate::io::close_to_others();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archive.db");
        std::fs::write(&path, "x").unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
