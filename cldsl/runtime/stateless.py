"""A module whose weights are given at the call: inside a strip they are inputs, since a gradient is taken of them.

Input: a module and tensors for its parameters by name. Output: something that is applied as the module is
(cldsl.runtime.calls): it is called, its mode is switched, its parameters are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from cldsl.modules.build import Family


class Stateless:
    """The module with these weights."""

    def __init__(self, module: nn.Module, weights: Mapping[str, Tensor]) -> None:
        self.module, self.weights = module, dict(weights)

    def __call__(self, *inputs: Tensor) -> Any:
        return torch.func.functional_call(self.module, self.weights, inputs)

    @property
    def members(self) -> list[Stateless]:
        """Of a family: each member with its own weights."""
        assert isinstance(self.module, Family)
        return [self._member(place, module) for place, module in enumerate(self.module.members)]

    def _member(self, place: int, module: nn.Module) -> Stateless:
        prefix = f"members.{place}."
        own = {name[len(prefix) :]: weight for name, weight in self.weights.items() if name.startswith(prefix)}
        return Stateless(module, own)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        return iter(self.weights.items())

    def modules(self) -> Iterator[nn.Module]:
        return self.module.modules()

    def eval(self) -> Stateless:
        self.module.eval()
        return self
