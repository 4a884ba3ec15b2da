"""The views of a step, and the random starts of tensors.

Input: pipelines and a column of the batch; a distribution's name and a shape. Output: tensors that follow from
(seed, name, step, copy) alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from cldsl.runtime.draws import draw, generator
from cldsl.runtime.ops import unit
from cldsl.views.pipeline import Pipeline, sample

Stages = Sequence[tuple[str, Mapping[str, Any]]]


def pipelines(*stages: Stages) -> list[Pipeline]:
    """One pipeline for each list of (stage, arguments). Raises CatalogueError for what does not fit."""
    return [Pipeline(each) for each in stages]


def view(
    made: Sequence[Pipeline], x: Tensor, seed: int, name: str, step: int, dim: int | None = None, first: int = 0
) -> Tensor:
    """Views of x [item, ...], the copies at `dim`; one copy and no axis without it. first: the first copy's number."""
    views = sample(made, x, _sources(made, seed, name, step, first))
    return views[0] if dim is None else views.movedim(0, dim)


def view_and_box(
    made: Sequence[Pipeline], x: Tensor, seed: int, name: str, step: int, dim: int | None = None, first: int = 0
) -> tuple[Tensor, Tensor]:
    """The views, and box [.., 5]: y0, x0, height, width as shares of the source image, flipped."""
    both = [
        pipe.with_box(x, source) for pipe, source in zip(made, _sources(made, seed, name, step, first), strict=True)
    ]
    if dim is None:
        return both[0]
    return torch.stack([views for views, _ in both], dim), torch.stack([box for _, box in both], dim)


def _sources(made: Sequence[Pipeline], seed: int, name: str, step: int, first: int) -> list[torch.Generator]:
    return [generator(seed, name, step, index=(first + copy,)) for copy in range(len(made))]


def start(
    seed: int, name: str, distribution: str, args: Sequence[float], shape: Sequence[int], dim: int = -1
) -> Tensor:
    """The random start of a state or learned tensor; "sphere": unit vectors along `dim`, evenly spread."""
    source = generator(seed, name, -1)
    dtype = torch.get_default_dtype()
    if distribution == "sphere":
        return unit(draw("normal", (), shape, source, dtype=dtype), dim)
    return draw(distribution, args, shape, source, dtype=dtype)
