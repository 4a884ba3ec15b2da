"""Centres of clusters: a fixed number of rounds of Lloyd's algorithm, so that a program that clusters stays one graph.

Input: rows and the centres to begin with. Output: centres, constants. There is no chance in it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cldsl.runtime import ops


def kmeans(
    x: Tensor,
    start: Tensor,
    rounds: int,
    by: str = "distance",
    rows: Tensor | None = None,
    centres: Tensor | None = None,
) -> Tensor:
    """Centres [..., cluster, dim] of rows x [..., item, dim] after `rounds` rounds from `start` [..., cluster, dim].

    A round gives each row to its nearest centre, the first of equals, and moves each centre to the mean of its rows; a
    centre without rows stays. rows [..., item] and centres [..., cluster] say what is there: the rest takes no part and
    becomes 0.
    """
    x = ops.real(x.detach())
    found: Tensor = ops.real(start.detach())
    if rows is not None:
        x = torch.where(rows.unsqueeze(-1), x, torch.zeros_like(x))
    if centres is not None:
        found = torch.where(centres.unsqueeze(-1), found, torch.zeros_like(found))
    for _ in range(rounds):
        closeness = _closeness(x, found, by)
        near = ops.argmax(closeness, -1, None if centres is None else centres.unsqueeze(-2))
        belongs = ops.onehot(near, found.shape[-2]).to(x.dtype)  # [..., item, cluster]
        if rows is not None:
            belongs = belongs * rows.unsqueeze(-1)
        count = belongs.sum(-2).unsqueeze(-1)
        mean = belongs.transpose(-1, -2) @ x / count.clamp(min=1)
        kept = count > 0 if centres is None else (count > 0) & centres.unsqueeze(-1)
        found = torch.where(kept, mean, found)
    return found


def _closeness(x: Tensor, centres: Tensor, by: str) -> Tensor:
    """[..., item, cluster]: what the nearest centre has most of; half the negative squared distance but for |x|^2."""
    towards = ops.unit(centres) if by == "cosine" else centres
    closeness: Tensor = x @ towards.transpose(-1, -2)
    if by == "distance":
        closeness = closeness - (centres * centres).sum(-1).unsqueeze(-2) / 2
    return closeness
