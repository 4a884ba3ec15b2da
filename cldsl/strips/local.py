"""Whether an operator is computed row by row, and where its rows then stand.

Input: a node and the axis along which some of its inputs have rows. Output: `Rows` (the result has its own rows along
an axis), `Sum` (rows are gone, gathered by an accumulator), or a reason why neither holds. This is the one table of
what strips know of operators.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cldsl.graph.nodes import POINTWISE, Node


@dataclass(frozen=True)
class Rows:
    """Rows along `axis`, `per` of them for each row of the axis that strips are cut along."""

    axis: str
    per: Fraction


@dataclass(frozen=True)
class Accumulated:
    """A reduction over rows; how: sum, mean, max, min, any, all, logsumexp."""

    how: str


Local = Rows | Accumulated | str
#: model -> the axes along which its rows depend on each other; None: along all
Coupled = Mapping[str, frozenset[str] | None]
UNCOUPLED: Coupled = {}

#: Reductions over rows that strips can gather.
GATHERED = frozenset({"sum", "mean", "max", "min", "any", "all", "logsumexp"})
#: Computed along axes of their own: rows stay where those axes are not the rows'.
_ALONG = frozenset(
    {"softmax", "log_softmax", "unit", "norm", "argmax", "topk", "sort", "cumsum", "sinkhorn", "soft_sort", "kmeans"}
)


def local(node: Node, rows: Rows, own: Callable[[Node], bool], coupled: Coupled) -> Local:
    """The verdict on a node some of whose inputs have rows along `rows.axis`.

    own: whether an input is computed inside strips (its rows are at hand only). coupled: models whose rows depend on
    each other, None for all axes, else along these.
    """
    r = rows.axis
    if node.op in POINTWISE or node.op == "bce" or node.op in ("stack", "onehot"):
        return rows
    if node.op == "expand":
        return rows
    if node.op in _ALONG:
        along = _axes_of(node)
        return rows if r not in along else f"{node.op} along {r} couples rows"
    if node.op == "reduce":
        return _reduced(node, rows)
    if node.op == "dot":
        return rows if r not in node.attr("over") else Accumulated("sum")
    if node.op == "call":
        if r in node.attr("consumes"):
            return f"{node.attr('model')} takes {r} whole"
        name = node.attr("model")
        apart = coupled.get(name, frozenset())
        if apart is not None and any(key == "member" for key, _ in node.attrs):
            return rows
        if apart is None:
            return f"{name} couples rows"
        return f"{name} has a member for each {r}" if r in apart else rows
    if node.op in _MOVED:
        return _MOVED[node.op](node, rows)
    if node.op == "gather":
        return _gathered(node, rows, own)
    return f"{node.op} writes rows"


def _axes_of(node: Node) -> tuple[str, ...]:
    for key in ("over", "axes"):
        if any(name == key for name, _ in node.attrs):
            return tuple(node.attr(key))
    return (node.attr("axis"),)


def _reduced(node: Node, rows: Rows) -> Local:
    kind = node.attr("kind")
    if rows.axis not in node.attr("over"):
        return rows
    return Accumulated(kind) if kind in GATHERED else f"{kind} over {rows.axis} has no accumulator"


def _renamed(node: Node, rows: Rows) -> Local:
    return Rows(dict(node.attr("pairs")).get(rows.axis, rows.axis), rows.per)


def _merged(node: Node, rows: Rows) -> Local:
    old = tuple(node.attr("old"))
    if rows.axis not in old:
        return rows
    if old[0] != rows.axis:
        return f"{rows.axis} is joined behind {old[0]}"
    rest = math.prod(node.inputs[0].axis(name).size or 1 for name in old[1:])
    return Rows(node.attr("new").name, rows.per * rest)


def _parted(node: Node, rows: Rows) -> Local:
    if node.attr("old") != rows.axis:
        return rows
    new = node.attr("new")
    return Rows(new[0].name, rows.per / math.prod(axis.size or 1 for axis in new[1:]))


def _cut(node: Node, rows: Rows) -> Local:
    return rows if node.attr("axis") != rows.axis else f"{node.op} along {rows.axis}"


_MOVED: dict[str, Callable[[Node, Rows], Local]] = {
    "rename": _renamed,
    "merge": _merged,
    "split": _parted,
    "slice": _cut,
    "concat": _cut,
}


def _gathered(node: Node, rows: Rows, own: Callable[[Node], bool]) -> Local:
    value, index = node.inputs
    if node.attr("axis") == rows.axis:
        if own(value):
            return f"other rows of {rows.axis} are taken by index"
        return rows if rows.axis in index.names else f"rows of {rows.axis} are taken by index"
    return rows
