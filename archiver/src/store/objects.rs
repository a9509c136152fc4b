//! Table `objects`: one sealed voice file in the store each, with the index of its records.
//!
//! With the index a stretch is found, fetched by range and opened without reading the rest of the file.
//!
//! Not here: the bytes, which lie in the store (`vault`).

use spool::id::{EpochId, RecordingId, Slot, TrackId};
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, get_slot, query, read, slot};

/// A piece of a voice: what one chunk holds of one track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Name in the store: `<recording>/<chunk>/<track>.voice`.
    pub name: String,
    pub recording: RecordingId,
    pub chunk: String,
    pub track: TrackId,
    pub epoch: EpochId,
    /// First slot of its first record; equals `until` when it holds no sound.
    pub first: Slot,
    /// Exclusive.
    pub until: Slot,
    pub bytes: u64,
    /// Of the sealed bytes, hexadecimal.
    pub sha256: String,
    pub records: Vec<Record>,
    /// Uploaded before its erase order was known: never played, soon gone.
    pub doomed: bool,
}

/// Where one record lies in the object, and which slots it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Of the record's clear prefix, from the start of the file.
    pub offset: u64,
    /// Of prefix and sealed text together.
    pub len: u32,
    pub counter: u32,
    pub first: Slot,
    /// Bit i: slot `first + i` is there.
    pub map: u32,
    /// The end record: it carries the count and no sound.
    pub end: bool,
}

impl Store {
    /// The pieces of a recording's voices that may be played, by track and time.
    pub async fn objects(&self, recording: RecordingId) -> Result<Vec<Object>, StoreError> {
        let sql = "SELECT o.* FROM objects o JOIN tracks t ON t.track = o.track
                   WHERE o.recording = $1 AND o.doomed = 0 AND t.state = 'living' ORDER BY o.track, o.first_slot, o.chunk";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&self.pool).await;
        rows.map_err(query("objects"))?.iter().map(object).collect()
    }

    /// Voices whose uploaded pieces are doomed, with their recording.
    pub async fn doomed(&self) -> Result<Vec<(RecordingId, TrackId)>, StoreError> {
        let sql = "SELECT DISTINCT recording, track FROM objects WHERE doomed = 1";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.map_err(query("doomed"))?;
        rows.iter().map(|row| Ok((read(row, T, "recording")?, read(row, T, "track")?))).collect()
    }
}

#[cfg(test)]
impl Store {
    /// For tests of what must go on without it: from now on the database refuses to drop what it says of this voice.
    pub(crate) async fn refuse_to_drop(&self, track: TrackId) -> Result<(), sqlx::Error> {
        let sql = format!(
            "CREATE TRIGGER refuse BEFORE DELETE ON objects WHEN OLD.track = '{track}' BEGIN SELECT RAISE(ABORT, 'no'); END"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&self.pool).await.map(drop)
    }
}

impl Tx {
    /// Everything of a recording that lies in the store, doomed pieces too.
    pub async fn all_objects(&mut self, recording: RecordingId) -> Result<Vec<Object>, StoreError> {
        let sql = "SELECT * FROM objects WHERE recording = $1 ORDER BY name";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&mut *self.inner).await;
        rows.map_err(query("objects"))?.iter().map(object).collect()
    }

    pub async fn add_object(&mut self, object: &Object) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO objects (name, recording, chunk, track, epoch, first_slot, until_slot, bytes, sha256,
                 record_index, doomed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (name) DO NOTHING",
        )
        .bind(&object.name)
        .bind(object.recording.to_string())
        .bind(&object.chunk)
        .bind(object.track.to_string())
        .bind(object.epoch.to_string())
        .bind(slot(object.first))
        .bind(slot(object.until))
        .bind(i64::try_from(object.bytes).unwrap_or(i64::MAX))
        .bind(&object.sha256)
        .bind(pack(&object.records))
        .bind(object.doomed)
        .execute(&mut *self.inner)
        .await
        .map_err(query("add object"))?;
        Ok(())
    }

    /// The pieces of an erased voice are to go; until a listing shows that they went, they stay rows.
    pub async fn doom_objects(&mut self, track: TrackId) -> Result<(), StoreError> {
        let sql = "UPDATE objects SET doomed = 1, record_index = X'' WHERE track = $1";
        let done = sqlx::query(sql).bind(track.to_string()).execute(&mut *self.inner).await;
        done.map_err(query("doom objects"))?;
        Ok(())
    }

    /// A listing showed that nothing of this voice is left in the store.
    pub async fn drop_objects(&mut self, track: TrackId) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM objects WHERE track = $1 AND doomed = 1").bind(track.to_string());
        done.execute(&mut *self.inner).await.map_err(query("drop objects"))?;
        Ok(())
    }
}

fn object(row: &SqliteRow) -> Result<Object, StoreError> {
    let wrong = |column| StoreError::Row { table: T, column };
    let bytes: i64 = get(row, T, "bytes")?;
    let index: Vec<u8> = get(row, T, "record_index")?;
    Ok(Object {
        name: get(row, T, "name")?,
        recording: read(row, T, "recording")?,
        chunk: get(row, T, "chunk")?,
        track: read(row, T, "track")?,
        epoch: read(row, T, "epoch")?,
        first: get_slot(row, T, "first_slot")?,
        until: get_slot(row, T, "until_slot")?,
        bytes: u64::try_from(bytes).map_err(|_| wrong("bytes"))?,
        sha256: get(row, T, "sha256")?,
        records: unpack(&index).ok_or_else(|| wrong("record_index"))?,
        doomed: get(row, T, "doomed")?,
    })
}

fn pack(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len() * RECORD_BYTES);
    for record in records {
        bytes.extend(record.offset.to_be_bytes());
        bytes.extend(record.len.to_be_bytes());
        bytes.extend(record.counter.to_be_bytes());
        bytes.extend(record.first.0.to_be_bytes());
        bytes.extend(record.map.to_be_bytes());
        bytes.push(u8::from(record.end));
    }
    bytes
}

fn unpack(bytes: &[u8]) -> Option<Vec<Record>> {
    if !bytes.len().is_multiple_of(RECORD_BYTES) {
        return None;
    }
    bytes.chunks_exact(RECORD_BYTES).map(unpack_one).collect()
}

fn unpack_one(bytes: &[u8]) -> Option<Record> {
    let (offset, rest) = bytes.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (counter, rest) = rest.split_first_chunk()?;
    let (first, rest) = rest.split_first_chunk()?;
    let (map, rest) = rest.split_first_chunk()?;
    Some(Record {
        offset: u64::from_be_bytes(*offset),
        len: u32::from_be_bytes(*len),
        counter: u32::from_be_bytes(*counter),
        first: Slot(u64::from_be_bytes(*first)),
        map: u32::from_be_bytes(*map),
        end: *rest.first()? == 1,
    })
}

const T: &str = "objects";
const RECORD_BYTES: usize = 8 + 4 + 4 + 8 + 4 + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_reads_back_what_was_packed() {
        let one = Record { offset: 128, len: 999, counter: 3, first: Slot(7), map: 0x1ff_ffff, end: false };
        let records = vec![one, Record { end: true, map: 0, ..one }];
        assert_eq!(unpack(&pack(&records)), Some(records));
        assert_eq!(unpack(&[0; 5]), None);
    }
}
