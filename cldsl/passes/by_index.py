"""Positives by index: a reduction whose mask is known now and leaves few entries takes these entries by their indices.

Input: a function. Output: an equal one in which such a reduction over an axis c ranges over the k entries that its
mask selects for each anchor, gathered before the pairwise arithmetic: a dot of gathered rows [anchor, k, dim] instead
of a masked matrix [anchor, c]. Masks are known that are made of indices, constants and tables over axes of known
sizes; a mask that is partly known keeps its other part. It applies where it computes fewer entries.
"""

from __future__ import annotations

from cldsl.graph.nodes import Axis, Function, Graph, Node, topological, union
from cldsl.passes.arrays import Array
from cldsl.passes.constants import closed, evaluate
from cldsl.passes.indices import index_node, listed, table_node
from cldsl.passes.pull import Pull
from cldsl.passes.rewrite import conjuncts, elements, finish, fresh, like, marks, renewed, spread
from cldsl.passes.stretches import beyond


def take_by_index(function: Function, graph: Graph) -> Function:
    """Masked reductions over few known entries by index.

    >>> from cldsl.passes.example import after
    >>> after(take_by_index, '''
    ... %0 = input(kind=learn, name=x) : real[a=8, dim=2]
    ... %1 = input(kind=learn, name=z) : real[c=8, dim=2]
    ... %2 = dot(%0, %1; over=(dim)) : real[a=8, c=8]
    ... %3 = iota(axis=a) : int[a=8]
    ... %4 = iota(axis=c) : int[c=8]
    ... %5 = eq(%3, %4) : bool[a=8, c=8]
    ... %6 = reduce(%2, %5; kind=sum, over=(c)) : real[a=8]
    ... return y=%6
    ... ''')
    %0 = input(kind=learn, name=x) : real[a=8, dim=2]
    %1 = input(kind=learn, name=z) : real[c=8, dim=2]
    %2 = iota(axis=a) : int[a=8]
    %3 = expand(%2; axis=c_pick[1]) : int[c_pick=1, a=8]
    %4 = gather(%1, %3; axis=c) : real[c_pick=1, a=8, dim=2]
    %5 = dot(%0, %4; over=(dim)) : real[c_pick=1, a=8]
    %6 = reduce(%5; kind=sum, over=(c_pick)) : real[a=8]
    return y=%6
    """
    order = topological(node for _, node in function.outputs)
    found = [node for node in order if node.op == "reduce" and len(node.inputs) == 2]
    parts = [part for node in found for part in conjuncts(node.inputs[1])]
    beneath = closed([*parts, *found])
    known = evaluate(part for part in parts if part in beneath)
    names = {axis.name for node in order for axis in node.axes}
    made: dict[Node, Node] = {}
    for node in order:
        made[node] = fresh = renewed(graph, node, made)
        if node.op == "reduce" and len(node.inputs) == 2 and node not in beneath:
            result = _taken(graph, fresh, beneath, known, names)
            made[node] = fresh if result is None else like(graph, node, result)
    return finish(function, graph, made)


def _taken(graph: Graph, node: Node, beneath: set[Node], known: dict[Node, Array], names: set[str]) -> Node | None:
    """The reduction over picked entries, or None where it is not smaller."""
    x, mask = node.inputs
    found = [part for part in conjuncts(mask) if part in beneath and (part in known or _by_stretches(part, known))]
    axis = _longest(node, found)
    if axis is None:
        return None
    parts = [part for part in found if axis.name in part.names]
    rest = [part for part in conjuncts(mask) if part not in parts]
    anchors = tuple(each for each in union(*(part.axes for part in parts)) if each.name != axis.name)
    entries = listed(parts, known, (*anchors, axis)) if elements((*anchors, axis)) is not None else None
    if entries is None:
        return None
    places, valid = entries
    pick = Axis(fresh(f"{axis.name}_pick", names), places.shape[-1])
    index = index_node(graph, places, (*anchors, pick), axis.size or 0)
    keep = None if valid is None else table_node(graph, valid, (*anchors, pick))
    if index is None or (valid is not None and keep is None):
        return None
    pull = Pull(graph, index, tuple(each.name for each in anchors), pick, frozenset(parts), keep)
    value = pull.value(x, axis.name)
    for part in rest:
        narrowed = pull.value(part, axis.name)
        keep = narrowed if keep is None else graph.make("and", keep, narrowed)
    before, after = elements(union(x.axes, mask.axes)), pull.entries()
    if before is None or after is None or after >= 2 * before:  # values and mask
        return None
    names.add(pick.name)
    over = tuple(pick.name if name == axis.name else name for name in node.attr("over"))
    inputs = [spread(graph, value, (pick,) if keep is None or pick.name not in keep.names else ())]
    inputs.extend(() if keep is None else (keep,))
    missing = [each for each in x.axes + mask.axes if each.name in over and each.name != axis.name]
    inputs[0] = spread(graph, inputs[0], missing)
    return graph.make("reduce", *inputs, kind=node.attr("kind"), over=over, **marks(node))


def _longest(node: Node, parts: list[Node]) -> Axis | None:
    """The longest reduced axis along which a part of the mask is known."""
    axes = [axis for part in parts for axis in part.axes if axis.name in node.attr("over")]
    return max(axes, key=lambda axis: axis.size or 0, default=None)


def _by_stretches(part: Node, known: dict[Node, Array]) -> bool:
    """Whether a mask too large to hold is known by stretches along an axis that is not reduced."""
    return any(beyond([part], known, axis.name) is not None for axis in part.axes)
