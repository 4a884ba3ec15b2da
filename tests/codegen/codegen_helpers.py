"""Running a function that was built by hand."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cldsl.codegen import emit_function, load_function
from cldsl.graph.nodes import Function, Node


def run(
    node: Node,
    models: dict[str, Any] | None = None,
    families: dict[str, str] | None = None,
    capture: bool = False,
    **inputs: Any,
) -> Tensor:
    """The value of a node, eager; with `capture` the graph must give the same."""
    function = load_function(emit_function(Function("formula", (("value", node),)), families))
    eager = function(models=models or {}, **inputs)
    if not capture:
        return eager  # type: ignore[no-any-return]
    captured = torch.compile(function, fullgraph=True, backend="eager", dynamic=False)(models=models or {}, **inputs)
    torch.testing.assert_close(captured, eager, equal_nan=True)
    return eager  # type: ignore[no-any-return]


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
