"""torch's own optimisers under the names and options of a spec.

Input: parameters and bound options. Output: a torch.optim.Optimizer whose rate is set at each step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch.optim import SGD, Adam, AdamW, Optimizer

Groups = Iterable[dict[str, Any]]


def sgd(groups: Groups, momentum: float, decay: float, nesterov: bool) -> Optimizer:
    """v <- momentum v + (g + decay p); p <- p - lr v."""
    return SGD(groups, lr=0.0, momentum=momentum, weight_decay=decay, nesterov=nesterov, foreach=True)


def adam(groups: Groups, betas: tuple[float, float], eps: float, decay: float) -> Optimizer:
    """Kingma and Ba, arXiv:1412.6980, algorithm 1; decay p is added to the gradient."""
    return Adam(groups, lr=0.0, betas=(betas[0], betas[1]), eps=eps, weight_decay=decay, foreach=True)


def adamw(groups: Groups, betas: tuple[float, float], eps: float, decay: float) -> Optimizer:
    """Loshchilov and Hutter, arXiv:1711.05101, algorithm 2; p <- (1 - lr decay) p before the step."""
    return AdamW(groups, lr=0.0, betas=(betas[0], betas[1]), eps=eps, weight_decay=decay, foreach=True)
