"""The rank of one wanted candidate among all, and the measures made of it.

Input: scores [row, candidate] and the number of the wanted candidate [row]. Output: a float.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics.inputs import classes, rows


def ranks(score: Tensor, target: Tensor) -> Tensor:
    """Rank from 1 of the target of each row, [row, candidate] and [row] -> [row]; ties go to the lower number."""
    own = score.gather(1, target.unsqueeze(1))  # [row, 1]
    number = torch.arange(score.shape[1], device=score.device)
    before = (score > own) | ((score == own) & (number < target.unsqueeze(1)))
    return before.sum(1) + 1


def hit_at(score: Tensor, target: Tensor, k: int = 1) -> float:
    """Share of rows whose target is among the k best scores."""
    return float((_checked("hit_at", score, target) <= k).double().mean())


def ndcg_at(score: Tensor, target: Tensor, k: int = 1) -> float:
    """Mean of 1 / log2(1 + rank) of the target, 0 beyond rank k (one relevant candidate, so the ideal is 1)."""
    rank = _checked("ndcg_at", score, target).double()
    return float(torch.where(rank <= k, 1 / torch.log2(1 + rank), 0.0).mean())


def mrr(score: Tensor, target: Tensor, within: int = 0) -> float:
    """Mean of 1 / rank of the target; ranks beyond `within` count 0 (0: no limit)."""
    rank = _checked("mrr", score, target).double()
    return float(torch.where((rank <= within) | (within == 0), 1 / rank, 0.0).mean())


def _checked(metric: str, score: Tensor, target: Tensor) -> Tensor:
    score = rows(metric, score)
    target = classes(metric, target, score.shape[0]).to(score.device)
    if int(target.max()) >= score.shape[1]:
        raise CatalogueError(f"{metric}: target {int(target.max())} among {score.shape[1]} candidates")
    return ranks(score, target)
