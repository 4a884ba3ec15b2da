"""A dot with a product of rows is a dot of the factors, regrouped so that no vector per pair is made.

Input: a dot with a product that has more axes than each of its factors (rows gated by rows of another axis) or with the
direction of such a product; the norm of one. Output: dots of the factors, or None. dot(y, x c) = dot(y x, c), the
direction is that over |x c|, and |x c|^2 = dot(x^2, c^2).
"""

from __future__ import annotations

from cldsl.graph.nodes import Graph, Node
from cldsl.passes.linear import inward
from cldsl.passes.rewrite import marks

#: A product of more factors is left as it is.
FACTORS = 16
#: What `unit` divides by at least (docs/language.md, section 7).
LEAST = 1e-12


def factors(graph: Graph, x: Node) -> list[Node]:
    """The operands of a product of products, at most FACTORS; stops and renames of products are taken apart."""
    found: list[Node] = []
    work = [x]
    while work:
        node = work.pop()
        moved = inward(graph, node)
        node = moved if moved.op == "mul" else node
        if node.op == "mul" and node.dtype == "real" and len(found) + len(work) < FACTORS:
            work.extend(reversed(node.inputs))
        else:
            found.append(node)
    return found


def multiplied(graph: Graph, each: list[Node], node: Node | None = None) -> Node:
    """The product, one after the other; the last carries the marks of what it replaces."""
    made = each[0]
    for place, factor in enumerate(each[1:], 2):
        named = marks(node) if node is not None and place == len(each) else {}
        made = graph.make("mul", made, factor, **named)
    return made


def contracted(graph: Graph, node: Node, inside: list[Node]) -> Node | None:
    """The sum of the product of `inside` over the axes of `node` as a dot of two groups of factors neither of which has
    all axes of the product; None where there are no such groups.
    """
    every = set().union(*(each.names for each in inside))
    over = set(node.attr("over"))
    left = max(inside, key=lambda each: len(each.axes))
    if set(left.names) == every:
        return None
    lefts = [each for each in inside if set(each.names) <= set(left.names)]
    rights = [each for each in inside if each not in lefts]
    right_names = set().union(*(each.names for each in rights))
    if right_names == every or not (over <= right_names and over <= set(left.names)):
        return None
    return graph.make("dot", multiplied(graph, lefts), multiplied(graph, rights), over=node.attr("over"), **marks(node))


def regrouped(graph: Graph, node: Node) -> Node | None:
    """A dot with a product of pairs, or with the direction of one."""
    for place in (0, 1):
        x, other = node.inputs[place], node.inputs[1 - place]
        if _of_pairs(graph, x, node):
            return _dot(graph, node, [*factors(graph, other), *factors(graph, x)])
        if x.op == "unit" and x.attr("over") == node.attr("over") and _of_pairs(graph, x.inputs[0], node):
            return _along(graph, node, other, factors(graph, x.inputs[0]))
    return None


def length(graph: Graph, node: Node) -> Node | None:
    """The norm of a product of pairs."""
    if not _of_pairs(graph, node.inputs[0], node):
        return None
    square = _square(graph, node, factors(graph, node.inputs[0]))
    return None if square is None else _where_any(graph, square, _root(graph, square), node)


def _of_pairs(graph: Graph, x: Node, node: Node) -> bool:
    """Whether x is a product that has more axes than each of its factors."""
    parts = factors(graph, x)
    return len(parts) > 1 and all(set(part.names) < set(x.names) for part in parts)


def _dot(graph: Graph, node: Node, parts: list[Node]) -> Node | None:
    """The sum of the product over the axes of `node`, what does not vary along them behind it."""
    over = set(node.attr("over"))
    inside = [each for each in parts if over & set(each.names)]
    outside = [each for each in parts if not over & set(each.names)]
    core = contracted(graph, node, inside)
    if core is None and outside and all(over <= set(each.names) for each in inside):
        core = graph.make("dot", inside[0], multiplied(graph, inside[1:]), over=node.attr("over"), span=node.span)
    made = None if core is None else multiplied(graph, [core, *outside], node)
    return made if made is not None and made.dtype == node.dtype else None


def _along(graph: Graph, node: Node, other: Node, parts: list[Node]) -> Node | None:
    made = _dot(graph, node, [*factors(graph, other), *parts])
    square = _square(graph, node, parts)
    if made is None or square is None:
        return None
    root = graph.make("maximum", _root(graph, square), graph.const(LEAST))
    return _where_any(graph, square, graph.make("div", made, root, **marks(node)), node)


def _square(graph: Graph, node: Node, parts: list[Node]) -> Node | None:
    return _dot(graph, node, [*parts, *parts])


def _root(graph: Graph, square: Node) -> Node:
    """The root; of 1 where the square is 0, so that the gradient is a number."""
    zero = graph.make("eq", square, graph.const(0.0))
    return graph.make("sqrt", graph.make("where", zero, graph.const(1.0), square))


def _where_any(graph: Graph, square: Node, made: Node, node: Node) -> Node:
    """`made`, and 0 with no gradient where all products are 0."""
    zero = graph.make("eq", square, graph.const(0.0))
    return graph.make("where", zero, graph.const(0.0), made, **marks(node))
