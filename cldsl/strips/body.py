"""The body of a visit: the part of a function that gives some of its values, over one strip of rows.

Input: an assignment, a visit's number, what it gives, the height of a strip. Output: the body as a function over new
leaves, and what each leaf stands for. Values of the visit, and large values of earlier ones, are computed in it; small
ones are inputs, cut along rows where they meet rows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from cldsl.graph.nodes import Axis, Function, Graph, Node, topological, union
from cldsl.passes.constants import closed
from cldsl.passes.rewrite import ordered, spread
from cldsl.strips.assign import Assignment, Inside, Outside, seed_rows
from cldsl.strips.local import Rows
from cldsl.strips.naming import word

#: What a pairwise operator is with its operands exchanged.
_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"} | {
    op: op for op in ("eq", "ne", "and", "or", "add", "mul")
}
#: An input of the body: a node, and along which axis it is cut (None: whole).
Key = tuple[Node, Rows | None]


def interior(
    found: Assignment, visit: int, gives: Sequence[Node], large: Collection[Node]
) -> tuple[list[Node], list[Key]]:
    """Nodes that the body computes, inputs first, and its inputs in order of first use."""
    own: dict[Node, None] = {}
    keys: dict[Key, None] = {}
    done: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(gives)]
    while stack:
        node, ready = stack.pop()
        if ready:
            own[node] = None
            continue
        if node in done:
            continue
        done.add(node)
        stack.append((node, True))
        rows = rows_of(found, node)
        for each in reversed(node.inputs):
            if inside(found, each, visit, large):
                stack.append((each, False))
        for key in _keys(found, node, rows, visit, large):
            keys[key] = None
    return list(own), list(keys)


def inside(found: Assignment, node: Node, visit: int, large: Collection[Node]) -> bool:
    """Whether the body of a visit computes a node: its own values, and large ones of earlier visits anew."""
    state = found.states.get(node)
    if isinstance(state, Inside):
        return state.visit == visit or node in large
    return isinstance(state, Outside) and state.how is not None and state.after == visit


def rows_of(found: Assignment, node: Node) -> Rows | None:
    """Along which axis the inputs of a node have their rows; None of a sum, whose inputs may have none."""
    states = [found.states.get(each) for each in node.inputs]
    for state in states:
        if isinstance(state, Inside):
            return state.rows
    if any(
        isinstance(state, Outside) and state.how == "sum" and state.after == _number(found, node) for state in states
    ):
        return None
    return seed_rows(found.axis, node)


def _number(found: Assignment, node: Node) -> int:
    state = found.states[node]
    return state.visit if isinstance(state, Inside) else state.after


def _keys(found: Assignment, node: Node, rows: Rows | None, visit: int, large: Collection[Node]) -> list[Key]:
    result = []
    for each in node.inputs:
        if inside(found, each, visit, large) or closed_number(each):
            continue
        cut = rows is not None and rows.axis in each.names and not _taken_whole(node, each, rows)
        result.append((each, rows if cut else None))
    return result


def _taken_whole(node: Node, each: Node, rows: Rows) -> bool:
    return node.op == "gather" and each is node.inputs[0] and node.attr("axis") == rows.axis


def closed_number(node: Node) -> bool:
    """Arithmetic of constants: written in the body again."""
    return not node.axes and node in closed([node]) and all(each.op != "table" for each in topological([node]))


@dataclass(frozen=True)
class Made:
    """A body: its leaves by key, which rows count, the number of its first base row, what it reads of the first visit."""

    body: Function
    leaves: dict[Key, Node]
    valid: Node | None
    start: Node | None
    kept: dict[Node, Node]


@dataclass
class _Strip:
    """A body under way: `places` of extremes beside what is made."""

    leaves: Mapping[Key, Node]
    valid: Node | None
    start: Node | None
    kept: Mapping[Node, Node]
    extremes: frozenset[Node]
    #: nodes that others of the body take
    read: frozenset[Node]
    made: dict[Node, Node] = field(default_factory=dict)
    places: dict[Node, Node] = field(default_factory=dict)


@dataclass
class Bodies:
    """Makes the bodies of one visit over strips of `height` base rows. unit: base rows are `unit` rows of the axis."""

    found: Assignment
    visit: int
    large: Collection[Node]
    height: int
    unit: Fraction
    graph: Graph = field(default_factory=Graph)

    def make(
        self, name: str, gives: Sequence[Node], valid: bool, extremes: Sequence[Node], saved: Mapping[Node, str]
    ) -> Made:
        """The body.

        extremes: of the results, maxima and minima over rows that have a gradient: where each stands is a further
        result. saved: what the visit that takes gradients reads of the first one, by the name of its output: logarithms of
        sums, with which it weighs, and places of extremes.
        """
        nodes, keys = interior(self.found, self.visit, gives, self.large)
        taken: set[str] = set()
        leaves = {key: self._leaf(key, taken) for key in keys}
        flag = start = None
        if valid:
            flag = self.graph.leaf("input", (Axis("strip_row", self.height),), "bool", kind="strip", name="valid")
        if extremes:
            start = self.graph.leaf("input", (), "int", kind="strip", name="start")
        kept = {
            node: self.graph.leaf(
                "input",
                self._strip_axes(node),
                "int" if node in extremes else "real",
                kind="strip",
                name=word(name_, taken),
            )
            for node, name_ in saved.items()
        }
        strip = _Strip(leaves, flag, start, kept, frozenset(extremes), frozenset(i for n in nodes for i in n.inputs))
        for node in nodes:
            strip.made[node] = self._cloned(node, strip)
        results = [ordered(self.graph, strip.made[node], self._strip_axes(node)) for node in gives]
        results += [
            ordered(self.graph, at, node.axes) for node in extremes if (at := strip.places.get(node)) is not None
        ]
        body = Function(name, tuple((f"out_{i}", node) for i, node in enumerate(results)))
        return Made(body, leaves, flag, start, kept)

    def _leaf(self, key: Key, taken: set[str]) -> Node:
        node, rows = key
        axes = tuple(
            Axis(axis.name, self._count(rows)) if rows is not None and axis.name == rows.axis else axis
            for axis in node.axes
        )
        return self.graph.leaf("input", axes, node.dtype, node.span, "", kind="strip", name=word(_called(node), taken))

    def _strip_axes(self, node: Node) -> tuple[Axis, ...]:
        """The axes of one strip of a result."""
        state = self.found.states[node]
        if not isinstance(state, Inside):
            return node.axes
        own = state.rows
        return tuple(Axis(axis.name, self._count(own)) if axis.name == own.axis else axis for axis in node.axes)

    def _count(self, rows: Rows) -> int:
        return int(rows.per * self.unit) * self.height

    def _cloned(self, node: Node, strip: _Strip) -> Node:
        rows = rows_of(self.found, node)
        parts = []
        for each in node.inputs:
            if each in strip.made:
                parts.append(strip.made[each])
            elif closed_number(each):
                parts.append(self._number(each))
            else:
                cut = rows is not None and rows.axis in each.names and not _taken_whole(node, each, rows)
                parts.append(strip.leaves[each, rows if cut else None])
        state = self.found.states[node]
        attrs = dict(node.attrs)
        marks: dict[str, Any] = {"span": node.span, "label": node.label}
        if isinstance(state, Outside) and rows is not None and self._gathers(node, rows):
            return self._gathered(node, rows, parts, attrs, strip, marks)
        if isinstance(state, Inside):
            self._resize(node, rows, attrs)
        if node in strip.kept:
            weighed = self._weighed(node, parts, strip.kept[node], marks)
            return self._valued(weighed, strip.kept[node]) if node in strip.read else weighed
        if isinstance(state, Inside) and len(parts) == 2:
            return self._rows_first(node.op, state.rows.axis, parts, marks, attrs)
        return self.graph.make(node.op, *parts, **marks, **attrs)

    def _rows_first(self, op: str, rows: str, parts: list[Node], marks: dict[str, Any], attrs: dict[str, Any]) -> Node:
        """The node with its rows as the first axis where its operands may change places: masks then lie as similarities
        do, and are read along with them."""
        made = self.graph.make(op, *parts, **marks, **attrs)
        mirrored = _MIRRORED.get(op)
        if mirrored is None or not made.names or made.names[0] == rows:
            return made
        turned = self.graph.make(mirrored, *reversed(parts), **marks, **attrs)
        return turned if turned.names[0] == rows else made

    def _gathers(self, node: Node, rows: Rows) -> bool:
        return node.op in ("reduce", "dot") and rows.axis in node.attr("over")

    def _number(self, node: Node) -> Node:
        made: dict[Node, Node] = {}
        for each in topological([node]):
            made[each] = self.graph.again(each, tuple(made[i] for i in each.inputs))
        return made[node]

    def _resize(self, node: Node, rows: Rows | None, attrs: dict[str, Any]) -> None:
        """Attributes that carry the size of an axis of rows."""
        state = self.found.states[node]
        assert isinstance(state, Inside) and rows is not None
        own = Axis(state.rows.axis, self._count(state.rows))
        if node.op == "expand" and node.attr("axis").name == own.name:
            attrs["axis"] = own
        if node.op == "merge" and rows.axis in node.attr("old"):
            attrs["new"] = own
        if node.op == "split" and node.attr("old") == rows.axis:
            attrs["new"] = (own, *node.attr("new")[1:])

    def _gathered(
        self, node: Node, rows: Rows, parts: list[Node], attrs: dict[str, Any], strip: _Strip, marks: dict[str, Any]
    ) -> Node:
        """A reduction over rows, of one strip."""
        graph = self.graph
        if strip.valid is not None:
            valid = self._spread(strip.valid, rows)
            if node.op == "dot":
                parts[0] = graph.make("where", valid, parts[0], graph.const(0.0))
            elif len(parts) == 2:
                parts[1] = graph.make("and", parts[1], valid)
            else:
                parts.append(valid)
        if node.op == "dot":
            return graph.make("dot", *parts, **marks, **attrs)
        kind = node.attr("kind")
        if kind == "mean":
            total = graph.make("reduce", *parts, kind="sum", over=node.attr("over"))
            count = math.prod(axis.size or 1 for axis in node.inputs[0].axes if axis.name in node.attr("over"))
            return graph.make("div", total, graph.const(float(count)), **marks)
        if kind == "logsumexp" and node in strip.kept:
            return self._weighed(node, parts, strip.kept[node], marks)
        if node in strip.extremes:
            places = self._numbered(node, rows, strip)
            if node in strip.kept:
                return self._picked(node, parts, places, strip.kept[node], marks)
            strip.places[node] = self._place(node, parts, places)
        if kind in ("max", "min") and len(parts) == 2:
            fill = graph.const(-math.inf if kind == "max" else math.inf)
            return graph.make("reduce", graph.make("where", parts[1], parts[0], fill), **marks, **attrs)
        return graph.make("reduce", *parts, **marks, **attrs)

    def _weighed(self, node: Node, parts: list[Node], total: Node, marks: dict[str, Any]) -> Node:
        """Of log sum exp, what has its gradient: the sum of exp(x - the whole), the whole as a constant."""
        graph = self.graph
        safe = graph.make("where", graph.make("isfinite", total), total, graph.const(0.0))
        apart = graph.make("sub", parts[0], graph.make("stop", safe))
        if len(parts) == 2:  # what is absent may be far above the whole: its exponential would be infinite
            apart = graph.make("where", parts[1], apart, graph.const(0.0))
        share = graph.make("exp", apart)
        return graph.make("reduce", share, *parts[1:], kind="sum", over=node.attr("over"), **marks)

    def _valued(self, weighed: Node, total: Node) -> Node:
        """The whole as its value, for what the body makes of it, with the gradient of the weighed sum."""
        graph = self.graph
        change = graph.make("sub", weighed, graph.make("stop", weighed))
        return graph.make("add", graph.make("stop", total), change)

    def _numbered(self, node: Node, rows: Rows, strip: _Strip) -> Node:
        """A number for each entry that a reduction ranges over, in the order in which ties are broken."""
        graph, total, stride = self.graph, None, 1
        assert strip.start is not None
        for axis in reversed(_reduced_axes(node)):
            own = axis
            if axis.name == rows.axis:
                own = Axis(axis.name, self._count(rows))
            index = graph.leaf("iota", (own,), "int", axis=own.name)
            if axis.name == rows.axis:
                per = graph.const(int(rows.per * self.unit))
                index = graph.make("add", index, graph.make("mul", strip.start, per))
            part = graph.make("mul", index, graph.const(stride))
            total = part if total is None else graph.make("add", part, total)
            stride *= axis.size or 1
        assert total is not None
        return total

    def _place(self, node: Node, parts: Sequence[Node], places: Node) -> Node:
        """The number of the first of the largest (smallest) entries of a strip."""
        graph = self.graph
        names = tuple(axis.name for axis in _reduced_axes(node))
        flat = Axis("strip_entry", math.prod(axis.size or 1 for axis in places.axes))

        def joined(x: Node) -> Node:
            return graph.make("merge", spread(graph, x, places.axes), old=names, new=flat)

        value = parts[0] if node.attr("kind") == "max" else graph.make("neg", parts[0])
        at = graph.make("argmax", joined(value), *(joined(each) for each in parts[1:]), axis=flat.name)
        return graph.make("gather", joined(places), at, axis=flat.name)

    def _picked(self, node: Node, parts: Sequence[Node], places: Node, at: Node, marks: dict[str, Any]) -> Node:
        """Of an extreme over all rows, what has its gradient: the entry at its place."""
        graph = self.graph
        mask = graph.make("eq", places, at)
        if len(parts) == 2:
            mask = graph.make("and", mask, parts[1])
        return graph.make("reduce", parts[0], mask, kind="sum", over=node.attr("over"), **marks)

    def _spread(self, flag: Node, rows: Rows) -> Node:
        """Which rows count, along an axis with several rows for each base row."""
        graph, per = self.graph, int(rows.per * self.unit)
        if per == 1:
            return graph.make("rename", flag, pairs=(("strip_row", rows.axis),))
        wide = graph.make("expand", flag, axis=Axis("strip_per", per))
        return graph.make("merge", wide, old=("strip_row", "strip_per"), new=Axis(rows.axis, per * self.height))


def _reduced_axes(node: Node) -> list[Axis]:
    """The axes of a reduction, the first slowest."""
    return [axis for axis in union(*(each.axes for each in node.inputs)) if axis.name in node.attr("over")]


def _called(node: Node) -> str:
    """A name for an input: the spec's, that of what it renames, or what it is."""
    while not node.label and node.op in ("rename", "merge", "split", "expand", "stop", "unit", "cast") and node.inputs:
        node = node.inputs[0]
    if node.label:
        return node.label
    if node.op == "input":
        return str(node.attr("name")).partition("@")[0]
    if node.op == "iota":
        return f"{node.axes[0].name}_index"
    return {"gather": "chosen", "call": "out", "reduce": "total", "dot": "similarity"}.get(node.op, "value")
