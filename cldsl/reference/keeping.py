"""Operators on lanes that keep or order their axis: softmax, sort, quantile, top (docs/language.md, section 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from cldsl.reference.arithmetic import arithmetic
from cldsl.reference.errors import EvaluationError
from cldsl.reference.reductions import lanes, logsumexp, reduce, result
from cldsl.reference.values import Axes, Mask, Value, both, real, stand_in


def quantile(value: Value, q: float, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The q-quantile of the present entries, linear between neighbours; absent over nothing."""
    x = lanes(value, axes, context)
    rising = torch.where(x.ok, real(x.data), math.inf).sort(dim=-1, stable=True).values
    number = x.ok.sum(-1)
    place = real((number - 1).clamp(min=0)) * min(max(q, 0.0), 1.0)
    low = place.floor().to(torch.int64)
    high = torch.minimum(low + 1, (number - 1).clamp(min=0))
    ends = [rising.gather(-1, index.unsqueeze(-1)).squeeze(-1) for index in (low, high)]
    some = number > 0
    ends = [torch.where(some, end, 0.0) for end in ends]
    return result(x, ends[0] + (ends[1] - ends[0]) * (place - low), some)


def softmean(score: Value, value: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The mean of `value` weighted by the softmax of `score` over `axes`; absent over nothing."""
    share = keep("softmax", score, axes, context)
    product = arithmetic("*", share, value, context)
    total = reduce("sum", product, axes, {}, context)
    return total.masked(reduce("mean", score, axes, {}, context).present)


# ---- operators that keep their axis


def keep(op: str, value: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """softmax, log_softmax, cumsum along `axes`; absent entries stay absent and take no part."""
    for axis in axes:
        if value.size(axis) is None:
            raise EvaluationError(f"{op} needs the axis {axis}: the value is over [{', '.join(value.all_axes)}]")
    x = lanes(value, axes, context)
    if op == "cumsum":
        data = x.filled(0).cumsum(-1)
    else:
        data = real(x.data) - logsumexp(x)[0].unsqueeze(-1)
        data = stand_in(data, Mask(x.ok, (*x.rest, "entry")), (*x.rest, "entry"), 0.0)
        data = torch.where(x.ok, data.exp(), 0.0) if op == "softmax" else data
    data = data.reshape([*data.shape[:-1], *(value.size(axis) or 0 for axis in axes)])
    return Value(data, (*x.rest, *axes), value.present, value.parts)


def sort(value: Value, axis: str, context: Mask | None = None, of_rows: bool = False) -> Value:
    """The present values along `axis`, rising, along the axis `rank`; the order is constant, the values are not.

    Absent entries come last; of rows they are none, and there are as many ranks as the most rows of a lane.
    """
    x = lanes(value, [axis], context)
    key = torch.where(x.ok, real(x.data.detach()), math.inf)
    # present entries first, whatever their value; ties to the lowest coordinate
    order = key.sort(dim=-1, stable=True).indices
    order = order.gather(-1, (~x.ok.gather(-1, order)).to(torch.int64).sort(dim=-1, stable=True).indices)
    number = x.ok.sum(-1)
    length = order.shape[-1] if not of_rows else int(number.max()) if number.numel() else 0
    data, ok = x.data.gather(-1, order)[..., :length], x.ok.gather(-1, order)[..., :length]
    axes = (*x.rest, "rank")
    return Value(data, axes, x.outer if bool(ok.all()) else both(x.outer, Mask(ok, axes)))


def best_first(score: Value, axis: str, k: int) -> tuple[Tensor, Tensor, Axes]:
    """Positions along `axis` of the k largest present scores, best first, ties to the lowest coordinate; whether each
    exists; and the axes of both, the last one being the rank. Fewer than k where fewer are present."""
    size = score.size(axis)
    assert size is not None
    # presence is made to depend on the row axis, so that every lane knows its own
    x = lanes(score.masked(Mask(torch.ones(size, dtype=torch.bool), (axis,))), [axis])
    ok = x.ok
    key = torch.where(ok, -real(x.data.detach()), math.inf)
    order = key.sort(dim=-1, stable=True).indices
    order = order.gather(-1, (~ok.gather(-1, order)).to(torch.int64).sort(dim=-1, stable=True).indices)
    number = ok.sum(-1)
    length = min(k, int(number.max()) if number.numel() else 0)
    return order[..., :length], ok.gather(-1, order)[..., :length], x.rest
