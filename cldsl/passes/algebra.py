"""Contract before broadcasting: sums move past what they do not range over.

Input: a function. Output: an equal one in which a sum of anchor-only times candidate-only factors is a dot, a factor
that does not vary along the sum stands behind it, a dot with a mix of rows is the mix of dots (inner products are
linear), a dot with a product of pairs of rows, or with its direction, is made of dots of the factors, and the sum of
joined rows is the sum of the parts' sums. It applies only what lowers the number of entries computed; |a - c|^2 is not
expanded, for that loses the digits of near pairs.
"""

from __future__ import annotations

from cldsl.graph.nodes import Axis, Function, Graph, Node, union
from cldsl.passes.linear import spread_dot
from cldsl.passes.products import contracted, factors, length, multiplied, regrouped
from cldsl.passes.rewrite import marks, rebuild, spread


def contract(function: Function, graph: Graph) -> Function:
    """Products summed early.

    >>> from cldsl.passes.example import after
    >>> after(contract, '''
    ... %0 = input(kind=learn, name=x) : real[a=2, dim=3]
    ... %1 = input(kind=learn, name=y) : real[c=4, dim=3]
    ... %2 = mul(%0, %1) : real[a=2, dim=3, c=4]
    ... %3 = reduce(%2; kind=sum, over=(dim)) : real[a=2, c=4]
    ... return s=%3
    ... ''')
    %0 = input(kind=learn, name=x) : real[a=2, dim=3]
    %1 = input(kind=learn, name=y) : real[c=4, dim=3]
    %2 = dot(%0, %1; over=(dim)) : real[a=2, c=4]
    return s=%2
    """
    return rebuild(function, graph, _rule)


def _rule(graph: Graph, node: Node) -> Node | None:
    if node.op == "dot":
        return regrouped(graph, node) or spread_dot(graph, node)
    if node.op == "norm":
        return length(graph, node)
    if node.op != "reduce" or node.attr("kind") != "sum" or not node.attr("over"):
        return None
    x = node.inputs[0]
    if x.op == "concat" and x.attr("axis") in node.attr("over"):
        return _parts(graph, node, x)
    if len(node.inputs) == 2 or node.dtype != "real":
        return None
    if x.op == "mul":
        return _product(graph, node, x)
    if x.op == "div" and not set(x.inputs[1].names) & set(node.attr("over")):
        total = graph.make("reduce", spread(graph, x.inputs[0], _over(node, x)), kind="sum", over=node.attr("over"))
        return graph.make("div", total, x.inputs[1], **marks(node)) if total.dtype == "real" else None
    return None


def _over(node: Node, x: Node) -> tuple[Axis, ...]:
    return tuple(x.axis(name) for name in node.attr("over"))


# ---- sums of products


def _product(graph: Graph, node: Node, x: Node) -> Node | None:
    over = set(node.attr("over"))
    parts = factors(graph, x)
    outside = [each for each in parts if not over & set(each.names)]
    inside = [each for each in parts if over & set(each.names)]
    if not inside:
        return None
    core = contracted(graph, node, inside)
    if core is None:
        if not outside:
            return None
        rest = spread(graph, multiplied(graph, inside), _over(node, x))
        core = graph.make("reduce", rest, kind="sum", over=node.attr("over"))
    return multiplied(graph, [core, *outside], node)


# ---- sums of joined rows


def _parts(graph: Graph, node: Node, x: Node) -> Node | None:
    """The sum over joined parts as the sum of their sums; each part takes its stretch of the mask."""
    name = x.attr("axis")
    if x.dtype != node.dtype or any(each.dtype != x.dtype or each.axis(name).size is None for each in x.inputs):
        return None
    over, start = node.attr("over"), 0
    total: Node | None = None
    for each in x.inputs:
        size = each.axis(name).size or 0
        inputs = [spread(graph, each, (axis for axis in x.axes if axis.name != name))]
        for mask in node.inputs[1:]:
            carried = name in mask.names
            inputs.append(graph.make("slice", mask, axis=name, start=start, stop=start + size) if carried else mask)
        start += size
        part = graph.make("reduce", *inputs, kind="sum", over=over, span=node.span)
        total = part if total is None else graph.make("add", total, part, span=node.span)
    if total is None or set(total.axes) != set(union(node.axes)):
        return None
    return total
