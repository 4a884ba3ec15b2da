"""A module whose weights are given at the call: inside a strip they are inputs, since a gradient is taken of them.

Input: a module and tensors for its parameters by name. Output: something that is applied as the module is
(cldsl.runtime.calls): it is called, its mode is switched, its parameters are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Stateless:
    """The module with these weights."""

    def __init__(self, module: nn.Module, weights: Mapping[str, Tensor]) -> None:
        self.module, self.weights = module, dict(weights)

    def __call__(self, *inputs: Tensor) -> Any:
        return torch.func.functional_call(self.module, self.weights, inputs)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        return iter(self.weights.items())

    def modules(self) -> Iterator[nn.Module]:
        return self.module.modules()

    def eval(self) -> Stateless:
        self.module.eval()
        return self
