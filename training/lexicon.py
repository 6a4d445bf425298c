"""Pronunciations and sound-alikes of the vocabulary, made with espeak-ng.

Run as a program it writes `out/lexicon.json`: for each word its phones, its
sound-alike words with weights, and its splits into two words.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections import defaultdict
from pathlib import Path

from grammar import Grammar

OUT = Path(__file__).parent / "out"

COMMON_WORDS = """
about above across act add afraid after again against age ago agree air allow almost alone along already also although
always am among amount and anger another answer any anyone anything appear apple area arm around arrange art as ask at
away baby back bad bag ball bank bar base be bear beat bed been before began behind believe bell below best better
big bill bird bit bite blood blow board body bone book born both bottom bought bow bowl boy brain branch bread break
breath brief bring broad brown build burn bus busy but buy by cake camp can cannot cap care carry case catch cause
cell cent center certain chair chance change chase cheap check chief choose circle claim clean clear climb clock close
clothes coat cold color come common cook cool copy corn corner cost could count course cover cow cross crowd cry cup
cut dance dark day dead deal dear death deep deer degree desk develop did die differ dinner direct do does dog done
door double down dream dress drink drive drop dry due during each ear earth ease east eat edge egg eight either else
end enemy engine enough enter equal even ever every exact except excite eye face fact fair fall far fare farm fast fat
father favor fear feed feel feet fell felt fence few field fight fill fine finger finish fire fit five flat flight
floor flow flower fly follow food foot force forest form forward found four free fresh friend from front fruit full
fun gain game gas gate gather gave get give glad glass go gold gone good got grade grain grand grass gray great green
ground grow guess guest guide gun had hair half hall hand happen hard has hat have he head hear heard heart heat heavy
held help her here high hill him his hit hold hole home hope horse hot hour house how huge human hundred hunt hurry
hurt ice if imagine in inch include instant into iron is island it job join joy jump just keep kept key kill kind
king knew knee know lady lake land large last late laugh law lay lead learn least leave led left leg length less let
level lie life lift light like line list listen little live lone long look lost lot loud love low luck made mail main
make man many map mark market mass master match matter may me mean meat meet melt men met middle might mile milk mind
mine minute miss mix money month moon more morning most mother mouth move much music must my nail name near neck need
never new next night no noise none noon nor north nose note nothing notice noun now numb object of off offer office
often oh oil old on once one only onto open or order other our out over own page paid pair paper part party pass past
path pay peace pen people perhaps phrase pick piece place plain plan plane plant play please point poor pose post
pound power present press print pull push put quart queen quick quiet quite race rain raise ran range rate rather reach
read ready real reason red rest rich ride right ring rise river road rock roll room root rope rose round row rub rule
run safe said sail salt same sand sat save saw say scale scene seat sea sell send sense sent serve set seven shape
share sharp she sheet shell shine ship shoe shop shore short should shout show side sight sign silver since sing sister
sit six size skill skin sky sleep slip slow small smell smile snow so soft soil some son song soon sort sound south
space speak speed spell spend spoke spot spread spring square stand star start state stay steel step stick still stock
stone stood stop store story straight strange stream street stretch string strong such sugar suit sun sure swim table
tail take talk tall teach team teeth tell ten tent term test than thank that the their them then there these they
thick thin thing think third this those though thought thousand three through throw thus tie time tiny tire to today
together told tone too took tool top total touch toward town track trade train travel tree trip trouble truck true try
tube turn twenty two type under unit until up us use valley value very view visit voice vote wait walk wall want war
warm was wash watch water wave way we wear weather week weight well went were west what wheel when where whether which
while white who whole whose why wide wife wild will win wind window wing winter wire wish with woman wonder wood word
work world would write wrong yard year yellow yes yet you young your yeah uh um okay fares fights lights flies flying
heir tea queue cue sees seas bee eye jay gee age ate won for fore there's that's it's let's don't can't doesn't
isn't wasn't he's she's we're they're you're i've we've i'll we'll won't couldn't
""".split()

_VOWELS = "aeiouæɐɑɒɔəɚɛɜɪʊʌᵻ"
_CLOSE_GROUPS = ["pb", "td", "kɡ", "fv", "sz", "ʃʒ", "θð", "mnŋ", "lɹ", "vwb", "θfs", "szʃ", "ɾtd"]
_CLOSE = {(a, b): 0.35 for group in _CLOSE_GROUPS for a in group for b in group if a != b}
_EASY_DELETE = set("ətdhszɪᵻ")

# Homophones and near-homophones of short words, which recognisers confuse most.
CONFUSION_SETS = """fair fare|fairs fares|flight fight light|flights fights lights flight|to two too|for four fore from|a the of|
of off|in and an|leave live leaving|leaving living|airfare fare|there their they're|by buy|right write|our are hour|
eight ate|one won|some sum|the a|from for|on in|at it|that the|which what|arrive arriving arrives|depart departing departs|
me we|is as|list least|least lease|cost costs|week weak|meal meals|plane plain|class glass|i'd i|would will|these this|
all the|seat seats|serve serves|go going|fly flying flight|stop stops|early earliest|late latest|noon new|are is|
and an|find fine|then than|show so|please police|mean means|code coat|ground round|into in to|airline airlines|
airport airports|returning return|morning mornings|do to|have has""".replace("\n", "")


def pronounce(words: list[str]) -> dict[str, list[str]]:
    """Phones of each word in IPA, stress and length marks removed."""
    text = "".join(f"{word}.\n" for word in words)
    done = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "--sep=_", "-v", "en-us"], input=text, capture_output=True, text=True, check=True
    )
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if len(lines) != len(words):
        raise RuntimeError(f"espeak-ng gave {len(lines)} lines for {len(words)} words")
    return {
        word: [phone for phone in re.split(r"[_ ]+", re.sub(r"[ˈˌː]", "", line)) if phone]
        for word, line in zip(words, lines, strict=True)
    }


def is_vowel(phone: str) -> bool:
    return phone[0] in _VOWELS


def substitution_cost(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if is_vowel(a) and is_vowel(b):
        return 0.4
    return _CLOSE.get((a[0], b[0]), 1.0)


def deletion_cost(phone: str) -> float:
    return 0.5 if phone[0] in _EASY_DELETE else 0.9


def phone_distance(a: list[str], b: list[str]) -> float:
    """Weighted edit distance between two pronunciations."""
    previous = [0.0]
    for phone in b:
        previous.append(previous[-1] + deletion_cost(phone))
    for left in a:
        current = [previous[0] + deletion_cost(left)]
        for column, right in enumerate(b):
            current.append(
                min(
                    previous[column] + substitution_cost(left, right),
                    previous[column + 1] + deletion_cost(left),
                    current[column] + deletion_cost(right),
                )
            )
        previous = current
    return previous[-1]


def consonants(phones: list[str]) -> set[str]:
    return {phone for phone in phones if not is_vowel(phone)}


def sound_alikes(phones: dict[str, list[str]], keep: int = 8) -> dict[str, list[tuple[str, float]]]:
    """For each word its nearest other words, weight falling with distance."""
    near: dict[str, list[tuple[str, float]]] = defaultdict(list)
    items = [(word, p, consonants(p)) for word, p in phones.items() if len(word) > 1]
    for index, (word, p, own) in enumerate(items):
        limit = 0.8 if len(p) <= 3 else 0.28 * len(p)
        for other, q, others in items[index + 1 :]:
            if abs(len(p) - len(q)) > 2 or (len(p) > 3 and len(own & others) * 2 < len(own) - 1):
                continue
            distance = phone_distance(p, q)
            if distance <= limit:
                weight = math.exp(-2.0 * distance)
                near[word].append((other, weight))
                near[other].append((word, weight))
    for group in CONFUSION_SETS.split("|"):
        members = group.split()
        for a in members:
            near[a] = [pair for pair in near[a] if pair[0] not in members]
            near[a].extend((b, 1.5) for b in members if a != b)
    return {word: sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:keep] for word, pairs in near.items()}


def coarse(phones: list[str]) -> str:
    """A key that is equal for words that sound almost the same."""
    return "".join("V" if is_vowel(p) else p[0].translate(str.maketrans("bdɡvzʒðɾ", "ptkfsʃθt")) for p in phones)


def two_word_splits(phones: dict[str, list[str]]) -> dict[str, list[str]]:
    """For each longer word, pairs of words that together sound like it."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for word, p in phones.items():
        if len(word) > 1 and "'" not in word:
            by_key[coarse(p)].append(word)
    splits: dict[str, list[str]] = {}
    for word, p in phones.items():
        if len(p) < 4:
            continue
        found = [
            (phone_distance(p, phones[left] + phones[right]), f"{left} {right}")
            for cut in range(1, len(p))
            for left in by_key.get(coarse(p[:cut]), [])
            for right in by_key.get(coarse(p[cut:]), [])
        ]
        if found:
            splits[word] = [text for _, text in sorted(found)[:6]]
    return splits


def main() -> None:
    grammar = Grammar()
    words = sorted(set(grammar.vocabulary()) | set(COMMON_WORDS))
    phones = pronounce(words)
    OUT.mkdir(exist_ok=True)
    lexicon = {
        "phones": phones,
        "near": sound_alikes(phones),
        "splits": two_word_splits(phones),
        "common": sorted(set(COMMON_WORDS)),
    }
    (OUT / "lexicon.json").write_text(json.dumps(lexicon, ensure_ascii=False))
    print(f"{len(words)} words, {len(lexicon['near'])} with sound-alikes, {len(lexicon['splits'])} with splits")


if __name__ == "__main__":
    main()
