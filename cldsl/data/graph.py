"""Graphs as sources: the vendored one of films, and folders of tables. Every split is the whole graph.

Rows are the nodes that are learned about; a relation is a column [item, other] of link counts. Input: a split, or a path. Output: columns, or Opened.
A folder holds nodes.csv, a line for each node, as any .csv source, and for each relation a file NAME.csv with the columns
`node` and `other`, numbers from 0 of a node and of what it is linked to, a line for each link.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data import comma, files
from cldsl.data.catalog import FILM_LINKS, ColumnEntry
from cldsl.data.embedded import vendored
from cldsl.data.layout import Opened
from cldsl.data.order import Array, Indices


def read_film_graph(split: str) -> dict[str, Array]:
    """trait, actor, director, writer[item, other] of 0 and 1, label[item], shown[item]; Freebase, by KB4Rec."""
    stored = vendored("film_graph.npz")
    count = len(stored["label"])
    links = {name: counted(stored[name], count, size) for name, size in FILM_LINKS}
    return {**links, "label": stored["label"].astype(np.int64), "shown": stored["shown"].astype(np.int64)}


def counted(pairs: Array, rows: int, size: int) -> Array:
    """[row, other]: how many of the pairs [pair, 2] link them."""
    made = np.zeros((rows, size), dtype=np.float32)
    np.add.at(made, (pairs[:, 0], pairs[:, 1]), 1)
    return made


def open_graph(path: str) -> Opened:
    """The graph of a folder. Raises CatalogueError for a folder without nodes.csv, or links to nodes that are not there."""
    folder = files.existing(path, "folder")
    nodes = comma.open_csv(str(folder / "nodes.csv"))
    count = nodes.parts["train"]
    every = np.arange(count, dtype=np.int64)
    held = nodes.read("train", [column.name for column in nodes.columns], every)
    columns = list(nodes.columns)
    for file in sorted(folder.glob("*.csv")):
        if file.name != "nodes.csv":
            name = file.stem
            held[name] = _linked(str(file), count)
            columns.append(ColumnEntry(name, ("other",), held[name].shape[1:], doc="links"))

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        return {name: held[name][rows] for name in names}

    return Opened(tuple(columns), {"train": count, "test": count}, read, nodes.unreadable)


def _linked(file: str, count: int) -> Array:
    links = comma.open_csv(file)
    names = {column.name for column in links.columns if column.dtype == "int" and not column.axes}
    if not {"node", "other"} <= names:
        raise CatalogueError(f"{file} is no table of links", "its columns are node and other, whole numbers from 0")
    found = links.read("train", ["node", "other"], np.arange(links.parts["train"], dtype=np.int64))
    pairs = np.stack([found["node"], found["other"]], 1)
    if pairs.min() < 0 or pairs[:, 0].max() >= count:
        raise CatalogueError(f"{file} links a node that nodes.csv does not have", f"nodes are 0 to {count - 1}")
    return counted(pairs, count, int(pairs[:, 1].max()) + 1)
