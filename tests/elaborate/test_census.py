"""What the census says of a mask on a small copy against counting it out at its real size."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from cldsl.elaborate import census
from cldsl.graph.nodes import Axis, Graph, Node

SIZES = {"a": 12, "v": 2, "c": 12, "w": 2}
Predicate = Callable[[int, int, int, int], bool]


def predicate(graph: Graph, text: str) -> Node:
    """A mask over item and view of an anchor (a, v) and a candidate (c, w), from a small formula."""
    place = {name: graph.leaf("iota", (Axis(name, SIZES[name]),), "int", axis=name) for name in SIZES}
    mask: Node | None = None
    for part in text.split(" and "):
        left, op, right = part.split()
        sides = [place[word] if word in place else graph.const(int(word)) for word in (left, right)]
        made = graph.make({"==": "eq", "!=": "ne", "<": "lt", ">": "gt", ">=": "ge"}[op], *sides)
        mask = made if mask is None else graph.make("and", mask, made)
    assert mask is not None
    for name in SIZES:
        if name not in mask.names:
            mask = graph.make("expand", mask, axis=Axis(name, SIZES[name]))
    return mask


def truth(text: str) -> dict[tuple[int, ...], bool]:
    code = compile(text, "predicate", "eval")
    names = list(SIZES)
    return {
        where: bool(eval(code, dict(zip(names, where, strict=True))))
        for where in itertools.product(*(range(SIZES[name]) for name in names))
    }


PREDICATES = [
    "a == c and v != w", "a != c", "a == c and v == w", "a != c and v == w", "a < c", "a == a", "a != a", "v < w", "a > 0", "a == c and w > v", "a != c and c > 0",
]  # fmt: skip


@pytest.mark.parametrize("text", PREDICATES)
def test_a_verdict_is_true_of_the_real_size(text: str) -> None:
    values = set(truth(text).values())
    assert census.verdict(predicate(Graph(), text)) is (values.pop() if len(values) == 1 else None)


@pytest.mark.parametrize("text", PREDICATES)
def test_holding_somewhere_is_what_the_real_size_says(text: str) -> None:
    assert census.holds_somewhere(predicate(Graph(), text)) is any(truth(text).values())


@pytest.mark.parametrize("text", ["a == c and v != w", "a == c and v == w", "a == c"])
def test_the_most_rows_of_an_anchor_by_counting(text: str) -> None:
    graph = Graph()
    counts: dict[tuple[int, ...], int] = {}
    for (a, v, c, w), value in truth(text).items():
        counts[(a, v, w)] = counts.get((a, v, w), 0) + value
        assert c < SIZES["c"]
    assert census.most(predicate(graph, text), Axis("c", SIZES["c"])) == max(counts.values())


@pytest.mark.parametrize("text", ["a != c", "a != c and v == v", "a == a"])
def test_a_number_that_grows_is_extended_to_the_real_size(text: str) -> None:
    counts: dict[tuple[int, ...], int] = {}
    for (a, v, _, w), value in truth(text).items():
        counts[(a, v, w)] = counts.get((a, v, w), 0) + value
    assert len(set(counts.values())) == 1
    assert census.extrapolated(predicate(Graph(), text), Axis("c", SIZES["c"])) == next(iter(counts.values()))


@pytest.mark.parametrize("text", ["a < c", "a > c"])
def test_a_number_that_differs_between_anchors_is_not_told(text: str) -> None:
    assert census.extrapolated(predicate(Graph(), text), Axis("c", SIZES["c"])) is None


@pytest.mark.parametrize("text", ["a > 6", "c == 9", "a != 11", "a >= 5"])
def test_a_number_beyond_the_cut_decides_nothing(text: str) -> None:
    assert census.verdict(predicate(Graph(), text)) is None
    assert census.some_row([(predicate(Graph(), text), "c")], Axis("a", 12), None) <= {None, True}


@pytest.mark.parametrize("text", PREDICATES)
def test_whether_anchors_have_rows_is_what_the_real_size_says(text: str) -> None:
    real: dict[tuple[int, int, int], bool] = {}
    for (a, v, _, w), value in truth(text).items():
        real[(a, v, w)] = real.get((a, v, w), False) or value
    found = census.some_row([(predicate(Graph(), text), "c")], Axis("a", SIZES["a"]), None)
    assert found == set(real.values())


def test_data_are_equal_to_themselves_alone() -> None:
    graph = Graph()
    item = Axis("item", 12)
    label = graph.leaf("input", (item,), "int", kind="column", name="label")
    other = graph.make("rename", label, pairs=(("item", "j"),))
    assert census.verdict(graph.make("eq", label, label)) is True
    assert census.verdict(graph.make("ne", label, label)) is False
    assert census.verdict(graph.make("eq", label, other)) is None
    twice = [graph.make("add", label, graph.const(1)) for _ in range(2)]
    assert census.verdict(graph.make("eq", *twice)) is True


def test_the_number_of_a_row_is_its_place() -> None:
    graph = Graph()
    item = Axis("item", 12)
    number = graph.leaf("input", (item,), "int", kind="column", name="id")
    other = graph.make("rename", number, pairs=(("item", "j"),))
    same = graph.make("eq", number, other)
    assert census.some_row([(same, "j")], item, None) == {True}
    assert census.most(same, Axis("j", 12)) == 1


def test_no_mask_holds_everywhere() -> None:
    assert census.verdict(None) is True
    assert census.some_row([(None, "c")], Axis("a", 12), None) == {True}
    assert census.some_row([], Axis("a", 12), None) == {False}


def test_what_takes_too_long_is_not_told() -> None:
    graph = Graph()
    mask = graph.const(True)
    for name in "abcdefghij":
        mask = graph.make(
            "and", mask, graph.make("ge", graph.leaf("iota", (Axis(name, 9),), "int", axis=name), graph.const(0))
        )
    assert census.verdict(mask) is None
