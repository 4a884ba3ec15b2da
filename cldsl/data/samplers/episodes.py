"""Episodes: batches of a few classes, some rows of each supporting, others asked.

Input: the groups and the rows of the table. Output: row numbers [step * batch] and the columns `support` and `local`. In a
batch the support rows come first, class by class, then the rows that are asked, class by class; no row is twice in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.order import Array, Indices, permutation
from cldsl.data.samplers.catalog import too_wide
from cldsl.data.samplers.groups import Groups


class Episodes:
    """Raises CatalogueError where there are fewer classes than `way`, or a class has too few rows."""

    def __init__(self, groups: Groups, batch: int, count: int, way: int, shot: int, ask: int) -> None:
        wrong = too_wide(len(groups.rows), batch, {"way": way})
        if wrong is not None:
            raise wrong
        value, size = groups.smallest()
        if size < shot + ask:
            raise CatalogueError(
                f"episodes: {groups.name} {value} has {size} rows, and an episode takes {shot} + {ask} of a class",
                f"take shot + ask of at most {size}",
            )
        self.groups, self.way, self.shot, self.ask = groups, way, shot, ask
        self.steps = max(1, count // batch)
        classes = np.arange(way, dtype=np.int64)
        self.added: Mapping[str, Array] = {
            "support": np.arange(batch) < way * shot,
            "local": np.concatenate([np.repeat(classes, shot), np.repeat(classes, ask)]),
        }

    def order(self, key: Sequence[int]) -> Indices:
        """Row numbers, an episode for each step."""
        return np.concatenate([self._episode((*key, step)) for step in range(self.steps)])

    def _episode(self, key: Sequence[int]) -> Indices:
        classes = permutation(len(self.groups.rows), key)[: self.way]
        drawn = [self._drawn(int(each), key) for each in classes]
        return np.concatenate([*(rows[: self.shot] for rows in drawn), *(rows[self.shot :] for rows in drawn)])

    def _drawn(self, place: int, key: Sequence[int]) -> Indices:
        rows = self.groups.rows[place]
        return rows[permutation(len(rows), (*key, place))[: self.shot + self.ask]]
