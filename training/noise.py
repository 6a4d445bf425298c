"""Makes N-best lists from sentences the way a beam-search recogniser errs.

A sentence is cut into segments. Some get competing readings: words that sound
alike, misspelt names, dropped or added small words, and the number and letter
formats of a text normaliser ("sevenpm" for "seven p m"). Hypotheses are the
best combinations of readings, so they differ in one or a few spots.

The idea of training a corrector on synthetic recogniser errors is that of the
Denoising Language Model (arXiv 2405.15216). Where the truth cannot be inferred
the training target keeps the 1-best reading: conservative filtering
(arXiv 2407.13300).
"""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from grammar import DIGITS, TEENS, TENS

LIST_SIZE = 5

_UNITS = {word: value for value, word in enumerate(DIGITS)} | {"oh": 0}
_TEEN_VALUES = {word: 10 + value for value, word in enumerate(TEENS)}
_TENS_VALUES = {word: 10 * value for value, word in enumerate(TENS) if word}
_NUMBER_WORDS = set(_UNITS) | set(_TEEN_VALUES) | set(_TENS_VALUES) | {"hundred", "thousand"}
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
_ORDINALS = {word: value + 1 for value, word in enumerate(_ORDINAL_WORDS)} | {"twentieth": 20, "thirtieth": 30}
_LETTERS = set("abcdefghijklmnopqrstuvwxyz")

# Fixed phrases and the other ways a text normaliser may write them. Contractions are not
# spelled out here: a corrector that has learnt to restore them contracts what was said in full.
FORMATS = {
    "nonstop": "4:non stop|2:non-stop", "round trip": "3:roundtrip|2:round-trip", "one way": "2:one-way|oneway",
    "airfare": "3:air fare|air fair|airfair", "airfares": "3:air fares|air fairs", "stopover": "stop over|stop-over",
    "layover": "lay over", "saint": "3:st|st.", "first class": "first-class|firstclass", "red eye": "redeye|red-eye",
    "downtown": "down town", "turboprop": "turbo prop|turbo-prop", "swissair": "swiss air", "jetblue": "jet blue",
    "wide body": "widebody|wide-body", "la guardia": "3:laguardia|la gardia", "o'hare": "2:ohare|o hare",
    "mister": "mr", "okay": "ok", "traveling": "travelling", "nationair": "2:nation air|national air",
    "midwest express": "mid west express|mid-west express", "northwest": "north west|north-west",
    "i'd": "id", "what's": "whats", "i'm": "im", "don't": "dont", "can't": "cannot|can not", "fort worth": "ft worth|fort-worth",
    "lufthansa": "luft hansa|lufthanza", "weekdays": "week days", "a taxi": "taxi", "d c": "3:dc|d.c.",
    "u s air": "4:us air|2:usair|u.s. air|us error", "u s airways": "us airways", "t w a": "twa",
    "new year's": "new years", "washington d c": "4:washington dc|washington d.c.|washington, dc",
    "k l m": "klm", "america west": "american west|america-west", "daytime": "day time", "l a x": "lax",
    "west palm beach": "west-palm beach", "winston salem": "winston-salem", "trans world": "transworld",
    "miami": "miami", "economy class": "economy-class",
}  # fmt: skip

LETTER_SOUNDS = {
    "a": "eh|hey", "b": "be|bee", "c": "see|sea", "d": "dee|the", "e": "he|ee", "f": "eff|if", "g": "gee", "h": "age|each",
    "i": "eye", "j": "jay", "k": "kay|okay", "l": "el|all", "m": "em|am", "n": "en|in|and", "o": "oh|owe", "p": "pea|pee",
    "q": "cue|queue|two", "r": "are|our", "s": "es|as", "t": "tea|tee", "u": "you", "v": "vee|we", "w": "double u",
    "x": "ex|eggs", "y": "why", "z": "zee|see",
}  # fmt: skip

SMALL_WORDS = "the a of to in on and from me all for is are i that at with an do".split()

# Spellings of a phone, the commonest first.
_SPELLINGS = {
    "p": "p pp", "b": "b", "t": "t tt", "d": "d dd", "k": "k c ck", "ɡ": "g gg", "f": "f ph ff", "v": "v", "s": "s ss c",
    "z": "z s", "ʃ": "sh ch", "ʒ": "zh s", "θ": "th", "ð": "th", "m": "m mm", "n": "n nn", "ŋ": "ng n", "l": "l ll",
    "ɹ": "r rr", "w": "w wh", "j": "y i", "h": "h", "ɾ": "t d tt", "tʃ": "ch tch", "dʒ": "j g dg", "i": "ee y i ie",
    "ɪ": "i y e", "eɪ": "ay ai a", "ɛ": "e ea", "æ": "a", "ɑ": "o a ah", "ɔ": "o aw au", "oʊ": "o oh ow oa", "u": "oo u ew",
    "ʊ": "u oo", "ʌ": "u o", "ə": "a e o u", "ɚ": "er or ar", "ɜ": "er ir ur", "aɪ": "i y ie", "aʊ": "ow ou", "ɔɪ": "oy oi",
    "ɐ": "a", "ᵻ": "i e", "əl": "el le al", "n̩": "en on", "iə": "ia ea", "oːɹ": "or ore", "ɑɹ": "ar", "ɔɹ": "or ore",
    "ɪɹ": "ear eer", "ɛɹ": "air are er", "oɹ": "or ore", "ʊɹ": "oor ur", "aɪɚ": "ire yer", "aɪə": "ia", "ʔ": "t",
}  # fmt: skip


def _weighted(text: str) -> tuple[list[str], list[float]]:
    options, weights = [], []
    for part in text.split("|"):
        weight, colon, rest = part.partition(":")
        options.append(rest if colon else part)
        weights.append(float(weight) if colon else 1.0)
    return options, weights


_FORMATS = {tuple(phrase.split()): _weighted(text) for phrase, text in FORMATS.items()}
_LONGEST_FORMAT = max(map(len, _FORMATS))


def count_words(number: int, joiner: str = "-", conjunction: str = " and ") -> str:
    """A whole number as a text normaliser spells it ("two hundred and fifty-seven")."""
    if number < 20:
        return (DIGITS + TEENS)[number]
    if number < 100:
        return TENS[number // 10] + (joiner + DIGITS[number % 10] if number % 10 else "")
    if number < 1000:
        rest = number % 100
        return f"{DIGITS[number // 100]} hundred" + (conjunction + count_words(rest, joiner) if rest else "")
    head, rest = divmod(number, 1000)
    text = count_words(head, joiner, conjunction) + " thousand"
    if rest >= 100:
        return text + (", " if conjunction != " " else " ") + count_words(rest, joiner, conjunction)
    return text + (conjunction + count_words(rest, joiner) if rest else "")


def number_groups(words: list[str]) -> list[int]:
    """Numbers said one after another: "two fifty seven" is [2, 57]."""
    groups: list[int] = []
    room = 0  # the open group still takes a number below this
    for word in words:
        if word in ("hundred", "thousand"):
            if groups:
                groups[-1] *= 100 if word == "hundred" else 1000
                room = 100 if word == "hundred" else 1000
            continue
        value = _UNITS.get(word, _TEEN_VALUES.get(word, _TENS_VALUES.get(word, 0)))
        if groups and 0 < value < room:
            groups[-1] += value
            room = 10 if word in _TENS_VALUES else 0
        else:
            groups.append(value)
            room = 10 if word in _TENS_VALUES else 0
    return groups


def number_readings(words: list[str]) -> tuple[list[str], list[float]]:
    """Ways a normaliser writes a run of number words."""
    groups = number_groups(words)
    digits = "".join(map(str, groups))[:6]
    number = int(digits)
    plain = " ".join(words)
    hyphenated = re.sub(r"\b(\w+ty) (one|two|three|four|five|six|seven|eight|nine)\b", r"\1-\2", plain)
    options = [count_words(number), digits, hyphenated, count_words(number, " ", " "), count_words(number, " ")]
    weights = [5.0, 0.8, 1.2, 0.5, 0.5]
    if len(groups) == 2 and groups[0] < 25 and 0 < groups[1] < 60:
        options += [f"{count_words(groups[0])}:{count_words(groups[1])}", f"{groups[0]}:{groups[1]:02d}"]
        weights += [1.5, 0.5]
    return options, weights


def ordinal_readings(value: int) -> tuple[list[str], list[float]]:
    """Ways a normaliser writes an ordinal ("onest" and "1st" for "first")."""
    suffix = "th" if 10 < value < 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    ones = {word: name for name, word in _ORDINALS.items()}
    full = ones[value] if value in ones else f"{TENS[value // 10]}-{ones[value % 10]}"
    return [count_words(value) + suffix, full, f"{value}{suffix}", count_words(value)], [4.0, 2.0, 0.8, 0.6]


@dataclass
class Segment:
    """A stretch of the reference and its competing readings.

    `readings` maps text to log-probability; the truth may be missing.
    `known` is false when no knowledge of the language can restore the truth.
    """

    truth: str
    readings: dict[str, float] = field(default_factory=dict)
    known: bool = True


@dataclass
class Utterance:
    """An N-best list: distinct hypotheses with scores, the truth, the target."""

    hypotheses: list[str]
    scores: list[float]
    reference: str
    target: str


class Noise:
    """Draws N-best lists; needs the lexicon written by `lexicon.py`."""

    def __init__(self, lexicon_path: Path, names: set[str]) -> None:
        lexicon = json.loads(lexicon_path.read_text())
        self._phones: dict[str, list[str]] = lexicon["phones"]
        self._near = {
            word: ([other for other, _ in pairs], [weight for _, weight in pairs])
            for word, pairs in lexicon["near"].items()
        }
        self._splits: dict[str, list[str]] = lexicon["splits"]
        self._joins: dict[str, list[str]] = {}
        for word, pairs in self._splits.items():
            for pair in pairs[:3]:
                self._joins.setdefault(pair, []).append(word)
        self.common_words: list[str] = lexicon["common"]
        self.words: list[str] = sorted(self._phones)
        self._names = names

    # Words that are nowhere in the grammar.

    def pseudo_word(self, rng: random.Random) -> str:
        """A pronounceable word that is probably no word at all."""
        syllables = []
        for _ in range(rng.choices([1, 2, 3], [3, 5, 2])[0]):
            onset = rng.choice("b c d f g h j k l m n p r s t v w z br cr dr fl gr kl pl sh st th tr ch qu".split())
            nucleus = rng.choice("a e i o u a e i o ai ea ee oo ou ie y".split())
            coda = rng.choice("n r l s t m d k ng ck rt nd st sh x".split() + [""] * 10)
            syllables.append(onset + nucleus + coda)
        return "".join(syllables)

    def respell(self, word: str, rng: random.Random) -> str:
        """A plausible misspelling: by sound if the word is known, else by letter."""
        phones = self._phones.get(word)
        if phones and rng.random() < 0.75:
            keep = rng.random() < 0.5  # keep the first letter, as recognisers mostly do
            out = []
            for phone in phones:
                options = _SPELLINGS.get(phone, phone if phone.isascii() else "a").split()
                out.append(options[min(int(rng.expovariate(1.8)), len(options) - 1)])
            text = "".join(out)
            return word[0] + text[1:] if keep and text else text
        position = rng.randrange(len(word))
        letter = rng.choice("aeiou" if word[position] in "aeiou" else "bcdfgklmnprstvz")
        change = rng.random()
        if change < 0.5:
            return word[:position] + letter + word[position + 1 :]
        if change < 0.75 and len(word) > 3:
            return word[:position] + word[position + 1 :]
        return word[:position] + rng.choice([word[position], letter]) + word[position:]

    # Readings of one segment.

    def _misheard(self, word: str, rng: random.Random) -> tuple[str, bool]:
        """One wrong reading of a word, and whether a reader could undo it."""
        roll = rng.random()
        known = word in self._phones
        if not known or (word in self._names and roll < 0.5):
            return self.respell(word, rng), known
        if word in SMALL_WORDS and roll < 0.35:
            return "", True
        if word in _LETTERS and word not in "ai" and roll < 0.6:
            return rng.choice(LETTER_SOUNDS[word].split("|")), True
        if word in self._splits and roll < 0.12:
            return rng.choice(self._splits[word]), True
        if word in self._near:
            options, weights = self._near[word]
            return rng.choices(options, weights)[0], True
        if roll < 0.3:
            return rng.choice(self.words), False
        if len(word) < 3:
            return rng.choice(SMALL_WORDS), False
        return (word[:-1] if word.endswith("s") else word + "s") if roll < 0.6 else self.respell(word, rng), True

    def _segments(self, words: list[str], rng: random.Random, rate: float) -> list[Segment]:
        """Cuts the words into segments; formatted units get format readings with probability `rate`."""
        segments: list[Segment] = []
        index = 0
        while index < len(words):
            length, options, weights = self._format_at(words, index, rng) if rate else (1, [], [])
            truth = " ".join(words[index : index + length])
            segment = Segment(truth)
            if options and rng.random() < rate:
                chosen = rng.choices(options, weights)[0]
                roll = rng.random()
                segment.readings[chosen] = 0.0
                if roll < 0.18:
                    segment.readings[rng.choices(options, weights)[0]] = -rng.expovariate(0.8)
                elif roll < 0.4:
                    segment.readings[truth] = -rng.expovariate(0.8)
            segments.append(segment)
            index += length
        return segments

    def _format_at(self, words: list[str], index: int, rng: random.Random) -> tuple[int, list[str], list[float]]:
        """The formatted unit that starts at `index`: its length and other ways to write it."""
        word = words[index]
        for length in range(min(_LONGEST_FORMAT, len(words) - index), 0, -1):
            phrase = tuple(words[index : index + length])
            if phrase in _FORMATS:
                return length, *_FORMATS[phrase]
        if word in _NUMBER_WORDS and word not in ("hundred", "thousand", "oh"):
            end = index
            while end < len(words) and words[end] in _NUMBER_WORDS:
                end += 1
            if end < len(words) and words[end] in _ORDINALS and words[end - 1] in _TENS_VALUES:
                if end - 1 > index:
                    end -= 1
                else:
                    return 2, *ordinal_readings(_TENS_VALUES[word] + _ORDINALS[words[end]])
            return self._number_unit(words, index, end, rng)
        if word in _ORDINALS:
            return 1, *ordinal_readings(_ORDINALS[word])
        if word in _LETTERS:
            return self._letter_unit(words, index, rng)
        return 1, [], []

    @staticmethod
    def _number_unit(words: list[str], index: int, end: int, rng: random.Random) -> tuple[int, list[str], list[float]]:
        options, weights = number_readings(words[index:end])
        after = words[end : end + 2]
        if after in (["p", "m"], ["a", "m"]):
            half = "".join(after)
            dotted = f"{after[0]}.m."
            joined = [option + rng.choice([half, " " + half, " " + half, " " + dotted, half]) for option in options]
            return end + 2 - index, joined, weights
        if after[:1] == ["o'clock"]:
            clock = rng.choice([" oclock", " o clock", " o'clock", ":zero", ""])
            return end + 1 - index, [option + clock for option in options], weights
        if after[:1] == ["dollars"]:
            front = [f"${option}" for option in options]
            back = [f"{option} dollars" for option in options]
            return end + 1 - index, front + back, weights + [weight / 2 for weight in weights]
        if end == index + 1 and rng.random() < 0.8:
            return 1, [str(number_groups(words[index:end])[0])], [0.1]
        return end - index, options, weights

    @staticmethod
    def _letter_unit(words: list[str], index: int, rng: random.Random) -> tuple[int, list[str], list[float]]:
        end = index
        while end < len(words) and words[end] in _LETTERS:
            end += 1
        letters = words[index:end]
        if words[index] in "ai" and len(letters) == 2 and letters[1] != "m":
            return 1, [], []
        if len(letters) == 1 and (end == len(words) or words[end] not in _NUMBER_WORDS or words[index] in "ai"):
            return 1, [], []
        joined = "".join(letters)
        options, weights = [joined, ".".join(letters) + ".", "-".join(letters)], [6.0, 0.5, 0.3]
        stop = end
        while stop < len(words) and words[stop] in _NUMBER_WORDS:
            stop += 1
        if stop > end:
            numbers, number_weights = number_readings(words[end:stop])
            glue = rng.choice(["", "-", " ", " "])
            return stop - index, [joined + glue + number for number in numbers], number_weights
        if len(letters) == 1:
            return 1, [], []
        return end - index, options, weights

    def _add_hearing_errors(self, segments: list[Segment], rng: random.Random, per_word: float, sure: bool) -> None:
        """Gives some segments wrong readings. With `sure` the truth always stays the best one."""
        for position, segment in enumerate(segments):
            if segment.readings or " " in segment.truth:
                if rng.random() > per_word * 0.3:
                    continue
            elif rng.random() > per_word * (2.0 if segment.truth in self._names else 1.0):
                continue
            if not segment.truth:
                continue
            base = next(iter(segment.readings), segment.truth)
            pair = f"{segment.truth} {segments[position + 1].truth}" if position + 1 < len(segments) else ""
            if pair in self._joins and not segments[position + 1].readings and rng.random() < 0.5:
                segment.truth, segments[position + 1].truth = pair, ""
                wrong, known = rng.choice(self._joins[pair]), True
                base = pair
            elif " " in base:
                spoken = base.split()
                place = rng.randrange(len(spoken))
                spoken[place], known = self._misheard(spoken[place], rng)
                wrong = " ".join(filter(None, spoken))
            elif rng.random() < 0.1:
                wrong, known = f"{base} {rng.choice(SMALL_WORDS)}", True
            else:
                wrong, known = self._misheard(base, rng)
            segment.known = segment.known and known
            segment.readings.setdefault(base, 0.0)
            if sure:
                segment.readings[wrong] = -0.2 - rng.expovariate(0.7)
                continue
            roll = rng.random()
            if roll < 0.25:  # the truth falls out of the beam
                del segment.readings[base]
                segment.readings[wrong] = 0.0
            else:
                segment.readings[wrong] = rng.gauss(0.2, 1.5)
            if rng.random() < 0.35:
                other, known = self._misheard(segment.truth.split()[0], rng) if " " not in segment.truth else (wrong, True)
                segment.known = segment.known and known
                segment.readings.setdefault(other, segment.readings[wrong] - rng.expovariate(0.7))

    # Whole lists.

    def utterance(
        self, reference: str, rng: random.Random, *, difficulty: float, format_rate: float, sure: bool = False
    ) -> Utterance:
        """An N-best list for a reference.

        `difficulty` is about the share of words with a competing reading,
        `format_rate` the probability that a formatted unit is written otherwise.
        """
        words = reference.split()
        segments = self._segments(words, rng, format_rate)
        if difficulty > 0:
            self._add_hearing_errors(segments, rng, difficulty, sure)
            if rng.random() < difficulty:
                place = rng.randrange(len(segments) + 1)
                extra = Segment("", {"": 0.0, rng.choice(SMALL_WORDS): rng.gauss(-1.0, 1.0)})
                segments.insert(place, extra)
            cut = rng.random()
            if cut < 0.02 and len(segments) > 4 and not sure:
                segments[0].readings = {"": 0.0}
            elif cut < 0.04 and len(segments) > 4 and not sure:
                segments[-1].readings, segments[-1].known = {"": 0.0}, False
        beam = self._beam(segments)
        limit = rng.choices([1, 2, 3, 4, 5], [28, 33, 19, 11, 9])[0]
        beam = beam[:limit]
        hypotheses = [" ".join(" ".join(filter(None, readings)).split()) or "<unk>" for readings, _ in beam]
        top = -0.18 - 0.25 * rng.random() - 0.6 * difficulty * rng.random()
        scores = [round(top + (weight - beam[0][1]) / (2.0 * len(words) + 6.0), 4) for _, weight in beam]
        keep = [i for i, text in enumerate(hypotheses) if text not in hypotheses[:i]]
        target = self._target(segments, [readings for readings, _ in beam])
        return Utterance([hypotheses[i] for i in keep], [scores[i] for i in keep], reference, target)

    @staticmethod
    def _beam(segments: list[Segment], width: int = LIST_SIZE) -> list[tuple[list[str], float]]:
        """The best combinations of readings, best first."""
        beam: list[tuple[list[str], float]] = [([], 0.0)]
        for segment in segments:
            readings = segment.readings or {segment.truth: 0.0}
            if len(readings) == 1:
                for texts, _ in beam:
                    texts.extend(readings)
                continue
            total = math.log(sum(map(math.exp, readings.values())))
            grown = [
                (texts + [text], weight + value - total) for texts, weight in beam for text, value in readings.items()
            ]
            grown.sort(key=lambda item: -item[1])
            beam = grown[:width]
        return [item for item in beam if item[1] > beam[0][1] - 5.0]

    @staticmethod
    def _target(segments: list[Segment], beam: list[list[str]]) -> str:
        """The reference, but with the 1-best reading where the truth cannot be inferred."""
        out = []
        for index, segment in enumerate(segments):
            if not segment.known:
                votes = sum(readings[index] == segment.truth for readings in beam)
                if votes * 2 <= len(beam):
                    out.append(beam[0][index])
                    continue
            out.append(segment.truth)
        return " ".join(" ".join(out).split())


def padded_list(utterance: Utterance, rng: random.Random) -> tuple[list[str], list[float]]:
    """The list filled up to five with random repeats, scores falling."""
    picks = list(range(len(utterance.hypotheses)))
    while len(picks) < LIST_SIZE:
        picks.append(rng.randrange(len(utterance.hypotheses)))
    picks.sort()
    if rng.random() < 0.3:  # equal texts are not always neighbours in the beam
        tail = picks[1:]
        rng.shuffle(tail)
        picks[1:] = tail
    scores = sorted((utterance.scores[i] - rng.expovariate(60.0) for i in picks), reverse=True)
    return [utterance.hypotheses[i] for i in picks], [round(score, 4) for score in scores]
