"""Sections 4 and 5 of the law: rows, sets, made rows, relations and their losses."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from cldsl.reference import EvaluationError

from .small import COLUMNS, W, X, Y, numbers, small

PAIRS = """
contrast pull:
    anchor     a in x
    positive   c in y if c.item == a.item
    negative   c in y if c.item != a.item weight c.w
    negative   c in x if c != a
    similarity dot(a, c)
    temperature 0.5
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("count[c in x](c)", 3),
        ("count[c in x | y](c)", 6),
        ("count[c in x | x](c)", 3),
        ("count[c in x | x[item = 0 : 2]](c)", 5),
        ("sum[i in item](i)", 3),
        ("sum[i in 1 .. 4](i)", 6),
        ("sum[i in item, j in item if i < j](w[item = i] * w[item = j])", 14.0),
        ("count[a in x, c in x if c == a](c)", 3),
        ("count[a in x, c in x if c != a](c)", 6),
        ("count[a in x, c in y if c == a](c)", 0),
        ("count[a in x[item = 0 : 2], c in x[item = 0 : 2] if c == a](c)", 2),
        ("sum[c in x](c.w)", 7.0),
        ("sum[c in x[item]](sum(c))", 10.0),
        ("sum[c in {n in x if n.w > 1}](c.w)", 6.0),
        ("sum[c in {n in x top 2 by n.w}](c.w * (1 + c.rank))", 4.0 + 2 * 2.0),
        ("sum[c in {n in x top 9 by n.w}](1)", 3),
        ("count[c in {n in x, n in y top 4 by n.w}](c)", 4),
        ("sum[c in {n in x top 2 by 0 * n.w}](c.item)", 1),
        ("sum[c in {n in x top 3 by n.w}[rank = 1 : 3]](c.w * (1 + c.rank))", 2.0 + 2 * 1.0),
        ("{n in x top 3 by n.w}[rank = 0]", [3.0, 4.0]),
        ("sum[c in rows(x, age = 2 * w)](c.age)", 14.0),
        # rows that a condition of the clock or of the anchor leaves out are no rows
        ("sum[c in x if step > 0](c.w)", 0.0),
        ("count[c in x if step > 0](c)", 0),
        ("sum[a in x](sum[c in y if a.w > 1](c.w) + 1)", 17.0),
        ("sum[item if step > 0](w)", 0.0),
        ("sum[a in x](sum[c in y](1 if a.w > 1) else 100)", 106),
        ("sum[a in x](sum[c in y if c.w > 1](1 if a.w > 1) else 100)", 104),
        ("sum[c in rows(x, age = w) | y](c.age else 10)", 37.0),
        ("count[c in x | y if present(c.age)](c)", None),
    ],
)
def test_rows(expression: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(EvaluationError):
            numbers(expression)
    else:
        assert numbers(expression) == expected


def test_order_of_top_is_best_first_with_ties_to_the_lowest() -> None:
    assert numbers("q", "let q[k = 3] = {n in x top 3 by min(n.w, 2)}[rank = k].item") == [1, 2, 0]


def test_made_rows_exist_where_the_condition_holds() -> None:
    lines = "let mixed[j in x, k in x] = rows((j + k) / 2, age = j.w + k.w) if j.w < k.w\n"
    assert numbers("count[c in mixed](c)", lines) == 3
    assert numbers("sum[c in mixed](c.age)", lines) == 3 + 5 + 6
    assert numbers("sum[c in mixed](sum(c))", lines) == pytest.approx(10.0)


def test_draw_over_pairs_is_read_at_rows() -> None:
    lines = "draw s[a in x, k in x] ~ uniform(0, 1)\n"
    table = torch.arange(9.0).reshape(3, 3)
    given = {"s": (table, ("a.item", "k.item"))}
    assert numbers("sum[i in x, j in x if i.item == 1 and j.item == 2](s[i, j])", lines, given) == 5.0
    assert 0 <= numbers("min[i in x, j in x](s[i, j])", lines) <= numbers("max[i in x, j in x](s[i, j])", lines) <= 1


def _infonce() -> list[float]:
    result = []
    for i in range(3):
        logit = [2 * float(X[i] @ Y[j]) for j in range(3)]
        terms = [float(W[j]) * math.exp(logit[j]) for j in range(3) if j != i]
        terms += [math.exp(2 * float(X[i] @ X[j])) for j in range(3) if j != i]
        result.append(math.log(math.exp(logit[i]) + sum(terms)) - logit[i])
    return result


def test_a_loss_has_a_value_per_anchor() -> None:
    found = numbers("infonce(pull)", "use std.losses (infonce)\n" + PAIRS)
    assert found == pytest.approx(_infonce())


def test_sets_of_an_anchor() -> None:
    lines = (
        PAIRS
        + """
def counts(R)[a in R] = count[n in a.negative](n) + 10 * count[p in a.positive](p) + 100 * count[c in a.candidate](c)
"""
    )
    assert numbers("counts(pull)", lines) == [514, 514, 514]


def test_pair_values() -> None:
    lines = (
        PAIRS
        + """
def each(R)[a in R] = sum[p in a.positive](R.similarity(a, p) + 10 * R.weight(a, p) + 100 * R.temperature(a))
"""
    )
    assert numbers("each(pull)", lines) == pytest.approx([60.0 + float(X[i] @ Y[i]) for i in range(3)])


def test_absent_anchors_have_no_value() -> None:
    lines = """
contrast pull:
    anchor a in x if a.w > 1
    positive c in y if c.item == a.item
    similarity dot(a, c)
def own(R)[a in R] = sum[p in a.positive](R(a, p))
"""
    assert numbers("own(pull)", lines) == [None, 2.0, 1.5]
    assert numbers("mean(own(pull))", lines) == 1.75


def test_free_axes_make_a_family() -> None:
    lines = """
let z[v = 2] = x + v
contrast pull:
    anchor a in z[item]
    negative c in z[v -> u][item] if c.item != a.item
    logit dot(a, c)
def most(R)[a in R] = max[n in a.negative](R(a, n))
"""
    value = small(lines).value("most(pull)")
    assert sorted(value.axes) == ["item", "u", "v"]


def test_flip_exchanges_anchors_and_candidates() -> None:
    lines = """
contrast pull:
    anchor a in x
    positive c in y if c.item == a.item
    negative c in y if c.item != a.item and c.w > a.w
    similarity dot(a, c)
def pairs(R)[a in R] = sum[n in a.negative](R(a, n)) + 100 * sum[p in a.positive](R(a, p))
"""
    expected = []
    for j in range(3):
        total = sum(float(X[i] @ Y[j]) for i in range(3) if i != j and W[j] > W[i])
        expected.append(total + 100 * float(X[j] @ Y[j]))
    assert numbers("pairs(flip(pull))", lines) == pytest.approx(expected)


def test_contrast_with_arguments() -> None:
    lines = """
contrast side(here, there):
    anchor a in here
    positive c in there if c.item == a.item
    similarity dot(a, c)
def own(R)[a in R] = sum[p in a.positive](R(a, p))
"""
    assert numbers("own(side(x, y))", lines) == [0.0, 2.0, 1.5]


def test_anchor_lets_are_values_of_the_relation() -> None:
    lines = """
contrast pull:
    anchor a in x
    let best = max[h in y](dot(a, h))
    positive c in y if dot(a, c) == best
    similarity dot(a, c)
"""
    assert numbers("pull.best", lines) == [1.0, 2.0, 7.0]
    assert numbers("own(pull)", lines + "def own(R)[a in R] = count[p in a.positive](p)\n") == [1, 2, 1]


def test_positive_and_negative_at_once_is_an_error() -> None:
    lines = """
contrast pull:
    anchor a in x
    positive c in y if c.item == a.item
    negative c in y
    similarity dot(a, c)
def own(R)[a in R] = count[p in a.positive](p)
"""
    with pytest.raises(EvaluationError, match="positive and negative at once"):
        small(lines).value("own(pull)")


def test_parameters_are_read_at_the_anchor() -> None:
    lines = (
        PAIRS
        + """
def own(R, u = 1)[a in R] = a.u
"""
    )
    assert numbers("own(pull, w)", lines) == [1.0, 2.0, 4.0]
    assert numbers("own(pull)", lines) == [1, 1, 1]


def test_columns_are_supplied() -> None:
    assert sorted(COLUMNS) == ["id", "label", "w", "x", "y"]
