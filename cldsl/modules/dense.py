"""Linear maps, multilayer perceptrons and the identity.

Input: the consumed sizes and bound arguments of the catalogue. Output: an nn.Module from [row, *consumed] to
[row, *produced]. Several consumed axes are mapped jointly, flattened in declared order.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from cldsl.modules.shapes import product, whole

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


def linear(consumes: tuple[int, ...], width: int | list[int], bias: bool, init: str) -> nn.Module:
    """One linear map from all consumed axes to the axes of `width`."""
    sizes = tuple(int(size or 0) for size in whole("linear", "width", width))
    layer = nn.Linear(math.prod(consumes), product(sizes), bias=bias)
    _initialise(layer, init)
    return _around(consumes, [layer], sizes)


def mlp(
    consumes: tuple[int, ...],
    widths: int | list[int],
    norm: str,
    last: str,
    bias: bool,
    hidden_bias: bool,
    dropout: float,
    activation: str,
) -> nn.Module:
    """Hidden layers linear, norm, activation, dropout; then linear and the norm called `last`."""
    *hidden, final = (int(size or 0) for size in whole("mlp", "widths", widths))
    layers: list[nn.Module] = []
    size = math.prod(consumes)
    for width in hidden:
        layers += [nn.Linear(size, width, bias=hidden_bias), *_norm(norm, width), _ACTIVATIONS[activation]()]
        layers += [nn.Dropout(dropout)] if dropout > 0 else []
        size = width
    layers += [nn.Linear(size, final, bias=bias), *_norm(last, final)]
    return _around(consumes, layers, (final,))


def identity(consumes: tuple[int, ...]) -> nn.Module:
    """Its input."""
    return nn.Identity()


def norm(consumes: tuple[int, ...], kind: str) -> nn.Module:
    """A norm of rows [row, *consumes], all consumed axes together."""
    return _around(consumes, _norm(kind, math.prod(consumes)), consumes)


def dropout(consumes: tuple[int, ...], rate: float) -> nn.Module:
    """Zeros with probability `rate` in training."""
    return nn.Dropout(rate)


def _norm(name: str, width: int) -> list[nn.Module]:
    if name == "batch":
        return [nn.BatchNorm1d(width)]
    if name == "batch_no_affine":
        return [nn.BatchNorm1d(width, affine=False)]
    return [nn.LayerNorm(width)] if name == "layer" else []


def _around(consumes: tuple[int, ...], layers: list[nn.Module], produces: tuple[int, ...]) -> nn.Module:
    before: list[nn.Module] = [nn.Flatten(1)] if len(consumes) > 1 else []
    after: list[nn.Module] = [nn.Unflatten(1, produces)] if len(produces) > 1 else []
    return nn.Sequential(*before, *layers, *after)


@torch.no_grad()
def _initialise(layer: nn.Linear, init: str) -> None:
    if init == "default":
        return
    if init == "normal":
        nn.init.normal_(layer.weight, std=0.02)
    elif init == "zeros":
        nn.init.zeros_(layer.weight)
    elif init == "identity":
        nn.init.eye_(layer.weight)
    elif init == "orthogonal":
        nn.init.orthogonal_(layer.weight)
    else:
        nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
