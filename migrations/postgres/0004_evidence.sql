-- Why: who agreed and who listened must be provable without keeping forever what was said about whom.
-- The chain holds salted hashes only and never changes; payload and salt lie beside it and have an end of their own.

CREATE TABLE links (
    chain   TEXT NOT NULL CHECK (chain IN ('consent', 'audit')),
    seq     BIGINT NOT NULL,
    prev    TEXT NOT NULL,
    at_ms   BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    salted  TEXT NOT NULL,
    hash    TEXT NOT NULL,
    PRIMARY KEY (chain, seq),
    UNIQUE (chain, prev)
);

CREATE TABLE payloads (
    chain     TEXT NOT NULL,
    seq       BIGINT NOT NULL,
    recording TEXT,
    salt      BYTEA NOT NULL,
    payload   TEXT NOT NULL,
    ends_ms   BIGINT NOT NULL,
    PRIMARY KEY (chain, seq),
    FOREIGN KEY (chain, seq) REFERENCES links (chain, seq)
);
CREATE INDEX payloads_by_recording ON payloads (recording);
CREATE INDEX payloads_by_end ON payloads (ends_ms);

CREATE FUNCTION links_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a link never changes and never goes'; END $$;
CREATE TRIGGER links_never_change BEFORE UPDATE ON links FOR EACH ROW EXECUTE FUNCTION links_stay();
CREATE TRIGGER links_never_go BEFORE DELETE ON links FOR EACH ROW EXECUTE FUNCTION links_stay();
