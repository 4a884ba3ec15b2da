"""The tiles of an objective against its strips: results and gradients, kernels by whatever stands for Triton."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from strips_specs import optimised
from torch import Tensor

from cldsl import runtime as rt
from cldsl.codegen.loading import _module
from cldsl.codegen.names import Identifier
from cldsl.codegen.strips import strip_texts
from cldsl.codegen.tiles import tile_text
from cldsl.graph.strips import Visit
from cldsl.graph.tiles import Tile
from cldsl.runtime import tiles
from cldsl.runtime.visits import Runner
from cldsl.strips import study
from cldsl.strips.tiles import tiled


def visit_of(text: str, objective: str, rows: int) -> Visit:
    """The first visit of an objective, all rows in one strip."""
    found = study(optimised(text, objective, rows), 1 << 24).visits[0]
    assert found.rows == found.height
    return found


def tile_of(visit: Visit) -> Tile | str:
    return tiled(visit.body, [take.leaf for take in visit.takes], visit.name)


def written(visit: Visit, tile: Tile) -> str:
    texts = strip_texts([(Identifier(visit.name), visit)], lambda _: None, lambda _: False)
    head = "import torch\n\nfrom cldsl import runtime as rt"
    return "\n\n\n".join([head, tile_text(tile, lambda _: None, lambda _: False), *texts]) + "\n"


def runners(
    visit: Visit, tile: Tile, around: Callable[[], AbstractContextManager[None]] = nullcontext
) -> tuple[Runner, Runner]:
    """By strips, and by tiles. around: while kernels are made."""
    vars(rt).update(pairs=tiles.pairs, tiled=tiles.tiled)
    assert callable(rt.strips), "the decorator, not the module of that name"
    module = _module(written(visit, tile), f"tiles_{visit.name}")
    own = getattr(module, visit.name)
    with around():
        for stage in tile.stages:
            assert "backward_rows" in getattr(module, stage.name).kernels
    strips = Runner(own, {}, False)
    return strips, tiles.Tiles(strips, getattr(module, tile.function.name)).tiles


def loaded(tile: Tile, around: Callable[[], AbstractContextManager[None]]) -> Callable[..., Tensor]:
    """The body over all rows by itself."""
    vars(rt).update(pairs=tiles.pairs, tiled=tiles.tiled)
    text = f"import torch\n\nfrom cldsl import runtime as rt\n\n\n{tile_text(tile, lambda _: None, lambda _: False)}\n"
    module = _module(text, "tiled_formula")
    with around():
        for stage in tile.stages:
            assert "backward_rows" in getattr(module, stage.name).kernels
    body: Callable[..., Tensor] = getattr(module, tile.function.name)
    return body


def arguments(visit: Visit, dtype: torch.dtype) -> list[Tensor]:
    """Tensors for what a visit takes: reals at random, whole numbers few, so that many are equal."""
    source = torch.Generator().manual_seed(3)
    made = []
    for node in visit.sources:
        shape = tuple(axis.size or 1 for axis in node.axes)
        if node.dtype == "real":
            made.append((torch.rand(shape, generator=source, dtype=torch.float64) + 0.3).to(dtype))
        else:
            high = 2 if node.dtype == "bool" else 5 if len(shape) == 1 else 1  # places of a positive: the first
            x = torch.randint(0, high, shape, generator=source)
            made.append(x.bool() if node.dtype == "bool" else x)
    return made
