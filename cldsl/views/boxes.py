"""Random boxes by area and aspect: the geometry of crop and of erase.

Input: uniform numbers, ranges, the image's size. Output: boxes [item, 4] = y0, x0, height, width as shares of the
image. The area is even in its range and the ratio even in its logarithm, given that the box fits: of ten attempts the
first that fits is taken, as image libraries do; where none fits, the largest centred box of an allowed ratio. Boxes
are not rounded to whole pixels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cldsl.views.stage import between

ATTEMPTS = 10

#: Uniform numbers an item takes: area and ratio of each attempt, then the place.
COLUMNS = 2 * ATTEMPTS + 2


def draw_boxes(
    uniform: Tensor, size: tuple[int, int], scale: tuple[float, float], ratio: tuple[float, float]
) -> Tensor:
    """boxes[item, 4] from uniform[item, COLUMNS]; columns are areas, ratios, y, x. size is (y, x) in pixels."""
    aspect = size[1] / size[0]
    area = between(uniform[:, :ATTEMPTS], *scale)
    # Shares of the image: a ratio in pixels is divided by the image's own.
    relative = between(uniform[:, ATTEMPTS : 2 * ATTEMPTS], math.log(ratio[0]), math.log(ratio[1])).exp() / aspect
    height, width = (area / relative).sqrt(), (area * relative).sqrt()
    fits = (height <= 1) & (width <= 1)
    first = fits.to(torch.uint8).argmax(1, keepdim=True)
    found = fits.any(1)
    best = min(max(1.0, ratio[0] / aspect), ratio[1] / aspect)
    height = torch.where(found, height.gather(1, first).squeeze(1), min(1.0, 1 / best))
    width = torch.where(found, width.gather(1, first).squeeze(1), min(1.0, best))
    place = torch.where(found[:, None], uniform[:, 2 * ATTEMPTS :], 0.5)
    return torch.stack((place[:, 0] * (1 - height), place[:, 1] * (1 - width), height, width), 1)
