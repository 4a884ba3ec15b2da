"""Operators that masks and indices are made of, on numpy arrays.

Input: a node and its inputs' arrays, dims in the order of their axes. Output: an array that broadcasts to the node's,
or None for an operator that is not covered. It is used at compile time only, on values that no input reaches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cldsl.graph.nodes import Node, union

Array = np.ndarray[Any, np.dtype[Any]]

_POINTWISE: dict[str, Callable[..., Any]] = {
    "neg": np.negative,
    "abs": np.abs,
    "not": np.logical_not,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": np.where,
    "stop": lambda x: x,
    "cast": lambda x: x,
}
_REDUCTIONS: dict[str, tuple[Callable[..., Any], Any]] = {
    "sum": (np.sum, 0),
    "any": (np.any, False),
    "all": (np.all, True),
    "prod": (np.prod, 1),
}


def apply(node: Node, parts: list[Array]) -> Array | None:
    op = node.op
    if op == "const":
        return np.asarray(node.attr("value"))
    if op == "table":
        return np.asarray(node.attr("values"))
    if op == "iota":
        return np.arange(node.axes[0].size or 0)
    if op == "mod" and node.dtype == "int" and (parts[1] != 0).all():
        return np.asarray(np.mod(*_met(node, parts)))
    if op in _POINTWISE:
        return np.asarray(_POINTWISE[op](*_met(node, parts)))
    rule = _MOVES.get(op)
    return None if rule is None else rule(node, parts)


def _met(node: Node, parts: list[Array], names: tuple[str, ...] | None = None) -> list[Array]:
    wanted = node.names if names is None else names
    return [_fit(x, each.names, wanted) for x, each in zip(parts, node.inputs, strict=True)]


def _fit(x: Array, names: tuple[str, ...], wanted: tuple[str, ...]) -> Array:
    x = x.transpose([names.index(name) for name in wanted if name in names])
    return x.reshape(
        [x.shape[[n for n in wanted if n in names].index(name)] if name in names else 1 for name in wanted]
    )


def _merge(node: Node, parts: list[Array]) -> Array:
    old, names = node.attr("old"), node.inputs[0].names
    moved = _fit(parts[0], names, (*old, *(name for name in names if name not in old)))
    return moved.reshape(-1, *moved.shape[len(old) :])


def _split(node: Node, parts: list[Array]) -> Array:
    names, old = node.inputs[0].names, node.attr("old")
    moved = _fit(parts[0], names, (old, *(name for name in names if name != old)))
    return moved.reshape(*(axis.size for axis in node.attr("new")), *moved.shape[1:])


def _slice(node: Node, parts: list[Array]) -> Array:
    at = node.names.index(node.attr("axis"))
    return parts[0].take(range(node.attr("start"), node.attr("stop")), axis=at)


def _gather(node: Node, parts: list[Array]) -> Array | None:
    x, index = node.inputs
    axis = node.attr("axis")
    count = parts[0].shape[x.names.index(axis)]
    if (
        axis in index.names
        or any(name in index.names for name in x.names)
        or not ((parts[1] >= 0) & (parts[1] < count)).all()
    ):
        return None
    at = x.names.index(axis)
    taken = parts[0].take(parts[1].astype(np.int64), axis=at)
    return _fit(taken, (*x.names[:at], *index.names, *x.names[at + 1 :]), node.names)


def _reduce(node: Node, parts: list[Array]) -> Array | None:
    known = _REDUCTIONS.get(node.attr("kind"))
    names = tuple(axis.name for axis in union(*(each.axes for each in node.inputs)))
    if known is None or node.dtype == "real":
        return None
    met = np.broadcast_arrays(*_met(node, parts, names))
    x = met[0] if len(met) == 1 else np.where(met[1], met[0], known[1])
    gone = tuple(names.index(name) for name in node.attr("over"))
    rest = tuple(name for name in names if name not in node.attr("over"))
    return _fit(np.asarray(known[0](x, axis=gone)), rest, node.names)


_MOVES: dict[str, Callable[[Node, list[Array]], Array | None]] = {
    "expand": lambda node, parts: parts[0][None],
    "rename": lambda node, parts: parts[0],
    "merge": _merge,
    "split": _split,
    "slice": _slice,
    "gather": _gather,
    "reduce": _reduce,
}
