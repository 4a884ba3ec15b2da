"""Every entry of the catalogue loads, takes its defaults, and follows the one convention of calls."""

from __future__ import annotations

import inspect
import math

import pytest
import torch

from cldsl.catalogue import CatalogueError, bind
from cldsl.metrics.catalog import METRICS, MetricEntry, metric_entry


@pytest.mark.parametrize("entry", METRICS, ids=[entry.name for entry in METRICS])
def test_options_and_defaults_are_those_of_the_function(entry: MetricEntry) -> None:
    parameters = list(inspect.signature(entry.load()).parameters.values())
    first = 2 if entry.fits else entry.inputs
    assert [p.name for p in parameters[first:]] == [p.name for p in entry.parameters]
    assert [p.default for p in parameters[first:]] == [p.default for p in entry.parameters]
    assert inspect.getdoc(entry.load())


TAKES_CLASSES = {"knn", "linear_probe", "tolerance", "clusters", "few_shot"}


@pytest.mark.parametrize("entry", METRICS, ids=[entry.name for entry in METRICS])
def test_a_call_gives_floats(entry: MetricEntry) -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(80, 4, generator=generator)
    label = torch.arange(80) % (5 if entry.name == "few_shot" else 2)
    flat = entry.name in {
        "macro_f1",
        "micro_f1",
        "matthews",
        "accuracy",
        "balanced_accuracy",
        "auc",
        "average_precision",
        "best_f1",
    }
    ranked = entry.name in {"hit_at", "ndcg_at", "mrr"}
    first = features[:, 0].round() if flat else features
    second = label if flat or ranked or entry.name in TAKES_CLASSES or entry.fits else features.flip(0)
    tensors = (first, second)[: entry.inputs]
    options = bind(entry, [], {})
    value = entry.load()(*((tensors, tensors) if entry.fits else tensors), **options)
    values = value if isinstance(value, dict) else {"": value}
    assert tuple(values) == (entry.measures or ("",))
    assert all(type(number) is float and math.isfinite(number) for number in values.values())


def test_a_misspelt_metric_is_told() -> None:
    with pytest.raises(CatalogueError) as raised:
        metric_entry("uniformty")
    assert raised.value.mend == "did you mean uniformity?"


def test_one_measure_can_be_chosen() -> None:
    generator = torch.Generator().manual_seed(0)
    features, label = torch.rand(80, 4, generator=generator), torch.arange(80) % 5
    several = [entry for entry in METRICS if entry.measures]
    assert {entry.name for entry in several} == {"regress", "clusters", "forecast", "few_shot"}
    for entry in several:
        tensors = (features, label)
        arguments = (tensors, tensors) if entry.fits else tensors
        together = entry.load()(*arguments, measure="all")
        assert together == {name: entry.load()(*arguments, measure=name) for name in entry.measures}
