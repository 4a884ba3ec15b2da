"""`on_k`: an evaluation over whole columns, modules a chunk of rows at a time.

Input: an `on` block. Output: the `Define` of its method, which returns its reports by name. A fitted metric's tensors
are computed on the split it is fitted on, too.
"""

from __future__ import annotations

from cldsl.codegen.functions import arguments
from cldsl.codegen.layout import permuted
from cldsl.codegen.names import RESERVED, Identifier, Names
from cldsl.codegen.scope import Scope
from cldsl.codegen.sections.step import argument, assignment
from cldsl.codegen.statements import (
    Assign,
    Attribute,
    Call,
    Define,
    Expression,
    Literal,
    Mapped,
    Name,
    Return,
    Statement,
    call,
    display,
    name,
)
from cldsl.graph.nodes import Function
from cldsl.graph.plan import OnPlan, ReportPlan


class Evaluation:
    """The statements of one `on` block."""

    def __init__(self, scope: Scope, phase: OnPlan, draws: Identifier | None = None) -> None:
        self.scope, self.phase, self.draws = scope, phase, draws
        self.names = Names(RESERVED)
        self.split = str(dict(phase.options).get("split", "test"))
        self.columns: dict[str, Name] = {}
        self.held: dict[str, dict[str, Identifier]] = {}

    def define(self) -> Define:
        """The method of the block."""
        runs: list[Statement] = []
        for function in self.phase.functions:
            for split in self._splits(function):
                runs.append(self._run(function, split))
        runs += [
            assignment(self.scope, each, self.held[self.split], self.phase.functions) for each in self.phase.assigns
        ]
        reports = Mapped(tuple((report.name, self._report(report)) for report in self.phase.reports))
        head: list[Statement] = [
            Assign((variable,), call("data", Literal(split))) for split, variable in self.columns.items()
        ]
        if self.draws is not None:
            head.append(Assign((name("draws"),), call(f"self.{self.draws}", self.columns[self.split], name("clock"))))
        kinds = {leaf.attr("kind") for function in self.phase.functions for leaf in arguments(function)}
        if "clock" in kinds:
            head.append(Assign((name("now"),), call("clock.as_tensors", name("self", "device"))))
        doc = f"Reports on {self.phase.stream} ({self.phase.span.short}), by name."
        return Define(
            self.scope.method(self.phase.name), ("self", "data", "clock"), (*head, *runs, Return(reports)), doc=doc
        )

    def _splits(self, function: Function) -> list[str]:
        """The block's split first, then those that its outputs are fitted on."""
        outputs = {key for key, _ in function.outputs}
        fitted = [r.fit for r in self.phase.reports if r.fit is not None and outputs & set(r.outputs)]
        return list(dict.fromkeys([self.split, *fitted]))

    def _run(self, function: Function, split: str) -> Statement:
        if split not in self.columns:
            self.columns[split] = Name((self.names.fresh(_word(split)),))
        held = self.held.setdefault(split, {})
        called = Attribute(name("self"), self.scope.method(self.phase.name, function.name))
        values = tuple(
            argument(leaf.attr("kind"), str(leaf.attr("name")), held, self.columns[split])
            for leaf in arguments(function)
        )
        targets = []
        for key, _ in function.outputs:
            held[key] = self.names.fresh(key if split == self.split else f"{key}_{_word(split)}")
            targets.append(Name((held[key],)))
        return Assign(tuple(targets), Call(called, values), function.span.short)

    def _report(self, report: ReportPlan) -> Expression:
        tensors = self._tensors(report, self.split)
        if report.metric is None:
            return tensors[0]
        options: dict[str, Expression] = {key: Literal(value) for key, value in report.options if value is not None}
        if report.known is not None:
            options["known"] = Name((self.held[self.split][report.known],))
        if report.fit is None:
            if report.present is not None:
                options["present"] = Name((self.held[self.split][report.present],))
            return call("rt.metric", Literal(report.metric), *tensors, **options)
        if report.present is not None:
            splits = (report.fit, self.split)
            options["present"] = display(tuple(Name((self.held[split][report.present],)) for split in splits))
        both: dict[str, Expression] = {
            "train": display(self._tensors(report, report.fit)),
            "test": display(tensors),
        }
        return call("rt.metric", Literal(report.metric), **both, **options)

    def _tensors(self, report: ReportPlan, split: str) -> tuple[Expression, ...]:
        """The values of a report; a metric's come rows first."""
        stream = next((each for each in self.scope.plan.streams if each.name == self.phase.stream), None)
        rows = stream.columns[0].axes[0].name if stream is not None and stream.columns else ""
        found = []
        for key in report.outputs:
            node = next(node for function in self.phase.functions for name, node in function.outputs if name == key)
            order = (*(axis for axis in node.names if axis == rows), *(axis for axis in node.names if axis != rows))
            found.append(permuted(Name((self.held[split][key],)), node.names, order))
        return tuple(found)


def _word(split: str) -> str:
    text = "".join(char if char.isascii() and char.isalnum() else "_" for char in split)
    return text if text and not text[0].isdigit() else f"split_{text}"
