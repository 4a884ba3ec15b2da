"""Digits over textures: half of the patches carry a digit, as targets against a background.

Input: a split. Output: raw columns. Both pictures at half strength are added; a digit lies at one of 5 by 5 places. Pictures
of both parts come from their own splits, so that neither a photograph's half nor a digit is in both.
"""

from __future__ import annotations

import numpy as np

from cldsl.data.embedded import Columns, read_mnist
from cldsl.data.order import bits, permutation
from cldsl.data.textures import SIDE, read_textures

#: A digit of 28 pixels lies at 0 .. 4 from the top and from the left.
PLACES = 5
_SEEDS = {"train": 1, "test": 2}


def read_digit_textures(split: str) -> Columns:
    """image[item, channel = 3, y = 32, x = 32] of 0..255, target[item], texture[item], digit[item], trait[item, part = 3].

    target: 1 with a digit, 0 without, where `digit` and `trait` are 0. trait: the digit, its place from the left and
    from the top, each from 0 to 1.
    """
    patches, digits, seed = read_textures(split), read_mnist(split), _SEEDS[split]
    count = len(patches["label"])
    rows = permutation(count, (count, seed))[: count // 2]
    chosen = permutation(len(digits["label"]), (count, seed + 2))[: len(rows)]
    places = (bits(2 * len(rows), (count, seed + 4)) % np.uint64(PLACES)).astype(np.int64).reshape(2, -1)
    over = np.zeros((count, 1, SIDE, SIDE), dtype=np.uint16)
    for row, glyph, left, top in zip(rows, digits["image"][chosen], *places, strict=True):
        over[row, :, top : top + 28, left : left + 28] = glyph
    label = digits["label"][chosen]
    target, digit = np.zeros((2, count), dtype=np.int64)
    trait = np.zeros((count, 3), dtype=np.float32)
    target[rows], digit[rows] = 1, label
    trait[rows] = np.stack([label / 9, *(places / (PLACES - 1))], 1)
    image = ((patches["image"].astype(np.uint16) + over) // 2).astype(np.uint8)
    return {"image": image, "target": target, "texture": patches["label"], "digit": digit, "trait": trait}
