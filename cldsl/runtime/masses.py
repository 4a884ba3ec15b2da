"""Entropic transport between two axes with given masses, until it rests.

Input: scores (of a cost c at a regularisation r, -c / r). Output: a plan. Differentiable; a spec that wants constants
says stop.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cldsl.runtime.ops import broadcast, logsumexp, real


def transport(
    scores: Tensor,
    first: Tensor,
    last: Tensor,
    dims: tuple[int, int],
    rounds: int,
    until: float,
    mask: Tensor | None = None,
) -> Tensor:
    """exp(scores) scaled to the masses `first` of the entries along dims[0], then `last` along dims[1], alternately.

    first, last broadcast against scores. A lane rests after the round in which the logarithms of its factors along
    dims[0] move by less than `until` in sum. In the log domain (arXiv:1306.0895). Absent entries get 0.
    """
    one, other = dims
    level = real(scores)
    if mask is not None:
        level, mask = broadcast(level, mask)
        level = torch.where(mask, level, torch.full_like(level, -math.inf))
    here = level.amax(other, keepdim=True) > -math.inf
    u = torch.zeros_like(level.narrow(other, 0, 1))
    v = torch.zeros_like(level.narrow(one, 0, 1))
    rests = torch.zeros_like(here.narrow(one, 0, 1))
    high, low = real(first).log(), real(last).log()
    for _ in range(rounds):
        new = high - _finite(logsumexp(level + v, other, keepdim=True))
        moved = torch.where(here, (new - u).abs(), torch.zeros_like(new)).sum(one, keepdim=True)
        u = torch.where(rests, u, new)
        v = torch.where(rests, v, low - _finite(logsumexp(level + u, one, keepdim=True)))
        rests = rests | (moved.detach() < until)
        if _all(rests):
            break
    plan = (level + u + v).exp()
    return plan if mask is None else torch.where(mask, plan, torch.zeros_like(plan))


def _all(rests: Tensor) -> bool:
    """Whether no lane moves any more; a captured graph does every round."""
    return not torch.compiler.is_compiling() and bool(rests.all())


def _finite(x: Tensor) -> Tensor:
    return torch.where(x == -math.inf, torch.zeros_like(x), x)
