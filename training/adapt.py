"""Trains the corrector on the pairs of a HyPoradise-format file: from the shipped model, or anew.

What it writes stays in `out/`: a model inherits the terms of the texts it has read. Pairs
whose reference also stands in a file named with `--exclude` are left out, and so is a
tenth of the references, which `gec tune` can learn a profile from without being deceived by
what the model knows by heart.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import gguf
import torch
import torch.nn.functional as F
from data import BATCH_TOKENS, MAX_TOKENS, OUT, SPECIALS, Batch, Encoder, Example, Source, distinct, make_batch
from export import MODEL, tensors, write_gguf
from model import Config, Corrector
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import distributed
from train import average_gradients, evaluate, optimizers

# Not the one of `data.py tokenizer`, which later changes to the mixture would make another.
TOKENIZER = OUT / "shipped-tokenizer.json"

Pair = tuple[list[str], str]


def read_pairs(path: Path) -> list[Pair]:
    """Distinct hypotheses and reference of each item, words separated by single spaces."""
    items = json.loads(path.read_text())
    pairs = []
    for item in items:
        texts = distinct([" ".join(text.split()) for text in item["input"]])
        pairs.append(([text for text in texts if text and text != "<UNK>"] or [""], " ".join(item["output"].split())))
    return pairs


def write_shipped_tokenizer(path: Path) -> None:
    """The tokenizer in a GGUF file that `export.py` has written, as the tokenizers library reads it."""
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.save(str(TOKENIZER))


def is_tenth(reference: str) -> bool:
    """Whether the hash of the reference holds it back from training."""
    return hashlib.sha256(reference.lower().encode()).digest()[0] % 10 == 0


def read_shipped(path: Path) -> Corrector:
    """The weights of a GGUF file that `export.py` has written."""
    model = Corrector(Config())
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    with torch.no_grad():
        for name, weight in tensors(model).items():
            tensor = found[name]
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            # Parts of a fused weight are views of it, so this fills the model.
            weight.copy_(torch.from_numpy(values.copy()).view_as(weight))
    return model


class Lists:
    """Draws training examples: real lists as they are and shortened, and real references misheard anew."""

    def __init__(self, pairs: list[Pair], general: float, misheard: float) -> None:
        self.pairs, self.general, self.misheard = pairs, general, misheard
        self.source = Source()

    def example(self, rng: random.Random, pair: Pair) -> Example:
        roll = rng.random()
        if roll < self.general:
            return self.source.example(rng, 0.05)
        hypotheses, reference = pair
        if roll < self.general + self.misheard and len(reference.split()) > 1:
            utterance = self.source._recognised(reference, rng)
            return Example(utterance.hypotheses, utterance.target)
        if len(hypotheses) > 1 and rng.random() < 0.3:
            hypotheses = hypotheses[: rng.randint(1, len(hypotheses) - 1)]
        return Example(hypotheses, reference)

    def batches(self, encoder: Encoder, epochs: int, seed: str) -> Iterator[tuple[float, Batch]]:
        """Batches, each with the share of the training that lies behind it."""
        rng = random.Random(seed)
        for epoch in range(epochs):
            order = rng.sample(self.pairs, len(self.pairs))
            rows = []
            for pair in order:
                example = self.example(rng, pair)
                prompt, output = encoder.prompt(example.hypotheses), encoder.text(example.target)
                if output and len(prompt) + len(output) < MAX_TOKENS:
                    rows.append((prompt, output))
            rows.sort(key=lambda row: len(row[0]) + len(row[1]))
            made: list[list[tuple[list[int], list[int]]]] = [[]]
            for row in rows:
                if (len(made[-1]) + 1) * (len(row[0]) + len(row[1])) > BATCH_TOKENS:
                    made.append([])
                made[-1].append(row)
            rng.shuffle(made)
            for number, batch in enumerate(made):
                yield (epoch + number / len(made)) / epochs, make_batch(encoder, batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--train", type=Path, required=True, help="HyPoradise file to train on")
    parser.add_argument("--exclude", type=Path, action="append", default=[], help="files whose references are left out")
    parser.add_argument("--anew", action="store_true", help="not from the shipped model")
    parser.add_argument("--layers", type=int, default=4, help="with --anew")
    parser.add_argument("--width", type=int, default=192, help="with --anew")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="AdamW learning rate")
    parser.add_argument("--matrix-rate", type=float, default=0.01, help="Muon learning rate")
    parser.add_argument("--general", type=float, default=0.1, help="share of the shipped model's own training data")
    parser.add_argument("--misheard", type=float, default=0.25, help="share of real references misheard by the noise model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="each computes a batch of every step, on one core")
    parser.add_argument("--output", type=Path, default=OUT / "adapted.gguf")
    arguments = parser.parse_args()

    write_shipped_tokenizer(MODEL)
    excluded = {reference for path in arguments.exclude for _, reference in read_pairs(path)}
    pairs = read_pairs(arguments.train)
    allowed = [pair for pair in pairs if pair[1] not in excluded]
    training = [pair for pair in allowed if not is_tenth(pair[1])]
    held_back = [pair for pair in allowed if is_tenth(pair[1])]
    print(
        f"{len(pairs)} pairs, {len(pairs) - len(allowed)} left out for their reference, {len(training)} to train on, "
        f"{len(held_back)} held back",
        flush=True,
    )
    items = [{"input": hypotheses, "output": reference} for hypotheses, reference in held_back]
    arguments.output.with_suffix(".held-back.json").write_text(json.dumps(items))
    # What a profile may be learned from together with the model: all but what was left out.
    items = json.loads(arguments.train.read_text())
    items = [item for item in items if " ".join(item["output"].split()) not in excluded]
    arguments.output.with_suffix(".allowed.json").write_text(json.dumps(items))
    others = [
        torch.multiprocessing.get_context("spawn").Process(target=train, args=(arguments, training, held_back, rank))
        for rank in range(1, arguments.processes)
    ]
    for other in others:
        other.start()
    train(arguments, training, held_back, 0)
    for other in others:
        other.join()


def train(arguments: argparse.Namespace, training: list[Pair], held_back: list[Pair], rank: int) -> None:
    address = "tcp://127.0.0.1:29517"
    distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=arguments.processes)
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    encoder = Encoder(TOKENIZER)
    if arguments.anew:
        width = arguments.width
        config = Config(layers=arguments.layers, width=width, heads=width // 32, feed_forward=width * 8 // 3 // 32 * 32)
        model = Corrector(config)
    else:
        model = read_shipped(MODEL)
    if rank == 0:
        print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters", flush=True)
        print("before", evaluate(model, encoder, held_back), flush=True)
    arguments.adamw_only = False
    optims = optimizers(model, arguments)
    base_rates = [[group["lr"] for group in optim.param_groups] for optim in optims]
    lists = Lists(training, arguments.general, arguments.misheard)
    started, losses, shown = time.time(), [], 0.0
    # Each process sees every epoch in an order of its own, so half as many are needed.
    epochs = max(1, arguments.epochs // arguments.processes)
    ends = min_batches(lists, encoder, epochs, arguments)
    for step, (share, batch) in enumerate(lists.batches(encoder, epochs, f"{arguments.seed}/{rank}")):
        if step >= ends:
            break
        factor = min(1.0, (step + 1) / 50) * (1 - share)
        for optim, rates in zip(optims, base_rates, strict=True):
            for group, rate in zip(optim.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        logits = model(torch.from_numpy(batch.tokens), torch.from_numpy(batch.positions))
        loss = F.cross_entropy(logits, torch.from_numpy(batch.targets))
        loss.backward()
        average_gradients(model, arguments.processes)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optim in optims:
            optim.step()
            optim.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if rank == 0 and share - shown >= 0.1:
            minutes = (time.time() - started) / 60
            print(f"{share:.0%} loss {sum(losses) / len(losses):.4f} {minutes:.1f} min", evaluate(model, encoder, held_back), flush=True)
            shown, losses = share, []
    if rank == 0:
        print("after", evaluate(model, encoder, held_back), f"{(time.time() - started) / 60:.1f} min", flush=True)
        write_gguf(model.eval(), arguments.output, "gec-adapted", TOKENIZER)


def min_batches(lists: Lists, encoder: Encoder, epochs: int, arguments: argparse.Namespace) -> int:
    """Steps that all processes have batches for: they step together."""
    mine = torch.tensor([sum(1 for _ in lists.batches(encoder, 1, f"{arguments.seed}/{distributed.get_rank()}")) * epochs])
    distributed.all_reduce(mine, op=distributed.ReduceOp.MIN)
    return int(mine) - epochs * 2


if __name__ == "__main__":
    main()
