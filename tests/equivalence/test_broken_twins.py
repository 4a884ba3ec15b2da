"""The comparison can fail: a program that is slightly wrong in value, gradient or presence is flagged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import tests.equivalence.three_levels as three_levels
from cldsl.graph.nodes import Function, Graph, Node
from tests.equivalence.shipped import sample_of
from tests.equivalence.three_levels import Sample, compare

SPEC = """spec tiny "Tiny"
data rows_of: emb[item, v, dim], w[item] from "rows.npz"
let z = unit(emb)
let some = w[item = item + 1]
contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature 0.5
def loss(R)[a in R] = logsumexp[n in a.negative](R(a, n)) - mean[p in a.positive](R(a, p))
"""


def _sample(*expressions: str, text: str = SPEC) -> Sample:
    source = torch.Generator().manual_seed(0)
    emb = torch.randn(4, 2, 3, generator=source, dtype=torch.float64)
    w = torch.randn(4, generator=source, dtype=torch.float64)
    return Sample(text, expressions, {"emb": (emb, ("item", "v", "dim")), "w": (w, ("item",))})


def _changed(op: str, change: Callable[[Graph, Node], Node]) -> Callable[..., Function]:
    """A stage that replaces every node of an operator."""

    def stage(function: Function, level: int, verify: bool = False, memory: int | None = None) -> Function:
        graph, known = Graph(), {}

        def copied(node: Node) -> Node:
            if node not in known:
                inputs = tuple(copied(each) for each in node.inputs)
                again = graph.again(node, inputs)
                known[node] = change(graph, again) if node.op == op else again
            return known[node]

        return function.with_outputs([copied(node) for _, node in function.outputs])

    return stage


def _slightly(graph: Graph, node: Node) -> Node:
    return graph.make("mul", node, graph.const(1 + 1e-7))


BROKEN = {
    "a wrong value": ("mean(loss(pull))", "unit", _slightly),
    "a gradient cut": ("mean(loss(pull))", "unit", lambda graph, node: graph.make("stop", node)),
    "a gradient doubled": (
        "mean(loss(pull))", "unit",
        lambda graph, node: graph.make("sub", graph.make("mul", node, graph.const(2.0)), graph.make("stop", node)),
    ),
    "presence lost": ("some", "lt", lambda graph, node: graph.make("or", node, graph.make("not", node))),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stage_is_flagged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expression, op, change = BROKEN[name]
    compare(_sample(expression))
    monkeypatch.setattr(three_levels, "optimise_function", _changed(op, change))
    with pytest.raises(AssertionError, match="-O0"):
        compare(_sample(expression))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("logsumexp[n in a.negative]", "logsumexp[n in a.candidate]"),
        ("mean[p in a.positive]", "sum[p in a.candidate]"),
        ("c.item != a.item", "c.item != a.item and c.v == a.v"),
    ],
)
def test_another_loss_is_another_meaning(right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that took the one text for the other is flagged."""
    sample = _sample("mean(loss(pull))")
    other = _sample("mean(loss(pull))", text=SPEC.replace(right, wrong))
    assert sample.text != other.text
    plain = three_levels.compiled
    monkeypatch.setattr(three_levels, "compiled", lambda _, program: plain(other, other.program()))
    with pytest.raises(AssertionError, match="relative error"):
        compare(sample)


def test_a_wrong_standard_loss_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    sample, other = sample_of("dcl", None, 0), sample_of("dcl", "baseline", 0)
    plain = three_levels.compiled
    swapped = Sample(
        other.text, other.expressions, sample.given, {}, sample.clock, sample.sizes, "baseline", {}, other.file
    )
    monkeypatch.setattr(three_levels, "compiled", lambda _, program: plain(swapped, swapped.program()))
    with pytest.raises(AssertionError, match="relative error"):
        compare(sample)
