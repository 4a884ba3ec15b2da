"""A stage that draws which operations act: some of ten, one after another, each of a fixed strength.

Input: x[item, channel, y, x] in [0, 1]. Output: the same shape. The operations and their strengths are the common list
for captioned images; the sign of a geometric operation is drawn. Operations may repeat. Edge pixels are repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from cldsl.views.filters import equalized, sharpened, stretched
from cldsl.views.geometry import Rotate, Shear, affine
from cldsl.views.resample import by_grid
from cldsl.views.stage import EntryStage, Parameters, where_chosen

#: An operation of x[item, ...] and a strength[item] in [-1, 1]; those of no geometry read its size alone.
Operation = Callable[[Tensor, Tensor], Tensor]

#: At strength 1: a factor's distance from 0.1, a slope, a share of the side, an angle in radians.
FACTOR, SLOPE, SHARE, ANGLE = 1.8, 0.3, 10 / 256, torch.pi / 6


def _factor(strength: Tensor) -> Tensor:
    return strength.abs() * FACTOR + 0.1


def _bright(x: Tensor, strength: Tensor) -> Tensor:
    return (x * _factor(strength)[:, None, None, None]).clamp_(0, 1)


def _moved(x: Tensor, matrix: Tensor) -> Tensor:
    return by_grid(x, matrix.to(x.dtype), (x.shape[2], x.shape[3]), False)


def _sheared(x: Tensor, strength: Tensor, axis: int) -> Tensor:
    slope = strength.new_zeros(len(strength), 2)
    slope[:, axis] = SLOPE * strength
    return _moved(x, Shear(0.0, 1.0).matrix({"slope": slope}, (x.shape[2], x.shape[3])))


def _translated(x: Tensor, strength: Tensor, axis: int) -> Tensor:
    move = -2 * SHARE * strength
    return _moved(x, affine(move, 1, 0, move if axis else 0, 0, 1, 0 if axis else move))


def _rotated(x: Tensor, strength: Tensor) -> Tensor:
    return _moved(x, Rotate(0.0, 1.0).matrix({"angle": ANGLE * strength}, (x.shape[2], x.shape[3])))


OPERATIONS: tuple[Operation, ...] = (
    lambda x, strength: x,
    lambda x, strength: stretched(x),
    lambda x, strength: equalized(x),
    _bright,
    lambda x, strength: sharpened(x, _factor(strength)),
    lambda x, strength: _sheared(x, strength, 1),
    lambda x, strength: _sheared(x, strength, 0),
    lambda x, strength: _translated(x, strength, 1),
    lambda x, strength: _translated(x, strength, 0),
    _rotated,
)


class Operations(EntryStage):
    """count operations in a row, drawn evenly with repetition, strength magnitude / 10 (columns: operations, signs)."""

    def __init__(self, count: int, magnitude: float) -> None:
        self.count, self.strength = int(count), magnitude / 10
        self.columns = 2 * self.count

    def parameters(self, uniform: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        sign = torch.where(uniform[:, self.count :] < 0.5, -1.0, 1.0)
        operation = (uniform[:, : self.count] * len(OPERATIONS)).long()
        return {"operation": operation, "strength": sign * self.strength}

    def apply(self, x: Tensor, parameters: Parameters) -> Tensor:
        for turn in range(self.count):
            x = performed(x, parameters["operation"][:, turn], parameters["strength"][:, turn].to(x.dtype))
        return x


def performed(x: Tensor, operation: Tensor, strength: Tensor) -> Tensor:
    """operation[item], a number in OPERATIONS, with strength[item] in [-1, 1]; writes into x[item, channel, y, x]."""
    for number in range(len(OPERATIONS)):
        x = where_chosen(x, operation == number, partial(_perform, number, strength))
    return x


def _perform(number: int, strength: Tensor, rows: Tensor, index: Tensor) -> Tensor:
    return OPERATIONS[number](rows, strength[index])
