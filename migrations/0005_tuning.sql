CREATE TABLE profiles (
    -- What `gec tune` has learned. Every version is kept, so that a run can be understood
    -- after its profile was tuned again.
    hash TEXT PRIMARY KEY, -- BLAKE3 of the content, hexadecimal
    name TEXT NOT NULL, -- given by the user; the newest of a name counts
    content TEXT NOT NULL, -- the profile as JSON; see docs/tuning.md
    created_at INTEGER NOT NULL -- when it was last saved under this name, milliseconds since 1970
) WITHOUT ROWID;

-- How sure fused decoding was of what it wrote.
ALTER TABLE corrections ADD COLUMN confidences TEXT /* confidence of each word of `text` as a JSON array of numbers in [0, 1]; NULL where nothing was decoded */;
