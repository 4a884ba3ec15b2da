"""`minimize`: the terms, what each moves, by which optimiser at which rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cldsl.catalogue import CatalogueError
from cldsl.elaborate import census
from cldsl.elaborate.block import Block
from cldsl.elaborate.reach import members_reached
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import ModelValue, Value
from cldsl.elaborate.watching import watch
from cldsl.graph.nodes import Node
from cldsl.graph.plan import OptimiserPlan
from cldsl.semantics.spots import argument_span
from cldsl.syntax import ast


class Objectives(Block):
    """The objectives of a block."""

    def _minimize(self, item: ast.Minimize) -> None:
        terms = []
        for term in item.terms:
            self.s.minimizing, self.s.anew = True, {}
            self.s.relation_cache = {}
            try:
                value = self.s.value(term.value, Scope())
            finally:
                self.s.minimizing = False
            node = self.present_scalar(value, term.value)
            self.shared.losses.append((node, term.value.span))
            terms.append((term, node, self._members(term, node), watch(self.s, term.value)))
        self.pending.append(("minimize", (item, terms, self.moment)))
        self.moment += 1
        for _, _, members, _ in terms:
            for name, _, _ in members:
                self._moves(name)
        self.s.relation_cache = {}

    def present_scalar(self, value: Value, expr: ast.Expr) -> Node:
        """An objective or report as one number that is there."""
        if value.axes:
            names = ", ".join(value.names)
            raise Mistake(
                expr.span,
                "scalar-expected",
                f"an objective is one number; this has the axes [{names}]",
                "",
                "write the reduction: `mean(...)`",
            )
        if value.mask is not None and census.verdict(value.mask) is not True:
            raise Mistake(
                expr.span,
                "may-be-absent",
                "this may be over nothing",
                "a mean, max or min of an empty set is absent, and an absent objective has no gradient",
                "write `else 0`, or filter the rows so that the set cannot be empty",
            )
        return self.s.a.cast(value.node, "real")

    def _members(self, term: ast.Term, node: Node) -> list[tuple[str, float, Node | None]]:
        """What the term moves: (model or learn tensor, rate factor, guard)."""
        reached = members_reached(node, self.shared)
        objective = f"minimize at {term.value.span.short}"
        if not term.over:
            if not reached:
                raise Mistake(
                    term.value.span,
                    "no-gradient",
                    "no parameter is reached by this objective's gradient",
                    "every path is cut by `stop`, a state, a copy or an index",
                    "remove the `stop`, or name what should move",
                )
            for name in reached:
                self.shared.reached.setdefault(name, []).append(objective)
            return [(name, 1.0, None) for name in reached]
        members: list[tuple[str, float, Node | None]] = []
        for expr in term.over:
            factor, guard = 1.0, None
            inner: ast.Expr = expr
            if isinstance(inner, ast.Choose):
                guard = self.s.scalar(inner.condition, "a guard")
                inner = inner.then
            if isinstance(inner, ast.Binary) and inner.op == "*":
                factor = float(self.s.static_option(inner.left))
                inner = inner.right
            for name in self._named(inner):
                if name not in reached:
                    raise Mistake(
                        expr.span,
                        "unreached",
                        f"the objective's gradient does not reach {name}",
                        "it moves nothing",
                        f"reached: {', '.join(reached) or 'nothing'}",
                    )
                self.shared.reached.setdefault(name, []).append(objective)
                members.append((name, factor, guard))
        return members

    def _named(self, expr: ast.Expr) -> list[str]:
        if isinstance(expr, ast.Name):
            item = self.s.items.get(expr.id)
            if isinstance(item, ast.Cell) and item.kind == "learn":
                return [expr.id]
        thing = self.s.thing(expr, Scope())
        if isinstance(thing, ModelValue):
            return [plan.name for plan in thing.plans]
        raise Mistake(
            expr.span,
            "member-expected",
            "`over` lists models and learn tensors",
            "",
            "name models or learn tensors: `over f, g`",
        )

    def _moves(self, name: str) -> None:
        version = self.s.versions.get(name, 0) + 1
        self.s.versions[name] = version
        self.created[(name, version)] = self.moment

    def _optimiser(self, term: ast.Term, members: Sequence[tuple[str, float, Node | None]]) -> tuple[str, Node]:
        from cldsl.runtime.optimisers import catalog

        call = term.by
        while isinstance(call, ast.Name) and isinstance(self.s.items.get(call.id), ast.Let):
            let = self.s.items[call.id]
            assert isinstance(let, ast.Let)
            self.shared.used.add(call.id)
            call = let.value
        if call is None:
            return self._continued(term, members)
        if not isinstance(call, ast.Call) or not isinstance(call.function, ast.Name):
            raise Mistake(
                call.span,
                "optimiser-expected",
                "an optimiser is applied to its options",
                "",
                "write `by adam(lr = 1e-3)`",
            )
        rate: Node | None = None
        named: dict[str, Any] = {}
        positional: list[Any] = []
        for place, argument in enumerate(call.arguments):
            if argument.name == "lr" or (argument.name is None and place == 0):
                rate = self.s.scalar(argument.value, "a rate")
            elif argument.name is None:
                positional.append(self.s.static_option(argument.value))
            else:
                named[argument.name] = self.s.static_option(argument.value)
        if rate is None:
            raise Mistake(
                call.span, "rate-missing", "an optimiser needs a rate", "", f"write `{call.function.id}(lr = 1e-3)`"
            )
        try:
            entry = catalog.optimiser_entry(call.function.id)
            bound = catalog.bind_optimiser(entry, [0.0, *positional], named)
        except CatalogueError as error:
            raise Mistake(argument_span(call, error.message), "optimiser", error.message, "", error.mend) from error
        options = tuple((name, value) for name, value in bound.items() if name != "lr")
        name = f"by_{len(self.shared.optimisers) + 1}"
        self.shared.optimisers.append(
            OptimiserPlan(name, entry.name, options, tuple((n, factor) for n, factor, _ in members), term.span)
        )
        self.steps[frozenset(n for n, _, _ in members)] = (name, rate)
        return name, rate

    def _continued(self, term: ast.Term, members: Sequence[tuple[str, float, Node | None]]) -> tuple[str, Node]:
        """The optimiser that the same members have from a statement above: its moments, its options, its rate."""
        names = [name for name, _, _ in members]
        found = self.steps.get(frozenset(names))
        if found is None:
            raise Mistake(
                term.span,
                "optimiser-missing",
                "`minimize` says by which optimiser",
                f"no statement above moves {', '.join(names)} and nothing else, whose optimiser would go on",
                "write `by adam(lr = 1e-3)`",
            )
        if any(factor != 1 for _, factor, _ in members):
            raise Mistake(
                term.over[0].span,
                "rate-is-shared",
                "without `by` the rates are those of the statement above",
                "",
                "leave the factor out, or write `by`",
            )
        return found
