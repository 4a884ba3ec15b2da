"""A layer of attention (arXiv:1706.03762): a sequence asks itself or another one; then two dense layers; each beside its input.

Input: consumed sizes (position, width), or those of two sequences, and bound arguments. Output: an nn.Module from
[row, position, width] (and the presence [row, position] of its entries), or of two sequences from [row, entries of the
first and behind them those of the second], to [row, position, width] of the first.
"""

from __future__ import annotations

import copy
import math
from typing import cast

import torch
from torch import Tensor, nn


class AttentionLayer(nn.Module):
    """first, second: (position, width) of who asks and of who answers; second is None where a sequence asks itself.

    norm: "asking" normalises what asks before the attention, "both" also what answers; the dense layers see a norm either way.
    """

    def __init__(
        self,
        first: tuple[int, int],
        second: tuple[int, int] | None,
        heads: int,
        hidden: int,
        dropout: float,
        norm: str,
        tied: bool,
    ) -> None:
        super().__init__()
        self.first, self.second, self.heads, self.norm = first, second, heads, norm
        width = first[1]
        one = nn.Linear(width, width)
        #: of queries, keys, values, and of what the heads have found
        self.projections = nn.ModuleList(copy.deepcopy(one) if tied else nn.Linear(width, width) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.dense = nn.ModuleList([nn.Linear(width, hidden), nn.Linear(hidden, width)])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, present: Tensor | None = None) -> Tensor:
        asking, answering = (x, x) if self.second is None else self._two(x, self.second)
        normal = self.norms[0](asking)
        if self.norm == "both":
            answering = normal if self.second is None else self.norms[0](answering)
        found = asking + self.dropout(self._attend(normal, answering, present))
        inner = self.dropout(self.dense[0](self.norms[1](found)).relu())
        return cast(Tensor, found + self.dropout(self.dense[1](inner)))

    def _two(self, x: Tensor, second: tuple[int, int]) -> tuple[Tensor, Tensor]:
        asking, answering = torch.split(x, [math.prod(self.first), math.prod(second)], 1)
        return asking.reshape(-1, *self.first), answering.reshape(-1, *second)

    def _attend(self, asking: Tensor, answering: Tensor, present: Tensor | None) -> Tensor:
        query, key, value = (
            project(each).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project, each in zip(self.projections, (asking, answering, answering), strict=False)
        )
        score = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if present is not None:
            # whoever finds nobody to ask asks all: its row is absent anyway, and a softmax over nothing has no value
            seen = present | ~present.any(-1, keepdim=True)
            score = score.masked_fill(~seen[:, None, None, :], -torch.inf)
        share = self.dropout(score.softmax(-1))
        return cast(Tensor, self.projections[3]((share @ value).transpose(1, 2).flatten(2)))


def attention(
    consumes: tuple[int, ...], heads: int, hidden: int | None, dropout: float, norm: str, start: str
) -> nn.Module:
    """The layer over one sequence or two; `start` says whether its four projections are equal at first."""
    first, second = consumes[:2], consumes[2:]
    return AttentionLayer(
        (first[0], first[1]), (second[0], second[1]) if second else None, heads, hidden or 4 * first[1], dropout, norm,
        start == "tied",
    )  # fmt: skip
