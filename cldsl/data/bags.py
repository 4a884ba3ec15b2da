"""Bags of digits: sets and sequences of which only the whole has a label, with the truth of each part beside it.

Input: a split. Output: raw columns made of the vendored digits and spoken digits, train bags of their train rows and
test bags of their test rows. A ragged column is padded with zeros, and "AXIS*" holds the lengths. All choices are made
with seeded orders.
"""

from __future__ import annotations

import numpy as np

from cldsl.data.embedded import Columns, read_mnist, vendored
from cldsl.data.order import Array, Indices, bits, permutation

#: The digit that makes a bag positive.
KEY = 9
TILES, KEYS = 20, 4
CLIPS = {"train": 400, "test": 150}
LONGEST, SHORTEST = 32, 12
#: Bags of each class of the imbalanced source; its classes are told apart by the digits 7, 8 and 9.
IMBALANCED = {"train": (100, 10, 10), "test": (40, 40, 40)}
LARGEST, SMALLEST = 20, 10
_CLIPS, _TILES, _IMBALANCED, _NOISE = 1, 2, 3, 4  # first word of the keys of random words


def read_clips(split: str) -> Columns:
    """Shown and spoken digits: visual[item, time*, feature = 196] and audio[item, time*, feature = 96] of 0..255.

    The audio of a clip is shifted against its picture by -1, 0 or 1 steps. label[item] is 1 where a run of 2 to 5 nines
    occurs, truth[item, time*] is 1 at a step that shows or says a nine, "time*" is the number of steps.
    """
    digits, spoken = read_mnist(split), vendored("spoken_digits.npz")
    count = CLIPS[split]
    draw = _Dice(_CLIPS, split)
    lengths = SHORTEST + draw.below(LONGEST - SHORTEST + 1, count)
    shifts = draw.below(3, count) - 1
    label = permutation(count, (_CLIPS, count)) % 2
    digit = draw.below(KEY, count, LONGEST)
    run = 2 + draw.below(4, count)
    start = draw.below(1 << 30, count) % (lengths - run + 1)
    time = np.arange(LONGEST)
    within = (time >= start[:, None]) & (time < (start + run)[:, None]) & (label == 1)[:, None]
    digit[within] = KEY
    heard = np.take_along_axis(digit, (time - shifts[:, None]) % lengths[:, None], 1)
    small = digits["image"].reshape(-1, 14, 2, 14, 2).mean((2, 4)).round().astype(np.uint8).reshape(-1, 196)
    sounds = spoken[f"{split}_sound"].reshape(-1, 96)
    there = time < lengths[:, None]
    return {
        "visual": small[_pick(digits["label"], digit, draw)] * there[..., None],
        "audio": sounds[_pick(spoken[f"{split}_label"], heard, draw)] * there[..., None],
        "label": label,
        "truth": (((digit == KEY) | (heard == KEY)) & there).astype(np.int64),
        "time*": lengths,
    }


def read_bags(split: str) -> Columns:
    """image[item, tile = 20, channel = 1, y = 28, x = 28] of 0..255, label[item], truth[item, tile].

    Each digit of mnist-5k is in one bag; every other bag is positive and has four nines.
    """
    tiles = read_tiles(split)
    count = len(tiles["label"]) // TILES
    image = tiles["image"].reshape(count, TILES, 1, 28, 28)
    return {"image": image, "label": tiles["label"][::TILES], "truth": tiles["truth"].reshape(count, TILES)}


def read_tiles(split: str) -> Columns:
    """The tiles of `read_bags` as rows, bag after bag: image[item, ...], bag[item], label[item] of the bag, truth[item]."""
    digits = read_mnist(split)
    key = digits["label"] == KEY
    keys, others = np.flatnonzero(key).reshape(-1, KEYS), np.flatnonzero(~key)
    count = len(key) // TILES
    label = np.arange(count) % 2
    cut = len(keys) * (TILES - KEYS)
    bags = np.empty((count, TILES), dtype=np.int64)
    bags[1::2] = np.concatenate([keys, others[:cut].reshape(len(keys), -1)], 1)
    bags[::2] = others[cut:].reshape(-1, TILES)
    places = np.stack([permutation(TILES, (_TILES, count, bag)) for bag in range(count)])
    rows = np.take_along_axis(bags, places, 1).reshape(-1)
    return {
        "image": digits["image"][rows],
        "bag": np.repeat(np.arange(count), TILES),
        "label": np.repeat(label, TILES),
        "truth": key[rows].astype(np.int64),
    }


def read_imbalanced(split: str) -> Columns:
    """image[item, tile*, channel = 1, y = 28, x = 28] of 0..255, label[item], truth[item, tile*], "tile*".

    A tenth to a fifth of the 10 to 20 tiles of a bag of class c are the digit 7 + c, the others are 0 to 6.
    """
    digits = read_mnist(split)
    draw = _Dice(_IMBALANCED, split)
    label = np.repeat(np.arange(3), IMBALANCED[split])
    label = label[permutation(len(label), (_IMBALANCED, len(label)))]
    lengths = SMALLEST + draw.below(LARGEST - SMALLEST + 1, len(label))
    keys = np.maximum(1, np.round(lengths * (10 + draw.below(11, len(label))) / 100)).astype(np.int64)
    tile = np.arange(LARGEST)
    there = tile < lengths[:, None]
    order = np.where(there, draw.below(1 << 30, len(label), LARGEST), 1 << 30)
    key = order.argsort(1, kind="stable").argsort(1, kind="stable") < keys[:, None]
    digit = np.where(key, 7 + label[:, None], draw.below(7, len(label), LARGEST))
    image = digits["image"][_pick(digits["label"], digit, draw)] * there[..., None, None, None]
    return {"image": image, "label": label, "truth": key.astype(np.int64), "tile*": lengths}


def read_shifted(split: str) -> Columns:
    """The bags of `read_imbalanced` at half the contrast and with noise up to a quarter of the range."""
    columns = read_imbalanced(split)
    image = columns["image"]
    noise = (bits(image.size, (_NOISE, len(image))) % np.uint64(64)).astype(np.uint8).reshape(image.shape)
    there = np.arange(LARGEST) < columns["tile*"][:, None]
    return {**columns, "image": (image // 2 + noise) * there[..., None, None, None]}


class _Dice:
    """Random numbers of one source and split, in the order in which they are asked for."""

    def __init__(self, source: int, split: str) -> None:
        self.key, self.asked = (source, split == "train"), 0

    def below(self, bound: int, *shape: int) -> Indices:
        """Whole numbers from 0 to bound - 1."""
        self.asked += 1
        drawn = bits(int(np.prod(shape)), (*self.key, self.asked))
        return (drawn % np.uint64(bound)).astype(np.int64).reshape(shape)


def _pick(labels: Array, wanted: Indices, draw: _Dice) -> Indices:
    """A row of the wanted label for each entry."""
    by_label = [np.flatnonzero(labels == label) for label in range(10)]
    sizes = np.array([len(rows) for rows in by_label])
    starts = np.concatenate([[0], sizes.cumsum()[:-1]])
    chosen: Indices = starts[wanted] + draw.below(1 << 30, *wanted.shape) % sizes[wanted]
    rows: Indices = np.concatenate(by_label)[chosen]
    return rows
