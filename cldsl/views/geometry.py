"""Stages that move pixels, each as one matrix; a sequence of them is one product and one resampling.

Input: parameters. Output: matrices [item, 3, 3] from output to input coordinates, (x, y, 1) in [-1, 1] across the image
as in torch's affine_grid with align_corners = False. Does not sample: see resample.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from cldsl.views.boxes import COLUMNS, draw_boxes
from cldsl.views.shapes import size_pair
from cldsl.views.stage import Parameters, Stage, between


def affine(n: Tensor, xx: Tensor | float, xy: Tensor | float, x1: Tensor | float, *second: Tensor | float) -> Tensor:
    """matrices[item, 3, 3] with the rows (xx, xy, x1) and second; n[item, ...] gives their number and type."""
    out = n.new_zeros(len(n), 3, 3)
    for i, value in enumerate((xx, xy, x1, *second)):
        out[:, i // 3, i % 3] = value
    out[:, 2, 2] = 1
    return out


def box_matrix(box: Tensor) -> Tensor:
    """The matrix that shows box[item, 4] = y0, x0, height, width (shares of the image)."""
    y0, x0, height, width = box.unbind(1)
    return affine(box, width, 0, 2 * x0 + width - 1, 0, height, 2 * y0 + height - 1)


def matrix_box(matrix: Tensor) -> Tensor:
    """box[item, 5] = y0, x0, height, width, flipped (0 or 1) of matrices that keep the axes."""
    width, height = matrix[:, 0, 0], matrix[:, 1, 1].abs()
    flipped = (width < 0).to(matrix.dtype)
    width = width.abs()
    return torch.stack(
        ((matrix[:, 1, 2] + 1 - height) / 2, (matrix[:, 0, 2] + 1 - width) / 2, height, width, flipped), 1
    )


def composed(matrices: Sequence[Tensor]) -> Tensor:
    """One matrix for stages in order of application, innermost first."""
    total = matrices[0]
    for matrix in matrices[1:]:
        total = total @ matrix
    return total


class GeometryStage(Stage):
    """A stage given by a matrix. `keeps_axes`: rows stay rows, so a box describes it."""

    keeps_axes: ClassVar[bool] = True
    antialias: bool = False
    bicubic: bool = False

    def out_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(y, x) produced from (y, x)."""
        return size

    def matrix(self, parameters: Parameters, size: tuple[int, int]) -> Tensor:
        """matrices[item, 3, 3]; size is (y, x) of the input in pixels."""
        raise NotImplementedError


class Resize(GeometryStage):
    """The whole image at another size."""

    def __init__(self, size: object, antialias: bool = True, interpolation: str = "bilinear") -> None:
        self.size = size_pair(size)
        self.antialias = antialias
        self.bicubic = interpolation == "bicubic"

    def out_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return self.size

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"box": uniform.new_tensor((0.0, 0.0, 1.0, 1.0)).expand(len(uniform), 4)}

    def matrix(self, parameters: Parameters, size: tuple[int, int]) -> Tensor:
        return box_matrix(parameters["box"])


class Crop(Resize):
    """A random part of the image, resized."""

    columns = COLUMNS

    def __init__(
        self,
        size: object,
        scale: tuple[float, float],
        ratio: tuple[float, float],
        antialias: bool = True,
        interpolation: str = "bilinear",
    ) -> None:
        super().__init__(size, antialias, interpolation)
        self.scale, self.ratio = (scale[0], scale[1]), (ratio[0], ratio[1])

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"box": draw_boxes(uniform, size, self.scale, self.ratio)}


class Center(Resize):
    """The middle of the image; whole pixels, the upper left of two middles."""

    def __init__(self, size: object) -> None:
        super().__init__(size, antialias=False)

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        y0, x0 = ((full - part) // 2 / full for full, part in zip(size, self.size, strict=True))
        box = (y0, x0, self.size[0] / size[0], self.size[1] / size[1])
        return {"box": uniform.new_tensor(box).expand(len(uniform), 4)}


class Flip(GeometryStage):
    """Left and right exchanged with probability p."""

    columns = 1

    def __init__(self, p: float) -> None:
        self.p = p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"chosen": uniform[:, 0] < self.p, "sign": torch.where(uniform[:, 0] < self.p, -1.0, 1.0)}

    def matrix(self, parameters: Parameters, size: tuple[int, int]) -> Tensor:
        sign = parameters["sign"]
        return affine(sign, sign, 0, 0, 0, 1, 0)


class Shift(GeometryStage):
    """A move by whole pixels, even in [-pixels, pixels] on each axis (columns y, x)."""

    columns = 2

    def __init__(self, pixels: int) -> None:
        self.pixels = int(pixels)

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"pixels": (uniform * (2 * self.pixels + 1)).floor() - self.pixels}

    def matrix(self, parameters: Parameters, size: tuple[int, int]) -> Tensor:
        y, x = parameters["pixels"].unbind(1)
        return affine(y, 1, 0, -2 * x / size[1], 0, 1, -2 * y / size[0])


class Rotate(GeometryStage):
    """A counterclockwise turn by an angle even in [-degrees, degrees] with probability p (columns p, angle)."""

    columns = 2
    keeps_axes = False

    def __init__(self, degrees: float, p: float) -> None:
        self.degrees, self.p = degrees, p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        angle = between(uniform[:, 1], -self.degrees, self.degrees) * (math.pi / 180)
        return {"angle": torch.where(uniform[:, 0] < self.p, angle, 0.0)}

    def matrix(self, parameters: Parameters, size: tuple[int, int]) -> Tensor:
        cos, sin = parameters["angle"].cos(), parameters["angle"].sin()
        aspect = size[1] / size[0]
        return affine(cos, cos, -sin / aspect, 0, sin * aspect, cos, 0)


class Shear(GeometryStage):
    """Rows and columns slanted by angles even in [-degrees, degrees] with probability p (columns p, y, x)."""

    columns = 3
    keeps_axes = False

    def __init__(self, degrees: float, p: float) -> None:
        self.degrees, self.p = degrees, p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        angle = between(uniform[:, 1:], -self.degrees, self.degrees) * (math.pi / 180)
        return {"slope": torch.where(uniform[:, :1] < self.p, angle.tan(), 0.0)}

    def matrix(self, parameters: Parameters, size: tuple[int, int]) -> Tensor:
        y, x = parameters["slope"].unbind(1)
        aspect = size[1] / size[0]
        return affine(y, 1, x / aspect, 0, y * aspect, 1, 0)
