"""The order of an epoch in which all rows of a batch have one key.

Input: the groups, batch size and rows of the table. Output: row numbers [step * batch]. The rows of each key are mixed and
cut to whole batches; keys take turns in rising order, each giving a batch, and those with none left are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.order import Array, Indices, permutation
from cldsl.data.samplers.groups import Groups


class Together:
    """Raises CatalogueError where no key has the rows of a batch."""

    def __init__(self, groups: Groups, batch: int, count: int) -> None:
        self.groups, self.batch = groups, batch
        self.steps = sum(len(rows) // batch for rows in groups.rows)
        if not self.steps:
            most = max(len(rows) for rows in groups.rows)
            raise CatalogueError(
                f"together: no {groups.name} has the {batch} rows of a batch, the most frequent one has {most}",
                f"take a batch of at most {most}",
            )
        self.added: Mapping[str, Array] = {}

    def order(self, key: Sequence[int]) -> Indices:
        """Row numbers, `batch` for each step."""
        mixed = [rows[permutation(len(rows), (*key, place))] for place, rows in enumerate(self.groups.rows)]
        return turns(mixed, self.batch).reshape(-1)


def turns(groups: Sequence[Indices], batch: int) -> Indices:
    """Batches [step, batch] of groups that take turns; a group gives its rows from the end of its last whole batch on."""
    whole = [rows[: len(rows) // batch * batch][::-1].reshape(-1, batch) for rows in groups]
    rounds = max(len(batches) for batches in whole)
    given = [batches[number] for number in range(rounds) for batches in whole if number < len(batches)]
    return np.stack(given).astype(np.int64)
