//! Every call to the object store; the only door to `aws_sdk_s3`. Below it, `keys`: mint, unwrap, destroy.
//!
//! Bodies are bytes in memory and never streams, checksums only when required: what every S3 server we know takes.
//! Names are made from ids, of a fixed depth; no name is a folder of another.
//!
//! Not here: what the bytes mean (`spool`), which objects there are (`store`).

pub mod keys;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use spool::id::{RecordingId, TrackId};
use zeroize::Zeroizing;

/// Where the store is and who we are there.
#[derive(Clone, Debug)]
pub struct Place {
    /// `http://…` or `https://…`, without the bucket.
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    pub secret: Secret,
}

/// A secret key of the store; never printed.
#[derive(Clone)]
pub struct Secret(pub Zeroizing<String>);

/// The store. Cloning shares its connections.
#[derive(Clone, Debug)]
pub struct Vault {
    client: Client,
    place: Place,
    // Set once, when the store answers that it has no versions.
    unversioned: Arc<OnceLock<()>>,
}

/// The store did not do it. Ours to fix, or the provider's.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the store has no object {0}")]
    Missing(String),
    #[error("the store did not {what}: {why}")]
    Failed { what: &'static str, why: String },
    #[error("the store gave {found} bytes instead of {asked}")]
    Short { asked: u64, found: u64 },
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Vault {
    /// Nothing is asked of the store yet.
    pub fn at(place: Place) -> Self {
        let secret = Credentials::new(&place.access_key, place.secret.0.as_str(), None, None, "amtsleitung");
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(place.region.clone()))
            .endpoint_url(&place.endpoint)
            .force_path_style(true)
            .credentials_provider(secret)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), place, unversioned: Arc::default() }
    }

    /// The same store, reached by another way.
    #[cfg(test)]
    pub(crate) fn by_way_of(&self, endpoint: String) -> Self {
        Self::at(Place { endpoint, ..self.place.clone() })
    }

    /// The endpoint, for proof and pages.
    pub fn endpoint(&self) -> &str {
        &self.place.endpoint
    }

    pub fn bucket(&self) -> &str {
        &self.place.bucket
    }

    /// Makes the bucket unless it is there.
    pub async fn prepare(&self) -> Result<(), VaultError> {
        match self.client.head_bucket().bucket(&self.place.bucket).send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(404) => {
                let made = self.client.create_bucket().bucket(&self.place.bucket).send().await;
                made.map(drop).map_err(|error| failed("make the bucket", &error))
            }
            Err(error) => Err(failed("look for the bucket", &error)),
        }
    }

    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), VaultError> {
        let put = self.client.put_object().bucket(&self.place.bucket).key(name).body(bytes.into()).send().await;
        put.map(drop).map_err(|error| failed("take an object", &error))
    }

    /// The whole object.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>, VaultError> {
        self.fetch(name, None).await
    }

    /// `len` bytes from `offset` on; all of them or an error.
    pub async fn get_range(&self, name: &str, offset: u64, len: u64) -> Result<Vec<u8>, VaultError> {
        let Some(last) = len.checked_sub(1).and_then(|last| offset.checked_add(last)) else {
            return Ok(Vec::new());
        };
        let bytes = self.fetch(name, Some(format!("bytes={offset}-{last}"))).await?;
        let found = bytes.len() as u64;
        if found == len { Ok(bytes) } else { Err(VaultError::Short { asked: len, found }) }
    }

    /// Names that begin with `prefix`, versions and delete markers included where the store has them.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, VaultError> {
        let mut names = self.list_now(prefix).await?;
        names.extend(self.list_versions(prefix).await?.unwrap_or_default().into_iter().map(|(name, _)| name));
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Deletes every version and marker of exactly this name. Repeatable: what is gone is gone.
    pub async fn delete_all_versions(&self, name: &str) -> Result<(), VaultError> {
        let versions = self.list_versions(name).await?.unwrap_or_default();
        for (_, version) in versions.iter().filter(|(found, _)| found == name) {
            let gone =
                self.client.delete_object().bucket(&self.place.bucket).key(name).version_id(version).send().await;
            gone.map_err(|error| failed("delete a version", &error))?;
        }
        // With versions this would only add a marker; there is then nothing left that a listing shows.
        if self.list_now(name).await?.iter().any(|found| found == name) {
            let gone = self.client.delete_object().bucket(&self.place.bucket).key(name).send().await;
            gone.map_err(|error| failed("delete an object", &error))?;
        }
        Ok(())
    }

    /// The store's wall clock, from the `Date` of its answer; a witness for the sweeper.
    pub async fn now_ms(&self) -> Option<i64> {
        // Only an error hands out the raw answer: the object asked for is never there.
        let asked = self.client.head_object().bucket(&self.place.bucket).key(NO_OBJECT).send().await;
        let error = asked.err()?;
        let date = error.raw_response()?.headers().get("date")?.to_owned();
        let zoned = jiff::fmt::rfc2822::parse(&date).ok()?;
        Some(zoned.timestamp().as_millisecond())
    }

    async fn fetch(&self, name: &str, range: Option<String>) -> Result<Vec<u8>, VaultError> {
        let asked = self.client.get_object().bucket(&self.place.bucket).key(name).set_range(range).send().await;
        let answer = asked.map_err(|error| match status(&error) {
            Some(404) => VaultError::Missing(name.to_owned()),
            Some(_) | None => failed("give an object", &error),
        })?;
        let body = answer.body.collect().await;
        let broken = |error| VaultError::Failed { what: "give a whole object", why: format!("{error}") };
        Ok(body.map_err(broken)?.to_vec())
    }

    async fn list_now(&self, prefix: &str) -> Result<Vec<String>, VaultError> {
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let ask = self.client.list_objects_v2().bucket(&self.place.bucket).prefix(prefix);
            let page = ask.set_continuation_token(token).send().await.map_err(|error| failed("list", &error))?;
            names.extend(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned));
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// Names with version ids; `None` where the store knows no versions.
    async fn list_versions(&self, prefix: &str) -> Result<Option<Vec<(String, String)>>, VaultError> {
        if self.unversioned.get().is_some() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let (mut key, mut version) = (None, None);
        loop {
            let ask = self.client.list_object_versions().bucket(&self.place.bucket).prefix(prefix);
            let page = match ask.set_key_marker(key).set_version_id_marker(version).send().await {
                Ok(page) => page,
                Err(error) if status(&error) == Some(501) => {
                    self.unversioned.get_or_init(|| ());
                    return Ok(None);
                }
                Err(error) => return Err(failed("list versions", &error)),
            };
            let pair = |key: Option<&str>, id: Option<&str>| Some((key?.to_owned(), id?.to_owned()));
            found.extend(page.versions().iter().filter_map(|v| pair(v.key(), v.version_id())));
            found.extend(page.delete_markers().iter().filter_map(|m| pair(m.key(), m.version_id())));
            if !page.is_truncated().unwrap_or(false) {
                return Ok(Some(found));
            }
            (key, version) =
                (page.next_key_marker().map(str::to_owned), page.next_version_id_marker().map(str::to_owned));
        }
    }
}

/// The name of a voice's piece in the store: ids only, always three levels deep.
pub fn object_name(recording: RecordingId, chunk: &str, track: TrackId) -> String {
    format!("{recording}/{chunk}/{track}.voice")
}

/// What every name of a recording in the store begins with.
pub fn object_prefix(recording: RecordingId) -> String {
    format!("{recording}/")
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn failed<E>(what: &'static str, error: &SdkError<E>) -> VaultError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    SdkError<E>: std::error::Error,
{
    let why = error.code().map_or_else(|| DisplayErrorContext(error).to_string(), str::to_owned);
    VaultError::Failed { what, why }
}

const CONNECT: Duration = Duration::from_secs(5);
const ATTEMPT: Duration = Duration::from_secs(60);
const ATTEMPTS: u32 = 3;
const NO_OBJECT: &str = "0/0/no-such-object";
