"""Samplers: what their batches hold, that the order is a function of seed and epoch, and what cannot be sampled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError, find
from cldsl.data.loader import Loader
from cldsl.data.samplers.catalog import SAMPLERS
from cldsl.data.samplers.groups import Sampler, grouped
from cldsl.data.samplers.together import turns
from cldsl.data.table import Table

GOLDEN = Path(__file__).parents[1] / "golden" / "mcl"
LABELS = np.array([0] * 40 + [1] * 5 + [7] * 15, dtype=np.int64)
TABLE = Table({"id": np.arange(60), "label": LABELS})
EPISODE = {"way": 2, "shot": 2, "ask": 3}


def _sampler(name: str, batch: int, labels: Any = LABELS, present: Any = None, **options: int) -> Sampler:
    made: Sampler = find(SAMPLERS, name, "sampler").load()(
        grouped("label", labels, present), batch, len(labels), **options
    )
    return made


def _loader(name: str, batch: int, seed: int = 3, **options: int) -> Loader:
    return Loader(TABLE, batch, seed, sampler=_sampler(name, batch, **options))


ALL: list[tuple[str, int, dict[str, int]]] = [("quota", 12, {}), ("together", 4, {}), ("episodes", 10, EPISODE)]


@pytest.mark.parametrize(("name", "batch", "options"), ALL)
def test_order_is_a_function_of_seed_and_epoch_and_resumes(name: str, batch: int, options: dict[str, int]) -> None:
    def ids(loader: Loader, epoch: int, start: int = 0) -> list[list[int]]:
        return [each["id"].tolist() for each in loader.epoch(epoch, start)]

    loader = _loader(name, batch, **options)
    first = ids(loader, 2)
    assert len(first) == len(loader) and all(len(set(rows)) == batch for rows in first)
    assert ids(_loader(name, batch, **options), 2) == first != ids(loader, 3)
    assert ids(_loader(name, batch, seed=4, **options), 2) != first
    for start in range(len(loader) + 1):
        assert ids(loader, 2, start) == first[start:]


def test_a_quota_holds_in_every_batch() -> None:
    loader = _loader("quota", 12)
    epochs = [list(loader.epoch(e)) for e in range(3)]
    for batch in (batch for batches in epochs for batch in batches):
        assert np.unique(batch["label"], return_counts=True)[1].tolist() == [4, 4, 4]
        assert batch["label"].tolist() != sorted(batch["label"].tolist())
    small = {row for batches in epochs for batch in batches for row in batch["id"][batch["label"] == 1].tolist()}
    assert small == set(range(40, 45)) and [len(batches) for batches in epochs] == [5, 5, 5]


def test_rows_of_a_batch_share_a_key_and_keys_take_turns() -> None:
    batches = list(_loader("together", 4).epoch(0))
    keys = [set(batch["label"].tolist()) for batch in batches]
    assert keys == [{0}, {1}, {7}, {0}, {7}, {0}, {7}, *[{0}] * 7]
    rows = [row for batch in batches for row in batch["id"].tolist()]
    assert len(set(rows)) == len(rows) == 40 + 4 + 12


def test_rows_without_a_key_are_left_out() -> None:
    sampler = _sampler("together", 4, present=np.arange(60) % 2 == 0)
    assert (sampler.order((1, 2)) % 2 == 0).all() and sampler.steps == 20 // 4 + 3 // 4 + 7 // 4


def test_turns_give_the_last_whole_batch_first() -> None:
    groups = [np.arange(5), np.arange(10, 12), np.arange(20, 21)]
    assert turns(groups, 2).tolist() == [[3, 2], [11, 10], [1, 0]]


def test_turns_are_those_of_a_published_sampler() -> None:
    case = json.loads((GOLDEN / "cluster_batches.json").read_text(encoding="utf-8"))
    keys = np.array(case["inputs"]["pseudo_labels"]["data"])
    orders = [np.array(case["inputs"][f"perm_{key}"]["data"]) for key in range(case["params"]["num_labels"])]
    groups = [np.flatnonzero(keys == key)[order] for key, order in enumerate(orders)]
    wanted = case["outputs"]["batches_rank0"]
    assert turns(groups, case["params"]["batch_size"]).flatten().tolist() == wanted["data"]


def test_an_episode_has_support_rows_and_others_of_each_class() -> None:
    seen = set()
    for batch in _loader("episodes", 10, **EPISODE).epoch(0):
        assert batch["support"].tolist() == [True] * 4 + [False] * 6
        assert batch["local"].tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1, 1]
        pairs = set(zip(batch["local"].tolist(), batch["label"].tolist(), strict=True))
        assert len(pairs) == 2 and len({label for _, label in pairs}) == 2
        seen |= pairs
    assert len(seen) > 2  # other classes, in another order


@pytest.mark.parametrize(
    ("name", "batch", "options", "message", "mend"),
    [
        ("quota", 5, {}, "quota: a batch of 5 does not divide into 3 equal classes", "take 6 or 3"),
        ("quota", 2, {}, "quota: a batch of 2 does not divide into 3 equal classes", "take 3"),
        (
            "quota", 18, {}, "quota: label 1 has 5 rows, and a batch of 18 takes 6 of each class",
            "take a batch of at most 15",
        ),
        (
            "together", 41, {}, "together: no label has the 41 rows of a batch, the most frequent one has 40",
            "take a batch of at most 40",
        ),
        (
            "episodes", 16, {"way": 4, "shot": 2, "ask": 2}, "episodes: an episode takes 4 classes, and there are 3",
            "take way = 3 at most",
        ),
        (
            "episodes", 12, {"way": 2, "shot": 1, "ask": 5},
            "episodes: label 1 has 5 rows, and an episode takes 1 + 5 of a class", "take shot + ask of at most 5",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_sampled_is_one_line(
    name: str, batch: int, options: dict[str, int], message: str, mend: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        _sampler(name, batch, **options)
    assert (caught.value.message, caught.value.mend) == (message, mend)


@pytest.mark.parametrize(
    ("labels", "present", "message"),
    [
        (np.array([[1], [2]]), None, "label must be one whole number for each row"),
        (np.array([0.5, 1.0]), None, "label must be one whole number for each row"),
        (np.array([1, 2]), np.array([False, False]), "no row has a value of label"),
    ],
)
def test_what_does_not_group_rows_is_one_line(labels: Any, present: Any, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        grouped("label", labels, present)


def test_whole_numbers_of_a_state_group_rows() -> None:
    groups = grouped("key", np.array([2.0, -1.0, 2.0]))
    assert groups.values == (-1, 2) and [rows.tolist() for rows in groups.rows] == [[1], [0, 2]]
