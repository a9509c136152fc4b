//! The embedded demo store: `s3s-fs` on a loopback port, reached with the same client as a real provider.
//!
//! DEMO STORE: no versions, no lock, no sync to disk. Refused in production (`config`). Its access key is fixed, because
//! unfinished uploads belong to it; its secret lies in a file that only we may read.
//!
//! Not here: what is put there (`vault`).

use std::path::{Path, PathBuf};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::token;
use crate::vault::keys::{self, KeysError};
use crate::vault::{Place, Secret};

/// A running store; dropping it ends it.
pub(crate) struct Embedded {
    place: Place,
    root: PathBuf,
    task: JoinHandle<()>,
}

/// The store could not be started. Ours to fix.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("the embedded store's folder or port cannot be had")]
    Io(#[from] std::io::Error),
    #[error("the embedded store's secret cannot be had")]
    Secret(#[from] KeysError),
    #[error("the embedded store does not start: {0}")]
    Start(String),
}

impl Embedded {
    /// Starts the store over `root` with the secret in `secret_file` (made when there is none).
    pub(crate) async fn start(root: &Path, secret_file: &Path) -> Result<Self, EmbeddedError> {
        std::fs::create_dir_all(root)?;
        if !secret_file.exists() {
            keys::write(secret_file, token::fresh().as_bytes())?;
        }
        let secret = Zeroizing::new(std::fs::read_to_string(secret_file)?);
        let files = s3s_fs::FileSystem::new(root).map_err(|error| EmbeddedError::Start(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, secret.as_str()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let place = Place {
            endpoint: format!("http://{}", listener.local_addr()?),
            region: REGION.to_owned(),
            bucket: BUCKET.to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret: Secret(secret),
        };
        let task = tokio::spawn(accept(listener, service.build()));
        Ok(Self { place, root: root.to_owned(), task })
    }

    /// Where it is, for `Vault::at`.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Removes what the store itself leaves of deleted objects: a note a name, flat in its root, and empty folders.
    pub(crate) fn tidy(&self, prefix: &str) -> std::io::Result<()> {
        let folder = self.root.join(BUCKET).join(prefix);
        remove_empty(&folder)?;
        for entry in std::fs::read_dir(&self.root)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(object) = name.to_str().and_then(note_of) else { continue };
            if object.starts_with(prefix) && !self.root.join(BUCKET).join(&object).exists() {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, service: S3Service) {
    let http = Builder::new(TokioExecutor::new());
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let served = http.serve_connection(TokioIo::new(stream), service.clone()).into_owned();
        tokio::spawn(async move {
            let _ = served.await;
        });
    }
}

/// The object that a note of s3s-fs 0.14.1 (`.bucket-<b64>.object-<b64>.<kind>.json`) is about.
fn note_of(name: &str) -> Option<String> {
    use base64::Engine;
    let rest = name.strip_prefix(".bucket-")?;
    let (_, rest) = rest.split_once(".object-")?;
    let (encoded, _) = rest.split_once('.')?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()
}

fn remove_empty(folder: &Path) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_empty(&path)?;
        }
    }
    // A folder that still holds something stays.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

const ACCESS_KEY: &str = "amtsleitung-demo";
const REGION: &str = "embedded";
const BUCKET: &str = "recordings";
