"""Sizes of the axes a view stage produces, for the checker. Imports no torch.

Input: bound arguments and sizes by role (channel, y, x), None where unknown. Output: sizes by role.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Sizes = dict[str, "int | None"]


def size_pair(size: Any) -> tuple[int, int]:
    """(y, x) in pixels from a whole number (a square) or a pair."""
    if isinstance(size, (list, tuple)):
        return int(size[0]), int(size[1])
    return int(size), int(size)


def same(bound: Mapping[str, Any], sizes: Mapping[str, int | None]) -> Sizes:
    """A stage that leaves every axis as it is."""
    return dict(sizes)


def resized(bound: Mapping[str, Any], sizes: Mapping[str, int | None]) -> Sizes:
    """A stage whose argument `size` gives y and x; unknown where the argument is."""
    y, x = (None, None) if bound["size"] is None else size_pair(bound["size"])
    return {**sizes, "y": y, "x": x}
