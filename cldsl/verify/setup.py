"""A case under its binding, as a program: what the levels run.

Input: a Binding and a Case. Output: a `Setup`: the program, its columns at each step, what to report, what states and
learned tensors start from. `let undefined = ["NAME", ...]` of a binding lists outputs that the method does not define;
the binding says why beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from cldsl.reference import Evaluator
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve_file
from cldsl.syntax import ast
from cldsl.verify.bindings import Binding
from cldsl.verify.cases import Array, Case
from cldsl.verify.columns import START, given, named, unread
from cldsl.verify.cut import called, cut, numbers
from cldsl.verify.errors import CaseError
from cldsl.verify.reached import reached
from cldsl.verify.starts import Start, first_value, plain, reads_inputs

UNDEFINED = "undefined"


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
        blocks: list[ast.On | ast.Train] = [*self.program.all(ast.On), *self.program.all(ast.Train)]
        return {item.name: item for block in blocks for item in block.body if isinstance(item, ast.Report)}

    def columns(self, step: int) -> dict[str, Array]:
        """The columns of a step, their axes named as the binding names them."""
        return named(self.program, self.case, step)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Every axis whose size the case's values show."""
        arrays = [*self.columns(0).values(), *(start.array for start in self.starts.values())]
        shown = {axis: size for array in arrays for axis, size in zip(array.axes, array.data.shape, strict=True)}
        return {**self.written, **shown}

    def clock(self, step: int) -> dict[str, int]:
        """Where a step stands; the epoch is the case's, where it gives one."""
        epochs = self.case.params.get("epoch_of_each_step", 0)
        listed = numbers(epochs)
        epoch = listed[step] if step < len(listed) else listed[-1]
        steps, batches = self.case.steps, self.case.batches
        if batches:
            return {
                "step": step,
                "steps": steps,
                "steps_per_epoch": batches,
                "epoch": step // batches,
                "epochs": steps // batches,
            }
        return {"step": step, "steps": steps, "steps_per_epoch": steps, "epoch": epoch, "epochs": max(listed) + 1}

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
    whole = cut(resolve_file(binding.file, binding.variant), case)
    lets = {item.name: item.value for item in whole.all(ast.Let)}
    wanted = {each.wrt: _meant(each.wrt, lets) for each in case.expected() if each.wrt is not None}
    program = reached(whole, wanted.values())
    left = unread(program, case)
    if left:
        raise CaseError(
            f"the binding {binding.variant} does not read the input {left[0]} of {case.name}",
            "declare it in its `data case`",
        )
    cells = {item.name: item for item in program.all(ast.Cell) if reads_inputs(item, program)}
    pure = replace(program, body=tuple(item for item in program.body if item not in cells.values()))
    evaluator = Evaluator(pure, given(named(program, case, 0, start=True)))
    starts = {name: first_value(evaluator, item) for name, item in cells.items()}
    body = tuple(plain(item, starts) for item in program.body if not called(item, START))
    written = {
        each.axis: each.value for item in program.all(ast.Cell) for each in item.axes if isinstance(each, ast.Select)
    }
    sizes = {axis: int(evaluator.value(value).data) for axis, value in written.items()}
    return Setup(case, binding, replace(program, body=body), starts, sizes, _texts(lets.get(UNDEFINED)), wanted)


def _meant(name: str, lets: Mapping[str, ast.Expr]) -> str:
    value = lets.get(name)
    return _meant(value.id, lets) if isinstance(value, ast.Name) else name


def _texts(value: ast.Expr | None) -> frozenset[str]:
    items = value.items if isinstance(value, ast.ListOf) else ()
    return frozenset(each.value for each in items if isinstance(each, ast.Text))
