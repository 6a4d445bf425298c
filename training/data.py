"""Training examples and batches, all drawn from seeds.

An example is a list of distinct hypotheses and the text to write. The
mixture: noisy domain sentences, lists that are right already, text outside
the domain, and copying tasks, whose share falls as training goes on (without
them a model this small learns to copy very late).
"""

from __future__ import annotations

import argparse
import difflib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grammar import Grammar, is_held_out, reference_group
from noise import Noise, Utterance, padded_list
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

OUT = Path(__file__).parent / "out"
SPOKEN = OUT / "spoken-lists.jsonl"
SPOKEN_SHARE = 0.3
SAMPLE = Path(__file__).parent.parent / "datasets" / "sample"

VOCABULARY = 2048
HYP, FIX, END, PAD = "<|hyp|>", "<|fix|>", "<|end|>", "<|pad|>"
SPECIALS = [HYP, FIX, END, PAD]

# Said either way, so written as it was heard.
CONTRACTIONS = [
    ("i'd", "i would"), ("i'm", "i am"), ("what's", "what is"), ("don't", "do not"), ("that's", "that is"),
    ("there's", "there is"), ("it's", "it is"), ("i'll", "i will"), ("isn't", "is not"), ("we're", "we are"),
]  # fmt: skip

MAX_TOKENS = 320
CHUNK_EXAMPLES = 2048
BATCH_TOKENS = 4096


@dataclass
class Example:
    hypotheses: list[str]
    target: str


class Source:
    """Draws training examples."""

    def __init__(self) -> None:
        self.grammar = Grammar()
        names = self.grammar.names()
        self.noise = Noise(OUT / "lexicon.json", names)
        self._names = names
        # What the recogniser made of spoken training sentences, where that step has been taken.
        self._spoken = read_spoken(SPOKEN) if SPOKEN.exists() else []

    def _reference(self, rng: random.Random, held_out: bool) -> str:
        while True:
            text = self.grammar.sentence(rng)
            if is_held_out(text) == held_out:
                return text

    def _unfamiliar(self, text: str, rng: random.Random) -> str:
        """Replaces some names by names that do not exist."""
        words = text.split()
        for index, word in enumerate(words):
            if word in self._names and rng.random() < 0.6:
                words[index] = self.noise.pseudo_word(rng)
        return " ".join(words)

    def held_out_utterance(self, rng: random.Random) -> Utterance:
        """An utterance of the held-out side; the mixture of severities of the sample."""
        text = self._reference(rng, held_out=True)
        if rng.random() < 0.04:
            text = self._unfamiliar(text, rng)
        return self._recognised(text, rng)

    def _recognised(self, text: str, rng: random.Random) -> Utterance:
        """Severities as they occur: many lists are right, few are very wrong."""
        severity = rng.random()
        if severity < 0.25:
            return self.noise.utterance(text, rng, difficulty=0.15, format_rate=0.0, sure=True)
        difficulty = 0.0 if severity < 0.32 else rng.gammavariate(1.4, 0.075)
        format_rate = rng.choices([0.0, 0.4, 0.9], [3, 2, 6])[0]
        return self.noise.utterance(text, rng, difficulty=min(difficulty, 0.35), format_rate=format_rate)

    def _irregular(self, text: str, rng: random.Random) -> str:
        """What a speaker says and a grammar does not write: one to three words are inflected
        otherwise, left out, repeated, exchanged, contracted or spelled out.

        Where the list agrees on them they must stand; a corrector that knows the grammar alone
        mends them.
        """
        words = text.split()
        for _ in range(rng.choices([1, 2, 3], [5, 3, 1])[0]):
            place = rng.randrange(len(words))
            word, kind = words[place], rng.random()
            if kind < 0.45 and len(word) > 2 and word not in self._names:
                words[place] = word[:-1] if word.endswith("s") else word + "s"
            elif kind < 0.6 and len(words) > 2:
                del words[place]
            elif kind < 0.7:
                words.insert(place, rng.choice([word, rng.choice(self.noise.common_words)]))
            elif kind < 0.8 and place + 1 < len(words):
                words[place], words[place + 1] = words[place + 1], word
            else:
                text = " ".join(words)
                pairs = [(a, b) for pair in CONTRACTIONS for a, b in (pair, pair[::-1]) if f" {a} " in f" {text} "]
                if pairs:
                    old, new = rng.choice(pairs)
                    words = f" {text} ".replace(f" {old} ", f" {new} ", 1).split()
        return " ".join(words)

    def _copying(self, rng: random.Random) -> Example:
        """Random words, one to three versions; the first or the majority is right."""
        pool = rng.random()
        length = rng.randint(2, 14)
        words = []
        for _ in range(length):
            kind = rng.random()
            if pool < 0.3 or kind < 0.25:
                words.append(self.noise.pseudo_word(rng))
            elif kind < 0.7:
                words.append(rng.choice(self.noise.common_words))
            else:
                words.append(rng.choice(self.noise.words))
        text = " ".join(words)
        versions = [text]
        for _ in range(rng.choices([0, 1, 2], [5, 3, 2])[0]):
            changed = list(words)
            place = rng.randrange(length)
            changed[place] = self.noise.respell(words[place], rng)
            versions.append(" ".join(changed))
        if len(versions) == 3 and rng.random() < 0.4:  # two lists against the first on one word
            words_first = list(words)
            place = rng.randrange(length)
            words_first[place] = self.noise.respell(words[place], rng)
            versions = [" ".join(words_first), *versions[1:]]
            text = text if all(v.split()[place] == words[place] for v in versions[1:]) else versions[0]
        return Example(distinct(versions), text)

    def _general(self, rng: random.Random) -> Example:
        """Text outside the domain: the 1-best is kept unless the list outvotes it."""
        text = self.grammar.general(rng)
        if rng.random() < 0.4:
            words = text.split()
            for _ in range(rng.randint(1, 3)):
                words.insert(rng.randrange(len(words) + 1), rng.choice(self.noise.common_words))
            text = " ".join(words)
        utterance = self.noise.utterance(text, rng, difficulty=rng.choice([0.0, 0.05, 0.12]), format_rate=0.0)
        hypotheses = utterance.hypotheses
        votes = sum(hypothesis == text for hypothesis in hypotheses)
        return Example(hypotheses, text if votes * 2 > len(hypotheses) else hypotheses[0])

    def _recognised_speech(self, rng: random.Random) -> Example:
        """A list of the recogniser, sometimes a shorter one."""
        example = rng.choice(self._spoken)
        hypotheses = example.hypotheses
        if len(hypotheses) > 1 and rng.random() < 0.3:
            hypotheses = hypotheses[: rng.randint(1, len(hypotheses) - 1)]
        return Example(hypotheses, inferable(example.target, hypotheses))

    def example(self, rng: random.Random, copy_share: float) -> Example:
        if self._spoken and rng.random() < SPOKEN_SHARE:
            return self._recognised_speech(rng)
        roll = rng.random()
        if roll < copy_share:
            return self._copying(rng)
        if roll < copy_share + 0.07:
            return self._general(rng)
        text = self._reference(rng, held_out=False)
        if rng.random() < 0.12:
            text = self._unfamiliar(text, rng)
        if rng.random() < 0.2:
            text = self._irregular(text, rng)
        utterance = self._recognised(text, rng)
        hypotheses = list(utterance.hypotheses)
        if rng.random() < 0.04:
            rng.shuffle(hypotheses)
            if text in hypotheses:
                return Example(hypotheses, text)
        return Example(hypotheses, utterance.target)


def read_spoken(path: Path) -> list[Example]:
    """Lists as `gec export --format jsonl` writes them; none of a held-out sentence."""
    items = [json.loads(line) for line in path.read_text().splitlines()]
    examples = []
    for item in items:
        texts = [one if isinstance(one, str) else one["text"] for one in item["nbest"]]
        assert not is_held_out(item["reference"])
        if texts[0]:
            examples.append(Example([text for text in texts if text], item["reference"]))
    return examples


def inferable(reference: str, hypotheses: list[str]) -> str:
    """The reference as far as the list lets one know it.

    Words that no hypothesis has and that do not even resemble what the first has in their
    place are left as the first has them: a corrector that is taught to guess them invents.
    """
    wanted, first = reference.split(), hypotheses[0].split()
    known = {word for text in hypotheses for word in text.split()}
    words: list[str] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(a=first, b=wanted, autojunk=False).get_opcodes():
        heard, said = first[i:j], wanted[k:m]
        alike = difflib.SequenceMatcher(a="".join(heard), b="".join(said), autojunk=False).ratio() >= 0.5
        trusted = kind == "equal" or alike or all(word in known for word in said)
        words.extend(said if trusted else heard)
    return " ".join(words)


def distinct(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))


class Encoder:
    """Token ids of an example; ids of a word are looked up once."""

    def __init__(self, path: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(path))
        self._cache: dict[str, list[int]] = {}
        self.hyp, self.fix, self.end, self.pad = (self.tokenizer.token_to_id(token) for token in SPECIALS)

    def text(self, text: str) -> list[int]:
        """Ids of the text with one space before each word."""
        ids: list[int] = []
        for word in text.split():
            known = self._cache.get(word)
            if known is None:
                known = self.tokenizer.encode(" " + word, add_special_tokens=False).ids
                if len(self._cache) < 100_000:
                    self._cache[word] = known
            ids.extend(known)
        return ids

    def prompt(self, hypotheses: list[str]) -> list[int]:
        ids: list[int] = []
        for text in hypotheses:
            ids.append(self.hyp)
            ids.extend(self.text(text))
        return [*ids, self.fix]

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=True).strip()


@dataclass
class Batch:
    """Token ids (rows, columns) and, flattened, where outputs are read and what they must be."""

    tokens: np.ndarray
    positions: np.ndarray
    targets: np.ndarray


def make_batch(encoder: Encoder, rows: list[tuple[list[int], list[int]]]) -> Batch:
    width = max(len(prompt) + len(output) for prompt, output in rows)
    tokens = np.full((len(rows), width), encoder.pad, dtype=np.int64)
    positions, targets = [], []
    for row, (prompt, output) in enumerate(rows):
        sequence = prompt + output
        tokens[row, : len(sequence)] = sequence
        first = row * width + len(prompt) - 1
        positions.append(np.arange(first, first + len(output) + 1))
        targets.append(np.array([*output, encoder.end]))
    return Batch(tokens, np.concatenate(positions), np.concatenate(targets))


def copy_share(examples_seen: int) -> float:
    """Share of copying tasks: 35 % falling to 9 % over the first 100,000 examples."""
    return max(0.09, 0.35 - 0.26 * examples_seen / 100_000)


def chunk_batches(source: Source, encoder: Encoder, seed: int, chunk: int) -> Iterator[Batch]:
    """The batches of one chunk of examples, sorted by length so that little is padding."""
    rng = random.Random(f"{seed}/{chunk}")
    share = copy_share(chunk * CHUNK_EXAMPLES)
    rows = []
    while len(rows) < CHUNK_EXAMPLES:
        example = source.example(rng, share)
        prompt, output = encoder.prompt(example.hypotheses), encoder.text(example.target)
        if output and len(prompt) + len(output) < MAX_TOKENS:
            rows.append((prompt, output))
    rows.sort(key=lambda row: len(row[0]) + len(row[1]))
    batches: list[list[tuple[list[int], list[int]]]] = [[]]
    for row in rows:
        width = len(row[0]) + len(row[1])
        if (len(batches[-1]) + 1) * width > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(row)
    rng.shuffle(batches)
    for batch in batches:
        yield make_batch(encoder, batch)


def train_tokenizer(source: Source) -> None:
    """Byte-level BPE with the GPT-2 splitting rule, on the text that the model will see."""
    rng = random.Random("tokenizer")
    lines = []
    for _ in range(30_000):
        example = source.example(rng, 0.03)
        lines.extend(" " + text for text in [*example.hypotheses[:2], example.target])
    vocabulary = sorted(source.noise.words)
    lines.extend(" " + word for word in vocabulary for _ in range(12))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        lines,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=SPECIALS,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.save(str(OUT / "tokenizer.json"))
    print(f"tokenizer: {tokenizer.get_vocab_size()} tokens from {len(lines)} lines")


def held_out_lists(source: Source, seed: str, count: int, taken: set[str]) -> list[dict[str, object]]:
    """Held-out utterances as they stand in the sample files; references are not repeated."""
    rng = random.Random(seed)
    items: list[dict[str, object]] = []
    while len(items) < count:
        utterance = source.held_out_utterance(rng)
        if utterance.reference in taken:
            continue
        taken.add(utterance.reference)
        nbest, scores = padded_list(utterance, rng)
        items.append(
            {
                "id": f"{seed}-{len(items) + 1:04d}",
                "nbest": nbest,
                "scores": scores,
                "reference": utterance.reference,
                "group": reference_group(utterance.reference),
            }
        )
    return items


def write_sample(source: Source) -> None:
    """Writes the held-out sample (test and train) and the dev set, all with disjoint references."""
    taken: set[str] = set()
    SAMPLE.mkdir(parents=True, exist_ok=True)
    for path, seed, count in [
        (SAMPLE / "test.jsonl", "sample", 500),
        (SAMPLE / "train.jsonl", "sample-train", 800),
        (OUT / "dev.jsonl", "dev", 500),
    ]:
        items = held_out_lists(source, seed, count, taken)
        path.write_text("".join(json.dumps(item) + "\n" for item in items))
        print(f"{path.name}: {len(items)} utterances")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["tokenizer", "sample"])
    what = parser.parse_args().what
    source = Source()
    if what == "tokenizer":
        train_tokenizer(source)
    else:
        write_sample(source)


if __name__ == "__main__":
    main()
