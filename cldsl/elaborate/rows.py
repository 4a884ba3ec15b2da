"""Rows: which rows a source has, binding a variable to them, reading a tensor at them. docs/language.md, section 4."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cldsl.elaborate.bounds import at_most
from cldsl.elaborate.folding import constant
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import ModelValue, Part, Relation, Row, RowSet, Thing, Value
from cldsl.graph.nodes import Axis, Node
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

if TYPE_CHECKING:
    from cldsl.elaborate.expressions import Expressions

FEATURE = "dim"


class Rows:
    """Makes row sets; works on the expressions' arithmetic."""

    def __init__(self, expressions: Expressions) -> None:
        self.x = expressions
        self.a = expressions.a

    # ---- sources

    def source(self, expr: ast.Expr, scope: Scope) -> RowSet:
        """The rows that an expression names as a source; an axis of size 0 has none."""
        found = self._source(expr, scope)
        return RowSet(tuple(part for part in found.parts if part.axis.size != 0), found.ranked)

    def _source(self, expr: ast.Expr, scope: Scope) -> RowSet:
        if isinstance(expr, ast.Binary) and expr.op == "|":
            return self.united([self.source(expr.left, scope), self.source(expr.right, scope)])
        if isinstance(expr, ast.Binary) and expr.op == "..":
            return self.range(expr, scope)
        if isinstance(expr, ast.Name):
            name = scope.axis(expr.id)
            if self.x.lookup(expr.id, scope, expr.span) is None and self.x.knows_axis(name):
                return self.indices(self.x.axis(name, expr.span), scope)
        if isinstance(expr, ast.Index) and all(isinstance(item, (ast.AxisName, ast.Position)) for item in expr.items):
            value = self.x.value(expr.value, scope)
            names = [scope.axis(self._axis_of(item)) for item in expr.items]
            return RowSet((self.dense(value, scope, expr.span, names),))
        return self.of(self.x.thing(expr, scope), scope, expr.span)

    def _axis_of(self, item: ast.AxisItem) -> str:
        if isinstance(item, ast.AxisName):
            return item.name
        raise Mistake(
            item.span, "axis-expected", "the bracket of a source names the axes that are ranged", "", "write `z[item]`"
        )

    def of(self, thing: Thing, scope: Scope, span: Span) -> RowSet:
        if isinstance(thing, RowSet):
            return thing
        if isinstance(thing, Relation):
            return self.x.relations.anchors(thing, scope)
        if isinstance(thing, Row):
            return RowSet((thing.part,))
        if isinstance(thing, Value):
            return RowSet((self.dense(thing, scope, span),))
        what = "a model" if isinstance(thing, ModelValue) else "this"
        raise Mistake(
            span,
            "no-rows",
            f"{what} has no rows",
            "a source is a tensor, an axis, a relation, a set or a union",
            "name a tensor with an axis beside `dim`",
        )

    def taken(self, scope: Scope) -> set[str]:
        """Axes along which rows are bound around here; they are not ranged again."""
        return {row.part.axis.name for row in scope.rows()} | self.x.free_axes

    def dense(self, value: Value, scope: Scope, span: Span, names: Sequence[str] | None = None) -> Part:
        """All rows of a tensor, along one flat axis."""
        carried = value.axes
        if names is None:
            taken = self.taken(scope)
            row_axes = tuple(axis for axis in carried if axis.name != FEATURE and axis.name not in taken)
        else:
            missing = [name for name in names if name not in value.names]
            if missing:
                raise Mistake(
                    span,
                    "no-axis",
                    f"the value has no axis {missing[0]}",
                    f"its axes are {', '.join(value.names)}",
                    "name an axis that it has",
                )
            row_axes = tuple(axis for axis in carried if axis.name in names)
        if not row_axes:
            raise Mistake(
                span,
                "no-rows",
                "no axis is left to range over",
                "every axis is the feature axis or bound by an outer row",
                "name a tensor with an axis beside `dim`",
            )
        size: int | None = 1
        for axis in row_axes:
            size = None if size is None or axis.size is None else size * axis.size
        flat = Axis(self.x.fresh_axis("row"), size)

        def read(other: Value) -> Value:
            return self.a.merge(other, row_axes, flat)

        coords = {}
        for axis in row_axes:
            index = self.a.iota(axis)
            coords[axis.name] = read(Value(self.a.spread(index.node, row_axes)))
        mask = value.mask
        if mask is not None:
            mask = (
                self.a._merged(mask, [axis for axis in row_axes], flat)
                if any(a.name in mask.names for a in row_axes)
                else mask
            )
        attached = {
            name: read(each) if set(each.names) & {a.name for a in row_axes} else each for name, each in value.rows
        }
        vector = self.a.merge(Value(value.node), row_axes, flat)
        return Part(
            flat,
            Value(vector.node),
            coords,
            attached,
            row_axes,
            read,
            ("rows", id(value.node)),
            mask,
            flat=self.a.iota(flat),
        )

    def indices(self, axis: Axis, scope: Scope) -> RowSet:
        """The indices of an axis: the row is its own coordinate."""
        flat = Axis(self.x.fresh_axis("row"), axis.size)

        def read(other: Value) -> Value:
            return self.a.rename(other, {axis.name: flat.name})

        index = self.a.iota(flat)
        return RowSet((Part(flat, index, {axis.name: index}, {}, (axis,), read, ("axis", axis.name), flat=index),))

    def range(self, expr: ast.Binary, scope: Scope) -> RowSet:
        low, high = (self.x.static_int(side, scope) for side in (expr.left, expr.right))
        flat = Axis(self.x.fresh_axis("row"), max(0, high - low))
        index = self.a.pointwise("add", self.a.iota(flat), self.a.const(low))
        return RowSet((Part(flat, index, {}, {}, (), lambda other: other, ("range", low, high), flat=index),))

    def united(self, sets: Sequence[RowSet]) -> RowSet:
        """The union: parts of one identity along the same rows become one, with either's presence."""
        parts: list[Part] = []
        for each in sets:
            for part in each.parts:
                same = next(
                    (
                        n
                        for n, known in enumerate(parts)
                        if known.identity == part.identity and self._joinable(known, part)
                    ),
                    None,
                )
                if same is None:
                    parts.append(part)
                else:
                    known = parts[same]
                    mine = None if part.mask is None else self.a._renamed(part.mask, {part.axis.name: known.axis.name})
                    parts[same] = known.with_mask(self.a.either(known.mask, mine))
        return RowSet(tuple(parts), len(sets) == 1 and sets[0].ranked)

    @staticmethod
    def _joinable(left: Part, right: Part) -> bool:
        return left.line is right.line or (
            (left.line is None or left.line.weight is None) and (right.line is None or right.line.weight is None)
        )

    # ---- binding

    def renamed(self, part: Part, name: str) -> Part:
        """The part along an axis of this name."""
        old, new = part.axis, Axis(name, part.axis.size)
        if old.name == name:
            return part
        pairs = {old.name: name}

        def change(value: Value) -> Value:
            return self.a.rename(value, pairs)

        read = part.read
        return replace(
            part, axis=new, vector=change(part.vector), coords={k: change(v) for k, v in part.coords.items()},
            attached={k: change(v) for k, v in part.attached.items()}, read=lambda other: change(read(other)),
            mask=None if part.mask is None else self.a._renamed(part.mask, pairs), flat=None if part.flat is None else change(part.flat),
        )  # fmt: skip

    def bind(self, variable: str, part: Part, scope: Scope, relation: Relation | None = None) -> tuple[Scope, Row]:
        """A scope in which the variable is a row of the part, along an axis of the variable's name (or a fresh one)."""
        name = variable
        taken = {row.part.axis.name for row in scope.rows()} | self.x.free_axes
        if name in taken or self.x.knows_axis(name) or (name in part.vector.names and name != part.axis.name):
            name = self.x.fresh_axis(variable)
        row = Row(variable, self.renamed(part, name), relation)
        return scope.child(**{variable: row}), row

    def comprehended(self, comp: ast.Comprehension, scope: Scope) -> RowSet:
        """`c in S if P top k by E`: the source with its presence narrowed, ranked where there is a top."""
        rows = self.source(comp.source, scope)
        parts = []
        for part in rows.parts:
            parts.append(self.filtered(part, comp, scope))
        if comp.top is None:
            return RowSet(tuple(parts), rows.ranked)
        return self.best([(part, comp) for part in parts], scope)

    def filtered(self, part: Part, comp: ast.Comprehension, scope: Scope) -> Part:
        if comp.condition is None:
            return part
        inner, row = self.bind(comp.variable, part, scope)
        test = self.a.truth(self.x.value(comp.condition, inner))
        self.x.guard_own_axes(test, row, comp.condition, inner)
        back = self.a._renamed(test, {row.part.axis.name: part.axis.name})
        return part.with_mask(self.a.both(part.mask, back))

    def best(self, lines: Sequence[tuple[Part, ast.Comprehension]], scope: Scope) -> RowSet:
        """The k best rows of several parts: one part along `rank`, each row of it picked from the union."""
        if not lines:
            return RowSet((), True)
        comp = lines[0][1]
        assert comp.top is not None and comp.by is not None
        k, kept = self._how_many(comp.top, scope)
        if k is not None and k <= 0:
            return RowSet((), True)
        scores: list[Node] = []
        masks: list[Node] = []
        flat = self.x.fresh_axis("pool")
        for part, line in lines:
            assert line.by is not None
            inner, row = self.bind(line.variable, part, scope)
            if part.mask is not None:
                inner.guards = (self.a._renamed(part.mask, {part.axis.name: row.part.axis.name}),)
            score = self.x.value(line.by, inner)
            back = {row.part.axis.name: flat}
            node = self.a.graph.make(
                "stop",
                self.a.spread(self.a.cast(self.a._renamed(score.node, back), "real"), [Axis(flat, part.axis.size)]),
            )
            mask = self.a.both(
                None if score.mask is None else self.a._renamed(score.mask, back),
                None if part.mask is None else self.a._renamed(part.mask, {part.axis.name: flat}),
            )
            scores.append(node)
            masks.append(
                self.a.spread(mask if mask is not None else self.a.graph.const(True), [Axis(flat, part.axis.size)])
            )
        if len(lines) > 1:
            raise Mistake(
                comp.span,
                "not-executed",
                "`top` over several sources is not executed by this version",
                "",
                "take the top of each source",
            )
        part = lines[0][0]
        score_node, mask_node = scores[0], masks[0]
        size = part.axis.size
        if k is None and size is None:
            raise Mistake(
                comp.top.span,
                "not-constant",
                "a `top` of as many rows as a value says needs a source of known size",
                "the list has a place for every row of the source",
                "take the top of rows whose axes have sizes that are known before the program runs",
            )
        k = size if k is None else min(k, size) if size is not None else k
        assert k is not None
        rank = Axis(self.x.fresh_axis("rank"), k)
        always = constant(mask_node.inputs[0]) is True if mask_node.op == "expand" else False
        inputs = (score_node,) if always else (score_node, mask_node)
        index = self.a.graph.make("topk", *inputs, axis=flat, rank=rank, k=k)
        valid: Node | None = None
        if not always:
            found = self.a.count(mask_node, (flat,))
            valid = self.a.fold("lt", self.a.iota(rank).node, found)
        if kept is not None:
            within = self.a.truth(self.a.pointwise("lt", self.a.iota(rank), kept))
            valid = self.a.both(valid, within)
        return RowSet((self.picked(replace(part, mask=None), Value(index), rank, valid),), True)

    def _how_many(self, expr: ast.Expr, scope: Scope) -> tuple[int | None, Value | None]:
        """The k of a `top`: a number; or a bound of it and the value that says it for each anchor or item."""
        value = self.x.value(expr, scope)
        if constant(value.node) is not None and value.mask is None:
            return self.x.static_int(expr, scope), None
        most = at_most(value.node)
        bound = None if most is None else max(1, math.ceil(most))
        return bound, Value(
            self.a.graph.make("stop", value.node) if value.node.dtype == "real" else value.node, value.mask
        )

    def picked(self, part: Part, index: Value, rank: Axis, valid: Node | None) -> Part:
        """Rows of a part at computed positions."""

        def take(value: Value) -> Value:
            return self.a.gather(value, part.axis, index, checked=False)

        read: Callable[[Value], Value] = part.read
        coords = {name: take(value) for name, value in part.coords.items()}
        coords["rank"] = self.a.iota(rank)
        return Part(
            rank, take(part.vector), coords, {name: take(value) for name, value in part.attached.items()},
            part.row_axes, lambda other: take(read(other)), part.identity, valid, part.line,
            None if part.flat is None else take(part.flat),
        )  # fmt: skip

    # ---- reading

    def attribute(self, row: Row, name: str, scope: Scope, span: Span) -> Value | None:
        """`a.name`: attached, coordinate, or a tensor of that name at the row; None where the row lacks it."""
        part = row.part
        if name in part.attached:
            return part.attached[name]
        axis = scope.axis(name)
        if axis in part.coords:
            return replace(part.coords[axis], target=axis)
        thing = self.x.lookup(name, scope, span)
        if thing is None:
            return None
        if isinstance(thing, Row) or not isinstance(thing, (Value, RowSet)):
            return None
        if isinstance(thing, RowSet):
            return None
        names = {each.name for each in part.row_axes}
        if not thing.axes and thing.mask is None:
            return thing
        if not names & set(thing.names) and not (thing.mask is not None and names & set(thing.mask.names)):
            return None if thing.axes and not self._may_stand(thing, scope) else thing
        return replace(part.read(thing), target=thing.target)

    def _may_stand(self, thing: Value, scope: Scope) -> bool:
        """A tensor that has none of the row's axes may still be read at it when rows around carry all of its axes."""
        taken = self.taken(scope)
        return all(axis.name in taken for axis in thing.axes)

    def same(self, left: Row, right: Row) -> Value:
        """Row equality: same tensor and same coordinates."""
        if left.part.identity != right.part.identity or left.part.flat is None or right.part.flat is None:
            return self.a.const(False)
        return self.a.pointwise("eq", left.part.flat, right.part.flat)
