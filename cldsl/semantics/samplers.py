"""The sampler that a stream's options name, read from the tree: what the elaborator and the evaluator both need.

Input: a train block. Output: the call, and the columns that its entry adds, as if the stream declared them.
"""

from __future__ import annotations

from cldsl.data.samplers.catalog import SAMPLERS, SamplerEntry
from cldsl.semantics.program import Program
from cldsl.syntax import ast
from cldsl.syntax.diagnostics import Span

OPTION = "sampler"


def called_sampler(expr: ast.Expr) -> tuple[str, ast.Call] | None:
    """The name of a sampler and its call."""
    if isinstance(expr, ast.Call) and isinstance(expr.function, ast.Name):
        return expr.function.id, expr
    return None


def sampler_of(block: ast.Train) -> tuple[SamplerEntry, ast.Call] | None:
    """The entry that a block names, with its call; None where there is none."""
    for stream in block.streams:
        for argument in stream.value.arguments if isinstance(stream.value, ast.Call) else ():
            called = called_sampler(argument.value) if argument.name == OPTION else None
            for entry in SAMPLERS:
                if called is not None and called[0] == entry.name:
                    return entry, called[1]
    return None


def added_columns(entry: SamplerEntry, rows: str, span: Span) -> tuple[ast.Column, ...]:
    """The columns over the axis `rows` that a sampler adds."""
    axis = (ast.AxisName(rows, span=span),)
    return tuple(ast.Column(each.name, axis, each.target, span=span) for each in entry.adds)


def sampled_columns(program: Program) -> dict[str, ast.Column]:
    """Every column that a sampler of the program adds, by name."""
    streams = {data.name: data for data in program.all(ast.Data)}
    found: dict[str, ast.Column] = {}
    for block in program.all(ast.Train):
        sampler = sampler_of(block)
        name = _named(block.streams[0].value) if block.streams else ""
        rows = _rows(streams[name]) if name in streams else None
        if sampler is not None and rows is not None:
            found |= {column.name: column for column in added_columns(sampler[0], rows, sampler[1].span)}
    return found


def _named(expr: ast.Expr) -> str:
    function = expr.function if isinstance(expr, ast.Call) else expr
    return function.id if isinstance(function, ast.Name) else ""


def _rows(data: ast.Data) -> str | None:
    """The axis of a stream's rows."""
    first = [column.axes[0] for column in data.columns if column.axes]
    return next((axis.name for axis in first if isinstance(axis, ast.AxisName)), None)
