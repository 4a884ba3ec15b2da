"""Every published case of several steps, from the text of its spec: losses, gradients, states after each step."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from torch import Tensor

from cldsl.reference import Evaluator
from cldsl.reference.values import Value

from .cases import IDENTITY, Steps, distance, evaluator, linear, named
from .golden import Golden, error, golden
from .step_tables import STEPS

TOLERANCE = 1e-9


@pytest.mark.parametrize("case", STEPS, ids=str)
def test_steps(case: Steps) -> None:
    known = golden(case.case)
    models = dict(IDENTITY)
    if case.weight is not None:
        models["g"] = linear(case.weight(known))
    evaluated = evaluator(case, models, named(known, case.first))
    for step in range(case.number):
        _one(case, known, evaluated, step)


def _one(case: Steps, known: Golden, evaluated: Evaluator, step: int) -> None:
    given = {name: supply(known, step) for name, supply in case.each.items()}
    told = evaluated.step(
        given=given, clock=case.clock(step), wrt=list(case.gradients), reports={text: text for text in case.reports}
    )
    assert error(told["loss"].data, case.loss(known, step)) < TOLERANCE, f"loss of step {step}"
    for name, expected in case.gradients.items():
        wanted = expected(known, step)
        if wanted is not None:
            assert distance(told[f"gradient of {name}"], wanted) < TOLERANCE, f"gradient of {name} at {step}"
    for text, expected in case.reports.items():
        assert distance(told[text], expected(known, step)) < TOLERANCE, f"{text} at step {step}"
    for name, expected in case.reads.items():
        if name.startswith("pointer of "):
            assert evaluated.world.rings.pointers[name[11:]] == int(expected(known, step)[0]), f"{name} after {step}"
        else:
            assert distance(_value(evaluated.read(name)), expected(known, step)) < TOLERANCE, f"{name} after {step}"


def _value(named: tuple[Tensor, Sequence[str]]) -> Value:
    return Value(named[0], tuple(named[1]))
