"""Assignments between two axes: balanced codes and relaxed sorting.

Input: scores. Output: shares that sum to 1 along an axis. Both are differentiable; a spec that wants constants says
stop.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cldsl.runtime.ops import broadcast, logsumexp, real


def sinkhorn(scores: Tensor, dims: tuple[int, int], rounds: int, mask: Tensor | None = None) -> Tensor:
    """Balanced shares of exp(scores): equal masses along dims[0], then dims[1], alternately (arXiv:2006.09882).

    The last normalisation is exact: the result sums to 1 along dims[0] for each entry of dims[1]. In the log domain,
    where the published factors 1/size cancel. Absent entries get 0.
    """
    first, second = dims
    plan = real(scores)
    if mask is not None:
        plan, mask = broadcast(plan, mask)
        plan = torch.where(mask, plan, torch.full_like(plan, -math.inf))
    for _ in range(rounds):
        plan = plan - _finite(logsumexp(plan, second, keepdim=True))
        plan = plan - _finite(logsumexp(plan, first, keepdim=True))
    share = plan.exp()
    return share if mask is None else torch.where(mask, share, torch.zeros_like(share))


def _finite(x: Tensor) -> Tensor:
    return torch.where(x == -math.inf, torch.zeros_like(x), x)


def soft_sort(x: Tensor, steepness: Tensor | float, dim: int, mask: Tensor | None = None) -> Tensor:
    """The share of each slot at each place, [..., slot at dim, ..., place], rising values.

    A relaxed odd-even network with as many layers as slots; a comparison swaps by 1/2 + atan(steepness difference) / pi
    (arXiv:2301.02009 after arXiv:2203.09630). Absent slots take no part: present ones close ranks, in order, and the
    places beyond their count stay empty.
    """
    if mask is not None:
        x, mask = broadcast(x, mask)
    values = real(x).movedim(dim, -1)
    if not isinstance(steepness, Tensor) or steepness.dim() == 0:
        slope = steepness
    else:
        slope = steepness.expand(x.shape).movedim(dim, -1)[..., :1]
    if mask is None:
        return _network(values, slope, None).movedim(-2, dim)
    present = mask.movedim(dim, -1)
    order = torch.sort((~present).int(), dim=-1, stable=True).indices
    values = torch.where(present, values, torch.zeros_like(values)).gather(-1, order)
    shares = _network(values, slope, present.sum(-1, keepdim=True))
    back = torch.argsort(order, dim=-1).unsqueeze(-1).expand(shares.shape)
    shares = shares.gather(-2, back)
    shares = torch.where(present.unsqueeze(-1), shares, torch.zeros_like(shares))
    return shares.movedim(-2, dim)


def _network(x: Tensor, slope: Tensor | float, count: Tensor | None) -> Tensor:
    """Shares [..., slot, place] of x [..., slot]; only the first `count` slots are compared, in `count` layers."""
    slots = x.shape[-1]
    shares = torch.eye(slots, dtype=x.dtype, device=x.device).expand(*x.shape[:-1], slots, slots)
    for layer in range(slots):
        start, pairs = layer % 2, (slots - layer % 2) // 2
        if not pairs:
            continue
        low, high = _pairs(x, start, pairs)
        stay = 0.5 + torch.atan(slope * (high - low)) / math.pi
        if count is not None:
            place = torch.arange(start + 1, start + 2 * pairs, 2, device=x.device)
            stay = torch.where((place < count) & (layer < count), stay, torch.ones_like(stay))
        x = _exchanged(x, stay, start)
        shares = _exchanged(shares, stay.unsqueeze(-2), start)
    return shares


def _pairs(x: Tensor, start: int, pairs: int) -> tuple[Tensor, Tensor]:
    """The lower and the higher places [..., pair] of neighbours from `start` on.

    By shape, not by index: a gradient by index is a scatter, slower, and wrong under Inductor where such layers chain.
    """
    low, high = x.narrow(-1, start, 2 * pairs).reshape(*x.shape[:-1], pairs, 2).unbind(-1)
    return low, high


def _exchanged(x: Tensor, stay: Tensor, start: int) -> Tensor:
    """x [..., place] with each pair mixed: `stay` [..., pair] of its own, the rest of its partner's."""
    pairs = stay.shape[-1]
    low, high = _pairs(x, start, pairs)
    mixed = torch.stack([stay * low + (1 - stay) * high, stay * high + (1 - stay) * low], -1).flatten(-2)
    end = start + 2 * pairs
    return torch.cat([x[..., :start], mixed, x[..., end:]], -1)
