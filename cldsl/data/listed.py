"""Sources that are a list of array files: a line for each clip or slide, its arrays in .npy files of any length.

Input: the path of a .csv file with a header line. A column whose cells end in .npy names files, relative to the list;
the first axis of such an array counts the parts (steps, tiles) of its line, and arrays of one line agree in it. Other
columns are numbers of the line. Output: Opened, with a line as a row (`open_bags`) or with a part as a row
(`open_tiles`). Only headers of arrays are read until rows are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data import comma, files
from cldsl.data.arrays import npy_header
from cldsl.data.catalog import ColumnEntry
from cldsl.data.layout import AXES, Opened, describe, lengths_of
from cldsl.data.order import Array, Indices, holdout

PARTS = "position"


@dataclass(frozen=True)
class _List:
    """One file: its array files by column, shape and dtype of a part by column, numbers by column, parts per line."""

    paths: dict[str, list[Path]]
    kinds: dict[str, tuple[tuple[int, ...], np.dtype[Any]]]
    numbers: dict[str, Array]
    lengths: Indices

    def take(self, lines: Indices) -> _List:
        """Some of the lines."""
        paths = {name: [held[line] for line in lines] for name, held in self.paths.items()}
        numbers = {name: held[lines] for name, held in self.numbers.items()}
        return _List(paths, self.kinds, numbers, self.lengths[lines])


def open_bags(path: str, length: int | None = None) -> Opened:
    """Lines as rows; arrays are [item, position*, ...], padded with zeros to the longest.

    length: a longer line keeps as many parts, evenly spaced, the first and the last among them.
    """
    parts = {name: _read_list(file) for name, file in files.parts(path).items()}
    first = _agreeing(path, parts)
    kept = {name: np.minimum(held.lengths, length or held.lengths.max()) for name, held in parts.items()}
    longest = max(int(held.max()) for held in kept.values())

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        held, count = parts[part], kept[part]
        made = {name: held.numbers[name][rows] for name in names if name in held.numbers}
        for name in names:
            if name in held.paths:
                shape, dtype = held.kinds[name]
                made[name] = np.zeros((len(rows), longest, *shape), dtype)
                for place, row in enumerate(rows):
                    made[name][place, : count[row]] = _load(held.paths[name][row])[
                        _spaced(held.lengths[row], count[row])
                    ]
        return {**made, **({lengths_of(PARTS): count[rows]} if lengths_of(PARTS) in names else {})}

    arrays = [_ragged(name, longest, *kind) for name, kind in first.kinds.items()]
    columns = (*arrays, *_numbers(parts))
    return Opened(columns, {name: len(held) for name, held in kept.items()}, read, by_row=frozenset(first.paths))


def open_tiles(path: str) -> Opened:
    """Parts as rows, line after line; numbers of a line stand at each of its parts, and `bag` is the line's number.

    Without a test list a fifth of the lines is for testing, so that no line is in both.
    """
    parts = {name: _read_list(file) for name, file in files.parts(path).items()}
    first = _agreeing(path, parts)
    if "test" not in parts:
        parts = {split: first.take(holdout(len(first.lengths), split)) for split in ("train", "test")}
    lines = {name: np.repeat(np.arange(len(held.lengths)), held.lengths) for name, held in parts.items()}
    ends = {name: held.lengths.cumsum() for name, held in parts.items()}

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        held, line = parts[part], lines[part][rows]
        within = rows - (ends[part] - held.lengths)[line]
        made = {name: held.numbers[name][line] for name in names if name in held.numbers}
        for name in names:
            if name in held.paths:
                shape, dtype = held.kinds[name]
                made[name] = np.zeros((len(rows), *shape), dtype)
                for opened in np.unique(line):
                    here = line == opened
                    made[name][here] = _load(held.paths[name][opened])[within[here]]
        return {**made, **({"bag": line} if "bag" in names else {})}

    described = [describe(name, (1, *shape), dtype) for name, (shape, dtype) in first.kinds.items()]
    arrays = [column for column in described if isinstance(column, ColumnEntry)]
    columns = (*arrays, ColumnEntry("bag", dtype="int"), *_numbers(parts))
    return Opened(columns, {name: len(held) for name, held in lines.items()}, read, by_row=frozenset(first.paths))


def _read_list(file: Path) -> _List:
    cells = comma.load(file)
    named = {
        name: [file.parent / str(cell) for cell in held]
        for name, held in cells.items()
        if held.dtype.kind == "U" and all(str(cell).endswith(".npy") for cell in held)
    }
    if not named:
        raise CatalogueError(f"{file} names no arrays", "a column needs a .npy file in each of its cells")
    headers = {name: [_header(found) for found in paths] for name, paths in named.items()}
    kinds = {name: (held[0][0][1:], held[0][1]) for name, held in headers.items()}
    for name, held in headers.items():
        for found, (shape, dtype) in zip(named[name], held, strict=True):
            if shape[:1] in ((), (0,)) or (shape[1:], dtype) != kinds[name]:
                row, kind = kinds[name]
                raise CatalogueError(
                    f"{found} is {dtype}{list(shape)}, and a part of {name} is {kind}{list(row)} in its first file"
                )
    lengths = {name: np.array([shape[0] for shape, _ in held], dtype=np.int64) for name, held in headers.items()}
    (one, count), *others = lengths.items()
    for other, found_count in others:
        if (found_count != count).any():
            line = int(np.flatnonzero(found_count != count)[0])
            raise CatalogueError(
                f"{file}: row {line + 2} has {count[line]} parts in {one} and {found_count[line]} in {other}",
                "arrays of one line need one length; cut them when you write them",
            )
    numbers = {name: held for name, held in cells.items() if held.dtype.kind != "U"}
    return _List(named, kinds, numbers, count)


def _header(file: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of the array. Raises CatalogueError."""
    with files.existing(str(file)).open("rb") as stream:
        try:
            return npy_header(stream)
        except ValueError as error:
            raise CatalogueError(f"{file} is not a .npy file", str(error)) from error


def _load(file: Path) -> Array:
    """The array, mapped: what is not asked for is not read."""
    held: Array = np.load(file, mmap_mode="r", allow_pickle=False)
    return held


def _agreeing(path: str, parts: Mapping[str, _List]) -> _List:
    first = parts["train"]
    for held in parts.values():
        if held.kinds != first.kinds or set(held.numbers) != set(first.numbers):
            raise CatalogueError(f"the test list beside {path} has other columns, or arrays of another shape")
    return first


def _ragged(name: str, longest: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> ColumnEntry:
    found = describe(name, (1, longest, *shape), dtype)
    if isinstance(found, str):
        raise CatalogueError(f"column {name} holds arrays of {found}, which cannot be parts of a row")
    return ColumnEntry(name, (PARTS, *AXES[len(shape)]), found.sizes, found.dtype, ragged=(PARTS,))


def _numbers(parts: Mapping[str, _List]) -> tuple[ColumnEntry, ...]:
    names = parts["train"].numbers
    return tuple(comma.entry(name, [part.numbers[name] for part in parts.values()]) for name in names)


def _spaced(length: int, kept: int) -> Indices:
    """The places that stay, rising; all of them where none is too many."""
    return np.floor(np.linspace(0, length - 1, kept)).astype(np.int64)
