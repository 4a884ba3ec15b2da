"""Seeded batches of a table, resumable at any step of any epoch.

Input: a Table, a batch size, a seed. Output: iterators of batches, dictionaries of torch tensors [item, ...], float32
or int64. The order is a pure function of (seed, epoch), so a position (epoch, step) is all a checkpoint needs.
This file makes no views and moves nothing to a device.
"""

from __future__ import annotations

import numpy as np
import torch

from cldsl.catalogue import CatalogueError, nearest
from cldsl.data.batches import Batches
from cldsl.data.order import Indices, permutation
from cldsl.data.quota import quota_order
from cldsl.data.table import Table


class Loader:
    """Batches of a table.

    drop_last leaves out the rows that do not fill a batch (each epoch others). shuffle = False keeps the table's
    order. quota names a whole-numbered column: every batch holds equally many rows of each of its values, and rows of
    small classes come more than once in an epoch. prefetch makes the next batch in a thread; pin puts batches into
    page-locked memory where CUDA is available.
    Raises CatalogueError for a batch that is larger than the table, or a quota that cannot be met.
    """

    def __init__(
        self,
        table: Table,
        batch: int,
        seed: int,
        drop_last: bool = True,
        shuffle: bool = True,
        quota: str | None = None,
        *,
        prefetch: bool = False,
        pin: bool = False,
    ) -> None:
        if batch < 1:
            raise CatalogueError(f"a batch must hold at least 1 row, not {batch}")
        if batch > len(table):
            raise CatalogueError(
                f"a batch of {batch} is larger than the table of {len(table)} rows", "make batch smaller"
            )
        if seed < 0:
            raise CatalogueError(f"a seed must be at least 0, not {seed}")
        if quota is not None and quota not in table.columns:
            raise CatalogueError(f"quota: there is no column {quota}", nearest(quota, table.columns))
        if quota is not None and not shuffle:
            raise CatalogueError("quota needs shuffle = true", "leave out quota or shuffle")
        self.table, self.batch, self.seed = table, batch, seed
        self.drop_last, self.shuffle, self.quota = drop_last or quota is not None, shuffle, quota
        self.prefetch, self.pin = prefetch, pin and torch.cuda.is_available()
        self.order(0)  # a quota that cannot be met shows here, before the first step

    def __len__(self) -> int:
        """Steps of an epoch."""
        full, rest = divmod(len(self.table), self.batch)
        return full if self.drop_last or not rest else full + 1

    def order(self, epoch: int) -> Indices:
        """Row numbers in the order of this epoch, a pure function of (seed, epoch)."""
        if not self.shuffle:
            return np.arange(len(self.table), dtype=np.int64)
        if self.quota is None:
            return permutation(len(self.table), (self.seed, epoch))
        return quota_order(self.table.columns[self.quota], self.batch, len(self), (self.seed, epoch), self.quota)

    def epoch(self, e: int, start: int = 0) -> Batches:
        """The batches of epoch e from step `start` on. Close the iterator, or use it in `with`, when leaving early."""
        if not 0 <= start <= len(self):
            raise CatalogueError(f"an epoch has the steps 0 to {len(self)}, not {start}")
        order = self.order(e)

        def make(step: int) -> dict[str, torch.Tensor]:
            rows = order[step * self.batch : (step + 1) * self.batch]
            gathered = {
                name: torch.from_numpy(column.take(rows, axis=0)) for name, column in self.table.columns.items()
            }
            return {name: tensor.pin_memory() for name, tensor in gathered.items()} if self.pin else gathered

        return Batches(make, start, len(self), self.prefetch)
