"""Logs of interactions: the core, the order in time, what is held out, and the tables that are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cldsl.catalogue import CatalogueError
from cldsl.data.interactions import open_log
from cldsl.data.table import open_entry_schema, open_source

#: ada takes a..e, in this order; bob b, a, c, d; cy takes two and falls out with z, and w with one taker does too.
LINES = """user_id:token	item_id:token	rating:float	timestamp:float
ada	c	1	30
ada	a	1	10
bob	b	1	5
ada	b	1	20
bob	a	1	5
ada	e	1	50
bob	c	1	7
bob	e	1	9
ada	d	1	40
bob	d	1	8
cy	z	1	1
cy	a	1	2
bob	w	1	3
"""


@pytest.fixture
def log(tmp_path: Path) -> str:
    file = tmp_path / "small.inter"
    file.write_text(LINES, encoding="utf-8")
    return str(file)


def test_the_last_two_are_held_out(log: str) -> None:
    opened = open_log(log, length=3, least=2)
    every = {part: opened.read(part, ["seq", "next", "user"], np.arange(rows)) for part, rows in opened.parts.items()}
    # a..e are 1..5; bob's b and a have one time and keep the order of the table
    assert every["train"]["seq"].tolist() == [[1, 0, 0], [1, 2, 0], [2, 0, 0], [2, 1, 0]]
    assert every["train"]["next"].tolist() == [2, 3, 1, 3]
    assert every["train"]["user"].tolist() == [0, 0, 1, 1]
    assert every["valid"]["seq"].tolist() == [[1, 2, 3], [2, 1, 3]]
    assert every["valid"]["next"].tolist() == [4, 4]
    assert every["test"]["seq"].tolist() == [[2, 3, 4], [1, 3, 4]]  # the latest three
    assert every["test"]["next"].tolist() == [5, 5]
    assert [(column.name, column.sizes, column.classes) for column in opened.columns] == [
        ("seq", (3,), 6),
        ("next", (), 6),
        ("user", (), 2),
    ]


def test_a_log_is_a_source(log: str) -> None:
    table = open_source(log, "valid", length=3, least=2)
    assert list(table.columns) == ["id", "seq", "next", "user"] and len(table) == 2
    assert open_entry_schema("log:" + log, least=2).rows == {"train": 4, "valid": 2, "test": 2}


def test_commas_and_dates_are_read(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(
        "date,parent_asin,user\n2020-02-01,b,u\n2020-01-01,a,u\n2021-01-01,d,u\n2020-03-01,c,u\n", encoding="utf-8"
    )
    opened = open_log(str(file), length=3, least=1)
    assert opened.read("test", ["seq", "next"], np.arange(1))["seq"].tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user,item,when\n1,2,3\n", "has no column for the time"),
        ("user,item,time\n1,2\n", "row 2 has 2 cells, the header 3"),
        ("user,item,time\n1,2,3\n", "no user and item have 5 interactions"),
        ("user,item,time\n" + "1,2,3\n1,3,4\n1,2,5\n" * 2, "no user and item have 5"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "log.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=message):
        open_log(str(file))


def test_a_short_log_has_no_rows(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("user,item,time\n1,2,3\n1,3,4\n1,4,5\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="no user has four interactions"):
        open_log(str(file), least=1)
