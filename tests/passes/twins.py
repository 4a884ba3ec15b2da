"""For each pass a twin with one deliberate mistake, to show that the cases would notice it.

Input and output as a pass: a function and its graph to a function.
"""

from __future__ import annotations

from collections.abc import Callable

from cldsl.graph.nodes import Function, Graph, Node, topological
from cldsl.passes.algebra import contract
from cldsl.passes.blocks import take_by_block
from cldsl.passes.by_index import take_by_index
from cldsl.passes.constant_gradient import cut_gradients
from cldsl.passes.dead import remove_dead
from cldsl.passes.rewrite import finish, like, rebuild, renewed
from cldsl.passes.share import share
from cldsl.passes.simplify import simplify
from cldsl.passes.stable import stabilise
from cldsl.passes.uniform import fold_uniform


def _dead(function: Function, graph: Graph) -> Function:
    """Gives what is kept the value of the first output of its shape."""
    kept = remove_dead(function, graph, {"loss", "y"})
    same = [node for _, node in function.outputs]
    swapped = [next(each for each in reversed(same) if each.axes == node.axes) for _, node in kept.outputs]
    return kept.with_outputs(swapped)


def _uniform(function: Function, graph: Graph) -> Function:
    """Counts one too many."""

    def rule(graph: Graph, node: Node) -> Node | None:
        known = node.op == "const" and node.dtype == "int" and node.attr("value") > 2
        return graph.const(node.attr("value") + 1) if known and node.attr("value") % 10 != 9 else None

    return rebuild(fold_uniform(function, graph), graph, rule)


def _simplify(function: Function, graph: Graph) -> Function:
    """Takes x - y for a sum with a neutral operand, and drops every mask."""

    def rule(graph: Graph, node: Node) -> Node | None:
        if node.op == "reduce" and len(node.inputs) == 2:
            x = like(
                graph, graph.make("add", *[graph.make("cast", each, to="real") for each in node.inputs]), node.inputs[0]
            )
            return graph.make("reduce", x, kind=node.attr("kind"), over=node.attr("over"))
        return node.inputs[0] if node.op in ("add", "sub") else None

    return rebuild(simplify(function, graph), graph, rule)


def _share(function: Function, graph: Graph) -> Function:
    """Forgets which axes the second operand has: renames nothing back where that types."""
    made: dict[Node, Node] = {}
    for node in topological(node for _, node in share(function, graph).outputs):
        made[node] = renewed(graph, node, made)
        if node.op == "rename" and set(made[node].axes) == set(made[node].inputs[0].axes):
            made[node] = made[node].inputs[0]
    return finish(share(function, graph), graph, made)


def _stable(function: Function, graph: Graph) -> Function:
    """Loses the mask of a logsumexp, and the second term of a sum of exponentials."""

    def rule(graph: Graph, node: Node) -> Node | None:
        if node.op == "reduce" and node.attr("kind") == "logsumexp" and len(node.inputs) == 2:
            made = graph.make("reduce", node.inputs[0], kind="logsumexp", over=node.attr("over"))
            return made if set(made.axes) == set(node.axes) else None
        return node.inputs[0] if node.op == "logaddexp" else None

    return rebuild(stabilise(function, graph), graph, rule)


def _algebra(function: Function, graph: Graph) -> Function:
    """Adds where a mix subtracts, and forgets a factor."""

    def rule(graph: Graph, node: Node) -> Node | None:
        if node.op == "sub":
            return graph.make("add", *node.inputs)
        return node.inputs[0] if node.op == "mul" and set(node.inputs[0].axes) == set(node.axes) else None

    return rebuild(contract(function, graph), graph, rule)


def _by_index(function: Function, graph: Graph) -> Function:
    """Takes each anchor's own entry instead of the selected one."""

    def rule(graph: Graph, node: Node) -> Node | None:
        if node.op == "gather" and node.inputs[1].op in ("add", "mod", "table") and node.inputs[1].dtype == "int":
            index = node.inputs[1]
            wrong = graph.make("mul", index, graph.const(0))
            return graph.make("gather", node.inputs[0], wrong, axis=node.attr("axis")) if index.op != "mul" else None
        return None

    return rebuild(take_by_index(function, graph), graph, rule)


def _blocks(function: Function, graph: Graph) -> Function:
    """Takes the next mate of the block."""

    def rule(graph: Graph, node: Node) -> Node | None:
        if node.op == "gather" and node.inputs[1].op == "mod":
            index, length = node.inputs[1].inputs
            wrong = graph.make("mod", graph.make("add", index, graph.const(1)), length)
            return None if index.op == "add" else graph.make("gather", node.inputs[0], wrong, axis=node.attr("axis"))
        return None

    return rebuild(take_by_block(function, graph), graph, rule)


def _constant_gradient(function: Function, graph: Graph) -> Function:
    """Removes the stops and puts none in their place."""

    def rule(graph: Graph, node: Node) -> Node | None:
        return node.inputs[0] if node.op == "stop" else None

    return rebuild(cut_gradients(function, graph), graph, rule)


TWINS: dict[str, Callable[[Function, Graph], Function]] = {
    "dead": _dead,
    "uniform": _uniform,
    "simplify": _simplify,
    "share": _share,
    "stable": _stable,
    "algebra": _algebra,
    "by_index": _by_index,
    "blocks": _blocks,
    "constant_gradient": _constant_gradient,
}
