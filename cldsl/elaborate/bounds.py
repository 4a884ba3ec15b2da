"""The largest number that a node can hold, where its formula tells: a count along an axis is no more than the axis has entries.

Input: a node. Output: an upper bound, or None. Bounds of numbers only; nothing is evaluated on data.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cldsl.elaborate.folding import constant
from cldsl.graph.nodes import Node

_SAME = frozenset({"cast", "stop", "expand", "rename", "merge", "split", "gather", "slice"})
_ROUNDED: dict[str, Callable[[float], int]] = {"floor": math.floor, "ceil": math.ceil, "round": round}


def at_most(node: Node) -> float | None:
    """An upper bound of every entry; None where none is known."""
    known = constant(node)
    if known is not None:
        return float(known)
    if node.dtype == "bool":
        return 1.0
    if node.op in _SAME:
        return at_most(node.inputs[0])
    if node.op in _ROUNDED:
        inner = at_most(node.inputs[0])
        return None if inner is None or not math.isfinite(inner) else float(_ROUNDED[node.op](inner))
    if node.op == "iota":
        size = node.axes[0].size
        return None if size is None else float(size - 1)
    if node.op == "reduce":
        return _reduced(node)
    return _pointwise(node)


def _reduced(node: Node) -> float | None:
    own = at_most(node.inputs[0])
    if own is None or node.attr("kind") not in ("sum", "mean", "max", "min"):
        return None
    if node.attr("kind") != "sum":
        return own
    sizes = [node.inputs[0].axis(name).size for name in node.attr("over")]
    return max(0.0, own) * math.prod(size for size in sizes if size is not None) if None not in sizes else None


def _pointwise(node: Node) -> float | None:
    if node.op not in ("add", "sub", "mul", "div", "minimum", "maximum", "where"):
        return None
    if node.op in ("sub", "mul", "div"):
        left, known = at_most(node.inputs[0]), constant(node.inputs[1])
        if left is None or known is None:
            return None
        right = float(known)
        if node.op == "sub":
            return left - right
        return None if right <= 0 else left * right if node.op == "mul" else left / right
    sides = [at_most(each) for each in (node.inputs[1:] if node.op == "where" else node.inputs)]
    told = [each for each in sides if each is not None]
    if node.op == "minimum":
        return min(told) if told else None
    if len(told) < len(sides):
        return None
    return sum(told) if node.op == "add" else max(told)
