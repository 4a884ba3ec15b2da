"""What a look at the numbers would tell: a loss that learns nothing, embeddings that collapse, a loss that is no
number.

Input: the values of each step, in order. Output: warnings, each once in a run, and RunFailed for a loss that is not
finite. Thresholds are about magnitudes, not about methods: a warning is a hint and never stops a run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from cldsl.runtime.clock import Clock
from cldsl.runtime.errors import RunFailed


class Watch:
    """patience: steps in a row; warm: the share of a train block in which nothing is judged."""

    def __init__(self, patience: int = 200, warm: float = 0.1, near: float = 0.01, collapsed: float = 1e-3) -> None:
        self.patience, self.warm, self.near, self.collapsed = patience, warm, near, collapsed
        self._runs = {"uniform": 0, "collapse": 0}
        self._told: set[str] = set()

    def check(self, phase: str, line: str, clock: Clock, values: Mapping[str, float]) -> list[str]:
        """New warnings of this step; "loss", "uniform" and "embedding_std" are judged where they are given."""
        place = f"{phase} ({line})" if line else phase
        for name, value in values.items():
            if name.startswith("loss") and not math.isfinite(value):
                raise RunFailed(f"{name} is {value} at step {clock.step} of {place}: lower the rate or check the data")
        warnings = []
        if self._lasts("uniform", clock, self._uniform(values)):
            warnings.append(
                f"{place}: the loss has stayed within {self.near:.0%} of {values['uniform']:.4g}, its level when all "
                f"candidates look alike, for {self.patience} steps"
            )
        if self._lasts("collapse", clock, values.get("embedding_std", math.inf) < self.collapsed):
            warnings.append(f"{place}: embeddings hardly differ (std {values['embedding_std']:.2g}): they collapse")
        return warnings

    def _uniform(self, values: Mapping[str, float]) -> bool:
        if "loss" not in values or "uniform" not in values:
            return False
        return abs(values["loss"] - values["uniform"]) <= self.near * abs(values["uniform"])

    def _lasts(self, name: str, clock: Clock, sign: bool) -> bool:
        """Whether the sign has now lasted for `patience` steps after the warm-up, for the first time in the run."""
        self._runs[name] = self._runs[name] + 1 if sign and clock.progress >= self.warm else 0
        if self._runs[name] < self.patience or name in self._told:
            return False
        self._told.add(name)
        return True
