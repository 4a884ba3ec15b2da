"""Values that no input reaches, as numpy arrays.

Input: nodes. Output: for those built from constants, tables and indices of known axes alone, an array with dims in
the order of the node's axes. Reductions of values too large to hold are made by stretches; such a value itself is
left out, as is what is made by other operators.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cldsl.graph.nodes import Node, topological
from cldsl.passes.arrays import Array, apply
from cldsl.passes.rewrite import elements
from cldsl.passes.stretches import beyond, stretches

#: Entries of the largest array that is held.
LARGEST = 1 << 22
_DTYPES = {"real": np.float64, "int": np.int64, "bool": np.bool_}


def closed(nodes: Iterable[Node]) -> set[Node]:
    """Those nodes, and nodes beneath them, that no input leaf or module reaches."""
    found: set[Node] = set()
    for node in topological(nodes):
        if node.op not in ("input", "call") and all(each in found for each in node.inputs):
            found.add(node)
    return found


def evaluate(nodes: Iterable[Node]) -> dict[Node, Array]:
    """Arrays of the closed nodes that are small enough and made of known operators."""
    values: dict[Node, Array] = {}
    for node in topological(nodes):
        size = elements(node.axes)
        if size is None or size > LARGEST:
            continue
        if all(each in values for each in node.inputs):
            made = apply(node, [values[each] for each in node.inputs])
        else:
            made = _by_stretches(node, values) if node.op == "reduce" else None
        if made is not None:
            full = np.broadcast_to(made, [axis.size or 0 for axis in node.axes])
            values[node] = full.astype(_DTYPES[node.dtype], copy=False)
    return values


def _by_stretches(node: Node, values: dict[Node, Array]) -> Array | None:
    """A reduction of values that are not held, along the longest axis that it keeps."""
    if not node.axes:
        return None
    axis = max(node.axes, key=lambda each: each.size or 0)
    order = beyond(node.inputs, values, axis.name)
    if order is None:
        return None
    made = []
    for parts in stretches(node.inputs, values, axis, order):
        piece = apply(node, parts)
        if piece is None:
            return None
        shape = [piece.shape[place] if each == axis else each.size or 0 for place, each in enumerate(node.axes)]
        made.append(np.broadcast_to(piece, shape))
    if not made:
        return None
    joined: Array = np.concatenate(made, axis=node.axes.index(axis))
    return joined if joined.shape[node.axes.index(axis)] == axis.size else None
