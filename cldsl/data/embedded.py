"""Readers of the small sources: what is vendored here or bundled with scikit-learn.

Input: a split. Output: raw columns (images in their stored integers), over which the digest is taken; `table` turns
them into reals. Nothing is downloaded, and no split is drawn with a generator that a library may change.
"""

from __future__ import annotations

from importlib import resources

import numpy as np

from cldsl.data.order import Array, Indices, holdout, permutation

Columns = dict[str, Array]

#: Grounds of the coloured digits, 0..255: as far apart as ten of them are, and none as bright as a digit.
COLOURS = np.array(
    [
        *((20, 20, 20), (200, 30, 30), (30, 170, 30), (40, 40, 210), (200, 170, 20)),
        *((180, 30, 190), (20, 170, 190), (130, 130, 130), (110, 60, 10), (10, 80, 80)),
    ]
)

#: Training rows per class of the long-tailed cut: 400 for class 0, falling by the same factor to 8 for class 9.
LONG_TAIL = tuple(round(400 * (8 / 400) ** (label / 9)) for label in range(10))


def read_digits(split: str) -> Columns:
    """image[item, channel = 1, y = 8, x = 8] in steps of 1/16, label[item]; Alpaydin and Kaynak, UCI 1998."""
    from sklearn.datasets import load_digits  # half a second to import, so only when opened

    images, labels = load_digits(return_X_y=True)
    rows = holdout(len(labels), split)
    sixteenths = images[rows].reshape(-1, 1, 8, 8)
    return {"image": (sixteenths / 16).astype(np.float32), "label": labels[rows].astype(np.int64)}


def read_digits_16(split: str) -> Columns:
    """image[item, channel = 1, y = 16, x = 16], label[item]: the digits enlarged twice."""
    columns = read_digits(split)
    return {**columns, "image": _double(_double(columns["image"], 2), 3)}


def read_mnist(split: str) -> Columns:
    """image[item, channel = 1, y = 28, x = 28] of 0..255, label[item]; LeCun et al., Proc. IEEE 86 (1998)."""
    stored = vendored("mnist_5k.npz")
    images = stored[f"{split}_image"].reshape(-1, 1, 28, 28)
    return {"image": images, "label": stored[f"{split}_label"].astype(np.int64)}


def read_mnist_lt(split: str) -> Columns:
    """The columns of `read_mnist`; of each class only the first rows of the training split, as LONG_TAIL says."""
    columns = read_mnist(split)
    if split != "train":
        return columns
    rows = _first_of_each(columns["label"])
    return {name: column[rows] for name, column in columns.items()}


def read_mnist_novel(split: str) -> Columns:
    """The columns of `read_mnist`; the digits 0 to 4 to train on, 5 to 9 to test."""
    columns = read_mnist(split)
    rows = (columns["label"] < 5) == (split == "train")
    return {name: column[rows] for name, column in columns.items()}


def read_coloured(split: str) -> Columns:
    """image[item, channel = 3, y = 14, x = 14] of 0..255: white digits on a ground of one colour; label[item], colour[item]."""
    digits = read_mnist(split)
    ink = digits["image"].reshape(-1, 1, 14, 2, 14, 2).sum((3, 5), dtype=np.int64)  # 0 .. 4 * 255
    colour = permutation(len(ink), (len(ink), 10)) % len(COLOURS)
    ground = COLOURS[colour][:, :, None, None]
    image = (ground + (255 - ground) * ink // (4 * 255)).astype(np.uint8)
    return {"image": image, "label": digits["label"], "colour": colour}


def read_halves(split: str) -> Columns:
    """left and right[item, channel = 1, y = 28, x = 14] of 0..255, label[item]."""
    return _halve(read_mnist(split))


def read_halves_lt(split: str) -> Columns:
    """The halves of the long-tailed cut."""
    return _halve(read_mnist_lt(split))


def read_tecator(split: str) -> Columns:
    """spectrum[item, channel = 100], fat[item] in per cent; Borggaard and Thodberg, Anal. Chem. 64 (1992)."""
    stored = vendored("tecator.npz")
    return {"spectrum": stored[f"{split}_spectrum"], "fat": stored[f"{split}_fat"]}


def read_glyphs(split: str) -> Columns:
    """image[item, channel = 1, y = 28, x = 28] in steps of 1/15, label[item], face[item]; no character is in both splits."""
    stored = vendored("glyphs.npz")
    image = (stored[f"{split}_image"].reshape(-1, 1, 28, 28) / 15).astype(np.float32)
    return {"image": image, **{name: stored[f"{split}_{name}"].astype(np.int64) for name in ("label", "face")}}


def read_diabetes(split: str) -> Columns:
    """features[item, feature = 10] standardised on the training rows, target[item]; Efron et al. 2004.

    The statistics are rounded to six digits, so that the digest is the same whatever the order of summation.
    """
    from sklearn.datasets import load_diabetes

    features, target = load_diabetes(return_X_y=True, scaled=False)
    train = features[holdout(len(target), "train")]
    mean, deviation = np.round(train.mean(0), 6), np.round(train.std(0), 6)
    rows = holdout(len(target), split)
    standard = (features[rows] - mean) / deviation
    return {"features": standard.astype(np.float32), "target": target[rows].astype(np.float32)}


def vendored(file: str) -> Columns:
    """The arrays of a vendored file."""
    place = resources.files("cldsl.data").joinpath("vendored", file)
    with place.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _first_of_each(labels: Array) -> Indices:
    """Rows kept by the long-tailed cut, ascending."""
    kept = [np.flatnonzero(labels == label)[:count] for label, count in enumerate(LONG_TAIL)]
    return np.sort(np.concatenate(kept)).astype(np.int64)


def _halve(columns: Columns) -> Columns:
    image = columns["image"]
    return {"left": image[..., :14], "right": image[..., 14:], "label": columns["label"]}


def _double(image: Array, axis: int) -> Array:
    """Bilinear enlargement by two along one axis: pixel centres stay, the border repeats (weights 3/4 and 1/4)."""
    count = image.shape[axis]
    before = np.take(image, np.maximum(np.arange(count) - 1, 0), axis)
    after = np.take(image, np.minimum(np.arange(count) + 1, count - 1), axis)
    pair = np.stack([(3 * image + before) / 4, (3 * image + after) / 4], axis + 1)
    shape = (*image.shape[:axis], 2 * count, *image.shape[axis + 1 :])
    return np.ascontiguousarray(pair.reshape(shape))
