"""Presence-aware tensor arithmetic on the graph: docs/language.md, section 2.

A value is a node and a mask. Where an operation could make an inf or nan of an absent entry (log, division, exp), a stand-in
enters before it, so that neither value nor gradient of what counts is touched. Constants are folded as they are made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cldsl.elaborate import census
from cldsl.elaborate.folding import FOLD as _FOLD
from cldsl.elaborate.folding import constant
from cldsl.elaborate.ranges import within
from cldsl.elaborate.ranked import product_of_picked
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Axis, Graph, Node
from cldsl.syntax.diagnostics import NOWHERE, Span

#: op -> the stand-in for an absent argument
_SINGULAR = {"log": 1.0, "sqrt": 1.0, "exp": 0.0}


class Arithmetic:
    """Builders of values over one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.verdicts: dict[Node, bool | None] = {}
        #: conditions of `x if c`, as opposed to predicates of rows
        self.written: set[Node] = set()

    # ---- leaves

    def const(self, value: float | int | bool) -> Value:
        return Value(self.graph.const(value))

    def absent(self) -> Value:
        return Value(self.graph.const(0.0), self.graph.const(False))

    def iota(self, axis: Axis) -> Value:
        return Value(self.graph.leaf("iota", (axis,), "int", axis=axis.name))

    # ---- masks

    def both(self, *masks: Node | None) -> Node | None:
        """The conjunction; None is true everywhere."""
        result: Node | None = None
        for mask in masks:
            if mask is None or constant(mask) is True:
                continue
            result = mask if result is None or result is mask else self.fold("and", result, mask)
        return result

    def either(self, left: Node | None, right: Node | None) -> Node | None:
        if left is None or right is None:
            return None
        return left if left is right else self.fold("or", left, right)

    def negated(self, mask: Node) -> Node:
        return self.fold("not", mask)

    # ---- nodes with folding

    def fold(self, op: str, *nodes: Node, span: Span = NOWHERE, label: str = "") -> Node:
        values = [constant(node) for node in nodes]
        if op in _FOLD and None not in values:
            try:
                return self.graph.const(_FOLD[op](*values))
            except (OverflowError, ValueError, ZeroDivisionError):
                pass
        if op == "and" and (values[0] is True or values[1] is True):
            return nodes[1] if values[0] is True else nodes[0]
        if op in ("and", "or") and (False in values if op == "and" else True in values):
            return self.graph.const(op == "or")
        if op == "or" and (values[0] is False or values[1] is False):
            return nodes[1] if values[0] is False else nodes[0]
        return self.graph.make(op, *nodes, span=span, label=label)

    # ---- pointwise

    def pointwise(self, op: str, *values: Value, guards: Sequence[Node] = (), span: Span = NOWHERE) -> Value:
        """The operation where all operands are present, absent elsewhere; comparisons and logic are false there instead."""
        mask = self.both(*(value.mask for value in values))
        nodes = [value.node for value in values]
        if op in _SINGULAR:
            nodes[0] = self.stand_in(nodes[0], mask, guards, _SINGULAR[op])
        elif op == "div":
            nodes[1] = self.stand_in(nodes[1], mask, guards, 1.0)
        elif (
            op == "pow" and (exponent := constant(nodes[1])) is not None and (exponent < 1 or exponent != int(exponent))
        ):
            nodes[0] = self.stand_in(nodes[0], mask, guards, 1.0)
        node = self.fold(op, *nodes, span=span)
        if op in ("eq", "lt", "le", "gt", "ge"):
            return Value(node if mask is None else self.fold("and", node, mask))
        if op == "ne":
            return Value(node if mask is None else self.fold("or", node, self.negated(mask)))
        return Value(node, mask)

    def logic(self, op: str, *values: Value, span: Span = NOWHERE) -> Value:
        nodes = [self.truth(value) for value in values]
        return Value(self.fold(op, *nodes, span=span))

    def truth(self, value: Value) -> Node:
        """The value as a condition: absent is false."""
        return value.node if value.mask is None else self.fold("and", value.node, value.mask)

    def stand_in(self, node: Node, mask: Node | None, guards: Sequence[Node], safe: float) -> Node:
        """`safe` wherever the entry does not count. A guard with axes the entry lacks is left to the reduction."""
        if constant(node) is not None:
            return node
        counts = mask if mask is not None and set(mask.names) <= set(node.names) else None
        for guard in guards:
            if set(guard.names) <= set(node.names) and (guard.names or guard in self.written):
                counts = self.both(counts, guard)
            elif guard in self.written and set(guard.names) & set(node.names):
                # a condition of the text over further axes: an entry that none of them needs gets the stand-in
                over = tuple(name for name in guard.names if name not in node.names)
                counts = self.both(counts, self.graph.make("reduce", guard, kind="any", over=over))
        if counts is None:
            return node
        return self.graph.make("where", counts, node, self.like(node, safe))

    def like(self, node: Node, value: float) -> Node:
        return self.graph.const(
            int(value) if node.dtype == "int" else bool(value) if node.dtype == "bool" else float(value)
        )

    # ---- choice

    def choose(self, condition: Value, then: Value, other: Value | None, span: Span = NOWHERE) -> Value:
        test = self.truth(condition)
        known = constant(test)
        if known is not None:
            return then if known else other if other is not None else Value(then.node, self.graph.const(False))
        if other is None:
            return Value(then.node, self.both(then.mask, test), rows=then.rows)
        node = self.graph.make("where", test, *self.alike(then.node, other.node), span=span)
        if then.mask is None and other.mask is None:
            return Value(node)
        yes = then.mask if then.mask is not None else self.graph.const(True)
        no = other.mask if other.mask is not None else self.graph.const(True)
        return Value(node, self.fold("or", self.fold("and", test, yes), self.fold("and", self.negated(test), no)))

    def fill(self, value: Value, other: Value, span: Span = NOWHERE) -> Value:
        if value.mask is None:
            return value
        if constant(value.mask) is False:
            return other
        node = self.graph.make("where", value.mask, *self.alike(value.node, other.node), span=span)
        if other.mask is None:
            return Value(node)
        return Value(node, self.fold("or", value.mask, other.mask))

    def alike(self, left: Node, right: Node) -> tuple[Node, Node]:
        """Both branches in one dtype."""
        if left.dtype == right.dtype:
            return left, right
        kind = "real" if "real" in (left.dtype, right.dtype) else "int"
        return self.cast(left, kind), self.cast(right, kind)

    def cast(self, node: Node, kind: str) -> Node:
        if node.dtype == kind:
            return node
        known = constant(node)
        if known is not None:
            return self.graph.const(float(known) if kind == "real" else int(known))
        return self.graph.make("cast", node, to=kind)

    # ---- reductions

    def count(self, mask: Node, over: tuple[str, ...]) -> Node:
        return self.graph.make("reduce", self.cast(mask, "int"), kind="sum", over=over)

    def spread(self, node: Node, axes: Iterable[Axis]) -> Node:
        """The node carrying each of the axes."""
        for axis in axes:
            if axis.name not in node.names:
                node = self.graph.make("expand", node, axis=axis)
        return node

    def reduce(self, kind: str, value: Value, axes: Sequence[Axis], keep: Node | None, span: Span = NOWHERE) -> Value:
        """Over the axes, skipping what is absent or not kept. `keep` may have more axes than the value."""
        over = tuple(axis.name for axis in axes)
        if (
            value.mask is not None
            and kind not in ("any", "all")
            and not any(axis.name in value.mask.names for axis in axes)
        ):
            # presence that does not depend on what is reduced stays, whatever is kept of the axes
            plain = self.reduce(kind, Value(value.node), axes, keep, span)
            return Value(plain.node, self.both(plain.mask, value.mask))
        mask = self.both(value.mask, keep)
        if mask is not None:
            inner = [axis for axis in axes if axis.name in mask.names]
            if not inner:  # presence does not depend on what is reduced: it stays
                plain = self.reduce(kind, Value(value.node), axes, None, span)
                if kind in ("sum", "count", "any", "all", "logsumexp", "prod"):
                    return self.over_nothing(kind, plain, mask)
                return Value(plain.node, self.both(plain.mask, mask))
            mask = self.spread(mask, axes)
        if kind == "count":
            node = mask if mask is not None else self.spread(self.graph.const(True), axes)
            return Value(self.count(node, over))
        node = self.spread(value.node, axes) if mask is None else value.node
        inputs = (node,) if mask is None else (node, mask)
        if kind in ("any", "all"):
            return Value(self.graph.make("reduce", *inputs, kind=kind, over=over, span=span))
        if kind == "mean":
            if mask is None:
                return Value(self.graph.make("reduce", self.cast(node, "real"), kind="mean", over=over, span=span))
            total = self.graph.make("reduce", self.cast(node, "real"), mask, kind="sum", over=over, span=span)
            number = self.count(mask, over)
            safe = self.fold("maximum", number, self.graph.const(1))
            return Value(
                self.fold("div", total, safe),
                self.unless_proven(self.graph.make("reduce", mask, kind="any", over=over)),
            )
        result = self.graph.make("reduce", *inputs, kind=kind, over=over, span=span)
        if kind in ("max", "min") and mask is not None:
            return Value(result, self.unless_proven(self.graph.make("reduce", mask, kind="any", over=over)))
        return Value(result)

    def widened(self, nodes: Sequence[Node]) -> list[Node]:
        """The nodes in the widest dtype among them, for what takes its dtype from one of them."""
        widest = max((node.dtype for node in nodes), key=("bool", "int", "real").index)
        return [node if node.dtype == widest else self.cast(node, widest) for node in nodes]

    def unless_proven(self, mask: Node) -> Node | None:
        """The mask, or None where it is proven to hold everywhere."""
        if mask not in self.verdicts:
            self.verdicts[mask] = census.verdict(mask)
        return None if self.verdicts[mask] is True else mask

    def over_nothing(self, kind: str, value: Value, mask: Node) -> Value:
        """A reduction whose whole argument is absent at some outer coordinates: the value over nothing there."""
        nothing: dict[str, float | bool] = {
            "sum": 0.0,
            "count": 0,
            "any": False,
            "all": True,
            "logsumexp": -math.inf,
            "prod": 1.0,
        }
        other = (
            self.graph.const(nothing[kind])
            if isinstance(nothing[kind], bool)
            else self.like(value.node, float(nothing[kind]))
            if kind != "logsumexp"
            else self.graph.const(-math.inf)
        )
        return Value(self.graph.make("where", mask, value.node, other))

    def softmean(self, score: Value, value: Value, axes: Sequence[Axis], keep: Node | None) -> Value:
        """sum of softmax(score) value over the axes."""
        over = tuple(axis.name for axis in axes)
        mask = self.both(score.mask, value.mask, keep)
        node = self.spread(score.node, axes)
        if mask is not None:
            mask = self.spread(mask, axes)
        share = self.graph.make("softmax", *((node,) if mask is None else (node, mask)), over=over)
        product = self.graph.make("mul", share, value.node)
        inputs = (product,) if mask is None else (product, mask)
        result = self.graph.make("reduce", *inputs, kind="sum", over=over)
        return Value(
            result, None if mask is None else self.unless_proven(self.graph.make("reduce", mask, kind="any", over=over))
        )

    # ---- shape

    def rename(self, value: Value, pairs: dict[str, str]) -> Value:
        return Value(
            self._renamed(value.node, pairs),
            None if value.mask is None else self._renamed(value.mask, pairs),
            rows=tuple((k, self.rename(v, pairs)) for k, v in value.rows),
            target=value.target,
        )

    def _renamed(self, node: Node, pairs: dict[str, str]) -> Node:
        mine = tuple((old, new) for old, new in pairs.items() if old in node.names and old != new)
        return self.graph.make("rename", node, pairs=mine) if mine else node

    def merge(self, value: Value, old: Sequence[Axis], new: Axis) -> Value:
        return self.both_nodes(value, lambda node: self._merged(node, old, new), old)

    def _merged(self, node: Node, old: Sequence[Axis], new: Axis) -> Node:
        if len(old) == 1:
            return self._renamed(node, {old[0].name: new.name})
        return self.graph.make("merge", self.spread(node, old), old=tuple(a.name for a in old), new=new)

    def split(self, value: Value, old: str, new: Sequence[Axis]) -> Value:
        def one(node: Node) -> Node:
            if old not in node.names:
                return node
            if len(new) == 1:
                return self._renamed(node, {old: new[0].name})
            return self.graph.make("split", node, old=old, new=tuple(new))

        return Value(one(value.node), None if value.mask is None else one(value.mask), rows=value.rows)

    def both_nodes(self, value: Value, change: Any, needed: Sequence[Axis] = ()) -> Value:
        """The same change of shape to the value and, where it has the axes, to its presence."""
        mask = value.mask
        if mask is not None and any(axis.name in mask.names for axis in needed):
            mask = change(mask)
        node = change(value.node)
        return Value(node, mask, target=value.target)

    def gather(self, value: Value, axis: Axis, index: Value, checked: bool = True) -> Value:
        """value[axis = index]; out of range is absent unless the index is known to be in range."""
        valid = index.mask
        place = index.node
        if checked and axis.size is not None and (constant(place) is not None or not within(place, axis.size)):
            known = constant(place)
            if known is not None:
                if not 0 <= known < axis.size:
                    return Value(self._without(value.node, axis), self.graph.const(False))
            else:
                inside = self.fold(
                    "and",
                    self.fold("ge", place, self.graph.const(0)),
                    self.fold("lt", place, self.graph.const(axis.size)),
                )
                valid = self.both(valid, inside)
                place = self.fold(
                    "minimum", self.fold("maximum", place, self.graph.const(0)), self.graph.const(axis.size - 1)
                )
        elif valid is not None:
            place = self.graph.make("where", valid, place, self.graph.const(0))
        node = self._at(value.node, axis, place)
        mask = None if value.mask is None else self._at(value.mask, axis, place)
        return Value(node, self.both(mask, valid), target=value.target)

    def _at(self, node: Node, axis: Axis, place: Node) -> Node:
        if axis.name not in node.names:
            return node
        known = constant(place)
        if known is not None:
            start = int(known)
            cut = self.graph.make("slice", node, axis=axis.name, start=start, stop=start + 1)
            return self.graph.make("reduce", cut, kind="sum" if node.dtype != "bool" else "any", over=(axis.name,))
        return self.graph.make("gather", node, self.cast(place, "int"), axis=axis.name)

    def _without(self, node: Node, axis: Axis) -> Node:
        return self._at(node, axis, self.graph.const(0)) if axis.name in node.names else node

    def dot(self, left: Value, right: Value, over: tuple[str, ...], span: Span = NOWHERE) -> Value:
        for rows, other in ((left.node, right.node), (right.node, left.node)):
            picked = product_of_picked(self.graph, rows, other, over)
            if picked is not None:
                return Value(picked, self.both(left.mask, right.mask))
        mask = self.both(left.mask, right.mask)
        if self.depends(mask, over):
            return Value(
                self.graph.make(
                    "dot", self.zeroed(left.node, mask), self.zeroed(right.node, mask), over=over, span=span
                )
            )
        return Value(self.graph.make("dot", left.node, right.node, over=over, span=span), mask)

    @staticmethod
    def depends(mask: Node | None, over: Sequence[str]) -> bool:
        """Whether presence depends on an axis that is summed: what is absent is then skipped, and the sum is present."""
        return mask is not None and any(name in mask.names for name in over)

    def zeroed(self, node: Node, mask: Node | None) -> Node:
        """Zero where absent."""
        return node if mask is None else self.graph.make("where", mask, node, self.like(node, 0.0))
