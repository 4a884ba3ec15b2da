"""The tiles of an objective against its strips: results and gradients, kernels by whatever stands for Triton."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from strips_specs import HEAD, RELATION, optimised
from torch import Tensor

from cldsl import runtime as rt
from cldsl.codegen.loading import _module
from cldsl.codegen.names import Identifier
from cldsl.codegen.printer import lines_of
from cldsl.codegen.strips import strip_definitions
from cldsl.codegen.tiles import tile_text
from cldsl.graph.strips import Visit
from cldsl.graph.tiles import Tile
from cldsl.runtime import tiles
from cldsl.runtime.visits import Runner
from cldsl.strips import study
from cldsl.strips.tiles import tiled

GROUPED = """spec grouped "Grouped"
use std.losses (infonce, supcon, symmetric)
data rows: x[item, dim], y[item, dim], label[item]: int from "rows.npz"
"""


def visit_of(text: str, objective: str, rows: int) -> Visit:
    """The first visit of an objective, all rows in one strip."""
    found = study(optimised(text, objective, rows), 1 << 24).visits[0]
    assert found.rows == found.height
    return found


def tile_of(visit: Visit) -> Tile | str:
    return tiled(visit.body, [take.leaf for take in visit.takes], visit.name)


def written(visit: Visit, tile: Tile) -> str:
    strips = strip_definitions([(Identifier(visit.name), visit)], lambda _: None, lambda _: False)
    texts = ["\n".join(lines_of([each])) for each in strips]
    head = "import torch\n\nfrom cldsl import runtime as rt"
    return "\n\n\n".join([head, tile_text(tile, lambda _: None, lambda _: False), *texts]) + "\n"


def runners(visit: Visit, tile: Tile) -> tuple[Runner, Runner]:
    """By strips, and by tiles."""
    rt.pairs, rt.tiled = tiles.pairs, tiles.tiled  # type: ignore[attr-defined]
    module = _module(written(visit, tile), f"tiles_{visit.name}")
    own = getattr(module, visit.name)
    strips = Runner(own, {}, False, _dtype)
    return strips, tiles.Tiles(strips, getattr(module, tile.function.name)).tiles


def _dtype(kind: str, inputs: Sequence[Tensor]) -> torch.dtype:
    return {"real": inputs[0].dtype, "bool": torch.bool}.get(kind, torch.int64)


def arguments(visit: Visit, dtype: torch.dtype) -> list[Tensor]:
    """Tensors for what a visit takes: reals at random, whole numbers few, so that many are equal."""
    source = torch.Generator().manual_seed(3)
    made = []
    for node in visit.sources:
        shape = tuple(axis.size or 1 for axis in node.axes)
        if node.dtype == "real":
            made.append((torch.rand(shape, generator=source, dtype=torch.float64) + 0.3).to(dtype))
        else:
            high = 2 if node.dtype == "bool" else 5
            x = torch.randint(0, high, shape, generator=source)
            made.append(x.bool() if node.dtype == "bool" else x)
    return made
