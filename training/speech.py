"""Synthesised speech: sentences of the grammar spoken by espeak-ng voices.

The library is called directly (a process for each sentence would cost more than the
synthesis). A voice is a language variety with a speaker variant, a rate, a pitch and a
stretch of the spectrum. One speaker variant in nine is never heard in training.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import random
from dataclasses import dataclass

import numpy as np
from grammar import Grammar, is_held_out

RATE = 16_000
VARIETIES = ["en-us", "en-us", "en-us", "en", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-029", "en-us-nyc"]
TRAINING_SPEAKERS = """m1 m2 m3 m4 m5 m7 m8 f1 f2 f4 f5 klatt klatt2 klatt4 klatt5 klatt6 adam Alex Alicia Andrea Andy
anika antonio aunty belinda benjamin boris caleb david ed edward edward2 gustave Henrique Hugo iven iven2 iven4 Jacky
john kaukovalta Lee linda marcelo Marco Mario max Michael michel miguel Mike norbert pablo pedro quincy rob robert
sandro shelby steph steph2 travis victor zac grandma Diogo""".split()
HELD_OUT_SPEAKERS = "m6 f3 klatt3 Annie Denis paul iven3 Gene".split()

DIGITS = "zero one two three four five six seven eight nine".split()
LETTERS = "a b c d e f g h i j k l m n o p q r s t u v w x y z".split()

_SYNCHRONOUS, _UTF8 = 2, 1
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7
_PHONEMES_IPA = 2


@dataclass
class Voice:
    name: str
    rate: int
    pitch: int
    range: int
    gap: int
    stretch: float


class Speaker:
    """espeak-ng as a function from text to samples. One object a process."""

    def __init__(self) -> None:
        path = ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1"
        self._library = ctypes.CDLL(path)
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
        if self._rate <= 0:
            raise RuntimeError("espeak-ng cannot be initialised: is its data installed?")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._pieces: list[np.ndarray] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)
        self._voice = ""

    def _collect(self, samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def _choose(self, voice: Voice) -> None:
        if voice.name != self._voice:
            if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
                raise RuntimeError(f"espeak-ng has no voice {voice.name}")
            self._voice = voice.name
        for parameter, value in [(_RATE, voice.rate), (_PITCH, voice.pitch), (_RANGE, voice.range), (_WORD_GAP, voice.gap)]:
            self._library.espeak_SetParameter(parameter, value, 0)

    def speak(self, text: str, voice: Voice) -> np.ndarray:
        """Samples at 16 kHz, float32 in [-1, 1], silence at both ends cut to 50 ms."""
        self._choose(voice)
        self._pieces = []
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
        sound = np.concatenate(self._pieces or [np.zeros(1, np.int16)]).astype(np.float32) / 32768
        loud = np.flatnonzero(np.abs(sound) > 0.004)
        if loud.size == 0:
            return np.zeros(RATE // 10, np.float32)
        edge = self._rate // 20
        sound = sound[max(0, loud[0] - edge) : loud[-1] + edge]
        return resample(sound, RATE / self._rate * voice.stretch)

    def phonemes(self, text: str, voice: Voice) -> str:
        """The phonemes of the text in this voice's variety, IPA without stress and length."""
        self._choose(voice)
        data = ctypes.c_char_p(text.encode())
        pointer = ctypes.c_void_p(ctypes.cast(data, ctypes.c_void_p).value)
        parts = []
        while pointer.value:
            part = self._library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _PHONEMES_IPA)
            parts.append((part or b"").decode())
        return " ".join(parts)


def resample(sound: np.ndarray, factor: float) -> np.ndarray:
    """Another number of samples for the same sound: `factor` times as many, band-limited."""
    count = int(round(len(sound) * factor))
    spectrum = np.fft.rfft(sound)
    wanted = count // 2 + 1
    if wanted <= len(spectrum):
        spectrum = spectrum[:wanted]
    else:
        spectrum = np.pad(spectrum, (0, wanted - len(spectrum)))
    return (np.fft.irfft(spectrum, count) * (count / len(sound))).astype(np.float32)


def draw_voice(rng: random.Random, held_out: bool) -> Voice:
    speaker = rng.choice(HELD_OUT_SPEAKERS if held_out else TRAINING_SPEAKERS)
    stretch = 1.0 if held_out else rng.uniform(0.92, 1.08)
    return Voice(
        name=f"{rng.choice(VARIETIES)}+{speaker}",
        rate=rng.randint(165, 235) if held_out else rng.randint(155, 260),
        pitch=rng.randint(30, 70) if held_out else rng.randint(15, 85),
        range=rng.randint(30, 70) if held_out else rng.randint(20, 90),
        gap=0 if rng.random() < 0.85 else rng.randint(1, 3),
        stretch=stretch,
    )


class Sentences:
    """What is said: the grammar of the corrector, and digits and letters."""

    def __init__(self) -> None:
        self.grammar = Grammar()

    def draw(self, rng: random.Random, held_out: bool) -> str:
        kind = rng.random()
        while True:
            if kind < 0.86:
                text = self.grammar.sentence(rng)
            elif kind < 0.90:
                text = self.grammar.general(rng)
            elif kind < 0.94:
                return rng.choice(DIGITS)
            elif kind < 0.98:
                text = " ".join(rng.choices([*DIGITS, "oh"], k=rng.randint(2, 7)))
            else:
                text = " ".join(rng.choices(LETTERS, k=rng.randint(1, 5)))
                return text
            if is_held_out(text) == held_out and len(text.split()) <= 16:
                return text
