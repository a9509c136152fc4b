//! `gateway serve`: binds everything, starts the threads, runs the switchboard, and ends it on SIGTERM or SIGINT.
//!
//! The first signal drains (no new calls, everybody hears that it ends), a second one ends at once; what is being
//! recorded is closed and handed over either way.
//!
//! Not here: what the settings may say (`config`), and anything that happens during a call (`switchboard`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spool::id::EpochId;
use spool::sign::SigningKey;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::clock::Clock;
use super::connections::FromStream;
use super::control::ControlError;
use super::holding::{Holding, HoldingError};
use super::listener::{Datagram, ListenError, Listener};
use super::seal::{self, SealError};
use super::signing_key::{self, KeyError};
use super::switchboard::{self, Parts, Queues};
use super::{control, media, plan_file, recorder};
use crate::admission::Buckets;
use crate::config::{Config, Limits};
use crate::plan::{Plan, PlanError};
use crate::prompts::{PromptError, Prompts};

/// Why the gateway did not start. The administrator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{what} {path}")]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Holding(#[from] HoldingError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("plan.json does not read: {0}")]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Prompts(#[from] PromptError),
    #[error("the spool")]
    Spool(#[from] spool::write::SpoolError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("starting {what}")]
    Start { what: &'static str, source: std::io::Error },
}

/// Blocks until the gateway has ended.
pub fn run(config: Config) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| StartError::Start { what: "tokio", source })?;
    let ended = runtime.block_on(serve(config));
    // A reader that is still waiting for a datagram must not keep the process.
    runtime.shutdown_background();
    ended
}

async fn serve(config: Config) -> Result<(), StartError> {
    let data = config.data.clone();
    std::fs::create_dir_all(&data).map_err(|source| StartError::File {
        what: "data directory",
        path: data.clone(),
        source,
    })?;
    let _held = Holding::take(&data)?;
    see_to_descriptors(&config.limits);
    let key = signing_key::load_or_make(&data)?;
    let verifying = key.verifying();
    let plan_path = data.join("plan.json");
    let plan = plan_at(&config, &plan_path)?;
    let prompts = Arc::new(Prompts::load(&|file| replaced(config.prompts.as_deref(), file))?);
    let plan_file = plan_file::PlanFile::start(plan_path)
        .map_err(|source| StartError::Start { what: "the plan's thread", source })?;

    let listeners = bind(&config)?;
    let door = control::bind(&config.control_socket()).await?;
    let (clock, boot) = (Clock::start(), epoch());
    let sound = start_sound(&config, key, clock, boot)?;

    let (datagrams, datagram_queue) = mpsc::channel(DATAGRAMS);
    let (streams, stream_queue) = mpsc::channel(STREAMS);
    listen(&listeners, &datagrams, &streams);
    let (asks, ask_queue) = mpsc::channel(ASKS);
    tokio::spawn(control::serve(door, asks, config.spool()));
    let (stopper, stop) = watch::channel(0);
    tokio::spawn(signals(stopper));

    let queues = Queues {
        datagrams: datagram_queue,
        streams: stream_queue,
        sound: sound.news,
        recorder: sound.said,
        asks: ask_queue,
        stop,
    };
    let parts = Parts {
        endpoint: endpoint(&config),
        config,
        listeners,
        streams,
        plan,
        plan_file,
        prompts,
        workers: sound.workers,
        recorder: sound.recorder,
        clock,
        boot,
        tag_key: tag_key(),
        gateway: verifying.gateway(),
        signing_key: verifying.to_string(),
    };
    switchboard::run(parts, queues).await;
    tracing::info!("ended");
    Ok(())
}

/// The threads of sound and of the disk, and what they say.
struct Sound {
    workers: media::Workers,
    news: mpsc::Receiver<media::FromWorker>,
    recorder: recorder::Recorder,
    said: mpsc::Receiver<recorder::FromRecorder>,
}

fn start_sound(config: &Config, key: SigningKey, clock: Clock, boot: EpochId) -> Result<Sound, StartError> {
    let settings = recorder::Settings {
        spool: config.spool(),
        key,
        epoch: boot,
        chunk: std::time::Duration::from_secs(config.recording.chunk_seconds),
        floor_bytes: config.recording.disk_floor_mb.saturating_mul(1_000_000),
    };
    let started = recorder::Recorder::start(settings, clock)?;
    for found in &started.recovered {
        tracing::warn!(?found, "closed what an earlier run left open");
    }
    let silence_limit = config.media.silence_limit();
    let held_limit = silence_limit.max(HELD_LIMIT);
    let settings = media::Settings { workers: config.media.workers, silence_limit, held_limit };
    let (workers, news) = media::Workers::start(&settings, clock, &started.frames)
        .map_err(|source| StartError::Start { what: "the media workers", source })?;
    Ok(Sound { workers, news, recorder: started.recorder, said: started.said })
}

fn bind(config: &Config) -> Result<Vec<Listener>, ListenError> {
    let mut listeners = Vec::new();
    for listener in &config.listen {
        listeners.extend(Listener::bind(listener)?);
    }
    Ok(listeners)
}

fn listen(listeners: &[Listener], datagrams: &mpsc::Sender<Datagram>, streams: &mpsc::Sender<FromStream>) {
    for listener in listeners {
        tracing::info!(address = %listener.local, transport = ?listener.transport(), "listening for SIP");
        tokio::spawn(listener.clone().read(datagrams.clone(), streams.clone()));
    }
}

/// The plan as it was when the last run ended, empty at the first.
///
/// After an end without goodbye its records are paused, and it says so on the disk before the recorder closes what is open:
/// however soon the next end follows, the start after it does not begin to record by itself.
fn plan_at(config: &Config, path: &Path) -> Result<Plan, StartError> {
    let wrong = |source| StartError::File { what: "plan", path: path.to_owned(), source };
    let mut plan = match plan_file::read(path).map_err(wrong)? {
        Some(text) => Plan::from_json(&text)?,
        None => Plan::default(),
    };
    if seal::ended_uncleanly(config)? {
        plan.pause_all();
        plan_file::save(path, plan.to_json().as_bytes()).map_err(wrong)?;
        seal::clear_mark(&config.data)?;
    }
    Ok(plan)
}

fn endpoint(config: &Config) -> sip::Endpoint {
    let limits = sip::Limits { calls: config.limits.calls, in_setup: config.limits.in_setup };
    let user_agent = concat!("Amtsleitung/", env!("CARGO_PKG_VERSION")).to_owned();
    let mut buckets = Buckets::new(config.limits.calls_per_second);
    let admits: sip::Admits = Box::new(move |now, path| buckets.take(path.remote.ip(), now));
    sip::Endpoint::new(sip::Config { user_agent, limits, admits, chance: Box::new(super::chance) })
}

/// Counts SIGTERM and SIGINT.
async fn signals(stopper: watch::Sender<u8>) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received; only SIGKILL ends this process");
        return;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopper.send_modify(|count| *count = count.saturating_add(1));
    }
}

/// An office's own recording of a prompt, where there is one.
fn replaced(directory: Option<&Path>, file: &str) -> Option<Vec<u8>> {
    std::fs::read(directory?.join(file)).ok()
}

fn epoch() -> EpochId {
    let mut bytes = [0; 8];
    super::chance(&mut bytes);
    EpochId(bytes)
}

/// The key under which callers' numbers are counted: of this run only, in memory only.
fn tag_key() -> [u8; 32] {
    let mut bytes = [0; 32];
    super::chance(&mut bytes);
    bytes
}

/// A recording that finds no descriptor left would look like a disk that fails.
fn see_to_descriptors(limits: &Limits) {
    let (needed, allowed) = (limits.descriptors(), super::sys::raise_descriptors());
    if allowed < needed {
        tracing::warn!(
            allowed,
            needed,
            "too few file descriptors for the calls in [limits]: raise LimitNOFILE (ulimit -n) or lower limits.calls"
        );
    }
}

/// Some hundred calls' worth of SIP; more at once is a flood, and SIP sends again.
const DATAGRAMS: usize = 2048;

/// Whoever finds it full waits: a connection has its own place in the kernel.
const STREAMS: usize = 256;

const ASKS: usize = 64;

/// Longer than anybody looks for a file; an exchange that forgot a held call must not keep its seat for ever.
const HELD_LIMIT: std::time::Duration = std::time::Duration::from_secs(30 * 60);

#[cfg(test)]
mod tests {
    use spool::id::MeetingId;

    use super::*;

    /// A data directory with one meeting in its plan.
    fn ground() -> (tempfile::TempDir, Config) {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().display();
        let config = Config::parse(&format!("data = \"{data}\"\n[[listen]]\nudp = \"127.0.0.1:5060\"\n")).unwrap();
        std::fs::create_dir_all(config.spool().join("open")).unwrap();
        std::fs::write(dir.path().join("plan.json"), crate::plan::tests::planned().to_json().as_bytes()).unwrap();
        (dir, config)
    }

    fn start(config: &Config) -> Plan {
        plan_at(config, &config.data.join("plan.json")).unwrap()
    }

    const MEETING: MeetingId = MeetingId([1; 16]);

    #[test]
    fn a_second_end_without_goodbye_soon_after_the_first_leaves_the_record_paused() {
        let (_dir, config) = ground();
        assert!(!start(&config).is_paused(MEETING));
        let chunk = config.spool().join("open/chunk");
        std::fs::create_dir(&chunk).unwrap();
        // Killed before the recorder closed it, and after.
        assert!(start(&config).is_paused(MEETING));
        assert!(start(&config).is_paused(MEETING));
        std::fs::remove_dir(&chunk).unwrap();
        assert!(start(&config).is_paused(MEETING));
        // Somebody says on; an end with goodbye follows.
        let mut plan = start(&config);
        assert!(plan.unpause(MEETING));
        plan_file::save(&config.data.join("plan.json"), plan.to_json().as_bytes()).unwrap();
        assert!(!start(&config).is_paused(MEETING));
    }

    #[test]
    fn what_was_sealed_without_a_start_pauses_the_next_one_and_those_after_it() {
        let (_dir, config) = ground();
        std::fs::write(config.data.join("unclean"), "").unwrap();
        assert!(start(&config).is_paused(MEETING));
        assert!(!config.data.join("unclean").exists());
        assert!(start(&config).is_paused(MEETING));
    }
}
