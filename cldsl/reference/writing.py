"""What `<-` makes of a cell: all of it rewritten, or entries at indices (docs/language.md, section 8)."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from cldsl.reference.arithmetic import choose
from cldsl.reference.errors import EvaluationError
from cldsl.reference.values import Mask, Value, joined_axes


def replaced(old: Value, value: Value) -> Value:
    """The whole cell rewritten; an absent value leaves its entry alone."""

    if set(value.axes) - set(old.axes):
        raise EvaluationError(f"the value is over [{', '.join(value.axes)}], the cell over [{', '.join(old.axes)}]")
    sizes = dict(zip(old.axes, old.data.shape, strict=True))
    if any(value.size(axis) not in (None, size) for axis, size in sizes.items()):
        raise EvaluationError("the value has other sizes than the cell")
    data = Value(value.data.detach().to(old.data.dtype), value.axes, value.present)
    if data.present is not None:
        data = choose(data.present, Value(data.data, data.axes), old)
    full = data.over([axis for axis in old.axes if axis not in data.axes], sizes)
    return Value(full.ordered(old.axes), old.axes, full.present)


def written(old: Value, indices: Mapping[str, Value], value: Value) -> Value:
    """Entries at indices rewritten, one after another: with repeated indices the last one wins."""
    inner = tuple(axis for axis in old.axes if axis not in indices)
    outer = joined_axes(index.axes for index in indices.values())
    axes = (*indices, *inner)
    data, known = old.ordered(axes).clone(), torch.ones([old.size(axis) or 0 for axis in axes], dtype=torch.bool)
    if old.present is not None:
        known = known & old.present.to(axes)
    sizes = {axis: size for index in indices.values() for axis, size in zip(index.axes, index.data.shape, strict=True)}
    shape = [*(sizes[axis] for axis in outer), *(old.size(axis) or 0 for axis in inner)]
    if set(value.axes) - set(outer) - set(inner):
        raise EvaluationError(
            f"the value is over [{', '.join(value.axes)}], the place over [{', '.join((*outer, *inner))}]"
        )
    new = value.ordered((*outer, *inner)).detach().to(data.dtype).expand(shape)
    here = torch.ones(shape, dtype=torch.bool)
    for each in (value, *indices.values()):
        if each.present is not None:
            here = here & each.present.to((*outer, *inner))
    places = [index.ordered(outer).expand(shape[: len(outer)]) for index in indices.values()]
    for step in torch.cartesian_prod(*[torch.arange(n) for n in shape[: len(outer)]]).reshape(-1, len(outer)).tolist():
        where = tuple(int(place[tuple(step)]) for place in places)
        if all(0 <= at_ < size for at_, size in zip(where, data.shape, strict=False)):
            mask = here[tuple(step)]
            data[where] = torch.where(mask, new[tuple(step)], data[where])
            known[where] = known[where] | mask

    return Value(data, axes, None if bool(known.all()) else Mask(known, axes))
