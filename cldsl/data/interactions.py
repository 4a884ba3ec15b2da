"""Logs of interactions as sequences: who took what, when; the last two items of each user are held out.

Input: a table with a header line whose columns are a user, an item and a time, tab or comma separated (a header of
RecBole's, `user_id:token`, is read too). Output: rows (the items that a user took before, the item that came next).
Items are numbered from 1 in the order of their names, 0 fills the end of a short row. Users and items with fewer than
`least` interactions are left out until none is left. A row of the training split ends before every item of a user but
the first and the last two; one of "valid" before the last item but one, one of "test" before the last.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data import files
from cldsl.data.catalog import ColumnEntry
from cldsl.data.layout import Opened
from cldsl.data.order import Array, Indices

#: Names of the three columns, in the order of preference.
NAMES = {
    "user": ("user", "user_id", "userid", "reviewerid", "visitorid", "session_id"),
    "item": ("item", "item_id", "itemid", "parent_asin", "asin", "movieid", "movie_id", "business_id"),
    "time": ("time", "timestamp", "unixreviewtime", "date"),
}


@dataclass(frozen=True)
class Log:
    """Interactions sorted by user and time: items [event] from 1, users [event] from 0, rows by split as events."""

    items: Indices
    users: Indices
    #: place of the user's first event, for each event
    first: Indices
    #: the events that a row of the split is to foretell
    targets: dict[str, Indices]

    @property
    def words(self) -> int:
        """Items, and the filling."""
        return int(self.items.max()) + 1

    def read(self, split: str, rows: Indices, length: int) -> dict[str, Array]:
        """seq[item, time = length], next[item], user[item] of these rows; the latest `length` items of a long row."""
        ends = self.targets[split][rows]
        held = np.minimum(ends - self.first[ends], length)
        steps = np.arange(length, dtype=np.int64)
        places = np.minimum((ends - held)[:, None] + steps, len(self.items) - 1)
        return {
            "seq": np.where(steps < held[:, None], self.items[places], 0),
            "next": self.items[ends],
            "user": self.users[ends],
        }


def open_log(path: str, length: int = 50, least: int = 5) -> Opened:
    """The sequences of a log. Raises CatalogueError for a missing file, a missing column or few interactions."""
    log = sequences(*read_table(files.existing(path)), least=least, source=path)
    columns = (
        ColumnEntry("seq", ("time",), (length,), "int", log.words, "items taken before, then zeros"),
        ColumnEntry("next", (), (), "int", log.words, "the item that came next"),
        ColumnEntry("user", (), (), "int", int(log.users.max()) + 1),
    )

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        held = log.read(part, rows, length)
        return {name: held[name] for name in names}

    return Opened(columns, {part: len(rows) for part, rows in log.targets.items()}, read, by_row=frozenset({"seq"}))


def sequences(users: Array, items: Array, times: Array, least: int, source: str) -> Log:
    """The log of three columns [event]; equal times keep the order of the table."""
    kept = _core(users, items, least)
    if not len(kept):
        raise CatalogueError(f"{source}: no user and item have {least} interactions", "give least = 1")
    _, users = np.unique(users[kept], return_inverse=True)
    _, items = np.unique(items[kept], return_inverse=True)
    order = np.lexsort((np.arange(len(kept)), times[kept], users))
    users, items = users[order].astype(np.int64), items[order].astype(np.int64) + 1
    counts = np.bincount(users)
    starts = np.cumsum(counts) - counts
    after = np.repeat(starts + counts, counts) - np.arange(len(users))  # 1 at the last event of a user
    first = np.repeat(starts, counts).astype(np.int64)
    begun = np.arange(len(users)) > first
    targets = {
        "train": np.flatnonzero(begun & (after > 2)),
        "valid": np.flatnonzero(begun & (after == 2)),
        "test": np.flatnonzero(begun & (after == 1)),
    }
    if not all(len(rows) for rows in targets.values()):
        raise CatalogueError(f"{source}: no user has four interactions", "two are held out, and two make a row")
    return Log(items, users, first, targets)


def _core(users: Array, items: Array, least: int) -> Indices:
    """Events of users and items that have at least `least` events among those that are kept."""
    kept = np.arange(len(users), dtype=np.int64)
    while len(kept):
        enough = np.ones(len(kept), dtype=bool)
        for column in (users[kept], items[kept]):
            _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
            enough &= counts[place] >= least
        if enough.all():
            break
        kept = kept[enough]
    return kept


def read_table(file: Path) -> tuple[Array, Array, Array]:
    """User, item (numbers where all are, else texts) and time [event] of a table. Raises CatalogueError."""
    with file.open(newline="", encoding="utf-8") as stream:
        first = stream.readline()
        separator = "\t" if "\t" in first else ","
        header = [name.partition(":")[0].strip().lower() for name in next(csv.reader([first], delimiter=separator), [])]
        places = [_place(file, header, role) for role in NAMES]
        rows = [line for line in csv.reader(stream, delimiter=separator) if line]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise CatalogueError(f"{file.name}: row {number} has {len(row)} cells, the header {len(header)}")
    users, items, times = (_cells([row[place] for row in rows]) for place in places)
    return users, items, times


def _place(file: Path, header: Sequence[str], role: str) -> int:
    for name in NAMES[role]:
        if name in header:
            return header.index(name)
    raise CatalogueError(
        f"{file.name} has no column for the {role}", f"call it {role}; known too: {', '.join(NAMES[role][1:])}"
    )


def _cells(texts: Sequence[str]) -> Array:
    """Whole numbers, numbers (times), or the texts themselves: a date of ISO 8601 sorts as a text."""
    held = np.array(texts, dtype=np.str_)
    for dtype in (np.int64, np.float64):
        try:
            return held.astype(dtype)
        except ValueError:
            continue
    return held
