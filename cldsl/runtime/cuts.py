"""How the arguments of a strip's body are cut out of whole tensors, and how its results are put together.

Descriptions only; runtime/visits.py follows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Cut:
    """A strip of the rows along `dim` of an argument; `per` rows of it belong to each base row."""

    argument: int
    dim: int = 0
    per: int = 1


@dataclass(frozen=True)
class Whole:
    """All of an argument."""

    argument: int


@dataclass(frozen=True)
class Along:
    """A result with rows along `dim`; `shape` is that of all rows."""

    shape: tuple[int, ...]
    dim: int = 0
    per: int = 1
    dtype: str = "real"
    grad: bool = False


@dataclass(frozen=True)
class Gathered:
    """A result without rows; how: sum, max, min, any, all, logsumexp of what the strips give.

    place: of an extreme, the number of the result (how: "place") that says where it stands.
    """

    how: str
    shape: tuple[int, ...] = ()
    dtype: str = "real"
    grad: bool = False
    place: int | None = None


Takes = tuple[Cut | Whole, ...]
Gives = tuple[Along | Gathered, ...]


def result_dtype(kind: str, inputs: Sequence[Tensor]) -> torch.dtype:
    """Of a result: reals as wide as the widest input, at least float32."""
    if kind != "real":
        return torch.bool if kind == "bool" else torch.int64
    dtype = torch.float32
    found = [each.dtype for each in inputs if each.is_floating_point()]
    for each in found:
        dtype = torch.promote_types(dtype, each)
    return dtype if found else torch.get_default_dtype()
