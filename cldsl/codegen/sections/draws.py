"""`draws_k`: all chance of a step, by name.

Input: a block's draws. Output: one `Define` that returns {"x": views, "i": numbers}; each entry follows from
the seed, its name and the step alone.
"""

from __future__ import annotations

from cldsl.codegen.names import RESERVED, Identifier, Names
from cldsl.codegen.scope import Scope
from cldsl.codegen.sections.build import views_attribute
from cldsl.codegen.statements import (
    Assign,
    Attribute,
    Define,
    Expression,
    Literal,
    Mapped,
    Name,
    Range,
    Return,
    Statement,
    Subscript,
    call,
    display,
    name,
)
from cldsl.graph.nodes import Axis
from cldsl.graph.plan import DrawPlan, OnPlan, TrainPlan

_SEED = Attribute(name("self"), Identifier("seed"))
_STEP = name("clock", "step")


def draws(scope: Scope, phase: TrainPlan | OnPlan, written: str) -> Define:
    """The method of a block's chance."""
    names = Names(RESERVED)
    body: list[Statement] = []
    sizes: dict[Expression, Name] = {}
    made: list[tuple[str, Expression]] = []
    for draw in phase.draws:
        if draw.kind == "view":
            assert isinstance(phase, TrainPlan)
            statements, values = _view(scope, phase, draw, names)
        else:
            shape = tuple(_bound(_size(scope, phase, axis), axis, sizes, names) for axis in draw.axes)
            statements, values = _numbers(draw, display(shape), names)
        body += statements
        made += values
    head: list[Statement] = [Assign((variable,), size) for size, variable in sizes.items()]
    body = [*head, *body, Return(Mapped(tuple(made)))]
    return Define(written, ("self", "batch", "clock"), tuple(body), doc="The chance of a step, by name.")


def _comment(draw: DrawPlan) -> str:
    return f"[{', '.join(axis.name for axis in draw.axes)}]  {draw.span.short}"


Made = tuple[list[Statement], list[tuple[str, Expression]]]


def _view(scope: Scope, phase: TrainPlan, draw: DrawPlan, names: Names) -> Made:
    """One tensor for each stretch of copies of one shape; the boxes of all copies in one."""
    pipelines = Attribute(name("self"), views_attribute(scope, phase, draw))
    column = Subscript(name("batch"), (Literal(draw.column or ""),))
    place = None if draw.copies is None else [axis.name for axis in draw.axes].index(draw.copies.name)
    parts = draw.parts or ((draw.name, 0, len(draw.pipelines)),)
    statements: list[Statement] = []
    values: list[tuple[str, Expression]] = []
    boxes: list[Expression] = []
    for key, first, stop in parts:
        part: Expression = pipelines if len(parts) == 1 else _cut(pipelines, first, stop)
        named: dict[str, Expression] = {} if place is None else {"dim": Literal(place)}
        if first:
            named["first"] = Literal(first)
        verb = "rt.view" if draw.box is None else "rt.view_and_box"
        made = call(verb, part, column, _SEED, Literal(draw.name), _STEP, **named)
        targets = [Name((names.fresh(key),))]
        values.append((key, targets[0]))
        if draw.box is not None:
            targets.append(Name((names.fresh(draw.box),)))
            boxes.append(targets[1])
        statements.append(Assign(tuple(targets), made, _comment(draw)))
    if draw.box is not None:
        joined = boxes[0] if len(boxes) == 1 else call("torch.cat", display(tuple(boxes)), Literal(place))
        values.append((draw.box, joined))
    return statements, values


def _cut(pipelines: Expression, first: int, stop: int) -> Expression:
    return Subscript(pipelines, (Range(Literal(first), Literal(stop)),))


def _numbers(draw: DrawPlan, shape: Expression, names: Names) -> Made:
    """An independent entry for each coordinate; the batch's own axis has as many as the batch has rows."""
    distribution, *args = draw.distribution
    source = call("rt.generator", _SEED, Literal(draw.name), _STEP)
    sphere = distribution == "sphere"
    law = (Literal("normal"), Literal(())) if sphere else (Literal(distribution), Literal(tuple(args)))
    made = call("rt.draw", *law, shape, source, name("self", "device"))
    if sphere:
        axes = [axis.name for axis in draw.axes]
        made = call("rt.unit", made, *([Literal(axes.index("dim"))] if "dim" in axes else []))
    variable = Name((names.fresh(draw.name),))
    return [Assign((variable,), made, _comment(draw))], [(draw.name, variable)]


def _bound(size: Expression, axis: Axis, sizes: dict[Expression, Name], names: Names) -> Expression:
    """A number as it is; the size of the batch under the name of its axis."""
    if isinstance(size, Literal):
        return size
    if size not in sizes:
        sizes[size] = Name((names.fresh(axis.name),))
    return sizes[size]


def _size(scope: Scope, phase: TrainPlan | OnPlan, axis: Axis) -> Expression:
    """The size of an axis: of the batch, where a column has it, else the plan's."""
    feeding = {phase.stream, *(name for name, _ in (phase.beside if isinstance(phase, TrainPlan) else ()))}
    columns = [column for stream in scope.plan.streams if stream.name in feeding for column in stream.columns]
    for column in columns:
        for place, own in enumerate(column.axes):
            if own.name == axis.name and (place == 0 or axis.size is None):
                shape = Attribute(Subscript(name("batch"), (Literal(column.name),)), "shape")
                return Subscript(shape, (Literal(place),))
    return Literal(axis.size)
