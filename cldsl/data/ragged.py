"""Columns whose rows have their own lengths: padded to one size, with a truth value for each entry that a row has.

Input: padded columns and the lengths of their rows. Output: presence, [item, ...] over the column's axes up to its last
ragged one, and columns cut or padded to a size that a spec writes. A table holds the presence of "x" as "x.present".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cldsl.data.catalog import ColumnEntry, present_name
from cldsl.data.layout import lengths_of
from cldsl.data.order import Array

__all__ = ["fitted", "presence", "present_name"]


def presence(column: ColumnEntry, stored: Any, lengths: Mapping[str, Any]) -> Array | None:
    """Which entries of a padded column [item, ...] its rows have; None for one that is not ragged.

    lengths: of each ragged axis, [item], under the name that `lengths_of` gives.
    """
    places = [place for place, axis in enumerate(column.axes) if axis in column.ragged]
    if not places:
        return None
    held = np.ones(stored.shape[: places[-1] + 2], bool)
    for place in places:
        length = lengths[lengths_of(column.axes[place])].reshape(-1, *(1,) * (held.ndim - 1))
        index = np.arange(held.shape[place + 1]).reshape(-1, *(1,) * (held.ndim - place - 2))
        held &= index < length
    return held


def fitted(column: Array, held: Array | None, sizes: Sequence[int | None]) -> tuple[Array, Array]:
    """The column and its presence with these sizes along the axes after item; None leaves a size as it is.

    A longer row loses its end, a shorter one is padded with zeros that are not present.
    """
    if held is None:
        held = np.ones(column.shape[: len(sizes) + 1], bool)
    for axis, size in enumerate(sizes, 1):
        if size is not None:
            column, held = _sized(column, axis, size), _sized(held, axis, size)
    return column, held


def _sized(array: Array, axis: int, size: int) -> Array:
    cut = array.take(np.arange(min(size, array.shape[axis])), axis=axis)
    missing = [(0, size - cut.shape[axis] if place == axis else 0) for place in range(array.ndim)]
    return np.pad(cut, missing)
