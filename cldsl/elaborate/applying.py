"""Applications and lets: models, defs, relations, reductions and library functions applied; values per index; made rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cldsl.catalogue import nearest
from cldsl.elaborate.brackets import Brackets
from cldsl.elaborate.depth import LIMIT
from cldsl.elaborate.reductions import REDUCTIONS
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.values import (
    Broken,
    Function,
    ModelValue,
    Relation,
    Row,
    Thing,
    Value,
    WeightsValue,
)  # fmt: skip
from cldsl.graph.nodes import Axis, Node
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span


class Applying(Brackets):
    """`f(x)`, `g[axis](x)`, `R(a, c)`, and the right sides of lets."""

    # ---- calls

    def _call(self, expr: ast.Call, scope: Scope) -> Thing:
        target = expr.function
        items: tuple[ast.AxisItem, ...] = ()
        if isinstance(target, ast.Index):
            items, target = target.items, target.value
        if isinstance(target, ast.Attribute):
            return self._call_attribute(expr, target, items, scope)
        if not isinstance(target, ast.Name):
            raise Mistake(
                expr.span,
                "not-callable",
                "only a name can be applied",
                "",
                "apply a def, a model or a function of the library",
            )
        found = self.lookup(target.id, scope, target.span)
        if isinstance(found, Function):
            return self.call_def(found.definition, items, expr, scope)
        if isinstance(found, (ModelValue, WeightsValue)):
            return self._apply(found, items, expr, scope)
        if isinstance(found, Relation):
            return self._call_relation(found, "logit", expr, scope)
        if isinstance(found, Broken):
            raise Consequence
        if found is not None:
            raise Mistake(
                target.span,
                "not-callable",
                f"{target.id} is a value, not a def",
                "",
                "apply a def, a model or a function of the library",
            )
        contrast = self.contrast(target.id)
        if contrast is not None:
            return self.relation(contrast, expr, scope)
        if target.id == "grad":
            return self.slope(expr, scope)
        if target.id in REDUCTIONS and (items or len(expr.arguments) == 1 or target.id in ("softmean", "quantile")):
            return self.reductions.call(target.id, items, expr, scope)
        return self.library.call(target.id, items, expr, scope)

    def _apply(
        self, model: ModelValue | WeightsValue, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope
    ) -> Thing:
        weights = model.node if isinstance(model, WeightsValue) else None
        if isinstance(model, WeightsValue):
            base = model.model
            model = ModelValue(base.plans, base.name, base.evaluated or model.evaluated)
        if len(expr.arguments) < 1:
            raise Mistake(
                expr.span, "argument-missing", f"{model.name} is applied to a value", "", f"write `{model.name}(x)`"
            )
        argument, *others = (self.thing(each.value, scope) for each in expr.arguments)
        if not items:
            return self.apply_model(model, argument, scope, expr.span, weights, others=others)
        if len(items) != 1 or not isinstance(items[0], ast.Select):
            raise Mistake(
                items[0].span, "member-pick", f"brackets behind the model {model.name} pick members of a family", "",
                f"write `{model.name}[axis = 0](x)`",
            )  # fmt: skip
        return self.apply_member(model, argument, items[0], scope, expr.span)

    def _call_attribute(
        self, expr: ast.Call, target: ast.Attribute, items: tuple[ast.AxisItem, ...], scope: Scope
    ) -> Thing:
        base = self.thing(target.value, scope)
        if isinstance(base, WeightsValue) and target.name == "eval":
            return self._apply(WeightsValue(base.node, base.model, True), items, expr, scope)
        if isinstance(base, ModelValue):
            model = self.model_part(base, target)
            assert isinstance(model, ModelValue)
            return self._apply(model, items, expr, scope)
        if isinstance(base, Relation):
            return self._call_relation(base, target.name, expr, scope)
        raise Mistake(
            target.span,
            "not-callable",
            f"{target.name} cannot be applied here",
            "",
            "apply a def, a model or a function of the library",
        )

    def _call_relation(self, relation: Relation, what: str, expr: ast.Call, scope: Scope) -> Thing:
        rows = [self.thing(argument.value, scope) for argument in expr.arguments]
        if not all(isinstance(row, Row) for row in rows) or not 1 <= len(rows) <= 2:
            raise Mistake(
                expr.span,
                "rows-expected",
                "a relation is applied to an anchor and a candidate",
                "both are rows bound around",
                "write `R(a, c)` under `[a in R]` and `c in a.positive`",
            )
        anchor, candidate = rows[0], rows[-1]
        assert isinstance(anchor, Row) and isinstance(candidate, Row)
        if what in ("logit", "similarity", "weight") and len(rows) == 2:
            return self.relations.pair(relation, anchor, candidate, what, expr.span)
        if what == "temperature" and len(rows) == 1:
            return self.relations.temperature(relation, anchor, expr.span)
        if len(rows) == 1:
            return self.relations.let(relation, anchor, what, expr.span)
        raise Mistake(
            expr.span,
            "no-such-pair-value",
            f"a relation has no pair value {what}",
            "",
            nearest(what, ["similarity", "temperature", "weight"]),
        )

    def relation(self, contrast: ast.Contrast, expr: ast.Call | None, scope: Scope) -> Relation:
        """A contrast applied to its arguments (none: expr is None)."""
        given: dict[str, Thing] = {}
        arguments = expr.arguments if expr is not None else ()
        for parameter, argument in zip(contrast.parameters, arguments, strict=False):
            given[argument.name or parameter.name] = self.thing(argument.value, scope)
        for parameter in contrast.parameters:
            if parameter.name not in given:
                if parameter.default is None:
                    span = expr.span if expr is not None else contrast.span
                    raise Mistake(
                        span, "argument-missing", f"contrast {contrast.name} needs {parameter.name}", "", "give it"
                    )
                given[parameter.name] = self.thing(parameter.default, scope)
        return Relation(contrast, Scope(None, given))

    def call_def(self, definition: ast.Def, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        """A def applied: its body in a scope of its parameters; `[a in R]` gives a value per anchor."""
        inner = Scope(scope, closed=True)
        axis_parameters = [item.name for item in definition.axis_parameters if isinstance(item, ast.AxisName)]
        if len(items) != len(axis_parameters):
            raise Mistake(
                expr.span,
                "axis-arguments",
                f"{definition.name} takes {len(axis_parameters)} axes in brackets, {len(items)} given",
                "",
                "name the axes in brackets: `f[axis](x)`",
            )
        for name, item in zip(axis_parameters, items, strict=True):
            if not isinstance(item, ast.AxisName):
                raise Mistake(
                    item.span, "axis-expected", "an axis is named here", "", "write the name of an axis: `[item]`"
                )
            inner.aliases[name] = scope.axis(item.name)
        names = [parameter.name for parameter in definition.parameters]
        for place, argument in enumerate(expr.arguments):
            if argument.name is None and place >= len(names):
                raise Mistake(
                    argument.span,
                    "too-many-arguments",
                    f"{definition.name} takes {len(names)} arguments",
                    "",
                    "leave the others out",
                )
            name = argument.name if argument.name is not None else names[place]
            if name not in names:
                raise Mistake(
                    argument.span,
                    "no-such-argument",
                    f"{definition.name} has no argument {name}",
                    "",
                    nearest(name, names),
                )
            inner.names[name] = self.argument(argument.value, scope)
        for parameter in definition.parameters:
            if parameter.name not in inner.names:
                if parameter.default is None:
                    raise Mistake(
                        expr.span,
                        "argument-missing",
                        f"{definition.name} needs the argument {parameter.name}",
                        "",
                        f"its arguments are {', '.join(names)}",
                    )
                inner.names[parameter.name] = self.thing(parameter.default, Scope(None))
        self._depth += 8
        try:
            if self._depth > LIMIT - 10:
                raise Mistake(
                    expr.span,
                    "too-deep",
                    f"{definition.name} calls itself",
                    "a def without end",
                    "write what it computes without itself",
                )
            return self._body(definition, inner, expr)
        finally:
            self._depth -= 8

    def argument(self, expr: ast.Expr, scope: Scope) -> Thing:
        if isinstance(expr, ast.Name) and self.lookup(expr.id, scope, expr.span) is None:
            contrast = self.contrast(expr.id)
            if contrast is not None:
                return self.relation(contrast, None, scope)
        return self.thing(expr, scope)

    def _body(self, definition: ast.Def, inner: Scope, expr: ast.Call) -> Thing:
        anchors = [item for item in definition.axes if isinstance(item, ast.Comprehension)]
        if not anchors:
            return self._lines(definition, inner)
        if len(anchors) > 1 or not isinstance(anchors[0].source, ast.Name):
            raise Mistake(anchors[-1].span, "one-anchor", "a def has one row in its result", "", "write `[a in R]`")
        line = anchors[0]
        relation = inner.find(anchors[0].source.id)
        if not isinstance(relation, Relation):
            raise Mistake(
                expr.span,
                "relation-expected",
                f"{definition.name} is applied to a relation",
                "",
                "a contrast's name stands here",
            )
        if relation.flipped:
            part = self.relations.flipped_anchors(relation, expr.span)
        else:
            part = self.relations.anchors(relation, inner).parts[0]
        scope, row = self.rows.bind(line.variable, part, inner, relation)
        scope.closed = False
        mask = row.part.mask
        if relation.flipped:
            mask = self.a.both(mask, self._paired(relation, row, scope, expr.span))
        value = self.as_value(self._lines(definition, scope), definition.value.span)
        self.guard_own_axes(value.node, row, definition.value, scope)
        value = Value(self.a.spread(value.node, [row.part.axis]), self.a.both(value.mask, mask))
        return self.a.split(value, row.part.axis.name, row.part.row_axes)

    def _paired(self, relation: Relation, row: Row, scope: Scope, span: Span) -> Node | None:
        """Where a row of a flipped relation is in a pair; None where that is proven."""
        found: Node | None = None
        for each in self.relations.set_of(relation, row, "candidate", span).parts:
            _, other = self.rows.bind("p", each, scope)
            test = self.a.reduce("any", self.a.const(True), [other.part.axis], other.part.mask).node
            if self.a.unless_proven(test) is None:
                return None
            found = test if found is None else self.a.fold("or", found, test)
        return found

    def _lines(self, definition: ast.Def, scope: Scope) -> Thing:
        for line in definition.body:
            if not isinstance(line, ast.Let):
                raise Mistake(
                    line.span,
                    "not-executed",
                    "a def with statements is not executed by this version",
                    "loops belong to a later version",
                    "",
                )
            scope.names[line.name] = self.let_in(line, scope)
        return self.thing(definition.value, scope)

    # ---- lets

    def let_in(self, line: ast.Let, scope: Scope) -> Thing:
        """A let's right side, with the axes its left side adds or checks."""
        binders = [item for item in line.axes if isinstance(item, ast.Comprehension)]
        if binders:
            return self._made_rows(line, binders, scope)
        fresh = [item for item in line.axes if isinstance(item, ast.Select)]
        if fresh:
            return self._per_index(line, fresh, scope, lambda inner: self.thing(line.value, inner))
        thing = self.thing(line.value, scope)
        if line.axes and isinstance(thing, Value):
            self._annotated(thing, line)
        return thing

    def _annotated(self, value: Value, line: ast.Let) -> None:
        wanted = {item.name for item in line.axes if isinstance(item, ast.AxisName)}
        if wanted != set(value.names):
            raise Mistake(
                line.span,
                "annotation",
                f"{line.name} has the axes [{', '.join(value.names)}], not [{', '.join(sorted(wanted))}]",
                "an annotation is verified",
                "write the axes that the value has, or change the value",
            )

    def _per_index(self, line: ast.Let, fresh: list[ast.Select], scope: Scope, body: Callable[[Scope], Thing]) -> Thing:
        item = fresh[0]
        axis = self.declare_axis(item.axis, self.static_int(item.value, scope), item.span)
        pieces = []
        for index in range(self.apart_count(axis.size, item.span)):
            inner = scope.child(**{item.axis: self.a.const(index)})
            self.site = (*self.site, (item.axis, index))
            try:
                pieces.append(
                    self.as_value(
                        self._per_index(line, fresh[1:], inner, body) if len(fresh) > 1 else body(inner), line.span
                    )
                )
            finally:
                self.site = self.site[:-1]
        return self.stacked(pieces, axis)

    def stacked(self, pieces: Sequence[Value], axis: Axis) -> Value:
        axes = {each.name: each for value in pieces for each in value.axes}
        nodes = [self.a.spread(node, list(axes.values())) for node in self.a.widened([value.node for value in pieces])]
        node = self.graph.make("stack", *nodes, axis=axis)
        if all(value.mask is None for value in pieces):
            return Value(node)
        masks = [value.mask if value.mask is not None else self.graph.const(True) for value in pieces]
        own = {each.name: each for mask in masks for each in mask.axes}
        return Value(
            node, self.graph.make("stack", *(self.a.spread(mask, list(own.values())) for mask in masks), axis=axis)
        )

    def _made_rows(self, line: ast.Let, binders: list[ast.Comprehension], scope: Scope) -> Thing:
        """`let mixed[j in z, k in z] = rows(..., age = e) if P`: a tensor over the rows j, k, absent where there is no row."""
        inner = scope
        keep: Node | None = None
        axes: list[Axis] = []
        for comp in binders:
            rows = self.rows.comprehended(comp, inner)
            if len(rows.parts) != 1:
                raise Mistake(
                    comp.span,
                    "one-source",
                    "made rows range over single sources",
                    "",
                    "write one `let` for each source",
                )
            inner, row = self.rows.bind(comp.variable, rows.parts[0], inner)
            keep = self.a.both(keep, row.part.mask)
            axes.append(row.part.axis)
        if keep is not None:
            inner.guards = (keep,)
        value = self.as_value(self.thing(line.value, inner), line.value.span)
        node = self.a.spread(value.node, axes)
        return Value(node, self.a.both(value.mask, keep), rows=value.rows)

    # ---- checks

    def guard_own_axes(self, node: Node, row: Row, expr: ast.Expr, scope: Scope) -> None:
        """An axis that the row ranges over, left free in its body: a bare `label` beside `a`."""
        left = {axis.name for axis in row.part.row_axes} & set(node.names)
        if not left or row.part.axis.name in left:
            return
        axis = sorted(left)[0]
        for each in ast.walk(expr):
            if isinstance(each, ast.Name):
                thing = self.lookup(each.id, scope, each.span)
                if isinstance(thing, Value) and axis in thing.names:
                    raise Mistake(
                        each.span,
                        "free-axis",
                        f"{each.id} still has the axis {axis}, which {row.variable} ranges over",
                        "it would be taken for every row at once",
                        f"write `{row.variable}.{each.id}`",
                    )
        raise Mistake(
            expr.span,
            "free-axis",
            f"the axis {axis}, which {row.variable} ranges over, is left free",
            "it would be taken for every row at once",
            f"read the value at a row: `{row.variable}.NAME`",
        )
