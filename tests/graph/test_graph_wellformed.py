"""Each breach of the rules of a legal graph is named, with the node and its place."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cldsl.graph.nodes import Axis, Function, Graph, GraphError, Node
from cldsl.graph.wellformed import check
from cldsl.syntax.diagnostics import Span

A, B = Axis("a", 2), Axis("b", 3)
HERE = Span("dcl.cl", 14, 1, 14, 5)
GRAPH = Graph()
X = GRAPH.leaf("input", (A, B), kind="learn", name="x")
INDEX = GRAPH.leaf("input", (A,), "int", kind="column", name="i")
TRUE = GRAPH.const(True)


def made(
    op: str, inputs: tuple[Node, ...] = (), typed: tuple[Axis, ...] = (), dtype: str = "real", **attrs: Any
) -> Node:
    """A node of any shape, legal or not."""
    return Node(7, op, inputs, tuple(attrs.items()), typed, dtype, HERE, "z")


@pytest.mark.parametrize(
    ("node", "fault"),
    [
        (made("frob"), "no operator frob"),
        (made("exp", (X, X), (A, B)), "takes 1 to 1 inputs, not 2"),
        (made("reduce", (X,), (A,), over=("b",)), "has the attributes ('kind', 'over'), not ('over',)"),
        (made("reduce", (X,), (A,), kind="median", over=("b",)), "no reduction median"),
        (made("reduce", (X,), (A, B), kind="sum", over=("b",)), "is real[a=2], not real[a=2, b=3]"),
        (made("reduce", (X,), (A, B), kind="sum", over=("c",)), "no axis c among a, b"),
        (made("reduce", (X, X), (A,), kind="sum", over=("b",)), "its mask is real"),
        (made("exp", (X,), (A, B), "int"), "is real[a=2, b=3], not int[a=2, b=3]"),
        (made("exp", (X,), (A, A)), "two axes of one name among a, a"),
        (made("exp", (X,), (A, B), "text"), "no dtype text"),
        (made("gather", (X, X), (A, B), axis="a"), "its index is real"),
        (made("where", (X, X, X), (A, B)), "its mask is real"),
        (made("input", (), (A,), kind="learn", name=""), "an input of kind 'learn' named ''"),
        (made("input", (), (A,), kind="guess", name="x"), "an input of kind 'guess' named 'x'"),
        (made("input", (), (A,), kind="present", name="x"), "presence is bool"),
        (made("const", value=math.nan), "a constant that is no number (NaN)"),
        (made("const", value=True), "the value True is bool"),
        (made("const", (), (A,), value=1.0), "a constant has no axes"),
        (made("table", (), (A,), values=(1.0, math.nan)), "a constant that is no number (NaN)"),
        (made("table", (), (A,), values=(1.0,)), "its values have not the size of axis a=2"),
        (made("iota", (), (A,), axis="a"), "an index along one axis, int"),
        (made("sinkhorn", (X,), (A, B), axes=("a", "b"), rounds=0), "needs two axes and at least one round"),
    ],
)
def test_breaches(node: Node, fault: str) -> None:
    with pytest.raises(GraphError) as caught:
        check(Function("f", (("y", node),)))
    assert str(caught.value) == f"{node!r} (z, dcl.cl:14): {fault}"


def test_infinite_constants_and_empty_axes_are_legal() -> None:
    check(
        Function(
            "f",
            (("y", made("const", value=math.inf)), ("n", made("input", (), (Axis("a", 0),), kind="draw", name="n"))),
        )
    )


def test_a_cycle_is_found() -> None:
    node = made("exp", (X,), (A, B))
    object.__setattr__(node, "inputs", (node,))
    with pytest.raises(GraphError, match="a cycle"):
        check(Function("f", (("y", node),)))


def test_outputs() -> None:
    with pytest.raises(GraphError, match="two outputs of one name"):
        check(Function("f", (("y", X), ("y", INDEX))))
    with pytest.raises(GraphError, match="takes a gradient of `loss`, which is no real number"):
        check(Function("f", (("loss", X),), True))
    check(Function("f", (("y", X), ("m", TRUE)), True))
