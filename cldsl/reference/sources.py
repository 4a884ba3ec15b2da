"""Comprehensions: from `c in SOURCE if P top k by E` to rows bound to a variable (docs/language.md, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from cldsl.reference.arithmetic import compare
from cldsl.reference.errors import EvaluationError
from cldsl.reference.keeping import best_first
from cldsl.reference.relations import Relation
from cldsl.reference.rows import Filtered, Leaf, Picked, Rows
from cldsl.reference.rowsets import bind, fresh, index_rows, rows_of, unbound, united
from cldsl.reference.scope import Made, Scope
from cldsl.reference.selection import merged
from cldsl.reference.values import Mask, Value, along, both, truth
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter


class Sources:
    """The rows of sources, evaluated by the interpreter it is given."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def comprehension(self, node: ast.Comprehension, scope: Scope) -> tuple[Rows, Scope]:
        """The rows of one comprehension, filtered and cut by `top`, and the scope in which its variable is bound."""
        rows = self.chosen([node], scope)
        rows = bind(rows, node.variable)
        return rows, scope.bound(node.variable, rows)

    def filtered(self, node: ast.Comprehension, scope: Scope) -> Rows:
        """The rows of the source for which the condition holds."""
        rows = bind(self.rows(node.source, scope), node.variable)
        if node.condition is not None:
            condition = self.interpreter.value(node.condition, scope.bound(node.variable, rows))
            unbound(condition.all_axes, rows, node.variable)
            axis = str(rows.axis)
            rows = Filtered(rows, along(truth(condition), axis, rows.here.size(axis) or 0))
        return rows

    def chosen(self, lines: Sequence[ast.Comprehension], scope: Scope) -> Rows:
        """The union of the lines; with `top k by E`, its k best rows, best first."""
        rows = united([self.filtered(line, scope) for line in lines], fresh("u"))
        last = lines[-1]
        if last.top is None or last.by is None:
            return rows
        name = last.variable
        score = self.interpreter.value(last.by, scope.bound(name, rows)).masked(rows.here.present)
        axis = str(rows.axis)
        size = rows.here.size(axis)
        assert size is not None
        k = self.interpreter.value(last.top, scope)
        most = int(k.data.max()) if k.data.numel() else 0
        order, exists, rest = best_first(score.over([axis], {axis: size}), axis, most)
        rank = fresh(name)
        place = Value(torch.arange(order.shape[-1]), (rank,))
        index = Value(order, (*rest, rank), both(Mask(exists, (*rest, rank)), truth(compare("<", place, k))))
        return Picked(rows, index, rank, ranked=True)

    def set_of(self, node: ast.SetOf, scope: Scope) -> Rows:
        """`{c in A if P, c in B top k by E}` as a value."""
        if not node.lines:
            raise EvaluationError("a set needs a source", node.span)
        return self.chosen(node.lines, scope)

    def rows(self, source: ast.Expr, scope: Scope) -> Rows:
        """The rows of a source, not yet bound."""
        if isinstance(source, ast.Binary) and source.op == "|":
            return united([self.rows(source.left, scope), self.rows(source.right, scope)], fresh("u"))
        if isinstance(source, ast.Binary) and source.op == "..":
            low = self.interpreter.integer(source.left, scope)
            high = self.interpreter.integer(source.right, scope)
            return index_rows("index", max(high - low, 0), fresh("r"), low)
        axis = self._axis(source, scope)
        if axis is not None:
            return index_rows(axis, self.interpreter.size(axis, scope), fresh("r"))
        if isinstance(source, ast.Index) and all(_bare(item) for item in source.items):
            thing = self.interpreter.evaluate(source.value, scope.rows_only())
            if isinstance(thing, Picked):  # a list, whose rows are ranged along their rank and what stays in them
                thing = self.interpreter.as_value(thing, source.value)
            if isinstance(thing, (Value, Made)):
                named = [scope.axis(item.name) for item in source.items if isinstance(item, ast.AxisName)]
                return self._ranged(thing, named)
        thing = self.interpreter.evaluate(source, scope.rows_only())
        if isinstance(thing, Relation):
            return thing.anchors()
        if isinstance(thing, Rows):
            return thing
        if isinstance(thing, (Value, Made)):
            value = thing if isinstance(thing, Value) else thing.value
            carried = scope.carried()
            ranged = [a for a in value.all_axes if a != "dim" and "@" not in a and a not in carried]
            if not ranged:
                raise EvaluationError("this source has no axis to range over", source.span)
            return self._ranged(thing, ranged)
        raise EvaluationError("this is no source of rows", source.span)

    def _axis(self, source: ast.Expr, scope: Scope) -> str | None:
        """The axis that a bare name names, where no value has the name."""
        if not isinstance(source, ast.Name) or self.interpreter.find(source.id, scope) is not None:
            return None
        return scope.axis(source.id)

    def _ranged(self, thing: Value | Made, axes: Sequence[str]) -> Leaf:
        if isinstance(thing, Value):
            return rows_of(thing, axes, fresh("t"))
        return rows_of(thing.value, axes, fresh("t"), thing.attributes)

    def made(self, let: ast.Let, scope: Scope) -> Rows:
        """`let mixed[j in z, k in z] = rows(...) if P`: one row for each pair of rows for which P holds."""
        inner, bound = scope, []
        for item in let.axes:
            if not isinstance(item, ast.Comprehension):
                raise EvaluationError("rows and axes do not mix on the left of a let", item.span)
            rows, inner = self.comprehension(item, inner)
            bound.append((item.variable, rows))
        thing = self.interpreter.evaluate(let.value, inner)
        value = thing.value if isinstance(thing, Made) else self.interpreter.as_value(thing, let.value)
        for _, rows in bound:
            value = value.masked(rows.here.present)
        axes = [str(rows.axis) for _, rows in bound]
        sizes = {str(rows.axis): rows.here.size(str(rows.axis)) or 0 for _, rows in bound}
        axis = fresh(let.name)

        def flat(each: Value) -> Value:
            return merged(each.over(axes, sizes), axes, axis)

        attached = {name: flat(each) for name, each in thing.attributes.items()} if isinstance(thing, Made) else {}
        coordinates = {name: flat(each) for name, each in _coordinates(bound).items()}
        grid = tuple((name, sizes[str(rows.axis)]) for name, rows in bound)
        return Leaf(axis, flat(value), grid, coordinates, object(), attached)


def _bare(item: ast.AxisItem) -> bool:
    return isinstance(item, ast.AxisName) and item.condition is None


def _coordinates(bound: Sequence[tuple[str, Rows]]) -> dict[str, Value]:
    """The coordinates of made rows: those of the rows they are made of, an axis of several of them under no name."""
    found: dict[str, list[Value]] = {}
    for _, rows in bound:
        for name in {name for leaf in rows.leaves() for name in leaf.coordinates}:
            value = rows.attribute(name, None)
            if value is not None:
                found.setdefault(name, []).append(value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}
