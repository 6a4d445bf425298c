"""Makes datasets/sample-audio: held-out sentences by held-out voices, clean and in noise.

The same utterances in every condition, so that conditions can be compared pair by pair.
Opus at 24 kbit/s (needs opusenc from opus-tools). With `--folder` and another `--seed` it makes
more of the kind, without a sentence of the sample: what settings were chosen on.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from grammar import Grammar, is_held_out, reference_group
from sound import RATE, add_noise
from speech import Speaker, draw_voice

FOLDER = Path(__file__).parent.parent / "datasets" / "sample-audio"
CONDITIONS = {"clean": None, "snr20": 20.0, "snr10": 10.0, "snr5": 5.0}
MAX_SECONDS = 6


def known_references(folder: Path) -> set[str]:
    """What the other samples hold: no sentence occurs in two."""
    folders = [FOLDER.parent / "sample"] if folder == FOLDER else [FOLDER.parent / "sample", FOLDER]
    files = sorted(file for folder in folders for file in folder.glob("*.jsonl"))
    items = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return {item.get("reference") or item["text"] for item in items}


def write_opus(sound: np.ndarray, path: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file.name, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(RATE)
            wav.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
        command = ["opusenc", "--quiet", "--bitrate", "24", "--serial", "1", "--discard-comments", file.name, str(path)]
        subprocess.run(command, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--seed", default="sample-audio")
    parser.add_argument("--count", type=int, default=160, help="utterances, each in every condition")
    arguments = parser.parse_args()
    folder, count = arguments.folder.resolve(), arguments.count
    rng, numbers = random.Random(arguments.seed), np.random.default_rng(20)
    grammar, speaker, taken = Grammar(), Speaker(), known_references(folder)
    utterances: list[tuple[str, str, np.ndarray]] = []
    while len(utterances) < count:
        text, voice = grammar.sentence(rng), draw_voice(rng, held_out=True)
        if text in taken or not is_held_out(text):
            continue
        sound = np.pad(speaker.speak(text, voice), RATE // 10)
        if len(sound) > MAX_SECONDS * RATE:
            continue
        taken.add(text)
        utterances.append((text, voice.name, sound))
    for condition, decibels in CONDITIONS.items():
        (folder / condition).mkdir(parents=True, exist_ok=True)
        lines = []
        for number, (text, voice, sound) in enumerate(utterances, start=1):
            if decibels is not None:
                others = [utterances[int(index)][2] for index in numbers.integers(0, count, 4)]
                sound = add_noise(sound, decibels, numbers, others)
            sound = sound * (0.5 / np.abs(sound).max())
            write_opus(sound, folder / condition / f"{number:03d}.opus")
            lines.append(
                {
                    "id": f"{condition}-{number:03d}",
                    "audio": f"{condition}/{number:03d}.opus",
                    "text": text,
                    "group": reference_group(text),
                    "voice": voice,
                    "duration": round(len(sound) / RATE, 3),
                }
            )
        (folder / f"{condition}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        seconds = sum(line["duration"] for line in lines)
        print(f"{condition}: {len(lines)} utterances, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
