"""Brackets behind a value, a list, a set of rows, a draw over pairs, a family (docs/language.md, section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from cldsl.reference.errors import EvaluationError
from cldsl.reference.rows import Picked, Rows
from cldsl.reference.scope import Made, ModelRef, PairDraw, Scope, Thing
from cldsl.reference.selection import at, merged, part, sliced, split, stacked
from cldsl.reference.values import Value
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter


def mentioned(items: Sequence[ast.AxisItem], scope: Scope) -> list[str]:
    """The axes that brackets select from, rename or bind."""
    names: list[str] = []
    for item in items:
        if isinstance(item, ast.AxisName):
            names.append(item.name)
        elif isinstance(item, (ast.Select, ast.Slice)):
            names.append(item.axis)
        elif isinstance(item, ast.Rename):
            names += [*item.old, *(name for name, _ in item.new)]
        elif isinstance(item, ast.Comprehension):
            names.append(item.variable)
    return [scope.axis(name) for name in names]


class Indexing:
    """Evaluated with the interpreter it is given."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def index(self, node: ast.Index, scope: Scope) -> Thing:
        """`x[...]`."""
        inner = scope.without(mentioned(node.items, scope))
        thing = self.interpreter.evaluate(node.value, inner)
        if isinstance(thing, PairDraw):
            return self._pair(thing, node, scope)
        if isinstance(thing, tuple):
            return self._entry(thing, node, scope)
        if isinstance(thing, Rows):
            return self._picked(thing, node, scope)
        if isinstance(thing, ModelRef):
            selects = [item for item in node.items if isinstance(item, ast.Select)]
            indices = {item.axis: self.interpreter.value(item.value, scope) for item in selects}
            return ModelRef(thing.name, thing.member, thing.evaluating, thing.frozen, indices)
        if isinstance(thing, Made):
            raise EvaluationError("made rows are bound, not indexed")
        return self._value(self.interpreter.as_value(thing, node.value), node.items, scope)

    def _value(self, value: Value, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        selects = [item for item in items if isinstance(item, ast.Select)]
        if selects:
            value = at(value, {scope.axis(item.axis): self.interpreter.value(item.value, scope) for item in selects})
        renames: dict[str, str] = {}
        for item in items:
            if isinstance(item, ast.Slice):
                low = None if item.low is None else self.interpreter.integer(item.low, scope)
                high = None if item.high is None else self.interpreter.integer(item.high, scope)
                value = sliced(value, scope.axis(item.axis), low, high)
            elif isinstance(item, ast.Rename):
                if len(item.old) == 1 and len(item.new) == 1:
                    renames[scope.axis(item.old[0])] = scope.axis(item.new[0][0])
                else:
                    value = self._reshaped(value, item, scope)
            elif isinstance(item, ast.Comprehension):
                value = self._part(value, item, scope)
            elif isinstance(item, ast.AxisName):
                value = self._filter(value, item, scope)
            elif isinstance(item, ast.Position):
                raise EvaluationError("a value is indexed by axis: x[axis = e]", item.span)
        for old in renames:
            self._needs(value, old)
        return value.renamed(renames) if renames else value

    def _needs(self, value: Value, axis: str) -> None:
        if value.size(axis) is None:
            raise EvaluationError(
                f"the axis {axis} is needed and missing: the value is over [{', '.join(value.all_axes)}]"
            )

    def _reshaped(self, value: Value, item: ast.Rename, scope: Scope) -> Value:
        """`x[(v, item) -> row]`, `x[row -> (v = 2, item)]`: one size of a split may be left to be found."""
        if len(item.new) == 1:
            return merged(value, [scope.axis(name) for name in item.old], scope.axis(item.new[0][0]))
        old = scope.axis(item.old[0])
        self._needs(value, old)
        sizes = [None if size is None else self.interpreter.integer(size, scope) for _, size in item.new]
        known = 1
        for size in sizes:
            known *= 1 if size is None else size
        if sizes.count(None) > 1:
            raise EvaluationError("a split leaves at most one size open", item.span)
        whole = value.size(old) or 0
        named = [
            (scope.axis(name), whole // known if size is None else size)
            for (name, _), size in zip(item.new, sizes, strict=True)
        ]
        return split(value, old, named)

    def _part(self, value: Value, item: ast.Comprehension, scope: Scope) -> Value:
        """`plan[pool in item]`."""
        if not isinstance(item.source, ast.Name):
            raise EvaluationError("the part of a joined axis is named by an axis", item.span)
        return part(value, scope.axis(item.variable), scope.axis(item.source.id))

    def _filter(self, value: Value, item: ast.AxisName, scope: Scope) -> Value:
        """`x[word if m]`; a bare axis is one that the value must have."""
        axis = scope.axis(item.name)
        self._needs(value, axis)
        if item.condition is None:
            return value
        hint = Scope(scope, {"value in brackets": value})
        return value.masked(self.interpreter.mask(item.condition, hint))

    def _entry(self, things: tuple[Thing, ...], node: ast.Index, scope: Scope) -> Thing:
        """The entry of a list; the position may have axes."""
        if len(node.items) != 1 or not isinstance(node.items[0], (ast.Position, ast.AxisName)):
            raise EvaluationError("a list is indexed by one position")
        item = node.items[0]
        where = item.value if isinstance(item, ast.Position) else ast.Name(item.name, span=item.span)
        index = self.interpreter.value(where, scope)
        if not index.axes and not all(isinstance(thing, Value) for thing in things):
            return things[int(index.data)]
        values = [self.interpreter.as_value(thing, node.value) for thing in things]
        return at(stacked(values, "position in a list"), {"position in a list": index})

    def _picked(self, rows: Rows, node: ast.Index, scope: Scope) -> Thing:
        """`hard[rank = a.i]`, `hard[rank = 1 : 5]`: rows of a list; a slice renumbers."""
        axis = str(rows.axis)
        if len(node.items) == 1 and isinstance(node.items[0], (ast.Select, ast.Slice)) and node.items[0].axis == "rank":
            item = node.items[0]
            if isinstance(item, ast.Select):
                return Picked(rows, self.interpreter.value(item.value, scope), None)
            size = rows.here.size(axis) or 0
            low = 0 if item.low is None else self.interpreter.integer(item.low, scope)
            high = size if item.high is None else min(self.interpreter.integer(item.high, scope), size)
            return Picked(rows, Value(torch.arange(low, max(high, low)), (axis,)), axis, ranked=True)
        # a single row, or a row variable, stands for its vector
        return self._value(rows.vector, node.items, scope)

    def _pair(self, draw: PairDraw, node: ast.Index, scope: Scope) -> Value:
        """`share[a, k]`: the draw at these rows."""
        if len(node.items) != len(draw.variables):
            raise EvaluationError(f"this draw is read at {len(draw.variables)} rows")
        known: dict[str, Value] = {}
        for item, variable in zip(node.items, draw.variables, strict=True):
            rows = self._row(item, scope)
            for axis in draw.value.axes:
                if axis.startswith(f"{variable}."):
                    found = rows.attribute(axis[len(variable) + 1 :], None)
                    if found is None:
                        raise EvaluationError(f"the row has no coordinate {axis}")
                    known[axis] = found
        return at(draw.value, known)

    def _row(self, item: ast.AxisItem, scope: Scope) -> Rows:
        if isinstance(item, ast.AxisName):
            thing = self.interpreter.find(item.name, scope)
        elif isinstance(item, ast.Position):
            thing = self.interpreter.evaluate(item.value, scope)
        else:
            thing = None
        if not isinstance(thing, Rows):
            raise EvaluationError("a draw over rows is read at rows", item.span)
        return thing
