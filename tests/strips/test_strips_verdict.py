"""What is decided about an objective: the axis, the visits, the heights, and the reasons against."""

from __future__ import annotations

import pytest

from cldsl.strips.verdict import even
from tests.strips.strips_specs import HEAD, RELATION, studied

LITTLE = 4096


def test_a_sum_over_anchors_is_one_visit() -> None:
    found = studied(HEAD + RELATION, "mean(infonce(R))", 64, LITTLE)
    assert [(visit.axis, visit.once, visit.pull) for visit in found.function.visits] == [("a", True, None)]
    assert [(give.how, give.moving) for give in found.function.visits[0].gives] == [("sum", True)]


def test_both_directions_are_one_visit_made_twice() -> None:
    """Four products instead of six: rows have their normaliser, columns gather theirs, both are read for the gradient."""
    found = studied(HEAD + RELATION, "symmetric(R)", 64, LITTLE)
    (visit,) = found.function.visits
    assert not visit.once and visit.pull is not None and len(visit.reads) == 2
    assert sorted(give.how for give in visit.gives) == ["logsumexp", "rows"]
    assert found.choice is not None and found.choice.flops == 4 * 2 * 64 * 64 * 8


def test_a_loss_for_each_anchor_is_recomputed_for_its_gradient() -> None:
    found = studied(HEAD + RELATION, "sqrt(1 + infonce(R))", 64, LITTLE)
    (visit,) = found.function.visits
    assert not visit.once and [give.how for give in visit.gives] == ["rows"]


def test_a_function_of_the_sum_needs_no_second_visit() -> None:
    found = studied(HEAD + RELATION, "log(1 + mean(infonce(R)))", 64, LITTLE)
    assert [visit.once for visit in found.function.visits] == [True]
    assert "log" in found.following


def test_a_coupling_through_a_vector_is_a_pass_before() -> None:
    """Shares along both axes of one matrix: whichever is cut, the other's sums over rows are a visit of their own."""
    text = HEAD + "let s = dot(x, y[item -> other])\n"
    found = studied(text, "mean(sum[other](softmax[item](s) * softmax[other](s)))", 64, LITTLE)
    first, second = found.function.visits
    assert "logsumexp" in [give.how for give in first.gives if give.moving]
    assert second.once and not found.whole


def test_a_balanced_plan_is_passes_over_its_vectors() -> None:
    """Two rounds of Sinkhorn: the vectors along the rows' axis are gathered one after the other, nothing is built whole."""
    text = HEAD + "let s = dot(x, y[item -> other])\n"
    found = studied(text, "mean(sum[other](sinkhorn[item, other](s, rounds = 2) * s))", 64, LITTLE)
    assert len(found.function.visits) >= 2 and not found.whole


def test_small_problems_stay_whole() -> None:
    found = studied(HEAD + RELATION, "mean(infonce(R))", 16, None)
    assert (not found.function.visits and found.choice is None) or found.verdict.startswith("whole, ")
    assert found.seconds_whole <= found.seconds_strips


def test_a_bound_of_memory_forces_strips() -> None:
    wide = studied(HEAD + RELATION, "mean(infonce(R))", 64, 1 << 40)
    little = studied(HEAD + RELATION, "mean(infonce(R))", 64, 16384)
    assert not wide.function.visits and little.function.visits
    assert little.bytes_strips <= 16384 // 2 < wide.bytes_whole


def test_what_nothing_grows_from_is_told() -> None:
    found = studied(HEAD, "mean(x * y)", 64, LITTLE)
    assert found.verdict == "not in strips: no value is larger than what it is made of"


@pytest.mark.parametrize(
    ("rows", "most", "height"), [(64, 16, 16), (60, 16, 15), (97, 16, 14), (5, 8, 5), (7, 1, 1), (1000, 300, 250)]
)
def test_heights_divide_where_they_can(rows: int, most: int, height: int) -> None:
    assert even(rows, min(rows, most)) == height
