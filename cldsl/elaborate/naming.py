"""The axes a name has, in the order of the spec, for tensors that come from outside without names."""

from __future__ import annotations

from cldsl.elaborate.axes import axis_name
from cldsl.elaborate.scope import Consequence, Mistake, Scope
from cldsl.elaborate.session import Session
from cldsl.elaborate.shared import Shared
from cldsl.elaborate.values import Value
from cldsl.graph.nodes import Graph
from cldsl.semantics.program import Program
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Diagnostic, Span, SpecError


def axes_of(program: Program, name: str, count: int) -> tuple[str, ...]:
    """Axis names of a column, learn, state, draw or let. Raises SpecError where the name is unknown or has another number of axes."""
    shared = Shared(program)
    stream = next((data for data in program.all(ast.Data) if any(column.name == name for column in data.columns)), None)
    stream = stream or next(iter(program.all(ast.Data)), None)
    session = Session(shared, Graph(), "train", stream, 2)
    item = session.items.get(name)
    if isinstance(item, ast.Cell):
        axes = tuple(axis_name(axis) for axis in item.axes)
    elif name in session.columns:
        axes = tuple(axis_name(axis) for axis in session.columns[name].axes)
    else:
        axes = _elaborated(session, name, program)
    if len(axes) != count:
        text = f"{name} has the axes [{', '.join(axes)}], the tensor has {count}"
        raise SpecError(
            [Diagnostic(Span(program.file), "axes-of-tensor", text, "", f"give the axes: {name} = (tensor, (...))")],
            program.sources,
        )
    return axes


def _elaborated(session: Session, name: str, program: Program) -> tuple[str, ...]:
    try:
        thing = session.value(ast.Name(name, span=Span(program.file)), Scope())
    except Mistake as mistake:
        raise SpecError([*session.shared.found, mistake.diagnostic], program.sources) from None
    except Consequence:
        raise SpecError(session.shared.found, program.sources) from None
    assert isinstance(thing, Value)
    return thing.names
