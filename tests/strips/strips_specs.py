"""Small objectives over supplied vectors, and what is decided about them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cldsl.elaborate import Given, function
from cldsl.graph.nodes import Axis, Function, Graph
from cldsl.passes import optimise
from cldsl.semantics.resolve import resolve
from cldsl.strips import Study, study

HEAD = """spec small "Small"
use std.losses (infonce, supcon, symmetric)
data rows: x[item, dim], y[item, dim] from "rows.npz"
"""

RELATION = """contrast R:
    anchor a in x
    positive c in y if c.item == a.item
    negative c in y if c.item != a.item
    similarity dot(a, c)
    temperature 0.5
"""


def vectors(rows: int, dim: int = 8) -> dict[str, Tensor]:
    """x and y[item, dim]."""
    source = torch.Generator().manual_seed(0)
    return {name: torch.randn(rows, dim, generator=source, dtype=torch.float64) for name in ("x", "y")}


def optimised(text: str, objective: str, rows: int) -> Function:
    """The objective after the passes, before it is decided how it is computed."""
    given: Mapping[str, Given] = {
        name: Given((Axis("item", rows), Axis("dim", tensor.shape[1])), "real")
        for name, tensor in vectors(rows).items()
    }
    made, _ = function(resolve(text, "small.cl", None, {}), {"loss": objective}, given, name="loss_of")
    return optimise(made, Graph(), 2)


def studied(text: str, objective: str, rows: int, memory: int | None) -> Study:
    return study(optimised(text, objective, rows), memory)
