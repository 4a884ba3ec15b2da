"""Reductions over rows and axes: what their brackets bind, which entries their body is evaluated for.

Input: the call's tree and scope. Output: a value (docs/language.md, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cldsl.reference import keeping, reductions
from cldsl.reference.errors import EvaluationError
from cldsl.reference.rows import Rows
from cldsl.reference.rowsets import unbound, ungridded
from cldsl.reference.scope import Scope, Thing
from cldsl.reference.values import Mask, Value, both
from cldsl.syntax import ast

if TYPE_CHECKING:
    from cldsl.reference.expressions import Interpreter

KEEPING = ("softmax", "log_softmax", "cumsum", "sort")


@dataclass(frozen=True)
class Bound:
    """What the brackets of a reduction bind: the body's scope, the reduced axes, the rows' and filters' presence, the
    weight, and the filters that wait for the body."""

    scope: Scope
    axes: list[str]
    mask: Mask | None
    weight: Value | None
    late: list[ast.Expr]


class Reducing:
    """Evaluated with the interpreter it is given."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def reduction(self, name: str, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """`op[rows or axes if P weight w](e)`, `op(e)` over every axis."""
        if not items:
            thing = self.interpreter.evaluate(node.arguments[0].value, scope.rows_only())
            value = self._counted(name, thing, node)
            kept = scope.row_axes()
            return reductions.reduce(
                name, value, [axis for axis in value.all_axes if axis not in kept], {}, scope.rows_only().context
            )
        bound = self._bind(items, scope, node)
        inner, axes = bound.scope, bound.axes
        thing = self.interpreter.evaluate(node.arguments[0].value, inner)
        value = self._counted(name, thing, node)
        self._unbound(items, value, inner)
        keep = both(bound.mask, self._late_filter(bound, value))
        sizes = {axis: self._size(axis, inner, value) for axis in axes}
        if name == "quantile":
            share = self.interpreter.number(node.arguments[1].value, scope)
            return keeping.quantile(value.over(axes, sizes).masked(keep), share, axes, scope.context)
        if name == "softmean":
            other = self.interpreter.value(node.arguments[1].value, inner)
            return keeping.softmean(value.over(axes, sizes).masked(keep), other, axes, scope.context)
        return reductions.reduce(name, value, axes, sizes, scope.context, bound.weight, keep)

    def _unbound(self, items: Sequence[ast.AxisItem], value: Value, scope: Scope) -> None:
        for item in items:
            rows = self.interpreter.find(item.variable, scope) if isinstance(item, ast.Comprehension) else None
            if isinstance(rows, Rows) and isinstance(item, ast.Comprehension):
                unbound(value.all_axes, rows, item.variable)

    def _counted(self, name: str, thing: Thing, node: ast.Call) -> Value:
        """`count[n in S](n)` counts the rows, not the entries of their vectors."""
        if name == "count" and isinstance(thing, Rows):
            return thing.here
        return self.interpreter.as_value(thing, node)

    def _size(self, axis: str, scope: Scope, value: Value) -> int:
        size = value.size(axis)
        if size is not None:
            return size
        each: Scope | None = scope
        while each is not None:
            for thing in each.values.values():
                if isinstance(thing, Rows) and thing.axis == axis:
                    found = thing.here.size(axis)
                    assert found is not None
                    return found
            each = each.parent
        return self.interpreter.size(axis, scope)

    def _bind(self, items: Sequence[ast.AxisItem], scope: Scope, node: ast.Call) -> Bound:
        """The scope of a reduction's body, the axes it reduces, the presence of its rows, its weight."""
        inner, axes, weights = scope, [], []
        mask: Mask | None = None
        for item in items:
            if isinstance(item, ast.Comprehension):
                rows, inner = self.interpreter.sources.comprehension(item, inner)
                axes.append(str(rows.axis))
                mask = both(mask, rows.here.present)
                if item.weight is not None:
                    weights.append(item.weight)
            elif isinstance(item, ast.AxisName):
                axes.append(scope.axis(item.name))
                inner = inner.without([axes[-1]])
            else:
                raise EvaluationError("a reduction is over axes or rows", item.span)
        late: list[ast.Expr] = []
        for item in items:
            if isinstance(item, ast.AxisName) and item.condition is not None:
                # the filter is evaluated first where its axes have sizes without the body
                if not self._sized(items, inner):
                    late.append(item.condition)
                    continue
                found = self.interpreter.mask(item.condition, inner)
                mask, inner = both(mask, found), inner.where(found)
        if len(weights) > 1:
            raise EvaluationError("a reduction has one weight", node.span)
        weight = self.interpreter.value(weights[0], inner).masked(mask) if weights else None
        return Bound(inner, axes, mask, weight, late)

    def _sized(self, items: Sequence[ast.AxisItem], scope: Scope) -> bool:
        names = [scope.axis(item.name) for item in items if isinstance(item, ast.AxisName)]
        return all(
            scope.size(name) is not None or self.interpreter.world.known_size(name) is not None for name in names
        )

    def _late_filter(self, bound: Bound, value: Value) -> Mask | None:
        """Filters over axes that the body makes, whose sizes it gives."""
        hint = Scope(bound.scope, {"value in brackets": value})
        mask: Mask | None = None
        for condition in bound.late:
            mask = both(mask, self.interpreter.mask(condition, hint))
        return mask

    def keeping(self, name: str, node: ast.Call, items: Sequence[ast.AxisItem], scope: Scope) -> Value:
        """softmax, log_softmax, cumsum along axes or rows; sort along `rank`."""
        if not items:
            raise EvaluationError(f"{name} needs an axis in brackets")
        bound = self._bind(items, scope, node)
        inner, axes = bound.scope, bound.axes
        value = self.interpreter.value(node.arguments[0].value, inner).masked(bound.mask)
        value = value.over(axes, {axis: self._size(axis, inner, value) for axis in axes})
        value = value.masked(self._late_filter(bound, value))
        if name == "sort":
            if len(axes) != 1:
                raise EvaluationError("sort is along one axis")
            return keeping.sort(value, axes[0], scope.context, isinstance(items[0], ast.Comprehension))
        result = keeping.keep(name, value, axes, scope.context)
        for item in items:
            if isinstance(item, ast.Comprehension):
                rows = self.interpreter.find(item.variable, inner)
                assert isinstance(rows, Rows)
                result = ungridded(result, rows)
        return result
