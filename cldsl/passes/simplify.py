"""Arithmetic with a known outcome is done now, and axes are spread as late as possible.

Input: a function. Output: an equal one with fewer nodes or smaller ones: folded constants, no neutral operands, no
mask that is true everywhere, no stand-in for entries that the reduction's mask skips, one rename for several. It does
not use that 0 x = 0, which an infinity denies, and does not fold the clock.
"""

from __future__ import annotations

from collections.abc import Callable

from cldsl.graph.nodes import POINTWISE, Axis, Function, Graph, Node
from cldsl.passes.folding import folded
from cldsl.passes.rewrite import conjuncts, constant, marks, rebuild, spread


def simplify(function: Function, graph: Graph) -> Function:
    """Every node in its simplest form.

    >>> from cldsl.passes.example import after
    >>> after(simplify, '''
    ... %0 = input(kind=learn, name=x) : real[a=2]
    ... %1 = const(value=0.0) : real[]
    ... %2 = add(%0, %1) : real[a=2]
    ... %3 = neg(%2) : real[a=2]
    ... %4 = neg(%3) : real[a=2]
    ... return y=%4
    ... ''')
    %0 = input(kind=learn, name=x) : real[a=2]
    return y=%0
    """
    return rebuild(function, graph, _rule)


def _rule(graph: Graph, node: Node) -> Node | None:
    rules: tuple[Callable[[Graph, Node], Node | None], ...] = (_SHAPES[node.op],) if node.op in _SHAPES else ()
    if node.op in POINTWISE:
        rules = (folded, _LAWS[node.op], _later) if node.op in _LAWS else (folded, _later)
    for rule in rules:
        made = rule(graph, node)
        if made is not None and made is not node and made.dtype == node.dtype and set(made.axes) <= set(node.axes):
            return made
    return None


# ---- neutral operands


def _is(node: Node, value: float) -> bool:
    known = constant(node)
    return known is not None and not isinstance(known, bool) and known == value


def _add(graph: Graph, node: Node) -> Node | None:
    x, y = node.inputs
    if _is(y, 0):
        return x
    return y if _is(x, 0) and node.op == "add" else None


def _mul(graph: Graph, node: Node) -> Node | None:
    x, y = node.inputs
    if _is(y, 1):
        return x
    return y if _is(x, 1) and node.op == "mul" else None


def _pow(graph: Graph, node: Node) -> Node | None:
    return node.inputs[0] if _is(node.inputs[1], 1) else None


def _twice(graph: Graph, node: Node) -> Node | None:
    x = node.inputs[0]
    return x.inputs[0] if x.op == node.op else None


def _and_or(graph: Graph, node: Node) -> Node | None:
    x, y = node.inputs
    neutral = node.op == "and"
    for one, other in ((x, y), (y, x)):
        if one is other or constant(one) is neutral:
            return other
        if constant(one) is (not neutral):
            return one
    return None


def _where(graph: Graph, node: Node) -> Node | None:
    test, yes, no = node.inputs
    if yes is no or constant(test) is True:
        return yes
    return no if constant(test) is False else None


def _cast(graph: Graph, node: Node) -> Node | None:
    return node.inputs[0] if node.inputs[0].dtype == node.dtype else None


def _same(graph: Graph, node: Node) -> Node | None:
    """Equality of an index with itself."""
    if node.inputs[0] is node.inputs[1] and node.inputs[0].dtype != "real":
        return graph.const(node.op == "eq")
    return None


_LAWS: dict[str, Callable[[Graph, Node], Node | None]] = {
    "add": _add,
    "sub": _add,
    "mul": _mul,
    "div": _mul,
    "pow": _pow,
    "neg": _twice,
    "not": _twice,
    "and": _and_or,
    "or": _and_or,
    "where": _where,
    "cast": _cast,
    "eq": _same,
    "ne": _same,
}


# ---- axes as late as possible


def _later(graph: Graph, node: Node) -> Node | None:
    """Drop an operand's expansion along an axis that another operand has; move one that all need behind the
    operation.
    """
    inputs = list(node.inputs)
    for place, x in enumerate(inputs):
        if x.op != "expand":
            continue
        axis: Axis = x.attr("axis")
        others = [each for at, each in enumerate(inputs) if at != place]
        if any(axis in each.axes for each in others if each.op != "expand" or each.attr("axis") != axis):
            inputs[place] = x.inputs[0]
            return graph.again(node, tuple(inputs))
        carried = [each for each in others if axis.name in each.names]
        if all(each.op == "expand" and each.attr("axis") == axis for each in carried):
            bare = tuple(each.inputs[0] if axis.name in each.names else each for each in inputs)
            return graph.make("expand", graph.again(node, bare), axis=axis, **marks(node))
    return None


def _reduce(graph: Graph, node: Node) -> Node | None:
    x = node.inputs[0]
    over, kind = node.attr("over"), node.attr("kind")
    if len(node.inputs) == 2:
        mask = node.inputs[1]
        if constant(mask) is True:
            return graph.make("reduce", spread(graph, x, mask.axes), kind=kind, over=over, **marks(node))
        if x.op == "where" and x.inputs[0] in (mask, *conjuncts(mask)) and set(x.inputs[1].axes) <= set(x.axes):
            inner = spread(graph, x.inputs[1], x.axes)
            return (
                graph.make("reduce", inner, mask, kind=kind, over=over, **marks(node))
                if inner.dtype == x.dtype
                else None
            )
        return None
    if not over:
        return x
    if x.op == "expand" and x.attr("axis").name in over and kind in ("mean", "max", "min", "any", "all"):
        axis, rest = x.attr("axis"), tuple(name for name in over if name != x.attr("axis").name)
        if axis.size:
            return graph.make("reduce", x.inputs[0], kind=kind, over=rest, **marks(node))
    return None


def _rename(graph: Graph, node: Node) -> Node | None:
    x = node.inputs[0]
    pairs = tuple(sorted((old, new) for old, new in node.attr("pairs") if old != new))
    if not pairs:
        return x
    names = dict(pairs)
    if x.op == "rename":
        inner = dict(x.attr("pairs"))
        joined = {name: names.get(inner.get(name, name), inner.get(name, name)) for name in x.inputs[0].names}
        return graph.make("rename", x.inputs[0], pairs=tuple(sorted(joined.items())), **marks(node))
    if x.op == "expand":
        axis = x.attr("axis")
        rest = tuple(pair for pair in pairs if pair[0] != axis.name)
        inner_node = graph.make("rename", x.inputs[0], pairs=rest) if rest else x.inputs[0]
        return graph.make("expand", inner_node, axis=Axis(names.get(axis.name, axis.name), axis.size), **marks(node))
    if x.op == "iota":
        named = x.attr("axis")
        new = node.axes[0]
        return graph.leaf("iota", (new,), "int", node.span, axis=new.name if isinstance(named, str) else new)
    if x.op == "table":
        return graph.leaf("table", node.axes, node.dtype, node.span, values=x.attr("values"))
    if pairs != node.attr("pairs"):
        return graph.make("rename", x, pairs=pairs, **marks(node))
    return None


def _alike(graph: Graph, node: Node) -> Node | None:
    """A value that is one constant stays it wherever its entries are moved."""
    value = constant(node.inputs[0])
    return None if value is None else graph.leaf("const", (), node.dtype, node.span, value=value)


_SHAPES: dict[str, Callable[[Graph, Node], Node | None]] = {
    "reduce": _reduce,
    "rename": _rename,
    "merge": _alike,
    "split": _alike,
    "slice": _alike,
    "gather": _alike,
}
