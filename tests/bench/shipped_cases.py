"""The cases of the shipped specs: their first minimised objective on supplied tensors of the size that is asked for.

Rows are the anchors: items times views. A bank or a queue has as many rows as there are anchors, at least the
neighbours that a spec takes from it; what is kept for each example has one entry for each item. `dcl` is among the
losses that have a name.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn.functional import normalize

from tests.bench.cases import NAMED, SHIPPED, Case, Tensors, views


def _positive(size: int, source: Generator) -> Tensor:
    return 0.1 + 0.8 * torch.rand(size, generator=source)


def _bank(rows: int, dim: int, source: Generator) -> Tensors:
    """z[item, dim], the example of each item, and bank[sample, dim] of unit rows."""
    return {
        "z": torch.randn(rows, dim, generator=source),
        "id": torch.randperm(rows, generator=source),
        "bank": normalize(torch.randn(rows, dim, generator=source), dim=-1),
    }


def _temperatures(rows: int, dim: int, source: Generator) -> Tensors:
    """z[item, v, dim], and a moving average and a temperature for each example; not the first epoch."""
    items = rows // 2
    kept = {"s": _positive(items, source), "tau": _positive(items, source), "epoch": torch.tensor(1)}
    return {**views(2)(rows, dim, source), "id": torch.randperm(items, generator=source), **kept}


def _sides(rows: int, dim: int, source: Generator) -> Tensors:
    """zi and zt[item, dim], and what is kept for each example and side."""
    kept = {name: _positive(rows, source) for name in ("si", "bi", "ti", "st", "bt", "tt")}
    sides = {name: torch.randn(rows, dim, generator=source) for name in ("zi", "zt")}
    return {**sides, **kept, "id": torch.randperm(rows, generator=source)}


def _mixes(rows: int, dim: int, source: Generator) -> Tensors:
    """Queries, keys, a queue, and the draws of 64 + 16 mixes for each query, at a step where mixing has begun."""

    def ranks(count: int) -> Tensor:
        return torch.randint(0, 64, (rows, count), generator=source)

    def unit(count: int) -> Tensor:
        return normalize(torch.randn(count, dim, generator=source), dim=-1)

    return {
        "q": torch.randn(rows, dim, generator=source), "k": unit(rows), "Q": unit(max(rows, 64)),
        "i": ranks(64), "j": ranks(64), "r": ranks(16),
        "share": torch.rand(rows, 64, generator=source), "own": torch.rand(rows, 16, generator=source) / 2,
        "step": torch.tensor(100),
    }  # fmt: skip


def _ages(rows: int, dim: int, source: Generator) -> Tensors:
    """z[item, v, dim], ten ages, and the draw of a share for each pair of rows (rows x rows numbers)."""
    items = rows // 2
    age = torch.randint(0, 10, (items,), generator=source).float()
    share = torch.rand(items, 2, items, 2, generator=source)
    return {**views(2)(rows, dim, source), "age": age, "share": share}


def _crops(rows: int, dim: int, source: Generator) -> Tensors:
    """z[item, crop, dim] of six crops and thirty unit prototypes."""
    return {**views(6)(rows, dim, source), "C": normalize(torch.randn(30, dim, generator=source), dim=-1)}


CONTRASTS: tuple[Case, ...] = (
    Case("cacr", SHIPPED / "cacr.cl", views(4)),
    Case("groco", SHIPPED / "groco.cl", views(2), unit=(), floor=None),
    Case("hardness-aware", SHIPPED / "hardness-aware.cl", _bank, floor=("z", "bank", 2)),
    Case("isogclr", SHIPPED / "isogclr.cl", _temperatures),
    Case(
        "isogclr-bimodal", SHIPPED / "isogclr-bimodal.cl", _sides, ("zi", "zt"), ("zi", "zt"), floor=("zi", "zt", 4)
    ),
    Case("mochi", SHIPPED / "mochi.cl", _mixes, ("q",), ("q",), floor=("q", "Q", 2)),
    Case(
        "supremix", SHIPPED / "supremix.cl", _ages, axes={"share": ("a.item", "a.v", "k.item", "k.v")}
    ),
    Case("swav", SHIPPED / "swav.cl", _crops, ("z", "C"), floor=None),
)  # fmt: skip

CASES = {case.name: case for case in (*NAMED, *CONTRASTS)}
