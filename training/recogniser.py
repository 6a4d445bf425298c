"""A Whisper-shaped recogniser in plain PyTorch (Radford et al. 2022, arXiv 2212.04356, section 2.2).

Parameter names follow the files that whisper.cpp reads. The vocabulary is compact here;
the export spreads it over Whisper's fixed token ids.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class RecogniserConfig:
    vocabulary: int = 1028
    mels: int = 80
    width: int = 192
    heads: int = 3
    audio_layers: int = 4
    text_layers: int = 2
    audio_context: int = 512
    text_context: int = 128
    phonemes: int = 50


def sinusoids(length: int, channels: int) -> Tensor:
    scale = torch.exp(-torch.arange(channels // 2) * (torch.log(torch.tensor(10_000.0)) / (channels // 2 - 1)))
    angles = torch.arange(length)[:, None] * scale[None]
    return torch.cat((angles.sin(), angles.cos()), dim=1)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, source: Tensor | None = None, causal: bool = False) -> Tensor:
        source = x if source is None else source
        split = (-1, self.heads, x.shape[-1] // self.heads)
        query = self.query(x).unflatten(-1, split[1:]).transpose(1, 2)
        key = self.key(source).unflatten(-1, split[1:]).transpose(1, 2)
        value = self.value(source).unflatten(-1, split[1:]).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, cross: bool) -> None:
        super().__init__()
        self.attn_ln = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.cross_attn_ln = nn.LayerNorm(width) if cross else None
        self.cross_attn = Attention(width, heads) if cross else None
        self.mlp_ln = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, source: Tensor | None = None) -> Tensor:
        x = x + self.attn(self.attn_ln(x), causal=source is not None)
        if self.cross_attn is not None:
            x = x + self.cross_attn(self.cross_attn_ln(x), source)
        return x + self.mlp(self.mlp_ln(x))


class Encoder(nn.Module):
    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        width = config.width
        self.conv1 = nn.Conv1d(config.mels, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("positional_embedding", sinusoids(config.audio_context, width) * 0.3)
        self.blocks = nn.ModuleList(Block(width, config.heads, cross=False) for _ in range(config.audio_layers))
        self.ln_post = nn.LayerNorm(width)

    def forward(self, mel: Tensor) -> Tensor:
        x = F.gelu(self.conv1(mel), approximate="tanh")
        x = F.gelu(self.conv2(x), approximate="tanh").transpose(1, 2)
        x = x + self.positional_embedding[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.ln_post(x)


class Decoder(nn.Module):
    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        width = config.width
        self.token_embedding = nn.Embedding(config.vocabulary, width)
        self.positional_embedding = nn.Parameter(torch.randn(config.text_context, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, config.heads, cross=True) for _ in range(config.text_layers))
        self.ln = nn.LayerNorm(width)
        # The last output feature is the constant 1: the last column of the embedding is then a
        # bias of each token, by which the export rules out the ids that this vocabulary lacks.
        mask = torch.ones(width)
        mask[-1] = 0
        self.register_buffer("varying", mask, persistent=False)

    def hidden(self, tokens: Tensor, audio: Tensor) -> Tensor:
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, audio)
        x = F.layer_norm(x, x.shape[-1:])
        return x * (self.ln.weight * self.varying) + self.ln.bias * self.varying + (1 - self.varying)

    def forward(self, tokens: Tensor, audio: Tensor) -> Tensor:
        return F.linear(self.hidden(tokens, audio), self.token_embedding.weight)


class Recogniser(nn.Module):
    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        # Only for training: phonemes read off the encoder (connectionist temporal classification).
        self.phonemes = nn.Linear(config.width, config.phonemes)
        depth = 2 * (config.audio_layers + config.text_layers)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and "embedding" not in name:
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5 * 0.7)
                if "out.weight" in name or "mlp.2" in name:
                    weight.data /= depth**0.5
        nn.init.normal_(self.decoder.token_embedding.weight, std=0.02)

    @torch.no_grad()
    def greedy(self, mel: Tensor, start: int, no_timestamps: int, end: int, limit: int) -> list[list[int]]:
        audio = self.encoder(mel)
        tokens = torch.tensor([[start, no_timestamps]]).repeat(len(mel), 1)
        finished = torch.zeros(len(mel), dtype=torch.bool)
        for _ in range(limit):
            logits = self.decoder(tokens, audio)[:, -1]
            logits[:, end + 1 :] = -torch.inf
            chosen = logits.argmax(-1).masked_fill(finished, end)
            finished |= chosen == end
            tokens = torch.cat((tokens, chosen[:, None]), dim=1)
            if finished.all():
                break
        return [[token for token in row if token != end] for row in tokens[:, 2:].tolist()]
