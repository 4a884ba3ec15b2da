"""Centres of clusters against loops, at empty clusters, ties, absent rows; and against another library's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cldsl.runtime.clusters import kmeans


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def loops(x: Tensor, centres: Tensor, rounds: int) -> Tensor:
    centres = centres.clone()
    for _ in range(rounds):
        near = [int(torch.stack([((row - c) ** 2).sum() for c in centres]).argmin()) for row in x]
        for j in range(len(centres)):
            if own := [row for row, place in zip(x, near, strict=True) if place == j]:
                centres[j] = torch.stack(own).mean(0)
    return centres


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_rounds_follow_the_loops(rounds: int) -> None:
    x, start = random(20, 3), random(4, 3, seed=1)
    torch.testing.assert_close(kmeans(x, start, rounds), loops(x, start, rounds))


def test_leading_axes_are_clustered_apart() -> None:
    x, start = random(20, 3), random(5, 4, 3, seed=1)
    found = kmeans(x, start, 3)
    for again in range(5):
        torch.testing.assert_close(found[again], kmeans(x, start[again], 3))


def test_an_empty_cluster_stays_and_the_first_of_equals_takes_all() -> None:
    x, far = random(6, 2), torch.full((1, 2), 100.0, dtype=torch.float64)
    found = kmeans(x, torch.cat([x[:1], x[:1], far]), 1)
    torch.testing.assert_close(found[0], x.mean(0))
    torch.testing.assert_close(found[1:], torch.cat([x[:1], far]))


def test_what_is_absent_takes_no_part() -> None:
    x, start = random(9, 3), random(3, 3, seed=2)
    rows, centres = torch.arange(9) % 3 > 0, torch.tensor([True, False, True])
    spoiled = torch.where(rows[:, None], x, torch.full_like(x, torch.nan))
    first = torch.where(centres[:, None], start, torch.full_like(start, torch.inf))
    found = kmeans(spoiled, first, 4, "distance", rows, centres)
    torch.testing.assert_close(found[centres], kmeans(x[rows], start[centres], 4))
    assert (found[1] == 0).all()


def test_by_dot_the_length_of_a_centre_counts_and_by_cosine_it_does_not() -> None:
    x = torch.tensor([[1.0, 0.1], [0.1, 1.0]], dtype=torch.float64)
    start = torch.tensor([[1.0, 0.0], [0.0, 20.0]], dtype=torch.float64)
    torch.testing.assert_close(kmeans(x, start, 1, "dot"), torch.stack([start[0], x.mean(0)]))
    torch.testing.assert_close(kmeans(x, start, 1, "cosine"), x)


def test_centres_are_constants() -> None:
    x = random(6, 2).requires_grad_()
    assert not kmeans(x, x[:2], 2).requires_grad


def test_agrees_with_another_library() -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    x, start = random(60, 4), random(60, 4)[:5]
    other = cluster.KMeans(5, init=start.numpy(), n_init=1, max_iter=300, tol=0).fit(x.numpy())
    torch.testing.assert_close(kmeans(x, start, 60), torch.as_tensor(other.cluster_centers_))
