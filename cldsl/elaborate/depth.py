"""Room on Python's stack for the elaborator's own limit to speak first, wherever it is called from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

#: The deepest nesting of expressions and definitions, and the frames it may take at most.
LIMIT = 400
_FRAMES = 12_000

P = ParamSpec("P")
R = TypeVar("R")


def roomy(work: Callable[P, R]) -> Callable[P, R]:
    """The function with a recursion limit that a spec within LIMIT cannot meet."""

    @wraps(work)
    def inner(*args: P.args, **named: P.kwargs) -> R:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, _FRAMES))
        try:
            return work(*args, **named)
        finally:
            sys.setrecursionlimit(before)

    return inner
