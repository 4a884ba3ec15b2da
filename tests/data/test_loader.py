"""Batches: what they hold, that their order is a function of seed and epoch, and the thread."""

from __future__ import annotations

import gc
import threading
import time

import numpy as np
import pytest
import torch

from cldsl.catalogue import CatalogueError
from cldsl.data.batches import Batch, Batches
from cldsl.data.loader import Loader
from cldsl.data.table import Table


def _table(count: int = 23) -> Table:
    ids = np.arange(count, dtype=np.int64)
    return Table({"id": ids, "x": np.repeat(ids[:, None], 3, 1).astype(np.float32), "label": ids % 3})


def _ids(batches: Batches) -> list[list[int]]:
    return [batch["id"].tolist() for batch in batches]


@pytest.mark.parametrize("prefetch", [False, True])
def test_batches_hold_the_rows_of_their_ids(prefetch: bool) -> None:
    loader = Loader(_table(), 5, seed=1, prefetch=prefetch)
    batches = list(loader.epoch(0))
    assert len(batches) == len(loader) == 4
    for batch in batches:
        assert batch["x"].shape == (5, 3) and batch["x"].dtype == torch.float32 and batch["x"].is_contiguous()
        assert batch["label"].dtype == torch.int64
        assert (batch["x"] == batch["id"][:, None]).all() and (batch["label"] == batch["id"] % 3).all()
    seen = [row for batch in batches for row in batch["id"].tolist()]
    assert len(set(seen)) == 20 and seen != sorted(seen)


def test_order_is_a_function_of_seed_and_epoch() -> None:
    loader = Loader(_table(), 5, seed=1)
    first = _ids(loader.epoch(3))
    assert _ids(loader.epoch(3)) == first == _ids(Loader(_table(), 5, seed=1, prefetch=True).epoch(3))
    assert _ids(loader.epoch(4)) != first != _ids(Loader(_table(), 5, seed=2).epoch(3))


@pytest.mark.parametrize("prefetch", [False, True])
def test_a_position_resumes_exactly(prefetch: bool) -> None:
    loader = Loader(_table(), 6, seed=1, prefetch=prefetch)
    whole = _ids(loader.epoch(2))
    for start in range(len(loader) + 1):
        assert _ids(loader.epoch(2, start)) == whole[start:]
    with pytest.raises(CatalogueError, match="an epoch has the steps 0 to 3, not 4"):
        loader.epoch(2, 4)


def test_the_last_rows_and_the_plain_order() -> None:
    loader = Loader(_table(), 5, seed=0, drop_last=False, shuffle=False)
    assert len(loader) == 5
    assert [row for rows in _ids(loader.epoch(7)) for row in rows] == list(range(23))


@pytest.mark.parametrize(
    ("options", "message", "mend"),
    [
        ({"batch": 24}, "a batch of 24 is larger than the table of 23 rows", "make batch smaller"),
        ({"batch": 0}, "a batch must hold at least 1 row, not 0", ""),
        ({"seed": -1}, "a seed must be at least 0, not -1", ""),
    ],
)
def test_what_cannot_be_loaded_is_one_line(options: dict[str, object], message: str, mend: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        Loader(_table(), **{"batch": 5, "seed": 1, **options})  # type: ignore[arg-type]
    assert (caught.value.message, caught.value.mend) == (message, mend)


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("cldsl-batches")]


def _ended() -> bool:
    """Whether the threads are gone, given a moment."""
    for _ in range(200):
        if not _threads():
            return True
        time.sleep(0.01)
    return False


def test_the_thread_ends_with_the_epoch_with_close_and_with_neglect() -> None:
    loader = Loader(_table(), 5, seed=1, prefetch=True)
    for _ in loader.epoch(0):
        assert _threads()
    assert not _threads()
    with loader.epoch(0) as batches:
        next(batches)
    assert not _threads() and list(batches) == []
    neglected = loader.epoch(0)
    next(neglected)
    del neglected
    gc.collect()
    assert _ended()


def test_an_error_of_the_thread_comes_at_its_batch() -> None:
    def make(step: int) -> Batch:
        if step == 1:
            raise CatalogueError("row 1 is gone")
        return {"id": torch.tensor([step])}

    with Batches(make, 0, 3, prefetch=True) as batches:
        assert next(batches)["id"].item() == 0
        with pytest.raises(CatalogueError, match="row 1 is gone"):
            next(batches)
    assert not _threads()


def test_waiting_is_measured_and_prefetching_shortens_it() -> None:
    def make(step: int) -> Batch:
        time.sleep(0.03)
        return {"id": torch.tensor([step])}

    waits = {}
    for prefetch in (False, True):
        with Batches(make, 0, 4, prefetch) as batches:
            for _ in batches:
                time.sleep(0.05)
            waits[prefetch] = batches.wait_seconds
    assert waits[False] >= 0.12 and waits[True] < 0.75 * waits[False]
