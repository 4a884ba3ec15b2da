"""How a reference case is evaluated from the text of a spec: what is supplied, which expression gives which output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cldsl.reference import Evaluator
from cldsl.reference.values import Value
from cldsl.semantics.resolve import resolve

from .golden import Golden, Named, aligned, error, golden

SPECS = Path(__file__).resolve().parents[2] / "specs"
Supply = Callable[[Golden], Named]
StepSupply = Callable[[Golden, int], Named]
Model = Callable[[Named], Named]


def same(value: Named) -> Named:
    """A model that is not there: the case supplies what it would have produced."""
    return value


IDENTITY: dict[str, Model] = {"f": same, "g": same}


@dataclass(frozen=True)
class Case:
    """A case of one step. `params` maps a param of the spec to a param of the case, or to a text.

    `outputs` maps an expression to what it must be; `gradients` maps (expression, supplied name) to its gradient.
    `extra` is text below the spec, usually a variant that replaces an optimiser or a state.
    """

    case: str
    spec: str
    variant: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Supply] = field(default_factory=dict)
    outputs: Mapping[str, Supply] = field(default_factory=dict)
    gradients: Mapping[tuple[str, str], Supply] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    extra: str = ""

    def __str__(self) -> str:
        return f"{self.case}:{self.variant or 'this'}"


@dataclass(frozen=True)
class Steps:
    """A case of several steps. `each` is supplied at every step; `first` sets states before the first one.

    `reads` maps a name (a state, a parameter `g.weight`) to its value after each step; `gradients` maps a name to the
    gradient of the loss; `reports` maps an expression, evaluated at the end of the step, to its value.
    """

    case: str
    spec: str
    number: int
    variant: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[str, Supply] = field(default_factory=dict)
    each: Mapping[str, StepSupply] = field(default_factory=dict)
    clock: Callable[[int], Mapping[str, int]] = lambda step: {}
    loss: Callable[[Golden, int], Tensor] = lambda g, step: g.tensor(f"outputs/loss_step{step}")
    reads: Mapping[str, StepSupply] = field(default_factory=dict)
    gradients: Mapping[str, Callable[[Golden, int], Named | None]] = field(default_factory=dict)
    reports: Mapping[str, StepSupply] = field(default_factory=dict)
    weight: Callable[[Golden], Tensor] | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    extra: str = ""

    def __str__(self) -> str:
        return f"{self.case}:{self.variant or 'this'}"


@cache
def spec_text(name: str) -> str:
    """The text of a shipped spec."""
    return (SPECS / f"{name}.cl").read_text(encoding="utf-8")


def overrides(params: Mapping[str, str], case: Golden) -> dict[str, str]:
    """Params by name: a param of the case where it has one of that name, else the text itself."""
    return {name: str(case.params.get(text, text)) for name, text in params.items()}


def evaluator(
    case: Case | Steps, models: Mapping[str, Any] | None = None, given: Mapping[str, Named] | None = None
) -> Evaluator:
    """The evaluator of a case's spec, before anything is computed."""
    known = golden(case.case)
    text = spec_text(case.spec) + "\n" + case.extra
    program = resolve(text, f"{case.spec}.cl", case.variant, overrides(case.params, known))
    return Evaluator(program, {}, given or {}, case.sizes, models or IDENTITY)


def linear(weight: Tensor) -> nn.Module:
    """A linear map without bias, x -> W x."""
    module = nn.Linear(weight.shape[1], weight.shape[0], bias=False).to(torch.float64)
    with torch.no_grad():
        module.weight.copy_(weight)
    return module


def distance(found: Value, expected: Named) -> float:
    """The error of a value; where it is partly absent, of its present entries in the order of the expected axes."""
    data, axes = found.data.detach(), found.axes
    if found.present is None or bool(found.present.data.all()):
        return error(aligned(data, axes, expected[1]), expected[0])
    mask = found.present.to(axes).expand(data.shape)
    order = [axes.index(axis) for axis in expected[1]]
    return error(data.permute(order)[mask.permute(order)], expected[0].flatten())


def named(case: Golden, supplies: Mapping[str, Supply]) -> dict[str, Named]:
    """What is supplied, by name."""
    return {name: supply(case) for name, supply in supplies.items()}
