"""Recordings of training sentences, for the recogniser to err on.

`gec transcribe` and `gec export` turn them into the N-best lists on which the corrector goes
on training: what it has to mend is then what this recogniser does (the recipe of the
Denoising Language Model, arXiv 2405.15216). Sentences and voices are of the training side.
"""

from __future__ import annotations

import argparse
import json
import random
import wave
from pathlib import Path

import numpy as np
from grammar import Grammar, is_held_out
from sound import RATE, disturb
from speech import Speaker, draw_voice
from speech_data import OUT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--folder", type=Path, default=OUT / "spoken")
    arguments = parser.parse_args()
    rng, numbers = random.Random("spoken-lists"), np.random.default_rng(30)
    grammar, speaker = Grammar(), Speaker()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    earlier: list[np.ndarray] = []
    with (arguments.folder / "manifest.jsonl").open("w") as manifest:
        for number in range(arguments.count):
            text = grammar.sentence(rng)
            while is_held_out(text) or len(text.split()) > 20:
                text = grammar.sentence(rng)
            sound = speaker.speak(text, draw_voice(rng, held_out=False))[: 10 * RATE]
            earlier = [*earlier[-19:], sound]
            others = rng.sample(earlier, min(4, len(earlier))) if rng.random() < 0.4 else []
            sound = disturb(sound, numbers, others)
            name = f"{number:05d}.wav"
            with wave.open(str(arguments.folder / name), "wb") as wav:
                wav.setnchannels(1)
                wav.setsampwidth(2)
                wav.setframerate(RATE)
                wav.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
            manifest.write(json.dumps({"id": name[:-4], "audio": name, "text": text}) + "\n")


if __name__ == "__main__":
    main()
