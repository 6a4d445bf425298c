-- When an utterance was said. SQLite puts what follows ADD COLUMN into the table's own
-- definition, so a comment in it must not end with the line.
ALTER TABLE utterances ADD COLUMN start_ms INTEGER /* where it begins in its audio, milliseconds; NULL where it is not known */;
ALTER TABLE utterances ADD COLUMN end_ms INTEGER /* where it ends in its audio, milliseconds */;
ALTER TABLE utterances ADD COLUMN words TEXT /* words of the 1-best as JSON, `[[text, start_ms, end_ms], ...]`; NULL where they are not known */;
