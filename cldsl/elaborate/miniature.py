"""A shrunken copy of a problem in pure Python: the value of a mask at a place, where it does not depend on data.

Input: nodes of a graph and the size to which long axes are cut. Output: values by place, UNKNOWN where data decide. Raises Undecided
where the question takes too much work. An index of a cut axis against a number beyond the cut is unknown too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cldsl.elaborate.folding import FOLD
from cldsl.graph.nodes import COMPARISONS, Node, topological

_LONG = 5
_SCALED = COMPARISONS | {"add", "sub", "mul", "div", "mod", "maximum", "minimum"}
_BUDGET = 20_000


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
        self.memo: dict[tuple[int, tuple[int, ...]], Any] = {}
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
        self.counting = self._counting(nodes)
        for _ in range(2):  # an index along a merged axis may come before the merge that gives its size
            for node in nodes:
                self._learn(node)

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
        try:
            key = (id(node), tuple(where[axis.name] for axis in node.axes))
        except KeyError as error:
            raise Undecided from error
        if key not in self.memo:
            self.work += 1
            if self.work > _BUDGET:
                raise Undecided
            try:
                self.memo[key] = self._compute(node, where)
            except RecursionError as error:
                raise Undecided from error
        return self.memo[key]

    def _compute(self, node: Node, where: Mapping[str, int]) -> Any:
        op = node.op
        if op == "const":
            return node.attr("value")
        if op == "iota":
            return where[node.attr("axis")]
        if op == "input":
            return self._input(node, where)
        if op in ("expand", "stop"):
            return self.at(node.inputs[0], where)
        if op == "rename":
            back = {new: old for old, new in node.attr("pairs")}
            return self.at(node.inputs[0], {back.get(axis.name, axis.name): where[axis.name] for axis in node.axes})
        if op == "merge":
            return self.at(node.inputs[0], self._unmerged(node, where))
        if op == "split":
            place = 0
            for axis in node.attr("new"):
                place = place * self.sizes[axis.name] + where[axis.name]
            return self.at(node.inputs[0], {**where, node.attr("old"): place})
        if op == "slice":
            name = node.attr("axis")
            return self.at(node.inputs[0], {**where, name: where[name] + node.attr("start")})
        if op == "reduce" and node.attr("kind") in ("any", "all", "sum"):
            return self._reduce(node, where)
        if op == "gather":
            return self._gather(node, where)
        if op == "where":
            test = self.at(node.inputs[0], where)
            return UNKNOWN if test is UNKNOWN else self.at(node.inputs[1 if test else 2], where)
        if op == "cast":
            value = self.at(node.inputs[0], where)
            if value is UNKNOWN or isinstance(value, tuple) or node.attr("to") != "int":
                return value
            return int(value) if math.isfinite(value) else UNKNOWN
        if op in ("and", "or"):
            return self._logic(op, node, where)
        return self._pointwise(node, where)

    def _input(self, node: Node, where: Mapping[str, int]) -> Any:
        name = node.attr("name")
        place = tuple(where[axis.name] for axis in node.axes)
        if name == "id" and node.attr("kind") == "column":
            # by definition the row's number; where the axis it points to is cut, within the cut
            return place[0] % self.cut if self.cut_short else place[0]
        return ("token", name, place)

    def _unmerged(self, node: Node, where: Mapping[str, int]) -> dict[str, int]:
        new = node.attr("new").name
        rest = where[new]
        inner = {name: place for name, place in where.items() if name != new}
        for name in reversed(node.attr("old")):
            rest, inner[name] = divmod(rest, self.sizes[name])
        return inner

    def _reduce(self, node: Node, where: Mapping[str, int]) -> Any:
        over, kind = node.attr("over"), node.attr("kind")
        values = []
        for place in itertools.product(*(range(self.sizes[name]) for name in over)):
            inner = {**where, **dict(zip(over, place, strict=True))}
            if len(node.inputs) == 2:
                keep = self.at(node.inputs[1], inner)
                if keep is UNKNOWN:
                    values.append(UNKNOWN)
                    continue
                if not keep:
                    continue
            values.append(self.at(node.inputs[0], inner))
        if kind == "any":
            return (
                True
                if any(v is True for v in values)
                else UNKNOWN
                if any(not isinstance(v, bool) for v in values)
                else False
            )
        if kind == "all":
            return (
                False
                if any(v is False for v in values)
                else UNKNOWN
                if any(not isinstance(v, bool) for v in values)
                else True
            )
        return UNKNOWN if any(v is UNKNOWN or isinstance(v, tuple) for v in values) else sum(values)

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

    def _logic(self, op: str, node: Node, where: Mapping[str, int]) -> Any:
        left = self.at(node.inputs[0], where)
        decisive = op == "or"
        if left is decisive:
            return decisive
        right = self.at(node.inputs[1], where)
        if right is decisive:
            return decisive
        return UNKNOWN if not isinstance(left, bool) or not isinstance(right, bool) else not decisive

    def _pointwise(self, node: Node, where: Mapping[str, int]) -> Any:
        fold = FOLD.get(node.op)
        values = [self.at(each, where) for each in node.inputs]
        if node.op in ("eq", "ne") and all(isinstance(v, tuple) for v in values):
            return (node.op == "eq") if values[0] == values[1] else UNKNOWN
        if node.op in ("lt", "gt") and all(isinstance(v, tuple) for v in values) and values[0] == values[1]:
            return False
        if any(v is UNKNOWN for v in values) or (node.op in COMPARISONS and any(isinstance(v, tuple) for v in values)):
            return UNKNOWN
        if self._beyond(node):
            return UNKNOWN
        values = [self._scaled(each, value) for each, value in zip(node.inputs, values, strict=True)]
        if any(isinstance(v, tuple) for v in values):
            return ("of", node.op, tuple(values))  # the same operation on the same data is the same value
        if fold is None:
            return UNKNOWN
        try:
            return fold(*values)
        except (ValueError, OverflowError, ZeroDivisionError):
            return UNKNOWN

    def _beyond(self, node: Node) -> bool:
        """An index along an axis that was cut, against a number that the cut does not leave its meaning."""
        if node.op not in _SCALED or not any(each in self.counting for each in node.inputs):
            return False
        numbers = [each.attr("value") for each in node.inputs if each.op == "const"]
        return any(abs(value) > 1 and value not in self.cut_short.values() for value in numbers)

    def _scaled(self, node: Node, value: Any) -> Any:
        """The size of a cut axis, written as a number, is the size of the cut."""
        if node.op == "const" and not isinstance(value, bool) and value in self.cut_short.values() and value > _LONG:
            return self.cut
        return value


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
