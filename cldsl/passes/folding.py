"""Arithmetic on numbers that are known now, for simplify.py.

Input: an operator and Python numbers. Output: a number, or None where the operator is not folded or the result is no
number. A clock's value is an input and so never known here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cldsl.graph.nodes import Graph, Node
from cldsl.passes.rewrite import constant

_FOLD: dict[str, Callable[..., Any]] = {
    "neg": lambda x: -x,
    "abs": abs,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sign": lambda x: (x > 0) - (x < 0),
    "floor": math.floor,
    "ceil": math.ceil,
    "tanh": math.tanh,
    "not": lambda x: not x,
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
    "maximum": max,
    "minimum": min,
    "cast": lambda x: x,
}
_DTYPES: dict[str, Callable[[Any], Any]] = {"real": float, "int": int, "bool": bool}


def folded(graph: Graph, node: Node) -> Node | None:
    """The constant that a pointwise node of constants is; without axes."""
    rule = _FOLD.get(node.op)
    values = [constant(each) for each in node.inputs]
    if rule is None or None in values:
        return None
    try:
        value = rule(*values)
    except (ArithmeticError, ValueError):  # log(0), 1 / 0, an overflow: left to run time, where it gives inf or nan
        return None
    if isinstance(value, complex) or (isinstance(value, float) and math.isnan(value)):
        return None
    if node.dtype == "int" and isinstance(value, float) and not math.isfinite(value):
        return None
    return graph.leaf("const", (), node.dtype, node.span, value=_DTYPES[node.dtype](value))
