"""A stream at run time: which table its rows come from, by split, and under which column names.

Input: a Stream of the program and the command line's choice. Output: tables, whole columns as tensors, and sizes.
Batches are made by `cldsl.data.loader`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from cldsl.catalogue import nearest
from cldsl.data.ragged import fitted, present_name
from cldsl.data.table import Table, open_source
from cldsl.runtime.errors import RunError

#: Written in place of a source's name, the production source that the spec gives.
PRODUCTION = "production"


@dataclass(frozen=True)
class Stream:
    """A `data` declaration. default: a source's name, or tables by split. columns: the source's name of each column.

    ragged: of each ragged column the sizes of its axes after item, up to the last ragged one; None: as the source has it.
    """

    default: str | Mapping[str, Table]
    production: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    ragged: Mapping[str, Sequence[int | None]] = field(default_factory=dict)


class Data:
    """The tables of a program's streams, opened when first asked for and then kept."""

    def __init__(self, streams: Mapping[str, Stream], chosen: Mapping[str, str], device: torch.device) -> None:
        for name in chosen:
            if name not in streams:
                raise RunError(f"--data: there is no stream {name}", nearest(name, streams))
        self.streams, self.chosen, self.device = streams, chosen, device
        self._tables: dict[tuple[str, str], Table] = {}
        self._columns: dict[tuple[str, str], dict[str, Tensor]] = {}

    def table(self, name: str, split: str) -> Table:
        """Rows of a split, columns under the spec's names. Raises CatalogueError for what cannot be opened."""
        if (name, split) not in self._tables:
            self._tables[name, split] = self._present(name, self._open(name, split))
        return self._tables[name, split]

    def columns(self, name: str, split: str) -> dict[str, Tensor]:
        """Whole columns [item, ...] of a split on the run's device, also those that a table reads by row."""
        if (name, split) not in self._columns:
            columns = self.table(name, split).columns
            self._columns[name, split] = {
                key: torch.from_numpy(np.asarray(c)).to(self.device) for key, c in columns.items()
            }
        return self._columns[name, split]

    def sizes(self) -> dict[str, int]:
        """Rows of each stream's "train" split, "photos", and one more than the largest index, "photos.label"."""
        sizes: dict[str, int] = {}
        for name in self.streams:
            table = self.table(name, "train")
            sizes[name] = len(table)
            for column, values in table.columns.items():
                if values.dtype.kind == "i" and len(values):
                    sizes[f"{name}.{column}"] = int(np.asarray(values).max()) + 1
        return sizes

    def _present(self, name: str, table: Table) -> Table:
        """The table with the presence of every ragged column. Raises RunError for one that the spec takes for even."""
        stream, columns = self.streams[name], dict(table.columns)
        for column in stream.columns:
            if present_name(column) in columns and column not in stream.ragged:
                raise RunError(
                    f"the rows of {name}.{column} have their own lengths in its source",
                    f"mark the axis in the data line of {name}: `{column}[item, time*]`",
                )
        for column, sizes in stream.ragged.items():
            held = columns.get(present_name(column))
            columns[column], columns[present_name(column)] = fitted(columns[column], held, sizes)
        return Table(columns)

    def _open(self, name: str, split: str) -> Table:
        stream = self.streams[name]
        source: str | Mapping[str, Table] = self.chosen.get(name, stream.default)
        if source == PRODUCTION:
            if stream.production is None:
                raise RunError(f"the stream {name} has no production source", "name one in its data line")
            source = stream.production
        if isinstance(source, str):
            return open_source(source, split, list(stream.columns) or None, rename=stream.columns)
        if split not in source:
            raise RunError(f"the stream {name} has no split {split}", nearest(split, source))
        return source[split]
