"""Stages that act on each entry by itself: normalize, solarize, posterize, erase, noise, scale, mask.

Input: x[item, channel, y, x], or x[item, ...] with any trailing axes for all but erase. Output: the same shape.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.views.boxes import COLUMNS, draw_boxes
from cldsl.views.stage import EntryStage, Parameters, between, column, where_chosen


class Normalize(EntryStage):
    """(x - mean) / std, numbers or one for each entry of the first axis after item. No clamp. Draws nothing."""

    mirrors: ClassVar[bool] = True

    def __init__(self, mean: Any, std: Any) -> None:
        self.mean = tuple(mean) if isinstance(mean, (list, tuple)) else (mean,)
        self.std = tuple(std) if isinstance(std, (list, tuple)) else (std,)

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, x.shape[1]):
                raise CatalogueError(
                    f"normalize: {name} has {len(values)} numbers for {x.shape[1]} channels",
                    f"give one or {x.shape[1]}",
                )
        return (x - self._row(self.mean, x)) / self._row(self.std, x)

    @staticmethod
    def _row(values: tuple[float, ...], x: Tensor) -> Tensor:
        return x.new_tensor(values).view(-1, *([1] * (x.dim() - 2)))


class Solarize(EntryStage):
    """1 - x where x >= threshold, with probability p (column p)."""

    columns = 1
    mirrors: ClassVar[bool] = True

    def __init__(self, threshold: float, p: float) -> None:
        self.threshold, self.p = threshold, p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"chosen": uniform[:, 0] < self.p}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return where_chosen(
            x, parameters["chosen"], lambda rows, _: torch.where(rows >= self.threshold, 1 - rows, rows)
        )


class Posterize(EntryStage):
    """x rounded down to the first bits of eight, with probability p (column p)."""

    columns = 1
    mirrors: ClassVar[bool] = True

    def __init__(self, bits: int, p: float) -> None:
        self.step, self.p = 2 ** (8 - int(bits)), p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"chosen": uniform[:, 0] < self.p}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return where_chosen(
            x,
            parameters["chosen"],
            lambda rows, _: ((rows * 255).round() / self.step).floor() * (self.step / 255),
        )


class Erase(EntryStage):
    """The pixels whose centres lie in a random box are set to a value, with probability p (columns p, the box)."""

    columns = 1 + COLUMNS

    def __init__(self, scale: tuple[float, float], p: float, ratio: tuple[float, float], value: float) -> None:
        self.scale, self.ratio = (scale[0], scale[1]), (ratio[0], ratio[1])
        self.p, self.value = p, value

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"chosen": uniform[:, 0] < self.p, "box": draw_boxes(uniform[:, 1:], size, self.scale, self.ratio)}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        height, width = x.shape[2:]
        y0, x0, tall, wide = parameters["box"][:, :, None].to(x.dtype).unbind(1)
        y = (torch.arange(height, device=x.device, dtype=x.dtype) + 0.5) / height
        along = (torch.arange(width, device=x.device, dtype=x.dtype) + 0.5) / width
        inside = ((y >= y0) & (y < y0 + tall))[:, :, None] & ((along >= x0) & (along < x0 + wide))[:, None]
        inside &= parameters["chosen"][:, None, None]
        return x.masked_fill_(inside[:, None], self.value)


class Noise(EntryStage):
    """x + sigma * a normal number for each entry. No clamp."""

    fill: ClassVar[str] = "normal"

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return x.add_(parameters["fill"], alpha=self.sigma)


class Scale(EntryStage):
    """x times a factor even in [low, high] for each item (column factor). No clamp."""

    columns = 1
    mirrors: ClassVar[bool] = True

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        return {"factor": between(uniform[:, 0], self.low, self.high)}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return x.mul_(column(parameters["factor"].to(x.dtype), x))


class Mask(EntryStage):
    """Each entry set to zero with probability p."""

    fill: ClassVar[str] = "uniform"

    def __init__(self, p: float) -> None:
        self.p = p

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        return x.masked_fill_(parameters["fill"] < self.p, 0.0)
