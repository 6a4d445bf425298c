"""Trains the corrector: warm-up, constant rate, linear decay.

Each process computes the gradient of a batch of its own on one core, and every
step takes their mean. Checkpoints allow `--resume`, also with another schedule.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path

import jiwer
import torch
import torch.nn.functional as F
from data import OUT, Batch, Encoder, Source, chunk_batches, distinct
from model import Config, Corrector
from torch import Tensor, distributed, nn

CHECKPOINT = OUT / "checkpoint.pt"


def produce(queue: Queue[tuple[int, list[Batch]]], seed: int, chunk: int, stride: int) -> None:
    """Worker process: puts every `stride`-th chunk of batches into the queue for ever."""
    os.nice(2)
    source, encoder = Source(), Encoder(OUT / "tokenizer.json")
    while True:
        queue.put((chunk, list(chunk_batches(source, encoder, seed, chunk))))
        chunk += stride


def batches(seed: int, chunk: int, stride: int) -> Iterator[tuple[int, Batch]]:
    """Batches with the number of the chunk they come from."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=3)
    context.Process(target=produce, args=(queue, seed, chunk, stride), daemon=True).start()
    while True:
        number, made = queue.get()
        for batch in made:
            yield number, batch


def read_lists(path: Path, limit: int) -> list[tuple[list[str], str]]:
    """(hypotheses, reference) pairs of a sample file or a HyPoradise file."""
    text = path.read_text()
    if path.suffix == ".jsonl":
        items = [json.loads(line) for line in text.splitlines()]
        pairs = [(item["nbest"], item["reference"]) for item in items]
    else:
        pairs = [(item["input"], item["output"]) for item in json.loads(text)]
    chosen = pairs[:: max(1, len(pairs) // limit)][:limit]
    return [([" ".join(text.split()) for text in nbest], " ".join(reference.split())) for nbest, reference in chosen]


def evaluate(model: Corrector, encoder: Encoder, lists: list[tuple[list[str], str]]) -> dict[str, float]:
    """Raw corpus WER (whitespace words) of the 1-best and of the free greedy output."""
    prompts = [encoder.prompt(distinct(nbest)) for nbest, _ in lists]
    order = sorted(range(len(lists)), key=lambda index: len(prompts[index]))
    outputs = [""] * len(lists)
    for start in range(0, len(order), 50):
        rows = order[start : start + 50]
        limit = max(len(prompts[row]) for row in rows) + 16
        decoded = model.greedy([prompts[row] for row in rows], encoder.end, encoder.pad, min(limit, 96))
        for row, ids in zip(rows, decoded, strict=True):
            outputs[row] = encoder.decode(ids)
    references = [reference for _, reference in lists]
    firsts = [nbest[0] for nbest, _ in lists]
    pairs = list(zip(references, firsts, outputs, strict=True))
    return {
        "wer_1best": round(100 * jiwer.wer(references, firsts), 2),
        "wer_greedy": round(100 * jiwer.wer(references, outputs), 2),
        "mended": sum(output == reference != first for reference, first, output in pairs),
        "broken": sum(output != reference == first for reference, first, output in pairs),
    }


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonalised updates for matrices (Keller Jordan's Muon), in float32.

    `parts` says how many equal matrices a fused weight holds.
    """

    def __init__(self, groups: list[dict[str, object]], lr: float, momentum: float = 0.95) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "parts": 1})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                buffer = state.setdefault("momentum", torch.zeros_like(weight))
                buffer.lerp_(weight.grad, 1 - group["momentum"])
                update = weight.grad.lerp(buffer, group["momentum"])
                matrices = update.view(group["parts"], -1, update.shape[-1])
                rows, columns = matrices.shape[-2:]
                update = orthogonal(matrices).view_as(weight)
                weight.add_(update, alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)


def orthogonal(matrices: Tensor) -> Tensor:
    """Newton-Schulz iteration towards the nearest orthogonal matrices."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.mT if tall else x


def optimizers(model: Corrector, arguments: argparse.Namespace) -> list[torch.optim.Optimizer]:
    fused: dict[int, list[nn.Parameter]] = {3: [], 2: [], 1: []}
    plain: list[nn.Parameter] = []
    for name, weight in model.named_parameters():
        if weight.dim() < 2 or "embedding" in name or arguments.adamw_only:
            plain.append(weight)
        else:
            fused[3 if "query_key_value" in name else 2 if "gate_up" in name else 1].append(weight)
    adam = torch.optim.AdamW(plain, lr=arguments.rate, betas=(0.9, 0.95), weight_decay=0.0)
    if arguments.adamw_only:
        return [adam]
    groups = [{"params": weights, "parts": parts} for parts, weights in fused.items()]
    return [adam, Muon(groups, lr=arguments.matrix_rate)]


def save(model: Corrector, state: dict[str, int], optims: list[torch.optim.Optimizer]) -> None:
    content = {"model": model.state_dict(), "state": state, "optimizers": [optim.state_dict() for optim in optims]}
    partial = CHECKPOINT.with_suffix(".part")
    torch.save(content, partial)
    partial.replace(CHECKPOINT)


def average_gradients(model: Corrector, processes: int) -> None:
    """Makes the gradients of all processes their mean: one step sees as many batches."""
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    means = (flat / processes).split([gradient.numel() for gradient in gradients])
    for gradient, mean in zip(gradients, means, strict=True):
        gradient.copy_(mean.view_as(gradient))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stable-steps", type=int, default=1200, help="steps before the decay")
    parser.add_argument("--decay-steps", type=int, default=1200)
    parser.add_argument("--warmup-steps", type=int, default=200)
    parser.add_argument("--rate", type=float, default=3e-3, help="AdamW learning rate")
    parser.add_argument("--matrix-rate", type=float, default=0.02, help="Muon learning rate")
    parser.add_argument("--adamw-only", action="store_true", help="no Muon for the matrices")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="each computes a batch of every step, on one core")
    parser.add_argument("--check-every", type=int, default=500)
    parser.add_argument("--real-check", type=Path, help="HyPoradise file, only ever decoded")
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=train, args=(arguments, rank)) for rank in range(1, arguments.processes)]
    for other in others:
        other.start()
    train(arguments, 0)
    for other in others:
        other.join()


def train(arguments: argparse.Namespace, rank: int) -> None:
    """One of the training processes; the first checks, prints and saves."""
    distributed.init_process_group("gloo", rank=rank, world_size=arguments.processes)
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    encoder = Encoder(OUT / "tokenizer.json")
    model = Corrector(Config())
    if rank == 0:
        print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters", flush=True)
    optims = optimizers(model, arguments)
    base_rates = [[group["lr"] for group in optim.param_groups] for optim in optims]
    state = {"step": 0, "chunk": 0, "tokens": 0, "decay_from": arguments.stable_steps}
    if arguments.resume:
        content = torch.load(CHECKPOINT)
        model.load_state_dict(content["model"])
        for optim, saved in zip(optims, content["optimizers"], strict=True):
            optim.load_state_dict(saved)
        state = content["state"] | {"decay_from": arguments.stable_steps}
    dev = read_lists(OUT / "dev.jsonl", 500)
    real = read_lists(arguments.real_check, 200) if arguments.real_check else []
    started, window_loss, window_tokens, window_start = time.time(), 0.0, 0, time.time()
    for chunk, batch in batches(arguments.seed, state["chunk"] + rank, arguments.processes):
        step, decay_from = state["step"], state["decay_from"]
        if step >= decay_from + arguments.decay_steps:
            break
        factor = min(1.0, (step + 1) / arguments.warmup_steps)
        factor *= min(1.0, max(0.0, 1 - (step - decay_from) / arguments.decay_steps))
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
        state.update(step=step + 1, chunk=chunk + arguments.processes, tokens=state["tokens"] + batch.tokens.size * arguments.processes)
        if rank > 0:
            continue
        window_loss += loss.item()
        window_tokens += batch.tokens.size * arguments.processes
        if state["step"] % 25 == 0:
            speed = window_tokens / (time.time() - window_start)
            minutes = (time.time() - started) / 60
            print(
                f"step {state['step']} loss {window_loss / 25:.4f} rate {factor:.3f} {speed:.0f} tokens/s "
                f"{minutes:.1f} min",
                flush=True,
            )
            window_loss, window_tokens, window_start = 0.0, 0, time.time()
        if state["step"] % arguments.check_every == 0:
            save(model, state, optims)
            print("dev", evaluate(model, encoder, dev), flush=True)
            if real:
                print("real", evaluate(model, encoder, real), flush=True)
            window_start = time.time()
    if rank > 0:
        return
    save(model, state, optims)
    print("final dev", evaluate(model, encoder, dev), state, f"{(time.time() - started) / 60:.1f} min", flush=True)
    if real:
        print("final real", evaluate(model, encoder, real), flush=True)


if __name__ == "__main__":
    main()
