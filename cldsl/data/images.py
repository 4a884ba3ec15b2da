"""Pictures as arrays: the channels kept, and the size.

Input: a Pillow image. Output: bytes [channel, y, x]. Grey pictures have one channel, all others become RGB.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from cldsl.data.order import Array

_GREY = ("1", "L", "I", "I;16", "F")


def channels(image: Image.Image) -> int:
    """1 for a grey picture, else 3."""
    return 1 if image.mode in _GREY else 3


def pixels(image: Image.Image, count: int, size: int | None) -> Array:
    """Bytes [channel = count, y, x]; with a size the shorter side is resized to it and the centre square is cut."""
    image = image.convert("L" if count == 1 else "RGB")
    if size is not None:
        image = _square(image, size)
    array = np.asarray(image)
    return array[None] if count == 1 else array.transpose(2, 0, 1)


def _square(image: Image.Image, size: int) -> Image.Image:
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    return image.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + size, top + size))
