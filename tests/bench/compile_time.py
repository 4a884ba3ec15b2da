"""Seconds of the first call of ours under torch.compile: with an empty cache, and in a second process with its cache.

Input: cases, a size. Output: a table with a row for each: to emit the program, cold, warm, and a step after that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

from tests.bench.cases import Case
from tests.bench.contenders import OURS
from tests.bench.jobs import Job, Outcome
from tests.bench.processes import in_process
from tests.bench.text import aligned

HEAD = ("loss", "emit s", "cold s", "warm s", "then ms", "note")


def compile_times(cases: Sequence[Case], rows: int, dim: int, threads: int, memory: float) -> Iterator[Sequence[str]]:
    """A line for each case."""
    for case in cases:
        job = Job("first", case.name, (OURS,), rows, dim, threads=threads, memory=memory)
        with tempfile.TemporaryDirectory() as cache:
            cold, warm = (in_process(job, {"TORCHINDUCTOR_CACHE_DIR": cache})[0] for _ in range(2))
        yield _line(case.name, cold, warm)


def shown(lines: Sequence[Sequence[str]]) -> str:
    """The lines as a table."""
    return aligned(HEAD, lines)


def _line(name: str, cold: Outcome, warm: Outcome) -> Sequence[str]:
    if cold.state != "ok" or warm.state != "ok":
        return (name, "-", "-", "-", "-", cold.note or warm.note)
    assert cold.build and cold.first and warm.first and warm.seconds
    return (name, f"{cold.build:.2f}", f"{cold.first:.1f}", f"{warm.first:.1f}", f"{warm.seconds * 1e3:.1f}", "")
