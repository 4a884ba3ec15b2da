"""Data sets of the hub, with a stand-in for the package `datasets` that answers like it and touches no network."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image as Pillow

from cldsl.catalogue import CatalogueError
from cldsl.data.table import open_entry_schema, open_source


class Image:
    """A feature; the reader goes by the names of these classes."""


class Value:
    pass


class List:
    pass


class ClassLabel:
    num_classes = 3


class Rows:
    """A split: rows by number, columns by name."""

    features: ClassVar[dict[str, Any]] = {
        "img": Image(),
        "label": ClassLabel(),
        "score": Value(),
        "vector": List(),
        "caption": Value(),
    }

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = list(numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def select(self, rows: Sequence[int]) -> Rows:
        return Rows([self.numbers[row] for row in rows])

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return [_row(number)[key] for number in self.numbers]
        return _row(self.numbers[key])


def _row(number: int) -> dict[str, Any]:
    return {
        "img": Pillow.new("RGB", (6 if number < 100 else 8, 6), (number, 0, 0)),
        "label": number % 3,
        "score": number / 2,
        "vector": [number, 1.5],
        "caption": f"number {number}",
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What was asked of the hub."""
    calls: list[Any] = []

    def load_dataset(repository: str, configuration: str | None = None) -> dict[str, Rows]:
        calls.append((repository, configuration))
        if repository == "who/unknown":
            raise FileNotFoundError("Dataset 'who/unknown' doesn't exist on the Hub\nor cannot be accessed.")
        if repository == "who/test-only":
            return {"test": Rows(range(3))}
        splits = {"train": Rows(range(10)), "validation": Rows(range(50, 54)), "test": Rows(range(20, 23))}
        if repository == "who/train-only":
            splits = {"train": splits["train"]}
        if repository == "who/validated":
            del splits["test"]
        if repository == "who/mixed":
            splits["train"] = Rows([*range(5), 100])
        return splits

    fake = ModuleType("datasets")
    fake.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", fake)
    monkeypatch.delitem(sys.modules, "cldsl.data.hub", raising=False)
    yield calls
    sys.modules.pop("cldsl.data.hub", None)


def test_columns_come_as_numbers(asked: list[Any]) -> None:
    table = open_source("hf:who/full:small", "test", rename={"image": "img"})
    assert asked == [("who/full", "small")]
    assert list(table.columns) == ["id", "image", "label", "score", "vector"]
    assert table.columns["image"].shape == (3, 3, 6, 6)
    assert (table.columns["image"][:, 0, 0, 0] * 255).round().tolist() == [20, 21, 22]
    assert table.columns["label"].tolist() == [2, 0, 1] and table.columns["label"].dtype == np.int64
    assert table.columns["score"].tolist() == [10.0, 10.5, 11.0] and table.columns["score"].dtype == np.float32
    assert table.columns["vector"][:, 1].tolist() == [1.5, 1.5, 1.5]


def test_the_schema_is_that_of_the_first_row(asked: list[Any]) -> None:
    entry = open_entry_schema("who/full", size=4)
    assert entry.rows == {"train": 10, "test": 3}
    assert [(c.name, c.axes, c.sizes, c.dtype, c.classes) for c in entry.columns] == [
        ("img", ("channel", "y", "x"), (3, 4, 4), "real", None),
        ("label", (), (), "int", 3),
        ("score", (), (), "real", None),
        ("vector", ("feature",), (2,), "real", None),
    ]


def test_validation_or_a_fifth_stands_in_for_test(asked: list[Any]) -> None:
    assert open_source("who/validated", "test", ["score"]).columns["score"].tolist() == [25.0, 25.5, 26.0, 26.5]
    assert [len(open_source("who/train-only", split, ["label"])) for split in ("train", "test")] == [8, 2]


def test_what_cannot_be_had_is_one_line(asked: list[Any]) -> None:
    with pytest.raises(CatalogueError) as caught:
        open_source("who/unknown")
    assert caught.value.message == (
        "the data set who/unknown cannot be loaded: Dataset 'who/unknown' doesn't exist on the Hub"
    )
    with pytest.raises(CatalogueError, match="who/test-only has no split train"):
        open_source("who/test-only")
    with pytest.raises(CatalogueError, match="column caption holds text, not numbers"):
        open_source("who/full", columns=["caption"])
    with pytest.raises(CatalogueError, match="the rows of column img differ in their sizes") as caught:
        open_source("who/mixed", columns=["img"])
    assert caught.value.mend == "pictures take size ="
    assert open_source("who/mixed", columns=["img"], size=5).columns["img"].shape == (6, 3, 5, 5)


@pytest.mark.parametrize(
    ("name", "module", "reader", "extra"),
    [
        ("who/full", "datasets", "hub", "hf"),
        ("rows.parquet", "pyarrow", "parquet", "tables"),
        ("folder:birds", "PIL", "folder", "data"),
        ("textures-32", "PIL", "textures", "data"),
    ],
)
def test_a_missing_package_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, reader: str, extra: str
) -> None:
    monkeypatch.delitem(sys.modules, f"cldsl.data.{reader}", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CatalogueError, match=f"needs the package {module}, which is not installed") as caught:
        open_source(name)
    assert caught.value.mend == f"pip install 'cldsl[{extra}]'"
