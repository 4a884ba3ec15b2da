"""Layer-wise adaptive rates as an adaptation of the gradient in front of plain gradient descent (apex, unclipped).

Where |p| > 0 and |g| > 0:  g <- (g + decay p) trust |p| / (|g| + decay |p| + eps). Elsewhere the raw gradient, without
decay. Then gradient descent with momentum and no decay of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch.optim import SGD


class Larc(SGD):
    """The step consumes the gradients: `grad` holds the adapted ones afterwards."""

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        momentum: float = 0.9,
        decay: float = 0.0,
        trust: float = 1e-3,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(groups, lr=0.0, momentum=momentum, foreach=True)
        self.decay, self.trust, self.eps = decay, trust, eps

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step of every group at its own `lr`."""
        self._adapt()
        if closure is None:
            super().step()
            return None
        return float(super().step(closure))

    @torch.no_grad()
    def _adapt(self) -> None:
        moved = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        if not moved:
            return
        gradients = [p.grad for p in moved]
        scales, decays = [], []
        for own, its in zip(torch._foreach_norm(moved), torch._foreach_norm(gradients), strict=True):
            both = (own > 0) & (its > 0)
            scales.append(torch.where(both, self.trust * own / (its + self.decay * own + self.eps), 1.0))
            decays.append(self.decay * both.to(own.dtype))
        torch._foreach_add_(gradients, torch._foreach_mul(moved, decays))
        torch._foreach_mul_(gradients, scales)
