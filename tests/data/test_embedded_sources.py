"""Every embedded source opens with the columns, sizes and rows of its entry, and altered data does not open."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data import catalog, embedded, films, textures
from cldsl.data.catalog import SOURCES, SourceEntry, present_name
from cldsl.data.layout import lengths_of
from cldsl.data.table import open_entry_schema, open_source


@pytest.mark.parametrize(
    ("entry", "split"),
    [(entry, split) for entry in SOURCES for split in entry.rows],
    ids=lambda each: getattr(each, "name", each),
)
def test_a_source_is_what_its_entry_says(entry: SourceEntry, split: str) -> None:
    table = open_source(entry.name, split)
    ragged = dict.fromkeys(axis for column in entry.columns for axis in column.ragged)
    lengths = [*map(lengths_of, ragged)]
    present = [present_name(column.name) for column in entry.columns if column.ragged]
    assert list(table.columns) == ["id", *(column.name for column in entry.columns), *lengths, *present]
    assert len(table) == entry.rows[split]
    assert (table.columns["id"] == np.arange(len(table))).all()
    for column in entry.columns:
        values = table.columns[column.name]
        assert values.shape[1:] == column.sizes
        assert values.dtype == (np.float32 if column.dtype == "real" else np.int64)
        assert np.isfinite(values).all()
        if column.classes is not None:
            assert values.min() >= 0 and values.max() < column.classes
            if column.name == "label":
                others = open_source(entry.name, "test" if split == "train" else "train").columns[column.name]
                assert sorted({*values, *others}) == list(range(column.classes))
        if column.axes == ("channel", "y", "x"):
            # the darkest of some grounds is not black
            assert 0 <= values.min() < 0.05 and 0.9 < values.max() <= 1.0
    assert open_entry_schema(entry.name) is entry


HALVES = ("train", "test")


def test_mnist_is_balanced_and_mixed() -> None:
    train, test = (open_source("mnist-5k", split).columns["label"] for split in HALVES)
    assert (np.bincount(train) == 400).all() and (np.bincount(test) == 100).all()
    assert len(np.unique(train[:50])) == 10


def test_no_row_is_in_both_splits() -> None:
    for name, column in (("digits-8x8", "image"), ("mnist-5k", "image"), ("diabetes", "features")):
        both = [open_source(name, split).columns[column] for split in HALVES]
        seen = [{row.tobytes() for row in rows} for rows in both]
        assert not seen[0] & seen[1]


def test_the_long_tail_falls_evenly_and_keeps_its_test_rows() -> None:
    sizes = np.bincount(open_source("mnist-5k-lt").columns["label"])
    assert tuple(sizes) == embedded.LONG_TAIL and (sizes[0], sizes[-1]) == (400, 8)
    factors = sizes[1:] / sizes[:-1]
    assert (np.abs(factors - (8 / 400) ** (1 / 9)) < 0.03).all()
    assert open_source("mnist-5k-lt", "test").fingerprint() == open_source("mnist-5k", "test").fingerprint()


def test_the_halves_make_the_digit() -> None:
    halves, whole = open_source("digit-halves").columns, open_source("mnist-5k").columns
    assert (np.concatenate([halves["left"], halves["right"]], axis=3) == whole["image"]).all()
    assert (halves["label"] == whole["label"]).all()


def test_the_enlarged_digits_interpolate() -> None:
    small, large = (open_source(name, limit=20).columns["image"] for name in ("digits-8x8", "digits-16"))
    assert (large[:, :, 0, 0] == small[:, :, 0, 0]).all()
    assert large[:, :, 1, 0] == pytest.approx(0.75 * small[:, :, 0, 0] + 0.25 * small[:, :, 1, 0])
    assert large.mean((2, 3)) == pytest.approx(small.mean((2, 3)), abs=1e-6)


def test_diabetes_is_standardised_on_its_training_rows() -> None:
    features = open_source("diabetes").columns["features"].astype(np.float64)
    assert np.abs(features.mean(0)).max() < 1e-4 and np.abs(features.std(0) - 1).max() < 1e-4


def test_altered_data_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tuple(replace(entry, sha256={"train": "0" * 64, "test": "0" * 64}) for entry in SOURCES)
    monkeypatch.setattr(catalog, "SOURCES", altered)
    with pytest.raises(CatalogueError, match=r"tecator/train is not the data .* expected 000000000000"):
        open_source("tecator")


def test_crops_keep_to_their_half() -> None:
    columns = np.broadcast_to(np.arange(100, dtype=np.uint8)[None, :, None], (40, 100, 3))
    train, test = (textures._crops(columns, split, label=3) for split in HALVES)
    assert train.shape == (150, 3, 32, 32) and test.shape == (50, 3, 32, 32)
    assert train.max() < 50 <= test.min()
    assert len(np.unique(train[:, 0, 0, 0])) > 10 and len(np.unique(test[:, 0, 0, 0])) > 10


def test_textures_say_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Elsewhere:
        def locate_file(self, file: str) -> Path:
            return tmp_path / file

    monkeypatch.setattr(metadata, "distribution", lambda name: Elsewhere())
    with pytest.raises(CatalogueError, match=r"this version of scikit-image lacks the photograph astronaut.png"):
        open_source("textures-32")

    def absent(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(
        CatalogueError, match=r"textures-32 needs the package scikit-image, which is not installed"
    ) as caught:
        open_source("textures-32")
    assert caught.value.mend == textures.MEND


def test_films_say_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Elsewhere:
        def locate_file(self, file: str) -> Path:
            return tmp_path / file

    monkeypatch.setattr(metadata, "distribution", lambda name: Elsewhere())
    with pytest.raises(CatalogueError, match=r"the package recbole does not hold recbole/dataset_example"):
        open_source("movielens-100k")

    def absent(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(CatalogueError, match=r"movielens-100k needs the package recbole") as caught:
        open_source("movielens-100k")
    assert caught.value.mend == films.MEND


def test_targets_are_textures_under_a_digit() -> None:
    made, plain = open_source("digits-on-textures", "test").columns, open_source("textures-32", "test").columns
    assert (made["texture"] == plain["label"]).all() and made["target"].sum() == len(made["target"]) // 2
    over = 255 * made["image"] - np.floor(255 * plain["image"] / 2 + 1e-3)
    background = made["target"] == 0
    assert np.abs(over[background]).max() < 1e-2 and (made["digit"][background] == 0).all()
    assert (over[~background].max((1, 2, 3)) > 60).all() and (made["trait"][background] == 0).all()
    assert np.allclose(made["trait"][~background, 0], made["digit"][~background] / 9)
    assert (np.unique(made["trait"][:, 1:]) == np.arange(5) / 4).all()
