"""Few-shot accuracy against episodes counted slowly, its interval, and what it refuses."""

from __future__ import annotations

import math
import statistics

import pytest
import torch

from cldsl.catalogue import CatalogueError
from cldsl.metrics.few_shot import few_shot


def _rows(classes: int = 6, each: int = 8, spread: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(1)
    label = torch.arange(classes).repeat(each) * 2  # numbers with gaps, mixed over the rows
    centres = torch.randn(classes, 3, generator=source, dtype=torch.float64) * 2
    return centres[label // 2] + spread * torch.randn(classes * each, 3, generator=source, dtype=torch.float64), label


def _slow(x: torch.Tensor, label: torch.Tensor, way: int, shot: int, ask: int, episodes: int) -> list[float]:
    """Accuracies of the same episodes by loops over numbers."""
    source = torch.Generator().manual_seed(0)
    names = sorted(set(label.tolist()))
    scores = []
    for _ in range(episodes):
        chosen = [names[place] for place in torch.randperm(len(names), generator=source)[:way].tolist()]
        means, asked = [], []
        for number, name in enumerate(chosen):
            own = [row for row, each in enumerate(label.tolist()) if each == name]
            drawn = [own[place] for place in torch.randperm(len(own), generator=source)[: shot + ask].tolist()]
            means.append([statistics.fmean(x[row, d].item() for row in drawn[:shot]) for d in range(3)])
            asked += [(row, number) for row in drawn[shot:]]
        right = 0
        for row, number in asked:
            far = [sum((x[row, d].item() - mean[d]) ** 2 for d in range(3)) for mean in means]
            right += far.index(min(far)) == number
        scores.append(right / len(asked))
    return scores


@pytest.mark.parametrize(("way", "shot", "ask"), [(3, 2, 4), (6, 1, 7), (2, 5, 1)])
def test_nearest_means_and_the_interval(way: int, shot: int, ask: int) -> None:
    x, label = _rows()
    scores = _slow(x, label, way, shot, ask, 40)
    told = few_shot(x, label, way, shot, ask, 40)
    assert isinstance(told, dict) and told["accuracy"] == pytest.approx(statistics.fmean(scores), abs=1e-12)
    assert told["interval"] == pytest.approx(1.96 * statistics.stdev(scores) / math.sqrt(40), rel=1e-4)
    assert few_shot(x, label, way, shot, ask, 40, measure="interval") == told["interval"]


@pytest.mark.parametrize("classify", ["nearest", "logistic"])
def test_classes_apart_are_told_apart_and_mixed_ones_are_not(classify: str) -> None:
    x, label = _rows(spread=1e-3)
    assert few_shot(x, label, 4, 2, 5, 20, classify, "accuracy") == 1
    source = torch.Generator().manual_seed(2)
    mixed = few_shot(torch.randn(48, 3, generator=source), label, 4, 2, 5, 60, classify, "accuracy")
    assert isinstance(mixed, float) and abs(mixed - 0.25) < 0.1


def test_what_has_no_episode_is_one_line() -> None:
    x, label = _rows()
    with pytest.raises(CatalogueError, match="few_shot: way = 7, but there are 6 classes"):
        few_shot(x, label, way=7)
    with pytest.raises(CatalogueError, match="few_shot: class 0 has 8 rows, and an episode takes 1 \\+ 15"):
        few_shot(x, label)
