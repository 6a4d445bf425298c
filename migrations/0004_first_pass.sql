CREATE TABLE recognisers (
    -- One speech recogniser, known by its content.
    hash TEXT PRIMARY KEY, -- BLAKE3 of the file's content, hexadecimal
    path TEXT NOT NULL, -- where it was last seen
    size INTEGER NOT NULL, -- bytes
    vocabulary BLOB NOT NULL, -- what each of its tokens writes, packed; see docs/formats.md
    metadata TEXT NOT NULL, -- JSON object: kind, vocabulary size, audio context and the like
    created_at INTEGER NOT NULL -- when it was first used, milliseconds since 1970
) WITHOUT ROWID;

CREATE TABLE first_passes (
    -- How a corpus was recognised; corpora that were read from lists have no row here.
    corpus_id INTEGER PRIMARY KEY REFERENCES corpora (id) ON DELETE CASCADE, -- what came of it
    recogniser_hash TEXT NOT NULL REFERENCES recognisers (hash), -- who heard it
    settings TEXT NOT NULL, -- JSON object: beam, language and every other setting that decides the result
    version TEXT NOT NULL -- version of gec that began it
);

CREATE TABLE recordings (
    -- One recording of a first pass, or the stretch of one that a manifest names.
    corpus_id INTEGER NOT NULL REFERENCES corpora (id) ON DELETE CASCADE, -- the corpus it belongs to
    item INTEGER NOT NULL, -- its place in the list that was given, from 0; its utterances have the positions from item * 4096 + 1
    name TEXT NOT NULL, -- its identifier
    utterances INTEGER NOT NULL, -- how many came of it
    audio_ms INTEGER NOT NULL, -- its length
    elapsed_ms INTEGER NOT NULL, -- milliseconds of work
    note TEXT, -- what was odd about it: cut short, repeated words
    error TEXT, -- what went wrong, where it failed; the rest is then tried again on request
    attempts INTEGER NOT NULL, -- how often it was tried
    PRIMARY KEY (corpus_id, item)
) WITHOUT ROWID;

CREATE TABLE posteriors (
    -- What the recogniser believed at every step of an utterance.
    utterance_id INTEGER PRIMARY KEY, -- `utterances.id`
    record BLOB NOT NULL -- prefixes and next-token log-probabilities, packed; see docs/formats.md
);
