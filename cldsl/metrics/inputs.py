"""What metrics demand of their tensors, and the chunks in which pairs of rows are visited.

Input: tensors of a report. Output: the same, on one device, in float64; CatalogueError for shapes that do not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError

#: Entries of a block of pairs: bounds memory at 8 bytes each, whatever the number of rows.
BLOCK = 1 << 23


def rows(metric: str, x: Tensor) -> Tensor:
    """[row, dim] in float64, detached. Raises CatalogueError for another number of axes or no rows."""
    if x.dim() != 2:
        raise CatalogueError(f"{metric} takes vectors [row, dim], not {x.dim()} axes", "flatten the row axes first")
    if x.shape[0] == 0:
        raise CatalogueError(f"{metric} over no rows")
    return x.detach().double()


def classes(metric: str, label: Tensor, count: int) -> Tensor:
    """[row] of class numbers from 0. Raises CatalogueError for another length or a number below 0."""
    label = label.detach().reshape(-1).long()
    if label.numel() != count:
        raise CatalogueError(f"{metric}: {count} rows but {label.numel()} labels")
    if count and int(label.min()) < 0:
        raise CatalogueError(f"{metric}: class numbers start at 0, not {int(label.min())}")
    return label


def paired(metric: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors of one shape, in float64 on the first one's device. Raises CatalogueError."""
    if a.shape != b.shape:
        raise CatalogueError(f"{metric} takes two tensors of one shape, not {tuple(a.shape)} and {tuple(b.shape)}")
    if a.numel() == 0:
        raise CatalogueError(f"{metric} over nothing")
    return a.detach().double(), b.detach().double().to(a.device)


def columns(metric: str, target: Tensor, x: Tensor, what: str = "targets") -> Tensor:
    """What is predicted from the rows x [row, dim], as [row, column]. Raises CatalogueError for another number of rows."""
    if target.shape[0] != x.shape[0]:
        raise CatalogueError(f"{metric}: {x.shape[0]} rows but {target.shape[0]} {what}")
    return target.detach().to(x).reshape(x.shape[0], -1)


def unit(x: Tensor) -> Tensor:
    """Rows at length 1; a row of zeros stays zero."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / torch.where(length > 0, length, torch.ones_like(length))


def distinct(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The sorted distinct values of x, the place of each entry among them, and how often each occurs."""
    # torch's signature is untyped: the number of its results depends on its arguments.
    return cast(tuple[Tensor, Tensor, Tensor], cast(Any, torch).unique(x, return_inverse=True, return_counts=True))


def chunks(count: int, others: int) -> Iterator[slice]:
    """Slices of `count` rows such that a slice times `others` stays within one block."""
    step = max(1, BLOCK // max(1, others))
    for start in range(0, count, step):
        yield slice(start, min(count, start + step))
