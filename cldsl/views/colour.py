"""Colour: brightness, contrast, saturation and gray as one affine map of the channels for each item; hue apart.

Each of these maps is x <- a x + b luma(x) + c with three numbers for an item, and such maps compose to such a map; a
run of them is one pass over the pixels, then one clamp to [0, 1]. Contrast needs the item's mean luma, which the map
before it moves in a known way, so the image is read once for it. Hue turns the hexagon of hues, keeping largest and
smallest channel; it ends a run. Three channels are red, green, blue; with any other number luma is the mean of the
channels and only brightness and contrast act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from cldsl.views.stage import Parameters, Stage, between, column, where_chosen

#: Luma of red, green, blue (ITU-R BT.601).
LUMA = (0.299, 0.587, 0.114)


def luma_weights(x: Tensor) -> Tensor:
    """weights[channel] of the luma of x[item, channel, ...]."""
    channels = x.shape[1]
    return x.new_tensor(LUMA) if channels == 3 else x.new_full((channels,), 1 / channels)


@dataclass(frozen=True)
class ColourMap:
    """x -> own * x + luma * luma(x) + add, numbers [item]; mean[item] is the mean luma of what comes out."""

    own: Tensor
    luma: Tensor
    add: Tensor
    mean: Tensor

    @staticmethod
    def start(x: Tensor, contrasts: bool) -> ColourMap:
        """The identity on x[item, channel, ...]; reads the mean luma if a contrast will follow."""
        ones = x.new_ones(len(x))
        mean = x.flatten(2).mean(2) @ luma_weights(x) if contrasts else torch.zeros_like(ones)
        return ColourMap(ones, torch.zeros_like(ones), torch.zeros_like(ones), mean)

    def then(self, own: Tensor | float, luma: Tensor | float, add: Tensor | float) -> ColourMap:
        """This map followed by another."""
        return ColourMap(
            own * self.own,
            own * self.luma + luma * (self.own + self.luma),
            (own + luma) * self.add + add,
            (own + luma) * self.mean + add,
        )

    def brightness(self, factor: Tensor) -> ColourMap:
        """Every value times factor[item]."""
        return self.then(factor, 0.0, 0.0)

    def contrast(self, factor: Tensor) -> ColourMap:
        """The distance from the mean luma times factor[item]."""
        return self.then(factor, 0.0, (1 - factor) * self.mean)

    def saturation(self, factor: Tensor) -> ColourMap:
        """The distance from the pixel's luma times factor[item]."""
        return self.then(factor, 1 - factor, 0.0)

    def apply(self, x: Tensor) -> Tensor:
        """The map and the clamp on the items it changes; writes into x."""
        changed = (self.own != 1) | (self.luma != 0) | (self.add != 0)
        return where_chosen(x, changed, self._act)

    def _act(self, x: Tensor, index: Tensor) -> Tensor:
        own, luma, add = self.own[index], self.luma[index], self.add[index]
        if x.shape[1] == 1:
            return torch.addcmul(column(add, x), x, column(own + luma, x)).clamp_(0, 1)
        matrix = torch.diag_embed(own[:, None].expand(-1, x.shape[1])) + luma[:, None, None] * luma_weights(x)
        return torch.baddbmm(add[:, None, None], matrix, x.flatten(2)).clamp_(0, 1).view_as(x)


class ColourStage(Stage):
    """A stage given by a colour map, after which hue may turn. A run of such stages is one pass."""

    mirrors: ClassVar[bool] = True
    contrasts: bool = False

    def add_to(self, run: ColourMap, parameters: Parameters, channels: int) -> ColourMap:
        """The run followed by this stage's map."""
        raise NotImplementedError

    def turns(self, channels: int) -> bool:
        """Whether hue turns after the map, by parameters["turn"][item] in full circles where parameters["chosen"]."""
        return False


class Jitter(ColourStage):
    """Factors even in [max(0, 1 - s), 1 + s], hue even in [-hue, hue] circles (columns p, the four in order)."""

    columns = 5

    def __init__(self, brightness: float, contrast: float, saturation: float, hue: float, p: float) -> None:
        self.strengths = (brightness, contrast, saturation)
        self.hue, self.p = hue, p
        self.contrasts = contrast > 0

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        chosen = uniform[:, 0] < self.p
        out = {"chosen": chosen, "turn": torch.where(chosen, between(uniform[:, 4], -self.hue, self.hue), 0.0)}
        for i, (name, strength) in enumerate(
            zip(("brightness", "contrast", "saturation"), self.strengths, strict=True)
        ):
            factor = between(uniform[:, i + 1], max(0.0, 1 - strength), 1 + strength)
            out[name] = torch.where(chosen, factor, 1.0)
        return out

    def add_to(self, run: ColourMap, parameters: Parameters, channels: int) -> ColourMap:
        run = run.brightness(parameters["brightness"]).contrast(parameters["contrast"])
        return run.saturation(parameters["saturation"]) if channels == 3 else run

    def turns(self, channels: int) -> bool:
        return self.hue > 0 and channels == 3


class Gray(ColourStage):
    """Every channel becomes the luma with probability p (column p)."""

    columns = 1

    def __init__(self, p: float) -> None:
        self.p = p

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        chosen = uniform[:, 0] < self.p
        return {"chosen": chosen, "saturation": torch.where(chosen, 0.0, 1.0)}

    def add_to(self, run: ColourMap, parameters: Parameters, channels: int) -> ColourMap:
        return run.saturation(parameters["saturation"]) if channels == 3 else run


def turn_hue(x: Tensor, turn: Tensor) -> Tensor:
    """x[item, red green blue, ...] with its hue moved by turn[item] full circles; largest and smallest channel stay.

    On the hexagon of hues a channel falls from the largest value to the smallest between one and two sixths of the
    circle away from its own hue (0, 1/3, 2/3). Written for few passes over memory: hues are positive before the
    fraction is taken, and the offset of each fall is folded into the value it starts from.
    """
    red, green, blue = x.unbind(1)
    top = torch.maximum(torch.maximum(red, green), blue)
    chroma = torch.sub(top, torch.minimum(torch.minimum(red, green), blue))
    sixth = chroma.mul(6).clamp_(min=torch.finfo(x.dtype).tiny).reciprocal_()
    start = column(turn + 2, red)
    # A weight of exactly 0 or 1 instead of torch.where, which is many times slower on a CPU.
    hue = (blue - red).mul_(sixth).add_(start + 1 / 3)
    hue.lerp_((red - green).mul_(sixth).add_(start + 2 / 3), torch.sub(top, green).sign_())
    at_red = (green - blue).mul_(sixth).add_(start)
    hue = at_red.lerp_(hue, torch.sub(top, red).sign_()).frac_()
    out = torch.empty_like(x)
    for channel, (own, begin, slope) in enumerate(((1 / 2, -2, 6), (1 / 3, 1, -6), (2 / 3, 1, -6))):
        # Red is highest at both ends of [0, 1): its distance is counted from the opposite hue.
        away = hue.sub(own).abs_().clamp_(1 / 6, 1 / 3)
        torch.addcmul(torch.add(top, chroma, alpha=begin), away, chroma, value=slope, out=out[:, channel])
    return out
