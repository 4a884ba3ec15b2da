"""Every shipped spec and variant means to the compiler what it means to the evaluator, as written and optimised."""

from __future__ import annotations

import pytest

from tests.equivalence.shipped import all_programs, sample_of
from tests.equivalence.three_levels import compare

PROGRAMS = all_programs()


@pytest.mark.parametrize(
    ("spec", "variant"), PROGRAMS, ids=[f"{spec}:{variant or 'this'}" for spec, variant in PROGRAMS]
)
def test_objectives_and_lets(spec: str, variant: str | None) -> None:
    compare(sample_of(spec, variant, 0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize(
    ("spec", "variant"), PROGRAMS, ids=[f"{spec}:{variant or 'this'}" for spec, variant in PROGRAMS]
)
def test_further_sizes(spec: str, variant: str | None, seed: int) -> None:
    compare(sample_of(spec, variant, seed))


def test_every_objective_is_compared() -> None:
    """The table covers what it claims: each sample has an objective, and dcl's weighted variant its weights."""
    assert all(not isinstance(sample_of(spec, variant, 0).expressions[0], str) for spec, variant in PROGRAMS)
    assert "w" in sample_of("dcl", "weighted", 0).expressions
    assert {spec for spec, _ in PROGRAMS} >= {
        "cacr",
        "dcl",
        "groco",
        "hardness-aware",
        "hydra",
        "ins-mil",
        "isogclr",
        "mochi",
        "sc-mil",
        "supremix",
        "swav",
    }
