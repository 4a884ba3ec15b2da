"""The tasks: agreement, one step under bounds, many rounds in turn, the first call.

Input: a Job. Output: an Outcome for each contender. An error of a contender is its outcome and not the run's.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
from collections.abc import Callable, Iterator

import torch

from tests.bench import limits
from tests.bench.cases import Case, Tensors
from tests.bench.contenders import COMPILED, FLOOR, YARDSTICKS, build, reference
from tests.bench.jobs import Job, Outcome
from tests.bench.peers import PEERS, Missing, Step
from tests.bench.shipped_cases import CASES

#: relative: of what runs in float64, and of a library, which is given what it is made for
TOLERANCE, TOLERANCE_PEER = 1e-9, 1e-4
#: how many times the limit ours and the floor may take
PATIENCE = 20
ERRORS = (ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


def perform(job: Job) -> Iterator[Outcome]:
    """The outcomes of a job, as they come."""
    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    if job.memory is not None:
        limits.bound_memory(job.memory)
    if job.task == "time":
        yield from timed(job)
        return
    task: Callable[[Job, str], Outcome] = {"check": check, "probe": probe, "first": first_call}[job.task]
    for who in job.who:
        yield _guarded(who, lambda who=who: task(job, who))  # type: ignore[misc]


def check(job: Job, who: str) -> Outcome:
    """Whether value and gradients are those of the reference, which is computed in float64."""
    case = CASES[job.case]
    if who == FLOOR:
        return Outcome(who)
    wanted = _computed(case, job, torch.float64, lambda tensors: reference(case, tensors))
    dtype = torch.float32 if who in PEERS else torch.float64
    with limits.at_most(_first_limit(job, who)):
        found = _computed(case, job, dtype, lambda tensors: build(who, case, tensors))
    tolerance = TOLERANCE_PEER if who in PEERS else TOLERANCE
    for name, value in wanted.items():
        far = float((found[name].double() - value).abs().max() / value.abs().max().clamp(min=1e-30))
        if not far <= tolerance:
            return Outcome(who, "differs", f"differs: {name} by {far:.1e} of its size")
    return Outcome(who)


def probe(job: Job, who: str) -> Outcome:
    """Seconds and peak of one step in a process of its own, after a first step that compiles and is not counted."""
    case = CASES[job.case]
    tensors = case.tensors(job.rows, job.dim)
    step = build(who, case, tensors)
    with limits.at_most(_first_limit(job, who)):
        _seconds(step, tensors)
    _clear(tensors)
    with _no_collection():
        limits.release()
        limits.reset_peak()
        before = limits.resident()
        with limits.at_most(_step_limit(job, who)):
            seconds = _seconds(step, tensors)
        taken = limits.peak() - before
    gradients = sum(tensors[name].nbytes for name in case.learned)
    return Outcome(who, seconds=seconds, peak=max(0, taken - gradients))


def timed(job: Job) -> Iterator[Outcome]:
    """The median of each contender's rounds; they are called in turn, so that a slow minute falls on all of them."""
    case = CASES[job.case]
    tensors = case.tensors(job.rows, job.dim)
    steps: dict[str, Step] = {}
    for who in job.who:
        outcome = _guarded(who, lambda who=who: _warmed(who, case, tensors, steps))  # type: ignore[misc]
        if outcome.state != "ok":
            yield outcome
    seconds: dict[str, list[float]] = {who: [] for who in steps}
    with _no_collection():
        for turn in range(max(job.rounds.values(), default=0)):
            for who, step in steps.items():
                if turn < job.rounds[who]:
                    seconds[who].append(_seconds(step, tensors))
                    _clear(tensors)
    for who, all_rounds in seconds.items():
        low, middle, high = statistics.quantiles(all_rounds, n=4) if len(all_rounds) > 1 else all_rounds * 3
        yield Outcome(who, seconds=middle, spread=high / low)


def first_call(job: Job, who: str) -> Outcome:
    """Seconds to emit, of the first call (which compiles) and of the second."""
    case = CASES[job.case]
    tensors = case.tensors(job.rows, job.dim)
    start = time.perf_counter()
    step = build(who, case, tensors)
    built = time.perf_counter() - start
    first = _seconds(step, tensors)
    _clear(tensors)
    return Outcome(who, seconds=_seconds(step, tensors), first=first, build=built)


def _guarded(who: str, work: Callable[[], Outcome]) -> Outcome:
    try:
        return work()
    except Missing as error:
        return Outcome(who, "missing", f"not installed: {error}")
    except ERRORS as error:
        asked = limits.bytes_asked(error)
        if asked is None:
            first_line = (str(error).splitlines() or [""])[0]
            return Outcome(who, "failed", f"{type(error).__name__}: {first_line[:100]}")
        return Outcome(who, "refused", f"refused: asked for {asked:,} bytes" if asked else "refused: out of memory")


def _warmed(who: str, case: Case, tensors: Tensors, steps: dict[str, Step]) -> Outcome:
    steps_who = build(who, case, tensors)
    _seconds(steps_who, tensors)
    _clear(tensors)
    steps[who] = steps_who
    return Outcome(who)


def _computed(case: Case, job: Job, dtype: torch.dtype, made: Callable[[Tensors], Step]) -> Tensors:
    """The loss and each gradient by name."""
    tensors = case.tensors(job.rows, job.dim, dtype)
    loss = made(tensors)(tensors)
    found = {"the loss": loss}
    for name in case.learned:
        gradient = tensors[name].grad
        found[f"the gradient of {name}"] = torch.zeros_like(tensors[name]) if gradient is None else gradient
    return found


def _step_limit(job: Job, who: str) -> float | None:
    """Seconds of a step: what the table is about is waited for longer."""
    return job.step_limit and job.step_limit * (PATIENCE if who in YARDSTICKS else 1)


def _first_limit(job: Job, who: str) -> float | None:
    """Seconds of a first step, which may compile."""
    limit = _step_limit(job, who)
    return limit and limit + job.compile_limit * (who in COMPILED)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """All garbage is collected before the block and none within it."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _seconds(step: Step, tensors: Tensors) -> float:
    start = time.perf_counter()
    step(tensors)
    return time.perf_counter() - start


def _clear(tensors: Tensors) -> None:
    for tensor in tensors.values():
        tensor.grad = None
