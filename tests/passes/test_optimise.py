"""The optimiser as a whole: its options, what it reports, and the examples in its docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import time

import pytest

import cldsl.passes.constants
import cldsl.passes.stretches
from cldsl.catalogue import CatalogueError
from cldsl.graph.nodes import Axis, Function, Graph, GraphError, topological
from cldsl.graph.printer import same, show
from cldsl.graph.reader import read
from cldsl.passes import PASSES, Pass, optimise
from tests.passes.case_files import load
from tests.support.compare import assert_close
from tests.support.graphs import leaves, outcome

MODULES = sorted(each.name for each in pkgutil.iter_modules(cldsl.passes.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"cldsl.passes.{name}"))
    assert result.failed == 0


def test_every_pass_has_an_example_in_its_docstring() -> None:
    for each in PASSES:
        assert ">>> after(" in (each.change.__doc__ or ""), each.name


def _contrast() -> tuple[Graph, Function]:
    """A decoupled contrast over two views of eight items, as the elaborator writes it."""
    graph = Graph()
    row, dim, v = Axis("row", 16), Axis("dim", 4), Axis("v", 2)
    z = graph.leaf("input", (row, dim), kind="learn", name="z")
    item = graph.leaf("iota", (Axis("item", 8),), "int", axis="item")
    items = graph.make("merge", graph.make("expand", item, axis=v), old=("item", "v"), new=row)
    own = graph.leaf("iota", (row,), "int", axis="row")
    losses = []
    for name in ("p", "n"):
        pairs = (("row", name),)
        score = graph.make("dot", z, graph.make("rename", z, pairs=pairs), over=("dim",))
        score = graph.make("div", score, graph.const(0.5))
        alike = graph.make("eq", items, graph.make("rename", items, pairs=pairs))
        if name == "p":
            other = graph.make("ne", own, graph.make("rename", own, pairs=pairs))
            losses.append(graph.make("reduce", score, graph.make("and", alike, other), kind="sum", over=(name,)))
        else:
            apart = graph.make("not", alike)
            total = graph.make("reduce", graph.make("exp", score), apart, kind="sum", over=(name,))
            losses.append(graph.make("log", total))
    loss = graph.make("reduce", graph.make("sub", losses[1], losses[0]), kind="mean", over=("row",))
    return graph, Function("objective", (("loss", loss),), True)


def test_levels_agree_and_the_highest_computes_less() -> None:
    graph, function = _contrast()
    inputs = leaves(function)
    expected = outcome(function, inputs)
    for level in (0, 1, 2):
        assert_close(outcome(optimise(function, graph, level, verify=True), inputs), expected, rtol=1e-11)
    assert optimise(function, graph, 0) is function
    nodes = topological(node for _, node in optimise(function, graph, 2).outputs)
    pairs = [node for node in nodes if node.op == "dot" and len(node.axes) == 2 and node.axes[1].size == 16]
    assert len([node for node in nodes if node.op == "logsumexp" or "logsumexp" in dict(node.attrs).values()]) == 1
    assert len([node for node in pairs if {16} == {axis.size for axis in node.axes}]) == 1


def test_passes_can_be_left_out_and_stopped_after() -> None:
    graph, function = _contrast()
    seen: list[str] = []
    optimise(function, graph, 2, trace=lambda name, changed, seconds: seen.append(name))
    assert seen == [each.name for each in PASSES]
    seen.clear()
    optimise(function, graph, 2, without=("share",), stop_after="by_index", trace=lambda name, *_: seen.append(name))
    assert seen == ["dead", "uniform", "simplify", "stable", "algebra", "by_index"]


def test_an_unknown_pass_is_named_with_a_mend() -> None:
    graph, function = _contrast()
    with pytest.raises(CatalogueError, match="no pass is named simplifi") as caught:
        optimise(function, graph, without=("simplifi",))
    assert caught.value.mend == "write simplify"


def test_verify_names_the_pass_that_broke_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, function = _contrast()

    def breaks(function: Function, graph: Graph) -> Function:
        return function.with_outputs([graph.leaf("input", (), "real", kind="", name="")])

    monkeypatch.setattr(cldsl.passes, "PASSES", (Pass("breaks", breaks, frozenset({2})),))
    with pytest.raises(GraphError, match="after the pass breaks: "):
        optimise(function, graph, 2, verify=True)


def test_needed_outputs_reach_the_dead_pass() -> None:
    graph, function = _contrast()
    more = Function("f", (*function.outputs, ("spare", graph.const(1.0))), True)
    assert [name for name, _ in optimise(more, graph, 1, needed=()).outputs] == ["loss"]
    assert [name for name, _ in optimise(more, graph, 1).outputs] == ["loss", "spare"]


@pytest.mark.parametrize(
    "without", ["uniform", "simplify", "stable", "algebra", "by_index", "share", "constant_gradient"]
)
def test_each_of_these_has_an_effect_in_the_whole(without: str) -> None:
    """Left out, the result of one of its own cases is another."""
    differs = 0
    for case in load(without):
        graph = Graph()
        function = read(case.before, graph)
        differs += not same(optimise(function, graph, 2), optimise(function, graph, 2, without=(without,)))
    assert differs


@pytest.mark.parametrize("name", ["uniform", "by_index"])
def test_values_too_large_to_hold_are_known_by_stretches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for twelve entries at a time the cases come out as they do with room for all."""
    monkeypatch.setattr(cldsl.passes.constants, "LARGEST", 30)
    monkeypatch.setattr(cldsl.passes.stretches, "STRETCH", 12)
    change = next(each.change for each in PASSES if each.name == name)
    for case in load(name):
        graph = Graph()
        assert show(change(read(case.before, graph), graph)) == case.after, case.title


def test_deep_and_wide_functions_take_linear_time() -> None:
    """Four thousand nodes in a chain, each used twice: no recursion, no repeated visits."""
    graph = Graph()
    x = graph.leaf("input", (Axis("a", 3),), kind="learn", name="x")
    node = graph.make("exp", x)
    for turn in range(2000):
        node = graph.make("tanh", graph.make("add", node, graph.make("log", node) if turn % 7 == 0 else node))
    loss = graph.make("reduce", node, kind="sum", over=("a",))
    start = time.perf_counter()
    optimise(Function("f", (("loss", loss),), True), graph, 2, verify=True)
    assert time.perf_counter() - start < 5
