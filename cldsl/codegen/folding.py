"""Arithmetic of numbers that need not be printed: `0 + x`, `0 * x`, `2 * 3`, a choice that is decided.

Input: one expression whose parts are folded. Output: an equal one, shorter. Only numbers of the clock and
constants pass here: they are finite, so `0 * x` is 0, and no number of a clock is below 0.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from cldsl.codegen.statements import Binary, Call, Choice, Expression, Literal, Name, Unary

_EXACT: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def folded(e: Expression) -> Expression:
    """The expression without neutral numbers and decided choices."""
    if isinstance(e, Choice) and isinstance(e.test, Literal):
        return e.then if e.test.value else e.other
    if isinstance(e, Unary) and e.op == "not" and isinstance(e.operand, Literal):
        return Literal(not e.operand.value)
    if isinstance(e, Binary):
        return _binary(e)
    if isinstance(e, Call) and isinstance(e.function, Name) and e.function.path in (("max",), ("min",)):
        numbers = [part.value for part in e.args if isinstance(part, Literal)]
        if len(numbers) == len(e.args):
            return Literal(max(numbers) if e.function.path == ("max",) else min(numbers))
    return e


def _binary(e: Binary) -> Expression:
    left, right = e.left, e.right
    if isinstance(left, Literal) and isinstance(right, Literal):
        return Literal(_EXACT[e.op](left.value, right.value)) if e.op in _EXACT else e
    if e.op in ("and", "or"):
        return _decided(e)
    zero_left, zero_right = _is(left, 0), _is(right, 0)
    if e.op == "+" and (zero_left or zero_right):
        return right if zero_left else left
    if (e.op == "-" and zero_right) or (e.op in ("*", "/") and _is(right, 1)):
        return left
    if e.op == "*" and _is(left, 1):
        return right
    if e.op == "*" and (zero_left or zero_right):
        return Literal(0)
    if e.op in ("<", ">=") and zero_right and _clock(left):
        return Literal(e.op == ">=")
    return e


def _decided(e: Binary) -> Expression:
    for one, other in ((e.left, e.right), (e.right, e.left)):
        if isinstance(one, Literal):
            absorbs = bool(one.value) == (e.op == "or")
            return Literal(bool(one.value)) if absorbs else other
    return e


def _is(e: Expression, number: int) -> bool:
    return isinstance(e, Literal) and not isinstance(e.value, bool) and e.value == number


def _clock(e: Expression) -> bool:
    return isinstance(e, Name) and e.path[0] == "clock"
