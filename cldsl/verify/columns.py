"""The columns of a binding's streams as values of a case.

Input: a program whose `data case` and `data start` name columns, and a case. Output: arrays by column, over the axes that
the binding names, by position. `data start` lists what only first values read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from cldsl.semantics.program import Program
from cldsl.syntax import ast
from cldsl.verify.cases import Array, Case
from cldsl.verify.errors import CaseError

STREAM, START = "case", "start"


def columns_of(program: Program, names: Iterable[str]) -> dict[str, ast.Column]:
    """The columns of streams by name."""
    return {column.name: column for data in program.all(ast.Data) if data.name in names for column in data.columns}


def _axes(column: ast.Column) -> tuple[str, ...]:
    return tuple(_axis(each) for each in column.axes)


def _axis(item: ast.AxisItem) -> str:
    if not isinstance(item, ast.AxisName):
        raise CaseError("a column of a case lists names of axes")
    return item.name


def named(program: Program, case: Case, step: int, start: bool = False) -> dict[str, Array]:
    """The case's values at a step by column, over the axes that the column names, by position."""
    inputs = case.at_step(step)
    found = {}
    for name, column in columns_of(program, (STREAM, START) if start else (STREAM,)).items():
        source = _source(column, inputs, program)
        if source is None:
            continue  # a case may lack what its variant of the function does not read; a read of it is an error of its own
        axes, array = _axes(column), inputs[source]
        if array.data.dim() != len(axes):
            raise CaseError(
                f"{source} of {case.name} is over [{', '.join(array.axes)}], the binding says [{', '.join(axes)}]"
            )
        found[name] = Array(array.data, axes)
    return found


def _source(column: ast.Column, inputs: Mapping[str, Array], program: Program) -> str | None:
    """The input that a column is: its namesake, else the one of its axes and kind that is no column's namesake."""
    if column.name in inputs:
        return column.name
    known = columns_of(program, (STREAM, START))
    left = [
        name for name, array in inputs.items()
        if name not in known and array.axes == _axes(column) and array.whole == (column.target is not None)
    ]  # fmt: skip
    return left[0] if len(left) == 1 else None


def unread(program: Program, case: Case) -> list[str]:
    """Inputs of the case that no column is."""
    inputs = case.at_step(0)
    sources = {_source(column, inputs, program) for column in columns_of(program, (STREAM, START)).values()}
    return [name for name in inputs if name not in sources]


def given(columns: Mapping[str, Array]) -> dict[str, tuple[Tensor, tuple[str, ...]]]:
    return {name: (array.data, array.axes) for name, array in columns.items()}
