"""A shrunken copy of a problem in pure Python: the value of a mask at a place, where it does not depend on data.

Input: nodes of a graph and the size to which long axes are cut. Output: values by place, UNKNOWN where data decide. Raises Undecided
where the question takes too much work. An index of a cut axis against a number beyond the cut is unknown too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cldsl.elaborate.folding import FOLD
from cldsl.graph.nodes import COMPARISONS, Node, topological

_LONG = 5
_SCALED = COMPARISONS | {"add", "sub", "mul", "div", "mod", "maximum", "minimum"}
_BUDGET = 20_000
#: What a comparison of one thing with itself gives; an order that includes equality is not told.
_OF_EQUALS = {"eq": True, "ne": False, "lt": False, "gt": False}

_Rule = Callable[[Mapping[str, int]], Any]


class _Unknown:
    def __repr__(self) -> str:
        return "?"


UNKNOWN = _Unknown()


class Undecided(Exception):
    """The question cannot be answered on a small copy: too much work, or an axis that is not known."""


class _Sizes(dict[str, int]):
    def __missing__(self, name: str) -> int:
        raise Undecided(name)


class Miniature:
    """The values of nodes on a shrunken copy: sizes of long axes replaced by `cut`."""

    def __init__(self, outputs: list[Node], cut: int) -> None:
        self.cut = cut
        self.sizes: dict[str, int] = _Sizes()
        self.cut_short: dict[str, int | None] = {}
        #: of each node that was met: its axes, its rule, its value by place
        self.known: dict[Node, tuple[tuple[str, ...], _Rule, dict[tuple[int, ...], Any]]] = {}
        self.work = 0
        nodes = topological(outputs)
        made = {name for node in nodes for name in _made_axes(node)}
        for node in nodes:
            for axis in node.axes:
                if axis.name not in made:
                    short = axis.size is not None and axis.size <= _LONG
                    self.sizes[axis.name] = axis.size if short and axis.size is not None else self.cut
                    if not short:
                        self.cut_short[axis.name] = axis.size
        self.laid_out = self._lay_out(nodes)
        self.counting = self._counting(nodes)
        for _ in range(2):  # an index along a merged axis may come before the merge that gives its size
            for node in nodes:
                self._learn(node)

    def _lay_out(self, nodes: list[Node]) -> tuple[int, int, int] | None:
        """Batches that all lie alike (a sampler's): few indices, of each at most two rows in either part."""
        for node in nodes:
            layout = dict(node.attrs).get("layout") if node.op == "input" else None
            if layout is not None:
                axis, size, first, second = layout
                kept, first, second = min(size, self.cut), min(first, 2), min(second, 2)
                self.sizes |= {axis: kept, node.names[0]: kept * (first + second)}
                self.cut_short |= {axis: size, node.names[0]: node.axes[0].size}
                return kept, first, second
        return None

    def _counting(self, nodes: list[Node]) -> set[Node]:
        """Nodes that hold an index along an axis that was cut: a number they are compared with may lie beyond the cut."""
        found: set[Node] = set()
        for node in nodes:
            own = (node.op == "iota" and node.attr("axis") in self.cut_short) or (
                node.op == "input" and node.attr("name") == "id"
            )
            if node.dtype != "bool" and (own or any(each in found for each in node.inputs)):
                found.add(node)
        return found

    def _learn(self, node: Node) -> None:
        if node.op == "merge":
            size = 1
            for name in node.attr("old"):
                size *= self.sizes.get(name, 1)
            self.sizes[node.attr("new").name] = size
        elif node.op == "rename":
            for old, new in node.attr("pairs"):
                if old in self.sizes:
                    self.sizes[new] = self.sizes[old]
        elif node.op in ("slice", "concat"):
            for axis in node.axes:
                if axis.size is not None:
                    self.sizes[axis.name] = axis.size

    def at(self, node: Node, where: Mapping[str, int]) -> Any:
        known = self.known.get(node)
        if known is None:
            known = self.known[node] = (node.names, self._rule(node), {})
        names, rule, values = known
        try:
            place = tuple([where[name] for name in names])
        except KeyError as error:
            raise Undecided from error
        if place not in values:
            self.work += 1
            if self.work > _BUDGET:
                raise Undecided
            try:
                values[place] = rule(where)
            except RecursionError as error:
                raise Undecided from error
        return values[place]

    def _rule(self, node: Node) -> _Rule:
        """How the node's value comes from its inputs'; what does not depend on the place is settled here, once."""
        op, at, inputs = node.op, self.at, node.inputs
        if op == "const":
            constant = node.attr("value")
            return lambda where: constant
        if op == "iota":
            axis = node.attr("axis")
            return lambda where: where[axis]
        if op == "input":
            return self._input(node)
        if op in ("expand", "stop"):
            return lambda where: at(inputs[0], where)
        if op == "rename":
            back = {new: old for old, new in node.attr("pairs")}
            renamed = [(back.get(name, name), name) for name in node.names]
            return lambda where: at(inputs[0], {old: where[new] for old, new in renamed})
        if op == "merge":
            return lambda where: at(inputs[0], self._unmerged(node, where))
        if op == "split":
            return self._split(node)
        if op == "slice":
            name, start = node.attr("axis"), node.attr("start")
            return lambda where: at(inputs[0], {**where, name: where[name] + start})
        if op == "reduce" and node.attr("kind") in ("any", "all", "sum"):
            return self._reduce(node)
        if op == "gather":
            return lambda where: self._gather(node, where)
        if op == "where":
            return lambda where: self._chosen(node, where)
        if op == "cast":
            return self._cast(node)
        if op in ("and", "or"):
            return self._logic(node)
        return self._pointwise(node)

    def _input(self, node: Node) -> _Rule:
        name, names = node.attr("name"), node.names
        if name == "id" and node.attr("kind") == "column":
            # by definition the row's number; where the axis it points to is cut, within the cut
            return lambda where: where[names[0]] % self.cut if self.cut_short else where[names[0]]
        if self.laid_out is not None and "layout" in dict(node.attrs):
            kept, first, second = self.laid_out
            if node.dtype == "bool":
                return lambda where: where[names[0]] < kept * first
            return lambda where: (
                where[names[0]] // first
                if where[names[0]] < kept * first
                else (where[names[0]] - kept * first) // second
            )
        return lambda where: ("token", name, tuple(where[axis] for axis in names))

    def _unmerged(self, node: Node, where: Mapping[str, int]) -> dict[str, int]:
        new = node.attr("new").name
        rest = where[new]
        inner = {name: place for name, place in where.items() if name != new}
        for name in reversed(node.attr("old")):
            rest, inner[name] = divmod(rest, self.sizes[name])
        return inner

    def _split(self, node: Node) -> _Rule:
        old, new = node.attr("old"), [(axis.name, self.sizes[axis.name]) for axis in node.attr("new")]

        def rule(where: Mapping[str, int]) -> Any:
            place = 0
            for name, size in new:
                place = place * size + where[name]
            return self.at(node.inputs[0], {**where, old: place})

        return rule

    def _chosen(self, node: Node, where: Mapping[str, int]) -> Any:
        test = self.at(node.inputs[0], where)
        return UNKNOWN if test is UNKNOWN else self.at(node.inputs[1 if test else 2], where)

    def _cast(self, node: Node) -> _Rule:
        whole = node.attr("to") == "int"

        def rule(where: Mapping[str, int]) -> Any:
            value = self.at(node.inputs[0], where)
            if value is UNKNOWN or isinstance(value, tuple) or not whole:
                return value
            return int(value) if math.isfinite(value) else UNKNOWN

        return rule

    def _reduce(self, node: Node) -> _Rule:
        over, kind = node.attr("over"), node.attr("kind")
        value, keep = node.inputs[0], node.inputs[1] if len(node.inputs) == 2 else None
        ranges = [range(self.sizes[name]) for name in over]

        def rule(where: Mapping[str, int]) -> Any:
            values = []
            for place in itertools.product(*ranges):
                inner = {**where, **dict(zip(over, place, strict=True))}
                kept = True if keep is None else self.at(keep, inner)
                if kept is UNKNOWN:
                    values.append(UNKNOWN)
                elif kept:
                    values.append(self.at(value, inner))
            if kind == "sum":
                if self.laid_out is not None:
                    return UNKNOWN  # of each index there are fewer rows here than there will be
                return UNKNOWN if any(v is UNKNOWN or isinstance(v, tuple) for v in values) else sum(values)
            decisive = kind == "any"
            if any(v is decisive for v in values):
                return decisive
            return UNKNOWN if any(not isinstance(v, bool) for v in values) else not decisive

        return rule

    def _gather(self, node: Node, where: Mapping[str, int]) -> Any:
        value, index = node.inputs
        place = self.at(index, {axis.name: where[axis.name] for axis in index.axes})
        if place is UNKNOWN or isinstance(place, tuple) or not 0 <= place < self.sizes[node.attr("axis")]:
            return UNKNOWN
        return self.at(
            value,
            {
                axis.name: where.get(axis.name, place) if axis.name != node.attr("axis") else place
                for axis in value.axes
            },
        )

    def _logic(self, node: Node) -> _Rule:
        first, second = node.inputs
        decisive = node.op == "or"

        def rule(where: Mapping[str, int]) -> Any:
            left = self.at(first, where)
            if left is decisive:
                return decisive
            right = self.at(second, where)
            if right is decisive:
                return decisive
            return UNKNOWN if not isinstance(left, bool) or not isinstance(right, bool) else not decisive

        return rule

    def _pointwise(self, node: Node) -> _Rule:
        op, inputs, fold = node.op, node.inputs, FOLD.get(node.op)
        beyond = self._beyond(node)
        scaled = [place for place, each in enumerate(inputs) if self._scaled(each)]

        def rule(where: Mapping[str, int]) -> Any:
            values = [self.at(each, where) for each in inputs]
            opaque = [isinstance(value, tuple) for value in values]
            if True in opaque and op in COMPARISONS:
                equal = all(opaque) and values[0] == values[1]
                return _OF_EQUALS.get(op, UNKNOWN) if equal else UNKNOWN
            if UNKNOWN in values or beyond:
                return UNKNOWN
            for place in scaled:
                values[place] = self.cut
            if True in opaque:
                return ("of", op, tuple(values))  # the same operation on the same data is the same value
            if fold is None:
                return UNKNOWN
            try:
                return fold(*values)
            except (ValueError, OverflowError, ZeroDivisionError):
                return UNKNOWN

        return rule

    def _beyond(self, node: Node) -> bool:
        """An index along an axis that was cut, against a number that the cut does not leave its meaning."""
        if node.op not in _SCALED or not any(each in self.counting for each in node.inputs):
            return False
        numbers = [each.attr("value") for each in node.inputs if each.op == "const"]
        return any(abs(value) > 1 and value not in self.cut_short.values() for value in numbers)

    def _scaled(self, node: Node) -> bool:
        """Whether it is the size of a cut axis, written as a number: it stands for the size of the cut."""
        if node.op != "const":
            return False
        value = node.attr("value")
        return not isinstance(value, bool) and value in self.cut_short.values() and value > _LONG


def _made_axes(node: Node) -> list[str]:
    """Axes whose size follows from others."""
    if node.op == "merge":
        return [node.attr("new").name]
    if node.op == "rename":
        return [new for _, new in node.attr("pairs")]
    return [axis.name for axis in node.axes] if node.op in ("slice", "concat") else []


def places(mini: Miniature, names: Sequence[str]) -> Iterator[dict[str, int]]:
    """Every coordinate of the axes on the small copy."""
    for each in itertools.product(*(range(mini.sizes[name]) for name in names)):
        yield dict(zip(names, each, strict=True))
