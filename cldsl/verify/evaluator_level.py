"""A case through the evaluator, the meaning of a spec.

Input: a Setup. Output: what it reports, and the gradients the case asks for.
"""

from __future__ import annotations

from torch import Tensor

from cldsl.reference import Evaluator
from cldsl.reference.values import Mask, Value
from cldsl.syntax import ast
from cldsl.verify.asked import asked
from cldsl.verify.cases import Array
from cldsl.verify.compare import Found
from cldsl.verify.setup import Setup

Named = tuple[Tensor, tuple[str, ...]]


def formulas(prepared: Setup) -> Found:
    """A case without steps: each report is an expression of the case's inputs."""
    columns = _named(prepared.columns(0))
    evaluator = _evaluator(prepared)
    found = Found()
    for name, item in prepared.reports.items():
        found.outputs[0, name] = array_of(evaluator.value(item.value))
    for name, wrts in asked(prepared).items():
        for wrt in wrts:
            meant = prepared.meant(wrt)
            inner = evaluator
            if meant not in columns:
                # with respect to a formula: its value is supplied in its place
                value = evaluator.value(meant)
                inner = Evaluator(
                    prepared.program,
                    {**columns, meant: (value.data, value.axes)},
                    None,
                    prepared.sizes,
                    clock=prepared.clock(0),
                )
            gradient, axes = inner.grad(prepared.reports[name].value, [meant])[meant]
            found.gradients[0, name, wrt] = Array(gradient, tuple(axes))
    return found


def steps(prepared: Setup) -> Found:
    """A case of several steps: the train block, once for each."""
    evaluator = _evaluator(prepared)
    found = Found()
    wanted = {name: {wrt: prepared.meant(wrt) for wrt in wrts} for name, wrts in asked(prepared).items()}
    names = sorted({meant for wrts in wanted.values() for meant in wrts.values()})
    for step in range(prepared.case.steps):
        told = evaluator.step(_named(prepared.columns(step)), clock=prepared.clock(step), wrt=names)
        found.outputs.update({(step, name): array_of(value) for name, value in told.items()})
        for name, wrts in wanted.items():
            for wrt, meant in wrts.items():
                if f"gradient of {meant}" in told:
                    found.gradients[step, name, wrt] = array_of(told[f"gradient of {meant}"])
    return found


def array_of(value: Value) -> Array:
    """A value as a tensor; what is absent is not a number."""
    value = value.over(
        [axis for axis in value.all_axes if axis not in value.axes],
        {axis: value.size(axis) or 0 for axis in value.all_axes},
    )
    if value.present is None:
        return Array(value.data.detach(), value.axes)
    here = value.present.to(value.axes).expand(value.data.shape)
    if bool(here.all()):
        return Array(value.data.detach(), value.axes)
    data = value.data.detach().double()
    return Array(data.where(here, data.new_tensor(float("nan"))), value.axes)


def _named(columns: dict[str, Array]) -> dict[str, Named]:
    return {name: (array.data, array.axes) for name, array in columns.items()}


def _evaluator(prepared: Setup) -> Evaluator:
    """The program with its first values; what of them is absent stays so."""
    evaluator = Evaluator(prepared.program, _named(prepared.columns(0)), None, prepared.sizes, clock=prepared.clock(0))
    for item in prepared.program.all(ast.Cell):
        start = prepared.starts.get(item.name)
        if start is not None:
            present = None if start.present is None else Mask(start.present.data, start.present.axes)
            value = Value(start.array.data, start.array.axes, present)
            evaluator.world.cells[item.name] = evaluator.world.stored(item, value)
    return evaluator
