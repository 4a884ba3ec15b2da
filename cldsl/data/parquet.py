"""Sources that are .parquet files.

Input: a path. Output: Opened; the schema is read at once, columns when they are asked for. Numbers, truth values and
lists of numbers are columns; lists must be equally long. Text, dates and nested records are unreadable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from cldsl.catalogue import CatalogueError
from cldsl.data import files
from cldsl.data.catalog import ColumnEntry
from cldsl.data.layout import AXES, Opened, classes
from cldsl.data.order import Array, Indices


def open_parquet(path: str) -> Opened:
    """The columns of a .parquet file. Raises CatalogueError for a file that is missing or is none."""
    parts = files.parts(path)
    opened = {part: _file(file) for part, file in parts.items()}
    columns: list[ColumnEntry] = []
    unreadable: dict[str, str] = {}
    for field in opened["train"].schema_arrow:
        shape = _shape(field.type)
        if shape is None:
            unreadable[field.name] = str(field.type)
            continue
        sizes, kind = shape
        counted = [_load(file, field.name) for file in parts.values()] if kind == "int" and not sizes else []
        columns.append(ColumnEntry(field.name, AXES[len(sizes)], sizes, kind, classes(counted)))

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        return {name: _load(parts[part], name)[rows] for name in names}

    lengths = {part: int(held.metadata.num_rows) for part, held in opened.items()}
    return Opened(tuple(columns), lengths, read, unreadable)


def _file(file: Path) -> Any:
    try:
        return pyarrow.parquet.ParquetFile(file)
    except pyarrow.ArrowInvalid as error:
        raise CatalogueError(f"{file} is not a .parquet file", str(error)) from error


def _shape(held: Any) -> tuple[tuple[int | None, ...], str] | None:
    """Sizes after item and the kind of number; None for what is no number."""
    types = pyarrow.types
    sizes: list[int | None] = []
    while types.is_list(held) or types.is_large_list(held) or types.is_fixed_size_list(held):
        sizes.append(held.list_size if types.is_fixed_size_list(held) else None)
        held = held.value_type
    if len(sizes) >= len(AXES):
        return None
    if types.is_floating(held):
        return tuple(sizes), "real"
    return (tuple(sizes), "int") if types.is_integer(held) or types.is_boolean(held) else None


def _load(file: Path, name: str) -> Array:
    column = pyarrow.parquet.read_table(file, columns=[name]).column(name)
    if column.null_count:
        raise CatalogueError(f"{file.name}: column {name} has {column.null_count} empty cells")
    if not pyarrow.types.is_nested(column.type):
        return np.asarray(column.to_numpy())
    try:
        return np.array(column.to_pylist())
    except ValueError as error:
        raise CatalogueError(f"{file.name}: the lists of column {name} are not equally long") from error
