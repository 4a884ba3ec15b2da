"""A `train` block as a plan: statements in order become actions, values become functions. docs/language.md, section 8."""

from __future__ import annotations

from collections.abc import Sequence

from cldsl.elaborate.composing import Composing
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import GraphError, Node
from cldsl.graph.plan import Advance, TrainPlan
from cldsl.semantics.spots import headword, spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic


class Train(Composing):
    """Elaborates one block; `run` gives the plan."""

    def run(self) -> TrainPlan:
        self._body(self.block.body)
        if self.shared.found and any(d.severity == "error" for d in self.shared.found):
            return TrainPlan(self.name, "", (), (), (), (), self.block.span)
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
        )

    def _body(self, body: Sequence[ast.Statement]) -> None:
        """Statements in order, then the reports among them, then the rings that they pushed."""
        for item in body:
            self.s.relation_cache = {}
            try:
                self._statement(item)
            except Mistake as mistake:
                self.shared.complain(mistake.diagnostic)
            except GraphError as error:
                self.shared.complain(
                    Diagnostic(item.span, "axes-do-not-meet", str(error), "", "rename one of the axes: `x[item -> j]`")
                )
            except Consequence:
                pass
        self._reports()
        for axis, (rows, size) in self.pushed.items():
            self.pending.append(("advance", Advance(axis, rows, size)))

    def _every(self, item: ast.Every) -> None:
        """`every n epochs:`. What is first needed inside is held to the end of the block: no step may count on it later."""
        period = self._period(item)
        outer = self.pending, self.pushed, dict(self.s.held), dict(self.s.now)
        before, self.pending, self.pushed = dict(self.s.versions), [], {}
        self._body(item.body)
        body, rings = self.pending, set(self.pushed)
        self.pending, self.pushed, self.s.held, known = outer
        both = rings & set(self.pushed)
        if both:
            raise Mistake(
                item.span,
                "push-twice",
                f"{both.pop()} is pushed outside this block, too",
                "one pointer moves once in a step",
                "push it in one of the two places",
            )
        self.rings_of_guards |= rings
        self.moment += 1
        written = {name for name, value in self.s.now.items() if known.get(name) is not value}
        for name in written:
            times = self.s.rewritten[name] = self.s.rewritten.get(name, 0) + 1
            self.created[(name, times)] = self.moment
        self.s.now = {name: value for name, value in known.items() if name not in written}
        self.pending.append(("every", (item, period, body, before)))

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
            raise Mistake(item.period.span, "period", f"a period is at least 1, not {period}", "", "write `every 1 epochs:`")
        return period

    def _statement(self, item: ast.Statement) -> None:
        if isinstance(item, ast.Minimize):
            self._minimize(item)
        elif isinstance(item, ast.Assign):
            self._assign(item)
        elif isinstance(item, ast.Report):
            self.pending.append(("report", item))
        elif isinstance(item, (ast.Let, ast.Draw)):
            for name in [item.name] if isinstance(item, ast.Let) else [name for name, _ in item.targets]:
                self.s.items[name] = item
        elif isinstance(item, ast.Every):
            self._every(item)
        elif isinstance(item, (ast.Loop, ast.On, ast.Train)):
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
            try:
                value = self.s.value(thing.value, Scope())
                self.pending.append(("log", (thing, self._report_value(value, thing), self.moment)))
            except Mistake as mistake:
                self.shared.complain(mistake.diagnostic)
            except Consequence:
                pass

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
