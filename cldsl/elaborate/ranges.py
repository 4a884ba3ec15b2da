"""Whole numbers that are known to be indices of an axis, whatever the data are.

Input: a node of whole numbers and a size. Output: whether all its entries lie from 0 to size - 1: an index along an axis that is no
longer, a remainder, or such entries moved.
"""

from __future__ import annotations

from cldsl.elaborate.folding import constant
from cldsl.graph.nodes import Node

_MOVES = frozenset({"expand", "rename", "merge", "split", "slice", "gather", "stop"})


def within(node: Node, size: int) -> bool:
    """Whether every entry is one of 0 .. size - 1."""
    while node.op in _MOVES:
        node = node.inputs[0]
    if node.dtype != "int":
        return False
    if node.op == "iota":
        own = node.axes[0].size
        return own is not None and own <= size
    if node.op == "mod":
        divisor = constant(node.inputs[1])
        return divisor is not None and 0 < divisor <= size
    known = constant(node)
    return known is not None and 0 <= known < size
