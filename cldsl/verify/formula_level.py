"""A case without steps through one emitted function.

Input: a Setup and a level of optimisation. Output: what the function returns, and the gradients torch takes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cldsl.codegen import emit_function, load_function
from cldsl.compiler import optimise_function
from cldsl.data.catalog import present_name
from cldsl.elaborate import Given, function
from cldsl.graph.nodes import Axis
from cldsl.syntax import ast
from cldsl.verify.asked import asked
from cldsl.verify.cases import Array
from cldsl.verify.compare import Found, masked
from cldsl.verify.double import double
from cldsl.verify.setup import Setup


@dataclass(frozen=True)
class Formula:
    """An emitted function: the names of its inputs, and for each output its name and axes."""

    call: Callable[..., Tensor | tuple[Tensor, ...]]
    inputs: tuple[str, ...]
    outputs: tuple[tuple[str, tuple[str, ...]], ...]

    def __call__(self, values: Mapping[str, Tensor]) -> dict[str, Array]:
        """Outputs by name; where one is masked, what is absent is not a number."""
        with double():
            found = self.call(**{name: values[name] for name in self.inputs}, models={})
        tensors = found if isinstance(found, tuple) else (found,)
        arrays = {name: Array(tensor, axes) for (name, axes), tensor in zip(self.outputs, tensors, strict=True)}
        return {name: masked(array, arrays.get(f"{name}.present")) for name, array in arrays.items() if "." not in name}


def formulas(prepared: Setup, level: int, memory: int | None = None) -> Found:
    """Every report as an output of one function; a gradient with respect to a formula takes a function of its own."""
    columns = {**_started(prepared), **prepared.columns(0)}
    leaves = {name: _leaf(array.data) for name, array in columns.items()}
    reports = {name: item.value for name, item in prepared.reports.items()}
    values = formula(prepared, reports, columns, level, memory)(_supplied(prepared, leaves))
    found = Found(outputs={(0, name): Array(array.data.detach(), array.axes) for name, array in values.items()})
    for name, wrts in asked(prepared).items():
        for wrt in wrts:
            meant = prepared.meant(wrt)
            if meant in columns:
                gradient = _gradient(values[name].data, leaves[meant])
                found.gradients[0, name, wrt] = Array(gradient, columns[meant].axes)
                continue
            alone = formula(prepared, {meant: ast.Name(meant)}, columns, level, memory)
            inner = alone(_supplied(prepared, leaves))[meant]
            given = {**columns, meant: Array(inner.data.detach(), inner.axes)}
            leaf = {**leaves, meant: _leaf(inner.data)}
            value = formula(prepared, {name: reports[name]}, given, level, memory)(_supplied(prepared, leaf))[name]
            found.gradients[0, name, wrt] = Array(_gradient(value.data, leaf[meant]), inner.axes)
    return found


def formula(
    prepared: Setup,
    outputs: Mapping[str, ast.Expr],
    columns: Mapping[str, Array],
    level: int,
    memory: int | None = None,
) -> Formula:
    """The emitted function of some expressions. Raises SpecError, GraphError."""
    given = {name: Given(_axes(array), _kind(array.data)) for name, array in columns.items()}
    # an output called `loss` would be the only one whose gradient the passes keep
    outputs = {f"{name}_": expr for name, expr in outputs.items()}
    made, _ = function(prepared.program, outputs, given, prepared.sizes, name="reports")
    made = optimise_function(made, level, verify=True, memory=memory)
    call = load_function(emit_function(made), made.name)
    inputs = tuple(dict.fromkeys(str(node.attr("name")) for node in made.inputs))
    return Formula(
        call, inputs, tuple((name.replace("_.", ".").removesuffix("_"), node.names) for name, node in made.outputs)
    )


def _started(prepared: Setup) -> dict[str, Array]:
    """States and learned tensors that start from the case's inputs, and where they are present."""
    presence = {present_name(name): start.present for name, start in prepared.starts.items()}
    arrays = {**{name: start.array for name, start in prepared.starts.items()}, **presence}
    return {name: array for name, array in arrays.items() if array is not None}


def _supplied(prepared: Setup, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
    clock = {name: torch.tensor(float(number), dtype=torch.float64) for name, number in prepared.clock(0).items()}
    return {**clock, **leaves}


def _gradient(value: Tensor, leaf: Tensor) -> Tensor:
    if not value.requires_grad:
        return torch.zeros_like(leaf)
    (found,) = torch.autograd.grad(value, [leaf], retain_graph=True, allow_unused=True)
    return torch.zeros_like(leaf) if found is None else found


def _leaf(data: Tensor) -> Tensor:
    return data.detach().clone().requires_grad_(data.is_floating_point())


def _axes(array: Array) -> tuple[Axis, ...]:
    return tuple(Axis(name, size) for name, size in zip(array.axes, array.data.shape, strict=True))


def _kind(data: Tensor) -> str:
    return "bool" if data.dtype == torch.bool else "real" if data.is_floating_point() else "int"
