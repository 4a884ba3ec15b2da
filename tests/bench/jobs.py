"""What the table asks of a measuring process, and what it answers."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Literal

#: check: agreement in value and gradients. probe: one step's seconds and peak. time: seconds of many rounds.
#: first: seconds of the first call
Task = Literal["check", "probe", "time", "first"]
State = Literal["ok", "missing", "refused", "differs", "slow", "failed"]


@dataclass(frozen=True)
class Job:
    """A task on one case at one size. rounds: of each contender (task time). limits are seconds and gigabytes."""

    task: Task
    case: str
    who: tuple[str, ...]
    rows: int
    dim: int
    rounds: dict[str, int] = field(default_factory=dict)
    threads: int = 1
    memory: float | None = None
    step_limit: float | None = None
    compile_limit: float = 0.0

    def text(self) -> str:
        """As one line."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def read(text: str) -> Job:
        """The job of a line."""
        fields = json.loads(text)
        return Job(**{**fields, "who": tuple(fields["who"])})


@dataclass(frozen=True)
class Outcome:
    """What came of one contender. seconds: of a step (median of its rounds); spread: third quartile over first;
    peak: bytes; first, build: seconds."""

    who: str
    state: State = "ok"
    note: str = ""
    seconds: float | None = None
    spread: float | None = None
    peak: int | None = None
    first: float | None = None
    build: float | None = None

    def text(self) -> str:
        """As one line."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def read(text: str) -> Outcome:
        """The outcome of a line."""
        return Outcome(**json.loads(text))
