"""A formula over tensors as one compiled graph of plain operators, and a thread in which no operator is under way.

Input: a function from tensors to tensors, and examples. Output: the same function compiled for tensors like them, without
guards: it is for callers that know the kinds of what they pass. It is for the inside of custom operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

T = TypeVar("T")
Formula = Callable[..., list[Tensor]]


def apart(run: Callable[[], T]) -> T:
    """The result of a call made in a thread of its own: within an operator torch.func does not see tensors as they are."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()


def compiled(formula: Formula, examples: Sequence[Tensor], backend: str | Formula | None = None) -> Formula:
    """The formula compiled for inputs of these shapes, strides and dtypes, with another backend than Inductor where one is
    named."""
    graph = apart(lambda: make_fx(formula, tracing_mode="fake")(*examples))
    if backend is not None:
        return cast(Formula, torch.compile(graph, fullgraph=True, dynamic=False, backend=backend))
    from torch._inductor import compile as lowered  # a graph of plain operators needs no guard at each call

    # apart, since Inductor differentiates the attention that it recognises, and no operator is under way there
    return cast(Formula, apart(lambda: lowered(graph, [*examples])))
