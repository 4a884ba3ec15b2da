"""log of a weighted sum of exponentials, shifted by the largest exponent.

Input: the argument T of a logarithm, a sum of products of weights and exponentials. Output: M + log(T with exp(x) as
exp(x - M)), where M is the largest exponent, held constant: value and gradient are those of log T for weights of any
sign, since T scales by exp(-M) as a whole. It is not used where the exponents lack axes of the result, for then the
shift would cost more than it saves.
"""

from __future__ import annotations

import math

from cldsl.graph.nodes import Graph, Node
from cldsl.passes.rewrite import constant


def shifted_log(graph: Graph, total: Node) -> Node | None:
    """log(total), or None where total is no such sum."""
    order = _terms(total)
    if order is None:
        return None
    exponentials = [node for node in order if node.op == "exp"]
    if any(each.inputs[0].op == "sub" and each.inputs[0].inputs[1].op == "stop" for each in exponentials):
        return None  # shifted already
    if not exponentials or total.op == "exp" or any(not set(total.axes) <= set(node.axes) for node in exponentials):
        return None
    peak = _peak(graph, order)
    if set(peak.axes) != set(total.axes):
        return None
    finite = graph.make("isfinite", peak)
    peak = graph.make("stop", graph.make("where", finite, peak, graph.const(0.0)))
    made: dict[Node, Node] = {}
    for node in order:
        if node.op == "exp":
            made[node] = graph.make("exp", graph.make("sub", node.inputs[0], peak), span=node.span, label=node.label)
        elif constant(node) is not None:
            made[node] = graph.make("mul", node, graph.make("exp", graph.make("neg", peak)))
        else:
            made[node] = graph.again(node, tuple(made.get(each, each) for each in node.inputs))
    if set(made[total].axes) != set(total.axes):
        return None
    return graph.make("add", peak, graph.make("log", made[total], span=total.span))


def _terms(total: Node) -> list[Node] | None:
    """The nodes of the sum, inputs first: its exponentials and constants as leaves, weights left out. None where it
    is no such sum.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    work: list[tuple[Node, bool]] = [(total, False)]
    while work:
        node, ready = work.pop()
        if ready:
            order.append(node)
            continue
        if node in seen:
            continue
        seen.add(node)
        inner = _inner(node)
        if inner is None:
            return None
        work.append((node, True))
        work.extend((each, False) for each in inner)
    return order


def _inner(node: Node) -> tuple[Node, ...] | None:
    """The inputs of a term that are terms themselves."""
    if node.op == "exp" and node.inputs[0].dtype == "real":
        return ()
    value = constant(node)
    if value is not None:
        return () if node.dtype == "real" and not node.axes and 0 < value < math.inf else None
    if node.op == "add":
        return node.inputs
    if node.op == "reduce" and node.attr("kind") == "sum":
        return node.inputs[:1]
    if node.op == "div":
        return node.inputs[:1] if node.dtype == "real" and not _is_sum(node.inputs[1]) else None
    if node.op == "mul":
        held = [each for each in node.inputs if _is_sum(each)]
        return (held[0],) if len(held) == 1 else None
    return None


def _is_sum(node: Node) -> bool:
    """Whether a factor is a term; the other factor is its weight. Looks through products and sums, a bounded number
    of steps.
    """
    work, steps = [node], 0
    while work and steps < 64:
        each = work.pop()
        steps += 1
        if each.op == "exp":
            return True
        if each.op in ("mul", "add") or (each.op == "reduce" and each.attr("kind") == "sum"):
            work.extend(each.inputs[:2] if each.op != "reduce" else each.inputs[:1])
        elif each.op == "div":
            work.append(each.inputs[0])
    return False


def _peak(graph: Graph, order: list[Node]) -> Node:
    """The largest exponent of the sum. Over nothing it is 0, and any number would do."""
    peaks: dict[Node, Node] = {}
    for node in order:
        inner = [peaks[each] for each in node.inputs if each in peaks]
        if node.op == "exp":
            peaks[node] = graph.make("stop", node.inputs[0])
        elif node.op == "reduce" and inner:
            over = tuple(name for name in node.attr("over") if name in inner[0].names)
            masks = node.inputs[1:] if set(node.attr("over")) <= set(inner[0].names) else ()
            peaks[node] = graph.make("reduce", inner[0], *masks, kind="max", over=over) if over else inner[0]
        elif len(inner) == 2:
            peaks[node] = graph.make("maximum", *inner)
        elif inner:
            peaks[node] = inner[0]
    return peaks[order[-1]]
