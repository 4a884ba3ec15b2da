"""What is measured: a spec, the tensors that stand for its models and data, and what a gradient is taken to.

Input: a number of rows (the anchors of the loss) and a width. Output: a `Case` that draws tensors by name. It says
nothing about who computes the loss; the cases of the shipped specs are in shipped_cases.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Generator, Tensor

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "specs"
OWN = ROOT / "tests" / "bench" / "specs"

Tensors = dict[str, Tensor]
#: rows, width, source of random numbers -> tensors by name
Draw = Callable[[int, int, Generator], Tensors]


@dataclass(frozen=True)
class Case:
    """One loss. learned: what takes a gradient. unit: what is normalised first, as the spec's `unit` does.

    axes: of supplied tensors whose axes the spec does not give. floor: names of the two tensors between which the loss
    computes similarities, and how many products of the size rows x rows x width a step cannot do without.
    """

    name: str
    spec: Path
    draw: Draw
    learned: tuple[str, ...] = ("z",)
    unit: tuple[str, ...] = ("z",)
    variant: str | None = None
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    floor: tuple[str, str, int] | None = ("z", "z", 3)

    def tensors(self, rows: int, dim: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensors:
        """Tensors by name; equal seeds give equal numbers in each dtype. What is learned requires a gradient."""
        drawn = self.draw(rows, dim, torch.Generator().manual_seed(seed))
        made = {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in drawn.items()}
        for name in self.learned:
            made[name].requires_grad_()
        return made


def views(count: int) -> Draw:
    """z[item, v, dim] with `count` views of an item; rows are items times views."""
    return lambda rows, dim, source: {"z": torch.randn(rows // count, count, dim, generator=source)}


def _classes(rows: int, dim: int, source: Generator) -> Tensors:
    """z[item, v, dim] of two views and label[item]: eight rows in a class."""
    items = rows // 2
    label = torch.arange(items)[torch.randperm(items, generator=source)] // 4
    return {**views(2)(rows, dim, source), "label": label}


def _sides(rows: int, dim: int, source: Generator) -> Tensors:
    """zi[item, dim], zt[item, dim]: images and their texts."""
    image = torch.randn(rows, dim, generator=source)
    return {"zi": image, "zt": image + torch.randn(rows, dim, generator=source)}


NAMED: tuple[Case, ...] = (
    Case("nt-xent", SHIPPED / "dcl.cl", views(2), variant="baseline"),
    Case("dcl", SHIPPED / "dcl.cl", views(2)),
    Case("supcon", OWN / "supcon.cl", _classes),
    Case("clip", SHIPPED / "isogclr-bimodal.cl", _sides, ("zi", "zt"), ("zi", "zt"), "baseline", floor=("zi", "zt", 4)),
    Case("triplet", OWN / "triplet.cl", views(4)),
)
