"""A source opened: its columns in memory, chosen by split, name and number of rows.

Input: a name of the catalogue, a split, and which columns. Output: a Table of columns, float32 or int64, first axis
item; or the SourceEntry with sizes and rows filled in. Columns are numpy arrays in memory, but for pictures of a
production source that are too large for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cldsl.catalogue import CatalogueError, bind, nearest
from cldsl.data.catalog import ColumnEntry, Resolved, SourceEntry, resolve
from cldsl.data.fingerprint import digest
from cldsl.data.layout import as_column, lengths_of, same_length
from cldsl.data.order import Array, Indices, permutation
from cldsl.data.production import read_opened, split_rows, splits
from cldsl.data.ragged import presence, present_name

#: A numpy array, or a LazyColumn, which has shape, dtype, len, take and rows by index like one.
Column = Any


@dataclass(frozen=True)
class Table:
    """Columns [item, ...]; reals are float32, whole numbers int64."""

    columns: dict[str, Column]

    def __post_init__(self) -> None:
        same_length("the table", {name: len(column) for name, column in self.columns.items()})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def fingerprint(self) -> str:
        """sha256 over names, dtypes, shapes and values, to record with a run; it reads lazy columns whole."""
        return digest({name: np.asarray(column) for name, column in self.columns.items()})


def open_source(
    name: str,
    split: str = "train",
    columns: Sequence[str] | None = None,
    limit: int | None = None,
    rename: Mapping[str, str] | None = None,
    **options: Any,
) -> Table:
    """The rows of a split as a Table: the columns asked for, and `id`, which counts the rows of the table from 0.

    With a column that is ragged along an axis comes the column "AXIS*" of its lengths, the axis as the source names it,
    and "NAME.present", which tells the entries that a row has.

    columns: names as the spec writes them, all by default. rename: the source's name of a spec's column, where they
    differ. limit: at most so many rows, the same ones every time, drawn because files are often sorted by class.
    options: of the source, `size` for pictures in a folder or on a hub; the name may give them too. A source without test rows of its own gives
    80 % to train and 20 % to test, always the same ones.
    Raises CatalogueError for an unknown name, split, column or option, a missing file or package, or altered data.
    """
    resolved = resolve(name)
    split = resolved.split or split
    if limit is not None and limit < 1:
        raise CatalogueError(f"source {name}: limit must be at least 1, not {limit}")
    bound = bind(resolved.entry, (), {**resolved.options, **options})
    if resolved.entry.tier == "production":
        opened = resolved.entry.load()(resolved.path, **bound)
        _known(name, split, splits(opened))
        chosen = _choose(name, columns, rename or {}, [column.name for column in opened.columns], opened.unreadable)
        part, rows = split_rows(opened, split)
        rows = rows[_kept(len(rows), limit)]
        known = opened.columns
        chosen = _with_lengths(chosen, known)
        held, count = read_opened(name, opened, part, sorted(set(chosen.values())), rows), len(rows)
    else:
        _known(name, split, resolved.entry.rows)
        chosen = _choose(name, columns, rename or {}, [column.name for column in resolved.entry.columns], {})
        known = resolved.entry.columns
        chosen = _with_lengths(chosen, known)
        whole = _read_embedded(resolved.entry, split)
        kept = _kept(resolved.entry.rows[split], limit)
        held, count = {stored: as_column(column[kept]) for stored, column in whole.items()}, len(kept)
    made = {wanted: held[stored] for wanted, stored in chosen.items()}
    entries = {column.name: column for column in known}
    for wanted, stored in chosen.items():
        here = presence(entries[stored], held[stored], held) if stored in entries else None
        if here is not None:
            made[present_name(wanted)] = here
    return Table({"id": np.arange(count, dtype=np.int64), **made})


def open_entry_schema(name: str, **options: Any) -> SourceEntry:
    """The entry with columns and rows filled in; a production source is opened at its metadata for it.

    Raises CatalogueError like `open_source`.
    """
    resolved: Resolved = resolve(name)
    bound = bind(resolved.entry, (), {**resolved.options, **options})
    if resolved.entry.tier != "production":
        return resolved.entry
    opened = resolved.entry.load()(resolved.path, **bound)
    rows = {split: len(split_rows(opened, split)[1]) for split in splits(opened)}
    return replace(resolved.entry, columns=opened.columns, rows=rows)


def _known(name: str, split: str, known: Iterable[str]) -> None:
    if split not in known:
        raise CatalogueError(f"source {name} has no split {split}", nearest(split, known))


def _kept(count: int, limit: int | None) -> Indices:
    """Rows of a limited table, ascending; a smaller limit keeps a part of what a larger one keeps."""
    return np.sort(permutation(count, (count,))[:limit])


def _choose(
    name: str,
    columns: Sequence[str] | None,
    rename: Mapping[str, str],
    known: Sequence[str],
    unreadable: Mapping[str, str],
) -> dict[str, str]:
    """The source's name of each column wanted; `id` is left out, for it is made here."""
    if columns is None:
        bound = {*rename, *rename.values()}
        columns = [*rename, *(stored for stored in known if stored not in bound)]
    chosen = {wanted: rename.get(wanted, wanted) for wanted in columns}
    if chosen.get("id") == "id":
        del chosen["id"]
    for stored in chosen.values():
        if stored in unreadable:
            raise CatalogueError(f"source {name}: column {stored} holds {unreadable[stored]}, not numbers")
        if stored not in known:
            raise CatalogueError(f"source {name} has no column {stored}", _proposal(stored, known))
    return chosen


def _with_lengths(chosen: dict[str, str], columns: Iterable[ColumnEntry]) -> dict[str, str]:
    """With the lengths of the ragged axes of what is chosen, under their own names."""
    wanted = set(chosen.values())
    axes = dict.fromkeys(axis for column in columns if column.name in wanted for axis in column.ragged)
    return {**chosen, **{lengths_of(axis): lengths_of(axis) for axis in axes}}


def _proposal(stored: str, known: Iterable[str]) -> str:
    return nearest(stored, known) + "; rename binds a column to another name"


def _read_embedded(entry: SourceEntry, split: str) -> dict[str, Array]:
    held: dict[str, Array] = entry.load()(split)
    found = digest(held)
    if found != entry.sha256[split]:
        raise CatalogueError(
            f"{entry.name}/{split} is not the data this version of cldsl knows (sha256 {found[:12]}, "
            f"expected {entry.sha256[split][:12]})",
            "reinstall cldsl and the packages of its extra data",
        )
    return held
