"""Batches of several tables at once: every step takes one of each.

Input: loaders. Output: one dictionary of columns a step. The first loader's epoch is the epoch; each other one goes through
epochs of its own, in an order of its own, and begins anew when its rows are used up, so that a step's batch follows from
the number of the step alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cldsl.catalogue import CatalogueError
from cldsl.data.batches import Batch, Batches
from cldsl.data.loader import Loader


class Joint:
    """Raises CatalogueError for tables that have a column of the same name."""

    def __init__(self, first: Loader, others: Sequence[Loader]) -> None:
        names: set[str] = set()
        for loader in (first, *others):
            both = sorted(names & set(loader.table.columns))
            if both:
                raise CatalogueError(
                    f"two streams of one step have the column {both[0]}", "rename it in one of the sources"
                )
            names |= set(loader.table.columns)
        self.first, self.others = first, tuple(others)

    def __len__(self) -> int:
        """Steps of an epoch."""
        return len(self.first)

    def epoch(self, e: int, start: int = 0) -> Batches:
        """The batches of epoch e from step `start` on."""
        own = self.first.maker(e)
        makers: dict[int, tuple[int, Callable[[int], Batch]]] = {}

        def make(step: int) -> Batch:
            batch = dict(own(step))
            for place, other in enumerate(self.others):
                turn, within = divmod(e * len(self) + step, len(other))
                if place not in makers or makers[place][0] != turn:
                    makers[place] = turn, other.maker(turn)
                batch |= makers[place][1](within)
            return batch

        return Batches(make, start, len(self), self.first.prefetch)
