"""The rows of the table: for each loss the check, then for each size the probes, then the timing of those that came through.

Input: cases, sizes, options, a runner of jobs. Output: rows, as they are known. What a slow contender would take at a
larger size is foretold from the smaller ones, and it is not started when that is over the limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench.cases import Case
from tests.bench.contenders import OURS, YARDSTICKS
from tests.bench.jobs import Job, Outcome
from tests.bench.processes import Runner

#: rows and width of the check
CHECKED = (64, 16)
#: third quartile over first from which a timing is called noisy
NOISY = 1.5


@dataclass(frozen=True)
class Options:
    """repeat: rounds at most; budget: seconds of rounds for a contender; limit: seconds of a step that is measured."""

    repeat: int = 15
    budget: float = 20.0
    limit: float = 30.0
    compile_limit: float = 300.0
    memory: float | None = 12.0
    threads: int = 1

    def job(self, task: str, case: Case, who: Sequence[str], rows: int, dim: int, **more: object) -> Job:
        """A job of this run."""
        bounds = {"threads": self.threads, "memory": self.memory, "step_limit": self.limit}
        return Job(task, case.name, tuple(who), rows, dim, compile_limit=self.compile_limit, **bounds, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Row:
    """A line of the table. milliseconds: the median; ratio: to ours; megabytes: the peak."""

    loss: str
    rows: int
    who: str
    milliseconds: float | None = None
    ratio: float | None = None
    megabytes: float | None = None
    note: str = ""


@dataclass
class History:
    """What a contender took at the sizes before."""

    taken: list[tuple[int, float]] = field(default_factory=list)
    over: int | None = None

    def foretold(self, rows: int) -> float | None:
        """Seconds of a step at a size, at least quadratic in the rows."""
        if not self.taken:
            return None
        (last, seconds), power = self.taken[-1], 2.0
        if len(self.taken) > 1 and self.taken[-2][0] < last:
            before, earlier = self.taken[-2]
            power = max(power, math.log(seconds / earlier) / math.log(last / before))
        return float(seconds * (rows / last) ** power)


def width(rows: int) -> int:
    """The width of the vectors at a size."""
    return 256 if rows >= 65536 else 128


def table(
    case: Case, who: Sequence[str], sizes: Sequence[int], options: Options, run: Runner, dim: int | None = None
) -> Iterator[Row]:
    """The rows of a case at all sizes, from small to large."""
    checked = {name: run(options.job("check", case, [name], *CHECKED))[0] for name in who}
    histories = {name: History() for name in who}
    for size in sorted(sizes):
        wide = dim or width(size)
        found = {name: checked[name] for name in who}
        for name in who:
            if checked[name].state == "ok":
                found[name] = _probed(case, name, size, wide, options, run, histories[name])
        yield from _timed(case, found, size, wide, options, run)


def _probed(case: Case, who: str, rows: int, dim: int, options: Options, run: Runner, history: History) -> Outcome:
    if who not in YARDSTICKS:
        expected = history.foretold(rows)
        if history.over is not None:
            return Outcome(who, "slow", f"over {options.limit:g} s (at {history.over:,} rows already)")
        if expected is not None and expected > options.limit:
            return Outcome(who, "slow", f"over {options.limit:g} s (about {expected:.0f} s expected)")
    outcome = run(options.job("probe", case, [who], rows, dim))[0]
    if outcome.seconds is not None:
        history.taken.append((rows, outcome.seconds))
    elif outcome.state == "slow":
        history.over = rows
    return outcome


def _timed(case: Case, found: dict[str, Outcome], rows: int, dim: int, options: Options, run: Runner) -> Iterator[Row]:
    """Those that came through the probe, in turn in one process; the others with the reason."""
    live = {name: outcome.seconds for name, outcome in found.items() if outcome.seconds is not None}
    rounds = {name: max(1, min(options.repeat, int(options.budget / taken))) for name, taken in live.items()}
    timed = {}
    if live:
        timed = {each.who: each for each in run(options.job("time", case, list(live), rows, dim, rounds=rounds))}
    ours = timed[OURS].seconds if OURS in timed else None
    for name, outcome in found.items():
        final = timed.get(name, outcome)
        milliseconds = final.seconds * 1e3 if name in timed and final.seconds is not None else None
        ratio = final.seconds / ours if milliseconds is not None and final.seconds and ours else None
        megabytes = outcome.peak / 2**20 if outcome.peak is not None else None
        yield Row(case.name, rows, name, milliseconds, ratio, megabytes, final.note or _note(final, rounds, options))


def _note(outcome: Outcome, rounds: dict[str, int], options: Options) -> str:
    """What a reader must know of a timing: that it has few rounds, that they are far apart."""
    told = []
    if rounds.get(outcome.who, options.repeat) < options.repeat:
        told.append(f"rounds: {rounds[outcome.who]}")
    if outcome.spread is not None and outcome.spread > NOISY:
        told.append(f"noisy: quartiles {outcome.spread:.1f}x apart")
    return ", ".join(told)
