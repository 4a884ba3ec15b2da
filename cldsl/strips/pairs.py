"""Which values of a function are large: those that grow out of smaller ones, such as a row against every candidate.

Input: a function with known sizes. Output: the seeds (values larger than each of their inputs, and products of rows with
rows, from some size on) and the large values (seeds, and what follows from them at their size). What is given at that size, an input or a model's
result, is no seed: it is there already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cldsl.graph.nodes import Node
from cldsl.passes.rewrite import elements

#: Their result is their input seen otherwise.
VIEWS = frozenset({"rename", "merge", "split", "expand", "stop", "cast"})
#: A value that shrinks by no more than this is still large.
SHRINKS = 8


def size(node: Node) -> int:
    """Entries of a value; an axis of unknown size counts as none."""
    return elements(node.axes) or 0


def seeds(order: Sequence[Node], least: int) -> set[Node]:
    """Values of at least `least` entries that pair what their inputs have; nodes in the order of `topological`."""
    held = _held(order)
    return {
        node
        for node in order
        if node.inputs
        and node.op not in (*VIEWS, "call", "concat", "stack")
        and size(node) >= least
        and (size(node) > max(held[each] for each in node.inputs) or _outer(node))
    }


def _outer(node: Node) -> bool:
    """A product of which each side has an axis that the other lacks."""
    if node.op != "dot":
        return False
    left, right = (set(each.names) for each in node.inputs)
    return bool(left - right) and bool(right - left)


def large(order: Sequence[Node], found: set[Node]) -> set[Node]:
    """The seeds and what is made of them without becoming small: smaller than what it is made of and than every seed."""
    wide = set(found)
    least = min(map(size, found), default=0)
    for node in order:
        parts = [size(each) for each in node.inputs if each in wide]
        if parts and size(node) * SHRINKS > min(least, *parts):
            wide.add(node)
    return wide


def _held(order: Sequence[Node]) -> Mapping[Node, int]:
    """How many different entries a value has: of a widened one, those of what was widened."""
    found: dict[Node, int] = {}
    for node in order:
        found[node] = found[node.inputs[0]] if node.op in VIEWS else size(node)
    return found
