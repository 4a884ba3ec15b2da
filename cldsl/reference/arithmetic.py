"""Operators of expressions: arithmetic, comparison, logic, choice, fill (docs/language.md, sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from cldsl.reference.values import Mask, Value, both, joined_axes, narrowed, pointwise, real, sizes_of, stand_in, truth


def _number(data: Tensor) -> Tensor:
    return data.to(torch.int64) if data.dtype == torch.bool else data


_ARITHMETIC: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "+": lambda x, y: _number(x) + _number(y),
    "-": lambda x, y: _number(x) - _number(y),
    "*": lambda x, y: _number(x) * _number(y),
    "/": lambda x, y: real(x) / real(y),
    "%": lambda x, y: torch.remainder(_number(x), _number(y)),
    "^": lambda x, y: torch.pow(real(x), real(y)),
}

_COMPARISON: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "==": torch.eq,
    "!=": torch.ne,
    "<": torch.lt,
    "<=": torch.le,
    ">": torch.gt,
    ">=": torch.ge,
}


def arithmetic(op: str, left: Value, right: Value, context: Mask | None) -> Value:
    """+ - * / % ^; absent where an operand is."""
    return pointwise(_ARITHMETIC[op], left, right, context=context)


def negative(value: Value, context: Mask | None) -> Value:
    """The opposite number."""
    return pointwise(lambda x: -_number(x), value, context=context)


def compare(op: str, left: Value, right: Value) -> Value:
    """Never absent: a comparison with what is absent is false, `!=` is true. Carries no gradient."""
    found = pointwise(_COMPARISON[op], left, right)
    if found.present is None:
        return found
    axes = found.all_axes
    here = found.present.to(axes)
    data = found.ordered(axes)
    return Value((data | ~here) if op == "!=" else (data & here), axes)


def conjunction(left: Value, right: Value) -> Value:
    """`and`, absent read as false."""
    mask = both(truth(left), truth(right))
    assert mask is not None
    return Value(mask.data, mask.axes)


def disjunction(left: Value, right: Value) -> Value:
    """`or`, absent read as false."""
    return negation(conjunction(negation(left), negation(right)))


def negation(value: Value) -> Value:
    """`not`, absent read as false."""
    mask = truth(value)
    return Value(~mask.data, mask.axes)


def choose(condition: Mask, then: Value, other: Value) -> Value:
    """`then if condition else other`, entry by entry; the untaken branch gives neither value nor gradient."""
    sizes_of([condition, then, other])
    axes = joined_axes([condition.axes, then.axes, other.axes])
    kind = torch.promote_types(then.data.dtype, other.data.dtype)
    data = torch.where(condition.to(axes), then.ordered(axes).to(kind), other.ordered(axes).to(kind))
    parts = {**other.parts, **then.parts}
    if then.present is None and other.present is None:
        return Value(data, axes, None, parts)
    masks = [Mask(torch.tensor(True)) if each.present is None else each.present for each in (then, other)]
    over = joined_axes([condition.axes, masks[0].axes, masks[1].axes])
    present = torch.where(condition.to(over), masks[0].to(over), masks[1].to(over))
    return Value(data, axes, Mask(present, over), parts)


def fill(value: Value, other: Value) -> Value:
    """`value else other`: other where value is absent."""
    return value if value.present is None else choose(value.present, value, other)


def select_present(value: Value, context: Mask | None) -> Tensor:
    """The data with stand-ins wherever the entry is absent or does not matter."""
    safe = both(narrowed(value.present, value.axes), narrowed(context, value.axes))
    return stand_in(value.data, safe, value.axes)
