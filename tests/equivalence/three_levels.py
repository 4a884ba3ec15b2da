"""One spec with its data, computed by the evaluator, by the program as written, and by the optimised program.

Input: a Sample (text, supplied tensors, expressions). Output: nothing, or AssertionError with the level, the first
difference and the text. Values are compared where they are present, presence everywhere, gradients for every supplied
real tensor. It decides nothing about who is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
from cldsl.syntax import ast
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
    expressions: tuple[str | ast.Expr, ...]
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
    expected = [evaluated(sample, program, text) for text in sample.expressions]
    for level in levels:
        found = emitted(sample, program, level)
        _agree(sample, f"-O{level}", found, expected, tolerance)


def compare_strips(sample: Sample, memories: Sequence[int], tolerance: float = TOLERANCE) -> int:
    """The optimised program, whole, against itself in strips of these memories: all expressions as one function, and each
    number as a function of its own, which can be one visit. Raises AssertionError; gives the number of visits."""
    program = sample.program()
    visits = 0
    alone = [replace(sample, expressions=(text,)) for text in sample.expressions]
    for part in (sample, *alone):
        whole = emitted(part, program, max(LEVELS), memory=1 << 60)
        for memory in memories:
            made = in_strips(part, program, memory)
            visits += len(made.visits)
            if made.visits:
                found = emitted(part, program, max(LEVELS), memory)
                _agree(part, f"strips of {memory} bytes", found, whole, tolerance)
    return visits


def in_strips(sample: Sample, program: Program, memory: int) -> Function:
    return optimise_function(compiled(sample, program), max(LEVELS), memory=memory)


def _agree(
    sample: Sample, level: str, found: Sequence[Computed], expected: Sequence[Computed], tolerance: float
) -> None:
    for text, actual, wanted in zip(sample.expressions, found, expected, strict=True):
        try:
            assert_close(_widened(actual, wanted), wanted, tolerance, 1e-12)
        except AssertionError as error:
            raise AssertionError(f"{level}, {shown(text)}: {error}\n{described(sample)}") from None


def described(sample: Sample) -> str:
    """The text and the shapes, for a failure's message."""
    shapes = {name: dict(zip(axes, tensor.shape, strict=True)) for name, (tensor, axes) in sample.given.items()}
    return f"given {shapes}, cells {sorted(sample.cells)}, clock {dict(sample.clock)}\n{sample.text}"


def shown(text: str | ast.Expr) -> str:
    """An expression for a message: its text, or where it stands."""
    return text if isinstance(text, str) else text.span.short


def evaluated(sample: Sample, program: Program, text: str | ast.Expr) -> Computed:
    """What the evaluator makes of an expression."""
    clock = {name: value if name == "progress" else int(value) for name, value in sample.clock.items()}
    evaluator = Evaluator(program, {}, sample.given, sample.sizes, clock=clock)
    for name, (tensor, axes, mask, mask_axes) in sample.cells.items():
        evaluator.world.cells[name] = Value(tensor, axes, Mask(mask, mask_axes))
    value = evaluator.value(text)
    axes = tuple(sorted(value.all_axes))
    sizes = {axis: int(value.size(axis) or 0) for axis in axes}
    shape = [sizes[axis] for axis in axes]
    data = value.ordered(axes).expand(shape)
    present = torch.ones(shape, dtype=torch.bool) if value.present is None else value.present.to(axes).expand(shape)
    names = differentiable(sample, program) if not axes else []
    if not bool(present.all()) or not bool(data.isfinite().all()):
        names = []  # the gradient of an infinity is no number
    found = {name: torch.zeros_like(sample.given[name][0]) for name in names}
    if data.requires_grad:
        found = {name: tensor for name, (tensor, _) in evaluator.grad(text, names).items()}
    return _computed(data, present, axes, found)


def emitted(sample: Sample, program: Program, level: int, memory: int | None = None) -> list[Computed]:
    """What the emitted function of a level makes of the expressions, in their order."""
    made = optimise_function(compiled(sample, program), level, verify=True, memory=memory)
    leaves = {leaf: _supplied(sample, program, leaf) for leaf in made.inputs}
    call = load_function(emit_function(made), made.name)
    with _float64():
        result = call(*leaves.values(), models={})
    values = (result,) if len(made.outputs) == 1 else tuple(result)
    outputs = {name: _over(value, node) for (name, node), value in zip(made.outputs, values, strict=True)}
    found = []
    for number in range(len(sample.expressions)):
        value, mask = outputs[f"e{number}"], outputs.get(f"e{number}.present")
        axes = tuple(sorted({*value[1], *(mask[1] if mask else ())}))
        data = _spread(value, axes, mask)
        present = torch.ones(data.shape, dtype=torch.bool) if mask is None else _spread(mask, axes, value)
        scalar = not axes and bool(present.all()) and bool(data.isfinite().all())
        found.append(_computed(data, present, axes, _gradients(sample, program, leaves, data) if scalar else {}))
    return found


def compiled(sample: Sample, program: Program) -> Function:
    """The expressions as one typed function. Raises SpecError."""
    given = {
        name: Given(tuple(Axis(a, s) for a, s in zip(axes, tensor.shape, strict=True)), kind_of(tensor))
        for name, (tensor, axes) in sample.given.items()
    }
    outputs = {f"e{number}": text for number, text in enumerate(sample.expressions)}
    return function(program, outputs, given, sample.sizes)[0]


def kind_of(tensor: Tensor) -> str:
    """A tensor's dtype as the graph names it."""
    return "bool" if tensor.dtype == torch.bool else "real" if tensor.is_floating_point() else "int"


def differentiable(sample: Sample, program: Program) -> list[str]:
    """The supplied real tensors that the meaning lets a gradient pass to: all but states."""
    states = {item.name for item in program.all(ast.Cell) if item.kind == "state"}
    return [name for name, (tensor, _) in sample.given.items() if tensor.is_floating_point() and name not in states]


# ---- inside


@contextmanager
def _float64() -> Iterator[None]:
    """Numbers made of whole ones are as precise as the data."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(default)


def _widened(actual: Computed, wanted: Computed) -> Computed:
    """The program's value over the evaluator's axes: along an axis that a folded constant lacks it is the same."""
    axes, own = wanted["axes"], actual["axes"]
    if not set(own) < set(axes):
        return actual
    shape = [size if axis in own else 1 for axis, size in zip(axes, wanted["value"].shape, strict=True)]
    wide = {key: actual[key].reshape(shape).expand(wanted["value"].shape) for key in ("present", "value")}
    return {**actual, **wide, "axes": axes}


def _supplied(sample: Sample, program: Program, leaf: Node) -> Tensor:
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
    return found.requires_grad_(found.is_floating_point() and name in differentiable(sample, program))


def _over(result: Any, node: Node) -> Named:
    """An output as a tensor over the axes of its node; a constant may have been folded to a number."""
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


def _gradients(sample: Sample, program: Program, leaves: Mapping[Node, Tensor], data: Tensor) -> dict[str, Tensor]:
    names = differentiable(sample, program)
    found = {name: torch.zeros_like(sample.given[name][0]) for name in names}
    wanted = {leaf: tensor for leaf, tensor in leaves.items() if tensor.requires_grad}
    if not data.requires_grad or not wanted:
        return found
    with _float64():  # strips are computed again for their gradient
        gradients = torch.autograd.grad(data, list(wanted.values()), allow_unused=True, retain_graph=True)
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
