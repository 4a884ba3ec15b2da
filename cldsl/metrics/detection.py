"""Scores against a yes-or-no label, over all thresholds.

Input: scores and labels (0 or 1), one shape. Output: a float. Rows of equal score pass a threshold together.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics.agreement import mean_ranks
from cldsl.metrics.inputs import paired


def auc(score: Tensor, label: Tensor) -> float:
    """Probability that a positive row scores above a negative one, ties counting half."""
    score, positive = _checked("auc", score, label)
    count = positive.sum()
    other = positive.numel() - count
    if float(other) == 0:
        raise CatalogueError("auc needs rows of both labels, every label is 1")
    return float((mean_ranks(score)[positive > 0].sum() - count * (count + 1) / 2) / (count * other))


def average_precision(score: Tensor, label: Tensor, rule: str = "step") -> float:
    """Area under precision against recall: sum of steps of recall times precision, or trapezoids from recall 0."""
    precision, recall = _curve("average_precision", score, label)
    step = torch.diff(recall, prepend=recall.new_zeros(1))
    if rule == "step":
        return float((step * precision).sum())
    before = torch.cat([precision.new_ones(1), precision[:-1]])
    return float((step * (precision + before) / 2).sum())


def best_f1(score: Tensor, label: Tensor) -> float:
    """The largest F1 of "score >= threshold" over the thresholds that occur."""
    precision, recall = _curve("best_f1", score, label)
    total = precision + recall
    return float((2 * precision * recall / torch.where(total > 0, total, torch.ones_like(total))).max())


def _curve(metric: str, score: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Precision and recall at each occurring threshold, from the highest score down."""
    score, positive = _checked(metric, score, label)
    order = score.argsort(descending=True, stable=True)
    score, found = score[order], positive[order].cumsum(0)
    last = torch.cat([score[1:] != score[:-1], torch.ones(1, dtype=torch.bool, device=score.device)])
    place = torch.arange(1, score.numel() + 1, device=score.device)[last]
    return found[last] / place, found[last] / found[-1]


def _checked(metric: str, score: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    score, label = paired(metric, score, label)
    score, label = score.flatten(), label.flatten()
    if not bool(((label == 0) | (label == 1)).all()):
        raise CatalogueError(f"{metric}: labels are 0 or 1", "compare with the class that counts as positive")
    if float(label.sum()) == 0:
        raise CatalogueError(f"{metric} needs a row of label 1, there is none")
    return score, label
