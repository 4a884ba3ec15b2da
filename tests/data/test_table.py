"""Columns, names, limits and fingerprints of tables, and orders that no library version changes."""

from __future__ import annotations

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data.order import holdout, permutation
from cldsl.data.table import Table, open_source


def test_columns_are_chosen_and_renamed() -> None:
    table = open_source("tecator", columns=["x", "fat", "id"], rename={"x": "spectrum"}, limit=5)
    assert {name: column.shape for name, column in table.columns.items()} == {"id": (5,), "x": (5, 100), "fat": (5,)}
    everything = open_source("tecator", rename={"x": "spectrum"})
    assert sorted(everything.columns) == ["fat", "id", "x"]


def test_a_smaller_limit_keeps_a_part() -> None:
    small, large = (open_source("tecator", limit=limit).columns["fat"] for limit in (10, 40))
    assert set(small) <= set(large) and len(open_source("tecator", limit=1000)) == 172


@pytest.mark.parametrize(
    ("options", "message", "mend"),
    [
        ({"columns": ["fta"]}, "source tecator has no column fta", "did you mean fat?"),
        ({"split": "valid"}, "source tecator has no split valid", "known here: test, train"),
        ({"limit": 0}, "limit must be at least 1, not 0", ""),
        ({"size": 32}, "tecator has no argument size", ""),
    ],
)
def test_wrong_requests_are_one_line(options: dict[str, object], message: str, mend: str) -> None:
    with pytest.raises(CatalogueError, match=message) as caught:
        open_source("tecator", **options)  # type: ignore[arg-type]
    assert caught.value.mend.startswith(mend) and "\n" not in caught.value.message


def test_the_fingerprint_sees_values_names_and_dtypes() -> None:
    zeros = np.zeros((2, 3), np.float32)
    prints = {
        Table(columns).fingerprint()
        for columns in ({"a": zeros}, {"b": zeros}, {"a": zeros.astype(np.int64)}, {"a": zeros.T.copy()})
    }
    assert len(prints) == 4
    assert Table({"a": zeros, "b": zeros}).fingerprint() == Table({"b": zeros, "a": zeros.copy()}).fingerprint()


def test_unequal_columns_make_no_table() -> None:
    with pytest.raises(CatalogueError, match="differ in their number of rows: a 2, b 3"):
        Table({"a": np.zeros(2), "b": np.zeros(3)})


def test_orders_are_pinned() -> None:
    assert permutation(8, (1, 2)).tolist() == [7, 1, 3, 0, 4, 2, 6, 5]
    assert sorted(permutation(100, (0, 0))) == list(range(100))
    train, test = holdout(11, "train"), holdout(11, "test")
    assert (len(train), len(test)) == (8, 3) and sorted([*train, *test]) == list(range(11))
