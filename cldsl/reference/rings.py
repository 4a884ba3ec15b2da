"""Rings: `push[slot](Q, k)` writes rows at the pointer of the axis (docs/language.md, section 7).

One pointer for each axis: every state with that axis that is pushed in the same step moves together, and the pointer
moves once, when the step ends.
"""

from __future__ import annotations

import torch

from cldsl.reference.errors import EvaluationError
from cldsl.reference.selection import need
from cldsl.reference.values import Mask, Value


class Rings:
    """The pointers, and how far each moves at the end of the step."""

    def __init__(self) -> None:
        self.pointers: dict[str, int] = {}
        self._moving: dict[str, tuple[int, int]] = {}

    def push(self, axis: str, state: Value, rows: Value, order: str) -> Value:
        """The state with the rows written: at the pointer, or ("front") before all others, newest first."""
        size = need(state, axis)
        extra = [each for each in rows.axes if each not in state.axes]
        if len(extra) != 1:
            raise EvaluationError(f"what is pushed has one axis in the place of {axis}, not [{', '.join(extra)}]")
        count = need(rows, extra[0])
        axes = (axis, *(each for each in state.axes if each != axis))
        rows = rows.renamed({extra[0]: axis})
        data = state.ordered(axes).clone()
        new = rows.ordered(axes).detach().to(state.data.dtype).expand([count, *data.shape[1:]])
        known, here = self._presence(state, axes), self._presence(rows, axes)
        shape = [max(pair) for pair in zip(known.shape[1:], here.shape[1:], strict=True)]
        known, here = known.expand([size, *shape]).clone(), here.expand([count, *shape])
        if order == "front":
            data, known = torch.cat([new, data])[:size], torch.cat([here, known])[:size]
        else:
            start = self.pointers.get(axis, 0)
            for index in range(count):
                place = (start + index) % size
                # an absent row leaves its entry alone
                data[place] = torch.where(here[index].expand(data[place].shape), new[index], data[place])
                known[place] = known[place] | here[index]
            self._moving[axis] = (count, size)
        if bool(known.all()):
            return Value(data, axes)
        alike = known[0].numel() == 1
        return Value(data, axes, Mask(known.reshape(size), (axis,)) if alike else Mask(known, axes))

    def _presence(self, value: Value, axes: tuple[str, ...]) -> torch.Tensor:
        """The presence over `axes`, of size 1 along those on which it does not depend, but never along the ring."""
        size = need(value, axes[0])
        if value.present is None:
            return torch.ones([size, *(1 for _ in axes[1:])], dtype=torch.bool)
        mask = value.present.to(axes)
        return mask.expand([size, *mask.shape[1:]])

    def commit(self) -> None:
        """The step is over: the pointers move."""
        for axis, (count, size) in self._moving.items():
            self.pointers[axis] = (self.pointers.get(axis, 0) + count) % size
        self._moving = {}
