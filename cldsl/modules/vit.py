"""A vision transformer (arXiv:2010.11929): patches, learned positions, pre-norm blocks, a final layer norm.

Input: consumed sizes (channel, y, x) or (y, x) and bound arguments. Output: an nn.Module from [row, *consumed] to
[row, width], or [row, patch, width] with pool = "none" (patches row by row). The image size is fixed by the spec.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from cldsl.modules.conv import with_channel
from cldsl.modules.transformer import Attention


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)) with four widths hidden."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(width), Attention(width, heads, dropout), nn.Dropout(dropout))
        self.dense = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return cast(Tensor, x + self.dense(x))


class VisionTransformer(nn.Module):
    """[row, channel, y, x] -> [row, width] or [row, patch, width]; a class token exists with pool = "class" alone."""

    def __init__(self, patches: nn.Module, count: int, width: int, blocks: nn.Module, pool: str) -> None:
        super().__init__()
        self.patches = patches
        self.pool = pool
        self.first = nn.Parameter(0.02 * torch.randn(1, 1, width)) if pool == "class" else None
        self.position = nn.Parameter(0.02 * torch.randn(1, count + (pool == "class"), width))
        self.blocks = blocks
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        if self.first is not None:
            tokens = torch.cat([self.first.expand(tokens.shape[0], 1, tokens.shape[2]), tokens], 1)
        tokens = self.norm(self.blocks(tokens + self.position))
        if self.pool == "class":
            return cast(Tensor, tokens[:, 0])
        return cast(Tensor, tokens.mean(1) if self.pool == "mean" else tokens)


def vit(
    consumes: tuple[int, ...], patch: int, width: int, depth: int, heads: int, pool: str, dropout: float
) -> nn.Module:
    """`depth` blocks of `heads` heads over patches of `patch` by `patch` places."""
    first, channel = with_channel(consumes, 2)
    patches = nn.Sequential(*first, nn.Conv2d(channel, width, patch, stride=patch))
    blocks = nn.Sequential(*(Block(width, heads, dropout) for _ in range(depth)))
    network = VisionTransformer(patches, (consumes[-2] // patch) * (consumes[-1] // patch), width, blocks, pool)
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    return network
