"""Nearest neighbours against scikit-learn and by hand, ties included."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics import inputs
from cldsl.metrics.neighbours import knn, recall_at, reciprocal_rank
from cldsl.metrics.ranking import hit_at, mrr, ndcg_at


def blobs(count: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(0, 4, (count,), generator=generator)
    noise = torch.randn(count, 6, generator=generator, dtype=torch.float64)
    return torch.eye(4, 6, dtype=torch.float64)[label] + 0.6 * noise, label


@pytest.mark.parametrize("k", [1, 4, 15])
@pytest.mark.parametrize("temperature", [None, 0.07, 0.5])
@pytest.mark.parametrize("block", [100, 1 << 22])
def test_knn_is_scikit_learns(k: int, temperature: float | None, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "BLOCK", block)
    train, test = blobs(120, 0), blobs(80, 1)

    def weigh(distance: np.ndarray) -> np.ndarray:
        assert temperature is not None
        return np.exp((1 - distance) / temperature)

    weights = "uniform" if temperature is None else weigh
    model = KNeighborsClassifier(k, weights=weights, metric="cosine").fit(train[0].numpy(), train[1].numpy())
    expected = model.score(test[0].numpy(), test[1].numpy())
    assert knn(train, test, k=k, temperature=temperature) == pytest.approx(expected, abs=1e-12)
    assert 0.5 < expected < 1.0


def test_knn_balanced_counts_classes_alike() -> None:
    train = (torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1]))
    test = (torch.tensor([[1.0, 0.0], [1.0, 0.1], [1.0, 0.2], [1.0, 0.0]]), torch.tensor([0, 0, 0, 1]))
    assert knn(train, test, k=1) == 0.75
    assert knn(train, test, k=1, balanced=True) == 0.5


def test_knn_ties_go_to_the_lowest_class_and_the_first_row() -> None:
    asked = torch.tensor([[1.0, 0.0]])
    rows = torch.tensor([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    # Two of three equally near rows are taken, the first ones: classes 2 and 1, one vote each, class 1 wins.
    train = (rows, torch.tensor([2, 1, 0]))
    assert knn(train, (asked, torch.tensor([1])), k=2) == 1.0


def test_knn_small_temperature_does_not_overflow() -> None:
    train = (torch.tensor([[1.0, 0.0], [1.0, 0.5], [1.0, 0.5]]), torch.tensor([0, 1, 1]))
    test = (torch.tensor([[1.0, 0.01]]), torch.tensor([0]))
    assert knn(train, test, k=3, temperature=1e-4) == 1.0
    assert knn(train, test, k=3) == 0.0


def test_knn_mistakes_are_told() -> None:
    train = (torch.eye(3), torch.arange(3))
    with pytest.raises(CatalogueError, match="k = 20, but there are 3 training rows"):
        knn(train, train)
    with pytest.raises(CatalogueError, match="takes vectors"):
        knn((torch.zeros(3, 2, 2), torch.arange(3)), train, k=1)
    with pytest.raises(CatalogueError, match="class numbers start at 0, not -1"):
        knn((torch.eye(3), torch.tensor([0, -1, 1])), train, k=1)


def test_retrieval_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "BLOCK", 4)
    candidate = torch.eye(4)
    query = torch.tensor([[9.0, 1, 0, 0], [2, 1, 0, 0], [3, 2, 1, 0], [1, 1, 1, 1]])  # ranks 1, 2, 3, 4 (tie)
    assert [recall_at(query, candidate, k) for k in (1, 2, 3, 4)] == [0.25, 0.5, 0.75, 1.0]
    assert reciprocal_rank(query, candidate) == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert reciprocal_rank(query, candidate, within=2) == pytest.approx(1.5 / 4)


def test_ranking_by_hand() -> None:
    score = torch.tensor([[0.1, 0.9, 0.5], [0.3, 0.3, 0.3], [3.0, 2.0, 1.0]])
    target = torch.tensor([1, 1, 2])  # ranks 1, 2 (tie), 3
    assert hit_at(score, target, 2) == pytest.approx(2 / 3)
    assert ndcg_at(score, target, 2) == pytest.approx((1 + 1 / math.log2(3)) / 3)
    assert ndcg_at(score, target, 3) == pytest.approx((1 + 1 / math.log2(3) + 1 / 2) / 3)
    assert mrr(score, target) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert mrr(score, target, within=2) == pytest.approx(1.5 / 3)
    with pytest.raises(CatalogueError, match="target 3 among 3 candidates"):
        hit_at(score, torch.tensor([0, 0, 3]))
