"""What every sampler has in common: rows in groups of one value, and the order of an epoch as a function of a key.

Input: a value for each row and which rows have one. Output: the rows of each value. A `Sampler` is made once for a table
and knows its steps; `order` is a pure function of the key (seed, epoch), so that a position is all a checkpoint needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.order import Array, Indices


@dataclass(frozen=True)
class Groups:
    """name: what the rows are grouped by. values: rising. rows: of each value, rising."""

    name: str
    values: tuple[int, ...]
    rows: tuple[Indices, ...]

    def smallest(self) -> tuple[int, int]:
        """The value with the fewest rows, and how many these are."""
        place = int(np.argmin([len(rows) for rows in self.rows]))
        return self.values[place], len(self.rows[place])


class Sampler(Protocol):
    """steps: of an epoch. added: columns [item] that are the same in every batch."""

    steps: int
    added: Mapping[str, Array]

    def order(self, key: Sequence[int]) -> Indices:
        """Row numbers [step * batch] of the epoch with this key."""
        ...


def grouped(name: str, values: Array, present: Array | None = None) -> Groups:
    """The rows of each value; rows without one are in no group.

    Raises CatalogueError where the values are not one whole number for each row, or no row has one.
    """
    kept = np.arange(len(values)) if present is None else np.flatnonzero(present)
    own = np.asarray(values)[kept]
    if own.ndim != 1 or not (own.dtype.kind == "i" or bool((own == np.floor(own)).all())):
        raise CatalogueError(f"{name} must be one whole number for each row")
    if not len(own):
        raise CatalogueError(f"no row has a value of {name}")
    found = np.unique(own)
    rows = tuple(kept[own == value].astype(np.int64) for value in found)
    return Groups(name, tuple(int(value) for value in found), rows)
