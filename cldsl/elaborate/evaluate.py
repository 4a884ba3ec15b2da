"""An `on` block as a plan: one function over whole columns in evaluation mode, what it writes, and reports that may call metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cldsl.catalogue import CatalogueError, bind, find
from cldsl.elaborate.block import option_of, stream_of
from cldsl.elaborate.scope import Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.elaborate.values import Value
from cldsl.elaborate.writing import Writing
from cldsl.graph.nodes import Axis, Function, Graph, Node
from cldsl.graph.plan import Assign, OnPlan, ReportPlan
from cldsl.metrics import catalog
from cldsl.semantics.program import declared
from cldsl.semantics.samplers import OPTION
from cldsl.semantics.spots import argument_span, headword, spot
from cldsl.syntax import ast


class On(Writing):
    """Elaborates one block; `run` gives the plan. inner: a train block enters it."""

    def __init__(self, shared: Shared, block: ast.On, inner: bool = False) -> None:
        self.shared = shared
        self.block = block
        self.inner = inner
        self.name = shared.block_name("on")
        if len(block.streams) != 1:
            raise Mistake(
                block.span, "not-executed", "an `on` block over several streams is not executed by this version", "", ""
            )
        self.data, self.options = stream_of(shared, block.streams[0])
        option = option_of(block.streams[0], OPTION)
        if option is not None:
            raise Mistake(
                option.span, "sampler-on", "an `on` block reads the whole split", "nothing is sampled", "remove it"
            )
        self.graph = Graph()
        self.s = Session(shared, self.graph, "on", self.data, None)
        self.s.draws.allowed = any(isinstance(item, ast.Assign) for item in block.body)
        self.outputs: list[tuple[str, Node]] = []
        self.assigns: list[Assign] = []
        self.reports: list[ReportPlan] = []
        self.pushed: dict[str, tuple[int, int]] = {}

    def run(self) -> OnPlan:
        # reports are evaluated at the end
        for item in sorted(self.block.body, key=lambda each: isinstance(each, ast.Report)):
            with self.shared.telling(item.span):
                self._statement(item)
        functions = (
            (Function(f"{self.name}_values", tuple(self.outputs), False, self.block.span),) if self.outputs else ()
        )
        used = {node.attr("name") for f in functions for node in f.inputs if node.attr("kind") == "draw"}
        draws = tuple(plan for plan in self.s.draws.plans.values() if plan.name in used)
        return OnPlan(
            self.name, self.data.name, tuple(self.options.items()), functions, tuple(self.reports), tuple(self.assigns),
            self.block.span, draws, self.inner,
        )  # fmt: skip

    def _statement(self, item: ast.Statement) -> None:
        if isinstance(item, (ast.Let, ast.Draw)):
            self.s.items.update(dict.fromkeys(declared(item), item))
        elif isinstance(item, ast.Assign):
            self._write(item)
        elif isinstance(item, ast.Report):
            self.reports.append(self._report(item))
        else:
            word = headword(item)
            raise Mistake(
                spot(item.span, word, self.shared.program.sources),
                "not-executed",
                f"`{word}` in an `on` block is not executed by this version",
                "it parses and checks",
                "",
            )

    def _write(self, item: ast.Assign) -> None:
        """A state or learned tensor takes a value; what reads it below sees that value."""
        name, index = self._target(item)
        cell = self.s.items.get(name)
        if not isinstance(cell, ast.Cell):
            raise Mistake(
                item.place.span,
                "not-assignable",
                f"{name} is no state or learn tensor",
                "an `on` block moves no weights",
                "assign to a state, or write the assignment in a train block",
            )
        if any(isinstance(each, ast.Name) and each.id == "push" for each in ast.walk(item.value)):
            raise Mistake(
                item.value.span,
                "push-in-on",
                "rows are pushed step by step",
                "an `on` block runs once over a whole split",
                "push in a train block, or write rows at an index: `Q[slot = i] <- e`",
            )
        self.shared.used.add(name)
        self.s.relation_cache = {}
        current = self.s.cell(cell, item.span)
        value, mask = self._new_value(item, cell, current, index)
        written = self._output(value, name)
        present = None if mask is None else self._output(mask, f"{name}_present")
        self.assigns.append(Assign(name, written, present, item.span))
        self.s.now[name] = Value(value, mask, target=cell.target)

    def _report(self, item: ast.Report) -> ReportPlan:
        call = item.value
        if item.axes:
            raise Mistake(
                item.axes[0].span,
                "not-executed",
                "a report with axes is not executed by this version",
                "its names are checked",
                "write one report for each",
            )
        if isinstance(call, ast.Call) and isinstance(call.function, ast.Name) and call.function.id not in self.s.items:
            try:
                entry = find(catalog.METRICS, call.function.id, "metric")
            except CatalogueError:
                entry = None
            if entry is not None:
                return self._metric(item, call, entry)
        value = self.s.value(call, Scope())
        if value.axes:
            raise Mistake(
                call.span,
                "scalar-expected",
                f"a report is one number; this has the axes [{', '.join(value.names)}]",
                "",
                "reduce it, or call a metric",
            )
        return ReportPlan(item.name, None, (self._output(value.node, item.name),), span=item.span)

    def _metric(self, item: ast.Report, call: ast.Call, entry: catalog.MetricEntry) -> ReportPlan:
        plain = [argument for argument in call.arguments if argument.name is None]
        named: dict[str, Any] = {
            argument.name: self.s.static_option(argument.value)
            for argument in call.arguments
            if argument.name not in (None, "fit")
        }
        fit = next((argument.value for argument in call.arguments if argument.name == "fit"), None)
        if len(plain) != entry.inputs:
            raise Mistake(
                call.span,
                "metric-arguments",
                f"{entry.name} takes {entry.inputs} value(s), {len(plain)} given",
                "",
                entry.doc,
            )
        if fit is not None and not entry.fits:
            raise Mistake(fit.span, "metric-arguments", f"{entry.name} is not fitted", "", "leave out `fit`")
        try:
            bound = bind(entry, (), named)
        except CatalogueError as error:
            raise Mistake(
                argument_span(call, error.message), "metric-arguments", error.message, "", error.mend
            ) from error
        values, mask = self._rows([self.s.value(argument.value, Scope()) for argument in plain])
        outputs = tuple(self._output(value.node, f"{item.name}_{place}") for place, value in enumerate(values))
        present = None if mask is None else self._output(mask, f"{item.name}_present")
        options = tuple((name, value) for name, value in bound.items())
        split, known = (None, None) if not entry.fits else self._fit(item, fit)
        return ReportPlan(item.name, entry.name, outputs, options, split, known, item.span, present)

    def _fit(self, item: ast.Report, fit: ast.Expr | None) -> tuple[str | None, str | None]:
        """What a metric is fitted on: a split; or rows of the block's own, where a condition holds."""
        if fit is None or isinstance(fit, ast.Text):
            return str(self.options.get("fit", "train") if fit is None else fit.value), None
        value = self.s.value(fit, Scope())
        if value.node.dtype != "bool" or len(value.axes) != 1:
            raise Mistake(
                fit.span, "fit-rows", "a metric is fitted on a split, or on rows where a condition holds",
                f"this is {value.node.dtype} over [{', '.join(value.names)}]",
                'write `fit = "train"`, or a condition on the rows, `fit = shown == 1`',
            )  # fmt: skip
        node = value.node if value.mask is None else self.s.a.fold("and", value.node, value.mask)
        return None, self._output(node, f"{item.name}_known")

    def _rows(self, values: list[Value]) -> tuple[list[Value], Node | None]:
        """The values with the axes on which presence depends as one first axis, and which of its rows are there."""
        mask = self.s.a.both(*(value.mask for value in values))
        if mask is None:
            return values, None
        old, row = mask.names, Axis("row")

        def merged(node: Node) -> Node:
            return self.graph.make("merge", self.s.a.spread(node, mask.axes), old=old, new=row)

        return [replace(value, node=merged(value.node)) for value in values], merged(mask)

    def _output(self, node: Node, name: str) -> str:
        for known, other in self.outputs:
            if other is node:
                return known
        taken = {known for known, _ in self.outputs}
        own, n = name, 1
        while own in taken:
            n += 1
            own = f"{name}_{n}"
        self.outputs.append((own, node))
        return own
