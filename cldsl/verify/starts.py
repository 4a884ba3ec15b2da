"""First values that read a case's inputs: `state bank[sample, dim] = bank_init`.

Input: a declaration and an evaluator that knows the inputs. Output: the value, set by each level before the first step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from cldsl.reference import Evaluator
from cldsl.semantics.program import Program
from cldsl.syntax import ast
from cldsl.verify.cases import Array


@dataclass(frozen=True)
class Start:
    """The first value of a state or learned tensor; present is None where all of it is."""

    array: Array
    present: Array | None


def reads_inputs(item: ast.Cell, program: Program) -> bool:
    """Whether a first value reads inputs of the case: more than numbers, params, `absent` and draws."""
    if item.drawn or item.value is None:
        return False
    known = {"absent", *program.params}
    return any(isinstance(node, ast.Name) and node.id not in known for node in ast.walk(item.value))


def first_value(evaluator: Evaluator, item: ast.Cell) -> Start:
    """The value of a tensor's first value, over the tensor's axes in their order."""
    value = evaluator.value(item.value if item.value is not None else ast.Number(0))
    axes = tuple(each.name if isinstance(each, ast.AxisName) else each.axis for each in item.axes)  # type: ignore[union-attr]
    missing = [axis for axis in axes if axis not in value.all_axes]
    value = value.over(missing, {axis: evaluator.world.size(axis) for axis in missing})
    array = Array(value.ordered(axes).detach(), axes)
    if value.present is None:
        return Start(array, None)
    here = value.present.to(axes).expand(array.data.shape)
    return Start(Array(torch.where(here, array.data, torch.zeros_like(array.data)), axes), Array(here, axes))


def plain(item: ast.Statement, starts: Mapping[str, Start]) -> ast.Statement:
    """A tensor whose first value is set from outside: its sizes are that value's; it starts absent where some of it is,
    else at 0.
    """
    if not isinstance(item, ast.Cell) or item.name not in starts:
        return item
    start = starts[item.name]
    axes = tuple(
        ast.Select(axis, ast.Number(size)) for axis, size in zip(start.array.axes, start.array.data.shape, strict=True)
    )
    return replace(item, axes=axes, value=ast.Number(0) if start.present is None else ast.Name("absent"))
