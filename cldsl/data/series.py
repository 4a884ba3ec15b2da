"""Long series cut into windows, and sets of labelled series in files of the UEA and UCR archives (.ts).

Input: a path, or a split of what is vendored. Output: Opened, or raw columns. A window is what came before an hour and what
came after it; the rows of a source are in the order of time, those to test on after those to train on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cldsl.catalogue import CatalogueError, nearest
from cldsl.data import comma, files
from cldsl.data.catalog import ColumnEntry
from cldsl.data.embedded import Columns, vendored
from cldsl.data.layout import Opened
from cldsl.data.order import Array, Indices

#: Hours of a window of the vendored series, hours after it, and hours between the starts of two windows.
LENGTH, AHEAD, STRIDE = 168, 48, 4
#: Share of a series, its end, that is kept for testing.
TESTED = 0.2


def read_sea(split: str) -> Columns:
    """x[item, time = 168, channel = 1] and future[item, ahead = 48, channel = 1], standardised on the training hours.

    The statistics are rounded to six digits, so that the digest is the same whatever the order of summation.
    """
    hours = vendored("sea_temperature.npz")["celsius_1000"].astype(np.float64)[:, None] / 1000
    cut = _cut(len(hours), TESTED)
    standard = (hours - np.round(hours[:cut].mean(0), 6)) / np.round(hours[:cut].std(0), 6)
    starts = window_starts(len(hours), LENGTH, AHEAD, STRIDE, TESTED)[split]
    return windows(standard.astype(np.float32), starts, LENGTH, AHEAD)


def read_vowels(split: str) -> Columns:
    """x[item, time = 29, channel = 12], zeros after the end, length[item], label[item]; Kudo et al., UCI 1999."""
    stored = vendored("japanese_vowels.npz")
    return {name: stored[f"{split}_{name}"] for name in ("x", "length", "label")}


def windows(series: Array, starts: Indices, length: int, ahead: int) -> Columns:
    """x[item, time, channel] and future[item, ahead, channel] of series[hour, channel]: a row for each start."""
    before, after = np.arange(length), np.arange(length, length + ahead)
    return {"x": series[starts[:, None] + before], "future": series[starts[:, None] + after]}


def window_starts(hours: int, length: int, ahead: int, stride: int, tested: float) -> dict[str, Indices]:
    """Starts by split. Training windows end, future and all, before the tested hours; the futures of the others lie in them."""
    cut = _cut(hours, tested)
    first = max(cut - length, 0)
    return {
        "train": np.arange(0, cut - length - ahead + 1, stride, dtype=np.int64),
        "test": np.arange(first, hours - length - ahead + 1, stride, dtype=np.int64),
    }


def open_windows(
    path: str, length: int, ahead: int, stride: int, channel: str | None, tested: float, rows: int | None
) -> Opened:
    """Windows of a .csv file with a header and a line for each hour: x[time, channel] and future[ahead, channel].

    Columns that are no numbers (dates) are left out; each is standardised on the training hours. Raises CatalogueError
    for a missing file or column, or a series shorter than two windows.
    """
    file = files.existing(path)
    series = _columns(file, channel)[:rows]
    starts = window_starts(len(series), length, ahead, stride, tested)
    if not all(len(each) for each in starts.values()):
        raise CatalogueError(
            f"{file.name}: {len(series)} rows give no windows of {length} and {ahead} ahead to train and test on",
            "make length or ahead smaller",
        )
    cut = _cut(len(series), tested)
    spread = series[:cut].std(0)
    standard = ((series - series[:cut].mean(0)) / np.where(spread > 0, spread, 1)).astype(np.float32)

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        held = windows(standard, starts[part][rows], length, ahead)
        return {name: held[name] for name in names}

    wide = series.shape[1]
    columns = (
        ColumnEntry("x", ("time", "channel"), (length, wide), doc="standardised on the training hours"),
        ColumnEntry("future", ("ahead", "channel"), (ahead, wide), doc="what follows"),
    )
    return Opened(columns, {part: len(each) for part, each in starts.items()}, read, by_row=frozenset({"x", "future"}))


def open_ts(path: str) -> Opened:
    """The series of a .ts file (`NAME_TRAIN.ts`, its test rows from NAME_TEST.ts beside it): x[time, channel], length, label.

    Channels are standardised on the training file; series that end earlier, and what is missing (`?`), are zeros.
    Raises CatalogueError for a file that is none.
    """
    parts = {part: parse_ts(file.name, file.read_text("utf-8")) for part, file in files.parts(path).items()}
    names = sorted({label for _, labels in parts.values() for label in labels})
    longest = max(each.shape[0] for series, _ in parts.values() for each in series)
    known = np.concatenate(parts["train"][0])
    centre, spread = np.nanmean(known, 0), np.nanstd(known, 0)
    spread = np.where(spread > 0, spread, 1)
    held = {part: _padded(series, longest, centre, spread) for part, (series, _) in parts.items()}
    for part, (_, labels) in parts.items():
        held[part]["label"] = np.array([names.index(label) for label in labels], dtype=np.int64)

    def read(part: str, columns: Sequence[str], rows: Indices) -> dict[str, Array]:
        return {name: held[part][name][rows] for name in columns}

    columns = (
        ColumnEntry("x", ("time", "channel"), (longest, len(centre)), doc="standardised, zeros after the end"),
        ColumnEntry("length", (), (), "int", doc="positions before the end"),
        ColumnEntry("label", (), (), "int", len(names), ", ".join(names[:12])),
    )
    return Opened(columns, {part: len(each["label"]) for part, each in held.items()}, read)


def parse_ts(name: str, text: str) -> tuple[list[Array], list[str]]:
    """Series [position, channel] and labels of a file's records, `1,2,3:4,5,6:label`; NaN is what is missing."""
    lines = [line.strip() for line in text.splitlines()]
    records = [line.split(":") for line in lines if line and line[0] not in "#@"]
    if not records:
        raise CatalogueError(f"{name} holds no series", "a .ts file has a line for each: 1,2,3:4,5,6:label")
    series: list[Array] = []
    for number, (*channels, _) in enumerate(records, start=1):
        try:
            read = [
                [float("nan") if each == "?" else float(each) for each in channel.split(",")] for channel in channels
            ]
            series.append(np.array(read, dtype=np.float64).reshape(len(records[0]) - 1, -1).T)
        except ValueError as error:
            raise CatalogueError(
                f"{name}: series {number} is not {len(records[0]) - 1} channels of numbers and a label",
                "all channels of a series have one length; series with times of their own are not read",
            ) from error
    return series, [record[-1] for record in records]


def _padded(series: list[Array], longest: int, centre: Array, spread: Array) -> Columns:
    x = np.zeros((len(series), longest, len(centre)), dtype=np.float32)
    for row, each in enumerate(series):
        x[row, : len(each)] = np.nan_to_num((each - centre) / spread)
    return {"x": x, "length": np.array([len(each) for each in series], dtype=np.int64)}


def _cut(hours: int, tested: float) -> int:
    return hours - int(hours * tested)


def _columns(file: Path, channel: str | None) -> Array:
    """[hour, channel] of the columns of numbers, or of the one that is named."""
    numbers = {name: column for name, column in comma.single(file).items() if column.dtype.kind != "U"}
    if channel is not None:
        if channel not in numbers:
            raise CatalogueError(
                f"{file.name} has no column of numbers called {channel}", nearest(channel, list(numbers))
            )
        numbers = {channel: numbers[channel]}
    if not numbers:
        raise CatalogueError(f"{file.name} holds no column of numbers")
    return np.stack(list(numbers.values()), 1).astype(np.float64)
