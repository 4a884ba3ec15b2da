"""`draws_k`: all chance of a step, by name.

Input: a train block's draws. Output: one `Define` that returns {"x": views, "i": numbers}; each entry follows from the seed,
its name and the step alone.
"""

from __future__ import annotations

from cldsl.codegen.names import Identifier
from cldsl.codegen.scope import Scope
from cldsl.codegen.sections.build import _args, views_attribute
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
from cldsl.codegen.names import RESERVED, Names
from cldsl.graph.plan import DrawPlan, TrainPlan

_SEED = Attribute(name("self"), Identifier("seed"))
_STEP = name("clock", "step")


def draws(scope: Scope, phase: TrainPlan, written: str) -> Define:
    """The method of a train block's chance."""
    names = Names(RESERVED)
    body: list[Statement] = []
    made: list[tuple[str, Expression]] = []
    for draw in phase.draws:
        statements, values = (_view if draw.kind == "view" else _numbers)(scope, phase, draw, names)
        body += statements
        made += values
    body.append(Return(Mapped(tuple(made))))
    return Define(written, ("self", "batch", "clock"), tuple(body), doc="The chance of a step, by name.")


def _comment(draw: DrawPlan) -> str:
    return f"[{', '.join(axis.name for axis in draw.axes)}]  {draw.span.short}"


def _view(scope: Scope, phase: TrainPlan, draw: DrawPlan, names: Names) -> tuple[list[Statement], list[tuple[str, Expression]]]:
    pipelines = Attribute(name("self"), views_attribute(scope, phase, draw))
    column = Subscript(name("batch"), (Literal(draw.column or ""),))
    place = None if draw.copies is None else [axis.name for axis in draw.axes].index(draw.copies.name)
    parts = draw.parts or ((draw.name, 0, len(draw.pipelines)),)
    statements: list[Statement] = []
    values: list[tuple[str, Expression]] = []
    for key, first, stop in parts:
        whole = len(parts) == 1
        part: Expression = pipelines if whole else Subscript(pipelines, (Range(Literal(first), Literal(stop)),))
        named: dict[str, Expression] = {} if place is None else {"dim": Literal(place)}
        if first:
            named["first"] = Literal(first)
        verb = "rt.view_and_box" if draw.box is not None else "rt.view"
        made = call(verb, part, column, _SEED, Literal(draw.name), _STEP, **named)
        variable = Name((names.fresh(key),))
        targets = [variable]
        values.append((key, variable))
        if draw.box is not None:
            box = draw.box if whole else f"{draw.box}_{first}"
            targets.append(Name((names.fresh(box),)))
            values.append((box, targets[-1]))
        statements.append(Assign(tuple(targets), made, _comment(draw)))
    return statements, values


def _numbers(scope: Scope, phase: TrainPlan, draw: DrawPlan, names: Names) -> tuple[list[Statement], list[tuple[str, Expression]]]:
    """An independent entry for each coordinate; the batch's own axis has as many as the batch has rows."""
    distribution, *args = draw.distribution
    flat = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list, dict)) else tuple(args)
    shape = display(tuple(_size(scope, phase, axis.name, axis.size) for axis in draw.axes))
    source = call("rt.generator", _SEED, Literal(draw.name), _STEP)
    made = call("rt.draw", Literal(distribution), Literal(_args(flat)), shape, source, name("self", "device"))
    variable = Name((names.fresh(draw.name),))
    return [Assign((variable,), made, _comment(draw))], [(draw.name, variable)]


def _size(scope: Scope, phase: TrainPlan, axis: str, size: int | None) -> Expression:
    if size is not None:
        return Literal(size)
    stream = next(each for each in scope.plan.streams if each.name == phase.stream)
    for column in stream.columns:
        for place, own in enumerate(column.axes):
            if own.name == axis:
                shape = Attribute(Subscript(name("batch"), (Literal(column.name),)), "shape")
                return Subscript(shape, (Literal(place),))
    return Literal(None)
