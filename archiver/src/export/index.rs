//! `index.json` of an export: what the files are, where each voice has sound, what is missing and why.
//!
//! Times are milliseconds from the start of the recording. Nothing here says who spoke off record.
//!
//! Not here: writing it (`files`).

use serde::Serialize;
use spool::id::{RecordingId, SeatNo};

use crate::playback::Playback;
use crate::sound::SAMPLE_RATE;
use crate::store::recordings::Recording;
use crate::store::tracks::Track;

#[derive(Debug, Serialize)]
pub(super) struct Index {
    version: u32,
    export: String,
    purpose: String,
    exported_utc_ms: i64,
    recording: RecordingId,
    meeting_number: Option<String>,
    /// The recording's state when it was exported.
    state: &'static str,
    started_utc_ms: i64,
    length_ms: u64,
    sample_rate: u32,
    /// How far two epochs may lie off against each other.
    error_ms: u32,
    epochs: Vec<Epoch>,
    seats: Vec<Seat>,
    files: Vec<Written>,
}

#[derive(Debug, Serialize)]
struct Epoch {
    epoch: spool::id::EpochId,
    from_ms: u64,
    until_ms: u64,
    from_utc_ms: i64,
    error_ms: u32,
}

#[derive(Debug, Serialize)]
struct Seat {
    seat: SeatNo,
    /// `None` when nothing of this seat can be heard any more.
    file: Option<String>,
    tracks: Vec<Stretch>,
}

/// One permit of a seat.
#[derive(Debug, Serialize)]
struct Stretch {
    track: spool::id::TrackId,
    state: &'static str,
    from_ms: u64,
    until_ms: u64,
    gaps: Vec<Gap>,
}

#[derive(Debug, Serialize)]
struct Gap {
    from_ms: u64,
    until_ms: u64,
    reason: String,
}

/// A file of the export.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// The export itself.
pub(super) struct About {
    pub(super) export: String,
    pub(super) purpose: String,
    pub(super) at_ms: i64,
    pub(super) number: Option<String>,
}

pub(super) fn index(
    about: &About,
    recording: &Recording,
    playback: &Playback,
    voices: &[SeatNo],
    files: &[Written],
) -> Index {
    let mut seats: Vec<Seat> = Vec::new();
    for track in &playback.tracks {
        let stretch = stretch(playback, track);
        match seats.iter_mut().find(|seat| seat.seat == track.seat) {
            Some(seat) => seat.tracks.push(stretch),
            None => {
                let file = voices.contains(&track.seat).then(|| voice_file(track.seat));
                seats.push(Seat { seat: track.seat, file, tracks: vec![stretch] });
            }
        }
    }
    let ms = |epoch, slot| playback.timeline.ms(epoch, slot).unwrap_or(0);
    let epochs = playback.epochs.iter().map(|clock| Epoch {
        epoch: clock.epoch,
        from_ms: ms(clock.epoch, clock.from),
        until_ms: ms(clock.epoch, clock.until),
        from_utc_ms: clock.from_utc_ms,
        error_ms: clock.error_ms,
    });
    Index {
        version: 0,
        export: about.export.clone(),
        purpose: about.purpose.clone(),
        exported_utc_ms: about.at_ms,
        recording: recording.id,
        meeting_number: about.number.clone(),
        state: recording.state.word(),
        started_utc_ms: playback.timeline.start_utc_ms(),
        length_ms: playback.timeline.slots() * spool::id::Slot::MS,
        sample_rate: SAMPLE_RATE,
        error_ms: playback.timeline.error_ms(),
        epochs: epochs.collect(),
        seats,
        files: files.to_vec(),
    }
}

/// The file of one seat's voice, all its permits on one timeline.
pub(super) fn voice_file(seat: SeatNo) -> String {
    format!("voice-{}.wav", seat.0)
}

fn stretch(playback: &Playback, track: &Track) -> Stretch {
    let ms = |slot| playback.timeline.ms(track.epoch, slot).unwrap_or(0);
    let open_end =
        playback.epochs.iter().find(|clock| clock.epoch == track.epoch).map_or(track.from, |clock| clock.until);
    let gaps = playback.gaps.iter().filter(|gap| gap.track == Some(track.track));
    Stretch {
        track: track.track,
        state: track.state.word(),
        from_ms: ms(track.from),
        until_ms: ms(track.until.unwrap_or(open_end)),
        gaps: gaps
            .map(|gap| Gap { from_ms: ms(gap.from), until_ms: ms(gap.until), reason: gap.reason.clone() })
            .collect(),
    }
}

pub(super) const FILE: &str = "index.json";
