"""Seeded orders that do not depend on the versions of libraries.

Input: a count and a key of integers. Output: a permutation, or the two parts of a split. Built on the raw bits of
Philox, which numpy promises never to change, and a stable sort; `Generator.permutation` carries no such promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


def bits(count: int, key: Sequence[int]) -> npt.NDArray[np.uint64]:
    """`count` random words of 64 bits, a pure function of the key (non-negative integers)."""
    drawn: npt.NDArray[np.uint64] = np.random.Philox(np.random.SeedSequence(list(key))).random_raw(count)
    return drawn


def permutation(count: int, key: Sequence[int]) -> Indices:
    """The numbers 0..count-1 in an order that is a pure function of the key."""
    return np.argsort(bits(count, key), kind="stable").astype(np.int64)


def holdout(count: int, split: str) -> Indices:
    """The rows of "train" (80 %) or "test" (20 %) of a source that has no test rows of its own, ascending."""
    mixed = permutation(count, (count, 80, 20))
    cut = count * 4 // 5
    return np.sort(mixed[:cut] if split == "train" else mixed[cut:])
