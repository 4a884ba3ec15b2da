"""A small program for the tests of single rules: columns, and whatever lines a test adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from cldsl.reference import Evaluator
from cldsl.semantics.resolve import resolve

from .golden import Named

DATA = 'data d: x[item, dim], y[item, dim], w[item], label[item] -> class, id[item] -> sample from "none"\n'
X = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])
Y = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.5, 0.0]])
W = torch.tensor([1.0, 2.0, 4.0])
COLUMNS: dict[str, Named] = {
    "x": (X, ("item", "dim")),
    "y": (Y, ("item", "dim")),
    "w": (W, ("item",)),
    "label": (torch.tensor([1, 0, 1]), ("item",)),
    "id": (torch.tensor([2, 0, 3]), ("item",)),
}


def small(lines: str = "", given: Mapping[str, Any] | None = None, **options: Any) -> Evaluator:
    """The evaluator of the columns above and the given lines; `given` replaces or adds supplied values."""
    return Evaluator(resolve(DATA + lines, "small.cl"), {}, {**COLUMNS, **(given or {})}, **options)


def numbers(expression: str, lines: str = "", given: Mapping[str, Any] | None = None) -> Any:
    """An expression's entries as nested lists, None where absent, its axes in the order of their names."""
    value = small(lines, given).value(expression)
    axes = value.all_axes
    order = sorted(range(len(axes)), key=lambda n: axes[n])
    sizes = [value.size(axis) or 0 for axis in axes]
    data = value.ordered(axes).detach().expand(sizes).permute(order)
    here = torch.ones(sizes, dtype=torch.bool)
    if value.present is not None:
        here = value.present.to(axes).expand(sizes)
    return _nested(data, here.permute(order))


def _nested(data: torch.Tensor, here: torch.Tensor) -> Any:
    if data.dim() == 0:
        return data.item() if bool(here) else None
    return [_nested(one, other) for one, other in zip(data, here, strict=True)]
