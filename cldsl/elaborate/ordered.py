"""Reductions that put values in order: `sort`, and `quantile`, which is read off the order. docs/language.md, section 3.

Input: branches, one for each source that is ranged over, and the call. Output: a value: along `rank` for `sort`, one for
each lane for `quantile`. Absent entries come last and take no part; the order is constant, what it orders is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cldsl.elaborate.census import most
from cldsl.elaborate.folding import constant
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Axis, Node
from cldsl.syntax import ast
from cldsl.syntax.record import record

if TYPE_CHECKING:
    from cldsl.elaborate.expressions import Expressions
    from cldsl.elaborate.reductions import Branch


@record(frozen=True)
class Lanes:
    """What is ordered: entries along one flat axis, which of them are there (None: all), and presence that no ranged
    axis decides."""

    axis: str
    node: Node
    mask: Node | None
    outer: Node | None


class Ordered:
    def __init__(self, expressions: Expressions) -> None:
        self.x = expressions
        self.a = expressions.a

    # ---- sort

    def sort(self, branches: Sequence[Branch], expr: ast.Call, sized: Callable[[Branch, Value], None]) -> Value:
        """Values rising along `rank`, absent ones last."""
        if not branches:
            raise Mistake(expr.span, "nothing-to-sort", "there is no row to sort", "", "take a source with rows")
        if any(len(branch.axes) != 1 for branch in branches):
            raise Mistake(expr.span, "one-axis", "sort runs along one axis", "", "merge them first: `x[(a, b) -> c]`")
        found = self._lanes(branches, [self._entries(branch, expr, sized) for branch in branches])
        total = found.node.axis(found.axis).size
        k = self._most(branches)
        full = Axis(self.x.fresh_axis("rank"), total)
        ordered = self._ordered(found, full)
        valid = None
        if found.mask is not None:
            valid = self.a.fold("lt", self.a.iota(full).node, self.a.count(found.mask, (found.axis,)))
        if k is not None and total is not None and k < total:
            graph = self.a.graph
            ordered = graph.make("slice", ordered, axis=full.name, start=0, stop=k)
            valid = None if valid is None else graph.make("slice", valid, axis=full.name, start=0, stop=k)
        pairs = {full.name: "rank"}
        return Value(
            self.a._renamed(ordered, pairs),
            found.outer if valid is None else self.a.both(found.outer, self.a._renamed(valid, pairs)),
        )

    def _most(self, branches: Sequence[Branch]) -> int | None:
        """How many rows can be present at most, where the masks are constants: the list need not be longer."""
        counts = [
            most(branch.keep, branch.axes[0]) if branch.keep is not None else branch.axes[0].size for branch in branches
        ]
        return None if None in counts else sum(count for count in counts if count is not None)

    # ---- quantile

    def quantile(
        self, branches: Sequence[Branch], expr: ast.Call, scope: Scope, sized: Callable[[Branch, Value], None]
    ) -> Value:
        """At place q (n - 1) among the n present entries, linear between the two neighbours; absent over nothing."""
        share = self._share(expr, scope)
        values = []
        for branch in branches:
            if branch.weight is not None and not (constant(branch.weight.node) == 1 and branch.weight.mask is None):
                raise Mistake(
                    expr.span,
                    "weight-without-meaning",
                    "quantile takes no weight",
                    "sum, mean and logsumexp do",
                    "leave out the weight",
                )
            value = self._entries(branch, expr, sized)
            for row in branch.scope.rows():
                if row.part.axis in branch.axes:
                    self.x.guard_own_axes(value.node, row, expr.arguments[0].value, branch.scope)
            values.append(Value(self.a.cast(value.node, "real"), value.mask))
        if not branches:
            return self.a.absent()
        found = self._lanes(branches, values)
        axis = found.node.axis(found.axis)
        if axis.size == 0:
            return self.a.absent()
        rank = Axis(self.x.fresh_axis("rank"), axis.size)
        result = self._between(Value(self._ordered(found, rank)), rank, self._number(found, axis, expr), share)
        if found.mask is None:
            return Value(result.node, found.outer)
        some = self.a.graph.make("reduce", found.mask, kind="any", over=(found.axis,))
        return Value(result.node, self.a.both(found.outer, self.a.unless_proven(some)))

    def _number(self, found: Lanes, axis: Axis, expr: ast.Call) -> Value:
        """How many entries of a lane are present."""
        if found.mask is None:
            return self.x.library.size_value(axis, expr.span)
        return Value(self.a.count(found.mask, (found.axis,)))

    def _between(self, rising: Value, rank: Axis, number: Value, share: Value) -> Value:
        last = self.a.pointwise("maximum", self.a.pointwise("sub", number, self.a.const(1)), self.a.const(0))
        place = self.a.pointwise("mul", last, share)
        low = self.a.pointwise("floor", place)
        index = Value(self.a.cast(low.node, "int"))
        lower = self.a.gather(rising, rank, index, checked=False)
        part = self.a.pointwise("sub", place, low)
        if constant(part.node) == 0:
            return lower
        above = self.a.pointwise("minimum", self.a.pointwise("add", index, self.a.const(1)), last)
        upper = self.a.gather(rising, rank, above, checked=False)
        gap = self.a.pointwise("sub", upper, lower)
        return self.a.pointwise("add", lower, self.a.pointwise("mul", gap, part))

    def _share(self, expr: ast.Call, scope: Scope) -> Value:
        """The second argument: one number from 0 to 1, a constant for the gradient."""
        given = expr.arguments[1].value
        value = self.x.value(given, scope)
        if value.axes or value.mask is not None:
            raise Mistake(
                given.span,
                "scalar-expected",
                "the share of a quantile is one number",
                f"it has the axes {', '.join(value.names)}" if value.axes else "it may be absent",
                "reduce it: `mean(...)`" if value.axes else "settle it: `... else 0.5`",
            )
        known = constant(value.node)
        if known is None:
            inside = self.a.pointwise(
                "minimum", self.a.pointwise("maximum", value, self.a.const(0.0)), self.a.const(1.0)
            )
            return Value(self.a.graph.make("stop", inside.node))
        if not 0 <= known <= 1:
            raise Mistake(
                given.span,
                "out-of-range",
                f"the share of a quantile is from 0 to 1, not {known:g}",
                "0 is the least entry, 1 the largest",
                f"write `{known / 100:g}`" if 1 < known <= 100 else "write a share such as `0.9`",
            )
        return value

    # ---- lanes

    def _entries(self, branch: Branch, expr: ast.Call, sized: Callable[[Branch, Value], None]) -> Value:
        """What a branch orders, its presence and the branch's own together."""
        value = self.x.value(expr.arguments[0].value, branch.scope)
        sized(branch, value)
        return Value(value.node, self.a.both(value.mask, branch.keep))

    def _lanes(self, branches: Sequence[Branch], values: Sequence[Value]) -> Lanes:
        """The entries of all branches along one axis, one branch after the other."""
        flat = self.x.fresh_axis("sorted")
        nodes: list[Node] = []
        masks: list[Node | None] = []
        outer: Node | None = None
        for branch, value in zip(branches, values, strict=True):
            mask = value.mask
            if len(branches) == 1 and mask is not None and not any(axis.name in mask.names for axis in branch.axes):
                outer, mask = mask, None  # presence that does not depend on what is sorted stays
            nodes.append(self._flat(value.node, branch.axes, flat))
            masks.append(None if mask is None else self._flat(mask, branch.axes, flat))
        graph = self.a.graph
        node = nodes[0] if len(nodes) == 1 else graph.make("concat", *nodes, axis=flat)
        if all(mask is None for mask in masks):
            return Lanes(flat, node, None, outer)
        filled = [
            mask if mask is not None else self.a.spread(graph.const(True), [each.axis(flat)])
            for mask, each in zip(masks, nodes, strict=True)
        ]
        return Lanes(flat, node, filled[0] if len(filled) == 1 else graph.make("concat", *filled, axis=flat), outer)

    def _flat(self, node: Node, axes: Sequence[Axis], name: str) -> Node:
        """The node along one axis instead of several, the first slowest."""
        sizes = [axis.size for axis in axes]
        total: int | None = 1
        for size in sizes:
            total = None if total is None or size is None else total * size
        return self.a._merged(self.a.spread(node, axes), axes, Axis(name, total))

    def _ordered(self, found: Lanes, rank: Axis) -> Node:
        inputs = (found.node,) if found.mask is None else (found.node, found.mask)
        return self.a.graph.make("sort", *inputs, axis=found.axis, rank=rank)
