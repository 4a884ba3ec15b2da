"""Section 2 of the law: absence, selections, new axes; section 3: reductions. One line, one rule."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cldsl.reference import EvaluationError

from .small import numbers, small

INF = math.inf


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # absence in arithmetic, comparison, logic
        ("(w if w > 1) + 1", [None, 3.0, 5.0]),
        ("(w if w > 1) > 3", [False, False, True]),
        ("(w if w > 1) != 2", [True, False, True]),
        ("(w if w > 1) == 2", [False, True, False]),
        ("not ((w if w > 1) > 3)", [True, True, False]),
        ("(w if w > 1) > 3 or w == 1", [True, False, True]),
        ("(w if w > 1) else 9", [9.0, 2.0, 4.0]),
        ("present(w if w > 1)", [False, True, True]),
        # over nothing
        ("sum(w if w > 9)", 0.0),
        ("count(w if w > 9)", 0),
        ("prod(w if w > 9)", 1.0),
        ("logsumexp[item if w > 9](w)", -INF),
        ("any[item if w > 9](w > 0)", False),
        ("all[item if w > 9](w > 0)", True),
        ("mean(w if w > 9)", None),
        ("max(w if w > 9)", None),
        ("min[item if w > 9](w)", None),
        ("argmax[item if w > 9](w)", None),
        ("std[item if w > 9](w)", None),
        ("first[item if w > 9](w)", None),
        ("quantile[item if w > 9](w, 0.5)", None),
        # presence has its own axes
        ("sum[dim](x if w > 1)", [None, 2.0, 7.0]),
        ("sum[item](x if w > 1)", [3.0, 6.0]),
        ("mean[item](x if w > 1)", [1.5, 3.0]),
        ("mean[item](1 if w > 1)", 1.0),
        # selections
        ("w[item = 5]", None),
        ("w[item = -1]", None),
        ("w[item = 2 - item]", [4.0, 2.0, 1.0]),
        ("x[dim = label]", [0.0, 0.0, 4.0]),
        ("w[item = 1 : 3]", [2.0, 4.0]),
        ("(w[item = 1 : 3])[item = 0]", 2.0),
        ("w[item -> j] * w", [[1.0, 2.0, 4.0], [2.0, 4.0, 8.0], [4.0, 8.0, 16.0]]),
        ("x[(item, dim) -> row]", [1.0, 0.0, 0.0, 2.0, 3.0, 4.0]),
        ("(x[(item, dim) -> row])[row -> (a, b = 3)]", [[1.0, 0.0, 0.0], [2.0, 3.0, 4.0]]),
        ("sum(w[item if w > 1])", 6.0),
        ("[10, 20][item % 2]", [10, 20, 10]),
        ("item", [0, 1, 2]),
        ("onehot[class](label)", [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]),
        # joined axes know their parts
        ("(cat[(item, j) -> pool](w, w[item -> j] + 1))[pool in j]", [2.0, 3.0, 5.0]),
        ("cat[item](w, w[item = 0 : 1])", [1.0, 2.0, 4.0, 1.0]),
        ("stack[v](w[item = 0], w[item = 1])", [1.0, 2.0]),
        # reductions
        ("mean[item](3)", 3),
        ("sum[item](3)", 9),
        ("sum[i in x weight i.w](1)", 7.0),
        ("mean[i in x weight i.w](i.w)", 3.0),
        ("exp(logsumexp[i in x weight i.w](log(i.w)))", pytest.approx(21.0)),
        ("softmean[i in x](log(i.w), i.w)", pytest.approx(21 / 7)),
        ("sort[i in x if i.w > 1](-i.w)", [-4.0, -2.0]),
        ("cumsum[item](w)", [1.0, 3.0, 7.0]),
        ("softmax[item if w > 1](log(w))", [None, pytest.approx(1 / 3), pytest.approx(2 / 3)]),
        ("quantile[item](w, 0.5)", 2.0),
        ("var[item](w)", pytest.approx(14 / 9)),
        # ties go to the lowest coordinate
        ("argmax[item](min(w, 2))", 1),
        ("argmin[item](max(w, 2))", 0),
        # functions
        ("unit(x - x)[item = 0]", [0.0, 0.0]),
        ("norm(x)", [1.0, 2.0, 5.0]),
        ("dist2(x, y)", [2.0, 2.0, 22.25]),
        ("cos(x, x)", [1.0, 1.0, 1.0]),
        ("clamp(w, 1.5, 3)", [1.5, 2.0, 3.0]),
        ("logaddexp(-inf, -inf)", -INF),
        ("2 in [1, 2]", True),
        ("w in 1 .. 3", [True, True, False]),
        ("size(item)", 3),
        ("2 ^ 3 / 4", 2.0),
    ],
)
def test_rule(expression: str, expected: Any) -> None:
    assert numbers(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "sum(1 / (w - 1) if w > 1)",
        "sum[item if w > 1](1 / (w - 1))",
        "sum((1 / (w - 1) if w > 1) else 0)",
        "sum(log(w - 1) if w > 1 else 0)",
        "sum(sqrt(w - 1) if w > 1)",
        "sum[i in x if i.w > 1](1 / (i.w - 1))",
        "sum[i in x, j in x if i.w > j.w](1 / (i.w - j.w))",
        "logsumexp[i in x if i.w > 9](i.w) + sum(w) if w > 9 else 0 * w",
        "sum(mean[i in x[item -> j]](1 / (w - 1)) if w > 1)",
    ],
)
def test_untaken_entries_poison_no_gradient(expression: str) -> None:
    value = small().grad(f"sum({expression})", ["w"])["w"][0]
    assert bool(value.isfinite().all())


def test_zero_vector_has_zero_gradient() -> None:
    assert float(small().grad("sum(unit(x - x) + norm(x - x))", ["x"])["x"][0].abs().max()) == 0.0


def test_max_gradient_goes_to_the_lowest_coordinate() -> None:
    assert small().grad("max(min(w, 2) * 1)", ["w"])["w"][0].tolist() == [0.0, 1.0, 0.0]


def test_new_axis_is_evaluated_apart() -> None:
    assert numbers("z", "let z[v = 2, k = 2] = w[item = v] + 10 * k") == [[1.0, 2.0], [11.0, 12.0]]


def test_defs_take_axes() -> None:
    assert numbers("total[item](w * 2)", "def total[k](e) = sum[k](e) + size(k)") == 17.0


@pytest.mark.parametrize(
    ("expression", "lines", "message"),
    [
        ("x[v = 0]", "", "the axis v is needed and missing"),
        ("dot(w, w)", "", "the axis dim is needed and missing"),
        ("w + u", "let u = w[item = 0 : 2]", "axis item has size 3"),
        ("z", "let z[item] = x", "the value is over [dim, item], not over [item]"),
        ("misspelt", "", "nothing is called misspelt"),
        ("sum[c in w[item = 0]](c)", "", "no axis to range over"),
        ("[1, 2][axis = 0]", "", "indexed by one position"),
        ("x.item", "", "this has no item"),
        ("mean[i in x](i.slot)", "", "no row of this set has slot"),
        ("f(x)", "def f(x, y) = x", "the argument y is missing"),
        ("f(x, z = 1)", "def f(x) = x", "there is no parameter z"),
        ("sum[i in x](w)", "", "still carries the axis item"),
        ("sum[i in x if w > 1](1)", "", "still carries the axis item"),
        ("u", "let u = u + 1", "u is defined by itself"),
        ("v", "view v[k = 2] ~ crop(x)", "the view v is not supplied"),
    ],
)
def test_error_names_the_place(expression: str, lines: str, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        small(lines).value(expression)
    assert message in str(caught.value)
    assert caught.value.span.line >= 1
