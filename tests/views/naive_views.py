"""Slow views, an item and a pixel at a time, written from the definitions: what the fast ones are tested against."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)


def pixel(image: Tensor, channel: int, y: float, x: float) -> float:
    """Bilinear value of image[channel, y, x] at pixel coordinates (0 is the centre of the first), edges repeated."""
    height, width = image.shape[1:]
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    y0, x0 = math.floor(y), math.floor(x)
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    fy, fx = y - y0, x - x0
    upper = (1 - fx) * image[channel, y0, x0].item() + fx * image[channel, y0, x1].item()
    lower = (1 - fx) * image[channel, y1, x0].item() + fx * image[channel, y1, x1].item()
    return float((1 - fy) * upper + fy * lower)


def through(image: Tensor, matrix: Tensor, size: tuple[int, int]) -> Tensor:
    """image[channel, y, x] through one 3 by 3 matrix of normalised coordinates, bilinear."""
    height, width = image.shape[1:]
    out = image.new_zeros(image.shape[0], *size)
    for i in range(size[0]):
        for j in range(size[1]):
            end = torch.tensor([(2 * j + 1) / size[1] - 1, (2 * i + 1) / size[0] - 1, 1.0], dtype=matrix.dtype)
            x, y, _ = (matrix @ end).tolist()
            for channel in range(image.shape[0]):
                out[channel, i, j] = pixel(image, channel, ((y + 1) * height - 1) / 2, ((x + 1) * width - 1) / 2)
    return out


def crop(image: Tensor, box: Sequence[float], size: tuple[int, int]) -> Tensor:
    """The box y0, x0, height, width (shares) of image[channel, y, x] at a size; averages where it shrinks."""
    rows = [line(box[0], box[2], image.shape[1], size[0], i) for i in range(size[0])]
    columns = [line(box[1], box[3], image.shape[2], size[1], j) for j in range(size[1])]
    out = image.new_zeros(image.shape[0], *size)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            for channel in range(image.shape[0]):
                out[channel, i, j] = sum(
                    wy * wx * image[channel, y, x].item() for y, wy in row.items() for x, wx in column.items()
                )
    return out


def line(start: float, length: float, source: int, target: int, i: int) -> dict[int, float]:
    """Source pixels and weights of output pixel i: a triangle as wide as the step, at least one pixel."""
    step = max(1.0, length * source / target)
    centre = min(max((start + length * (i + 0.5) / target) * source - 0.5, 0.0), source - 1.0)
    weights = {k: 1 - abs(k - centre) / step for k in range(source) if abs(k - centre) < step}
    return {k: weight / sum(weights.values()) for k, weight in weights.items()}


def clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def luma(pixels: Sequence[float]) -> float:
    weights = LUMA if len(pixels) == 3 else [1 / len(pixels)] * len(pixels)
    return sum(w * p for w, p in zip(weights, pixels, strict=True))


def jitter(image: Tensor, brightness: float, contrast: float, saturation: float, turn: float) -> Tensor:
    """Brightness, contrast, saturation, one clamp, then hue by colorsys; image[channel, y, x]."""
    channels, height, width = image.shape
    grid = [[[brightness * v for v in image[:, i, j].tolist()] for j in range(width)] for i in range(height)]
    mean = sum(luma(p) for row in grid for p in row) / (height * width)
    out = image.clone()
    for i in range(height):
        for j in range(width):
            p = [contrast * v + (1 - contrast) * mean for v in grid[i][j]]
            if channels == 3:
                p = [saturation * v + (1 - saturation) * luma(p) for v in p]
            p = [clamp(v) for v in p]
            if channels == 3:
                hue, s, value = colorsys.rgb_to_hsv(*p)
                p = list(colorsys.hsv_to_rgb((hue + turn) % 1, s, value))
            out[:, i, j] = torch.tensor(p, dtype=image.dtype)
    return out


def blur(image: Tensor, sigma: float, radius: int) -> Tensor:
    """A Gaussian blur of image[channel, y, x] as one double sum, edges reflected without repeating them."""
    height, width = image.shape[1:]
    ry, rx = min(radius, height - 1), min(radius, width - 1)

    def taps(r: int) -> dict[int, float]:
        raw = {k: math.exp(-(k**2) / (2 * sigma**2)) for k in range(-r, r + 1)}
        return {k: value / sum(raw.values()) for k, value in raw.items()}

    def inside(k: int, side: int) -> int:
        k = abs(k)
        return 2 * (side - 1) - k if k >= side else k

    out = image.new_zeros(image.shape)
    for i in range(height):
        for j in range(width):
            for a, wa in taps(ry).items():
                for b, wb in taps(rx).items():
                    out[:, i, j] += wa * wb * image[:, inside(i + a, height), inside(j + b, width)]
    return out
