"""Texture patches: crops of the photographs that come with scikit-image and scikit-learn.

Input: a split. Output: raw columns. Train crops come from the left half of each photograph and test crops from the
right half, so no pixel is in both. Needs the extra `data`; the photographs are read as files of the installed
distributions, because importing scikit-image costs more than decoding them.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
from PIL import Image

from cldsl.catalogue import CatalogueError
from cldsl.data.order import Array, bits

#: One class each, in this order: distribution, file.
PHOTOGRAPHS = (
    *(
        ("scikit-image", f"skimage/data/{file}")
        for file in (
            "astronaut.png",
            "brick.png",
            "camera.png",
            "cell.png",
            "chelsea.png",
            "clock_motion.png",
            "coffee.png",
            "coins.png",
            "grass.png",
            "gravel.png",
            "hubble_deep_field.jpg",
            "ihc.png",
            "moon.png",
            "motorcycle_left.png",
            "page.png",
            "retina.jpg",
            "rocket.jpg",
            "text.png",
        )
    ),
    ("scikit-learn", "sklearn/datasets/images/china.jpg"),
    ("scikit-learn", "sklearn/datasets/images/flower.jpg"),
)
SIDE = 32
CROPS = {"train": 150, "test": 50}
MEND = "pip install 'cldsl[data]'"


def read_textures(split: str) -> dict[str, Array]:
    """image[item, channel = 3, y = 32, x = 32] of 0..255 and label[item], the rows of a class far apart."""
    count = CROPS[split]
    crops = np.stack([_crops(_photograph(*place), split, label) for label, place in enumerate(PHOTOGRAPHS)])
    labels = np.broadcast_to(np.arange(len(PHOTOGRAPHS)), (count, len(PHOTOGRAPHS)))
    # [class, crop, ...] -> [crop, class, ...]: the first rows of a limited table hold all classes.
    images = crops.swapaxes(0, 1).reshape(-1, 3, SIDE, SIDE)
    return {"image": np.ascontiguousarray(images), "label": labels.reshape(-1).astype(np.int64)}


def _photograph(distribution: str, file: str) -> Array:
    """Pixels [y, x, channel = 3] of 0..255."""
    try:
        path = Path(str(metadata.distribution(distribution).locate_file(file)))
    except metadata.PackageNotFoundError as error:
        raise CatalogueError(f"textures-32 needs the package {distribution}, which is not installed", MEND) from error
    if not path.is_file():
        raise CatalogueError(f"textures-32: this version of {distribution} lacks the photograph {path.name}", MEND)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _crops(photograph: Array, split: str, label: int) -> Array:
    """Crops [crop, channel, y, x] at seeded places of the half that belongs to the split."""
    height, width = photograph.shape[:2]
    start, stop = (0, width // 2) if split == "train" else (width // 2, width)
    drawn = bits(2 * CROPS[split], (label, start > 0)).reshape(2, -1)
    tops = (drawn[0] % np.uint64(height - SIDE + 1)).astype(int)
    lefts = start + (drawn[1] % np.uint64(stop - start - SIDE + 1)).astype(int)
    patches = [photograph[top : top + SIDE, left : left + SIDE] for top, left in zip(tops, lefts, strict=True)]
    return np.stack(patches).transpose(0, 3, 1, 2)
