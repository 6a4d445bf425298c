CREATE TABLE correctors (
    -- One way of correcting files: method, settings, template, model. It is never asked twice
    -- about the same text.
    id INTEGER PRIMARY KEY, -- number
    fingerprint TEXT NOT NULL UNIQUE, -- BLAKE3 of all that decides what it answers, hexadecimal
    method TEXT NOT NULL, -- name of the method
    parameters TEXT NOT NULL, -- every setting as JSON
    template TEXT REFERENCES templates (hash), -- prompt template; NULL for methods without a model
    model TEXT REFERENCES models (hash), -- language model; NULL for methods without one
    version TEXT NOT NULL, -- version of gec
    created_at INTEGER NOT NULL -- when it was first used, milliseconds since 1970
);

CREATE TABLE answers (
    -- What a corrector made of one text, wherever that text stands. Failures are not kept.
    corrector_id INTEGER NOT NULL REFERENCES correctors (id) ON DELETE CASCADE, -- who
    input BLOB NOT NULL, -- first 16 bytes of the BLAKE3 of hypotheses, scores and neighbours
    text TEXT NOT NULL, -- the transcript that counts
    verdict TEXT NOT NULL, -- what became of it
    reason TEXT, -- why, where the verdict is not the method's own choice
    raw TEXT, -- what the model wrote
    logprob REAL, -- natural log-probability of what the model wrote
    confidences TEXT, -- confidence of each word of `text` as a JSON array; NULL for none
    prompt_tokens INTEGER NOT NULL, -- tokens read
    output_tokens INTEGER NOT NULL, -- tokens written
    near_ties INTEGER NOT NULL, -- decoding steps whose two best tokens were almost equal
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (corrector_id, input)
) WITHOUT ROWID;

CREATE TABLE documents (
    -- One file as it was found, what a corrector proposes for it, and whether that was applied.
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- number
    path TEXT NOT NULL, -- absolute path
    format TEXT NOT NULL, -- format it was read as
    corrector_id INTEGER NOT NULL REFERENCES correctors (id), -- who corrected it
    original_hash TEXT NOT NULL, -- BLAKE3 of the file as it was found, hexadecimal
    corrected_hash TEXT NOT NULL, -- BLAKE3 of the file with all edits made, hexadecimal
    segments INTEGER NOT NULL, -- segments in the file
    changed INTEGER NOT NULL, -- segments with an edit
    words INTEGER NOT NULL, -- words in the file
    state TEXT NOT NULL CHECK (state IN ('proposed', 'applying', 'applied', 'reverted')), -- how far it came
    original BLOB, -- the file as it was found, deflated (zlib); kept from `applying` on
    backup TEXT, -- path of the copy beside the file; NULL for none
    corrected_at INTEGER NOT NULL, -- when it was corrected, milliseconds since 1970
    applied_at INTEGER, -- when it was written back
    reverted_at INTEGER -- when the original was put in its place again
);
CREATE INDEX documents_by_path ON documents (path);

CREATE TABLE edits (
    -- One change of adjacent words in a document.
    id INTEGER PRIMARY KEY, -- number
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, -- the file
    segment INTEGER NOT NULL, -- place of the segment in the file, from 0
    name TEXT NOT NULL, -- the segment's name in the file
    line INTEGER NOT NULL, -- line it begins at, from 1
    start_ms INTEGER, -- where it begins in the recording, milliseconds; NULL where not known
    first_token INTEGER NOT NULL, -- first token that is replaced, from 0
    tokens INTEGER NOT NULL, -- tokens that are replaced; 0 for an insertion
    original TEXT NOT NULL, -- the words as they stand in the file; empty for an insertion
    replacement TEXT NOT NULL, -- the words in their place; empty for a deletion
    context TEXT NOT NULL, -- the segment as it stands in the file
    supported_by TEXT NOT NULL, -- ranks of the hypotheses with the replacement, a JSON array
    original_in TEXT NOT NULL, -- ranks of the hypotheses with the original, a JSON array
    score REAL, -- confidence of the least sure word of the replacement, in [0, 1]
    reason TEXT NOT NULL -- what decided
);
CREATE INDEX edits_by_document ON edits (document_id, segment);

CREATE VIRTUAL TABLE edits_text USING fts5 (
    original, replacement, context, content = 'edits', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER edits_inserted AFTER INSERT ON edits BEGIN
    INSERT INTO edits_text (rowid, original, replacement, context)
    VALUES (new.id, new.original, new.replacement, new.context);
END;
CREATE TRIGGER edits_deleted AFTER DELETE ON edits BEGIN
    INSERT INTO edits_text (edits_text, rowid, original, replacement, context)
    VALUES ('delete', old.id, old.original, old.replacement, old.context);
END;
