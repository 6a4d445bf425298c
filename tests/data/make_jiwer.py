"""Writes jiwer.jsonl: pairs of texts with the answers of jiwer and kaldialign.

    pip install jiwer==4.0.0 kaldialign==0.11.0
    python tests/data/make_jiwer.py > tests/data/jiwer.jsonl

One object a line:
  kind         what the pair is meant to provoke
  reference    text; runs of white space inside it are of spaces only
  hypothesis   text, likewise
  words        jiwer.process_words:      [hits, substitutions, deletions, insertions]
  wer          jiwer.wer as a fraction (the number of insertions for an empty reference)
  characters   jiwer.process_characters: [hits, substitutions, deletions, insertions]
  cer          jiwer.cer as a fraction, over the text as it stands (only stripped)
  compounds    kaldialign.edit_distance(merge_compounds=True): number of errors
"""

import json
import random
import sys

import jiwer
import kaldialign

RANDOM = random.Random(20240917)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def words_from(vocabulary, length):
    return " ".join(RANDOM.choice(vocabulary) for _ in range(length))


def noised(text, rate, vocabulary):
    """The text with words replaced, dropped, doubled, joined and split at this rate."""
    out = []
    for word in text.split():
        if RANDOM.random() >= rate:
            out.append(word)
            continue
        kind = RANDOM.randrange(6)
        if kind == 0:
            out.append(RANDOM.choice(vocabulary))
        elif kind == 1:
            pass
        elif kind == 2:
            out += [word, RANDOM.choice(vocabulary)]
        elif kind == 3:
            out += [word, word]
        elif kind == 4 and out:
            out[-1] += word
        elif len(word) > 1:
            cut = RANDOM.randrange(1, len(word))
            out += [word[:cut], word[cut:]]
    return " ".join(out)


def spaced(text):
    """The same words with leading, trailing and repeated spaces."""
    gap = lambda: " " * RANDOM.randrange(1, 4)
    body = "".join(word + gap() for word in text.split(" "))
    return " " * RANDOM.randrange(0, 3) + body


def pairs():
    few, some = list("ab"), list("abcd")
    many = ["".join(RANDOM.choice(LETTERS) for _ in range(RANDOM.randrange(1, 9))) for _ in range(400)]
    names = ["größe", "naïve", "Zürich", "北京", "東京都", "привет", "мир", "שלום", "مرحبا",
             "e\u0301te\u0301", "été", "👩‍🚀", "🙂", "ﬁn", "İstanbul", "ß", "Σίσυφος", "नमस्ते"]

    for vocabulary, kind in ((few, "two words"), (some, "four words")):
        for _ in range(300):
            yield kind, words_from(vocabulary, RANDOM.randrange(0, 13)), words_from(vocabulary, RANDOM.randrange(0, 13))
    for _ in range(300):
        text = words_from(many, RANDOM.randrange(1, 30))
        yield "noised", text, noised(text, RANDOM.choice([0.05, 0.2, 0.6]), many)
    for _ in range(80):
        text = words_from(names + many[:10], RANDOM.randrange(1, 15))
        yield "unicode", text, noised(text, 0.4, names)
    for _ in range(80):
        text = words_from(some + many[:5], RANDOM.randrange(1, 12))
        yield "spaces", spaced(text), spaced(noised(text, 0.3, some))
    for length in (62, 63, 64, 65, 66, 127, 128, 129, 191, 193, 256):
        for vocabulary in (few, some, many) if length in (64, 65) else (few, some):
            text = words_from(vocabulary, length)
            yield "block edges", text, noised(text, 0.3, vocabulary)
            yield "block edges", text, words_from(vocabulary, RANDOM.randrange(length - 5, length + 6))
    for _ in range(8):
        text = words_from(many, RANDOM.randrange(150, 300))
        yield "long", text, noised(text, 0.15, many)
    # So many characters that rapidfuzz divides the problem in halves.
    yield "divided", words_from(few, 1060), words_from(few, 1040)

    fixed = [
        ("", ""), ("", "a"), ("a", ""), ("", "a b c"), ("a b c", ""), (" ", " "), ("  ", "a"),
        ("a", "a"), ("a", "b"), ("a", " a "), ("a b", "b a"), ("a b", "ba"), ("b a", "ba"),
        ("a a a a", "a"), ("a", "a a a a"), ("a b a b a b", "b a b a b a"),
        ("a a b b", "b b a a"), ("the the the", "the"), ("nonstop", "non stop"),
        ("non stop", "nonstop"), ("d c", "dc"), ("u s a", "usa"), ("usa", "u s a"),
        ("a bc", "ab c"), ("u usa", "u s a"), ("x", "xx"), ("xx", "x x"), ("x x x x", "xx xx"),
        ("Hello World", "hello world"), ("don't", "dont"), ("it is", "it's"), ("a-b", "a b"),
        ("a,b", "a, b"), ("one two", "one  two"), ("0 00 000", "000 00 0"), ("%", "percent"),
    ]
    for reference, hypothesis in fixed:
        yield "fixed", reference, hypothesis


def counts(result):
    return [result.hits, result.substitutions, result.deletions, result.insertions]


def main():
    for kind, reference, hypothesis in pairs():
        words = jiwer.process_words(reference, hypothesis)
        characters = jiwer.process_characters(reference, hypothesis)
        compounds = kaldialign.edit_distance(reference.split(), hypothesis.split(), merge_compounds=True)
        json.dump({
            "kind": kind,
            "reference": reference,
            "hypothesis": hypothesis,
            "words": counts(words),
            "wer": words.wer,
            "characters": counts(characters),
            "cer": characters.cer,
            "compounds": compounds["total"],
        }, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
