"""Logarithms of sums of exponentials in a form that neither overflows nor loses what is small.

Input: a function. Output: an equal one in which log(sum exp x) is a logsumexp, log(exp x + exp y) a logaddexp, and
exp(x - logsumexp x) a softmax. Sums with weights are shifted by their largest exponent (weighted_log.py). A masked
softmax is left alone: its absent entries are 0, not exp(x - Z).
"""

from __future__ import annotations

import math

from cldsl.graph.nodes import Function, Graph, Node, topological
from cldsl.passes.rewrite import constant, elements, finish, like, marks, renewed
from cldsl.passes.weighted_log import shifted_log


def stabilise(function: Function, graph: Graph) -> Function:
    """Stable logarithms and shares.

    >>> from cldsl.passes.example import after
    >>> after(stabilise, '''
    ... %0 = input(kind=learn, name=x) : real[a=2, c=3]
    ... %1 = exp(%0) : real[a=2, c=3]
    ... %2 = reduce(%1; kind=sum, over=(c)) : real[a=2]
    ... %3 = log(%2) : real[a=2]
    ... return y=%3
    ... ''')
    %0 = input(kind=learn, name=x) : real[a=2, c=3]
    %1 = reduce(%0; kind=logsumexp, over=(c)) : real[a=2]
    return y=%1
    """
    made: dict[Node, Node] = {}
    logs: dict[Node, Node | None] = {}
    for node in topological(node for _, node in function.outputs):
        fresh = renewed(graph, node, made)
        logs[fresh] = _log(graph, fresh, logs)
        made[node] = like(graph, node, _stable(graph, fresh, logs))
        logs.setdefault(made[node], None)
    return finish(function, graph, made)


def _stable(graph: Graph, node: Node, logs: dict[Node, Node | None]) -> Node:
    """The node, or what stands for it where it is a logarithm or a share."""
    found: Node | None = None
    if node.op == "log":
        found = _of_log(graph, node, logs)
    elif node.op == "exp":
        x = node.inputs[0]
        found = _share(graph, "softmax", x, node) or _softmax_of(graph, x, node)
    elif node.op == "sub":
        found = _share(graph, "log_softmax", node, node)
    elif node.op == "div":
        found = _quotient(graph, node)
    return node if found is None else found


def _of_log(graph: Graph, node: Node, logs: dict[Node, Node | None]) -> Node | None:
    x = node.inputs[0]
    known = logs.get(x)
    if known is not None and x.op != "const":
        return known
    if x.op == "softmax" and len(x.inputs) == 1:
        return graph.make("log_softmax", x.inputs[0], over=x.attr("over"), **marks(node))
    if x.op == "sigmoid":
        return _neg_softplus(graph, graph.make("neg", x.inputs[0]))
    if x.op == "sub" and constant(x.inputs[0]) == 1 and x.inputs[1].op == "sigmoid" and not x.inputs[0].axes:
        return _neg_softplus(graph, x.inputs[1].inputs[0])
    return shifted_log(graph, x)


def _neg_softplus(graph: Graph, x: Node) -> Node:
    return graph.make("neg", graph.make("softplus", x))


def _log(graph: Graph, node: Node, logs: dict[Node, Node | None]) -> Node | None:
    """The logarithm of a node that is an exponential, a positive number, or a sum, choice or product of such; else
    None.

    Inputs' logarithms are known. An empty sum has the logarithm -inf, which weighs nothing in a further sum.
    """
    if node.dtype != "real":
        return None
    value = constant(node)
    if value is not None:
        return like(graph, node, graph.const(math.log(value))) if 0 < value < math.inf else None
    if node.op == "exp":
        return node.inputs[0] if node.inputs[0].dtype == "real" else None
    parts = [logs.get(each) for each in node.inputs]
    if node.op == "add" and parts[0] is not None and parts[1] is not None:
        return graph.make("logaddexp", parts[0], parts[1])
    if node.op == "mul" and parts[0] is not None and parts[1] is not None:
        return graph.make("add", parts[0], parts[1])
    if node.op == "div" and parts[0] is not None:
        return _divided(graph, node, parts[0], parts[1])
    if node.op == "reduce" and node.attr("kind") == "mean" and len(node.inputs) == 1 and parts[0] is not None:
        return _averaged(graph, node, parts[0])
    if node.op == "reduce" and node.attr("kind") == "sum" and parts[0] is not None:
        return graph.make("reduce", parts[0], *node.inputs[1:], kind="logsumexp", over=node.attr("over"))
    if node.op == "where":
        return _chosen(graph, node, parts)
    if node.op in ("expand", "rename", "merge", "split", "slice") and parts[0] is not None:
        return graph.again(node, (parts[0],))
    return None


def _divided(graph: Graph, node: Node, top: Node, below: Node | None) -> Node | None:
    """The logarithm of a quotient whose divisor is known to be positive: a number, an exponential, a count of at
    least 1.
    """
    divisor = node.inputs[1]
    if below is None and constant(divisor) is None:
        counts = divisor.op == "maximum" and any((constant(each) or 0) > 0 for each in divisor.inputs)
        below = graph.make("log", divisor) if counts else None
    elif below is None and constant(divisor) > 0:
        below = graph.const(math.log(constant(divisor)))
    return None if below is None else graph.make("sub", top, below)


def _averaged(graph: Graph, node: Node, inner: Node) -> Node | None:
    """The logarithm of a mean of exponentials over axes of known sizes."""
    count = elements(axis for axis in node.inputs[0].axes if axis.name in node.attr("over"))
    if not count:
        return None
    total = graph.make("reduce", inner, kind="logsumexp", over=node.attr("over"))
    return graph.make("sub", total, graph.const(math.log(count)))


def _chosen(graph: Graph, node: Node, parts: list[Node | None]) -> Node | None:
    """where(c, exp x, 0): absent terms of a sum."""
    nothing = graph.const(-math.inf)
    sides = [nothing if constant(each) == 0 else part for each, part in zip(node.inputs[1:], parts[1:], strict=True)]
    if sides[0] is None or sides[1] is None or sides[0] is sides[1]:
        return None
    return graph.make("where", node.inputs[0], sides[0], sides[1])


def _share(graph: Graph, op: str, x: Node, node: Node) -> Node | None:
    """x - logsumexp(x), all entries present, as a log_softmax; or its exponential as a softmax."""
    if x.op != "sub":
        return None
    value, norm = x.inputs
    while norm.op == "expand" and norm.attr("axis") in value.axes:
        norm = norm.inputs[0]
    if norm.op == "reduce" and norm.attr("kind") == "logsumexp" and norm.inputs == (value,) and value.dtype == "real":
        return graph.make(op, value, over=norm.attr("over"), **marks(node))
    return None


def _softmax_of(graph: Graph, x: Node, node: Node) -> Node | None:
    if x.op != "log_softmax" or len(x.inputs) == 2:
        return None
    return graph.make("softmax", x.inputs[0], over=x.attr("over"), **marks(node))


def _quotient(graph: Graph, node: Node) -> Node | None:
    """exp(x) / sum(exp(x)), all entries present."""
    top, total = node.inputs
    while total.op == "expand" and total.attr("axis") in top.axes:
        total = total.inputs[0]
    if top.op != "exp" or total.op != "reduce" or total.inputs != (top,) or top.inputs[0].dtype != "real":
        return None
    if total.attr("kind") != "sum":
        return None
    return graph.make("softmax", top.inputs[0], over=total.attr("over"), **marks(node))
