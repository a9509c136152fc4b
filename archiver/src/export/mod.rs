//! `archiver export`: the voices of a recording as files, for a purpose that is written down first.
//!
//! Beside them `consents.json` lays open why each voice in them may be there.
//!
//! While the meeting runs, the gateway is asked to hand over what it has; what is exported is what the archive holds
//! then. One WAV a voice and one of all, on one timeline, and `index.json` that says what they are. The export is in the
//! database and in the audit before the first byte is written: the proof of destruction will count it.
//!
//! Not here: who may (`access`), how sound is made (`sound`).

mod consents;
mod cut;
mod files;
mod index;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use spool::id::RecordingId;

use crate::access::{self, Act, Denied, Person, Purpose, Role};
use crate::causes::sentence;
use crate::io::house::{House, HouseError};
use crate::playback::{Playback, PlaybackError};
use crate::sound::Whose;
use crate::store::StoreError;
use crate::store::recordings::Recording;

/// What the command line may say.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which recording, as `rec-…`.
    #[arg(required_unless_present = "latest", conflicts_with = "latest")]
    recording: Option<RecordingId>,
    /// The newest recording, also one that is running.
    #[arg(long)]
    latest: bool,
    /// Where the files go; made if it is not there. Files of an earlier export there are replaced.
    #[arg(long)]
    out: PathBuf,
    /// What for: written down and kept with the audit.
    #[arg(long)]
    purpose: String,
    /// The archive's data, or the demo's [default: ~/.local/share/amtsleitung-demo].
    #[arg(long)]
    data: Option<PathBuf>,
    /// The passphrase of the archive key [default: the demo's, where there is one].
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

/// Why nothing, or not everything, was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("--purpose needs 3 to 200 characters on one line: what is the export for?")]
    Purpose,
    #[error("there is no such recording")]
    Unknown,
    #[error("nothing is recorded yet")]
    Nothing,
    #[error("this recording is being destroyed or is destroyed: nothing leaves the archive any more")]
    Over,
    #[error("an export needs a release by a person who may, made on the desk; only the demo gives it by itself")]
    NoRelease,
    #[error("the running archive did not hand over what it has: {0}")]
    Cut(String),
    #[error("{path} cannot be written")]
    File { path: PathBuf, source: Box<dyn std::error::Error + Send + Sync> },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    House(#[from] HouseError),
    #[error(transparent)]
    Playback(#[from] PlaybackError),
}

/// The whole command.
pub fn run(args: &Args) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(export(args)),
        Err(source) => Err(ExportError::File { path: PathBuf::from("a thread"), source: source.into() }),
    };
    match done {
        Ok(written) => {
            for path in written {
                println!("{}", path.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("archiver: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// Exports, and answers with the files written.
pub async fn export(args: &Args) -> Result<Vec<PathBuf>, ExportError> {
    let purpose = Purpose::named(&args.purpose).ok_or(ExportError::Purpose)?;
    let data = args.data.clone().unwrap_or_else(default_data);
    let house = House::open_offline(&data, args.passphrase_file.as_deref()).await?;
    house.archive()?;
    let id = match cut::cut(&house.admin_socket(), args.recording).await? {
        Some(id) => id,
        None => asleep(&house, args.recording).await?,
    };
    let recording = released(&house, id, &purpose).await?;
    write(&house, &recording, &purpose, &args.out).await
}

/// Writes the export down, then the files.
async fn write(
    house: &House,
    recording: &Recording,
    purpose: &Purpose,
    out: &Path,
) -> Result<Vec<PathBuf>, ExportError> {
    let playback = Playback::open(house, recording.id).await?;
    // All sounds are made before anything is written down: what cannot be made is no export.
    let voices = playback.voices();
    let mut sounds = vec![("all.wav".to_owned(), playback.sound(Whose::All).map_err(PlaybackError::from)?)];
    for seat in &voices {
        let sound = playback.sound(Whose::One(*seat)).map_err(PlaybackError::from)?;
        sounds.push((index::voice_file(*seat), sound));
    }
    let count = u32::try_from(sounds.len() + 2).unwrap_or(u32::MAX);
    let export = house.begin_export(&person(), recording.id, purpose, count).await?;
    let at_ms = house.clock().now_ms();

    let out = files::Out::prepare(out)?;
    let mut written = Vec::new();
    for (name, sound) in &sounds {
        written.push(out.wav(house, &playback, name, sound).await?);
    }
    let acts = house.store().acts(recording.id).await.map_err(HouseError::from)?;
    written.push(out.json(consents::FILE, &consents::consents(&playback, &acts))?);
    let number =
        house.store().meeting(recording.meeting).await.map_err(HouseError::from)?.map(|meeting| meeting.number);
    let about = index::About { export, purpose: purpose.text().to_owned(), at_ms, number };
    let index = index::index(&about, recording, &playback, &voices, &written);
    let mut paths: Vec<PathBuf> = written.iter().map(|file| out.path(&file.name)).collect();
    out.json(index::FILE, &index)?;
    paths.push(out.path(index::FILE));
    Ok(paths)
}

/// No archive runs beside us: what lies there is all there is.
async fn asleep(house: &House, asked: Option<RecordingId>) -> Result<RecordingId, ExportError> {
    match asked {
        Some(id) => Ok(id),
        None => {
            let latest = house.store().latest_recording().await.map_err(HouseError::from)?;
            latest.map(|recording| recording.id).ok_or(ExportError::Nothing)
        }
    }
}

async fn released(house: &House, id: RecordingId, purpose: &Purpose) -> Result<Recording, ExportError> {
    let store = house.store();
    let recording = store.recording(id).await.map_err(HouseError::from)?.ok_or(ExportError::Unknown)?;
    if !recording.state.is_living() {
        return Err(ExportError::Over);
    }
    let meeting = store.meeting(recording.meeting).await.map_err(HouseError::from)?;
    let meeting = meeting.ok_or(HouseError::Store(StoreError::Missing("meeting of that recording")))?;
    if !meeting.demo {
        return Err(ExportError::NoRelease);
    }
    access::may(&person(), Some(purpose), Act::Export)?;
    Ok(recording)
}

/// Whoever sits at the machine of the demo.
fn person() -> Person {
    Person { id: "command-line".to_owned(), role: Role::Clerk }
}

fn default_data() -> PathBuf {
    let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("/root"), PathBuf::from);
    home.join(".local/share/amtsleitung-demo")
}

#[cfg(test)]
mod tests;
