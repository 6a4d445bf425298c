"""The spoken training pool, the recogniser's vocabulary, and batches of log-mel frames.

The pool is synthesised once, in shards of 2,000 utterances, each from the seed
`speech/<shard>`; noise and rooms are drawn anew each time an utterance is used.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sound import MELS, disturb, log_mel
from speech import Sentences, Speaker, draw_voice
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

OUT = Path(__file__).parent / "out"
POOL = OUT / "speech"
SHARD = 2000
VOCABULARY = 1024
# Rows after the text tokens, in the order of the compact table; whisper.cpp fixes their ids.
SPECIALS = {"end": 50256, "start": 50257, "no_speech": 50361, "no_timestamps": 50362}
AUDIO_CONTEXT = 512
MAX_FRAMES = 2 * AUDIO_CONTEXT

_IGNORED_MARKS = set(" ˈˌː:̪̩ʲ_-'")
PHONEMES = "aɐɑæəɚɛeɜɪiᵻɔɒoʊuʉʌbdðfɡhjklmnŋprɹɾsʃtθvwʍzʒxʔɫ"
_WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[a-z]+| ?[0-9]+| ?[^\sa-z0-9]+")


def phoneme_ids(phonemes: str) -> list[int]:
    """Classes of the auxiliary loss, from 1 (0 is its blank); stress and length are left out."""
    known = (PHONEMES.find(mark) for mark in phonemes if mark not in _IGNORED_MARKS)
    return [index + 1 for index in known if index >= 0]


class Vocabulary:
    """Pieces of text as the recogniser writes them, cut greedily as whisper.cpp's tokenizer does."""

    def __init__(self, path: Path = OUT / "speech-vocabulary.json") -> None:
        self.pieces: list[str] = json.loads(path.read_text())
        self._ids = {piece: index for index, piece in enumerate(self.pieces)}
        self.end, self.start, self.no_speech, self.no_timestamps = (
            len(self.pieces) + index for index in range(len(SPECIALS))
        )
        self.size = len(self.pieces) + len(SPECIALS)

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for word in _WORDS.findall(" " + text):
            start = 0
            while start < len(word):
                stop = next(stop for stop in range(len(word), start, -1) if word[start:stop] in self._ids)
                ids.append(self._ids[word[start:stop]])
                start = stop
        return ids

    def decode(self, ids: list[int]) -> str:
        return "".join(self.pieces[index] for index in ids if index < len(self.pieces)).strip()


def train_vocabulary() -> None:
    rng = random.Random("speech-vocabulary")
    sentences = Sentences()
    lines = [" " + sentences.draw(rng, held_out=False) for _ in range(30_000)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = ["Ġ", "'", *"abcdefghijklmnopqrstuvwxyz0123456789"]
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    OUT.mkdir(exist_ok=True)
    (OUT / "speech-vocabulary.json").write_text(json.dumps([piece.replace("Ġ", " ") for piece, _ in pieces]))
    print(f"recogniser's vocabulary: {len(pieces)} pieces")


def make_shard(number: int) -> None:
    """Writes one shard: samples as int16 in a row, and a JSON list of what is said where."""
    path = POOL / f"{number:04d}.npy"
    if path.exists():
        return
    rng, speaker, sentences = random.Random(f"speech/{number}"), Speaker(), Sentences()
    sounds, items, offset = [], [], 0
    while len(items) < SHARD:
        text, voice = sentences.draw(rng, held_out=False), draw_voice(rng, held_out=False)
        sound = speaker.speak(text, voice)
        if len(sound) > 9 * 16_000:
            continue
        phonemes = phoneme_ids(speaker.phonemes(text, voice))
        items.append({"text": text, "phonemes": phonemes, "offset": offset, "count": len(sound)})
        sounds.append((np.clip(sound, -1, 1) * 32767).astype(np.int16))
        offset += len(sound)
    POOL.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").write_text(json.dumps(items))
    partial = path.with_suffix(".part.npy")
    np.save(partial, np.concatenate(sounds))
    partial.replace(path)


class Pool:
    """The shards that exist; more may come while training goes on."""

    def __init__(self) -> None:
        self._shards: dict[Path, tuple[np.ndarray, list[dict]]] = {}
        self.utterances: list[tuple[Path, int]] = []

    def refresh(self) -> None:
        for path in sorted(POOL.glob("[0-9][0-9][0-9][0-9].npy")):
            if path not in self._shards:
                items = json.loads(path.with_suffix(".json").read_text())
                self._shards[path] = (np.load(path, mmap_mode="r"), items)
                self.utterances.extend((path, index) for index in range(len(items)))

    def sound(self, which: tuple[Path, int]) -> np.ndarray:
        samples, items = self._shards[which[0]]
        item = items[which[1]]
        return samples[item["offset"] : item["offset"] + item["count"]].astype(np.float32) / 32768

    def item(self, which: tuple[Path, int]) -> dict:
        return self._shards[which[0]][1][which[1]]


@dataclass
class SpeechBatch:
    """Log-mel (rows, 80, frames), decoder inputs and targets (rows, columns; -1: ignored), phonemes and lengths."""

    mel: np.ndarray
    inputs: np.ndarray
    targets: np.ndarray
    phonemes: np.ndarray
    phoneme_lengths: np.ndarray
    frame_lengths: np.ndarray


def make_batch(
    vocabulary: Vocabulary, rows: list[tuple[np.ndarray, float, str, list[int]]], frames: int
) -> SpeechBatch:
    """`rows`: log-mel frames, the value of silence, text, phonemes. An empty text is no speech."""
    mel = np.empty((len(rows), frames, MELS), np.float32)
    tokens = [vocabulary.encode(text) for _, _, text, _ in rows]
    columns = max(len(ids) for ids in tokens) + 2
    inputs = np.full((len(rows), columns), vocabulary.end)
    targets = np.full((len(rows), columns), -1)
    phonemes = np.zeros((len(rows), max(1, max(len(row[3]) for row in rows))), np.int64)
    for index, ((sound, silence, text, phones), ids) in enumerate(zip(rows, tokens, strict=True)):
        mel[index] = silence
        mel[index, : len(sound)] = sound
        inputs[index, :2] = vocabulary.start, vocabulary.no_timestamps
        inputs[index, 2 : 2 + len(ids)] = ids
        # whisper.cpp reads the probability of no speech where the first word is predicted.
        targets[index, 1 : 2 + len(ids)] = [*ids, vocabulary.end] if text else [vocabulary.no_speech]
        phonemes[index, : len(phones)] = phones
    lengths = np.array([min(frames, len(row[0])) // 2 for row in rows])
    return SpeechBatch(
        mel.transpose(0, 2, 1).copy(), inputs, targets, phonemes, np.array([len(row[3]) for row in rows]), lengths
    )


def batches(vocabulary: Vocabulary, pool: Pool, seed: str, size: int) -> Iterator[SpeechBatch]:
    """Endless batches of utterances of like length."""
    rng, numbers = random.Random(seed), np.random.default_rng(random.Random(seed).getrandbits(64))
    while True:
        pool.refresh()
        chosen = [rng.choice(pool.utterances) for _ in range(size * 16)]
        chosen.sort(key=lambda which: pool.item(which)["count"])
        groups = [chosen[start : start + size] for start in range(0, len(chosen), size)]
        rng.shuffle(groups)
        for group in groups:
            rows = []
            for which in group:
                others = [pool.sound(rng.choice(group)) for _ in range(rng.randint(3, 6))] if rng.random() < 0.3 else []
                sound, item = pool.sound(which), pool.item(which)
                text, phones = item["text"], item["phonemes"]
                if rng.random() < 0.01:
                    sound, text, phones = sound * 0, "", []
                mel, silence = log_mel(disturb(sound, numbers, others))
                rows.append((mel, silence, text, phones))
            longest = max(len(row[0]) for row in rows)
            roll = rng.random()
            if roll < 0.02:
                frames = MAX_FRAMES
            elif roll < 0.07 and longest <= 512:
                frames = 512
            else:
                frames = longest + rng.randint(0, 12)
            yield make_batch(vocabulary, rows, min(MAX_FRAMES, frames + frames % 2))


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the vocabulary, or shards of the spoken pool.")
    parser.add_argument("what", choices=["vocabulary", "pool"])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--stride", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.what == "vocabulary":
        train_vocabulary()
        return
    for number in range(arguments.first, arguments.count, arguments.stride):
        make_shard(number)
        print(f"shard {number}", flush=True)


if __name__ == "__main__":
    main()
