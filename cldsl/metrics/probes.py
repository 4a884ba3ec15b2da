"""Linear probes on frozen features: logistic and ridge regression, fitted on the training split.

Input: (features [row, dim], label or target [row]) of the training and of the test split. Output: a float or a dict of
floats. Features are standardised by the training split's mean and spread. Deterministic: no draw, full batches.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from cldsl.catalogue import CatalogueError
from cldsl.metrics import agreement
from cldsl.metrics.classes import accuracy, balanced_accuracy, macro_f1, mean_iou
from cldsl.metrics.inputs import classes, columns, distinct, rows


def linear_probe(
    train: tuple[Tensor, ...],
    test: tuple[Tensor, ...],
    l2: float = 1e-3,
    balanced: bool = False,
    iterations: int = 300,
    measure: str = "accuracy",
) -> float:
    """Accuracy, macro F1 or mean intersection over union of multinomial logistic regression: minimises mean cross-entropy + l2 / 2 |W|^2 by L-BFGS.

    The intercept carries no penalty. Raises CatalogueError when the training split has one class only.
    """
    known, asked = _standardised("linear_probe", train[0], test[0])
    known_label = classes("linear_probe", train[1], known.shape[0]).to(known.device)
    label = classes("linear_probe", test[1], asked.shape[0]).to(known.device)
    present, index, _ = distinct(known_label)
    if present.numel() < 2:
        raise CatalogueError("linear_probe needs two classes in the training split, there is one")
    weight, intercept = logistic(known, index, present.numel(), l2, iterations)
    prediction = present[(asked @ weight + intercept).argmax(1)]
    if measure in ("macro_f1", "mean_iou"):
        return (macro_f1 if measure == "macro_f1" else mean_iou)(prediction, label)
    return (balanced_accuracy if balanced else accuracy)(prediction, label)


@torch.enable_grad()
def logistic(x: Tensor, label: Tensor, count: int, l2: float, iterations: int) -> tuple[Tensor, Tensor]:
    """Weight [dim, class] and intercept [class] of rows [row, dim] with classes 0 to count - 1."""
    weight = torch.zeros(x.shape[1], count, dtype=x.dtype, device=x.device, requires_grad=True)
    intercept = torch.zeros(count, dtype=x.dtype, device=x.device, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weight, intercept],
        max_iter=iterations,
        tolerance_grad=1e-7,
        tolerance_change=1e-12,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(x @ weight + intercept, label) + l2 / 2 * weight.square().sum()
        torch.autograd.backward(loss)
        return loss

    cast(Any, optimiser).step(closure)
    return weight.detach(), intercept.detach()


def regress(
    train: tuple[Tensor, ...], test: tuple[Tensor, ...], l2: float = 1e-3, measure: str = "all"
) -> float | dict[str, float]:
    """Errors of ridge regression on the test split: minimises mean squared error + l2 |w|^2, intercept free.

    Targets are [row] or [row, column]; several columns are fitted apart and measured together. measure = "all" gives
    the dict of mae, mse, gmean (geometric mean of absolute errors), pearson and r2.
    """
    known, asked = _standardised("regress", train[0], test[0])
    target = columns("regress", train[1], known)
    wanted = columns("regress", test[1], asked)
    centre = target.mean(0)
    count, dim = known.shape
    ridge = l2 * torch.eye(dim, dtype=known.dtype, device=known.device)
    gram, moment = known.T @ known / count + ridge, known.T @ (target - centre) / count
    # The pseudo-inverse, because the Gram matrix is singular for a constant feature when l2 = 0.
    prediction = asked @ torch.linalg.pinv(gram, hermitian=True) @ moment + centre
    measures = {
        "mae": agreement.mae,
        "mse": agreement.mse,
        "gmean": agreement.gmean_error,
        "pearson": agreement.pearson,
        "r2": agreement.r2,
    }
    if measure != "all":
        return measures[measure](prediction, wanted)
    return {name: function(prediction, wanted) for name, function in measures.items()}


def _standardised(metric: str, known: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
    known = rows(metric, known)
    asked = rows(metric, asked).to(known.device)
    centre, spread = known.mean(0), known.std(0, correction=0)
    spread = torch.where(spread > 0, spread, torch.ones_like(spread))
    return (known - centre) / spread, (asked - centre) / spread
