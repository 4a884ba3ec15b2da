"""Forecasts and the support vector machine against independent fits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.svm import SVC

from cldsl.catalogue import CatalogueError
from cldsl.metrics.series import PENALTIES, forecast, svm


def _rows(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features [row, dim = 5] and a future [row, ahead = 3, channel = 2] that depends on them, noisily."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 5, generator=source)
    mixing = torch.randn(5, 6, generator=torch.Generator().manual_seed(9))
    return x, (x @ mixing + 2 * torch.randn(count, 6, generator=source) + 3).reshape(count, 3, 2)


@pytest.mark.parametrize("count", [9, 40])
def test_a_forecast_is_the_ridge_that_does_best_on_the_last_quarter(count: int) -> None:
    train, test = _rows(count, 1), _rows(17, 2)
    x, y = train[0].double().numpy(), train[1].double().reshape(count, -1).numpy()
    cut = count * 3 // 4
    fits = [Ridge(alpha=penalty).fit(x[:cut], y[:cut]) for penalty in PENALTIES]
    apart = [fit.predict(x[cut:]) - y[cut:] for fit in fits]
    best = fits[int(np.argmin([np.sqrt((each**2).mean()) + np.abs(each).mean() for each in apart]))]
    error = best.predict(test[0].double().numpy()) - test[1].double().reshape(17, -1).numpy()
    told = forecast(train, test)
    assert isinstance(told, dict)
    assert told["mse"] == pytest.approx((error**2).mean(), rel=1e-9)
    assert told["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-9)
    assert forecast(train, test, measure="mae") == told["mae"]


def test_a_forecast_of_what_the_features_hold_is_near() -> None:
    x, _ = _rows(200, 3)
    assert forecast((x, x[:, :2] * 2 - 1), (x[:9], x[:9, :2] * 2 - 1), measure="mse") < 1e-4


def test_few_rows_or_other_futures_are_told() -> None:
    x, y = _rows(3, 1)
    with pytest.raises(CatalogueError, match="forecast needs four rows"):
        forecast((x, y), (x, y))
    with pytest.raises(CatalogueError, match="forecast: 9 rows but 3 futures"):
        forecast((_rows(9, 1)[0], y), (x, y))


def test_a_machine_without_choice_has_no_slack() -> None:
    source = np.random.default_rng(4)
    label = np.arange(24) % 3
    x = source.normal(size=(24, 2)) + 3 * label[:, None]
    plain = SVC(C=np.inf, gamma="scale").fit(x, label)
    asked = source.normal(size=(30, 2)) + 3 * (np.arange(30) % 3)[:, None]
    found = svm((torch.tensor(x), torch.tensor(label)), (torch.tensor(asked), torch.tensor(np.arange(30) % 3)))
    assert found == pytest.approx(plain.score(asked, np.arange(30) % 3))


def test_a_machine_chooses_slack_where_classes_overlap() -> None:
    source = np.random.default_rng(5)
    label = np.arange(120) % 2
    x = source.normal(size=(120, 3)) + label[:, None]
    asked, wanted = source.normal(size=(400, 3)) + (np.arange(400) % 2)[:, None], np.arange(400) % 2
    chosen = svm((torch.tensor(x), torch.tensor(label)), (torch.tensor(asked), torch.tensor(wanted)))
    assert chosen > SVC(C=1e9, gamma="scale").fit(x, label).score(asked, wanted)


def test_one_class_is_told() -> None:
    with pytest.raises(CatalogueError, match="svm needs two classes"):
        svm((torch.zeros(4, 2), torch.zeros(4)), (torch.zeros(1, 2), torch.zeros(1)))
