"""Agreement of predicted and true numbers.

Input: two tensors of one shape; all entries count alike. Output: a float. A correlation with a constant is nan, which
is what it is: undefined.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cldsl.metrics.inputs import distinct, paired


def mae(prediction: Tensor, target: Tensor) -> float:
    """Mean absolute error."""
    prediction, target = paired("mae", prediction, target)
    return float((prediction - target).abs().mean())


def mse(prediction: Tensor, target: Tensor) -> float:
    """Mean squared error."""
    prediction, target = paired("mse", prediction, target)
    return float((prediction - target).square().mean())


def gmean_error(prediction: Tensor, target: Tensor) -> float:
    """Geometric mean of absolute errors (as in arXiv:2102.09554); one exact prediction makes it 0."""
    prediction, target = paired("gmean_error", prediction, target)
    return float((prediction - target).abs().log().mean().exp())


def r2(prediction: Tensor, target: Tensor) -> float:
    """1 - squared error / squared deviation from the target's mean; nan for a constant target."""
    prediction, target = paired("r2", prediction, target)
    total = float((target - target.mean()).square().sum())
    return 1.0 - float((prediction - target).square().sum()) / total if total > 0 else math.nan


def pearson(prediction: Tensor, target: Tensor) -> float:
    """Linear correlation; nan when one of the two is constant."""
    prediction, target = paired("pearson", prediction, target)
    a, b = (prediction - prediction.mean()).flatten(), (target - target.mean()).flatten()
    scale = float(torch.linalg.vector_norm(a) * torch.linalg.vector_norm(b))
    return float(a @ b) / scale if scale > 0 else math.nan


def spearman(prediction: Tensor, target: Tensor) -> float:
    """Pearson's correlation of ranks, tied values sharing their mean rank; nan when one of the two is constant."""
    prediction, target = paired("spearman", prediction, target)
    return pearson(mean_ranks(prediction.flatten()), mean_ranks(target.flatten()))


def mean_ranks(x: Tensor) -> Tensor:
    """Ranks from 1, [entry] -> [entry]; equal values share the mean of their ranks."""
    _, index, count = distinct(x)
    last = count.cumsum(0).double()
    return (last - (count - 1).double() / 2)[index]
