"""Nearest neighbours by cosine: the vote of training rows, and retrieval of matched rows.

Input: features as [row, dim]. Output: a float. Pairs are visited in chunks, memory is linear in the number of rows.
Ties go to the lowest coordinate: of neighbours, of classes, of candidates.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from cldsl.catalogue import CatalogueError
from cldsl.metrics.classes import accuracy, balanced_accuracy
from cldsl.metrics.inputs import chunks, classes, paired, rows, unit
from cldsl.metrics.ranking import ranks


def knn(
    train: tuple[Tensor, ...],
    test: tuple[Tensor, ...],
    k: int = 20,
    temperature: float | None = None,
    balanced: bool = False,
) -> float:
    """Accuracy of the vote of the k nearest rows of (features [row, dim], label [row]).

    Without a temperature each neighbour has one vote; with one it has exp(cosine / temperature) (the weighted vote of
    arXiv:1805.01978). Raises CatalogueError when k exceeds the training rows.
    """
    known, known_label = rows("knn", train[0]), classes("knn", train[1], train[0].shape[0])
    asked, label = rows("knn", test[0]).to(known.device), classes("knn", test[1], test[0].shape[0])
    if k > known.shape[0]:
        raise CatalogueError(f"knn: k = {k}, but there are {known.shape[0]} training rows", "choose a smaller k")
    known, asked = unit(known), unit(asked)
    count = int(known_label.max()) + 1
    is_class = functional.one_hot(known_label.to(known.device), count).double()  # [known, class]
    predicted = []
    for chunk in chunks(asked.shape[0], known.shape[0]):
        cosine = asked[chunk] @ known.T  # [asked, known]
        votes = _nearest(cosine, k).double()
        if temperature is not None:
            # The largest cosine is subtracted: the same vote, and no overflow at a small temperature.
            votes = votes * torch.exp((cosine - cosine.amax(1, keepdim=True)) / temperature)
        predicted.append(_lowest_best(votes @ is_class))
    prediction = torch.cat(predicted).cpu()
    return (balanced_accuracy if balanced else accuracy)(prediction, label.cpu())


def _nearest(cosine: Tensor, k: int) -> Tensor:
    """Which k candidates are nearest, [asked, known] of booleans; of equals at the edge the first ones."""
    edge = cosine.topk(k, dim=1).values[:, -1:]
    above = cosine > edge
    equal = cosine == edge
    wanted = k - above.sum(1, keepdim=True)
    return above | (equal & (equal.cumsum(1) <= wanted))


def _lowest_best(votes: Tensor) -> Tensor:
    """The class of most votes, the lowest of equals: [asked, class] -> [asked]."""
    number = torch.arange(votes.shape[1], device=votes.device)
    best = votes == votes.amax(1, keepdim=True)
    return torch.where(best, number, votes.shape[1]).amin(1)


def recall_at(query: Tensor, candidate: Tensor, k: int = 1) -> float:
    """Share of queries [row, dim] whose candidate of the same row is among the k of largest cosine."""
    return float((_own_rank("recall_at", query, candidate) <= k).double().mean())


def reciprocal_rank(query: Tensor, candidate: Tensor, within: int = 0) -> float:
    """Mean of 1 / rank of the candidate of the same row, 0 beyond the rank `within` (0: no limit)."""
    rank = _own_rank("reciprocal_rank", query, candidate).double()
    counted = torch.ones_like(rank) if within == 0 else (rank <= within).double()
    return float((counted / rank).mean())


def _own_rank(metric: str, query: Tensor, candidate: Tensor) -> Tensor:
    query, candidate = paired(metric, rows(metric, query), rows(metric, candidate))
    query, candidate = unit(query), unit(candidate)
    own = torch.arange(query.shape[0], device=query.device)
    return torch.cat([ranks(query[chunk] @ candidate.T, own[chunk]) for chunk in chunks(len(own), len(own))])
