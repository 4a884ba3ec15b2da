"""Agreement of numbers, classes and scores against scipy and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics import agreement, classes, detection


def numbers(seed: int, tied: bool = False) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(50, generator=generator, dtype=torch.float64)
    b = a + torch.randn(50, generator=generator, dtype=torch.float64)
    return (a.round(), b.round()) if tied else (a, b)


@pytest.mark.parametrize("tied", [False, True])
def test_correlations_are_scipys(tied: bool) -> None:
    a, b = numbers(0, tied)
    assert agreement.pearson(a, b) == pytest.approx(scipy.stats.pearsonr(a.numpy(), b.numpy())[0], rel=1e-12)
    assert agreement.spearman(a, b) == pytest.approx(scipy.stats.spearmanr(a.numpy(), b.numpy())[0], rel=1e-12)
    assert np.array_equal(agreement.mean_ranks(a).numpy(), scipy.stats.rankdata(a.numpy()))


def test_errors_by_hand() -> None:
    a, b = torch.tensor([1.0, 2.0, 5.0]), torch.tensor([2.0, 4.0, 1.0])
    assert agreement.mae(a, b) == pytest.approx(7 / 3)
    assert agreement.mse(a, b) == pytest.approx(7.0)
    assert agreement.gmean_error(a, b) == pytest.approx(2.0)
    assert agreement.gmean_error(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0])) == 0.0
    assert agreement.r2(a, b) == pytest.approx(1 - 21 / (14 / 3))


def test_undefined_is_nan_and_mistakes_are_told() -> None:
    a, b = numbers(0)
    assert math.isnan(agreement.pearson(a, b * 0)) and math.isnan(agreement.spearman(a * 0, b))
    assert math.isnan(agreement.r2(a, b * 0))
    with pytest.raises(CatalogueError, match=r"mae takes two tensors of one shape, not \(50,\) and \(49,\)"):
        agreement.mae(a, b[:49])
    with pytest.raises(CatalogueError, match="mae over nothing"):
        agreement.mae(a[:0], b[:0])


def test_classes_are_scikit_learns() -> None:
    generator = torch.Generator().manual_seed(3)
    label = torch.multinomial(torch.tensor([0.5, 0.3, 0.2]), 60, True, generator=generator)
    prediction = torch.where(torch.rand(60, generator=generator) < 0.6, label, 3 - label)
    a, b = label.numpy(), prediction.numpy()
    recall = sklearn.metrics.recall_score(a, b, labels=[0, 1, 2], average="macro")
    assert classes.accuracy(prediction, label) == pytest.approx(sklearn.metrics.accuracy_score(a, b))
    assert classes.balanced_accuracy(prediction, label) == pytest.approx(recall)
    assert classes.macro_f1(prediction, label) == pytest.approx(sklearn.metrics.f1_score(a, b, average="macro"))
    assert classes.micro_f1(prediction, label) == pytest.approx(classes.accuracy(prediction, label))
    shown = sklearn.metrics.f1_score(a, b, labels=[0, 2, 3], average="micro")
    assert classes.micro_f1(prediction, label, ignored=1) == pytest.approx(shown)
    assert classes.micro_f1(label * 0, label * 0, ignored=0) == 0.0
    assert classes.mean_iou(prediction, label) == pytest.approx(sklearn.metrics.jaccard_score(a, b, average="macro"))
    assert classes.matthews(prediction, label) == pytest.approx(sklearn.metrics.matthews_corrcoef(a, b))
    assert classes.matthews(label * 0, label) == 0.0


@pytest.mark.parametrize("tied", [False, True])
def test_scores_are_scikit_learns(tied: bool) -> None:
    score, noisy = numbers(4, tied)
    label = (noisy > 0.2).long()
    a, s = label.numpy(), score.numpy()
    assert detection.auc(score, label) == pytest.approx(sklearn.metrics.roc_auc_score(a, s), rel=1e-12)
    expected = sklearn.metrics.average_precision_score(a, s)
    assert detection.average_precision(score, label) == pytest.approx(expected, rel=1e-12)
    precision, recall, _ = sklearn.metrics.precision_recall_curve(a, s)
    area = sklearn.metrics.auc(recall, precision)
    assert detection.average_precision(score, label, rule="trapezoid") == pytest.approx(area, rel=1e-12)
    f1 = max(sklearn.metrics.f1_score(a, s >= threshold) for threshold in s)
    assert detection.best_f1(score, label) == pytest.approx(f1, rel=1e-12)


def test_score_mistakes_are_told() -> None:
    score = torch.tensor([0.1, 0.2])
    with pytest.raises(CatalogueError, match="labels are 0 or 1"):
        detection.auc(score, torch.tensor([0, 2]))
    with pytest.raises(CatalogueError, match="needs a row of label 1"):
        detection.best_f1(score, torch.tensor([0, 0]))
    with pytest.raises(CatalogueError, match="every label is 1"):
        detection.auc(score, torch.tensor([1, 1]))
