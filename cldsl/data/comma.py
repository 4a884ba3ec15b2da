"""Sources that are comma-separated text with a header line.

Input: a path. Output: Opened; the file is read once, when it is opened. Columns named x.0, x.1, ... are one column
x[feature]. A column with anything but numbers is unreadable. Quotes are those of the csv module.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data import files
from cldsl.data.catalog import ColumnEntry
from cldsl.data.layout import AXES, Opened, classes, same_length
from cldsl.data.order import Array, Indices

_NUMBERED = re.compile(r"(?P<name>.+)\.(?P<place>\d+)")


def open_csv(path: str) -> Opened:
    """The columns of a .csv file. Raises CatalogueError for a missing file or a line of another length."""
    loaded = {part: load(file) for part, file in files.parts(path).items()}
    train = loaded["train"]
    test = loaded.get("test", train)
    named = [name for name in train if name in test]
    kinds = {name: _kind([train[name], test[name]]) for name in named}
    columns = tuple(entry(name, [train[name], test[name]]) for name in named if kinds[name] != "text")
    lengths = {
        part: same_length(path, {column.name: len(held[column.name]) for column in columns})
        for part, held in loaded.items()
    }

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        kept = {name: loaded[part][name][rows] for name in names}
        return {name: held.astype(np.float32) if kinds[name] == "real" else held for name, held in kept.items()}

    return Opened(columns, lengths, read, {name: "text" for name in named if kinds[name] == "text"})


def entry(name: str, held: Sequence[Array]) -> ColumnEntry:
    """A column of numbers, as the parts of a source hold it."""
    kind, first = _kind(held), held[0]
    counted = classes(held) if kind == "int" and first.ndim == 1 else None
    return ColumnEntry(name, AXES[first.ndim - 1], first.shape[1:], kind, counted)


def _kind(values: Sequence[Array]) -> str:
    if any(part.dtype.kind == "U" for part in values):
        return "text"
    return "real" if any(part.dtype.kind == "f" for part in values) else "int"


def load(file: Path) -> dict[str, Array]:
    """The columns of the file, x.0, x.1, ... as one. Raises CatalogueError for a line of another length."""
    return _united(single(file))


def single(file: Path) -> dict[str, Array]:
    """Each column by itself: numbers, or text as it stands. Raises CatalogueError for a line of another length."""
    with file.open(newline="", encoding="utf-8") as stream:
        lines = [line for line in csv.reader(stream) if line]
    if len(lines) < 2:
        raise CatalogueError(f"{file} has no rows", "it needs a header line and a line for each row")
    header, rows = [name.strip() for name in lines[0]], lines[1:]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise CatalogueError(f"{file}: row {number} has {len(row)} cells, the header {len(header)}")
    return {name: _numbers([row[place] for row in rows]) for place, name in enumerate(header)}


def _numbers(cells: Sequence[str]) -> Array:
    for dtype in (np.int64, np.float64):
        try:
            return np.array(cells, dtype=np.str_).astype(dtype)
        except ValueError:
            continue
    return np.array(cells, dtype=np.str_)


def _united(cells: dict[str, Array]) -> dict[str, Array]:
    """x.0, x.1, ... as one column [item, feature], where the numbers run from 0 without a gap."""
    groups: dict[str, dict[int, Array]] = {}
    for name, values in cells.items():
        match = _NUMBERED.fullmatch(name)
        if match:
            groups.setdefault(match["name"], {})[int(match["place"])] = values
    whole = {name: group for name, group in groups.items() if sorted(group) == list(range(len(group)))}
    united = {name: np.stack([group[place] for place in range(len(group))], 1) for name, group in whole.items()}
    alone = {name: values for name, values in cells.items() if name.rpartition(".")[0] not in united}
    return {**alone, **united}
