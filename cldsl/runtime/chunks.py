"""A module over many rows in evaluation, a bounded number at a time.

Input: a module and rows. Output: what one call would give, as far as rows do not depend on each other, which holds in
evaluation mode. Not for training: batch statistics would see chunks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cldsl.modules.build import along_rows, apply


def chunked(module: nn.Module, x: Tensor, consumed: int, rows: int = 512, present: Tensor | None = None) -> Tensor:
    """[item, *rows, *consumed] -> [item, *rows, *produced], `rows` entries of the first axis at a time."""
    if x.dim() == consumed or x.shape[0] <= rows:
        return apply(module, x, consumed, present)
    if present is None:
        return torch.cat([apply(module, part, consumed) for part in torch.split(x, rows)])
    pairs = zip(torch.split(x, rows), torch.split(along_rows(x, consumed, present), rows), strict=True)
    return torch.cat([apply(module, part, consumed, there) for part, there in pairs])
