"""Stages that look at neighbours or at the whole image: blur, sharpness, autocontrast, equalize.

Input: x[item, channel, y, x] in [0, 1] and parameters. Output: the same shape. Only the chosen items are worked on.
A blur is separable; up to a side of 64 it is two products with a band matrix, beyond that a sum of shifted images (both
measured: the product has fewer calls, the sum fewer operations).
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from cldsl.views.stage import EntryStage, Parameters, between, column, where_chosen

PRODUCT_UP_TO = 64
LEVELS = 256


class Blur(EntryStage):
    """A Gaussian blur with sigma even in its range, with probability p (columns p, sigma)."""

    columns = 2
    mirrors: ClassVar[bool] = True

    def __init__(self, sigma: tuple[float, float], p: float) -> None:
        self.sigma, self.p = (sigma[0], sigma[1]), p
        # Set by the largest sigma, not by the drawn ones: an item's result must not depend on its neighbours.
        self.radius = math.ceil(3 * sigma[1])

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"chosen": uniform[:, 0] < self.p, "sigma": between(uniform[:, 1], *self.sigma)}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return where_chosen(
            x, parameters["chosen"], lambda rows, index: gaussian_blur(rows, parameters["sigma"][index], self.radius)
        )


def gaussian_blur(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    """x[item, channel, y, x] blurred with sigma[item] pixels, taps up to radius, edges reflected (not repeated)."""
    height, width = x.shape[2:]
    rows = half_kernel(sigma, min(radius, height - 1)).to(x.dtype)
    columns = half_kernel(sigma, min(radius, width - 1)).to(x.dtype)
    if max(height, width) <= PRODUCT_UP_TO:
        across = torch.bmm(x.flatten(1, 2), band(columns, width)).view(x.shape)
        return torch.matmul(band(rows, height).transpose(1, 2)[:, None], across)
    return _shifted(_shifted(x, columns, 3), rows, 2)


def half_kernel(sigma: Tensor, radius: int) -> Tensor:
    """weights[item, distance 0..radius] of a symmetric kernel of sum 1."""
    distance = torch.arange(radius + 1, device=sigma.device, dtype=sigma.dtype)
    weights = torch.exp(-0.5 * (distance / sigma[:, None]) ** 2)
    return weights / (2 * weights.sum(1, keepdim=True) - weights[:, :1])


def band(kernel: Tensor, side: int) -> Tensor:
    """matrices[item, source, target] of a convolution with reflected edges, for rows times this matrix."""
    radius = kernel.shape[1] - 1
    offset = torch.arange(-radius, radius + 1, device=kernel.device)
    source = (torch.arange(side, device=kernel.device)[:, None] + offset).abs()  # [target, tap]
    source = torch.where(source >= side, 2 * (side - 1) - source, source)
    taps = kernel[:, offset.abs()][:, None].expand(-1, side, -1)
    out = kernel.new_zeros(len(kernel), side, side)
    return out.scatter_add_(2, source.expand(len(kernel), -1, -1), taps).transpose(1, 2)


def _shifted(x: Tensor, kernel: Tensor, axis: int) -> Tensor:
    """The convolution along axis 2 or 3 as a weighted sum of shifted images."""
    radius, side = kernel.shape[1] - 1, x.shape[axis]
    padded = F.pad(x, (radius, radius, 0, 0) if axis == 3 else (0, 0, radius, radius), mode="reflect")
    out = padded.narrow(axis, radius, side) * column(kernel[:, 0], x)
    for tap in range(1, radius + 1):
        pair = padded.narrow(axis, radius - tap, side) + padded.narrow(axis, radius + tap, side)
        out.addcmul_(pair, column(kernel[:, tap], x))
    return out


class Sharpness(EntryStage):
    """x + (factor - 1)(x - smooth(x)), factor even in [max(0, 1 - s), 1 + s] with probability p (columns p, factor).

    smooth is the 3 by 3 mean with five times the weight in the middle; edge pixels stay, as in image libraries.
    """

    columns = 2
    mirrors: ClassVar[bool] = True

    def __init__(self, strength: float, p: float) -> None:
        self.strength, self.p = strength, p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        factor = between(uniform[:, 1], max(0.0, 1 - self.strength), 1 + self.strength)
        return {"chosen": uniform[:, 0] < self.p, "factor": factor}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return where_chosen(x, parameters["chosen"], lambda rows, index: sharpened(rows, parameters["factor"][index]))


def sharpened(x: Tensor, factor: Tensor) -> Tensor:
    """x[item, channel, y, x] blended with its smoothed self; factor[item] 0 is smooth, 1 is x. Clamped to [0, 1]."""
    if min(x.shape[2:]) < 3:
        return x
    inner = x[:, :, 1:-1, 1:-1]
    smooth = (9 * F.avg_pool2d(x, 3, 1) + 4 * inner) / 13
    out = x.clone()
    out[:, :, 1:-1, 1:-1] = torch.lerp(smooth, inner, column(factor.to(x.dtype), x)).clamp_(0, 1)
    return out


class Autocontrast(EntryStage):
    """Each channel stretched to [0, 1] with probability p (column p); a flat channel stays."""

    columns = 1
    mirrors: ClassVar[bool] = True

    def __init__(self, p: float) -> None:
        self.p = p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"chosen": uniform[:, 0] < self.p}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return where_chosen(x, parameters["chosen"], lambda rows, _: stretched(rows))


def stretched(x: Tensor) -> Tensor:
    """x[item, channel, y, x] with each channel's least value at 0 and its greatest at 1."""
    low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    flat = high <= low
    return torch.where(flat, x, (x - low) / torch.where(flat, 1.0, high - low))


class Equalize(Autocontrast):
    """Each channel's histogram made flat with probability p (column p)."""

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return where_chosen(x, parameters["chosen"], lambda rows, _: equalized(rows))


def equalized(x: Tensor) -> Tensor:
    """x[item, channel, y, x] through its channel's own table of 256 levels, as image libraries make it from 8 bits.

    With counts n, step = (pixels - count of the highest level in use) // 255, level k goes to
    (step // 2 + n_0 + ... + n_(k-1)) // step; a channel of step 0 stays.
    """
    level = (x.clamp(0, 1) * (LEVELS - 1)).round().long().flatten(2)
    count = torch.zeros(*x.shape[:2], LEVELS, dtype=torch.long, device=x.device)
    count.scatter_add_(2, level, torch.ones_like(level))
    last = level.amax(2, keepdim=True)
    step = (level.shape[2] - count.gather(2, last)) // (LEVELS - 1)
    before = count.cumsum(2) - count
    table = ((before + step // 2) // step.clamp(min=1)).clamp(0, LEVELS - 1)
    out = (table.gather(2, level).to(x.dtype) / (LEVELS - 1)).view_as(x)
    return torch.where(step[..., None] == 0, x, out)
