"""Makes datasets/sample-audio: held-out sentences by held-out voices, clean and in noise.

The same utterances in every condition, so that conditions can be compared pair by pair.
Opus at 24 kbit/s (needs opusenc from opus-tools).
"""

from __future__ import annotations

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
COUNT = 160
CONDITIONS = {"clean": None, "snr20": 20.0, "snr10": 10.0, "snr5": 5.0}
MAX_SECONDS = 6


def known_references() -> set[str]:
    """What the other sample holds: no sentence occurs in both."""
    files = sorted((FOLDER.parent / "sample").glob("*.jsonl"))
    return {json.loads(line)["reference"] for file in files for line in file.read_text().splitlines()}


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
    rng, numbers = random.Random("sample-audio"), np.random.default_rng(20)
    grammar, speaker, taken = Grammar(), Speaker(), known_references()
    utterances: list[tuple[str, str, np.ndarray]] = []
    while len(utterances) < COUNT:
        text, voice = grammar.sentence(rng), draw_voice(rng, held_out=True)
        if text in taken or not is_held_out(text):
            continue
        sound = np.pad(speaker.speak(text, voice), RATE // 10)
        if len(sound) > MAX_SECONDS * RATE:
            continue
        taken.add(text)
        utterances.append((text, voice.name, sound))
    for condition, decibels in CONDITIONS.items():
        (FOLDER / condition).mkdir(parents=True, exist_ok=True)
        lines = []
        for number, (text, voice, sound) in enumerate(utterances, start=1):
            if decibels is not None:
                others = [utterances[int(index)][2] for index in numbers.integers(0, COUNT, 4)]
                sound = add_noise(sound, decibels, numbers, others)
            sound = sound * (0.5 / np.abs(sound).max())
            write_opus(sound, FOLDER / condition / f"{number:03d}.opus")
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
        (FOLDER / f"{condition}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        seconds = sum(line["duration"] for line in lines)
        print(f"{condition}: {len(lines)} utterances, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
