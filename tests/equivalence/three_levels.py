"""One spec with its data, computed by the evaluator, by the program as written, and by the optimised program.

Input: a Sample (text, supplied tensors, expressions). Output: nothing, or AssertionError with the level, the first
difference and the text. Values are compared where they are present, presence everywhere, gradients for every supplied
real tensor. It decides nothing about who is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from cldsl.codegen import emit_function, load_function
from cldsl.compiler import LEVELS, optimise_function
from cldsl.elaborate import Given, function
from cldsl.graph.nodes import Axis, Function, Node
from cldsl.reference import Evaluator
from cldsl.reference.values import Mask, Value
from cldsl.semantics.program import Program
from cldsl.semantics.resolve import resolve
from tests.support.compare import assert_close

TOLERANCE = 1e-9
Named = tuple[Tensor, tuple[str, ...]]
#: a state's tensor, its axes, where it is present and over which axes
Cell = tuple[Tensor, tuple[str, ...], Tensor, tuple[str, ...]]
#: value, presence (None: everywhere), gradients by name
Computed = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """A spec's text, what is supplied, and the expressions to compare; `cells` are states with presence."""

    text: str
    expressions: tuple[str, ...]
    given: Mapping[str, Named]
    cells: Mapping[str, Cell] = field(default_factory=dict)
    clock: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    variant: str | None = None
    sets: Mapping[str, str] = field(default_factory=dict)
    file: str = "random.cl"

    def program(self) -> Program:
        """The resolved program. Raises SpecError."""
        return resolve(self.text, self.file, self.variant, self.sets)


def compare(sample: Sample, levels: Sequence[int] = LEVELS, tolerance: float = TOLERANCE) -> None:
    """Raise AssertionError where a level differs from the evaluator in value, presence or gradient."""
    program = sample.program()
    for text in sample.expressions:
        expected = evaluated(sample, program, text)
        for level in levels:
            try:
                assert_close(emitted(sample, program, text, level), expected, tolerance, 1e-12)
            except AssertionError as error:
                raise AssertionError(f"-O{level}, {text}: {error}\n{described(sample)}") from None


def described(sample: Sample) -> str:
    """The text and the shapes, for a failure's message."""
    shapes = {name: dict(zip(axes, tensor.shape, strict=True)) for name, (tensor, axes) in sample.given.items()}
    return f"given {shapes}, cells {sorted(sample.cells)}, clock {dict(sample.clock)}\n{sample.text}"


def evaluated(sample: Sample, program: Program, text: str) -> Computed:
    """What the evaluator makes of an expression."""
    evaluator = Evaluator(program, {}, sample.given, sample.sizes, clock=sample.clock)
    for name, (tensor, axes, mask, mask_axes) in sample.cells.items():
        evaluator.world.cells[name] = Value(tensor, axes, Mask(mask, mask_axes))
    value = evaluator.value(text)
    axes = tuple(sorted(value.all_axes))
    sizes = {axis: int(value.size(axis) or 0) for axis in axes}
    shape = [sizes[axis] for axis in axes]
    data = value.ordered(axes).expand(shape)
    present = torch.ones(shape, dtype=torch.bool) if value.present is None else value.present.to(axes).expand(shape)
    names = differentiable(sample) if data.is_floating_point() and not axes else []
    if not bool(present.all()) or not bool(data.isfinite().all()):
        names = []  # the gradient of an infinity is no number
    found = evaluator.grad(text, names) if names else {}
    return _computed(data, present, axes, {name: tensor for name, (tensor, _) in found.items()})


def emitted(sample: Sample, program: Program, text: str, level: int) -> Computed:
    """What the emitted function of a level makes of it."""
    made = compiled(sample, program, text)
    made = optimise_function(made, level, verify=True)
    leaves = {leaf: _supplied(sample, leaf) for leaf in made.inputs}
    call = load_function(emit_function(made), made.name)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        result = call(*leaves.values(), models={})
    finally:
        torch.set_default_dtype(default)
    outputs = dict(zip([name for name, _ in made.outputs], _several(made, result), strict=True))
    value, mask = (_over(outputs.get(key), dict(made.outputs).get(key)) for key in ("value", "value.present"))
    assert value is not None
    axes = tuple(sorted({*value[1], *(mask[1] if mask else ())}))
    data = _spread(value, axes, mask)
    present = torch.ones(data.shape, dtype=torch.bool) if mask is None else _spread(mask, axes, value)
    gradients = {}
    if data.is_floating_point() and not axes and bool(present.all()) and bool(data.isfinite().all()):
        gradients = _gradients(sample, leaves, data)
    return _computed(data, present, axes, gradients)


def compiled(sample: Sample, program: Program, text: str) -> Function:
    """The expression as a typed function. Raises SpecError."""
    given = {
        name: Given(tuple(Axis(a, s) for a, s in zip(axes, tensor.shape, strict=True)), kind_of(tensor))
        for name, (tensor, axes) in sample.given.items()
    }
    return function(program, {"value": text}, given, sample.sizes)[0]


def kind_of(tensor: Tensor) -> str:
    """A tensor's dtype as the graph names it."""
    return "bool" if tensor.dtype == torch.bool else "real" if tensor.is_floating_point() else "int"


def differentiable(sample: Sample) -> list[str]:
    """The supplied real tensors that the meaning lets a gradient pass to: all but states."""
    states = {item.name for item in sample.program().body if getattr(item, "kind", "") == "state"}
    return [name for name, (tensor, _) in sample.given.items() if tensor.is_floating_point() and name not in states]


# ---- inside


def _supplied(sample: Sample, leaf: Node) -> Tensor:
    kind, name = leaf.attr("kind"), str(leaf.attr("name"))
    if kind == "clock":
        number = {"steps": 1, "epochs": 1, "steps_per_epoch": 1, **sample.clock}.get(name, 0)
        return torch.tensor(float(number), dtype=torch.float64)
    if kind in ("state", "present") and name in sample.cells:
        tensor, axes, mask, mask_axes = sample.cells[name]
        found, own = (tensor, axes) if kind == "state" else (mask, mask_axes)
    elif name in sample.given:
        found, own = sample.given[name]
    else:
        raise AssertionError(f"the program reads the {kind} {name}, which is not supplied\n{described(sample)}")
    found = found.detach().permute([own.index(axis) for axis in leaf.names]).clone()
    return found.requires_grad_(found.is_floating_point() and name in differentiable(sample))


def _several(made: Function, result: Any) -> tuple[Any, ...]:
    return (result,) if len(made.outputs) == 1 else tuple(result)


def _over(result: Any, node: Node | None) -> Named | None:
    """An output as a tensor over the axes of its node; a constant may have been folded to a number."""
    if node is None:
        return None
    tensor = result if isinstance(result, Tensor) else torch.tensor(result, dtype=_KINDS[node.dtype])
    return tensor, node.names


_KINDS = {"real": torch.float64, "int": torch.int64, "bool": torch.bool}


def _spread(value: Named, axes: tuple[str, ...], beside: Named | None) -> Tensor:
    """The tensor over all of `axes`, those it lacks taken from `beside`."""
    sizes = {axis: size for each in (beside, value) if each for axis, size in zip(each[1], each[0].shape, strict=True)}
    tensor, own = value
    order = [own.index(axis) for axis in axes if axis in own]
    shape = [sizes[axis] if axis in own else 1 for axis in axes]
    return tensor.permute(order).reshape(shape).expand([sizes[axis] for axis in axes])


def _gradients(sample: Sample, leaves: Mapping[Node, Tensor], data: Tensor) -> dict[str, Tensor]:
    names = differentiable(sample)
    found = {name: torch.zeros_like(sample.given[name][0]) for name in names}
    wanted = {leaf: tensor for leaf, tensor in leaves.items() if tensor.requires_grad}
    if not data.requires_grad or not wanted:
        return found
    gradients = torch.autograd.grad(data, list(wanted.values()), allow_unused=True)
    for leaf, gradient in zip(wanted, gradients, strict=True):
        name = str(leaf.attr("name"))
        if gradient is not None:
            own = sample.given[name][1]
            found[name] = found[name] + gradient.permute([leaf.names.index(axis) for axis in own])
    return found


def _computed(data: Tensor, present: Tensor, axes: Sequence[str], gradients: Mapping[str, Tensor]) -> Computed:
    """Values with what is absent taken out, so that stand-ins are not compared."""
    plain = data.detach().to(torch.float64)
    return {
        "axes": list(axes),
        "present": present.to(torch.int64),
        "value": torch.where(present, plain, torch.zeros_like(plain)),
        "gradients": dict(gradients),
    }
