"""Residual networks for images (arXiv:1512.03385), with the stride of a bottleneck in its 3 by 3 convolution.

Input: consumed sizes (channel, y, x) or (y, x) and bound arguments. Output: an nn.Module from [row, *consumed] to
[row, width] or [row, width, y, x]. `width` scales all channels, so that tiny networks of the same depth exist.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from cldsl.modules.conv import staged, with_channel

_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}


class Residual(nn.Module):
    """relu(branch(x) + shortcut(x))."""

    def __init__(self, branch: nn.Sequential, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, (self.branch(x) + self.shortcut(x)).relu())


def resnet(
    consumes: tuple[int, ...], depth: int, stem: str, width: int, zero_init: bool, out: str, levels: list[int]
) -> nn.Module:
    """Stem, four stages of residual blocks, mean over places (or the map)."""
    layers, channel = with_channel(consumes, 2)
    if stem == "small":
        layers += [*_conv_norm(channel, width, 3, 1), nn.ReLU()]
    else:
        layers += [*_conv_norm(channel, width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    channel = width
    block = _bottleneck if depth == 50 else _basic
    stages: list[list[nn.Module]] = []
    for stage, count in enumerate(_BLOCKS[depth]):
        for index in range(count):
            stride = 2 if stage and not index else 1
            residual, channel = block(channel, width * 2**stage, stride)
            layers.append(residual)
        stages.append(layers)
        layers = []
    network = staged(stages, levels, out)
    _initialise(network, zero_init)
    return network


def _conv_norm(channel: int, width: int, kernel: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(channel, width, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(width)]


def _basic(channel: int, width: int, stride: int) -> tuple[Residual, int]:
    branch = [*_conv_norm(channel, width, 3, stride), nn.ReLU(), *_conv_norm(width, width, 3, 1)]
    return Residual(nn.Sequential(*branch), _shortcut(channel, width, stride)), width


def _bottleneck(channel: int, width: int, stride: int) -> tuple[Residual, int]:
    branch = [
        *_conv_norm(channel, width, 1, 1),
        nn.ReLU(),
        *_conv_norm(width, width, 3, stride),
        nn.ReLU(),
        *_conv_norm(width, 4 * width, 1, 1),
    ]
    return Residual(nn.Sequential(*branch), _shortcut(channel, 4 * width, stride)), 4 * width


def _shortcut(channel: int, width: int, stride: int) -> nn.Module:
    if channel == width and stride == 1:
        return nn.Identity()
    return nn.Sequential(*_conv_norm(channel, width, 1, stride))


def _initialise(network: nn.Module, zero_init: bool) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    for module in network.modules():
        if zero_init and isinstance(module, Residual):
            nn.init.zeros_(cast(nn.BatchNorm2d, module.branch[-1]).weight)
