"""Writes significance.json: pairs of systems with the answers of NIST's sc_stats and of scipy.

    apt-get install sctk        # Debian's sctk 2.4.10
    pip install scipy==1.17.1 rapidfuzz==3.14.6
    python tests/data/make_significance.py > tests/data/significance.json

A case holds utterances [group, reference, first system, second system] and:
  sclite     alignments by sclite, one [first, second] an utterance: a letter for each step,
             C right, S substituted, D deleted, I inserted; its weights are 4/3/3
  by_sclite  what sc_stats says of these: segments, mean, deviation and Z of the errors of
             the first less those of the second in a segment, and p
  by_jiwer   the same for alignments by rapidfuzz, which jiwer uses
  difference scipy.stats.bootstrap of the second system's rate less the first's, resampled
             by group (paired, percentile): [low, high]

sc_stats loses insertions of its second system behind the last word of the reference when
no error is open there. So the second systems here do not end in an insertion, save in the
case "ends in insertions", where sc_stats is asked with the systems swapped (`swapped`).

normal: [Z, two-sided p] by scipy.stats.norm.
holm, benjamini_hochberg: lists of p-values and what they are corrected to, by definition.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import scipy.stats
from rapidfuzz.distance import Levenshtein

WORDS = "a the to of in on go show me list all from boston denver flight fare late early one day".split()
CHARS = {"equal": "C", "replace": "S", "delete": "D", "insert": "I"}


def noised(rng, words, rate, kinds):
    """The words with errors at a rate; kinds weigh substitution, deletion, insertion, swap."""
    out = []
    words = list(words)
    while words:
        word = words.pop(0)
        if rng.random() >= rate:
            out.append(word)
            continue
        kind = rng.choices("SDIX", kinds)[0]
        if kind == "S":
            out.append(rng.choice(WORDS))
        elif kind == "I":
            out += [rng.choice(WORDS), word]
        elif kind == "X" and words:
            out += [words.pop(0), word]
    return out


def sgml(title, utterances, alignments):
    """Alignments as sclite pipes them."""
    lines = [
        f'<SYSTEM title="{title}" ref_fname="r" hyp_fname="h" creation_date="" format="2.4" '
        'frag_corr="FALSE" opt_del="FALSE" weight_ali="FALSE" weight_filename="">',
        '<SPEAKER id="spk">',
    ]
    for number, ((reference, hypothesis), ops) in enumerate(zip(utterances, alignments)):
        left, right, cells = iter(reference.split()), iter(hypothesis.split()), []
        for op in ops:
            one = f'"{next(left)}"' if op != "I" else ""
            other = f'"{next(right)}"' if op != "D" else ""
            cells.append(f"{op},{one},{other}")
        lines.append(f'<PATH id="(spk_{number:03})" word_cnt="{len(ops)}" sequence="{number}">')
        lines += [":".join(cells), "</PATH>"]
    return "\n".join(lines + ["</SPEAKER>", "</SYSTEM>"]) + "\n"


def sclite(utterances):
    """One string of steps an utterance."""
    with tempfile.TemporaryDirectory() as folder:
        for name, side in (("ref", 0), ("hyp", 1)):
            lines = [f"{pair[side]} (spk_{number:03})\n" for number, pair in enumerate(utterances)]
            (Path(folder) / name).write_text("".join(lines))
        command = "sctk sclite -r ref trn -h hyp trn x -i wsj -o sgml stdout"
        out = subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, text=True)
    found = re.findall(r'<PATH id="\(spk_(\d+)\)"[^>]*>\n(.*?)</PATH>', out.stdout, re.S)
    assert len(found) == len(utterances), out.stdout + out.stderr
    by_number = {int(number): re.findall(r'(?:^|:)([CSDI]),', cells) for number, cells in found}
    return ["".join(by_number[number]) for number in range(len(utterances))]


def sc_stats(first, second):
    def asked(options):
        with tempfile.TemporaryDirectory() as folder:
            command = f"sctk sc_stats -p -t mapsswe {options} -n -".split()
            return subprocess.run(
                command, cwd=folder, input=(first + second).encode(), check=True, capture_output=True
            ).stdout.decode(errors="replace")

    line = re.search(r"# segs: (\d+)\).*mean: *(\S+)\) \(std dev: *(\S+)\) \(Z Stat: *(\S+)\)", asked("-v"))
    unified = asked("-u")
    p = re.search(r"\|\|  A\s*\|[^|]*\|\D*?(<?)(\d\.\d{3})", unified)
    assert line and p, unified
    segments, mean, deviation, z = line.groups()
    return {
        "segments": int(segments),
        "mean": float(mean),
        "deviation": float(deviation),
        "z": float(z),
        # `<0.001` is all that is said of less.
        "p": 0.0 if p.group(1) else float(p.group(2)),
    }


def jiwer_ops(reference, hypothesis):
    codes = Levenshtein.opcodes(reference.split(), hypothesis.split())
    return "".join(
        CHARS[code.tag] * max(code.src_end - code.src_start, code.dest_end - code.dest_start)
        for code in codes
    )


def errors(ops):
    return sum(op != "C" for op in ops)


def bootstrap(groups, lengths, first, second, seed):
    names = sorted(set(groups))
    sums = [
        [sum(v for g, v in zip(groups, values) if g == name) for name in names]
        for values in (lengths, first, second)
    ]

    def difference(words, one, other, axis=-1):
        return (other.sum(axis=axis) - one.sum(axis=axis)) / words.sum(axis=axis)

    answer = scipy.stats.bootstrap(
        [numpy.array(values, dtype=float) for values in sums],
        difference,
        paired=True,
        vectorized=True,
        n_resamples=40_000,
        batch=2_000,
        method="percentile",
        rng=numpy.random.default_rng(seed),
    )
    return [round(float(end), 6) for end in answer.confidence_interval]


def case(name, seed, count, rates, kinds=(5, 2, 2, 1), length=(3, 16), groups=12, end=False):
    rng = random.Random(seed)
    utterances = []
    for _ in range(count):
        reference = [rng.choice(WORDS) for _ in range(rng.randint(*length))]
        first, second = (noised(rng, reference, rate, kinds) for rate in rates)
        if end:
            second += [rng.choice(WORDS)] if rng.random() < 0.4 else []
        group = f"s{rng.randrange(groups)}"
        pairs = [" ".join(words) for words in (reference, first, second)]
        utterances.append([group, *pairs])
    sides = [[(one[1], one[side]) for one in utterances] for side in (2, 3)]
    by_sclite = [sclite(side) for side in sides]
    by_jiwer = [[jiwer_ops(*pair) for pair in side] for side in sides]
    # What sc_stats loses is left to the case that is about it.
    kept = [
        number
        for number in range(count)
        if end or not any(side[1][number].endswith("I") for side in (by_sclite, by_jiwer))
    ]
    utterances = [utterances[number] for number in kept]
    sides, by_sclite, by_jiwer = (
        [[side[number] for number in kept] for side in both] for both in (sides, by_sclite, by_jiwer)
    )

    def asked(alignments):
        texts = [sgml(title, side, ops) for title, side, ops in zip("AB", sides, alignments)]
        if end:
            texts = [sgml("A", sides[1], alignments[1]), sgml("B", sides[0], alignments[0])]
        return sc_stats(*texts)

    counts = [[errors(ops) for ops in side] for side in by_jiwer]
    lengths = [len(one[1].split()) for one in utterances]
    return {
        "name": name,
        "swapped": end,
        "utterances": utterances,
        "sclite": [list(pair) for pair in zip(*by_sclite)],
        "by_sclite": asked(by_sclite),
        "by_jiwer": asked(by_jiwer),
        "difference": bootstrap([one[0] for one in utterances], lengths, *counts, seed),
    }


CASES = [
    case("alike", 1, 60, (0.15, 0.15)),
    case("second worse", 2, 60, (0.10, 0.16)),
    case("second much better", 3, 60, (0.30, 0.10)),
    case("few errors", 4, 80, (0.03, 0.02)),
    case("many errors", 5, 50, (0.45, 0.40)),
    case("substitutions only", 6, 60, (0.2, 0.15), kinds=(1, 0, 0, 0)),
    case("deletions", 7, 60, (0.15, 0.2), kinds=(1, 6, 0, 0)),
    case("insertions", 8, 60, (0.2, 0.12), kinds=(1, 0, 6, 0)),
    case("words swapped", 9, 50, (0.15, 0.15), kinds=(1, 0, 0, 5)),
    case("long", 10, 16, (0.12, 0.09), length=(30, 60), groups=9),
    case("short", 11, 90, (0.2, 0.25), length=(1, 4), groups=30),
    case("ends in insertions", 12, 60, (0.12, 0.12), end=True),
]


def holm(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    out, most = [0.0] * len(values), 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(values) - rank) * values[i]))
        out[i] = most
    return out


LISTS = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.02, 0.02, 0.02], [0.001, 0.9, 0.04, 0.2, 0.04, 0.6]]

json.dump(
    {
        "cases": CASES,
        "normal": [[z, float(2 * scipy.stats.norm.sf(z))] for z in (0, 0.1, 0.5, 1, 1.96, 2.5, 3, 4, 6, 9)],
        "holm": [[values, holm(values)] for values in LISTS],
        "benjamini_hochberg": [
            [values, [float(p) for p in scipy.stats.false_discovery_control(values)]] for values in LISTS
        ],
    },
    sys.stdout,
    separators=(",", ":"),
)
