"""The shape of a cloud of representations: spread, tolerance, alignment, rank.

Input: features as [row, dim], taken as they are (a spec writes `unit`) except where a cosine is named. Output: a float.
Pairs are visited in chunks, memory is linear in the number of rows.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics.inputs import chunks, classes, distinct, paired, rows, unit


def uniformity(z: Tensor, t: float = 2.0) -> float:
    """log mean exp(-t |z_i - z_j|^2) over unordered pairs i < j (arXiv:2005.10242).

    Raises CatalogueError for fewer than two rows.
    """
    z = rows("uniformity", z)
    count = z.shape[0]
    if count < 2:
        raise CatalogueError("uniformity needs two rows, there is one")
    square = z.square().sum(1)
    parts = []
    for chunk in chunks(count, count):
        rest = slice(chunk.start, count)  # earlier columns belong to pairs already seen
        distance = (square[chunk, None] + square[None, rest] - 2 * z[chunk] @ z[rest].T).clamp_min(0)
        later = torch.ones_like(distance, dtype=torch.bool).triu(1)
        parts.append(torch.logsumexp((-t * distance).masked_fill(~later, -math.inf).flatten(), 0))
    return float(torch.logsumexp(torch.stack(parts), 0)) - math.log(count * (count - 1) / 2)


def tolerance(z: Tensor, label: Tensor, over: str = "same") -> float:
    """Mean cosine of unordered pairs of one class (arXiv:2012.09740); 0 when there is no such pair.

    over = "all" divides by the number of all pairs instead, the expectation of cosine times indicator as printed.
    """
    z = unit(rows("tolerance", z))
    label = classes("tolerance", label, z.shape[0]).to(z.device)
    _, index, size = distinct(label)
    # Per class, the sum over pairs is (|sum of rows|^2 - sum of |row|^2) / 2.
    sums = torch.zeros(size.numel(), z.shape[1], dtype=z.dtype, device=z.device).index_add_(0, index, z)
    total = (sums.square().sum() - z.square().sum()) / 2
    same = int((size * (size - 1) // 2).sum())
    pairs = same if over == "same" else z.shape[0] * (z.shape[0] - 1) // 2
    return float(total) / pairs if same else 0.0


def alignment(a: Tensor, b: Tensor) -> float:
    """Mean over rows of |a_i - b_i|^2 (arXiv:2005.10242, exponent 2)."""
    a, b = paired("alignment", a, b)
    return float((a - b).square().sum(-1).mean())


def effective_rank(z: Tensor, centre: bool = False) -> float:
    """exp of the entropy of the singular values divided by their sum (Roy and Vetterli 2007); 0 for all zeros."""
    z = rows("effective_rank", z)
    values = torch.linalg.svdvals(z - z.mean(0) if centre else z)
    total = values.sum()
    if float(total) == 0.0:
        return 0.0
    return float(torch.special.entr(values / total).sum().exp())


def effective_classes(p: Tensor, each: bool = False) -> float:
    """exp of the entropy of the mean of the distributions [row, class]; with `each`, the mean of each row's value."""
    p = rows("effective_classes", p)
    mean = p if each else p.mean(0, keepdim=True)
    return float(torch.special.entr(mean).sum(1).exp().mean())
