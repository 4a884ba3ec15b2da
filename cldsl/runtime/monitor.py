"""From the tensors that steps return to numbers that are watched, shown and logged.

Input: each step's 0-d tensors. Output: lines of metrics.jsonl, the display, warnings, RunFailed for a loss that is not
finite. Reading a tensor stalls a GPU, so there values wait and are fetched together, once for every logged step.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from cldsl.runtime.board import Board
from cldsl.runtime.clock import Clock
from cldsl.runtime.folder import RunFolder
from cldsl.runtime.phases import Train
from cldsl.runtime.progress import Display
from cldsl.runtime.watch import Watch


class Monitor:
    """flush_every: steps whose values wait; 1 finds a loss that is not finite at once."""

    def __init__(
        self,
        display: Display,
        folder: RunFolder | None = None,
        board: Board | None = None,
        log_every: int = 10,
        flush_every: int = 1,
    ) -> None:
        self.display, self.folder, self.board = display, folder, board
        self.log_every, self.flush_every = log_every, flush_every
        self.watch = Watch()
        self._phase = Train("", "")
        self._waiting: list[tuple[Clock, dict[str, Tensor]]] = []
        self._rows, self._wait, self._since = 0, 0.0, 0.0
        self._before = 0

    def begin(self, phase: Train, steps: int, done: int, before: int) -> None:
        """A train block begins at step `done`; `before` steps were taken by earlier blocks."""
        self._phase, self._before = phase, before
        self.display.begin(phase.name, steps, done)
        self._rows, self._wait, self._since = 0, 0.0, time.perf_counter()

    def add(self, clock: Clock, values: Mapping[str, Any], rows: int, wait: float) -> None:
        """The values of one step over `rows` rows, whose batch was `wait` seconds in coming."""
        held = {name: torch.as_tensor(value).detach().double().mean() for name, value in values.items()}
        self._waiting.append((clock, held))
        self._rows, self._wait = self._rows + rows, self._wait + wait
        if (clock.step + 1) % self.flush_every == 0 or clock.step + 1 == clock.steps:
            self.flush()

    def flush(self) -> None:
        """Fetch, judge, show and log what waits. Raises RunFailed for a loss that is not finite."""
        if not self._waiting:
            return
        fetched = _fetch([values for _, values in self._waiting])
        clocks, self._waiting = [clock for clock, _ in self._waiting], []
        pace = self._pace(len(clocks))
        for clock, values in zip(clocks, fetched, strict=True):
            for text in self.watch.check(self._phase.name, self._phase.line, clock, values):
                self.display.warn(text)
                self._log(clock, {"warning": text})
            named = {name if "/" in name else f"train/{name}": value for name, value in values.items()} | pace
            if (clock.step + 1) % self.log_every == 0 or clock.step == 0 or clock.step + 1 == clock.steps:
                self._log(clock, named)
        self.display.update(self._phase.name, clocks[-1], named)

    def reports(self, phase: str, clock: Clock, values: Mapping[str, Any]) -> None:
        """Log the reports of an evaluation, named in full."""
        self._write(phase, clock, values)
        shown = "  ".join(f"{name} {v:.4g}" if isinstance(v, float) else f"{name} ..." for name, v in values.items())
        self.display.say(f"step {clock.step}/{clock.steps}: {shown}")

    def end(self) -> None:
        """The block is done or left."""
        self.display.end()

    def close(self) -> None:
        """Let go of files and the terminal."""
        self.display.end()
        if self.board is not None:
            self.board.close()
        if self.folder is not None:
            self.folder.close()

    def _pace(self, steps: int) -> dict[str, float]:
        now = time.perf_counter()
        spent = max(now - self._since, 1e-9)
        pace = {
            "time/step": spent / steps,
            "time/data_wait": self._wait / steps,
            "throughput/samples_per_s": self._rows / spent,
        }
        self._rows, self._wait, self._since = 0, 0.0, now
        return pace

    def _log(self, clock: Clock, values: Mapping[str, Any]) -> None:
        self._write(self._phase.name, clock, values)

    def _write(self, phase: str, clock: Clock, values: Mapping[str, Any]) -> None:
        if self.folder is not None:
            self.folder.log({"phase": phase, "epoch": clock.epoch, "step": clock.step, **values})
        if self.board is not None:
            self.board.log(self._before + clock.step, values)


def _fetch(steps: list[dict[str, Tensor]]) -> list[dict[str, float]]:
    """All values of all steps in one transfer for each device."""
    numbers: list[float] = []
    flat = [value for values in steps for value in values.values()]
    if len({value.device for value in flat}) <= 1 and flat:
        numbers = torch.stack(flat).tolist()
    else:
        numbers = [float(value) for value in flat]
    places = iter(numbers)
    return [{name: next(places) for name in values} for values in steps]
