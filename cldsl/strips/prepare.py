"""Before strips are looked for: the same function in a form that separates where it can.

Input: a function. Output: an equal one, in several forms. Masked means become a sum over a count, so that one over rows is
two sums. A renamed pairwise value is computed from renamed inputs: sharing it with the value under its old names would
have the rows of one axis meet those of another. A share or a balanced plan (Sinkhorn) becomes
its vectors. Axes whose size another axis of that name tells have it. Where nothing
is cut in the end, the function as it was is kept.
"""

from __future__ import annotations

from typing import Any

from cldsl.graph.nodes import POINTWISE, Axis, Function, Graph, Node, topological
from cldsl.passes.rewrite import finish, marks, rebuild

#: Through which operators renames are moved: none, what costs no product, or products as well, each then made anew; and
#: which normalisations are taken apart into vectors.
FORMS: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset({*POINTWISE, "bce", "expand"}),
    frozenset({*POINTWISE, "bce", "expand", "dot"}),
    frozenset({*POINTWISE, "bce", "expand", "dot", "softmax", "log_softmax", "sinkhorn"}),
)


def prepared(function: Function, graph: Graph, through: frozenset[str]) -> Function:
    def rule(graph: Graph, node: Node) -> Node | None:
        if node.op == "reduce" and node.attr("kind") == "mean" and len(node.inputs) == 2:
            return _quotient(graph, node)
        if node.op in through and node.op == "sinkhorn":
            return _potentials(graph, node)
        if node.op in through and node.op in ("softmax", "log_softmax"):
            return _normalised(graph, node)
        return _sunk(graph, node, through) if node.op == "rename" else None

    return rebuild(sized(function, graph), graph, rule)


def _quotient(graph: Graph, node: Node) -> Node:
    value, mask = node.inputs
    over = node.attr("over")
    total = graph.make("reduce", _real(graph, value), mask, kind="sum", over=over, **marks(node))
    for axis in value.axes:
        if axis.name not in mask.names and axis.name in over:
            mask = graph.make("expand", mask, axis=axis)
    count = graph.make("reduce", graph.make("cast", mask, to="int"), kind="sum", over=over)
    return graph.make("div", total, graph.make("maximum", count, graph.const(1)), **marks(node))


def _normalised(graph: Graph, node: Node) -> Node:
    """A (log-)softmax as its logits less the logarithm of their sum: over rows that sum is a pass of its own."""
    logits, *mask = node.inputs
    logits = _real(graph, logits)
    total = graph.make("reduce", logits, *mask, kind="logsumexp", over=node.attr("over"), span=node.span)
    total = graph.make("where", graph.make("isfinite", total), total, graph.const(0.0))
    made = graph.make("sub", logits, total)
    if mask:  # what is absent may be far above the sum: its exponential would be infinite
        made = graph.make("where", *mask, made, graph.const(0.0))
    if node.op == "softmax":
        made = graph.make("exp", made)
        made = made if not mask else graph.make("where", *mask, made, graph.const(0.0))
    return made


def _potentials(graph: Graph, node: Node) -> Node:
    """A balanced plan as exp of scores less a number for each entry of either axis: its vectors are passes over rows."""
    scores, *mask = node.inputs
    first, second = node.attr("axes")
    level = scores = _real(graph, scores)
    taken: dict[str, Node | None] = {first: None, second: None}
    for _ in range(node.attr("rounds")):
        for over in (second, first):
            total = graph.make("reduce", level, *mask, kind="logsumexp", over=(over,), span=node.span)
            total = graph.make("where", graph.make("isfinite", total), total, graph.const(0.0))
            known = taken[over]
            taken[over] = total if known is None else graph.make("add", known, total)
            level = scores
            for each in taken.values():
                level = level if each is None else graph.make("sub", level, each)
    share = graph.make("exp", level, **marks(node))
    return share if not mask else graph.make("where", *mask, share, graph.const(0.0))


def _real(graph: Graph, node: Node) -> Node:
    return node if node.dtype == "real" else graph.make("cast", node, to="real")


def _sunk(graph: Graph, node: Node, through: frozenset[str]) -> Node | None:
    """A renamed pairwise value from its renamed inputs."""
    (x,) = node.inputs
    pairs = dict(node.attr("pairs"))
    if len(x.axes) < 2 or not x.inputs or x.op not in through:
        return None
    attrs: dict[str, Any] = dict(x.attrs)
    if x.op == "dot" and set(x.attr("over")) & set(pairs.values()):
        return None
    if x.op == "expand":
        axis = attrs["axis"]
        attrs["axis"] = Axis(pairs.get(axis.name, axis.name), axis.size)
    parts = []
    for each in x.inputs:
        own = tuple((old, new) for old, new in node.attr("pairs") if old in each.names)
        kept = {name for name in each.names if name not in pairs} & {new for _, new in own}
        if kept:
            return None
        parts.append(graph.make("rename", each, pairs=own) if own else each)
    return graph.make(x.op, *parts, span=x.span, label=node.label, **attrs)


def sized(function: Function, graph: Graph) -> Function:
    """Axes of unknown size that share a name with one of known size."""
    order = topological(node for _, node in function.outputs)
    known: dict[str, set[int]] = {}
    for node in order:
        for axis in node.axes:
            if axis.size is not None:
                known.setdefault(axis.name, set()).add(axis.size)
    sizes = {name: next(iter(found)) for name, found in known.items() if len(found) == 1}
    made: dict[Node, Node] = {}
    for node in order:
        if not any(axis.size is None for axis in node.axes) and all(made[each] is each for each in node.inputs):
            made[node] = node
            continue
        attrs = {key: _with_sizes(value, sizes) for key, value in node.attrs}
        parts = [made[each] for each in node.inputs]
        if not parts:
            axes = tuple(_with_sizes(axis, sizes) for axis in node.axes)
            made[node] = graph.leaf(node.op, axes, node.dtype, node.span, node.label, **attrs)
        else:
            made[node] = graph.make(node.op, *parts, **marks(node), **attrs)
    return finish(function, graph, made)


def _with_sizes(value: Any, sizes: dict[str, int]) -> Any:
    if isinstance(value, Axis) and value.size is None:
        return Axis(value.name, sizes.get(value.name))
    if isinstance(value, tuple):
        return tuple(_with_sizes(each, sizes) for each in value)
    return value
