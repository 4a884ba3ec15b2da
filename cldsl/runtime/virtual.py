"""Weights as values: those of a module, sums of them, a module applied with them, gradients as values.

Input: modules, dicts of tensors by parameter name. Output: the same. Everything here is differentiable, twice too. A module
that is applied with weights leaves its buffers alone: its running statistics are those of its own weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from cldsl.modules.build import Family, along_rows
from cldsl.modules.build import apply as whole
from cldsl.runtime.one_chunk import mode

Weights = dict[str, Tensor]
Place = TypeVar("Place", Tensor, Weights)


def weights(module: nn.Module) -> Weights:
    """The parameters of a module by name."""
    return dict(module.named_parameters())


def weights_frozen(module: nn.Module) -> Weights:
    """The parameters as constants."""
    return {name: each.detach() for name, each in module.named_parameters()}


def blend(*terms: tuple[float | Tensor, Weights]) -> Weights:
    """The sum of weights, each times its factor, name by name."""
    (factor, first), *rest = terms
    total = {name: factor * each for name, each in first.items()}
    for factor, more in rest:
        total = {name: each + factor * more[name] for name, each in total.items()}
    return total


def apply_with(
    module: nn.Module, own: Mapping[str, Tensor], x: Tensor, consumed: int, present: Tensor | None = None
) -> Tensor:
    """[*rows, *consumed] -> [*rows, *produced], as in training; of a family member i on slice i of the first axis."""
    if isinstance(module, Family):
        there = None if present is None else along_rows(x, consumed, present).unbind(0)
        parts = []
        for index, part in enumerate(x.unbind(0)):
            prefix = f"members.{index}."
            mine = {name.removeprefix(prefix): each for name, each in own.items() if name.startswith(prefix)}
            parts.append(
                apply_with(module.member(index), mine, part, consumed, None if there is None else there[index])
            )
        return torch.stack(parts)
    held = {**{name: each.detach().clone() for name, each in module.named_buffers()}, **own}
    return whole(lambda *rows: cast(Tensor, torch.func.functional_call(module, held, rows)), x, consumed, present)


def apply_eval_with(
    module: nn.Module, own: Mapping[str, Tensor], x: Tensor, consumed: int, present: Tensor | None = None
) -> Tensor:
    """As in evaluation."""
    with mode(module, evaluates=True):
        return apply_with(module, own, x, consumed, present)


def grad(function: Callable[[Place], Tensor], at: Place) -> Place:
    """The gradient of a number, at this place."""
    return cast(Place, torch.func.grad(function)(at))
