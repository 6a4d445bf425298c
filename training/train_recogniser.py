"""Trains the recogniser on the spoken pool.

Cross-entropy of the text, and phonemes read off the encoder, which shows it early what to
listen to. Two processes compute the gradients of a batch each; matrices take Muon steps,
each process doing half of them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue

import jiwer
import numpy as np
import torch
import torch.nn.functional as F
from recogniser import Recogniser, RecogniserConfig
from sound import MELS, add_noise, log_mel
from speech import Sentences, Speaker, draw_voice
from speech_data import MAX_FRAMES, OUT, PHONEMES, Pool, SpeechBatch, Vocabulary, batches
from torch import Tensor, distributed, nn
from train import average_gradients, orthogonal

CHECKPOINT = OUT / "recogniser.pt"
CONDITIONS = {"clean": None, "15 dB": 15.0, "5 dB": 5.0}


def produce(queue: Queue[SpeechBatch], seed: str, size: int) -> None:
    torch.set_num_threads(1)
    pool = Pool()
    for batch in batches(Vocabulary(), pool, seed, size):
        queue.put(batch)


def prefetched(seed: str, size: int) -> Iterator[SpeechBatch]:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=6)
    context.Process(target=produce, args=(queue, seed, size), daemon=True).start()
    while True:
        yield queue.get()


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonalised updates; process `rank` computes every `world`-th matrix, all get all."""

    def __init__(self, weights: list[nn.Parameter], lr: float, rank: int, world: int) -> None:
        super().__init__(weights, {"lr": lr, "momentum": 0.95})
        self.rank, self.world = rank, world

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            updates = []
            for index, weight in enumerate(group["params"]):
                buffer = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                buffer.lerp_(weight.grad, 1 - group["momentum"])
                if index % self.world == self.rank:
                    update = orthogonal(weight.grad.lerp(buffer, group["momentum"]).flatten(1))
                    update *= max(1.0, update.shape[0] / update.shape[1]) ** 0.5
                else:
                    update = torch.zeros_like(weight)
                updates.append(update.flatten())
            flat = torch.cat(updates)
            if self.world > 1:
                distributed.all_reduce(flat)
            parts = flat.split([weight.numel() for weight in group["params"]])
            for weight, update in zip(group["params"], parts, strict=True):
                weight.add_(update.view_as(weight), alpha=-group["lr"])


def optimizers(model: Recogniser, arguments: argparse.Namespace, rank: int) -> list[torch.optim.Optimizer]:
    matrices, plain = [], []
    for name, weight in model.named_parameters():
        inner = weight.dim() >= 2 and "embedding" not in name and "phonemes" not in name and "conv1" not in name
        (matrices if inner else plain).append(weight)
    adam = torch.optim.AdamW(plain, lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.0)
    return [adam, Muon(matrices, arguments.matrix_rate, rank, arguments.processes)]


def held_out(count: int) -> tuple[list[str], dict[str, list[tuple[np.ndarray, float]]]]:
    """Sentences and voices that training never meets, under each condition."""
    rng, speaker, sentences, numbers = random.Random("check"), Speaker(), Sentences(), np.random.default_rng(5)
    texts: list[str] = []
    sounds: dict[str, list[tuple[np.ndarray, float]]] = {name: [] for name in CONDITIONS}
    while len(texts) < count:
        text = sentences.draw(rng, held_out=True)
        sound = np.pad(speaker.speak(text, draw_voice(rng, held_out=True)), (1600, 1600))
        texts.append(text)
        for name, decibels in CONDITIONS.items():
            heard = sound if decibels is None else add_noise(sound, decibels, numbers, [])
            sounds[name].append(log_mel((heard * (0.5 / np.abs(heard).max())).astype(np.float32)))
    return texts, sounds


def evaluate(
    model: Recogniser, vocabulary: Vocabulary, texts: list[str], sounds: dict[str, list[tuple[np.ndarray, float]]]
) -> dict[str, float]:
    """Corpus WER of greedy decoding with whole windows, as whisper.cpp hears them."""
    result = {}
    for name, mels in sounds.items():
        outputs = []
        for first in range(0, len(mels), 20):
            part = mels[first : first + 20]
            batch = np.empty((len(part), MAX_FRAMES, MELS), np.float32)
            for row, (mel, silence) in zip(batch, part, strict=True):
                row[:] = silence
                row[: len(mel)] = mel
            heard = torch.from_numpy(batch.transpose(0, 2, 1).copy())
            for ids in model.greedy(heard, vocabulary.start, vocabulary.no_timestamps, vocabulary.end, 60):
                outputs.append(vocabulary.decode(ids))
        result[name] = round(100 * jiwer.wer(texts, outputs), 2)
        if name == "clean":
            for text, output in list(zip(texts, outputs, strict=True))[:4]:
                print(f"    {text} -> {output}", flush=True)
    return result


def losses(model: Recogniser, batch: SpeechBatch) -> tuple[Tensor, Tensor]:
    audio = model.encoder(torch.from_numpy(batch.mel))
    logits = model.decoder(torch.from_numpy(batch.inputs), audio)
    text = F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(batch.targets).flatten(), ignore_index=-1)
    phonemes = F.ctc_loss(
        model.phonemes(audio).log_softmax(-1).transpose(0, 1),
        torch.from_numpy(batch.phonemes),
        torch.from_numpy(batch.frame_lengths),
        torch.from_numpy(batch.phoneme_lengths),
        zero_infinity=True,
    )
    return text, phonemes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--decay-steps", type=int, default=1200)
    parser.add_argument("--warmup-steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=24, help="utterances of each process in a step")
    parser.add_argument("--rate", type=float, default=2e-3, help="AdamW learning rate")
    parser.add_argument("--matrix-rate", type=float, default=0.02, help="Muon learning rate")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--check-every", type=int, default=300)
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29512")
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=train, args=(arguments, rank)) for rank in range(1, arguments.processes)]
    for other in others:
        other.start()
    train(arguments, 0)
    for other in others:
        other.join()


def train(arguments: argparse.Namespace, rank: int) -> None:
    distributed.init_process_group("gloo", rank=rank, world_size=arguments.processes)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    vocabulary = Vocabulary()
    model = Recogniser(RecogniserConfig(vocabulary=vocabulary.size, phonemes=len(PHONEMES) + 1))
    if rank == 0:
        sizes = [sum(weight.numel() for weight in part.parameters()) for part in (model.encoder, model.decoder)]
        print(f"{sizes[0]:,} + {sizes[1]:,} parameters", flush=True)
    optims = optimizers(model, arguments, rank)
    base_rates = [[group["lr"] for group in optim.param_groups] for optim in optims]
    step = 0
    if arguments.resume:
        content = torch.load(CHECKPOINT)
        model.load_state_dict(content["model"])
        step = content["step"]
        for optim, saved in zip(optims, content["optimizers"], strict=True):
            optim.load_state_dict(saved)
    texts, sounds = held_out(100) if rank == 0 else ([], {})
    started, window, sums = time.time(), time.time(), [0.0, 0.0]
    decay_from = arguments.steps - arguments.decay_steps
    for batch in prefetched(f"train/{rank}/{step}", arguments.batch):
        if step >= decay_from + arguments.decay_steps:
            break
        factor = min(1.0, (step + 1) / arguments.warmup_steps)
        factor *= min(1.0, max(0.0, 1 - (step - decay_from) / arguments.decay_steps))
        for optim, rates in zip(optims, base_rates, strict=True):
            for group, rate in zip(optim.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        text, phonemes = losses(model, batch)
        (text + (1.0 if step < 600 else 0.3) * phonemes).backward()
        average_gradients(model, arguments.processes)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optim in optims:
            optim.step()
            optim.zero_grad(set_to_none=True)
        step += 1
        if rank > 0:
            continue
        sums[0] += text.item()
        sums[1] += phonemes.item()
        if step % 25 == 0:
            speed = 25 * arguments.batch * arguments.processes / (time.time() - window)
            print(
                f"step {step} text {sums[0] / 25:.3f} phonemes {sums[1] / 25:.3f} rate {factor:.2f} "
                f"{speed:.1f} utterances/s {(time.time() - started) / 60:.1f} min",
                flush=True,
            )
            window, sums = time.time(), [0.0, 0.0]
        if step % arguments.check_every == 0:
            content = {"model": model.state_dict(), "step": step, "optimizers": [optim.state_dict() for optim in optims]}
            torch.save(content, CHECKPOINT.with_suffix(".part"))
            CHECKPOINT.with_suffix(".part").replace(CHECKPOINT)
            print("check", evaluate(model, vocabulary, texts, sounds), flush=True)
            window = time.time()
    if rank == 0:
        torch.save({"model": model.state_dict(), "step": step, "optimizers": []}, CHECKPOINT)
        print("final", json.dumps(evaluate(model, vocabulary, texts, sounds)), f"{(time.time() - started) / 60:.1f} min")


if __name__ == "__main__":
    main()
