"""The order of an epoch in which every batch holds equally many rows of each class.

Input: the labels, batch size and steps. Output: row numbers [step * batch]. A class is gone through in seeded order,
again and again; a round that cannot fill its share of a batch is cut short, so no row is twice in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data.order import Array, Indices, permutation


def quota_order(labels: Array, batch: int, steps: int, key: Sequence[int], name: str = "label") -> Indices:
    """Row numbers, `batch` for each step; labels[item] are whole numbers.

    Raises CatalogueError when the batch is no multiple of the number of classes, or a class has too few rows.
    """
    if labels.ndim != 1 or labels.dtype.kind != "i":
        raise CatalogueError(f"quota: {name} must be one whole number for each row")
    found, sizes = np.unique(labels, return_counts=True)
    share, rest = divmod(batch, len(found))
    if rest:
        below, above = share * len(found), (share + 1) * len(found)
        raise CatalogueError(
            f"quota: a batch of {batch} does not divide into {len(found)} equal classes",
            f"take {above} or {below}" if below else f"take {above}",
        )
    if sizes.min() < share:
        small = int(found[sizes.argmin()])
        raise CatalogueError(
            f"quota: {name} {small} has {sizes.min()} rows, and a batch of {batch} takes {share} of each class",
            f"take a batch of at most {sizes.min() * len(found)}",
        )
    by_class = [_rounds(np.flatnonzero(labels == value), share, steps, (*key, int(value))) for value in found]
    batches = np.concatenate(by_class, axis=1)  # [step, batch], class after class
    mixed = permutation(batches.size, key).reshape(batches.shape).argsort(1)
    return np.take_along_axis(batches, mixed, 1).reshape(-1)


def _rounds(rows: Indices, share: int, steps: int, key: Sequence[int]) -> Indices:
    """Rows [step, share] of one class."""
    whole = len(rows) // share  # steps that one round through the class fills
    rounds = [
        rows[permutation(len(rows), (*key, number))[: whole * share]].reshape(whole, share)
        for number in range(-(-steps // whole))
    ]
    return np.concatenate(rounds)[:steps].astype(np.int64)
