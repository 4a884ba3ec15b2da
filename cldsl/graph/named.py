"""Tensors over named axes for the interpreter: bring dims into an order, open them up.

Input: tensors beside the names of their dims. Output: views of them. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from cldsl.graph.nodes import Axis, GraphError, Node, union

Names = tuple[str, ...]


@dataclass
class Run:
    """What holds for one execution: the real dtype, sizes of axes known only now."""

    real: torch.dtype
    sizes: dict[str, int]
    dtypes: dict[str, torch.dtype] = field(init=False)

    def __post_init__(self) -> None:
        self.dtypes = {"real": self.real, "int": torch.int64, "bool": torch.bool}

    def size(self, axis: Axis) -> int:
        """The size of an axis. Raises GraphError where no input tells it."""
        size = self.sizes.get(axis.name) if axis.size is None else axis.size
        if size is None:
            raise GraphError(f"no input tells the size of axis {axis.name}")
        return size


def fit(x: Tensor, names: Names, wanted: Sequence[str]) -> Tensor:
    """x with its dims in the wanted order; a wanted name that x lacks becomes a dim of size 1."""
    order = [names.index(name) for name in wanted if name in names]
    x = x.permute(order)
    for place, name in enumerate(wanted):
        if name not in names:
            x = x.unsqueeze(place)
    return x


def full(x: Tensor, names: Names, wanted: Sequence[str], sizes: Sequence[int]) -> Tensor:
    """As `fit`, every dim of its full size."""
    return fit(x, names, wanted).expand(*sizes)


def meet(node: Node, parts: Sequence[Tensor]) -> tuple[list[Tensor], Names]:
    """The node's inputs broadcast over the union of their axes, and the union's names."""
    names = tuple(axis.name for axis in union(*(each.axes for each in node.inputs)))
    fitted = [fit(x, each.names, names) for x, each in zip(parts, node.inputs, strict=True)]
    shape = [next((size for size in sizes if size != 1), 1) for sizes in zip(*(x.shape for x in fitted), strict=True)]
    return [x.expand(shape) for x in fitted], names


def last(x: Tensor, names: Names, gone: Iterable[str]) -> tuple[Tensor, Names]:
    """x with the named axes flattened into one last dim, the first slowest; and the names of the dims before it."""
    moved = tuple(gone)
    rest = tuple(name for name in names if name not in moved)
    return fit(x, names, (*rest, *moved)).flatten(len(rest)) if moved else (x.unsqueeze(-1)), rest
