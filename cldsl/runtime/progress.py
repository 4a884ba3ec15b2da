"""What a person sees while a run goes on: a bar on a terminal, a line now and then elsewhere, on standard error.

Input: the values of the last step. Output: text. Nothing is recorded here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cldsl.runtime.clock import Clock

#: Seconds between plain lines.
PAUSE = 10.0


class Display:
    """One block after another; `quiet` shows warnings only."""

    def __init__(self, quiet: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self.quiet = quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._last = 0.0

    def begin(self, phase: str, steps: int, done: int) -> None:
        """A train block begins, or goes on at step `done`."""
        if self.quiet or not self.console.is_terminal:
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, TextColumn("{task.fields[values]}"), console=self.console)
        self._task = self._bar.add_task(phase, total=steps, completed=done, values="")
        self._bar.start()

    def update(self, phase: str, clock: Clock, values: Mapping[str, float]) -> None:
        """Step clock.step is done."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=clock.step + 1, values=summary(values))
        elif not self.quiet and (time.monotonic() - self._last >= PAUSE or clock.step + 1 == clock.steps):
            self._last = time.monotonic()
            self.console.print(
                f"{phase} epoch {clock.epoch + 1}/{clock.epochs} step {clock.step + 1}/{clock.steps}  {summary(values)}"
            )

    def end(self) -> None:
        """The block is done or left."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None

    def say(self, text: str) -> None:
        """A line that matters only to someone who looks on."""
        if not self.quiet:
            self.console.print(text)

    def warn(self, text: str) -> None:
        """A line that is shown in any case."""
        self.console.print(f"warning: {text}")


def summary(values: Mapping[str, float]) -> str:
    """loss (its uniform level), temperature, rows per second, share of time spent waiting for data."""
    parts = []
    if "train/loss" in values:
        level = f" (uniform {values['train/uniform']:.4g})" if "train/uniform" in values else ""
        parts.append(f"loss {values['train/loss']:.4g}{level}")
    if "train/temperature" in values:
        parts.append(f"temperature {values['train/temperature']:.3g}")
    if "throughput/samples_per_s" in values:
        parts.append(f"{values['throughput/samples_per_s']:.0f} rows/s")
    if values.get("time/step"):
        parts.append(f"data wait {values['time/data_wait'] / values['time/step']:.0%}")
    return "  ".join(parts)
