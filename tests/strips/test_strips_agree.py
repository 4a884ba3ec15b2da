"""In strips, whole: the same values and gradients, for every shipped objective and for random specs.

Strips as low as one row, of a few rows and of most rows (so that the last one overlaps the one before), float64, 1e-9. All
expressions of a spec as one function, and each number by itself, which can be one visit.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.equivalence.shipped import all_programs, sample_of
from tests.equivalence.test_random_specs import CASES, accepted, case_of
from tests.equivalence.test_random_specs import sample_of as sample_of_random
from tests.equivalence.three_levels import Sample, compare_strips
from tests.strips.strips_specs import HEAD, RELATION, vectors
from tests.support.specs import random_spec

MEMORIES = (1, 300, 1500)
QUICK, MANY = 16, 120
PROGRAMS = all_programs()


@pytest.mark.parametrize(
    ("spec", "variant"), PROGRAMS, ids=[f"{spec}:{variant or 'this'}" for spec, variant in PROGRAMS]
)
def test_shipped(spec: str, variant: str | None) -> None:
    assert compare_strips(sample_of(spec, variant, 0), MEMORIES), "no strip was made"


@pytest.mark.parametrize("case", sorted(path.stem for path in Path(CASES).glob("*.cl")))
def test_once_disagreed(case: str) -> None:
    compare_strips(case_of(case), MEMORIES)


COUPLED = {
    "shares along both axes": "mean(sum[other](softmax[item](s) * softmax[other](s)))",
    "log-shares along both axes": "mean(log_softmax[item](s) * log_softmax[other](s))",
    "a balanced plan": "mean(sum[other](sinkhorn[item, other](s, rounds = 2) * s))",
    "largest over rows": "mean(max[item](s)) + mean(max[other](s))",
    "smallest over all": "min(s)",
    "both directions": "symmetric(R)",
    "a ratio of sums": "sum(exp(s)) / sum(s * s)",
    "sums of two relations": "log(mean(infonce(R))) * mean(exp(dot(x, x[item -> other])))",
    "a function of each loss": "sqrt(1 + infonce(R))",
}


@pytest.mark.parametrize("name", COUPLED)
def test_coupled_rows(name: str) -> None:
    """What couples rows through vectors, extremes or scalar functions, with its gradient."""
    text = HEAD + "let s = dot(x, y[item -> other])\n" + RELATION
    given = {key: (tensor, ("item", "dim")) for key, tensor in vectors(9, 3).items()}
    assert compare_strips(Sample(text, (COUPLED[name],), given), (1, 600, 1500))


def _random(seed: int) -> None:
    made = random_spec(random.Random(seed))
    if accepted(made):
        compare_strips(sample_of_random(made), MEMORIES)


@pytest.mark.parametrize("seed", range(QUICK))
def test_random(seed: int) -> None:
    _random(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(QUICK, MANY))
def test_many_random(seed: int) -> None:
    _random(seed)
