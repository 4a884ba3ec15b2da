"""A column that stays where it is stored: rows are read and decoded when a batch asks for them.

Input: a function that reads rows. Output: what a table, a loader and numpy need of a column: shape, dtype, `take`.
Used for pictures of a folder or a hub that would not fit into memory; it cannot be written to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cldsl.data.order import Array, Indices


class LazyColumn:
    """[item, ...] of float32 or int64. read gives the rows of these numbers, already as reals or whole numbers."""

    def __init__(self, read: Callable[[Indices], Array], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)
        self._read = read

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, rows: Indices, axis: int = 0) -> Array:
        """The rows of these numbers; axis must be 0 and is there to be called like an array's."""
        if axis != 0:
            raise ValueError(f"a lazy column is read by rows, not along axis {axis}")
        return self._read(rows)

    def __getitem__(self, rows: slice | Indices) -> Array:
        return self._read(np.arange(len(self), dtype=np.int64)[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self._read(np.arange(len(self), dtype=np.int64)), dtype)
