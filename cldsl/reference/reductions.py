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
from cldsl.reference.values import Axes, Mask, Value, both, constant, joined_axes, narrowed, real, sizes_of, stand_in


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


def lanes(
    value: Value,
    axes: Sequence[str],
    context: Mask | None = None,
    weight: Value | None = None,
    keep: Mask | None = None,
) -> Lanes:
    """`value` with `axes` flattened last. Lanes that do not matter hold stand-ins.

    `keep` is true at the rows and indices that are there; what it leaves out is skipped, whatever it depends on.
    """
    decided = value.present is not None and any(axis in value.present.axes for axis in axes)
    own = value.all_axes if decided else value.axes
    others = [() if weight is None else weight.all_axes, () if keep is None else keep.axes]
    rest = tuple(axis for axis in joined_axes([own, *others]) if axis not in axes)
    full = (*rest, *axes)
    known = sizes_of(each for each in (value, weight, keep) if each is not None)
    sizes = [known[axis] for axis in full]
    shape = [*sizes[: len(rest)], math.prod(sizes[len(rest) :])]

    def flat(data: Tensor) -> Tensor:
        return data.expand(sizes).reshape(shape)

    ok = torch.ones(shape, dtype=torch.bool)
    masks = [value.present if decided else None, None if weight is None else weight.present, keep]
    for mask in masks:
        ok = ok if mask is None else ok & flat(mask.to(full))
    weights = None if weight is None else flat(real(weight.ordered(full)))
    data = stand_in(flat(value.ordered(full)), narrowed(context, rest), (*rest, "entry"))
    return Lanes(data, ok, rest, None if decided else value.present, weights)


# ---- one function per reduction: lanes -> result and presence (None: present everywhere)

Result = tuple[Tensor, "Tensor | None"]


def _sum(x: Lanes) -> Result:
    data = x.filled(0)
    data = data.to(torch.int64) if data.dtype == torch.bool else data
    return (data if x.weight is None else data * x.weight).sum(-1), None


def _count(x: Lanes) -> Result:
    return x.ok.to(torch.int64).sum(-1), None


def _mean(x: Lanes) -> Result:
    weight = x.ok.to(torch.float64) if x.weight is None else torch.where(x.ok, x.weight, 0.0)
    total = weight.sum(-1)
    some = x.ok.any(-1) & (total != 0)
    total = torch.where(some, total, 1.0)
    return (real(x.filled(0)) * weight).sum(-1) / total, some


def _prod(x: Lanes) -> Result:
    return x.filled(1).prod(-1), None


def logsumexp(x: Lanes) -> Result:
    """log sum(w exp e), stable; -inf over nothing, without gradient."""
    data = torch.where(x.ok, real(x.data), -math.inf)
    if data.shape[-1] == 0:
        return torch.full(data.shape[:-1], -math.inf, dtype=torch.float64), None
    high = data.detach().amax(-1, keepdim=True)
    high = torch.where(torch.isfinite(high), high, 0.0)
    terms = torch.where(
        x.ok & torch.isfinite(data), torch.exp(torch.where(torch.isfinite(data), data, 0.0) - high), 0.0
    )
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
    "logsumexp": logsumexp,
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
    keep: Mask | None = None,
) -> Value:
    """`op[axes if keep weight weight](value)`. `sizes` gives axes that the value lacks: it is the same along them."""
    kept = () if keep is None else keep.axes
    lacking = [axis for axis in axes if value.size(axis) is None and axis not in kept]
    mine = [axis for axis in axes if axis not in lacking]
    if lacking and (weight is not None or op not in ("mean", "max", "min", "sum")):
        value, mine, lacking = value.over(lacking, sizes), list(axes), []
    if mine or keep is not None or not axes:
        x = lanes(value, mine, context, weight, keep)
        value = result(x, *_REDUCTIONS[op](x))
    if lacking and op == "sum":
        value = arithmetic("*", value, constant(math.prod(sizes[axis] for axis in lacking)), context)
    return value


def result(x: Lanes, data: Tensor, some: Tensor | None) -> Value:
    present = x.outer
    if some is not None and not bool(some.all()):
        present = both(present, Mask(some, x.rest))
    return Value(data, x.rest, present)
