-- Why: a recording, and everything needed to find, play, bound and destroy each voice in it.
-- Everything below hangs on the recording's id, so that its end can take all of it in one transaction.

CREATE TABLE recordings (
    id             TEXT PRIMARY KEY,
    meeting        TEXT NOT NULL REFERENCES meetings (id),
    gateway        TEXT NOT NULL,
    rule           TEXT NOT NULL,
    rule_hash      TEXT NOT NULL,
    -- Typed by people; NULL once destroyed.
    title          TEXT,
    state          TEXT NOT NULL CHECK (state IN ('receiving', 'kept', 'approved', 'due', 'destroying', 'destroyed')),
    approved_day   TEXT,
    started_ms     BIGINT NOT NULL,
    ended_ms       BIGINT,
    -- The gateway's own end of its chunks, carried along so that nothing here lives longer.
    destroy_by_ms  BIGINT NOT NULL,
    CHECK ((state <> 'approved') OR (approved_day IS NOT NULL))
);
CREATE INDEX recordings_by_meeting ON recordings (meeting, started_ms);

CREATE TABLE seats (
    recording   TEXT NOT NULL REFERENCES recordings (id),
    seat        BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    PRIMARY KEY (recording, seat)
);

CREATE TABLE chunks (
    name        TEXT PRIMARY KEY,
    hash        TEXT NOT NULL UNIQUE,
    recording   TEXT NOT NULL REFERENCES recordings (id),
    section     TEXT NOT NULL,
    epoch       TEXT NOT NULL,
    number      BIGINT NOT NULL,
    first_slot  BIGINT NOT NULL,
    until_slot  BIGINT NOT NULL,
    interrupted INTEGER NOT NULL,
    taken_ms    BIGINT NOT NULL
);
CREATE INDEX chunks_by_recording ON chunks (recording, number);

CREATE TABLE tracks (
    track       TEXT PRIMARY KEY REFERENCES track_keys (track),
    recording   TEXT NOT NULL REFERENCES recordings (id),
    seat        BIGINT NOT NULL,
    epoch       TEXT NOT NULL,
    from_slot   BIGINT NOT NULL,
    until_slot  BIGINT,
    state       TEXT NOT NULL CHECK (state IN ('living', 'erased', 'quarantined')),
    erased_ms   BIGINT
);
CREATE INDEX tracks_by_recording ON tracks (recording, seat, from_slot);

-- One sealed voice file in the store. A doomed one was uploaded before its erase order was known.
CREATE TABLE objects (
    name         TEXT PRIMARY KEY,
    recording    TEXT NOT NULL REFERENCES recordings (id),
    chunk        TEXT NOT NULL REFERENCES chunks (name),
    track        TEXT NOT NULL REFERENCES tracks (track),
    epoch        TEXT NOT NULL,
    first_slot   BIGINT NOT NULL,
    until_slot   BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    sha256       TEXT NOT NULL,
    record_index BLOB NOT NULL,
    doomed       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX objects_by_recording ON objects (recording, track, first_slot);

CREATE TABLE envelopes (
    chunk       TEXT NOT NULL REFERENCES chunks (name),
    track       TEXT NOT NULL REFERENCES tracks (track),
    envelope    BLOB NOT NULL,
    PRIMARY KEY (chunk, track)
);

CREATE TABLE gaps (
    recording   TEXT NOT NULL REFERENCES recordings (id),
    track       TEXT NOT NULL,
    epoch       TEXT NOT NULL,
    from_slot   BIGINT NOT NULL,
    until_slot  BIGINT NOT NULL,
    reason      TEXT NOT NULL
);
CREATE INDEX gaps_by_recording ON gaps (recording, track, from_slot);

CREATE TABLE clocks (
    recording   TEXT NOT NULL REFERENCES recordings (id),
    epoch       TEXT NOT NULL,
    slot        BIGINT NOT NULL,
    utc_ms      BIGINT NOT NULL,
    ntp         INTEGER NOT NULL,
    offset_us   BIGINT NOT NULL,
    error_us    BIGINT NOT NULL
);
CREATE INDEX clocks_by_recording ON clocks (recording, epoch, slot);

-- What happened to the record as a whole: started, paused, resumed, stopped, marker, off_record, interrupted, lost.
CREATE TABLE moments (
    recording   TEXT NOT NULL REFERENCES recordings (id),
    epoch       TEXT NOT NULL,
    slot        BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    detail      TEXT
);
CREATE INDEX moments_by_recording ON moments (recording, epoch, slot);
