"""Lists of array files, read as ragged bags and as single tiles, and what is wrong with a list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data.catalog import ColumnEntry
from cldsl.data.table import open_entry_schema, open_source

LENGTHS = (3, 5, 1, 2, 4)


def _write(folder: Path, lengths: tuple[int, ...] = LENGTHS, name: str = "list.csv") -> str:
    """A list with x[position*, feature = 2], truth[position*], and the numbers label and weight of each line."""
    lines = ["x,truth,label,weight"]
    for line, length in enumerate(lengths):
        values = 100 * line + np.arange(2.0 * length).reshape(length, 2)
        np.save(folder / f"{name}-x{line}.npy", values.astype(np.float32))
        np.save(folder / f"{name}-t{line}.npy", np.arange(length) % 2)
        lines.append(f"{name}-x{line}.npy,{name}-t{line}.npy,{line % 2},{line / 2}")
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return str(folder / name)


def test_bags_are_padded_and_carry_their_lengths(tmp_path: Path) -> None:
    _write(tmp_path, (6, 2), "test.csv")
    name = "bags:" + _write(tmp_path, name="train.csv")
    columns = open_source(name).columns
    assert list(columns) == ["id", "x", "truth", "label", "weight", "position*", "x.present", "truth.present"]
    assert (columns["x.present"].sum(1) == columns["position*"]).all()
    assert columns["x"].shape == (5, 6, 2) and columns["position*"].tolist() == list(LENGTHS)
    assert columns["x"][1, :5, 0].tolist() == [100, 102, 104, 106, 108] and not columns["x"][1, 5:].any()
    assert columns["truth"][0].tolist() == [0, 1, 0, 0, 0, 0] and columns["label"].tolist() == [0, 1, 0, 1, 0]
    entry = open_entry_schema(name)
    assert entry.rows == {"train": 5, "test": 2}
    assert entry.columns[:3] == (
        ColumnEntry("x", ("position", "feature"), (6, 2), ragged=("position",)),
        ColumnEntry("truth", ("position",), (6,), "int", ragged=("position",)),
        ColumnEntry("label", (), (), "int", 2),
    )


def test_lengths_come_only_with_a_ragged_column(tmp_path: Path) -> None:
    name = "bags:" + _write(tmp_path)
    assert list(open_source(name, columns=["label"]).columns) == ["id", "label"]
    renamed = open_source(name, columns=["sound"], rename={"sound": "x"})
    assert list(renamed.columns) == ["id", "sound", "position*", "sound.present"]


def test_a_long_line_keeps_evenly_spaced_parts(tmp_path: Path) -> None:
    columns = open_source("bags:" + _write(tmp_path, (5, 2) * 5) + "?length=3").columns
    assert columns["x"].shape[1] == 3 and set(columns["position*"].tolist()) == {2, 3}
    long = columns["x"][columns["position*"] == 3][0, :, 0]
    assert (long - long[0]).tolist() == [0, 4, 8]


def test_tiles_are_the_parts_and_lines_are_not_divided(tmp_path: Path) -> None:
    name = _write(tmp_path)
    parts = [open_source(f"tiles:{name}", split).columns for split in ("train", "test")]
    assert list(parts[0]) == ["id", "x", "truth", "bag", "label", "weight"]
    lines = [set((part["x"][:, 0] // 100).tolist()) for part in parts]
    assert [len(found) for found in lines] == [4, 1] and not lines[0] & lines[1]
    assert sum(len(part["x"]) for part in parts) == sum(LENGTHS)
    whole = open_source(f"bags:{name}", "train").columns
    rows = np.arange(whole["x"].shape[1]) < whole["position*"][:, None]
    assert (parts[0]["x"] == whole["x"][rows]).all()
    assert (parts[0]["label"] == whole["label"][parts[0]["bag"]]).all()


def test_what_is_wrong_with_a_list_is_said(tmp_path: Path) -> None:
    name = _write(tmp_path)
    np.save(tmp_path / "list.csv-t1.npy", np.zeros(4))
    with pytest.raises(CatalogueError, match=r"t1.npy is float64\[4\], and a part of truth is int64\[\]"):
        open_source(f"bags:{name}")
    np.save(tmp_path / "list.csv-t1.npy", np.zeros(4, dtype=np.int64))
    with pytest.raises(CatalogueError, match=r"row 3 has 5 parts in x and 4 in truth"):
        open_source(f"bags:{name}")
    (tmp_path / "list.csv-t1.npy").write_text("none", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"is not a \.npy file"):
        open_source(f"tiles:{name}")
    (tmp_path / "list.csv-t1.npy").unlink()
    with pytest.raises(CatalogueError, match=r"there is no file .*t1.npy"):
        open_source(f"tiles:{name}")
    (tmp_path / "plain.csv").write_text("label\n1\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="names no arrays"):
        open_source(f"bags:{tmp_path / 'plain.csv'}")
