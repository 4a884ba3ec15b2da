"""Where a train block stands: the numbers that schedules and guards of a spec read.

Input: the step and the lengths of the block. Output: Python numbers for rates and guards, and 0-d tensors for compiled
functions, which specialise on Python numbers and would be compiled again at every step. Counts nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Clock:
    """step counts from 0 within its train block; steps, epochs and steps_per_epoch are the block's lengths.

    training: false in evaluation, whose clock stands where training stopped.
    """

    step: int
    steps: int
    steps_per_epoch: int
    epochs: int
    training: bool = True

    @classmethod
    def of(cls, step: int, steps: int, steps_per_epoch: int) -> Clock:
        """The clock of a block of `steps` steps; its last epoch may be cut short."""
        return cls(step, steps, steps_per_epoch, -(-steps // max(1, steps_per_epoch)))

    @property
    def epoch(self) -> int:
        """Whole epochs done before this step."""
        return self.step // max(1, self.steps_per_epoch)

    @property
    def progress(self) -> float:
        """The share of the block that is done, from 0 to 1."""
        return self.step / max(1, self.steps)

    def as_tensors(self, device: torch.device | str = "cpu", dtype: torch.dtype | None = None) -> dict[str, Tensor]:
        """Every number as a 0-d tensor of `dtype` (torch's default), by name, and `training` as a truth."""
        dtype = dtype or torch.get_default_dtype()  # a schedule of a program in double precision is as precise
        names = ("step", "steps", "epoch", "epochs", "steps_per_epoch", "progress")
        numbers = {name: torch.tensor(float(getattr(self, name)), dtype=dtype, device=device) for name in names}
        return {**numbers, "training": torch.tensor(self.training, device=device)}
