"""Small convolutional networks for images and series.

Input: the consumed sizes, (channel, y, x) or (y, x); for series (channel, position) or (position), and bound arguments.
Output: an nn.Module from [row, *consumed] to [row, *produced].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cldsl.modules.shapes import scaled


class AddChannel(nn.Module):
    """[row, ...] -> [row, channel = 1, ...]."""

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(1)


class MeanPlaces(nn.Module):
    """[row, channel, *places] -> [row, channel], the mean over places."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).mean(2)


class Levels(nn.Module):
    """Stages in a row: the maps after some of them and what `last` makes, as one vector [row, all of them]."""

    def __init__(self, stages: list[list[nn.Module]], levels: Sequence[int], last: nn.Module) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Sequential(*stage) for stage in stages)
        self.levels = frozenset(levels)
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for number, stage in enumerate(self.stages, 1):
            x = stage(x)
            if number in self.levels:
                kept.append(x.flatten(1))
        return torch.cat([*kept, self.last(x).flatten(1)], 1)


def staged(stages: list[list[nn.Module]], levels: list[int], out: str) -> nn.Module:
    """The stages in a row, then `out`: the mean over places, all places, or the map; with `levels` these come first."""
    last: nn.Module = MeanPlaces() if out == "mean" else nn.Flatten(1) if out == "flatten" else nn.Identity()
    if levels:
        return Levels(stages, [int(level) for level in levels], last)
    ends = [] if out == "map" else [last]
    return nn.Sequential(*(layer for stage in stages for layer in stage), *ends)


def with_channel(consumes: tuple[int, ...], places: int) -> tuple[list[nn.Module], int]:
    """The layer that adds a missing channel axis (if any), and the number of channels."""
    if len(consumes) == places:
        return [AddChannel()], 1
    return [], consumes[0]


def conv(
    consumes: tuple[int, ...], widths: list[int], kernel: int, norm: str, pool: str, out: str, levels: list[int]
) -> nn.Module:
    """Convolution, norm, relu per width over images; places halved between, then `out`."""
    first, channel = with_channel(consumes, 2)
    pooling: type[nn.Module] = nn.MaxPool2d if pool == "max" else nn.AvgPool2d
    batch = nn.BatchNorm2d if norm == "batch" else None
    return staged(_stages(first, channel, widths, kernel, nn.Conv2d, batch, pooling), levels, out)


def conv1d(
    consumes: tuple[int, ...], widths: list[int], kernel: int, norm: str, pool: str, out: str, levels: list[int]
) -> nn.Module:
    """Convolution, norm, relu per width over series; places halved between, then `out`."""
    first, channel = with_channel(consumes, 1)
    pooling: type[nn.Module] = nn.MaxPool1d if pool == "max" else nn.AvgPool1d
    batch = nn.BatchNorm1d if norm == "batch" else None
    return staged(_stages(first, channel, widths, kernel, nn.Conv1d, batch, pooling), levels, out)


def _stages(
    first: list[nn.Module],
    channel: int,
    widths: list[int],
    kernel: int,
    convolution: type[nn.Conv1d] | type[nn.Conv2d],
    norm: type[nn.Module] | None,
    pooling: type[nn.Module],
) -> list[list[nn.Module]]:
    """The layers of each width."""
    stages = []
    widths = [int(width) for width in (widths if isinstance(widths, (list, tuple)) else [widths])]
    for index, width in enumerate(widths):
        layers = [pooling(2)] if index else list(first)
        # A bias before a batch norm has no effect on the result.
        layers.append(convolution(channel, width, kernel, padding=kernel // 2, bias=norm is None))
        layers += ([] if norm is None else [norm(width)]) + [nn.ReLU()]
        channel = width
        stages.append(layers)
    return stages


def small_alexnet(consumes: tuple[int, ...], width: int, scale: float, std: float) -> nn.Module:
    """Convolutions 96, 192, 384, 384, 192, pooled 3 by 2 after the first, second and fifth; two dense layers.

    Every layer is without bias and followed by batch norm and relu (arXiv:2005.10242, the encoder of its small images).
    """
    layers, channel = with_channel(consumes, 2)
    places = list(consumes[-2:])
    for index, plan in enumerate((96, 192, 384, 384, 192)):
        channels = scaled(plan, scale)
        layers += [nn.Conv2d(channel, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        if index in (0, 1, 4):
            layers.append(nn.MaxPool2d(3, 2))
            places = [(size - 3) // 2 + 1 for size in places]
        channel = channels
    layers.append(nn.Flatten(1))
    size = channel * math.prod(places)
    for _ in range(2):
        dense = scaled(width, scale)
        layers += [nn.Linear(size, dense, bias=False), nn.BatchNorm1d(dense), nn.ReLU()]
        size = dense
    if std > 0:
        _normal(layers, std)
    return nn.Sequential(*layers)


@torch.no_grad()
def _normal(layers: list[nn.Module], std: float) -> None:
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(layer.weight, std=std)
