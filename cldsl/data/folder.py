"""Sources that are folders of pictures, a subfolder for each class.

Input: a path. Output: Opened with image[channel, y, x] and label. PATH/train and PATH/test (or PATH/val) are the two
splits; without them PATH itself holds the classes. The number of channels and the size are those of the first
picture; another size is an error unless `size` is given. Pictures are decoded when their rows are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cldsl.catalogue import CatalogueError, nearest
from cldsl.data import files, images
from cldsl.data.catalog import ColumnEntry
from cldsl.data.layout import Opened
from cldsl.data.order import Array, Indices

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


def open_folder(path: str, size: int | None = None) -> Opened:
    """The pictures of a folder. Raises CatalogueError when it is missing, has no class, or no picture."""
    root = files.existing(path, "folder")
    folders = _parts(root)
    names = _classes(folders["train"])
    listed = {part: _pictures(folder, names) for part, folder in folders.items()}
    with _opened(listed["train"][0][0]) as first:
        count = images.channels(first)
        sizes = images.pixels(first, count, size).shape

    def read(part: str, columns: Sequence[str], rows: Indices) -> dict[str, Array]:
        chosen = [listed[part][row] for row in rows]
        held: dict[str, Array] = {}
        if "image" in columns:
            held["image"] = np.stack([_decode(file, sizes, size) for file, _ in chosen])
        if "label" in columns:
            held["label"] = np.array([label for _, label in chosen], dtype=np.int64)
        return held

    columns = (
        ColumnEntry("image", ("channel", "y", "x"), sizes, doc="brightness from 0 to 1"),
        ColumnEntry("label", (), (), "int", len(names), ", ".join(names[:12])),
    )
    return Opened(columns, {part: len(found) for part, found in listed.items()}, read, by_row=frozenset({"image"}))


def _parts(root: Path) -> dict[str, Path]:
    if not (root / "train").is_dir():
        return {"train": root}
    held = {"train": root / "train"}
    for name in ("test", "val"):
        if (root / name).is_dir():
            return {**held, "test": root / name}
    return held


def _classes(folder: Path) -> list[str]:
    names = sorted(child.name for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
    if not names:
        raise CatalogueError(f"{folder} has no subfolders", "put the pictures of each class into a folder of its own")
    return names


def _pictures(folder: Path, names: Sequence[str]) -> list[tuple[Path, int]]:
    """File and label of each picture, in the order of their paths; subfolders of a class count."""
    for name in _classes(folder):
        if name not in names:
            raise CatalogueError(
                f"{folder} has the class {name}, which the training folder lacks", nearest(name, names)
            )
    found = [
        (file, label)
        for label, name in enumerate(names)
        for file in sorted((folder / name).rglob("*"))
        if file.suffix.lower() in SUFFIXES
    ]
    if not found:
        raise CatalogueError(f"{folder} holds no pictures", f"known endings: {', '.join(SUFFIXES)}")
    return found


def _opened(file: Path) -> Image.Image:
    try:
        return Image.open(file)
    except UnidentifiedImageError as error:
        raise CatalogueError(f"{file} is not a picture that can be read") from error


def _decode(file: Path, sizes: tuple[int, ...], size: int | None) -> Array:
    with _opened(file) as image:
        decoded = images.pixels(image, sizes[0], size)
    if decoded.shape != sizes:
        wide, high = decoded.shape[2], decoded.shape[1]
        raise CatalogueError(
            f"{file} is {wide} x {high} pixels, the first picture {sizes[2]} x {sizes[1]}",
            "give size = the side wanted",
        )
    return decoded
