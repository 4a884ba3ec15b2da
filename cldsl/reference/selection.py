"""Selecting, slicing, renaming, merging, splitting and joining axes (docs/language.md, sections 2 and 7)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from cldsl.reference.errors import EvaluationError
from cldsl.reference.values import Axes, Mask, Value, both, joined_axes, sizes_of


def need(value: Value, axis: str) -> int:
    """The size of an axis that the value must have."""
    size = value.size(axis)
    if size is None:
        raise EvaluationError(f"the axis {axis} is needed and missing: the value is over [{', '.join(value.all_axes)}]")
    return size


def at(value: Value, indices: Mapping[str, Value]) -> Value:
    """The entries at these indices, all at once; an index may have axes. Out of range or absent: absent."""
    for axis in indices:
        need(value, axis)
    data, axes = _gather(value.data, value.axes, indices)
    mask = value.present
    present = None if mask is None else Mask(*_gather(mask.data, mask.axes, indices))
    for axis, index in indices.items():
        size = need(value, axis)
        inside = (index.data >= 0) & (index.data < size)
        if not bool(inside.all()):
            present = both(present, Mask(inside, index.axes))
        present = both(present, index.present)
    key: object = object()
    if all(not index.axes for index in indices.values()):
        key = ("at", value.key, tuple(sorted((axis, int(index.data.detach())) for axis, index in indices.items())))
    return Value(data, axes, present, value.parts, key)


def _gather(data: Tensor, axes: Axes, indices: Mapping[str, Value]) -> tuple[Tensor, Axes]:
    wanted = {axis: index for axis, index in indices.items() if axis in axes}
    kept = tuple(axis for axis in axes if axis not in wanted)
    result = joined_axes([kept, *(index.axes for index in wanted.values())])
    sizes = {axis: data.shape[axes.index(axis)] for axis in kept}
    for index in wanted.values():
        for axis, size in zip(index.axes, index.data.shape, strict=True):
            if sizes.setdefault(axis, size) != size:
                raise EvaluationError(f"axis {axis} has size {sizes[axis]} in the value and {size} in the index")
    places: list[Tensor] = []
    for axis, size in zip(axes, data.shape, strict=True):
        if axis in wanted:
            here = wanted[axis].ordered(result).to(torch.int64).clamp(0, max(size - 1, 0))
        else:
            here = Value(torch.arange(size), (axis,)).ordered(result)
        places.append(here)
    if any(data.shape[axes.index(axis)] == 0 for axis in wanted):
        # nothing can be selected from an empty axis: every entry is out of range and gets a stand-in
        return torch.zeros([sizes[axis] for axis in result], dtype=data.dtype), result
    return data[tuple(places)] if places else data, result


def sliced(value: Value, axis: str, low: int | None, high: int | None) -> Value:
    """Indices low to high, high excluded; they are renumbered from 0."""
    size = need(value, axis)
    start, stop = low or 0, size if high is None else min(high, size)

    def cut(data: Tensor, axes: Axes) -> Tensor:
        return data.narrow(axes.index(axis), start, max(stop - start, 0)) if axis in axes else data

    mask = None if value.present is None else Mask(cut(value.present.data, value.present.axes), value.present.axes)
    return Value(cut(value.data, value.axes), value.axes, mask, value.parts, ("slice", value.key, axis, start, stop))


def part(value: Value, joined: str, name: str) -> Value:
    """The entries of a joined axis that came from the axis `name`, under that name."""
    if joined not in value.parts:
        raise EvaluationError(f"{joined} is not a joined axis")
    start = 0
    for each, size in value.parts[joined]:
        if each == name:
            return sliced(value, joined, start, start + size).renamed({joined: name})
        start += size
    raise EvaluationError(f"{joined} was not joined from {name}")


def merged(value: Value, old: Sequence[str], new: str) -> Value:
    """Several axes as one, the first slowest."""
    sizes = {axis: need(value, axis) for axis in old}

    def merge(data: Tensor, axes: Axes, whole: bool) -> tuple[Tensor, Axes]:
        mine = [axis for axis in old if axis in axes]
        if not mine and not whole:
            return data, axes
        rest = tuple(axis for axis in axes if axis not in old)
        full = Value(data, axes).over(old, sizes).ordered((*old, *rest))
        return full.reshape([-1 if full.numel() else math.prod(sizes.values()), *full.shape[len(old) :]]), (new, *rest)

    data, axes = merge(value.data, value.axes, True)
    mask = None if value.present is None else Mask(*merge(value.present.data, value.present.axes, False))
    return Value(data, axes, mask, value.parts)


def split(value: Value, old: str, new: Sequence[tuple[str, int]]) -> Value:
    """One axis as several, the first slowest."""

    def cut(data: Tensor, axes: Axes) -> tuple[Tensor, Axes]:
        if old not in axes:
            return data, axes
        at_ = axes.index(old)
        shape = [*data.shape[:at_], *(size for _, size in new), *data.shape[at_ + 1 :]]
        return data.reshape(shape), (*axes[:at_], *(name for name, _ in new), *axes[at_ + 1 :])

    if math.prod(size for _, size in new) != need(value, old):
        raise EvaluationError(f"{old} has {need(value, old)} entries: it cannot be split into {dict(new)}")
    mask = None if value.present is None else Mask(*cut(value.present.data, value.present.axes))
    return Value(*cut(value.data, value.axes), mask, value.parts)


def cat(values: Sequence[Value], axis: str) -> Value:
    """The values one after another along an axis that all have, their other axes met by name."""
    lengths = [need(value, axis) for value in values]
    others = sizes_of(_without(value, axis) for value in values)
    axes = (axis, *joined_axes(tuple(a for a in value.axes if a != axis) for value in values))
    kind = values[0].data.dtype
    for value in values[1:]:
        kind = torch.promote_types(kind, value.data.dtype)
    pieces = [
        value.ordered(axes).expand([length, *(others[a] for a in axes[1:])]).to(kind)
        for value, length in zip(values, lengths, strict=True)
    ]
    return Value(torch.cat(pieces, 0), axes, _cat_masks(values, axis, lengths, others), values[0].parts)


def _without(value: Value, axis: str) -> Value:
    """The shapes of a value's other axes, as a value of zeros without `axis`."""
    axes = tuple(a for a in value.all_axes if a != axis)
    return Value(torch.empty([need(value, a) for a in axes]), axes)


def _cat_masks(values: Sequence[Value], axis: str, lengths: Sequence[int], sizes: Mapping[str, int]) -> Mask | None:
    masks = [value.present for value in values]
    if all(mask is None for mask in masks):
        return None
    axes = (axis, *joined_axes(tuple(a for a in mask.axes if a != axis) for mask in masks if mask is not None))
    pieces = []
    for mask, length in zip(masks, lengths, strict=True):
        data = torch.tensor(True).reshape([1] * len(axes)) if mask is None else mask.to(axes)
        pieces.append(data.expand([length, *(sizes[a] for a in axes[1:])]))
    return Mask(torch.cat(pieces, 0), axes)


def stacked(values: Sequence[Value], axis: str) -> Value:
    """The values as the indices 0, 1, ... of a new axis."""
    for value in values:
        if axis in value.all_axes:
            raise EvaluationError(f"the value already has the axis {axis}")
    return cat([value.over([axis], {axis: 1}) for value in values], axis)
