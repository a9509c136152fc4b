-- Why: the desk's sign-ins and what left the archive. Of a token only its hash lies here.

CREATE TABLE entries (
    token_hash  TEXT PRIMARY KEY,
    person      TEXT NOT NULL,
    role        TEXT NOT NULL,
    ends_ms     BIGINT NOT NULL,
    used_ms     BIGINT
);

CREATE TABLE sessions (
    token_hash  TEXT PRIMARY KEY,
    person      TEXT NOT NULL,
    role        TEXT NOT NULL,
    form_token  TEXT NOT NULL,
    created_ms  BIGINT NOT NULL,
    seen_ms     BIGINT NOT NULL,
    ends_ms     BIGINT NOT NULL
);

CREATE TABLE exports (
    id          TEXT PRIMARY KEY,
    recording   TEXT NOT NULL REFERENCES recordings (id),
    person      TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    at_ms       BIGINT NOT NULL,
    files       BIGINT NOT NULL
);
CREATE INDEX exports_by_recording ON exports (recording);
