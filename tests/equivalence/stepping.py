"""Whole train steps of one spec: the evaluator beside the emitted program, from the same weights, states and draws.

Input: a spec's text with linear models, sizes, batches. Output: what each has after every step, by name. The emitted
program runs in float64, its clock too; its draws are those that the test supplies.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from cldsl.compiler import Options, compile_spec, load_program
from cldsl.graph.plan import DrawPlan, ProgramPlan, TrainPlan
from cldsl.reference import Evaluator
from cldsl.reference.values import Mask, Value
from cldsl.runtime.clock import Clock
from tests.equivalence.three_levels import Named

STEPS, PER_EPOCH = 4, 2


@dataclass(frozen=True)
class Training:
    """A spec's text, the axes of its columns and draws, sizes, and (for columns of indices) how many there are."""

    text: str
    columns: Mapping[str, str]
    sizes: Mapping[str, int]
    draws: Mapping[str, str] = field(default_factory=dict)
    indices: Mapping[str, int] = field(default_factory=dict)
    sampled: Mapping[str, Tensor] = field(
        default_factory=dict
    )  # columns [item] that a sampler adds, alike in every batch

    def batch(self, step: int) -> tuple[dict[str, Named], dict[str, Named]]:
        """Columns and draws of a step, seeded by it."""
        source = torch.Generator().manual_seed(100 + step)
        columns = {name: self._one(name, axes, source) for name, axes in self.columns.items()}
        return (columns | {name: (tensor, ("item",)) for name, tensor in self.sampled.items()},
                {name: self._one(name, axes, source) for name, axes in self.draws.items()})  # fmt: skip

    def _one(self, name: str, axes: str, source: torch.Generator) -> Named:
        names = tuple(axes.split())
        shape = [self.sizes[axis] for axis in names]
        if name in self.indices:
            return torch.randint(0, self.indices[name], shape, generator=source), names
        if name.endswith(".present"):
            return torch.rand(shape, generator=source) < 0.7, names
        return torch.randn(shape, generator=source, dtype=torch.float64), names


class _Clock(Clock):
    """The clock with numbers as precise as the test's."""

    def as_tensors(self, device: Any = "cpu", dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
        return super().as_tensors(device, dtype)


@contextmanager
def float64() -> Iterator[None]:
    """Everything made inside is float64."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(default)


def both_after_each_step(
    training: Training, level: int, steps: int = STEPS
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(the emitted program's, the evaluator's) losses, reports, states, learned tensors and weights, step by step."""
    with float64():
        compilation = compile_spec("steps.cl", Options(sizes=training.sizes, level=level), training.text)
        program = load_program(compilation)(seed=3)
        evaluator = _evaluator(training, compilation.program, program, compilation.plan)
        told = []
        for step in range(steps):
            columns, draws = training.batch(step)
            clock = _Clock.of(step, steps, PER_EPOCH)
            if draws:
                supplied = _in_order(draws, _block(compilation.plan))
                object.__setattr__(program, "draws_train_1", lambda batch, clock, own=supplied: own)
            logs = program.train_1({name: tensor for name, (tensor, _) in columns.items()}, clock)
            names = {
                name: getattr(clock, name)
                for name in ("step", "steps", "epoch", "epochs", "steps_per_epoch", "progress")
            }
            seen = evaluator.step(columns, draws, clock=names)
            right = _evaluated(seen, evaluator, program, compilation.plan)
            logged = {f"log {name}": torch.as_tensor(value).detach().clone() for name, value in logs.items()}
            left = _emitted(program, compilation.plan)
            # the compiler logs more than the spec reports, and that is not the evaluator's business
            told.append((left | {name: value for name, value in logged.items() if name in right}, right))
    return told


def _block(plan: ProgramPlan) -> TrainPlan:
    return next(phase for phase in plan.phases if isinstance(phase, TrainPlan))


def _in_order(draws: Mapping[str, Named], block: TrainPlan) -> dict[str, Tensor]:
    """Supplied draws with their axes in the program's order."""
    found: dict[str, Tensor] = {}
    for plan in block.draws:
        assert isinstance(plan, DrawPlan)
        tensor, axes = draws[plan.name]
        found[plan.name] = tensor.permute([axes.index(axis.name) for axis in plan.axes])
    return found


def _evaluator(training: Training, resolved: Any, program: nn.Module, plan: ProgramPlan) -> Evaluator:
    """The evaluator from the program's first weights, learned tensors and states."""
    models = {
        each.name: copy.deepcopy(getattr(program, each.name))
        for each in plan.models
        if each.kind not in ("copy", "frozen")
    }
    evaluator = Evaluator(resolved, {}, {}, training.sizes, models)
    for tensor in plan.tensors:
        data = program.get_buffer(tensor.name) if tensor.kind == "state" else program.get_parameter(tensor.name)
        item = evaluator.world.declarations[tensor.name]
        mask = dict(program.named_buffers()).get(f"{tensor.name}_present")
        presence = None if mask is None else Mask(mask.clone(), tuple(axis.name for axis in tensor.mask_axes))
        value = Value(data.detach().clone(), tuple(axis.name for axis in tensor.axes), presence)
        evaluator.world.cells[tensor.name] = evaluator.world.stored(item, value)  # type: ignore[arg-type]
    return evaluator


def _emitted(program: nn.Module, plan: ProgramPlan) -> dict[str, Any]:
    found: dict[str, Any] = {}
    buffers = dict(program.named_buffers())
    for tensor in plan.tensors:
        data = dict(program.named_parameters()).get(tensor.name, buffers.get(tensor.name))
        assert data is not None
        mask = buffers.get(f"{tensor.name}_present")
        found |= _kept(
            tensor.name,
            data.detach().clone(),
            mask,
            [axis.name for axis in tensor.axes],
            [axis.name for axis in tensor.mask_axes],
        )
    for each in plan.models:
        for name, parameter in getattr(program, each.name.replace(".", "_")).named_parameters():
            found[f"{each.name}.{name}"] = parameter.detach().clone()
    return found


def _evaluated(
    seen: Mapping[str, Value], evaluator: Evaluator, program: nn.Module, plan: ProgramPlan
) -> dict[str, Any]:
    losses = sum(name.startswith("loss") for name in seen)
    found: dict[str, Any] = {}
    for name, value in seen.items():
        number = name.partition(" ")[2]
        own = name if not name.startswith("loss") or losses == 1 else f"loss_{int(number) + 1}" if number else "loss"
        found[f"log {own}"] = value.data
    for tensor in plan.tensors:
        item = evaluator.world.declarations[tensor.name]
        cell = evaluator.world.cell(item)  # type: ignore[arg-type]
        axes, own_mask = [axis.name for axis in tensor.axes], [axis.name for axis in tensor.mask_axes]
        mask = None
        if tensor.masked:
            shape = [int(cell.size(axis) or 0) for axis in own_mask]
            given = torch.ones(shape, dtype=torch.bool) if cell.present is None else cell.present.to(own_mask)
            mask = given.expand(shape)
        found |= _kept(tensor.name, cell.ordered(axes).detach().clone(), mask, axes, own_mask)
    for each in plan.models:
        owner = each.name.partition(".")[0]
        parameters = evaluator.world.models.parameters(owner)
        for name, _ in getattr(program, each.name.replace(".", "_")).named_parameters():
            path = f"{each.name}.{name}".partition(".")[2].removeprefix("members.")
            found[f"{each.name}.{name}"] = parameters[path].detach().clone()
    return found


def _kept(name: str, data: Tensor, mask: Tensor | None, axes: list[str], mask_axes: list[str]) -> dict[str, Any]:
    """A tensor with what is absent taken out."""
    plain = data.to(torch.float64)
    if mask is None:
        return {name: plain}
    order = [mask_axes.index(axis) for axis in axes if axis in mask_axes]
    shape = [mask.shape[mask_axes.index(axis)] if axis in mask_axes else 1 for axis in axes]
    wide = mask.permute(order).reshape(shape)
    return {name: torch.where(wide, plain, torch.zeros_like(plain)), f"present {name}": mask.to(torch.int64)}
