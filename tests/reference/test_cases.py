"""Every published case of one step, from the text of its spec: outputs and gradients to 1e-9."""

from __future__ import annotations

import pytest

from .cases import Case, distance, evaluator, named
from .golden import aligned, error, golden
from .tables import CASES

TOLERANCE = 1e-9


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    known = golden(case.case)
    evaluated = evaluator(case, given=named(known, case.given))
    for expression, expected in case.outputs.items():
        assert distance(evaluated.value(expression), expected(known)) < TOLERANCE, expression
    for (expression, name), expected in case.gradients.items():
        found, axes = evaluated.grad(expression, [name])[name]
        tensor, wanted = expected(known)
        assert error(aligned(found, axes, wanted), tensor) < TOLERANCE, f"d {expression} / d {name}"
