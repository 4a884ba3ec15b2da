"""A case under its binding, as a program: what the levels run.

Input: a Binding and a Case. Output: a `Setup`: the variant's program with the case's params as `case_NAME` (of a list, also `case_NAME_length`), its columns
by the axes the binding gives them (by position), what to report, what states and learned tensors start from.

Of the blocks only those on the stream `case` stay. `data start` lists inputs that only first values read. A first value
that reads inputs (`state bank[sample, dim] = bank_init`) is computed here, by the evaluator, and set by each level.
`let undefined = ["NAME", ...]` lists outputs that the method does not define; the binding says why beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from cldsl.reference import Evaluator
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax import ast
from cldsl.syntax.parser import parse_expression
from cldsl.verify.bindings import Binding
from cldsl.verify.cases import Array, Case
from cldsl.verify.errors import CaseError
from cldsl.verify.reached import reached

STREAM, START, UNDEFINED = "case", "start", "undefined"


@dataclass(frozen=True)
class Start:
    """The first value of a state or learned tensor; present is None where all of it is."""

    array: Array
    present: Array | None


@dataclass(frozen=True)
class Setup:
    """A case as a program. `program` has no first values but those in `starts`."""

    case: Case
    binding: Binding
    program: Program
    starts: Mapping[str, Start]
    written: Mapping[str, int]  # sizes of axes that tensors declare
    undefined: frozenset[str]  # outputs that the method does not define
    aliases: Mapping[str, str]  # names of gradients that are lets of another name

    @property
    def stepwise(self) -> bool:
        """Whether the binding trains."""
        return bool(self.program.all(ast.Train))

    @cached_property
    def reports(self) -> dict[str, ast.Report]:
        """What the binding reports, by name."""
        blocks = [*self.program.all(ast.On), *self.program.all(ast.Train)]
        return {item.name: item for block in blocks for item in block.body if isinstance(item, ast.Report)}

    def columns(self, step: int) -> dict[str, Array]:
        """The columns of a step, their axes named as the binding names them."""
        return _named(self.program, self.case, step)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Every axis whose size the case's values show."""
        arrays = [*self.columns(0).values(), *(start.array for start in self.starts.values())]
        shown = {axis: size for array in arrays for axis, size in zip(array.axes, array.data.shape, strict=True)}
        return {**self.written, **shown}

    def clock(self, step: int) -> dict[str, int]:
        """Where a step stands; the epoch is the case's, where it gives one."""
        epochs = self.case.params.get("epoch_of_each_step", 0)
        listed = _numbers(epochs)
        epoch = listed[step] if step < len(listed) else listed[-1]
        return {"step": step, "steps": self.case.steps, "epoch": epoch, "epochs": max(listed) + 1}

    def meant(self, wrt: str) -> str:
        """The column, tensor or let that a gradient is with respect to."""
        return self.aliases.get(wrt, wrt)

    def axes(self, wrt: str) -> tuple[str, ...] | None:
        """The axes of what a gradient is with respect to, in the order of the case; None where nothing says."""
        meant, columns = self.meant(wrt), self.columns(0)
        if meant in columns:
            return columns[meant].axes
        if meant in self.starts:
            return self.starts[meant].array.axes
        lets = {item.name: item.axes for item in self.program.all(ast.Let)}
        return tuple(each.name for each in lets.get(meant, ()) if isinstance(each, ast.AxisName)) or None


def setup(binding: Binding, case: Case) -> Setup:
    """The program of a case. Raises SpecError, CaseError, EvaluationError."""
    whole = _cut(resolve_file(binding.file, binding.variant), case)
    lets = {item.name: item.value for item in whole.all(ast.Let)}
    wanted = {each.wrt: _meant(each.wrt, lets) for each in case.expected() if each.wrt is not None}
    program = reached(whole, wanted.values())
    unread = _unread(program, case)
    if unread:
        raise CaseError(f"the binding {binding.variant} does not read the input {unread[0]} of {case.name}", "declare it in its `data case`")
    cells = {item.name: item for item in program.all(ast.Cell) if _reads_inputs(item, program)}
    pure = replace(program, body=tuple(item for item in program.body if item not in cells.values()))
    evaluator = Evaluator(pure, _given(_named(program, case, 0, start=True)))
    starts = {name: _start(evaluator, item) for name, item in cells.items()}
    body = tuple(_plain(item, starts) for item in program.body if not _called(item, START))
    written = {each.axis: each.value for item in program.all(ast.Cell) for each in item.axes if isinstance(each, ast.Select)}
    sizes = {axis: int(evaluator.value(value).data) for axis, value in written.items()}
    return Setup(case, binding, replace(program, body=body), starts, sizes, _texts(lets.get(UNDEFINED)), wanted)


def _meant(name: str, lets: Mapping[str, ast.Expr]) -> str:
    value = lets.get(name)
    return _meant(value.id, lets) if isinstance(value, ast.Name) else name


def _texts(value: ast.Expr | None) -> frozenset[str]:
    items = value.items if isinstance(value, ast.ListOf) else ()
    return frozenset(each.value for each in items if isinstance(each, ast.Text))


# ---- the program


def _cut(program: Program, case: Case) -> Program:
    """The program with the case's params, and of its streams and blocks those on the case alone."""
    written = {name: _written(value) for name, value in case.params.items()}
    lengths = {f"{name}_length": str(len(value)) for name, value in case.params.items() if isinstance(value, list)}
    params = [ast.Param(f"case_{name}", None, parse_expression(text, f"param {name}")) for name, text in {**written, **lengths}.items()]
    kept: list[ast.Statement] = []
    for item in program.body:
        if isinstance(item, ast.Data):
            if item.name in (STREAM, START):
                kept.append(replace(item, sources=("published/case",)))  # values come from the case; none is opened
            continue
        if isinstance(item, (ast.Train, ast.On)):
            if _on_case(item):
                kept += [each for each in item.body if isinstance(each, ast.Let)] if isinstance(item, ast.On) else []
                kept.append(_paced(item, program, case) if isinstance(item, ast.Train) else item)
            continue
        kept.append(item)
    if not any(_called(item, STREAM) for item in kept):
        raise CaseError(f"{program.file} declares no `data {STREAM}` for {program.variant}")
    return replace(program, body=(*params, *kept), claims=())


def _on_case(item: ast.Train | ast.On) -> bool:
    stream = item.streams[0].value if item.streams else None
    stream = stream.function if isinstance(stream, ast.Call) else stream
    return isinstance(stream, ast.Name) and stream.id == STREAM


def _paced(item: ast.Train, program: Program, case: Case) -> ast.Train:
    """The block with as many rows and steps as the case has."""
    columns = _named(program, case, 0)
    rows = [array.data.shape[array.axes.index("item")] for array in columns.values() if "item" in array.axes]
    if not rows:
        raise CaseError(f"no column of {case.name} has the axis item")
    options = tuple(ast.Argument(name, ast.Number(value)) for name, value in (("batch", rows[0]), ("steps", case.steps)))
    return replace(item, streams=(ast.Stream(ast.Call(ast.Name(STREAM), options), None),))


def _called(item: ast.Statement, name: str) -> bool:
    return isinstance(item, ast.Data) and item.name == name


def _written(value: Any) -> str:
    """A param of a case in the language; texts that hold a list are lists."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(_written(each) for each in value) + "]"
    text = str(value)
    return text if text[:1] == "[" else '"' + text.replace("\\", "/").replace('"', "'") + '"'


def _numbers(value: Any) -> list[int]:
    if isinstance(value, str):
        return [int(each) for each in value.strip("[] ").split(",")]
    return [int(each) for each in value] if isinstance(value, list) else [int(value)]


# ---- columns


def _columns(program: Program, names: Iterable[str]) -> dict[str, ast.Column]:
    """The columns of streams by name."""
    return {column.name: column for data in program.all(ast.Data) if data.name in names for column in data.columns}


def _axes(column: ast.Column) -> tuple[str, ...]:
    return tuple(_axis(each) for each in column.axes)


def _axis(item: ast.AxisItem) -> str:
    if not isinstance(item, ast.AxisName):
        raise CaseError("a column of a case lists names of axes")
    return item.name


def _named(program: Program, case: Case, step: int, start: bool = False) -> dict[str, Array]:
    """The case's values at a step by column, over the axes that the column names, by position."""
    inputs = case.at_step(step)
    found = {}
    for name, column in _columns(program, (STREAM, START) if start else (STREAM,)).items():
        source = _source(column, inputs, program)
        if source is None:
            continue  # a case may lack what its variant of the function does not read; a read of it is an error of its own
        axes, array = _axes(column), inputs[source]
        if array.data.dim() != len(axes):
            raise CaseError(f"{source} of {case.name} is over [{', '.join(array.axes)}], the binding says [{', '.join(axes)}]")
        found[name] = Array(array.data, axes)
    return found


def _source(column: ast.Column, inputs: Mapping[str, Array], program: Program) -> str | None:
    """The input that a column is: its namesake, else the one of its axes and kind that is no column's namesake."""
    if column.name in inputs:
        return column.name
    known = _columns(program, (STREAM, START))
    left = [
        name for name, array in inputs.items()
        if name not in known and array.axes == _axes(column) and array.whole == (column.target is not None)
    ]  # fmt: skip
    return left[0] if len(left) == 1 else None


def _unread(program: Program, case: Case) -> list[str]:
    """Inputs of the case that no column is."""
    inputs = case.at_step(0)
    sources = {_source(column, inputs, program) for column in _columns(program, (STREAM, START)).values()}
    return [name for name in inputs if name not in sources]


def _given(columns: Mapping[str, Array]) -> dict[str, tuple[Tensor, tuple[str, ...]]]:
    return {name: (array.data, array.axes) for name, array in columns.items()}


# ---- first values


def _reads_inputs(item: ast.Cell, program: Program) -> bool:
    """Whether a first value reads inputs of the case: more than numbers, params, `absent` and draws."""
    if item.drawn or item.value is None:
        return False
    plain = {"absent", *program.params}
    return any(isinstance(node, ast.Name) and node.id not in plain for node in ast.walk(item.value))


def _start(evaluator: Evaluator, item: ast.Cell) -> Start:
    value = evaluator.value(item.value if item.value is not None else ast.Number(0))
    axes = tuple(each.name if isinstance(each, ast.AxisName) else each.axis for each in item.axes)  # type: ignore[union-attr]
    missing = [axis for axis in axes if axis not in value.all_axes]
    value = value.over(missing, {axis: evaluator.world.size(axis) for axis in missing})
    array = Array(value.ordered(axes).detach(), axes)
    if value.present is None:
        return Start(array, None)
    here = value.present.to(axes).expand(array.data.shape)
    return Start(Array(torch.where(here, array.data, torch.zeros_like(array.data)), axes), Array(here, axes))


def _plain(item: ast.Statement, starts: Mapping[str, Start]) -> ast.Statement:
    """A tensor whose first value is set from outside: its sizes are that value's; it starts absent where some of it is,
    else at 0.
    """
    if not isinstance(item, ast.Cell) or item.name not in starts:
        return item
    start = starts[item.name]
    axes = tuple(ast.Select(axis, ast.Number(size)) for axis, size in zip(start.array.axes, start.array.data.shape, strict=True))
    return replace(item, axes=axes, value=ast.Number(0) if start.present is None else ast.Name("absent"))
