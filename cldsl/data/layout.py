"""How stored arrays become columns: names of axes, what counts as an image or a label, and the dtypes of a table.

Input: arrays, or their shapes and dtypes. Output: ColumnEntry, or arrays of float32 and int64. Opens no file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.catalog import ColumnEntry
from cldsl.data.order import Array, Indices

#: Names of the axes after item, by their number; a spec gives its own names, what counts is the order.
AXES: tuple[tuple[str, ...], ...] = (
    (),
    ("feature",),
    ("position", "feature"),
    ("channel", "y", "x"),
    ("time", "channel", "y", "x"),
)


@dataclass(frozen=True)
class Opened:
    """A production source opened at its metadata.

    parts: rows of each stored part, "train" and perhaps "test". read: (part, column names, rows wanted) -> arrays of
    those rows. unreadable: columns that cannot be numbers, with what they hold instead. by_row: columns of which single
    rows can be read at about their own cost.
    """

    columns: tuple[ColumnEntry, ...]
    parts: Mapping[str, int]
    read: Callable[[str, Sequence[str], Indices], dict[str, Array]]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    by_row: frozenset[str] = frozenset()


def describe(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> ColumnEntry | str:
    """The column of a stored array, shape with the item axis; or a few words when it cannot be a column."""
    if dtype.kind not in "fiub":
        return "text" if dtype.kind in "US" else "objects"
    if not 1 <= len(shape) <= len(AXES):
        return f"{len(shape)} axes"
    image = _is_image(dtype, len(shape))
    return ColumnEntry(name, AXES[len(shape) - 1], shape[1:], "real" if dtype.kind == "f" or image else "int")


def as_column(array: Array) -> Array:
    """float32 for reals, int64 for whole numbers; bytes with two axes or more besides item are pixels, 0..1."""
    if _is_image(array.dtype, array.ndim):
        return array.astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(array, dtype=np.float32 if array.dtype.kind == "f" else np.int64)


def lengths_of(axis: str) -> str:
    """The column that holds the lengths of a ragged axis, [item]; columns with that axis share it."""
    return f"{axis}*"


def classes(values: Sequence[Array]) -> int | None:
    """The number of classes of a whole-numbered column over all its parts: the largest label plus one."""
    filled = [part for part in values if len(part)]
    if not filled or min(int(part.min()) for part in filled) < 0:
        return None
    return max(int(part.max()) for part in filled) + 1


def same_length(where: str, lengths: Mapping[str, int]) -> int:
    """The common number of rows. Raises CatalogueError when there is none, or no row at all."""
    if not lengths:
        raise CatalogueError(f"{where} holds no column of numbers")
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in sorted(lengths.items()))
        raise CatalogueError(f"{where}: the columns differ in their number of rows: {shown}")
    count = next(iter(lengths.values()))
    if count == 0:
        raise CatalogueError(f"{where} has no rows")
    return count


def _is_image(dtype: np.dtype[Any], rank: int) -> bool:
    return dtype == np.uint8 and rank >= 3
