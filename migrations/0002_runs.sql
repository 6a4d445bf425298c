CREATE TABLE templates (
    -- One prompt template, copied here so that a run can be understood without its file.
    hash TEXT PRIMARY KEY, -- BLAKE3 of the source, hexadecimal
    name TEXT NOT NULL, -- name it was last used under
    source TEXT NOT NULL, -- the template itself
    created_at INTEGER NOT NULL -- when it was first used, milliseconds since 1970
) WITHOUT ROWID;

CREATE TABLE models (
    -- One language model, known by its content.
    hash TEXT PRIMARY KEY, -- hash of the file's content, hexadecimal
    path TEXT NOT NULL, -- where it was last seen
    name TEXT NOT NULL, -- name the model gives itself, or its file name
    size INTEGER NOT NULL, -- bytes
    metadata TEXT NOT NULL, -- JSON object: architecture, quantisation and the like
    created_at INTEGER NOT NULL -- when it was first used, milliseconds since 1970
) WITHOUT ROWID;

CREATE TABLE runs (
    -- One way of correcting one corpus. The same way again goes on with the same run.
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, also when the run is deleted
    fingerprint TEXT NOT NULL UNIQUE, -- hash of everything that decides the result, hexadecimal
    corpus_id INTEGER NOT NULL REFERENCES corpora (id) ON DELETE CASCADE, -- what is corrected
    method TEXT NOT NULL, -- correction method, such as `cascade`
    parameters TEXT NOT NULL, -- JSON object: every setting the run was made with
    template_hash TEXT REFERENCES templates (hash), -- prompt template; NULL for methods without one
    model_hash TEXT REFERENCES models (hash), -- language model; NULL for methods without one
    label TEXT, -- name given by the user
    version TEXT NOT NULL, -- version of gec that began the run
    status TEXT NOT NULL, -- `running`, `finished`, `interrupted` or `failed`
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    finished_at INTEGER -- milliseconds since 1970; NULL while the run goes on
);

CREATE TABLE corrections (
    -- The outcome of one utterance in one run. `utterance_id` is not declared as a foreign
    -- key: that would need an index of its own as large as the table's key. Corpora with
    -- corrections are deleted through their runs, which are.
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, -- whose outcome it is
    utterance_id INTEGER NOT NULL, -- `utterances.id`
    text TEXT NOT NULL, -- the transcript that counts: the correction, or the 1-best where it was refused
    verdict TEXT NOT NULL, -- what became of it; `failed` is tried again on request
    reason TEXT, -- why the verdict is what it is
    raw TEXT, -- what the model wrote, before it was judged
    logprob REAL, -- natural log-probability of what the model wrote
    prompt_tokens INTEGER NOT NULL, -- tokens read
    output_tokens INTEGER NOT NULL, -- tokens written
    elapsed_ms INTEGER NOT NULL, -- milliseconds of work
    near_ties INTEGER NOT NULL, -- decoding steps whose two best tokens were almost equal
    error TEXT, -- what went wrong, for `failed`
    attempts INTEGER NOT NULL, -- how often it was tried
    created_at INTEGER NOT NULL, -- when it was last tried, milliseconds since 1970
    PRIMARY KEY (run_id, utterance_id)
) WITHOUT ROWID;
