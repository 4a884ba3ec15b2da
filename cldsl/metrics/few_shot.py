"""Few-shot accuracy: episodes drawn from labelled features, a classifier made from a few rows of each class.

Input: features [row, dim], label [row]. Output: a float or a dict of floats. Episodes are a function of `seed`; the support
rows of an episode are never asked.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics.inputs import classes, distinct, rows
from cldsl.metrics.probes import logistic

#: Quantile of the normal distribution that leaves 5 % outside.
NORMAL = 1.959963984540054


def few_shot(
    features: Tensor,
    label: Tensor,
    way: int = 5,
    shot: int = 1,
    ask: int = 15,
    episodes: int = 600,
    classify: str = "nearest",
    measure: str = "all",
    seed: int = 0,
) -> float | dict[str, float]:
    """Mean accuracy over episodes of `way` classes, `shot` support rows and `ask` other rows of each.

    classify: "nearest" asks for the nearest mean of support rows by squared distance (a prototypical network,
    arXiv:1703.05175); "logistic" fits multinomial logistic regression to the support rows. measure "interval" is half the
    width of the 95 % interval, 1.96 times the spread of the episodes' accuracies (n - 1) over the root of their number; "all"
    gives both. Raises CatalogueError for too few classes, or a class with too few rows.
    """
    x = rows("few_shot", features)
    present, index, sizes = distinct(classes("few_shot", label, x.shape[0]).to(x.device))
    if way > present.numel():
        raise CatalogueError(f"few_shot: way = {way}, but there are {present.numel()} classes", "choose a smaller way")
    if int(sizes.min()) < shot + ask:
        small = int(present[sizes.argmin()])
        raise CatalogueError(
            f"few_shot: class {small} has {int(sizes.min())} rows, and an episode takes {shot} + {ask}",
            f"take shot + ask of at most {int(sizes.min())}",
        )
    groups = [(index == place).nonzero().flatten() for place in range(present.numel())]
    source = torch.Generator().manual_seed(seed)
    target = torch.arange(way, device=x.device).repeat_interleave(ask)
    found = []
    for _ in range(episodes):
        chosen = torch.randperm(len(groups), generator=source)[:way].tolist()
        drawn = torch.stack([_some(groups[each], shot + ask, source) for each in chosen])  # [way, shot + ask]
        known, asked = x[drawn[:, :shot]], x[drawn[:, shot:].flatten()]
        predicted = (_nearest if classify == "nearest" else _logistic)(known, asked)
        found.append((predicted == target).double().mean())
    scores = torch.stack(found)
    interval = NORMAL * float(scores.std()) / math.sqrt(episodes) if episodes > 1 else 0.0
    told = {"accuracy": float(scores.mean()), "interval": interval}
    return told if measure == "all" else told[measure]


def _some(group: Tensor, count: int, source: torch.Generator) -> Tensor:
    return group[torch.randperm(len(group), generator=source)[:count].to(group.device)]


def _nearest(known: Tensor, asked: Tensor) -> Tensor:
    """The class of the nearest mean, the lowest of equals: known [way, shot, dim], asked [row, dim] -> [row]."""
    far = (asked[:, None] - known.mean(1)).square().sum(-1)  # [row, way]
    return far.argmin(1)


def _logistic(known: Tensor, asked: Tensor) -> Tensor:
    """The class of logistic regression fitted to the support rows: known [way, shot, dim], asked [row, dim] -> [row]."""
    way, shot, _ = known.shape
    label = torch.arange(way, device=known.device).repeat_interleave(shot)
    weight, intercept = logistic(known.flatten(0, 1), label, way, l2=1e-2, iterations=50)
    return (asked @ weight + intercept).argmax(1)
