"""Linear probes against scikit-learn, and on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, f1_score, r2_score
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics.probes import linear_probe, regress


def rows(count: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    label = torch.multinomial(torch.tensor([0.6, 0.3, 0.1]), count, True, generator=generator)
    features = torch.eye(3, 5)[label] + 0.7 * torch.randn(count, 5, generator=generator)
    return features * torch.tensor([1.0, 10, 0.1, 1, 1]) + 3, label


@pytest.mark.parametrize("l2", [1e-3, 1e-1])
@pytest.mark.parametrize("balanced", [False, True])
def test_logistic_is_scikit_learns(l2: float, balanced: bool) -> None:
    train, test = rows(150, 0), rows(400, 1)
    scaler = StandardScaler().fit(train[0].numpy())
    model = LogisticRegression(C=1 / (l2 * 150), tol=1e-8, max_iter=2000)
    model.fit(scaler.transform(train[0].numpy()), train[1].numpy())
    predicted = model.predict(scaler.transform(test[0].numpy()))
    wanted = test[1].numpy()
    expected = balanced_accuracy_score(wanted, predicted) if balanced else float(np.mean(predicted == wanted))
    assert linear_probe(train, test, l2=l2, balanced=balanced) == pytest.approx(expected, abs=1e-12)
    assert 0.5 < expected < 0.95


def test_macro_f1_of_the_probe_is_scikit_learns() -> None:
    train, test = rows(150, 0), rows(400, 1)
    scaler = StandardScaler().fit(train[0].numpy())
    model = LogisticRegression(C=1 / (1e-3 * 150), tol=1e-8, max_iter=2000)
    predicted = model.fit(scaler.transform(train[0].numpy()), train[1].numpy()).predict(
        scaler.transform(test[0].numpy())
    )
    wanted = f1_score(test[1].numpy(), predicted, average="macro")
    assert linear_probe(train, test, measure="macro_f1") == pytest.approx(wanted, abs=1e-12)


def test_logistic_is_deterministic_and_works_without_gradient() -> None:
    train, test = rows(60, 0), rows(50, 1)
    with torch.no_grad():
        first = linear_probe(train, test)
    torch.manual_seed(5)
    assert linear_probe(train, test) == first


def test_class_numbers_may_have_holes_and_features_may_be_constant() -> None:
    x = torch.tensor([[-1.0, 4.0], [-2.0, 4.0], [1.0, 4.0], [2.0, 4.0]])
    label = torch.tensor([2, 2, 7, 7])
    assert linear_probe((x, label), (x, label)) == 1.0
    with pytest.raises(CatalogueError, match="needs two classes"):
        linear_probe((x, label * 0), (x, label))


def test_ridge_is_scikit_learns() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(90, 4, generator=generator, dtype=torch.float64) * torch.tensor([1.0, 5, 0.2, 1]) + 2
    y = x @ torch.tensor([1.0, -0.3, 4, 0], dtype=torch.float64) + torch.randn(90, generator=generator).double() + 7
    train, test = (x[:60], y[:60]), (x[60:], y[60:])
    scaler = StandardScaler().fit(train[0].numpy())
    model = Ridge(alpha=0.05 * 60).fit(scaler.transform(train[0].numpy()), train[1].numpy())
    predicted = model.predict(scaler.transform(test[0].numpy()))
    wanted = test[1].numpy()
    error = np.abs(predicted - wanted)
    measured = regress(train, test, l2=0.05)
    assert isinstance(measured, dict)
    assert measured == {
        "mae": pytest.approx(error.mean(), rel=1e-9),
        "mse": pytest.approx((error**2).mean(), rel=1e-9),
        "gmean": pytest.approx(np.exp(np.log(error).mean()), rel=1e-9),
        "pearson": pytest.approx(np.corrcoef(predicted, wanted)[0, 1], rel=1e-9),
        "r2": pytest.approx(r2_score(wanted, predicted), rel=1e-9),
    }
    assert regress(train, test, l2=0.05, measure="mae") == measured["mae"]


def test_ridge_of_several_columns_and_a_constant_feature() -> None:
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(2))
    x[:, 2] = 1.0
    y = torch.stack([x[:, 0] - x[:, 1], 2 * x[:, 1] + 3], 1)
    measured = regress((x, y), (x, y), l2=0.0)
    assert isinstance(measured, dict)
    assert measured["mse"] < 1e-10 and measured["r2"] == pytest.approx(1.0)
    with pytest.raises(CatalogueError, match="40 rows but 39 targets"):
        regress((x, y[:39]), (x, y))
