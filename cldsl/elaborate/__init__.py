"""From a resolved program to a typed plan, with every diagnostic on the way. Pure Python: no torch, no networkx.

`elaborate` is the semantic check and the first half of the compiler at once: what it cannot say a plan for, it reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cldsl.elaborate.axes import axis_name, ragged_axes
from cldsl.elaborate.depth import roomy
from cldsl.elaborate.evaluate import On
from cldsl.elaborate.review import review
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Given, Shared
from cldsl.elaborate.train import Train
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Axis, Function, Graph, Node
from cldsl.graph.plan import ColumnPlan, ProgramPlan, StreamPlan
from cldsl.semantics.program import Program
from cldsl.semantics.spots import headword, spot
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, SpecError
from cldsl.syntax.parser import parse_expression

__all__ = ["Given", "elaborate", "examine", "function"]


@roomy
def examine(
    program: Program, sizes: Mapping[str, int] | None = None, sources: Mapping[str, str] | None = None,
    given: Mapping[str, Given] | None = None, executing: bool = False,
) -> tuple[ProgramPlan | None, list[Diagnostic]]:  # fmt: skip
    """The plan (None where there are errors) and every diagnostic, sorted.

    What this version does not execute is a note unless `executing`; there is no plan either way.
    """
    shared = Shared(program, dict(given or {}), dict(sizes or {}), dict(sources or {}))
    phases = _phases(program, shared)
    review(shared)
    found = sorted(set(shared.found))
    if any(d.severity == "error" for d in found):
        return None, found if executing else [_noted(d) for d in found]
    return _program(program, shared, phases), found


def _phases(program: Program, shared: Shared) -> list[Any]:
    phases: list[Any] = []
    for item in program.body:
        with shared.telling(item.span):
            if isinstance(item, ast.Train):
                phases.append(Train(shared, item).run())
            elif isinstance(item, ast.On):
                phases.append(On(shared, item).run())
            elif isinstance(item, (ast.Loop, ast.Every, ast.Assign, ast.Minimize, ast.Report)):
                word = headword(item)
                place = spot(item.span, word, program.sources)
                raise Mistake(
                    place,
                    "not-executed",
                    f"`{word}` at the file's level is not executed by this version",
                    "it is parsed and its names are checked",
                    "",
                )
    return [*phases, *shared.inner]


def _noted(found: Diagnostic) -> Diagnostic:
    return replace(found, severity="note") if found.code == "not-executed" else found


def elaborate(
    program: Program,
    sizes: Mapping[str, int] | None = None,
    sources: Mapping[str, str] | None = None,
    given: Mapping[str, Given] | None = None,
) -> ProgramPlan:
    """The plan of a program. Raises SpecError."""
    plan, found = examine(program, sizes, sources, given, executing=True)
    if plan is None:
        raise SpecError([d for d in found if d.severity == "error"], program.sources)
    return plan


@roomy
def function(
    program: Program,
    outputs: Mapping[str, str | ast.Expr],
    given: Mapping[str, Given],
    sizes: Mapping[str, int] | None = None,
    name: str = "formula",
) -> tuple[Function, Graph]:
    """A pure function of expressions of the file (texts or trees) with some names supplied. Raises SpecError.

    A masked output `x` comes with a second one, `x.present`.
    """
    shared = Shared(program, dict(given), dict(sizes or {}))
    graph = Graph()
    streams = program.all(ast.Data)
    session = Session(shared, graph, "free", streams[0] if streams else None, None)
    for axis, size in (sizes or {}).items():
        session.sizes[axis] = size
    found: list[tuple[str, Node]] = []
    for label, text in outputs.items():
        expr = parse_expression(text, f"{name}.{label}") if isinstance(text, str) else text
        sources = {**program.sources, f"{name}.{label}": f"let value = {text}" if isinstance(text, str) else ""}
        try:
            value: Value = session.value(expr, Scope())
        except Mistake as mistake:
            raise SpecError([*shared.found, mistake.diagnostic], sources) from None
        except Consequence:
            raise SpecError(shared.found, sources) from None
        found.append((label, value.node))
        if value.mask is not None:
            found.append((f"{label}.present", value.mask))
    from cldsl.elaborate.moments import plain_names

    nodes = plain_names(graph, [node for _, node in found])
    return Function(name, tuple((label, node) for (label, _), node in zip(found, nodes, strict=True)), True), graph


def _program(program: Program, shared: Shared, phases: list[Any]) -> ProgramPlan:
    streams = tuple(_stream(shared, data) for data in program.all(ast.Data) if data.name in shared.used)
    session = Session(shared, Graph(), "free", None, None)
    params = tuple((name, _shown(session, item.value)) for name, item in program.params.items())
    models = tuple(
        info.plan()
        for info in shared.models.values()
        if info.applied or any(other.of == info.name for other in shared.models.values())
    )
    return ProgramPlan(
        program.name, program.title, program.link, program.file, program.variant, params, streams, models,
        tuple(shared.tensors.values()), tuple(shared.optimisers), tuple(phases),
    )  # fmt: skip


def _shown(session: Session, expr: ast.Expr) -> Any:
    try:
        return session.static(expr, Scope())
    except (Mistake, Consequence):
        return "?"


def _stream(shared: Shared, data: ast.Data) -> StreamPlan:
    session = Session(shared, Graph(), "free", data, None)
    columns = []
    for column in data.columns:
        axes = tuple(Axis(axis_name(item), session.column_size(item)) for item in column.axes)
        dtype = "int" if column.target is not None else "real"
        columns.append(ColumnPlan(column.name, axes, dtype, column.target, ragged_axes(column)))
    default = shared.source_of(data) or ""
    production = data.sources[1] if len(data.sources) > 1 else None
    return StreamPlan(data.name, default, production, tuple(columns), data.span)
