"""Reading a production source once it is open: which stored rows a split has, and what of them goes into memory.

Input: Opened, a split or rows. Output: row numbers; columns as arrays of float32 and int64, or lazy columns for
pictures that take more than IN_MEMORY bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.catalog import SPLITS, ColumnEntry
from cldsl.data.layout import Opened, as_column
from cldsl.data.lazy import LazyColumn
from cldsl.data.order import Array, Indices, holdout

#: Bytes up to which a column that can be read by row is decoded at once, when it is opened.
IN_MEMORY = 2**30


def splits(opened: Opened) -> tuple[str, ...]:
    """The splits that can be read: training and test rows always, others where they are stored."""
    return tuple(split for split in SPLITS if split in opened.parts or split in ("train", "test"))


def split_rows(opened: Opened, split: str) -> tuple[str, Indices]:
    """The stored part that holds the split, and which of its rows; a fifth is held out where there is no test part."""
    if "test" not in opened.parts:
        return "train", holdout(opened.parts["train"], split)
    return split, np.arange(opened.parts[split], dtype=np.int64)


def read_opened(
    source: str, opened: Opened, part: str, names: Sequence[str], rows: Indices
) -> dict[str, Array | LazyColumn]:
    """The columns of these names: lazy where they can be read by row and are too large, else arrays.

    Raises CatalogueError for cells that are not numbers.
    """
    lazy = {
        column.name: _lazy(source, opened, part, column, rows)
        for column in opened.columns
        if column.name in names and column.name in opened.by_row and _bytes(column, len(rows)) > IN_MEMORY
    }
    held = opened.read(part, [name for name in names if name not in lazy], rows)
    return {**lazy, **{name: _numbers(source, name, array) for name, array in held.items()}}


def _lazy(source: str, opened: Opened, part: str, column: ColumnEntry, rows: Indices) -> LazyColumn:
    def read(wanted: Indices) -> Array:
        return _numbers(source, column.name, opened.read(part, [column.name], rows[wanted])[column.name])

    sizes = tuple(size for size in column.sizes if size is not None)
    return LazyColumn(read, (len(rows), *sizes), np.dtype(np.float32 if column.dtype == "real" else np.int64))


def _bytes(column: ColumnEntry, rows: int) -> int:
    return rows * math.prod(size or 1 for size in column.sizes) * (4 if column.dtype == "real" else 8)


def _numbers(source: str, name: str, stored: Array) -> Array:
    if stored.dtype.kind not in "fiub":
        raise CatalogueError(f"source {source}: column {name} holds cells that are not numbers")
    return as_column(stored)
