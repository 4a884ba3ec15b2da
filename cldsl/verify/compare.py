"""Found against expected: relative errors, the worst entry first.

Input: what a level found and what the case expects. Output: a list of `Difference`, one for each value compared.
Relative error: max |a - b| / (1 + max |b|) over one value. Whole numbers and truths are compared exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from cldsl.verify.cases import Array, Expected

TOLERANCE = 1e-9


@dataclass
class Found:
    """What a level computed: reports by (step, name), gradients by (step, report, input)."""

    outputs: dict[tuple[int, str], Array] = field(default_factory=dict)
    gradients: dict[tuple[int, str, str], Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """The relative error of one value; `why` says what is wrong where there is no number."""

    key: str
    step: int
    error: float
    why: str = ""

    def __str__(self) -> str:
        where = f"{self.key} at step {self.step}" if self.step else self.key
        return f"{where}: {self.why or f'relative error {self.error:.3g}'}"


def compare(
    found: Found,
    expected: Sequence[Expected],
    axes: Mapping[str, Sequence[str]],
    leaves: Mapping[str, Sequence[str] | None],
) -> list[Difference]:
    """One difference for each expected value, the worst first.

    axes: the axes that a report declares, in order; leaves: those of what gradients are with respect to.
    """
    differences = []
    for each in expected:
        array = (
            found.outputs.get((each.step, each.name))
            if each.wrt is None
            else found.gradients.get((each.step, each.name, each.wrt))
        )
        if array is None:
            why = "the binding reports no such value" if each.wrt is None else "this gradient was not computed"
            differences.append(Difference(each.key, each.step, math.inf, why))
            continue
        wanted = axes.get(each.name) if each.wrt is None else leaves.get(each.wrt)
        differences.append(_difference(each, array, tuple(wanted) if wanted else each.array.axes))
    return sorted(differences, key=lambda each: -each.error)


def _difference(each: Expected, array: Array, axes: tuple[str, ...]) -> Difference:
    target = each.array.data
    if len(axes) != target.dim() or not set(array.axes) <= set(axes):
        have = f"[{', '.join(array.axes)}]" if array.axes else "one number"
        return Difference(
            each.key, each.step, math.inf, f"the report is {have}, the case has [{', '.join(each.array.axes)}]"
        )
    value = _without_absent(ordered(array, axes), target.shape)
    if any(size not in (1, other) for size, other in zip(value.shape, target.shape, strict=True)):
        return Difference(
            each.key, each.step, math.inf, f"its shape is {list(value.shape)}, expected {list(target.shape)}"
        )
    return Difference(each.key, each.step, relative_error(value.expand(target.shape), target))


def ordered(array: Array, axes: tuple[str, ...]) -> Tensor:
    """The tensor with these axes in this order; an axis that it lacks has size 1."""
    order = [array.axes.index(axis) for axis in axes if axis in array.axes]
    data = array.data.permute(order)
    for place, axis in enumerate(axes):
        if axis not in array.axes:
            data = data.unsqueeze(place)
    return data


def relative_error(found: Tensor, expected: Tensor) -> float:
    """max |a - b| / (1 + max |b|); infinite where a NaN or another infinity stands; exact for numbers that count."""
    if expected.numel() == 0:
        return 0.0
    a, b = found.detach().to(torch.float64), expected.to(torch.float64)
    apart = torch.where(a == b, torch.zeros_like(a), (a - b).abs())
    if not bool(torch.isfinite(apart).all()):
        return math.inf
    scale = 1 + float(torch.where(torch.isfinite(b), b, torch.zeros_like(b)).abs().max())
    error = float(apart.max()) / scale
    return error if expected.is_floating_point() or error == 0 else math.inf


def masked(array: Array, present: Array | None) -> Array:
    """The array with what is absent as not a number; present is true, or not 0, where it is there."""
    if present is None or bool((present.data != 0).all()):
        return array
    axes = (*array.axes, *(axis for axis in present.axes if axis not in array.axes))
    data, here = ordered(array, axes).double(), ordered(present, axes) != 0
    return Array(torch.where(here, data, torch.full_like(data, math.nan)), axes)


def _without_absent(value: Tensor, shape: torch.Size) -> Tensor:
    """The value without the indices at which nothing is present, along axes on which it is longer than expected."""
    for place, size in enumerate(shape):
        if value.shape[place] > size and value.is_floating_point():
            lanes = value.movedim(place, 0)
            value = lanes[~lanes.isnan().reshape(len(lanes), -1).all(1)].movedim(0, place)
    return value
