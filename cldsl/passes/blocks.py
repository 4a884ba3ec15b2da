"""Blocks: rows that are taken by index from their own block are not copied; the products of a block with itself are.

Input: a function. Output: an equal one in which dot(x[a, dim], y[index[a, p], dim]), where the index is known now and
stays within the block of consecutive rows that a lies in (the views of one item, the members of one bag), becomes a
batched product [block, own, mate] of which the entries are picked. No row is copied for each anchor, and the gradient
needs no scatter. It applies where blocks are at most a few times as long as what is picked of them.
"""

from __future__ import annotations

import numpy as np

from cldsl.graph.nodes import Axis, Function, Graph, Node, topological
from cldsl.passes.arrays import Array
from cldsl.passes.constants import closed, evaluate
from cldsl.passes.rewrite import finish, fresh, like, marks, renewed

#: A block may be so many times as long as what is picked of it.
SPARE = 4


def take_by_block(function: Function, graph: Graph) -> Function:
    """Products with rows of the own block as products of blocks.

    >>> from cldsl.passes.example import after
    >>> after(take_by_block, '''
    ... %0 = input(kind=learn, name=x) : real[a=4, dim=3]
    ... %1 = input(kind=learn, name=z) : real[c=4, dim=3]
    ... %2 = table(values=(1, 0, 3, 2)) : int[a=4]
    ... %3 = gather(%1, %2; axis=c) : real[dim=3, a=4]
    ... %4 = dot(%0, %3; over=(dim)) : real[a=4]
    ... return y=%4
    ... ''')
    %0 = input(kind=learn, name=x) : real[a=4, dim=3]
    %1 = split(%0; old=a, new=(block[2], own[2])) : real[block=2, own=2, dim=3]
    %2 = input(kind=learn, name=z) : real[c=4, dim=3]
    %3 = split(%2; old=c, new=(block[2], mate[2])) : real[block=2, mate=2, dim=3]
    %4 = dot(%1, %3; over=(dim)) : real[block=2, own=2, mate=2]
    %5 = merge(%4; old=(block, own), new=a[4]) : real[a=4, mate=2]
    %6 = table(values=(1, 0, 3, 2)) : int[a=4]
    %7 = const(value=2) : int[]
    %8 = mod(%6, %7) : int[a=4]
    %9 = gather(%5, %8; axis=mate) : real[a=4]
    return y=%9
    """
    order = topological(node for _, node in function.outputs)
    indices = [node.inputs[1] for node in order if node.op == "gather"]
    beneath = closed(indices)
    known = evaluate(index for index in indices if index in beneath)
    names = {axis.name for node in order for axis in node.axes}
    made: dict[Node, Node] = {}
    for node in order:
        made[node] = fresh = renewed(graph, node, made)
        result = _blocked(graph, fresh, known, names) if node.op == "dot" else None
        if result is not None:
            made[node] = like(graph, node, result)
    return finish(function, graph, made)


def _blocked(graph: Graph, node: Node, known: dict[Node, Array], names: set[str]) -> Node | None:
    for x, taken in (node.inputs, reversed(node.inputs)):
        if taken.op == "gather" and x.op != "gather":
            result = _product(graph, node, x, taken, known, names)
            if result is not None:
                return result
    return None


def _product(graph: Graph, node: Node, x: Node, taken: Node, known: dict[Node, Array], names: set[str]) -> Node | None:
    y, index = taken.inputs
    over = tuple(node.attr("over"))
    rows, places = taken.attr("axis"), known.get(index)
    if places is None or set(y.names) != {rows, *over} or not set(index.names) & set(x.names):
        return None
    shared = [axis for axis in index.axes if axis.name in x.names]
    if len(shared) != 1 or shared[0].name in over or shared[0].size != y.axis(rows).size:
        return None
    anchor = shared[0]
    length = _length(index, places, anchor)
    picked = places.size // (anchor.size or 1)
    if length is None or length > SPARE * picked:
        return None
    if length == 1:  # each its own mate
        own = y if rows == anchor.name else graph.make("rename", y, pairs=((rows, anchor.name),))
        return graph.make("dot", x, own, over=over, **marks(node))
    count = (anchor.size or 0) // length
    block, inner, mate = (
        Axis(fresh(stem, names), n) for stem, n in (("block", count), ("own", length), ("mate", length))
    )
    names.update(axis.name for axis in (block, inner, mate))
    left = graph.make("split", x, span=x.span, old=anchor.name, new=(block, inner))
    right = graph.make("split", y, span=y.span, old=rows, new=(block, mate))
    product = graph.make("dot", left, right, over=over, **marks(node))
    product = graph.make("merge", product, span=node.span, old=(block.name, inner.name), new=anchor)
    return graph.make("gather", product, graph.make("mod", index, graph.const(length)), axis=mate.name, span=node.span)


def _length(index: Node, places: Array, anchor: Axis) -> int | None:
    """The shortest length of blocks, a divisor of the rows and shorter than all, within which every index stays."""
    count = anchor.size or 0
    at = index.names.index(anchor.name)
    positions = np.arange(count).reshape([count if i == at else 1 for i in range(places.ndim)])
    furthest = int(abs(places - positions).max(initial=0)) + 1
    for length in range(max(1, (furthest + 1) // 2), count // 2 + 1):
        if count % length == 0 and bool((places // length == positions // length).all()):
            return length
        if length > 4 * furthest + 4:
            return None
    return None
