"""Outputs that nothing reads are not computed.

Input: a function and the names of the outputs that an action or a later function reads. Output: the function without
the others; with them go the nodes and input leaves that only they needed. It does not look into actions: the caller
says what is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cldsl.graph.nodes import Function, Graph, Node, topological


def remove_dead(function: Function, graph: Graph, needed: Collection[str] | None = None) -> Function:
    """Without `needed` all outputs are kept. The loss of a function with a gradient always is.

    An output that applies a module in training mode, where that happens nowhere else, is kept as well: it may move
    the module's batch statistics.

    >>> from functools import partial
    >>> from cldsl.passes.example import after
    >>> after(partial(remove_dead, needed={"y"}), '''
    ... %0 = input(kind=learn, name=x) : real[a=2]
    ... %1 = input(kind=learn, name=z) : real[a=2]
    ... %2 = add(%0, %1) : real[a=2]
    ... return y=%0, spare=%2
    ... ''')
    %0 = input(kind=learn, name=x) : real[a=2]
    return y=%0
    """
    if needed is None:
        return function
    kept = [pair for pair in function.outputs if pair[0] in needed or (function.grad and pair[0] == "loss")]
    moved = _training(node for _, node in kept)
    for name, node in function.outputs:
        mine = _training([node])
        if (name, node) not in kept and mine - moved:
            kept.append((name, node))
            moved |= mine
    outputs = tuple(pair for pair in function.outputs if pair in kept)
    if len(outputs) == len(function.outputs):
        return function
    return Function(function.name, outputs, function.grad, function.span, function.doc)


def _training(outputs: Iterable[Node]) -> set[Node]:
    nodes = topological(outputs)
    return {node for node in nodes if node.op == "call" and node.attr("mode") == "train"}
