"""Comparison of nested results with expected ones.

Input: numbers, texts, arrays, tensors, and dicts and lists of them. `assert_close` returns nothing and raises
AssertionError with the path of the first difference; it never repairs, skips or casts away what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def assert_close(actual: Any, expected: Any, rtol: float = 1e-9, atol: float = 1e-12, path: str = "") -> None:
    """Raise unless both have the same keys, lengths and shapes, and max |a - e| <= atol + rtol * (1 + max |e|).

    The relative error is max |a - e| / (1 + max |e|) over one array. NaN equals nothing; an infinity equals itself.
    Booleans, texts and None are compared exactly, and a boolean is no number.
    """
    where = path or "value"
    if isinstance(expected, Mapping):
        _same_keys(actual, expected, where)
        for key in expected:
            assert_close(actual[key], expected[key], rtol, atol, f"{path}[{key!r}]")
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        _same_length(actual, expected, where)
        for at, each in enumerate(expected):
            assert_close(actual[at], each, rtol, atol, f"{path}[{at}]")
    elif expected is None or isinstance(expected, (bool, str)):
        if type(actual) is not type(expected) or actual != expected:
            raise AssertionError(f"{where}: {actual!r} is not {expected!r}")
    else:
        _numbers_close(_array(actual, where), _array(expected, where), rtol, atol, where)


def relative_error(actual: Any, expected: Any) -> float:
    """max |a - e| / (1 + max |e|) of two arrays of one shape; 0 for empty ones, NaN if any entry is NaN."""
    a, e = _array(actual, "actual"), _array(expected, "expected")
    if a.shape != e.shape:
        raise AssertionError(f"shape {a.shape} is not {e.shape}")
    if a.size == 0:
        return 0.0
    with np.errstate(invalid="ignore"):
        difference = np.where(a == e, 0.0, np.abs(a - e))
        return float(difference.max() / (1 + np.abs(e).max(where=np.isfinite(e), initial=0.0)))


def _same_keys(actual: Any, expected: Mapping[Any, Any], where: str) -> None:
    if not isinstance(actual, Mapping):
        raise AssertionError(f"{where}: {type(actual).__name__} is no mapping")
    if actual.keys() != expected.keys():
        missing, more = (
            sorted(map(repr, expected.keys() - actual.keys())),
            sorted(map(repr, actual.keys() - expected.keys())),
        )
        raise AssertionError(f"{where}: missing keys {missing}, unexpected keys {more}")


def _same_length(actual: Any, expected: Sequence[Any], where: str) -> None:
    if not isinstance(actual, Sequence) or isinstance(actual, str):
        raise AssertionError(f"{where}: {type(actual).__name__} is no list")
    if len(actual) != len(expected):
        raise AssertionError(f"{where}: {len(actual)} entries, expected {len(expected)}")


def _array(value: Any, where: str) -> np.ndarray[Any, np.dtype[Any]]:
    """A tensor, an array or a number as a float64 or complex array; whatever else raises."""
    if isinstance(value, bool):
        raise AssertionError(f"{where}: {value!r} is no number")
    if hasattr(value, "detach"):
        value = value.detach().cpu().resolve_conj().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise AssertionError(f"{where}: {type(value).__name__} is no number")
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _numbers_close(actual: Any, expected: Any, rtol: float, atol: float, where: str) -> None:
    if actual.shape != expected.shape:
        raise AssertionError(f"{where}: shape {actual.shape} is not {expected.shape}")
    if np.isnan(actual).any() or np.isnan(expected).any():
        raise AssertionError(
            f"{where}: NaN, which equals nothing (actual {actual.ravel()[:3]}, expected {expected.ravel()[:3]})"
        )
    error = relative_error(actual, expected)
    scale = 1 + float(np.abs(expected).max(where=np.isfinite(expected), initial=0.0))
    if not error <= rtol + atol / scale:
        with np.errstate(invalid="ignore"):
            worst = np.unravel_index(
                int(np.where(actual == expected, 0, np.abs(actual - expected)).argmax()), actual.shape
            )
        place = [int(index) for index in worst]
        raise AssertionError(
            f"{where}: relative error {error:.3e} > {rtol:.1e}; at {place}: {actual[worst]} is not {expected[worst]}"
        )
