"""From clean speech to what a recogniser gets to hear: rooms, noise, telephones; and log-mel frames.

Everything is generated; no recording is used.
"""

from __future__ import annotations

import numpy as np

RATE = 16_000
WINDOW, HOP, MELS = 400, 160, 80


def mel_filters() -> np.ndarray:
    """(80, 201) triangular filters on Slaney's mel scale with equal areas, as Whisper's front end has them."""

    def to_hertz(mel: np.ndarray) -> np.ndarray:
        linear = mel * 200 / 3
        logarithmic = 1000 * np.exp((mel - 15) * np.log(6.4) / 27)
        return np.where(mel < 15, linear, logarithmic)

    top = 15 + np.log(RATE / 2 / 1000) * 27 / np.log(6.4)
    edges = to_hertz(np.linspace(0, top, MELS + 2))
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    rising = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return filters.astype(np.float32)


_FILTERS = mel_filters()
_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def log_mel(sound: np.ndarray) -> tuple[np.ndarray, float]:
    """(frames, 80) at 100 a second, scaled as Whisper does, and the value that silence has beside it."""
    half = WINDOW // 2
    padded = np.concatenate((sound[half:0:-1], sound, np.zeros(WINDOW, np.float32)))
    count = len(sound) // HOP + 1
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames * _HANN)).astype(np.float32) ** 2
    mel = np.log10(np.maximum(power @ _FILTERS.T, 1e-10))
    floor = mel.max() - 8
    return (np.maximum(mel, floor) + 4) / 4, (floor + 4) / 4


def coloured_noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """Stationary noise with a random slope (white to brown) and a random resonance."""
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    shape = (frequencies + 50) ** (-rng.uniform(0, 1.1))
    if rng.random() < 0.4:
        centre, width = rng.uniform(200, 4000), rng.uniform(100, 1500)
        shape *= 1 + rng.uniform(1, 5) * np.exp(-(((frequencies - centre) / width) ** 2))
    phases = rng.uniform(0, 2 * np.pi, len(frequencies))
    return np.fft.irfft(shape * np.exp(1j * phases), count).astype(np.float32)


def swelling(count: int, rng: np.random.Generator) -> np.ndarray:
    """A loudness that changes slowly, as of passing cars; around 1."""
    knots = rng.uniform(0.3, 1.7, max(2, count // RATE * 2 + 2))
    return np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots).astype(np.float32)


def hum(count: int, rng: np.random.Generator) -> np.ndarray:
    """Mains hum or a motor: harmonics of a low tone."""
    time, base = np.arange(count) / RATE, rng.uniform(45, 180)
    tones = [rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6)) for k in range(1, 9)]
    return np.sum(tones, axis=0).astype(np.float32)


def babble(count: int, rng: np.random.Generator, others: list[np.ndarray]) -> np.ndarray:
    """Several other people speaking at once."""
    mixture = np.zeros(count, np.float32)
    for other in others:
        mixture += np.roll(np.resize(other, count), int(rng.integers(count)))
    return mixture


def room(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reverberation: the direct sound and an exponentially decaying tail (0.1 to 0.6 s to -60 dB)."""
    decay = rng.uniform(0.1, 0.6)
    count = int(decay * RATE)
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail[: int(rng.uniform(0.001, 0.01) * RATE)] = 0
    response = tail * (rng.uniform(0.1, 0.7) / np.sqrt(np.sum(tail**2) + 1e-9))
    response[0] = 1
    size = 1 << (len(sound) + count - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return wet[: len(sound)].astype(np.float32)


def colour(sound: np.ndarray, rng: np.random.Generator, telephone: bool) -> np.ndarray:
    """A microphone's colouring: a slope and a bump; a telephone also cuts both ends of the band."""
    size = 1 << (len(sound) - 1).bit_length()
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    gain = ((frequencies + 200) / 1000) ** rng.uniform(-0.4, 0.6)
    gain *= 1 + rng.uniform(-0.6, 1) * np.exp(-(((frequencies - rng.uniform(300, 4000)) / rng.uniform(300, 1500)) ** 2))
    if telephone:
        low, high = rng.uniform(50, 300), rng.uniform(3200, 3900)
        gain *= 1 / (1 + (low / (frequencies + 1)) ** 4) / (1 + (frequencies / high) ** 16)
    return np.fft.irfft(np.fft.rfft(sound, size) * gain, size)[: len(sound)].astype(np.float32)


def add_noise(
    sound: np.ndarray, decibels: float, rng: np.random.Generator, others: list[np.ndarray]
) -> np.ndarray:
    """Mixes in noise of a random kind at a signal-to-noise ratio. `others`: utterances for babble."""
    kind = rng.random()
    count = len(sound)
    if kind < 0.25 and others:
        noise = babble(count, rng, others)
    elif kind < 0.4:
        noise = hum(count, rng) / 8 + 0.4 * coloured_noise(count, rng)
    else:
        noise = coloured_noise(count, rng)
    noise = noise / (np.std(noise) + 1e-9)
    if rng.random() < 0.5:
        noise *= swelling(count, rng)
    loudness = np.sqrt(np.mean(sound**2)) + 1e-9
    return sound + noise * (loudness / np.sqrt(np.mean(noise**2)) * 10 ** (-decibels / 20))


def disturb(sound: np.ndarray, rng: np.random.Generator, others: list[np.ndarray]) -> np.ndarray:
    """A training example's sound: silence around it, a room, a microphone, noise, a level."""
    before, after = rng.integers(0, RATE // (4 if rng.random() < 0.2 else 20), 2)
    sound = np.pad(sound, (before, after))
    if rng.random() < 0.2:
        sound = room(sound, rng)
    if rng.random() < 0.3:
        sound = colour(sound, rng, telephone=rng.random() < 0.4)
    if rng.random() < 0.5:
        sound = add_noise(sound, rng.uniform(3, 30), rng, others)
    else:
        sound = sound + rng.standard_normal(len(sound)).astype(np.float32) * 10 ** rng.uniform(-5, -3.3)
    return (sound * (rng.uniform(0.1, 0.9) / (np.abs(sound).max() + 1e-6))).astype(np.float32)
