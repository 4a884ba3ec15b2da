"""Random well-typed functions, and their values and gradients.

Input: a hypothesis draw or a Function. Output: Functions that use masks, reductions, renames, gathers and
exponentials over small axes; tensors for their input leaves; values and the loss' gradient by name. Everything is
float64 and seeded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from cldsl.graph.execute import run
from cldsl.graph.nodes import Axis, Function, Graph, Node
from cldsl.passes.constant_gradient import TRAINED

#: Axes a and c are of one size, so that the two are names of the rows of one source.
SIZES = {"a": 6, "c": 6, "dim": 3, "v": 2}
_UNARY = ("exp", "tanh", "sigmoid", "neg", "softplus", "cos")
_BINARY = ("add", "sub", "mul", "maximum", "logaddexp")


def axis(name: str) -> Axis:
    return Axis(name, SIZES[name])


def leaves(function: Function, seed: int = 0) -> dict[tuple[str, str], Tensor]:
    """Values for the input leaves, drawn from a generator with this seed; axes without a size get three entries."""
    draw = torch.Generator().manual_seed(seed)
    made = {}
    for node in sorted(function.inputs, key=lambda each: (each.attr("kind"), each.attr("name"))):
        shape = [3 if each.size is None else each.size for each in node.axes]
        if node.dtype == "real":
            value = torch.randn(shape, generator=draw, dtype=torch.float64)
        elif node.dtype == "bool":
            value = torch.rand(shape, generator=draw) < 0.6
        else:
            value = torch.randint(0, 2, shape, generator=draw)
        made[(node.attr("kind"), node.attr("name"))] = value
    return made


def affine(x: Tensor, consumed: tuple[str, ...]) -> Tensor:
    """A module for tests: keeps the shape of one consumed axis."""
    return torch.tanh(x * 0.7 + 0.1)


def outcome(function: Function, inputs: dict[tuple[str, str], Tensor]) -> dict[str, Any]:
    """Outputs by name, and the gradient of `loss` by input leaf where the function takes one."""
    given = {
        key: value.clone().requires_grad_(value.is_floating_point() and key[0] in TRAINED)
        for key, value in inputs.items()
    }
    models: dict[str, Callable[[Tensor, tuple[str, ...]], Tensor]] = {"f": affine}
    values: dict[str, Any] = dict(run(function, given, models))
    if function.grad and values["loss"].requires_grad:
        torch.autograd.backward(values["loss"])
    grads = {
        f"{kind} {name}": torch.zeros_like(value) if value.grad is None else value.grad
        for (kind, name), value in given.items()
        if value.requires_grad
    }
    result = {name: value.detach() for name, value in values.items()}
    return {"values": result, "gradients": grads if function.grad else {}}


class _Maker:
    """Grows a pool of nodes; every choice is drawn."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self.graph = Graph()
        leaf = self.graph.leaf
        z = leaf("input", (axis("a"), axis("dim")), kind="learn", name="z")
        self.pool: list[Node] = [
            z,
            self.graph.make("rename", z, pairs=(("a", "c"),)),
            leaf("input", (axis("c"), axis("dim")), kind="column", name="bank"),
            leaf("input", (axis("a"), axis("c")), kind="learn", name="bias"),
            leaf("input", (axis("v"),), kind="weight", name="f.scale"),
            self.graph.const(1.0),
            self.graph.const(0.0),
            self.graph.const(0.5),
        ]
        a, c = (leaf("iota", (axis(name),), "int", axis=name) for name in ("a", "c"))
        self.masks: list[Node] = [
            self.graph.make("eq", a, c),
            self.graph.make("ne", a, c),
            leaf("input", (axis("c"),), "bool", kind="column", name="kept"),
            leaf("input", (axis("a"), axis("c")), "bool", kind="column", name="pair"),
            self.graph.make("expand", self.graph.const(True), axis=axis("c")),
        ]
        self.index = leaf("input", (axis("a"),), "int", kind="column", name="label")

    def pick(self, test: Callable[[Node], bool] = lambda node: True) -> Node | None:
        fit = [node for node in self.pool if test(node)]
        return self.draw(st.sampled_from(fit)) if fit else None

    def grow(self) -> None:
        kinds = (
            "unary",
            "binary",
            "reduce",
            "dot",
            "rename",
            "where",
            "gather",
            "expand",
            "mask",
            "stop",
            "log",
            "share",
        )
        made = getattr(self, f"_{self.draw(st.sampled_from(kinds))}")()
        if made is not None:
            self.pool.append(made)

    def _unary(self) -> Node | None:
        x = self.pick()
        return x and self.graph.make(self.draw(st.sampled_from(_UNARY)), x)

    def _binary(self) -> Node | None:
        x, y = self.pick(), self.pick()
        return x and y and self.graph.make(self.draw(st.sampled_from(_BINARY)), x, y)

    def _over(self, x: Node) -> tuple[str, ...]:
        return (self.draw(st.sampled_from(x.names)),)

    def _reduce(self) -> Node | None:
        x = self.pick(lambda node: bool(node.axes))
        if x is None:
            return None
        kind = self.draw(st.sampled_from(("sum", "mean", "max", "logsumexp")))
        mask = self.draw(st.sampled_from([None, *self.masks]))
        over = self._over(x)
        if mask is None:
            return self.graph.make("reduce", x, kind=kind, over=over)
        made = self.graph.make("reduce", x, mask, kind=kind, over=over)
        if kind != "logsumexp":
            return made
        return self.graph.make("where", self.graph.make("isfinite", made), made, self.graph.const(0.0))

    def _dot(self) -> Node | None:
        x = self.pick(lambda node: "dim" in node.names)
        y = self.pick(lambda node: "dim" in node.names)
        return x and y and self.graph.make("dot", x, y, over=("dim",))

    def _rename(self) -> Node | None:
        x = self.pick(lambda node: bool({"a", "c"} & set(node.names)))
        if x is None:
            return None
        pairs = tuple((old, new) for old, new in (("a", "c"), ("c", "a")) if old in x.names)
        return self.graph.make("rename", x, pairs=pairs)

    def _where(self) -> Node | None:
        x, y = self.pick(), self.pick()
        return x and y and self.graph.make("where", self.draw(st.sampled_from(self.masks)), x, y)

    def _gather(self) -> Node | None:
        x = self.pick(lambda node: "c" in node.names)
        return x and self.graph.make("gather", x, self.index, axis="c")

    def _expand(self) -> Node | None:
        name = self.draw(st.sampled_from(sorted(SIZES)))
        x = self.pick(lambda node: name not in node.names)
        return x and self.graph.make("expand", x, axis=axis(name))

    def _mask(self) -> None:
        x, y = (self.draw(st.sampled_from(self.masks)) for _ in range(2))
        self.masks.append(self.graph.make(self.draw(st.sampled_from(("and", "or"))), x, y))

    def _stop(self) -> Node | None:
        x = self.pick()
        return x and self.graph.make("stop", x)

    def _log(self) -> Node | None:
        """log of a sum of exponentials, perhaps weighted: what stabilisation looks for."""
        x = self.pick(lambda node: "c" in node.names)
        if x is None:
            return None
        term = self.graph.make("exp", self.graph.make("tanh", x))
        if self.draw(st.booleans()):
            term = self.graph.make("mul", self.graph.make("sigmoid", self.pool[3]), term)
        total = self.graph.make("reduce", term, kind="sum", over=("c",))
        if self.draw(st.booleans()):
            total = self.graph.make("add", total, self.graph.const(0.25))
        return self.graph.make("log", total)

    def _share(self) -> Node | None:
        x = self.pick(lambda node: "c" in node.names)
        if x is None:
            return None
        norm = self.graph.make("reduce", x, kind="logsumexp", over=("c",))
        made = self.graph.make("sub", x, norm)
        return self.graph.make("exp", made) if self.draw(st.booleans()) else made

    def scalar(self, node: Node) -> Node:
        tame = self.graph.make("tanh", node)
        return self.graph.make("reduce", tame, kind="mean", over=tame.names) if tame.axes else tame


@st.composite
def functions(draw: Callable[[Any], Any], steps: int = 14) -> tuple[Graph, Function]:
    """A graph and a function in it with a `loss` and one further output."""
    maker = _Maker(draw)
    for _ in range(draw(st.integers(2, steps))):
        maker.grow()
    loss = maker.scalar(maker.pool[-1])
    for _ in range(draw(st.integers(0, 2))):
        loss = maker.graph.make("add", loss, maker.scalar(draw(st.sampled_from(maker.pool))))
    aside = draw(st.sampled_from(maker.pool))
    return maker.graph, Function("f", (("loss", loss), ("aside", aside)), True)
