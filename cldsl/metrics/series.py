"""What representations of series are worth: forecasts by ridge regression, classes by a support vector machine.

Input: (features [row, dim], future [row, ...] or label [row]) of the training and of the test split, rows in the order of time.
Output: a float or a dict of floats. The protocols are those of arXiv:2106.10466, section 4. Deterministic.
"""

from __future__ import annotations

import torch
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics import agreement
from cldsl.metrics.inputs import classes, columns, rows

#: Penalties among which a forecast chooses, and those of the support vector machine (the last: no slack).
PENALTIES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
SLACK = (*(10.0**power for power in range(-4, 5)), float("inf"))
#: A class needs so many training rows, and the split so many, that anything can be chosen.
FEW_OF_A_CLASS, FEW = 5, 50


def forecast(train: tuple[Tensor, ...], test: tuple[Tensor, ...], measure: str = "all") -> float | dict[str, float]:
    """Errors of ridge regression on the test split, mean over rows and what lies ahead.

    Fitted on the first three quarters of the training rows; the penalty is that of the smallest root mean squared plus
    mean absolute error on the rest. Raises CatalogueError for fewer than four training rows.
    """
    known, asked = rows("forecast", train[0]), rows("forecast", test[0]).to(train[0].device)
    target, wanted = (columns("forecast", f, x, "futures") for f, x in ((train[1], known), (test[1], asked)))
    cut = len(known) * 3 // 4
    if len(known) < 4:
        raise CatalogueError(f"forecast needs four rows to fit and choose on, there are {len(known)}")
    fits = [_ridge(known[:cut], target[:cut], penalty) for penalty in PENALTIES]
    errors = [_rated(known[cut:] @ weight + free, target[cut:]) for weight, free in fits]
    weight, free = fits[min(range(len(fits)), key=errors.__getitem__)]
    prediction = asked @ weight + free
    measures = {"mse": agreement.mse, "mae": agreement.mae}
    if measure != "all":
        return measures[measure](prediction, wanted)
    return {name: function(prediction, wanted) for name, function in measures.items()}


def _ridge(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Weight and intercept of the smallest |y - x w - b|^2 + penalty |w|^2; b is free."""
    centre, level = x.mean(0), y.mean(0)
    moved = x - centre
    gram = moved.T @ moved + penalty * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weight = torch.linalg.solve(gram, moved.T @ (y - level))
    return weight, level - centre @ weight


def _rated(prediction: Tensor, target: Tensor) -> float:
    return float(agreement.mse(prediction, target) ** 0.5 + agreement.mae(prediction, target))


def svm(train: tuple[Tensor, ...], test: tuple[Tensor, ...], folds: int = 5) -> float:
    """Accuracy on the test split. Without enough training rows to choose a penalty there is none.

    Raises CatalogueError when the training split has one class only.
    """
    known, asked = rows("svm", train[0]), rows("svm", test[0])
    label = classes("svm", train[1], len(known)).cpu().numpy()
    wanted = classes("svm", test[1], len(asked)).cpu().numpy()
    sizes = torch.bincount(train[1].detach().reshape(-1).long().cpu())
    sizes = sizes[sizes > 0]
    if len(sizes) < 2:
        raise CatalogueError("svm needs two classes in the training split, there is one")
    machine = SVC(C=float("inf"), gamma="scale")
    fitted = machine
    if len(known) >= FEW and len(known) // len(sizes) >= FEW_OF_A_CLASS and int(sizes.min()) >= folds:
        split = StratifiedKFold(folds)
        fitted = GridSearchCV(machine, {"C": list(SLACK)}, cv=split)
    fitted.fit(known.cpu().numpy(), label)
    return float(fitted.score(asked.cpu().numpy(), wanted))
