PRAGMA application_id = 0x67656331; -- "gec1": tells our files from other SQLite databases

CREATE TABLE corpora (
    -- One imported corpus: one subset and split of a data set, as one file held it.
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, so that two imports cannot mix
    dataset TEXT NOT NULL, -- name of the data set, such as `hp`, or the path of a file
    subset TEXT NOT NULL, -- name of the subset, such as `atis`; empty where there is only one
    split TEXT NOT NULL, -- name of the split, such as `test`; empty where there is only one
    checksum TEXT NOT NULL, -- SHA-256 of the source, hexadecimal
    reader_version INTEGER NOT NULL, -- version of the reader; another reading is another corpus
    source TEXT NOT NULL, -- path the corpus was read from
    utterance_count INTEGER NOT NULL, -- 0 until the import is complete
    imported_at INTEGER NOT NULL, -- when the import began, milliseconds since 1970
    complete INTEGER NOT NULL, -- 1 when every utterance is stored; 0 is redone by the next import
    UNIQUE (dataset, subset, split, checksum, reader_version)
);

CREATE TABLE utterances (
    -- One utterance. The key orders a corpus by itself, so no second index is needed.
    id INTEGER PRIMARY KEY, -- corpus * 2^32 + position, the position counted from 1
    corpus_id INTEGER GENERATED ALWAYS AS (id >> 32) VIRTUAL REFERENCES corpora (id) ON DELETE CASCADE, -- the corpus, read from the key
    position INTEGER GENERATED ALWAYS AS (id & 0xffffffff) VIRTUAL, -- place in the corpus from 1, read from the key
    name TEXT NOT NULL, -- identifier of the utterance within its corpus
    reference TEXT, -- what was said, exactly as read; NULL where it is not known
    group_key TEXT, -- what to resample and split by (speaker, sentence); NULL: the reference serves
    audio TEXT, -- path or name of the audio
    nbest TEXT NOT NULL -- its list as JSON, best first; the view `hypotheses` takes it apart
);

CREATE VIEW hypotheses AS
    -- One distinct hypothesis of an utterance. In `nbest` it is the text alone where it occurs
    -- once, at its own place and without scores; else `[text, rank, count, score,
    -- token_scores]`, with numbers that are no integers as text, which keeps every bit.
    SELECT
        u.id AS utterance_id, -- whose list it is in
        CASE h.type WHEN 'text' THEN h.key ELSE h.value ->> 1 END AS rank, -- place of its first occurrence in the list as read, from 0
        CASE h.type WHEN 'text' THEN h.value ELSE h.value ->> 0 END AS text, -- exactly as the recogniser wrote it, without outer white space
        CASE h.type WHEN 'text' THEN 1 ELSE h.value ->> 2 END AS count, -- how often it occurs in the list as read
        CASE h.type WHEN 'text' THEN NULL ELSE CAST(h.value ->> 3 AS REAL) END AS score, -- natural log-probability given by the recogniser; NULL where there is none
        CASE h.type WHEN 'text' THEN NULL ELSE h.value ->> 4 END AS token_scores -- natural log-probabilities of the tokens, a JSON array
    FROM utterances u, json_each(u.nbest) h;
