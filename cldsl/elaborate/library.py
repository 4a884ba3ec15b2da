"""The library's functions that are not definitions in .cl: pointwise, along axes, shape, assignment, distributions, views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cldsl.catalogue import CatalogueError, bind, find, nearest
from cldsl.elaborate.clusters import kmeans
from cldsl.elaborate.reductions import REDUCTIONS
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.transport import transport
from cldsl.elaborate.values import Distribution, Relation, TextValue, Thing, Uneven, Value
from cldsl.graph.nodes import Axis, Node
from cldsl.graph.plan import StagePlan
from cldsl.semantics.spots import argument_span
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import NOWHERE, Span

if TYPE_CHECKING:
    from cldsl.elaborate.expressions import Expressions

_POINTWISE = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "abs": "abs", "sign": "sign", "floor": "floor", "ceil": "ceil", "round": "round",
    "sin": "sin", "cos_angle": "cos", "tanh": "tanh", "sigmoid": "sigmoid", "relu": "relu", "softplus": "softplus", "atan": "atan", "erf": "erf",
    "isfinite": "isfinite",
}  # fmt: skip
_TWO = {"max": "maximum", "min": "minimum", "logaddexp": "logaddexp", "bce": "bce"}
#: distribution -> (argument names, defaults)
LAWS: dict[str, tuple[tuple[str, Any], ...]] = {
    "uniform": (("lo", 0.0), ("hi", 1.0)),
    "normal": (("mean", 0.0), ("std", 1.0)),
    "integer": (("lo", None), ("hi", None)),
    "beta": (("a", None), ("b", None)),
    "bernoulli": (("p", None),),
    "sphere": (),
    "permutation": (),
}
NAMES = [
    *_POINTWISE, *_TWO, "clamp", "unit", "dot", "cos", "norm", "sq", "dist2", "size", "present", "full", "onehot", "stack", "cat",
    "each", "rows", "sinkhorn", "soft_sort", "kmeans", "stop", "flip", *LAWS,
]  # fmt: skip


class Library:
    def __init__(self, expressions: Expressions) -> None:
        self.x = expressions
        self.a = expressions.a
        self.table: dict[str, Callable[[tuple[ast.AxisItem, ...], ast.Call, Scope], Thing]] = {
            "clamp": self._clamp, "unit": self._unit, "dot": self._dot, "cos": self._cos, "norm": self._norm, "sq": self._sq,
            "dist2": self._dist2, "size": self._size, "present": self._present, "full": self._full, "onehot": self._onehot,
            "stack": self._stack, "cat": self._cat, "each": self._each, "rows": self._rows, "sinkhorn": self._sinkhorn,
            "soft_sort": self._soft_sort, "kmeans": self._kmeans, "stop": self._stop, "flip": self._flip,
        }  # fmt: skip

    def names(self) -> list[str]:
        return list(NAMES)

    def call(self, name: str, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        if name in self.table:
            return self.table[name](items, expr, scope)
        if items:
            raise Mistake(
                expr.span,
                "unknown-operator",
                f"no operator over axes is called {name}",
                "",
                nearest(name, [*NAMES, *sorted(REDUCTIONS)]),
            )
        if name in _POINTWISE:
            (value,) = self.values(expr, scope, 1)
            return self.a.pointwise(_POINTWISE[name], value, guards=scope.all_guards(), span=expr.span)
        if name in _TWO:
            left, right = self.values(expr, scope, 2)
            return self.a.pointwise(_TWO[name], left, right, span=expr.span)
        if name in LAWS:
            return self._law(name, expr, scope)
        if name in self.x.later:
            raise Mistake(expr.span, "not-executed", f"{name} is not executed by this version", self.x.later[name], "")
        return self._stage(name, expr, scope)

    # ---- arguments

    def values(self, expr: ast.Call, scope: Scope, count: int) -> list[Value]:
        plain = [argument for argument in expr.arguments if argument.name is None]
        if len(plain) != count or len(plain) != len(expr.arguments):
            assert isinstance(expr.function, (ast.Name, ast.Index))
            raise Mistake(
                expr.span,
                "argument-count",
                f"{count} argument{'s' if count > 1 else ''} expected, {len(expr.arguments)} given",
                "",
                "give as many as it takes",
            )
        return [self.x.value(argument.value, scope) for argument in plain]

    def options(self, expr: ast.Call, count: int, *known: str) -> None:
        """So many values without a name, then options of these names."""
        plain = [argument for argument in expr.arguments if argument.name is None]
        if len(plain) != count:
            raise Mistake(
                expr.span,
                "argument-count",
                f"{count} argument{'s' if count > 1 else ''} expected, {len(plain)} given",
                "",
                "give as many as it takes",
            )
        for argument in expr.arguments:
            if argument.name is not None and argument.name not in known:
                raise Mistake(
                    argument.span,
                    "no-such-argument",
                    f"there is no option {argument.name}",
                    "",
                    nearest(argument.name, known),
                )

    def option(self, expr: ast.Call, name: str, default: Any, scope: Scope) -> Any:
        for argument in expr.arguments:
            if argument.name == name:
                return self.x.static(argument.value, scope)
        return default

    def axes_of(
        self, items: tuple[ast.AxisItem, ...], scope: Scope, default: tuple[str, ...] = ("dim",)
    ) -> tuple[str, ...]:
        if not items:
            return default
        names = []
        for item in items:
            if not isinstance(item, ast.AxisName):
                raise Mistake(
                    item.span, "axis-expected", "an axis is named here", "", "write the name of an axis: `[item]`"
                )
            names.append(scope.axis(item.name))
        return tuple(names)

    def carries(self, value: Value, axes: tuple[str, ...], span: Span) -> None:
        for axis in axes:
            if axis not in value.names:
                own = ", ".join(value.names) or "none"
                mend = (
                    f"name the axes: `dot[{value.names[-1]}](...)`"
                    if axis == "dim" and value.names
                    else nearest(axis, value.names)
                )
                raise Mistake(span, "no-axis", f"the value has no axis {axis}", f"its axes are {own}", mend)

    # ---- along axes

    def _clamp(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        value, low, high = self.values(expr, scope, 3)
        return self.a.pointwise("minimum", self.a.pointwise("maximum", value, low), high, span=expr.span)

    def _along(self, op: str, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Value:
        (value,) = self.values(expr, scope, 1)
        axes = self.axes_of(items, scope)
        self.carries(value, axes, expr.span)
        return self._of_present(op, value, axes, expr.span)

    def _of_present(self, op: str, value: Value, axes: tuple[str, ...], span: Span) -> Value:
        """`unit` or `norm` of the present entries; a length is present even where no entry is."""
        depends = self.a.depends(value.mask, axes)
        node = self.a.zeroed(value.node, value.mask) if depends else value.node
        return Value(
            self.x.graph.make(op, node, over=axes, span=span), None if depends and op == "norm" else value.mask
        )

    def _unit(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        value = self._along("unit", items, expr, scope)
        (source,) = self.values(expr, scope, 1)
        return replace(value, rows=source.rows)

    def _norm(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        return self._along("norm", items, expr, scope)

    def _pair(
        self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope
    ) -> tuple[Value, Value, tuple[str, ...]]:
        left, right = self.values(expr, scope, 2)
        axes = self.axes_of(items, scope)
        self.carries(left, axes, expr.arguments[0].span)
        self.carries(right, axes, expr.arguments[1].span)
        return left, right, axes

    def _dot(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        left, right, axes = self._pair(items, expr, scope)
        return self.a.dot(left, right, axes, expr.span)

    def _cos(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        left, right, axes = self._pair(items, expr, scope)
        units = [self._of_present("unit", side, axes, NOWHERE) for side in (left, right)]
        return self.a.dot(units[0], units[1], axes, expr.span)

    def _sq(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        (value,) = self.values(expr, scope, 1)
        axes = self.axes_of(items, scope)
        self.carries(value, axes, expr.span)
        return self.a.dot(value, value, axes, expr.span)

    def _dist2(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        """|u - v|^2 as |u|^2 + |v|^2 - 2 u v, so that no vector per pair exists; never below 0."""
        left, right, axes = self._pair(items, expr, scope)
        mask = self.a.both(left.mask, right.mask)
        if self.a.depends(mask, axes):  # an entry that either lacks counts in no term
            left, right = (Value(self.a.zeroed(side.node, mask)) for side in (left, right))
        square = self.a.pointwise("add", self.a.dot(left, left, axes), self.a.dot(right, right, axes))
        twice = self.a.pointwise("mul", self.a.const(2.0), self.a.dot(left, right, axes, expr.span))
        return self.a.pointwise("maximum", self.a.pointwise("sub", square, twice), self.a.const(0.0), span=expr.span)

    def size_value(self, axis: Axis, span: Span) -> Value:
        if axis.size is not None:
            return self.a.const(axis.size)
        ones = self.a.spread(self.x.graph.const(1), [axis])
        return Value(self.x.graph.make("reduce", ones, kind="sum", over=(axis.name,)))

    def _size(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        if len(expr.arguments) != 1 or not isinstance(expr.arguments[0].value, ast.Name):
            raise Mistake(expr.span, "axis-expected", "size takes an axis", "", "write `size(item)`")
        name = expr.arguments[0].value
        return self.size_value(self.x.axis(scope.axis(name.id), name.span), expr.span)

    def _present(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        (value,) = self.values(expr, scope, 1)
        return self.a.const(True) if value.mask is None else Value(value.mask)

    def _full(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        (value,) = self.values(expr, scope, 1)
        if value.mask is None:
            return self.a.const(True)
        return Value(self.x.graph.make("reduce", value.mask, kind="all", over=value.mask.names, span=expr.span))

    def _onehot(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        (value,) = self.values(expr, scope, 1)
        (name,) = self.axes_of(items, scope, ())
        axis = self.x.axis(name, expr.span)
        return Value(self.x.graph.make("onehot", value.node, axis=axis, span=expr.span), value.mask)

    # ---- shape

    def _stop(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        (value,) = self.values(expr, scope, 1)
        return replace(value, node=self.x.graph.make("stop", value.node, span=expr.span), rows=value.rows)

    def _stack(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        (name,) = self.axes_of(items, scope, ())
        values = self.values(expr, scope, len(expr.arguments))
        return self.x.stacked(values, self.x.declare_axis(name, len(values), expr.span))

    def _cat(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        values = self.values(expr, scope, len(expr.arguments))
        if len(items) == 1 and isinstance(items[0], ast.Rename):
            old = [scope.axis(name) for name in items[0].old]
            new = scope.axis(items[0].new[0][0])
            if len(old) != len(values):
                raise Mistake(
                    expr.span,
                    "cat-count",
                    f"{len(old)} axes are joined, {len(values)} values given",
                    "",
                    "give a value for each axis",
                )
        else:
            (new,) = self.axes_of(items, scope, ())
            old = [new] * len(values)
        start, parts, nodes, masks = 0, [], [], []
        for name, value in zip(old, values, strict=True):
            self.carries(value, (name,), expr.span)
            axis = value.node.axis(name)
            if axis.size is None:
                raise Mistake(
                    expr.span,
                    "unknown-size",
                    f"the size of axis {name} is not known",
                    "",
                    "do it in a train block, where sizes are known",
                )
            parts.append((axis, start))
            start += axis.size
            nodes.append(self.a._renamed(value.node, {name: new}))
            masks.append(None if value.mask is None else self.a._renamed(value.mask, {name: new}))
        self.x.sizes[new] = start
        self.x.joined = {**self.x.joined, new: tuple(parts)}
        everywhere = {axis.name: axis for node in nodes for axis in node.axes if axis.name != new}
        node = self.x.graph.make(
            "concat",
            *(self.a.spread(n, list(everywhere.values())) for n in self.a.widened(nodes)),
            axis=new,
            span=expr.span,
        )
        if all(mask is None for mask in masks):
            return Value(node, parts=((new, tuple(parts)),))
        own = {axis.name: axis for mask in masks if mask is not None for axis in mask.axes if axis.name != new}
        filled = []
        for mask, each in zip(masks, nodes, strict=True):
            base = mask if mask is not None else self.x.graph.const(True)
            filled.append(self.a.spread(base, [*own.values(), each.axis(new)]))
        return Value(node, self.x.graph.make("concat", *filled, axis=new), ((new, tuple(parts)),))

    def _each(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        """`each[v](f(x))`: in the expression, models are applied to each index of an axis apart."""
        (name,) = self.axes_of(items, scope, ())
        axis = self.x.axis(name, expr.span)
        if axis.size is None or len(expr.arguments) != 1:
            raise Mistake(
                expr.span, "each", "each takes one expression and an axis of known size", "", "write `each[v](f(x))`"
            )
        before, self.x.apart = self.x.apart, (*self.x.apart, name)
        try:
            return self.x.value(expr.arguments[0].value, scope)
        finally:
            self.x.apart = before

    def _rows(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        value = self.x.value(expr.arguments[0].value, scope)
        attached = []
        for argument in expr.arguments[1:]:
            if argument.name is None:
                raise Mistake(
                    argument.span, "attribute-name", "attributes of rows have names", "", "write `rows(x, age = e)`"
                )
            self.x.reductions.attributes.add(argument.name)
            attached.append((argument.name, self.x.value(argument.value, scope)))
        return replace(value, rows=(*value.rows, *attached))

    def _flip(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        """The other direction of a relation; of an image it is a stage of a view."""
        if not expr.arguments:
            raise Mistake(
                expr.span, "argument-count", "flip takes a relation, or an image", "", "give as many as it takes"
            )
        relation = self.x.argument(expr.arguments[0].value, scope)
        if not isinstance(relation, Relation):
            return self._stage("flip", expr, scope)
        return self.x.relations.flip(relation, expr.span)

    # ---- assignment

    def _sinkhorn(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        self.options(expr, 1, "rounds", "until", "masses")
        value = self.x.value(expr.arguments[0].value, scope)
        axes = self.axes_of(items, scope, ())
        if len(axes) != 2:
            raise Mistake(
                expr.span,
                "two-axes",
                "sinkhorn balances two axes",
                "the last named is exact",
                "write `sinkhorn[word, item](s)`",
            )
        self.carries(value, axes, expr.span)
        rounds = self.option(expr, "rounds", 3, scope)
        mask: Node | None = None
        if value.mask is not None:
            mask = self.a.spread(value.mask, [value.node.axis(name) for name in axes])
        if any(argument.name in ("until", "masses") for argument in expr.arguments):
            return transport(self, value, axes, mask, expr, scope)
        inputs = (value.node,) if mask is None else (value.node, mask)
        return Value(self.x.graph.make("sinkhorn", *inputs, axes=axes, rounds=int(rounds), span=expr.span), value.mask)

    def _soft_sort(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        if len(items) != 1 or not isinstance(items[0], ast.Rename) or len(items[0].new) != 1:
            raise Mistake(
                expr.span,
                "axes-expected",
                "soft_sort names the axis of the slots and that of the places",
                "",
                "write `soft_sort[slot -> place](x)`",
            )
        self.options(expr, 1, "steepness")
        value = self.x.value(expr.arguments[0].value, scope)
        slot, place = scope.axis(items[0].old[0]), scope.axis(items[0].new[0][0])
        self.carries(value, (slot,), expr.span)
        axis = value.node.axis(slot)
        self.x.sizes[place] = axis.size
        steepness = self.a.const(1.0)
        for argument in expr.arguments[1:]:
            steepness = self.x.value(argument.value, scope)
        mask = None if value.mask is None else self.a.spread(value.mask, [axis])
        inputs = [value.node, self.a.cast(steepness.node, "real")] + ([] if mask is None else [mask])
        node = self.x.graph.make("soft_sort", *inputs, axis=slot, place=Axis(place, axis.size), span=expr.span)
        if mask is None:
            return Value(node)
        inside = self.a.fold("lt", self.a.iota(Axis(place, axis.size)).node, self.a.count(mask, (slot,)))
        return Value(node, self.a.both(mask, inside))

    def _kmeans(self, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        return kmeans(self, items, expr, scope)

    # ---- chance

    def _law(self, name: str, expr: ast.Call, scope: Scope) -> Thing:
        known = LAWS[name]
        values: dict[str, Any] = dict(known)
        for place, argument in enumerate(expr.arguments):
            key = argument.name if argument.name is not None else known[place][0] if place < len(known) else None
            if key is None or key not in values:
                raise Mistake(
                    argument.span,
                    "no-such-argument",
                    f"{name} takes {', '.join(k for k, _ in known) or 'no argument'}",
                    "",
                    "leave it out",
                )
            values[key] = self.x.static(argument.value, scope)
        for key, value in values.items():
            if value is None:
                raise Mistake(expr.span, "argument-missing", f"{name} needs {key}", "", "give it")
        return Distribution(law=name, arguments=tuple(values[key] for key, _ in known))

    def _stage(self, name: str, expr: ast.Call, scope: Scope) -> Thing:
        from cldsl.views.catalog import STAGES

        try:
            entry = find(STAGES, name, "function")
        except CatalogueError as error:
            hints = [
                *self.x.names_in_reach(scope),
                *NAMES,
                *(stage.name for stage in STAGES),
                *sorted(REDUCTIONS),
            ]
            raise Mistake(
                expr.function.span, "unknown-function", f"no function is called {name}", "", nearest(name, hints)
            ) from error
        if not expr.arguments:
            raise Mistake(
                expr.span, "argument-missing", f"{name} transforms a column", "", f"write `{name}(image, ...)`"
            )
        base = self.x.thing(expr.arguments[0].value, scope)
        rest = [argument for argument in expr.arguments[1:]]
        positional = [self.x.static(argument.value, scope) for argument in rest if argument.name is None]
        named = {argument.name: self.x.static(argument.value, scope) for argument in rest if argument.name is not None}
        try:
            bound = bind(entry, positional, named)
        except CatalogueError as error:
            raise Mistake(
                argument_span(expr, error.message), "stage-arguments", error.message, "", error.mend
            ) from error
        stage = StagePlan(name, tuple(bound.items()))
        if isinstance(base, Distribution) and not base.law:
            return replace(base, stages=(*base.stages, stage))
        if isinstance(base, Value) and base.node.op == "input" and base.node.attr("kind") in ("column", "given"):
            return Distribution(base, base.node.attr("name"), (stage,))
        if isinstance(base, (TextValue, Uneven, Value)):
            raise Mistake(
                expr.span,
                "column-expected",
                "a view transforms a column of the stream",
                "",
                "write `crop(image, ...)`, with a column of the stream first",
            )
        raise Mistake(
            expr.span,
            "column-expected",
            f"{name} transforms a column",
            "",
            "write `crop(image, ...)`, with a column of the stream first",
        )
