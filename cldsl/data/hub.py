"""Sources of the Hugging Face hub, through the package `datasets`, whose cache and settings apply.

Input: OWNER/NAME or OWNER/NAME:CONFIGURATION. Output: Opened. Pictures become image[channel, y, x], class labels and
numbers columns; text and sound are unreadable. The test part is the split "test", or else "validation"; the sizes of
pictures are those of the first training row, which is fetched for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import numpy as np

from cldsl.catalogue import CatalogueError
from cldsl.data import images
from cldsl.data.catalog import ColumnEntry
from cldsl.data.layout import AXES, Opened, describe
from cldsl.data.order import Array, Indices


def open_hub(path: str, size: int | None = None) -> Opened:
    """The data set of a hub. Raises CatalogueError when it cannot be had (unknown, private, no network)."""
    repository, _, configuration = path.partition(":")
    loaded = _load(repository, configuration or None)
    if "train" not in loaded:
        raise CatalogueError(f"{path} has no split train", f"it has {', '.join(sorted(loaded))}")
    stored = {"train": "train"}
    test = next((name for name in ("test", "validation") if name in loaded), None)
    if test is not None:
        stored["test"] = test
    first = loaded["train"][0]
    described = {name: _column(name, feature, first[name], size) for name, feature in loaded["train"].features.items()}
    columns = {name: column for name, column in described.items() if isinstance(column, ColumnEntry)}

    def read(part: str, names: Sequence[str], rows: Indices) -> dict[str, Array]:
        held = loaded[stored[part]].select(rows)
        return {name: _values(held[name], columns[name], size) for name in names}

    return Opened(
        tuple(columns.values()),
        {part: len(loaded[name]) for part, name in stored.items()},
        read,
        {name: text for name, text in described.items() if isinstance(text, str)},
        frozenset(columns),
    )


def _load(repository: str, configuration: str | None) -> Mapping[str, Any]:
    try:
        loaded: Mapping[str, Any] = datasets.load_dataset(repository, configuration)
    except (OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CatalogueError(f"the data set {repository} cannot be loaded: {reason}") from error
    return loaded


def _column(name: str, feature: Any, value: Any, size: int | None) -> ColumnEntry | str:
    kind = type(feature).__name__
    if kind == "ClassLabel":
        return ColumnEntry(name, (), (), "int", feature.num_classes)
    if kind == "Image":
        sizes = images.pixels(value, images.channels(value), size).shape
        return ColumnEntry(name, AXES[3], sizes, doc="brightness from 0 to 1")
    if kind not in ("Value", "Sequence", "List", "LargeList", "Array2D", "Array3D", "Array4D"):
        return kind
    array = np.asarray(value) if not isinstance(value, str) else np.asarray([value])
    return describe(name, (1, *array.shape), array.dtype)


def _values(values: Any, column: ColumnEntry, size: int | None) -> Array:
    try:
        if column.axes == AXES[3] and column.doc:
            return np.stack([images.pixels(image, column.sizes[0] or 3, size) for image in values])
        return np.array(list(values))
    except ValueError as error:
        raise CatalogueError(
            f"the rows of column {column.name} differ in their sizes", "pictures take size ="
        ) from error
