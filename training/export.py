"""Writes the checkpoint as GGUF (arch llama, Q8_0 matrices), and a file of decoding examples to check it by."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from data import END, OUT, PAD, SAMPLE, SPECIALS, Encoder, distinct
from model import Config, Corrector
from train import CHECKPOINT, evaluate, read_lists

SHIPPED = "gec-micro"
TOKENIZER = OUT / "tokenizer.json"
MODEL = Path(__file__).parent.parent / "models" / f"{SHIPPED}.gguf"


def load_model(path: Path) -> Corrector:
    model = Corrector(Config())
    model.load_state_dict(torch.load(path)["model"])
    return model.eval()


def add_vocabulary(writer: gguf.GGUFWriter, tokenizer: Path) -> None:
    """The BPE vocabulary and merges in GPT-2 form."""
    content = json.loads(tokenizer.read_text())["model"]
    tokens = sorted(content["vocab"], key=content["vocab"].get)
    types = [gguf.TokenType.CONTROL if token in SPECIALS else gguf.TokenType.NORMAL for token in tokens]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in content["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index(END))
    writer.add_eot_token_id(tokens.index(END))
    writer.add_pad_token_id(tokens.index(PAD))
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def add_metadata(writer: gguf.GGUFWriter, config: Config, name: str) -> None:
    writer.add_name(name)
    if name == SHIPPED:
        writer.add_description("Corrects N-best lists of a speech recogniser; English air-travel toy domain.")
        writer.add_license("MIT OR Apache-2.0")
    writer.add_languages(["en"])
    writer.add_string("gec.template", "gec-micro")
    # Known words are one token each. Text that takes more is of another kind, and is left alone.
    writer.add_float32("gec.max_tokens_per_word", 1.25)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.feed_forward)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.heads)
    writer.add_rope_dimension_count(config.width // config.heads)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_vocab_size(config.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def tensors(model: Corrector) -> dict[str, torch.Tensor]:
    """Weights under the names of the llama architecture.

    The model rotates neighbouring pairs, as llama.cpp does, so the rows of
    queries and keys need no permutation. The output matrix is the embedding.
    """
    found = {"token_embd.weight": model.embedding.weight, "output_norm.weight": model.final_norm.weight}
    for index, block in enumerate(model.blocks):
        query, key, value = block.query_key_value.weight.chunk(3)
        gate, up = block.gate_up.weight.chunk(2)
        named = {
            "attn_norm": block.attention_norm.weight,
            "attn_q": query,
            "attn_k": key,
            "attn_v": value,
            "attn_output": block.attention_out.weight,
            "ffn_norm": block.feed_norm.weight,
            "ffn_gate": gate,
            "ffn_up": up,
            "ffn_down": block.down.weight,
        }
        found |= {f"blk.{index}.{name}.weight": weight for name, weight in named.items()}
    return found


def write_gguf(model: Corrector, path: Path, name: str = SHIPPED, tokenizer: Path = TOKENIZER) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    add_metadata(writer, model.config, name)
    add_vocabulary(writer, tokenizer)
    for name, weight in tensors(model).items():
        values = weight.detach().numpy().astype(np.float32)
        if values.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def quantised(model: Corrector) -> Corrector:
    """The same model with its matrices rounded to Q8_0, as a reader of the file sees it."""
    kind = gguf.GGMLQuantizationType.Q8_0
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                rounded = gguf.quants.dequantize(gguf.quants.quantize(weight.numpy(), kind), kind)
                weight.copy_(torch.from_numpy(rounded))
    return model


def write_check(model: Corrector, path: Path, count: int = 50) -> None:
    """Prompts as text and token ids with the greedy output, to compare another engine with."""
    encoder = Encoder(TOKENIZER)
    lines = []
    for nbest, _ in read_lists(OUT / "dev.jsonl", count):
        hypotheses = distinct(nbest)
        prompt = encoder.prompt(hypotheses)
        output = model.greedy([prompt], encoder.end, encoder.pad, 96)[0]
        text = "".join(f"<|hyp|> {hypothesis}" for hypothesis in hypotheses) + "<|fix|>"
        lines.append(
            {"prompt": text, "prompt_ids": prompt, "output_ids": output, "output": encoder.decode(output)}
        )
        if encoder.tokenizer.encode(text).ids != prompt:
            raise RuntimeError(f"word-wise and whole tokenization differ: {text}")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--output", type=Path, default=MODEL)
    arguments = parser.parse_args()
    model = load_model(arguments.checkpoint)
    write_gguf(model, arguments.output)
    rounded = quantised(model)
    write_check(rounded, OUT / "check.jsonl")
    test = read_lists(SAMPLE / "test.jsonl", 500)
    print("sample", evaluate(rounded, Encoder(TOKENIZER), test))


if __name__ == "__main__":
    main()
