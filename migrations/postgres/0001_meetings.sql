-- Why: a meeting, its sections and the key pairs of its voices are the first things the archive must know,
-- because nothing may be recorded before a private half lies here, sealed to the archive key.
-- Times are milliseconds since 1970 (UTC), ids are text with their kind in front.

CREATE TABLE meetings (
    id          TEXT PRIMARY KEY,
    number      TEXT NOT NULL UNIQUE,
    title       TEXT NOT NULL,
    rule        TEXT NOT NULL,
    -- PINs, their digests' key and the receipt key, sealed to the archive key; gone when the meeting ends for good.
    secrets     BYTEA,
    demo        BOOLEAN NOT NULL DEFAULT FALSE,
    created_ms  BIGINT NOT NULL
);

CREATE TABLE sections (
    id          TEXT PRIMARY KEY,
    meeting     TEXT NOT NULL REFERENCES meetings (id),
    public      BOOLEAN NOT NULL,
    created_ms  BIGINT NOT NULL
);

-- state: unused (minted) -> issued (its public half lies at the gateway) -> used (a voice is sealed to it) -> destroyed.
CREATE TABLE track_keys (
    track       TEXT PRIMARY KEY,
    section     TEXT NOT NULL REFERENCES sections (id),
    public      BYTEA NOT NULL,
    -- The private half, sealed to the archive key; NULL from the moment it is destroyed.
    sealed      BYTEA,
    sealed_hash TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('unused', 'issued', 'used', 'destroyed')),
    changed_ms  BIGINT NOT NULL,
    CHECK ((state = 'destroyed') = (sealed IS NULL))
);
CREATE INDEX track_keys_by_section ON track_keys (section, state);

CREATE TABLE gateways (
    id          TEXT PRIMARY KEY,
    signing_key TEXT NOT NULL,
    socket      TEXT NOT NULL,
    spool       TEXT NOT NULL,
    paired_ms   BIGINT NOT NULL
);

-- Single facts the archive must remember over a restart, by name.
CREATE TABLE facts (
    name        TEXT PRIMARY KEY,
    value       TEXT NOT NULL
);
