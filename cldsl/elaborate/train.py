"""A `train` block as a plan: statements in order become actions, values become functions. docs/language.md, section 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cldsl.elaborate.composing import Composing
from cldsl.elaborate.evaluate import On
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Node
from cldsl.graph.plan import Advance, Assign, Enter, Minimize, Mix, TrainPlan, flattened
from cldsl.semantics.program import declared
from cldsl.semantics.spots import headword, spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic


class Train(Composing):
    """Elaborates one block; `run` gives the plan."""

    def run(self) -> TrainPlan:
        self._body(self.block.body)
        for axis in set(self.guarded_rings) & set(self.pushed):
            self.shared.complain(
                Diagnostic(
                    spot(self.guarded_rings[axis], "every", self.shared.program.sources),
                    "push-twice",
                    f"the ring {axis} is pushed in this block and outside it",
                    "one pointer moves once in a step",
                    "push it in one of the two places",
                )
            )
        if self.shared.found and any(d.severity == "error" for d in self.shared.found):
            return TrainPlan(self.name, "", (), (), (), (), self.block.span, self.inner)
        self._functions()
        used = {node.attr("name") for f in self.functions for node in f.inputs if node.attr("kind") == "draw"}
        draws = tuple(
            plan
            for plan in self.s.draws.plans.values()
            if plan.name in used or plan.box in used or any(part[0] in used for part in plan.parts)
        )
        stream = self.data.name if self.data is not None else ""
        return TrainPlan(
            self.name,
            stream,
            tuple(self.options.items()),
            draws,
            tuple(self.functions),
            tuple(self.actions),
            self.block.span,
            self.inner,
            None if self.sampling is None else self.sampling.plan(),
            tuple((data.name, tuple(options.items())) for data, options in self.beside),
        )

    def _body(self, body: Sequence[ast.Statement]) -> None:
        """Statements in order, then the reports among them, then the rings that they pushed."""
        for item in body:
            self.s.relation_cache = {}
            with self.shared.telling(item.span):
                self._statement(item)
        self._reports()
        for axis, (rows, size) in self.pushed.items():
            self.pending.append(("advance", Advance(axis, rows, size)))

    def _every(self, item: ast.Every) -> None:
        """`every n epochs:`. What is first needed inside is held to the end of the block: no step may count on it later."""
        period = self._period(item)
        outer = self.pending, self.pushed, dict(self.s.held), dict(self.s.now)
        if self.guard is not None:
            raise Mistake(
                spot(item.span, "every", self.shared.program.sources),
                "not-executed",
                "`every` inside `every` is not executed by this version",
                "",
                "write the two blocks one after the other",
            )
        before, self.pending, self.pushed = dict(self.s.versions), [], {}
        self.guard, self.entered = (period, item.unit), set()
        self._body(item.body)
        self.guard = None
        body, rings = self.pending, set(self.pushed)
        self.pending, self.pushed, self.s.held, known = outer
        self.guarded_rings |= {axis: item.span for axis in rings}
        written = {name for name, value in self.s.now.items() if known.get(name) is not value}
        self._rewritten(written)
        self.s.now = {name: value for name, value in known.items() if name not in written | self.entered}
        self.pending.append(("every", (item, period, body, before)))

    def _rewritten(self, states: set[str]) -> None:
        """From here on these states are as memory has them."""
        self.moment += 1
        for name in states:
            times = self.s.rewritten[name] = self.s.rewritten.get(name, 0) + 1
            self.created[(name, times)] = self.moment
            self.s.now.pop(name, None)

    def _enter(self, item: ast.Train | ast.On) -> None:
        """A block of its own, gone through whole where it stands."""
        if self.guard is None:
            word = headword(item)
            raise Mistake(
                spot(item.span, word, self.shared.program.sources),
                "inner-block",
                f"`{word}` would run whole in each step",
                "a block inside a train block stands in `every n epochs:` or `every n steps:`",
                f"write `every 1 epochs:` and put `{word}` inside",
            )
        plan = (
            Train(self.shared, item, inner=True).run()
            if isinstance(item, ast.Train)
            else On(self.shared, item, True).run()
        )
        self.shared.inner.append(plan)
        actions = plan.actions if isinstance(plan, TrainPlan) else plan.assigns
        states = {action.tensor for action in flattened(actions) if isinstance(action, Assign)}
        moved = self._moved_by(actions)
        self._rewritten({name for name in states if name not in moved})
        for name in sorted(moved):
            self._moves(name)
        self.entered |= states
        self.pending.append(("enter", (Enter(plan.name, *self.guard, item.span), states - moved)))

    def _moved_by(self, actions: Sequence[Any]) -> set[str]:
        """Models and learn tensors that actions move."""
        members = {o.name: [name for name, _ in o.members] for o in self.shared.optimisers}
        moved: set[str] = set()
        for action in flattened(actions):
            if isinstance(action, Minimize):
                moved |= {name for term in action.terms for name in members[term.optimiser]}
            elif isinstance(action, Mix):
                moved |= {target for target, _ in action.pairs}
            elif isinstance(action, Assign):
                cell = self.s.items.get(action.tensor)
                if isinstance(cell, ast.Cell) and cell.kind == "learn":
                    moved.add(action.tensor)
        return moved

    def _period(self, item: ast.Every) -> int:
        if item.unit.rstrip("s") not in ("epoch", "step"):
            raise Mistake(
                spot(item.span, item.unit, self.shared.program.sources),
                "unit",
                f"a block stands `every` so many epochs or steps, not {item.unit}",
                "",
                "write `every 10 epochs:` or `every 100 steps:`",
            )
        period = self.s.static_int(item.period, Scope())
        if period < 1:
            raise Mistake(
                item.period.span, "period", f"a period is at least 1, not {period}", "", "write `every 1 epochs:`"
            )
        return period

    def _statement(self, item: ast.Statement) -> None:
        if isinstance(item, ast.Minimize):
            self._minimize(item)
        elif isinstance(item, ast.Assign):
            self._assign(item)
        elif isinstance(item, ast.Report):
            self.pending.append(("report", item))
        elif isinstance(item, (ast.Let, ast.Draw)):
            self.s.items.update(dict.fromkeys(declared(item), item))
        elif isinstance(item, ast.Every):
            self._every(item)
        elif isinstance(item, (ast.On, ast.Train)):
            self._enter(item)
        elif isinstance(item, ast.Loop):
            word = headword(item)
            raise Mistake(
                spot(item.span, word, self.shared.program.sources),
                "not-executed",
                f"`{word}` inside a train block is not executed by this version",
                "it parses and checks",
                "",
            )
        else:
            raise Mistake(
                item.span,
                "statement-expected",
                "this declaration stands at the file's level",
                "",
                "move it out of the block",
            )

    # ---- reports

    def _reports(self) -> None:
        """Evaluated last, from what is held."""
        reports = [thing for kind, thing in self.pending if kind == "report"]
        self.pending = [each for each in self.pending if each[0] != "report"]
        for thing in reports:
            with self.shared.telling(thing.span):
                value = self.s.value(thing.value, Scope())
                self.pending.append(("log", (thing, self._report_value(value, thing), self.moment)))

    def _report_value(self, value: Value, item: ast.Report) -> Node:
        if value.axes and self.shared.given == {} and not item.axes:
            raise Mistake(
                item.value.span,
                "scalar-expected",
                f"a report of a step is one number; this has the axes [{', '.join(value.names)}]",
                "",
                "write `mean(...)`",
            )
        node = self.s.a.cast(value.node, "real") if value.node.dtype == "bool" else value.node
        if value.mask is not None:
            node = self.graph.make("where", value.mask, self.s.a.cast(node, "real"), self.graph.const(float("nan")))
        return self._stopped(node)
