"""Reductions: `op[axes or rows](e)`, over several sources part by part. docs/language.md, section 3."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cldsl.elaborate.folding import constant
from cldsl.elaborate.ordered import Ordered
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Relation, Thing, Value
from cldsl.graph.nodes import Axis, Node
from cldsl.syntax import ast
from cldsl.syntax.record import record

if TYPE_CHECKING:
    from cldsl.elaborate.expressions import Expressions

REDUCTIONS = frozenset(
    [
        "sum",
        "mean",
        "max",
        "min",
        "prod",
        "logsumexp",
        "count",
        "any",
        "all",
        "var",
        "std",
        "argmax",
        "argmin",
        "first",
        "last",
        "softmax",
        "log_softmax",
        "sort",
        "cumsum",
        "softmean",
        "quantile",
    ]
)
#: what a reduction takes where it is more than one value, and how that is written
_ARGUMENTS = {
    "softmean": ("a score and a value", "score, x"),
    "quantile": ("a value and takes a share from 0 to 1", "x, 0.9"),
}
_KEEPS = frozenset({"softmax", "log_softmax", "cumsum"})


@record()
class Branch:
    """One combination of parts: the scope with the rows bound, what is ranged, which coordinates count, the weight."""

    scope: Scope
    axes: list[Axis]
    keep: Node | None
    weight: Value | None


class Reductions:
    def __init__(self, expressions: Expressions) -> None:
        self.x = expressions
        self.a = expressions.a
        self.ordered = Ordered(expressions)
        #: attributes that some made rows carry: a row without them lacks them, it is no misspelling
        self.attributes: set[str] = set()

    def call(self, op: str, items: tuple[ast.AxisItem, ...], expr: ast.Call, scope: Scope) -> Thing:
        what, form = _ARGUMENTS.get(op, ("one value", "x"))
        if len(expr.arguments) != form.count(",") + 1 or any(argument.name for argument in expr.arguments):
            raise Mistake(expr.span, "reduction-arguments", f"{op} reduces {what}", "", f"write `{op}[axis]({form})`")
        if not items:
            return self._everything(op, expr, scope)
        branches = list(self.branches(items, scope))
        if op in _KEEPS or op in ("argmax", "argmin", "first", "last"):
            return self._along(op, branches, expr)
        if op == "sort":
            return self.ordered.sort(branches, expr, self._sized)
        if op == "quantile":
            return self.ordered.quantile(branches, expr, scope, self._sized)
        if op == "softmean" and not branches:
            return self._nothing(op)
        if op == "softmean":
            return self._softmean(branches, expr)
        if op == "mean" and len(branches) > 1:
            return self._mean_of_union(branches, expr)
        results = [self._one(op, branch, expr) for branch in branches]
        if not results:
            return self._nothing(op)
        return results[0] if len(results) == 1 else self._combined(op, results, expr)

    # ---- what is ranged

    def branches(self, items: Sequence[ast.AxisItem], scope: Scope) -> Iterator[Branch]:
        yield from self._extend(list(items), Branch(scope, [], None, None))

    def _extend(self, items: list[ast.AxisItem], branch: Branch) -> Iterator[Branch]:
        if not items:
            yield branch
            return
        item, rest = items[0], items[1:]
        if isinstance(item, ast.AxisName):
            axis = self.x.axis(branch.scope.axis(item.name), item.span)
            inner = Branch(Scope(branch.scope), [*branch.axes, axis], branch.keep, branch.weight)
            inner.scope.bound, inner.scope.guards = axis.name, self._outside(branch.scope, axis)
            if item.condition is not None:
                test = self.a.truth(self.x.value(item.condition, inner.scope))
                inner.keep = self.a.both(inner.keep, test)
                inner.scope.guards = (*inner.scope.guards, test)
            yield from self._extend(rest, inner)
        elif isinstance(item, ast.Comprehension):
            relation = self._relation(item, branch.scope)
            rows = self.x.rows.comprehended(item, branch.scope)
            for part in rows.parts:
                scope, row = self.x.rows.bind(item.variable, part, branch.scope, relation)
                weight = branch.weight
                if item.weight is not None:
                    mine = self.x.value(item.weight, scope)
                    weight = mine if weight is None else self.a.pointwise("mul", weight, mine)
                if row.part.mask is not None:
                    scope.guards = (row.part.mask,)
                yield from self._extend(
                    rest, Branch(scope, [*branch.axes, row.part.axis], self.a.both(branch.keep, row.part.mask), weight)
                )
        else:
            raise Mistake(
                item.span,
                "axis-or-row-expected",
                "a reduction ranges over axes or rows",
                "",
                "write `mean[item](x)` or `mean[c in z](e)`",
            )

    def _relation(self, item: ast.Comprehension, scope: Scope) -> Relation | None:
        """The relation whose anchors are bound: `a in R` has the sets of R."""
        if not isinstance(item.source, ast.Name):
            return None
        found = self.x.lookup(item.source.id, scope, item.source.span)
        if isinstance(found, Relation) and found.flipped:
            raise Mistake(
                item.source.span,
                "not-executed",
                "the anchors of a flipped relation are bound by a def alone in this version",
                "they are the rows of its candidates",
                "write `def g(R)[a in R] = ...` and reduce its value",
            )
        return found if isinstance(found, Relation) else None

    # ---- one branch

    def _one(self, op: str, branch: Branch, expr: ast.Call) -> Value:
        value = self._counted(branch, expr) if op == "count" else self.x.value(expr.arguments[0].value, branch.scope)
        self._sized(branch, value)
        for row in branch.scope.rows():
            if row.part.axis in branch.axes:
                self.x.guard_own_axes(value.node, row, expr.arguments[0].value, branch.scope)
        if branch.weight is not None and not (constant(branch.weight.node) == 1 and branch.weight.mask is None):
            return self._weighted(op, value, branch, expr)
        return self._reduced(op, value, branch, expr)

    def _outside(self, scope: Scope, axis: Axis) -> tuple[Node, ...]:
        """Conditions from outside over an axis that is bound anew: an inner entry counts where any outer one does."""
        found = []
        for guard in scope.all_guards():
            if axis.name in guard.names:
                found.append(self.a.graph.make("reduce", guard, kind="any", over=(axis.name,)))
                if guard in self.a.written:
                    self.a.written.add(found[-1])
        return tuple(found)

    @staticmethod
    def _sized(branch: Branch, value: Value) -> None:
        """An axis that the argument itself makes has its size from it."""
        made = {axis.name: axis for axis in value.axes}
        branch.axes = [made.get(axis.name, axis) if axis.size is None else axis for axis in branch.axes]

    def _counted(self, branch: Branch, expr: ast.Call) -> Value:
        """count[rows](x): present rows at which x is present; a row variable itself is present."""
        argument = expr.arguments[0].value
        thing = self.x.thing(argument, branch.scope)
        from cldsl.elaborate.values import Row

        return self.a.const(True) if isinstance(thing, Row) else self.x.as_value(thing, argument.span)

    def _reduced(self, op: str, value: Value, branch: Branch, expr: ast.Call) -> Value:
        present = (
            set(value.names)
            | set(value.mask.names if value.mask is not None else ())
            | set(branch.keep.names if branch.keep is not None else ())
        )
        here = [axis for axis in branch.axes if axis.name in present]
        lacking = [axis for axis in branch.axes if axis.name not in present]
        if any(axis.size == 0 for axis in here):
            return self._nothing(op, [axis for axis in value.axes if axis not in here])
        if op in ("var", "std"):
            return self._variance(op, value, here, branch.keep)
        result = self.a.reduce(op, value, here, branch.keep, expr.span) if here else value
        if not here and op == "count":
            result = Value(self.a.cast(self.a.truth(Value(self.a.graph.const(True), value.mask)), "int"))
        elif not here and op in ("any", "all"):
            result = Value(self.a.truth(value))
        if op in ("sum", "count", "logsumexp") and lacking:
            for axis in lacking:
                size = self.x.library.size_value(axis, expr.span)
                result = (
                    self.a.pointwise("add", result, self.a.pointwise("log", size))
                    if op == "logsumexp"
                    else self.a.pointwise("mul", result, size)
                )
        if not here and branch.keep is not None:  # a filter of the clock, or of outer rows: all or nothing
            return self._all_or_nothing(op, result, branch.keep)
        return result

    def _all_or_nothing(self, op: str, value: Value, keep: Node) -> Value:
        known = constant(keep)
        if known is True:
            return value
        if op in ("sum", "count", "any", "all", "logsumexp", "prod"):
            return self._nothing(op) if known is False else self.a.over_nothing(op, value, keep)
        return Value(value.node, self.a.both(value.mask, keep))

    def _weighted(self, op: str, value: Value, branch: Branch, expr: ast.Call) -> Value:
        weight = branch.weight
        assert weight is not None
        if op == "sum":
            return self._reduced("sum", self.a.pointwise("mul", weight, value), branch, expr)
        if op == "mean":
            total = self._reduced("sum", self.a.pointwise("mul", weight, value), branch, expr)
            both = Value(
                self.a.spread(weight.node, [a for a in branch.axes if a.name in value.names]),
                self.a.both(weight.mask, value.mask),
            )
            norm = self._reduced("sum", both, branch, expr)
            found = self.a.pointwise("ne", norm, self.a.const(0))
            safe = self.a.choose(found, norm, self.a.const(1.0))
            return Value(self.a.pointwise("div", total, safe).node, found.node)
        if op == "logsumexp":
            positive = self.a.pointwise("gt", weight, self.a.const(0))
            logged = self.a.pointwise("log", self.a.choose(positive, weight, self.a.const(1.0)))
            shifted = self.a.pointwise("add", value, logged)
            keep = self.a.both(branch.keep, positive.node)
            return self._reduced("logsumexp", shifted, Branch(branch.scope, branch.axes, keep, None), expr)
        raise Mistake(
            expr.span,
            "weight-without-meaning",
            f"{op} takes no weight",
            "sum, mean and logsumexp do",
            "weigh the value itself",
        )

    def _variance(self, op: str, value: Value, axes: list[Axis], keep: Node | None) -> Value:
        mean = self.a.reduce("mean", value, axes, keep)
        gap = self.a.pointwise("sub", value, mean)
        var = self.a.reduce("mean", self.a.pointwise("mul", gap, gap), axes, keep)
        if op == "var":
            return var
        graph = self.a.graph
        spread = graph.make("gt", var.node, graph.const(0.0))  # over equal entries the root is 0, with zero gradient
        root = graph.make("sqrt", graph.make("where", spread, var.node, graph.const(1.0)))
        return Value(graph.make("where", spread, root, graph.const(0.0)), var.mask)

    def _softmean(self, branches: list[Branch], expr: ast.Call) -> Value:
        """Over several parts: each part's softmean, weighed by the part's share of the normaliser."""
        parts: list[tuple[Value, Value]] = []
        for branch in branches:
            score = self.x.value(expr.arguments[0].value, branch.scope)
            value = self.x.value(expr.arguments[1].value, branch.scope)
            for row in branch.scope.rows():
                if row.part.axis in branch.axes:
                    self.x.guard_own_axes(value.node, row, expr, branch.scope)
            mean = self.a.softmean(score, value, branch.axes, branch.keep)
            both = Value(self.a.spread(score.node, branch.axes), self.a.both(score.mask, value.mask))
            parts.append((mean, self.a.reduce("logsumexp", both, branch.axes, branch.keep)))
        if len(parts) == 1:
            return parts[0][0]
        axis = Axis(self.x.fresh_axis("part"), len(parts))
        means = self.x.stacked([mean for mean, _ in parts], axis)
        norms = self.x.stacked([norm for _, norm in parts], axis)
        return self.a.softmean(norms, means, [axis], None)

    # ---- several parts

    def _combined(self, op: str, results: list[Value], expr: ast.Call) -> Value:
        if op in ("sum", "count"):
            total = results[0]
            for each in results[1:]:
                total = self.a.pointwise("add", total, each)
            return total
        if op in ("any", "all"):
            total = results[0]
            for each in results[1:]:
                total = self.a.logic("or" if op == "any" else "and", total, each)
            return total
        if op == "logsumexp":
            axis = Axis(self.x.fresh_axis("part"), len(results))
            return self.a.reduce("logsumexp", self.x.stacked(results, axis), [axis], None)
        if op in ("max", "min", "prod"):
            axis = Axis(self.x.fresh_axis("part"), len(results))
            return self.a.reduce(op, self.x.stacked(results, axis), [axis], None)
        raise Mistake(
            expr.span, "not-executed", f"{op} over a union of sources is not executed by this version", "", ""
        )

    def _mean_of_union(self, branches: list[Branch], expr: ast.Call) -> Value:
        """One mean over all rows: the sum of the sums over the sum of the counts."""
        sums, counts, found = [], [], self.a.const(False)
        for branch in branches:
            value = self.x.value(expr.arguments[0].value, branch.scope)
            if branch.weight is not None and constant(branch.weight.node) != 1:
                raise Mistake(
                    expr.span, "not-executed", "a weighted mean over a union is not executed by this version", "", ""
                )
            sums.append(
                self.a.reduce("sum", Value(self.a.cast(value.node, "real"), value.mask), branch.axes, branch.keep)
            )
            counts.append(
                self.a.reduce(
                    "count", Value(self.a.spread(value.node, branch.axes), value.mask), branch.axes, branch.keep
                )
            )
            present = self.a.both(value.mask, branch.keep)
            some = (
                self.a.const(True)
                if present is None
                else self.a.reduce("any", self.a.const(True), branch.axes, present)
            )
            found = self.a.logic("or", found, some)
        total, number = self._combined("sum", sums, expr), self._combined("sum", counts, expr)
        safe = self.a.pointwise("maximum", number, self.a.const(1))
        return Value(self.a.pointwise("div", total, safe).node, self.a.unless_proven(found.node))

    def _nothing(self, op: str, axes: Sequence[Axis] = ()) -> Value:
        over_nothing: dict[str, float | bool] = {
            "sum": 0.0,
            "count": 0,
            "any": False,
            "all": True,
            "logsumexp": -math.inf,
            "prod": 1.0,
        }
        found = self.a.const(over_nothing[op]) if op in over_nothing else self.a.absent()
        return Value(self.a.spread(found.node, axes), found.mask)

    # ---- operators along an axis

    def _along(self, op: str, branches: list[Branch], expr: ast.Call) -> Value:
        if len(branches) != 1:
            raise Mistake(
                expr.span, "not-executed", f"{op} over a union of sources is not executed by this version", "", ""
            )
        branch = branches[0]
        value = self.x.value(expr.arguments[0].value, branch.scope)
        self._sized(branch, value)
        mask = self.a.both(value.mask, branch.keep)
        over = tuple(axis.name for axis in branch.axes)
        lacking = [axis for axis in branch.axes if axis.name not in value.names]
        node = self.a.spread(value.node, lacking)
        inputs = [node] if mask is None else [node, self.a.spread(mask, branch.axes)]
        graph = self.a.graph
        if op in ("softmax", "log_softmax"):
            return Value(graph.make(op, *inputs, over=over, span=expr.span), mask)
        if len(over) != 1:
            raise Mistake(expr.span, "one-axis", f"{op} runs along one axis", "", "merge them first: `x[(a, b) -> c]`")
        if op == "cumsum":
            zero = node if mask is None else graph.make("where", inputs[1], node, self.a.like(node, 0))
            return Value(graph.make("cumsum", zero, axis=over[0]), mask)
        if op in ("argmax", "argmin"):
            inputs[0] = inputs[0] if op == "argmax" else graph.make("neg", inputs[0])
            found = None if mask is None else graph.make("reduce", inputs[1], kind="any", over=over)
            return Value(graph.make("argmax", *inputs, axis=over[0]), found, target=over[0])
        place = self.a.iota(branch.axes[0])
        score = place.node if op == "last" else graph.make("neg", place.node)
        spread_mask = self.a.spread(mask if mask is not None else graph.const(True), branch.axes)
        index = graph.make("argmax", self.a.spread(score, branch.axes), spread_mask, axis=over[0])
        found = graph.make("reduce", spread_mask, kind="any", over=over)
        return Value(self.a._at(node, branch.axes[0], index), found)

    # ---- every axis

    def _everything(self, op: str, expr: ast.Call, scope: Scope) -> Value:
        """`mean(x)`: over every axis of the value and of its presence, but those of rows bound around."""
        if op in ("sort", "argmax", "argmin", "first", "last", "cumsum", "softmean", "quantile"):
            form = _ARGUMENTS.get(op, ("", "x"))[1]
            raise Mistake(expr.span, "axis-missing", f"{op} runs along an axis", "", f"write `{op}[axis]({form})`")
        value = self.x.value(expr.arguments[0].value, scope)
        taken = self.x.rows.taken(scope)
        axes = {axis.name: axis for axis in (*value.axes, *(value.mask.axes if value.mask is not None else ()))}
        ranged = [axis for name, axis in axes.items() if name not in taken]
        if op in _KEEPS:
            mask = value.mask
            inputs = [value.node] if mask is None else [value.node, self.a.spread(mask, ranged)]
            return Value(self.a.graph.make(op, *inputs, over=tuple(a.name for a in ranged)), mask)
        branch = Branch(scope, ranged, None, None)
        if op == "count":
            value = Value(self.a.spread(value.node, ranged), value.mask)
        return self._reduced(op, value, branch, expr)
