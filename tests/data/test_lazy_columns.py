"""Pictures too large for memory are read batch by batch, with the same values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cldsl.data import production
from cldsl.data.lazy import LazyColumn
from cldsl.data.loader import Loader
from cldsl.data.table import open_source


@pytest.fixture
def folder(tmp_path: Path) -> str:
    for number in range(12):
        file = tmp_path / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4), (number, 2 * number, 255)).save(file)
    return f"folder:{tmp_path}"


def test_a_lazy_column_gives_the_same_batches(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = open_source(folder)
    monkeypatch.setattr(production, "IN_MEMORY", 9 * 4 * 48 - 1)
    lazy = open_source(folder)
    assert isinstance(held.columns["image"], np.ndarray) and isinstance(lazy.columns["image"], LazyColumn)
    assert isinstance(lazy.columns["label"], np.ndarray)
    assert lazy.columns["image"].shape == held.columns["image"].shape == (9, 3, 4, 4)
    assert lazy.columns["image"].dtype == np.float32 and lazy.fingerprint() == held.fingerprint()
    assert (lazy.columns["image"][2:4] == held.columns["image"][2:4]).all()
    for prefetch in (False, True):
        pairs = zip(Loader(lazy, 4, seed=1, prefetch=prefetch).epoch(0), Loader(held, 4, seed=1).epoch(0), strict=True)
        for one, other in pairs:
            assert sorted(one) == ["id", "image", "label"] and all((one[name] == other[name]).all() for name in one)


def test_the_bound_itself_is_held(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(production, "IN_MEMORY", 9 * 4 * 48)
    assert isinstance(open_source(folder).columns["image"], np.ndarray)


def test_only_rows_can_be_taken() -> None:
    column = LazyColumn(lambda rows: rows.astype(np.float32), (5,), np.dtype(np.float32))
    assert column.take(np.array([3, 1])).tolist() == [3, 1] and len(column) == 5
    with pytest.raises(ValueError, match="read by rows, not along axis 1"):
        column.take(np.array([0]), axis=1)
