"""The corrector: a small Llama-style decoder in plain PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class Config:
    vocabulary: int = 2048
    layers: int = 4
    width: int = 192
    heads: int = 6
    feed_forward: int = 512
    context: int = 512
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Rotary embedding on neighbouring pairs, the order that llama.cpp uses for this architecture.

    `turns` holds one complex unit number for each pair of the last dimension.
    """
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(-2)


class Block(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        width = config.width
        self.attention_norm = nn.RMSNorm(width, eps=config.norm_epsilon)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.attention_out = nn.Linear(width, width, bias=False)
        self.feed_norm = nn.RMSNorm(width, eps=config.norm_epsilon)
        self.gate_up = nn.Linear(width, 2 * config.feed_forward, bias=False)
        self.down = nn.Linear(config.feed_forward, width, bias=False)

    def attend(
        self, x: Tensor, turns: Tensor, mask: Tensor | None = None, cache: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        rows, columns, width = x.shape
        split = self.query_key_value(self.attention_norm(x)).view(rows, columns, 3, self.heads, width // self.heads)
        query, key = rotate(split[:, :, :2], turns[..., None, None, :]).permute(2, 0, 3, 1, 4)
        value = split[:, :, 2].transpose(1, 2)
        if cache is not None:
            key, value = torch.cat((cache[0], key), dim=2), torch.cat((cache[1], value), dim=2)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=mask is None)
        return x + self.attention_out(mixed.transpose(1, 2).reshape(rows, columns, width)), (key, value)

    def feed(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(self.feed_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Corrector(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.final_norm = nn.RMSNorm(config.width, eps=config.norm_epsilon)
        head = config.width // config.heads
        frequencies = config.rope_base ** (-torch.arange(0, head, 2).float() / head)
        angles = torch.outer(torch.arange(config.context).float(), frequencies)
        self.register_buffer("turns", torch.polar(torch.ones_like(angles), angles), persistent=False)
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and "embedding" not in name:
                std = config.width**-0.5 * 0.7
                if "out" in name or "down" in name:
                    std /= (2 * config.layers) ** 0.5
                nn.init.normal_(weight, std=std)

    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Logits at the given flat positions only. `tokens` is (rows, columns), padded on the right."""
        x = self.embedding(tokens)
        turns = self.turns[: tokens.shape[1]]
        last = len(self.blocks) - 1
        for index, block in enumerate(self.blocks):
            x, _ = block.attend(x, turns)
            if index == last:
                x = x.flatten(0, 1)[positions]
            x = block.feed(x)
        return F.linear(self.final_norm(x), self.embedding.weight)

    @torch.no_grad()
    def greedy(self, prompts: list[list[int]], end: int, pad: int, limit: int) -> list[list[int]]:
        """Greedy continuations of prompts of different lengths, decoded together."""
        lengths = torch.tensor([len(prompt) for prompt in prompts])
        width = int(lengths.max())
        tokens = torch.full((len(prompts), width), pad)
        for row, prompt in enumerate(prompts):
            tokens[row, : len(prompt)] = torch.tensor(prompt)
        x = self.embedding(tokens)
        caches = []
        for block in self.blocks:
            x, cache = block.attend(x, self.turns[:width])
            x = block.feed(x)
            caches.append(cache)
        x = x[torch.arange(len(prompts)), lengths - 1]
        visible = torch.arange(width)[None] < lengths[:, None]
        outputs: list[list[int]] = [[] for _ in prompts]
        open_rows = torch.ones(len(prompts), dtype=torch.bool)
        for step in range(limit):
            chosen = F.linear(self.final_norm(x), self.embedding.weight).argmax(-1)
            open_rows &= chosen != end
            if not open_rows.any() or width + step >= self.config.context:
                break
            for row in open_rows.nonzero()[:, 0].tolist():
                outputs[row].append(int(chosen[row]))
            visible = torch.cat((visible, torch.ones(len(prompts), 1, dtype=torch.bool)), dim=1)
            turns = self.turns[lengths + step][:, None]
            x = self.embedding(chosen)[:, None]
            for index, block in enumerate(self.blocks):
                x, caches[index] = block.attend(x, turns, visible[:, None, None], caches[index])
                x = block.feed(x)
            x = x[:, 0]
        return outputs
