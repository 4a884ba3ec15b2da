"""A metric of the catalogue over tensors of a report.

Input: the metric's name, its tensors, options. Output: what the metric gives, a float or floats by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from cldsl.catalogue import bind
from cldsl.metrics.catalog import metric_entry


def metric(
    name: str,
    *tensors: Tensor,
    train: Sequence[Tensor] | None = None,
    test: Sequence[Tensor] | None = None,
    **options: Any,
) -> Any:
    """The metric over its tensors; one that is fitted takes them as `train` and `test`. Raises CatalogueError."""
    entry = metric_entry(name)
    bound = bind(entry, (), options)
    if train is not None and test is not None:
        return entry.load()(tuple(train), tuple(test), **bound)
    return entry.load()(*tensors, **bound)
