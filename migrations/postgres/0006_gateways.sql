-- Why: a meeting may be held by several gateways. Each gets track keys of its own, so that no two voices are ever sealed to
-- one key, a withdrawal told by one reaches its own voices only, and no two seats of a recording share a number.

-- For which gateway the key was minted; NULL: for none yet, or in the days of a single gateway.
ALTER TABLE track_keys ADD COLUMN gateway TEXT;
UPDATE track_keys SET gateway = (SELECT MIN(id) FROM gateways)
    WHERE state = 'issued' AND (SELECT COUNT(*) FROM gateways) = 1;
CREATE INDEX track_keys_by_gateway ON track_keys (gateway, section);

-- At which gateway somebody sat; NULL in the days of a single gateway.
ALTER TABLE seats ADD COLUMN gateway TEXT;
