"""What a way of computing costs: products by their floating point operations, bytes that are alive, and seconds.

Input: nodes with known sizes. Output: numbers. Seconds come from `Rates`, measured (docs/performance.md says how and on
what), not from a data sheet; they decide between strips and the whole where both fit in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cldsl.graph.nodes import Node, union
from cldsl.passes.rewrite import elements
from cldsl.strips.pairs import VIEWS

#: Weights are held by their modules.
BYTES = {"real": 4, "int": 8, "bool": 1, "weights": 0}


#: Values inside a model on pairs, each about as large as its input: two layers and what follows on them.
LAYERS = 4


@dataclass(frozen=True)
class Rates:
    """Of one machine: FLOP/s of a large product, bytes/s of large values computed whole (forwards, then backwards) and of
    large values in strips, seconds of starting one strip."""

    flops: float
    whole: float
    strips: float
    start: float
    #: rows of a strip below which a product loses its speed
    least_rows: int
    #: bytes of one value in a strip where nothing else limits it
    strip: int


def flops(node: Node) -> int:
    """Floating point operations of a product; other operators are counted by their bytes."""
    if node.op != "dot":
        return 0
    return 2 * (elements(union(*(each.axes for each in node.inputs))) or 0)


def work(nodes: Iterable[Node]) -> int:
    return sum(flops(node) for node in nodes)


def size_bytes(node: Node) -> int:
    """Bytes of a value; of a model's result, with what its layers make of its input on the way."""
    own = BYTES[node.dtype] * (elements(node.axes) or 0)
    return own + LAYERS * size_bytes(node.inputs[0]) if node.op == "call" else own


def traffic(nodes: Iterable[Node], wide: Collection[Node]) -> int:
    """Bytes written and read for large values when pointwise work is fused: each product and each reduction moves
    its operand once."""
    moved = 0
    for node in nodes:
        if node.op == "dot" and node in wide:
            moved += size_bytes(node)
        elif node.op not in VIEWS and node not in wide:
            moved += sum(size_bytes(each) for each in node.inputs if each in wide)
    return moved


def alive(order: Sequence[Node], wide: Collection[Node]) -> int:
    """Bytes of large values alive at once."""
    return peak(order, {node: size_bytes(node) for node in order if node in wide and node.op not in VIEWS}, VIEWS)


def peak(order: Sequence[Node], own: Mapping[Node, int], views: Collection[str], outputs: Iterable[Node] = ()) -> int:
    """Bytes alive at once when each value is freed after its last use. own: of the values that count, views not among
    them; views: operators whose result is their input's memory; outputs: what is not freed. Inputs may be left out of the order."""
    root: dict[Node, Node] = {}
    last: dict[Node, int] = {}
    for place, node in enumerate(order):
        root[node] = root.get(node.inputs[0], node.inputs[0]) if node.op in views else node
        for each in (node, *node.inputs):
            last[root.get(each, each)] = place
    for node in outputs:
        last[root[node]] = len(order)
    now = most = 0
    freed: dict[int, int] = {}
    for place, node in enumerate(order):
        size = own.get(node, 0)
        now += size
        most = max(most, now)
        freed[last[root[node]]] = freed.get(last[root[node]], 0) + size
        now -= freed.pop(place, 0)
    return most
