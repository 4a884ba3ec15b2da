"""Functions of the library on values: pointwise, and along an axis (docs/language.md, section 7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from cldsl.reference.arithmetic import arithmetic, select_present
from cldsl.reference.errors import EvaluationError
from cldsl.reference.reductions import reduce
from cldsl.reference.values import Mask, Value, constant, joined_axes, pointwise, real


def _logaddexp(x: Tensor, y: Tensor) -> Tensor:
    """log(exp x + exp y), stable; -inf adds nothing and gets no gradient."""
    x, y = real(x), real(y)
    nothing = (x == -torch.inf) & (y == -torch.inf)
    both = torch.logaddexp(torch.where(nothing, 0.0, x), torch.where(nothing, 0.0, y))
    return torch.where(nothing, -torch.inf, both)


def _bce(p: Tensor, target: Tensor) -> Tensor:
    """-(t log p + (1 - t) log(1 - p)), logarithms no smaller than -100."""
    p, target = real(p) + torch.zeros_like(target), real(target) + torch.zeros_like(p)
    return torch.nn.functional.binary_cross_entropy(p, target, reduction="none")


def _clamp(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return _smaller(_larger(x, low), real(high) if x.is_floating_point() else high)


def _larger(x: Tensor, y: Tensor) -> Tensor:
    """At a tie with a number the gradient is x's, of two values half each."""
    x, y = _alike(x, y)
    return torch.clamp(x, min=y) if y.numel() == 1 and not y.requires_grad else torch.maximum(x, y)


def _smaller(x: Tensor, y: Tensor) -> Tensor:
    x, y = _alike(x, y)
    return torch.clamp(x, max=y) if y.numel() == 1 and not y.requires_grad else torch.minimum(x, y)


def _alike(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    kind = torch.promote_types(x.dtype, y.dtype)
    return x.to(kind), y.to(kind)


POINTWISE: dict[str, Callable[..., Tensor]] = {
    "exp": lambda x: torch.exp(real(x)),
    "log": lambda x: torch.log(real(x)),
    "sqrt": lambda x: torch.sqrt(real(x)),
    "abs": torch.abs,
    "sign": torch.sign,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "sin": lambda x: torch.sin(real(x)),
    "cos_angle": lambda x: torch.cos(real(x)),
    "tanh": lambda x: torch.tanh(real(x)),
    "sigmoid": lambda x: torch.sigmoid(real(x)),
    "relu": torch.relu,
    "softplus": lambda x: torch.nn.functional.softplus(real(x)),
    "atan": lambda x: torch.atan(real(x)),
    "erf": lambda x: torch.erf(real(x)),
    "isfinite": torch.isfinite,
    "logaddexp": _logaddexp,
    "bce": _bce,
    "clamp": _clamp,
    "max": _larger,
    "min": _smaller,
}
ARITY = {"logaddexp": 2, "bce": 2, "max": 2, "min": 2, "clamp": 3}


def apply_pointwise(name: str, values: Sequence[Value], context: Mask | None) -> Value:
    """One of POINTWISE, absent where an argument is."""
    if len(values) != ARITY.get(name, 1):
        raise EvaluationError(f"{name} takes {ARITY.get(name, 1)} argument(s), {len(values)} given")
    return pointwise(POINTWISE[name], *values, context=context)


# ---- along axes, `dim` unless others are named


def _have(value: Value, axes: Sequence[str]) -> None:
    for axis in axes:
        if value.size(axis) is None:
            raise EvaluationError(
                f"the axis {axis} is needed and missing: the value is over [{', '.join(value.all_axes)}]"
            )


def _sum(value: Value, axes: Sequence[str], context: Mask | None) -> Value:
    return reduce("sum", value, axes, {}, context)


def _root(value: Value, context: Mask | None) -> Value:
    """The square root, with gradient 0 at 0."""

    def root(x: Tensor) -> Tensor:
        positive = x > 0
        return torch.where(positive, torch.where(positive, x, 1.0).sqrt(), 0.0)

    return pointwise(lambda x: root(real(x)), value, context=context)


def sq(x: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The sum of squares."""
    _have(x, axes)
    return _sum(arithmetic("*", x, x, context), axes, context)


def norm(x: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The Euclidean length; gradient 0 at the zero vector."""
    return _root(sq(x, axes, context), context)


def unit(x: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """x / max(|x|, 1e-12); the zero vector stays zero, with zero gradient."""
    length = norm(x, axes, context)
    some = length.data > 0
    divisor = Value(torch.where(some, length.data, 1.0).clamp(min=1e-12), length.axes, length.present)
    rest = joined_axes([length.axes])
    data = torch.where(Value(some, rest).ordered(x.axes), real(x.data), 0.0)
    if x.present is not None or context is not None:
        data = torch.where(Value(some, rest).ordered(x.axes), real(select_present(x, context)), 0.0)
    result = arithmetic("/", Value(data, x.axes, x.present), divisor, context)
    return Value(result.data, result.axes, result.present, x.parts)


def dot(x: Value, y: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The inner product."""
    _have(x, axes)
    _have(y, axes)
    return _sum(arithmetic("*", x, y, context), axes, context)


def cos(x: Value, y: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The inner product of the unit vectors."""
    return dot(unit(x, axes, context), unit(y, axes, context), axes, context)


def dist2(x: Value, y: Value, axes: Sequence[str], context: Mask | None = None) -> Value:
    """The squared distance."""
    _have(x, axes)
    _have(y, axes)
    return sq(arithmetic("-", x, y, context), axes, context)


ALONG: dict[str, tuple[int, Callable[..., Value]]] = {
    "sq": (1, sq),
    "norm": (1, norm),
    "unit": (1, unit),
    "dot": (2, dot),
    "cos": (2, cos),
    "dist2": (2, dist2),
}


def stop(x: Value) -> Value:
    """The same numbers as a constant; another tensor than x."""
    return Value(x.data.detach(), x.axes, x.present, x.parts)


def present(x: Value) -> Value:
    """Whether each entry is present, over the axes on which presence depends."""
    return constant(True) if x.present is None else Value(x.present.data, x.present.axes)


def full(x: Value) -> Value:
    """Whether every entry is present."""
    return Value(present(x).data.all())


def onehot(label: Value, axis: str, size: int) -> Value:
    """1 at the label's index along a new axis, else 0."""
    index = Value(torch.arange(size), (axis,))
    return pointwise(lambda x, i: (x == i).to(torch.float64), label, index)
