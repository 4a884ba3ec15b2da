"""Tiles of the objectives of the benchmark, and of formulas that no shipped objective has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tiles_standin
import torch
from tiles_numeric import arguments, loaded, runners, tile_of
from torch import Tensor

import cldsl
from cldsl.compiler import coupled_models
from cldsl.elaborate import function
from cldsl.graph.nodes import Axis, Function, Graph, Node
from cldsl.graph.strips import Visit
from cldsl.graph.tiles import Tile
from cldsl.passes import optimise
from cldsl.runtime import tiles
from cldsl.strips import study
from cldsl.strips.tiles import tiled
from tests.bench.shipped_cases import CASES

#: Of each case: kinds of reductions by stage.
STAGES = {
    "nt-xent": [["logsumexp"]],
    "dcl": [["logsumexp"]],
    "clip": [["logsumexp", "logsumexp"]],
    "supcon": [["logsumexp", "logsumexp", "sum", "sum"]],
    "isogclr": [["sum"], ["sum"]],
}


def _visit(name: str) -> Visit:
    """The first visit of a case of the benchmark, 22 rows of 7 at once."""
    case = CASES[name]
    program: Any = cldsl.compile(case.spec, case.variant)
    drawn = case.tensors(22, 7)
    given = {key: program._given(key, (x, case.axes[key]) if key in case.axes else x) for key, x in drawn.items()}
    made, _ = function(program.compilation.program, {"loss": program.objective()}, given, name="loss_of")
    return study(optimise(made, Graph(), 2), 1 << 20, coupled_models(program.compilation.plan)).visits[0]


@pytest.mark.parametrize("name", STAGES)
def test_cases_have_tiles_that_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "ROWS", 16)
    monkeypatch.setattr(tiles, "COLUMNS", 16)
    visit = _visit(name)
    tile = tile_of(visit)
    assert isinstance(tile, Tile)
    assert [[each.kind for each in stage.reductions] for stage in tile.stages] == STAGES[name]
    given = arguments(visit, torch.float64)
    needs = [visit.once and x.is_floating_point() for x in given]
    strips, own = runners(visit, tile, tiles_standin.standing)
    for x, y in zip(strips.visit(given, needs), own.visit(given, needs), strict=True):
        torch.testing.assert_close(y, x, rtol=1e-10, atol=1e-12)


def _leaves(graph: Graph) -> list[Node]:
    shapes: dict[str, tuple[Axis, ...]] = {
        "a": (Axis("a", 19), Axis("k", 3)),
        "c": (Axis("k", 3), Axis("c", 21)),
        "t": (),
        "u": (Axis("c", 21),),
    }
    return [graph.leaf("input", axes, kind="strip", name=name) for name, axes in shapes.items()]


def _sigmoids(graph: Graph, s: Node, t: Node, u: Node) -> Node:
    x = graph.make("add", graph.make("mul", s, t), u)
    return graph.make("reduce", graph.make("softplus", graph.make("neg", x)), kind="mean", over=("c",))


def _bounded(graph: Graph, s: Node, t: Node, u: Node) -> Node:
    bounded = graph.make("maximum", graph.make("minimum", graph.make("div", s, t), u), graph.const(-0.5))
    grown = graph.make("exp", graph.make("sub", bounded, graph.make("abs", s)))
    return graph.make("reduce", grown, graph.make("lt", s, u), kind="sum", over=("c",))


def _columns(graph: Graph, s: Node, t: Node, u: Node) -> Node:
    x = graph.make("mul", graph.make("sqrt", graph.make("exp", s)), graph.make("sigmoid", u))
    return graph.make("reduce", graph.make("log", graph.make("add", x, t)), kind="logsumexp", over=("a",))


FORMULAS: dict[str, tuple[Callable[..., Node], Callable[..., Tensor]]] = {
    "sigmoids": (_sigmoids, lambda s, t, u: torch.nn.functional.softplus(-(s * t + u)).mean(1)),
    "bounded": (
        _bounded,
        lambda s, t, u: torch.where(s < u, ((s / t).minimum(u).clamp(min=-0.5) - s.abs()).exp(), 0.0).sum(1),
    ),
    "columns": (_columns, lambda s, t, u: (s.exp().sqrt() * u.sigmoid() + t).log().logsumexp(0)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_gradients_of_numbers_and_vectors(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learned number, a vector over candidates, candidates that lie the other way round in memory."""
    monkeypatch.setattr(tiles, "ROWS", 16)
    monkeypatch.setattr(tiles, "COLUMNS", 16)
    build, formula = FORMULAS[name]
    graph = Graph()
    leaves = _leaves(graph)
    a, c, t, u = leaves
    value = build(graph, graph.make("dot", a, c, over=("k",)), t, u)
    tile = tiled(Function("body", (("out_0", value),)), leaves, name)
    assert isinstance(tile, Tile)
    body = loaded(tile, tiles_standin.standing)
    source = torch.Generator().manual_seed(0)
    given = [
        torch.randn([axis.size or 1 for axis in leaf.axes], generator=source, dtype=torch.float64) for leaf in leaves
    ]
    given[2] = torch.tensor(1.7, dtype=torch.float64)
    moved = [x.requires_grad_() for x in given]
    found, wanted = body(*moved), formula(moved[0] @ moved[1], moved[2], moved[3])
    torch.testing.assert_close(found, wanted)
    weights = torch.randn(len(found), generator=source, dtype=torch.float64)
    pairs = zip(
        torch.autograd.grad(found @ weights, moved, materialize_grads=True),
        torch.autograd.grad(wanted @ weights, moved, materialize_grads=True),
        strict=True,
    )
    for x, y in pairs:
        torch.testing.assert_close(x, y)
