"""Every pass, and all of them in order, leave value and gradient of random functions alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cldsl.graph.nodes import Function, Graph
from cldsl.graph.wellformed import check
from cldsl.passes import PASSES, Pass, optimise
from tests.support.compare import assert_close
from tests.support.graphs import functions, leaves, outcome

_SETTINGS = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)


def _types(function: Function) -> list[tuple[str, tuple[str, ...], str]]:
    return [(name, node.names, node.dtype) for name, node in function.outputs]


@pytest.mark.parametrize("each", PASSES, ids=lambda each: each.name)
@_SETTINGS
@given(made=functions(), seed=st.integers(0, 3))
def test_one_pass(each: Pass, made: tuple[Graph, Function], seed: int) -> None:
    graph, function = made
    inputs = leaves(function, seed)
    expected = outcome(function, inputs)
    changed = each.change(function, graph)
    check(changed)
    assert _types(changed) == _types(function)
    assert_close(outcome(changed, inputs), expected, rtol=1e-9)


@pytest.mark.parametrize("level", [1, 2])
@_SETTINGS
@given(made=functions(steps=20), seed=st.integers(0, 3))
def test_all_passes(level: int, made: tuple[Graph, Function], seed: int) -> None:
    graph, function = made
    inputs = leaves(function, seed)
    expected = outcome(function, inputs)
    changed = optimise(function, graph, level, verify=True)
    assert _types(changed) == _types(function)
    assert_close(outcome(changed, inputs), expected, rtol=1e-9)
