"""The order of an epoch in which every batch holds equally many rows of each class.

Input: the groups, batch size and rows of the table. Output: row numbers [step * batch]. A class is gone through in seeded
order, again and again; a round that cannot fill its share of a batch is cut short, so no row is twice in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.order import Array, Indices, permutation
from cldsl.data.samplers.catalog import uneven
from cldsl.data.samplers.groups import Groups


class Quota:
    """Raises CatalogueError when the batch is no multiple of the number of classes, or a class has too few rows."""

    def __init__(self, groups: Groups, batch: int, count: int) -> None:
        wrong = uneven(len(groups.rows), batch, {})
        if wrong is not None:
            raise wrong
        self.share = batch // len(groups.rows)
        value, size = groups.smallest()
        if size < self.share:
            raise CatalogueError(
                f"quota: {groups.name} {value} has {size} rows, and a batch of {batch} takes {self.share} of each class",
                f"take a batch of at most {size * len(groups.rows)}",
            )
        self.groups, self.batch, self.steps = groups, batch, count // batch
        self.added: Mapping[str, Array] = {}

    def order(self, key: Sequence[int]) -> Indices:
        """Row numbers, `batch` for each step, the classes of a batch mixed."""
        by_class = [self._rounds(rows, (*key, place)) for place, rows in enumerate(self.groups.rows)]
        batches = np.concatenate(by_class, axis=1)  # [step, batch], class after class
        mixed = permutation(batches.size, key).reshape(batches.shape).argsort(1)
        return np.take_along_axis(batches, mixed, 1).reshape(-1)

    def _rounds(self, rows: Indices, key: Sequence[int]) -> Indices:
        """Rows [step, share] of one class."""
        whole = len(rows) // self.share  # steps that one round through the class fills
        rounds = [
            rows[permutation(len(rows), (*key, number))[: whole * self.share]].reshape(whole, self.share)
            for number in range(-(-self.steps // whole))
        ]
        return np.concatenate(rounds)[: self.steps].astype(np.int64)
