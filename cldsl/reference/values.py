"""Values over named axes, with absence (docs/language.md, section 2).

A Value is a tensor whose axes have names, and a Mask that says where it is present. The mask has axes of its own: a
padded word is absent as a whole, whatever its `dim`. Axes meet by name; nothing here knows of rows or of spec text.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from cldsl.reference.errors import EvaluationError

Axes = tuple[str, ...]
#: a joined axis -> the axes it was joined from with their sizes, in order
Parts = Mapping[str, tuple[tuple[str, int], ...]]


@dataclass(frozen=True, eq=False)
class Mask:
    """True where present. A value without a mask is present everywhere."""

    data: Tensor
    axes: Axes = ()

    def to(self, axes: Sequence[str]) -> Tensor:
        """The mask as a tensor that broadcasts against `axes`, which hold all of its own."""
        return spread(self.data, self.axes, axes)


@dataclass(frozen=True, eq=False)
class Value:
    """`key` is the tensor's identity: two rows are the same row only where they come from the same tensor."""

    data: Tensor
    axes: Axes = ()
    present: Mask | None = None
    parts: Parts = field(default_factory=dict)
    key: Hashable = field(default_factory=object)

    def __post_init__(self) -> None:
        if self.data.dim() != len(self.axes):
            raise EvaluationError(f"a tensor of {self.data.dim()} axes is called [{', '.join(self.axes)}]")
        if len(set(self.axes)) != len(self.axes):
            raise EvaluationError(f"an axis occurs twice in [{', '.join(self.axes)}]")

    @property
    def all_axes(self) -> Axes:
        """The axes of the data, then those on which presence alone depends."""
        own = self.axes
        return own if self.present is None else own + tuple(a for a in self.present.axes if a not in own)

    def size(self, axis: str) -> int | None:
        """The size of an axis, None where the value lacks it."""
        if axis in self.axes:
            return self.data.shape[self.axes.index(axis)]
        if self.present is not None and axis in self.present.axes:
            return self.present.data.shape[self.present.axes.index(axis)]
        return None

    def renamed(self, names: Mapping[str, str]) -> Value:
        """The same entries under other axis names."""

        def new(axes: Axes) -> Axes:
            return tuple(names.get(axis, axis) for axis in axes)

        mask = None if self.present is None else Mask(self.present.data, new(self.present.axes))
        parts = {names.get(axis, axis): each for axis, each in self.parts.items()}
        return Value(self.data, new(self.axes), mask, parts, ("renamed", self.key, tuple(sorted(names.items()))))

    def masked(self, mask: Mask | None) -> Value:
        """Absent where `mask` is false as well."""
        return self if mask is None else Value(self.data, self.axes, both(self.present, mask), self.parts, self.key)

    def ordered(self, axes: Sequence[str]) -> Tensor:
        """The data with exactly these axes, in this order, axes that the value lacks expanded to size 1."""
        return spread(self.data, self.axes, axes)

    def over(self, axes: Iterable[str], sizes: Mapping[str, int]) -> Value:
        """The same value with the further `axes` written out."""
        missing = tuple(axis for axis in axes if axis not in self.axes)
        if not missing:
            return self
        full = missing + self.axes
        data = self.ordered(full).expand([sizes[axis] for axis in missing] + list(self.data.shape))
        return Value(data, full, self.present, self.parts, self.key)


def constant(number: float | int | bool) -> Value:
    """A number without axes: whole numbers and truth values keep their kind, others are float64."""
    kind = torch.bool if isinstance(number, bool) else torch.int64 if isinstance(number, int) else torch.float64
    return Value(torch.tensor(number, dtype=kind))


def absent() -> Value:
    """The value `absent`."""
    return Value(torch.zeros((), dtype=torch.float64), (), Mask(torch.tensor(False)))


def spread(data: Tensor, axes: Sequence[str], target: Sequence[str]) -> Tensor:
    """`data` over `axes`, permuted and given axes of size 1, so that it broadcasts against `target`."""
    order = [axes.index(axis) for axis in target if axis in axes]
    shape = [data.shape[axes.index(axis)] if axis in axes else 1 for axis in target]
    return data.permute(order).reshape(shape)


def joined_axes(all_axes: Iterable[Axes]) -> Axes:
    """All axes of several values, each once, in order of first occurrence."""
    return tuple(dict.fromkeys(axis for axes in all_axes for axis in axes))


def sizes_of(values: Iterable[Value | Mask]) -> dict[str, int]:
    """One size per axis name. Raises EvaluationError where two values give an axis two sizes."""
    sizes: dict[str, int] = {}
    for value in values:
        pairs = list(zip(value.axes, value.data.shape, strict=True))
        if isinstance(value, Value) and value.present is not None:
            pairs += list(zip(value.present.axes, value.present.data.shape, strict=True))
        for axis, size in pairs:
            if sizes.setdefault(axis, size) != size:
                raise EvaluationError(f"axis {axis} has size {sizes[axis]} in one operand and {size} in another")
    return sizes


def both(first: Mask | None, second: Mask | None) -> Mask | None:
    """Present where both are."""
    if first is None or second is None:
        return first if second is None else second
    axes = joined_axes([first.axes, second.axes])
    sizes_of([first, second])
    return Mask(first.to(axes) & second.to(axes), axes)


def along(mask: Mask | None, axis: str, size: int) -> Mask | None:
    """The mask written out over `axis`: an entry of the axis is there or not, whatever decides it."""
    return None if mask is None else both(mask, Mask(torch.ones(size, dtype=torch.bool), (axis,)))


def narrowed(mask: Mask | None, axes: Sequence[str]) -> Mask | None:
    """True where the mask is true for any index of the axes that are not in `axes`."""
    if mask is None:
        return None
    data, kept = mask.data, list(mask.axes)
    for axis in mask.axes:
        if axis not in axes:
            data = data.any(kept.index(axis))
            kept.remove(axis)
    return Mask(data, tuple(kept))


def stand_in(data: Tensor, mask: Mask | None, axes: Sequence[str], number: float = 1.0) -> Tensor:
    """`data` with `number` wherever the mask is false, so that what is absent meets no operation (rule 5)."""
    if mask is None:
        return data
    return torch.where(mask.to(axes), data, torch.full((), number, dtype=data.dtype))


def pointwise(function: Callable[..., Tensor], *values: Value, context: Mask | None = None) -> Value:
    """`function` entry by entry, axes met by name; absent where an operand is (rule 1).

    `context` says which entries matter to the surrounding filters and branches; the others get stand-ins too.
    """
    axes = joined_axes(value.axes for value in values)
    sizes_of(values)
    present: Mask | None = None
    for value in values:
        present = both(present, value.present)
    safe = both(narrowed(present, axes), narrowed(context, axes))
    data = [stand_in(value.ordered(axes), safe, axes) for value in values]
    result = function(*data)
    parts = {axis: each for value in values for axis, each in value.parts.items()}
    return Value(result, axes, present, parts)


def real(data: Tensor) -> Tensor:
    """Whole numbers and truth values as float64; other numbers as they are."""
    return data if data.is_floating_point() else data.to(torch.float64)


def truth(value: Value) -> Mask:
    """A condition as a mask; what is absent reads as false."""
    if value.present is None:
        return Mask(value.data.to(torch.bool), value.axes)
    axes = value.all_axes
    return Mask(value.ordered(axes).to(torch.bool) & value.present.to(axes), axes)
