"""Batches of two tables at once."""

from __future__ import annotations

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data.joint import Joint
from cldsl.data.loader import Loader
from cldsl.data.table import Table


def loader(name: str, rows: int, batch: int) -> Loader:
    return Loader(Table({name: np.arange(rows)}), batch, seed=3)


def told(joint: Joint, e: int, start: int = 0) -> list[tuple[list[int], list[int]]]:
    with joint.epoch(e, start) as batches:
        return [(sorted(each["a"].tolist()), sorted(each["b"].tolist())) for each in batches]


def test_each_goes_round_for_itself() -> None:
    joint = Joint(loader("a", 8, 2), [loader("b", 6, 2)])
    assert len(joint) == 4
    steps = [step for e in range(3) for step in told(joint, e)]
    for turn in range(3):
        assert sorted(n for own, _ in steps[4 * turn : 4 * turn + 4] for n in own) == list(range(8))
    for turn in range(4):
        assert sorted(n for _, other in steps[3 * turn : 3 * turn + 3] for n in other) == list(range(6))
    assert steps[0][1] != steps[3][1] or steps[1][1] != steps[4][1]  # another order the next time


def test_a_step_follows_from_its_number() -> None:
    joint = Joint(loader("a", 8, 2), [loader("b", 6, 2)])
    assert told(joint, 1, 2) == told(joint, 1)[2:]


def test_columns_of_one_name_are_refused() -> None:
    with pytest.raises(CatalogueError, match="column a"):
        Joint(loader("a", 8, 2), [loader("a", 6, 2)])
