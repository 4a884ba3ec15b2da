"""Tiles of pairs: what is recognised, what is refused and why, and that kernels give what strips give."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import tiles_standin
import torch
from strips_specs import HEAD, RELATION
from tiles_numeric import arguments, runners, tile_of, visit_of, written
from torch import Tensor

from cldsl.graph.nodes import Axis, Function, Graph, Node
from cldsl.graph.tiles import Tile
from cldsl.runtime import tiles
from cldsl.strips.tiles import tiled

LOSSES = {
    "infonce": "mean(infonce(R))",
    "symmetric": "symmetric(R)",
    "supcon": "mean(supcon(R))",
}


def _graph() -> tuple[Graph, Node, Node, Node]:
    """A graph, rows [a, k], candidates [c, k] and their product [a, c]."""
    graph = Graph()
    a = graph.leaf("input", (Axis("a", 6), Axis("k", 3)), kind="strip", name="a")
    c = graph.leaf("input", (Axis("c", 9), Axis("k", 3)), kind="strip", name="c")
    return graph, a, c, graph.make("dot", a, c, over=("k",))


def _tile(value: Node, *leaves: Node) -> Tile | str:
    return tiled(Function("body", (("out_0", value),)), leaves, "body")


def test_stages_follow_what_one_pass_needs_of_another() -> None:
    """A sum over candidates that is divided by another one is a second pass."""
    graph, a, c, s = _graph()
    e = graph.make("exp", s)
    total = graph.make("reduce", e, kind="sum", over=("c",))
    share = graph.make("mul", graph.make("div", e, total), s)
    found = _tile(graph.make("reduce", share, kind="sum", over=("c",)), a, c)
    assert isinstance(found, Tile)
    assert [[each.kind for each in stage.reductions] for stage in found.stages] == [["sum"], ["sum"]]
    assert found.stages[1].vectors == ((total, "row"),)


def test_reasons() -> None:
    graph, a, c, s = _graph()
    rank = Axis("rank", 2)
    other = graph.make("dot", graph.make("exp", a), c, over=("k",))
    both = graph.make("reduce", graph.make("add", s, other), kind="sum", over=("c",))
    given = graph.leaf("input", s.axes, kind="strip", name="given")
    cases = {
        "topk of pairwise values": graph.make("topk", s, axis="c", rank=rank, k=2),
        "sort of pairwise values": graph.make("sort", s, axis="c", rank=Axis("rank", 9)),
        "max of pairwise values": graph.make("reduce", s, kind="max", over=("c",)),
        "2 different products of rows with candidates": both,
        "no product of rows with candidates": graph.make("reduce", a, kind="sum", over=("k",)),
        "pairwise values are given": graph.make("reduce", graph.make("mul", s, given), kind="sum", over=("c",)),
        "pairwise values leave the visit": graph.make("exp", s),
        "a reduction over rows and candidates at once": graph.make("reduce", s, kind="sum", over=("a", "c")),
    }
    assert {reason: _tile(value, a, c) for reason, value in cases.items()} == {reason: reason for reason in cases}


def test_a_network_on_pairs_is_refused() -> None:
    graph, a, c, _ = _graph()
    pair = graph.make("mul", a, c)
    attrs: dict[str, Any] = {"model": "h", "consumes": ("k",), "produces": (), "mode": "train", "version": 0, "site": 0}
    called = graph.make("call", pair, **attrs)
    assert _tile(graph.make("reduce", called, kind="logsumexp", over=("c",)), a, c) == "h is applied in the visit"


@pytest.mark.parametrize("loss", LOSSES)
def test_text_parses_and_imports_triton_when_called(loss: str) -> None:
    visit = visit_of(HEAD + RELATION, LOSSES[loss], 11)
    tile = tile_of(visit)
    assert isinstance(tile, Tile)
    tree = ast.parse(written(visit, tile))
    assert "triton" not in {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}


def test_the_text_is_pinned() -> None:
    visit = visit_of(HEAD + RELATION, LOSSES["infonce"], 11)
    tile = tile_of(visit)
    assert isinstance(tile, Tile)
    assert written(visit, tile) == (Path(__file__).parent / "tiles_infonce.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rows", [11, 37])
@pytest.mark.parametrize("loss", LOSSES)
def test_tiles_give_what_strips_give(loss: str, rows: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values and gradients, sizes that no tile divides."""
    compare(loss, rows, dtype, monkeypatch, tiles_standin.standing)


def compare(
    loss: str,
    rows: int,
    dtype: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    monkeypatch.setattr(tiles, "ROWS", 16)
    monkeypatch.setattr(tiles, "COLUMNS", 16)
    visit = visit_of(HEAD + RELATION, LOSSES[loss], rows)
    tile = tile_of(visit)
    assert isinstance(tile, Tile)
    given = arguments(visit, dtype)
    needs = [x.is_floating_point() for x in given]
    strips, own = runners(visit, tile, around)
    assert visit.once is (loss != "symmetric")
    wanted, found = (runner.visit(given, needs) for runner in (strips, own))
    if not visit.once:
        cotangents = [torch.rand_like(wanted[i]) for i in strips.moving]
        reads = [wanted[i] for i in strips.own.reads]
        wanted += strips.pull(given, reads, cotangents, needs)
        found += own.pull(given, (), cotangents, needs)
    assert len(found) > len(visit.gives)
    limit = 1e-5 if dtype == torch.float32 else 1e-12
    for x, y in zip(wanted, found, strict=True):
        torch.testing.assert_close(y, x, rtol=limit, atol=limit)


@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("loss", ["infonce", "symmetric"])
def test_inside_of_the_operator(loss: str, captured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator of a visit, its tiles taken: eager, and in a step captured as one graph."""
    torch._dynamo.reset()
    visit = visit_of(HEAD + RELATION, LOSSES[loss], 11)
    tile = tile_of(visit)
    assert isinstance(tile, Tile)
    strips, own = runners(visit, tile, tiles_standin.standing)
    made = tiles.Tiles(strips, own.own.body)
    taken: list[str] = []

    def take(name: str, *_: object) -> bool:
        taken.append(name)
        return True

    monkeypatch.setattr(made, "_taken", take)
    monkeypatch.setattr(importlib.import_module("cldsl.runtime.stripwise"), "_runner", lambda *_: made)
    given = [x.requires_grad_(x.is_floating_point()) for x in arguments(visit, torch.float64)]

    def step(*inputs: Tensor) -> Tensor:
        results = strips.own(*inputs)
        own = results if isinstance(results, tuple) else (results,)
        return torch.stack([(i + 1.0) * x.sum() for i, x in enumerate(own)]).sum()

    run = torch.compile(step, backend="aot_eager", fullgraph=True) if captured else step
    moved = [x for x in given if x.requires_grad]
    found = torch.autograd.grad(run(*given), moved)
    assert taken == (["visit"] if visit.once else ["visit", "pull"])
    monkeypatch.setattr(made, "_taken", lambda *_: False)
    for x, y in zip(found, torch.autograd.grad(step(*given), moved), strict=True):
        torch.testing.assert_close(x, y)


def test_the_faster_way_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = visit_of(HEAD + RELATION, LOSSES["infonce"], 11)
    tile = tile_of(visit)
    assert isinstance(tile, Tile)
    strips, own = runners(visit, tile, tiles_standin.standing)
    made = tiles.Tiles(strips, own.own.body)
    measured: list[bool] = []
    monkeypatch.setattr(tiles, "usable", lambda given: True)

    def measure(run: object) -> bool:
        measured.append(True)
        return True

    monkeypatch.setattr(made, "_measured", measure)
    given = arguments(visit, torch.float64)
    first = made.visit(given, [False] * len(given))
    assert torch.equal(first[0], made.visit(given, [False] * len(given))[0])
    assert measured == [True]
    made.visit(arguments(visit, torch.float32), [False] * len(given))
    assert measured == [True, True]


def test_nothing_is_chosen_without_a_device() -> None:
    assert not tiles.usable([torch.zeros(2)])


def test_with_the_interpreter_of_triton() -> None:
    """The same comparison by Triton itself where it is installed; it is no dependency."""
    if importlib.util.find_spec("triton") is None:
        assert not tiles.usable([torch.zeros(2)])
        return
    code = (
        "import pytest, torch, test_tiles as t\n"
        "with pytest.MonkeyPatch.context() as patch:\n"
        "    for loss in t.LOSSES: t.compare(loss, 19, torch.float32, patch)\n"
    )
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here, here.parent, here.parents[1])))
    environment = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
