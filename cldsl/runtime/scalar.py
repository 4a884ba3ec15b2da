"""Functions of numbers for rates, guards and keeps: the pointwise functions of the language on Python numbers.

Input and output: numbers. At the edges as tensors have it (log 0 is -inf), so that a clock gives what a compiled
function would.
"""

from __future__ import annotations

import math

inf = math.inf
floor = math.floor
ceil = math.ceil
sin = math.sin
cos = math.cos
tanh = math.tanh
atan = math.atan
erf = math.erf
isfinite = math.isfinite


def exp(x: float) -> float:
    """e to the x; inf beyond the range of floats."""
    return math.exp(x) if x < 709.0 else math.inf


def log(x: float) -> float:
    """The natural logarithm; -inf at 0, nan below."""
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


def sqrt(x: float) -> float:
    """The square root; nan below 0."""
    return math.sqrt(x) if x >= 0 else math.nan


def sign(x: float) -> int:
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)


def relu(x: float) -> float:
    """x above 0, else 0."""
    return max(x, 0)


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 0.5 * (1.0 + math.tanh(0.5 * x))


def logaddexp(x: float, y: float) -> float:
    """log(exp x + exp y)."""
    high, low = max(x, y), min(x, y)
    return high if math.isinf(high) else high + math.log1p(math.exp(low - high))


def softplus(x: float) -> float:
    """log(1 + exp x)."""
    return logaddexp(x, 0.0)


def bce(p: float, target: float) -> float:
    """-(target log p + (1 - target) log(1 - p)), logs not below -100."""
    return -(target * max(log(p), -100.0) + (1 - target) * max(log(1 - p), -100.0))
