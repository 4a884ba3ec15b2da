"""Expressions to values: one method per class of the tree. docs/language.md, sections 2 to 5.

Names of the file come from `top`, which the session around (elaborate/session.py) provides: it knows the block's stream, the
clock, what is held and how often each module was moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cldsl.catalogue import nearest
from cldsl.elaborate.applying import Applying
from cldsl.elaborate.arithmetic import Arithmetic
from cldsl.elaborate.folding import constant
from cldsl.elaborate.reductions import Reductions
from cldsl.elaborate.relations import Relations
from cldsl.elaborate.rows import Rows
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.values import (  # fmt: skip
    Broken,
    ListValue,
    ModelValue,
    Outputs,
    Row,
    RowSet,
    TextValue,
    Thing,
    Value,
)
from cldsl.graph.nodes import Graph
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

_BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "pow", "==": "eq", "!=": "ne", "<": "lt",
    "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip


class Expressions(Applying):
    """Elaborates expressions over one graph."""

    def __init__(self, graph: Graph, sizes: dict[str, int | None]) -> None:
        from cldsl.elaborate.library import Library  # the library calls back into expressions

        self.graph = graph
        self.a = Arithmetic(graph)
        self.sizes = sizes
        self.rows = Rows(self)
        self.relations = Relations(self)
        self.reductions = Reductions(self)
        self.library = Library(self)
        self.free_axes: set[str] = set()
        self._fresh = 0
        self._depth = 0

    def visit(self, expr: ast.Expr, scope: Scope) -> Thing:
        return _VISIT[type(expr)](self, expr, scope)

    # ---- atoms

    def _name(self, expr: ast.Name, scope: Scope) -> Thing:
        found = self.lookup(expr.id, scope, expr.span)
        if found is not None:
            if isinstance(found, Broken):
                raise Consequence
            return found
        known = {"true": True, "false": False, "inf": math.inf}
        if expr.id in known:
            return self.a.const(known[expr.id])
        if expr.id == "absent":
            return self.a.absent()
        axis = scope.axis(expr.id)
        if self.knows_axis(axis):
            return self.a.iota(self.axis(axis, expr.span))
        if expr.id in self.unexecuted():
            raise Consequence
        raise Mistake(
            expr.span,
            "unknown-name",
            f"nothing is called {expr.id}",
            "",
            nearest(expr.id, [*self.names_in_reach(scope), *self.sizes]),
        )

    def _number(self, expr: ast.Number, scope: Scope) -> Thing:
        return self.a.const(expr.value)

    def _text(self, expr: ast.Text, scope: Scope) -> Thing:
        return TextValue(expr.value)

    def _list(self, expr: ast.ListOf | ast.TupleOf, scope: Scope) -> Thing:
        return ListValue(tuple(self.thing(item, scope) for item in expr.items))

    def _set(self, expr: ast.SetOf, scope: Scope) -> Thing:
        ranked = next((line for line in expr.lines if line.top is not None), None)
        if ranked is not None and len(expr.lines) > 1:
            raise Mistake(
                ranked.span,
                "not-executed",
                "`top` over several lines of a set is not executed by this version",
                "it would take the best of their union",
                "take the top of each line in a set of its own: `{c in x top k by E} | {...}`",
            )
        return self.rows.united([self.rows.comprehended(line, scope) for line in expr.lines])

    def _attribute(self, expr: ast.Attribute, scope: Scope) -> Thing:
        if isinstance(expr.value, ast.Name):
            base = self.lookup(expr.value.id, scope, expr.value.span)
            if isinstance(base, ModelValue):
                return self.model_part(base, expr)
        picked = self._of_picked(expr, scope)
        if picked is not None:
            return picked
        base = self.thing(expr.value, scope)
        if isinstance(base, Row):
            return self._row_attribute(base, expr, scope)
        if isinstance(base, ModelValue):
            return self.model_part(base, expr)
        if isinstance(base, Outputs):
            return self._output(base, expr)
        raise Mistake(
            expr.span,
            "no-attribute",
            f"only a row, a relation or a model has attributes, not this ({expr.name})",
            "",
            "a row is bound by `c in SOURCE`",
        )

    def _output(self, made: Outputs, expr: ast.Attribute) -> Value:
        if expr.name not in made.names:
            raise Mistake(
                expr.span,
                "no-such-attribute",
                f"{made.model} makes no {expr.name}",
                f"its outputs are {', '.join(made.names)}",
                nearest(expr.name, made.names),
            )
        return made.pick(expr.name)

    def _of_picked(self, expr: ast.Attribute, scope: Scope) -> Value | None:
        """`hard[rank = e].name`: the attribute along the list, at one place of it; None where this is no list."""
        place = expr.value
        if not isinstance(place, ast.Index) or len(place.items) != 1:
            return None
        item = place.items[0]
        if not isinstance(item, ast.Select) or item.axis != "rank":
            return None
        base = self.thing(place.value, scope)
        if not isinstance(base, RowSet) or not base.ranked or len(base.parts) != 1:
            return None
        part = base.parts[0]
        part = part if part.axis.name == "rank" else self.rows.renamed(part, "rank")
        name = place.value.id if isinstance(place.value, ast.Name) else "of the list"
        found = self.as_value(self._row_attribute(Row(name, part), expr, scope), expr.span)
        along = self.a.spread(found.node, [part.axis])
        whole = Value(along, self.a.both(found.mask, part.mask), target=found.target)
        return replace(self.indexed(whole, place.items, scope), target=found.target)

    def _row_attribute(self, row: Row, expr: ast.Attribute, scope: Scope) -> Thing:
        if expr.name in ("positive", "negative", "candidate"):
            if row.relation is None:
                raise Mistake(
                    expr.span,
                    "no-relation",
                    f"{row.variable} is no anchor of a relation",
                    "sets belong to the rows of `a in R`",
                    "bind it by `[a in R]`",
                )
            return self.relations.set_of(row.relation, row, expr.name, expr.span)
        found = self.rows.attribute(row, expr.name, scope, expr.span)
        if found is None:
            if self._somewhere(expr.name, scope):
                return self.a.absent()
            axes = ", ".join([*row.part.coords, *row.part.attached])
            raise Mistake(
                expr.span,
                "no-such-attribute",
                f"the row {row.variable} has no {expr.name}",
                f"its coordinates and attributes are {axes or 'none'}; a tensor over its axes may be read too",
                nearest(expr.name, [*row.part.coords, *row.part.attached, *self.names_in_reach(scope)]),
            )
        return found

    def _somewhere(self, name: str, scope: Scope) -> bool:
        """A coordinate or attribute that another source of a union has: the row lacks it, so it is absent."""
        return (
            self.knows_axis(scope.axis(name))
            or self.lookup(name, scope, Span()) is not None
            or name in self.reductions.attributes
        )

    def model_part(self, model: ModelValue, expr: ast.Attribute) -> Thing:
        if expr.name == "eval":
            return replace(model, evaluated=True)
        for plan in model.plans:
            if plan.name == f"{model.name}.{expr.name}":
                return ModelValue((plan,), plan.name, model.evaluated)
        parts = [plan.name.removeprefix(f"{model.name}.") for plan in model.plans]
        if parts != [model.name]:
            raise Mistake(
                expr.span,
                "no-such-attribute",
                f"{model.name} has no part {expr.name}",
                f"it holds {', '.join(parts)}",
                nearest(expr.name, parts),
            )
        return self.model_weight(model, expr.name, expr.span)

    # ---- operators

    def _unary(self, expr: ast.Unary, scope: Scope) -> Thing:
        value = self.value(expr.operand, scope)
        if expr.op == "not":
            return self.a.logic("not", value, span=expr.span)
        return self.a.pointwise("neg", value, span=expr.span)

    def _binary(self, expr: ast.Binary, scope: Scope) -> Thing:
        if expr.op in ("and", "or"):
            left, right = self.value(expr.left, scope), self.value(expr.right, scope)
            return self.a.logic(expr.op, left, right, span=expr.span)
        if expr.op in ("|", ".."):
            return self.rows.source(expr, scope)
        if expr.op == "in":
            return self._member(expr, scope)
        sides = [self.thing(side, scope) for side in (expr.left, expr.right)]
        if expr.op in ("==", "!=") and all(isinstance(side, Row) for side in sides):
            left_row, right_row = sides
            assert isinstance(left_row, Row) and isinstance(right_row, Row)
            if left_row.part.vector.node.dtype != "int":
                same = self.rows.same(left_row, right_row)
                return same if expr.op == "==" else self.a.logic("not", same)
        if all(isinstance(side, TextValue) for side in sides) and expr.op in ("==", "!="):
            return self.a.const((sides[0] == sides[1]) == (expr.op == "=="))
        weights = self.weights(expr.op, sides[0], sides[1], expr.span)
        if weights is not None:
            return weights
        left, right = (
            self.as_value(side, node.span) for side, node in zip(sides, (expr.left, expr.right), strict=True)
        )
        if expr.op == "^" and constant(right.node) == 2:
            return self.a.pointwise("mul", left, left, span=expr.span)
        self._no_shorter_axis(left, right, expr.span)
        return self.a.pointwise(_BINARY[expr.op], left, right, guards=scope.all_guards(), span=expr.span)

    def _no_shorter_axis(self, left: Value, right: Value, span: Span) -> None:
        """A slice of an axis and the whole of it do not meet: neither entry by entry nor as an outer product."""
        for short, whole in ((left, right), (right, left)):
            for name in short.names:
                origin = self.slices.get(name)
                if origin is not None and origin in whole.names and name not in whole.names:
                    raise Mistake(
                        span,
                        "axes-do-not-meet",
                        f"one side has a part of the axis {origin}, the other all of it",
                        "one axis name has one size",
                        f"give the part a name of its own: `x[{origin} = 0 : 2][{origin} -> part]`",
                    )

    def _member(self, expr: ast.Binary, scope: Scope) -> Thing:
        """`x in SET`: some row of the set equals x (its index, or the row itself)."""
        item = self.thing(expr.left, scope)
        found = self.a.const(False)
        for part in self.rows.source(expr.right, scope).parts:
            _inner, row = self.rows.bind("_member", part, scope)
            test = (
                self.rows.same(item, row)
                if isinstance(item, Row)
                else self.a.pointwise("eq", self.as_value(item, expr.left.span), row.part.vector)
            )
            reduced = self.a.reduce("any", test, [row.part.axis], row.part.mask)
            found = self.a.logic("or", found, reduced)
        return found

    def _choose(self, expr: ast.Choose, scope: Scope) -> Thing:
        condition = self.value(expr.condition, scope)
        test = self.a.truth(condition)
        known = constant(test)
        if known is not None:
            if known:
                return self.thing(expr.then, scope)
            return self.a.absent() if expr.other is None else self.thing(expr.other, scope)
        self.a.written |= {test, self.a.negated(test)}
        yes = Scope(scope, guards=(test,))
        no = Scope(scope, guards=(self.a.negated(test),))
        then = self.thing(expr.then, yes)
        if expr.other is None:
            if isinstance(then, RowSet):
                return RowSet(tuple(part.with_mask(self.a.both(part.mask, test)) for part in then.parts), then.ranked)
            return self.a.choose(condition, self.as_value(then, expr.then.span), None, expr.span)
        other = self.value(expr.other, no)
        return self.a.choose(condition, self.as_value(then, expr.then.span), other, expr.span)

    def _fill(self, expr: ast.Fill, scope: Scope) -> Thing:
        return self.a.fill(self.value(expr.value, scope), self.value(expr.other, scope), expr.span)


#: each method takes its own class of the tree
_VISIT: dict[type, Callable[[Expressions, Any, Scope], Thing]] = {
    ast.Name: Expressions._name,
    ast.Number: Expressions._number,
    ast.Text: Expressions._text,
    ast.ListOf: Expressions._list,
    ast.TupleOf: Expressions._list,
    ast.SetOf: Expressions._set,
    ast.Attribute: Expressions._attribute,
    ast.Unary: Expressions._unary,
    ast.Binary: Expressions._binary,
    ast.Choose: Expressions._choose,
    ast.Fill: Expressions._fill,
    ast.Index: Expressions._index,
    ast.Call: Expressions._call,
}
