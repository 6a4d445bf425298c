"""A language model of random weights and a real tokenizer, for measurements of speed.

    python3 training/random_model.py VOCAB.gguf OUT.gguf [--width 896] [--layers 24] ...

Llama architecture; by default the shape of a model of half a billion parameters. The
tokenizer is copied from VOCAB.gguf, any GGUF file that has one, for example
`models/gec-micro.gguf`, and padded with unused tokens up to a real vocabulary's size. What
the model writes is noise: it says how long decoding takes, and nothing else. Matrices are
Q8_0 or Q4_0, norms F32. Needs `numpy` and `gguf`. The same seed gives the same file.
"""

import argparse

import gguf
import numpy as np
from gguf.constants import GGMLQuantizationType, GGUFValueType

COPIED = ("tokenizer.",)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("vocab", help="GGUF file whose tokenizer is copied")
    parser.add_argument("out", help="GGUF file to write")
    parser.add_argument("--width", type=int, default=896)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--heads", type=int, default=14)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--ffn", type=int, default=4864)
    parser.add_argument("--tokens", type=int, default=32000, help="pad the vocabulary to this")
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--type", choices=("q8_0", "q4_0"), default="q8_0")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def value(field):
    """The Python value of a metadata field, and its types."""
    kind = field.types[0]
    if kind == GGUFValueType.STRING:
        return bytes(field.parts[field.data[0]]).decode("utf-8"), kind, None
    if kind != GGUFValueType.ARRAY:
        return field.parts[field.data[0]].tolist()[0], kind, None
    inner = field.types[-1]
    if inner == GGUFValueType.STRING:
        # Pieces need not be UTF-8.
        return [bytes(field.parts[place]) for place in field.data], kind, inner
    return [field.parts[place].tolist()[0] for place in field.data], kind, inner


def padded(name, content, least):
    """The list with what an unused token has in it, up to `least` entries."""
    missing = range(len(content), least)
    if name == "tokenizer.ggml.tokens":
        return content + [f"[unused{place}]".encode() for place in missing]
    if name == "tokenizer.ggml.token_type":
        return content + [int(gguf.TokenType.UNUSED) for _ in missing]
    if name == "tokenizer.ggml.scores":
        return content + [-1e9 for _ in missing]
    return content


def copy_tokenizer(reader, writer, least):
    """Copies the tokenizer and returns the number of its tokens."""
    tokens = 0
    for name, field in reader.fields.items():
        if not name.startswith(COPIED):
            continue
        content, kind, inner = value(field)
        if kind == GGUFValueType.ARRAY:
            content = padded(name, content, least)
        if name == "tokenizer.ggml.tokens":
            tokens = len(content)
        if kind == GGUFValueType.ARRAY:
            writer.add_key_value(name, content, kind, sub_type=inner)
        else:
            writer.add_key_value(name, content, kind)
    return tokens


def main():
    arguments = parse()
    random = np.random.default_rng(arguments.seed)
    writer = gguf.GGUFWriter(arguments.out, "llama")
    tokens = copy_tokenizer(gguf.GGUFReader(arguments.vocab), writer, arguments.tokens)
    if not tokens:
        raise SystemExit(f"{arguments.vocab} has no tokenizer")
    width, ffn = arguments.width, arguments.ffn
    head = width // arguments.heads
    kind = {"q8_0": GGMLQuantizationType.Q8_0, "q4_0": GGMLQuantizationType.Q4_0}[arguments.type]
    writer.add_name(f"random-{arguments.layers}x{width}-{arguments.type}")
    writer.add_context_length(arguments.context)
    writer.add_embedding_length(width)
    writer.add_block_count(arguments.layers)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(arguments.heads)
    writer.add_head_count_kv(arguments.kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(head)
    writer.add_vocab_size(tokens)

    def matrix(name, rows, columns):
        weights = random.standard_normal((rows, columns), dtype=np.float32) / np.sqrt(columns)
        writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)

    def norm(name):
        writer.add_tensor(name, np.ones(width, dtype=np.float32))

    matrix("token_embd.weight", tokens, width)
    norm("output_norm.weight")
    for layer in range(arguments.layers):
        block = f"blk.{layer}"
        norm(f"{block}.attn_norm.weight")
        matrix(f"{block}.attn_q.weight", width, width)
        matrix(f"{block}.attn_k.weight", arguments.kv_heads * head, width)
        matrix(f"{block}.attn_v.weight", arguments.kv_heads * head, width)
        matrix(f"{block}.attn_output.weight", width, width)
        norm(f"{block}.ffn_norm.weight")
        matrix(f"{block}.ffn_gate.weight", ffn, width)
        matrix(f"{block}.ffn_up.weight", ffn, width)
        matrix(f"{block}.ffn_down.weight", width, ffn)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
