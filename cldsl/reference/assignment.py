"""Operators that assign: Sinkhorn's balanced plan and the relaxed sorting network, as plain loops.

Sinkhorn: normalise axis after axis, `rounds` times; the last named axis is exact (arXiv:2006.09882, appendix A).
Sorting: odd-even transposition, one layer for each slot, swaps relaxed by the Cauchy distribution (arXiv:2203.09630).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from cldsl.reference.errors import EvaluationError
from cldsl.reference.selection import need
from cldsl.reference.values import Mask, Value, real


def sinkhorn(value: Value, axes: Sequence[str], rounds: int) -> Value:
    """A plan [*axes] from scores: entries of each index of the last axis sum to 1, those of the others nearly alike.

    Absent rows and columns take no part.
    """
    if len(axes) != 2:
        raise EvaluationError("sinkhorn balances two axes")
    for axis in axes:
        need(value, axis)
    rest = tuple(axis for axis in value.all_axes if axis not in axes)
    full = (*rest, *axes)
    shape = [need(value, axis) for axis in full]
    scores = real(value.ordered(full)).expand(shape)
    ok = torch.ones(shape, dtype=torch.bool) if value.present is None else value.present.to(full).expand(shape)
    high = torch.where(ok, scores, -math.inf).amax((-2, -1), keepdim=True)
    high = torch.where(torch.isfinite(high), high, 0.0).detach()
    plan = torch.where(ok, torch.exp(torch.where(ok, scores, 0.0) - high), 0.0)
    plan = _shared(plan, plan.sum((-2, -1), keepdim=True))
    first = ok.any(-1).sum(-1).reshape([*shape[:-2], 1, 1])
    second = ok.any(-2).sum(-1).reshape([*shape[:-2], 1, 1])
    for _ in range(rounds):
        plan = _shared(plan, plan.sum(-1, keepdim=True) * first)
        plan = _shared(plan, plan.sum(-2, keepdim=True) * second)
    return Value(plan * second, full, value.present, value.parts)


def _shared(plan: Tensor, mass: Tensor) -> Tensor:
    return torch.where(mass > 0, plan / torch.where(mass > 0, mass, 1.0), 0.0)


def soft_sort(value: Value, slot: str, place: str, steepness: float) -> Value:
    """The share of each slot at each place, [slot, place]; absent slots are left out of the counting."""
    size = need(value, slot)
    rest = tuple(axis for axis in value.all_axes if axis != slot)
    shape = [need(value, axis) for axis in rest]
    data = real(value.ordered((*rest, slot))).expand([*shape, size])
    mask = value.present
    ok = torch.ones([*shape, size], dtype=torch.bool) if mask is None else mask.to((*rest, slot)).expand([*shape, size])
    length = int(ok.sum(-1).max()) if ok.numel() else 0
    lanes = []
    for index in itertools.product(*(range(n) for n in shape)):
        here = ok[index].nonzero().flatten()
        shares = torch.zeros(size, length, dtype=torch.float64)
        lanes.append(shares.index_put((here[:, None], torch.arange(len(here))), network(data[index][here], steepness)))
    result = torch.stack(lanes).reshape([*shape, size, length]) if lanes else torch.zeros([*shape, size, length])
    if bool(ok.all()):
        return Value(result, (*rest, slot, place))
    places = torch.arange(length) < ok.sum(-1, keepdim=True)
    return Value(result, (*rest, slot, place), Mask(ok[..., None] & places[..., None, :], (*rest, slot, place)))


def network(x: Tensor, steepness: float) -> Tensor:
    """[slot, place] of one list x[slot]: compare and swap neighbours, in as many layers as there are slots."""
    values = list(x)
    columns = list(torch.eye(len(values), dtype=torch.float64))
    for layer in range(len(values)):
        for low in range(layer % 2, len(values) - 1, 2):
            a, b = values[low], values[low + 1]
            keep = 0.5 + torch.atan(steepness * (b - a)) / math.pi
            values[low], values[low + 1] = keep * a + (1 - keep) * b, (1 - keep) * a + keep * b
            u, v = columns[low], columns[low + 1]
            columns[low], columns[low + 1] = keep * u + (1 - keep) * v, (1 - keep) * u + keep * v
    return torch.stack(columns, 1) if columns else torch.zeros(0, 0, dtype=torch.float64)
