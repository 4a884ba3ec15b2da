"""The floor: the matrix products that a step cannot do without, and nothing else, in strips of rows.

Three for a relation of a batch with itself (S = Z Z^T, S Z, S^T Z), two where the candidates are constants, four where
both directions of two sides are taken. No softmax, no mask, no autograd: what it leaves is no gradient of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

STRIP = 1024


def floor(left: str, right: str, products: int) -> Callable[[Mapping[str, Tensor]], Tensor]:
    """A step of so many products between two tensors by name; raises ValueError for a number that is not 2, 3 or 4."""
    if products not in (2, 3, 4):
        raise ValueError(f"a floor has 2, 3 or 4 products, not {products}")

    @torch.no_grad()
    def step(tensors: Mapping[str, Tensor]) -> Tensor:
        a, b = (tensors[name].flatten(0, -2) for name in (left, right))
        to_a, to_b = torch.empty_like(a), torch.zeros_like(b)
        for start in range(0, len(a), STRIP):
            rows = slice(start, start + STRIP)
            similarity = a[rows] @ b.t()
            torch.mm(similarity, b, out=to_a[rows])
            if products == 3:
                to_b.addmm_(similarity.t(), a[rows])
            elif products == 4:
                torch.mm(b[rows] @ a.t(), a, out=to_b[rows])
        return to_a.new_zeros(())

    return step
