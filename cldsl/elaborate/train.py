"""A `train` block as a plan: statements in order become actions, values become functions. docs/language.md, section 8."""

from __future__ import annotations

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
        for item in self.block.body:
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
        elif isinstance(item, (ast.Loop, ast.Every, ast.On, ast.Train)):
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
        pending = self.pending
        for n, (kind, thing) in enumerate(pending):
            if kind != "report":
                continue
            try:
                value = self.s.value(thing.value, Scope())
                pending[n] = ("log", (thing, self._report_value(value, thing), self.moment))
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
