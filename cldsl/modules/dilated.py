"""A dilated convolutional network for series that keeps every position.

Input: the consumed sizes, (position, channel), and bound arguments. Output: an nn.Module from [row, position, channel] to
[row, position, dim]. Blocks and kernels are those of arXiv:2106.10466 and arXiv:2202.01575.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class Swapped(nn.Module):
    """[row, position, channel] -> [row, channel, position], and back."""

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


class Block(nn.Module):
    """GELU, convolution, twice, beside its input; the length is kept. [row, channel, position] -> the same of `out`."""

    def __init__(self, channel: int, out: int, kernel: int, dilation: int, project: bool) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.first = nn.Conv1d(channel, out, kernel, padding=padding, dilation=dilation)
        self.second = nn.Conv1d(out, out, kernel, padding=padding, dilation=dilation)
        self.beside = nn.Conv1d(channel, out, 1) if project or channel != out else None

    def forward(self, x: Tensor) -> Tensor:
        beside = x if self.beside is None else self.beside(x)
        return cast(Tensor, self.second(functional.gelu(self.first(functional.gelu(x)))) + beside)


class CausalMean(nn.Module):
    """The mean of convolutions over the last 1, 2, 4, ... positions. [row, channel, position] -> the same."""

    def __init__(self, channel: int, spans: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv1d(channel, channel, 2**place) for place in range(spans))

    def forward(self, x: Tensor) -> Tensor:
        seen = [each(functional.pad(x, (2**place - 1, 0))) for place, each in enumerate(self.convolutions)]
        return torch.stack(seen).mean(0)


def dilated_conv(consumes: tuple[int, ...], dim: int, hidden: int, depth: int, kernel: int, spans: int) -> nn.Module:
    """Blocks of dilation 1, 2, 4, ..., the last of `dim` outputs, and causal means: [row, position, channel] to [.., dim]."""
    widths = [consumes[1], *[hidden] * depth]
    blocks = [Block(before, hidden, kernel, 2**place, False) for place, before in enumerate(widths[:-1])]
    last = Block(widths[-1], dim, kernel, 2**depth, True)
    return nn.Sequential(Swapped(), *blocks, last, *([CausalMean(dim, spans)] if spans else []), Swapped())
