-- Why: what callers ordered to erase, what did not verify, what is being destroyed, and what proves it afterwards.
-- A destruction is a row of its own, so that its steps can be taken up again and the proof still knows what was there.

CREATE TABLE orders (
    name          TEXT PRIMARY KEY,
    recording     TEXT NOT NULL,
    decision      TEXT NOT NULL CHECK (decision IN ('erase', 'keep')),
    tracks        TEXT NOT NULL,
    ordered_ms    BIGINT NOT NULL,
    applied_ms    BIGINT NOT NULL,
    -- When a listing of the store showed that nothing of the tracks is left; NULL until then.
    emptied_ms    BIGINT,
    destroy_by_ms BIGINT NOT NULL
);

CREATE TABLE quarantines (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    recording     TEXT,
    track         TEXT,
    reason        TEXT NOT NULL,
    at_ms         BIGINT NOT NULL,
    destroy_by_ms BIGINT NOT NULL
);

CREATE TABLE destructions (
    recording   TEXT PRIMARY KEY REFERENCES recordings (id),
    began_ms    BIGINT NOT NULL,
    manifest    TEXT NOT NULL
);

CREATE TABLE proofs (
    recording   TEXT PRIMARY KEY,
    sha256      TEXT NOT NULL UNIQUE,
    text        TEXT NOT NULL,
    signed_ms   BIGINT NOT NULL
);

CREATE TABLE tombstones (
    recording     TEXT PRIMARY KEY REFERENCES recordings (id),
    meeting       TEXT NOT NULL,
    started_day   TEXT NOT NULL,
    destroyed_ms  BIGINT NOT NULL,
    tracks        BIGINT NOT NULL,
    objects       BIGINT NOT NULL,
    proof_sha256  TEXT NOT NULL
);
