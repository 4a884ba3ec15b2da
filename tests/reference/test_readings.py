"""The law decides between two readings: each misreading, written as a spec, gives its own number."""

from __future__ import annotations

import pytest

from cldsl.reference import Evaluator

from .cases import IDENTITY, Case, Steps, evaluator, named
from .golden import golden
from .readings import READINGS, Reading


def _number(reading: Reading, case: Case | Steps, expression: str) -> float:
    known = golden(case.case)
    if isinstance(case, Case):
        evaluated = evaluator(case, given=named(known, case.given))
        return float(evaluated.value(expression).data.detach())
    return _stepped(reading, case, evaluator(case, IDENTITY, named(known, case.first)))


def _stepped(reading: Reading, case: Steps, evaluated: Evaluator) -> float:
    known = golden(case.case)
    assert reading.step is not None
    loss = 0.0
    for step in range(reading.step + 1):
        given = {name: supply(known, step) for name, supply in case.each.items()}
        loss = float(evaluated.step(given=given, clock=case.clock(step))["loss"].data)
    if reading.read is None:
        return loss
    name, index = reading.read
    return float(evaluated.read(name)[0][index])


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_two_readings(reading: Reading) -> None:
    assert _number(reading, reading.case, reading.published) == pytest.approx(reading.right, abs=6e-5)
    assert _number(reading, reading.misread, reading.expression) == pytest.approx(reading.other, abs=6e-5)
