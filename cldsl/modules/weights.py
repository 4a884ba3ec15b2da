"""Weights as values: averages and copies of whole modules, parameter by parameter, by name.

Input: modules (or equally long sequences of modules). Output: the target's parameters changed in place, without
gradient. Buffers (running statistics) stay: they follow the target's own calls in training mode.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cldsl.catalogue import CatalogueError

Modules = nn.Module | Sequence[nn.Module]


@torch.no_grad()
def ema_(target: Modules, source: Modules, keep: float) -> None:
    """target <- keep * target + (1 - keep) * source. Raises CatalogueError when names or shapes differ."""
    moved, origin = _paired(target, source)
    if moved:
        torch._foreach_lerp_(moved, origin, 1.0 - float(keep))


@torch.no_grad()
def copy_(target: Modules, source: Modules) -> None:
    """target <- source. Raises CatalogueError when names or shapes differ."""
    moved, origin = _paired(target, source)
    if moved:
        torch._foreach_copy_(moved, origin)


def copy_of(module: nn.Module) -> nn.Module:
    """A module of the same weights and buffers that no gradient reaches; it keeps the mode (training or not)."""
    return copy.deepcopy(module).requires_grad_(False)


def _paired(target: Modules, source: Modules) -> tuple[list[Tensor], list[Tensor]]:
    """Parameters of target and source in the target's order."""
    targets, sources = _listed(target), _listed(source)
    if len(targets) != len(sources):
        raise CatalogueError(f"{len(targets)} models cannot be moved towards {len(sources)}")
    moved: list[Tensor] = []
    origin: list[Tensor] = []
    for ours, theirs in zip(targets, sources, strict=True):
        other = dict(theirs.named_parameters())
        own = dict(ours.named_parameters())
        odd = sorted(own.keys() ^ other.keys())
        if odd:
            raise CatalogueError(
                f"weights can be moved between equal architectures only: {odd[0]} is in one of the two"
            )
        for name, parameter in own.items():
            if parameter.shape != other[name].shape:
                shapes = f"{tuple(parameter.shape)} and {tuple(other[name].shape)}"
                raise CatalogueError(f"weights can be moved between equal shapes only: {name} has {shapes}")
            moved.append(parameter)
            origin.append(other[name])
    return moved, origin


def _listed(modules: Modules) -> list[nn.Module]:
    return [modules] if isinstance(modules, nn.Module) else list(modules)
