"""The comparison must be able to fail: wrong values, keys, shapes, kinds and NaN are all refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from support.compare import assert_close, relative_error

GOOD: list[tuple[Any, Any]] = [
    (1.0, 1.0 + 1e-10),
    (1, 1.0),
    ([], []),
    ({"a": [1.0, {"b": torch.ones(2, 3)}]}, {"a": [1.0, {"b": np.ones((2, 3))}]}),
    (torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True), torch.tensor([1.0, 2.0], dtype=torch.float64)),
    (math.inf, math.inf),
    (np.array([1.0, -math.inf]), np.array([1.0, -math.inf])),
    (torch.tensor([True, False]), np.array([True, False])),
    ("text", "text"),
    (None, None),
    ((1.0, 2.0), [1.0, 2.0]),
    (np.zeros((0, 3)), np.zeros((0, 3))),
    (np.array([1e6, 1e-4]), np.array([1e6, 0.0])),
]

BAD: list[tuple[Any, Any, str]] = [
    (1.0, 1.0 + 1e-7, "relative error"),
    ({"a": 1.0, "b": [1.0, 2.5]}, {"a": 1.0, "b": [1.0, 2.0]}, r"\['b'\]\[1\]: relative error"),
    ({"a": 1.0}, {"a": 1.0, "b": 2.0}, r"missing keys \[\"'b'\"\]"),
    ({"a": 1.0, "b": 2.0}, {"a": 1.0}, r"unexpected keys \[\"'b'\"\]"),
    ([1.0], [1.0, 2.0], "1 entries, expected 2"),
    ([1.0, 2.0], {"a": 1.0}, "list is no mapping"),
    (1.0, [1.0], "float is no list"),
    ("ab", ["a", "b"], "str is no list"),
    (math.nan, math.nan, "NaN"),
    (torch.tensor([1.0, math.nan]), torch.tensor([1.0, math.nan]), "NaN"),
    (math.nan, 1.0, "NaN"),
    (math.inf, 1.0, "relative error inf"),
    (math.inf, -math.inf, "relative error inf"),
    (1.0, math.inf, "relative error inf"),
    (torch.ones(2, 3), torch.ones(3, 2), r"shape \(2, 3\) is not \(3, 2\)"),
    (torch.ones(1), 1.0, r"shape \(1,\) is not \(\)"),
    (np.ones((2, 1)), np.ones(2), "shape"),
    (True, 1.0, "True is no number"),
    (1, True, "1 is not True"),
    (None, 0.0, "NoneType is no number"),
    (0.0, None, "0.0 is not None"),
    ("1.0", 1.0, "str is no number"),
    ("a", "b", "'a' is not 'b'"),
    (np.array([1.0, 2.0, 3.5]), np.array([1.0, 2.0, 3.0]), r"at \[2\]: 3.5 is not 3.0"),
]


@pytest.mark.parametrize(("actual", "expected"), GOOD)
def test_equal_values_pass(actual: Any, expected: Any) -> None:
    assert_close(actual, expected)


@pytest.mark.parametrize(("actual", "expected", "words"), BAD)
def test_what_differs_is_refused(actual: Any, expected: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        assert_close(actual, expected)


def test_tolerances_are_those_given() -> None:
    assert_close(1.1, 1.0, rtol=0.1)
    assert_close(1e-7, 0.0, rtol=0.0, atol=1e-6)
    with pytest.raises(AssertionError):
        assert_close(1.3, 1.0, rtol=0.1)
    with pytest.raises(AssertionError):
        assert_close(1e-7, 0.0, rtol=0.0, atol=1e-8)


def test_relative_error_is_measured_against_one_plus_the_largest() -> None:
    assert relative_error(np.array([3.0, 1.0]), np.array([3.0, 2.0])) == 0.25
    assert relative_error(np.zeros(0), np.zeros(0)) == 0.0
    assert math.isnan(relative_error(math.nan, 1.0))
    with pytest.raises(AssertionError, match="shape"):
        relative_error(np.zeros(2), np.zeros(3))
