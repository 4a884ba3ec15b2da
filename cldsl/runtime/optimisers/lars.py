"""Layer-wise adaptive rates (You, Gitman, Ginsburg, arXiv:1708.03888) in the form that self-supervised training uses.

g <- g + decay p;  g <- g trust |p| / (|g| + eps), unscaled where |p| or |g| is 0;  v <- momentum v + g;  p <- p - lr v.
With `exclude`, parameters of at most one axis (biases, norms, temperatures) get neither decay nor scaling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor
from torch.optim import Optimizer


class Lars(Optimizer):
    """Parameters without gradient are left alone, as in torch's own optimisers."""

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        momentum: float = 0.9,
        decay: float = 0.0,
        trust: float = 1e-3,
        eps: float = 1e-8,
        exclude: bool = True,
    ) -> None:
        defaults = {"lr": 0.0, "momentum": momentum, "decay": decay, "trust": trust, "eps": eps, "exclude": exclude}
        super().__init__(groups, defaults)

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step of every group at its own `lr`."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            moved = [p for p in group["params"] if p.grad is not None]
            if not moved:
                continue
            scaled = [p for p in moved if p.dim() > 1 or not group["exclude"]]
            update = {id(p): p.grad for p in moved}
            update.update(zip(map(id, scaled), self._scaled(scaled, group), strict=True))
            torch._foreach_add_(moved, self._averaged(moved, update, group["momentum"]), alpha=-group["lr"])
        return loss

    def _scaled(self, parameters: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        if not parameters:
            return []
        gradients = [p.grad for p in parameters if p.grad is not None]
        decayed = torch._foreach_add(gradients, parameters, alpha=group["decay"])
        ratios = [
            torch.where((own > 0) & (its > 0), group["trust"] * own / (its + group["eps"]), 1.0)
            for own, its in zip(torch._foreach_norm(parameters), torch._foreach_norm(decayed), strict=True)
        ]
        return list(torch._foreach_mul(decayed, ratios))

    def _averaged(self, moved: list[Tensor], update: dict[int, Any], momentum: float) -> list[Tensor]:
        """Momentum buffers after this step."""
        for p in moved:
            if "momentum_buffer" not in self.state[p]:
                self.state[p]["momentum_buffer"] = torch.zeros_like(p)
        buffers = [self.state[p]["momentum_buffer"] for p in moved]
        torch._foreach_mul_(buffers, momentum)
        torch._foreach_add_(buffers, [update[id(p)] for p in moved])
        return buffers
