"""What the passes share: rebuilding a function node by node, and keeping what its callers see.

Input: a function, its graph and a rule for one node. Output: a new function over the same graph; nothing is mutated.
A pass keeps name, dtype and order of axes of each output; inside, the order of axes is free, since operands meet by
name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from cldsl.graph.nodes import Axis, Function, Graph, GraphError, Node, topological

#: A node whose inputs are rewritten -> what stands for it, or None to leave it.
Rule = Callable[[Graph, Node], Node | None]
#: Rules are applied again to what they made, at most so often; each application makes a node simpler.
TURNS = 24


def rebuild(function: Function, graph: Graph, rule: Rule) -> Function:
    """The function with the rule applied to every node, inputs first, until it leaves each node that it made alone."""
    settled: dict[Node, Node] = {}
    for node in topological(node for _, node in function.outputs):
        _settle(graph, node, rule, settled)
    return finish(function, graph, settled)


def _settle(graph: Graph, start: Node, rule: Rule, settled: dict[Node, Node]) -> None:
    """Rewrite a node whose inputs are settled; nodes that a rule made beneath its result are settled as well."""
    work: list[tuple[Node, Node, int]] = [(start, start, 0)]
    while work:
        owner, node, turn = work.pop()
        waiting = [each for each in node.inputs if each not in settled]
        if waiting:
            work.append((owner, node, turn))
            work.extend((each, each, 0) for each in waiting)
            continue
        fresh = renewed(graph, node, settled)
        made = None if turn >= TURNS else rule(graph, fresh)
        if made is None or made is fresh:
            settled[owner] = settled[fresh] = fresh
        elif made in settled:
            settled[owner] = like(graph, owner, settled[made])
        else:
            work.append((owner, like(graph, owner, made), turn + 1))


def renewed(graph: Graph, node: Node, made: dict[Node, Node]) -> Node:
    """The node on what its inputs became."""
    inputs = tuple(made[each] for each in node.inputs)
    return node if all(a is b for a, b in zip(inputs, node.inputs, strict=True)) else graph.again(node, inputs)


def finish(function: Function, graph: Graph, made: dict[Node, Node]) -> Function:
    """The function with new outputs, each with the axes in their old order."""
    return function.with_outputs(ordered(graph, made[node], node.axes) for _, node in function.outputs)


def like(graph: Graph, old: Node, new: Node) -> Node:
    """The new node along every axis of the old one. Raises GraphError where it cannot stand for it: a bug of the
    pass.
    """
    new = spread(graph, new, old.axes)
    if set(new.axes) != set(old.axes) or new.dtype != old.dtype:
        raise GraphError(f"{new!r} ({new.dtype}) cannot stand for {old!r} ({old.dtype}, {old.span.short})")
    return new


def spread(graph: Graph, node: Node, axes: Iterable[Axis]) -> Node:
    """The node carrying each of these axes."""
    for axis in axes:
        if axis.name not in node.names:
            node = graph.make("expand", node, span=node.span, axis=axis)
    return node


def ordered(graph: Graph, node: Node, axes: tuple[Axis, ...]) -> Node:
    """The node with its axes in this order: a merge of one axis brings it to the front."""
    if node.names == tuple(axis.name for axis in axes):
        return node
    for axis in reversed(axes):
        node = graph.make("merge", node, span=node.span, old=(axis.name,), new=axis)
    return node


def marks(node: Node) -> dict[str, Any]:
    """Place and label of a node, for what stands for it."""
    return {"span": node.span, "label": node.label}


def constant(node: Node) -> Any:
    """The number or truth value that a node is at every entry, or None where it is not one constant."""
    while node.op == "expand":
        node = node.inputs[0]
    return node.attr("value") if node.op == "const" else None


def elements(axes: Iterable[Axis]) -> int | None:
    """How many entries a value over these axes has; None where a size is known only at run time."""
    total = 1
    for axis in axes:
        if axis.size is None:
            return None
        total *= axis.size
    return total


def conjuncts(mask: Node) -> list[Node]:
    """The masks that an `and` joins, itself where it is none."""
    found: list[Node] = []
    work = [mask]
    while work:
        node = work.pop()
        if node.op == "and" and len(found) + len(work) < 32:
            work.extend(reversed(node.inputs))
        else:
            found.append(node)
    return list(dict.fromkeys(found))


def fresh(stem: str, names: Collection[str]) -> str:
    """A name like the stem that none of these is: c_pick, c_pick2, c_pick3 ..."""
    name, count = stem, 1
    while name in names:
        count += 1
        name = f"{stem}{count}"
    return name
