"""The pairwise values of a stage, and their gradients, as lines of a Triton kernel.

Input: a graph/tiles.py Stage. Output: names and statements for templates/tile.py.j2. A tile is [rows, columns]; vectors
over rows are [rows, 1], over columns [1, columns]. Adjoints follow the chain rule backwards over the few pointwise
operators; `stop` ends it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cldsl.codegen.printer import text_of
from cldsl.graph.nodes import CONSTANT, Node
from cldsl.graph.tiles import Reduced, Stage

_SOFTPLUS = "(tl.maximum({0}, 0.0) + tl.log(1.0 + tl.exp(-tl.abs({0}))))"
#: The text of an operator of its inputs.
_VALUES = {
    "neg": "-{0}",
    "abs": "tl.abs({0})",
    "exp": "tl.exp({0})",
    "log": "tl.log({0})",
    "sqrt": "tl.sqrt({0})",
    "relu": "tl.maximum({0}, 0.0)",
    "sigmoid": "1.0 / (1.0 + tl.exp(-{0}))",
    "softplus": _SOFTPLUS,
    "not": "{0} == 0",
    "isfinite": "({0} - {0}) == 0",
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "maximum": "tl.maximum({0}, {1})",
    "minimum": "tl.minimum({0}, {1})",
    "eq": "{0} == {1}",
    "ne": "{0} != {1}",
    "lt": "{0} < {1}",
    "le": "{0} <= {1}",
    "gt": "{0} > {1}",
    "ge": "{0} >= {1}",
    "and": "{0} & {1}",
    "or": "{0} | {1}",
    "where": "tl.where({0}, {1}, {2})",
    "stop": "{0}",
    "rename": "{0}",
    "expand": "{0}",
}
#: The adjoint of each input: of the inputs, {o} the value, {d} its adjoint. None where nothing passes.
_ADJOINTS: dict[str, tuple[str | None, ...]] = {
    "neg": ("-{d}",),
    "abs": ("tl.where({0} > 0, {d}, tl.where({0} < 0, -{d}, 0.0))",),
    "exp": ("{d} * {o}",),
    "log": ("{d} / {0}",),
    "sqrt": ("{d} * 0.5 / {o}",),
    "relu": ("tl.where({0} > 0, {d}, 0.0)",),
    "sigmoid": ("{d} * {o} * (1.0 - {o})",),
    "softplus": ("{d} / (1.0 + tl.exp(-{0}))",),
    "add": ("{d}", "{d}"),
    "sub": ("{d}", "-{d}"),
    "mul": ("{d} * {1}", "{d} * {0}"),
    "div": ("{d} / {1}", "-{d} * {o} / {1}"),
    "maximum": tuple(
        f"tl.where({a} > {b}, {{d}}, tl.where({a} == {b}, 0.5 * {{d}}, 0.0))"
        for a, b in (("{0}", "{1}"), ("{1}", "{0}"))
    ),
    "minimum": tuple(
        f"tl.where({a} < {b}, {{d}}, tl.where({a} == {b}, 0.5 * {{d}}, 0.0))"
        for a, b in (("{0}", "{1}"), ("{1}", "{0}"))
    ),
    "where": (None, "tl.where({0}, {d}, 0.0)", "tl.where({0}, 0.0, {d})"),
    "cast": ("{d}",),
    "rename": ("{d}",),
    "expand": ("{d}",),
}


@dataclass(frozen=True)
class Vector:
    """A vector or number of a stage. side None: a number. moving: it may have a gradient."""

    name: str
    side: str | None
    real: bool
    moving: bool


@dataclass(frozen=True)
class Gathered:
    """A reduction in a kernel: its number, and the texts of its value and mask over a tile."""

    number: int
    kind: str
    side: str
    value: str
    mask: str
    scale: str
    real: bool
    moving: bool


class Kernel:
    """Names and statements of one stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.names: dict[Node, str] = {stage.product: "s"}
        self._adjoint: dict[Node, list[str]] = {}
        self.vectors = [self._vector(number, node, side) for number, (node, side) in enumerate(stage.vectors)]
        self.values = [line for node in stage.pairs if node is not stage.product for line in self._value(node)]
        self.reductions = [self._gathered(number, each) for number, each in enumerate(stage.reductions)]
        self.adjoints = self._backward()
        self.moved = [each for each in self.vectors if each.moving and f"d_{each.name}" in self._given]
        self.product_moves = "ds" in self._given

    def of_side(self, side: str) -> list[Gathered]:
        return [each for each in self.reductions if each.side == side]

    @property
    def moving(self) -> list[Gathered]:
        return [each for each in self.reductions if each.moving]

    def _vector(self, number: int, node: Node, side: str | None) -> Vector:
        own = Vector(f"{(side or 'number')[0]}{number}", side, node.dtype == "real", node.dtype == "real")
        self.names[node] = own.name
        return own

    def _text(self, node: Node) -> str:
        if node.op == "const":
            value = node.attr("value")
            return (
                'float("inf")'
                if value == float("inf")
                else '-float("inf")'
                if value == -float("inf")
                else text_of(value)
            )
        return self.names[node]

    def _value(self, node: Node) -> list[str]:
        texts = [self._text(each) for each in node.inputs]
        if node.op in ("stop", "rename", "expand"):
            self.names[node] = texts[0]
            return []
        own = self.names[node] = f"v{sum(name[0] == 'v' for name in self.names.values())}"
        if node.op == "cast":
            kind = {"real": "REAL", "int": "tl.int32", "bool": "tl.int1"}[node.dtype]
            return [f"{own} = {texts[0]}.to({kind})"]
        return [f"{own} = {_VALUES[node.op].format(*texts)}"]

    def _gathered(self, number: int, own: Reduced) -> Gathered:
        mask = "inside" if own.mask is None else f"inside & {self._text(own.mask)}"
        value = self._text(own.value)
        real = own.node.dtype == "real"
        if own.value.dtype == "bool" or (own.kind == "logsumexp" and own.value.dtype != "real"):
            value = f"{value}.to({'REAL' if real else 'tl.int32'})"
        return Gathered(number, own.kind, own.side, value, mask, text_of(own.scale), real, own.moving)

    # ---- gradients

    def _backward(self) -> list[str]:
        """Statements that give `ds` and the adjoint of each vector, over a tile."""
        lines: list[str] = []
        self._given: set[str] = set()
        for reduced, seed in zip(self.stage.reductions, self.reductions, strict=True):
            if seed.moving and reduced.value.dtype == "real":
                lines += _seed(seed)
                self._add(reduced.value, f"w{seed.number}")
        for node in reversed(self.stage.pairs):
            given = self._adjoint.get(node)
            if given is None or node is self.stage.product:
                continue
            adjoint = self._joined(node, given, lines)
            texts = [self._text(each) for each in node.inputs]
            for each, rule in zip(node.inputs, _ADJOINTS.get(node.op, ()), strict=False):
                if rule is not None and _moves(each):
                    self._add(each, rule.format(*texts, o=self.names[node], d=adjoint))
        for node in (self.stage.product, *(each for each, _ in self.stage.vectors)):
            given = self._adjoint.get(node)
            if given is not None:
                own = "ds" if node is self.stage.product else f"d_{self.names[node]}"
                self._given.add(own)
                lines.append(f"{own} = tl.where(inside, {' + '.join(given)}, 0.0)")
        return lines

    def _add(self, node: Node, text: str) -> None:
        self._adjoint.setdefault(node, []).append(text)

    def _joined(self, node: Node, given: list[str], lines: list[str]) -> str:
        """The adjoint under a name."""
        if len(given) == 1 and given[0].isidentifier():
            return given[0]
        own = f"g{node.number}_v"
        lines.append(f"{own} = {' + '.join(given)}")
        return own


def _moves(node: Node) -> bool:
    return node.dtype == "real" and node.op not in CONSTANT


def _seed(each: Gathered) -> list[str]:
    """The adjoint of a reduction's value: what its cotangent weighs."""
    n = each.number
    if each.kind == "logsumexp":
        return [
            f"m{n} = {each.mask}",
            f"w{n} = tl.where(m{n}, tl.exp(tl.where(m{n}, {each.value} - l{n}, 0.0)), 0.0) * g{n}",
        ]
    scale = "" if each.scale == "1.0" else f" * {each.scale}"
    return [f"w{n} = tl.where({each.mask}, g{n}{scale}, 0.0)"]
