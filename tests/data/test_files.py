"""Production files written here and read back: arrays, tensors, tables of text, and Arrow tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from safetensors.numpy import save_file

from cldsl.catalogue import CatalogueError
from cldsl.data.catalog import ColumnEntry
from cldsl.data.order import Array
from cldsl.data.table import open_entry_schema, open_source

Columns = dict[str, Array]


def _npz(file: Path, columns: Columns) -> None:
    np.savez(file, **columns)  # type: ignore[arg-type]


def _parquet(file: Path, columns: Columns) -> None:
    held = {name: column if column.ndim == 1 else column.tolist() for name, column in columns.items()}
    pyarrow.parquet.write_table(pyarrow.table(held), file)


def _csv(file: Path, columns: Columns) -> None:
    wide: Columns = {}
    for name, column in columns.items():
        wide.update({name: column} if column.ndim == 1 else {f"{name}.{k}": c for k, c in enumerate(column.T)})
    lines = [",".join(wide), *(",".join(map(str, row)) for row in zip(*wide.values(), strict=True))]
    file.write_text("\n".join(lines), encoding="utf-8")


WRITERS: dict[str, Callable[[Path, Columns], None]] = {
    "npz": _npz,
    "safetensors": lambda file, columns: save_file(columns, file),
    "parquet": _parquet,
    "csv": _csv,
}
every_format = pytest.mark.parametrize("ending", WRITERS)


def _columns(count: int) -> Columns:
    vectors = np.arange(3.0 * count).reshape(count, 3) / 8
    return {"vector": vectors, "score": vectors[:, 0] - 1, "label": np.arange(count) % 4}


@every_format
def test_a_file_without_test_rows_is_split(tmp_path: Path, ending: str) -> None:
    columns, name = _columns(20), str(tmp_path / f"rows.{ending}")
    WRITERS[ending](Path(name), columns)
    parts = [open_source(name, split).columns for split in ("train", "test")]
    assert [len(part["label"]) for part in parts] == [16, 4]
    assert {key: column.dtype for key, column in parts[0].items()} == {
        "id": np.int64,
        "vector": np.float32,
        "score": np.float32,
        "label": np.int64,
    }
    for key, column in columns.items():
        both = np.concatenate([part[key] for part in parts])
        order = np.concatenate([part["score"] for part in parts]).argsort()
        assert (both[order] == column).all()
    entry = open_entry_schema(name)
    assert entry.rows == {"train": 16, "test": 4}
    assert {column.name: (column.dtype, column.axes, column.classes) for column in entry.columns} == {
        "vector": ("real", ("feature",), None),
        "score": ("real", (), None),
        "label": ("int", (), 4),
    }


@every_format
def test_the_test_file_beside_is_used(tmp_path: Path, ending: str) -> None:
    WRITERS[ending](tmp_path / f"train.{ending}", _columns(12))
    WRITERS[ending](tmp_path / f"test.{ending}", _columns(6))
    name = str(tmp_path / f"train.{ending}")
    assert open_entry_schema(name).rows == {"train": 12, "test": 6}
    assert (open_source(name, "test", ["label"]).columns["label"] == _columns(6)["label"]).all()


@every_format
def test_a_missing_file_or_column_proposes_the_nearest(tmp_path: Path, ending: str) -> None:
    WRITERS[ending](tmp_path / f"rows.{ending}", _columns(6))
    with pytest.raises(CatalogueError, match="there is no file") as caught:
        open_source(str(tmp_path / f"row.{ending}"))
    assert caught.value.mend == f"did you mean rows.{ending}?"
    with pytest.raises(CatalogueError, match="has no column lable") as caught:
        open_source(str(tmp_path / f"rows.{ending}"), columns=["lable"])
    assert caught.value.mend.startswith("did you mean label?")


@pytest.mark.parametrize("ending", ["npz", "safetensors", "parquet"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"rows.{ending}").write_text("nothing of the sort", encoding="utf-8")
    with pytest.raises(CatalogueError, match=rf"rows.{ending} is not a .{ending} file"):
        open_source(str(tmp_path / f"rows.{ending}"))


def test_bytes_with_two_axes_are_pixels(tmp_path: Path) -> None:
    pictures = np.arange(5 * 3 * 4 * 4, dtype=np.uint8).reshape(5, 3, 4, 4)
    np.savez(tmp_path / "p", image=pictures, level=np.arange(5, dtype=np.uint8))
    name = f"npz:{tmp_path / 'p.npz'}"
    assert open_entry_schema(name).columns[0] == ColumnEntry("image", ("channel", "y", "x"), (3, 4, 4), "real")
    both = [open_source(name, split).columns for split in ("train", "test")]
    assert np.concatenate([part["image"] for part in both]).max() == np.float32(239) / np.float32(255)
    assert both[0]["level"].dtype == np.int64


@pytest.mark.parametrize("ending", ["npz", "csv", "parquet"])
def test_text_is_no_column(tmp_path: Path, ending: str) -> None:
    WRITERS[ending](tmp_path / f"rows.{ending}", {"word": np.array(["a", "b", "c"]), "number": np.arange(3)})
    assert list(open_source(str(tmp_path / f"rows.{ending}")).columns) == ["id", "number"]
    with pytest.raises(CatalogueError, match=r"column word holds (text|string|objects), not numbers"):
        open_source(str(tmp_path / f"rows.{ending}"), columns=["word"])


def test_arrays_of_unequal_length_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", a=np.zeros(3), b=np.zeros(4))
    with pytest.raises(CatalogueError, match=r"rows.npz: the columns differ in their number of rows: a 3, b 4"):
        open_source(str(tmp_path / "rows.npz"))


def test_a_test_file_must_match_its_training_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", a=np.zeros((3, 2)))
    np.savez(tmp_path / "test.npz", a=np.zeros((3, 5)))
    with pytest.raises(CatalogueError, match=r"test.npz: a is \(5,\) a row, and \(2,\) in the training file"):
        open_source(str(tmp_path / "train.npz"))
    np.savez(tmp_path / "test.npz", b=np.zeros((3, 2)))
    with pytest.raises(CatalogueError, match=r"test.npz has no array a"):
        open_source(str(tmp_path / "train.npz"))


def test_a_short_line_of_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"rows.csv: row 3 has 1 cells, the header 2"):
        open_source(str(tmp_path / "rows.csv"))
    (tmp_path / "rows.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"rows.csv has no rows"):
        open_source(str(tmp_path / "rows.csv"))


def test_empty_cells_and_ragged_lists_of_arrow_are_named(tmp_path: Path) -> None:
    table = pyarrow.table({"hole": [1.0, None, 2.0], "list": [[1, 2], [3], [4]]})
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(CatalogueError, match=r"rows.parquet: column hole has 1 empty cells"):
        open_source(str(tmp_path / "rows.parquet"), columns=["hole"])
    with pytest.raises(CatalogueError, match=r"rows.parquet: the lists of column list are not equally long"):
        open_source(str(tmp_path / "rows.parquet"), columns=["list"])
