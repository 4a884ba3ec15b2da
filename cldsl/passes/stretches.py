"""Known values too large to hold, a stretch of rows at a time.

Input: nodes that no input reaches, arrays of the smaller nodes beneath them, an axis. Output: their arrays for
consecutive stretches of that axis. The large nodes must be entry by entry along it: pointwise, expanded or renamed
elsewhere, as masks over pairs are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cldsl.graph.nodes import POINTWISE, Axis, Node
from cldsl.passes.arrays import Array, apply
from cldsl.passes.rewrite import elements

#: Entries of one stretch, about.
STRETCH = 1 << 21


def beyond(nodes: Sequence[Node], known: dict[Node, Array], axis: str) -> list[Node] | None:
    """The nodes above the known ones, inputs first; None where one of them cannot be had by stretches along the
    axis.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    work = [(node, False) for node in nodes]
    while work:
        node, ready = work.pop()
        if ready:
            order.append(node)
        elif node not in known and node not in seen:
            seen.add(node)
            if not node.inputs or not _entrywise(node, axis) or elements(node.axes) is None:
                return None
            work.append((node, True))
            work.extend((each, False) for each in node.inputs)
    return order


def _entrywise(node: Node, axis: str) -> bool:
    if node.op == "rename":
        return all(axis not in pair for pair in node.attr("pairs"))
    return node.op in POINTWISE or node.op == "expand"


def stretches(nodes: Sequence[Node], known: dict[Node, Array], axis: Axis, order: list[Node]) -> Iterator[list[Array]]:
    """The nodes' arrays for one stretch of the axis after another; `order` is what `beyond` gave."""
    count = axis.size or 0
    largest = max((elements(node.axes) or 1 for node in (*nodes, *order)), default=1)
    step = max(1, STRETCH * count // max(1, largest))
    for start in range(0, count, step):
        values: dict[Node, Array] = {}
        stop = min(count, start + step)
        for node in order:
            parts = [
                values[each] if each in values else _cut(each, known[each], axis.name, start, stop)
                for each in node.inputs
            ]
            made = apply(node, parts)
            if made is None:
                return
            shape = [stop - start if each.name == axis.name else each.size or 0 for each in node.axes]
            values[node] = np.broadcast_to(made, shape)
        yield [values[node] if node in values else _cut(node, known[node], axis.name, start, stop) for node in nodes]


def _cut(node: Node, array: Array, axis: str, start: int, stop: int) -> Array:
    if axis not in node.names:
        return array
    cut: Array = array[tuple(slice(start, stop) if name == axis else slice(None) for name in node.names)]
    return cut
