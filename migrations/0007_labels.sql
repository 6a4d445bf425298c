-- What an utterance is, where that was annotated: classification is scored by it.
ALTER TABLE utterances ADD COLUMN label TEXT /* class it belongs to as annotated; NULL where it is not known */;
