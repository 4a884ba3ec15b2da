"""Equal expressions of one pair have one value: a product of rows that a `top` ranked by that product is picked out of it.

Input: the two sides of a `dot`, one of them rows picked by a `topk` node. Output: the picked entries of the ranking's own
product, or None where the ranking is by something else. A threshold taken from a ranking then compares exactly.
"""

from __future__ import annotations

from cldsl.graph.nodes import Graph, Node


def product_of_picked(graph: Graph, rows: Node, other: Node, over: tuple[str, ...]) -> Node | None:
    """dot(picked rows, other) as picked entries of dot(all rows, other), where the rows were ranked by it."""
    if rows.op == "rename":
        inner = product_of_picked(graph, rows.inputs[0], other, over)
        pairs = () if inner is None else tuple((old, new) for old, new in rows.attr("pairs") if old in inner.names)
        return graph.make("rename", inner, pairs=pairs) if inner is not None and pairs else inner
    if rows.op != "gather" or rows.inputs[1].op != "topk":
        return None
    (every, index), axis = rows.inputs, rows.attr("axis")
    ranking = _ranking(index)
    if ranking is None or ranking[0].op != "dot" or ranking[0].attr("over") != over:
        return None
    product, pool = ranking
    for mine, theirs in (product.inputs, product.inputs[::-1]):
        if theirs is other and _same_but(mine, pool, every, axis):
            named = product if pool == axis else graph.make("rename", product, pairs=((pool, axis),))
            return graph.make("gather", named, index, axis=axis)
    return None


def _ranking(index: Node) -> tuple[Node, str] | None:
    """What a topk ranks by, without its wrapping, and the name its rows have in it."""
    node, pool = index.inputs[0], str(index.attr("axis"))
    while node.op in ("stop", "cast", "expand", "rename"):
        if node.op == "rename":
            pool = next((old for old, new in node.attr("pairs") if new == pool), pool)
        node = node.inputs[0]
    return (node, pool) if pool in node.names else None


def _same_but(left: Node, left_axis: str, right: Node, right_axis: str) -> bool:
    """Whether two nodes are one up to the name of one axis."""
    left_root, left_names = _root(left)
    right_root, right_names = _root(right)
    if left_root is not right_root:
        return False
    return all(
        left_names[axis] == right_names[axis] or (left_names[axis] == left_axis and right_names[axis] == right_axis)
        for axis in left_root.names
    )


def _root(node: Node) -> tuple[Node, dict[str, str]]:
    """A node under its renames, and what its axes are called at the end."""
    chain = []
    while node.op == "rename":
        chain.append(dict(node.attr("pairs")))
        node = node.inputs[0]
    names = {axis: axis for axis in node.names}
    for pairs in reversed(chain):
        names = {axis: pairs.get(name, name) for axis, name in names.items()}
    return node, names
