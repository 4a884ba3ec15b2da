"""Reductions and the operators that keep their axis, over what is present (docs/language.md, sections 2 and 3).

Every operator sees its input as lanes: the reduced axes flattened into one last axis. Absent entries are skipped where
presence depends on a reduced axis; presence that depends on other axes alone is left as it is (rule 3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cldsl.reference.arithmetic import arithmetic
from cldsl.reference.errors import EvaluationError
from cldsl.reference.values import Axes, Mask, Value, both, constant, narrowed, real, stand_in


@dataclass(frozen=True)
class Lanes:
    """`data` and `ok` are [*rest, entry]; `outer` is the presence that no reduced axis decides."""

    data: Tensor
    ok: Tensor
    rest: Axes
    outer: Mask | None
    weight: Tensor | None

    def filled(self, number: float) -> Tensor:
        """The entries, `number` where absent."""
        return torch.where(self.ok, self.data, torch.full((), number, dtype=self.data.dtype))


def lanes(value: Value, axes: Sequence[str], context: Mask | None = None, weight: Value | None = None) -> Lanes:
    """`value` with `axes`, all of which it has, flattened last. Lanes that do not matter hold stand-ins."""
    decided = value.present is not None and any(axis in value.present.axes for axis in axes)
    every = joined(value, weight)
    if not decided:
        every = tuple(axis for axis in every if axis in value.axes or (weight is not None and axis in weight.all_axes))
    rest = tuple(axis for axis in every if axis not in axes)
    full = (*rest, *axes)
    sizes = {axis: _size(axis, value, weight) for axis in full}
    shape = [*(sizes[axis] for axis in rest), math.prod(sizes[axis] for axis in axes)]

    def flat(data: Tensor) -> Tensor:
        return data.expand([sizes[axis] for axis in full]).reshape(shape)

    ok = flat(value.present.to(full)) if decided and value.present is not None else torch.ones(shape, dtype=torch.bool)
    weights = None
    if weight is not None:
        weights = flat(real(weight.ordered(full)))
        if weight.present is not None:
            ok = ok & flat(weight.present.to(full))
    data = stand_in(flat(value.ordered(full)), narrowed(context, rest), (*rest, "entry"))
    return Lanes(data, ok, rest, None if decided else value.present, weights)


def joined(value: Value, weight: Value | None) -> Axes:
    """All axes of the value and of its weight."""
    extra = () if weight is None else weight.all_axes
    return value.all_axes + tuple(axis for axis in extra if axis not in value.all_axes)


def _size(axis: str, value: Value, weight: Value | None) -> int:
    size = value.size(axis)
    if size is None and weight is not None:
        size = weight.size(axis)
    assert size is not None
    return size


# ---- one function per reduction: lanes -> result and presence (None: present everywhere)

Result = tuple[Tensor, "Tensor | None"]


def _sum(x: Lanes) -> Result:
    data = x.filled(0)
    data = data.to(torch.int64) if data.dtype == torch.bool else data
    return (data if x.weight is None else data * x.weight).sum(-1), None


def _count(x: Lanes) -> Result:
    counted = x.filled(0) if x.data.dtype == torch.bool else x.ok
    return counted.to(torch.int64).sum(-1), None


def _mean(x: Lanes) -> Result:
    weight = x.ok.to(torch.float64) if x.weight is None else torch.where(x.ok, x.weight, 0.0)
    some = x.ok.any(-1)
    total = torch.where(some, weight.sum(-1), 1.0)
    return (real(x.filled(0)) * weight).sum(-1) / total, some


def _prod(x: Lanes) -> Result:
    return x.filled(1).prod(-1), None


def _logsumexp(x: Lanes) -> Result:
    """log sum(w exp e), stable; -inf over nothing, without gradient."""
    data = torch.where(x.ok, real(x.data), -math.inf)
    if data.shape[-1] == 0:
        return torch.full(data.shape[:-1], -math.inf, dtype=torch.float64), None
    high = data.detach().amax(-1, keepdim=True)
    high = torch.where(torch.isfinite(high), high, 0.0)
    terms = torch.where(x.ok & torch.isfinite(data), torch.exp(torch.where(torch.isfinite(data), data, 0.0) - high), 0.0)
    terms = torch.where(data == math.inf, math.inf, terms)
    total = (terms if x.weight is None else torch.where(x.ok, terms * x.weight, 0.0)).sum(-1)
    some = total != 0
    return torch.where(some, torch.where(some, total, 1.0).log() + high.squeeze(-1), -math.inf), None


def _best(x: Lanes, sign: int) -> tuple[Tensor, Tensor]:
    """Index of the largest (sign 1) or smallest entry, ties to the lowest coordinate; and whether there is one."""
    some = x.ok.any(-1)
    if x.data.shape[-1] == 0:
        return torch.zeros_like(some, dtype=torch.int64), some
    score = torch.where(x.ok, real(x.data.detach()) * sign, -math.inf)
    wins = x.ok & (score == score.amax(-1, keepdim=True))
    places = torch.arange(x.data.shape[-1]).expand(wins.shape)
    index = torch.where(wins, places, x.data.shape[-1]).amin(-1)
    return torch.where(some, index, 0), some


def _taken(x: Lanes, index: Tensor) -> Tensor:
    if x.data.shape[-1] == 0:
        return torch.zeros(x.data.shape[:-1], dtype=x.data.dtype)
    return x.data.gather(-1, index.unsqueeze(-1)).squeeze(-1)


def _max(x: Lanes) -> Result:
    index, some = _best(x, 1)
    return _taken(x, index), some


def _min(x: Lanes) -> Result:
    index, some = _best(x, -1)
    return _taken(x, index), some


def _first(x: Lanes) -> Result:
    index, some = _best(Lanes(-torch.arange(x.data.shape[-1]).expand(x.data.shape), x.ok, x.rest, None, None), 1)
    return _taken(x, index), some


def _last(x: Lanes) -> Result:
    index, some = _best(Lanes(torch.arange(x.data.shape[-1]).expand(x.data.shape), x.ok, x.rest, None, None), 1)
    return _taken(x, index), some


def _var(x: Lanes) -> Result:
    """The mean of the squared differences from the mean (divided by the number of entries)."""
    mean, some = _mean(x)
    squares = (real(x.data) - mean.unsqueeze(-1)) ** 2
    return _mean(Lanes(squares, x.ok, x.rest, None, x.weight))[0], some


def _std(x: Lanes) -> Result:
    variance, some = _var(x)
    positive = variance > 0
    return torch.where(positive, torch.where(positive, variance, 1.0).sqrt(), 0.0), some


_REDUCTIONS: dict[str, Callable[[Lanes], Result]] = {
    "sum": _sum,
    "count": _count,
    "mean": _mean,
    "prod": _prod,
    "logsumexp": _logsumexp,
    "max": _max,
    "min": _min,
    "first": _first,
    "last": _last,
    "var": _var,
    "std": _std,
    "any": lambda x: (x.filled(0).to(torch.bool).any(-1), None),
    "all": lambda x: (x.filled(1).to(torch.bool).all(-1), None),
    "argmax": lambda x: _best(x, 1),
    "argmin": lambda x: _best(x, -1),
}
REDUCTIONS = frozenset(_REDUCTIONS) | {"quantile", "softmean"}


def reduce(
    op: str,
    value: Value,
    axes: Sequence[str],
    sizes: Mapping[str, int],
    context: Mask | None = None,
    weight: Value | None = None,
) -> Value:
    """`op[axes](value)`. `sizes` gives the axes that the value lacks: it counts as the same along them."""
    lacking = [axis for axis in axes if value.size(axis) is None]
    mine = [axis for axis in axes if axis not in lacking]
    if lacking and (weight is not None or op not in ("mean", "max", "min", "sum")):
        value, mine, lacking = value.over(lacking, sizes), list(axes), []
    if mine or not axes:
        x = lanes(value, mine, context, weight)
        value = _result(x, *_REDUCTIONS[op](x))
    if lacking and op == "sum":
        value = arithmetic("*", value, constant(math.prod(sizes[axis] for axis in lacking)), context)
    return value


def _result(x: Lanes, data: Tensor, some: Tensor | None) -> Value:
    present = x.outer
    if some is not None and not bool(some.all()):
        present = both(present, Mask(some, x.rest))
    return Value(data, x.rest, present)


def quantile(value: Value, q: float, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The q-quantile of the present entries, linear between neighbours; absent over nothing."""
    x = lanes(value, axes, context)
    rising = torch.where(x.ok, real(x.data), math.inf).sort(-1, stable=True).values
    number = x.ok.sum(-1)
    place = (number - 1).clamp(min=0) * q
    low = place.floor().to(torch.int64)
    high = torch.minimum(low + 1, (number - 1).clamp(min=0))
    ends = [rising.gather(-1, index.unsqueeze(-1)).squeeze(-1) for index in (low, high)]
    some = number > 0
    ends = [torch.where(some, end, 0.0) for end in ends]
    return _result(x, ends[0] + (ends[1] - ends[0]) * (place - low), some)


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
        data = real(x.data) - _logsumexp(x)[0].unsqueeze(-1)
        data = stand_in(data, Mask(x.ok, (*x.rest, "entry")), (*x.rest, "entry"), 0.0)
        data = torch.where(x.ok, data.exp(), 0.0) if op == "softmax" else data
    sizes = {axis: _size(axis, value, None) for axis in axes}
    data = data.reshape([*data.shape[:-1], *(sizes[axis] for axis in axes)])
    return Value(data, (*x.rest, *axes), value.present, value.parts)


def sort(value: Value, axis: str, context: Mask | None = None) -> Value:
    """The present values along `axis`, rising, along the axis `rank`; the order is constant, the values are not."""
    x = lanes(value, [axis], context)
    key = torch.where(x.ok, real(x.data.detach()), math.inf)
    # present entries first, whatever their value; ties to the lowest coordinate
    order = key.sort(-1, stable=True).indices
    order = order.gather(-1, (~x.ok.gather(-1, order)).to(torch.int64).sort(-1, stable=True).indices)
    number = x.ok.sum(-1)
    length = int(number.max()) if number.numel() else 0
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
    order = key.sort(-1, stable=True).indices
    order = order.gather(-1, (~ok.gather(-1, order)).to(torch.int64).sort(-1, stable=True).indices)
    number = ok.sum(-1)
    length = min(k, int(number.max()) if number.numel() else 0)
    return order[..., :length], ok.gather(-1, order)[..., :length], x.rest
