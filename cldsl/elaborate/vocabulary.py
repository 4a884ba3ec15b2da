"""Every name and axis that a program declares, and the words of the library by what they are for.

Input: a Program. Output: sets of names. It knows nothing of values; elaborate/spelling.py compares with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from cldsl.elaborate.axes import CLOCK, SIDE, has_geometry
from cldsl.elaborate.library import LAWS, NAMES
from cldsl.elaborate.reductions import REDUCTIONS
from cldsl.semantics.program import Program, declared
from cldsl.semantics.samplers import sampled_columns
from cldsl.syntax import ast
from cldsl.syntax.record import record

LITERALS = frozenset({"true", "false", "inf", "absent", "training"})
#: words that stand at one place of the grammar and call something there
PLACED = frozenset({"mix", "push", "copy", "fresh", "frozen", "grad", "external", "choice"})
ATTRIBUTES = frozenset(
    {"positive", "negative", "candidate", "similarity", "temperature", "weight", "logit", "eval", "rank"}
)


@record()
class Vocabulary:
    """names: values, models, defs, contrasts of the file. axes: names of axes. attributes: what may follow a dot."""

    names: set[str] = field(default_factory=set)
    axes: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    defs: dict[str, ast.Def] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    #: contrast -> the names that its lines bind, its overrides' too
    contrasts: dict[str, frozenset[str]] = field(default_factory=dict)


def functions() -> set[str]:
    """Every function of the library that an expression may call."""
    from cldsl.views.catalog import STAGES

    stages = {name for stage in STAGES for name in (stage.name, *stage.aliases)}
    return {*REDUCTIONS, *NAMES, *LAWS, *PLACED, *stages}


def of_program(program: Program) -> Vocabulary:
    """The names of the file, and the axes and attributes of it and of its libraries."""
    found = Vocabulary()
    for item in program.body:
        add(found, item)
    sampled = sampled_columns(program).values()
    found.names |= {*program.imported, *CLOCK, *(column.name for column in sampled)}
    found.axes |= {column.target for column in sampled if column.target is not None}
    found.defs.update(program.imported)
    trees: list[object] = [program.body, *(tuple(defs.values()) for defs in program.libraries.values())]
    for tree in trees:
        for node in ast.walk(tree):
            found.axes.update(axes_made(node))
            found.attributes.update(bound(node))
            if isinstance(node, ast.Call):
                found.attributes.update(
                    argument.name for argument in node.arguments if argument.name is not None and _makes_rows(node)
                )
    found.axes |= {"dim", "rank"}
    found.attributes |= {
        *ATTRIBUTES,
        *found.axes,
        *found.names,
        *(name for item in program.body for name in declared(item)),
    }
    return found


def add(found: Vocabulary, item: ast.Statement) -> None:
    """The names that an item of the file brings."""
    found.names.update(declared(item))
    if isinstance(item, ast.Data):
        found.names.update(column.name for column in item.columns)
    if isinstance(item, ast.Def):
        found.defs[item.name] = item
    if isinstance(item, ast.Model):
        found.models.add(item.name)
    if isinstance(item, ast.Contrast):
        known = found.contrasts.get(item.name, frozenset()) | found.contrasts.get(item.parent or "", frozenset())
        found.contrasts[item.name] = known | {name for node in ast.walk(item) for name in bound(node)}


def bound(node: ast.Node) -> Iterator[str]:
    """Names that a node binds for what stands in or after it."""
    if isinstance(node, ast.Comprehension):
        yield node.variable
    elif isinstance(node, (ast.Parameter, ast.Let, ast.Cell, ast.Param, ast.Model, ast.Def, ast.Column, ast.Output)):
        yield node.name
    elif isinstance(node, ast.Draw):
        yield from (name for name, _ in node.targets)
    elif isinstance(node, ast.Loop):
        yield node.variable
    elif isinstance(node, ast.Report):
        yield node.name


def axes_made(node: ast.Node) -> Iterator[str]:
    """Names of axes that a node declares."""
    if isinstance(node, ast.Column):
        yield from _declared_axes(node.axes, bare=True)
        if node.target is not None:
            yield node.target
    elif isinstance(node, ast.Model):
        yield from _declared_axes(node.family)
        yield from (out.name for out in node.produces if out.axes is None)
        for out in node.produces:
            yield from _declared_axes(out.axes or (), bare=True)
    elif isinstance(node, ast.Cell):
        yield from _declared_axes(node.axes)
    elif isinstance(node, ast.Draw):
        for _, axes in node.targets:
            yield from _declared_axes(axes)
        if has_geometry(node):
            yield SIDE
    elif isinstance(node, (ast.Let, ast.Report)):
        yield from _declared_axes(node.axes)
    elif isinstance(node, ast.Def):
        yield from _declared_axes(node.axis_parameters, bare=True)
    elif isinstance(node, ast.Rename):
        yield from (name for name, _ in node.new)
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.function, ast.Index)
        and node.function.value in (ast.Name("stack"), ast.Name("cat"))
    ):
        yield from _declared_axes(node.function.items, bare=True)


def _declared_axes(axes: Iterable[ast.AxisItem], bare: bool = False) -> Iterator[str]:
    for item in axes:
        if isinstance(item, ast.Select):
            yield item.axis
        elif isinstance(item, ast.AxisName) and (bare or item.ragged):
            yield item.name


def _makes_rows(node: ast.Call) -> bool:
    return isinstance(node.function, ast.Name) and node.function.id == "rows"
