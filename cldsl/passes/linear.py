"""Inner products are linear: a dot with a mix of rows is the mix of the dots.

Input: a dot. Output: the sum of dots with the rows that are mixed, where the mix has more axes than each of them
(mixtures of pairs of rows), or None. The mixed vectors are then never made.
"""

from __future__ import annotations

from cldsl.graph.nodes import Graph, GraphError, Node
from cldsl.passes.rewrite import elements, marks, spread

#: A mix of more terms is left as it is.
TERMS = 4

_ARITHMETIC = frozenset({"add", "sub", "neg", "mul", "div"})

#: (sign, (operator, coefficient without the summed axes) ..., rows)
Term = tuple[int, tuple[tuple[str, Node], ...], Node]


def spread_dot(graph: Graph, node: Node) -> Node | None:
    """dot(x, l u + m v) as l dot(x, u) + m dot(x, v), where that is smaller; through renames and merges of the mix."""
    for place in (0, 1):
        other, mix = node.inputs[1 - place], node.inputs[place]
        moves: list[Node] = []
        mix = inward(graph, mix)
        while mix.op in ("rename", "merge") and _apart(mix, other, node):
            moves.append(mix)
            mix = inward(graph, mix.inputs[0])
        terms = _terms(graph, mix, set(node.attr("over"))) if mix.op in _ARITHMETIC else None
        if terms is None or not _smaller(mix, terms):
            continue
        made = _mixed(graph, node, other, mix, terms)
        for move in reversed(moves):
            carried = [axis for axis in move.inputs[0].axes if axis.name not in node.attr("over")]
            made = graph.again(move, (spread(graph, made, carried),))
        return made
    return None


def _apart(move: Node, other: Node, node: Node) -> bool:
    """Whether a move of the mix's axes has nothing to do with the other operand, so that it may follow the dot."""
    if move.op == "rename":
        named = {name for pair in move.attr("pairs") for name in pair}
    else:
        named = {*move.attr("old"), move.attr("new").name}
    return not named & {*other.names, *node.attr("over")}


def _mixed(graph: Graph, node: Node, other: Node, mix: Node, terms: list[Term]) -> Node:
    over = node.attr("over")
    total: Node | None = None
    for sign, factors, rows in terms:
        part = graph.make(
            "dot", other, spread(graph, rows, (mix.axis(name) for name in over)), over=over, span=node.span
        )
        for op, factor in factors:
            part = graph.make(op, part, factor)
        if total is None:
            total = part if sign > 0 else graph.make("neg", part)
        else:
            total = graph.make("add" if sign > 0 else "sub", total, part, **marks(node))
    if total is None:
        raise GraphError("a mix without terms")
    return total


def _terms(graph: Graph, mix: Node, over: set[str]) -> list[Term] | None:
    """The mix as a sum of coefficients times rows; None where it has too many terms or is nothing of the kind."""
    found: list[Term] = []
    work: list[Term] = [(1, (), mix)]
    while work:
        sign, factors, node = work.pop()
        if len(found) + len(work) >= TERMS:
            return None
        node = inward(graph, node)
        if node.op in ("add", "sub") and node.dtype == "real":
            work.append((sign if node.op == "add" else -sign, factors, node.inputs[1]))
            work.append((sign, factors, node.inputs[0]))
        elif node.op == "neg":
            work.append((-sign, factors, node.inputs[0]))
        elif (split := _scaled(node, over)) is not None:
            work.append((sign, ((node.op, split[0]), *factors), split[1]))
        else:
            found.append((sign, factors, node))
    return found if all(over <= set(rows.names) for _, _, rows in found) else None


def inward(graph: Graph, node: Node) -> Node:
    """A rename or a stop of arithmetic as arithmetic of renames or stops; a stop of moved entries as moved stops."""
    while node.op in ("rename", "stop"):
        inner = node.inputs[0]
        if inner.op not in _ARITHMETIC and not (node.op == "stop" and inner.op in ("rename", "merge")):
            break
        node = graph.again(inner, tuple(_applied(graph, node, each) for each in inner.inputs))
        if node.op in _ARITHMETIC:
            break
    return node


def _applied(graph: Graph, move: Node, part: Node) -> Node:
    if move.op == "stop":
        return graph.make("stop", part)
    pairs = tuple(pair for pair in move.attr("pairs") if pair[0] in part.names)
    return graph.make("rename", part, pairs=pairs) if pairs else part


def _scaled(node: Node, over: set[str]) -> tuple[Node, Node] | None:
    """The coefficient and the rows of a product or quotient."""
    if node.op == "mul":
        sides = [node.inputs, node.inputs[::-1]]
    elif node.op == "div":
        sides = [node.inputs[::-1]]
    else:
        return None
    for factor, rest in sides:
        if not over & set(factor.names) and over <= set(rest.names):
            return factor, rest
    return None


def _smaller(mix: Node, terms: list[Term]) -> bool:
    """Whether all rows together have at most half the entries of the mix."""
    whole = elements(mix.axes)
    parts = [elements(rows.axes) for _, _, rows in terms]
    if whole is None or any(part is None for part in parts):
        return False
    return sum(part for part in parts if part is not None) * 2 <= whole
