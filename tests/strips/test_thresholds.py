"""A threshold taken from a value compares exactly with it: no visit computes one of the two sides anew."""

from __future__ import annotations

import pytest
from strips_specs import HEAD, studied

TEXT = (
    HEAD.replace('"Small"\n', '"Small"\nuse std.graphs (among, pathsim)\n')
    + """let s = dot(x, y[item -> j])
let bar = -sort[j](-s)[rank = 2]
let own = max(dot(x, x[item -> j]), 1 * (item == j))
let alike = pathsim[item, j](stop(stack[path](own, 2 * own)))
"""
)


@pytest.mark.parametrize(
    "objective", ["sum(s if s >= bar)", "sum(s if s >= max[j](s) - 1)", "mean(count[j if s > bar](s))"]
)
def test_both_sides_from_the_strips_own_rows(objective: str) -> None:
    assert len(studied(TEXT, objective, 24, 2000).visits) == 1


def test_a_side_that_is_computed_whole_keeps_the_comparison_whole() -> None:
    """`alike` couples rows and columns, so that its order is found whole; a count of its own rows would round otherwise."""
    found = studied(TEXT, "among[j](alike, 3)", 5, 1)
    assert not found.visits and "round otherwise" in found.verdict
    assert studied(TEXT, "sum[path, j](alike ^ 2)", 24, 2000).visits, (
        "the same value without a comparison goes in strips"
    )
