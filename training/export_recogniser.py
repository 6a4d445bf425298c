"""Writes the trained recogniser as a Whisper model in whisper.cpp's format, 8-bit.

whisper.cpp fixes the ids of the special tokens for an English vocabulary of 51,864, so the
compact embedding is spread over that many rows. Rows that stand for nothing carry only a
large negative bias: their tokens are never written, and the file compresses well.
"""

from __future__ import annotations

import argparse
import struct
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, quants
from recogniser import Recogniser, RecogniserConfig
from sound import WINDOW, mel_filters
from speech_data import OUT, PHONEMES, SPECIALS, Vocabulary

MAGIC = 0x67676D6C
VOCABULARY = 51_864
NEVER = -30.0
F32, F16, Q8_0 = 0, 1, 8
# A file type of ggml: 7 is "mostly Q8_0", in version 2 of the quantisation formats.
FILE_TYPE = 2 * 1000 + 7


def spread(embedding: np.ndarray, text_tokens: int) -> np.ndarray:
    """The compact embedding as whisper.cpp numbers the tokens."""
    rows = np.zeros((VOCABULARY, embedding.shape[1]), np.float32)
    rows[:, -1] = NEVER
    rows[:text_tokens] = embedding[:text_tokens]
    for index, place in enumerate(SPECIALS.values()):
        rows[place] = embedding[text_tokens + index]
    return rows


def tensors(model: Recogniser, text_tokens: int) -> dict[str, np.ndarray]:
    result = {}
    for name, value in model.state_dict().items():
        array = value.float().numpy()
        if name.startswith("phonemes"):
            continue
        if name == "decoder.token_embedding.weight":
            array = spread(array, text_tokens)
        elif name in ("decoder.ln.weight", "decoder.ln.bias"):
            # The last output feature is the constant 1, see Decoder.
            array = array.copy()
            array[-1] = 1.0 if name.endswith("bias") else 0.0
        elif name.startswith("encoder.conv") and name.endswith("bias"):
            array = array[:, None]
        result[name] = array
    return result


def encode(name: str, array: np.ndarray) -> tuple[int, bytes]:
    if array.ndim == 1 or "positional_embedding" in name or (array.ndim == 2 and array.shape[1] == 1):
        return F32, array.astype(np.float32).tobytes()
    if array.ndim == 3:
        return F16, array.astype(np.float16).tobytes()
    return Q8_0, quants.quantize(array.astype(np.float32), GGMLQuantizationType.Q8_0).tobytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=OUT / "recogniser.pt")
    parser.add_argument("--output", type=Path, default=OUT.parent.parent / "models" / "gec-micro-asr.bin")
    arguments = parser.parse_args()
    vocabulary = Vocabulary()
    config = RecogniserConfig(vocabulary=vocabulary.size, phonemes=len(PHONEMES) + 1)
    model = Recogniser(config)
    model.load_state_dict(torch.load(arguments.checkpoint)["model"])
    with arguments.output.open("wb") as file:
        file.write(
            struct.pack(
                "<12i",
                MAGIC,
                VOCABULARY,
                config.audio_context,
                config.width,
                config.heads,
                config.audio_layers,
                config.text_context,
                config.width,
                config.heads,
                config.text_layers,
                config.mels,
                FILE_TYPE,
            )
        )
        filters = mel_filters()
        file.write(struct.pack("<2i", config.mels, WINDOW // 2 + 1) + filters.tobytes())
        file.write(struct.pack("<i", len(vocabulary.pieces)))
        for piece in vocabulary.pieces:
            data = piece.encode()
            file.write(struct.pack("<i", len(data)) + data)
        for name, array in tensors(model, len(vocabulary.pieces)).items():
            kind, data = encode(name, array)
            file.write(struct.pack("<3i", array.ndim, len(name), kind))
            file.write(struct.pack(f"<{array.ndim}i", *reversed(array.shape)) + name.encode() + data)
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
