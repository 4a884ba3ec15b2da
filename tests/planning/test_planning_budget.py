"""Sizes as people write them."""

from __future__ import annotations

import pytest

from cldsl.catalogue import CatalogueError
from cldsl.planning.budget import memory_bytes


@pytest.mark.parametrize(
    ("size", "count"),
    [
        (None, None),
        (800000, 800000),
        ("800000", 800000),
        ("512MB", 512_000_000),
        ("2GiB", 2 * 1024**3),
        (" 1.5 kb ", 1500),
        ("3K", 3000),
        ("7 B", 7),
        ("1TiB", 1024**4),
    ],
)
def test_sizes(size: int | str | None, count: int | None) -> None:
    assert memory_bytes(size) == count


@pytest.mark.parametrize("size", ["", "0", "-1", "MB", "5x", "2 GB more", "1e9", "0.2B", True, 0, -5])
def test_what_is_no_size_is_the_users_mistake(size: int | str) -> None:
    with pytest.raises(CatalogueError, match="is no size") as caught:
        memory_bytes(size)
    assert "512MB" in caught.value.mend
