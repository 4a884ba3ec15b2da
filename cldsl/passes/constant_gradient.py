"""Parts whose gradient reaches nothing are computed without one.

Input: a function. Output: an equal one, in value and in gradient of its loss, whose `stop` nodes stand where such a
part begins instead of where it ends, so that nothing in it is recorded for the backward pass; and without a `stop` of
what has no gradient anyway. A function of which no gradient is taken needs no `stop` at all. A module's weights
always have a gradient: whether they are frozen is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable

from cldsl.graph.nodes import CONSTANT, Function, Graph, Node, topological
from cldsl.passes.rewrite import finish

#: Kinds of input leaves through which a gradient may be asked for.
TRAINED = frozenset({"learn", "weight", "weights", "given"})


def cut_gradients(function: Function, graph: Graph) -> Function:
    """`stop` at the frontier of the parts without gradient.

    >>> from cldsl.passes.example import after
    >>> after(cut_gradients, '''
    ... %0 = input(kind=learn, name=x) : real[a=2]
    ... %1 = exp(%0) : real[a=2]
    ... %2 = tanh(%1) : real[a=2]
    ... %3 = stop(%2) : real[a=2]
    ... %4 = dot(%0, %3; over=(a)) : real[]
    ... return loss=%4
    ... ''')
    %0 = input(kind=learn, name=x) : real[a=2]
    %1 = stop(%0) : real[a=2]
    %2 = exp(%1) : real[a=2]
    %3 = tanh(%2) : real[a=2]
    %4 = dot(%0, %3; over=(a)) : real[]
    return loss=%4
    """
    outputs = [node for _, node in function.outputs]
    order = topological(outputs)
    moving = varying(order)
    wanted = passing(order, moving, losses(function))
    made: dict[Node, Node] = {}
    for node in order:
        if node in wanted or not function.grad:
            inputs = tuple(made[each] for each in node.inputs)
        else:
            inputs = tuple(_cut(graph, each, made[each], moving, wanted) for each in node.inputs)
        if node.op == "stop":
            made[node] = inputs[0]
        else:
            made[node] = node if inputs == node.inputs else graph.again(node, inputs)
    return finish(function, graph, made)


def losses(function: Function) -> list[Node]:
    """The outputs of which a gradient is taken: `loss`, or every output where none has that name (a formula by
    itself).
    """
    if not function.grad:
        return []
    named = [node for name, node in function.outputs if name == "loss"]
    return named or [node for _, node in function.outputs]


def _cut(graph: Graph, old: Node, new: Node, moving: set[Node], wanted: set[Node]) -> Node:
    """An input of a part without gradient: stopped where a gradient would come with it."""
    if old not in moving or old.dtype == "weights" or not (old in wanted or old.op in ("input", "call")):
        return new
    return graph.make("stop", new, span=old.span)


def varying(order: Iterable[Node]) -> set[Node]:
    """Nodes whose value has a gradient, nodes in the order of `topological`."""
    found: set[Node] = set()
    for node in order:
        if node.dtype not in ("real", "weights") or node.op in CONSTANT:
            continue
        if node.op == "input":
            if node.attr("kind") in TRAINED:
                found.add(node)
        elif node.op == "call" or any(each in found for each in node.inputs):
            found.add(node)
    return found


def passing(order: list[Node], moving: set[Node], roots: Iterable[Node]) -> set[Node]:
    """Nodes that a gradient of the roots passes on its way back; moving: what `varying` found in the same order."""
    wanted = {node for node in roots if node in moving}
    for node in reversed(order):
        if node in wanted:
            wanted.update(each for each in node.inputs if each in moving)
    return wanted
