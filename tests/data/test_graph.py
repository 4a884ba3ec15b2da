"""Graphs: the vendored one, and folders of nodes and links."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data.table import open_entry_schema, open_source
from cldsl.data.vendored.extract_films import films, links, pairs, shown


def test_the_films_are_one_graph_in_every_split() -> None:
    table = open_source("film-graph")
    assert table.fingerprint() == open_source("film-graph", "test").fingerprint()
    label, marked = table.columns["label"], table.columns["shown"]
    assert np.bincount(label).tolist() == [116, 200, 200]
    assert np.bincount(label[marked == 1]).tolist() == [20, 20, 20]
    for name in ("trait", "actor", "director", "writer"):
        assert (table.columns[name].sum(0) >= 2).all() and table.columns[name].max() == 1


def graph(folder: Path, nodes: str, **relations: str) -> str:
    (folder / "nodes.csv").write_text(nodes, encoding="utf-8")
    for name, lines in relations.items():
        (folder / f"{name}.csv").write_text(f"node,other\n{lines}", encoding="utf-8")
    return f"graph:{folder}"


def test_a_folder_of_tables(tmp_path: Path) -> None:
    name = graph(tmp_path, "x.0,x.1,label\n1.5,2,0\n3,4,1\n5,6,1\n", cites="0,2\n0,2\n1,0\n", author="2,3\n")
    entry = open_entry_schema(name)
    assert {column.name: column.sizes for column in entry.columns} == {
        "x": (2,),
        "label": (),
        "author": (4,),
        "cites": (3,),
    }
    table = open_source(name, "test")
    assert table.columns["cites"].tolist() == [[0, 0, 2], [1, 0, 0], [0, 0, 0]]
    assert table.columns["author"][2].tolist() == [0, 0, 0, 1]
    assert table.columns["x"].shape == (3, 2)


@pytest.mark.parametrize(
    ("lines", "said"), [("3,0\n", "links a node that nodes.csv does not have"), ("0,0.5\n", "is no table of links")]
)
def test_wrong_links_are_refused(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        open_source(graph(tmp_path, "x,label\n1.5,0\n2,1\n3,1\n", cites=lines))


def test_a_folder_without_nodes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="there is no file"):
        open_source(f"graph:{tmp_path}")


def test_the_extract_keeps_films_of_one_genre_and_entities_of_several() -> None:
    triples = [
        "head",
        "a\tg\tm.02kdv5l",
        "b\tg\tm.05p553",
        "c\tg\tm.05p553",
        "c\tg\tm.02822",
        "a\tr\tx",
        "b\tr\tx",
        "a\tr\ty",
    ]
    graph = links(triples)
    rows, labels = films(["c", "b", "a"], graph["g"])
    assert (rows, labels.tolist()) == (["a", "b"], [0, 1])
    assert pairs(rows, [graph["r"]], 2).tolist() == [[0, 0], [1, 0]]
    assert shown(np.repeat([0, 1], 30)).sum() == 40
