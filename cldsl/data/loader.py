"""Seeded batches of a table, resumable at any step of any epoch.

Input: a Table, a batch size, a seed. Output: iterators of batches, dictionaries of torch tensors [item, ...], float32
or int64. The order is a pure function of (seed, epoch), so a position (epoch, step) is all a checkpoint needs.
This file makes no views and moves nothing to a device.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from cldsl.catalogue import CatalogueError
from cldsl.data.batches import Batch, Batches
from cldsl.data.order import Indices, permutation
from cldsl.data.samplers.groups import Sampler
from cldsl.data.table import Table


class Loader:
    """Batches of a table.

    drop_last leaves out the rows that do not fill a batch (each epoch others). shuffle = False keeps the table's
    order. sampler chooses the rows of each batch and may add columns. prefetch makes the next batch in a thread; pin puts
    batches into page-locked memory where CUDA is available.
    Raises CatalogueError for a batch that is larger than the table.
    """

    def __init__(
        self,
        table: Table,
        batch: int,
        seed: int,
        drop_last: bool = True,
        shuffle: bool = True,
        sampler: Sampler | None = None,
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
        self.table, self.batch, self.seed = table, batch, seed
        self.drop_last, self.shuffle, self.sampler = drop_last, shuffle, sampler
        self._added = {} if sampler is None else {name: torch.from_numpy(a) for name, a in sampler.added.items()}
        self.prefetch, self.pin = prefetch, pin and torch.cuda.is_available()

    def __len__(self) -> int:
        """Steps of an epoch."""
        if self.sampler is not None:
            return self.sampler.steps
        full, rest = divmod(len(self.table), self.batch)
        return full if self.drop_last or not rest else full + 1

    def order(self, epoch: int) -> Indices:
        """Row numbers in the order of this epoch, a pure function of (seed, epoch)."""
        if self.sampler is not None:
            return self.sampler.order((self.seed, epoch))
        if self.shuffle:
            return permutation(len(self.table), (self.seed, epoch))
        return np.arange(len(self.table), dtype=np.int64)

    def epoch(self, e: int, start: int = 0) -> Batches:
        """The batches of epoch e from step `start` on. Close the iterator, or use it in `with`, when leaving early."""
        if not 0 <= start <= len(self):
            raise CatalogueError(f"an epoch has the steps 0 to {len(self)}, not {start}")
        return Batches(self.maker(e), start, len(self), self.prefetch)

    def maker(self, e: int) -> Callable[[int], Batch]:
        """From a step of epoch e to its batch."""
        order = self.order(e)

        def make(step: int) -> Batch:
            rows = order[step * self.batch : (step + 1) * self.batch]
            gathered = {
                name: torch.from_numpy(column.take(rows, axis=0)) for name, column in self.table.columns.items()
            } | self._added
            return {name: tensor.pin_memory() for name, tensor in gathered.items()} if self.pin else gathered

        return make
