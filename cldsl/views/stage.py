"""What a view stage is: a map from even numbers to parameters, and a deterministic map from parameters to pixels.

Input: uniform numbers [item, column] in [0, 1), and the size of what comes in. Output: parameters, one row for each
item. All columns are used whatever the outcome, so no item's draw depends on another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from torch import Tensor

#: Parameters of one stage by name; the first axis of each is item.
Parameters = Mapping[str, Tensor]


class Stage:
    """One stage. `columns`: how many uniform numbers an item takes. `mirrors`: it commutes with a flip."""

    columns: int = 0
    mirrors: ClassVar[bool] = False
    #: "" or how to fill a tensor of the input's shape, one number for each entry: "uniform" or "normal".
    fill: ClassVar[str] = ""

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        """Parameters from uniform[item, column]; size is (y, x) of the input in pixels."""
        return {}


class EntryStage(Stage):
    """A stage applied by itself, to x[item, channel, y, x] or, where the catalogue says so, to any trailing axes."""

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        """The stage with these parameters; may write into x."""
        raise NotImplementedError


def column(value: Tensor, like: Tensor) -> Tensor:
    """value[item] shaped to broadcast over like[item, ...]."""
    return value.view(-1, *([1] * (like.dim() - 1)))


def between(uniform: Tensor, low: float, high: float) -> Tensor:
    """Even numbers in [low, high)."""
    return uniform * (high - low) + low


def where_chosen(x: Tensor, chosen: Tensor, act: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """act(rows of x, their index) for the chosen[item], written into x; other rows stay as they are, bit for bit."""
    index = chosen.nonzero().squeeze(1)
    if len(index) == 0:
        return x
    if len(index) == len(x):
        return act(x, index)
    return x.index_copy_(0, index, act(x.index_select(0, index), index))
