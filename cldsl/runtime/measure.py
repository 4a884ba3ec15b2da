"""A metric of the catalogue over tensors of a report.

Input: the metric's name, its tensors, options. Output: what the metric gives, a float or floats by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cldsl.catalogue import bind
from cldsl.metrics.catalog import metric_entry


def metric(
    name: str,
    *tensors: Tensor,
    train: Sequence[Tensor] | None = None,
    test: Sequence[Tensor] | None = None,
    present: Tensor | tuple[Tensor, Tensor] | None = None,
    known: Tensor | None = None,
    **options: Any,
) -> Any:
    """The metric over its tensors. Raises CatalogueError.

    One that is fitted takes them as `train` and `test`, or is fitted where `known` [row] is true and scored elsewhere.
    present: which rows count, [row] of bool; of train and test where both are given.
    """
    entry = metric_entry(name)
    bound = bind(entry, (), options)
    if known is not None:
        here = present if isinstance(present, Tensor) else torch.ones_like(known)
        return entry.load()(_kept(tensors, known & here), _kept(tensors, ~known & here), **bound)
    if train is not None and test is not None:
        fitted, asked = present if isinstance(present, tuple) else (None, None)
        return entry.load()(_kept(train, fitted), _kept(test, asked), **bound)
    return entry.load()(*_kept(tensors, present if isinstance(present, Tensor) else None), **bound)


def _kept(tensors: Sequence[Tensor], present: Tensor | None) -> tuple[Tensor, ...]:
    return tuple(tensors) if present is None else tuple(tensor[present] for tensor in tensors)
