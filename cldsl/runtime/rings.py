"""Rings: tensors that keep the last rows written to them.

Input: a ring with its axis, rows of a step, a pointer. Output: the ring afterwards, as a new tensor. The pointer
itself is moved by the program, once for all rings of an axis.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cldsl.runtime.ops import put


def push(ring: Tensor, rows: Tensor, pointer: Tensor | int, dim: int = 0, order: str = "ring") -> Tensor:
    """Rows written at the pointer, around the end ("ring"), or in front of the others ("front": newest first).

    ring [.., slot, ..] and rows [.., row, ..] share all axes but the one at dim; of more rows than slots the last stay.
    """
    slots, count = ring.shape[dim], rows.shape[dim]
    lost = max(0, count - slots)
    kept = rows.narrow(dim, lost, count - lost).to(ring.dtype)
    if order == "front":
        kept = rows.narrow(dim, 0, count - lost).to(ring.dtype)
        return torch.cat([kept, ring.narrow(dim, 0, slots - (count - lost))], dim)
    place = (pointer + lost + torch.arange(count - lost, device=ring.device)) % slots
    return put(ring, place, kept, dim)
