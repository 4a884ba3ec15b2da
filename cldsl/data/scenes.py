"""Scenes: three to five handwritten digits on a noisy ground, and for each cell of a grid what lies in it.

Input: a split. Output: raw columns. The digits are those of `digits-16`, of the same split, at seeded places; so no digit
of a training scene is in a test scene.
"""

from __future__ import annotations

import numpy as np

from cldsl.data.embedded import read_digits_16
from cldsl.data.order import Array, bits

SIDE, DIGIT, CELL = 48, 16, 8
COUNT = {"train": 1000, "test": 300}
#: What a cell is that holds less than a tenth of ink.
GROUND = 10
NOISE = 20


def read_scenes(split: str) -> dict[str, Array]:
    """image[item, channel = 1, y = 48, x = 48] of 0..255 and cell[item, y = 6, x = 6], a digit or GROUND."""
    digits = read_digits_16(split)
    images, cells = [], []
    for number in range(COUNT[split]):
        ink, which = _pasted(digits["image"][:, 0], digits["label"], (number, split == "train"))
        noise = bits(SIDE * SIDE, (number, split == "train", NOISE)) % np.uint64(NOISE)
        images.append(np.maximum(ink.max(0), noise.reshape(SIDE, SIDE)))
        cells.append(_cells(ink, which))
    return {"image": np.stack(images)[:, None].astype(np.uint8), "cell": np.stack(cells)}


def _pasted(images: Array, labels: Array, key: tuple[int, int]) -> tuple[Array, Array]:
    """ink[digit, y, x] of 0..255 and the class of each: a digit in each of some thirds of the sides, moved a little."""
    drawn = bits(5 * 3 + 9 + 1, key)
    count = 3 + int(drawn[-1] % np.uint64(3))
    thirds = np.argsort(drawn[15:24], kind="stable")[:count]
    ink, which = np.zeros((count, SIDE, SIDE)), np.zeros(count, dtype=np.int64)
    for place, (third, (row, down, right)) in enumerate(zip(thirds, drawn[:15].reshape(5, 3), strict=False)):
        source = int(row % np.uint64(len(labels)))
        top, left = (
            min(max(DIGIT * int(at) + int(moved % np.uint64(9)) - 4, 0), SIDE - DIGIT)
            for at, moved in ((third // 3, down), (third % 3, right))
        )
        ink[place, top : top + DIGIT, left : left + DIGIT] = np.round(255 * images[source])
        which[place] = labels[source]
    return ink, which


def _cells(ink: Array, which: Array) -> Array:
    """The class of each cell [y, x]: of the digit that has most ink in it, or GROUND."""
    side = SIDE // CELL
    shares = ink.reshape(-1, side, CELL, side, CELL).mean((2, 4)) / 255
    cells: Array = np.where(shares.max(0) < 0.1, GROUND, which[shares.argmax(0)])
    return cells.astype(np.int64)
