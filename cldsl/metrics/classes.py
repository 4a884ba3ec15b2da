"""Agreement of predicted and true classes.

Input: class numbers [row] of prediction and label. Output: a float.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cldsl.metrics.inputs import distinct, paired


def accuracy(prediction: Tensor, label: Tensor) -> float:
    """Share of rows whose prediction is the label."""
    prediction, label = paired("accuracy", prediction, label)
    return float((prediction == label).double().mean())


def balanced_accuracy(prediction: Tensor, label: Tensor) -> float:
    """Mean over the classes that the label has of the share of their rows that are right."""
    prediction, label = paired("balanced_accuracy", prediction, label)
    _, index, count = distinct(label.flatten())
    right = torch.zeros(count.numel(), dtype=torch.float64, device=label.device)
    right.index_add_(0, index, (prediction == label).double().flatten())
    return float((right / count).mean())


def macro_f1(prediction: Tensor, label: Tensor) -> float:
    """Mean over the classes in prediction or label of 2 right / (predicted + labelled)."""
    table = confusion("macro_f1", prediction, label)
    return float((2 * table.diagonal() / (table.sum(0) + table.sum(1))).mean())


def micro_f1(prediction: Tensor, label: Tensor, ignored: int = -1) -> float:
    """2 right / (predicted + labelled) over all classes together but the ignored one; without it, the accuracy."""
    prediction, label = paired("micro_f1", prediction, label)
    predicted, labelled = prediction != ignored, label != ignored
    total = predicted.sum() + labelled.sum()
    right = ((prediction == label) & labelled).sum()
    return float(2 * right / total) if float(total) > 0 else 0.0


def mean_iou(prediction: Tensor, label: Tensor) -> float:
    """Mean over the classes in prediction or label of right / (predicted or labelled)."""
    table = confusion("mean_iou", prediction, label)
    right = table.diagonal()
    return float((right / (table.sum(0) + table.sum(1) - right)).mean())


def matthews(prediction: Tensor, label: Tensor) -> float:
    """Correlation of class indicators (Gorodkin's form for several classes); 0 when one side is constant."""
    table = confusion("matthews", prediction, label)
    total, right = table.sum(), table.trace()
    predicted, labelled = table.sum(0), table.sum(1)
    spread = float((total**2 - predicted @ predicted) * (total**2 - labelled @ labelled))
    return float(right * total - predicted @ labelled) / math.sqrt(spread) if spread > 0 else 0.0


def confusion(metric: str, prediction: Tensor, label: Tensor) -> Tensor:
    """Counts [label's class, predicted class] over the classes that occur in either."""
    prediction, label = paired(metric, prediction, label)
    present, index, _ = distinct(torch.cat([label.flatten(), prediction.flatten()]))
    of_label, of_prediction = index.chunk(2)
    count = present.numel()
    return torch.bincount(of_label * count + of_prediction, minlength=count * count).reshape(count, count).double()
