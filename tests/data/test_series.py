"""Windows of long series, and labelled series in .ts files, written here and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data.catalog import resolve
from cldsl.data.series import parse_ts, window_starts
from cldsl.data.table import open_entry_schema, open_source


def _hours(folder: Path, count: int = 50) -> str:
    file = folder / "hours.csv"
    lines = [f"2016-07-01 {hour},{hour},{hour % 7 - 0.5}" for hour in range(count)]
    file.write_text("\n".join(["date,load,OT", *lines, ""]), encoding="utf-8")
    return f"windows:{file}"


def test_windows_and_what_follows_them(tmp_path: Path) -> None:
    name = _hours(tmp_path) + "?length=6&ahead=3&stride=2&channel=load&tested=0.2"
    train, test = (open_source(name, split).columns for split in ("train", "test"))
    assert train["x"].shape == (16, 6, 1) and train["future"].shape == (16, 3, 1)
    hours = (np.arange(50) - np.arange(40).mean()) / np.arange(40).std()
    # row 1 begins at hour 2; the futures of the test rows begin where the training hours end
    np.testing.assert_allclose(train["x"][1, :, 0], hours[2:8], rtol=1e-6)
    np.testing.assert_allclose(train["future"][1, :, 0], hours[8:11], rtol=1e-6)
    np.testing.assert_allclose(test["future"][0, :, 0], hours[40:43], rtol=1e-6)
    assert test["future"].max() == np.float32(hours[48])  # starts 34, 36, 38, 40: the last future is 46, 47, 48


def test_no_future_of_the_training_rows_reaches_the_tested_hours() -> None:
    for hours in (30, 31, 44):
        starts = window_starts(hours, 5, 4, 3, 0.25)
        cut = hours - int(hours * 0.25)
        assert starts["train"].max() + 9 <= cut <= starts["test"].min() + 5
        assert starts["test"].max() + 9 <= hours


def test_columns_without_a_name_of_one_are_all_channels(tmp_path: Path) -> None:
    columns = open_entry_schema(_hours(tmp_path) + "?length=6&ahead=3").columns
    assert [(column.name, column.sizes) for column in columns] == [("x", (6, 2)), ("future", (3, 2))]


def test_limited_rows_read_less(tmp_path: Path) -> None:
    entry = open_entry_schema(_hours(tmp_path) + "?length=6&ahead=3&rows=25")
    assert entry.rows == {"train": 12, "test": 3}


@pytest.mark.parametrize(
    ("options", "message", "mend"),
    [
        ("?length=45", "hours.csv: 50 rows give no windows of 45 and 48 ahead", "make length or ahead smaller"),
        ("?length=6&ahead=2&channel=OTT", "hours.csv has no column of numbers called OTT", "did you mean OT?"),
        ("?lenght=6", "has no argument lenght", "did you mean length?"),
        ("?length=0", "length must be at least 1, not 0", ""),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, options: str, message: str, mend: str) -> None:
    with pytest.raises(CatalogueError, match=message) as caught:
        open_source(_hours(tmp_path) + options)
    assert mend in caught.value.mend


def test_options_of_a_name_are_numbers_where_they_can_be() -> None:
    assert resolve("windows:a.csv?length=9&tested=0.5&channel=OT").options == {
        "length": 9,
        "tested": 0.5,
        "channel": "OT",
    }
    assert resolve("windows:a?b.csv").path == "a?b.csv" and not resolve("windows:a?b.csv").options


TEXT = "#about\n@problemName Two\n@classLabel true no yes\n@data\n\n1,2,3:4,5,?:yes\n2:8:no\n"


def test_series_of_two_lengths_end_in_zeros(tmp_path: Path) -> None:
    (tmp_path / "Two_TRAIN.ts").write_text(TEXT, encoding="utf-8")
    (tmp_path / "Two_TEST.ts").write_text("@data\n3,1:4,6:no\n", encoding="utf-8")
    name = str(tmp_path / "Two_TRAIN.ts")
    train, test = (open_source(name, split).columns for split in ("train", "test"))
    assert train["x"].shape == (2, 3, 2) and train["length"].tolist() == [3, 1] and train["label"].tolist() == [1, 0]
    first, second = np.array([1, 2, 3, 2]), np.array([4, 5, 8])  # the missing one does not count
    np.testing.assert_allclose(train["x"][0, :, 0], (first[:3] - first.mean()) / first.std(), rtol=1e-6)
    np.testing.assert_allclose(train["x"][0, :2, 1], (second[:2] - second.mean()) / second.std(), rtol=1e-6)
    assert train["x"][0, 2, 1] == 0 and (train["x"][1, 1:] == 0).all()
    np.testing.assert_allclose(test["x"][0, :2, 1], (np.array([4, 6]) - second.mean()) / second.std(), rtol=1e-6)
    assert test["label"].tolist() == [0]


@pytest.mark.parametrize("text", ["1,2:3:a", "1,x:3,4:a", "(0,1),(1,2):1,2:b"])
def test_a_record_of_another_form_is_told(text: str) -> None:
    with pytest.raises(CatalogueError, match=r"few.ts: series 2 is not 2 channels of numbers and a label"):
        parse_ts("few.ts", f"1,2:3,4:a\n{text}\n")


def test_a_file_without_records_is_told() -> None:
    with pytest.raises(CatalogueError, match=r"none.ts holds no series"):
        parse_ts("none.ts", "@data\n")
