"""Constants: which nodes are, and what operators make of them in plain Python."""

from __future__ import annotations

import math
from typing import Any

from cldsl.graph.nodes import Node


def _power(x: float, y: float) -> float:
    """In whole numbers while these are small: a tower of powers would never end."""
    result: float = x**y if abs(y) <= 64 and abs(x) <= 2**32 else float(x) ** float(y)
    if isinstance(result, complex):
        raise ValueError("a root of a negative number")
    return result


FOLD: dict[str, Any] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y if y else math.copysign(math.inf, x) if x else math.nan,
    "mod": lambda x, y: x % y,
    "pow": lambda x, y: _power(x, y),
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "and": lambda x, y: bool(x and y),
    "or": lambda x, y: bool(x or y),
    "maximum": max,
    "minimum": min,
    "neg": lambda x: -x,
    "abs": abs,
    "not": lambda x: not x,
    "exp": math.exp,
    "log": lambda x: math.log(x) if x > 0 else -math.inf if x == 0 else math.nan,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "floor": lambda x: math.floor(x),
    "ceil": lambda x: math.ceil(x),
    "round": lambda x: round(x),
    "sign": lambda x: (x > 0) - (x < 0),
    "tanh": math.tanh,
}


def constant(node: Node) -> Any:
    """The number or truth value of a constant node, else None."""
    return node.attrs[0][1] if node.op == "const" else None
