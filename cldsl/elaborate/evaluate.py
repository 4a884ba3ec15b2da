"""An `on` block as a plan: one function over whole columns in evaluation mode, and reports that may call metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cldsl.catalogue import CatalogueError, bind, find
from cldsl.elaborate.block import stream_of
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Axis, Function, Graph, Node
from cldsl.graph.plan import OnPlan, ReportPlan
from cldsl.metrics import catalog
from cldsl.semantics.spots import argument_span, headword, spot
from cldsl.syntax import ast


class On:
    def __init__(self, shared: Shared, block: ast.On, number: int) -> None:
        self.shared = shared
        self.block = block
        self.name = f"on_{number}"
        if len(block.streams) != 1:
            raise Mistake(
                block.span, "not-executed", "an `on` block over several streams is not executed by this version", "", ""
            )
        self.data, self.options = stream_of(shared, block.streams[0])
        self.graph = Graph()
        self.s = Session(shared, self.graph, "on", self.data, None)
        self.outputs: list[tuple[str, Node]] = []

    def run(self) -> OnPlan:
        reports = []
        for item in self.block.body:
            try:
                if isinstance(item, ast.Let):
                    self.s.items[item.name] = item
                elif isinstance(item, ast.Report):
                    reports.append(self._report(item))
                else:
                    word = headword(item)
                    raise Mistake(
                        spot(item.span, word, self.shared.program.sources),
                        "not-executed",
                        f"`{word}` in an `on` block is not executed by this version",
                        "it parses and checks",
                        "",
                    )
            except Mistake as mistake:
                self.shared.complain(mistake.diagnostic)
            except Consequence:
                pass
        functions = (
            (Function(f"{self.name}_values", tuple(self.outputs), False, self.block.span),) if self.outputs else ()
        )
        return OnPlan(
            self.name, self.data.name, tuple(self.options.items()), functions, tuple(reports), (), self.block.span
        )

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
        named = {
            argument.name: self.s.static_option(argument.value)
            for argument in call.arguments
            if argument.name is not None
        }
        if len(plain) != entry.inputs:
            raise Mistake(
                call.span,
                "metric-arguments",
                f"{entry.name} takes {entry.inputs} value(s), {len(plain)} given",
                "",
                entry.doc,
            )
        fit = named.pop("fit", None)
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
        wanted: Any = (fit or self.options.get("fit", "train")) if entry.fits else None
        return ReportPlan(item.name, entry.name, outputs, options, wanted, item.span, present)

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
        self.outputs.append((name, node))
        return name
