"""How the arguments of a strip's body are cut out of whole tensors, and how its results are put together.

Descriptions only; runtime/visits.py follows them.
"""

from __future__ import annotations

from dataclasses import dataclass


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
