"""A metric counts the rows at which all its values are there, in a run and in the evaluator."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cldsl.api import run
from cldsl.reference import Evaluator
from cldsl.runtime.measure import metric
from cldsl.semantics.resolve import resolve

SPEC = """spec rows "Rows" "https://example.org"
data digits: image[item, channel, y, x], label[item] -> class from "digits-8x8"
let bright = mean[channel, y, x](image)
let lit[item, y] = mean[channel, x](image)
on digits(split = "test"):
    report right = accuracy(label if label > 2, label)
    report seven = accuracy(min(label, 7), label if label == 7)
    report off = mae(bright if label < 3, bright + label)
    report over = mae(lit if lit > 0.5, 0 * lit)
    report joint = mae(lit if lit > 0.5, lit + label if label == 2)
    report vote = knn((image[(channel, y, x) -> pixel]) if label < 2, label, k = 1)
"""


def test_absent_rows_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "rows.cl"
    file.write_text(SPEC, encoding="utf-8")
    reports = run(file, quiet=True, out=tmp_path / "run", device="cpu", compile="off")
    assert reports["right"] == reports["seven"] == 1.0
    assert 0.5 < reports["off"] < 1.5 and reports["joint"] == pytest.approx(2.0)
    assert 0.5 < reports["over"] < 1.0
    assert reports["vote"] > 0.98


def test_the_evaluator_leaves_out_the_same_rows() -> None:
    lit = torch.tensor([[0.2, 0.8], [0.9, 0.6], [0.7, 0.1]], dtype=torch.float64)
    label = torch.tensor([2, 0, 2])
    given = {"lit": (lit, ("item", "y")), "label": (label, ("item",))}
    evaluator = Evaluator(resolve(SPEC, "rows.cl"), given, sizes={"class": 10})
    assert float(evaluator.value("mae(lit if lit > 0.5, 0 * lit)").data) == pytest.approx(0.75)
    assert float(evaluator.value("mae(lit if lit > 0.5, lit + label if label == 2)").data) == 2.0


def test_rows_of_a_fitted_metric_are_chosen_by_split() -> None:
    z, label = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]]), torch.tensor([0, 1, 1])
    kept = torch.tensor([True, True, False])
    everything = torch.tensor([True, True, True])
    assert metric("knn", train=(z, label), test=(z, label), present=(kept, kept), k=1) == 1.0
    assert metric("knn", train=(z, label), test=(z, label), present=(kept, everything), k=1) == pytest.approx(2 / 3)
