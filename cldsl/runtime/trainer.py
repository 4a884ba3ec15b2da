"""Goes through a program's blocks in order: epochs, evaluations, checkpoints, stops, and going on from a checkpoint.

Input: a Program, its data, options, a monitor and maybe a run folder. Output: the reports by name.
A step depends on the tensors of `snapshot`, its batch (seed, epoch, step) and its chance (seed, block, step) alone, so
a run that goes on from a checkpoint is bit for bit the run that was never stopped.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from cldsl.data.joint import Joint
from cldsl.data.loader import Loader
from cldsl.runtime import checkpoint
from cldsl.runtime.clock import Clock
from cldsl.runtime.draws import stable_seed
from cldsl.runtime.errors import RunError, Stopped
from cldsl.runtime.folder import RunFolder
from cldsl.runtime.lengths import batches_of, begins_anew
from cldsl.runtime.monitor import Monitor
from cldsl.runtime.options import RunOptions
from cldsl.runtime.phases import Evaluate, Phase, Train
from cldsl.runtime.program import Program
from cldsl.runtime.reports import Reports
from cldsl.runtime.signals import StopRequest
from cldsl.runtime.snapshot import restore, tensors_of
from cldsl.runtime.streams import Data

#: Seconds without a checkpoint that a user who names no number of steps accepts; writing one costs time, too.
PAUSE = 30.0


@dataclass
class Position:
    """Block `phase` is under way with `step` of its steps done; `earlier` steps were taken by blocks before it."""

    phase: int = 0
    step: int = 0
    earlier: int = 0


@dataclass
class Trainer:
    """digest identifies the spec, a checkpoint of another is refused; batches: what `train_batches` gives."""

    program: Program
    data: Data
    options: RunOptions
    monitor: Monitor
    digest: str
    batches: Mapping[int, tuple[Loader | Joint, int]]
    folder: RunFolder | None = None
    position: Position = field(default_factory=Position)
    reports: Reports = field(default_factory=Reports)
    clock: Clock = field(default_factory=lambda: Clock.of(0, 0, 1))
    _saved: float = field(default_factory=time.monotonic)

    def run(self) -> dict[str, Any]:
        """Every block from the position on. Raises Stopped after a signal, RunFailed, CatalogueError."""
        phases = self.program.phases
        self.program.driver = self._enter
        if self.options.resume:
            self._resume()
        with StopRequest() as request:
            if self.position == Position():
                self._evaluate_before()
            while self.position.phase < len(phases):
                phase = phases[self.position.phase]
                if phase.inner:
                    pass  # its turn is where another block enters it
                elif isinstance(phase, Train):
                    self._train(phase, request)
                else:
                    self._evaluate(phase)
                self.position = Position(self.position.phase + 1, 0, self.position.earlier + self.position.step)
                self._save()
                self._obey(request)
        if self.folder is not None:
            self.folder.write_reports(self.reports.values)
        return self.reports.values

    def _train(self, phase: Train, request: StopRequest) -> None:
        if begins_anew(phase):
            loader, steps = batches_of(self.program, phase, self.data, self.options)
        else:
            loader, steps = self.batches[self.position.phase]
        self.monitor.begin(phase, steps, self.position.step, self.position.earlier)
        self.clock = Clock.of(self.position.step, steps, len(loader))
        try:
            for batch, wait in self._batches(loader, self.position.step, steps):
                self._step(phase, batch, wait)
                self._evaluate_within(phase)
                if self._save_due():
                    self._save()
                if self.position.step < steps:
                    self._obey(request)
        finally:
            self.monitor.end()

    def _batches(self, loader: Loader | Joint, step: int, stop: int) -> Iterator[tuple[dict[str, Tensor], float]]:
        """Batches of the steps from `step` to before `stop`, and the seconds each was waited for."""
        while step < stop:
            epoch, start = divmod(step, len(loader))
            with loader.epoch(epoch, start) as batches:
                waited = 0.0
                for batch in batches:
                    moved = {name: c.to(self.program.device, non_blocking=True) for name, c in batch.items()}
                    yield moved, batches.wait_seconds - waited
                    waited = batches.wait_seconds
                    step += 1
                    if step >= stop:
                        return

    def _step(self, phase: Train, batch: dict[str, Tensor], wait: float) -> None:
        """One iteration; `position` and `clock` move past it."""
        now = self.clock
        values = self._iterate(phase, batch, now)
        self.position.step += 1
        self.clock = replace(now, step=now.step + 1)
        self.monitor.add(now, values, len(next(iter(batch.values()))), wait)

    # ---- inner blocks

    def _enter(self, block: str, clock: Clock, period: int) -> None:
        """A whole inner block. The clock of an inner train block counts on from visit to visit, and so does its chance."""
        (place,) = [n for n, phase in enumerate(self.program.phases) if phase.name == block]
        phase = self.program.phases[place]
        if isinstance(phase, Evaluate):
            self._evaluate(phase, "inner")
            self.program.train()
            return
        loader, steps = self.batches[place]
        visit, visits = (clock.step + 1) // period - 1, clock.steps // period
        now = Clock.of(visit * steps, visits * steps, len(loader))
        losses: list[Tensor] = []
        for batch, _ in self._batches(loader, now.step, now.step + steps):
            values = self._iterate(phase, batch, now)
            losses += [torch.as_tensor(value) for name, value in values.items() if name == "loss"]
            now = replace(now, step=now.step + 1)
        if losses:
            self.monitor.reports(phase.name, clock, {f"{phase.name}/loss": float(torch.stack(losses).mean())})

    def _iterate(self, phase: Train, batch: dict[str, Tensor], now: Clock) -> dict[str, Any]:
        """What one iteration logs; its chance is that of its block and step."""
        self.program.train()
        torch.manual_seed(stable_seed(self.program.seed, phase.name, now.step))
        values: dict[str, Any] = getattr(self.program, phase.name)(batch, now)
        return values

    # ---- evaluation

    def _evaluate_before(self) -> None:
        for phase in self.program.phases:
            if isinstance(phase, Evaluate) and not phase.writes and not phase.inner:
                self._evaluate(phase, "before")

    def _evaluate_within(self, current: Train) -> None:
        """The `on` blocks that follow this train block and are due at this step, the last step left to themselves."""
        done, per_epoch = self.position.step, self.clock.steps_per_epoch
        if done == self.clock.steps:
            return
        for phase in _following(self.program.phases, self.position.phase):
            if phase.every is not None and not phase.inner:
                period = phase.every[1] * (per_epoch if phase.every[0] == "epoch" else 1)
                if done % period == 0:
                    self.monitor.flush()
                    self._evaluate(phase, current.name)

    def _evaluate(self, phase: Evaluate, when: str = "") -> None:
        """Run an `on` block. when: "" at its own place, "before", "inner" where a step enters it, or the train block it
        interrupts."""
        program = self.program
        program.eval()
        now = replace(self.clock, training=False)
        torch.manual_seed(stable_seed(program.seed, phase.name, self.position.earlier + self.position.step))
        with torch.no_grad():
            found = getattr(program, phase.name)(lambda split: self.data.columns(phase.stream, split), now)
        final = when in ("", "before", "inner")
        named = self.reports.add(phase.name, found, before=when == "before", keep=final)
        if named:
            self.monitor.reports(phase.name if when in ("", "inner") else when, self.clock, named)

    # ---- checkpoints

    def _obey(self, request: StopRequest) -> None:
        """End here if a signal came. Raises Stopped."""
        if request.signal is None or self.position.phase == len(self.program.phases):
            return
        self._save()
        place = f"stopped by {signal.Signals(request.signal).name} after {self.position.step} steps of "
        place += self.program.phases[self.position.phase].name
        if self.folder is None:
            raise Stopped(f"{place}; nothing is saved without --out", request.signal)
        raise Stopped(f"{place}; saved in {self.folder.path}, go on with --resume", request.signal)

    def _save_due(self) -> bool:
        """After the user's number of steps; without one at the end of an epoch, unless the last time was just now."""
        done = self.position.step
        if self.options.save_every is not None:
            return done % self.options.save_every == 0 and done < self.clock.steps
        rested = time.monotonic() - self._saved >= PAUSE
        return rested and done % self.clock.steps_per_epoch == 0 and done < self.clock.steps

    def _save(self) -> None:
        """Write the checkpoint. Raises RunFailed first if a loss that still waits to be read is not finite."""
        self.monitor.flush()
        self._saved = time.monotonic()
        if self.folder is None:
            return
        record = {
            **self._identity(),
            "phase": self.position.phase,
            "step": self.position.step,
            "earlier": self.position.earlier,
            "clock": [self.clock.step, self.clock.steps, self.clock.steps_per_epoch, self.clock.epochs],
            "epoch": self.clock.epoch,
            "step_in_epoch": self.clock.step % max(1, self.clock.steps_per_epoch),
            "scaler": self.program.scaler.state_dict(),
            "reports": self.reports.values,
            "owners": self.reports.owners,
            "metrics_bytes": self.folder.logged(),
        }
        checkpoint.save(self.folder.checkpoint, tensors_of(self.program), record)

    def _resume(self) -> None:
        if self.folder is None:
            raise RunError("there is no run folder to resume from", "give --out")
        tensors, record = checkpoint.load(self.folder.checkpoint, self._identity())
        restore(self.program, tensors, record["scaler"])
        self.position = Position(record["phase"], record["step"], record["earlier"])
        self.clock = Clock(*record["clock"])
        self.reports = Reports(record["reports"], record["owners"])
        self.folder.cut_log(record["metrics_bytes"])

    def _identity(self) -> dict[str, Any]:
        settings = {**self.options.settings(), "seed": self.program.seed}
        return {"digest": self.digest, "spec": self.program.spec, "options": settings}


def _following(phases: tuple[Phase, ...], train: int) -> list[Evaluate]:
    """The `on` blocks between a train block and the next one."""
    found = []
    for phase in phases[train + 1 :]:
        if isinstance(phase, Train):
            break
        found.append(phase)
    return found
