"""Float64 as torch's default kind of number while an emitted program is built and run.

Input: nothing. Output: a context; the default before it is there again after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def double() -> Iterator[None]:
    """Numbers that a program makes are float64 inside."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
